//! Managing strategies by commands and through the API, and replaying what they decided.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::Command;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::files::{always_discharge, always_discharge_again, wattwright};
use wattwright_tests::wait::{seconds, until};

const NAME: &str = "always-discharge";

/// The simulated home, with commands beside it.
struct Simulated {
    folder: tempfile::TempDir,
    daemon: Daemon,
}

impl Simulated {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let daemon = start(folder.path()).await?;
        Ok(Self { folder, daemon })
    }

    /// Runs a command; its exit status and all that it said.
    async fn ask(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        ask(self.folder.path(), arguments).await
    }

    async fn succeeds(&self, arguments: &[&str]) -> Result<String> {
        let (code, said) = self.ask(arguments).await?;
        ensure!(code == Some(0), "{arguments:?}: exit status {code:?}: {said}");
        Ok(said)
    }

    fn file(&self, name: &str, content: &[u8]) -> Result<String> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content)?;
        Ok(path.to_str().context("the folder's name")?.to_owned())
    }

    /// Waits for a tick that fits.
    async fn tick(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        until(what, seconds(30), async || {
            let tick = self.daemon.latest_tick().await?;
            ensure!(fits(&tick), "last: {} {} {}", tick["strategy"], tick["verdicts"], tick["attempts"]);
            Ok(tick)
        })
        .await
    }

    async fn strategy(&self) -> Result<Value> {
        self.daemon.get(&format!("/api/strategies/{NAME}")).await
    }
}

async fn start(folder: &Path) -> Result<Daemon> {
    let mut command = Command::new(wattwright()?);
    command.arg("run").current_dir(folder);
    let daemon = Daemon::start(command, &folder.join("state"), &folder.join("log")).await?;
    until("the first tick", seconds(30), async || daemon.latest_tick().await).await?;
    Ok(daemon)
}

async fn ask(folder: &Path, arguments: &[&str]) -> Result<(Option<i32>, String)> {
    let mut command = Command::new(wattwright()?);
    command.args(arguments).env("WATTWRIGHT_STATE_DIR", folder.join("state")).current_dir(folder);
    let output = command.output().await?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

fn verdict<'a>(tick: &'a Value, target: &str) -> &'a Value {
    let verdicts = tick["verdicts"].as_array().map(Vec::as_slice).unwrap_or_default();
    verdicts.iter().find(|verdict| verdict["target"] == target).unwrap_or(&Value::Null)
}

/// From the file to the plug: tried out, let in, allowed so much, looked at only, gone back, gone.
#[tokio::test]
async fn a_strategy_is_let_in_and_decides_what_its_grant_allows() -> Result<()> {
    let home = Simulated::start().await?;
    let file = home.file("new.wasm", &always_discharge()?)?;
    let said = home.succeeds(&["strategy", "add", &file]).await?;
    ensure!(said.contains("is in the strategies folder as always-discharge.wasm"), "{said}");
    let added = until("the daemon sees it", seconds(30), async || home.strategy().await).await?;
    ensure!(added["role"] == "off", "{added}");

    let (code, said) = home.ask(&["strategy", "enable", NAME]).await?;
    ensure!(code == Some(1) && said.contains("will be allowed to: command everything"), "{said}");
    ensure!(said.contains("--yes") && home.strategy().await?["role"] == "off", "{said}");
    let grants = ["--targets", "battery", "--max-power-w", "300", "--export", "no", "--yes"];
    home.succeeds(&[["strategy", "enable", NAME].as_slice(), &grants].concat()).await?;
    let tick = home.tick("a tick of the new one", |tick| tick["strategy"]["name"] == NAME).await?;
    let battery = verdict(&tick, "battery");
    // What follows is of the moment: whether the battery may turn, whether it was written to.
    let finding = &battery["findings"][0];
    ensure!(battery["by"] == NAME && finding["rule"] == "grant", "{battery}");
    ensure!(finding["to"]["power_w"].as_f64().is_some_and(|power_w| power_w <= 300.0), "{battery}");
    ensure!(verdict(&tick, "led")["by"] == "rule-based", "what it leaves goes to the next: {}", tick["verdicts"]);
    ensure!(tick["superseded"][0]["target"] == "battery", "{}", tick["superseded"]);

    home.succeeds(&["strategy", "enable", NAME, "--targets", "plug-1", "--yes"]).await?;
    let is_refused = |tick: &Value| {
        let finding = &verdict(tick, "battery")["findings"][0];
        finding["rule"] == "grant" && finding["to"].is_null()
    };
    let tick = home.tick("a refusal", is_refused).await?;
    ensure!(verdict(&tick, "battery")["by"] == NAME, "{}", tick["verdicts"]);
    let others = tick["verdicts"].as_array().context("no verdicts")?;
    let by_next = others.iter().any(|v| v["target"] == "battery" && v["by"] == "rule-based");
    ensure!(by_next, "what it may not command goes to the next: {}", tick["verdicts"]);

    home.succeeds(&["strategy", "shadow", NAME]).await?;
    let tick = home.tick("a tick without it", |tick| tick["strategy"]["name"] == "rule-based").await?;
    let shadow = until("its word as a shadow", seconds(10), async || {
        let shadows = home.daemon.get(&format!("/api/ticks/{}/shadows", tick["id"])).await?;
        shadows.as_array().and_then(|shadows| shadows.first().cloned()).context("none yet")
    })
    .await?;
    ensure!(shadow["strategy"]["name"] == NAME && shadow["plan"]["actions"].is_array(), "{shadow}");
    Ok(())
}

#[tokio::test]
async fn one_goes_back_to_the_version_before_and_out_again() -> Result<()> {
    let home = Simulated::start().await?;
    let hash = async || -> Result<Value> { Ok(home.strategy().await?["version"]["hash"].clone()) };
    // The daemon sees a moment later what a command did.
    let hash_other_than = async |other: &Value| {
        until("another version", seconds(30), async || {
            let hash = hash().await?;
            ensure!(hash != *other, "still {hash}");
            Ok(hash)
        })
        .await
    };
    home.succeeds(&["strategy", "add", &home.file("1.wasm", &always_discharge()?)?]).await?;
    let first = hash_other_than(&Value::Null).await?;
    home.succeeds(&["strategy", "add", &home.file("2.wasm", &always_discharge_again()?)?]).await?;
    let second = hash_other_than(&first).await?;

    let (code, said) = home.ask(&["strategy", "add", &home.file("3.wasm", b"\0asm\x0d\0\x01\0")?]).await?;
    ensure!(code == Some(1) && said.contains("3.wasm"), "{said}");
    ensure!(hash().await? == second, "a broken file took effect");

    home.succeeds(&["strategy", "rollback", NAME]).await?;
    ensure!(hash_other_than(&second).await? == first, "{}", hash().await?);
    let (code, said) = home.ask(&["strategy", "rollback", NAME]).await?;
    ensure!(code == Some(1) && said.contains("no version before the one in use"), "{said}");
    let to = second.as_str().and_then(|hash| hash.get(..10)).context("no hash")?;
    home.succeeds(&["strategy", "rollback", NAME, "--to", to]).await?;
    ensure!(hash_other_than(&first).await? == second, "{}", hash().await?);

    home.succeeds(&["strategy", "remove", NAME]).await?;
    until("it is gone", seconds(10), async || {
        ensure!(home.strategy().await.is_err(), "{}", home.strategy().await?);
        Ok(())
    })
    .await?;
    let (code, said) = home.ask(&["strategy", "remove", "rule-based"]).await?;
    ensure!(code == Some(1) && said.contains("part of this program"), "{said}");
    Ok(())
}

/// The same through the API, which takes nothing that is not meant.
#[tokio::test]
async fn the_api_takes_a_strategy_in() -> Result<()> {
    let home = Simulated::start().await?;
    let http = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", home.daemon.url());
    let wasm = always_discharge()?;
    let foreign = http.post(url("/api/strategies")).body(wasm.clone()).send().await?;
    ensure!(foreign.status() == 403, "{}", foreign.status());
    let meant = |request: reqwest::RequestBuilder| request.header("x-wattwright", "1").timeout(seconds(60));
    let found: Value = meant(http.post(url("/api/strategies/check"))).body(wasm.clone()).send().await?.json().await?;
    ensure!(found["ok"] == true && found["fuel"].is_number(), "{found}");
    let added: Value = meant(http.post(url("/api/strategies"))).body(wasm).send().await?.json().await?;
    ensure!(added["name"] == NAME && added["role"] == "off", "{added}");
    let role = json!({ "role": "active", "grant": { "max_power_w": 200.0 } });
    let path = format!("/api/strategies/{NAME}/role");
    let enabled: Value = meant(http.put(url(&path))).json(&role).send().await?.json().await?;
    ensure!(enabled["role"] == "active" && enabled["position"] == 0, "{enabled}");
    home.tick("a tick of the new one", |tick| tick["strategy"]["name"] == NAME).await?;
    let wrong = json!({ "no_such_setting": 1 });
    let refused = meant(http.put(url("/api/strategies/rule-based/settings"))).json(&wrong).send().await?;
    let (status, body): (_, Value) = (refused.status(), refused.json().await?);
    ensure!(status == 422 && body.to_string().contains("no_such_setting"), "{status} {body}");
    let gone = meant(http.delete(url(&format!("/api/strategies/{NAME}")))).send().await?;
    ensure!(gone.status() == 204, "{}", gone.status());
    Ok(())
}

/// Any decision can be made again, here and elsewhere, and by another strategy.
#[tokio::test]
async fn a_tick_is_replayed_here_and_elsewhere() -> Result<()> {
    let home = Simulated::start().await?;
    home.succeeds(&["strategy", "add", &home.file("1.wasm", &always_discharge()?)?]).await?;
    home.succeeds(&["strategy", "enable", NAME, "--yes"]).await?;
    let tick = home.tick("a tick of both", |tick| tick["strategy"]["name"] == NAME).await?;
    home.succeeds(&["strategy", "remove", NAME]).await?;
    let id = tick["id"].to_string();

    let replayed: Value = serde_json::from_str(&home.succeeds(&["replay", &id, "--json"]).await?)?;
    ensure!(replayed["is_same"] == true && replayed["verdicts_same"] == true, "{replayed}");
    ensure!(replayed["parts"].as_array().map(Vec::len) == Some(2), "{replayed}");
    let through_api = home.daemon.get(&format!("/api/ticks/{id}/replay")).await?;
    ensure!(through_api == replayed, "{through_api}");
    let other = home.succeeds(&["replay", &id, "--strategy", "rule-based"]).await?;
    ensure!(other.contains("plan.actions"), "{other}");

    home.succeeds(&["replay", &id, "--export", "tick.json"]).await?;
    let elsewhere = tempfile::tempdir()?;
    std::fs::copy(home.folder.path().join("tick.json"), elsewhere.path().join("tick.json"))?;
    let (code, said) = ask(elsewhere.path(), &["replay", "tick.json"]).await?;
    ensure!(code == Some(0) && said.contains("verdicts: the same"), "{said}");

    // One number of the recorded plan changed: it must be noticed.
    let text = std::fs::read_to_string(elsewhere.path().join("tick.json"))?;
    let mut changed: Value = serde_json::from_str(&text)?;
    changed["tick"]["plan"]["actions"][0]["command"]["power_w"] = json!(1.0);
    std::fs::write(elsewhere.path().join("changed.json"), changed.to_string())?;
    let (code, said) = ask(elsewhere.path(), &["replay", "changed.json"]).await?;
    ensure!(code == Some(1) && said.contains("DIFFERENT") && said.contains("power_w: 1.0 -> 800.0"), "{said}");
    Ok(())
}
