//! Advice only.

use anyhow::{Result, ensure};
use serde_json::Value;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

#[tokio::test]
async fn nothing_is_sent() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;
    let log = rig.hass.call_log().await?;

    let daemon = home.run(&rig.hass, "advise").await?;
    daemon.reaches("charge", "advised").await?;
    home.set_prices(&Prices::DEAR_NOW)?;
    until("other advice at other prices", seconds(60), async || {
        let battery = daemon.battery().await?;
        ensure!(battery["verdict"]["approved"]["kind"] != "charge", "{battery}");
        Ok(())
    })
    .await?;
    let status = daemon.terminate().await?;
    ensure!(status.success(), "{status}");

    // Only questions (a service that returns a response, such as a weather forecast) may be there.
    let calls = log.calls(&rig.hass).await?;
    let commands: Vec<&Value> = calls.iter().filter(|call| call["service"] != "get_forecasts").collect();
    ensure!(commands.is_empty(), "{commands:?}");
    ensure!(rig.sim.ac_mode() == "output" && rig.sim.number("/settings/input_limit")? == 0.0, "{}", rig.sim.state());
    Ok(())
}

#[tokio::test]
async fn control_is_seen_in_the_same_log() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;
    let log = rig.hass.call_log().await?;
    let daemon = home.run(&rig.hass, "control").await?;
    daemon.reaches("charge", "effective").await?;
    let calls = log.calls(&rig.hass).await?;
    let sets = |entity: &str| calls.iter().any(|call| call["service_data"].to_string().contains(entity));
    ensure!(sets("select.solarflow_800_ac_mode") && sets("number.solarflow_800_input_limit"), "{calls:?}");
    Ok(())
}
