//! The page in a real Chromium.

use std::net::TcpListener;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
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
    let mut command = Command::new(wattwright()?);
    command.arg("run").current_dir(folder.path());
    let daemon = Daemon::start(command, &folder.path().join("state"), &folder.path().join("log")).await?;
    let live = until("the first tick", seconds(30), async || {
        let live = daemon.live().await?;
        ensure!(!live["tick"].is_null(), "{live}");
        Ok(live)
    })
    .await?;
    ensure!(live["simulated"] == true, "{live}");
    let tick = daemon.latest_tick().await?;
    let past = tick["input"]["snapshot"]["past"].as_array().map_or(0, Vec::len);
    ensure!(past >= 190, "two days are not filled in: {past} slots");
    page::check_all(&daemon, "simulated-home", &strategy, &again).await
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

#[tokio::test]
async fn with_accounts_when_others_can_reach_it() -> Result<()> {
    const PASSWORD: &str = "correct horse battery";
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
    let _daemon = wide(port).stderr(Stdio::null()).spawn()?;
    let url = format!("http://127.0.0.1:{port}");
    until("the page", seconds(30), async || Ok(reqwest::get(&url).await?.error_for_status()?)).await?;
    page::run(&url, "accounts", "accounts.mjs", &[("PASSWORD", PASSWORD)]).await
}
