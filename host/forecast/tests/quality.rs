//! The forecasts are better than what anybody can do without a model, on the shipped year, walking forward.
//! `cargo bench --profile dev -p wattwright-forecast --bench quality` prints the whole table.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

#[path = "../benches/quality/sky.rs"]
mod sky;

use jiff::tz::TimeZone;
use wattwright_forecast::quality::{Baseline, Measured, SLOTS, Score};
use wattwright_forecast::{LoadModel, Series, SolarModel};

/// From the fifth week on, about every second day, at another time of day each.
const FROM: usize = 28 * 96;
const STEP: usize = 2 * 96 + 5;

const BASELINES: [Baseline; 3] = [Baseline::SameSlotYesterday, Baseline::SameSlotLastWeek, Baseline::LastSevenDays];

fn series() -> Series {
    Series::parse("home-a.csv.gz", include_bytes!("../../../examples/data/home-a.csv.gz")).unwrap()
}

fn best(scores: &[Score], of: fn(&Score) -> f64) -> f64 {
    scores.iter().map(of).fold(f64::INFINITY, f64::min)
}

#[test]
fn load_is_a_tenth_better_than_the_best_baseline() {
    let series = series();
    let rows = series.rows();
    let zone = TimeZone::get("Europe/Brussels").unwrap();
    let measured = Measured::new(rows[0].start, rows.iter().map(|row| Some(row.load_w)).collect(), &zone);
    let scores = BASELINES.map(|baseline| measured.score_baseline(baseline, FROM, STEP));
    let mut model = LoadModel::new(zone);
    for row in rows {
        model.push(row.start, Some(row.load_w), None);
    }
    let score = measured.score(FROM, STEP, |now| model.ahead(now, SLOTS));
    for (name, of) in [
        ("MAE", Score::mae_w as fn(&Score) -> f64),
        ("pinball low", Score::pinball_low_w),
        ("pinball high", Score::pinball_high_w),
    ] {
        let (ours, best) = (of(&score), best(&scores, of));
        assert!(ours < 0.9 * best, "{name}: {ours:.1} against {best:.1}");
    }
    assert!(score.rmse_w() < 0.96 * best(&scores, Score::rmse_w), "{}", score.rmse_w());
    assert!(score.bias_w().abs() < 30.0, "{}", score.bias_w());
    let (below, above) = score.outside();
    assert!((0.08..0.14).contains(&below) && (0.08..0.14).contains(&above), "{below} {above}");
}

#[test]
fn solar_is_better_than_persistence_without_weather_and_much_better_with_it() {
    let series = series();
    let rows = series.rows();
    let first = rows[0].start.as_second();
    let measured = Measured::new(rows[0].start, rows.iter().map(|row| Some(row.solar_w)).collect(), &TimeZone::UTC);
    let persistence = measured.score_baseline(Baseline::SameSlotYesterday, FROM, STEP);

    let sky = sky::Sky::read(include_bytes!("../../../examples/data/home-a-sky.csv.gz"));
    let [today, tomorrow] = sky.forecast().map(|(hours, _, _)| sky::power_w(&hours, rows.iter().map(|row| row.start)));
    let mut model = SolarModel::new();
    for (row, forecast_w) in rows.iter().zip(&today) {
        model.push(row.start, Some(row.solar_w), *forecast_w);
    }
    let alone = measured.score(FROM, STEP, |now| model.ahead(now, &[None; SLOTS]));
    let told = measured.score(FROM, STEP, |now| {
        let now_index = usize::try_from((now.as_second() - first) / 900).unwrap();
        let forecast: Vec<Option<f64>> = (0..SLOTS)
            .map(|ahead| if ahead < 96 { today[now_index + ahead] } else { tomorrow[now_index + ahead] })
            .collect();
        model.ahead(now, &forecast)
    });
    for (name, of) in [("MAE", Score::mae_w as fn(&Score) -> f64), ("RMSE", Score::rmse_w)] {
        let (alone, told, persistence) = (of(&alone), of(&told), of(&persistence));
        assert!(alone < 0.87 * persistence, "{name} without weather: {alone:.1} against {persistence:.1}");
        assert!(told < 0.55 * persistence, "{name} with weather: {told:.1} against {persistence:.1}");
    }
    assert!(told.bias_w().abs() < 8.0, "{}", told.bias_w());
}

/// With panels that are known and a sky that is known, little is left: the noise of the year within the
/// hour. The year was made with smaller losses than an owner would write down, which scaling takes out.
#[test]
fn the_panel_model_gives_what_the_sky_gave() {
    let series = series();
    let sky = sky::Sky::read(include_bytes!("../../../examples/data/home-a-sky.csv.gz"));
    let modelled = sky::power_w(sky.true_hours(), series.rows().iter().map(|row| row.start));
    let pairs: Vec<(f64, f64)> =
        series.rows().iter().zip(&modelled).filter_map(|(row, value)| Some((row.solar_w, (*value)?))).collect();
    let (measured, modelled) =
        pairs.iter().fold((0.0, 0.0), |(measured, modelled), pair| (measured + pair.0, modelled + pair.1));
    let ratio = modelled / measured;
    assert!((0.85..1.0).contains(&ratio), "{ratio}");
    let hours: Vec<(f64, f64)> = pairs
        .chunks(4)
        .map(|hour| hour.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / 4.0, sum.1 + pair.1 / 4.0 / ratio)))
        .collect();
    let error = hours.iter().map(|(measured, modelled)| (measured - modelled).abs()).sum::<f64>()
        / hours.iter().map(|(measured, _)| measured).sum::<f64>();
    assert!(error < 0.09, "{error}");
}
