//! Who has set what an entity shows, as far as Home Assistant's context tells. Pure.
//!
//! Each state has the context in which it was set (`homeassistant/core.py`): `user_id` for what a signed-in person or a
//! program's token did, and for what an automation or a script did the same `id` as the state of that automation or
//! script, which was set when it ran. A device that reports by itself has a context of its own, with neither. The
//! context of a call holds for what the device reports within five seconds (`CONTEXT_RECENT_TIME_SECONDS` in
//! `helpers/entity.py`); slower devices look as if they had done it themselves.

use serde_json::Value;

/// Who set the newest of `entities`, in words, from the answer to `get_states`. `is_own` tells the contexts of our own
/// calls, whose user is often the owner's own.
pub fn author(states: &Value, entities: &[&str], is_own: impl Fn(&str) -> bool) -> String {
    let list = states.as_array().map(Vec::as_slice).unwrap_or_default();
    let newest = list
        .iter()
        .filter(|state| entities.contains(&text(state, "entity_id")))
        .max_by(|a, b| text(a, "last_changed").cmp(text(b, "last_changed")));
    let Some(context) = newest.and_then(|state| state.get("context")) else {
        return "somebody whom Home Assistant does not name".into();
    };
    let (id, user, parent) = (text(context, "id"), text(context, "user_id"), text(context, "parent_id"));
    if let Some(cause) = list.iter().find(|state| is_cause(state, id)) {
        return format!("the {} “{}” in Home Assistant", domain(cause), name(cause));
    }
    if !user.is_empty() && !is_own(id) {
        let is_it = |state: &&Value| domain(state) == "person" && attribute(state, "user_id") == user;
        return match list.iter().find(is_it) {
            Some(person) => format!("{}, in Home Assistant", name(person)),
            None => "somebody in Home Assistant".into(),
        };
    }
    if !parent.is_empty() {
        return "an automation or a script in Home Assistant".into();
    }
    "the device itself or its app".into()
}

fn is_cause(state: &Value, context: &str) -> bool {
    let of = state.get("context").map(|own| text(own, "id")).unwrap_or_default();
    !context.is_empty() && of == context && matches!(domain(state), "automation" | "script")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn domain(state: &Value) -> &str {
    text(state, "entity_id").split('.').next().unwrap_or_default()
}

fn attribute<'a>(state: &'a Value, key: &str) -> &'a str {
    state.get("attributes").map(|attributes| text(attributes, key)).unwrap_or_default()
}

fn name(state: &Value) -> &str {
    match attribute(state, "friendly_name") {
        "" => text(state, "entity_id"),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(context: &Value) -> String {
        let state = |entity: &str, at: &str, context: Value, attributes: Value| json!({ "entity_id": entity, "state": "1", "last_changed": at, "context": context, "attributes": attributes });
        let ours = json!({ "id": "0", "parent_id": null, "user_id": "us" });
        let states = json!([
            state("number.out", "2026-11-30T12:00:00.1+00:00", ours, json!({})),
            state("number.in", "2026-11-30T12:00:05.1+00:00", context.clone(), json!({})),
            state("sensor.other", "2026-11-30T13:00:00+00:00", json!({ "id": "x", "user_id": "tom" }), json!({})),
            state("person.ann", "-", json!({ "id": "p" }), json!({ "user_id": "ann", "friendly_name": "Ann" })),
            state("automation.night", "-", json!({ "id": "a" }), json!({ "friendly_name": "Night charge" })),
            state("script.boost", "-", json!({ "id": "s" }), json!({})),
        ]);
        author(&states, &["number.in", "number.out"], |context| context == "ours")
    }

    #[test]
    fn is_named_as_far_as_the_context_tells() {
        assert_eq!(said(&json!({ "id": "1", "parent_id": null, "user_id": "ann" })), "Ann, in Home Assistant");
        assert_eq!(said(&json!({ "id": "1", "parent_id": null, "user_id": "bob" })), "somebody in Home Assistant");
        let night = "the automation “Night charge” in Home Assistant";
        assert_eq!(said(&json!({ "id": "a", "parent_id": null, "user_id": null })), night);
        assert_eq!(said(&json!({ "id": "a", "parent_id": "t", "user_id": "ann" })), night);
        let boost = "the script “script.boost” in Home Assistant";
        assert_eq!(said(&json!({ "id": "s", "parent_id": null, "user_id": "ann" })), boost);
        let some = "an automation or a script in Home Assistant";
        assert_eq!(said(&json!({ "id": "1", "parent_id": "gone", "user_id": null })), some);
        let itself = "the device itself or its app";
        assert_eq!(said(&json!({ "id": "1", "parent_id": null, "user_id": null })), itself);
        assert_eq!(said(&json!({ "id": "ours", "parent_id": null, "user_id": "ann" })), itself);
        assert_eq!(said(&json!(null)), itself, "nonsense is nobody's");
    }

    #[test]
    fn nothing_is_made_up() {
        let nobody = "somebody whom Home Assistant does not name";
        assert_eq!(author(&json!([]), &["number.in"], |_| false), nobody);
        assert_eq!(author(&json!({ "rubbish": 1 }), &["number.in"], |_| false), nobody);
    }
}
