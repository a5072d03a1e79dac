//! The page in a real Chromium.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use wattwright_tests::daemon::Daemon;
use wattwright_tests::files::{always_discharge, always_discharge_again, wattwright};
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
    let again = folder.path().join("strategy-again.wasm");
    std::fs::write(&again, always_discharge_again()?)?;
    let start = async || {
        let mut command = Command::new(wattwright()?);
        command.arg("run").current_dir(folder.path());
        Daemon::start(command, &folder.path().join("state"), &folder.path().join("log")).await
    };
    let daemon = start().await?;
    decided(&daemon, 0).await?;
    daemon.terminate().await?;
    let newest = days_before(&folder.path().join("state/journal.db"))?;
    let daemon = start().await?;
    let live = decided(&daemon, newest).await?;
    ensure!(live["simulated"] == true, "{live}");
    let tick = daemon.latest_tick().await?;
    let past = tick["input"]["snapshot"]["past"].as_array().map_or(0, Vec::len);
    ensure!(past >= 190, "two days are not filled in: {past} slots");
    score_days(&folder.path().join("state/journal.db"))?;
    page::check_all(&daemon, "simulated-home", &strategy, &again).await
}

/// Waits for a tick after that one.
async fn decided(daemon: &Daemon, before: i64) -> Result<Value> {
    until("a tick", seconds(30), async || {
        let live = daemon.live().await?;
        ensure!(live["tick"].as_i64().is_some_and(|tick| tick > before), "{live}");
        Ok(live)
    })
    .await
}

/// As if what was decided had been decided two days before and, once more, the day before: with all its times, so that
/// it can be replayed. The newest tick's id.
fn days_before(path: &Path) -> Result<i64> {
    let journal = journal::Journal::open(path)?;
    let first = journal.ticks(None, 500)?.last().context("nothing was decided")?.id;
    let tick = journal.tick(first)?.context("the first tick is gone")?;
    let scene = journal.scene(first)?.context("it has no scene")?;
    rusqlite::Connection::open(path)?.execute("DELETE FROM tick", [])?;
    let mut newest = 0;
    for back in [2, 1] {
        let mut moved = [serde_json::to_value(&tick)?, serde_json::from_slice(&scene)?];
        moved.iter_mut().for_each(|value| move_back(value, jiff::SignedDuration::from_hours(24 * back)));
        let [tick, scene] = moved;
        newest = journal.record(&serde_json::from_value(tick)?, Some(&serde_json::to_vec(&scene)?))?;
    }
    Ok(newest)
}

/// Every time in it, as long before.
fn move_back(value: &mut Value, by: jiff::SignedDuration) {
    match value {
        Value::String(text) => {
            if let Ok(time) = text.parse::<jiff::Timestamp>() {
                *text = (time - by).to_string();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| move_back(one, by)),
        Value::Object(all) => all.values_mut().for_each(|one| move_back(one, by)),
        _ => {}
    }
}

/// As if the home had run for 16 days, with `linear` as a shadow that does better.
fn score_days(journal: &Path) -> Result<()> {
    let journal = rusqlite::Connection::open(journal)?;
    journal.busy_timeout(seconds(5))?;
    let today: jiff::Timestamp = format!("{}T00:00:00Z", &jiff::Timestamp::now().to_string()[..10]).parse()?;
    for back in 1..=16 {
        let start = today - jiff::SignedDuration::from_hours(24 * back);
        let strategy = |name: &str, role: &str, cost: f64| {
            json!({
                "strategy": { "name": name, "version": "0.1.0", "hash": name }, "role": role, "cost": cost,
                "cost_adjusted": cost, "accepted": 90, "adjusted": 6, "refused": 0, "failed": 0,
                "loss": { "forecast_error": 0.21, "price_error": 0.02, "strategy": cost - 2.03, "guard": 0.0 }
            })
        };
        let shift = 0.1 * (back % 5) as f64;
        let score = json!({
            "day": start.to_string()[..10], "start": start, "end": start + jiff::SignedDuration::from_hours(24),
            "slots": 96, "played": 96, "unscored": null,
            "references": {
                "no_battery": 2.9 + shift, "self_consumption": 2.6 + shift, "perfect_foresight": 1.8,
                "measured": 2.4 + shift
            },
            "strategies": [strategy("rule-based", "active", 2.3 + shift), strategy("linear", "shadow", 2.1)]
        });
        journal.execute(
            "INSERT OR REPLACE INTO score (day, start_s, body) VALUES (?, ?, ?)",
            rusqlite::params![&start.to_string()[..10], start.as_second(), score.to_string()],
        )?;
    }
    Ok(())
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

const PASSWORD: &str = "correct horse battery";

/// A simulated home that others can reach, with `anna`, an owner, and `ben`, a viewer.
struct Reachable {
    state: PathBuf,
    port: u16,
    _daemon: Child,
    _folder: tempfile::TempDir,
}

impl Reachable {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let state = folder.path().join("state");
        let program = wattwright()?;
        let wide = |port: u16| {
            let mut command = Command::new(&program);
            command.arg("run").current_dir(folder.path()).arg("--state-dir").arg(&state);
            command.arg("--listen").arg(format!("0.0.0.0:{port}")).kill_on_drop(true);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command
        };
        let refused = wide(0).output().await?;
        let said = String::from_utf8_lossy(&refused.stderr);
        ensure!(!refused.status.success() && said.contains("wattwright user add"), "{said}");

        for (name, role) in [("anna", "owner"), ("ben", "viewer")] {
            let mut add = Command::new(&program);
            add.args(["user", "add", name, "--role", role, "--password-stdin", "--state-dir"]).arg(&state);
            let mut add = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
            add.stdin.take().context("no standard input")?.write_all(format!("{PASSWORD}\n").as_bytes()).await?;
            ensure!(add.wait().await?.success(), "{name} was not added");
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let daemon = wide(port).stderr(Stdio::null()).spawn()?;
        let url = format!("http://127.0.0.1:{port}");
        until("the page", seconds(30), async || Ok(reqwest::get(&url).await?.error_for_status()?)).await?;
        Ok(Self { state, port, _daemon: daemon, _folder: folder })
    }

    /// Types a command for this home; its success and all that it says.
    async fn types(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<(bool, String)> {
        let mut command = Command::new(wattwright()?);
        command.args(words).env_remove("WATTWRIGHT_TOKEN").env_remove("WATTWRIGHT_STATE_DIR");
        // What is kept elsewhere of the simulated home must not be taken for this one's.
        command.env("XDG_STATE_HOME", self.state.join("elsewhere")).envs(variables.iter().copied());
        let output = command.output().await?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }
}

#[tokio::test]
async fn with_accounts_when_others_can_reach_it() -> Result<()> {
    let home = Reachable::start().await?;
    let url = format!("http://127.0.0.1:{}", home.port);
    page::run(&url, "accounts", "accounts.mjs", &[("PASSWORD", PASSWORD)]).await?;
    page::run(&url, "accounts-below", "accounts.mjs", &[("PASSWORD", PASSWORD), page::BELOW]).await
}

#[tokio::test]
async fn commands_sign_in_where_there_are_users() -> Result<()> {
    let home = Reachable::start().await?;
    let server = format!("127.0.0.1:{}", home.port);
    let state = home.state.to_string_lossy().into_owned();

    let (done, said) = home.types(&["pause", "--server", &server], &[]).await?;
    ensure!(!done && said.contains("WATTWRIGHT_TOKEN") && said.contains("wattwright token add"), "{said}");

    let (done, said) = home.types(&["pause", "--server", &server, "--state-dir", &state], &[]).await?;
    ensure!(done && said.contains("Paused until"), "who may write into the state folder is the owner: {said}");
    let (done, said) = home.types(&["health", "--server", &server, "--state-dir", &state], &[]).await?;
    ensure!(done || !said.contains("It answers"), "{said}");

    let add = ["token", "add", "panel", "--scope", "hand", "--state-dir", &state];
    let (done, said) = home.types(&add, &[]).await?;
    let token = said.split_whitespace().find(|word| word.starts_with("wattwright_")).context("no token")?.to_owned();
    ensure!(done, "{said}");
    let (done, said) = home.types(&["resume", "--server", &server], &[("WATTWRIGHT_TOKEN", &token)]).await?;
    ensure!(done, "{said}");
    let (done, said) = home.types(&["health", "--server", &server], &[("WATTWRIGHT_TOKEN", &token)]).await?;
    ensure!(!done && said.contains("has not the scope `read`"), "{said}");
    let (done, said) = home.types(&["token", "remove", "panel", "--state-dir", &state], &[]).await?;
    ensure!(done, "{said}");
    let (done, said) = home.types(&["resume", "--server", &server], &[("WATTWRIGHT_TOKEN", &token)]).await?;
    ensure!(!done && said.contains("revoked"), "{said}");

    let copy = home.state.join("copy.db");
    let file = copy.to_string_lossy().into_owned();
    let (done, said) = home.types(&["backup", &file, "--state-dir", &state], &[]).await?;
    ensure!(done && copy.exists(), "{said}");
    let (done, said) = home.types(&["backup", &file, "--state-dir", &state], &[]).await?;
    ensure!(!done && said.contains("already"), "no file is written over: {said}");
    Ok(())
}
