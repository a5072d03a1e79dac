//! What of a snapshot is changed to ask "what if?". Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Snapshot;
use crate::snapshot::Slot;

/// Highest factor by which anything is changed.
const FACTOR_MOST: f64 = 10.0;
/// Highest magnitude of a price, currency per kWh.
const PRICE_MOST: f64 = 100.0;

/// Changes of a snapshot; what is absent stays as it is, and what is unknown stays unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// One import price for all that is ahead, currency per kWh: a tariff that does not vary.
    pub import_price: Option<f64>,
    /// Import prices ahead times this, before `import_price_plus`.
    #[schema(minimum = 0, maximum = 10)]
    pub import_price_factor: Option<f64>,
    /// Added to import prices ahead, currency per kWh.
    pub import_price_plus: Option<f64>,
    /// One export price for all that is ahead, currency per kWh.
    pub export_price: Option<f64>,
    /// What the home uses, now and ahead, times this.
    #[schema(minimum = 0, maximum = 10)]
    pub load_factor: Option<f64>,
    /// What the sun gives, now and ahead, times this.
    #[schema(minimum = 0, maximum = 10)]
    pub solar_factor: Option<f64>,
    /// Capacity and power of all batteries times this; their state of charge stays the same percentage.
    #[schema(minimum = 0.1, maximum = 10)]
    pub battery_factor: Option<f64>,
    /// State of charge of all batteries, percent.
    #[schema(minimum = 0, maximum = 100)]
    pub soc_pct: Option<f64>,
}

/// A change that no home can have.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} is {value}, expected {least} to {most}")]
pub struct ChangeError {
    /// Field of [`Changes`].
    pub name: &'static str,
    /// What was given.
    pub value: f64,
    /// Least that would do.
    pub least: f64,
    /// Most that would do.
    pub most: f64,
}

impl Changes {
    /// Changes a snapshot. The power at the meter follows from what is changed.
    ///
    /// # Errors
    /// A value that no home can have; the snapshot is then as it was.
    pub fn apply(&self, snapshot: &mut Snapshot) -> Result<(), ChangeError> {
        self.check()?;
        let before_w = net_w(snapshot);
        scale(&mut snapshot.load_power_w, self.load_factor);
        scale(&mut snapshot.solar_power_w, self.solar_factor);
        if let Some((before_w, after_w)) = before_w.zip(net_w(snapshot)) {
            snapshot.grid.power_w = snapshot.grid.power_w.map(|power_w| power_w + after_w - before_w);
        }
        for slot in &mut snapshot.ahead {
            self.slot(slot);
        }
        for battery in &mut snapshot.batteries {
            let factor = self.battery_factor.unwrap_or(1.0);
            battery.capacity_wh *= factor;
            battery.max_charge_w *= factor;
            battery.max_discharge_w *= factor;
            battery.soc_pct = self.soc_pct.or(battery.soc_pct);
        }
        Ok(())
    }

    fn slot(&self, slot: &mut Slot) {
        let price = |own: f64| {
            self.import_price.unwrap_or(own) * self.import_price_factor.unwrap_or(1.0)
                + self.import_price_plus.unwrap_or(0.0)
        };
        slot.import_price = slot.import_price.map(price);
        slot.export_price = slot.export_price.map(|own| self.export_price.unwrap_or(own));
        for power in [&mut slot.load_w, &mut slot.load_low_w, &mut slot.load_high_w] {
            scale(power, self.load_factor);
        }
        for power in [&mut slot.solar_w, &mut slot.solar_low_w, &mut slot.solar_high_w] {
            scale(power, self.solar_factor);
        }
    }

    fn check(&self) -> Result<(), ChangeError> {
        for (name, value, least, most) in [
            ("import_price", self.import_price, -PRICE_MOST, PRICE_MOST),
            ("import_price_factor", self.import_price_factor, 0.0, FACTOR_MOST),
            ("import_price_plus", self.import_price_plus, -PRICE_MOST, PRICE_MOST),
            ("export_price", self.export_price, -PRICE_MOST, PRICE_MOST),
            ("load_factor", self.load_factor, 0.0, FACTOR_MOST),
            ("solar_factor", self.solar_factor, 0.0, FACTOR_MOST),
            ("battery_factor", self.battery_factor, 1.0 / FACTOR_MOST, FACTOR_MOST),
            ("soc_pct", self.soc_pct, 0.0, 100.0),
        ] {
            if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
                return Err(ChangeError { name, value, least, most });
            }
        }
        Ok(())
    }
}

fn net_w(snapshot: &Snapshot) -> Option<f64> {
    snapshot.load_power_w.zip(snapshot.solar_power_w).map(|(load_w, solar_w)| load_w - solar_w)
}

fn scale(value: &mut Option<f64>, factor: Option<f64>) {
    if let (Some(value), Some(factor)) = (value, factor) {
        *value *= factor;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn snapshot() -> Snapshot {
        let slot = Slot {
            import_price: Some(0.3),
            export_price: Some(0.08),
            load_w: Some(500.0),
            load_high_w: Some(700.0),
            solar_w: Some(100.0),
            ..Slot::unknown("2026-11-24T12:00:00Z".parse().unwrap())
        };
        let unknown = Slot::unknown("2026-11-24T12:15:00Z".parse().unwrap());
        serde_json::from_value(json!({
            "now": "2026-11-24T12:07:00Z", "timezone": "UTC", "utc_offset_s": 0, "currency": "EUR",
            "grid": { "power_w": 400.0, "import_limit_w": null, "export_limit_w": null },
            "solar_power_w": 100.0, "load_power_w": 500.0,
            "batteries": [{
                "id": "battery", "name": "Battery", "soc_pct": null, "capacity_wh": 2000.0, "min_soc_pct": 10.0,
                "max_soc_pct": 100.0, "max_charge_w": 800.0, "max_discharge_w": 600.0, "charge_efficiency": 0.95,
                "discharge_efficiency": 0.95, "power_w": 0.0, "wear_cost_per_kwh": 0.0, "in_force": null
            }],
            "devices": [], "tasks": [], "ahead": [slot, unknown], "past": [], "sources": [], "problems": []
        }))
        .unwrap()
    }

    #[test]
    fn no_change_changes_nothing() {
        let mut changed = snapshot();
        Changes::default().apply(&mut changed).unwrap();
        assert_eq!(changed, snapshot());
    }

    #[test]
    fn values_change_and_what_is_unknown_stays_unknown() {
        let changes = Changes {
            import_price_factor: Some(2.0),
            import_price_plus: Some(0.1),
            export_price: Some(0.0),
            load_factor: Some(2.0),
            solar_factor: Some(0.5),
            battery_factor: Some(2.0),
            soc_pct: Some(40.0),
            ..Changes::default()
        };
        let mut changed = snapshot();
        changes.apply(&mut changed).unwrap();
        let slot = &changed.ahead[0];
        assert_eq!((slot.import_price, slot.export_price), (Some(0.7), Some(0.0)));
        assert_eq!((slot.load_w, slot.load_high_w, slot.solar_w), (Some(1000.0), Some(1400.0), Some(50.0)));
        assert_eq!(changed.ahead[1], snapshot().ahead[1]);
        // 500 W more are used and 50 W less come from the sun.
        assert_eq!(changed.grid.power_w, Some(950.0));
        let battery = &changed.batteries[0];
        assert_eq!((battery.capacity_wh, battery.max_charge_w, battery.soc_pct), (4000.0, 1600.0, Some(40.0)));
    }

    #[test]
    fn what_no_home_can_have_is_refused_and_changes_nothing() {
        for changes in [
            Changes { soc_pct: Some(101.0), ..Changes::default() },
            Changes { load_factor: Some(-1.0), ..Changes::default() },
            Changes { import_price: Some(f64::NAN), ..Changes::default() },
            Changes { battery_factor: Some(0.0), ..Changes::default() },
        ] {
            let mut changed = snapshot();
            assert!(changes.apply(&mut changed).is_err(), "{changes:?}");
            assert_eq!(changed, snapshot());
        }
    }
}
