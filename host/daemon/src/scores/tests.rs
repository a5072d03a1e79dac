use engine::{Engine, EngineConfig, LibraryConfig};
use home::simulated::Layout;
use model::score::ScoredAs;
use model::snapshot::{PastSlot, Slot, Snapshot};
use model::{Cause, DayScore, Input, Plan, Shadow, Terms, Tick};
use serde_json::json;

use super::*;
use crate::{config, sample, shipped};

/// Cheap at night, dear in the evening.
fn price(k: usize) -> f64 {
    match k / 4 {
        0..6 => 0.12,
        17..21 => 0.45,
        _ => 0.28,
    }
}

fn load_w(k: usize) -> f64 {
    if (68..84).contains(&k) { 900.0 } else { 250.0 }
}

struct Rig {
    scorer: Scorer,
    sample: Snapshot,
}

impl Rig {
    fn new() -> Self {
        let engine = Engine::new(EngineConfig::default()).unwrap();
        let library =
            Library::open(engine, LibraryConfig { shipped: shipped::SHIPPED.to_vec(), ..LibraryConfig::default() });
        let (journal, library) = (Journal::in_memory().unwrap(), Arc::new(library.unwrap()));
        let setup = config::simulated(&Layout::default());
        Self { scorer: Scorer { journal, library, setup }, sample: sample::input(json!({})).unwrap().snapshot }
    }

    /// Records a day with a decision in each slot that `decided` lets through.
    fn live(&self, day: &str, decided: impl Fn(usize) -> bool) {
        let start: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
        let starts: Vec<Timestamp> = model::slot::starts(start, start + SignedDuration::from_hours(48)).collect();
        let slot = |(k, start): (usize, &Timestamp)| Slot {
            import_price: (k < 96).then(|| price(k)),
            export_price: (k < 96).then_some(0.08),
            // Less than what comes.
            load_w: Some(250.0),
            solar_w: Some(0.0),
            ..Slot::unknown(*start)
        };
        let slots: Vec<Slot> = starts.iter().enumerate().map(slot).collect();
        for k in (0..96).filter(|k| decided(*k)) {
            let snapshot = Snapshot {
                now: starts[k] + SignedDuration::from_secs(2),
                ahead: slots[k..].to_vec(),
                ..self.sample.clone()
            };
            self.decide(snapshot);
        }
        let past = |k: usize| PastSlot {
            start: starts[k],
            end: starts[k + 1],
            import_price: Some(price(k)),
            export_price: Some(0.08),
            solar_w: Some(0.0),
            load_w: Some(load_w(k)),
            grid_w: Some(load_w(k)),
            battery_w: Some(0.0),
            soc_pct: self.sample.batteries[0].soc_pct,
            temperature_c: None,
            extras: Vec::new(),
        };
        self.scorer.journal.record_past(&(0..96).map(past).collect::<Vec<_>>()).unwrap();
    }

    fn decide(&self, snapshot: Snapshot) {
        let version = |name: &str| self.scorer.library.current(name).unwrap();
        let settings = |name: &str| version(name).complete_settings(&json!({})).unwrap();
        let tick = Tick {
            id: 0,
            at: snapshot.now,
            cause: Cause::Slot,
            input: Input { snapshot, settings: settings("rule-based"), memory: Vec::new() },
            terms: Default::default(),
            strategy: Some(version("rule-based").reference()),
            attempts: Vec::new(),
            plan: Some(Plan::default()),
            parts: Vec::new(),
            superseded: Vec::new(),
            overrides: Vec::new(),
            paused_until: None,
            verdicts: Vec::new(),
            outcomes: Vec::new(),
            modes: Default::default(),
            decide_us: 1,
            fuel: 1,
        };
        let id = self.scorer.journal.record(&tick, None).unwrap();
        let shadow = Shadow {
            tick: id,
            strategy: version("linear").reference(),
            terms: Terms::default(),
            settings: settings("linear"),
            memory: Vec::new(),
            plan: Some(Plan::default()),
            verdicts: Vec::new(),
            failure: None,
            decide_us: 1,
            fuel: 1,
        };
        self.scorer.journal.record_shadow(&shadow).unwrap();
    }

    fn catch_up(&self, now: &str) -> usize {
        self.scorer.catch_up(&TimeZone::UTC, now.parse().unwrap(), &CancellationToken::new()).unwrap()
    }

    fn scores(&self) -> Vec<DayScore> {
        self.scorer.journal.scores(Timestamp::UNIX_EPOCH, Timestamp::MAX).unwrap()
    }
}

#[tokio::test]
async fn a_day_that_is_over_is_scored_once() {
    let rig = Rig::new();
    rig.live("2024-06-18", |_| true);
    assert_eq!(rig.catch_up("2024-06-19T00:01:00Z"), 0, "its last slot may not be there yet");
    assert_eq!(rig.catch_up("2024-06-19T00:06:00Z"), 1);
    assert_eq!(rig.catch_up("2024-06-19T00:16:00Z"), 0);
    let [score] = rig.scores().try_into().unwrap();
    assert_eq!((score.day.to_string().as_str(), score.slots, score.played), ("2024-06-18", 96, 96));
    assert_eq!(score.unscored, None);
    let names: Vec<_> = score.strategies.iter().map(|s| (s.strategy.name.as_str(), s.role)).collect();
    assert_eq!(names, [("rule-based", ScoredAs::Active), ("linear", ScoredAs::Shadow)]);
    let references = score.references.unwrap();
    // Nothing was done that day.
    assert!((references.measured.unwrap() - references.no_battery).abs() < 1e-9, "{references:?}");
    assert!(references.perfect_foresight < references.self_consumption, "{references:?}");
    for strategy in &score.strategies {
        let lost = strategy.cost_adjusted - references.perfect_foresight;
        assert!(lost >= -1e-9 && (strategy.loss.sum() - lost).abs() < 1e-9, "{strategy:?}");
        assert_eq!(
            (strategy.failed, strategy.accepted + strategy.adjusted + strategy.refused),
            (0, 96),
            "{strategy:?}"
        );
    }
    let linear = score.of("linear").unwrap();
    assert!(linear.cost_adjusted < references.no_battery, "{linear:?}, {references:?}");
    // What is known does not depend on when it is played.
    let later = day::score(&rig.scorer, score.day, score.start, score.end, &CancellationToken::new()).unwrap();
    assert_eq!(later.unwrap(), score);
}

#[tokio::test]
async fn of_a_day_of_which_too_little_is_known_it_is_said() {
    let rig = Rig::new();
    rig.live("2024-06-17", |k| k >= 40);
    rig.live("2024-06-18", |k| k != 30);
    assert_eq!(rig.catch_up("2024-06-19T12:00:00Z"), 2);
    let [half, gap] = rig.scores().try_into().unwrap();
    assert!(half.references.is_none() && half.strategies.is_empty());
    assert!(half.unscored.unwrap().contains("only 56"));
    assert_eq!((gap.played, gap.strategies.len(), gap.unscored), (96, 2, None));
}

#[tokio::test]
async fn the_newest_days_come_first_and_not_all_at_once() {
    let rig = Rig::new();
    // Days of which nothing can be played cost nothing.
    for day in 1..=AT_ONCE + 2 {
        rig.live(&format!("2024-06-{day:02}"), |k| k == 0);
    }
    assert_eq!(rig.catch_up("2024-06-10T12:00:00Z"), AT_ONCE);
    assert_eq!(rig.scores()[0].day.to_string(), "2024-06-03");
    assert_eq!(rig.catch_up("2024-06-10T12:10:00Z"), 2);
    assert_eq!(rig.catch_up("2024-06-10T12:20:00Z"), 0);
}
