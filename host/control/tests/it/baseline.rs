//! What a target was set to before is never made up, least of all from our own commands.

use std::time::Duration;

use guard::Order;
use jiff::Timestamp;
use model::Command;
use model::home::Baseline;
use wattwright_control::Record;

use crate::home::FakeHome;
use crate::rig::{Rig, active};
use crate::strategies::{declines, holds};

fn holding() -> Rig {
    Rig::prepare(&[holds("holds", &["cellar"]), declines("wont", "nothing to do")], active(&["holds"]))
}

async fn held(rig: &mut Rig) {
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
    rig.live(|live| live.doing[0].outcome.as_ref().is_some_and(|o| o.stage.is_final())).await;
}

#[tokio::test]
async fn what_could_not_be_read_before_is_brought_to_rest() {
    let rig = holding();
    rig.home.hide_settings(true);
    let mut rig = rig.run();
    held(&mut rig).await;
    assert_eq!(rig.record.kept_baseline("cellar"), Some(Baseline::unknown()));
    // From now on they show what we commanded.
    rig.home.hide_settings(false);
    rig.owner()
        .set("cellar", Command::Charge { power_w: 300.0 }, std::time::Duration::from_secs(60), jiff::Timestamp::now())
        .unwrap();
    assert_eq!(rig.order().await.order, Order::Command(Command::Charge { power_w: 300.0 }));
    rig.stop().await;
    assert_eq!(rig.order().await.order, Order::Rest(Command::Hold));
    assert_eq!(rig.record.kept_baseline("cellar"), None);
}

#[tokio::test]
async fn that_it_could_not_be_read_outlives_the_program() {
    let rig = holding();
    rig.record.remember_baseline(&"cellar".to_owned(), &Baseline::unknown()).unwrap();
    let mut rig = rig.run();
    held(&mut rig).await;
    rig.stop().await;
    assert_eq!(rig.order().await.order, Order::Rest(Command::Hold));
}

#[tokio::test]
async fn what_is_read_later_but_before_the_first_command_counts() {
    let rig = holding();
    rig.home.hide_settings(true);
    rig.home.cannot_take_next();
    let mut rig = rig.run();
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold), "which was not sent");
    rig.home.hide_settings(false);
    held(&mut rig).await;
    rig.stop().await;
    assert_eq!(rig.order().await.order, Order::Release(FakeHome::found()));
}

#[tokio::test]
async fn a_full_disk_makes_nothing_up() {
    let rig = holding();
    rig.record.fill_disk(true);
    let mut rig = rig.run();
    held(&mut rig).await;
    assert_eq!(rig.record.kept_baseline("cellar"), None);
    rig.record.fill_disk(false);
    // Kept as it was found, as soon as there is room.
    rig.nudge();
    rig.tick_by_roster().await;
    rig.live(|live| live.tick.is_some()).await;
    assert_eq!(rig.record.kept_baseline("cellar"), Some(FakeHome::found()));
    rig.record.fill_disk(true);
    rig.stop().await;
    assert_eq!(rig.order().await.order, Order::Release(FakeHome::found()));
}

#[tokio::test]
async fn what_was_written_and_said_while_the_disk_was_full_is_kept_afterwards() {
    let rig = holding();
    rig.record.fill_disk(true);
    let mut rig = rig.run();
    held(&mut rig).await;
    rig.owner().pause(Duration::from_secs(3600), Timestamp::now()).unwrap();
    assert_eq!(rig.order().await.order, Order::Release(FakeHome::found()));
    assert_eq!((rig.record.ledger(), rig.record.load_hand().unwrap()), (None, None));
    rig.record.fill_disk(false);
    rig.nudge();
    rig.tick_by_roster().await;
    rig.live(|live| live.tick.is_some()).await;
    let ledger = rig.record.ledger().expect("what counts against the budgets");
    assert!(ledger.contains("hold"), "{ledger}");
    assert!(rig.record.load_hand().unwrap().expect("a pause").contains("pause"));
    rig.stop().await;
}

#[tokio::test]
async fn what_was_given_back_a_moment_ago_is_not_read_before_it_shows() {
    let rig = holding();
    rig.home.shows_late();
    let mut rig = rig.run();
    held(&mut rig).await;
    rig.change(|roster| roster.active = vec!["wont".into()]);
    assert_eq!(rig.order().await.order, Order::Release(FakeHome::found()));
    rig.change(|roster| roster.active = vec!["holds".into()]);
    assert_eq!(rig.order().await.order, Order::Command(Command::Hold));
    rig.stop().await;
    assert_eq!(rig.order().await.order, Order::Release(FakeHome::found()));
}
