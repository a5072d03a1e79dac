//! What a home with one battery and no devices shows, for tests.

use jiff::Timestamp;
use model::{BatteryState, HomeState, Link, Reading};

pub(super) fn shown(battery: &str, soc_pct: f64, grid_w: f64, battery_w: f64, at: Timestamp) -> HomeState {
    HomeState {
        link: Link::Up { since: Timestamp::UNIX_EPOCH },
        timezone: None,
        currency: None,
        grid_power_w: Reading::of("sensor.meter", grid_w, at),
        solar_power_w: None,
        load_power_w: None,
        temperature_c: None,
        import_cap_w: None,
        phase_current_a: Vec::new(),
        batteries: vec![BatteryState {
            id: battery.into(),
            soc_pct: Reading::of("sensor.soc", soc_pct, at),
            power_w: Reading::of("sensor.power", battery_w, at),
            device_max_charge_w: None,
            device_max_discharge_w: None,
            taken: None,
        }],
        devices: Vec::new(),
    }
}
