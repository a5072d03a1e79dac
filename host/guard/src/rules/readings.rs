//! Which readings a command depends on. Charging and discharging need the state of charge; following the
//! meter needs the meter too; what adds to the import needs the meter where an import limit is set, since
//! a connection that nobody measures has to be taken for overloaded (so do evcc's circuits). Discharging
//! goes without the meter, but then with what the feed-in limit allows at any load. A grant without
//! `grid_charging` or `export` needs the meter for what it restricts. Hold needs nothing.

use model::{Command, Grant};

use super::{Case, Ruling};
use crate::believe::Belief;

/// Refuses when one of the readings is of this code.
pub(super) fn refuse(case: &Case<'_>, code: &str) -> Ruling {
    let found = needed(case).into_iter().flatten().find(|belief| belief.code() == Some(code));
    match found.and_then(Belief::text) {
        Some(text) => Ruling::Refuse { text: format!("“{}” needs a reading that is {code}: {text}", case.command) },
        None => Ruling::Pass,
    }
}

fn needed<'c>(case: &'c Case<'_>) -> [Option<&'c Belief>; 2] {
    let soc = || case.view.soc(case.target);
    let grid = || Some(&case.view.grid);
    let limited = case.grid_limits.import_limit_w.is_some() || case.grid_limits.external.is_some();
    let granted = |measured: fn(&Grant) -> bool| case.grant().is_some_and(measured);
    match case.command {
        Command::Balance(_) => [soc(), grid()],
        Command::Charge { .. } if limited || granted(|grant| !grant.grid_charging) => [soc(), grid()],
        Command::Discharge { .. } if granted(|grant| !grant.export) => [soc(), grid()],
        Command::Charge { .. } | Command::Discharge { .. } => [soc(), None],
        Command::TurnOn if limited && case.view.turn_on_w(case.target) > 0.0 => [None, grid()],
        _ => [None, None],
    }
}
