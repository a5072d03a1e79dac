//! The home that is played. Pure.

use backtest::House;
use control::{BatterySetup, Setup};
use guard::BatteryLimits;
use model::Mode;
use model::snapshot::Battery;
use server::lab::{LabBattery, LabData, NewBacktest};
use simulator::BatteryParameters;

use crate::house;

/// Where nobody says it: charged half.
const START_SOC_PCT: f64 = 50.0;

/// What perfect foresight may hold of what stored energy is worth after each slot, bytes. It holds all slots at once.
const WORTH_MOST: f64 = 64e6;
/// A straight piece of such a worth.
const PIECE_BYTES: f64 = 16.0;

/// How many slots perfect foresight can be worked out for. What energy is worth has the more pieces, the larger a battery
/// is and the longer it takes to fill: over the sample year 15 in the mean with 10 kWh and 5 kW, 37 with 100 kWh and
/// 10 kW, 83 with 300 kWh and 10 kW, 211 with 100 kWh and 500 W.
pub fn most_slots(house: &House) -> usize {
    let sum = |of: fn(&BatteryParameters) -> f64| house.batteries.iter().map(|own| of(&own.parameters)).sum::<f64>();
    let (capacity_wh, power_w) = (sum(|p| p.capacity_wh), sum(|p| p.max_charge_w.min(p.max_discharge_w)));
    let pieces = 25.0 + (3.0 * capacity_wh / power_w.max(1.0)).min(3.5 * capacity_wh / 1000.0);
    (WORTH_MOST / (PIECE_BYTES * pieces)) as usize
}

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

/// The home with its own batteries, or with one of the size that was asked for. Flexible loads are not played: what
/// plugs used is in the measured use.
///
/// # Errors
/// With a sentence for the owner.
pub fn house(setup: &Setup, request: &NewBacktest, timezone: &str, currency: &str) -> Result<House, String> {
    for (name, value, least, most) in [
        ("capacity_wh", request.capacity_wh, 100.0, 100_000.0),
        ("max_power_w", request.max_power_w, 10.0, 1_000_000.0),
    ] {
        if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
            return Err(format!("`{name}` is {value}, expected {least} to {most}"));
        }
    }
    if let Some(behind) = setup.batteries.iter().find(|battery| battery.carries_solar)
        && request.data == LabData::Home
    {
        return Err(format!("the panels are behind `{}`, which is not simulated; play the sample year", behind.id));
    }
    let mut played = setup.clone();
    played.timezone = Some(timezone.to_owned());
    played.currency = Some(currency.to_owned());
    played.tasks.clear();
    if request.capacity_wh.is_some() || request.max_power_w.is_some() || setup.batteries.is_empty() {
        resize(&mut played, request)?;
    }
    let mut limits = played.limits.clone();
    limits.batteries.values_mut().for_each(|own| own.commands = Battery::all_commands());
    house::of(&played, limits, |_| Some(START_SOC_PCT)).ok_or_else(|| "a battery of this home has no limits".into())
}

/// Makes the one battery as large and strong as asked for.
fn resize(setup: &mut Setup, request: &NewBacktest) -> Result<(), String> {
    let (one, own) = match setup.batteries.as_slice() {
        [one] => (one.clone(), setup.limits.batteries.get(&one.id).cloned().unwrap_or_default()),
        _ => {
            let (Some(capacity_wh), Some(power_w)) = (request.capacity_wh, request.max_power_w) else {
                return Err("this home has not just one battery, so give both the size and the power of the one to \
                            play"
                    .into());
            };
            let own =
                BatteryLimits { capacity_wh, max_charge_w: power_w, max_discharge_w: power_w, ..Default::default() };
            (usual(), own)
        }
    };
    let own = BatteryLimits {
        capacity_wh: request.capacity_wh.unwrap_or(own.capacity_wh),
        max_charge_w: request.max_power_w.unwrap_or(own.max_charge_w),
        max_discharge_w: request.max_power_w.unwrap_or(own.max_discharge_w),
        ..own
    };
    setup.limits.batteries = [(one.id.clone(), own)].into();
    setup.batteries = vec![one];
    Ok(())
}

/// A battery that the home does not have.
fn usual() -> BatterySetup {
    let usual = BatteryParameters::default();
    BatterySetup {
        id: "battery".into(),
        name: String::new(),
        mode: Mode::default(),
        charge_efficiency: usual.charge_efficiency,
        discharge_efficiency: usual.discharge_efficiency,
        wear_cost_per_kwh: 0.0,
        carries_solar: false,
    }
}

#[cfg(test)]
mod tests {
    use home::simulated::{SimulatedConfig, SimulatedHome};
    use server::lab::LabForecast;

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
        let one = &played.batteries[0];
        assert_eq!((one.parameters.capacity_wh, one.parameters.max_charge_w), (9000.0, own.max_charge_w));
        assert_eq!(played.limits.batteries[&one.id].capacity_wh, 9000.0, "the guard knows the size, too");
        assert!(house(&setup, &NewBacktest { capacity_wh: Some(f64::NAN), ..request() }, "UTC", "EUR").is_err());
    }

    #[tokio::test]
    async fn a_battery_that_is_huge_for_its_power_is_played_for_a_shorter_time() {
        const YEAR: usize = 366 * 96;
        let most = |capacity_wh, max_power_w| {
            let sized = NewBacktest { capacity_wh: Some(capacity_wh), max_power_w: Some(max_power_w), ..request() };
            most_slots(&house(&setup(), &sized, "UTC", "EUR").unwrap())
        };
        assert!(most(10_000.0, 5_000.0) > YEAR && most(100_000.0, 10_000.0) > YEAR);
        let huge = most(100_000.0, 500.0);
        assert!((30 * 96..YEAR).contains(&huge), "{huge}");
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
