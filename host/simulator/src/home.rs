use crate::{Battery, Drive};

/// What a home does not decide: means over a step, watt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Inputs {
    /// What is used, without battery and plugs.
    pub load_w: f64,
    /// What the sun gives.
    pub solar_w: f64,
    /// What the switched plugs use.
    pub plugs_w: f64,
}

/// What came of a step: means over it, watt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// At the meter: import positive, export negative.
    pub grid_w: f64,
    /// At the bus: discharge positive, charge negative.
    pub battery_w: f64,
    /// What was taken from the sun: all of it, unless the export limit curtailed it.
    pub solar_w: f64,
    /// All that was used, plugs included, battery not.
    pub load_w: f64,
    /// At the end of the step, percent.
    pub soc_pct: f64,
}

/// A home on the grid with one battery and solar panels.
#[derive(Clone, Debug)]
pub struct Home {
    battery: Battery,
    export_limit_w: Option<f64>,
}

impl Home {
    /// A home. When export would exceed `export_limit_w` (a magnitude), solar production is curtailed.
    pub fn new(battery: Battery, export_limit_w: Option<f64>) -> Self {
        Self { battery, export_limit_w }
    }

    /// Its battery.
    pub fn battery(&self) -> &Battery {
        &self.battery
    }

    /// Tells the battery something, which takes effect after its latency.
    pub fn command(&mut self, drive: Drive) {
        self.battery.command(drive);
    }

    /// Passes `step_s` seconds.
    pub fn step(&mut self, inputs: Inputs, step_s: f64) -> Step {
        let load_w = inputs.load_w + inputs.plugs_w;
        let mut solar_w = inputs.solar_w;
        let battery_w = self.battery.step(load_w - solar_w, step_s);
        let mut grid_w = load_w - solar_w - battery_w;
        if let Some(limit_w) = self.export_limit_w
            && grid_w < -limit_w
        {
            // Only the sun can be curtailed; what the battery gives beyond is the guard's to prevent.
            let curtailed_w = (-limit_w - grid_w).min(solar_w.max(0.0));
            solar_w -= curtailed_w;
            grid_w += curtailed_w;
        }
        Step { grid_w, battery_w, solar_w, load_w, soc_pct: self.battery.soc_pct() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::BatteryParameters;

    fn home(soc_pct: f64, export_limit_w: Option<f64>) -> Home {
        Home::new(Battery::new(BatteryParameters::default(), soc_pct).unwrap(), export_limit_w)
    }

    #[test]
    fn following_leaves_the_meter_at_zero_while_the_battery_can() {
        let mut home = home(50.0, None);
        home.command(Drive::FOLLOW);
        let inputs = Inputs { load_w: 300.0, solar_w: 100.0, plugs_w: 60.0 };
        assert_eq!(home.step(inputs, 1.0).grid_w, 0.0);
        let step = home.step(Inputs { load_w: 2_000.0, ..inputs }, 1.0);
        assert_eq!((step.battery_w, step.grid_w), (800.0, 1_160.0));
        let step = home.step(Inputs { load_w: 0.0, solar_w: 700.0, plugs_w: 0.0 }, 1.0);
        assert_eq!((step.battery_w, step.grid_w), (-700.0, 0.0));
    }

    #[test]
    fn the_export_limit_curtails_the_sun() {
        let mut home = home(100.0, Some(800.0));
        home.command(Drive::FOLLOW);
        let step = home.step(Inputs { load_w: 200.0, solar_w: 1_500.0, plugs_w: 0.0 }, 900.0);
        assert_eq!((step.grid_w, step.solar_w, step.battery_w), (-800.0, 1_000.0, 0.0));
    }

    #[test]
    fn an_empty_battery_gives_only_what_is_left_in_the_step() {
        let mut home = home(11.0, None);
        home.command(Drive::Discharge { power_w: 800.0 });
        let step = home.step(Inputs { load_w: 1_000.0, ..Inputs::default() }, 900.0);
        assert!((step.battery_w - 19.2 * 0.95 * 4.0).abs() < 1e-9, "{}", step.battery_w);
        assert!((step.soc_pct - 10.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn what_comes_in_is_what_is_used(
            load_w in 0.0..8_000.0,
            solar_w in 0.0..3_000.0,
            plugs_w in 0.0..3_000.0,
            soc_pct in 0.0..=100.0,
            export_limit_w in prop::option::of(0.0..1_000.0),
            charge_w in prop::option::of(0.0..2_000.0),
            step_s in 0.1..900.0,
        ) {
            let mut home = home(soc_pct, export_limit_w);
            home.command(charge_w.map_or(Drive::FOLLOW, |power_w| Drive::Charge { power_w }));
            let step = home.step(Inputs { load_w, solar_w, plugs_w }, step_s);
            prop_assert!((step.grid_w + step.solar_w + step.battery_w - step.load_w).abs() < 1e-9);
            prop_assert!((step.load_w - load_w - plugs_w).abs() < 1e-9);
            prop_assert!(step.solar_w >= 0.0 && step.solar_w <= solar_w);
            if let Some(limit_w) = export_limit_w {
                prop_assert!(step.grid_w >= -limit_w - 1e-9);
            }
        }
    }
}
