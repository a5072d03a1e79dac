//! Scores of days.

use model::DayScore;
use wattwright_journal::{Journal, Keep};

use crate::common::{at, hours};

fn day(text: &str) -> DayScore {
    let start = at(&format!("{text}T00:00:00Z"));
    DayScore {
        day: text.parse().unwrap(),
        start,
        end: start + hours(24),
        slots: 96,
        played: 0,
        references: None,
        strategies: Vec::new(),
        unscored: Some("nothing was recorded".into()),
    }
}

#[test]
fn a_day_is_there_once_in_order_and_as_long_as_the_slots() {
    let journal = Journal::in_memory().unwrap();
    for text in ["2026-11-23", "2026-11-21", "2026-11-22"] {
        journal.record_score(&day(text)).unwrap();
    }
    journal.record_score(&DayScore { played: 95, ..day("2026-11-22") }).unwrap();
    let days = |from: &str, until: &str| -> Vec<(String, u32)> {
        let days = journal.scores(at(from), at(until)).unwrap();
        days.into_iter().map(|score| (score.day.to_string(), score.played)).collect()
    };
    let all = [("2026-11-21".to_owned(), 0), ("2026-11-22".to_owned(), 95), ("2026-11-23".to_owned(), 0)];
    assert_eq!(days("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"), all);
    assert_eq!(days("2026-11-21T00:00:01Z", "2026-11-23T00:00:00Z"), all[1..2]);
    journal.prune(at("2026-11-24T00:00:00Z"), Keep { ticks_days: 1, past_days: 2 }).unwrap();
    assert_eq!(days("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"), all[1..]);
}
