//! The page in a real Chromium.

use anyhow::{Result, ensure};
use tokio::process::Command;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::files::{always_discharge, wattwright};
use wattwright_tests::home::Home;
use wattwright_tests::page;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

#[tokio::test]
async fn of_the_simulated_home() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let strategy = folder.path().join("strategy.wasm");
    std::fs::write(&strategy, always_discharge()?)?;
    let mut command = Command::new(wattwright()?);
    command.arg("run").current_dir(folder.path());
    let daemon = Daemon::start(command, &folder.path().join("state"), &folder.path().join("log")).await?;
    let live = until("the first tick", seconds(30), async || {
        let live = daemon.live().await?;
        ensure!(!live["tick"].is_null(), "{live}");
        Ok(live)
    })
    .await?;
    ensure!(live["simulated"] == true, "{live}");
    let tick = daemon.latest_tick().await?;
    let past = tick["input"]["snapshot"]["past"].as_array().map_or(0, Vec::len);
    ensure!(past >= 190, "two days are not filled in: {past} slots");
    page::check_all(&daemon, "simulated-home", &strategy).await
}

#[tokio::test]
async fn of_a_real_home_assistant() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;
    let daemon = home.run(&rig.hass, "control").await?;
    daemon.reaches("charge", "effective").await?;
    page::check(&daemon, "home-assistant").await
}
