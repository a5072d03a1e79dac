//! Puts the plan together.

mod figures;

use wattwright_strategy::{
    Action, BalanceLimits, Battery, Command, Commands, Expectation, Instant, OutlookSlot, Plan, Reason, Snapshot,
};

use crate::battery::{self, Cell, Step};
use crate::horizon::Horizon;
use crate::led;
use crate::settings::Settings;
use crate::tasks::{self, Run};
use wattwright_strategy::text::{Clock, Line};

/// What a battery must be able to be told for these rules. Another one is left to other strategies.
const NEEDED: Commands = Commands::HOLD.union(Commands::BALANCE);

/// Decides for everything in the snapshot.
pub(crate) fn make(snapshot: &Snapshot, settings: &Settings) -> Plan {
    let clock = Clock::of(snapshot);
    let mut horizon = Horizon::of(snapshot);
    let runs = if settings.flexible_loads { tasks::plan(snapshot, &mut horizon, &clock) } else { Vec::new() };
    // What the batteries before it give and take changes what the next one sees.
    let mut seen = horizon.clone();
    let mut planned = Vec::with_capacity(snapshot.batteries.len());
    for battery in snapshot.batteries.iter().filter(|battery| battery.commands.contains(NEEDED)) {
        let one = Planned::of(battery, settings, &seen, &clock);
        for (period, step) in seen.periods.iter_mut().zip(&one.steps) {
            period.load_w -= step.power_w;
        }
        planned.push(one);
    }

    let mut actions: Vec<Action> = planned.iter().filter_map(Planned::action).collect();
    let lights = led::actions(snapshot, settings, &actions);
    let summary = summary(&planned, &horizon, &clock);
    let cells: Vec<&Cell> = planned.iter().filter_map(|one| one.cell.as_ref()).collect();
    let figures = figures::of(&horizon, &cells, &seen, &planned, &clock);
    actions.extend(runs.iter().map(|run| run.action.clone()));
    actions.extend(lights);
    Plan { actions, outlook: outlook(&horizon, &seen, planned, &runs), summary, figures, memory: Vec::new() }
}

/// A battery with what is planned for it.
struct Planned<'a> {
    battery: &'a Battery,
    /// `None`: nothing can be planned, and it holds.
    cell: Option<Cell>,
    /// One for each slot, unless nothing can be planned.
    steps: Vec<Step>,
    now: Now,
    /// Whether the owner has set it by hand.
    by_hand: bool,
}

struct Now {
    command: Command,
    reason: Reason,
    until: Option<Instant>,
}

impl<'a> Planned<'a> {
    fn of(battery: &'a Battery, settings: &Settings, horizon: &Horizon, clock: &Clock<'_>) -> Self {
        let set_until = battery::by_hand(battery, horizon.now).and_then(|set| set.until);
        let by_hand = set_until.is_some();
        let cell = match Cell::of(battery, settings) {
            Ok(cell) => cell,
            Err((code, text)) => {
                let now = Now { command: Command::Hold, reason: Reason::new(code, text), until: None };
                return Self { battery, cell: None, steps: Vec::new(), now, by_hand };
            }
        };
        let steps = battery::plan(&cell, battery, horizon, clock);
        let now = match steps.first() {
            Some(step) => {
                let until = steps.iter().zip(&horizon.periods).find(|(next, period)| {
                    !alike(&next.command, &step.command) || set_until.is_some_and(|until| period.start >= until)
                });
                Now {
                    command: step.command.clone(),
                    reason: step.reason.clone(),
                    until: until.map(|(_, period)| period.start),
                }
            }
            None => blind(&cell),
        };
        Self { battery, cell: Some(cell), steps, now, by_hand }
    }

    /// None for what the owner has set by hand: it stays as it is.
    fn action(&self) -> Option<Action> {
        if self.by_hand {
            return None;
        }
        Some(Action {
            target: self.battery.id.clone(),
            command: self.now.command.clone(),
            reason: self.now.reason.clone(),
            until: self.now.until,
        })
    }
}

/// Without any slot ahead the battery follows the meter above its floor.
fn blind(cell: &Cell) -> Now {
    let at_floor = cell.stored_wh <= cell.floor_wh;
    let limits = BalanceLimits { max_charge_w: None, max_discharge_w: at_floor.then_some(0.0) };
    let reason = if at_floor {
        let line = Line::new().say("only store surplus: the lower limit is ").pct(cell.pct(cell.floor_wh));
        Reason::new("keep-reserve", line.say("; nothing is known of the slots ahead").end())
    } else {
        Reason::new("self-use", "follow the meter: nothing is known of the slots ahead")
    };
    let reason = reason.fact("soc-now", cell.pct(cell.stored_wh), "%");
    Now { command: Command::Balance(limits), reason, until: None }
}

/// Whether two commands are the same to a person: a power may differ.
fn alike(a: &Command, b: &Command) -> bool {
    match (a, b) {
        (Command::Balance(a), Command::Balance(b)) => {
            (a.max_charge_w == Some(0.0)) == (b.max_charge_w == Some(0.0))
                && (a.max_discharge_w == Some(0.0)) == (b.max_discharge_w == Some(0.0))
        }
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn summary(planned: &[Planned<'_>], horizon: &Horizon, clock: &Clock<'_>) -> String {
    let Some(first) = planned.first() else { return "no battery to plan for".into() };
    let mut line = Line::new().say(&first.now.reason.text);
    let next = first
        .now
        .until
        .and_then(|until| first.steps.iter().zip(&horizon.periods).find(|(_, period)| period.start == until));
    if let Some((step, period)) = next {
        line = line.say("; at ").time(clock, period.start).say(": ").say(&step.reason.text);
    }
    let trouble = planned.iter().skip(1).find(|one| one.cell.is_none());
    if let Some(other) = trouble {
        line = line.say("; ").say(&other.battery.name).say(": ").say(&other.now.reason.text);
    }
    line.end()
}

fn outlook(horizon: &Horizon, seen: &Horizon, planned: Vec<Planned<'_>>, runs: &[Run]) -> Vec<OutlookSlot> {
    let mut steps: Vec<_> = planned
        .into_iter()
        .filter(|one| one.cell.is_some())
        .map(|one| (one.battery.id.as_str(), one.steps.into_iter()))
        .collect();
    let slots = horizon.periods.iter().zip(&seen.periods).enumerate();
    slots
        .map(|(t, (period, after))| {
            let mut targets = Vec::with_capacity(steps.len() + runs.len());
            for (id, steps) in &mut steps {
                targets.extend(steps.next().map(|step| Expectation {
                    target: (*id).to_owned(),
                    command: step.command,
                    power_w: Some(step.power_w),
                    soc_pct: Some(step.soc_pct),
                    reason: step.reason,
                }));
            }
            targets.extend(runs.iter().map(|run| {
                let power_w = run.power_w[t];
                let on = power_w > 0.0;
                Expectation {
                    target: run.action.target.clone(),
                    command: if on { Command::TurnOn } else { Command::TurnOff },
                    power_w: Some(power_w),
                    soc_pct: None,
                    reason: if on { run.running.clone() } else { run.waiting.clone() },
                }
            }));
            let grid_w = after.net_w().max(-period.export_limit_w);
            OutlookSlot { start: period.start, end: period.end, grid_w: Some(grid_w), targets }
        })
        .collect()
}
