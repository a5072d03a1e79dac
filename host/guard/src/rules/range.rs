//! **range** — powers are magnitudes, so one below zero is refused: nobody can tell whether the opposite
//! was meant. A level outside what both the configuration and the device allow is brought to the nearest
//! value, brightness to 0 to 100 %. Setting: the device's `level`.

use model::{Command, Light};

use super::{Case, Ruling};
use crate::view::device_state;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    match case.command {
        Command::Charge { power_w } | Command::Discharge { power_w } => not_negative(&[Some(*power_w)]),
        Command::Balance(limits) => not_negative(&[limits.max_charge_w, limits.max_discharge_w]),
        Command::SetLevel { value } => level(case, *value),
        Command::SetLight(light) => brightness(light),
        Command::Hold | Command::TurnOn | Command::TurnOff | Command::Notify { .. } => Ruling::Pass,
    }
}

fn not_negative(powers: &[Option<f64>]) -> Ruling {
    match powers.iter().flatten().find(|w| **w < 0.0) {
        Some(w) => Ruling::Refuse { text: format!("{w:.0} W is below zero; powers of commands are magnitudes") },
        None => Ruling::Pass,
    }
}

fn level(case: &Case<'_>, value: f64) -> Ruling {
    let configured = case.device().and_then(|limits| limits.level);
    let shown = device_state(case.scene, case.target).and_then(|state| state.level.as_ref());
    let ranges = [configured.map(|range| (range.min, range.max)), shown.map(|level| (level.min, level.max))];
    // Plain comparisons, since `f64::max` would pass over a bound that is not a number.
    let mut range = (f64::NEG_INFINITY, f64::INFINITY);
    for (min, max) in ranges.into_iter().flatten() {
        if min.is_nan() || max.is_nan() || min > max {
            return Ruling::Refuse {
                text: format!("`{}` has the range {min} to {max}, which holds no value", case.target),
            };
        }
        range = (range.0.max(min), range.1.min(max));
    }
    let (min, max) = range;
    if min > max {
        return Ruling::Refuse {
            text: format!("`{}` has no value that both the configuration and the device allow", case.target),
        };
    }
    if (min..=max).contains(&value) {
        return Ruling::Pass;
    }
    let nearest = value.clamp(min, max);
    if !nearest.is_finite() {
        return Ruling::Refuse { text: format!("`{}` has no finite range", case.target) };
    }
    Ruling::Adjust {
        to: Command::SetLevel { value: nearest },
        text: format!("{value} is outside {min} to {max}, the range of `{}`", case.target),
    }
}

fn brightness(light: &Light) -> Ruling {
    if (0.0..=100.0).contains(&light.brightness_pct) {
        return Ruling::Pass;
    }
    Ruling::Adjust {
        to: Command::SetLight(Light { brightness_pct: light.brightness_pct.clamp(0.0, 100.0), ..*light }),
        text: format!("a brightness of {} % is outside 0 to 100 %", light.brightness_pct),
    }
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::LevelRange;
    use crate::testing::{Bench, charge, discharge, light};

    fn level(value: f64) -> Command {
        Command::SetLevel { value }
    }

    #[test]
    fn refuses_powers_below_zero() {
        let bench = Bench::new();
        bench.refuses("battery", charge(-1.0), Rule::Range);
        bench.refuses("battery", discharge(-800.0), Rule::Range);
        let limits = BalanceLimits { max_charge_w: Some(-5.0), max_discharge_w: None };
        bench.refuses("battery", Command::Balance(limits), Rule::Range);
    }

    #[test]
    fn brings_levels_into_the_range_of_both() {
        let mut bench = Bench::new();
        bench.limits.devices.get_mut("heater").unwrap().level = Some(LevelRange { min: 30.0, max: 60.0 });
        bench.adjusts("heater", level(70.0), level(55.0), Rule::Range);
        bench.adjusts("heater", level(-1e300), level(30.0), Rule::Range);
        bench.accepts("heater", level(55.0));
        bench.limits.devices.get_mut("heater").unwrap().level = Some(LevelRange { min: 40.0, max: 40.0 });
        bench.accepts("heater", level(40.0));
        bench.adjusts("heater", level(41.0), level(40.0), Rule::Range);
    }

    #[test]
    fn refuses_where_no_value_fits() {
        for shown in [(70.0, 80.0), (f64::NAN, 55.0), (55.0, f64::NAN), (55.0, 20.0)] {
            let mut bench = Bench::new();
            bench.limits.devices.get_mut("heater").unwrap().level = Some(LevelRange { min: 30.0, max: 60.0 });
            let level_shown = bench.device("heater").level.as_mut().unwrap();
            (level_shown.min, level_shown.max) = shown;
            bench.refuses("heater", level(40.0), Rule::Range);
        }
    }

    #[test]
    fn brings_brightness_to_percent() {
        let bench = Bench::new();
        bench.adjusts("led", light(250.0), light(100.0), Rule::Range);
        bench.adjusts("led", light(-3.0), light(0.0), Rule::Range);
    }
}
