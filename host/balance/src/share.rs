//! How several batteries share.

use crate::{Battery, Tuning};

/// Below this an inverter stands still, watt (15 W on a SolarFlow 800).
pub(crate) const STANDSTILL_W: f64 = 15.0;

/// What one battery should do.
#[derive(Clone, Debug, PartialEq)]
pub struct Setpoint {
    /// Which.
    pub id: String,
    /// At the bus; discharge positive.
    pub power_w: f64,
}

/// Divides a total, discharge positive. The rule: **each takes the same share of what it can do in that
/// direction**, so that all come to their limits together and none is worked harder than another. One whose
/// share would be too small to run well is left out, the weakest first: at rest it starts for no less than
/// `start_w`, and once it runs it goes on down to its standstill. The strongest is never left out.
pub fn share(total_w: f64, batteries: &[Battery<'_>], tuning: &Tuning) -> Vec<Setpoint> {
    let able_w = |battery: &Battery<'_>| {
        let able_w = if total_w >= 0.0 { battery.max_discharge_w } else { battery.max_charge_w };
        if able_w.is_finite() { able_w.max(0.0) } else { 0.0 }
    };
    let mut taking: Vec<&Battery<'_>> = batteries.iter().filter(|battery| able_w(battery) > 0.0).collect();
    taking.sort_by(|a, b| able_w(b).total_cmp(&able_w(a)));
    let share_w = |battery: &Battery<'_>, taking: &[&Battery<'_>]| {
        let all_w: f64 = taking.iter().map(|battery| able_w(battery)).sum();
        total_w.abs().min(all_w) * able_w(battery) / all_w
    };
    while let Some(weakest) = taking.last().filter(|_| taking.len() > 1) {
        let runs = weakest.power_w * total_w > 0.0 && weakest.power_w.abs() >= STANDSTILL_W;
        if share_w(weakest, &taking) >= if runs { STANDSTILL_W } else { tuning.start_w } {
            break;
        }
        taking.pop();
    }
    let of = |battery: &Battery<'_>| {
        let takes = taking.iter().any(|taking| taking.id == battery.id);
        let power_w = if takes { share_w(battery, &taking).copysign(total_w).round() } else { 0.0 };
        Setpoint { id: battery.id.to_owned(), power_w: if power_w.abs() < STANDSTILL_W { 0.0 } else { power_w } }
    };
    batteries.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn battery(id: &str, max_charge_w: f64, max_discharge_w: f64, power_w: f64) -> Battery<'_> {
        Battery { id, power_w, max_charge_w, max_discharge_w }
    }

    fn powers(total_w: f64, batteries: &[Battery<'_>]) -> Vec<f64> {
        share(total_w, batteries, &Tuning::default()).into_iter().map(|setpoint| setpoint.power_w).collect()
    }

    #[test]
    fn each_takes_the_same_share_of_what_it_can() {
        let two = [battery("a", 1000.0, 800.0, 0.0), battery("b", 2400.0, 2400.0, 0.0)];
        assert_eq!(powers(800.0, &two), [200.0, 600.0]);
        assert_eq!(powers(-1700.0, &two), [-500.0, -1200.0]);
        assert_eq!(powers(9000.0, &two), [800.0, 2400.0]);
    }

    #[test]
    fn who_cannot_leaves_it_to_the_others() {
        let empty = [battery("a", 1000.0, 0.0, 0.0), battery("b", 800.0, 800.0, 0.0)];
        assert_eq!(powers(600.0, &empty), [0.0, 600.0]);
        assert_eq!(powers(600.0, &empty[..1]), [0.0]);
        assert_eq!(powers(600.0, &[]), [0.0; 0]);
    }

    #[test]
    fn too_little_for_two_is_done_by_one() {
        let pair = |power_w| [battery("a", 1000.0, 800.0, power_w), battery("b", 1000.0, 800.0, power_w)];
        assert_eq!(powers(50.0, &pair(0.0)), [50.0, 0.0]);
        assert_eq!(powers(50.0, &pair(100.0)), [25.0, 25.0]);
        assert_eq!(powers(20.0, &pair(100.0)), [20.0, 0.0]);
        assert_eq!(powers(10.0, &pair(0.0)), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn none_does_more_than_it_can_and_together_no_more_than_is_wanted(
            total_w in -5000.0..5000.0f64,
            able in proptest::collection::vec((0.0..3000.0f64, 0.0..3000.0f64, -500.0..500.0f64), 0..4),
        ) {
            let ids = ["a", "b", "c", "d"];
            let batteries: Vec<Battery<'_>> =
                ids.iter().zip(&able).map(|(id, (charge, discharge, now))| battery(id, *charge, *discharge, *now)).collect();
            let powers = powers(total_w, &batteries);
            for (battery, power_w) in batteries.iter().zip(&powers) {
                prop_assert!(-battery.max_charge_w - 0.5 <= *power_w && *power_w <= battery.max_discharge_w + 0.5);
                prop_assert!(*power_w == 0.0 || power_w.signum() == total_w.signum());
            }
            prop_assert!(powers.iter().sum::<f64>().abs() <= total_w.abs() + 2.0);
        }
    }
}
