//! Several sources in order of preference.

use tempfile::tempdir;

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
    let servers = [Server::start().await, Server::start().await, Server::start().await];
    let folder = tempdir().unwrap();
    let sources =
        [energy_charts(&servers[0].url("/a")), awattar(&servers[1].url("/b")), energy_charts(&servers[2].url("/c"))];
    let failures = |turn: usize| match turn % 6 {
        0 => Reply::Hang,
        1 => Reply::Status(500, None, String::new()),
        2 => Reply::Status(429, Some("1800".into()), String::new()),
        3 => Reply::Half(charts(at(START), at(END), 100.0)),
        4 => Reply::Good("{\"unix_seconds\": [".into()),
        _ => Reply::Good(charts(at(START), at(END), 1e6)),
    };
    let begin = at("2026-11-24T00:00:00Z");
    let mut now = begin;
    let mut feeds = feeds(&sources, folder.path());
    let mut steps = 0;
    while now < at("2026-11-25T10:00:00Z") {
        // Each hour another one works, the other two fail.
        let hour = usize::try_from((now.as_second() - begin.as_second()) / 3600).unwrap();
        let until = if now < at("2026-11-24T12:00:00Z") { at(MIDDLE) } else { at(END) };
        servers[0].always(if hour % 3 == 0 { Reply::Good(charts(at(START), until, 100.0)) } else { failures(hour) });
        servers[1].always(if hour % 3 == 1 { Reply::Good(hours(at(START), until, 100.0)) } else { failures(hour + 1) });
        servers[2].always(if hour % 3 == 2 {
            Reply::Good(charts(at(START), until, 100.0))
        } else {
            failures(hour + 2)
        });
        // What would be if it were restarted at any time.
        if hour % 5 == 4 {
            feeds = super::feeds(&sources, folder.path());
        }
        let next = feeds.step(now).await;
        assert_eq!(feeds.shelf().market_at(now), Some(0.1), "{now}");
        let knowable = if now < at("2026-11-24T15:00:00Z") { at(MIDDLE) } else { at(END) };
        assert!(feeds.shelf().covered_until(now, 3) >= knowable, "{now}: {:?}", feeds.status(now));
        assert!(next >= now + SignedDuration::from_secs(10));
        now = next.min(now + minutes(15));
        steps += 1;
    }
    let asked: usize = servers.iter().map(|server| server.asked().len()).sum();
    println!("{steps} steps, {asked} questions");
    assert!(asked < 150, "{asked} questions in 34 hours");
}
