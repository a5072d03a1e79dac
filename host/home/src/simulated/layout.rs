//! What is in the simulated home.

use model::TargetId;
use simulator::BatteryParameters;

use super::programme::Programme;

/// The battery.
#[derive(Clone, Debug, PartialEq)]
pub struct BatteryLayout {
    /// See [`TargetId`].
    pub id: TargetId,
    /// For people.
    pub name: String,
    /// Capacity, limits, efficiencies, ramp and latency.
    pub parameters: BatteryParameters,
}

/// A plug that is switched and measured.
#[derive(Clone, Debug, PartialEq)]
pub struct PlugLayout {
    /// See [`TargetId`].
    pub id: TargetId,
    /// For people.
    pub name: String,
    /// What it draws when it is on; of a programme, the most.
    pub power_w: f64,
    /// What runs behind it when it is on, for one that is not simply on or off.
    pub programme: Option<Programme>,
    /// Whether it is on at the start.
    pub starts_on: bool,
}

/// The status light.
#[derive(Clone, Debug, PartialEq)]
pub struct LightLayout {
    /// See [`TargetId`].
    pub id: TargetId,
    /// For people.
    pub name: String,
}

/// What is in the home.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// IANA name of its time zone.
    pub timezone: String,
    /// ISO 4217.
    pub currency: String,
    /// The battery.
    pub battery: BatteryLayout,
    /// The plugs.
    pub plugs: Vec<PlugLayout>,
    /// The light.
    pub light: LightLayout,
}

impl Default for Layout {
    fn default() -> Self {
        let plug = |id: &str, name: &str, power_w, programme, starts_on| PlugLayout {
            id: id.into(),
            name: name.into(),
            power_w,
            programme,
            starts_on,
        };
        let wash = Programme::wash();
        Self {
            timezone: "Europe/Berlin".into(),
            currency: "EUR".into(),
            battery: BatteryLayout {
                id: "battery".into(),
                name: "SolarFlow 800".into(),
                parameters: BatteryParameters {
                    ramp_w_per_s: Some(400.0),
                    latency_s: 2.0,
                    ..BatteryParameters::default()
                },
            },
            plugs: vec![
                plug("plug-1", "Media corner", 60.0, None, true),
                plug("plug-2", "Washing machine", wash.most_w(), Some(wash), false),
                plug("plug-3", "Water heater", 1_900.0, None, false),
            ],
            light: LightLayout { id: "led".into(), name: "Status light".into() },
        }
    }
}
