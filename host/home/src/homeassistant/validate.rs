//! Whether the mapped entities are what their roles need.

use serde_json::Value;

use super::config::{BatteryControl, BatteryPower, EntityId, EntityRef, HomeEntities};
use super::reading::{Conversion, Quantity, number};
use super::states::{EntityState, States};

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where in the configuration, such as `battery.main.soc`.
    pub role: String,
    /// Which entity.
    pub entity: String,
    /// What is wrong, and the way out.
    pub text: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: `{}` {}", self.role, self.entity, self.text)
    }
}

/// Compares the mapping with all states and services that the home has.
pub fn findings(entities: &HomeEntities, states: &States, services: &Value) -> Vec<Finding> {
    let mut check = Check { states, services, findings: Vec::new() };
    check.measured("grid.power", &entities.grid_power, Quantity::Power);
    for (role, entity, quantity) in [
        ("solar.power", &entities.solar_power, Quantity::Power),
        ("load.power", &entities.load_power, Quantity::Power),
        ("temperature.entity", &entities.temperature, Quantity::Temperature),
        ("grid.import_cap", &entities.import_cap, Quantity::Power),
    ] {
        if let Some(entity) = entity {
            check.measured(role, entity, quantity);
        }
    }
    for current in &entities.phase_currents {
        check.measured("grid.phase_currents", current, Quantity::Current);
    }
    for (id, battery) in &entities.batteries {
        let role = |part: &str| format!("battery.{id}.{part}");
        check.measured(&role("soc"), &battery.soc, Quantity::Percent);
        match &battery.power {
            BatteryPower::Signed(power) => check.measured(&role("power"), power, Quantity::Power),
            BatteryPower::Split { charge, discharge } => {
                check.measured(&role("charge_power"), charge, Quantity::Power);
                check.measured(&role("discharge_power"), discharge, Quantity::Power);
            }
        }
        for taken in &battery.taken {
            check.known(&role("taken"), &taken.entity);
        }
        match &battery.control {
            None => {}
            Some(BatteryControl::Zendure { ac_mode, input_option, output_option, input_limit, output_limit }) => {
                check.options(&role("control.ac_mode"), ac_mode, &[input_option, output_option]);
                check.power_number(&role("control.input_limit"), input_limit);
                check.power_number(&role("control.output_limit"), output_limit);
            }
            Some(BatteryControl::Setpoint { number, .. }) => check.power_number(&role("control.number"), number),
            Some(BatteryControl::Limits { charge, discharge }) => {
                check.power_number(&role("control.charge"), charge);
                check.power_number(&role("control.discharge"), discharge);
            }
        }
    }
    for (id, device) in &entities.devices {
        let role = |part: &str| format!("device.{id}.{part}");
        if let Some(switch) = &device.switch {
            check.domain(&role("switch"), switch, &["switch", "input_boolean", "fan", "light"]);
        }
        if let Some(light) = &device.light {
            check.domain(&role("light"), light, &["light"]);
        }
        if let Some(level) = &device.level {
            check.number(&role("level"), level);
        }
        if let Some(notify) = &device.notify {
            check.notify(&role("notify"), notify);
        }
        if let Some(power) = &device.power {
            check.measured(&role("power"), power, Quantity::Power);
        }
    }
    for extra in &entities.extra {
        check.known("source", extra);
    }
    check.findings
}

struct Check<'a> {
    states: &'a States,
    services: &'a Value,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    fn find(&mut self, role: &str, entity: &EntityId, text: String) {
        self.findings.push(Finding { role: role.to_owned(), entity: entity.to_string(), text });
    }

    fn known(&mut self, role: &str, entity: &EntityId) -> Option<&'a EntityState> {
        let state = self.states.get(entity.as_str());
        if state.is_none() {
            let near = nearest(entity, self.states);
            let hint = match near.as_slice() {
                [] => "look it up in Home Assistant under Developer tools, States".to_owned(),
                near => format!("did you mean {}?", near.join(" or ")),
            };
            self.find(role, entity, format!("does not exist; {hint}"));
        }
        state
    }

    fn domain(&mut self, role: &str, entity: &EntityId, domains: &[&str]) -> Option<&'a EntityState> {
        let state = self.known(role, entity)?;
        if !domains.contains(&entity.domain()) {
            let wanted = domains.join("`, `");
            self.find(role, entity, format!("is a `{}`; this role takes `{wanted}`", entity.domain()));
            return None;
        }
        Some(state)
    }

    fn measured(&mut self, role: &str, entity: &EntityRef, quantity: Quantity) {
        for companion in &entity.alive_by {
            self.known(&format!("{role}.alive_by"), companion);
        }
        let Some(state) = self.known(role, &entity.entity) else { return };
        self.unit(role, entity, quantity, state);
        if let Err(fault) = number(state)
            && !state.is_silent()
        {
            tracing::debug!(?fault, "in check");
            self.find(role, &entity.entity, format!("shows `{}`, which is no number", state.state));
        } else if state.is_silent() {
            let text = format!("shows `{}`: its device does not answer now; see to it or wait", state.state);
            self.find(role, &entity.entity, text);
        }
    }

    fn unit(&mut self, role: &str, entity: &EntityRef, quantity: Quantity, state: &EntityState) {
        if Conversion::new(entity, quantity, state).is_ok() {
            return;
        }
        let needed = quantity.unit();
        let text = match (state.text("unit_of_measurement"), &entity.unit) {
            (Some(shown), Some(declared)) if shown != declared => format!(
                "shows the unit `{shown}` where the configuration declares `{declared}`; remove `unit`, or use `scale`"
            ),
            (Some(shown), _) => format!("shows the unit `{shown}`, which cannot be converted to `{needed}`"),
            (None, Some(declared)) => {
                format!("is declared to have the unit `{declared}`, which cannot be converted to `{needed}`")
            }
            (None, None) => format!(
                "shows no unit; declare it: {{ entity = \"{}\", unit = \"{needed}\" }} if that is what it measures",
                entity.entity
            ),
        };
        self.find(role, &entity.entity, text);
    }

    fn number(&mut self, role: &str, entity: &EntityId) -> Option<&'a EntityState> {
        let state = self.domain(role, entity, &["number", "input_number"])?;
        if state.number("min").is_none() || state.number("max").is_none() {
            self.find(role, entity, "shows no range; expected the attributes `min` and `max`".to_owned());
        }
        Some(state)
    }

    fn power_number(&mut self, role: &str, entity: &EntityRef) {
        let Some(state) = self.number(role, &entity.entity) else { return };
        self.unit(role, entity, Quantity::Power, state);
        if let (Some(min), Some(max)) = (state.number("min"), state.number("max"))
            && !(min <= 0.0 && 0.0 < max)
        {
            let text = format!("takes {min} to {max}; expected a range from 0 or below to above 0");
            self.find(role, &entity.entity, text);
        }
    }

    fn options(&mut self, role: &str, entity: &EntityId, needed: &[&str]) {
        let Some(state) = self.domain(role, entity, &["select", "input_select"]) else { return };
        let options = state.texts("options");
        for missing in needed.iter().filter(|option| !options.contains(option)) {
            let text = format!(
                "has no option `{missing}`, only `{}`; name the right ones by `input_option` and `output_option`",
                options.join("`, `")
            );
            self.find(role, entity, text);
        }
    }

    fn notify(&mut self, role: &str, notify: &EntityId) {
        let is_action = self.services.get(notify.domain()).is_some_and(|domain| domain.get(notify.name()).is_some());
        if self.states.get(notify.as_str()).is_none() && !is_action {
            let actions = self.services.get("notify").and_then(Value::as_object).into_iter().flatten();
            let actions: Vec<String> = actions.map(|(name, _)| format!("`notify.{name}`")).collect();
            self.find(role, notify, format!("is neither an entity nor an action; there are {}", actions.join(", ")));
        }
    }
}

/// Up to three entities of the same domain whose names are nearest.
fn nearest(entity: &EntityId, states: &States) -> Vec<String> {
    let wanted = entity.as_str();
    let same_domain = states.ids().filter(|id| id.split('.').next() == Some(entity.domain()));
    let mut near: Vec<(usize, &str)> = same_domain.map(|id| (distance(wanted, id), id)).collect();
    near.sort_unstable();
    let most = (entity.name().len() / 3).max(2);
    near.into_iter().filter(|(far, _)| *far <= most).take(3).map(|(_, id)| format!("`{id}`")).collect()
}

/// How many bytes to insert, remove or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
