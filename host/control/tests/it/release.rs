//! Targets are given back what they had before, later when it cannot be now.

use guard::Order;
use model::Command;
use wattwright_control::Record;

use crate::home::{Came, FakeHome};
use crate::rig::{Rig, active};
use crate::strategies::{declines, holds};

async fn holding() -> Rig {
    let guests = [holds("holds", &["cellar"]), declines("wont", "nothing to do")];
    let mut rig = Rig::start(&guests, active(&["holds"])).await;
    rig.tick().await;
    rig
}

fn hold() -> Came {
    Came { target: "cellar".into(), order: Order::Command(Command::Hold), while_up: true }
}

fn release() -> Came {
    Came { target: "cellar".into(), order: Order::Release(FakeHome::found()), while_up: true }
}

fn nobody_decides(rig: &Rig) {
    rig.change(|roster| roster.active = vec!["wont".into()]);
}

#[tokio::test]
async fn a_target_that_nobody_commands_is_given_back() {
    let mut rig = holding().await;
    assert_eq!(rig.order().await, hold());
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|o| o.stage.is_final())).await;
    nobody_decides(&rig);
    assert_eq!(rig.order().await, release());
}

#[tokio::test]
async fn what_was_taken_over_before_a_kill_is_given_back_when_nobody_commands_it() {
    let guests = [declines("wont", "nothing to do")];
    let rig = Rig::prepare(&guests, active(&["wont"]));
    rig.record.remember_baseline(&"cellar".to_owned(), &FakeHome::found()).unwrap();
    let mut rig = rig.run();
    assert_eq!(rig.order().await, release());
}

#[tokio::test]
async fn an_order_on_its_way_is_waited_for() {
    let guests = [holds("holds", &["cellar"]), declines("wont", "nothing to do")];
    let rig = Rig::prepare(&guests, active(&["holds"]));
    let acknowledgements = rig.home.acknowledgements.clone();
    acknowledgements.forget_permits(usize::MAX);
    let mut rig = rig.run();
    assert_eq!(rig.order().await, hold());
    nobody_decides(&rig);
    rig.tick_by_roster().await;
    // The present is shown after all that a tick brings was tried.
    rig.live(|live| live.strategy.is_none() && live.tick.is_some()).await;
    assert_eq!(rig.orders_so_far(), 0, "the order before is not acknowledged yet");
    acknowledgements.add_permits(1);
    assert_eq!(rig.order().await, release());
    assert!(rig.record.kept_baseline("cellar").is_some(), "not restored yet");
    acknowledgements.add_permits(100);
    rig.stop().await;
    assert_eq!(rig.record.kept_baseline("cellar"), None);
}

#[tokio::test]
async fn a_link_that_is_down_is_waited_for() {
    let mut rig = holding().await;
    assert_eq!(rig.order().await, hold());
    rig.home.set_link(false);
    rig.live(|live| !live.home.link.is_up()).await;
    nobody_decides(&rig);
    rig.tick_by_roster().await;
    rig.live(|live| live.strategy.is_none()).await;
    assert_eq!(rig.orders_so_far(), 0, "nothing can be sent while the link is down");
    rig.home.set_link(true);
    assert_eq!(rig.order().await, release());
}

#[tokio::test]
async fn a_battery_in_other_hands_is_waited_for() {
    let mut rig = holding().await;
    assert_eq!(rig.order().await, hold());
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|o| o.stage.is_final())).await;
    rig.home.set_taken(true);
    nobody_decides(&rig);
    rig.tick_by_roster().await;
    rig.live(|live| live.strategy.is_none()).await;
    assert_eq!(rig.orders_so_far(), 0, "it calibrates itself");
    rig.home.set_taken(false);
    assert_eq!(rig.order().await, release());
}

#[tokio::test]
async fn a_refused_release_is_tried_again() {
    let mut rig = holding().await;
    assert_eq!(rig.order().await, hold());
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|o| o.stage.is_final())).await;
    rig.home.refuse_next();
    nobody_decides(&rig);
    assert_eq!(rig.order().await, release());
    assert_eq!(rig.order().await, release(), "once more after the pause");
    rig.stop().await;
    assert_eq!(rig.record.kept_baseline("cellar"), None);
}

#[tokio::test]
async fn all_is_given_back_at_the_end() {
    let mut rig = holding().await;
    assert_eq!(rig.order().await, hold());
    rig.stop().await;
    assert_eq!(rig.order().await, release());
}

#[tokio::test]
async fn a_new_command_takes_the_place_of_a_release_that_is_owed() {
    let mut rig = holding().await;
    assert_eq!(rig.order().await, hold());
    rig.home.set_link(false);
    rig.live(|live| !live.home.link.is_up()).await;
    nobody_decides(&rig);
    rig.tick_by_roster().await;
    rig.change(|roster| roster.active = vec!["holds".into()]);
    rig.tick_by_roster().await;
    rig.home.set_link(true);
    assert_eq!(rig.order().await, hold());
}
