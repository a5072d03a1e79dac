//! Killed at random moments, again and again: `cargo xtask kills` does it more often.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use wattwright_tests::daemon::Daemon;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

/// How often, when nobody says.
const TIMES: u32 = 5;
/// A life of the program lasts so long at the most.
const LONGEST: Duration = Duration::from_secs(4);
/// So many approved powers are remembered: one that is not written again may be some lives old.
const REMEMBERED: usize = 200;

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        // Knuth's MMIX; its upper bits are good enough here.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }
}

/// What a life was told to have been kept.
#[derive(Debug, Default)]
struct Told {
    tick: Option<i64>,
    at: Value,
}

/// Lets the owner change her mind all the time, so that there are many ticks, and hears what is kept.
async fn live(daemon: &Daemon, dice: &mut Dice, lasts: Duration) -> Result<Told> {
    let http = reqwest::Client::new();
    let end = tokio::time::Instant::now() + lasts;
    let mut told = Told::default();
    while tokio::time::Instant::now() < end {
        let power_w = 100 + 20 * dice.below(30);
        let kind = ["charge", "discharge"][dice.below(2) as usize];
        let live = daemon.live().await?;
        if let Some(tick) = live["tick"].as_i64() {
            told = Told { tick: Some(tick), at: live["tick_at"].clone() };
        }
        let target = &live["home"]["batteries"][0]["id"];
        let word = json!({"target": target, "command": {"kind": kind, "power_w": power_w}, "lasts_s": 600});
        let request = http.post(format!("{}/api/override", daemon.url())).header("x-wattwright", "1");
        let answer = request.timeout(seconds(5)).json(&word).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        tokio::time::sleep(Duration::from_millis(20 + dice.below(200))).await;
    }
    Ok(told)
}

/// The battery's setting, charging positive.
fn setting_w(rig: &Rig) -> Result<f64> {
    let sign = if rig.sim.ac_mode() == "input" { 1.0 } else { -1.0 };
    let limit = if sign > 0.0 { "/settings/input_limit" } else { "/settings/output_limit" };
    Ok(sign * rig.sim.number(limit)?)
}

/// Powers that the guard approved in the newest ticks, charging positive.
async fn approved_w(daemon: &Daemon) -> Result<Vec<f64>> {
    let ticks = daemon.get("/api/ticks?limit=40").await?;
    let mut powers = Vec::new();
    for tick in ticks.as_array().context("no list of ticks")? {
        let tick = daemon.get(&format!("/api/ticks/{}", tick["id"])).await?;
        for verdict in tick["verdicts"].as_array().context("a tick without verdicts")? {
            let command = &verdict["approved"];
            match (command["kind"].as_str(), command["power_w"].as_f64()) {
                (Some("charge"), Some(power_w)) => powers.push(power_w),
                (Some("discharge"), Some(power_w)) => powers.push(-power_w),
                _ => {}
            }
        }
    }
    Ok(powers)
}

fn look_at_the_journal(home: &Home) -> Result<()> {
    let journal = home.state().join("journal.db");
    if !journal.exists() {
        return Ok(());
    }
    let connection = Connection::open_with_flags(&journal, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    ensure!(whole == "ok", "the journal: {whole}");
    Ok(())
}

fn nothing_was_set_aside(home: &Home) -> Result<()> {
    for entry in std::fs::read_dir(home.state())? {
        let name = entry?.file_name();
        ensure!(!name.to_string_lossy().contains("corrupt"), "a journal was set aside: {}", name.display());
    }
    Ok(())
}

#[tokio::test]
async fn killed_at_any_moment() -> Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let times = number("KILLS").unwrap_or(TIMES.into());
    let seed = number("KILLS_SEED").unwrap_or(1);
    let mut dice = Dice(seed);
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(50, 300).await?;
    let mut told = Told::default();
    let mut approved: VecDeque<f64> = VecDeque::from([0.0]);
    let (mut ticks, mut early) = (0, 0);
    for life in 0..times {
        if dice.below(4) == 0 {
            // Before it is up.
            early += 1;
            home.run_for(&rig.hass, "control", Duration::from_millis(dice.below(1200))).await?;
            look_at_the_journal(&home)?;
            continue;
        }
        let daemon = home.run(&rig.hass, "control").await?;
        if let Some(tick) = told.tick {
            let kept = daemon.get(&format!("/api/ticks/{tick}")).await.with_context(|| {
                format!("life {life} of seed {seed}: tick {tick} of {} was shown before the kill and is gone", told.at)
            })?;
            ensure!(kept["at"] == told.at, "life {life} of seed {seed}: {told:?} is {} now", kept["at"]);
        }
        approved.extend(approved_w(&daemon).await?);
        approved.drain(..approved.len().saturating_sub(REMEMBERED));
        let lasts = LONGEST.mul_f64(dice.below(1000) as f64 / 1000.0);
        let heard = live(&daemon, &mut dice, lasts).await?;
        approved.extend(approved_w(&daemon).await?);
        daemon.kill().await?;
        look_at_the_journal(&home)?;
        nothing_was_set_aside(&home)?;
        if heard.tick.is_some() {
            ticks += heard.tick.unwrap_or(0) - told.tick.unwrap_or(0);
            told = heard;
        }
        until("what was sent has arrived", seconds(10), async || {
            ensure!(rig.sim.state()["pending"] == 0, "{}", rig.sim.state());
            Ok(())
        })
        .await?;
        let set_w = setting_w(&rig)?;
        let known = set_w == 0.0 || approved.iter().any(|power_w| (power_w - set_w).abs() < 1.0);
        ensure!(known, "life {life} of seed {seed}: the battery is set to {set_w} W, approved were {approved:?}");
    }
    println!("seed {seed}: {times} kills, {early} of them before it was up; {ticks} ticks");

    let daemon = home.run(&rig.hass, "control").await?;
    let http = reqwest::Client::new();
    let clear = http.delete(format!("{}/api/override?target={}", daemon.url(), battery(&daemon).await?));
    clear.header("x-wattwright", "1").timeout(seconds(5)).send().await?;
    // What that is depends on how many turns of a day are left.
    until("control is back", seconds(90), async || {
        let outcome = daemon.battery().await?["outcome"].clone();
        ensure!(outcome["stage"] == "effective", "outcome: {outcome}");
        Ok(())
    })
    .await?;
    // What was found before the first takeover outlived all kills.
    daemon.terminate().await?;
    until("the settings as they were found", seconds(10), async || {
        let settings = rig.sim.state()["settings"].clone();
        ensure!(settings["ac_mode"] == "output" && settings["output_limit"] == 0, "{settings}");
        Ok(())
    })
    .await
}

async fn battery(daemon: &Daemon) -> Result<String> {
    let live = daemon.live().await?;
    live["home"]["batteries"][0]["id"].as_str().map(str::to_owned).context("no battery")
}
