//! What breaks around us, and we ourselves.

use anyhow::{Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

/// A daemon that charges, with effect.
async fn charging(rig: &Rig, home: &Home) -> Result<Daemon> {
    rig.set(30, 300).await?;
    let daemon = home.run(&rig.hass, "control").await?;
    daemon.reaches("charge", "effective").await?;
    Ok(daemon)
}

async fn charges_again(rig: &Rig) -> Result<()> {
    until("the battery charges again", seconds(90), async || {
        let taken = rig.sim.number("/grid_input")?;
        ensure!(taken > 100.0, "{taken} W, {}", rig.sim.state()["settings"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn home_assistant_restarts() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    let mut daemon = charging(&rig, &home).await?;

    rig.hass.restart().await?;
    until("the lost link is known", seconds(60), async || {
        let live = daemon.live().await?;
        ensure!(live["home"]["link"]["state"] != "up" && live["troubles"] != json!([]), "{}", live["home"]["link"]);
        Ok(())
    })
    .await?;
    // What was commanded is undone meanwhile, so that only a new command can bring it back.
    rig.sim.set_battery("input_limit", "0").await?;
    rig.hass.is_ready().await?;
    until("the link is up", seconds(90), async || {
        let live = daemon.live().await?;
        ensure!(live["home"]["link"]["state"] == "up", "{}", live["home"]["link"]);
        Ok(())
    })
    .await?;
    charges_again(&rig).await?;
    daemon.reaches("charge", "effective").await?;
    ensure!(daemon.is_running()?, "the daemon ended");
    Ok(())
}

#[tokio::test]
async fn we_are_killed() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    let daemon = charging(&rig, &home).await?;
    let before = daemon.live().await?["tick"].as_i64();
    daemon.kill().await?;

    let journals: Vec<_> = std::fs::read_dir(home.state())?.flatten().map(|entry| entry.path()).collect();
    let journal = journals.iter().find(|path| path.extension().is_some_and(|e| e == "db" || e == "sqlite"));
    let Some(journal) = journal else { anyhow::bail!("no journal among {journals:?}") };
    let connection = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    ensure!(whole == "ok", "the journal: {whole}");
    drop(connection);
    // As a reset of the device would: only a new command can bring it back.
    rig.sim.set_battery("input_limit", "0").await?;

    let daemon = home.run(&rig.hass, "control").await?;
    charges_again(&rig).await?;
    daemon.reaches("charge", "effective").await?;
    let after = daemon.live().await?["tick"].as_i64();
    ensure!(after > before && before.is_some(), "ticks {before:?} and {after:?}");
    ensure!(daemon.recorded("charge", "effective").await?, "no such tick");

    // What was found before the first takeover outlived the kill.
    daemon.terminate().await?;
    until("the settings as they were found", seconds(10), async || {
        let settings = rig.sim.state()["settings"].clone();
        let found = settings["ac_mode"] == "output" && settings["output_limit"] == 0;
        ensure!(found, "{settings}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_battery_goes_away_and_comes_back() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    let daemon = charging(&rig, &home).await?;

    rig.sim.fault(json!({"name": "unavailable", "device": "zendure"})).await?;
    until("a trouble that names the entity", seconds(30), async || {
        let live = daemon.live().await?;
        ensure!(live["troubles"].to_string().contains("solarflow_800"), "{}", live["troubles"]);
        Ok(())
    })
    .await?;
    rig.sim.fault(json!({"name": "clear"})).await?;
    until("no trouble any more", seconds(60), async || {
        let live = daemon.live().await?;
        ensure!(live["troubles"] == json!([]), "{}", live["troubles"]);
        Ok(())
    })
    .await?;
    charges_again(&rig).await
}
