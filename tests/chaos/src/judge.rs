//! What must stay true in the physics of the home, whatever goes wrong.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use guard::{Limits, Order};
use model::{Command, HomeState, TargetId};

use crate::place::{BATTERY, Sent, Setter};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Less is no power: meters and inverters are no better.
const SOME_W: f64 = 25.0;
/// A limit of the state of charge may be passed by so much while the battery ramps down.
const SOME_PCT: f64 = 0.3;
/// From what is measured to the battery's answer: the write interval, its latency and its ramp.
const REACTION: Duration = Duration::from_secs(30);
/// So long after the last fault, what it left behind is over.
const AFTERMATH: Duration = Duration::from_secs(120);

/// What the run knows of this second.
pub struct Second<'a> {
    pub at: Duration,
    pub home: &'a HomeState,
    /// For how long nothing is wrong; `None`: something is.
    pub clean_for: Option<Duration>,
    pub setter: Setter,
}

#[derive(Default)]
struct Written {
    /// Which way, or whether on, and since when.
    turned: Option<(bool, Duration)>,
    turns: VecDeque<Duration>,
    writes: VecDeque<Duration>,
    last: Option<(Command, Duration)>,
}

/// Looks at every second and every order.
pub struct Judge {
    limits: Limits,
    written: BTreeMap<TargetId, Written>,
    /// Since when each limit is passed.
    passed: BTreeMap<&'static str, Duration>,
    pub commands: u64,
    /// Seconds in which the physics were looked at.
    pub looked_s: u64,
    pub violations: Vec<String>,
}

impl Judge {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            written: BTreeMap::new(),
            passed: BTreeMap::new(),
            commands: 0,
            looked_s: 0,
            violations: Vec::new(),
        }
    }

    fn violated(&mut self, at: Duration, what: impl std::fmt::Display) {
        let (hours, minutes, seconds) = (at.as_secs() / 3600, at.as_secs() / 60 % 60, at.as_secs() % 60);
        self.violations.push(format!("{hours}:{minutes:02}:{seconds:02}: {what}"));
    }

    /// A new life of the program: what is not kept over a restart begins anew.
    pub fn restarted(&mut self) {
        for written in self.written.values_mut() {
            written.last = None;
        }
    }

    /// Looks at an order that the home took.
    pub fn order(&mut self, sent: &Sent) {
        let Order::Command(command) = &sent.order else {
            if let Some(written) = self.written.get_mut(&sent.target) {
                written.last = None;
            }
            return;
        };
        self.commands += 1;
        if sent.target == BATTERY { self.battery(sent, command) } else { self.device(sent, command) }
    }

    fn battery(&mut self, sent: &Sent, command: &Command) {
        let Some(limits) = self.limits.batteries.get(BATTERY).cloned() else { return };
        let (is_charge, most_w) = match *command {
            Command::Charge { power_w } => (Some((true, power_w)), limits.max_charge_w),
            Command::Discharge { power_w } => (Some((false, power_w)), limits.max_discharge_w),
            Command::Hold => (None, 0.0),
            _ => return self.violated(sent.at, format!("{command} was written to a battery")),
        };
        if let Some((_, power_w)) = is_charge
            && !(0.0..=most_w).contains(&power_w)
        {
            self.violated(sent.at, format!("{command} was written; at the most {most_w} W are allowed"));
        }
        let written = self.written.entry(sent.target.clone()).or_default();
        let mut wrongs = Vec::new();
        if let Some((charges, _)) = is_charge {
            match written.turned {
                Some((before, _)) if before == charges => {}
                Some((_, since)) => {
                    let waited = sent.at.saturating_sub(since);
                    if waited < limits.direction_dwell {
                        wrongs.push(format!("{command} turned the battery {} s after it turned", waited.as_secs()));
                    }
                    written.turned = Some((charges, sent.at));
                    wrongs.extend(counted(&mut written.turns, sent.at, limits.turns_per_day, "turns"));
                }
                None => written.turned = Some((charges, sent.at)),
            }
        }
        if let Some((last, at)) = &written.last
            && last != command
            && sent.at.saturating_sub(*at) < limits.write_interval
        {
            wrongs.push(format!("{command} was written {} s after {last}", (sent.at - *at).as_secs()));
        }
        written.last = Some((command.clone(), sent.at));
        let many = counted(&mut written.writes, sent.at, limits.writes_per_day.unwrap_or(u32::MAX), "writes");
        // Holding is always possible.
        wrongs.extend(many.filter(|_| is_charge.is_some()));
        wrongs.into_iter().for_each(|wrong| self.violated(sent.at, wrong));
    }

    fn device(&mut self, sent: &Sent, command: &Command) {
        let Some(limits) = self.limits.devices.get(&sent.target).cloned() else { return };
        let on = match command {
            Command::TurnOn => true,
            Command::TurnOff => false,
            _ => return,
        };
        let written = self.written.entry(sent.target.clone()).or_default();
        let mut wrongs = Vec::new();
        if let Some((before, since)) = written.turned
            && before != on
        {
            let waited = sent.at.saturating_sub(since);
            if waited < limits.switch_dwell {
                wrongs.push(format!("{command} for {} {} s after it turned", sent.target, waited.as_secs()));
            }
            wrongs.extend(counted(&mut written.turns, sent.at, limits.turns_per_day, "turns"));
        }
        if written.turned.is_none_or(|(before, _)| before != on) {
            written.turned = Some((on, sent.at));
        }
        if !on && !limits.interruptible && sent.power_w > SOME_W {
            wrongs.push(format!("{} was cut off while it drew {:.0} W", sent.target, sent.power_w));
        }
        wrongs.into_iter().for_each(|wrong| self.violated(sent.at, wrong));
    }

    /// Looks at what the home truly does.
    pub fn second(&mut self, second: &Second<'_>) {
        let Some(limits) = self.limits.batteries.get(BATTERY) else { return };
        let Some(battery) = second.home.batteries.first() else { return };
        let values = (battery.soc_pct.value, battery.power_w.value, second.home.grid_power_w.value);
        let (Some(soc_pct), Some(power_w), Some(grid_w)) = values else { return };
        let floor_pct = limits.min_soc_pct.max(limits.outage_reserve_pct) - SOME_PCT;
        let ceiling_pct = limits.max_soc_pct + SOME_PCT;
        let (charges, discharges) = (power_w < -SOME_W, power_w > SOME_W);
        let import_w = self.limits.grid.import_limit_w.unwrap_or(f64::INFINITY) + SOME_W;
        let feed_in_w = self.limits.grid.feed_in_limit_w.unwrap_or(f64::INFINITY) + SOME_W;
        let looks = second.setter == Setter::Us && second.clean_for.is_some_and(|clean| clean >= AFTERMATH);
        self.looked_s += u64::from(looks);
        let passed = [
            ("it is discharged below its floor", discharges && soc_pct < floor_pct),
            ("it is charged above its ceiling", charges && soc_pct > ceiling_pct),
            ("it is charged beyond the import limit", charges && grid_w > import_w),
            ("it feeds in beyond the limit", discharges && grid_w < -feed_in_w),
        ];
        for (what, is_so) in passed {
            if !(looks && is_so) {
                self.passed.remove(what);
                continue;
            }
            let since = *self.passed.entry(what).or_insert(second.at);
            if second.at - since == REACTION {
                self.violated(second.at, format!("{what}: {soc_pct:.1} %, {power_w:.0} W, meter {grid_w:.0} W"));
            }
        }
    }
}

/// Counts one more within a day; in words when that is too many.
fn counted(times: &mut VecDeque<Duration>, at: Duration, most: u32, what: &str) -> Option<String> {
    times.push_back(at);
    while times.front().is_some_and(|first| at - *first >= DAY) {
        times.pop_front();
    }
    (times.len() > most as usize).then(|| format!("{} {what} within a day; {most} are allowed", times.len()))
}
