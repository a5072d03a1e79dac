//! **unknown-target** — a command for a battery or device that the configuration does not name is
//! refused. No setting.

use super::{Case, Ruling, Subject};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    match case.subject {
        Subject::Unknown => Ruling::Refuse { text: format!("there is no battery or device `{}`", case.target) },
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use model::{Command, Rule};

    use crate::testing::Bench;

    #[test]
    fn refuses_what_nobody_configured() {
        for target in ["", "batterie", "BATTERY", "battery ", "\u{202e}plug"] {
            Bench::new().refuses(target, Command::Hold, Rule::UnknownTarget);
        }
        Bench::new().accepts("battery", Command::Hold);
    }
}
