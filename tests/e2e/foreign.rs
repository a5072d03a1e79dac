//! Somebody else sets what we have set.

use anyhow::{Result, ensure};
use serde_json::json;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

const SCRIPT: &str = "script:\n  somebody_else:\n    alias: Boost by hand\n    sequence:\n      \
                      - action: number.set_value\n        target:\n          \
                      entity_id: number.solarflow_800_input_limit\n        data:\n          value: 450\n";

async fn says(daemon: &Daemon, what: &str) -> Result<()> {
    until(what, seconds(40), async || {
        let live = daemon.live().await?;
        ensure!(live["troubles"].to_string().contains(what), "{}", live["troubles"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_it_was_is_named_and_left_alone() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.with_configuration(SCRIPT, async || {
        rig.set(30, 300).await?;
        let daemon = home.run(&rig.hass, "control").await?;
        daemon.reaches("charge", "effective").await?;
        rig.hass.call("script", "somebody_else", json!({})).await?;
        says(&daemon, "the script “Boost by hand”").await?;
        says(&daemon, "left alone for 15 min").await?;
        tokio::time::sleep(seconds(15)).await;
        ensure!(rig.sim.number("/settings/input_limit")? == 450.0, "{}", rig.sim.state()["settings"]);
        daemon.terminate().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn what_somebody_else_sets_ends_at_the_limits() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    // Above what is discharged to, so that the plan holds or charges.
    rig.set(30, 600).await?;
    let daemon = home.run(&rig.hass, "control").await?;
    daemon.reaches("charge", "effective").await?;
    // The app discharges, past Home Assistant …
    for (property, value) in [("input_limit", "0"), ("ac_mode", "output"), ("output_limit", "500")] {
        rig.sim.set_battery(property, value).await?;
    }
    says(&daemon, "left alone for 15 min").await?;
    says(&daemon, "set by the device itself or its app").await?;
    until("it discharges", seconds(20), async || {
        let given = rig.sim.number("/output")?;
        ensure!(given > 300.0, "{given} W");
        Ok(())
    })
    .await?;
    // … until it is empty, which nothing but the guard looks after: percent by percent, since a leap is not believed.
    for soc in (9..30).rev() {
        rig.sim.set(json!({ "soc": soc })).await?;
        tokio::time::sleep(seconds(1)).await;
    }
    until("it does not discharge any more", seconds(60), async || {
        let given = rig.sim.number("/output")?;
        ensure!(given == 0.0, "{given} W, {}", daemon.live().await?["troubles"]);
        Ok(())
    })
    .await
}
