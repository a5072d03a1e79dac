//! From an order to the service calls that carry it out, and back from states to whether they took.
//!
//! Zendure's devices (facts from Zendure-HA's `device.py`, zenSDK#5 and zenSDK#74): charging is `ac_mode`
//! input with `inputLimit` = P and `outputLimit` = 0, discharging the opposite. A change of `ac_mode`
//! switches a relay, so the old direction is brought to 0 before, the new limit is set after, and hold
//! leaves the mode as it is.

use model::home::Baseline;
use model::{Command, Fault, Light};
use serde_json::{Map, Value, json};

use super::config::{BatteryControl, BatteryEntities, DeviceEntities, EntityId, EntityRef, HomeEntities};
use super::reading::{Conversion, Quantity, number};
use super::states::{EntityState, States};
use crate::{ReadBack, SendError};

/// Colours go through other colour spaces on their way to a light and back.
const COLOUR_TOLERANCE: f64 = 12.0;
/// Lights round brightness to steps of their own.
const BRIGHTNESS_TOLERANCE: f64 = 4.0;

/// One service call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Such as `number`.
    pub domain: String,
    /// Such as `set_value`.
    pub service: String,
    /// The target; `None`: the service has none.
    pub entity: Option<EntityId>,
    /// The service's data.
    pub data: Map<String, Value>,
    /// What the entity shows when it took.
    pub wanted: Wanted,
}

/// What an entity shows when a call took.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// This state.
    State(String),
    /// A number, in the entity's own unit.
    Number {
        /// The number.
        value: f64,
        /// Half the entity's step.
        tolerance: f64,
    },
    /// `on`, with these attributes as far as the light has them.
    Light {
        /// 1 to 255.
        brightness: Option<u8>,
        /// Red, green and blue.
        rgb: Option<[u8; 3]>,
    },
    /// Nothing that could be compared.
    Nothing,
}

impl Wanted {
    /// Whether the entity shows it; `None`: that cannot be told.
    pub fn shown_by(&self, state: &EntityState) -> Option<bool> {
        if state.is_silent() {
            return None;
        }
        let near = |value: f64, wanted: f64, tolerance: f64| (value - wanted).abs() <= tolerance;
        match self {
            Wanted::State(wanted) => Some(state.state == *wanted),
            Wanted::Number { value, tolerance } => Some(near(number(state).ok()?, *value, *tolerance)),
            Wanted::Light { brightness, rgb } => {
                let bright = brightness.is_none_or(|wanted| {
                    state.number("brightness").is_some_and(|b| near(b, wanted.into(), BRIGHTNESS_TOLERANCE))
                });
                let coloured = rgb.is_none_or(|wanted| {
                    let shown = state.attributes.get("rgb_color").and_then(Value::as_array);
                    shown.is_some_and(|shown| {
                        shown.len() == 3
                            && shown.iter().zip(wanted).all(|(shown, wanted)| {
                                shown.as_f64().is_some_and(|c| near(c, wanted.into(), COLOUR_TOLERANCE))
                            })
                    })
                });
                Some(state.state == "on" && bright && coloured)
            }
            Wanted::Nothing => None,
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wanted::State(state) => write!(f, "`{state}`"),
            Wanted::Number { value, .. } => write!(f, "{value}"),
            Wanted::Light { brightness, rgb } => {
                write!(f, "`on`")?;
                if let Some(brightness) = brightness {
                    write!(f, ", brightness {brightness}")?;
                }
                if let Some([r, g, b]) = rgb {
                    write!(f, ", colour {r} {g} {b}")?;
                }
                Ok(())
            }
            Wanted::Nothing => write!(f, "nothing"),
        }
    }
}

/// The calls that carry out a command, in order.
pub fn command_calls(
    entities: &HomeEntities,
    states: &States,
    target: &str,
    command: &Command,
) -> Result<Vec<Call>, SendError> {
    let not_mapped = || SendError::NotMapped { target: target.to_owned(), command: command.to_string() };
    if !command.is_finite() {
        return Err(SendError::Unable(format!("{command} for `{target}` is not finite")));
    }
    if let Some(battery) = entities.battery(target) {
        let control = battery.control.as_ref().ok_or_else(not_mapped)?;
        // What a battery at the bus shall give; following the meter is the caller's work.
        let power_w = match command {
            Command::Hold => 0.0,
            Command::Charge { power_w } => -power_w.max(0.0),
            Command::Discharge { power_w } => power_w.max(0.0),
            _ => return Err(not_mapped()),
        };
        return battery_calls(control, states, power_w);
    }
    let device = entities.device(target).ok_or_else(not_mapped)?;
    device_calls(device, states, command)?.ok_or_else(not_mapped)
}

fn battery_calls(control: &BatteryControl, states: &States, power_w: f64) -> Result<Vec<Call>, SendError> {
    let two_limits = |charge: &EntityRef, discharge: &EntityRef| {
        let (active, other) = if power_w < 0.0 { (charge, discharge) } else { (discharge, charge) };
        Ok::<_, SendError>((set_power(other, 0.0, states)?, set_power(active, power_w.abs(), states)?))
    };
    match control {
        BatteryControl::Zendure { ac_mode, input_option, output_option, input_limit, output_limit } => {
            let (other, limit) = two_limits(input_limit, output_limit)?;
            let mode = if power_w < 0.0 { input_option } else { output_option };
            let at_rest = matches!(limit.wanted, Wanted::Number { value: 0.0, .. });
            if at_rest || present(ac_mode, states)?.state == *mode {
                return Ok(vec![other, limit]);
            }
            // Whatever someone left in the limit of the new direction must not take effect with the mode.
            let active = if power_w < 0.0 { input_limit } else { output_limit };
            Ok(vec![other, set_power(active, 0.0, states)?, select(ac_mode, mode), limit])
        }
        BatteryControl::Setpoint { number, charge_positive } => {
            let power_w = if *charge_positive { -power_w } else { power_w };
            Ok(vec![set_power(number, power_w, states)?])
        }
        BatteryControl::Limits { charge, discharge } => {
            let (other, limit) = two_limits(charge, discharge)?;
            Ok(vec![other, limit])
        }
    }
}

fn device_calls(device: &DeviceEntities, states: &States, command: &Command) -> Result<Option<Vec<Call>>, SendError> {
    let call = match (command, device) {
        (Command::TurnOn, DeviceEntities { switch: Some(switch), .. }) => {
            present(switch, states)?;
            turn(switch, true)
        }
        (Command::TurnOff, DeviceEntities { switch: Some(switch), .. }) => {
            present(switch, states)?;
            turn(switch, false)
        }
        (Command::SetLevel { value }, DeviceEntities { level: Some(level), .. }) => set_level(level, *value, states)?,
        (Command::SetLight(light), DeviceEntities { light: Some(entity), .. }) => {
            set_light(entity, light, present(entity, states)?)
        }
        (Command::Notify { text }, DeviceEntities { notify: Some(notify), .. }) => notify_call(notify, text, states),
        _ => return Ok(None),
    };
    Ok(Some(vec![call]))
}

/// The calls that bring a target back to what it was before. Only entities that are mapped to the target
/// are touched.
pub fn release_calls(
    entities: &HomeEntities,
    states: &States,
    target: &str,
    baseline: &Baseline,
) -> Result<Vec<Call>, SendError> {
    let mapped = control_entities(entities, target);
    let settings = baseline.settings.iter().filter_map(|(entity, state)| {
        let entity = mapped.iter().find(|mapped| mapped.as_str() == entity)?;
        Some((*entity, state.as_str()))
    });
    let settings: Vec<_> = settings.collect();
    let mut calls = Vec::new();
    if let Some(BatteryEntities { control: Some(control @ BatteryControl::Zendure { ac_mode, .. }), .. }) =
        entities.battery(target)
    {
        let mode = settings.iter().find(|(entity, _)| *entity == ac_mode);
        if mode.is_some_and(|(_, mode)| states.get(ac_mode.as_str()).is_none_or(|shown| shown.state != *mode)) {
            for limit in control.numbers() {
                calls.push(set_power(limit, 0.0, states)?);
            }
        }
    }
    for (entity, state) in settings {
        let shown = present(entity, states)?;
        calls.push(match entity.domain() {
            "number" | "input_number" => {
                let value = state.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| {
                    SendError::Unable(format!("`{entity}` was `{state}`, which is no number to restore"))
                })?;
                set_value(entity, value, shown)
            }
            "select" | "input_select" => select(entity, state),
            _ => turn(entity, state == "on"),
        });
    }
    Ok(calls)
}

/// What a release would restore; `None` while one of the entities shows nothing.
pub fn baseline(entities: &HomeEntities, states: &States, target: &str) -> Option<Baseline> {
    let known = entities.battery(target).is_some() || entities.device(target).is_some();
    let settings = control_entities(entities, target).into_iter().map(|entity| {
        let shown = states.get(entity.as_str()).filter(|shown| !shown.is_silent())?;
        Some((entity.to_string(), shown.state.clone()))
    });
    known.then_some(())?;
    Some(Baseline::of(settings.collect::<Option<_>>()?))
}

/// The entities by which a target is commanded.
pub fn control_entities<'a>(entities: &'a HomeEntities, target: &str) -> Vec<&'a EntityId> {
    if let Some(battery) = entities.battery(target) {
        return battery.control.iter().flat_map(BatteryControl::entities).collect();
    }
    let device = entities.device(target);
    device.into_iter().flat_map(|d| [&d.switch, &d.light, &d.level].into_iter().flatten()).collect()
}

/// Compares what the entities show with what the calls wanted; of several calls to one entity the last.
pub fn compare(calls: &[Call], states: &States) -> ReadBack {
    let mut compared = false;
    for (index, call) in calls.iter().enumerate() {
        let Some(entity) = &call.entity else { continue };
        if calls[index + 1..].iter().any(|later| later.entity == call.entity) {
            continue;
        }
        let Some(state) = states.get(entity.as_str()) else { return ReadBack::Unknown };
        match call.wanted.shown_by(state) {
            Some(true) => compared = true,
            Some(false) => {
                let shown = &state.state;
                return ReadBack::Differs(format!("`{entity}` shows `{shown}` instead of {}", call.wanted));
            }
            None if call.wanted == Wanted::Nothing => {}
            None => return ReadBack::Unknown,
        }
    }
    if compared { ReadBack::Shows } else { ReadBack::Unknown }
}

/// Whether the call at `index` asks for what the call before it to the same entity has asked for already.
pub fn repeats(calls: &[Call], index: usize) -> bool {
    let call = &calls[index];
    let before = calls[..index].iter().rfind(|before| before.entity == call.entity);
    call.entity.is_some() && before.is_some_and(|before| before.wanted == call.wanted)
}

/// Home Assistant reports success for a call to an entity that does not exist or does not answer, so
/// that is looked at before.
fn present<'a>(entity: &EntityId, states: &'a States) -> Result<&'a EntityState, SendError> {
    match states.get(entity.as_str()) {
        None => Err(SendError::Unable(format!("`{entity}` does not exist"))),
        Some(state) if state.state == "unavailable" => Err(SendError::Unable(format!("`{entity}` is unavailable"))),
        Some(state) => Ok(state),
    }
}

fn call(domain: &str, service: &str, entity: &EntityId, data: Value, wanted: Wanted) -> Call {
    let data = if let Value::Object(data) = data { data } else { Map::new() };
    Call { domain: domain.to_owned(), service: service.to_owned(), entity: Some(entity.clone()), data, wanted }
}

fn turn(entity: &EntityId, on: bool) -> Call {
    let (service, state) = if on { ("turn_on", "on") } else { ("turn_off", "off") };
    call(entity.domain(), service, entity, json!({}), Wanted::State(state.to_owned()))
}

fn select(entity: &EntityId, option: &str) -> Call {
    let wanted = Wanted::State(option.to_owned());
    call(entity.domain(), "select_option", entity, json!({ "option": option }), wanted)
}

fn set_value(entity: &EntityId, value: f64, shown: &EntityState) -> Call {
    // Without what binary fractions leave of 0.7; adding zero turns -0 into 0.
    let value = (value * 1e6).round() / 1e6 + 0.0;
    let wanted = Wanted::Number { value, tolerance: step(shown).map_or(1e-6, |step| step / 2.0) };
    call(entity.domain(), "set_value", entity, json!({ "value": value }), wanted)
}

fn step(shown: &EntityState) -> Option<f64> {
    shown.number("step").filter(|step| *step > 0.0)
}

/// Sets a power, rounded towards zero and cut to the entity's range: never more than was approved.
fn set_power(entity: &EntityRef, power_w: f64, states: &States) -> Result<Call, SendError> {
    let id = &entity.entity;
    let shown = present(id, states)?;
    let conversion = Conversion::new(entity, Quantity::Power, shown).map_err(|fault| {
        SendError::Unable(match fault {
            Fault::Unit { found: Some(found), expected } => {
                format!("`{id}` has the unit `{found}`, expected `{expected}`")
            }
            _ => format!("`{id}` shows no unit; declare it by `unit`"),
        })
    })?;
    let exact = conversion.theirs(power_w);
    let stepped = step(shown).map_or(exact, |step| (exact / step + 1e-9 * exact.signum()).trunc() * step);
    let within = stepped.min(shown.number("max").unwrap_or(f64::INFINITY));
    let within = within.max(shown.number("min").unwrap_or(f64::NEG_INFINITY));
    if within.abs() > exact.abs() + 1e-6 {
        return Err(SendError::Unable(format!("`{id}` cannot be set to {exact}: its range ends at {within}")));
    }
    Ok(set_value(id, within, shown))
}

/// Sets a level to the nearest that the entity can take.
fn set_level(entity: &EntityId, value: f64, states: &States) -> Result<Call, SendError> {
    let shown = present(entity, states)?;
    let least = shown.number("min").unwrap_or(f64::NEG_INFINITY);
    let from = if least.is_finite() { least } else { 0.0 };
    let stepped = step(shown).map_or(value, |step| from + ((value - from) / step).round() * step);
    let within = stepped.min(shown.number("max").unwrap_or(f64::INFINITY)).max(least);
    Ok(set_value(entity, within, shown))
}

fn set_light(entity: &EntityId, light: &Light, shown: &EntityState) -> Call {
    if !light.on {
        return turn(entity, false);
    }
    let modes = shown.texts("supported_color_modes");
    let coloured = modes.iter().any(|mode| matches!(*mode, "hs" | "rgb" | "rgbw" | "rgbww" | "xy"));
    let dims = modes.iter().any(|mode| !matches!(*mode, "onoff" | "unknown"));
    // Brightness 0 would turn it off.
    let brightness = dims.then(|| (light.brightness_pct / 100.0 * 255.0).round().clamp(1.0, 255.0) as u8);
    let rgb = coloured.then_some([light.red, light.green, light.blue]);
    let mut data = Map::new();
    if let Some(brightness) = brightness {
        data.insert("brightness".to_owned(), brightness.into());
    }
    if let Some(rgb) = rgb {
        data.insert("rgb_color".to_owned(), json!(rgb));
    }
    call(entity.domain(), "turn_on", entity, Value::Object(data), Wanted::Light { brightness, rgb })
}

fn notify_call(notify: &EntityId, text: &str, states: &States) -> Call {
    let data = json!({ "message": text });
    if states.get(notify.as_str()).is_some() {
        return call(notify.domain(), "send_message", notify, data, Wanted::Nothing);
    }
    Call { entity: None, ..call(notify.domain(), notify.name(), notify, data, Wanted::Nothing) }
}
