//! One strategy asked about one snapshot, and what the guard says to it. Nothing is recorded and nothing sent: for
//! `evaluate`, and for the page's "what if".

use std::time::Duration;

use anyhow::{Context, Result, bail};
use control::snapshot::{limits_of, state_of};
use engine::{Answer, DecideError, Strategy};
use guard::{Guard, Ledger, Mandate, Proposal, Scene, Watch};
use model::{Input, Terms, Verdict};
use serde_json::Value;

/// What came of it.
pub struct Evaluated {
    /// The strategy's.
    pub answer: Answer,
    /// The guard's, of a home that is as the snapshot says and where nothing was commanded before.
    pub verdicts: Vec<Verdict>,
}

/// Asks, with the snapshot narrowed to what the strategy is let do.
///
/// # Errors
/// When there is no plan.
pub fn evaluate(strategy: &Strategy, input: Input, terms: Terms) -> Result<Evaluated, DecideError> {
    let input = Input { snapshot: control::ask::seen_by(&input.snapshot, &terms.grant), ..input };
    let answer = strategy.decide_within(&input, &terms.allowance)?;
    let snapshot = &input.snapshot;
    let (limits, state) = (limits_of(snapshot), state_of(snapshot));
    let mut watch = Watch::default();
    watch.observe(&state, &limits, Duration::ZERO, snapshot.now);
    let ledger = Ledger::default();
    let scene = Scene { home: &state, now: snapshot.now, uptime: Duration::ZERO, ledger: &ledger, watch: &watch };
    let description = strategy.description();
    let mandate = Mandate { declared: description.commands.clone(), grant: terms.grant };
    let proposal = |action| Proposal { by: &description.name, action, mandate: &mandate };
    let proposals: Vec<_> = answer.plan.actions.iter().map(proposal).collect();
    let judged = Guard::new(limits).judge(&proposals, &scene);
    let verdicts = judged.into_iter().map(|judged| judged.verdict).collect();
    Ok(Evaluated { answer, verdicts })
}

/// Sets the value at a path such as `snapshot.batteries.0.soc_pct`.
///
/// # Errors
/// When there is no such place.
pub fn set(root: &mut Value, path: &str, value: Value) -> Result<()> {
    let mut place = root;
    let keys: Vec<&str> = path.split('.').collect();
    for (depth, key) in keys.iter().enumerate() {
        let at = keys[..=depth].join(".");
        place = match place {
            Value::Object(map) => map.entry(*key).or_insert(Value::Null),
            Value::Array(list) => {
                let length = list.len();
                let index: usize = key.parse().with_context(|| format!("`{at}`: `{key}` is no index"))?;
                list.get_mut(index).with_context(|| format!("`{at}`: there are {length} entries"))?
            }
            _ => bail!("there is nothing below `{}`", keys[..depth].join(".")),
        };
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sets_values_deep_inside_and_names_what_is_not_there() {
        let mut root = json!({ "snapshot": { "batteries": [{ "soc_pct": 50 }] }, "settings": {} });
        set(&mut root, "snapshot.batteries.0.soc_pct", json!(12.5)).unwrap();
        set(&mut root, "settings.reserve_pct", json!(20)).unwrap();
        assert_eq!(root["snapshot"]["batteries"][0]["soc_pct"], json!(12.5));
        assert_eq!(root["settings"]["reserve_pct"], json!(20));
        let error = set(&mut root, "snapshot.batteries.1.soc_pct", json!(1)).unwrap_err();
        assert!(error.to_string().contains("there are 1 entries"), "{error}");
        let error = set(&mut root, "settings.reserve_pct.x", json!(1)).unwrap_err();
        assert!(error.to_string().contains("nothing below `settings.reserve_pct`"), "{error}");
    }
}
