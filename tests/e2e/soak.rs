//! Runs for long and looks whether anything grows: `cargo xtask soak`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::seconds;

/// Between two looks.
const EVERY_S: u64 = 10;
/// What is taken at the start grows for a while: caches, the allocator's pools, the database's pages.
const WARM_UP: f64 = 0.25;

/// What a process holds.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at_s: f64,
    memory_kib: f64,
    handles: f64,
    threads: f64,
}

fn look(process: u32, started: Instant) -> Result<Sample> {
    let folder = PathBuf::from(format!("/proc/{process}"));
    let status = std::fs::read_to_string(folder.join("status"))?;
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        line.split_whitespace().next().context("no number")?.parse::<f64>().context("no number")
    };
    Ok(Sample {
        at_s: started.elapsed().as_secs_f64(),
        memory_kib: number("VmRSS:")?,
        handles: std::fs::read_dir(folder.join("fd"))?.count() as f64,
        threads: number("Threads:")?,
    })
}

/// Growth in an hour: the slope of the straight line that fits best.
fn slope_per_h(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let mean = |of: &dyn Fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / samples.len() as f64;
    let (at, value) = (mean(&|sample| sample.at_s), mean(&|sample| of(sample)));
    let shared: f64 = samples.iter().map(|sample| (sample.at_s - at) * (of(sample) - value)).sum();
    let spread: f64 = samples.iter().map(|sample| (sample.at_s - at).powi(2)).sum();
    if spread > 0.0 { shared / spread * 3600.0 } else { 0.0 }
}

#[tokio::test]
#[ignore = "takes half an hour; `cargo xtask soak` runs it"]
async fn nothing_grows() -> Result<()> {
    let minutes: f64 = std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(30.0);
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::DEAR_NOW)?;
    rig.set(80, 300).await?;
    let daemon = home.run(&rig.hass, "control").await?;
    let process = daemon.id().context("the daemon has ended")?;
    // Somebody has the page open all the time.
    let mut page = reqwest::Client::new().get(format!("{}/api/events", daemon.url())).send().await?;
    let page = tokio::spawn(async move { while let Ok(Some(_)) = page.chunk().await {} });

    let started = Instant::now();
    let mut samples = Vec::new();
    while started.elapsed().as_secs_f64() < minutes * 60.0 {
        let step = samples.len() as i64;
        // A load that the battery has to follow, and looks at what the page shows.
        rig.sim.set(json!({"load": 200 + step * 137 % 500})).await?;
        for path in ["/api/live", "/api/ticks?limit=20", "/api/ticks/latest"] {
            daemon.get(path).await?;
        }
        let sample = look(process, started)?;
        if step % 30 == 0 {
            println!("{sample:?}");
        }
        samples.push(sample);
        tokio::time::sleep(seconds(EVERY_S)).await;
    }
    page.abort();
    ensure!(samples.len() >= 4, "too short to say anything");
    let ticks = daemon.live().await?["tick"].clone();
    let warm = &samples[(samples.len() as f64 * WARM_UP) as usize..];
    println!("{minutes} minutes, {} samples, {ticks} ticks; slopes after the first quarter:", samples.len());
    type Of = fn(&Sample) -> f64;
    let kinds: [(&str, Of); 3] = [
        ("memory, KiB", |sample| sample.memory_kib),
        ("handles", |sample| sample.handles),
        ("threads", |sample| sample.threads),
    ];
    for (what, of) in kinds {
        let values = samples.iter().map(of);
        let (least, most) = values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let (first, warm_first, last) = (of(&samples[0]), of(&warm[0]), of(&samples[samples.len() - 1]));
        let slope = slope_per_h(warm, of);
        println!(
            "  {what:<12} first {first:.0}, warm {warm_first:.0}, last {last:.0}, from {least:.0} to {most:.0}, \
             {slope:+.1} an hour"
        );
    }
    // Handles and threads come and go with requests and strategies; they do not add up.
    ensure!(slope_per_h(warm, |sample| sample.handles).abs() < 10.0, "handles grow");
    ensure!(slope_per_h(warm, |sample| sample.threads).abs() < 10.0, "threads grow");
    Ok(())
}
