//! From the text of an entity to a reading.

use model::{Fault, Reading};

use super::config::EntityRef;
use super::states::{EntityState, States};

/// What a role measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// In watt.
    Power,
    /// In ampere.
    Current,
    /// In percent.
    Percent,
    /// In degree Celsius.
    Temperature,
}

impl Quantity {
    /// The unit of its readings.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::Power => "W",
            Quantity::Current => "A",
            Quantity::Percent => "%",
            Quantity::Temperature => "°C",
        }
    }

    /// Factor and offset from `unit` to the unit of its readings; `None`: not a unit of this quantity.
    fn conversion(self, unit: &str) -> Option<(f64, f64)> {
        match (self, unit) {
            (Quantity::Power, "mW") => Some((0.001, 0.0)),
            (Quantity::Power, "W") => Some((1.0, 0.0)),
            (Quantity::Power, "kW") => Some((1_000.0, 0.0)),
            (Quantity::Power, "MW") => Some((1_000_000.0, 0.0)),
            (Quantity::Current, "A") => Some((1.0, 0.0)),
            (Quantity::Current, "mA") => Some((0.001, 0.0)),
            (Quantity::Percent, "%") => Some((1.0, 0.0)),
            (Quantity::Temperature, "°C") => Some((1.0, 0.0)),
            (Quantity::Temperature, "°F") => Some((5.0 / 9.0, -160.0 / 9.0)),
            _ => None,
        }
    }
}

/// How the number of an entity becomes one of ours, and back: `ours = factor * theirs + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    factor: f64,
    offset: f64,
}

impl Conversion {
    /// For this entity in this role. The unit is what the entity shows, or what the configuration
    /// declares; when the two differ, nobody knows which is right.
    pub fn new(entity: &EntityRef, quantity: Quantity, state: &EntityState) -> Result<Self, Fault> {
        let shown = state.text("unit_of_measurement");
        let declared = entity.unit.as_deref();
        let fault = |expected: &str| Fault::Unit { found: shown.map(str::to_owned), expected: expected.to_owned() };
        if let (Some(shown), Some(declared)) = (shown, declared)
            && shown != declared
        {
            return Err(fault(declared));
        }
        let unit = shown.or(declared).ok_or_else(|| fault(quantity.unit()))?;
        let (factor, offset) = quantity.conversion(unit).ok_or_else(|| fault(quantity.unit()))?;
        Ok(Self { factor: factor * entity.factor(), offset: offset * entity.factor() })
    }

    /// From the entity's number to ours.
    pub fn ours(self, theirs: f64) -> f64 {
        self.factor * theirs + self.offset
    }

    /// From our number to the entity's.
    pub fn theirs(self, ours: f64) -> f64 {
        (ours - self.offset) / self.factor
    }
}

/// The latest of an entity in its role.
pub fn read(entity: &EntityRef, quantity: Quantity, states: &States) -> Reading {
    let value = value(entity, quantity, states);
    let id = entity.entity.as_str();
    // What a silent entity says is no sign of life: Home Assistant says it in the device's place.
    let at = std::iter::once(&entity.entity)
        .chain(&entity.alive_by)
        .filter_map(|id| states.get(id.as_str()))
        .filter(|state| !state.is_silent())
        .filter_map(|state| state.seen)
        .max();
    match value {
        Ok(value) => Reading { entity: id.to_owned(), value: Some(value), at, fault: None },
        Err(fault) => Reading { at, ..Reading::faulty(id, fault) },
    }
}

fn value(entity: &EntityRef, quantity: Quantity, states: &States) -> Result<f64, Fault> {
    let state = states.get(entity.entity.as_str()).ok_or(Fault::Missing)?;
    let theirs = number(state)?;
    let ours = Conversion::new(entity, quantity, state)?.ours(theirs);
    if ours.is_finite() { Ok(ours) } else { Err(Fault::NotANumber { state: state.state.clone() }) }
}

/// The state as a finite number.
pub fn number(state: &EntityState) -> Result<f64, Fault> {
    if state.is_silent() {
        return Err(Fault::Unavailable { state: state.state.clone() });
    }
    let number = state.state.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    number.ok_or_else(|| Fault::NotANumber { state: state.state.clone() })
}
