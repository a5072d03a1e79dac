//! What the owner can set.

use serde::Deserialize;

/// JSON Schema of [`Settings`]; the host fills in its defaults.
pub(crate) const SCHEMA: &str = include_str!("settings.json");

/// The owner's settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Kept as long as there is another way, percent of capacity.
    pub reserve_pct: f64,
    /// Whether batteries may charge from the grid.
    pub grid_charging: bool,
    /// Whether batteries may discharge into the grid.
    pub grid_export: bool,
    /// Least gain per kWh used, in the currency, for which they charge from the grid.
    pub min_gain_per_kwh: f64,
    /// How much of the forecasts' range is reckoned with.
    pub caution: f64,
    /// Whether tasks are planned.
    pub flexible_loads: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reserve_pct: 0.0,
            grid_charging: true,
            grid_export: true,
            min_gain_per_kwh: 0.005,
            caution: 1.0,
            flexible_loads: true,
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
        assert_eq!(properties.len(), 6);
    }
}
