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
    for _ in 0..3 {
        rig.nudge();
        rig.tick_by_roster().await;
    }
    assert_eq!(rig.orders_so_far(), 0, "it is not fought");

    rig.owner().set("cellar", Command::Hold, Duration::from_secs(600), Timestamp::now()).unwrap();
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
}
