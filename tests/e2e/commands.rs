//! The commands for people and scripts, and what they say when something is wrong.

use anyhow::{Context, Result, ensure};
use wattwright_tests::hass::Hass;
use wattwright_tests::home::{Ended, Home};
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

#[tokio::test]
async fn a_tick_can_be_evaluated_again_byte_for_byte() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;

    let tick = home.ask(&rig.hass, &["tick", "--config", "home.toml", "--json"]).await?.json()?;
    for part in ["snapshot", "strategy", "plan", "verdicts"] {
        ensure!(!tick[part].is_null(), "`{part}` is missing in {tick}");
    }
    ensure!(tick["strategy"]["name"] == "rule-based" && tick["strategy"]["hash"].is_string(), "{}", tick["strategy"]);
    let snapshot = &tick["snapshot"];
    ensure!(snapshot["batteries"][0]["soc_pct"] == 30.0, "{snapshot}");
    ensure!(snapshot["grid"]["power_w"].is_number(), "{snapshot}");
    let ahead = snapshot["ahead"].as_array().context("no slots ahead")?;
    ensure!(ahead[0]["import_price"] == 0.05 && ahead.len() > 90, "{} slots, first {}", ahead.len(), ahead[0]);
    ensure!(tick["plan"]["actions"].as_array().is_some_and(|actions| !actions.is_empty()), "{}", tick["plan"]);

    std::fs::write(home.path("S.json"), snapshot.to_string())?;
    std::fs::write(home.path("settings.json"), tick["settings"].to_string())?;
    let arguments =
        ["evaluate", "--strategy", "rule-based", "--snapshot", "S.json", "--settings", "settings.json", "--json"];
    let first = home.ask(&rig.hass, &arguments).await?.json()?;
    ensure!(
        serde_json::to_string(&first["plan"])? == serde_json::to_string(&tick["plan"])?,
        "{}\n{}",
        first["plan"],
        tick["plan"]
    );
    ensure!(first["verdicts"].is_array(), "{first}");
    let second = home.ask(&rig.hass, &arguments).await?;
    ensure!(second.json()?["plan"] == first["plan"], "the same question got another answer: {}", second.stdout);
    Ok(())
}

/// The command must fail and say all of these.
fn says(ended: &Ended, words: &[&str]) -> Result<()> {
    ensure!(ended.code.is_some_and(|code| code != 0), "exit status {:?}: {}", ended.code, ended.stdout);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    ensure!(!said.contains("panicked"), "{said}");
    for word in words {
        ensure!(said.contains(word), "`{word}` is not in: {said}");
    }
    Ok(())
}

async fn check(home: &Home, hass: &Hass) -> Result<Ended> {
    home.ask(hass, &["check", "--config", "home.toml"]).await
}

#[tokio::test]
async fn the_example_home_is_in_order() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    let ended = check(&home, &rig.hass).await?;
    ensure!(ended.code == Some(0), "{}{}", ended.stdout, ended.stderr);
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_is_named_with_its_file() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    home.configure(|config| {
        config.insert("no_such_key".into(), 1.into());
        Ok(())
    })?;
    says(&check(&home, &rig.hass).await?, &["home.toml", "no_such_key"])?;
    let run = home.ask(&rig.hass, &["run", "--config", "home.toml", "--listen", "127.0.0.1:0"]).await?;
    says(&run, &["home.toml", "no_such_key"])
}

#[tokio::test]
async fn a_missing_entity_is_named() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    let text = std::fs::read_to_string(home.config())?;
    let wrong = text.replace("sensor.solarflow_800_electric_level", "sensor.solarflow_800_no_such_level");
    ensure!(wrong != text, "the example does not name the state of charge");
    std::fs::write(home.config(), wrong)?;
    says(&check(&home, &rig.hass).await?, &["sensor.solarflow_800_no_such_level"])?;

    // The daemon itself goes on and shows it.
    let daemon = home.run(&rig.hass, "advise").await?;
    until("the trouble", seconds(30), async || {
        let live = daemon.live().await?;
        ensure!(live["troubles"].to_string().contains("no_such_level"), "{}", live["troubles"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_rejected_token_is_said_so() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    let stranger = Hass::new(rig.hass.url.clone(), "not-a-token".into());
    says(&check(&home, &stranger).await?, &["rejects the token", "long-lived access token"])?;
    let nowhere = Hass::new("http://127.0.0.1:9".into(), rig.hass.token.clone());
    says(&check(&home, &nowhere).await?, &["127.0.0.1:9"])
}

#[tokio::test]
async fn a_missing_file_is_named() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    says(&home.ask(&rig.hass, &["check", "--config", "nowhere.toml"]).await?, &["nowhere.toml"])?;
    let evaluate = ["evaluate", "--strategy", "rule-based", "--snapshot", "nowhere.json", "--json"];
    says(&home.ask(&rig.hass, &evaluate).await?, &["nowhere.json"])
}

#[tokio::test]
async fn every_command_has_help() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    for command in ["run", "check", "tick", "evaluate", "strategy", "override", "pause", "resume", "health", "setup"] {
        let ended = home.ask(&rig.hass, &[command, "--help"]).await?;
        ensure!(ended.code == Some(0) && ended.stdout.contains("Usage"), "{command}: {}", ended.stderr);
    }
    Ok(())
}
