//! **in-use** — a device that draws power is not turned off, unless it is `interruptible` (its task is, or
//! the owner says so): a plug knows nothing of the washing machine behind it. Drawing means more than 5 W,
//! which no appliance in standby needs. Where its power is measured and cannot be read now, it may be
//! drawing; where nothing measures it, turning off is possible. It is not let go of either, as long as that
//! may cut it off. Source: the field notes' fault 30.

use model::Command;

use super::{Case, Ruling, Subject};
use crate::judge::Scene;
use crate::view::device_state;

/// Less is standby, watt.
const STANDBY_W: f64 = 5.0;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    match in_use(case.subject, case.target, case.scene) {
        Some(text) if *case.command == Command::TurnOff => Ruling::Refuse { text },
        _ => Ruling::Pass,
    }
}

/// Why a device must not be cut off now; `None`: it may be.
pub(crate) fn in_use(subject: Subject<'_>, device: &str, scene: &Scene<'_>) -> Option<String> {
    if !matches!(subject, Subject::Device(limits) if !limits.interruptible) {
        return None;
    }
    let state = device_state(scene, device).filter(|state| state.on != Some(false))?;
    let reading = state.power_w.as_ref()?;
    let what = match reading.value.filter(|w| reading.fault.is_none() && w.is_finite()) {
        Some(power_w) if power_w.abs() <= STANDBY_W => return None,
        Some(power_w) => format!("draws {power_w:.0} W"),
        None => format!("may be drawing power (`{}` cannot be read)", reading.entity),
    };
    Some(format!("`{device}` {what} and must not be cut off; set `interruptible` for it or its task if it may"))
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
    fn what_draws_is_not_let_go_of() {
        let mut bench = drawing(2000.0);
        assert!(bench.release_waits("plug").is_some_and(|text| text.contains("draws 2000 W")));
        assert_eq!(bench.release_waits("heater"), None);
        bench.limits.devices.get_mut("plug").unwrap().interruptible = true;
        assert_eq!(bench.release_waits("plug"), None);
        assert_eq!(drawing(5.0).release_waits("plug"), None);
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
        let fault = Some(Fault::Unavailable { state: "unavailable".into() });
        let once = Reading { fault, ..Reading::of("sensor.plug", 0.0, Bench::new().now) };
        let judged = bench(once).refuses("plug", Command::TurnOff, Rule::InUse);
        assert!(judged.verdict.findings[0].text.contains("cannot be read"), "{judged:?}");
        let mut unmeasured = drawing(0.0);
        unmeasured.device("plug").power_w = None;
        unmeasured.accepts("plug", Command::TurnOff);
    }
}
