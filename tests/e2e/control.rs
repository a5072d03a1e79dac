//! Control, from prices to the battery's power.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wattwright_tests::files::always_discharge;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

#[tokio::test]
async fn a_cheap_slot_charges_the_battery() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;

    let daemon = home.run(&rig.hass, "control").await?;
    until("the battery set to charge", seconds(30), async || {
        let limit = rig.sim.number("/settings/input_limit")?;
        ensure!(rig.sim.ac_mode() == "input" && limit >= 100.0, "{} {limit} W", rig.sim.ac_mode());
        Ok(())
    })
    .await?;
    until("the battery takes from the grid what it is set to", seconds(20), async || {
        let (limit, taken) = (rig.sim.number("/settings/input_limit")?, rig.sim.number("/grid_input")?);
        ensure!((taken - limit).abs() < 0.1 * limit, "{taken} W of {limit} W");
        Ok(())
    })
    .await?;
    daemon.reaches("charge", "effective").await?;

    let battery = daemon.battery().await?;
    ensure!(battery["mode"] == "control", "{battery}");
    ensure!(battery["reason"]["text"].as_str().is_some_and(|text| !text.is_empty()), "no reason: {battery}");
    ensure!(battery["reason"]["facts"].as_array().is_some_and(|facts| !facts.is_empty()), "no numbers: {battery}");
    ensure!(battery["verdict"]["decision"] != "refused", "{battery}");
    until("the journal has it", seconds(10), async || {
        ensure!(daemon.recorded("charge", "effective").await?, "no such tick");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_dear_slot_uses_what_is_stored() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::DEAR_NOW)?;
    rig.set(80, 400).await?;

    let daemon = home.run(&rig.hass, "control").await?;
    for load_w in [400.0, 650.0, 250.0] {
        rig.sim.set(json!({"load": load_w})).await?;
        until("the battery covers the load", seconds(45), async || {
            let (given, meter) = (rig.sim.number("/output")?, rig.sim.number("/meter")?);
            ensure!(meter.abs() <= 50.0, "it gives {given} W of {load_w} W, the meter shows {meter} W");
            Ok(())
        })
        .await?;
    }
    ensure!(rig.sim.ac_mode() == "output", "{}", rig.sim.state());
    let battery = daemon.battery().await?;
    ensure!(
        battery["verdict"]["approved"]["kind"] == "balance" || battery["verdict"]["approved"]["kind"] == "discharge",
        "{battery}"
    );
    Ok(())
}

#[tokio::test]
async fn the_guard_refuses_at_the_lower_limit() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::DEAR_NOW)?;
    home.ask_first("always-discharge", &always_discharge()?)?;
    rig.set(50, 600).await?;

    let daemon = home.run(&rig.hass, "control").await?;
    until("the strategy's command at work", seconds(45), async || {
        let given = rig.sim.number("/output")?;
        ensure!(given > 300.0, "{given} W");
        Ok(())
    })
    .await?;

    // The device's own limit is lower, so that nothing but the guard can stop it. A battery that jumps
    // while it is watched is another matter, so it is seen anew.
    daemon.terminate().await?;
    rig.sim.reset().await?;
    rig.set(10, 600).await?;
    let daemon = home.run(&rig.hass, "control").await?;
    let refusal = until("a refusal by soc-floor", seconds(60), async || {
        let tick = daemon.latest_tick().await?;
        let verdicts = tick["verdicts"].as_array().context("no verdicts")?;
        let refusal = verdicts.iter().find(|verdict| verdict["proposed"]["kind"] == "discharge");
        let refusal = refusal.with_context(|| format!("no discharge among {verdicts:?}"))?.clone();
        ensure!(refusal["findings"].to_string().contains("soc-floor"), "{refusal}");
        ensure!(tick["strategy"]["name"] == "always-discharge", "{}", tick["strategy"]);
        Ok(refusal)
    })
    .await?;
    ensure!(refusal["decision"] == "refused" && refusal["approved"].is_null(), "{refusal}");
    until("the battery held, and why", seconds(45), async || {
        let battery = daemon.battery().await?;
        ensure!(battery["verdict"]["approved"]["kind"] == "hold", "{battery}");
        ensure!(battery["reason"]["text"].to_string().contains("10 %"), "{battery}");
        Ok(())
    })
    .await?;
    ensure!(rig.sim.number("/output")? == 0.0, "it gives power: {}", rig.sim.state());
    Ok(())
}

#[tokio::test]
async fn ending_restores_what_was_found() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;
    rig.sim.set_battery("input_limit", "77").await?;
    rig.sim.set_battery("output_limit", "111").await?;
    until("Home Assistant shows the settings", seconds(15), async || {
        let shown = rig.hass.state("number.solarflow_800_output_limit").await?;
        ensure!(shown.parse() == Ok(111.0), "{shown}");
        let shown = rig.hass.state("number.solarflow_800_input_limit").await?;
        ensure!(shown.parse() == Ok(77.0), "{shown}");
        Ok(())
    })
    .await?;

    let daemon = home.run(&rig.hass, "control").await?;
    daemon.reaches("charge", "effective").await?;
    ensure!(rig.sim.ac_mode() == "input", "{}", rig.sim.state());

    let status = daemon.terminate().await?;
    ensure!(status.success(), "{status}");
    until("the settings as they were found", seconds(10), async || {
        let settings = rig.sim.state()["settings"].clone();
        let found = settings["ac_mode"] == "output" && settings["input_limit"] == 77 && settings["output_limit"] == 111;
        ensure!(found, "{settings}");
        Ok(())
    })
    .await
}
