//! One strategy's way through a series, slot by slot.

use std::borrow::Cow;
use std::time::Duration;

use forecast::SeriesRow;
use guard::{Guard, Ledger, Mandate, Proposal, Scene, Watch};
use jiff::tz::TimeZone;
use model::slot::SLOT_S;
use model::snapshot::Snapshot;
use model::{Action, Command, Decision, Grant, Input, Rule};
use serde_json::Value;
use simulator::{Battery, Drive, Home, Inputs, ParameterError, Totals};

use crate::books::Books;
use crate::known::Knowing;
use crate::loads::Loads;
use crate::told::{Measured, Moment, Telling};
use crate::{Asked, Forecasts, Foresight, House, Played, Strategy};

/// A home in the midst of a series.
pub struct Player<'a> {
    house: &'a House,
    rows: &'a [SeriesRow],
    telling: Telling<'a>,
    /// `None`: whatever is wanted is done.
    guard: Option<Guard>,
    mandate: Mandate,
    settings: Value,
    home: Home,
    loads: Loads,
    books: Books,
    ledger: Ledger,
    watch: Watch,
    memory: Vec<u8>,
    last: Option<Measured>,
    next: usize,
    played: Played,
}

/// Where a target of an action is.
enum Place {
    Battery(usize),
    Load,
}

/// A strategy with what it is asked with.
#[derive(Clone)]
pub struct Contender<'a> {
    /// Who is asked.
    pub strategy: &'a dyn Strategy,
    /// Its settings, checked and completed.
    pub settings: Value,
    /// What it may command.
    pub grant: Grant,
    /// What it kept before.
    pub memory: Vec<u8>,
}

impl<'a> Contender<'a> {
    /// One that begins anew and may command everything.
    pub fn new(strategy: &'a dyn Strategy, settings: Value) -> Self {
        Self { strategy, settings, grant: Grant::default(), memory: Vec::new() }
    }
}

impl<'a> Player<'a> {
    /// At the beginning of the series that the forecasts are of.
    ///
    /// # Errors
    /// A battery cannot be.
    pub fn new(
        house: &'a House,
        forecasts: &'a Forecasts<'a>,
        strategy: &dyn Strategy,
        settings: Value,
        foresight: Foresight,
        guarded: bool,
    ) -> Result<Self, ParameterError> {
        let zone = TimeZone::get(&house.timezone).unwrap_or(TimeZone::UTC);
        let telling = Telling::Series(Knowing::new(foresight, zone, forecasts));
        Self::of(house, forecasts.rows(), telling, Contender::new(strategy, settings), guarded)
    }

    /// At the beginning of slots that a live home recorded, with the snapshot of each. Batteries and meter are the
    /// simulator's; all else stays as it was known then, but for what `foresight` adds within these slots.
    ///
    /// # Errors
    /// A battery cannot be.
    pub fn on_recorded(
        house: &'a House,
        rows: &'a [SeriesRow],
        snapshots: &'a [Option<Snapshot>],
        contender: Contender<'_>,
        foresight: Foresight,
        guarded: bool,
    ) -> Result<Self, ParameterError> {
        Self::of(house, rows, Telling::Recorded(snapshots, foresight), contender, guarded)
    }

    fn of(
        house: &'a House,
        rows: &'a [SeriesRow],
        telling: Telling<'a>,
        contender: Contender<'_>,
        guarded: bool,
    ) -> Result<Self, ParameterError> {
        let home = house.home()?;
        let zone = TimeZone::get(&house.timezone).unwrap_or(TimeZone::UTC);
        let books = Books::new(&home, zone.clone());
        let mut loads = Loads::new(&house.tasks, zone);
        if let Some(first) = rows.first() {
            loads.begin(first.start);
        }
        Ok(Self {
            house,
            rows,
            telling,
            loads,
            guard: guarded.then(|| Guard::new(house.limits.clone())),
            mandate: Mandate { declared: contender.strategy.declared(), grant: contender.grant },
            settings: contender.settings,
            books,
            home,
            ledger: Ledger::default(),
            watch: Watch::default(),
            memory: contender.memory,
            last: None,
            next: 0,
            played: Played::default(),
        })
    }

    /// The slot that comes next; `None`: the series is over.
    pub fn next_slot(&self) -> Option<usize> {
        (self.next < self.rows.len()).then_some(self.next)
    }

    /// Whether what lies ahead is forecast.
    pub(crate) fn is_forecast(&self) -> bool {
        matches!(&self.telling, Telling::Series(knowing) if knowing.is_forecast())
    }

    /// Asks a strategy about the next slot. Where nothing is told, nobody is asked and nothing is done.
    pub fn ask(&self, strategy: &dyn Strategy) -> Asked {
        let Some(told) = self.moment().snapshot(&self.telling) else {
            return Asked { memory: self.memory.clone(), ok: true, ..Asked::default() };
        };
        let narrowed = match told.narrowed(&self.mandate.grant) {
            Cow::Owned(narrowed) => Some(narrowed),
            Cow::Borrowed(_) => None,
        };
        let snapshot = narrowed.unwrap_or(told);
        let input = Input { snapshot, settings: self.settings.clone(), memory: self.memory.clone() };
        strategy.decide(&input).unwrap_or_default()
    }

    /// Plays the next slot by an answer.
    pub fn play(&mut self, strategy: &dyn Strategy, asked: Asked) {
        let Some(row) = self.rows.get(self.next).copied() else { return };
        self.played.took_us.extend((asked.took_us > 0).then_some(asked.took_us));
        if !asked.ok {
            self.played.strategy_errors += 1;
        }
        let drives = self.drives(strategy.name(), &row, &asked.actions);
        for (at, drive) in drives.into_iter().enumerate() {
            if let Some(drive) = drive {
                self.home.command_one(at, drive);
            }
        }
        if asked.ok {
            self.memory = asked.memory;
        }
        self.books.begin(row.start, &self.home, &mut self.played);
        let begin_socs_pct: Vec<f64> = self.home.batteries().iter().map(Battery::soc_pct).collect();
        let plugs_w = self.loads.pass(row.start);
        let step = self.home.step(Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w }, SLOT_S as f64);
        if let Some(guard) = &self.guard {
            // Live, the power is read each second: without it, what is stored would seem to jump.
            let powers_w: Vec<f64> = self.home.batteries().iter().map(Battery::power_w).collect();
            let shown = self.moment().shown(&begin_socs_pct, &powers_w);
            let uptime = self.uptime() + Duration::from_secs(1);
            self.watch.observe(&shown, guard.limits(), uptime, row.start);
        }
        self.books.add(&step, &self.home, &row);
        self.last = Some(Measured { grid_w: step.grid_w, solar_w: step.solar_w, load_w: step.load_w });
        self.next += 1;
        if let Some(next) = self.rows.get(self.next) {
            self.loads.begin(next.start);
        }
    }

    /// What came of it so far.
    pub fn finish(self) -> Played {
        self.ended().0
    }

    /// As [`Player::finish`], with the totals by themselves.
    pub(crate) fn ended(self) -> (Played, Totals) {
        let Self { books, mut played, .. } = self;
        let totals = books.close(&mut played);
        (played, totals)
    }

    fn moment(&self) -> Moment<'_> {
        let (house, rows, home, ledger) = (self.house, self.rows, &self.home, &self.ledger);
        Moment { house, rows, k: self.next, home, ledger, loads: &self.loads, last: self.last }
    }

    /// Carries out what may be of the actions, at loads at once. Gives what each battery is told; `None`: nothing else
    /// than before. A battery that no action is for is held.
    fn drives(&mut self, by: &str, row: &SeriesRow, actions: &[Action]) -> Vec<Option<Drive>> {
        let mut drives = vec![Some(Drive::Hold); self.house.batteries.len()];
        // The first action for a target decides, as among several strategies.
        let mut first: Vec<&Action> = Vec::new();
        for action in actions {
            if self.place(&action.target).is_some() && first.iter().all(|before| before.target != action.target) {
                first.push(action);
            }
        }
        let actions = first;
        let Some(guard) = &self.guard else {
            self.played.accepted += actions.len() as u64;
            actions.into_iter().for_each(|action| self.carry_out(&action.target, Some(&action.command), &mut drives));
            return drives;
        };
        if actions.is_empty() {
            return drives;
        }
        let socs_pct: Vec<f64> = self.home.batteries().iter().map(Battery::soc_pct).collect();
        let powers_w: Vec<f64> = self.home.batteries().iter().map(Battery::power_w).collect();
        let (shown, uptime) = (self.moment().shown(&socs_pct, &powers_w), self.uptime());
        self.watch.observe(&shown, guard.limits(), uptime, row.start);
        let scene = Scene { home: &shown, now: row.start, uptime, ledger: &self.ledger, watch: &self.watch };
        let proposals: Vec<Proposal<'_>> =
            actions.iter().map(|action| Proposal { by, action, mandate: &self.mandate }).collect();
        let judged = guard.judge(&proposals, &scene);
        for (action, judged) in actions.into_iter().zip(judged) {
            match judged.verdict.decision {
                Decision::Accepted => self.played.accepted += 1,
                Decision::Adjusted => self.played.adjusted += 1,
                Decision::Refused => self.played.refused += 1,
            }
            if let Some(approved) = judged.approved {
                self.ledger.record(&approved, row.start, uptime);
                self.carry_out(&action.target, approved.command(), &mut drives);
                continue;
            }
            // As in the live daemon: where only a waiting time stood in the way, what was in force stays.
            let rule = judged.verdict.findings.last().map(|finding| finding.rule);
            if rule.is_some_and(|rule| matches!(rule, Rule::Dwell | Rule::WriteInterval | Rule::Duplicate)) {
                self.carry_out(&action.target, None, &mut drives);
            }
        }
        drives
    }

    fn place(&self, target: &str) -> Option<Place> {
        let battery = self.house.batteries.iter().position(|own| own.id == target).map(Place::Battery);
        battery.or_else(|| self.house.tasks.iter().any(|task| task.device == target).then_some(Place::Load))
    }

    /// `None`: what is stays.
    fn carry_out(&mut self, target: &str, command: Option<&Command>, drives: &mut [Option<Drive>]) {
        match (self.place(target), command) {
            (Some(Place::Battery(at)), command) => drives[at] = command.and_then(Drive::of),
            (Some(Place::Load), Some(Command::TurnOn)) => self.loads.switch(target, true),
            (Some(Place::Load), Some(Command::TurnOff)) => self.loads.switch(target, false),
            _ => {}
        }
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(SLOT_S.unsigned_abs() * (self.next as u64 + 1))
    }
}
