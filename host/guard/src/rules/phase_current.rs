//! **phase-current** — what Wattwright does never brings a phase of the connection above `phase_limit_a`:
//! charging is reduced to what is left on the phase that the battery is connected to (`phase`; on the fullest
//! one where that is not known), a device that would need more is not turned on. The other batteries and what
//! was turned on already count as in `grid-import-limit`. Which way a current flows is not asked, so a phase
//! that feeds in counts as loaded. A phase that is not shown or cannot be read counts as overloaded. No default:
//! set it to the rating of the fuse, or to 20 A for what one phase may carry more than another (VDE-AR-N 4100,
//! 4.6 kVA). Source: evcc's circuits, which assume overload on a read error; the field notes' fault 31.

use model::{Command, Reading};

use super::{Case, Ruling, cap_charge};
use crate::judge::Scene;
use crate::limits::GridLimits;
use crate::view::magnitude;

/// Nominal voltage of a phase (EN 50160).
const VOLTS: f64 = 230.0;
const PHASES: u8 = 3;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(limit_a) = case.grid_limits.phase_limit_a.map(magnitude) else { return Ruling::Pass };
    let needed_w = match case.command {
        Command::Charge { power_w } => *power_w,
        Command::TurnOn => case.view.turn_on_w(case.target),
        _ => 0.0,
    };
    if needed_w <= 0.0 {
        return Ruling::Pass;
    }
    let shown = &case.scene.home.phase_current_a;
    let count = u8::try_from(shown.len()).unwrap_or(PHASES).max(1);
    let mut least: Option<(f64, u8)> = None;
    for phase in (1..=count.max(phase_of(case).unwrap_or(1))).filter(|phase| case.view.loads(case.target, *phase)) {
        let Some(current_a) =
            shown.get(usize::from(phase) - 1).and_then(|reading| current_a(case.grid_limits, case.scene, reading))
        else {
            let text = format!("nobody knows how much of the {limit_a:.0} A of phase L{phase} is in use");
            return Ruling::Refuse { text };
        };
        let left_w = limit_a * VOLTS - case.view.phase_without_w(phase, current_a * VOLTS, case.target);
        if least.is_none_or(|(least_w, _)| left_w < least_w) {
            least = Some((left_w.max(0.0), phase));
        }
    }
    let Some((left_w, phase)) = least else { return Ruling::Pass };
    let text = || {
        format!(
            "“{}” is more than the {left_w:.0} W that are left of the {limit_a:.0} A of phase L{phase}",
            case.command
        )
    };
    match case.command {
        Command::TurnOn if needed_w > left_w => Ruling::Refuse { text: text() },
        Command::Charge { .. } => cap_charge(case.command, left_w, text),
        _ => Ruling::Pass,
    }
}

fn phase_of(case: &Case<'_>) -> Option<u8> {
    case.battery().map_or_else(|| case.device().and_then(|device| device.phase), |battery| battery.phase)
}

/// What runs through a phase, whichever way; `None`: nobody knows.
pub(crate) fn current_a(limits: &GridLimits, scene: &Scene<'_>, reading: &Reading) -> Option<f64> {
    let age = scene.now.duration_since(reading.at?).unsigned_abs();
    let value = reading.value.filter(|a| reading.fault.is_none() && a.is_finite())?;
    (age <= limits.meter_stale_after).then_some(value.abs())
}

#[cfg(test)]
mod tests {
    use model::home::Fault;
    use model::{BalanceLimits, Command, Reading, Rule};

    use crate::testing::{Bench, charge, discharge};

    /// 10 A for each phase, 2300 W.
    fn bench(currents_a: &[f64]) -> Bench {
        let mut bench = Bench::new();
        bench.limits.grid.phase_limit_a = Some(10.0);
        bench.home.phase_current_a = currents_a.iter().map(|a| Reading::of("sensor.phase", *a, bench.now)).collect();
        bench
    }

    fn on_phase(mut bench: Bench, phase: u8) -> Bench {
        bench.battery_limits().phase = Some(phase);
        for device in bench.limits.devices.values_mut() {
            device.phase = Some(phase);
        }
        bench
    }

    #[test]
    fn charging_gets_what_is_left_on_its_phase() {
        on_phase(bench(&[8.0, 0.0, 9.0]), 1).adjusts("battery", charge(900.0), charge(460.0), Rule::PhaseCurrent);
        on_phase(bench(&[8.0, 0.0, 9.0]), 3).adjusts("battery", charge(900.0), charge(230.0), Rule::PhaseCurrent);
        on_phase(bench(&[-8.0, 0.0, 9.0]), 1).adjusts("battery", charge(900.0), charge(460.0), Rule::PhaseCurrent);
        on_phase(bench(&[8.0, 0.0, 9.0]), 2).accepts("battery", charge(900.0));
        on_phase(bench(&[12.0]), 1).adjusts("battery", charge(900.0), Command::Hold, Rule::PhaseCurrent);
        // Nobody knows where it is connected.
        bench(&[8.0, 0.0, 9.0]).adjusts("battery", charge(900.0), charge(230.0), Rule::PhaseCurrent);
    }

    #[test]
    fn its_own_power_and_that_of_others_count_as_at_the_meter() {
        let mut charging = on_phase(bench(&[8.0]), 1);
        charging.battery().power_w.value = Some(-460.0);
        charging.adjusts("battery", charge(1000.0), charge(920.0), Rule::PhaseCurrent);
        charging.battery().power_w.value = Some(230.0);
        charging.adjusts("battery", charge(1000.0), charge(230.0), Rule::PhaseCurrent);
        charging.battery().power_w = Reading::faulty("sensor.power", Fault::NotYet);
        // It may be hiding 800 W.
        charging.adjusts("battery", charge(1000.0), Command::Hold, Rule::PhaseCurrent);
        let mut two = on_phase(bench(&[5.0, 5.0]), 1);
        two.add_battery("second");
        two.limits.batteries.get_mut("second").unwrap().phase = Some(1);
        two.carry_out("second", charge(500.0));
        two.adjusts("battery", charge(1000.0), charge(650.0), Rule::PhaseCurrent);
        two.limits.batteries.get_mut("second").unwrap().phase = Some(2);
        two.accepts("battery", charge(1000.0));
        two.limits.devices.get_mut("heater").unwrap().phase = Some(2);
        two.carry_out("heater", Command::TurnOn);
        two.accepts("battery", charge(1000.0));
        two.limits.devices.get_mut("heater").unwrap().phase = Some(1);
        two.carry_out("heater", Command::TurnOff);
        two.carry_out("plug", Command::TurnOn);
        two.accepts("battery", charge(1000.0));
        two.carry_out("heater", Command::TurnOn);
        two.adjusts("battery", charge(1000.0), Command::Hold, Rule::PhaseCurrent);
    }

    #[test]
    fn a_device_counts_with_its_power() {
        let half = on_phase(bench(&[5.0]), 1);
        half.refuses("heater", Command::TurnOn, Rule::PhaseCurrent);
        half.accepts("plug", Command::TurnOn);
        half.accepts("heater", Command::TurnOff);
        on_phase(bench(&[1.0]), 1).accepts("heater", Command::TurnOn);
    }

    #[test]
    fn a_phase_that_cannot_be_read_is_overloaded() {
        let unread = |reading: Reading| {
            let mut bench = on_phase(bench(&[0.0, 0.0]), 2);
            bench.home.phase_current_a[1] = reading;
            bench
        };
        let now = Bench::new().now;
        let old = Bench::new().ago(61);
        for reading in [
            Reading::faulty("sensor.phase", Fault::NotYet),
            Reading::of("sensor.phase", f64::NAN, now),
            Reading::of("sensor.phase", 0.0, old),
            Reading { at: None, ..Reading::of("sensor.phase", 0.0, now) },
        ] {
            let bench = unread(reading);
            bench.refuses("battery", charge(100.0), Rule::PhaseCurrent);
            bench.refuses("plug", Command::TurnOn, Rule::PhaseCurrent);
            bench.accepts("battery", discharge(100.0));
            bench.accepts("battery", Command::Hold);
            assert_eq!(bench.setpoint(charge(100.0), BalanceLimits::default()).verdict.approved, Some(Command::Hold));
        }
        unread(Reading::of("sensor.phase", 0.0, Bench::new().ago(60))).accepts("battery", charge(100.0));
        on_phase(bench(&[0.0, 0.0]), 3).refuses("battery", charge(100.0), Rule::PhaseCurrent);
        bench(&[]).refuses("battery", charge(100.0), Rule::PhaseCurrent);
    }

    #[test]
    fn without_a_limit_none_is_watched() {
        let mut bench = bench(&[40.0]);
        bench.limits.grid.phase_limit_a = None;
        bench.accepts("battery", charge(900.0));
        bench.limits.grid.phase_limit_a = Some(f64::NAN);
        bench.adjusts("battery", charge(900.0), Command::Hold, Rule::PhaseCurrent);
    }

    #[test]
    fn what_just_fits_is_turned_on() {
        for (power_w, fits) in [(2300.0, true), (2300.1, false)] {
            let mut bench = on_phase(bench(&[0.0]), 1);
            bench.limits.devices.get_mut("heater").unwrap().power_w = Some(power_w);
            if fits {
                bench.accepts("heater", Command::TurnOn);
            } else {
                bench.refuses("heater", Command::TurnOn, Rule::PhaseCurrent);
            }
        }
    }
}
