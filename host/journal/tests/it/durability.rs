//! The journal survives what happens to processes and files.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::{at, full_tick, hours, tick_at};
use model::Stage;
use wattwright_journal::{Error, Journal};

const CHILD: &str = "WATTWRIGHT_TEST_JOURNAL";

/// Not a test by itself: what [`a_killed_process_leaves_a_whole_journal`] kills.
#[test]
#[ignore = "started by another test"]
fn child_writes_until_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let journal = Journal::open(PathBuf::from(path)).unwrap();
    let start = at("2026-11-24T00:00:00Z");
    for hour in 0.. {
        let mut tick = tick_at(start + hours(hour));
        tick.input.memory = vec![hour as u8; 40_000];
        let id = journal.record(&tick, None).unwrap();
        say(&format!("recorded {id}"));
        tick.outcomes[0].reach(Stage::Effective, tick.at, "");
        journal.update_outcomes(id, &tick.outcomes).unwrap();
        say(&format!("updated {id}"));
        journal.record_past(&tick.input.snapshot.past).unwrap();
    }
}

/// Past the test harness, which would hold the line back.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn writing_child(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::child_writes_until_killed", "--ignored", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_process_leaves_a_whole_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut last_id = 0;
    for lines_before_kill in [1, 24, 61] {
        let mut child = writing_child(&path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let told = lines.by_ref().filter(|line| line.starts_with("recorded ") || line.starts_with("updated "));
        let mut told: Vec<String> = told.take(lines_before_kill).collect();
        assert_eq!(told.len(), lines_before_kill, "the child ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said between the last line read and its end was promised as well.
        told.extend(lines.filter(|line| line.starts_with("recorded ") || line.starts_with("updated ")));

        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.set_aside(), None);
        let ids: Vec<i64> = journal.ticks(None, u32::MAX).unwrap().iter().map(|tick| tick.id).collect();
        let newest = ids[0];
        assert_eq!(ids, (1..=newest).rev().collect::<Vec<_>>(), "no id is missing");
        for line in told {
            let (what, id) = line.split_once(' ').unwrap();
            let tick = journal.tick(id.parse().unwrap()).unwrap().expect("what was recorded is there");
            assert!(what == "recorded" || tick.outcomes[0].stage == Stage::Effective, "{line}");
        }
        assert!(newest > last_id);
        last_id = newest;
        assert_eq!(journal.record(&full_tick(), None).unwrap(), newest + 1);
        drop(journal);
        assert_eq!(integrity(&path), "ok");
    }
}

fn integrity(path: &Path) -> String {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[test]
fn only_one_has_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/journal.db");
    let first = Journal::open(&path).unwrap();
    let clone = first.clone();
    let error = Journal::open(&path).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("journal.db`") && text.contains("journal.lock`") && text.contains("stop that"), "{text}");
    drop(first);
    assert!(Journal::open(&path).is_err(), "a clone still has it open");
    drop(clone);
    Journal::open(&path).unwrap();
}

#[test]
fn what_was_recorded_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let id = Journal::open(&path).unwrap().record(&full_tick(), None).unwrap();
    assert!(!folder.path().join("journal.db-wal").exists(), "a proper end leaves one file");
    let tick = Journal::open(&path).unwrap().tick(id).unwrap().unwrap();
    assert_eq!(tick, model::Tick { id, ..full_tick() });
}

fn with_some_ticks(path: &Path) {
    let journal = Journal::open(path).unwrap();
    for hour in 0..40 {
        let mut tick = tick_at(at("2026-11-24T00:00:00Z") + hours(hour));
        tick.input.memory = (0..2000_u32).flat_map(|x| (x.wrapping_mul(2654435761)).to_le_bytes()).collect();
        journal.record(&tick, None).unwrap();
    }
}

#[test]
fn a_damaged_file_is_set_aside_and_a_new_one_begun() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("all of it is something else", |bytes| *bytes = b"<!doctype html><title>404</title>".repeat(500)),
        ("the second half is missing", |bytes| bytes.truncate(bytes.len() / 2)),
        ("the pages of the tables are overwritten", |bytes| bytes[4096..40_960].fill(0xa5)),
        ("the header is zeroed", |bytes| bytes[..100].fill(0)),
    ];
    for (what, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        with_some_ticks(&path);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();

        let journal = Journal::open(&path).unwrap();
        let aside = journal.set_aside().unwrap_or_else(|| panic!("not noticed: {what}"));
        assert!(!aside.reason.is_empty());
        let name = aside.path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("journal.db.corrupt-20"), "{name}");
        assert!(fs::read(&aside.path).unwrap() == bytes, "{what}: not kept as it was");
        assert_eq!(journal.latest().unwrap(), None);
        assert_eq!(journal.record(&full_tick(), None).unwrap(), 1);
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().set_aside(), None, "{what}: the new one is sound");
    }
}

#[test]
fn one_unreadable_record_does_not_take_the_others_along() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    with_some_ticks(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE tick SET body = zeroblob(100) WHERE id = 3", []).unwrap();
    connection.close().unwrap();
    let journal = Journal::open(&path).unwrap();
    let error = journal.tick(3).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }) && error.to_string().contains("tick 3"), "{error}");
    assert!(journal.tick(4).unwrap().is_some());
    assert_eq!(journal.ticks(None, 100).unwrap().len(), 40);
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home-assistant_v2.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE states (x INTEGER); INSERT INTO states VALUES (1)").unwrap();
    connection.close().unwrap();
    let error = Journal::open(&path).unwrap_err();
    assert!(matches!(error, Error::NotAJournal { .. }), "{error}");
    let connection = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(connection.query_row("SELECT x FROM states", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    let error = Journal::open(file.join("journal.db")).unwrap_err();
    assert!(matches!(&error, Error::File { path, .. } if *path == file), "{error}");
}
