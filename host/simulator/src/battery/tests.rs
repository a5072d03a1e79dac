use proptest::prelude::*;

use super::*;

fn slow() -> BatteryParameters {
    BatteryParameters { ramp_w_per_s: Some(400.0), latency_s: 2.0, ..BatteryParameters::default() }
}

#[test]
fn a_command_takes_effect_after_the_latency_and_along_the_ramp() {
    let mut battery = Battery::new(slow(), 50.0).unwrap();
    battery.command(Drive::Discharge { power_w: 700.0 });
    let powers: Vec<f64> = (0..5).map(|_| battery.step(0.0, 1.0)).collect();
    assert_eq!(powers, [0.0, 0.0, 400.0, 700.0, 700.0]);
}

#[test]
fn commands_take_effect_in_the_order_in_which_they_came() {
    let mut battery = Battery::new(slow(), 50.0).unwrap();
    battery.command(Drive::Charge { power_w: 100.0 });
    battery.step(0.0, 1.0);
    battery.command(Drive::Discharge { power_w: 100.0 });
    let powers: Vec<f64> = (0..4).map(|_| battery.step(0.0, 1.0)).collect();
    assert_eq!(powers, [0.0, -100.0, 100.0, 100.0]);
}

#[test]
fn over_a_slot_the_latency_vanishes() {
    let mut battery = Battery::new(slow(), 50.0).unwrap();
    battery.command(Drive::Charge { power_w: 500.0 });
    assert_eq!(battery.step(0.0, 900.0), -500.0);
}

#[test]
fn below_its_floor_it_charges_but_does_not_discharge() {
    let mut battery = Battery::new(BatteryParameters::default(), 4.0).unwrap();
    battery.command(Drive::Discharge { power_w: 500.0 });
    assert_eq!(battery.step(0.0, 900.0), 0.0);
    assert_eq!(battery.soc_pct(), 4.0);
    battery.command(Drive::Charge { power_w: 500.0 });
    assert_eq!(battery.step(0.0, 900.0), -500.0);
    assert!(battery.soc_pct() > 4.0);
}

#[test]
fn following_keeps_to_its_bounds() {
    let mut battery = Battery::new(BatteryParameters::default(), 50.0).unwrap();
    battery.command(Drive::Follow { max_charge_w: 0.0, max_discharge_w: 200.0 });
    assert_eq!(battery.step(900.0, 1.0), 200.0);
    assert_eq!(battery.step(-900.0, 1.0), 0.0);
}

#[test]
fn a_magnitude_that_is_none_moves_nothing() {
    let mut battery = Battery::new(BatteryParameters::default(), 50.0).unwrap();
    for power_w in [f64::NAN, -300.0, f64::NEG_INFINITY] {
        battery.command(Drive::Charge { power_w });
        assert_eq!(battery.step(0.0, 60.0), 0.0);
        battery.command(Drive::Discharge { power_w });
        assert_eq!(battery.step(0.0, 60.0), 0.0);
    }
}

#[test]
fn impossible_parameters_are_named() {
    let with = |change: fn(&mut BatteryParameters)| {
        let mut parameters = BatteryParameters::default();
        change(&mut parameters);
        Battery::new(parameters, 50.0).unwrap_err().to_string()
    };
    assert_eq!(with(|p| p.capacity_wh = f64::NAN), "battery: capacity_wh is NaN, expected more than 0");
    assert_eq!(
        with(|p| p.charge_efficiency = 1.2),
        "battery: charge_efficiency is 1.2, expected more than 0 and at most 1"
    );
    assert_eq!(with(|p| p.min_soc_pct = 100.5), "battery: min_soc_pct is 100.5, expected 0 to 100");
    assert_eq!(
        with(|p| (p.min_soc_pct, p.max_soc_pct) = (60.0, 40.0)),
        "battery: min_soc_pct is 60, expected at most max_soc_pct"
    );
    assert_eq!(with(|p| p.ramp_w_per_s = Some(0.0)), "battery: ramp_w_per_s is 0, expected more than 0, or none");
}

fn parameters() -> impl Strategy<Value = BatteryParameters> {
    (
        100.0..20_000.0,
        (0.0..50.0, 50.0..=100.0),
        (0.0..6_000.0, 0.0..6_000.0),
        (0.5..=1.0, 0.5..=1.0),
        prop::option::of(10.0..2_000.0),
        0.0..10.0,
    )
        .prop_map(
            |(
                capacity_wh,
                (min_soc_pct, max_soc_pct),
                (max_charge_w, max_discharge_w),
                (charge_efficiency, discharge_efficiency),
                ramp_w_per_s,
                latency_s,
            )| BatteryParameters {
                capacity_wh,
                min_soc_pct,
                max_soc_pct,
                max_charge_w,
                max_discharge_w,
                charge_efficiency,
                discharge_efficiency,
                ramp_w_per_s,
                latency_s,
            },
        )
}

fn drive() -> impl Strategy<Value = Drive> {
    let power = || prop_oneof![-100.0..10_000.0, Just(f64::INFINITY), Just(f64::NAN)];
    prop_oneof![
        Just(Drive::Hold),
        power().prop_map(|power_w| Drive::Charge { power_w }),
        power().prop_map(|power_w| Drive::Discharge { power_w }),
        (power(), power()).prop_map(|(max_charge_w, max_discharge_w)| Drive::Follow { max_charge_w, max_discharge_w }),
    ]
}

proptest! {
    #[test]
    fn whatever_it_is_told_it_stays_within_its_limits(
        parameters in parameters(),
        start in 0.0..=1.0,
        steps in prop::collection::vec((prop::option::of(drive()), -5_000.0..5_000.0, 0.1..900.0), 1..60),
    ) {
        let (low, high) = (parameters.min_soc_pct, parameters.max_soc_pct);
        let mut battery = Battery::new(parameters.clone(), low + (high - low) * start).unwrap();
        for (drive, deficit_w, step_s) in steps {
            if let Some(drive) = drive {
                battery.command(drive);
            }
            let before_wh = battery.stored_wh();
            let power_w = battery.step(deficit_w, step_s);
            prop_assert!((-parameters.max_charge_w..=parameters.max_discharge_w).contains(&power_w));
            prop_assert!(battery.soc_pct() >= low - 1e-9 && battery.soc_pct() <= high + 1e-9);

            let bus_wh = power_w * step_s / 3600.0;
            let expected_wh = if power_w > 0.0 {
                -bus_wh / parameters.discharge_efficiency
            } else {
                -bus_wh * parameters.charge_efficiency
            };
            let gained_wh = battery.stored_wh() - before_wh;
            prop_assert!((gained_wh - expected_wh).abs() < 1e-9, "{gained_wh} {expected_wh}");
        }
    }
}
