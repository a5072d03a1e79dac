//! `wattwright evaluate`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use control::snapshot::{limits_of, state_of};
use guard::{Guard, Ledger, Mandate, Proposal, Scene, Watch};
use model::{Grant, Input, Snapshot};
use serde_json::{Value, json};

use super::{describe, say, say_json};
use crate::cli::Evaluate;
use crate::shipped;

/// Asks one strategy about one snapshot.
pub fn run(args: &Evaluate) -> Result<()> {
    let strategy = shipped::find(&args.strategy)?;
    let file = read_json(&args.snapshot)?;
    let (snapshot, own_settings) = match file.get("snapshot") {
        Some(snapshot) => (snapshot.clone(), file.get("settings").cloned()),
        None => (file, None),
    };
    let settings = match &args.settings {
        Some(path) => read_json(path)?,
        None => own_settings.unwrap_or_else(|| json!({})),
    };
    let mut both = json!({ "snapshot": snapshot, "settings": settings });
    for change in &args.set {
        set(&mut both, change)?;
    }
    let path = args.snapshot.display();
    let snapshot: Snapshot = serde_path_to_error::deserialize(both["snapshot"].take())
        .map_err(|error| anyhow!("{path}: snapshot.{}: {}", error.path(), error.inner()))?;
    let settings = strategy.complete_settings(&both["settings"]).map_err(|problems| {
        let list: Vec<String> = problems.iter().map(|p| format!("settings{}: {}", p.path, p.message)).collect();
        anyhow!("{}", list.join("\n"))
    })?;

    let input = Input { snapshot, settings, memory: Vec::new() };
    let answer = strategy.decide(&input).map_err(|error| anyhow!("{}: {error}", error.code()))?;
    let snapshot = &input.snapshot;
    let (limits, state) = (limits_of(snapshot), state_of(snapshot));
    let mut watch = Watch::default();
    watch.observe(&state, &limits, Duration::ZERO, snapshot.now);
    let ledger = Ledger::default();
    let scene = Scene { home: &state, now: snapshot.now, uptime: Duration::ZERO, ledger: &ledger, watch: &watch };
    let description = strategy.description();
    let mandate = Mandate { declared: description.commands.clone(), grant: Grant::default() };
    let proposals: Vec<_> = answer
        .plan
        .actions
        .iter()
        .map(|action| Proposal { by: &description.name, action, mandate: &mandate })
        .collect();
    let judged = Guard::new(limits.clone()).judge(&proposals, &scene);
    let verdicts: Vec<_> = judged.into_iter().map(|judged| judged.verdict).collect();
    if args.json {
        let log: Vec<String> = answer.log.iter().map(control::ask::log_line).collect();
        return say_json(&json!({
            "strategy": strategy.reference(),
            "settings": input.settings,
            "plan": answer.plan,
            "verdicts": verdicts,
            "log": log,
            "decide_us": u64::try_from(answer.took.as_micros()).unwrap_or(u64::MAX),
            "fuel": answer.fuel,
        }));
    }
    say(describe(Some(&answer.plan), &verdicts));
    Ok(())
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}: not JSON", path.display()))
}

/// Carries out `path.to.value=JSON`; what is no JSON is taken as text.
fn set(root: &mut Value, change: &str) -> Result<()> {
    let (path, text) = change
        .split_once('=')
        .with_context(|| format!("--set {change}: expected PATH=VALUE, such as settings.reserve_pct=20"))?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let mut place = root;
    let keys: Vec<&str> = path.split('.').collect();
    for (depth, key) in keys.iter().enumerate() {
        let at = keys[..=depth].join(".");
        place = match place {
            Value::Object(map) => map.entry(*key).or_insert(Value::Null),
            Value::Array(list) => {
                let length = list.len();
                let index: usize =
                    key.parse().with_context(|| format!("--set {change}: `{at}`: `{key}` is no index"))?;
                list.get_mut(index).with_context(|| format!("--set {change}: `{at}`: there are {length} entries"))?
            }
            _ => bail!("--set {change}: there is nothing below `{}`", keys[..depth].join(".")),
        };
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_values_deep_inside_and_names_what_is_not_there() {
        let mut root = json!({ "snapshot": { "batteries": [{ "soc_pct": 50 }] }, "settings": {} });
        set(&mut root, "snapshot.batteries.0.soc_pct=12.5").unwrap();
        set(&mut root, "settings.reserve_pct=20").unwrap();
        set(&mut root, "snapshot.timezone=Europe/Berlin").unwrap();
        assert_eq!(root["snapshot"]["batteries"][0]["soc_pct"], json!(12.5));
        assert_eq!(root["settings"]["reserve_pct"], json!(20));
        assert_eq!(root["snapshot"]["timezone"], json!("Europe/Berlin"));
        let error = set(&mut root, "snapshot.batteries.1.soc_pct=1").unwrap_err();
        assert!(error.to_string().contains("there are 1 entries"), "{error}");
        assert!(set(&mut root, "snapshot").unwrap_err().to_string().contains("PATH=VALUE"));
    }
}
