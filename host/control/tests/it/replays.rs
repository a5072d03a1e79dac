//! What was recorded can be done again.

use std::sync::Arc;

use engine::{Engine, EngineConfig, Strategy};
use journal::Journal;
use model::{Command, Grant, Member, StrategyRef, Terms, Tick};
use wattwright_control::replay::{ExportError, Exported, ask_other, replay};

use crate::guests::Guest;
use crate::month;
use crate::rig::{Rig, active};
use crate::strategies::{balances, declines, holds, remembering, traps};

/// Part of a month, with two reloads in between.
#[test]
fn a_recorded_month_replays_bit_for_bit() {
    let journal = Journal::in_memory().unwrap();
    let recorded = month::record(&journal, 300).unwrap();
    assert_eq!(recorded.ids.len(), 300);
    let ticks: Vec<Tick> = recorded.ids.iter().map(|id| journal.tick(*id).unwrap().unwrap()).collect();
    let mut hashes: Vec<&str> = ticks.iter().map(|tick| tick.strategy.as_ref().unwrap().hash.as_str()).collect();
    hashes.dedup();
    assert_eq!(hashes.len(), 3, "the strategy was replaced twice");
    assert_eq!(journal.referenced_hashes().unwrap(), recorded.versions.keys().cloned().collect());
    let kinds: std::collections::BTreeSet<_> =
        ticks.iter().flat_map(|tick| &tick.verdicts).map(|verdict| verdict.proposed.kind()).collect();
    assert!(kinds.len() >= 3, "too dull a month to prove anything: {kinds:?}");
    assert!(ticks.iter().any(|tick| !tick.superseded.is_empty()));
    assert!(ticks.iter().any(|tick| tick.verdicts.iter().any(|verdict| !verdict.findings.is_empty())));
    assert!(ticks.iter().all(|tick| tick.attempts.len() == 1 && tick.terms.len() == 1));
    assert_eq!(month::replay_all(&journal, &recorded).unwrap(), []);
}

/// A recorded tick of three strategies, of which one fails, and the components.
struct Case {
    tick: Tick,
    scene: Vec<u8>,
    components: Vec<Vec<u8>>,
    strategies: Vec<Arc<Strategy>>,
    engine: Engine,
}

async fn case() -> Case {
    let guests =
        [remembering(holds("first", &["cellar"]), "memory"), balances("second", &["cellar", "attic"]), traps("third")];
    let mut roster = active(&["first", "second", "third"]);
    let weak = Grant { max_power_w: Some(100.0), ..Grant::default() };
    roster.members.insert("second".into(), Member { grant: weak, ..Member::default() });
    let mut rig = Rig::start(&guests, roster).await;
    rig.tick().await;
    rig.nudge();
    let (tick, scene) = rig.tick_with_scene().await;
    rig.stop().await;
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let components: Vec<Vec<u8>> = guests.iter().map(Guest::bytes).collect();
    let strategies = components.iter().map(|bytes| Arc::new(engine.load(bytes).unwrap())).collect();
    Case { tick, scene, components, strategies, engine }
}

impl Case {
    fn find(&self, version: &StrategyRef) -> Result<Arc<Strategy>, String> {
        let found = self.strategies.iter().find(|strategy| strategy.hash() == version.hash);
        found.cloned().ok_or_else(|| format!("nobody kept {}", version.hash))
    }

    fn bytes(&self, version: &StrategyRef) -> Result<Vec<u8>, String> {
        let found = self.strategies.iter().position(|strategy| strategy.hash() == version.hash);
        found.map(|index| self.components[index].clone()).ok_or_else(|| "not kept".to_owned())
    }
}

#[tokio::test]
async fn a_tick_of_the_loop_replays_and_a_changed_one_does_not() {
    let case = case().await;
    let find = |version: &StrategyRef| case.find(version);
    let same = replay(&case.tick, Some(&case.scene), &find).unwrap();
    assert!(same.is_same(), "{same:#?}");
    assert_eq!(same.parts.len(), 3);
    assert!(same.parts[..2].iter().all(|part| part.fuel.is_some_and(|(then, now)| then == now && now > 0)));

    let mut tick = case.tick.clone();
    tick.plan.as_mut().unwrap().summary = "something else".into();
    tick.verdicts[0].approved = Some(Command::Charge { power_w: 5000.0 });
    tick.attempts[0].code = "declined".into();
    let changed = replay(&tick, Some(&case.scene), &find).unwrap();
    assert!(!changed.is_same());
    let paths: Vec<_> = changed.differences.iter().map(|d| d.path.as_str()).collect();
    assert!(paths.contains(&"plans.first.summary"), "{paths:?}");
    assert!(paths.contains(&"attempts.third"), "{paths:?}");
    assert!(paths.iter().any(|path| path.starts_with("verdicts.0.approved")), "{paths:?}");
    assert_eq!(changed.verdicts_same, Some(false));
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let case = case().await;
    let nobody = |_: &StrategyRef| Err("not kept".to_owned());
    let replayed = replay(&case.tick, Some(&case.scene), &nobody).unwrap();
    assert!(!replayed.is_same());
    assert!(replayed.parts.iter().all(|part| part.same.is_none() && part.failure.as_deref() == Some("not kept")));
    assert_eq!(replayed.verdicts_same, None);

    let find = |version: &StrategyRef| case.find(version);
    let replayed = replay(&case.tick, None, &find).unwrap();
    assert_eq!((replayed.parts[0].same, replayed.verdicts_same, replayed.is_same()), (Some(true), None, false));
    assert!(replay(&case.tick, Some(b"{}"), &find).unwrap_err().to_string().contains("tick 2"));
}

#[tokio::test]
async fn an_exported_tick_replays_by_itself() {
    let case = case().await;
    let exported = Exported::new(case.tick.clone(), Some(&case.scene), |version| case.bytes(version)).unwrap();
    let file = exported.to_json().unwrap();
    let read = Exported::from_json(&file).unwrap();
    let replayed = read.replay(&case.engine).unwrap();
    assert!(replayed.is_same(), "{replayed:#?}");

    let missing = Exported::new(case.tick.clone(), None, |_| Err("pruned".into())).unwrap_err().to_string();
    assert!(missing.contains("first 1.0.0") && missing.contains("pruned"), "{missing}");
    let other = Exported::from_json(br#"{"format": "something", "program_version": "9.9"}"#).unwrap_err();
    assert!(matches!(&other, ExportError::Format { found, .. } if found == "something"), "{other}");
    assert!(Exported::from_json(b"not JSON").is_err());

    // A component under another's hash.
    let text = String::from_utf8(file).unwrap();
    let (one, two) = (case.strategies[0].hash(), case.strategies[1].hash());
    let swapped =
        text.replace(&format!("\"{one}\":\""), "\"x\":\"").replace(&format!("\"{two}\":\""), &format!("\"{one}\":\""));
    let swapped = Exported::from_json(swapped.as_bytes()).unwrap().replay(&case.engine).unwrap_err();
    assert!(matches!(swapped, ExportError::Component { .. }), "{swapped}");
}

#[tokio::test]
async fn another_strategy_is_compared_with_what_was_decided() {
    let case = case().await;
    let other = Arc::new(case.engine.load(&declines("other", "not today").bytes()).unwrap());
    let otherwise = ask_other(&case.tick, &other, serde_json::json!({}), &Terms::default());
    assert!(otherwise.plan.is_none() && otherwise.failure.unwrap().contains("not today"));
    let other = Arc::new(case.engine.load(&balances("other", &["cellar"]).bytes()).unwrap());
    let otherwise = ask_other(&case.tick, &other, serde_json::json!({}), &Terms::default());
    let paths: Vec<_> = otherwise.differences.iter().map(|d| d.path.as_str()).collect();
    assert!(paths.contains(&"plan.actions.0.command.kind"), "{paths:?}");
}
