//! What somebody else has set is judged by what it does: what is measured, and the limits alone. When it may turn,
//! which readings a command would need and what a strategy may is not asked of what runs already; and a limit is
//! broken only where that is measured, since a reading that is missing for a moment is no reason to overrule a person.

use model::{BalanceLimits, Command, CommandKind, Decision, Finding, Grant, Rule};

use crate::believe::believe_battery_power;
use crate::judge::{Guard, Judged, Scene};
use crate::limits::BatteryLimits;
use crate::mandate::Setpoint;
use crate::rules::{CHAIN, Case, Origin, Ruling, Subject, external_limit, phase_current};
use crate::view::{View, as_command, battery_state, device_state, magnitude};

/// A limit is broken by more than this, watt …
const TOLERANCE_W: f64 = 50.0;
/// … and by more than this share of what is measured: inverters and meters disagree by some percent.
const TOLERANCE_SHARE: f64 = 0.05;
/// Turning off what draws less helps nobody, watt.
const STANDBY_W: f64 = 5.0;

/// What runs breaks a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// The first limit that it breaks.
    pub rule: Rule,
    /// One sentence with the value and the limit.
    pub text: String,
    /// What brings it back within the limits: the least change. Not approved: it has to wait, or nothing can be
    /// told to it, and the last finding says why.
    pub judged: Judged,
}

impl Guard {
    /// Whether what a target does by itself, or by somebody else's setting, breaks a limit. A battery is brought
    /// back to what is left, or to hold; a device that may be cut off is turned off when the connection is
    /// overloaded.
    pub fn breach(&self, target: &str, scene: &Scene<'_>) -> Option<Breach> {
        if !scene.home.link.is_up() {
            return None;
        }
        match Subject::find(self.limits(), target) {
            Subject::Battery(limits) => self.battery_breach(target, limits, scene),
            Subject::Device(_) => self.device_breach(target, scene),
            Subject::Unknown => None,
        }
    }

    fn battery_breach(&self, target: &str, limits: &BatteryLimits, scene: &Scene<'_>) -> Option<Breach> {
        let view = View::new(self.limits(), scene);
        let measured_w = believe_battery_power(battery_state(scene, target)?, limits, scene.now).known()?;
        let runs = as_command(measured_w);
        let tolerance_w = TOLERANCE_W.max(measured_w.abs() * TOLERANCE_SHARE);
        let (mut command, mut findings) = (runs.clone(), Vec::new());
        for (rule, check) in CHAIN.iter().filter(|(rule, _)| is_measured(*rule, target, &view)) {
            let case = Case {
                target,
                subject: Subject::Battery(limits),
                command: &command,
                origin: Origin::Own,
                grid_limits: &self.limits().grid,
                scene,
                view: &view,
            };
            let (to, text) = match check(&case) {
                Ruling::Pass => continue,
                // A current that cannot be read.
                Ruling::Refuse { .. } if *rule == Rule::PhaseCurrent => continue,
                Ruling::Refuse { text } => (Command::Hold, text),
                Ruling::Adjust { to, text } => (to, text),
            };
            if measured_w.abs() - power_w(&to) > tolerance_w {
                findings.push(Finding { rule: *rule, text, from: command, to: Some(to.clone()) });
                command = to;
            }
        }
        let first = findings.first()?;
        let (rule, text) = (first.rule, first.text.clone());
        let (within, grant) = (BalanceLimits::default(), Grant::default());
        let setpoint = Setpoint { battery: target, command: &command, within: &within, by: None, grant: &grant };
        let Judged { mut verdict, approved } = self.judge_setpoint(&setpoint, scene);
        findings.append(&mut verdict.findings);
        verdict.findings = findings;
        verdict.proposed = runs;
        if approved.is_some() {
            verdict.decision = Decision::Adjusted;
        }
        Some(Breach { rule, text, judged: Judged { verdict, approved } })
    }

    fn device_breach(&self, target: &str, scene: &Scene<'_>) -> Option<Breach> {
        let state = device_state(scene, target).filter(|state| state.on == Some(true))?;
        let draws_w = state.power_w.as_ref().and_then(|reading| reading.value);
        if draws_w.is_some_and(|w| w <= STANDBY_W) || !Subject::find(self.limits(), target).can(CommandKind::TurnOnOff)
        {
            return None;
        }
        let view = View::new(self.limits(), scene);
        let (rule, text) = self.overload(target, scene, &view)?;
        let judged = self.own(target, &Command::TurnOff, scene, &view);
        judged.approved.is_some().then_some(Breach { rule, text, judged })
    }

    /// The limit of the connection that is exceeded where the device is connected.
    fn overload(&self, device: &str, scene: &Scene<'_>, view: &View<'_>) -> Option<(Rule, String)> {
        let grid = &self.limits().grid;
        if let Some(import_w) = view.grid.known() {
            let over = |limit_w: f64| import_w - limit_w > TOLERANCE_W.max(import_w * TOLERANCE_SHARE);
            let text = |limit_w: f64| format!("the home imports {import_w:.0} W, more than the {limit_w:.0} W allowed");
            if let Some(cap_w) = external_limit::import_cap_w(grid, scene.home).filter(|cap_w| over(*cap_w)) {
                return Some((Rule::ExternalLimit, text(cap_w)));
            }
            if let Some(limit_w) = grid.import_limit_w.map(magnitude).filter(|limit_w| over(*limit_w)) {
                return Some((Rule::GridImportLimit, text(limit_w)));
            }
        }
        let limit_a = grid.phase_limit_a.map(magnitude)?;
        let phases = (1_u8..).zip(&scene.home.phase_current_a).filter(|(phase, _)| view.loads(device, *phase));
        let current_a = |reading| phase_current::current_a(grid, scene, reading);
        let (phase, a) = phases
            .filter_map(|(phase, reading)| Some((phase, current_a(reading)?)))
            .find(|(_, a)| a * (1.0 - TOLERANCE_SHARE) > limit_a)?;
        Some((Rule::PhaseCurrent, format!("phase L{phase} carries {a:.1} A, more than its {limit_a:.0} A")))
    }
}

/// Whether a rule is a limit of what flows, and what it needs is known.
fn is_measured(rule: Rule, battery: &str, view: &View<'_>) -> bool {
    match rule {
        Rule::ChargePower | Rule::DischargePower | Rule::PhaseCurrent => true,
        Rule::SocFloor | Rule::OutageReserve | Rule::SocCeiling => {
            view.soc(battery).is_some_and(|soc| soc.known().is_some())
        }
        Rule::ExternalLimit | Rule::GridImportLimit | Rule::FeedInLimit => view.grid.known().is_some(),
        _ => false,
    }
}

fn power_w(command: &Command) -> f64 {
    match command {
        Command::Charge { power_w } | Command::Discharge { power_w } => *power_w,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests;
