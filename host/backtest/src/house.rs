use guard::Limits;
use model::TargetId;
use model::task::TaskSetup;
use simulator::{Battery, BatteryParameters, Home, ParameterError};

/// A battery, as it is simulated and as a strategy sees it.
#[derive(Clone, Debug)]
pub struct HouseBattery {
    /// See [`TargetId`].
    pub id: TargetId,
    /// What it is.
    pub parameters: BatteryParameters,
    /// At the beginning, percent.
    pub start_soc_pct: f64,
    /// What ageing costs for each kWh discharged, for the strategy to reckon with.
    pub wear_cost_per_kwh: f64,
}

/// A home, as it is simulated and as a strategy sees it.
#[derive(Clone, Debug)]
pub struct House {
    /// IANA name of the time zone.
    pub timezone: String,
    /// ISO 4217.
    pub currency: String,
    /// In the owner's order.
    pub batteries: Vec<HouseBattery>,
    /// Flexible loads; of the devices, only those that run them are played.
    pub tasks: Vec<TaskSetup>,
    /// The guard's.
    pub limits: Limits,
}

impl House {
    /// The simulated home at the beginning.
    ///
    /// # Errors
    /// A battery cannot be.
    pub fn home(&self) -> Result<Home, ParameterError> {
        let battery = |own: &HouseBattery| Battery::new(own.parameters.clone(), own.start_soc_pct);
        let batteries = self.batteries.iter().map(battery).collect::<Result<Vec<_>, _>>()?;
        Ok(Home::with_batteries(batteries, self.limits.grid.feed_in_limit_w))
    }

    /// The same with all batteries as one, and with one that begins below its lower limit not bound to fill up to it: as large and strong as all together, with the best efficiency of them. What
    /// the many can do, the one can do as well.
    pub fn as_if_one(&self) -> Self {
        let is_inside = |own: &HouseBattery| own.start_soc_pct >= own.parameters.min_soc_pct;
        let is_to_be = |first: &&HouseBattery| self.batteries.len() > 1 || !is_inside(first);
        let Some(first) = self.batteries.first().filter(is_to_be) else { return self.clone() };
        let all = || self.batteries.iter().map(|own| &own.parameters);
        let sum = |of: fn(&BatteryParameters) -> f64| all().map(of).sum::<f64>();
        let best = |of: fn(&BatteryParameters) -> f64| all().map(of).fold(0.0, f64::max);
        let capacity_wh = sum(|p| p.capacity_wh);
        let pct = |of: &dyn Fn(&HouseBattery) -> f64| {
            let wh: f64 = self.batteries.iter().map(|own| of(own) / 100.0 * own.parameters.capacity_wh).sum();
            100.0 * wh / capacity_wh
        };
        let parameters = BatteryParameters {
            capacity_wh,
            // One that begins outside its limits must not take away what another has.
            min_soc_pct: pct(&|own| own.parameters.min_soc_pct.min(own.start_soc_pct)),
            max_soc_pct: pct(&|own| own.parameters.max_soc_pct.max(own.start_soc_pct)),
            max_charge_w: sum(|p| p.max_charge_w),
            max_discharge_w: sum(|p| p.max_discharge_w),
            charge_efficiency: best(|p| p.charge_efficiency),
            discharge_efficiency: best(|p| p.discharge_efficiency),
            ramp_w_per_s: None,
            latency_s: 0.0,
        };
        let one = HouseBattery { parameters, start_soc_pct: pct(&|own| own.start_soc_pct), ..first.clone() };
        Self { batteries: vec![one], ..self.clone() }
    }
}
