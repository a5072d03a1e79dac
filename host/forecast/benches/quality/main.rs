//! The table of forecast quality on the shipped year, walking forward, never peeking:
//! `cargo bench --profile dev -p wattwright-forecast --bench quality`.

#![allow(clippy::unwrap_used, reason = "a bench may fail this way")]

mod sky;

use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use wattwright_forecast::quality::{Baseline, Measured, Range, SLOTS, Score};
use wattwright_forecast::{Estimate, LoadModel, Series, SolarModel, holidays};

/// Scored from the fifth week on: the first four are what a home knows after a month.
const FROM: usize = 28 * 96;
/// At each full hour.
const STEP: usize = 4;

fn main() {
    let series = Series::parse("home-a.csv.gz", include_bytes!("../../../../examples/data/home-a.csv.gz")).unwrap();
    load(&series);
    solar(&series);
}

fn heading(title: &str) {
    println!("\n{title}");
    print!(
        "{:<22}{:>7}{:>7}{:>7}{:>8}{:>8}{:>7}{:>7}",
        "W", "MAE", "RMSE", "bias", "pin 10", "pin 90", "<low", ">high"
    );
    for range in Range::ALL {
        print!("{:>14}", format!("{range:?}"));
    }
    println!();
}

fn line(name: &str, score: &Score) {
    let (below, above) = score.outside();
    print!(
        "{name:<22}{:>7.1}{:>7.1}{:>7.1}{:>8.2}{:>8.2}{:>6.1}%{:>6.1}%",
        score.mae_w(),
        score.rmse_w(),
        score.bias_w(),
        score.pinball_low_w(),
        score.pinball_high_w(),
        100.0 * below,
        100.0 * above
    );
    for range in Range::ALL {
        let (mae, rmse) = score.of_range_w(range);
        print!("{:>14}", format!("{mae:.0}/{rmse:.0}"));
    }
    println!();
}

fn load(series: &Series) {
    let zone = TimeZone::get("Europe/Brussels").unwrap();
    let rows = series.rows();
    let measured = Measured::new(rows[0].start, rows.iter().map(|row| Some(row.load_w)).collect(), &zone);
    heading("Load, 48 h ahead, made at each full hour (by range: MAE/RMSE)");
    for baseline in Baseline::ALL {
        line(&format!("{baseline:?}"), &measured.score_baseline(baseline, FROM, STEP));
    }
    let begun = Instant::now();
    let mut model = LoadModel::new(zone.clone());
    for row in rows {
        model.push(row.start, Some(row.load_w), None);
    }
    let learned = begun.elapsed();
    let mut times = Vec::new();
    let score = measured.score(FROM, STEP, |now| {
        let begun = Instant::now();
        let ahead = model.ahead(now, SLOTS);
        times.push(begun.elapsed());
        ahead
    });
    line("model", &score);
    // The load is that of a French home from 2008-06-28 on, so its holidays are not those of its dates.
    let measured_from = date(2008, 6, 28);
    let holidays = (2008..=2009)
        .flat_map(|year| holidays::of("FR", year).unwrap())
        .map(|day| date(2023, 7, 1).checked_add(measured_from.until(day).unwrap()).unwrap());
    let model = model.with_holidays(holidays);
    line("model, holidays", &measured.score(FROM, STEP, |now| model.ahead(now, SLOTS)));
    let mut model = LoadModel::new(zone.clone());
    for row in rows {
        model.push(row.start, Some(row.load_w), Some(row.temperature_c));
    }
    let forecast = |start: Timestamp| {
        let index = usize::try_from((start.as_second() - rows[0].start.as_second()) / 900).unwrap();
        rows.get(index).map(|row| row.temperature_c)
    };
    let score = measured.score(FROM, STEP, |now| model.ahead_with(now, SLOTS, forecast));
    line("model, false warmth", &score);
    times.sort();
    println!("learning a year: {learned:.1?}; a forecast (median): {:.2?}", times[times.len() / 2]);

    heat_pump(series, &zone);
}

/// Watt per kelvin below 15 °C, made up: the year's own temperature has nothing to do with its load.
const HEAT_PUMP_W_PER_K: f64 = 60.0;

fn heat_pump(series: &Series, zone: &TimeZone) {
    let rows = series.rows();
    let loads: Vec<f64> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let day = &rows[index.saturating_sub(48)..(index + 48).min(rows.len())];
            let mean_c = day.iter().map(|row| row.temperature_c).sum::<f64>() / day.len() as f64;
            row.load_w + HEAT_PUMP_W_PER_K * (15.0 - mean_c).max(0.0)
        })
        .collect();
    let measured = Measured::new(rows[0].start, loads.iter().copied().map(Some).collect(), zone);
    let mut model = LoadModel::new(zone.clone());
    for (row, load_w) in rows.iter().zip(&loads) {
        model.push(row.start, Some(*load_w), Some(row.temperature_c));
    }
    let first = rows[0].start.as_second();
    // A forecast that is off by up to three kelvin, slowly changing.
    let forecast = |start: Timestamp| {
        let index = usize::try_from((start.as_second() - first) / 900).unwrap();
        rows.get(index).map(|row| row.temperature_c + 3.0 * (index as f64 / 37.0).sin())
    };
    heading("The same with a made-up heat pump of 60 W/K below 15 °C; temperature forecast off by up to 3 K");
    line("LastSevenDays", &measured.score_baseline(Baseline::LastSevenDays, FROM, STEP));
    line("model, no temperature", &measured.score(FROM, STEP, |now| model.ahead(now, SLOTS)));
    line("model, temperature", &measured.score(FROM, STEP, |now| model.ahead_with(now, SLOTS, forecast)));
}

fn solar(series: &Series) {
    let rows = series.rows();
    let first = rows[0].start;
    let index = |start: Timestamp| usize::try_from((start.as_second() - first.as_second()) / 900).unwrap();
    let measured = Measured::new(first, rows.iter().map(|row| Some(row.solar_w)).collect(), &TimeZone::UTC);
    heading("Solar, 48 h ahead, made at each full hour, nights included (by range: MAE/RMSE)");
    for baseline in Baseline::ALL {
        line(&format!("{baseline:?}"), &measured.score_baseline(baseline, FROM, STEP));
    }
    let mut model = SolarModel::new();
    for row in rows {
        model.push(row.start, Some(row.solar_w), None);
    }
    let mut times = Vec::new();
    let score = measured.score(FROM, STEP, |now| {
        let begun = Instant::now();
        let ahead = model.ahead(now, &[None; SLOTS]);
        times.push(begun.elapsed());
        ahead
    });
    line("model, no weather", &score);

    let sky = sky::Sky::read(include_bytes!("../../../../examples/data/home-a-sky.csv.gz"));
    let starts = || rows.iter().map(|row| row.start);
    let forecasts = sky.forecast();
    for (day, (_, bias, error)) in ["today", "tomorrow"].iter().zip(&forecasts) {
        println!(
            "made-up weather forecast for {day}: light off by {:+.1} % in the mean, {:.0} % RMSE",
            100.0 * bias,
            100.0 * error
        );
    }
    let [today, tomorrow] = forecasts.map(|(hours, _, _)| sky::power_w(&hours, starts()));
    let forecast = |now: Timestamp| -> Vec<Option<f64>> {
        let now = index(now);
        (0..SLOTS).map(|ahead| if ahead < 96 { today[now + ahead] } else { tomorrow[now + ahead] }).collect()
    };
    let plain = |values: Vec<Option<f64>>| -> Vec<Option<Estimate>> {
        let one = |value: f64| Estimate { mean_w: value, median_w: value, low_w: value, high_w: value };
        values.into_iter().map(|value| value.map(one)).collect()
    };
    line("panels, forecast", &measured.score(FROM, STEP, |now| plain(forecast(now))));
    let mut model = SolarModel::new();
    for (row, forecast_w) in rows.iter().zip(&today) {
        model.push(row.start, Some(row.solar_w), *forecast_w);
    }
    let mut times_weather = Vec::new();
    let score = measured.score(FROM, STEP, |now| {
        let forecast = forecast(now);
        let begun = Instant::now();
        let ahead = model.ahead(now, &forecast);
        times_weather.push(begun.elapsed());
        ahead
    });
    line("model, forecast", &score);
    let perfect = sky::power_w(sky.true_hours(), starts());
    let score = measured.score(FROM, STEP, |now| plain(perfect[index(now)..index(now) + SLOTS].to_vec()));
    line("panels, true sky", &score);
    times.sort();
    times_weather.sort();
    let [plain, weather] = [&times, &times_weather].map(|times| times[times.len() / 2]);
    println!("a forecast (median): {plain:.2?} without weather, {weather:.2?} with");
}
