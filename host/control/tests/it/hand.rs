//! The owner's hand: overrides and pauses, over restarts, and the same guard.

use std::sync::Arc;
use std::time::Duration;

use guard::Order;
use jiff::Timestamp;
use model::hand::OWNER;
use model::{Cause, Command, Decision, Rule, Stage, Tick};
use wattwright_control::replay::replay;

use crate::rig::{Rig, active};
use crate::strategies::{balances, holds};

const HOUR: Duration = Duration::from_secs(3600);

/// The next tick that the owner's hand caused, with what the guard saw.
async fn tick_by_hand(rig: &mut Rig) -> (Tick, Vec<u8>) {
    loop {
        let (tick, scene) = rig.tick_with_scene().await;
        if matches!(tick.cause, Cause::Owner { .. }) {
            return (tick, scene);
        }
    }
}

fn deciders(tick: &Tick) -> Vec<(&str, Option<&str>, Decision)> {
    tick.verdicts.iter().map(|v| (v.target.as_str(), v.by.as_deref(), v.decision)).collect()
}

#[tokio::test]
async fn an_override_beats_every_strategy_and_passes_the_guard() {
    let mut rig = Rig::start(&[balances("one", &["cellar", "attic"])], active(&["one"])).await;
    rig.tick().await;
    let much = Command::Charge { power_w: 5000.0 };
    rig.owner().set("cellar", much, HOUR, Timestamp::now()).unwrap();
    let (tick, scene) = tick_by_hand(&mut rig).await;
    assert_eq!(
        deciders(&tick),
        [("cellar", Some(OWNER), Decision::Adjusted), ("attic", Some("one"), Decision::Accepted)]
    );
    assert_eq!(tick.verdicts[0].findings[0].rule, Rule::ChargePower);
    let second: Vec<_> =
        tick.superseded.iter().map(|s| (s.strategy.as_str(), s.target.as_str(), s.by.as_str())).collect();
    assert_eq!(second, [("one", "cellar", OWNER)]);
    let came = rig.order().await;
    assert_eq!((came.target.as_str(), came.order), ("cellar", Order::Command(Command::Charge { power_w: 1000.0 })));
    let live = rig.live(|live| live.tick == Some(tick.id)).await;
    assert!(live.hand.overrides.contains_key("cellar"));

    let library = rig.library.clone();
    let find = move |version: &model::StrategyRef| library.current(&version.name).ok_or_else(|| "gone".to_owned());
    let replayed = replay(&tick, Some(&scene), &find).unwrap();
    assert!(replayed.is_same(), "{replayed:?}");

    assert_eq!(rig.owner().clear("cellar"), Ok(true));
    let (tick, _) = tick_by_hand(&mut rig).await;
    assert_eq!(deciders(&tick)[0], ("cellar", Some("one"), Decision::Accepted));
    assert!(tick.overrides.is_empty());
}

#[tokio::test]
async fn an_override_ends_by_itself() {
    let mut rig = Rig::start(&[balances("one", &["cellar"])], active(&["one"])).await;
    rig.tick().await;
    rig.owner().set("cellar", Command::Hold, Duration::from_secs(3), Timestamp::now()).unwrap();
    let (begun, _) = tick_by_hand(&mut rig).await;
    assert_eq!(begun.overrides.len(), 1);
    let (ended, _) = tick_by_hand(&mut rig).await;
    assert_eq!(ended.cause, Cause::Owner { what: "nothing is done by hand any more".into() });
    assert_eq!(deciders(&ended), [("cellar", Some("one"), Decision::Accepted)]);
}

#[tokio::test]
async fn a_pause_lets_go_of_all_but_what_is_overridden() {
    let mut rig = Rig::start(&[holds("one", &["cellar", "attic"])], active(&["one"])).await;
    rig.tick().await;
    for _ in 0..2 {
        assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
    }
    rig.owner().set("attic", Command::Charge { power_w: 200.0 }, HOUR, Timestamp::now()).unwrap();
    assert_eq!(rig.order().await.order, Order::Command(Command::Charge { power_w: 200.0 }));
    rig.owner().pause(HOUR, Timestamp::now()).unwrap();
    let came = rig.order().await;
    assert!(came.target == "cellar" && matches!(came.order, Order::Release(_)), "{came:?}");
    let tick = loop {
        let (tick, _) = tick_by_hand(&mut rig).await;
        if tick.paused_until.is_some() {
            break tick;
        }
    };
    let cellar = tick.outcomes.iter().find(|outcome| outcome.target == "cellar").unwrap();
    assert_eq!(cellar.stage, Stage::Advised);
    let live = rig.live(|live| live.tick == Some(tick.id)).await;
    assert!(
        live.hand.pause.is_some() && live.doing.iter().any(|d| d.target == "attic" && d.by.as_deref() == Some(OWNER))
    );

    assert!(rig.owner().resume());
    let came = rig.order().await;
    assert_eq!((came.target.as_str(), came.order), ("cellar", Order::Command(Command::Hold)));
}

#[tokio::test]
async fn what_is_done_by_hand_outlives_the_program() {
    let guests = [balances("one", &["cellar"])];
    let mut before = Rig::start(&guests, active(&["one"])).await;
    before.tick().await;
    before.owner().set("cellar", Command::Hold, HOUR, Timestamp::now()).unwrap();
    before.owner().pause(Duration::from_secs(1), Timestamp::now()).unwrap();
    tick_by_hand(&mut before).await;
    before.stop().await;

    let mut after = Rig::prepare(&guests, active(&["one"])).remembering(Arc::clone(&before.record));
    after = after.run();
    let owner = after.owner();
    assert_eq!(owner.at(Timestamp::now()).overrides["cellar"].command, Command::Hold);
}
