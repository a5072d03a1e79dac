//! Everything that can go wrong with one source.

use tempfile::tempdir;

use super::super::home::FakeHome;
use super::super::server::{Reply, Server};
use super::*;

fn good() -> String {
    meteo(now() - days(1), now() + days(3), 7.0)
}

#[tokio::test]
async fn what_goes_wrong_is_named_and_passes() {
    let mut told = String::new();
    let kelvin = good().replace("W/m²", "MJ/m²");
    for (name, reply) in [
        ("204", Reply::Status(204, None, String::new())),
        ("500", Reply::Status(500, None, "oops".into())),
        ("503 with Retry-After", Reply::Status(503, Some("300".into()), String::new())),
        ("429", Reply::Status(429, None, String::new())),
        ("429 with Retry-After", Reply::Status(429, Some("3600".into()), String::new())),
        ("401", Reply::Status(401, None, "<p>no\n  token</p>".into())),
        ("404", Reply::Status(404, None, "no content available".into())),
        ("hang", Reply::Hang),
        ("half a body", Reply::Half(good())),
        ("half a JSON", Reply::Good(good()[..good().len() / 2].to_owned())),
        ("a page in HTML", Reply::Good("<html>maintenance</html>".into())),
        ("nothing", Reply::Good(String::new())),
        ("an empty object", Reply::Good("{}".into())),
        ("no hours", Reply::Good(meteo(now(), now() - days(1), 7.0))),
        ("only what is over", Reply::Good(meteo(now() - days(4), now() - days(3), 7.0))),
        ("refused in words", Reply::Good(payload("open_meteo_refused.json"))),
        ("another unit", Reply::Good(kelvin)),
        ("huge", Reply::Huge((1 << 20) + 1)),
    ] {
        let server = Server::start().await;
        server.next([reply]);
        server.always(Reply::Good(good()));
        let folder = tempdir().unwrap();
        let source = [open_meteo(&server.url("/"))];
        let mut sky = sky(&source, &source, folder.path(), None);
        sky.step(now()).await;
        let skies = sky.skies(now());
        assert_eq!((temperature_c(&skies, now()), solar_w(&skies, now())), (None, None), "{name}");
        let status = &skies.status[0];
        assert_eq!(status.health.failures, 1, "{name}");
        assert!(status.due > now() + SignedDuration::from_secs(29), "{name} is not asked again at once");
        // Up to where the HTTP library tells more than once what happened.
        let error = status.health.error.as_deref().unwrap().split(": error ").next().unwrap();
        told.push_str(&format!("{name}: {error}\n"));
        let subjects: Vec<String> = skies.problems(now()).into_iter().map(|problem| problem.subject).collect();
        assert_eq!(subjects, ["ahead.temperature-c", "ahead.solar-w"], "{name}");

        let due = status.due;
        sky.step(due - SignedDuration::from_secs(1)).await;
        assert_eq!(server.asked().len(), 1, "{name} was asked too early");
        sky.step(due).await;
        assert_eq!(temperature_c(&sky.skies(due), due), Some(7.0), "{name}");
        assert_eq!(sky.skies(due).problems(due), [], "{name}");
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn what_is_wrong_with_home_assistants_weather_is_named() {
    let until = now() + days(1);
    for (attributes, answer, expected) in [
        (json!({ "temperature_unit": "K" }), forecasts(now(), until, 280.0), "`temperature_unit` of `weather.home`"),
        (json!({}), forecasts(now(), until, 280.0), "`temperature_unit` of `weather.home`"),
        (json!({ "temperature_unit": "°C" }), forecasts(now(), now() - days(1), 1.0), "nothing of the time ahead"),
        (json!({ "temperature_unit": "°C" }), json!({ "weather.home": 1 }), "no `forecast` of `weather.home`"),
        (json!({ "temperature_unit": "°C" }), forecasts(now(), until, 280.0), ""),
    ] {
        let home = FakeHome {
            entities: [("weather.home".to_owned(), attributes)].into(),
            answers: [("weather.get_forecasts".to_owned(), answer)].into(),
            ..FakeHome::default()
        };
        let folder = tempdir().unwrap();
        let mut sky = sky(&[home_weather()], &[], folder.path(), Some(Arc::new(home)));
        sky.step(now()).await;
        let skies = sky.skies(now());
        match &skies.status[0].health.error {
            Some(error) => assert!(!expected.is_empty() && error.contains(expected), "{error}"),
            // Hot air in kelvin is left out; the clouds remain.
            None => assert_eq!((expected, temperature_c(&skies, now())), ("", None)),
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_home_assistants_sun_is_named() {
    for (solar, config_entries, expected) in [
        (json!({}), "", "no solar forecast is chosen"),
        (Value::Null, "", "no solar forecast is chosen"),
        (json!({ "a": { "wh_hours": {} } }), "", "nothing of the time ahead"),
        (json!({ "a": { "error": "x" } }), "", "has no `wh_hours`"),
        (json!({ "a": { "wh_hours": {} } }), "config_entries = ['b']", "the config entry `b`"),
        (json!({ "a": { "wh_hours": { "2026-11-24T10:00:00Z": 1e5 } } }), "", "is its unit another one?"),
    ] {
        let folder = tempdir().unwrap();
        let home = FakeHome { solar, ..FakeHome::default() };
        let source = format!("source = 'home-assistant'\n{config_entries}");
        let mut sky = sky(&[], &[source], folder.path(), Some(Arc::new(home)));
        sky.step(now()).await;
        let problems = sky.skies(now()).problems(now());
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].text.contains(expected), "{problems:?}");
    }
}

/// davidusb-geek/emhass and home-assistant/core#106771: retries that keep a limit from ever ending.
#[tokio::test]
async fn the_limit_of_forecast_solar_is_kept() {
    let server = Server::start().await;
    server.next([
        Reply::Good(solar_hours(now() - minutes(60), now() + days(2), 100.0, 0)),
        Reply::Status(429, None, payload("forecast_solar_limited.json")),
    ]);
    let folder = tempdir().unwrap();
    let source = [forecast_solar(&server.url("/"))];
    let mut sky = sky(&[], &source, folder.path(), None);
    let due = sky.step(now()).await;
    assert!(due >= now() + minutes(60), "{due}");
    let again = sky.step(due).await;
    assert!(again >= due + minutes(60), "{again}");
    assert_eq!(server.asked().len(), 2);
    let skies = sky.skies(due);
    assert_eq!(solar_w(&skies, due), Some(100.0), "what it said before is used");
    assert!(skies.problems(due)[0].assumed.starts_with("what it said before, until 2026-11-26T"));
}

#[tokio::test]
async fn a_key_is_in_no_message() {
    for (source, reply) in [
        ("forecast-solar", Reply::Status(401, None, "the key s3cret is wrong".into())),
        ("solcast", Reply::Status(403, None, "s3cret?".into())),
        ("solcast", Reply::Good("{\"forecasts\": 1, \"s3cret\": 2}".into())),
        ("forecast-solar", Reply::Good("{\"message\": {\"text\": \"no s3cret\"}}".into())),
    ] {
        let server = Server::start().await;
        server.always(reply);
        let folder = tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "s3cret").unwrap();
        let source = match source {
            "solcast" => solcast(&server.url("/")),
            _ => format!("{}\napi_key_file = 'token'", forecast_solar(&server.url("/"))),
        };
        let mut sky = sky(&[], std::slice::from_ref(&source), folder.path(), None);
        sky.step(now()).await;
        let skies = sky.skies(now());
        assert_eq!(skies.status[0].health.failures, 1);
        assert!(!format!("{skies:?}").contains("s3cret"), "{skies:?}");
        std::fs::remove_file(folder.path().join("token")).unwrap();
        sky.step(skies.status[0].due).await;
        let error = sky.skies(now()).status[0].health.error.clone().unwrap();
        assert!(error.contains("token: "), "{error}");
    }
}

#[tokio::test]
async fn a_days_requests_are_counted_over_restarts() {
    let server = Server::start().await;
    server.always(Reply::Status(500, None, String::new()));
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "s3cret").unwrap();
    let source = [solcast(&server.url("/"))];
    let mut now = at("2026-11-24T00:30:00Z");
    let midnight = at("2026-11-25T00:00:00Z");
    while now < midnight {
        // It is restarted each time.
        let mut sky = sky(&[], &source, folder.path(), None);
        now = sky.step(now).await;
    }
    assert_eq!(server.asked().len(), 10);
    server.always(Reply::Good(half_hours(now, now + days(3), 0.4)));
    let mut sky = sky(&[], &source, folder.path(), None);
    let next = sky.step(now).await;
    assert_eq!(server.asked().len(), 1);
    assert_eq!(solar_w(&sky.skies(now), now), Some(400.0));
    // Ten a day, spread.
    assert!((144..=154).contains(&next.duration_since(now).as_mins()), "{next}");
}

#[tokio::test]
async fn a_forecast_and_a_wait_survive_a_restart() {
    let server = Server::start().await;
    let folder = tempdir().unwrap();
    let source = [open_meteo(&server.url("/"))];
    server.next([Reply::Good(good()), Reply::Status(429, Some("7200".into()), String::new())]);
    let mut first = sky(&source, &source, folder.path(), None);
    let due = first.step(now()).await;
    let wait = first.step(due).await;
    assert!(wait >= due + minutes(120), "{wait}");
    assert_eq!(server.asked().len(), 2);

    let mut second = sky(&source, &source, folder.path(), None);
    let skies = second.skies(due);
    assert_eq!(temperature_c(&skies, due), Some(7.0), "known before anyone was asked");
    assert_eq!(solar_w(&skies, due), solar_w(&first.skies(due), due));
    assert_eq!((skies.status[0].health.failures, skies.status[0].due), (1, wait));
    second.step(wait - SignedDuration::from_secs(1)).await;
    assert!(server.asked().is_empty(), "asked before the time that was named");

    // Other panels make another forecast.
    let other = Site { arrays: vec![Array::new(500.0, 0.0, 0.0)], ..site() };
    let other = sky_at(other, (&source, &source), folder.path(), None, (0.5, WITHIN));
    assert_eq!(other.skies(due).solar, []);
}

#[tokio::test]
async fn weather_of_the_day_before_is_not_used_and_named() {
    let home = Arc::new(FakeHome {
        entities: [("weather.home".to_owned(), json!({ "temperature_unit": "°C" }))].into(),
        answers: [("weather.get_forecasts".to_owned(), forecasts(now(), now() + days(3), 8.0))].into(),
        ..FakeHome::default()
    });
    let folder = tempdir().unwrap();
    let mut sky = sky(&[home_weather()], &[], folder.path(), Some(home.clone()));
    sky.step(now()).await;
    *home.down.lock().unwrap() = true;
    let (before, after) = (now() + days(1) - minutes(1), now() + days(1));
    sky.step(before).await;
    assert_eq!(temperature_c(&sky.skies(before), before), Some(8.0));
    assert_eq!(sky.skies(before).problems(before), []);
    let skies = sky.skies(after);
    assert_eq!(temperature_c(&skies, after), None);
    let problems = skies.problems(after);
    assert_eq!((problems.len(), problems[0].code.as_str()), (1, "stale"), "{problems:?}");
}
