use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minute() -> Accumulator {
    Accumulator::new(SignedDuration::from_mins(1))
}

fn grid(grid_w: f64) -> Measured {
    Measured { grid_w: Some(grid_w), ..Measured::default() }
}

/// A sample each `step_s` from `from` until `until`, inclusive.
fn feed(
    accumulator: &mut Accumulator,
    from: &str,
    until: &str,
    step_s: i64,
    sample: impl Fn(Timestamp) -> Measured,
) -> Vec<PastSlot> {
    let (mut now, until) = (at(from), at(until));
    let mut slots = Vec::new();
    while now <= until {
        slots.extend(accumulator.push(now, sample(now)));
        now += SignedDuration::from_secs(step_s);
    }
    slots
}

#[test]
fn a_value_counts_for_as_long_as_it_held() {
    let mut accumulator = Accumulator::new(SignedDuration::from_mins(15));
    accumulator.push(at("2026-11-24T10:00:00Z"), grid(1_000.0));
    accumulator.push(at("2026-11-24T10:05:00Z"), grid(-200.0));
    let slots = accumulator.push(at("2026-11-24T10:15:00Z"), grid(0.0));
    assert_eq!(slots.len(), 1);
    assert_eq!(slots[0].start, at("2026-11-24T10:00:00Z"));
    assert_eq!(slots[0].end, at("2026-11-24T10:15:00Z"));
    assert!((slots[0].grid_w.unwrap() - 200.0).abs() < 1e-9);
    assert_eq!(slots[0].load_w, None);
}

#[test]
fn a_sample_across_the_border_counts_on_both_sides() {
    let mut accumulator = Accumulator::new(SignedDuration::from_mins(30));
    accumulator.push(at("2026-11-24T10:00:00Z"), grid(100.0));
    accumulator.push(at("2026-11-24T10:10:00Z"), grid(400.0));
    let first = accumulator.push(at("2026-11-24T10:20:00Z"), grid(700.0));
    assert_eq!(first.len(), 1);
    assert!((first[0].grid_w.unwrap() - 200.0).abs() < 1e-9);
    let second = accumulator.push(at("2026-11-24T10:30:00Z"), grid(0.0));
    assert!((second[0].grid_w.unwrap() - 600.0).abs() < 1e-9);
}

#[test]
fn state_of_charge_is_that_of_the_end() {
    let start = at("2026-11-24T10:00:00Z");
    let slots = feed(&mut minute(), "2026-11-24T10:00:00Z", "2026-11-24T10:15:00Z", 30, |now| Measured {
        soc_pct: Some(50.0 + now.duration_since(start).as_secs_f64() / 30.0),
        ..Measured::default()
    });
    assert_eq!(slots[0].soc_pct, Some(79.0));
}

#[test]
fn a_pause_leaves_a_gap() {
    let mut accumulator = minute();
    let mut slots = feed(&mut accumulator, "2026-11-24T10:00:00Z", "2026-11-24T10:06:00Z", 60, |_| grid(500.0));
    slots.extend(feed(&mut accumulator, "2026-11-26T09:44:00Z", "2026-11-26T10:00:00Z", 60, |_| grid(300.0)));
    let got: Vec<_> = slots.iter().map(|slot| (slot.start.to_string(), slot.grid_w.unwrap())).collect();
    assert_eq!(got, [("2026-11-26T09:45:00Z".to_owned(), 300.0)]);
}

#[test]
fn an_unknown_value_is_not_covered() {
    let half = at("2026-11-24T10:06:00Z");
    let slots = feed(&mut minute(), "2026-11-24T10:00:00Z", "2026-11-24T10:15:00Z", 60, |now| Measured {
        load_w: Some(300.0),
        solar_w: (now < half).then_some(100.0),
        temperature_c: Some(f64::NAN),
        ..Measured::default()
    });
    assert_eq!((slots[0].load_w, slots[0].solar_w), (Some(300.0), None));
    assert_eq!(slots[0].temperature_c, None);
}

#[test]
fn what_tasks_may_have_used_is_no_habit() {
    let last = at("2026-11-24T10:13:00Z");
    let mut slots = feed(&mut minute(), "2026-11-24T10:00:00Z", "2026-11-24T10:30:00Z", 60, |now| Measured {
        load_w: Some(900.0),
        tasks_w: Some(200.0),
        tasks_unknown_w: Some(if now == last { 600.0 } else { 0.0 }),
        ..Measured::default()
    });
    let (known, unknown) = (slots.pop().unwrap(), slots.pop().unwrap());
    assert_eq!((unknown.load_w, unknown.base_load_w()), (Some(900.0), None), "a minute is enough");
    assert_eq!(unknown.extra(extra::TASKS_UNKNOWN_W), Some(40.0));
    assert_eq!((known.base_load_w(), known.extra(extra::TASKS_UNKNOWN_W)), (Some(700.0), None));
}

#[test]
fn a_clock_set_back_changes_nothing() {
    let mut accumulator = minute();
    feed(&mut accumulator, "2026-11-24T10:00:00Z", "2026-11-24T10:14:00Z", 60, |_| grid(100.0));
    assert!(accumulator.push(at("2026-11-24T09:00:00Z"), grid(9_999.0)).is_empty());
    let slots = accumulator.push(at("2026-11-24T10:15:00Z"), grid(100.0));
    assert_eq!(slots[0].grid_w, Some(100.0));
}

proptest! {
    /// The means of whole slots carry the energy that was measured.
    #[test]
    fn energy_is_kept(samples in prop::collection::vec((1_i64..300, -5_000.0..5_000.0), 20..200)) {
        let mut accumulator = Accumulator::new(SignedDuration::from_mins(5));
        let start = at("2026-11-24T10:00:00Z");
        let (mut now, mut held, mut expected_ws) = (start, 0.0, 0.0);
        let mut got_ws = 0.0;
        let mut emitted_until = start;
        accumulator.push(now, grid(held));
        let end = |now: Timestamp| slot::start_of(now);
        let total_s: i64 = samples.iter().map(|(seconds, _)| seconds).sum();
        let whole_until = end(start + SignedDuration::from_secs(total_s));
        for (seconds, value) in samples {
            let next = now + SignedDuration::from_secs(seconds);
            let counted = next.min(whole_until).duration_since(now.min(whole_until));
            expected_ws += held * counted.as_secs_f64();
            for slot in accumulator.push(next, grid(value)) {
                prop_assert_eq!(slot.start, emitted_until);
                emitted_until = slot.end;
                got_ws += slot.grid_w.unwrap() * 900.0;
            }
            (now, held) = (next, value);
        }
        prop_assert_eq!(emitted_until, whole_until);
        prop_assert!((got_ws - expected_ws).abs() < 1e-3, "{got_ws} {expected_ws}");
    }
}
