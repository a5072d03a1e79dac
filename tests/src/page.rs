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
    run(daemon, name, "page.mjs", None).await
}

/// As [`check`], with every page and its main task, and strategies managed with the file `strategy`.
///
/// # Errors
///
/// A test fails.
pub async fn check_all(daemon: &Daemon, name: &str, strategy: &Path) -> Result<()> {
    for script in ["page.mjs", "pages.mjs", "strategies.mjs", "subpath.mjs"] {
        run(daemon, name, script, Some(strategy)).await?;
    }
    Ok(())
}

async fn run(daemon: &Daemon, name: &str, script: &str, strategy: Option<&Path>) -> Result<()> {
    let screenshots = root().join("target/screenshots").join(name);
    std::fs::create_dir_all(&screenshots)?;
    let mut test = Command::new("node");
    test.arg(format!("tests/{script}")).current_dir(root().join("web"));
    test.env("BASE_URL", daemon.url()).env("SCREENSHOT_DIR", screenshots);
    if let Some(strategy) = strategy {
        test.env("STRATEGY", strategy);
    }
    let output = test.output().await?;
    let shown = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "web/tests/{script}: {}\n{}", output.status, String::from_utf8_lossy(&shown));
    Ok(())
}
