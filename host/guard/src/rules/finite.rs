//! **finite** — every number of a command is finite; NaN and the infinities are refused. No setting.
//! Source: every comparison with NaN is false, so that no limit further down could be relied on.

use super::{Case, Ruling};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    if case.command.is_finite() {
        return Ruling::Pass;
    }
    Ruling::Refuse { text: format!("a number in “{}” is not finite", case.command) }
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Light, Rule};

    use crate::testing::{Bench, charge};

    #[test]
    fn refuses_what_is_not_finite() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            Bench::new().refuses("battery", charge(bad), Rule::Finite);
            Bench::new().refuses("battery", Command::Discharge { power_w: bad }, Rule::Finite);
            let limits = BalanceLimits { max_charge_w: None, max_discharge_w: Some(bad) };
            Bench::new().refuses("battery", Command::Balance(limits), Rule::Finite);
            Bench::new().refuses("heater", Command::SetLevel { value: bad }, Rule::Finite);
            let light = Light { on: true, red: 0, green: 0, blue: 0, brightness_pct: bad };
            Bench::new().refuses("led", Command::SetLight(light), Rule::Finite);
        }
        Bench::new().accepts("battery", charge(300.0));
    }
}
