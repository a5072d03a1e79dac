use jiff::SignedDuration;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// Slots from `first` up to `until` with what `load_w` says of the local time.
fn model(first: &str, until: &str, load_w: impl Fn(civil::DateTime) -> f64) -> LoadModel {
    let mut model = LoadModel::new(berlin());
    for start in slot::starts(at(first), at(until)) {
        model.push(start, Some(load_w(berlin().to_datetime(start))), None);
    }
    model
}

fn of(ahead: &[Option<Estimate>], from: &str, start: &str) -> Estimate {
    let index = at(start).duration_since(at(from)).as_mins() / 15;
    ahead[index as usize].unwrap()
}

#[test]
fn nothing_known_is_nothing_said() {
    let model = LoadModel::new(berlin());
    let now = at("2026-03-02T12:00:00Z");
    assert_eq!(model.foundation(now), Foundation::Nothing);
    assert_eq!(model.ahead(now, 3), [None, None, None]);
    let mut model = model;
    model.push(now, None, Some(4.0));
    model.push(now, Some(f64::NAN), None);
    assert_eq!(model.ahead(at("2026-03-02T13:00:00Z"), 2), [None, None]);
}

#[test]
fn after_hours_the_level_is_known_and_nothing_else() {
    let now = "2026-03-02T14:00:00Z";
    let model = model("2026-03-02T12:00:00Z", now, |_| 300.0);
    assert_eq!(model.foundation(at(now)), Foundation::Level { days: 8.0 / 96.0 });
    let ahead = model.ahead(at(now), 192);
    assert!(ahead.iter().all(|slot| (slot.unwrap().mean_w - 300.0).abs() < 1e-3));
}

#[test]
fn after_days_the_time_of_day_is_known() {
    let now = "2026-03-05T09:00:00Z";
    let model = model("2026-03-02T00:00:00Z", now, |local| if local.hour() == 18 { 2_000.0 } else { 200.0 });
    assert!(matches!(model.foundation(at(now)), Foundation::TimeOfDay { days } if days > 3.0));
    let ahead = model.ahead(at(now), 192);
    assert!(of(&ahead, now, "2026-03-06T17:30:00Z").mean_w > 1_500.0);
    assert!(of(&ahead, now, "2026-03-06T03:00:00Z").mean_w < 250.0);
}

#[test]
fn habits_stay_on_the_wall_clock_over_a_clock_change() {
    let now = "2026-03-28T12:00:00Z";
    let model = model("2026-03-01T00:00:00Z", now, |local| if local.hour() == 7 { 1_000.0 } else { 100.0 });
    let ahead = model.ahead(at(now), 192);
    // 07:30 on 29 March is an hour earlier in UTC than on the 28th.
    assert!(of(&ahead, now, "2026-03-29T05:30:00Z").mean_w > 700.0);
    assert!(of(&ahead, now, "2026-03-29T06:45:00Z").mean_w < 600.0);
    assert!(of(&ahead, now, "2026-03-29T08:00:00Z").mean_w < 150.0);
}

#[test]
fn every_slot_of_the_long_and_the_short_day_has_an_estimate() {
    for now in ["2026-03-28T18:00:00Z", "2026-10-24T18:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
        let first = at(now).checked_sub(SignedDuration::from_hours(24 * 20)).unwrap().to_string();
        let model = model(&first, now, |local| 100.0 + f64::from(local.hour()));
        assert!(model.ahead(at(now), 192).iter().all(Option::is_some), "{now}");
    }
}

#[test]
fn a_saturday_is_like_saturdays() {
    let now = "2026-03-27T12:00:00Z";
    let is_saturday = |local: civil::DateTime| local.weekday() == civil::Weekday::Saturday;
    let model = model("2026-02-01T00:00:00Z", now, |local| if is_saturday(local) { 900.0 } else { 300.0 });
    let ahead = model.ahead(at(now), 192);
    assert!(of(&ahead, now, "2026-03-28T10:00:00Z").mean_w > 700.0);
    assert!(of(&ahead, now, "2026-03-27T20:00:00Z").mean_w < 400.0);
}

#[test]
fn a_holiday_is_like_a_sunday() {
    let now = "2026-05-24T12:00:00Z";
    let holidays = crate::holidays::of("DE", 2026).unwrap();
    let is_free = |date: civil::Date| date.weekday() == civil::Weekday::Sunday || holidays.contains(&date);
    let model = model("2026-04-01T00:00:00Z", now, |local| if is_free(local.date()) { 900.0 } else { 300.0 });
    let monday = "2026-05-25T10:00:00Z";
    assert!(of(&model.ahead(at(now), 192), now, monday).mean_w < 500.0);
    let model = model.with_holidays(holidays);
    assert!(of(&model.ahead(at(now), 192), now, monday).mean_w > 700.0);
}

#[test]
fn the_next_hours_follow_what_was_just_measured() {
    let now = "2026-03-20T12:00:00Z";
    let mut model = model("2026-03-01T00:00:00Z", "2026-03-20T11:00:00Z", |_| 400.0);
    for start in slot::starts(at("2026-03-20T11:00:00Z"), at(now)) {
        model.push(start, Some(1_600.0), None);
    }
    let ahead = model.ahead(at(now), 192);
    assert!(ahead[0].unwrap().mean_w > 600.0);
    assert!(ahead[0].unwrap().mean_w > ahead[6].unwrap().mean_w);
    assert!(ahead[60].unwrap().mean_w < 420.0);
}

#[test]
fn what_comes_later_changes_nothing() {
    let now = "2026-03-10T12:00:00Z";
    let noise = |local: civil::DateTime| f64::from(local.hour()) * 50.0 + f64::from(local.day() % 5) * 31.0;
    let before = model("2026-02-01T00:00:00Z", now, noise);
    let mut after = before.clone();
    for start in slot::starts(at(now), at("2026-03-14T00:00:00Z")) {
        after.push(start, Some(5_000.0), Some(-20.0));
    }
    assert_eq!(before.ahead(at(now), 192), after.ahead(at(now), 192));
    assert_eq!(before.foundation(at(now)), after.foundation(at(now)));
}

#[test]
fn low_and_high_hold_the_spread() {
    let now = "2026-03-20T12:00:00Z";
    let mut turn = 0_u32;
    let mut model = LoadModel::new(berlin());
    for start in slot::starts(at("2026-02-01T00:00:00Z"), at(now)) {
        turn = (turn + 7) % 10;
        model.push(start, Some(f64::from(turn) * 100.0), None);
    }
    for estimate in model.ahead(at(now), 192).into_iter().flatten() {
        assert!(estimate.low_w <= estimate.median_w && estimate.median_w <= estimate.high_w);
        assert!((0.0..=250.0).contains(&estimate.low_w), "{estimate:?}");
        assert!((650.0..=1_000.0).contains(&estimate.high_w), "{estimate:?}");
    }
}

#[test]
fn a_gap_in_the_past_is_no_zero() {
    let now = "2026-03-20T12:00:00Z";
    let mut model = model("2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z", |_| 500.0);
    for start in slot::starts(at("2026-03-18T00:00:00Z"), at("2026-03-20T08:00:00Z")) {
        model.push(start, Some(500.0), None);
    }
    assert!(model.ahead(at(now), 192).iter().all(|slot| (slot.unwrap().mean_w - 500.0).abs() < 1.0));
}

#[test]
fn years_are_forgotten_but_not_the_last_one() {
    let now = "2026-03-20T12:00:00Z";
    let model = model("2024-06-01T00:00:00Z", now, |local| if local.year() < 2025 { 9_000.0 } else { 500.0 });
    let Foundation::Week { days } = model.foundation(at(now)) else { panic!() };
    assert!((390.0..=440.0).contains(&days), "{days}");
    assert!(model.ahead(at(now), 192).iter().all(|slot| (slot.unwrap().mean_w - 500.0).abs() < 1.0));
}

#[test]
fn cold_days_take_more_where_they_did_before() {
    let now = "2026-03-20T23:00:00Z";
    // Mild and cold days in turn, three days each; 100 W more per kelvin, and noise.
    let temperature_c = |start: Timestamp| if start.as_second() / 86_400 / 3 % 2 == 0 { 10.0 } else { 2.0 };
    let noise = |start: Timestamp| (start.as_second() / 900 * 7_919 % 200) as f64;
    let mut model = LoadModel::new(berlin());
    for start in slot::starts(at("2026-01-01T23:00:00Z"), at(now)) {
        let load_w = 300.0 + noise(start) + 100.0 * (15.0 - temperature_c(start));
        model.push(start, Some(load_w), Some(temperature_c(start)));
    }
    let mean = |ahead: &[Option<Estimate>]| ahead[96..].iter().map(|slot| slot.unwrap().mean_w).sum::<f64>() / 96.0;
    let mild = mean(&model.ahead_with(at(now), 192, |_| Some(10.0)));
    let cold = mean(&model.ahead_with(at(now), 192, |_| Some(-5.0)));
    assert!((850.0..950.0).contains(&mild), "{mild}");
    assert!((2_100.0..2_500.0).contains(&cold), "{cold}");
}

#[test]
fn slots_are_filled_with_the_mean_and_what_is_known_stays() {
    let now = "2026-03-20T12:00:00Z";
    let model = model("2026-02-01T00:00:00Z", now, |local| if local.minute() == 0 { 2_000.0 } else { 200.0 });
    let mut ahead: Vec<Slot> = slot::starts(at(now), at("2026-03-22T12:00:00Z")).map(Slot::unknown).collect();
    ahead[5].load_w = Some(42.0);
    model.fill(&mut ahead);
    assert_eq!((ahead[5].load_w, ahead[5].load_low_w), (Some(42.0), None));
    let mean = ahead[96..].iter().filter_map(|slot| slot.load_w).sum::<f64>() / 96.0;
    assert!((mean - 650.0).abs() < 5.0, "{mean}");
}

#[test]
fn a_cold_start_is_stated() {
    let now = "2026-03-20T12:00:00Z";
    let of = |first: &str| model(first, now, |_| 300.0).foundation(at(now)).problem();
    assert_eq!(Foundation::Nothing.problem().unwrap().code, "cold-start");
    assert!(of("2026-03-20T06:00:00Z").unwrap().text.contains("6.0 hours"));
    assert!(of("2026-03-18T00:00:00Z").unwrap().text.contains("2.5 days"));
    assert_eq!(of("2026-03-01T00:00:00Z"), None);
}
