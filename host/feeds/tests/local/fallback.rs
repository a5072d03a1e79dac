//! Several sources in order of preference.

use tempfile::tempdir;
use tokio::sync::watch;

use super::server::{Reply, Server};
use super::*;

const START: &str = "2026-11-23T23:00:00Z";
const MIDDLE: &str = "2026-11-24T23:00:00Z";
const END: &str = "2026-11-25T23:00:00Z";

/// evcc-io/evcc#23006: the source has time-outs at midnight, and there was no other.
#[tokio::test]
async fn the_next_source_is_asked_when_the_better_one_fails_and_left_alone_otherwise() {
    let (best, next) = (Server::start().await, Server::start().await);
    best.next([Reply::Hang]);
    best.always(Reply::Good(charts(at(START), at(MIDDLE), 100.0)));
    next.always(Reply::Good(hours(at(START), at(MIDDLE), 101.0)));
    let folder = tempdir().unwrap();
    let mut feeds = feeds(&[energy_charts(&best.url("/")), awattar(&next.url("/"))], folder.path());

    let due = feeds.step(now()).await;
    assert_eq!(feeds.shelf().quote_at(now()).unwrap().origin, "awattar");
    assert_eq!((best.asked().len(), next.asked().len()), (1, 1));
    assert_eq!(feeds.problems(now(), at(MIDDLE)).len(), 1, "what failed is named although there are prices");

    feeds.step(due).await;
    assert_eq!(feeds.shelf().quote_at(now()).unwrap().origin, "energy-charts");
    assert_eq!((best.asked().len(), next.asked().len()), (1, 0));
    assert_eq!(feeds.problems(now(), at(MIDDLE)), []);
}

#[tokio::test]
async fn sources_that_contradict_each_other_are_named() {
    let (best, next) = (Server::start().await, Server::start().await);
    best.next([Reply::Status(500, None, String::new())]);
    best.always(Reply::Good(charts(at(START), at(MIDDLE), 100.0)));
    next.always(Reply::Good(hours(at(START), at(MIDDLE), 200.0)));
    let folder = tempdir().unwrap();
    let mut feeds = feeds(&[energy_charts(&best.url("/")), awattar(&next.url("/"))], folder.path());
    let due = feeds.step(now()).await;
    feeds.step(due).await;
    let problems = feeds.problems(now(), at(MIDDLE));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].code, "contradiction");
    assert_eq!(feeds.shelf().market_at(now()), Some(0.1));
}

/// A day and a half in which each source fails in turn, in every way there is: whenever at least one has
/// answered, there is a price for every quarter-hour of today, and after the afternoon for tomorrow.
#[tokio::test]
async fn a_day_in_which_every_source_fails_in_turn() {
    for die in [0.0, 1.0] {
        fail_in_turn(die).await;
    }
}

async fn fail_in_turn(die: f64) {
    // Many hang. Should another one be late, it has only failed once more.
    let within = Duration::from_millis(300);
    let servers = [Server::start().await, Server::start().await, Server::start().await];
    let folder = tempdir().unwrap();
    let sources =
        [energy_charts(&servers[0].url("/a")), awattar(&servers[1].url("/b")), energy_charts(&servers[2].url("/c"))];
    let failure = |turn: usize| match turn % 6 {
        0 => Reply::Hang,
        1 => Reply::Status(500, None, String::new()),
        2 => Reply::Status(429, Some("1800".into()), String::new()),
        3 => Reply::Half(charts(at(START), at(END), 100.0)),
        4 => Reply::Good("{\"unix_seconds\": [".into()),
        _ => Reply::Good(charts(at(START), at(END), 1e6)),
    };
    let begin = at("2026-11-24T00:00:00Z");
    let mut now = begin;
    let mut feeds = feeds_of(&sources, folder.path(), None, "EUR", (die, within));
    let mut failed = [0; 3];
    let mut steps = 0;
    while now < at("2026-11-25T10:00:00Z") {
        // Each hour another one works, in changing order, and the other two fail.
        let hour = usize::try_from((now.as_second() - begin.as_second()) / 3600).unwrap();
        let until = if now < at("2026-11-24T12:00:00Z") { at(MIDDLE) } else { at(END) };
        for (index, server) in servers.iter().enumerate() {
            let works = (hour + hour / 4) % 3 == index;
            server.always(match (works, index) {
                (false, _) => failure(hour + index),
                (true, 1) => Reply::Good(hours(at(START), until, 100.0)),
                (true, _) => Reply::Good(charts(at(START), until, 100.0)),
            });
        }
        // It is restarted now and then.
        if hour % 5 == 4 && now.as_second() % 3600 < 900 {
            feeds = feeds_of(&sources, folder.path(), None, "EUR", (die, within));
        }
        let before = feeds.status(now);
        let next = feeds.step(now).await;
        for ((failed, before), after) in failed.iter_mut().zip(before).zip(feeds.status(now)) {
            *failed += u32::from(after.health.failures > before.health.failures);
        }
        assert_eq!(feeds.shelf().market_at(now), Some(0.1), "{now}");
        let knowable = if now < at("2026-11-24T15:00:00Z") { at(MIDDLE) } else { at(END) };
        assert!(feeds.shelf().covered_until(now, 3) >= knowable, "{now}: {:?}", feeds.status(now));
        assert!(next >= now + SignedDuration::from_secs(10));
        now = next.min(now + minutes(15));
        steps += 1;
    }
    let asked = servers.each_ref().map(|server| server.asked().len());
    println!("die {die}: {steps} steps, asked {asked:?} times, failed {failed:?} times");
    assert!(failed.iter().all(|failed| *failed > 0), "{failed:?}");
    assert!(asked.iter().sum::<usize>() < 150, "{asked:?} in 34 hours");
}

/// As a task: what is known is told after each step, and it ends with its listeners.
#[tokio::test]
async fn the_loop_tells_what_is_known() {
    let server = Server::start().await;
    server.always(Reply::Good(charts(at(START), at(MIDDLE), 100.0)));
    let folder = tempdir().unwrap();
    let feeds = feeds(&[energy_charts(&server.url("/"))], folder.path());
    let (told, mut prices) = watch::channel(feeds.prices(now()));
    let (_home, wake) = watch::channel(());
    assert_eq!(prices.borrow().shelf.market_at(now()), None);
    let task = tokio::spawn(feeds.run(now, wake, told));
    prices.changed().await.unwrap();
    assert_eq!(prices.borrow_and_update().shelf.market_at(now()), Some(0.1));
    assert_eq!(prices.borrow().problems(now(), at(MIDDLE)), []);
    drop(prices);
    task.await.unwrap();
}
