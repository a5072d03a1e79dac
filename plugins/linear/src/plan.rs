//! Puts the plan together.

use serde::{Deserialize, Serialize};
use wattwright_strategy::text::Clock;
use wattwright_strategy::{
    Action, Battery, Command, Commands, Expectation, Fact, Instant, OutlookSlot, Plan, Reason, Snapshot,
};

use crate::cell::Cell;
use crate::choice::{FOLLOW, Scene};
use crate::horizon::Horizon;
use crate::job::Job;
use crate::market::{Slot, Store};
use crate::settings::Settings;
use crate::several::{self, Together};
use crate::tasks::{self, Run, Work};
use crate::why::Case;
use crate::worth::Worth;

/// What a battery must be able to be told for these plans. Another one is left to other strategies.
const NEEDED: Commands = Commands::HOLD.union(Commands::BALANCE);
/// Within the slot for which something was decided, it stays unless something else gains more than this, currency:
/// forecasts move a little from minute to minute, and each change costs a relay and people's trust.
const COMMITTED: f64 = 2e-3;
/// Of the mean import price: some of what is left at the end will save nothing.
const LEFT_SHARE: f64 = 0.85;

/// What is remembered until the next time.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Memory {
    /// The slot that was decided for.
    slot: Instant,
}

/// Decides for everything in the snapshot.
pub(crate) fn make(snapshot: &Snapshot, settings: &Settings, memory: &[u8]) -> Plan {
    let clock = Clock::of(snapshot);
    let mut horizon = Horizon::of(snapshot, settings.caution.clamp(0.0, 2.0));
    // What cannot be read was left by another version.
    let before: Memory = serde_json::from_slice(memory).unwrap_or_default();
    let slot = horizon.periods.first().map(|period| period.start).unwrap_or_default();
    let margin = if before.slot == slot { COMMITTED } else { 0.0 };

    let batteries: Vec<&Battery> = snapshot.batteries.iter().filter(|it| it.commands.contains(NEEDED)).collect();
    let open = if settings.flexible_loads { tasks::open(snapshot, &horizon) } else { Vec::new() };
    for work in open.iter().filter(|work| work.is_set()) {
        add_run(&mut horizon, &work.at_once());
    }
    let (powers_kw, runs) = together(&batteries, &open, settings, &horizon, &clock);
    for (run, work) in runs.iter().zip(&open) {
        if !work.is_set() {
            add_run(&mut horizon, &run.kwh);
        }
    }
    let mut planned = Vec::with_capacity(batteries.len());
    for (b, battery) in batteries.iter().enumerate() {
        // What the others are to do is the home's; those before it have been told already.
        let mut met = horizon.clone();
        for later in powers_kw.iter().skip(b + 1) {
            met.periods.iter_mut().zip(later).for_each(|(period, power_kw)| period.add_load(-power_kw));
        }
        let one = Planned::of(battery, settings, &met, &clock, margin);
        for (period, step) in horizon.periods.iter_mut().zip(&one.steps) {
            period.add_load(-step.power_kw);
        }
        planned.push(one);
    }
    let summary = planned.first().map_or_else(|| "no battery to plan for".into(), |one| one.summary(&clock));
    let mut actions: Vec<Action> = planned.iter().filter_map(Planned::action).collect();
    actions.extend(runs.iter().map(|run| run.action.clone()));
    let figures = figures(&horizon, &runs, &clock);
    let memory = serde_json::to_vec(&Memory { slot }).unwrap_or_default();
    Plan { actions, outlook: outlook(&horizon, planned, &runs), summary, figures, memory }
}

fn add_run(horizon: &mut Horizon, kwh: &[f64]) {
    for (period, kwh) in horizon.periods.iter_mut().zip(kwh) {
        period.add_load(kwh / period.slot.market.hours);
    }
}

/// What each of several batteries is to do in each slot when all is planned at once, kW, and when the tasks run; of
/// one battery alone nothing.
fn together<'a>(
    batteries: &[&Battery],
    open: &'a [Work<'a>],
    settings: &Settings,
    horizon: &Horizon,
    clock: &Clock<'_>,
) -> (Vec<Vec<f64>>, Vec<Run<'a>>) {
    let cells: Vec<Option<Cell>> =
        // What is commanded by hand does not follow a plan.
        batteries.iter().map(|battery| Cell::of(battery, settings, clock.now).ok().filter(|cell| cell.by_hand.is_none())).collect();
    let stores: Vec<Store> = cells.iter().flatten().map(|cell| cell.store).collect();
    let jobs: Vec<Job> = open.iter().filter(|work| !work.is_set()).map(|work| work.job.clone()).collect();
    let found = if jobs.is_empty() && stores.len() < 2 {
        Together::default()
    } else {
        let left: Vec<f64> = stores.iter().map(|store| left_per_kwh(store, horizon)).collect();
        let expected = |slot: Slot| Slot { market: slot.market, chances: vec![slot.expected()] };
        let slots: Vec<Slot> = horizon.slots().into_iter().map(expected).collect();
        several::plan(&stores, &slots, &jobs, &left)
    };
    let mut plans = found.plans.into_iter();
    let mut power_kw = |cell: &Option<Cell>| match cell {
        Some(_) => plans.next().unwrap_or_default().iter().map(|step| step.power_kw).collect(),
        None => Vec::new(),
    };
    let powers_kw = cells.iter().map(&mut power_kw).collect();
    let mut runs = found.runs.into_iter().zip(found.run_costs);
    let run = |work: &'a Work<'a>| {
        let chosen = if work.is_set() { None } else { runs.next() };
        let (kwh, costs) = chosen.unwrap_or_else(|| (work.at_once(), Vec::new()));
        work.run(kwh, &costs, horizon, clock)
    };
    (powers_kw, open.iter().map(run).collect())
}

/// What a stored kWh that is left at the end is worth.
fn left_per_kwh(store: &Store, horizon: &Horizon) -> f64 {
    LEFT_SHARE * store.discharge_efficiency * horizon.mean_price.unwrap_or(1.0).max(0.0)
}

/// One battery in one slot.
struct Step {
    command: Command,
    reason: Reason,
    start: Instant,
    power_kw: f64,
    soc_pct: f64,
}

/// A battery with what is planned for it.
struct Planned<'a> {
    battery: &'a Battery,
    by_hand: bool,
    /// One for each slot; none when nothing can be planned.
    steps: Vec<Step>,
    /// What it does then.
    otherwise: (Command, Reason),
}

impl<'a> Planned<'a> {
    fn of(battery: &'a Battery, settings: &Settings, horizon: &Horizon, clock: &Clock<'_>, margin: f64) -> Self {
        let cell = match Cell::of(battery, settings, clock.now) {
            Ok(cell) => cell,
            Err((code, text)) => {
                let by_hand = battery.in_force.as_ref().is_some_and(|it| it.until.is_some_and(|u| u > clock.now));
                return Self {
                    battery,
                    by_hand,
                    steps: Vec::new(),
                    otherwise: (Command::Hold, Reason::new(code, text)),
                };
            }
        };
        let slots = cell.slots(horizon);
        let worth = Worth::of(&cell.store, &slots, left_per_kwh(&cell.store, horizon));
        let steps =
            steps(&cell, &slots, &worth, horizon, clock, battery.in_force.as_ref().map(|it| &it.command), margin);
        let reason = Reason::new("self-use", "follow the meter: nothing is known of the slots ahead");
        Self { battery, by_hand: cell.by_hand.is_some(), steps, otherwise: (FOLLOW, reason) }
    }

    /// None for what the owner has set by hand: it stays as it is.
    fn action(&self) -> Option<Action> {
        if self.by_hand {
            return None;
        }
        let (command, reason) = match self.steps.first() {
            Some(step) => (step.command.clone(), step.reason.clone()),
            None => self.otherwise.clone(),
        };
        let until = self.steps.iter().find(|step| !alike(&step.command, &command)).map(|step| step.start);
        Some(Action { target: self.battery.id.clone(), command, reason, until })
    }

    fn summary(&self, clock: &Clock<'_>) -> String {
        let Some(first) = self.steps.first() else { return self.otherwise.1.text.clone() };
        let line = wattwright_strategy::text::Line::new().say(&first.reason.text);
        match self.steps.iter().find(|step| !alike(&step.command, &first.command)) {
            Some(next) => line.say("; at ").time(clock, next.start).say(": ").say(&next.reason.text).end(),
            None => line.end(),
        }
    }
}

fn steps(
    cell: &Cell,
    slots: &[Slot],
    worth: &Worth,
    horizon: &Horizon,
    clock: &Clock<'_>,
    in_force: Option<&Command>,
    margin: f64,
) -> Vec<Step> {
    let store = &cell.store;
    let mut stored_kwh = store.stored_kwh;
    let step = |(t, (slot, period)): (usize, (&Slot, &crate::horizon::Period))| {
        let scene = Scene { cell, worth, t, slot, stored_kwh };
        let set = cell.by_hand.as_ref().filter(|it| it.until.is_some_and(|until| period.start < until));
        let command = match set {
            Some(set) => set.command.clone(),
            None if t == 0 => scene.choose(in_force, margin),
            None => scene.outline(),
        };
        let expected = slot.expected();
        let power_kw = scene.power_kw(&command, &expected);
        let end_kwh =
            (stored_kwh - store.spent_kwh(power_kw, slot.market.hours)).clamp(store.base_kwh(), store.top_kwh());
        let (below, above) = worth.after(t).slopes(end_kwh);
        let (below, above) = (-below.or(above).unwrap_or(0.0), -above.or(below).unwrap_or(0.0));
        let case =
            Case { cell, clock, slot, command: &command, power_kw, stored_kwh, worth_above: above, worth_below: below };
        let reason =
            if set.is_some() { Reason::new("by-hand", "set by hand: it stays as it is") } else { case.reason() };
        stored_kwh = end_kwh;
        Step { command, reason, start: period.start, power_kw, soc_pct: cell.pct(end_kwh) }
    };
    slots.iter().zip(&horizon.periods).enumerate().map(step).collect()
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

/// What all slots are expected to cost, and what of it is a limit that could not be kept.
fn figures(horizon: &Horizon, runs: &[Run<'_>], clock: &Clock<'_>) -> Vec<Fact> {
    if horizon.mean_price.is_none() {
        return Vec::new();
    }
    let (mut cost, mut beyond_kwh) = (0.0, 0.0);
    for period in &horizon.periods {
        let (market, net_kw) = (&period.slot.market, period.slot.expected().net_kw);
        let grid_kw = net_kw.max(-market.export_limit_kw);
        cost += grid_kw * market.hours * if grid_kw > 0.0 { market.import_price } else { market.export_price };
        beyond_kwh += (grid_kw - market.import_limit_kw).max(0.0) * market.hours;
    }
    let mut facts = vec![Fact::new("expected-cost", cost, clock.currency)];
    let unfinished_kwh: f64 = runs.iter().map(|run| run.slack_kwh).sum();
    facts.extend((unfinished_kwh > 0.0).then(|| Fact::new("slack-tasks", unfinished_kwh, "kWh")));
    facts.extend((beyond_kwh > 1e-6).then(|| Fact::new("slack-import-limit", beyond_kwh, "kWh")));
    facts
}

fn outlook(horizon: &Horizon, planned: Vec<Planned<'_>>, runs: &[Run<'_>]) -> Vec<OutlookSlot> {
    let mut batteries: Vec<_> = planned
        .into_iter()
        .filter(|one| !one.steps.is_empty())
        .map(|one| (one.battery.id.as_str(), one.steps.into_iter()))
        .collect();
    let slot = |(t, period): (usize, &crate::horizon::Period)| {
        let targets = batteries.iter_mut().filter_map(|(id, steps)| {
            let step = steps.next()?;
            Some(Expectation {
                target: (*id).to_owned(),
                command: step.command,
                power_w: Some(step.power_kw * 1000.0),
                soc_pct: Some(step.soc_pct),
                reason: step.reason,
            })
        });
        let targets = targets.chain(runs.iter().map(|run| run.expectation(t, period.slot.market.hours)));
        let grid_kw = period.slot.expected().net_kw.max(-period.slot.market.export_limit_kw);
        OutlookSlot { start: period.start, end: period.end, grid_w: Some(grid_kw * 1000.0), targets: targets.collect() }
    };
    horizon.periods.iter().enumerate().map(slot).collect()
}
