//! **undeclared** — a strategy that commands what it did not declare in `describe` is refused. No
//! setting. Source: the owner was shown what the strategy may do, and agreed to that.

use super::{Case, Origin, Ruling};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    match case.origin {
        Origin::Plan { proposal, .. } if !proposal.mandate.declared.contains(&case.command.kind()) => {
            Ruling::Refuse { text: format!("the strategy did not declare that it commands “{}”", case.command) }
        }
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use model::{Command, CommandKind, Rule};

    use crate::testing::{Bench, charge};

    #[test]
    fn refuses_what_was_not_declared() {
        let mut bench = Bench::new();
        bench.mandate.declared.remove(&CommandKind::Charge);
        bench.refuses("battery", charge(300.0), Rule::Undeclared);
        bench.accepts("battery", Command::Hold);
        bench.mandate.declared.remove(&CommandKind::TurnOnOff);
        bench.refuses("plug", Command::TurnOff, Rule::Undeclared);
    }
}
