//! Where two values differ, as they are written down.

use serde::Serialize;
use serde_json::Value;

/// One place where something differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where, such as `plans.rule-based.actions.0.command.power_w`.
    pub path: String,
    /// What was recorded, as JSON; empty: nothing was there.
    pub recorded: String,
    /// What it is now, as JSON; empty: nothing is there.
    pub now: String,
}

impl Difference {
    /// One that is told in words.
    pub fn of(path: &str, recorded: impl Into<String>, now: impl Into<String>) -> Self {
        Self { path: path.to_owned(), recorded: recorded.into(), now: now.into() }
    }
}

/// All places where two values differ when they are written as JSON. Numbers are the same when their digits
/// are, so that `0` and `-0` differ.
pub fn differences<T: Serialize>(path: &str, recorded: &T, now: &T) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(path, recorded, now, &mut found);
    found
}

pub(super) fn compare<T: Serialize>(path: &str, recorded: &T, now: &T, found: &mut Vec<Difference>) {
    match (serde_json::to_string(recorded), serde_json::to_string(now)) {
        (Ok(before), Ok(after)) if before == after => {}
        (Ok(before), Ok(after)) => {
            let known = found.len();
            if let (Ok(one), Ok(other)) = (serde_json::from_str(&before), serde_json::from_str(&after)) {
                walk(path, &one, &other, found);
            }
            // Whatever the walk does not see is a difference all the same.
            if found.len() == known {
                found.push(Difference::of(path, before, after));
            }
        }
        (before, after) => {
            let text = |written: serde_json::Result<String>| written.unwrap_or_else(|error| error.to_string());
            found.push(Difference::of(path, text(before), text(after)));
        }
    }
}

fn walk(path: &str, recorded: &Value, now: &Value, found: &mut Vec<Difference>) {
    match (recorded, now) {
        (Value::Object(before), Value::Object(after)) => {
            let added = after.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(added) {
                either(&format!("{path}.{key}"), before.get(key), after.get(key), found);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for index in 0..before.len().max(after.len()) {
                either(&format!("{path}.{index}"), before.get(index), after.get(index), found);
            }
        }
        (before, after) => {
            let (before, after) = (before.to_string(), after.to_string());
            if before != after {
                found.push(Difference::of(path, before, after));
            }
        }
    }
}

fn either(path: &str, recorded: Option<&Value>, now: Option<&Value>, found: &mut Vec<Difference>) {
    match (recorded, now) {
        (Some(before), Some(after)) => walk(path, before, after, found),
        (before, after) => {
            let text = |value: Option<&Value>| value.map(ToString::to_string).unwrap_or_default();
            found.push(Difference::of(path, text(before), text(after)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_the_place() {
        let before = json!({"a": [1.5, {"b": "x"}], "gone": 1});
        let after = json!({"a": [1.5, {"b": "y"}, 3], "new": null});
        let found = differences("plan", &before, &after);
        let found: Vec<_> = found.iter().map(|d| (d.path.as_str(), d.recorded.as_str(), d.now.as_str())).collect();
        assert_eq!(
            found,
            [("plan.a.1.b", "\"x\"", "\"y\""), ("plan.a.2", "", "3"), ("plan.gone", "1", ""), ("plan.new", "", "null")]
        );
    }

    #[test]
    fn what_is_written_alike_is_the_same_and_nothing_else() {
        assert_eq!(differences("x", &0.1, &0.1), []);
        assert_eq!(differences("x", &0.0, &-0.0).len(), 1);
        assert_eq!(differences("x", &0.3, &(0.1 + 0.2)).len(), 1);
    }
}
