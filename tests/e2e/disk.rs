//! The disk is full, by a file system of its own that really is.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tokio::process::Command;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::files::wattwright;
use wattwright_tests::wait::{seconds, until};

/// Room for compiled strategies and some hundred ticks, MiB.
const SIZE_MIB: u32 = 32;

/// The daemon with its state on a small file system that only it sees: in namespaces of its own, so that nobody has
/// to be root.
async fn on_a_small_disk(folder: &Path) -> Result<Daemon> {
    let state = folder.join("state");
    std::fs::create_dir(&state)?;
    let mut command = Command::new("unshare");
    let mount = format!("mount -t tmpfs -o size={SIZE_MIB}m small \"$0\" && exec \"$@\"");
    command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", &mount]);
    command.arg(&state).arg(wattwright()?).arg("run").env("RUST_LOG", "warn");
    Daemon::start(command, &state, &folder.join("log")).await
}

/// Whether this system lets us make a file system.
async fn is_possible() -> bool {
    let mount = "mount -t tmpfs -o size=1m small /mnt";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", mount]);
    command.output().await.is_ok_and(|output| output.status.success())
}

/// Takes all the room that is left; gives the file that does.
fn fill(state: &Path) -> Result<PathBuf> {
    let path = state.join("filler");
    let mut filler = File::create(&path)?;
    for length in [1 << 20, 1 << 12] {
        let block = vec![7u8; length];
        // Its last error is that there is no room.
        while filler.write_all(&block).is_ok() {}
    }
    Ok(path)
}

/// Has a tick: the owner says something new.
async fn tick(daemon: &Daemon, power_w: u32) -> Result<()> {
    let live = daemon.live().await?;
    let target = &live["home"]["batteries"][0]["id"];
    let word = json!({"target": target, "command": {"kind": "charge", "power_w": power_w}, "lasts_s": 600});
    let request = reqwest::Client::new().post(format!("{}/api/override", daemon.url())).header("x-wattwright", "1");
    let answer = request.timeout(seconds(10)).json(&word).send().await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    Ok(())
}

#[tokio::test]
async fn control_goes_on_without_room_and_the_journal_is_whole_afterwards() -> Result<()> {
    if !is_possible().await {
        println!("not run: this system lets nobody but root make a file system");
        return Ok(());
    }
    let folder = tempfile::Builder::new().prefix("wattwright-").tempdir()?;
    let mut daemon = on_a_small_disk(folder.path()).await?;
    // From outside, what it sees is found through it.
    let root = PathBuf::from(format!("/proc/{}/root", daemon.id().context("the daemon has ended")?));
    let state = root.join(folder.path().join("state").strip_prefix("/")?);
    until("the first tick", seconds(30), async || daemon.latest_tick().await.map(drop)).await?;

    let filler = fill(&state)?;
    let mut power_w = 100;
    until("it says that the journal cannot be written", seconds(120), async || {
        power_w = 100 + (power_w + 1) % 500;
        tick(&daemon, power_w).await?;
        let troubles = daemon.live().await?["troubles"].to_string();
        ensure!(troubles.contains("journal cannot be written"), "{troubles}");
        Ok(())
    })
    .await?;
    let recorded = daemon.latest_tick().await?["id"].as_i64().context("no tick")?;
    tick(&daemon, 650).await?;
    until("it does what it is told all the same", seconds(60), async || {
        let battery = daemon.battery().await?;
        ensure!(battery["verdict"]["approved"] == json!({"kind": "charge", "power_w": 650.0}), "{battery}");
        Ok(())
    })
    .await?;
    until("the battery charges with that", seconds(60), async || {
        let live = daemon.live().await?;
        let power_w = live["home"]["batteries"][0]["power_w"]["value"].as_f64();
        ensure!(power_w.is_some_and(|w| (w + 650.0).abs() < 10.0), "{power_w:?}");
        Ok(())
    })
    .await?;
    ensure!(daemon.is_running()?, "the daemon has ended");

    std::fs::remove_file(filler)?;
    until("it records again", seconds(60), async || {
        power_w = 100 + (power_w + 1) % 500;
        tick(&daemon, power_w).await?;
        let newest = daemon.latest_tick().await?["id"].as_i64();
        let troubles = daemon.live().await?["troubles"].to_string();
        ensure!(newest > Some(recorded) && !troubles.contains("journal"), "tick {newest:?}, {troubles}");
        Ok(())
    })
    .await?;
    // Copied, since nobody but the daemon sees it at its place.
    let copy = folder.path().join("copy.db");
    daemon
        .kill_keeping(|| {
            for suffix in ["", "-wal"] {
                std::fs::copy(state.join(format!("journal.db{suffix}")), format!("{}{suffix}", copy.display()))?;
            }
            Ok(())
        })
        .await?;
    let connection = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    ensure!(whole == "ok", "the journal: {whole}");
    let newest: i64 = connection.query_row("SELECT max(id) FROM tick", [], |row| row.get(0))?;
    ensure!(newest > recorded, "the newest tick is {newest}, and {recorded} before the room came back");
    Ok(())
}
