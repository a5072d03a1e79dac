//! The home as its entities show it.

use forecast::solar::sun::Place;
use model::snapshot::{Abilities, Level};
use model::{BatteryState, DeviceState, Fault, HomeState, Link, Reading, TargetId};

use super::config::{BatteryControl, BatteryEntities, BatteryPower, DeviceEntities, EntityId, EntityRef, HomeEntities};
use super::reading::{Conversion, Quantity, number, read};
use super::states::States;

/// What the link knows beside the states of entities.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The link.
    pub link: Link,
    /// IANA time zone.
    pub timezone: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// ISO 3166.
    pub country: Option<String>,
    /// Where the home is.
    pub place: Option<Place>,
    /// The states, once all were read over this connection.
    pub states: Option<States>,
}

/// The home as its entities show it.
pub fn home_state(entities: &HomeEntities, known: &Known) -> HomeState {
    let view = View { states: known.states.as_ref() };
    let optional = |entity: &Option<EntityRef>, quantity| entity.as_ref().map(|e| view.read(e, quantity));
    HomeState {
        link: known.link.clone(),
        timezone: known.timezone.clone(),
        currency: known.currency.clone(),
        grid_power_w: view.read(&entities.grid_power, Quantity::Power),
        solar_power_w: optional(&entities.solar_power, Quantity::Power),
        load_power_w: optional(&entities.load_power, Quantity::Power),
        temperature_c: optional(&entities.temperature, Quantity::Temperature),
        import_cap_w: optional(&entities.import_cap, Quantity::Power),
        batteries: entities.batteries.iter().map(|(id, battery)| view.battery(id, battery)).collect(),
        devices: entities.devices.iter().map(|(id, device)| view.device(id, device)).collect(),
    }
}

struct View<'a> {
    states: Option<&'a States>,
}

impl View<'_> {
    fn read(&self, entity: &EntityRef, quantity: Quantity) -> Reading {
        match self.states {
            Some(states) => read(entity, quantity, states),
            None => Reading::faulty(entity.entity.as_str(), Fault::NotYet),
        }
    }

    fn battery(&self, id: &TargetId, battery: &BatteryEntities) -> BatteryState {
        let power_w = match &battery.power {
            BatteryPower::Signed(power) => self.read(power, Quantity::Power),
            BatteryPower::Split { charge, discharge } => {
                difference(self.read(discharge, Quantity::Power), self.read(charge, Quantity::Power))
            }
        };
        let (charge, discharge) = match &battery.control {
            Some(BatteryControl::Zendure { input_limit, output_limit, .. }) => (Some(input_limit), Some(output_limit)),
            Some(BatteryControl::Limits { charge, discharge }) => (Some(charge), Some(discharge)),
            Some(BatteryControl::Setpoint { .. }) | None => (None, None),
        };
        BatteryState {
            id: id.clone(),
            soc_pct: self.read(&battery.soc, Quantity::Percent),
            power_w,
            device_max_charge_w: charge.and_then(|number| self.most_w(number)),
            device_max_discharge_w: discharge.and_then(|number| self.most_w(number)),
            taken: None,
        }
    }

    fn most_w(&self, number: &EntityRef) -> Option<f64> {
        let state = self.states?.get(number.entity.as_str())?;
        let most_w = Conversion::new(number, Quantity::Power, state).ok()?.ours(state.number("max")?);
        (most_w.is_finite() && most_w >= 0.0).then_some(most_w)
    }

    fn device(&self, id: &TargetId, device: &DeviceEntities) -> DeviceState {
        let exists = |entity: &Option<EntityId>| {
            entity.as_ref().zip(self.states).is_some_and(|(entity, states)| states.get(entity.as_str()).is_some())
        };
        let level = device.level.as_ref().and_then(|entity| self.level(entity));
        let is_on = |entity: &Option<EntityId>| match self.states?.get(entity.as_ref()?.as_str())?.state.as_str() {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        };
        let fault = [&device.switch, &device.light, &device.level].into_iter().flatten().find_map(|e| self.fault(e));
        DeviceState {
            id: id.clone(),
            on: is_on(&device.switch).or_else(|| is_on(&device.light)),
            abilities: Abilities {
                switch: exists(&device.switch),
                light: exists(&device.light),
                level: level.is_some(),
                // An action need not be an entity, and an entity for messages has nothing to show.
                notify: device.notify.is_some() && self.states.is_some(),
            },
            level,
            power_w: device.power.as_ref().map(|power| self.read(power, Quantity::Power)),
            fault,
        }
    }

    fn level(&self, entity: &EntityId) -> Option<Level> {
        let state = self.states?.get(entity.as_str())?;
        Some(Level {
            value: number(state).ok(),
            min: state.number("min")?,
            max: state.number("max")?,
            step: state.number("step").filter(|step| *step > 0.0)?,
            unit: state.text("unit_of_measurement").unwrap_or_default().to_owned(),
        })
    }

    fn fault(&self, entity: &EntityId) -> Option<Fault> {
        let Some(states) = self.states else { return Some(Fault::NotYet) };
        match states.get(entity.as_str()) {
            None => Some(Fault::Missing),
            Some(state) if state.is_silent() => Some(Fault::Unavailable { state: state.state.clone() }),
            Some(_) => None,
        }
    }
}

/// `a - b`. Both have to be known; either shows that the device is alive.
fn difference(a: Reading, b: Reading) -> Reading {
    match (a.value, b.value) {
        (Some(x), Some(y)) => Reading {
            entity: format!("{} - {}", a.entity, b.entity),
            value: Some(x - y),
            at: a.at.max(b.at),
            fault: None,
        },
        (None, _) => a,
        (_, None) => b,
    }
}
