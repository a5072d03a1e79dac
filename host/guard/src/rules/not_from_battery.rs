//! **not-from-battery** — while a device with `from_battery = false` is at work, such as the charger of an electric
//! car, batteries give no more than the rest of the home uses; more is reduced. At work means more than 50 W. What
//! it draws and nobody can read is not counted: this rule spares money and wear, and endangers nothing. Default: every
//! device is fed. Source: the field notes' fault 34; evcc's lock of the home battery while a car charges.

use model::{Command, HomeState};

use super::{Case, Ruling, cap_discharge};
use crate::limits::Limits;

/// Less is standby, watt.
const STANDBY_W: f64 = 50.0;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let apart_w = case.view.apart_w();
    // The loop of a balance is told of a meter without it, and each setpoint comes through here by itself.
    if apart_w == 0.0 || !matches!(case.command, Command::Discharge { .. }) {
        return Ruling::Pass;
    }
    let rest_w = case.view.use_without_w(case.target).map_or(0.0, |used_w| (used_w - apart_w).max(0.0));
    cap_discharge(case.command, rest_w, || {
        format!("“{}” is more than the {rest_w:.0} W of all but what batteries do not feed", case.command)
    })
}

/// What devices draw that batteries do not feed, watt.
pub(crate) fn apart_w(limits: &Limits, home: &HomeState) -> f64 {
    let apart = |id: &str| limits.devices.get(id).is_some_and(|limits| !limits.from_battery);
    let readings = home.devices.iter().filter(|state| apart(&state.id)).filter_map(|state| state.power_w.as_ref());
    let powers = readings.filter(|reading| reading.fault.is_none()).filter_map(|reading| reading.value);
    powers.filter(|w| *w > STANDBY_W && *w <= limits.grid.plausible_w).sum()
}

/// The meter for batteries that follow it: without what they do not feed, as far as sun and others leave it to them.
/// `grid_w` is what the meter shows, import positive; `batteries_w` what all of them give together, watt.
pub fn meter_to_follow_w(limits: &Limits, home: &HomeState, grid_w: f64, batteries_w: f64) -> f64 {
    grid_w - apart_w(limits, home).min((grid_w + batteries_w).max(0.0))
}

#[cfg(test)]
mod tests {
    use model::home::Fault;
    use model::{BalanceLimits, Command, Reading, Rule};

    use crate::testing::{Bench, charge, discharge};

    /// A car draws `car_w`, the meter shows `meter_w`, the battery gives `battery_w`.
    fn bench(car_w: f64, meter_w: f64, battery_w: f64) -> Bench {
        let mut bench = Bench::new();
        bench.limits.devices.get_mut("plug").unwrap().from_battery = false;
        bench.device("plug").power_w = Some(Reading::of("sensor.car", car_w, bench.now));
        bench.home.grid_power_w.value = Some(meter_w);
        bench.battery().power_w.value = Some(battery_w);
        bench
    }

    #[test]
    fn only_the_rest_of_the_home_is_fed() {
        // car, meter, battery, expected
        let table = [
            (11_000.0, 11_300.0, 0.0, discharge(300.0)),
            (11_000.0, 10_900.0, 400.0, discharge(300.0)),
            // The sun covers the rest, and part of the car.
            (11_000.0, 9_000.0, 0.0, Command::Hold),
            (51.0, 351.0, 0.0, discharge(300.0)),
        ];
        for (car_w, meter_w, battery_w, expected) in table {
            bench(car_w, meter_w, battery_w).adjusts("battery", discharge(500.0), expected, Rule::NotFromBattery);
        }
        bench(11_000.0, 11_300.0, 0.0).accepts("battery", discharge(300.0));
        bench(11_000.0, 11_300.0, 0.0).accepts("battery", charge(300.0));
        let judged = bench(11_000.0, 11_300.0, 0.0).setpoint(discharge(800.0), BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(discharge(300.0)));
    }

    #[test]
    fn several_batteries_share_the_rest() {
        let mut bench = bench(11_000.0, 11_300.0, 0.0);
        bench.add_battery("second");
        bench.carry_out("second", discharge(200.0));
        bench.adjusts("battery", discharge(500.0), discharge(100.0), Rule::NotFromBattery);
    }

    #[test]
    fn without_a_meter_nothing_is_given() {
        let mut blind = bench(11_000.0, 11_300.0, 0.0);
        blind.home.grid_power_w = Reading::faulty("sensor.meter", Fault::NotYet);
        blind.adjusts("battery", discharge(500.0), Command::Hold, Rule::NotFromBattery);
    }

    #[test]
    fn what_is_at_rest_unread_or_fed_changes_nothing() {
        bench(50.0, 100.0, 0.0).accepts("battery", discharge(500.0));
        bench(1e9, 100.0, 0.0).accepts("battery", discharge(500.0));
        let mut unread = bench(0.0, 100.0, 0.0);
        unread.device("plug").power_w = Some(Reading::faulty("sensor.car", Fault::NotYet));
        unread.accepts("battery", discharge(500.0));
        let mut fed = bench(11_000.0, 11_300.0, 0.0);
        fed.limits.devices.get_mut("plug").unwrap().from_battery = true;
        fed.accepts("battery", discharge(500.0));
    }

    #[test]
    fn the_meter_to_follow_is_without_it() {
        // car, meter, battery, expected
        let table = [
            (11_000.0, 11_300.0, 0.0, 300.0),
            (11_000.0, 10_900.0, 400.0, -100.0),
            // The sun feeds part of the car; none of it is a surplus to charge from.
            (11_000.0, 9_000.0, 0.0, 0.0),
            (11_000.0, -500.0, 0.0, -500.0),
            (0.0, 300.0, 0.0, 300.0),
        ];
        for (car_w, meter_w, battery_w, expected) in table {
            let bench = bench(car_w, meter_w, battery_w);
            assert_eq!(super::meter_to_follow_w(&bench.limits, &bench.home, meter_w, battery_w), expected, "{car_w}");
        }
    }
}
