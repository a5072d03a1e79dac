//! From actions to verdicts.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use model::home::Baseline;
use model::{Command, CommandKind, Decision, Finding, HomeState, Rule, TargetId, Verdict};

use crate::approved::Approved;
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::mandate::{Proposal, Setpoint};
use crate::rules::{CHAIN, Case, Origin, Ruling, Subject, in_use, taken};
use crate::view::{View, battery_state};
use crate::watch::Watch;

/// The moment in which the guard judges.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What is seen of the home.
    pub home: &'a HomeState,
    /// The wall clock, for the age of readings.
    pub now: Timestamp,
    /// The monotonic clock since the daemon's start, for intervals.
    pub uptime: Duration,
    /// What was written.
    pub ledger: &'a Ledger,
    /// What the readings did so far, `home` included.
    pub watch: &'a Watch,
}

/// A verdict, with the order if there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// For people and for the journal.
    pub verdict: Verdict,
    /// For the executor; `None`: refused.
    pub approved: Option<Approved>,
}

/// Judges by the limits of one home.
#[derive(Clone, Debug)]
pub struct Guard {
    limits: Limits,
}

impl Guard {
    /// A guard for these limits. Limits that are not finite or below zero count as zero.
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Judges what one or several strategies want: one result for each proposal, in order. What the first
    /// ones get of a common limit is not there for the later ones.
    pub fn judge(&self, proposals: &[Proposal<'_>], scene: &Scene<'_>) -> Vec<Judged> {
        let mut view = View::new(&self.limits, scene);
        let mut seen = BTreeSet::new();
        let mut results = Vec::with_capacity(proposals.len());
        for proposal in proposals {
            let action = proposal.action;
            let first = !proposal.mandate.grant.covers(&action.target) || seen.insert(action.target.as_str());
            let origin = Origin::Plan { proposal: *proposal, first };
            let judged = self.pass(&action.target, &action.command, origin, scene, &view);
            if let Some(command) = &judged.verdict.approved {
                view.decide(&action.target, command.clone());
            }
            results.push(judged);
        }
        results
    }

    /// Judges what a command in force asks of a battery now. Where a plan's action would be refused, the
    /// answer is hold, since the setpoint before may be just what is no longer allowed; only a battery that
    /// is unknown or not shown, a link that is down and the write interval leave it with nothing.
    pub fn judge_setpoint(&self, setpoint: &Setpoint<'_>, scene: &Scene<'_>) -> Judged {
        let view = View::new(&self.limits, scene);
        self.pass(setpoint.battery, setpoint.command, Origin::Setpoint(*setpoint), scene, &view)
    }

    /// The guard's own word for a battery that must not go on: hold, for which no strategy's mandate is
    /// needed.
    pub fn hold(&self, battery: &str, scene: &Scene<'_>) -> Judged {
        self.own(battery, &Command::Hold, scene, &View::new(&self.limits, scene))
    }

    /// The guard's own word to the owner, for which no strategy's mandate is needed either.
    pub fn tell(&self, device: &str, text: &str, scene: &Scene<'_>) -> Judged {
        self.own(device, &Command::Notify { text: text.into() }, scene, &View::new(&self.limits, scene))
    }

    pub(crate) fn own(&self, target: &str, command: &Command, scene: &Scene<'_>, view: &View<'_>) -> Judged {
        self.pass(target, command, Origin::Own, scene, view)
    }

    /// Why a target must not be given back its settings from before right now: that could cut off what draws
    /// power, or somebody else is in charge of it. `None`: it may.
    pub fn release_waits(&self, target: &str, scene: &Scene<'_>) -> Option<String> {
        let subject = Subject::find(&self.limits, target);
        taken::taken(target, scene).or_else(|| in_use::in_use(subject, target, scene))
    }

    /// Lets go of a target, for which no mandate is needed; see [`Guard::release_waits`] for when. One whose settings
    /// from before nobody knows does not stay at its last command: a battery holds, what can be turned off is off.
    pub fn release(&self, target: impl Into<TargetId>, baseline: Baseline) -> Approved {
        let target = target.into();
        match Subject::find(&self.limits, &target).at_rest().filter(|_| baseline.unknown) {
            Some(command) => Approved::at_rest(target, command),
            None => Approved::release(target, baseline),
        }
    }

    fn pass(&self, target: &str, proposed: &Command, origin: Origin<'_>, scene: &Scene<'_>, view: &View<'_>) -> Judged {
        let subject = Subject::find(&self.limits, target);
        let mut findings = Vec::new();
        let mut command = proposed.clone();
        for (rule, check) in CHAIN {
            let case = Case { target, subject, command: &command, origin, grid_limits: &self.limits.grid, scene, view };
            let (to, text) = match check(&case) {
                Ruling::Pass => continue,
                Ruling::Adjust { to, text } => (Some(to), text),
                Ruling::Refuse { text } => (hold_instead(rule, &case), text),
            };
            let to = to.filter(|to| *to != Command::Hold || subject.can(CommandKind::Hold));
            findings.push(Finding { rule, text, from: command, to: to.clone() });
            match to {
                Some(to) => command = to,
                None => return refused(target, proposed, origin, findings),
            }
        }
        let decision = if findings.is_empty() { Decision::Accepted } else { Decision::Adjusted };
        let approved = match origin {
            Origin::Setpoint(_) => Approved::setpoint(target.into(), command.clone(), subject.lease()),
            Origin::Plan { .. } | Origin::Own => Approved::planned(target.into(), command.clone(), subject.lease()),
        };
        let verdict = Verdict {
            target: target.into(),
            by: origin.by().map(Into::into),
            decision,
            proposed: proposed.clone(),
            approved: Some(command),
            findings,
        };
        Judged { verdict, approved: Some(approved) }
    }
}

/// A setpoint that is refused must not leave the one before in force.
fn hold_instead(rule: Rule, case: &Case<'_>) -> Option<Command> {
    let moving = matches!(case.command, Command::Charge { .. } | Command::Discharge { .. });
    let stoppable = !matches!(rule, Rule::UnknownTarget | Rule::Link | Rule::Taken | Rule::WriteInterval);
    let shown = battery_state(case.scene, case.target).is_some();
    (matches!(case.origin, Origin::Setpoint(_)) && moving && stoppable && shown).then_some(Command::Hold)
}

fn refused(target: &str, proposed: &Command, origin: Origin<'_>, findings: Vec<Finding>) -> Judged {
    let verdict = Verdict {
        target: target.into(),
        by: origin.by().map(Into::into),
        decision: Decision::Refused,
        proposed: proposed.clone(),
        approved: None,
        findings,
    };
    Judged { verdict, approved: None }
}

#[cfg(test)]
mod tests {
    use model::home::Baseline;
    use model::{BalanceLimits, Command, Light};

    use crate::testing::{Bench, charge};
    use crate::{Guard, Order};

    #[test]
    fn an_approved_order_says_what_it_is() {
        let bench = Bench::new();
        let planned = bench.accepts("battery", charge(300.0)).approved.unwrap();
        assert_eq!((planned.command(), planned.is_setpoint()), (Some(&charge(300.0)), false));
        assert_eq!(planned.lease().as_secs(), 1200);
        let setpoint = bench.setpoint(charge(300.0), BalanceLimits::default()).approved.unwrap();
        assert_eq!((setpoint.command(), setpoint.is_setpoint()), (Some(&charge(300.0)), true));
        let baseline = Baseline::of(vec![("number.limit".into(), "5".into())]);
        let release = Guard::new(bench.limits.clone()).release("battery", baseline.clone());
        assert_eq!((release.command(), release.order()), (None, &Order::Release(baseline)));
        assert_eq!((release.target().as_str(), release.lease().as_secs()), ("battery", 0));
    }

    #[test]
    fn the_owner_is_told_by_what_can_tell() {
        let bench = Bench::new();
        assert!(bench.tell("phone").approved.is_some());
        for deaf in ["plug", "battery", "nobody"] {
            assert_eq!(bench.tell(deaf).approved, None, "{deaf}");
        }
    }

    #[test]
    fn what_was_before_is_not_made_up() {
        let bench = Bench::new();
        let left = |target: &str| bench.guard().release(target, Baseline::unknown()).order().clone();
        assert_eq!(left("battery"), Order::Rest(Command::Hold));
        assert_eq!(left("plug"), Order::Rest(Command::TurnOff));
        assert_eq!(left("led"), Order::Rest(Command::SetLight(Light::OFF)));
        assert_eq!(left("phone"), Order::Release(Baseline::unknown()), "there is nothing to bring to rest");
    }
}
