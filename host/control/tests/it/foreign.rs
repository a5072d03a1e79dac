//! Somebody else sets what we have set: an app, another automation, a person.

use std::time::Duration;

use guard::Order;
use jiff::Timestamp;
use model::{Command, Stage};

use crate::rig::{Rig, active};
use crate::strategies::holds;

#[tokio::test]
async fn what_somebody_else_sets_is_left_alone_until_the_owner_speaks() {
    let mut rig = Rig::start(&[holds("one", &["cellar"])], active(&["one"])).await;
    rig.tick().await;
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
    let stage = |live: &model::Live| live.doing[0].outcome.as_ref().map(|outcome| outcome.stage);
    rig.live(|live| stage(live) == Some(Stage::Effective)).await;

    rig.home.change("cellar", Command::Charge { power_w: 900.0 });
    let live = rig.live(|live| stage(live) == Some(Stage::Contradicted)).await;
    let note = &live.doing[0].outcome.as_ref().unwrap().steps.last().unwrap().note;
    assert!(note.contains("somebody else") && note.contains("left alone for 15 min"), "{note}");
    assert!(rig.note().await.contains("set by the automation “Night charge”"));
    let named = |live: &model::Live| {
        let steps = &live.doing[0].outcome.as_ref()?.steps;
        steps.last().map(|step| step.note.contains("left alone for 15 min; set by the automation"))
    };
    rig.live(|live| named(live) == Some(true)).await;
    for _ in 0..3 {
        rig.nudge();
        rig.tick_by_roster().await;
    }
    assert_eq!(rig.orders_so_far(), 0, "it is not fought");

    rig.owner().set("cellar", Command::Hold, Duration::from_secs(600), Timestamp::now()).unwrap();
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
}

#[tokio::test]
async fn the_plan_goes_on_when_the_owner_ends_an_override() {
    let mut rig = Rig::start(&[holds("one", &["cellar"])], active(&["one"])).await;
    rig.tick().await;
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
    let charge = Command::Charge { power_w: 300.0 };
    rig.owner().set("cellar", charge.clone(), Duration::from_secs(600), Timestamp::now()).unwrap();
    assert_eq!(rig.order().await.order, Order::Command(charge));
    rig.home.measure(50.0, -300.0);
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|outcome| outcome.stage == Stage::Effective)).await;
    rig.home.change("cellar", Command::Charge { power_w: 900.0 });
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|outcome| outcome.stage == Stage::Contradicted)).await;
    rig.owner().clear("cellar").unwrap();
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
}

#[tokio::test]
async fn what_somebody_else_sets_is_brought_back_where_it_breaks_a_limit() {
    let rig = Rig::prepare(&[holds("one", &["cellar"])], active(&["one"]));
    rig.home.measure(10.0, 0.0);
    let mut rig = rig.run();
    rig.tick().await;
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|outcome| outcome.stage == Stage::Effective)).await;

    rig.home.change("cellar", Command::Discharge { power_w: 400.0 });
    rig.home.measure(10.0, 400.0);
    rig.live(|live| live.troubles.iter().any(|text| text.contains("breaks a limit (`soc-floor`)"))).await;
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold), "although it was to be left alone");
    assert!(rig.note().await.contains("set by"));
    let note = rig.note().await;
    assert!(note.contains("`soc-floor`") && note.contains("brought back to: hold"), "{note}");
    rig.home.measure(10.0, 0.0);
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|outcome| outcome.stage == Stage::Effective)).await;
}

#[tokio::test]
async fn a_device_that_restarted_and_forgot_is_set_again() {
    let mut rig = Rig::start(&[holds("one", &["cellar"])], active(&["one"])).await;
    rig.tick().await;
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
    let stage = |live: &model::Live| live.doing[0].outcome.as_ref().map(|outcome| outcome.stage);
    rig.live(|live| stage(live) == Some(Stage::Effective)).await;
    rig.home.take_away("cellar");
    // It is looked at once a second.
    tokio::time::sleep(Duration::from_secs(3)).await;
    rig.home.change("cellar", Command::Charge { power_w: 900.0 });
    let live = rig.live(|live| stage(live) == Some(Stage::Contradicted)).await;
    let note = &live.doing[0].outcome.as_ref().unwrap().steps.last().unwrap().note;
    assert!(note.contains("came back") && note.contains("set again"), "{note}");
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
}
