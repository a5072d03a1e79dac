//! What a backtest says.

use anyhow::Result;
use backtest::{Played, References, chart as draw, share};
use model::Loss;
use serde_json::{Value, json};

use super::job::Job;
use crate::commands::{say, say_json};

/// What stands beside the strategies.
pub struct Beside {
    pub references: References,
    /// Plain self-consumption once more, for its months.
    pub plain: Played,
}

/// A strategy's way as it was asked for, with those that only split its loss.
struct Run<'a> {
    job: &'a Job,
    done: &'a Played,
    loss: Option<Loss>,
}

fn runs<'a>(jobs: &'a [Job], done: &'a [Played], references: &References) -> Vec<Run<'a>> {
    let all: Vec<(&Job, &Played)> = jobs.iter().zip(done).collect();
    // The ways of one strategy follow each other, the first is the one that counts.
    let groups = all.chunk_by(|_, next| !next.0.guarded);
    groups
        .filter_map(|group| {
            let cost = |at: usize| Some(group.get(at)?.1.totals?.cost_adjusted_eur);
            let loss = match (cost(0), cost(1), cost(2), cost(3)) {
                (Some(was), Some(unguarded), Some(home), Some(all)) => {
                    let best = references.perfect_foresight.cost_adjusted_eur;
                    Some(Loss::of(was, unguarded, home, all, best))
                }
                _ => None,
            };
            let (job, done) = group.first()?;
            Some(Run { job, done, loss })
        })
        .collect()
}

/// Prints the figures.
pub fn print(json: bool, jobs: &[Job], done: &[Played], beside: &Beside, wall_s: Option<f64>) -> Result<()> {
    let references = &beside.references;
    let runs = runs(jobs, done, references);
    if !json {
        say(table(&runs, beside, wall_s));
        return Ok(());
    }
    let figures = runs.iter().map(|run| figures(run, beside, wall_s)).collect::<Result<Vec<Value>>>()?;
    match <[Value; 1]>::try_from(figures) {
        Ok([mut only]) => {
            only["references"] = serde_json::to_value(references)?;
            say_json(&only)
        }
        Err(several) => say_json(&json!({
            "runs": several,
            "references": references,
            "wall_s": wall_s,
            "peak_memory_mb": wall_s.and_then(|_| peak_memory_mb()),
        })),
    }
}

fn figures(run: &Run<'_>, beside: &Beside, wall_s: Option<f64>) -> Result<Value> {
    let references = &beside.references;
    let mut figures = serde_json::to_value(run.done)?;
    let cost = run.done.totals.map_or(0.0, |totals| totals.cost_adjusted_eur);
    figures["strategy"] = json!(run.job.label);
    figures["settings"] = run.job.settings.clone();
    figures["saved_against_no_battery_eur"] = json!(references.no_battery.cost_adjusted_eur - cost);
    figures["saved_against_self_consumption_eur"] = json!(references.self_consumption.cost_adjusted_eur - cost);
    figures["share_of_achievable_saving"] = json!(share(cost, references));
    figures["worst_month"] = json!(worst_month(run.done, &beside.plain).map(|(month, saved)| json!({
        "month": month,
        "saved_against_self_consumption_eur": saved,
    })));
    figures["loss_eur"] = serde_json::to_value(run.loss)?;
    let times = wall_s.map(|_| json!({ "p50": quantile_ms(run.done, 0.5), "p99": quantile_ms(run.done, 0.99) }));
    figures["decide_ms"] = times.unwrap_or(Value::Null);
    figures["wall_s"] = json!(wall_s);
    figures["peak_memory_mb"] = json!(wall_s.and_then(|_| peak_memory_mb()));
    Ok(figures)
}

/// The month in which least was saved against plain self-consumption, and how much.
fn worst_month<'a>(done: &'a Played, plain: &Played) -> Option<(&'a str, f64)> {
    let saved = |((month, own), (_, plain)): (&'a (String, f64), &(String, f64))| (month.as_str(), plain - own);
    done.months.iter().zip(&plain.months).map(saved).min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The most memory that this process had at once (`VmHWM` of proc(5)); `None`: not on Linux.
fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kb| kb / 1024.0)
}

fn quantile_ms(done: &Played, share: f64) -> Option<f64> {
    let mut times = done.took_us.clone();
    times.sort_unstable();
    let at = (times.len().saturating_sub(1) as f64 * share).round() as usize;
    times.get(at).map(|us| *us as f64 / 1000.0)
}

fn table(runs: &[Run<'_>], beside: &Beside, wall_s: Option<f64>) -> String {
    use std::fmt::Write;
    let references = &beside.references;
    let mut text = format!(
        "{:<44}{:>10}{:>8}{:>9}{:>9}{:>8}{:>9}{:>9}{:>9}{:>9}\n",
        "", "cost", "share", "import", "export", "cycles", "adjusted", "refused", "p50 ms", "p99 ms"
    );
    let fixed = [
        ("no battery", &references.no_battery),
        ("self-consumption", &references.self_consumption),
        ("perfect foresight", &references.perfect_foresight),
    ];
    for (name, totals) in fixed {
        let share = share(totals.cost_adjusted_eur, references);
        let _ = writeln!(
            text,
            "{name:<44}{:>10.2}{share:>8.3}{:>9.0}{:>9.0}{:>8.0}",
            totals.cost_adjusted_eur, totals.import_kwh, totals.export_kwh, totals.cycles
        );
    }
    for run in runs {
        let Some(totals) = run.done.totals else { continue };
        let share = share(totals.cost_adjusted_eur, references);
        let ms = |at| quantile_ms(run.done, at).map_or("-".to_owned(), |ms| format!("{ms:.2}"));
        let _ = writeln!(
            text,
            "{:<44}{:>10.2}{share:>8.3}{:>9.0}{:>9.0}{:>8.0}{:>9}{:>9}{:>9}{:>9}",
            run.job.label,
            totals.cost_adjusted_eur,
            totals.import_kwh,
            totals.export_kwh,
            totals.cycles,
            run.done.adjusted,
            run.done.refused,
            ms(0.5),
            ms(0.99)
        );
        if let Some((month, saved)) = worst_month(run.done, &beside.plain) {
            let _ = writeln!(text, "  worst month {month}: {saved:.2} saved against self-consumption");
        }
        if let Some(loss) = run.loss {
            let _ = writeln!(
                text,
                "  lost to forecasts {:.2}, to prices not yet known {:.2}, by the strategy {:.2}, to the guard {:.2}",
                loss.forecast_error, loss.price_error, loss.strategy, loss.guard
            );
        }
    }
    if let Some(wall_s) = wall_s {
        let memory = peak_memory_mb().map(|mb| format!(", {mb:.0} MB at most")).unwrap_or_default();
        let _ = writeln!(text, "{wall_s:.1} s{memory}");
    }
    text
}

/// What each strategy has saved against self-consumption by the end of each day.
pub fn chart(plain: &Played, jobs: &[Job], done: &[Played]) -> String {
    let lines: Vec<(String, Vec<f64>)> = jobs
        .iter()
        .zip(done)
        .filter(|(job, _)| job.guarded)
        .map(|(job, done)| {
            let mut saved = 0.0;
            let days = plain.days.iter().zip(&done.days).map(|(plain, own)| {
                saved += plain - own;
                saved
            });
            (job.label.clone(), days.collect())
        })
        .collect();
    draw("Saved against plain self-consumption, EUR", &lines)
}
