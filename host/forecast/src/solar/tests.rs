use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A clear sky: half a sine from 6 to 18 o'clock, 1000 W at noon.
fn clear_w(start: Timestamp) -> f64 {
    let hour = (start.as_second() + 450).rem_euclid(86_400) as f64 / 3_600.0;
    1_000.0 * ((hour - 6.0) / 12.0 * std::f64::consts::PI).sin().max(0.0)
}

fn model(
    first: &str,
    until: &str,
    clearness: impl Fn(Timestamp) -> f64,
    forecast: impl Fn(Timestamp) -> Option<f64>,
) -> SolarModel {
    let mut model = SolarModel::new();
    for start in slot::starts(at(first), at(until)) {
        model.push(start, Some(clear_w(start) * clearness(start)), forecast(start));
    }
    model
}

fn of(ahead: &[Option<Estimate>], from: &str, start: &str) -> Estimate {
    let index = at(start).duration_since(at(from)).as_mins() / 15;
    ahead[index as usize].unwrap()
}

const NOW: &str = "2026-05-20T10:00:00Z";

#[test]
fn nothing_known_is_nothing_said_and_a_forecast_without_a_record_is_uncertain() {
    let model = SolarModel::new();
    assert_eq!(model.ahead(at(NOW), &[None; 3]), [None, None, None]);
    let estimate = model.ahead(at(NOW), &[Some(800.0)])[0].unwrap();
    assert!((640.0..=800.0).contains(&estimate.mean_w), "{estimate:?}");
    assert!(estimate.low_w < 500.0 && estimate.high_w > 900.0, "{estimate:?}");
    assert_eq!(model.ahead(at(NOW), &[Some(0.0)])[0].unwrap().high_w, 0.0);
}

#[test]
fn a_clear_time_goes_on_and_the_night_is_exactly_dark() {
    let model = model("2026-05-01T00:00:00Z", NOW, |_| 1.0, |_| None);
    let ahead = model.ahead(at(NOW), &[None; 192]);
    let noon = of(&ahead, NOW, "2026-05-21T12:00:00Z");
    assert!((noon.mean_w - 1_000.0).abs() < 30.0, "{noon:?}");
    let night = of(&ahead, NOW, "2026-05-21T00:00:00Z");
    assert_eq!((night.mean_w, night.low_w, night.high_w), (0.0, 0.0, 0.0));
}

#[test]
fn a_dull_morning_is_followed_for_hours_and_not_for_days() {
    let today = at("2026-05-20T00:00:00Z");
    // Every other day is clear, in pairs so that yesterday says nothing.
    let clearness = |start: Timestamp| match start.as_second() / 86_400 % 2 {
        _ if start >= today => 0.2,
        0 => 1.0,
        _ => 0.5,
    };
    let model = model("2026-05-01T00:00:00Z", NOW, clearness, |_| None);
    let ahead = model.ahead(at(NOW), &[None; 192]);
    let soon = of(&ahead, NOW, "2026-05-20T10:15:00Z").mean_w / clear_w(at("2026-05-20T10:15:00Z"));
    let later = of(&ahead, NOW, "2026-05-21T12:00:00Z").mean_w / 1_000.0;
    assert!(soon < 0.35 && later > 0.45, "{soon} {later}");
}

#[test]
fn a_forecast_that_is_always_a_third_too_high_is_corrected() {
    let model = model("2026-05-01T00:00:00Z", NOW, |_| 0.75, |start| Some(clear_w(start)));
    let forecast: Vec<Option<f64>> =
        slot::starts(at(NOW), at("2026-05-22T10:00:00Z")).map(|start| Some(clear_w(start))).collect();
    let noon = of(&model.ahead(at(NOW), &forecast), NOW, "2026-05-21T12:00:00Z");
    assert!((noon.mean_w - 750.0).abs() < 40.0, "{noon:?}");
    assert!(noon.high_w < 850.0, "{noon:?}");
}

#[test]
fn what_the_forecast_says_of_tomorrow_counts_more_than_what_today_was() {
    let model = model("2026-05-01T00:00:00Z", NOW, |_| 1.0, |start| Some(clear_w(start)));
    let forecast: Vec<Option<f64>> =
        slot::starts(at(NOW), at("2026-05-22T10:00:00Z")).map(|start| Some(0.3 * clear_w(start))).collect();
    let noon = of(&model.ahead(at(NOW), &forecast), NOW, "2026-05-21T12:00:00Z");
    assert!((noon.mean_w - 300.0).abs() < 60.0, "{noon:?}");
}

#[test]
fn what_comes_later_changes_nothing() {
    let clearness = |start: Timestamp| 0.3 + (start.as_second() / 900 * 7_919 % 70) as f64 / 100.0;
    let before = model("2026-05-01T00:00:00Z", NOW, clearness, |start| Some(0.8 * clear_w(start)));
    let mut after = before.clone();
    for start in slot::starts(at(NOW), at("2026-05-24T00:00:00Z")) {
        after.push(start, Some(5_000.0), Some(1.0));
    }
    for forecast in [[None; 192], [Some(300.0); 192]] {
        assert_eq!(before.ahead(at(NOW), &forecast), after.ahead(at(NOW), &forecast));
    }
}

#[test]
fn nothing_exceeds_what_was_ever_seen_by_much() {
    let model = model("2026-04-20T00:00:00Z", NOW, |_| 1.0, |start| Some(0.5 * clear_w(start)));
    let noon = "2026-05-21T12:00:00Z";
    let forecast: Vec<Option<f64>> = vec![Some(900.0); 192];
    assert!(of(&model.ahead(at(NOW), &forecast), NOW, noon).high_w <= 1_050.0);
}

#[test]
fn a_source_that_says_zero_for_a_whole_day_is_not_believed() {
    let model = model("2026-05-01T00:00:00Z", NOW, |_| 0.6, |start| Some(clear_w(start)));
    let zeros = [Some(0.0); 192];
    assert_eq!(model.problem(at(NOW), &zeros).unwrap().code, "implausible");
    assert!(of(&model.ahead(at(NOW), &zeros), NOW, "2026-05-21T12:00:00Z").mean_w > 500.0);
    // A night of zeros is a night.
    assert_eq!(model.problem(at("2026-05-20T20:00:00Z"), &[Some(0.0); 24]), None);
    assert_eq!(SolarModel::new().problem(at(NOW), &zeros), None);
}
