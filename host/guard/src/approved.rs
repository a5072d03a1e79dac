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
}

/// An order that passed the guard. Nothing outside this crate can make one:
///
/// ```compile_fail
/// let forged = guard::Approved { target: "battery".into(), order: todo!(), lease: std::time::Duration::MAX };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Approved {
    target: TargetId,
    order: Order,
    lease: Duration,
}

impl Approved {
    pub(crate) fn new(target: TargetId, order: Order, lease: Duration) -> Self {
        Self { target, order, lease }
    }

    /// Battery or device.
    pub fn target(&self) -> &TargetId {
        &self.target
    }

    /// What may be done.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// The command, unless it is a release.
    pub fn command(&self) -> Option<&Command> {
        match &self.order {
            Order::Command(command) => Some(command),
            Order::Release(_) => None,
        }
    }

    /// How long it holds: when nothing renews it by then, the target is released.
    pub fn lease(&self) -> Duration {
        self.lease
    }
}
