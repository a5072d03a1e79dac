//! `cargo xtask bench`.

mod backtest;
mod highs;
mod page;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::plugins;
use crate::shell::{cargo, printed, say};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask bench [--json] [NAME...]

Measures, each figure beside its floor from the same run:

  tick     a whole tick with the rule-based strategy on 192 slots: in its sandbox, and natively
  call     a call of a strategy in a fresh instance, and wasmtime's bare call of the same export
  loading  a start with a cold and a warm compile cache, and wasmtime's bare compiling and loading
  reload   from a file that is closed to the strategy in use, and the bare compile; memory of each strategy
  shadows  1, 10 and 50 shadows, and their bare calls
  replay   10,000 ticks of a simulated month, recorded and replayed
  snapshot what is known of the slots ahead with a year learned, and with nothing learned
  decide   the linear strategy in its sandbox on 192 slots, and HiGHS's own solve of the same days; fetches highspy
           from PyPI into target/highs, or takes the Python that HIGHS_PYTHON names
  history  a day and a year of history, as the page asks for them, from a journal of 35,040 ticks
  page     200 open pages with a tick each second: memory and tick time with and without them; takes two minutes.
           WATTWRIGHT names another binary than the one that is built for it

And only when it is named, since it takes many minutes:

  backtest the project's year with both example homes: what each strategy earns and where it loses, and
           what a year takes

With `--json` a list of {name, value, unit, floor, ratio}.";

const BENCHES: [(&str, &str); 9] = [
    ("tick", "wattwright-control"),
    ("call", "wattwright-engine"),
    ("loading", "wattwright-engine"),
    ("reload", "wattwright-engine"),
    ("shadows", "wattwright-control"),
    ("replay", "wattwright-control"),
    ("snapshot", "wattwright-knowledge"),
    (DECIDE, "wattwright-engine"),
    ("history", "wattwright-server"),
];
/// Its floor is a solver that is not built here.
const DECIDE: &str = "decide";
/// A daemon that runs, and no benchmark of a crate.
const PAGE: &str = "page";
/// A command of the daemon, and no benchmark of a crate.
const BACKTEST: &str = "backtest";

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    let is_json = arguments.iter().any(|argument| argument == "--json");
    let names: Vec<&str> = arguments.iter().map(String::as_str).filter(|name| !name.starts_with('-')).collect();
    let is_apart = |name: &str| [PAGE, BACKTEST].contains(&name);
    let is_known = |name: &str| is_apart(name) || BENCHES.iter().any(|(bench, _)| *bench == name);
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        anyhow::bail!("there is no measurement `{unknown}`\n\n{HELP}");
    }
    if names.is_empty() || !names.iter().all(|name| is_apart(name)) {
        plugins::build(false)?;
    }
    let mut all = Vec::new();
    if names.contains(&BACKTEST) {
        let figures = backtest::run(is_json)?;
        if !is_json {
            figures.iter().for_each(print);
        }
        all.extend(figures);
    }
    for (bench, package) in BENCHES {
        if !names.is_empty() && !names.contains(&bench) {
            continue;
        }
        say(format!("cargo bench: {bench}"));
        let mut run = cargo();
        run.args(["bench", "-p", package, "--bench", bench, "--", "--json"]);
        if bench == DECIDE
            && let Some(python) = highs::python()
        {
            run.env("HIGHS_PYTHON", python);
        }
        let text = printed(&mut run)?;
        let list = text.lines().find(|line| line.starts_with('[')).unwrap_or_default();
        let figures: Vec<Value> =
            serde_json::from_str(list).with_context(|| format!("{bench} printed no list of figures: {text}"))?;
        if !is_json {
            figures.iter().for_each(print);
        }
        all.extend(figures);
    }
    if names.is_empty() || names.contains(&PAGE) {
        let figures = page::run()?;
        if !is_json {
            figures.iter().for_each(print);
        }
        all.extend(figures);
    }
    if is_json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(())
}

fn print(figure: &Value) {
    let number = |key: &str| figure[key].as_f64().map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"));
    let text = |key: &str| figure[key].as_str().unwrap_or_default();
    let (name, unit) = (text("name"), text("unit"));
    println!("{name:28} {:>12} {unit:6} floor {:>12}  ratio {:>6}", number("value"), number("floor"), number("ratio"));
}
