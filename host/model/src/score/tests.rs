use super::*;

fn strategy(name: &str, hash: &str) -> StrategyRef {
    StrategyRef { name: name.into(), version: "1.0.0".into(), hash: hash.into() }
}

fn score(name: &str, role: ScoredAs, cost_adjusted: f64) -> StrategyScore {
    StrategyScore {
        strategy: strategy(name, name),
        role,
        cost: cost_adjusted,
        cost_adjusted,
        loss: Loss::default(),
        accepted: 96,
        adjusted: 2,
        refused: 0,
        failed: 0,
    }
}

fn days(count: usize) -> Vec<DayScore> {
    let start: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let day = |number: usize| {
        let start = start + jiff::SignedDuration::from_hours(24 * number as i64);
        DayScore {
            day: jiff::tz::TimeZone::UTC.to_datetime(start).date(),
            start,
            end: start + jiff::SignedDuration::from_hours(24),
            slots: 96,
            played: 96,
            references: Some(DayReferences {
                no_battery: 3.0,
                self_consumption: 2.5,
                perfect_foresight: 1.5,
                measured: None,
            }),
            strategies: vec![
                score("rule-based", ScoredAs::Active, 2.4),
                score("linear", ScoredAs::Shadow, 2.2),
                score("best", ScoredAs::Shadow, 2.0),
            ],
            unscored: None,
        }
    };
    (0..count).map(day).collect()
}

fn roster() -> Roster {
    Roster {
        active: vec!["rule-based".into()],
        shadows: vec!["linear".into(), "best".into(), "new".into()],
        ..Roster::default()
    }
}

fn names(days: &[DayScore], rule: PromotionRule) -> Vec<String> {
    proposals(days, &roster(), rule).into_iter().map(|proposal| proposal.strategy.name).collect()
}

#[test]
fn a_shadow_that_was_better_for_long_enough_is_proposed() {
    let rule = PromotionRule::default();
    assert_eq!(names(&days(14), rule), ["best", "linear"]);
    let best = proposals(&days(20), &roster(), rule).remove(0);
    assert!((best.gain - 14.0 * 0.4).abs() < 1e-9);
    assert_eq!((best.days, best.instead_of.as_str()), (14, "rule-based"));
    assert_eq!(names(&days(13), rule), [""; 0]);
    assert_eq!(names(&days(14), PromotionRule { least_gain: 4.0, ..rule }), ["best"]);
    assert_eq!(proposals(&days(14), &Roster::default(), rule), []);
}

#[test]
fn whoever_was_refused_failed_or_changed_has_to_wait() {
    let spoil = |change: fn(&mut StrategyScore)| {
        let mut days = days(14);
        change(&mut days[3].strategies[2]);
        names(&days, PromotionRule::default())
    };
    assert_eq!(spoil(|best| best.refused = 1), ["linear"]);
    assert_eq!(spoil(|best| best.failed = 1), ["linear"]);
    assert_eq!(spoil(|best| best.strategy.hash = "older".into()), ["linear"]);
    assert_eq!(spoil(|best| best.role = ScoredAs::Active), ["linear"]);
    assert_eq!(spoil(|best| best.adjusted = 9), ["best", "linear"]);
}

#[test]
fn days_without_figures_do_not_count() {
    let mut days = days(15);
    days[7].references = None;
    days[7].strategies.clear();
    assert_eq!(names(&days, PromotionRule::default()), ["best", "linear"]);
    days[9].references = None;
    assert_eq!(names(&days, PromotionRule::default()), [""; 0]);
}
