//! The table of forecast quality on the shipped year, walking forward, never peeking:
//! `cargo bench --profile dev -p wattwright-forecast --bench quality`.

#![allow(clippy::unwrap_used, reason = "a bench may fail this way")]

use std::time::Instant;

use jiff::tz::TimeZone;
use wattwright_forecast::quality::{Baseline, Measured, Range, Score};
use wattwright_forecast::{LoadModel, Series};

/// Scored from the fifth week on: the first four are what a home knows after a month.
const FROM: usize = 28 * 96;
/// At each full hour.
const STEP: usize = 4;

fn main() {
    let series = Series::parse("home-a.csv.gz", include_bytes!("../../../examples/data/home-a.csv.gz")).unwrap();
    load(&series);
}

fn heading(title: &str) {
    println!("\n{title}");
    print!("{:<22}{:>7}{:>7}{:>7}{:>8}{:>8}{:>7}{:>7}", "W", "MAE", "RMSE", "bias", "pin 10", "pin 90", "<low", ">high");
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
    let mut model = LoadModel::new(zone);
    for row in rows {
        model.push(row.start, row.load_w);
    }
    let learned = begun.elapsed();
    let begun = Instant::now();
    let mut calls = 0;
    let score = measured.score(FROM, STEP, |now| {
        calls += 1;
        model.ahead(now, 192)
    });
    line("model", &score);
    println!("learning a year: {learned:.1?}; a forecast: {:.2?}", begun.elapsed() / calls);
}
