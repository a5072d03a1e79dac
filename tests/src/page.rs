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

/// A path below which a script is to see the page, as behind a reverse proxy or Home Assistant's ingress.
pub const BELOW: (&str, &str) = ("BELOW", "/api/hassio_ingress/a1b2c3");

/// As [`check`], with every page and its main task, and strategies managed with the file `strategy`, of which `again`
/// is another version; the main tasks below a path as well.
///
/// # Errors
///
/// A test fails.
pub async fn check_all(daemon: &Daemon, name: &str, strategy: &Path, again: &Path) -> Result<()> {
    let (strategy, again) = (strategy.to_string_lossy(), again.to_string_lossy());
    let files = [("STRATEGY", &*strategy), ("STRATEGY_AGAIN", &*again)];
    let tasks = ["hand.mjs", "strategies.mjs", "whatif.mjs", "lab.mjs"];
    for script in ["page.mjs", "pages.mjs"].into_iter().chain(tasks) {
        run(daemon.url(), name, script, &files).await?;
    }
    for script in ["subpath.mjs"].into_iter().chain(tasks) {
        run(daemon.url(), &format!("{name}-below"), script, &[files[0], files[1], BELOW]).await?;
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
