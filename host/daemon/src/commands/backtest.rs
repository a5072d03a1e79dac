//! `wattwright backtest`.

mod job;
mod notes;
mod report;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use backtest::{Forecasts, Foresight, House, Played, References, play_together};
use forecast::{Series, SeriesRow};
use model::Allowance;
use model::snapshot::Battery;
use serde_json::{Value, json};

use crate::cli::{Backtest, ForecastArg};
use crate::sandboxed::Sandboxed;
use crate::{config, house, shipped};
use job::Job;
use notes::Notes;
use report::Beside;

/// Plays strategies through a series.
pub fn run(args: &Backtest) -> Result<()> {
    let house = house(&args.home, args.soc)?;
    let bytes = std::fs::read(&args.series).with_context(|| format!("{}", args.series.display()))?;
    let series = Series::parse(&args.series.to_string_lossy(), &bytes)?;
    let rows = &series.rows()[..args.slots.unwrap_or(usize::MAX).min(series.rows().len())];
    let jobs = jobs(args)?;
    let (references, [_, plain, _]) = References::played(&house, rows)?;
    let notes =
        args.resume.as_deref().map(|path| Notes::open(path, &heading(args, &house, &jobs, rows))).transpose()?;

    let begun = Instant::now();
    let done = play(&jobs, &house, rows, notes.as_ref())?;
    // Figures of a run that was begun before are the same as those of one run through; its times are not.
    let wall_s = notes.is_none().then(|| begun.elapsed().as_secs_f64());
    if let Some(path) = &args.chart {
        let drawn = report::chart(&plain, &jobs, &done);
        std::fs::write(path, drawn).with_context(|| format!("{}", path.display()))?;
    }
    report::print(args.json, &jobs, &done, &Beside { references, plain }, wall_s)
}

/// The home with its batteries, whatever its entities.
fn house(path: &Path, start_soc_pct: f64) -> Result<House> {
    let setup = config::load(path)?.setup;
    if setup.batteries.is_empty() {
        bail!("{}: no battery, so there is nothing to play", path.display());
    }
    let mut limits = setup.limits.clone();
    limits.batteries.values_mut().for_each(|own| own.commands = Battery::all_commands());
    house::of(&setup, limits, |_| Some(start_soc_pct)).ok_or_else(|| anyhow!("{}: no limits", path.display()))
}

/// One for each strategy, combination of settings and, for the split of its loss, way of knowing.
fn jobs(args: &Backtest) -> Result<Vec<Job>> {
    let base: Value = match &args.settings {
        Some(path) => serde_json::from_slice(&std::fs::read(path).with_context(|| format!("{}", path.display()))?)
            .with_context(|| format!("{}", path.display()))?,
        None => json!({}),
    };
    let as_asked = match args.forecast {
        ForecastArg::Known => Foresight::KNOWN,
        ForecastArg::Perfect => Foresight::PERFECT,
    };
    let mut ways = vec![(as_asked, true)];
    if args.split {
        ways.extend([(as_asked, false), (Foresight { home: true, ..as_asked }, false), (Foresight::PERFECT, false)]);
    }
    let mut jobs = Vec::new();
    for name in &args.strategy {
        let strategy = Arc::new(Sandboxed::new(Arc::new(shipped::find(name)?), Allowance::default()));
        for varied in combinations(&args.vary)? {
            let mut settings = base.clone();
            for (key, value) in &varied {
                settings[key] = value.clone();
            }
            let settings = strategy.complete(&settings)?;
            let label = varied.iter().map(|(key, value)| format!(" {key}={value}")).collect::<String>();
            jobs.extend(ways.iter().map(|(foresight, guarded)| Job {
                label: format!("{name}{label}"),
                strategy: strategy.clone(),
                settings: settings.clone(),
                foresight: *foresight,
                guarded: *guarded,
            }));
        }
    }
    Ok(jobs)
}

/// All combinations of `key=a,b,c` with others of the kind; one without any when there is none.
fn combinations(vary: &[String]) -> Result<Vec<Vec<(String, Value)>>> {
    vary.iter().try_fold(vec![Vec::new()], |combined, one| {
        let (key, values) = one.split_once('=').ok_or_else(|| anyhow!("--vary {one}: expected KEY=A,B,…"))?;
        let values: Vec<Value> = values
            .split(',')
            .map(|value| serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned())))
            .collect();
        let with = |before: &Vec<(String, Value)>, value: &Value| {
            let mut all = before.clone();
            all.push((key.to_owned(), value.clone()));
            all
        };
        Ok(combined.iter().flat_map(|before| values.iter().map(move |value| with(before, value))).collect())
    })
}

/// What a file of notes must have been begun with to be gone on with.
fn heading(args: &Backtest, house: &House, jobs: &[Job], rows: &[SeriesRow]) -> Value {
    let job =
        |job: &Job| json!([job.strategy.hash(), job.settings, job.foresight.prices, job.foresight.home, job.guarded]);
    // Weighted by the place of each, so that no two exchanged rows look the same.
    let weighed = |(place, row): (usize, &SeriesRow)| {
        (place + 1) as f64 * (row.import_price + 3.0 * row.export_price + row.load_w + 7.0 * row.solar_w)
    };
    let sum: f64 = rows.iter().enumerate().map(weighed).sum();
    let jobs: Vec<Value> = jobs.iter().map(job).collect();
    json!({ "home": format!("{house:?}"), "soc": args.soc, "slots": rows.len(), "sum": sum, "jobs": jobs })
}

/// Plays all jobs on all cores.
fn play(jobs: &[Job], house: &House, rows: &[SeriesRow], notes: Option<&Notes>) -> Result<Vec<Played>> {
    let forecasts = Forecasts::new(rows, &house.timezone);
    let before = |index: usize| notes.map(|notes| notes.of(index)).unwrap_or_default();
    let player = |(index, job): (usize, &Job)| job.player(house, &forecasts, before(index));
    let players = jobs.iter().enumerate().map(player).collect::<Result<Vec<_>, _>>()?;
    let all = jobs.len() * rows.len();
    let gone: usize = players.iter().map(|player| player.next_slot().unwrap_or(rows.len())).sum();
    let slots = AtomicUsize::new(gone);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let played = play_together(&forecasts, players, cores, |index, player| {
        let strategy = &*jobs[index].strategy;
        let asked = player.ask(strategy);
        if let Some(notes) = notes {
            notes.add(index, &asked)?;
        }
        player.play(strategy, asked);
        // A line for each twentieth is enough for a person to see that it goes on.
        let at = slots.fetch_add(1, Ordering::Relaxed) + 1;
        if at * 20 / all.max(1) != (at - 1) * 20 / all.max(1) {
            eprintln!("{} % of {all} slots", at * 100 / all.max(1));
        }
        anyhow::Ok(())
    })?;
    if let Some(notes) = notes {
        notes.flush()?;
    }
    Ok(played)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_meets_every_other() {
        assert_eq!(combinations(&[]).unwrap(), [Vec::new()]);
        let all = combinations(&["a=1,2".into(), "b=true,x".into()]).unwrap();
        assert_eq!(all.len(), 4);
        assert_eq!(all[1], [("a".to_owned(), json!(1)), ("b".to_owned(), json!("x"))]);
        assert!(combinations(&["a".into()]).is_err());
    }
}
