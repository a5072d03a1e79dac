//! Everything that can go wrong with one source.

use tempfile::tempdir;

use super::server::{Reply, Server};
use super::*;

fn whole_day() -> String {
    charts(at("2026-11-23T23:00:00Z"), at("2026-11-24T23:00:00Z"), 100.0)
}

/// What goes wrong, is named, and passes.
#[tokio::test]
async fn what_goes_wrong_is_named_and_passes() {
    let mut told = String::new();
    let day = whole_day();
    for (name, reply) in [
        ("500", Reply::Status(500, None, "oops".into())),
        ("503 with Retry-After", Reply::Status(503, Some("300".into()), String::new())),
        ("429", Reply::Status(429, None, String::new())),
        ("429 with Retry-After", Reply::Status(429, Some("3600".into()), String::new())),
        ("401", Reply::Status(401, None, "<p>no\n  token</p>".into())),
        ("404", Reply::Status(404, None, "no content available".into())),
        ("hang", Reply::Hang),
        ("half a body", Reply::Half(day.clone())),
        ("half a JSON", Reply::Good(day[..day.len() / 2].to_owned())),
        ("a page in HTML", Reply::Good("<html>maintenance</html>".into())),
        ("nothing", Reply::Good(String::new())),
        ("huge", Reply::Huge((1 << 20) + 1)),
        ("cents as MWh", Reply::Good(charts(at("2026-11-23T23:00:00Z"), at("2026-11-24T23:00:00Z"), 9.9e5))),
    ] {
        let server = Server::start().await;
        server.next([reply]);
        server.always(Reply::Good(day.clone()));
        let folder = tempdir().unwrap();
        let mut feeds = feeds(&[energy_charts(&server.url("/price"))], folder.path());
        feeds.step(now()).await;
        assert_eq!(feeds.shelf().quote_at(now()), None, "{name}");
        let status = &feeds.status(now())[0];
        assert_eq!(status.health.failures, 1, "{name}");
        assert!(status.due > now() + SignedDuration::from_secs(29), "{name} is not asked again at once");
        // Up to where the HTTP library tells more than once what happened.
        let error = status.health.error.as_deref().unwrap().split(": error ").next().unwrap();
        told.push_str(&format!("{name}: {error}\n"));
        let problems = feeds.problems(now(), now() + minutes(60));
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");

        let due = status.due;
        feeds.step(due - SignedDuration::from_secs(1)).await;
        assert_eq!(server.asked().len(), 1, "{name} was asked too early");
        feeds.step(due).await;
        assert_eq!(feeds.shelf().quote_at(now()).unwrap().price_per_kwh, 0.1, "{name}");
        assert_eq!(feeds.problems(now(), now() + minutes(60)), [], "{name}");
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn nobody_there_is_named_without_the_token() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "s3cret").unwrap();
    // Nothing listens there: the port was free a moment ago.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let source = format!("source = 'entsoe'\nzone = 'NL'\ntoken_file = 'token'\nurl = 'http://127.0.0.1:{port}/api'");
    let mut feeds = feeds(&[source], folder.path());
    feeds.step(now()).await;
    let error = feeds.status(now())[0].health.error.clone().unwrap();
    assert!(error.starts_with("the connection failed or broke off"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named_and_not_asked_for_often() {
    let server = Server::start().await;
    let folder = tempdir().unwrap();
    let source = format!("source = 'tibber'\ntoken_file = 'token'\nurl = '{}'", server.url("/"));
    let mut feeds = feeds(&[source], folder.path());
    feeds.step(now()).await;
    let status = &feeds.status(now())[0];
    assert!(status.health.error.as_deref().unwrap().contains("token: "), "{status:?}");
    assert!(status.due >= now() + minutes(7));
    assert!(server.asked().is_empty());
}

/// Before publication some sources answer 204, others an empty list: no failure, and asked again soon.
#[tokio::test]
async fn nothing_yet_is_no_failure() {
    for reply in [Reply::Status(204, None, String::new()), Reply::Good(payload("energy_charts_empty.json"))] {
        let server = Server::start().await;
        server.always(reply);
        let folder = tempdir().unwrap();
        let mut feeds = feeds(&[energy_charts(&server.url("/price"))], folder.path());
        let next = feeds.step(now()).await;
        assert_eq!(next, now() + minutes(15));
        let status = &feeds.status(now())[0];
        assert_eq!((status.health.failures, &status.health.error), (0, &None));
    }
}

/// evcc-io/evcc#29947 and #31431: an answer with less than the one before.
#[tokio::test]
async fn an_answer_with_only_tomorrow_or_nothing_loses_nothing() {
    let server = Server::start().await;
    let (start, noon, end) = ("2026-11-23T23:00:00Z", "2026-11-24T23:00:00Z", "2026-11-25T23:00:00Z");
    server.next([
        Reply::Good(charts(at(start), at(noon), 100.0)),
        Reply::Good(charts(at(noon), at(end), 200.0)),
        Reply::Good(payload("energy_charts_empty.json")),
    ]);
    let folder = tempdir().unwrap();
    let mut feeds = feeds(&[energy_charts(&server.url("/price"))], folder.path());
    let mut now = now();
    for _ in 0..3 {
        now = feeds.step(now).await;
    }
    assert_eq!(server.asked().len(), 3);
    assert_eq!(feeds.shelf().market_at(at("2026-11-24T20:00:00Z")), Some(0.1));
    assert_eq!(feeds.shelf().market_at(at("2026-11-25T20:00:00Z")), Some(0.2));
    assert_eq!(feeds.shelf().known_until(), Some(at(end)));
}

#[tokio::test]
async fn prices_and_a_wait_survive_a_restart() {
    let server = Server::start().await;
    let folder = tempdir().unwrap();
    let sources = [energy_charts(&server.url("/price"))];
    server.next([Reply::Good(whole_day()), Reply::Status(429, Some("7200".into()), String::new())]);
    let mut first = feeds(&sources, folder.path());
    let due = first.step(now()).await;
    first.step(due).await;
    assert_eq!(server.asked().len(), 2);
    let wait = first.status(due)[0].due;
    assert!(wait >= due + minutes(120), "{wait}");
    drop(first);

    server.always(Reply::Good(whole_day()));
    let mut second = feeds(&sources, folder.path());
    assert_eq!(second.shelf().market_at(due), Some(0.1), "known before anyone was asked");
    let status = &second.status(due)[0];
    assert_eq!((status.health.failures, status.due), (1, wait));
    second.step(wait - SignedDuration::from_secs(1)).await;
    assert!(server.asked().is_empty(), "asked before the time that was named");
    second.step(wait).await;
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_cache_of_nonsense_or_of_another_source_is_as_good_as_none() {
    let server = Server::start().await;
    server.always(Reply::Good(whole_day()));
    let folder = tempdir().unwrap();
    let mut first = feeds(&[energy_charts(&server.url("/price"))], folder.path());
    first.step(now()).await;
    let other = feeds(&[energy_charts(&server.url("/elsewhere"))], folder.path());
    assert_eq!(other.shelf().known_until(), None);
    for file in std::fs::read_dir(folder.path().join("cache")).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    let mut again = feeds(&[energy_charts(&server.url("/price"))], folder.path());
    assert_eq!(again.shelf().known_until(), None);
    again.step(now()).await;
    assert_eq!(again.shelf().market_at(now()), Some(0.1));
}
