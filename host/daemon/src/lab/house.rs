//! The home that is played. Pure.

use backtest::{House, HouseBattery};
use control::Setup;
use guard::BatteryLimits;
use model::snapshot::Battery;
use server::lab::{LabBattery, NewBacktest};
use simulator::BatteryParameters;

/// Where nobody says it: charged half.
const START_SOC_PCT: f64 = 50.0;

/// This home's battery; `None`: it has none, or several.
pub fn battery(setup: &Setup) -> Option<LabBattery> {
    let [one] = setup.batteries.as_slice() else { return None };
    let limits = setup.limits.batteries.get(&one.id)?;
    Some(LabBattery {
        capacity_wh: limits.capacity_wh,
        max_charge_w: limits.max_charge_w,
        max_discharge_w: limits.max_discharge_w,
    })
}

/// The home with the battery that was asked for.
///
/// # Errors
/// With a sentence for the owner.
pub fn house(setup: &Setup, request: &NewBacktest, timezone: &str, currency: &str) -> Result<House, String> {
    for (name, value, least, most) in [
        ("capacity_wh", request.capacity_wh, 100.0, 1_000_000.0),
        ("max_power_w", request.max_power_w, 10.0, 1_000_000.0),
    ] {
        if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
            return Err(format!("`{name}` is {value}, expected {least} to {most}"));
        }
    }
    let mut limits = setup.limits.clone();
    let one = match setup.batteries.as_slice() {
        [one] => limits.batteries.remove(&one.id).map(|own| (one.clone(), own)),
        _ => None,
    };
    let (id, mut own, efficiencies, wear_cost_per_kwh) = match one {
        Some((one, own)) => {
            let efficiencies = (one.charge_efficiency, one.discharge_efficiency);
            (one.id, own, efficiencies, one.wear_cost_per_kwh)
        }
        None => {
            let (Some(capacity_wh), Some(power_w)) = (request.capacity_wh, request.max_power_w) else {
                return Err("one battery is played, and this home has not just one: give the size and the power of \
                            the battery to play"
                    .into());
            };
            let own = BatteryLimits {
                capacity_wh,
                max_charge_w: power_w,
                max_discharge_w: power_w,
                ..BatteryLimits::default()
            };
            let usual = BatteryParameters::default();
            ("battery".to_owned(), own, (usual.charge_efficiency, usual.discharge_efficiency), 0.0)
        }
    };
    own.commands = Battery::all_commands();
    own.capacity_wh = request.capacity_wh.unwrap_or(own.capacity_wh);
    own.max_charge_w = request.max_power_w.unwrap_or(own.max_charge_w);
    own.max_discharge_w = request.max_power_w.unwrap_or(own.max_discharge_w);
    let parameters = BatteryParameters {
        capacity_wh: own.capacity_wh,
        min_soc_pct: own.min_soc_pct.max(own.outage_reserve_pct),
        max_soc_pct: own.max_soc_pct,
        max_charge_w: own.max_charge_w,
        max_discharge_w: own.max_discharge_w,
        charge_efficiency: efficiencies.0,
        discharge_efficiency: efficiencies.1,
        ramp_w_per_s: None,
        latency_s: 0.0,
    };
    limits.batteries = [(id.clone(), own)].into();
    Ok(House {
        timezone: timezone.to_owned(),
        currency: currency.to_owned(),
        batteries: vec![HouseBattery { id, parameters, start_soc_pct: START_SOC_PCT, wear_cost_per_kwh }],
        tasks: Vec::new(),
        limits,
    })
}

#[cfg(test)]
mod tests {
    use home::simulated::{SimulatedConfig, SimulatedHome};
    use server::lab::{LabData, LabForecast};

    use super::*;
    use crate::config;

    fn request() -> NewBacktest {
        NewBacktest {
            data: LabData::Sample,
            days: None,
            forecast: LabForecast::Known,
            runs: Vec::new(),
            capacity_wh: None,
            max_power_w: None,
        }
    }

    fn setup() -> Setup {
        config::simulated(&SimulatedHome::start(SimulatedConfig::default()).unwrap().layout())
    }

    #[tokio::test]
    async fn the_homes_own_battery_or_another_size_of_it() {
        let setup = setup();
        let own = battery(&setup).unwrap();
        let played = house(&setup, &request(), "Europe/Berlin", "EUR").unwrap();
        assert_eq!(played.batteries[0].parameters.capacity_wh, own.capacity_wh);
        let larger = NewBacktest { capacity_wh: Some(9000.0), ..request() };
        let played = house(&setup, &larger, "Europe/Berlin", "EUR").unwrap();
        assert_eq!(
            (played.batteries[0].parameters.capacity_wh, played.batteries[0].parameters.max_charge_w),
            (9000.0, own.max_charge_w)
        );
        assert_eq!(
            played.limits.batteries[&played.batteries[0].id].capacity_wh, 9000.0,
            "the guard knows the size, too"
        );
        assert!(house(&setup, &NewBacktest { capacity_wh: Some(f64::NAN), ..request() }, "UTC", "EUR").is_err());
    }

    #[tokio::test]
    async fn a_home_without_a_battery_says_which_it_would_have() {
        let mut setup = setup();
        setup.batteries.clear();
        assert_eq!(battery(&setup), None);
        assert!(house(&setup, &request(), "UTC", "EUR").unwrap_err().contains("size"));
        let sized = NewBacktest { capacity_wh: Some(5000.0), max_power_w: Some(2000.0), ..request() };
        assert_eq!(house(&setup, &sized, "UTC", "EUR").unwrap().batteries[0].parameters.max_discharge_w, 2000.0);
    }
}
