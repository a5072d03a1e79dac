//! `cargo xtask bench backtest`: what strategies earn in a year, and what a backtest takes.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::build;
use crate::shell::{printed, program, say, target_dir};

const HOMES: [&str; 2] = ["solarflow-800", "house-10kwh"];
const SERIES: &str = "examples/data/home-a.csv.gz";

/// A line of the table.
struct Row {
    home: &'static str,
    what: &'static str,
    figures: Value,
}

/// Measures with the daemon as it is released, or with the program that `WATTWRIGHT` names.
pub fn run(is_json: bool) -> Result<Vec<Value>> {
    let daemon = match std::env::var_os("WATTWRIGHT") {
        Some(named) => PathBuf::from(named),
        None => {
            build::all()?;
            target_dir().join("release/wattwright")
        }
    };
    let ask = |home: &str, arguments: &[&str]| -> Result<Value> {
        let mut backtest = program(&daemon);
        backtest.args(["backtest", "--json", "--series", SERIES, "--home"]).arg(format!("examples/homes/{home}.toml"));
        say(format!("{home}: {}", arguments.join(" ")));
        let text = printed(backtest.args(arguments))?;
        serde_json::from_str(&text).with_context(|| format!("no figures: {text}"))
    };
    let (mut rows, mut figures) = (Vec::new(), Vec::new());
    for home in HOMES {
        // Alone, so that its times are its own.
        for (what, arguments) in [
            ("rule-based", ["--strategy", "rule-based", "--forecast", "known"]),
            ("linear", ["--strategy", "linear", "--forecast", "known"]),
            ("linear, all known", ["--strategy", "linear", "--forecast", "perfect"]),
        ] {
            rows.push(Row { home, what, figures: ask(home, &arguments)? });
        }
        let both = ask(home, &["--strategy", "rule-based", "--strategy", "linear", "--split"])?;
        for (row, run) in rows.iter_mut().rev().take(3).skip(1).zip([1, 0]) {
            row.figures["loss_eur"] = both["runs"][run]["loss_eur"].clone();
        }
    }
    for (strategy, home) in [("rule-based", HOMES[0]), ("linear", HOMES[0])] {
        let alone_s = rows.iter().find(|row| row.what == strategy).and_then(|row| row.figures["wall_s"].as_f64());
        let two = ask(home, &["--strategy", strategy, "--strategy", strategy])?;
        figures.push(figure(&format!("{strategy}: two side by side"), two["wall_s"].as_f64(), "s", alone_s));
    }
    for row in &rows {
        let name = |of: &str| format!("{}, {}: {of}", row.home, row.what);
        let value = |path: &str| row.figures.pointer(path).and_then(Value::as_f64);
        figures.push(figure(&name("share of achievable"), value("/share_of_achievable_saving"), "", None));
        figures.push(figure(&name("cost"), value("/cost_adjusted_eur"), "EUR", None));
        figures.push(figure(&name("decision p50"), value("/decide_ms/p50"), "ms", None));
        figures.push(figure(&name("decision p99"), value("/decide_ms/p99"), "ms", None));
        figures.push(figure(&name("a year"), value("/wall_s"), "s", None));
        figures.push(figure(&name("memory"), value("/peak_memory_mb"), "MB", None));
    }
    if !is_json {
        print!("{}", table(&rows));
    }
    Ok(figures)
}

fn figure(name: &str, value: Option<f64>, unit: &str, floor: Option<f64>) -> Value {
    let ratio = value.zip(floor).map(|(value, floor)| value / floor);
    json!({ "name": name, "value": value, "unit": unit, "floor": floor, "ratio": ratio })
}

fn table(rows: &[Row]) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "{:<15}{:<19}{:>7}{:>10}{:>18}{:>9}{:>9}{:>8}{:>7}   {}\n",
        "home",
        "strategy",
        "share",
        "cost",
        "worst month",
        "p50 ms",
        "p99 ms",
        "year s",
        "MB",
        "lost to: forecasts, prices, strategy, guard"
    );
    for row in rows {
        let number = |path: &str, digits: usize| {
            let value = row.figures.pointer(path).and_then(Value::as_f64);
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let month = row.figures["worst_month"]["month"].as_str().unwrap_or_default();
        let worst = format!("{month} {}", number("/worst_month/saved_against_self_consumption_eur", 2));
        let loss =
            ["forecast_error", "price_error", "strategy", "guard"].map(|part| number(&format!("/loss_eur/{part}"), 2));
        let _ = writeln!(
            text,
            "{:<15}{:<19}{:>7}{:>10}{worst:>18}{:>9}{:>9}{:>8}{:>7}   {}",
            row.home,
            row.what,
            number("/share_of_achievable_saving", 3),
            number("/cost_adjusted_eur", 2),
            number("/decide_ms/p50", 2),
            number("/decide_ms/p99", 2),
            number("/wall_s", 1),
            number("/peak_memory_mb", 0),
            loss.join(", ")
        );
    }
    text
}
