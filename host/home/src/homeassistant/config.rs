//! Which entity plays which role, as the owner writes it in TOML, and where Home Assistant is.

use std::collections::BTreeSet;
use std::fmt;

use model::snapshot::Abilities;
use model::{CommandKind, TargetId};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// The id of an entity, such as `sensor.power`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityId(String);

/// A text that cannot be the id of an entity.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no entity id; expected `domain.name` of `a-z`, `0-9` and `_`, such as `sensor.power`")]
pub struct EntityIdError(String);

impl EntityId {
    /// As Home Assistant writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the dot.
    pub fn domain(&self) -> &str {
        self.0.split_once('.').map_or("", |(domain, _)| domain)
    }

    /// The part after the dot.
    pub fn name(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, name)| name)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EntityId {
    type Error = EntityIdError;

    fn try_from(text: String) -> Result<Self, EntityIdError> {
        let is_slug = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        match text.split_once('.') {
            Some((domain, name)) if is_slug(domain) && is_slug(name) && text.len() <= 255 => Ok(Self(text)),
            _ => Err(EntityIdError(text)),
        }
    }
}

impl TryFrom<&str> for EntityId {
    type Error = EntityIdError;

    fn try_from(text: &str) -> Result<Self, EntityIdError> {
        text.to_owned().try_into()
    }
}

impl From<EntityId> for String {
    fn from(id: EntityId) -> Self {
        id.0
    }
}

/// An entity with a number, and how that number is to be read: in TOML the entity's id alone, or a table.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityRef {
    /// Which entity.
    pub entity: EntityId,
    /// Unit of an entity that shows none.
    pub unit: Option<String>,
    /// Whether its sign is the opposite of ours (power into the home's bus is positive).
    pub invert: bool,
    /// What its number is multiplied with.
    pub scale: f64,
    /// Other entities of the same device. Home Assistant does not report a reading again that is equal
    /// to the last, so a constant value cannot be told from a dead device; energy counters and phases of
    /// a meter change more often.
    pub alive_by: Vec<EntityId>,
}

impl EntityRef {
    /// An entity that is read as it is.
    pub fn plain(entity: EntityId) -> Self {
        Self { entity, unit: None, invert: false, scale: 1.0, alive_by: Vec::new() }
    }

    /// What is to be multiplied with.
    pub(crate) fn factor(&self) -> f64 {
        if self.invert { -self.scale } else { self.scale }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntityTable {
    entity: EntityId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    invert: bool,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    scale: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alive_by: Vec<EntityId>,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn one() -> f64 {
    1.0
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Not an untagged enum: its errors name neither the wrong key nor the wrong value.
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = EntityRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entity id, or a table with `entity`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<EntityRef, E> {
                text.try_into().map(EntityRef::plain).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EntityRef, A::Error> {
                let table = EntityTable::deserialize(MapAccessDeserializer::new(map))?;
                if !table.scale.is_finite() || table.scale == 0.0 {
                    return Err(A::Error::custom(format!(
                        "`scale` of `{}` is {}; expected a finite number other than 0",
                        table.entity, table.scale
                    )));
                }
                let EntityTable { entity, unit, invert, scale, alive_by } = table;
                Ok(EntityRef { entity, unit, invert, scale, alive_by })
            }
        }

        from.deserialize_any(Either)
    }
}

impl Serialize for EntityRef {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if *self == Self::plain(self.entity.clone()) {
            return self.entity.serialize(to);
        }
        let Self { entity, unit, invert, scale, alive_by } = self.clone();
        EntityTable { entity, unit, invert, scale, alive_by }.serialize(to)
    }
}

/// Where a battery's power is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum BatteryPower {
    /// By one entity, discharge positive.
    Signed(EntityRef),
    /// By two entities, each zero or more.
    Split {
        /// Charging.
        charge: EntityRef,
        /// Discharging.
        discharge: EntityRef,
    },
}

/// The entities of a battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BatteryTable", into = "BatteryTable")]
pub struct BatteryEntities {
    /// State of charge.
    pub soc: EntityRef,
    /// Power at the bus. In TOML: `power`, or `charge_power` and `discharge_power`.
    pub power: BatteryPower,
    /// How it is commanded; `None`: not at all.
    pub control: Option<BatteryControl>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatteryTable {
    soc: EntityRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    power: Option<EntityRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charge_power: Option<EntityRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discharge_power: Option<EntityRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    control: Option<BatteryControl>,
}

impl TryFrom<BatteryTable> for BatteryEntities {
    type Error = &'static str;

    fn try_from(table: BatteryTable) -> Result<Self, &'static str> {
        let power = match (table.power, table.charge_power, table.discharge_power) {
            (Some(power), None, None) => BatteryPower::Signed(power),
            (None, Some(charge), Some(discharge)) => BatteryPower::Split { charge, discharge },
            _ => {
                return Err("the battery's power is measured either by `power` (discharge positive) \
                            or by both `charge_power` and `discharge_power`");
            }
        };
        Ok(Self { soc: table.soc, power, control: table.control })
    }
}

impl From<BatteryEntities> for BatteryTable {
    fn from(entities: BatteryEntities) -> Self {
        let (power, charge_power, discharge_power) = match entities.power {
            BatteryPower::Signed(power) => (Some(power), None, None),
            BatteryPower::Split { charge, discharge } => (None, Some(charge), Some(discharge)),
        };
        Self { soc: entities.soc, power, charge_power, discharge_power, control: entities.control }
    }
}

impl BatteryEntities {
    /// What it can be told.
    pub fn commands(&self) -> BTreeSet<CommandKind> {
        match self.control {
            Some(_) => {
                BTreeSet::from([CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance])
            }
            None => BTreeSet::new(),
        }
    }
}

/// How a battery is commanded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum BatteryControl {
    /// A mode and a limit for each direction, as Zendure's devices have them.
    Zendure {
        /// Takes from the bus or gives to it; a change switches a relay.
        ac_mode: EntityId,
        /// The option of `ac_mode` that takes from the bus.
        #[serde(default = "input")]
        input_option: String,
        /// The option of `ac_mode` that gives to the bus.
        #[serde(default = "output")]
        output_option: String,
        /// What it takes in `input` mode.
        input_limit: EntityRef,
        /// What it gives in `output` mode.
        output_limit: EntityRef,
    },
    /// One number with a sign.
    Setpoint {
        /// Its `invert` counts for writing, too.
        number: EntityRef,
        /// Whether charging is positive; the same as `invert`.
        #[serde(default)]
        charge_positive: bool,
    },
    /// A number for each direction, of which one is 0.
    Limits {
        /// Power of charging.
        charge: EntityRef,
        /// Power of discharging.
        discharge: EntityRef,
    },
}

fn input() -> String {
    "input".to_owned()
}

fn output() -> String {
    "output".to_owned()
}

impl BatteryControl {
    /// The entities that are written, in the order in which a release restores them.
    pub fn entities(&self) -> Vec<&EntityId> {
        match self {
            Self::Zendure { ac_mode, input_limit, output_limit, .. } => {
                vec![ac_mode, &input_limit.entity, &output_limit.entity]
            }
            Self::Setpoint { number, .. } => vec![&number.entity],
            Self::Limits { charge, discharge } => vec![&charge.entity, &discharge.entity],
        }
    }

    /// The numbers that are written.
    pub fn numbers(&self) -> Vec<&EntityRef> {
        match self {
            Self::Zendure { input_limit, output_limit, .. } => vec![input_limit, output_limit],
            Self::Setpoint { number, .. } => vec![number],
            Self::Limits { charge, discharge } => vec![charge, discharge],
        }
    }
}

/// The entities of a device; each gives it an ability.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceEntities {
    /// Turned on and off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<EntityId>,
    /// Set to a colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<EntityId>,
    /// Set to a value, in its own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<EntityId>,
    /// Takes messages: an entity, or an action such as `notify.mobile_app_phone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<EntityId>,
    /// What it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<EntityRef>,
}

impl DeviceEntities {
    /// What it can be told, once its entities are there.
    pub fn abilities(&self) -> Abilities {
        Abilities {
            switch: self.switch.is_some(),
            level: self.level.is_some(),
            light: self.light.is_some(),
            notify: self.notify.is_some(),
        }
    }
}

/// All entities of a home.
#[derive(Clone, Debug, PartialEq)]
pub struct HomeEntities {
    /// The meter; import positive.
    pub grid_power: EntityRef,
    /// Production, zero or more.
    pub solar_power: Option<EntityRef>,
    /// What the home uses, where it is measured by itself.
    pub load_power: Option<EntityRef>,
    /// Outside.
    pub temperature: Option<EntityRef>,
    /// Most that may be imported by order from outside.
    pub import_cap: Option<EntityRef>,
    /// Batteries by id.
    pub batteries: Vec<(TargetId, BatteryEntities)>,
    /// Devices by id.
    pub devices: Vec<(TargetId, DeviceEntities)>,
    /// Others whose attributes are wanted, such as a price sensor.
    pub extra: Vec<EntityId>,
}

impl HomeEntities {
    /// Every entity, once.
    pub(crate) fn all(&self) -> BTreeSet<&EntityId> {
        let mut all: BTreeSet<&EntityId> = self.extra.iter().collect();
        all.extend(self.measured().into_iter().flat_map(|r| std::iter::once(&r.entity).chain(&r.alive_by)));
        for (_, battery) in &self.batteries {
            all.extend(battery.control.iter().flat_map(BatteryControl::entities));
        }
        for (_, device) in &self.devices {
            all.extend([&device.switch, &device.light, &device.level, &device.notify].into_iter().flatten());
        }
        all
    }

    /// Every entity that is read as a number.
    pub(crate) fn measured(&self) -> Vec<&EntityRef> {
        let mut measured = vec![&self.grid_power];
        let single = [&self.solar_power, &self.load_power, &self.temperature, &self.import_cap];
        measured.extend(single.into_iter().flatten());
        for (_, battery) in &self.batteries {
            measured.push(&battery.soc);
            match &battery.power {
                BatteryPower::Signed(power) => measured.push(power),
                BatteryPower::Split { charge, discharge } => measured.extend([charge, discharge]),
            }
        }
        measured.extend(self.devices.iter().filter_map(|(_, device)| device.power.as_ref()));
        measured
    }

    /// The battery of that id.
    pub(crate) fn battery(&self, id: &str) -> Option<&BatteryEntities> {
        self.batteries.iter().find(|(found, _)| found == id).map(|(_, entities)| entities)
    }

    /// The device of that id.
    pub(crate) fn device(&self, id: &str) -> Option<&DeviceEntities> {
        self.devices.iter().find(|(found, _)| found == id).map(|(_, entities)| entities)
    }
}
