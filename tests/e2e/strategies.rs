//! Strategies that are replaced while the daemon runs.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::files::{always_discharge, always_discharge_again};
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

const NAME: &str = "always-discharge";

async fn strategy(daemon: &Daemon) -> Result<Value> {
    let live = daemon.live().await?;
    let all = live["strategies"].as_array().context("no strategies")?;
    all.iter().find(|s| s["name"] == NAME).cloned().with_context(|| format!("{NAME} is not among {all:?}"))
}

/// Waits until a plan of `NAME` is in force and gives the hash of its file.
async fn hash_in_force(daemon: &Daemon, other_than: &str) -> Result<String> {
    until("a plan of the strategy", seconds(30), async || {
        let live = daemon.live().await?;
        let hash = live["strategy"]["hash"].as_str().unwrap_or_default();
        ensure!(live["strategy"]["name"] == NAME && hash != other_than, "in force: {}", live["strategy"]);
        Ok(hash.to_owned())
    })
    .await
}

#[tokio::test]
async fn a_new_file_is_used_and_a_broken_one_is_not() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::DEAR_NOW)?;
    home.ask_first(NAME, &always_discharge()?)?;
    let daemon = home.run(&rig.hass, "advise").await?;
    let first = hash_in_force(&daemon, "").await?;

    home.put_strategy(NAME, &always_discharge_again()?)?;
    let second = hash_in_force(&daemon, &first).await?;
    let tick = daemon.latest_tick().await?;
    ensure!(tick["strategy"]["hash"] == second.as_str(), "{}", tick["strategy"]);
    ensure!(strategy(&daemon).await?["error"].is_null(), "{}", strategy(&daemon).await?);

    home.put_strategy(NAME, b"\0asm\x01\0\0\0 and then nonsense")?;
    until("the error of the broken file", seconds(30), async || {
        let strategy = strategy(&daemon).await?;
        ensure!(strategy["error"].as_str().is_some_and(|error| !error.is_empty()), "{strategy}");
        ensure!(strategy["version"]["hash"] == second.as_str() && strategy["state"] == "active", "{strategy}");
        Ok(())
    })
    .await?;
    let live = daemon.live().await?;
    ensure!(live["strategy"]["hash"] == second.as_str(), "{}", live["strategy"]);

    home.put_strategy(NAME, &always_discharge()?)?;
    ensure!(hash_in_force(&daemon, &second).await? == first, "another file than the first");
    ensure!(strategy(&daemon).await?["error"].is_null(), "{}", strategy(&daemon).await?);
    Ok(())
}
