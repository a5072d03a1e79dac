//! What a tick waits for the knowledge of the slots ahead with a year behind, beside one that has learned nothing;
//! and how long the learning takes.
//!
//! `cargo bench -p wattwright-knowledge --bench snapshot`; with `-- --json` a list of `{name, value, unit, floor,
//! ratio}`.

use std::error::Error;
use std::time::{Duration, Instant};

use control::Data;
use forecast::{Series, Tariff};
use jiff::tz::TimeZone;
use model::snapshot::PastSlot;
use serde_json::{Value, json};
use wattwright_knowledge::{Knowledge, Learned};

const CALLS: usize = 200;
const TIMES: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let series = Series::parse("home-a.csv.gz", include_bytes!("../../../examples/data/home-a.csv.gz"))?;
    let past: Vec<PastSlot> = series
        .rows()
        .iter()
        .map(|row| PastSlot {
            load_w: Some(row.load_w),
            solar_w: Some(row.solar_w),
            temperature_c: Some(row.temperature_c),
            ..PastSlot::unknown(row.start)
        })
        .collect();
    let now = past.last().ok_or("no series")?.end;
    let zone = TimeZone::get("Europe/Berlin")?;
    let learn = || Learned::new(zone.clone(), Some("DE"), &past);

    let knowing = Knowledge::new(Tariff::default(), None);
    let mut learning = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let learned = learn();
        learning.push(begun.elapsed());
        knowing.learn(learned, &past, now);
    }
    let blank = Knowledge::new(Tariff::default(), None);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        for (knowledge, times) in [(&knowing, &mut with), (&blank, &mut without)] {
            let begun = Instant::now();
            std::hint::black_box(knowledge.known(now));
            times.push(begun.elapsed());
        }
    }
    let (with, without) = (median_us(&mut with), median_us(&mut without));
    let figures = json!([
        figure("known, a year learned", with, "us", Some(without)),
        figure("learning a year", median_us(&mut learning) / 1e3, "ms", None),
    ]);
    if std::env::args().any(|argument| argument == "--json") {
        println!("{figures}");
    } else {
        println!("{figures:#}");
    }
    Ok(())
}

fn figure(name: &str, value: f64, unit: &str, floor: Option<f64>) -> Value {
    json!({ "name": name, "value": value, "unit": unit, "floor": floor, "ratio": floor.map(|floor| value / floor) })
}

fn median_us(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}
