//! What shadows said, the scenes of ticks, and files from before there were any.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;
use model::{Attempt, Decision, Grant, Part, Shadow, StrategyRef, Terms, Tick};
use wattwright_journal::{Error, Journal, Keep, Pruned};

use crate::common::{at, full_tick, hours, json, tick_at};

fn version(name: &str, hash: &str) -> StrategyRef {
    StrategyRef { name: name.into(), version: "1.0.0".into(), hash: hash.into() }
}

fn shadow(tick: i64, name: &str, hash: &str) -> Shadow {
    let full = full_tick();
    Shadow {
        tick,
        strategy: version(name, hash),
        terms: Terms { grant: Grant { max_power_w: Some(400.0), ..Grant::default() }, ..Terms::default() },
        settings: full.input.settings,
        memory: vec![1, 2],
        plan: full.plan,
        verdicts: full.verdicts,
        failure: None,
        decide_us: 300,
        fuel: 12,
    }
}

fn failed(tick: i64, name: &str, hash: &str) -> Shadow {
    let failure = Attempt {
        backtrace: vec!["0: decide".into()],
        log: vec!["error: no idea".into()],
        settings: Some(serde_json::json!({"a": 1})),
        memory: vec![7],
        ..Attempt::uncalled(version(name, hash), "trap", "stopped by itself")
    };
    Shadow { plan: None, verdicts: Vec::new(), failure: Some(failure), ..shadow(tick, name, hash) }
}

#[test]
fn what_shadows_said_comes_back_with_their_tick() {
    let journal = Journal::in_memory().unwrap();
    let error = journal.record_shadow(&shadow(1, "linear", "aa")).unwrap_err();
    assert!(matches!(error, Error::NoTick { id: 1, .. }), "{error}");
    assert_eq!(journal.referenced_hashes().unwrap(), BTreeSet::new(), "what was not recorded is not named");

    let id = journal.record(&full_tick(), None).unwrap();
    let (said, refused) = (shadow(id, "linear", "aa"), failed(id, "careful", "bb"));
    journal.record_shadow(&said).unwrap();
    journal.record_shadow(&refused).unwrap();
    assert_eq!(json(&journal.shadows(id).unwrap()), json(&[refused, said]));
    journal.record_shadow(&failed(id, "linear", "cc")).unwrap();
    assert_eq!(journal.shadows(id).unwrap().len(), 2, "one for each shadow and tick");
    assert_eq!(journal.shadows(id + 1).unwrap(), []);
}

#[test]
fn shadows_are_listed_by_strategy_and_time() {
    let journal = Journal::in_memory().unwrap();
    let start = at("2026-11-24T00:00:00Z");
    for hour in 0..4 {
        let id = journal.record(&tick_at(start + hours(hour)), None).unwrap();
        journal.record_shadow(&shadow(id, "linear", "aa")).unwrap();
        journal.record_shadow(&failed(id, "careful", "bb")).unwrap();
    }
    let list = |name, from, until| journal.shadow_list(name, start + hours(from), start + hours(until), 10).unwrap();
    let ticks = |name, from, until| list(name, from, until).iter().map(|s| s.tick).collect::<Vec<_>>();
    assert_eq!(ticks("linear", 0, 9), [4, 3, 2, 1]);
    assert_eq!(ticks("linear", 1, 3), [3, 2]);
    assert_eq!(ticks("other", 0, 9), [0; 0]);
    assert_eq!(journal.shadow_list("linear", Timestamp::MIN, Timestamp::MAX, 1).unwrap().len(), 1);
    let newest = list("linear", 0, 9).remove(0);
    assert_eq!((newest.at, newest.hash.as_str()), (start + hours(3), "aa"));
    assert_eq!((newest.worst_decision, newest.failure), (Some(Decision::Adjusted), None));
    let newest = list("careful", 0, 9).remove(0);
    assert_eq!((newest.worst_decision, newest.failure.as_deref()), (None, Some("trap")));
}

#[test]
fn a_scene_comes_back_as_it_was() {
    let journal = Journal::in_memory().unwrap();
    let scene: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    let with = journal.record(&full_tick(), Some(&scene)).unwrap();
    let without = journal.record(&full_tick(), None).unwrap();
    assert_eq!(journal.scene(with).unwrap(), Some(scene));
    assert_eq!(journal.scene(without).unwrap(), None);
    assert_eq!(journal.scene(99).unwrap(), None);
    let full = full_tick();
    assert_eq!(journal.tick(with).unwrap(), Some(Tick { id: with, ..full }));
}

#[test]
fn versions_are_named_as_long_as_a_record_needs_them() {
    let journal = Journal::in_memory().unwrap();
    let now = at("2026-11-24T12:00:00Z");
    let full = full_tick();
    let own = full.strategy.clone().unwrap().hash;
    let part = |hash: &str| Part {
        strategy: version("second", hash),
        settings: full.input.settings.clone(),
        memory: Vec::new(),
        plan: full.plan.clone().unwrap(),
        decide_us: 1,
        fuel: 1,
    };
    let old = Tick {
        parts: vec![part("old-part")],
        attempts: vec![
            Attempt::uncalled(version("third", "old-attempt"), "trap", "stopped by itself"),
            Attempt::uncalled(StrategyRef::unknown("nobody"), "not-loaded", "no such strategy"),
        ],
        ..tick_at(now - hours(24 * 30))
    };
    let old = journal.record(&old, None).unwrap();
    journal.record_shadow(&shadow(old, "linear", "old-shadow")).unwrap();
    let new = journal.record(&Tick { parts: vec![part("new-part")], attempts: vec![], ..tick_at(now) }, None).unwrap();
    journal.record_shadow(&shadow(new, "linear", "new-shadow")).unwrap();
    let named = || journal.referenced_hashes().unwrap().into_iter().collect::<Vec<_>>();
    let mut all = vec![own.as_str(), "old-part", "old-attempt", "old-shadow", "new-part", "new-shadow"];
    all.sort_unstable();
    assert_eq!(named(), all);

    let keep = Keep { ticks_days: 10, past_days: 10 };
    assert_eq!(journal.prune(now, keep).unwrap(), Pruned { ticks: 1, shadows: 1, notes: 0, past: 0 });
    let mut left = vec![own.as_str(), "new-part", "new-shadow"];
    left.sort_unstable();
    assert_eq!(named(), left);
    assert_eq!(journal.shadows(old).unwrap(), []);
    assert_eq!(journal.shadows(new).unwrap().len(), 1);
}

#[test]
fn values_outlast_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.load_state("ledger").unwrap(), None);
    journal.save_state("ledger", "1").unwrap();
    journal.save_state("ledger", "2").unwrap();
    drop(journal);
    assert_eq!(Journal::open(&path).unwrap().load_state("ledger").unwrap().as_deref(), Some("2"));
}

/// A file of the first format, with a tick as it was recorded then.
#[test]
fn a_file_of_the_first_format_is_read_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(include_str!("../../src/migrations/1.sql")).unwrap();
    connection.pragma_update(None, "application_id", 0x5761_7474).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let mut body: serde_json::Value = serde_json::from_str(include_str!("common/full-tick.json")).unwrap();
    for newer in ["terms", "parts", "superseded", "fuel"] {
        body.as_object_mut().unwrap().remove(newer);
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body.to_string().as_bytes()).unwrap();
    connection
        .execute(
            "INSERT INTO tick (at_us, cause, strategy_name, strategy_hash, summary, outcomes, body) \
             VALUES (?, '{\"kind\":\"slot\"}', 'rule-based', 'first-hash', '', ?, ?)",
            rusqlite::params![full_tick().at.as_microsecond(), body["outcomes"].to_string(), encoder.finish().unwrap()],
        )
        .unwrap();
    connection.close().unwrap();

    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.set_aside(), None);
    let old = journal.tick(1).unwrap().unwrap();
    assert_eq!(json(&old), json(&Tick { id: 1, fuel: 0, ..full_tick() }));
    assert_eq!((journal.scene(1).unwrap(), journal.shadows(1).unwrap()), (None, Vec::new()));
    assert_eq!(journal.referenced_hashes().unwrap(), BTreeSet::from(["first-hash".to_owned()]));
    assert_eq!(journal.record(&full_tick(), Some(b"{}")).unwrap(), 2);
    assert_eq!(journal.scene(2).unwrap().as_deref(), Some(b"{}".as_slice()));
}
