//! `wattwright strategy`.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{say, say_json};
use crate::cli::StrategyCommand;
use crate::{config, sample, shipped};

/// Lists or checks.
pub fn run(command: StrategyCommand) -> Result<()> {
    match command {
        StrategyCommand::List { home, strategies, json } => {
            let configured = home.config.as_deref().map(config::load).transpose()?;
            let folder = strategies.or(configured.map(|c| c.strategies)).filter(|folder| folder.exists());
            list(folder.as_deref(), json)
        }
        StrategyCommand::Check { strategy, json } => check(&strategy, json),
    }
}

fn list(folder: Option<&std::path::Path>, json: bool) -> Result<()> {
    let entries = shipped::library(folder)?.entries();
    if json {
        let list: Vec<Value> = entries
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name,
                    "origin": entry.origin.to_string(),
                    "strategy": entry.strategy.as_ref().map(|s| s.reference()),
                    "summary": entry.strategy.as_ref().map(|s| s.description().summary.clone()),
                    "error": entry.error,
                })
            })
            .collect();
        return say_json(&list);
    }
    for entry in &entries {
        let version = entry.strategy.as_ref().map(|s| s.reference().version).unwrap_or_default();
        say(format!("{} {version} ({})", entry.name, entry.origin));
        if let Some(strategy) = &entry.strategy {
            say(format!("  {}", strategy.description().summary));
        }
        if let Some(error) = &entry.error {
            say(format!("  error: {error}"));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Report {
    facts: Value,
    problems: Vec<(String, String)>,
}

fn check(strategy: &str, json: bool) -> Result<()> {
    let report = examine(strategy);
    let ok = report.problems.is_empty();
    if json {
        let mut all = report.facts;
        let problems: Vec<Value> =
            report.problems.iter().map(|(code, message)| json!({ "code": code, "message": message })).collect();
        all["ok"] = ok.into();
        all["problems"] = problems.into();
        say_json(&all)?;
    } else {
        if ok {
            say(format!("{strategy}: accepted"));
        }
        const SHOWN: [&str; 10] = [
            "name",
            "version",
            "author",
            "summary",
            "commands",
            "imports",
            "size_bytes",
            "compile_ms",
            "decide_ms",
            "fuel",
        ];
        for key in SHOWN {
            if let Some(value) = report.facts.get(key).filter(|value| !value.is_null()) {
                say(format!("  {key}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            }
        }
    }
    if ok {
        return Ok(());
    }
    let list: Vec<String> = report.problems.iter().map(|(code, message)| format!("{code}: {message}")).collect();
    bail!("{strategy}: not accepted:\n  {}", list.join("\n  "));
}

fn examine(strategy: &str) -> Report {
    let mut report = Report { facts: json!({}), ..Report::default() };
    let strategy = match shipped::find(strategy) {
        Ok(strategy) => strategy,
        Err(error) => {
            let code = error.downcast_ref::<engine::LoadError>().map_or("file", |e| e.code());
            report.problems.push((code.to_owned(), format!("{error:#}")));
            return report;
        }
    };
    let description = strategy.description();
    report.facts = json!({
        "name": description.name,
        "version": description.version,
        "author": description.author,
        "summary": description.summary,
        "commands": description.commands,
        "imports": strategy.imports(),
        "size_bytes": strategy.size_bytes(),
        "compile_ms": milliseconds(strategy.compile_time()),
    });
    let settings = match strategy.complete_settings(&json!({})) {
        Ok(settings) => settings,
        Err(problems) => {
            let list: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
            report
                .problems
                .push(("settings".into(), format!("its own defaults do not fit its schema: {}", list.join("; "))));
            return report;
        }
    };
    let input = match sample::input(settings) {
        Ok(input) => input,
        Err(error) => {
            report.problems.push(("sample".into(), format!("{error:#}")));
            return report;
        }
    };
    let begin = Instant::now();
    let first = strategy.decide(&input);
    let took = begin.elapsed();
    match (first, strategy.decide(&input)) {
        (Ok(first), Ok(second)) => {
            report.facts["decide_ms"] = milliseconds(took).into();
            report.facts["fuel"] = first.fuel.into();
            if first.plan != second.plan {
                let text =
                    "two calls with the same input gave different plans; a strategy must not keep state of its own";
                report.problems.push(("not-deterministic".into(), text.into()));
            }
        }
        (Err(error), _) | (_, Err(error)) => report.problems.push((error.code().to_owned(), error.to_string())),
    }
    report
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
