//! The page in a real Chromium.

use std::path::Path;

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::daemon::Daemon;
use crate::files::root;

/// Runs the page's own tests against a daemon: `page.mjs`, which compares it with the API. Screenshots go to
/// `target/screenshots/NAME`.
///
/// # Errors
///
/// The test fails.
pub async fn check(daemon: &Daemon, name: &str) -> Result<()> {
    run(daemon.url(), name, "page.mjs", &[]).await
}

/// As [`check`], with every page and its main task, and strategies managed with the file `strategy`, of which `again`
/// is another version.
///
/// # Errors
///
/// A test fails.
pub async fn check_all(daemon: &Daemon, name: &str, strategy: &Path, again: &Path) -> Result<()> {
    let files = [("STRATEGY", &*strategy.to_string_lossy()), ("STRATEGY_AGAIN", &*again.to_string_lossy())];
    for script in ["page.mjs", "pages.mjs", "hand.mjs", "strategies.mjs", "whatif.mjs", "lab.mjs", "subpath.mjs"] {
        run(daemon.url(), name, script, &files).await?;
    }
    Ok(())
}

/// Runs one script of `web/tests` against the page at `url`, with more variables of its environment.
///
/// # Errors
///
/// The test fails.
pub async fn run(url: &str, name: &str, script: &str, variables: &[(&str, &str)]) -> Result<()> {
    let screenshots = root().join("target/screenshots").join(name);
    std::fs::create_dir_all(&screenshots)?;
    let mut test = Command::new("node");
    test.arg(format!("tests/{script}")).current_dir(root().join("web"));
    test.env("BASE_URL", url).env("SCREENSHOT_DIR", screenshots).envs(variables.iter().copied());
    let output = test.output().await?;
    let shown = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "web/tests/{script}: {}\n{}", output.status, String::from_utf8_lossy(&shown));
    Ok(())
}
