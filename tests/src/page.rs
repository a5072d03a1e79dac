//! The page in a real Chromium.

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::daemon::Daemon;
use crate::files::root;

/// Runs the page's own test against a daemon; its screenshots go to `target/screenshots/NAME`.
///
/// # Errors
///
/// The test fails.
pub async fn check(daemon: &Daemon, name: &str) -> Result<()> {
    let screenshots = root().join("target/screenshots").join(name);
    std::fs::create_dir_all(&screenshots)?;
    let mut test = Command::new("node");
    test.arg("tests/page.mjs").current_dir(root().join("web"));
    test.env("BASE_URL", daemon.url()).env("SCREENSHOT_DIR", screenshots);
    let output = test.output().await?;
    let shown = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "web/tests/page.mjs: {}\n{}", output.status, String::from_utf8_lossy(&shown));
    Ok(())
}
