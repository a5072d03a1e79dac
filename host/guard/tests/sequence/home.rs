//! A home to which things happen, and the part of the control loop that writes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::hand::OWNER;
use model::home::{Fault, Link};
use model::snapshot::Abilities;
use model::{
    Action, BalanceLimits, BatteryState, Command, CommandKind, DeviceState, Grant, HomeState, Reading, Reason,
};
use proptest::test_runner::TestCaseError;
use wattwright_guard::{Approved, Guard, Ledger, Limits, Mandate, Proposal, Scene, Setpoint, Watch, believe_soc};

use crate::checks::{self, Written};
use crate::steps::{BATTERIES, PLUG, Step};

pub type Holds = Result<(), TestCaseError>;

pub struct Life {
    pub limits: Limits,
    pub home: HomeState,
    pub now: Timestamp,
    pub uptime: Duration,
    /// All that was ever written, oldest first; the command is `None` for a release.
    pub written: Vec<Written>,
    guard: Guard,
    ledger: Ledger,
    watch: Watch,
}

impl Life {
    pub fn new(limits: Limits) -> Self {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let reading = |value| Reading::of("sensor", value, now);
        let battery = |id: &str| BatteryState {
            id: id.into(),
            soc_pct: reading(50.0),
            power_w: reading(0.0),
            device_max_charge_w: None,
            device_max_discharge_w: None,
            taken: None,
        };
        let plug = DeviceState {
            id: PLUG.into(),
            on: Some(false),
            abilities: Abilities { switch: true, ..Abilities::default() },
            level: None,
            power_w: Some(reading(0.0)),
            fault: None,
        };
        let home = HomeState {
            link: Link::Up { since: now },
            timezone: None,
            currency: None,
            grid_power_w: reading(300.0),
            solar_power_w: None,
            load_power_w: None,
            temperature_c: None,
            import_cap_w: None,
            phase_current_a: vec![reading(2.0)],
            batteries: BATTERIES.map(battery).into(),
            devices: vec![plug],
        };
        let uptime = Duration::from_secs(1000);
        let (guard, written) = (Guard::new(limits.clone()), Vec::new());
        Self { limits, home, now, uptime, written, guard, ledger: Ledger::default(), watch: Watch::default() }
    }

    pub fn take(&mut self, step: Step) -> Holds {
        match step {
            Step::Wait(time) => {
                self.pass(time);
                self.refresh();
            }
            Step::Silence(time) => self.pass(time),
            Step::Plan { target, command, owner_s } => self.plan(target, command, owner_s)?,
            Step::Drive(power_w) => self.drive(power_w)?,
            Step::Restrain => self.restrain()?,
            Step::Release(target) => self.release(target),
            Step::Restart => {
                let text = serde_json::to_string(&self.ledger).unwrap();
                self.ledger = serde_json::from_str(&text).unwrap();
                for target in BATTERIES.into_iter().chain([PLUG]) {
                    self.ledger.forget(target);
                }
                self.watch = Watch::default();
            }
            Step::Link(true) => self.home.link = Link::Up { since: self.now },
            Step::Link(false) => self.home.link = Link::Connecting { reason: "gone".into() },
            Step::Clock(seconds) => self.now += SignedDuration::from_secs(seconds),
            Step::Meter(w) => self.home.grid_power_w = self.reading(w),
            Step::Phase(a) => self.home.phase_current_a = vec![self.reading(a)],
            Step::Soc(n, pct) => self.home.batteries[n].soc_pct = self.reading(pct),
            Step::Power(n, w) => self.home.batteries[n].power_w = self.reading(w),
            Step::Taken(n, taken) => self.home.batteries[n].taken = taken,
            Step::Turned(on) => self.home.devices[0].on = Some(on),
            Step::Draws(w) => self.home.devices[0].power_w = Some(self.reading(w)),
        }
        self.watch.observe(&self.home, &self.limits, self.uptime, self.now);
        Ok(())
    }

    /// Whatever happened: once the link is there and nobody else is in charge, a battery is stopped, at the latest
    /// when its write interval is over.
    pub fn can_be_stopped(&mut self) -> Holds {
        self.home.link = Link::Up { since: self.now };
        self.pass(Duration::from_secs(20));
        for (n, battery) in BATTERIES.into_iter().enumerate() {
            self.home.batteries[n].taken = None;
            let hold = self.guard.hold(battery, &self.scene());
            proptest::prop_assert_eq!(hold.verdict.approved, Some(Command::Hold), "{:?}", hold.verdict.findings);
        }
        Ok(())
    }

    fn scene(&self) -> Scene<'_> {
        Scene { home: &self.home, now: self.now, uptime: self.uptime, ledger: &self.ledger, watch: &self.watch }
    }

    fn pass(&mut self, time: Duration) {
        self.uptime += time;
        self.now += time;
    }

    fn reading(&self, value: Option<f64>) -> Reading {
        let fault = || Reading::faulty("sensor", Fault::Unavailable { state: "unavailable".into() });
        value.map_or_else(fault, |value| Reading::of("sensor", value, self.now))
    }

    fn refresh(&mut self) {
        let now = self.now;
        let of_batteries = self.home.batteries.iter_mut().flat_map(|b| [&mut b.soc_pct, &mut b.power_w]);
        let others = [&mut self.home.grid_power_w].into_iter().chain(&mut self.home.phase_current_a);
        for reading in of_batteries.chain(others).filter(|reading| reading.fault.is_none()) {
            reading.at = Some(now);
        }
    }

    fn plan(&mut self, target: &'static str, command: Command, owner_s: Option<i64>) -> Holds {
        let declared = [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance];
        let declared = declared.into_iter().chain([CommandKind::TurnOnOff]).collect();
        let mandate = Mandate { declared, grant: Grant::default() };
        let until = owner_s.map(|s| self.now + SignedDuration::from_secs(s));
        let action = Action { target: target.into(), command, reason: Reason::default(), until };
        let by = if owner_s.is_some() { OWNER } else { "strategy" };
        let proposal = Proposal { by, action: &action, mandate: &mandate };
        let Some(approved) = self.guard.judge(&[proposal], &self.scene()).remove(0).approved else { return Ok(()) };
        proptest::prop_assert!(owner_s.is_none_or(|s| (1..=86_400).contains(&s)), "an override for {:?} s", owner_s);
        if target == PLUG {
            let in_force = self.ledger.in_force(target).map(|standing| standing.command);
            if in_force.as_ref() != approved.command() {
                return self.write(&approved);
            }
        }
        self.ledger.stand(&approved, self.now, self.uptime);
        Ok(())
    }

    fn drive(&mut self, power_w: f64) -> Holds {
        for battery in BATTERIES {
            let Some(in_force) = self.ledger.in_force(battery).map(|standing| standing.command) else { continue };
            let (wanted, within) = match in_force {
                Command::Balance(limits) if power_w >= 0.0 => (Command::Discharge { power_w }, limits),
                Command::Balance(limits) => (Command::Charge { power_w: -power_w }, limits),
                other => (other, BalanceLimits::default()),
            };
            let grant = Grant::default();
            let setpoint = Setpoint { battery, command: &wanted, within: &within, by: None, grant: &grant };
            let judged = self.guard.judge_setpoint(&setpoint, &self.scene());
            let Some(approved) = judged.approved else { continue };
            if self.ledger.last_written(battery) != approved.command() {
                self.write(&approved)?;
            }
        }
        Ok(())
    }

    /// What runs beyond a limit is found, and what brings it back is a write like any other.
    fn restrain(&mut self) -> Holds {
        for target in BATTERIES.into_iter().chain([PLUG]) {
            let breach = self.guard.breach(target, &self.scene());
            checks::found(self, target, breach.as_ref())?;
            let n = BATTERIES.iter().position(|battery| *battery == target);
            let soc_pct = n.and_then(|n| believe_soc(&self.home.batteries[n], &self.watch, self.now).known());
            if let Some((n, soc_pct)) = n.zip(soc_pct).filter(|_| self.home.link.is_up()) {
                let is_found = breach.is_some() || !checks::is_misused(self, n, soc_pct);
                proptest::prop_assert!(is_found, "at {} % goes on: {:?}", soc_pct, self.home.batteries[n].power_w);
            }
            if let Some(approved) = breach.and_then(|breach| breach.judged.approved) {
                self.write(&approved)?;
            }
        }
        Ok(())
    }

    fn release(&mut self, target: &'static str) {
        if self.guard.release_waits(target, &self.scene()).is_some() {
            return;
        }
        let order = self.guard.release(target, model::home::Baseline::default());
        self.ledger.record(&order, self.now, self.uptime);
        self.ledger.forget(target);
        self.written.push(Written { target: target.into(), command: None, at: self.uptime });
    }

    fn write(&mut self, approved: &Approved) -> Holds {
        let (target, command) = (approved.target().clone(), approved.command().unwrap().clone());
        let follows = matches!(self.ledger.in_force(&target).map(|s| s.command), Some(Command::Balance(_)));
        checks::command(self, &target, &command, follows)?;
        self.ledger.record(approved, self.now, self.uptime);
        self.written.push(Written { target: target.clone(), command: Some(command.clone()), at: self.uptime });
        checks::over_time(self, &target, &command)
    }
}
