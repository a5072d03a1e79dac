//! What the page shows of this moment. Pure.

use std::collections::BTreeMap;

use engine::{Entry, Library, Quarantine, State};
use model::live::{Available, Doing, StrategyInfo, StrategyState};
use model::snapshot::Battery;
use model::{HomeState, Link, Outcome, Roster, Snapshot, TargetId, Tick};

use crate::shadows::Standing;
use crate::snapshot::describe_fault;

/// What is available in each battery at the present use of the home.
pub fn available(batteries: &[Battery], load_w: Option<f64>) -> Vec<Available> {
    let of = |battery: &Battery| {
        let energy_wh = battery.soc_pct.map(|soc| {
            let above = (soc - battery.min_soc_pct).max(0.0) / 100.0;
            above * battery.capacity_wh * battery.discharge_efficiency
        });
        let hours = energy_wh.zip(load_w.filter(|w| *w >= 1.0)).map(|(wh, w)| wh / w);
        Available { battery: battery.id.clone(), energy_wh, hours }
    };
    batteries.iter().map(of).collect()
}

/// The strategies in the order in which they are asked, then the shadows, then the rest.
pub fn strategies(
    library: &Library,
    roster: &Roster,
    last: Option<&Tick>,
    logs: &BTreeMap<String, Vec<String>>,
    shadows: &Standing,
) -> Vec<StrategyInfo> {
    let place = |name: &str| roster.active.iter().chain(&roster.shadows).position(|listed| listed == name);
    let mut entries = library.entries();
    entries.sort_by_key(|entry| (place(&entry.name).unwrap_or(usize::MAX), entry.name.clone()));
    entries.into_iter().map(|entry| info(roster, entry, last, logs, shadows)).collect()
}

fn info(
    roster: &Roster,
    entry: Entry,
    last: Option<&Tick>,
    logs: &BTreeMap<String, Vec<String>>,
    shadows: &Standing,
) -> StrategyInfo {
    let description = entry.strategy.as_ref().map(|s| s.description().clone());
    let version = entry.strategy.as_ref().map(|s| s.reference());
    let (name, is) = (&entry.name, |names: &[String]| names.contains(&entry.name));
    let decides = || {
        let verdicts = last.map(|tick| tick.verdicts.as_slice()).unwrap_or_default();
        verdicts.iter().any(|verdict| verdict.by.as_ref() == Some(name) && verdict.approved.is_some())
    };
    let quarantine = match &entry.state {
        State::Quarantined(quarantine) => Some(why_quarantined(quarantine)),
        State::InUse | State::NotLoaded => None,
    };
    let state = match &version {
        None => StrategyState::Failed,
        Some(_) if quarantine.is_some() => StrategyState::Quarantined,
        Some(_) if is(&roster.active) && decides() => StrategyState::Active,
        Some(_) if is(&roster.active) => StrategyState::FallBack,
        Some(_) if is(&roster.shadows) => StrategyState::Shadow,
        Some(_) => StrategyState::Idle,
    };
    let attempts = last.map(|tick| tick.attempts.as_slice()).unwrap_or_default();
    let failed_call = attempts.iter().find(|a| Some(&a.strategy) == version.as_ref()).map(|a| a.message.clone());
    let failed_call = failed_call.or_else(|| shadows.failures.get(name).cloned());
    let own = roster.member(name).settings;
    let settings = entry.strategy.as_ref().and_then(|s| s.complete_settings(&own).ok()).unwrap_or(own);
    StrategyInfo {
        state,
        origin: entry.origin.to_string(),
        summary: description.as_ref().map(|d| d.summary.clone()).unwrap_or_default(),
        author: description.map(|d| d.author).unwrap_or_default(),
        loaded_at: entry.loaded_at,
        error: entry.error.or(quarantine).or(failed_call),
        settings,
        log: logs.get(&entry.name).or_else(|| shadows.logs.get(&entry.name)).cloned().unwrap_or_default(),
        version,
        name: entry.name,
    }
}

/// Why a strategy is not asked, and the way out.
pub fn why_quarantined(quarantine: &Quarantine) -> String {
    let Quarantine { since, code, message } = quarantine;
    format!(
        "in quarantine since {since:.0}, after three failures in a row, the last one `{code}`: {message}; a new version \
         or the owner's pardon ends it"
    )
}

/// What the owner should know, most important first.
pub fn troubles(
    home: &HomeState,
    names: &BTreeMap<TargetId, String>,
    doing: &[Doing],
    strategies: &[StrategyInfo],
    snapshot: Option<&Snapshot>,
    skipped: u64,
    record_error: Option<&str>,
) -> Vec<String> {
    let mut troubles = Vec::new();
    match &home.link {
        Link::Up { .. } => {}
        Link::Connecting { reason } if reason.is_empty() => troubles.push("Connecting to the home".into()),
        Link::Connecting { reason } => troubles.push(format!("No connection to the home: {reason}")),
        Link::Rejected { reason } => troubles.push(format!("The home does not accept Wattwright: {reason}")),
    }
    let name = |id: &TargetId| names.get(id).cloned().unwrap_or_else(|| id.clone());
    for outcome in doing.iter().filter_map(|d| d.outcome.as_ref()).filter(|o| o.stage.is_trouble()) {
        troubles.push(format!("{}: {}", name(&outcome.target), trouble_of(outcome)));
    }
    if home.link.is_up() {
        for battery in &home.batteries {
            for reading in [&battery.soc_pct, &battery.power_w] {
                if let Some(fault) = &reading.fault {
                    troubles.push(format!("{}: `{}` {}", name(&battery.id), reading.entity, describe_fault(fault)));
                }
            }
        }
        if let Some(fault) = &home.grid_power_w.fault {
            troubles.push(format!("Meter: `{}` {}", home.grid_power_w.entity, describe_fault(fault)));
        }
        for device in &home.devices {
            if let Some(fault) = &device.fault {
                troubles.push(format!("{}: {}", name(&device.id), describe_fault(fault)));
            }
        }
    }
    for strategy in strategies {
        if let Some(error) = &strategy.error {
            troubles.push(format!("Strategy {}: {error}", strategy.name));
        }
    }
    for problem in snapshot.map(|s| s.problems.as_slice()).unwrap_or_default() {
        if matches!(problem.code.as_str(), "stale" | "implausible") || problem.subject.contains("price") {
            troubles.push(problem.text.clone());
        }
    }
    if skipped > 0 {
        let ticks = if skipped == 1 { "1 tick was".to_owned() } else { format!("{skipped} ticks were") };
        troubles.push(format!("Shadows: {ticks} skipped, since they were still busy with the one before"));
    }
    if let Some(error) = record_error {
        troubles.push(format!("The journal cannot be written: {error}"));
    }
    troubles
}

fn trouble_of(outcome: &Outcome) -> String {
    use model::Stage;
    let note = outcome.steps.last().map(|s| s.note.as_str()).unwrap_or_default();
    let what = match outcome.stage {
        Stage::Rejected => "was refused by the home",
        Stage::TimedOut => "was not confirmed in time",
        Stage::Contradicted => "shows another setting than it was given",
        _ => "was accepted but is not obeyed",
    };
    let command = &outcome.command;
    if note.is_empty() { format!("{command} {what}") } else { format!("{command} {what} ({note})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn battery(soc_pct: Option<f64>) -> Battery {
        Battery {
            id: "battery".into(),
            name: "Battery".into(),
            commands: Battery::all_commands(),
            soc_pct,
            capacity_wh: 2000.0,
            min_soc_pct: 10.0,
            max_soc_pct: 100.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            min_power_w: 0.0,
            grid_charging: true,
            grid_export: true,
            carries_solar: false,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.9,
            power_w: Some(0.0),
            wear_cost_per_kwh: 0.0,
            in_force: None,
            extras: Vec::new(),
        }
    }

    #[test]
    fn available_is_what_comes_out_above_the_lower_limit() {
        let shown = available(&[battery(Some(60.0))], Some(300.0));
        assert_eq!(shown[0].energy_wh, Some(900.0));
        assert_eq!(shown[0].hours, Some(3.0));
        assert_eq!(available(&[battery(Some(5.0))], Some(300.0))[0].energy_wh, Some(0.0));
    }

    #[test]
    fn unknown_is_not_zero() {
        assert_eq!(available(&[battery(None)], Some(300.0))[0].energy_wh, None);
        assert_eq!(available(&[battery(Some(60.0))], None)[0].hours, None);
    }
}
