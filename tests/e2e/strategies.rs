//! Strategies that are replaced while the daemon runs.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::files::{always_discharge, always_discharge_again, misbehave};
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

/// Waits for a tick in which `misbehave` was asked with this setting.
async fn tick_with(daemon: &Daemon, how: &str) -> Result<Value> {
    until(&format!("a tick with {how}"), seconds(60), async || {
        let tick = daemon.latest_tick().await?;
        let asked = [&tick["input"]["settings"], &tick["attempts"][0]["settings"]];
        ensure!(asked.iter().any(|settings| settings["how"] == how), "{}", tick["attempts"]);
        Ok(tick)
    })
    .await
}

/// A home whose first strategy behaves, as it must to be let in.
async fn with_misbehave(rig: &Rig, mode: &str) -> Result<(Home, Daemon)> {
    let home = Home::new(&Prices::DEAR_NOW)?;
    home.ask_first("misbehave", &misbehave()?)?;
    let daemon = home.run(&rig.hass, mode).await?;
    tick_with(&daemon, "not").await?;
    Ok((home, daemon))
}

/// Does wrong from now on.
async fn misbehaves(rig: &Rig, home: &Home, daemon: &Daemon, how: &str) -> Result<Value> {
    home.manage(&rig.hass, &["strategy", "settings", "misbehave", &format!("how={how}")]).await?.succeeded()?;
    tick_with(daemon, how).await
}

/// A strategy that fails hands over to the next, in the same tick, and the page says why.
#[tokio::test]
async fn a_strategy_that_fails_hands_over_to_the_next() -> Result<()> {
    let rig = Rig::claim().await?;
    let (home, daemon) = with_misbehave(&rig, "advise").await?;
    for (how, codes, words) in [
        ("panic", ["trap"].as_slice(), "this strategy panics"),
        // Whichever comes first on this machine.
        ("loop", ["out-of-fuel", "out-of-time"].as_slice(), "misbehave"),
        ("decline", ["declined"].as_slice(), "does not feel like it"),
    ] {
        let tick = misbehaves(&rig, &home, &daemon, how).await?;
        let attempt = &tick["attempts"][0];
        let is_named = codes.iter().any(|code| attempt["code"] == *code);
        ensure!(attempt["strategy"]["name"] == "misbehave" && is_named, "{how}: {attempt}");
        ensure!(tick["strategy"]["name"] == "rule-based", "{how}: {}", tick["strategy"]);
        ensure!(tick["plan"]["actions"].as_array().is_some_and(|actions| !actions.is_empty()), "{how}: no actions");
        until("the trouble on the page", seconds(10), async || {
            let troubles = daemon.live().await?["troubles"].to_string();
            ensure!(troubles.contains("misbehave") && troubles.contains(words), "{how}: {troubles}");
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// What the page and the commands say of `misbehave`.
async fn quarantine(daemon: &Daemon) -> Result<Value> {
    Ok(daemon.get("/api/strategies/misbehave").await?["quarantine"].clone())
}

/// Three failures in a row put a strategy in quarantine, over a restart too, until the owner says otherwise.
#[tokio::test]
async fn three_strikes_and_the_owners_pardon() -> Result<()> {
    let rig = Rig::claim().await?;
    let (home, daemon) = with_misbehave(&rig, "advise").await?;
    // Each change is a tick; readings cause some more.
    for how in ["panic", "loop", "panic"] {
        home.manage(&rig.hass, &["strategy", "settings", "misbehave", &format!("how={how}")]).await?.succeeded()?;
    }
    let found = until("the quarantine", seconds(90), async || {
        let found = quarantine(&daemon).await?;
        ensure!(!found.is_null(), "none yet");
        Ok(found)
    })
    .await?;
    let is_known = ["trap", "out-of-fuel", "out-of-time"].iter().any(|code| found["code"] == *code);
    ensure!(is_known && found["message"].is_string() && found["since"].is_string(), "{found}");

    daemon.terminate().await?;
    let daemon = home.run(&rig.hass, "advise").await?;
    let tick = until("a tick", seconds(30), async || daemon.latest_tick().await).await?;
    ensure!(tick["attempts"][0]["code"] == "quarantined", "{}", tick["attempts"]);
    ensure!(tick["strategy"]["name"] == "rule-based", "{}", tick["strategy"]);

    let list = home.manage(&rig.hass, &["strategy", "list"]).await?.succeeded()?;
    ensure!(list.contains("in quarantine") && list.contains("strategy enable misbehave"), "{list}");
    home.manage(&rig.hass, &["strategy", "settings", "misbehave", "how=not"]).await?.succeeded()?;
    home.manage(&rig.hass, &["strategy", "enable", "misbehave", "--yes"]).await?.succeeded()?;
    let tick = tick_with(&daemon, "not").await?;
    ensure!(tick["strategy"]["name"] == "misbehave", "{}", tick["strategy"]);
    ensure!(quarantine(&daemon).await?.is_null(), "{}", quarantine(&daemon).await?);
    Ok(())
}

/// A version that fails its trial is not used, and what was used is.
#[tokio::test]
async fn a_version_that_fails_its_trial_is_not_used() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::DEAR_NOW)?;
    home.ask_first("misbehave", &misbehave()?)?;
    home.set_setting("misbehave", "how", "panic")?;
    let daemon = home.run(&rig.hass, "advise").await?;
    let tick = until("a tick", seconds(30), async || daemon.latest_tick().await).await?;
    ensure!(tick["attempts"][0]["code"] == "not-loaded", "{}", tick["attempts"]);
    let error = daemon.get("/api/strategies/misbehave").await?["error"].clone();
    let words = error.as_str().unwrap_or_default();
    ensure!(words.contains("tried on a sample day") && words.contains("this strategy panics"), "{error}");
    Ok(())
}

/// What a strategy says wrongly is refused by the name of the rule.
#[tokio::test]
async fn nonsense_is_refused_by_name() -> Result<()> {
    let rig = Rig::claim().await?;
    let (home, daemon) = with_misbehave(&rig, "control").await?;
    let tick = misbehaves(&rig, &home, &daemon, "nonsense").await?;
    for (index, target, rule) in [(0, "no-such-battery", "unknown-target"), (1, "battery", "finite")] {
        let verdict = &tick["verdicts"][index];
        ensure!(verdict["target"] == target && verdict["decision"] == "refused", "{verdict}");
        ensure!(verdict["findings"][0]["rule"] == rule && verdict["by"] == "misbehave", "{verdict}");
    }
    // A battery of which nothing sensible was said is held.
    daemon.reaches("hold", "effective").await
}
