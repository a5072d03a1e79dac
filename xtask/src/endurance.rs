//! `cargo xtask kills` and `cargo xtask soak`: end-to-end tests that take their time.

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, succeed};
use crate::test;

/// Shown by `--help`.
pub const KILLS_HELP: &str = "\
Usage: cargo xtask kills [--times N] [--seed N]

Starts the daemon against a real Home Assistant with simulated devices and kills it with SIGKILL at a random moment,
200 times or N. Each time the journal must be whole and have the last tick that was shown, and the battery must be
set to what the guard approved, or to nothing.";

/// Shown by `--help`.
pub const SOAK_HELP: &str = "\
Usage: cargo xtask soak [--minutes N]

Runs the daemon against a real Home Assistant with simulated devices, for 30 minutes or N, looks every ten seconds at
its memory, handles and threads, and prints the first, the last and the slope of each.";

/// Runs `kills`.
pub fn kills(arguments: &[String]) -> Result<()> {
    let options = options(arguments, &["--times", "--seed"])?;
    let number = |name: &str, usual: u64| options.iter().find(|(key, _)| key == name).map_or(usual, |(_, n)| *n);
    let (times, seed) = (number("--times", 200), number("--seed", 1));
    run("e2e::kills::killed_at_any_moment", &[("KILLS", times), ("KILLS_SEED", seed)])
}

/// Runs `soak`.
pub fn soak(arguments: &[String]) -> Result<()> {
    let options = options(arguments, &["--minutes"])?;
    let minutes = options.first().map_or(30, |(_, minutes)| *minutes);
    run("e2e::soak::nothing_grows", &[("SOAK_MINUTES", minutes)])
}

fn options(arguments: &[String], known: &[&str]) -> Result<Vec<(String, u64)>> {
    let (pairs, rest) = arguments.as_chunks::<2>();
    if let [left] = rest {
        bail!("`{left}` has no number");
    }
    let option = |[name, value]: &[String; 2]| {
        if !known.contains(&name.as_str()) {
            bail!("there is no option `{name}`");
        }
        Ok((name.clone(), value.parse().with_context(|| format!("`{name} {value}` is no number"))?))
    };
    pairs.iter().map(option).collect()
}

fn run(name: &str, settings: &[(&str, u64)]) -> Result<()> {
    test::prepare()?;
    let mut command = cargo();
    for (key, value) in settings {
        command.env(key, value.to_string());
    }
    command.args(["test", "--workspace", "--test", "e2e", "--", "--exact", name, "--include-ignored", "--nocapture"]);
    succeed(&mut command)
}
