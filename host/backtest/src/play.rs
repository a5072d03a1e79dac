//! One strategy's way through a series, slot by slot.

use std::collections::BTreeSet;
use std::time::Duration;

use forecast::SeriesRow;
use guard::{Guard, Ledger, Mandate, Proposal, Scene, Watch};
use jiff::tz::TimeZone;
use model::home::{BatteryState, HomeState, Link, Reading};
use model::slot::SLOT_S;
use model::snapshot::{Battery, Grid, Snapshot};
use model::{Action, CommandKind, Decision, Grant, Input, Rule};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use simulator::{Account, Drive, Home, Inputs, ParameterError, Totals};

use crate::{Foresight, House, Knowing};

/// Something that decides.
pub trait Strategy: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;
    /// What it said that it commands.
    fn declared(&self) -> BTreeSet<CommandKind>;
    /// Decides.
    ///
    /// # Errors
    /// Why there is no plan.
    fn decide(&self, input: &Input) -> Result<Asked, String>;
}

/// What of an answer goes on: enough to play the slot once more without asking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// For the battery, without the words.
    pub action: Option<Action>,
    /// For the next time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<u8>,
    /// Whether there was a plan at all.
    pub ok: bool,
    /// How long the call took, microseconds.
    #[serde(skip)]
    pub took_us: u64,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Played {
    /// Cost and energy.
    #[serde(flatten)]
    pub totals: Option<Totals>,
    /// Actions that the guard let through as they were.
    pub accepted: u64,
    /// … changed,
    pub adjusted: u64,
    /// … or refused.
    pub refused: u64,
    /// Times that there was no plan.
    pub strategy_errors: u64,
    /// Cost adjusted for what was stored, month by month (local).
    pub months: Vec<(String, f64)>,
    /// The same, day by day.
    #[serde(skip)]
    pub days: Vec<f64>,
    /// How long the calls took, microseconds.
    #[serde(skip)]
    pub took_us: Vec<u64>,
}

/// A home in the midst of a series.
pub struct Player<'a> {
    house: &'a House,
    rows: &'a [SeriesRow],
    knowing: Knowing,
    zone: TimeZone,
    /// `None`: whatever is wanted is done.
    guard: Option<Guard>,
    mandate: Mandate,
    settings: Value,
    home: Home,
    total: Account,
    day: Split,
    month: Split,
    ledger: Ledger,
    watch: Watch,
    memory: Vec<u8>,
    last: Measured,
    next: usize,
    played: Played,
}

/// What was measured in the slot before.
#[derive(Clone, Copy, Default)]
struct Measured {
    grid_w: f64,
    solar_w: f64,
    load_w: f64,
    battery_w: f64,
}

/// An account for each day or month.
struct Split {
    format: &'static str,
    label: String,
    account: Account,
}

impl Split {
    fn new(format: &'static str, house: &House) -> Self {
        let account = Account::new(house.parameters.clone(), house.start_soc_pct);
        Self { format, label: String::new(), account }
    }
}

impl<'a> Player<'a> {
    /// At the beginning of the series.
    ///
    /// # Errors
    /// The battery cannot be.
    pub fn new(
        house: &'a House,
        rows: &'a [SeriesRow],
        strategy: &dyn Strategy,
        settings: Value,
        foresight: Foresight,
        guarded: bool,
    ) -> Result<Self, ParameterError> {
        let zone = TimeZone::get(&house.timezone).unwrap_or(TimeZone::UTC);
        let battery = simulator::Battery::new(house.parameters.clone(), house.start_soc_pct)?;
        Ok(Self {
            house,
            rows,
            knowing: Knowing::new(foresight, zone.clone()),
            zone,
            guard: guarded.then(|| Guard::new(house.limits.clone())),
            mandate: Mandate { declared: strategy.declared(), grant: Grant::default() },
            settings,
            home: Home::new(battery, house.limits.grid.feed_in_limit_w),
            total: Account::new(house.parameters.clone(), house.start_soc_pct),
            day: Split::new("%F", house),
            month: Split::new("%Y-%m", house),
            ledger: Ledger::default(),
            watch: Watch::default(),
            memory: Vec::new(),
            last: Measured::default(),
            next: 0,
            played: Played::default(),
        })
    }

    /// The slot that comes next; `None`: the series is over.
    pub fn next_slot(&self) -> Option<usize> {
        (self.next < self.rows.len()).then_some(self.next)
    }

    /// Asks a strategy about the next slot.
    pub fn ask(&self, strategy: &dyn Strategy) -> Asked {
        let input = Input { snapshot: self.snapshot(), settings: self.settings.clone(), memory: self.memory.clone() };
        strategy.decide(&input).unwrap_or_default()
    }

    /// Plays the next slot by an answer.
    pub fn play(&mut self, strategy: &dyn Strategy, asked: Asked) {
        let Some(row) = self.rows.get(self.next).copied() else { return };
        self.played.took_us.extend((asked.took_us > 0).then_some(asked.took_us));
        if asked.ok {
            self.memory.clone_from(&asked.memory);
        } else {
            self.played.strategy_errors += 1;
        }
        let drive = self.drive(strategy.name(), &row, asked.action);
        if let Some(drive) = drive {
            self.home.command(drive);
        }
        let inputs = Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w: 0.0 };
        let begin_soc_pct = self.home.battery().soc_pct();
        let step = self.home.step(inputs, SLOT_S as f64);
        if let Some(guard) = &self.guard {
            // Live, the power is read each second: without it, what is stored would seem to jump.
            let home = self.shown(&row, begin_soc_pct, step.battery_w);
            self.watch.observe(&home, guard.limits(), self.uptime() + Duration::from_secs(1), row.start);
        }
        let local = row.start.to_zoned_datetime(self.zone.clone());
        for split in [&mut self.day, &mut self.month] {
            let label = local.strftime(split.format).to_string();
            if label != split.label {
                close(split, &mut self.played);
                split.label = label;
                split.account = Account::new(self.house.parameters.clone(), begin_soc_pct);
            }
            split.account.add(&step, row.import_price, row.export_price, SLOT_S as f64);
        }
        self.total.add(&step, row.import_price, row.export_price, SLOT_S as f64);
        self.last =
            Measured { grid_w: step.grid_w, solar_w: step.solar_w, load_w: step.load_w, battery_w: step.battery_w };
        self.knowing.learn(&row);
        self.next += 1;
    }

    /// What came of it so far.
    pub fn finish(mut self) -> Played {
        close(&mut self.day, &mut self.played);
        close(&mut self.month, &mut self.played);
        self.played.totals = Some(self.total.totals());
        self.played
    }

    /// What the battery is told; `None`: nothing else than before.
    fn drive(&mut self, by: &str, row: &SeriesRow, action: Option<Action>) -> Option<Drive> {
        let Some(action) = action else { return Some(Drive::Hold) };
        let Some(guard) = &self.guard else {
            self.played.accepted += 1;
            return Drive::of(&action.command);
        };
        let home = self.shown(row, self.home.battery().soc_pct(), self.last.battery_w);
        let uptime = self.uptime();
        self.watch.observe(&home, guard.limits(), uptime, row.start);
        let scene = Scene { home: &home, now: row.start, uptime, ledger: &self.ledger, watch: &self.watch };
        let proposal = Proposal { by, action: &action, mandate: &self.mandate };
        let judged = guard.judge(&[proposal], &scene).pop()?;
        match judged.verdict.decision {
            Decision::Accepted => self.played.accepted += 1,
            Decision::Adjusted => self.played.adjusted += 1,
            Decision::Refused => self.played.refused += 1,
        }
        let Some(approved) = judged.approved else {
            // As in the live daemon: where only a waiting time stood in the way, what was in force stays.
            let rule = judged.verdict.findings.last().map(|finding| finding.rule);
            let waits = rule.is_some_and(|rule| matches!(rule, Rule::Dwell | Rule::WriteInterval | Rule::Duplicate));
            return (!waits).then_some(Drive::Hold);
        };
        let command = approved.command().cloned();
        self.ledger.record(&approved, row.start, uptime);
        Drive::of(&command?)
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(SLOT_S.unsigned_abs() * (self.next as u64 + 1))
    }

    /// What the home shows when the slot begins: what was measured in the one before.
    fn shown(&self, row: &SeriesRow, soc_pct: f64, battery_w: f64) -> HomeState {
        let reading = |name: &str, value: f64| Reading::of(name, value, row.start);
        HomeState {
            link: Link::Up { since: self.rows.first().map_or(row.start, |first| first.start) },
            timezone: Some(self.house.timezone.clone()),
            currency: Some(self.house.currency.clone()),
            grid_power_w: reading("grid", self.last.grid_w),
            solar_power_w: Some(reading("solar", self.last.solar_w)),
            load_power_w: Some(reading("load", self.last.load_w)),
            temperature_c: None,
            import_cap_w: None,
            phase_current_a: Vec::new(),
            batteries: vec![BatteryState {
                id: self.house.battery.clone(),
                soc_pct: reading("soc", soc_pct),
                power_w: reading("power", battery_w),
                device_max_charge_w: None,
                device_max_discharge_w: None,
                taken: None,
            }],
            devices: Vec::new(),
        }
    }

    fn snapshot(&self) -> Snapshot {
        let (house, p) = (self.house, &self.house.parameters);
        let now = self.rows[self.next].start;
        let measured = |value: f64| (self.next > 0).then_some(value);
        Snapshot {
            now,
            timezone: house.timezone.clone(),
            utc_offset_s: self.knowing.utc_offset_s(now),
            currency: house.currency.clone(),
            grid: Grid {
                power_w: measured(self.last.grid_w),
                import_limit_w: house.limits.grid.import_limit_w,
                export_limit_w: house.limits.grid.feed_in_limit_w,
            },
            solar_power_w: measured(self.last.solar_w),
            load_power_w: measured(self.last.load_w),
            batteries: vec![Battery {
                id: house.battery.clone(),
                name: house.battery.clone(),
                commands: Battery::all_commands(),
                soc_pct: Some(self.home.battery().soc_pct()),
                capacity_wh: p.capacity_wh,
                min_soc_pct: p.min_soc_pct,
                max_soc_pct: p.max_soc_pct,
                max_charge_w: p.max_charge_w,
                max_discharge_w: p.max_discharge_w,
                min_power_w: 0.0,
                grid_charging: true,
                grid_export: true,
                carries_solar: false,
                charge_efficiency: p.charge_efficiency,
                discharge_efficiency: p.discharge_efficiency,
                power_w: measured(self.last.battery_w),
                wear_cost_per_kwh: house.wear_cost_per_kwh,
                in_force: self.ledger.in_force(&house.battery),
                extras: Vec::new(),
            }],
            devices: Vec::new(),
            tasks: Vec::new(),
            ahead: self.knowing.ahead(self.rows, self.next),
            past: Knowing::past(self.rows, self.next),
            sources: Vec::new(),
            problems: Vec::new(),
            extras: Vec::new(),
        }
    }
}

fn close(split: &mut Split, played: &mut Played) {
    if split.label.is_empty() {
        return;
    }
    let cost = split.account.totals().cost_adjusted_eur;
    if split.format == "%F" {
        played.days.push(cost);
    } else {
        played.months.push((split.label.clone(), cost));
    }
}
