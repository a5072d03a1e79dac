//! **capability** — a target is only told what its configured entities can do and what the home shows
//! that it can do. Setting: the entities in the configuration. A setpoint of the balance loop is hold,
//! charge or discharge.

use model::snapshot::Abilities;
use model::{Command, CommandKind};

use super::{Case, Origin, Ruling, Subject};
use crate::view::{battery_state, device_state};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let kind = case.command.kind();
    let setpoint = matches!(case.command, Command::Hold | Command::Charge { .. } | Command::Discharge { .. });
    if matches!(case.origin, Origin::Setpoint(_)) && !setpoint {
        return Ruling::Refuse {
            text: format!("“{}” is no setpoint for a battery that follows the meter", case.command),
        };
    }
    if !case.subject.can(kind) {
        return Ruling::Refuse {
            text: format!("`{}` is configured with nothing that can “{}”", case.target, case.command),
        };
    }
    let shown = match case.subject {
        Subject::Battery(_) => battery_state(case.scene, case.target).is_some(),
        Subject::Device(_) => device_state(case.scene, case.target).is_some_and(|state| able(&state.abilities, kind)),
        Subject::Unknown => false,
    };
    if shown {
        return Ruling::Pass;
    }
    Ruling::Refuse { text: format!("the home shows nothing of `{}` that can “{}” now", case.target, case.command) }
}

/// Whether this is something for a battery at all.
pub(crate) fn for_batteries(kind: CommandKind) -> bool {
    matches!(kind, CommandKind::Hold | CommandKind::Charge | CommandKind::Discharge | CommandKind::Balance)
}

/// Whether a device with these abilities can do this.
pub(crate) fn able(abilities: &Abilities, kind: CommandKind) -> bool {
    match kind {
        CommandKind::TurnOnOff => abilities.switch,
        CommandKind::SetLevel => abilities.level,
        CommandKind::SetLight => abilities.light,
        CommandKind::Notify => abilities.notify,
        CommandKind::Hold | CommandKind::Charge | CommandKind::Discharge | CommandKind::Balance => false,
    }
}

#[cfg(test)]
mod tests {
    use model::snapshot::Abilities;
    use model::{BalanceLimits, Command, CommandKind, Decision, Rule};

    use crate::testing::{Bench, charge, light};

    #[test]
    fn refuses_what_the_configuration_does_not_offer() {
        let mut bench = Bench::new();
        bench.battery_limits().commands.remove(&CommandKind::Charge);
        bench.refuses("battery", charge(300.0), Rule::Capability);
        bench.refuses("battery", Command::TurnOn, Rule::Capability);
        bench.refuses("plug", Command::Hold, Rule::Capability);
        bench.refuses("plug", light(50.0), Rule::Capability);
        bench.accepts("led", light(50.0));
    }

    #[test]
    fn refuses_what_the_device_does_not_show() {
        let mut bench = Bench::new();
        bench.device("plug").abilities = Abilities::default();
        bench.refuses("plug", Command::TurnOn, Rule::Capability);
        bench.home.devices.clear();
        bench.refuses("led", light(50.0), Rule::Capability);
        bench.home.batteries.clear();
        bench.refuses("battery", Command::Hold, Rule::Capability);
    }

    #[test]
    fn a_setpoint_is_never_a_balance() {
        let balance = Command::Balance(BalanceLimits::default());
        let judged = Bench::new().setpoint(balance, BalanceLimits::default());
        assert_eq!(judged.verdict.findings[0].rule, Rule::Capability);
        assert_eq!(judged.verdict.decision, Decision::Refused);
    }

    #[test]
    fn what_would_become_a_hold_is_refused_where_nothing_can_hold() {
        let mut bench = Bench::new();
        bench.battery_limits().commands.remove(&CommandKind::Hold);
        bench.battery_limits().max_charge_w = 0.0;
        bench.refuses("battery", charge(300.0), Rule::ChargePower);
    }
}
