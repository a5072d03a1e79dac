//! Every source: what it is asked, and that its answer arrives.

use std::collections::BTreeMap;

use tempfile::tempdir;

use super::super::home::{FakeHome, json_of};
use super::super::server::{Reply, Server};
use super::*;

struct Case {
    source: &'static str,
    more: &'static str,
    arrays: usize,
    payloads: &'static [&'static str],
    now: &'static str,
    at: &'static str,
    power_w: f64,
}

const CASES: [Case; 4] = [
    Case {
        source: "forecast-solar",
        more: "",
        arrays: 2,
        payloads: &["forecast_solar_iso.json"],
        now: "2026-04-26T05:00:00Z",
        at: "2026-04-26T05:30:00Z",
        power_w: 800.0,
    },
    Case {
        source: "forecast-solar",
        more: "api_key_file = 'token'",
        arrays: 1,
        payloads: &["forecast_solar_iso.json"],
        now: "2026-04-26T05:00:00Z",
        at: "2026-04-26T05:30:00Z",
        power_w: 400.0,
    },
    Case {
        source: "solcast",
        more: "sites = ['1a2b-3c4d', '5e6f-7a8b']\ntoken_file = 'token'",
        arrays: 0,
        payloads: &["solcast_rooftop.json"],
        now: "2026-06-01T09:02:00Z",
        at: "2026-06-01T09:45:00Z",
        power_w: 2_000.0,
    },
    Case {
        source: "open-meteo",
        more: "model = 'icon_d2'",
        arrays: 2,
        payloads: &["open_meteo_quarters.json"],
        now: "2026-06-01T09:50:00Z",
        at: "2026-06-01T09:45:00Z",
        // What the panel model makes of 655 W/m² beam and 118 diffuse for two arrays of 1000 W.
        power_w: 1_183.5,
    },
];

#[tokio::test]
async fn every_source_is_asked_and_its_answer_arrives() {
    let mut asked = String::new();
    for case in CASES {
        let server = Server::start().await;
        for payload_name in case.payloads {
            server.always(Reply::Good(payload(payload_name)));
        }
        let folder = tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "s3cret\n").unwrap();
        let source = format!("source = '{}'\nurl = '{}'\n{}", case.source, server.url("/"), case.more);
        let arrays = vec![Array::new(1_000.0, 30.4, -12.5); case.arrays];
        let site = Site { arrays, ..site() };
        let now = at(case.now);
        let mut sky = sky_at(site, (&[], &[source]), folder.path(), None, (0.5, WITHIN));
        sky.step(now).await;
        let skies = sky.skies(now);
        assert_eq!(skies.status[0].health.error, None, "{}", case.source);
        let power_w = solar_w(&skies, at(case.at)).unwrap();
        assert!((power_w - case.power_w).abs() < 1.0, "{}: {power_w}", case.source);
        assert_eq!(skies.solar_from.as_deref(), Some(case.source));
        for question in server.asked() {
            asked.push_str(&format!("{}: {}\n", case.source, question.uri));
            if let Some(authorization) = question.authorization {
                asked.push_str(&format!("  Authorization: {authorization}\n"));
            }
        }
    }
    insta::assert_snapshot!(asked);
}

#[tokio::test]
async fn one_answer_of_open_meteo_serves_both() {
    let server = Server::start().await;
    server.always(Reply::Good(meteo(at("2026-11-24T00:00:00Z"), at("2026-11-28T00:00:00Z"), 7.0)));
    let folder = tempdir().unwrap();
    let source = [open_meteo(&server.url("/v1/forecast"))];
    let mut sky = sky(&source, &source, folder.path(), None);
    let next = sky.step(now()).await;
    assert_eq!(server.asked().len(), 1);
    let skies = sky.skies(now());
    assert_eq!(temperature_c(&skies, now()), Some(7.0));
    assert!(solar_w(&skies, now()).unwrap() > 100.0);
    assert_eq!((skies.weather_from.as_deref(), skies.solar_from.as_deref()), (Some("open-meteo"), Some("open-meteo")));
    assert_eq!(skies.status.len(), 1);
    assert_eq!(skies.problems(now()), []);
    assert!((60..=75).contains(&next.duration_since(now()).as_mins()), "{next}");
}

#[tokio::test]
async fn what_home_assistant_knows_arrives() {
    let entities: BTreeMap<String, Value> = [
        ("weather.home".to_owned(), json!({ "temperature_unit": "°F" })),
        ("sensor.today".to_owned(), json!({ "detailedForecast": json_of("solcast_detailed.json") })),
        ("sensor.tomorrow".to_owned(), json!({})),
    ]
    .into();
    let now = at("2026-06-01T09:02:00Z");
    let until = now + days(2);
    let home = Arc::new(FakeHome {
        entities,
        answers: [("weather.get_forecasts".to_owned(), forecasts(now, until, 50.0))].into(),
        solar: json_of("ha_solar_two_roofs.json"),
        ..FakeHome::default()
    });
    let folder = tempdir().unwrap();
    let solar = [
        "source = 'home-assistant'\nconfig_entries = ['01J0SOLCAST', '01J0FORECASTSOLAR']".to_owned(),
        "source = 'solcast-sensor'\nentities = ['sensor.today', 'sensor.tomorrow']".to_owned(),
    ];
    let bare = Site { arrays: Vec::new(), ..Site::default() };
    let mut both = sky_at(bare, (&[home_weather()], &solar), folder.path(), Some(home.clone()), (0.5, WITHIN));
    both.step(now).await;
    let skies = both.skies(now);
    assert_eq!(temperature_c(&skies, now), Some(10.0));
    // 800 W of one roof and 600 W of the other; the sensor is the second choice.
    assert_eq!(solar_w(&skies, now), Some(1_400.0));
    assert!(skies.status.iter().all(|status| status.health.error.is_none()), "{:?}", skies.status);
    let called: Vec<String> = home.called.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(called, ["weather.get_forecasts", "energy/solar_forecast"]);

    let sensor = sky_at(Site::default(), (&[], &solar[1..]), folder.path(), Some(home), (0.5, WITHIN));
    let mut sensor = sensor;
    let next = sensor.step(now).await;
    assert_eq!(solar_w(&sensor.skies(now), now), Some(800.0));
    assert_eq!(next, now + SignedDuration::from_secs(15));
}

#[tokio::test]
async fn the_place_is_the_configured_one_or_home_assistants_or_awaited() {
    let server = Server::start().await;
    server.always(Reply::Good(meteo(now() - days(1), now() + days(3), 7.0)));
    let folder = tempdir().unwrap();
    let weather = [open_meteo(&server.url("/"))];
    let nowhere = |home| sky_at(Site::default(), (&weather, &[]), folder.path(), home, (0.5, WITHIN));

    let home: Arc<dyn HomePort> =
        Arc::new(FakeHome { place: Some(Place { latitude: -33.87, longitude: 151.2 }), ..FakeHome::default() });
    let mut sydney = nowhere(Some(home));
    sydney.step(now()).await;
    assert!(server.asked()[0].uri.contains("latitude=-33.870&longitude=151.200"));

    std::fs::remove_dir_all(folder.path().join("sky")).unwrap();
    let home = Arc::new(FakeHome { down: true.into(), ..FakeHome::default() });
    let mut waiting = nowhere(Some(home.clone()));
    assert_eq!(waiting.step(now()).await, now() + SignedDuration::from_secs(10));
    assert_eq!(waiting.skies(now()).status[0].health.error, None);
    *home.down.lock().unwrap() = false;
    waiting.step(now()).await;
    let error = waiting.skies(now()).status[0].health.error.clone().unwrap();
    assert!(error.contains("`latitude` and `longitude`"), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn the_inverter_limits_whatever_a_source_says() {
    let server = Server::start().await;
    server.always(Reply::Good(half_hours(now() - minutes(60), now() + days(1), 0.9)));
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "s3cret").unwrap();
    let site = Site { inverter_limit_w: Some(800.0), ..site() };
    let mut sky = sky_at(site, (&[], &[solcast(&server.url("/"))]), folder.path(), None, (0.5, WITHIN));
    sky.step(now()).await;
    assert_eq!(solar_w(&sky.skies(now()), now()), Some(800.0));
}
