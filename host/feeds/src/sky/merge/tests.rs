use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const NOW: &str = "2026-06-01T10:07:00Z";

fn hours(first: &str, temperatures_c: &[Option<f64>], cloud_cover_pct: Option<f64>) -> Said {
    let hour = |(index, temperature_c): (usize, &Option<f64>)| WeatherHour {
        start: later(at(first), SignedDuration::from_hours(index as i64)),
        temperature_c: *temperature_c,
        cloud_cover_pct,
    };
    Said { weather: temperatures_c.iter().enumerate().map(hour).collect(), ..Said::default() }
}

fn sun(from: &str, until: &str, power_w: f64) -> Said {
    let slots = slot::starts(at(from), at(until));
    let solar = slots.map(|start| SolarPeriod { start, end: slot::next(start), power_w }).collect();
    Said { solar, ..Said::default() }
}

fn voices<'a>(all: &[&'a Said]) -> Vec<Voice<'a>> {
    all.iter().zip(["best", "next"]).map(|(said, name)| Voice { name, said }).collect()
}

#[test]
fn the_next_one_fills_what_is_left_of_each_quantity() {
    let best = hours("2026-06-01T10:00:00Z", &[Some(15.0), Some(16.0)], None);
    let next = hours("2026-06-01T10:00:00Z", &[Some(5.0); 4], Some(80.0));
    let (merged, from) = weather(&voices(&[&best, &next]), at(NOW));
    assert_eq!(from.as_deref(), Some("best"));
    let of = |text: &str| weather::at(&merged, at(text)).copied().unwrap();
    assert_eq!((of(NOW).temperature_c, of(NOW).cloud_cover_pct), (Some(15.0), Some(80.0)));
    assert_eq!(of("2026-06-01T11:45:00Z").temperature_c, Some(16.0));
    assert_eq!(of("2026-06-01T14:00:00Z").temperature_c, None, "what nobody said is not held");
}

#[test]
fn nothing_said_is_nothing() {
    assert_eq!(weather(&[], at(NOW)), (Vec::new(), None));
    assert_eq!(solar(&[], at(NOW)), (Vec::new(), None));
    let over = hours("2026-05-31T10:00:00Z", &[Some(15.0)], None);
    assert_eq!(weather(&voices(&[&over]), at(NOW)), (Vec::new(), None));
}

#[test]
fn each_slot_of_the_sun_is_the_best_ones() {
    let best = sun("2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z", 100.0);
    let next = sun("2026-06-01T09:00:00Z", "2026-06-01T12:00:00Z", 50.0);
    let (merged, from) = solar(&voices(&[&best, &next]), at(NOW));
    assert_eq!(from.as_deref(), Some("best"));
    assert_eq!(merged.iter().map(|period| period.power_w).collect::<Vec<_>>(), [[100.0; 4], [50.0; 4]].concat());
}

#[test]
fn the_dark_is_left_to_nobody() {
    let berlin = Place { latitude: 52.5, longitude: 13.4 };
    let all = sun("2026-06-01T10:00:00Z", "2026-06-03T10:15:00Z", 100.0);
    let mut days = all.clone();
    // In June the sun is down from about 19:20 until 2:50.
    days.solar.retain(|period| (3..20).contains(&(period.start.as_second() / 3600 % 24)) || period.start < at(NOW));
    days.solar.extend(sun("2026-06-02T02:30:00Z", "2026-06-02T03:00:00Z", 0.0).solar);
    days.solar.extend(sun("2026-06-03T02:30:00Z", "2026-06-03T03:00:00Z", 0.0).solar);
    days.solar.sort_by_key(|period| period.start);
    assert!(!leave_solar(&voices(&[&all]), None, at(NOW)));
    assert!(leave_solar(&voices(&[&days]), None, at(NOW)));
    assert!(!leave_solar(&voices(&[&days]), Some(berlin), at(NOW)));
    days.solar.remove(3);
    assert!(leave_solar(&voices(&[&days]), Some(berlin), at(NOW)));
}
