//! What is recorded is what is read.

use crate::common::{at, full_tick, hours, json, tick_at};
use jiff::{SignedDuration, Timestamp};
use model::home::Baseline;
use model::snapshot::{Extra, PastSlot};
use model::{Command, Decision, Stage, Tick};
use wattwright_journal::{Error, Journal, Keep, Level, Memory, Pruned};

#[test]
fn a_tick_comes_back_bit_for_bit() {
    let journal = Journal::in_memory().unwrap();
    let mut tick = full_tick();
    tick.input.memory = (0..=255).cycle().take(64 * 1024).collect();
    let awkward =
        [0.1 + 0.2, 1.0 / 3.0, -0.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::EPSILON, 1e23, 9007199254740993.0];
    let slot = tick.input.snapshot.ahead[0].clone();
    tick.input.snapshot.ahead = awkward
        .iter()
        .map(|value| {
            let mut slot = slot.clone();
            slot.import_price = Some(*value);
            slot.extras[0].value = -value;
            slot
        })
        .collect();
    let id = journal.record(&tick, None).unwrap();
    tick.id = id;
    let read = journal.tick(id).unwrap().unwrap();
    assert_eq!(read, tick);
    assert_eq!(json(&read), json(&tick));
    for (slot, value) in read.input.snapshot.ahead.iter().zip(awkward) {
        assert_eq!(slot.import_price.map(f64::to_bits), Some(value.to_bits()));
    }
}

#[test]
fn what_a_strategy_answered_is_kept_even_if_it_is_no_number() {
    let journal = Journal::in_memory().unwrap();
    let mut tick = full_tick();
    for (verdict, power_w) in tick.verdicts.iter_mut().zip([f64::NAN, f64::NEG_INFINITY]) {
        verdict.proposed = Command::Charge { power_w };
    }
    tick.id = journal.record(&tick, None).unwrap();
    let read = journal.tick(tick.id).unwrap().unwrap();
    assert_eq!(json(&read), json(&tick));
    assert!(matches!(read.verdicts[0].proposed, Command::Charge { power_w } if power_w.is_nan()));
}

#[test]
fn a_tick_without_a_plan_is_recorded_too() {
    let journal = Journal::in_memory().unwrap();
    let mut tick = Tick { strategy: None, plan: None, verdicts: vec![], outcomes: vec![], ..full_tick() };
    tick.id = journal.record(&tick, None).unwrap();
    assert_eq!(journal.latest().unwrap(), Some(tick));
    let summary = journal.ticks(None, 1).unwrap().remove(0);
    assert_eq!((summary.strategy, summary.worst_decision, summary.worst_stage), (None, None, None));
    assert_eq!(summary.summary, "");
}

#[test]
fn outcomes_are_updated_and_the_worst_one_counts() {
    let journal = Journal::in_memory().unwrap();
    let mut tick = full_tick();
    tick.id = journal.record(&tick, None).unwrap();
    let summary = journal.ticks(None, 1).unwrap().remove(0);
    assert_eq!((summary.worst_decision, summary.worst_stage), (Some(Decision::Adjusted), Some(Stage::Sent)));

    tick.outcomes.push(tick.outcomes[0].clone());
    tick.outcomes[0].reach(Stage::NotObeyed, at("2026-11-24T17:15:40Z"), "still at 0 W");
    tick.outcomes[1].reach(Stage::Effective, at("2026-11-24T17:15:20Z"), "");
    journal.update_outcomes(tick.id, &tick.outcomes).unwrap();
    assert_eq!(journal.tick(tick.id).unwrap().unwrap(), tick);
    assert_eq!(journal.ticks(None, 1).unwrap()[0].worst_stage, Some(Stage::NotObeyed));

    let error = journal.update_outcomes(99, &[]).unwrap_err();
    assert!(matches!(error, Error::NoTick { id: 99, .. }), "{error}");
}

#[test]
fn ticks_are_listed_page_by_page_the_newest_first() {
    let journal = Journal::in_memory().unwrap();
    assert_eq!(journal.latest().unwrap(), None);
    assert_eq!(journal.tick(1).unwrap(), None);
    let start = at("2026-11-24T00:00:00.5Z");
    for hour in 0..5 {
        journal.record(&tick_at(start + hours(hour)), None).unwrap();
    }
    let page = |before, limit| -> Vec<i64> {
        journal.ticks(before, limit).unwrap().into_iter().map(|summary| summary.id).collect()
    };
    assert_eq!(page(None, 2), [5, 4]);
    assert_eq!(page(Some(4), 2), [3, 2]);
    assert_eq!(page(Some(2), 2), [1]);
    assert_eq!(page(Some(1), 2), [0; 0]);
    let newest = journal.ticks(None, 1).unwrap().remove(0);
    let full = journal.latest().unwrap().unwrap();
    assert_eq!((newest.at, newest.cause), (start + hours(4), full.cause));
    assert_eq!((newest.strategy, Some(newest.summary)), (full.strategy, full.plan.map(|plan| plan.summary)));
}

fn past_slot(start: Timestamp, load_w: Option<f64>) -> PastSlot {
    PastSlot {
        start,
        end: model::slot::next(start),
        import_price: Some(0.1 + 0.2),
        export_price: None,
        solar_w: Some(0.0),
        load_w,
        grid_w: Some(-12.5),
        battery_w: Some(1e-9),
        soc_pct: None,
        temperature_c: Some(-3.0),
        extras: vec![],
    }
}

#[test]
fn past_slots_are_replaced_by_their_start_and_read_by_half_open_range() {
    let journal = Journal::in_memory().unwrap();
    let start = at("2026-11-24T00:00:00Z");
    let mut slots: Vec<PastSlot> =
        model::slot::starts(start, start + hours(1)).map(|start| past_slot(start, None)).collect();
    slots[1].extras = vec![Extra { name: "co2".into(), value: 1.0 / 3.0, unit: "g/kWh".into() }];
    journal.record_past(&slots).unwrap();
    slots[2] = past_slot(slots[2].start, Some(600.25));
    journal.record_past(&slots[2..3]).unwrap();
    assert_eq!(journal.past(start, start + hours(1)).unwrap(), slots);
    assert_eq!(journal.past(slots[1].start, slots[3].start).unwrap(), slots[1..3]);
    let a_bit = SignedDuration::from_nanos(1);
    assert_eq!(journal.past(slots[1].start + a_bit, slots[3].start + a_bit).unwrap(), slots[2..4]);
    assert_eq!(journal.past(Timestamp::MIN, Timestamp::MAX).unwrap().len(), 4);
    assert_eq!(journal.past(start + hours(1), start).unwrap(), []);
}

#[test]
fn the_first_baseline_stays_until_it_is_forgotten() {
    let journal = Journal::in_memory().unwrap();
    let found = |state: &str| Baseline::of(vec![("select.zendure_ac_mode".into(), state.into())]);
    assert_eq!(journal.baseline("battery").unwrap(), None);
    journal.remember_baseline("battery", &found("input")).unwrap();
    journal.remember_baseline("battery", &found("output")).unwrap();
    assert_eq!(journal.baseline("battery").unwrap(), Some(found("input")));
    assert_eq!(journal.baseline("washer").unwrap(), None);
    journal.forget_baseline("battery").unwrap();
    assert_eq!(journal.baseline("battery").unwrap(), None);
    journal.remember_baseline("battery", &found("output")).unwrap();
    assert_eq!(journal.baseline("battery").unwrap(), Some(found("output")));
}

#[test]
fn memories_keep_the_newest() {
    let journal = Journal::in_memory().unwrap();
    assert_eq!(journal.load_memory("rule-based").unwrap(), None);
    journal.save_memory("rule-based", "aa", &[1, 2]).unwrap();
    journal.save_memory("rule-based", "bb", &[0, 255]).unwrap();
    let kept = Memory { hash: "bb".into(), bytes: vec![0, 255] };
    assert_eq!(journal.load_memory("rule-based").unwrap(), Some(kept));
}

#[test]
fn notes_are_listed_the_newest_first() {
    let journal = Journal::in_memory().unwrap();
    let levels = [Level::Info, Level::Warning, Level::Error];
    for (hour, level) in (0..).zip(levels) {
        journal.note(at("2026-11-24T00:00:00Z") + hours(hour), level, "Started.").unwrap();
    }
    let notes = journal.notes(None, 10).unwrap();
    assert_eq!(notes.iter().rev().map(|note| note.level).collect::<Vec<_>>(), levels);
    assert_eq!(notes[0].at, at("2026-11-24T02:00:00Z"));
    assert_eq!(journal.notes(Some(notes[1].id), 10).unwrap(), notes[2..]);
}

#[test]
fn pruning_keeps_the_rest_and_gives_the_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = Journal::open(&path).unwrap();
    let now = at("2026-11-24T12:00:00Z");
    let incompressible: Vec<u8> =
        std::iter::successors(Some(1_u64), |x| Some(x.wrapping_mul(6364136223846793005).wrapping_add(1)))
            .map(|x| (x >> 56) as u8)
            .take(60_000)
            .collect();
    for day in (0..40).rev() {
        let mut tick = tick_at(now - hours(24 * day));
        tick.input.memory.clone_from(&incompressible);
        journal.record(&tick, None).unwrap();
        journal.note(tick.at, Level::Info, "A day.").unwrap();
        journal.record_past(&[past_slot(model::slot::start_of(tick.at), None)]).unwrap();
    }
    let pages = || -> (i64, i64) {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let read = |name| connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
        (read("page_count"), read("freelist_count"))
    };
    let (before, _) = pages();
    let keep = Keep { ticks_days: 10, past_days: 20 };
    assert_eq!(journal.prune(now, keep).unwrap(), Pruned { ticks: 29, shadows: 0, notes: 29, past: 19 });
    assert_eq!(journal.prune(now, keep).unwrap(), Pruned::default());
    let (after, free) = pages();
    assert!(after < before / 2 && free == 0, "{before} pages before, {after} after, {free} of them free");

    let left = journal.ticks(None, 100).unwrap();
    assert_eq!((left.len(), left[0].id, left[10].at), (11, 40, now - hours(240)));
    assert_eq!(journal.past(Timestamp::MIN, Timestamp::MAX).unwrap().len(), 21);

    let nothing = Keep { ticks_days: 0, past_days: 0 };
    journal.prune(now + hours(1000), nothing).unwrap();
    assert_eq!(journal.latest().unwrap().map(|tick| tick.id), Some(40), "the newest tick stays");
    assert_eq!(journal.record(&full_tick(), None).unwrap(), 41);
}

#[test]
fn the_first_plan_of_each_slot_is_found_and_the_last_tick_before_a_time() {
    let journal = Journal::in_memory().unwrap();
    let unplanned = Tick { strategy: None, plan: None, ..tick_at(at("2026-11-24T12:00:01Z")) };
    journal.record(&unplanned, None).unwrap();
    for time in ["12:00:02", "12:05:00", "12:14:59", "12:15:00", "12:31:00"] {
        journal.record(&tick_at(at(&format!("2026-11-24T{time}Z"))), None).unwrap();
    }
    let (from, until) = (at("2026-11-24T12:00:00Z"), at("2026-11-24T12:30:00Z"));
    let ids = |ticks: Vec<Tick>| ticks.iter().map(|tick| tick.id).collect::<Vec<_>>();
    assert_eq!(ids(journal.slot_ticks(from, until).unwrap()), [2, 5]);
    assert_eq!(ids(journal.slot_ticks(until, until + hours(1)).unwrap()), [6]);
    assert_eq!(journal.last_before(at("2026-11-24T12:15:00Z")).unwrap(), Some(4));
    assert_eq!(journal.last_before(from).unwrap(), None);
}
