use serde::{Deserialize, Serialize};

use crate::{BatteryParameters, Home, Step};

/// What a home cost over a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// How many slots were counted.
    pub slots: u64,
    /// Import at the import price minus export at the export price.
    pub cost_eur: f64,
    /// [`Totals::cost_eur`], with what is stored at the end beyond the start (or missing to it)
    /// credited (or charged) at the mean import price times the battery's discharge efficiency.
    pub cost_adjusted_eur: f64,
    /// From the grid.
    pub import_kwh: f64,
    /// To the grid.
    pub export_kwh: f64,
    /// From the sun, without what was curtailed.
    pub solar_kwh: f64,
    /// What was used.
    pub load_kwh: f64,
    /// Stored energy that was taken out, in capacities of all batteries.
    pub cycles: f64,
    /// State of charge at the end, percent of what all batteries can hold.
    pub final_soc_pct: f64,
}

/// Adds up what slots cost.
#[derive(Clone, Debug)]
pub struct Account {
    batteries: Vec<Store>,
    slots: u64,
    import_price_sum: f64,
    cost_eur: f64,
    import_kwh: f64,
    export_kwh: f64,
    solar_kwh: f64,
    load_kwh: f64,
    soc_pct: f64,
}

/// What was stored in a battery when the account was opened, and what was taken out since.
#[derive(Clone, Debug)]
struct Store {
    parameters: BatteryParameters,
    start_soc_pct: f64,
    soc_pct: f64,
    discharge_kwh: f64,
}

impl Account {
    /// An empty account of a home as it is now.
    pub fn of(home: &Home) -> Self {
        let store = |battery: &crate::Battery| Store {
            parameters: battery.parameters().clone(),
            start_soc_pct: battery.soc_pct(),
            soc_pct: battery.soc_pct(),
            discharge_kwh: 0.0,
        };
        Self {
            batteries: home.batteries().iter().map(store).collect(),
            slots: 0,
            import_price_sum: 0.0,
            cost_eur: 0.0,
            import_kwh: 0.0,
            export_kwh: 0.0,
            solar_kwh: 0.0,
            load_kwh: 0.0,
            soc_pct: home.soc_pct(),
        }
    }

    /// Adds a slot of `slot_s` seconds that the home has just passed. Prices are per kWh; exported energy earns
    /// `export_price`.
    pub fn add(&mut self, step: &Step, home: &Home, import_price: f64, export_price: f64, slot_s: f64) {
        let kwh = |power_w: f64| power_w * slot_s / 3_600_000.0;
        let import_kwh = kwh(step.grid_w.max(0.0));
        let export_kwh = kwh((-step.grid_w).max(0.0));
        self.slots += 1;
        self.import_price_sum += import_price;
        self.cost_eur += import_kwh * import_price - export_kwh * export_price;
        self.import_kwh += import_kwh;
        self.export_kwh += export_kwh;
        self.solar_kwh += kwh(step.solar_w);
        self.load_kwh += kwh(step.load_w);
        self.soc_pct = step.soc_pct;
        for (store, battery) in self.batteries.iter_mut().zip(home.batteries()) {
            store.soc_pct = battery.soc_pct();
            store.discharge_kwh += kwh(battery.power_w().max(0.0));
        }
    }

    /// All that was added.
    pub fn totals(&self) -> Totals {
        let mean_price = if self.slots == 0 { 0.0 } else { self.import_price_sum / self.slots as f64 };
        let kwh = |store: &Store| store.parameters.capacity_wh / 1000.0;
        let credit_eur: f64 = self
            .batteries
            .iter()
            .map(|store| {
                let gained_kwh = (store.soc_pct - store.start_soc_pct) / 100.0 * kwh(store);
                gained_kwh * store.parameters.discharge_efficiency * mean_price
            })
            .sum();
        let taken_out = self.batteries.iter().map(|store| store.discharge_kwh / store.parameters.discharge_efficiency);
        let capacity_kwh: f64 = self.batteries.iter().map(kwh).sum();
        let cycles = if capacity_kwh > 0.0 { taken_out.sum::<f64>() / capacity_kwh } else { 0.0 };
        Totals {
            slots: self.slots,
            cost_eur: self.cost_eur,
            cost_adjusted_eur: self.cost_eur - credit_eur,
            import_kwh: self.import_kwh,
            export_kwh: self.export_kwh,
            solar_kwh: self.solar_kwh,
            load_kwh: self.load_kwh,
            cycles,
            final_soc_pct: self.soc_pct,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Battery, Drive, Inputs};

    fn home(soc_pct: f64) -> Home {
        Home::new(Battery::new(BatteryParameters::default(), soc_pct).unwrap(), None)
    }

    #[test]
    fn what_is_missing_at_the_end_is_charged() {
        let mut home = home(50.0);
        let mut account = Account::of(&home);
        home.command(Drive::Discharge { power_w: 400.0 });
        let step = home.step(Inputs { load_w: 300.0, solar_w: 900.0, plugs_w: 0.0 }, 3_600.0);
        account.add(&step, &home, 0.30, 0.08, 3_600.0);
        let totals = account.totals();
        assert!((totals.cost_eur - -0.08).abs() < 1e-12);
        assert!((totals.cost_adjusted_eur - (-0.08 + 0.4 * 0.30)).abs() < 1e-12);
        assert!((totals.cycles - 0.4 / 0.95 / 1.92).abs() < 1e-12);
    }

    #[test]
    fn an_empty_account_is_zero() {
        let totals = Account::of(&home(50.0)).totals();
        assert_eq!((totals.slots, totals.cost_adjusted_eur, totals.cycles), (0, 0.0, 0.0));
    }
}
