//! `wattwright scores`.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, Result, bail};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use model::DayScore;
use model::score::{DayReferences, proposals};
use serde_json::json;

use super::{say, say_json};
use crate::cli::Scores;
use crate::site::Site;

/// Days that are shown by default.
const DAYS: i32 = 30;

/// Prints what strategies would have cost.
pub fn run(args: &Scores) -> Result<()> {
    let site = Site::find(&args.site)?;
    let Some(journal) = site.journal()? else {
        bail!("{}: there is no journal yet; `wattwright run` begins one", site.state_dir.display());
    };
    let today = TimeZone::system().to_datetime(Timestamp::now()).date();
    let until = args.until.unwrap_or(today);
    let from = args.from.map_or_else(|| until.checked_sub(Span::new().days(DAYS)), Ok)?;
    // A day of any zone; what else is read is left out by its date.
    let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight()));
    let around = Span::new().hours(24);
    let all = journal.scores(
        midnight(from)?.checked_sub(around).context("--from")?,
        midnight(until)?.checked_add(Span::new().hours(48)).unwrap_or(Timestamp::MAX),
    )?;
    let days: Vec<DayScore> = all.into_iter().filter(|day| day.day >= from && day.day <= until).collect();
    let proposals = proposals(&days, &site.roster().read()?, site.promotion);
    if args.json {
        return say_json(&json!({ "days": days, "proposals": proposals }));
    }
    if days.is_empty() {
        say("No day was scored yet. A day is scored soon after it is over, by the daemon.");
        return Ok(());
    }
    say(table(&days));
    for proposal in proposals {
        say(format!(
            "{} would have cost {:.2} less than {} over the last {} days, and nothing was refused. \
             `wattwright strategy enable {}` lets it decide.",
            proposal.strategy.name, proposal.gain, proposal.instead_of, proposal.days, proposal.strategy.name
        ));
    }
    Ok(())
}

fn table(days: &[DayScore]) -> String {
    let scored: Vec<(&DayScore, &DayReferences)> =
        days.iter().filter_map(|day| Some((day, day.references.as_ref()?))).collect();
    let names: BTreeSet<&str> =
        days.iter().flat_map(|day| &day.strategies).map(|score| score.strategy.name.as_str()).collect();
    let money = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    let mut text = format!("{:<12}{:>12}{:>12}{:>12}{:>12}", "", "no battery", "self-cons.", "measured", "best");
    names.iter().for_each(|name| {
        let _ = write!(text, "{:>16}", name.chars().take(15).collect::<String>());
    });
    let line = |text: &mut String, label: &str, fixed: [Option<f64>; 4], own: Vec<Option<f64>>| {
        let _ = write!(text, "\n{label:<12}");
        fixed.into_iter().for_each(|value| {
            let _ = write!(text, "{:>12}", money(value));
        });
        own.into_iter().for_each(|value| {
            let _ = write!(text, "{:>16}", money(value));
        });
    };
    for day in days {
        let Some(references) = &day.references else {
            let _ = write!(text, "\n{:<12}{}", day.day.to_string(), day.unscored.as_deref().unwrap_or_default());
            continue;
        };
        let own = names.iter().map(|name| day.of(name).map(|score| score.cost_adjusted)).collect();
        line(&mut text, &day.day.to_string(), fixed(references), own);
    }
    let sum = |of: &dyn Fn(&DayScore, &DayReferences) -> Option<f64>| {
        scored.iter().map(|(day, references)| of(day, references)).sum::<Option<f64>>()
    };
    let sums = std::array::from_fn(|at| sum(&|_, references| fixed(references)[at]));
    let own = names.iter().map(|name| sum(&|day, _| day.of(name).map(|score| score.cost_adjusted))).collect();
    line(&mut text, "all", sums, own);
    for name in names.iter() {
        let losses = || scored.iter().filter_map(|(day, _)| Some(day.of(name)?.loss));
        let part = |of: fn(&model::Loss) -> f64| losses().map(|loss| of(&loss)).sum::<f64>();
        let _ = write!(
            text,
            "\n{name}: of {:.2} lost against the best, forecasts {:.2}, prices not yet known {:.2}, the strategy {:.2}, \
             the guard {:.2}",
            part(model::Loss::sum),
            part(|loss| loss.forecast_error),
            part(|loss| loss.price_error),
            part(|loss| loss.strategy),
            part(|loss| loss.guard)
        );
    }
    text
}

fn fixed(references: &DayReferences) -> [Option<f64>; 4] {
    [
        Some(references.no_battery),
        Some(references.self_consumption),
        references.measured,
        Some(references.perfect_foresight),
    ]
}
