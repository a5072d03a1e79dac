//! The page: npm packages and its build, which the daemon embeds.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{program, root, say, succeed, which};
use crate::stamp::Stamp;

fn folder() -> PathBuf {
    root().join("web")
}

/// `npm` in the page's folder.
pub fn npm() -> Result<Command> {
    let npm = which(&["npm"])
        .context("npm is missing; install Node.js 20 or newer with npm, on Debian: `apt install nodejs npm`")?;
    let mut command = program(npm);
    command.current_dir(folder());
    Ok(command)
}

/// Gets the npm packages when the lock file is another than the one they were installed from.
pub fn packages() -> Result<()> {
    let lock = folder().join("package-lock.json");
    // Within the folder, so that it is gone when that is.
    let stamp = Stamp::over(folder().join("node_modules/.wattwright-lock"), &[lock])?;
    if stamp.is_fresh() {
        return Ok(());
    }
    say("npm ci: packages of the page");
    succeed(npm()?.args(["ci", "--no-audit", "--no-fund"]))?;
    stamp.set()
}

/// Builds the page when its sources changed.
pub fn build() -> Result<()> {
    packages()?;
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder()).context("cannot read the folder `web`")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !matches!(name.as_str(), "node_modules" | "dist" | "tests") && !name.starts_with('.') {
            sources.push(path);
        }
    }
    let stamp = Stamp::over(root().join("target/xtask/web-sources"), &sources)?;
    if stamp.is_fresh() && folder().join("dist/index.html").is_file() {
        return Ok(());
    }
    say("npm run build: the page changed");
    succeed(npm()?.args(["run", "--silent", "build"]))?;
    stamp.set()
}
