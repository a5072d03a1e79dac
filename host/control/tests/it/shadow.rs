//! Strategies that are only looked at.

use model::live::StrategyState;
use model::{Decision, Grant, Member, Roster};

use crate::rig::{Rig, active};
use crate::strategies::{balances, holds, remembering, traps};

fn with_shadows(names: &[&str]) -> Roster {
    Roster { shadows: names.iter().map(|name| (*name).to_owned()).collect(), ..active(&["first"]) }
}

#[tokio::test]
async fn shadows_are_judged_and_recorded_and_not_carried_out() {
    let guests = [holds("first", &["cellar"]), balances("second", &["cellar", "attic"]), traps("third")];
    let mut roster = with_shadows(&["second", "third"]);
    let only_attic = Grant { targets: Some(["attic".to_owned()].into()), ..Grant::default() };
    roster.members.insert("second".into(), Member { grant: only_attic.clone(), ..Member::default() });
    let mut rig = Rig::start(&guests, roster).await;
    let tick = rig.tick().await;
    assert_eq!((tick.parts.len(), tick.attempts.len(), tick.superseded.len(), tick.verdicts.len()), (0, 0, 0, 1));
    let (second, third) = (rig.shadow().await, rig.shadow().await);
    assert_eq!((second.tick, second.strategy.name.as_str(), &second.terms.grant), (tick.id, "second", &only_attic));
    let decisions: Vec<_> = second.verdicts.iter().map(|v| (v.target.as_str(), v.decision)).collect();
    assert_eq!(decisions, [("cellar", Decision::Refused), ("attic", Decision::Accepted)]);
    assert_eq!((third.tick, third.plan, third.failure.unwrap().code.as_str()), (tick.id, None, "trap"));
    let live = rig.live(|live| live.strategies.iter().any(|s| s.error.is_some())).await;
    let states: Vec<_> = live.strategies.iter().map(|s| (s.name.as_str(), s.state)).collect();
    assert_eq!(
        states,
        [("first", StrategyState::Active), ("second", StrategyState::Shadow), ("third", StrategyState::Shadow)]
    );
    assert!(live.doing.iter().all(|d| d.by.as_deref() != Some("second")));
}

#[tokio::test]
async fn a_slow_shadow_delays_nobody_and_skips_ticks() {
    let guests = [holds("first", &["cellar"]), holds("slow", &["cellar"])];
    let rig = Rig::prepare(&guests, with_shadows(&["slow"]));
    rig.record.hold_shadows(true);
    let mut rig = rig.run();
    let mut ids = vec![rig.tick().await.id];
    for _ in 0..4 {
        rig.nudge();
        ids.push(rig.tick_by_roster().await.id);
    }
    rig.record.hold_shadows(false);
    // Whether the first tick was taken up before the second came is up to the scheduler.
    let first = rig.shadow().await.tick;
    assert!(ids[..4].contains(&first), "{first} of {ids:?}");
    let mut last = first;
    while last != ids[4] {
        last = rig.shadow().await.tick;
    }
    let live = rig.live(|live| live.troubles.iter().any(|text| text.contains("skipped"))).await;
    assert!(live.troubles.iter().any(|text| text.contains("Shadows")), "{:?}", live.troubles);
}

#[tokio::test]
async fn memory_goes_along_from_shadow_to_active() {
    let guests = [holds("first", &["cellar"]), remembering(holds("second", &["attic"]), "seen as a shadow")];
    let mut rig = Rig::start(&guests, with_shadows(&["second"])).await;
    rig.tick().await;
    assert_eq!(rig.shadow().await.memory, b"");
    rig.change(|roster| {
        roster.active.push("second".into());
        roster.shadows.clear();
    });
    let tick = rig.tick_by_roster().await;
    assert_eq!(tick.parts[0].memory, b"seen as a shadow");
}
