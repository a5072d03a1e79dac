use std::time::Duration;

use model::home::Baseline;
use model::{Command, TargetId};

/// What the executor may do.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Carry out a command.
    Command(Command),
    /// Let go of the target: give it back the settings that it had before Wattwright first commanded it.
    Release(Baseline),
    /// Let go of a target whose settings from before nobody knows: this is the last that it is told.
    Rest(Command),
}

/// An order that passed the guard. Nothing outside this crate can make one:
///
/// ```compile_fail,E0451
/// let hold = wattwright_guard::Order::Command(model::Command::Hold);
/// let lease = std::time::Duration::from_secs(60);
/// let forged = wattwright_guard::Approved { target: "battery".into(), order: hold, lease, setpoint: false };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Approved {
    target: TargetId,
    order: Order,
    lease: Duration,
    setpoint: bool,
}

impl Approved {
    pub(crate) fn planned(target: TargetId, command: Command, lease: Duration) -> Self {
        Self { target, order: Order::Command(command), lease, setpoint: false }
    }

    pub(crate) fn setpoint(target: TargetId, command: Command, lease: Duration) -> Self {
        Self { target, order: Order::Command(command), lease, setpoint: true }
    }

    pub(crate) fn release(target: TargetId, baseline: Baseline) -> Self {
        Self { target, order: Order::Release(baseline), lease: Duration::ZERO, setpoint: false }
    }

    pub(crate) fn at_rest(target: TargetId, command: Command) -> Self {
        Self { target, order: Order::Rest(command), lease: Duration::ZERO, setpoint: false }
    }

    /// Battery or device.
    pub fn target(&self) -> &TargetId {
        &self.target
    }

    /// What may be done.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// The command, unless the target is let go of.
    pub fn command(&self) -> Option<&Command> {
        match &self.order {
            Order::Command(command) => Some(command),
            Order::Release(_) | Order::Rest(_) => None,
        }
    }

    /// How long it holds: when nothing renews it by then, the target is released. Zero for a release,
    /// which needs no renewal.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// Whether it is a setpoint of the balance loop, which leaves `balance` in force.
    pub fn is_setpoint(&self) -> bool {
        self.setpoint
    }
}
