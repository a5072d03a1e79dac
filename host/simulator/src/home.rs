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
    /// At the bus, of all batteries together: discharge positive, charge negative.
    pub battery_w: f64,
    /// What was taken from the sun: all of it, unless the export limit curtailed it.
    pub solar_w: f64,
    /// All that was used, plugs included, battery not.
    pub load_w: f64,
    /// At the end of the step, percent of what all batteries can hold.
    pub soc_pct: f64,
}

/// A home on the grid with batteries and solar panels.
#[derive(Clone, Debug)]
pub struct Home {
    batteries: Vec<Battery>,
    export_limit_w: Option<f64>,
}

impl Home {
    /// A home with one battery. When export would exceed `export_limit_w` (a magnitude), solar production is
    /// curtailed.
    pub fn new(battery: Battery, export_limit_w: Option<f64>) -> Self {
        Self::with_batteries(vec![battery], export_limit_w)
    }

    /// As [`Home::new`], with any number of batteries.
    pub fn with_batteries(batteries: Vec<Battery>, export_limit_w: Option<f64>) -> Self {
        Self { batteries, export_limit_w }
    }

    /// Its batteries.
    pub fn batteries(&self) -> &[Battery] {
        &self.batteries
    }

    /// State of charge of all batteries together, percent of what they can hold.
    pub fn soc_pct(&self) -> f64 {
        let capacity_wh: f64 = self.batteries.iter().map(|battery| battery.parameters().capacity_wh).sum();
        let stored_wh: f64 = self.batteries.iter().map(Battery::stored_wh).sum();
        if capacity_wh > 0.0 { 100.0 * stored_wh / capacity_wh } else { 0.0 }
    }

    /// Tells all batteries something, which takes effect after their latency.
    pub fn command(&mut self, drive: Drive) {
        self.batteries.iter_mut().for_each(|battery| battery.command(drive));
    }

    /// Tells the battery at this place something; there is none: nothing happens.
    pub fn command_one(&mut self, at: usize, drive: Drive) {
        if let Some(battery) = self.batteries.get_mut(at) {
            battery.command(drive);
        }
    }

    /// Passes `step_s` seconds.
    pub fn step(&mut self, inputs: Inputs, step_s: f64) -> Step {
        let load_w = inputs.load_w + inputs.plugs_w;
        let mut solar_w = inputs.solar_w;
        let battery_w = self.batteries_step(load_w - solar_w, step_s);
        let mut grid_w = load_w - solar_w - battery_w;
        if let Some(limit_w) = self.export_limit_w
            && grid_w < -limit_w
        {
            // Only the sun can be curtailed; what the battery gives beyond is the guard's to prevent.
            let curtailed_w = (-limit_w - grid_w).min(solar_w.max(0.0));
            solar_w -= curtailed_w;
            grid_w += curtailed_w;
        }
        Step { grid_w, battery_w, solar_w, load_w, soc_pct: self.soc_pct() }
    }

    /// What the batteries give together. Those that follow the meter follow what the others leave, and share it: each
    /// takes the same share of what it can, as the daemon's balance loop has it.
    fn batteries_step(&mut self, deficit_w: f64, step_s: f64) -> f64 {
        if let [only] = self.batteries.as_mut_slice() {
            return only.step(deficit_w, step_s);
        }
        self.batteries.iter_mut().for_each(|battery| battery.advance_pending(step_s));
        let follows = |battery: &Battery| battery.able_w(deficit_w, step_s).is_some();
        let set = self.batteries.iter_mut().filter(|battery| !follows(battery));
        let set_w: f64 = set.map(|battery| battery.pass(deficit_w, step_s)).sum();
        let left_w = deficit_w - set_w;
        let able = |battery: &Battery| battery.able_w(left_w, step_s);
        let all_w: f64 = self.batteries.iter().filter_map(able).sum();
        let followed_w: f64 = self
            .batteries
            .iter_mut()
            .filter_map(|battery| {
                let share = if all_w > 0.0 { able(battery)? / all_w } else { able(battery)? };
                Some(battery.pass(left_w * share, step_s))
            })
            .sum();
        set_w + followed_w
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
    fn those_that_follow_share_what_the_others_leave() {
        let of = |max_w: f64, soc_pct| {
            let parameters = BatteryParameters { max_charge_w: max_w, max_discharge_w: max_w, ..Default::default() };
            Battery::new(parameters, soc_pct).unwrap()
        };
        let mut home = Home::with_batteries(vec![of(300.0, 50.0), of(900.0, 50.0), of(500.0, 50.0)], None);
        home.command(Drive::FOLLOW);
        home.command_one(2, Drive::Charge { power_w: 200.0 });
        let step = home.step(Inputs { load_w: 400.0, ..Inputs::default() }, 1.0);
        let powers: Vec<f64> = home.batteries().iter().map(Battery::power_w).collect();
        assert_eq!((powers, step.grid_w, step.battery_w), (vec![150.0, 450.0, -200.0], 0.0, 400.0));
        // One that is empty leaves it to the other.
        let mut home = Home::with_batteries(vec![of(300.0, 10.0), of(900.0, 50.0)], None);
        home.command(Drive::FOLLOW);
        assert_eq!(home.step(Inputs { load_w: 400.0, ..Inputs::default() }, 900.0).grid_w, 0.0);
        assert_eq!(Home::with_batteries(Vec::new(), None).step(Inputs::default(), 1.0).soc_pct, 0.0);
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
