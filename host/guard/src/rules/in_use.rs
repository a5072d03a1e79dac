//! **in-use** — a device that draws power is not turned off, unless it is `interruptible` (its task is, or
//! the owner says so): a plug knows nothing of the washing machine behind it. Drawing means more than 5 W,
//! which no appliance in standby needs. Where its power is measured and cannot be read now, it may be
//! drawing; where nothing measures it, turning off is possible. Source: the field notes' fault 30.

use model::Command;

use super::{Case, Ruling};
use crate::view::device_state;

/// Less is standby, watt.
const STANDBY_W: f64 = 5.0;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let interruptible = case.device().is_none_or(|device| device.interruptible);
    if interruptible || !matches!(case.command, Command::TurnOff) {
        return Ruling::Pass;
    }
    let Some(state) = device_state(case.scene, case.target).filter(|state| state.on != Some(false)) else {
        return Ruling::Pass;
    };
    let Some(reading) = &state.power_w else { return Ruling::Pass };
    let power_w = reading.value.filter(|w| reading.fault.is_none() && w.is_finite());
    let what = match power_w {
        Some(power_w) if power_w.abs() <= STANDBY_W => return Ruling::Pass,
        Some(power_w) => format!("draws {power_w:.0} W"),
        None => format!("may be drawing power (`{}` cannot be read)", reading.entity),
    };
    Ruling::Refuse {
        text: format!(
            "`{}` {what} and must not be cut off; set `interruptible` for it or its task if it may",
            case.target
        ),
    }
}

#[cfg(test)]
mod tests {
    use model::home::Fault;
    use model::{Command, Reading, Rule};

    use crate::testing::Bench;

    fn bench(power_w: Reading) -> Bench {
        let mut bench = Bench::new();
        bench.limits.devices.get_mut("plug").unwrap().interruptible = false;
        bench.device("plug").on = Some(true);
        bench.device("plug").power_w = Some(power_w);
        bench
    }

    fn drawing(power_w: f64) -> Bench {
        bench(Reading::of("sensor.plug", power_w, Bench::new().now))
    }

    #[test]
    fn what_draws_is_not_cut() {
        let mut bench = drawing(2000.0);
        bench.refuses("plug", Command::TurnOff, Rule::InUse);
        bench.accepts("plug", Command::TurnOn);
        // Nobody knows whether it is on.
        bench.device("plug").on = None;
        bench.refuses("plug", Command::TurnOff, Rule::InUse);
        bench.device("plug").on = Some(false);
        bench.accepts("plug", Command::TurnOff);
    }

    #[test]
    fn what_may_be_interrupted_is() {
        let mut bench = drawing(2000.0);
        bench.limits.devices.get_mut("plug").unwrap().interruptible = true;
        bench.accepts("plug", Command::TurnOff);
    }

    #[test]
    fn standby_is_no_use() {
        drawing(5.0).accepts("plug", Command::TurnOff);
        drawing(-5.0).accepts("plug", Command::TurnOff);
        drawing(5.1).refuses("plug", Command::TurnOff, Rule::InUse);
        drawing(-6.0).refuses("plug", Command::TurnOff, Rule::InUse);
    }

    #[test]
    fn what_cannot_be_read_may_be_drawing() {
        bench(Reading::faulty("sensor.plug", Fault::NotYet)).refuses("plug", Command::TurnOff, Rule::InUse);
        drawing(f64::NAN).refuses("plug", Command::TurnOff, Rule::InUse);
        let mut unmeasured = drawing(0.0);
        unmeasured.device("plug").power_w = None;
        unmeasured.accepts("plug", Command::TurnOff);
    }
}
