//! Several sources in order of preference.

use tempfile::tempdir;
use tokio::sync::watch;

use super::super::home::FakeHome;
use super::super::server::{Reply, Server};
use super::*;

#[tokio::test]
async fn one_that_failed_and_is_not_needed_is_not_named() {
    let (best, next) = (Server::start().await, Server::start().await);
    best.always(Reply::Good(meteo(now() - days(1), now() + days(3), 7.0)));
    next.always(Reply::Status(500, None, String::new()));
    let folder = tempdir().unwrap();
    let weather = [open_meteo(&best.url("/")), open_meteo(&next.url("/"))];
    let mut sky = sky(&weather, &[], folder.path(), None);
    sky.step(now()).await;
    let skies = sky.skies(now());
    assert_eq!(skies.status[1].health.failures, 1, "it is asked once, to know whether it works");
    assert_eq!(skies.problems(now()), []);
}

#[tokio::test]
async fn the_best_that_fails_is_named_and_the_next_is_used_until_it_is_back() {
    let (best, next) = (Server::start().await, Server::start().await);
    best.next([Reply::Hang]);
    best.always(Reply::Good(meteo(now() - days(1), now() + days(3), 7.0)));
    next.always(Reply::Good(meteo(now() - days(1), now() + days(3), 5.0)));
    let folder = tempdir().unwrap();
    let weather = [open_meteo(&best.url("/")), open_meteo(&next.url("/"))];
    let mut sky = sky(&weather, &[], folder.path(), None);
    let due = sky.step(now()).await;
    assert_eq!(temperature_c(&sky.skies(now()), now()), Some(5.0));
    assert_eq!(sky.skies(now()).problems(now()).len(), 1, "what failed is named although there is weather");
    sky.step(due).await;
    assert_eq!(temperature_c(&sky.skies(due), due), Some(7.0));
    assert_eq!((best.asked().len(), next.asked().len()), (2, 1));
    assert_eq!(sky.skies(due).problems(due), []);
}

#[tokio::test]
async fn what_is_hours_old_stands_back_behind_what_is_new() {
    let (best, next) = (Server::start().await, Server::start().await);
    best.next([Reply::Good(meteo(now() - days(1), now() + days(3), 7.0))]);
    best.always(Reply::Status(500, None, String::new()));
    next.always(Reply::Good(meteo(now() - days(1), now() + days(3), 5.0)));
    let folder = tempdir().unwrap();
    let weather = [open_meteo(&best.url("/")), open_meteo(&next.url("/"))];
    let mut sky = sky(&weather, &[], folder.path(), None);
    let mut time = now();
    let mut temperatures_c = Vec::new();
    while time < now() + SignedDuration::from_hours(8) {
        let due = sky.step(time).await;
        temperatures_c.push(temperature_c(&sky.skies(time), time).unwrap());
        time = due.min(time + minutes(10));
    }
    assert_eq!((temperatures_c[0], *temperatures_c.last().unwrap()), (7.0, 5.0));
    assert!(temperatures_c.is_sorted_by(|a, b| a >= b), "{temperatures_c:?}");
}

/// A day and a half in which each source fails in turn, in every way there is: weather and sun are known all
/// the time.
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
    std::fs::write(folder.path().join("token"), "s3cret").unwrap();
    let begin = at("2026-11-24T00:00:00Z");
    let end = begin + days(4);
    let home = Arc::new(FakeHome {
        entities: [("weather.home".to_owned(), json!({ "temperature_unit": "°C" }))].into(),
        answers: [("weather.get_forecasts".to_owned(), forecasts(begin, end, 7.0))].into(),
        ..FakeHome::default()
    });
    let [solcast_url, forecast_solar_url, meteo_url] = servers.each_ref().map(|server| server.url("/"));
    let weather = [home_weather(), open_meteo(&meteo_url)];
    let solar = [solcast(&solcast_url), forecast_solar(&forecast_solar_url), open_meteo(&meteo_url)];
    let begun = || sky_at(site(), (&weather, &solar), folder.path(), Some(home.clone()), (die, within));
    let failure = |turn: usize| match turn % 6 {
        0 => Reply::Hang,
        1 => Reply::Status(500, None, String::new()),
        2 => Reply::Status(429, Some("1800".into()), String::new()),
        3 => Reply::Half(meteo(begin, end, 7.0)),
        4 => Reply::Good("{\"forecasts\": [".into()),
        _ => Reply::Good("{}".into()),
    };
    let mut sky = begun();
    let mut now = begin;
    let (mut steps, mut failed) = (0, [0; 4]);
    while now < begin + SignedDuration::from_hours(36) {
        // Each hour another one works, in changing order, and the others fail.
        let hour = usize::try_from((now.as_second() - begin.as_second()) / 3600).unwrap();
        let works = (hour + hour / 4) % 3;
        for (index, server) in servers.iter().enumerate() {
            server.always(match index {
                _ if works != index => failure(hour + index),
                0 => Reply::Good(half_hours(begin, end, 0.4)),
                1 => Reply::Good(solar_hours(begin, end, 300.0, 5)),
                _ => Reply::Good(meteo(begin, end, 7.0)),
            });
        }
        *home.down.lock().unwrap() = hour % 4 == 1;
        *home.failing.lock().unwrap() = (hour % 4 == 2).then(|| "no such entity".to_owned());
        // It is restarted now and then.
        if hour % 5 == 4 && now.as_second() % 3600 < 900 {
            sky = begun();
        }
        let before = sky.skies(now).status;
        let next = sky.step(now).await;
        let skies = sky.skies(now);
        for ((failed, before), after) in failed.iter_mut().zip(before).zip(&skies.status) {
            *failed += u32::from(after.health.failures > before.health.failures);
        }
        assert_eq!(temperature_c(&skies, now), Some(7.0), "{now}: {:?}", skies.status);
        assert!(solar_w(&skies, now).is_some(), "{now}: {:?}", skies.status);
        assert!(next >= now + SignedDuration::from_secs(10));
        now = next.min(now + minutes(10));
        steps += 1;
    }
    let asked = servers.each_ref().map(|server| server.asked().len());
    println!("die {die}: {steps} steps, asked {asked:?} times, failed {failed:?} times");
    assert!(failed.iter().all(|failed| *failed > 0), "{failed:?}");
    assert!(asked[0] <= 20 && asked[1] <= 36 * 12 && asked.iter().sum::<usize>() < 150, "{asked:?} in 36 hours");
}

/// As a task: what is known is told after each step, and it ends with its listeners.
#[tokio::test]
async fn the_loop_tells_what_is_known() {
    let server = Server::start().await;
    server.always(Reply::Good(meteo(now() - days(1), now() + days(3), 7.0)));
    let folder = tempdir().unwrap();
    let sky = sky(&[open_meteo(&server.url("/"))], &[], folder.path(), None);
    let (told, mut skies) = watch::channel(sky.skies(now()));
    let (_home, wake) = watch::channel(());
    assert_eq!(skies.borrow().problems(now()).len(), 1);
    let task = tokio::spawn(sky.run(now, wake, told));
    skies.changed().await.unwrap();
    assert_eq!(temperature_c(&skies.borrow_and_update(), now()), Some(7.0));
    assert_eq!(skies.borrow().problems(now()), []);
    drop(skies);
    task.await.unwrap();
}
