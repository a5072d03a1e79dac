//! What the tests need besides Rust and Node: Chromium, Mosquitto, Home Assistant.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Result, bail};

use crate::debian;
use crate::shell::{cargo, program, root, say, succeed, succeeds, which};

const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// cargo's own helpers that a small installation leaves out.
pub fn rust_components() -> Result<()> {
    // Debian names the packages of its newest Rust differently from those of its own release.
    for (name, component, packages) in
        [("fmt", "rustfmt", ["rustfmt-web", "rustfmt"]), ("clippy", "clippy", ["rust-web-clippy", "rust-clippy"])]
    {
        let works = || succeeds(cargo().args([name, "--version"]));
        if works() {
            continue;
        }
        if which(&["rustup"]).is_some() {
            say(format!("rustup component add {component}: the checks need it"));
            if succeed(program("rustup").args(["component", "add", component])).is_ok() && works() {
                continue;
            }
        }
        let installed = debian::can_install()
            && packages.iter().any(|package| debian::install(&[package], "the checks need it").is_ok() && works());
        if !installed {
            bail!("`cargo {name}` is missing; install it: `rustup component add {component}`");
        }
    }
    Ok(())
}

/// A Chromium for the page's tests.
pub fn chromium() -> Result<PathBuf> {
    match std::env::var_os("CHROMIUM") {
        Some(own) => Ok(own.into()),
        None => find_or_install(&CHROMIUM, &["chromium", "fonts-dejavu-core"], "the page is tested in it"),
    }
}

/// The MQTT broker of the simulated devices.
pub fn mosquitto() -> Result<PathBuf> {
    find_or_install(&["mosquitto"], &["mosquitto"], "the simulated devices speak through it")
}

fn find_or_install(names: &[&str], packages: &[&str], why: &str) -> Result<PathBuf> {
    if let Some(found) = which(names) {
        return Ok(found);
    }
    if debian::can_install() {
        debian::install(packages, why)?;
    }
    match which(names) {
        Some(found) => Ok(found),
        None => bail!("`{}` is missing; install it, on Debian: `apt install {}`", names[0], packages.join(" ")),
    }
}

/// The Python environment with Home Assistant, in the tests' cache.
pub fn home_assistant() -> Result<()> {
    // Its steps are told on stderr; stdout is a path, for scripts.
    succeed(program(root().join("tests/ha/prepare")).stdout(Stdio::null()))
}
