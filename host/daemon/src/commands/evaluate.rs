//! `wattwright evaluate`.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use model::{Input, Snapshot, Terms};
use serde_json::{Value, json};

use super::{describe, say, say_json};
use crate::cli::Evaluate;
use crate::evaluation::{self, Evaluated, evaluate};
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
    let used = input.settings.clone();
    let Evaluated { answer, verdicts } =
        evaluate(&strategy, input, Terms::default()).map_err(|error| anyhow!("{}: {error}", error.code()))?;
    if args.json {
        let log: Vec<String> = answer.log.iter().map(control::ask::log_line).collect();
        return say_json(&json!({
            "strategy": strategy.reference(),
            "settings": used,
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
    evaluation::set(root, path, value).with_context(|| format!("--set {change}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_text() {
        let mut root = json!({ "snapshot": { "batteries": [{ "soc_pct": 50 }] } });
        set(&mut root, "snapshot.batteries.0.soc_pct=12.5").unwrap();
        set(&mut root, "snapshot.timezone=Europe/Berlin").unwrap();
        assert_eq!(root["snapshot"]["batteries"][0]["soc_pct"], json!(12.5));
        assert_eq!(root["snapshot"]["timezone"], json!("Europe/Berlin"));
        assert!(set(&mut root, "snapshot").unwrap_err().to_string().contains("PATH=VALUE"));
    }
}
