//! What was written to each target, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use model::snapshot::InForce;
use model::{Command, CommandKind, TargetId};
use serde::{Deserialize, Serialize};

use crate::approved::{Approved, Order};
use crate::tally::Tally;

/// Which way a battery goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the bus.
    Charge,
    /// To the bus.
    Discharge,
}

impl Direction {
    /// That of a command; `None`: it goes nowhere, or both ways.
    pub(crate) fn of(command: &Command) -> Option<Self> {
        match command {
            Command::Charge { power_w } if *power_w > 0.0 => Some(Direction::Charge),
            Command::Discharge { power_w } if *power_w > 0.0 => Some(Direction::Discharge),
            _ => None,
        }
    }
}

/// Remembers what was written to each target. Pure: time is passed in. Intervals go by the monotonic
/// clock (`uptime`, since the daemon's start), which no change of the wall clock disturbs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    targets: BTreeMap<TargetId, Entry>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<Standing>,
    /// Last write to the device; the command is `None` for a release and when forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<(Option<Command>, Duration)>,
    /// Last direction, and when it became that.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<(Direction, Duration)>,
    /// Last state of the switch, and when it became that.
    #[serde(skip_serializing_if = "Option::is_none")]
    switched: Option<(bool, Duration)>,
    /// Whether the last turn may not have come about: the order was not passed on, or nobody knows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unsure: bool,
    /// Changes of the direction or the switch.
    turns: Tally,
    /// Writes by kind.
    writes: BTreeMap<CommandKind, Tally>,
    /// Writes that gave back the settings from before.
    releases: Tally,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Standing {
    command: Command,
    since: Timestamp,
    since_uptime: Duration,
    renewed: Duration,
    lease: Duration,
}

/// How often a target was told something within a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Writes of all kinds, and given-back settings.
    pub writes: u32,
    /// Those of them that the device stores in flash.
    pub flash_writes: u32,
    /// Changes of the direction, or of the switch.
    pub turns: u32,
}

impl Ledger {
    /// What counts against a target's budgets. `flash`: the commands that its device stores in flash.
    pub fn counts(&self, target: &str, flash: &BTreeSet<CommandKind>, uptime: Duration) -> Counts {
        Counts {
            writes: self.writes(target, uptime, |_| true),
            flash_writes: if flash.is_empty() { 0 } else { self.writes(target, uptime, |kind| flash.contains(&kind)) },
            turns: self.turns(target, uptime),
        }
    }

    /// An order was written to its device. Putting `balance` in force is not a write by itself: the
    /// setpoints of its loop are, and they leave `balance` in force.
    pub fn record(&mut self, approved: &Approved, now: Timestamp, uptime: Duration) {
        let entry = self.targets.entry(approved.target().clone()).or_default();
        let command = match approved.order() {
            Order::Release(_) | Order::Rest(_) => {
                entry.in_force = None;
                entry.written = Some((None, uptime));
                entry.releases.count(uptime);
                return;
            }
            Order::Command(command) => command,
        };
        if !matches!(command, Command::Balance(_)) {
            entry.written = Some((Some(command.clone()), uptime));
            entry.writes.entry(command.kind()).or_default().count(uptime);
        }
        if let Some(direction) = Direction::of(command) {
            let turns = entry.direction.is_none_or(|(before, _)| before != direction);
            if turns || entry.unsure {
                entry.direction = Some((direction, uptime));
            }
            entry.turned(turns, uptime);
        }
        if let Some(on) = switch_state(command) {
            let turns = entry.switched.is_none_or(|(before, _)| before != on);
            if turns || entry.unsure {
                entry.switched = Some((on, uptime));
            }
            entry.turned(turns, uptime);
        }
        if !approved.is_setpoint() {
            entry.stand(command, approved.lease(), now, uptime);
        }
    }

    /// The last order was not passed on, or nobody knows whether it was. When the same is written again, the
    /// target may turn only then, so that the time to the next turn begins anew.
    pub fn failed(&mut self, target: &str) {
        if let Some(entry) = self.targets.get_mut(target) {
            entry.unsure = true;
        }
    }

    /// A command of a plan is in force from now, or goes on, and nothing has to be written for it: the
    /// device is there already, or its setpoints are judged and written one by one.
    pub fn stand(&mut self, approved: &Approved, now: Timestamp, uptime: Duration) {
        if let (Order::Command(command), false) = (approved.order(), approved.is_setpoint()) {
            let entry = self.targets.entry(approved.target().clone()).or_default();
            entry.stand(command, approved.lease(), now, uptime);
        }
    }

    /// The command in force.
    pub fn in_force(&self, target: &str) -> Option<InForce> {
        self.standing(target).map(|s| InForce::since(s.command.clone(), s.since))
    }

    /// How long the command in force has been of its kind.
    pub fn in_force_for(&self, target: &str, uptime: Duration) -> Option<Duration> {
        self.standing(target).map(|s| uptime.saturating_sub(s.since_uptime))
    }

    /// What is left of the lease of the command in force; zero: it must be renewed or released now.
    pub fn lease_left(&self, target: &str, uptime: Duration) -> Option<Duration> {
        self.standing(target).map(|s| s.lease.saturating_sub(uptime.saturating_sub(s.renewed)))
    }

    /// What was last written, a setpoint included; `None`: nothing, a release, or forgotten.
    pub fn last_written(&self, target: &str) -> Option<&Command> {
        self.targets.get(target)?.written.as_ref()?.0.as_ref()
    }

    /// Since the last write, a release included.
    pub fn since_write(&self, target: &str, uptime: Duration) -> Option<Duration> {
        let (_, at) = self.targets.get(target)?.written.as_ref()?;
        Some(uptime.saturating_sub(*at))
    }

    /// The last direction of a battery, and how long ago it became that.
    pub fn direction(&self, target: &str, uptime: Duration) -> Option<(Direction, Duration)> {
        let (direction, at) = self.targets.get(target)?.direction?;
        Some((direction, uptime.saturating_sub(at)))
    }

    /// The last state of a switch, and how long ago it became that.
    pub fn switched(&self, target: &str, uptime: Duration) -> Option<(bool, Duration)> {
        let (on, at) = self.targets.get(target)?.switched?;
        Some((on, uptime.saturating_sub(at)))
    }

    /// Nothing is in force any more, and nobody knows what the target does now. When it was last written
    /// to and when it last turned stays: no way around the intervals leads through here.
    pub fn forget(&mut self, target: &str) {
        if let Some(entry) = self.targets.get_mut(target) {
            entry.in_force = None;
            if let Some((command, _)) = &mut entry.written {
                *command = None;
            }
        }
    }

    /// How often the direction or the switch turned within a day.
    pub(crate) fn turns(&self, target: &str, uptime: Duration) -> u32 {
        self.targets.get(target).map_or(0, |entry| entry.turns.within_a_day(uptime))
    }

    /// How often a command of a class of kinds was written within a day. Giving back the settings from
    /// before counts in each class.
    pub(crate) fn writes(&self, target: &str, uptime: Duration, is_of_class: impl Fn(CommandKind) -> bool) -> u32 {
        let Some(entry) = self.targets.get(target) else { return 0 };
        let written = entry.writes.iter().filter(|(kind, _)| is_of_class(**kind)).map(|(_, tally)| tally);
        written.chain([&entry.releases]).map(|tally| tally.within_a_day(uptime)).fold(0, u32::saturating_add)
    }

    pub(crate) fn command_in_force(&self, target: &str) -> Option<&Command> {
        self.standing(target).map(|s| &s.command)
    }

    fn standing(&self, target: &str) -> Option<&Standing> {
        self.targets.get(target)?.in_force.as_ref()
    }
}

impl Entry {
    fn turned(&mut self, turns: bool, uptime: Duration) {
        self.unsure = false;
        if turns {
            self.turns.count(uptime);
        }
    }

    fn stand(&mut self, command: &Command, lease: Duration, now: Timestamp, uptime: Duration) {
        let (since, since_uptime) = match &self.in_force {
            Some(before) if same_kind(&before.command, command) => (before.since, before.since_uptime),
            _ => (now, uptime),
        };
        self.in_force = Some(Standing { command: command.clone(), since, since_uptime, renewed: uptime, lease });
    }
}

/// On and off are one kind of command, but not one state.
fn same_kind(a: &Command, b: &Command) -> bool {
    a.kind() == b.kind() && switch_state(a) == switch_state(b)
}

pub(crate) fn switch_state(command: &Command) -> Option<bool> {
    match command {
        Command::TurnOn => Some(true),
        Command::TurnOff => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
