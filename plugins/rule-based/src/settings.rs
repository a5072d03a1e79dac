//! What the owner can set.

use serde::Deserialize;

/// JSON Schema of [`Settings`]; the host fills in its defaults.
pub(crate) const SCHEMA: &str = include_str!("settings.json");

/// The owner's settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Kept for outages, percent of capacity; counts where it is above the battery's own lower limit.
    pub reserve_pct: f64,
    /// Whether the battery may charge from the grid.
    pub grid_charging: bool,
    /// Least gain per kWh used, in the currency, for which it charges from the grid.
    pub min_gain_per_kwh: f64,
    /// Charges from the grid up to here; the sun may fill the rest.
    pub max_grid_charge_soc_pct: f64,
    /// Whether flexible loads are run.
    pub flexible_loads: bool,
    /// Whether lights show the state.
    pub led: bool,
    /// How bright they are.
    pub led_brightness_pct: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reserve_pct: 0.0,
            grid_charging: true,
            min_gain_per_kwh: 0.01,
            max_grid_charge_soc_pct: 100.0,
            flexible_loads: true,
            led: true,
            led_brightness_pct: 40.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_every_setting_with_its_default() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let defaults: serde_json::Map<_, _> =
            properties.iter().map(|(name, property)| (name.clone(), property["default"].clone())).collect();
        let settings: Settings = serde_json::from_value(defaults.into()).unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(properties.len(), 7);
        for (name, property) in properties {
            for key in ["type", "title", "description", "default"] {
                assert!(property.get(key).is_some(), "`{name}` has no `{key}`");
            }
        }
    }
}
