//! What Home Assistant does when our machine is gone, and two of us at one home.

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::json;
use toml::Value;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

const HEARTBEAT: &str = "input_datetime.wattwright_heartbeat";
const LEASE: &str = "input_text.wattwright_lease";

/// A home that is commanded and takes part in both.
fn commanded() -> Result<Home> {
    let home = Home::new(&Prices::CHEAP_NOW)?;
    home.configure(|config| {
        for (section, key, value) in
            [("home", "mode", "control"), ("homeassistant", "heartbeat", HEARTBEAT), ("homeassistant", "lease", LEASE)]
        {
            let section = config.get_mut(section).and_then(Value::as_table_mut).context("a section is missing")?;
            section.insert(key.into(), value.into());
        }
        Ok(())
    })?;
    Ok(home)
}

async fn takes(rig: &Rig, what: &str, is_so: impl Fn(f64) -> bool) -> Result<()> {
    until(what, seconds(90), async || {
        let taken = rig.sim.number("/grid_input")?;
        ensure!(is_so(taken), "{taken} W, {}", rig.sim.state()["settings"]);
        Ok(())
    })
    .await
}

/// Lets it look as if the last beat were so old.
async fn beat_was(rig: &Rig, ago_s: i64) -> Result<()> {
    let at = Timestamp::now().as_second() - ago_s;
    let at = if at % 60 == 0 { at - 1 } else { at };
    rig.hass.call("input_datetime", "set_datetime", json!({ "entity_id": HEARTBEAT, "timestamp": at })).await
}

#[tokio::test]
async fn the_battery_is_held_when_our_machine_dies() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = commanded()?;
    let yaml = home.ask(&rig.hass, &["setup", "dead-man", "--config", "home.toml"]).await?.succeeded()?;
    // At a start of Home Assistant it waits as long as for a beat; a test does not.
    let yaml = yaml.replace("seconds: 300", "seconds: 5");
    ensure!(yaml.contains("seconds: 5") && yaml.contains("> 300"), "{yaml}");
    rig.with_configuration(&yaml, async || {
        rig.set(30, 300).await?;
        let daemon = home.run(&rig.hass, "control").await?;
        daemon.reaches("charge", "effective").await?;
        until("a heartbeat", seconds(30), async || {
            let shown = rig.hass.state(HEARTBEAT).await?;
            ensure!(!shown.ends_with(":00"), "{shown}");
            Ok(())
        })
        .await?;
        daemon.kill().await?;
        tokio::time::sleep(seconds(5)).await;
        takes(&rig, "the battery goes on for now", |w| w > 100.0).await?;
        beat_was(&rig, 301).await?;
        takes(&rig, "the battery is held", |w| w == 0.0).await?;
        ensure!(rig.sim.number("/settings/input_limit")? == 0.0, "{}", rig.sim.state());

        // It is told once: who takes over by hand then is left alone, …
        let by_hand = json!({ "entity_id": "number.solarflow_800_input_limit", "value": 400 });
        rig.hass.call("number", "set_value", by_hand).await?;
        takes(&rig, "the battery charges by hand", |w| w > 300.0).await?;
        // … until Home Assistant starts, too, and has heard nothing for a while.
        beat_was(&rig, 290).await?;
        rig.hass.restart().await?;
        rig.hass.is_ready().await?;
        takes(&rig, "the battery is held after the start", |w| w == 0.0).await
    })
    .await
}

#[tokio::test]
async fn of_two_wattwrights_one_commands() -> Result<()> {
    let rig = Rig::claim().await?;
    let yaml = "input_text:\n  wattwright_lease:\n    name: Wattwright lease\n".to_owned()
        + "input_datetime:\n  wattwright_heartbeat:\n    name: Wattwright heartbeat\n    has_date: true\n    has_time: true\n";
    rig.with_configuration(&yaml, async || {
        rig.set(30, 300).await?;
        let (here, there) = (commanded()?, commanded()?);
        let first = here.run(&rig.hass, "control").await?;
        first.reaches("charge", "effective").await?;
        let second = there.run(&rig.hass, "control").await?;
        until("the second looks on, and says so", seconds(30), async || {
            let live = second.live().await?;
            ensure!(live["troubles"].to_string().contains("Another Wattwright"), "{}", live["troubles"]);
            ensure!(second.battery().await?["mode"] == "advise", "{}", second.battery().await?);
            Ok(())
        })
        .await?;
        tokio::time::sleep(seconds(10)).await;
        ensure!(second.battery().await?["outcome"]["stage"] == "advised", "{}", second.battery().await?);
        ensure!(first.battery().await?["mode"] == "control", "{}", first.battery().await?);

        // What is let go of is there for the other one, …
        first.terminate().await?;
        second.reaches("charge", "effective").await?;
        // … and what is not, after three minutes.
        let first = here.run(&rig.hass, "control").await?;
        until("the first looks on now", seconds(30), async || {
            let live = first.live().await?;
            ensure!(live["troubles"].to_string().contains("Another Wattwright"), "{}", live["troubles"]);
            Ok(())
        })
        .await?;
        second.kill().await?;
        until("the first commands again", seconds(240), async || {
            ensure!(first.battery().await?["mode"] == "control", "{}", first.battery().await?);
            Ok(())
        })
        .await?;
        first.reaches("charge", "effective").await?;
        // What the other one has left is nobody's setting from before.
        first.terminate().await?;
        takes(&rig, "the battery is held", |w| w == 0.0).await
    })
    .await
}
