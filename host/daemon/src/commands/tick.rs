//! `wattwright tick`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use control::snapshot::{self, Seen};
use control::{Data, tasks};
use control::{claims, tick};
use guard::{Guard, Ledger, Scene, SceneRecord, Watch};
use jiff::Timestamp;
use serde_json::json;

use super::{describe, say, say_json};
use crate::cli::TickArgs;
use crate::wiring::{self, Place};
use crate::{feeds, past, shipped};
use knowledge::Knowledge;

/// Looks once, decides once, prints it. Nothing is sent and nothing is kept.
pub async fn run(args: TickArgs) -> Result<()> {
    let parts = wiring::assemble(args.home.config.as_deref(), None)?;
    let folder = args.strategies.or(parts.strategies.clone());
    let library = shipped::library(folder.as_deref().filter(|folder| folder.exists()), None)?;
    wiring::connected(&parts.place).await?;
    let knowledge = Knowledge::new(parts.tariff.clone(), None);
    match &parts.place {
        Place::Simulated(home) => {
            past::lived(home, &parts.setup, &knowledge);
            feeds::enter_simulated(home, &knowledge, Timestamp::now());
        }
        Place::Real { home, prices, sky, .. } => {
            feeds::prices::once(prices, home, &knowledge).await?;
            feeds::sky::once(sky, home, &knowledge).await?;
            if let Err(error) = past::glance(home, &parts.setup, &knowledge).await
                && !args.json
            {
                say(format!(
                    "note: the recorder's past could not be read, so little is known of use and sun: {error:#}"
                ));
            }
        }
    }

    let state = parts.home().state();
    let now = Timestamp::from_second(Timestamp::now().as_second())?;
    let mut watch = Watch::default();
    watch.observe(&state, &parts.setup.limits, Duration::ZERO, now);
    let zone = snapshot::timezone(&snapshot::timezone_name(&parts.setup, &state));
    let tasks = parts.setup.tasks.iter().filter_map(|task| {
        let progress = tasks::Progress::new(tasks::window(task, now, &zone)?);
        let on = state.devices.iter().find(|d| d.id == task.device).and_then(|d| d.on);
        Some(progress.to_task(task, now, on))
    });
    let seen = Seen {
        setup: &parts.setup,
        state: &state,
        watch: &watch,
        now,
        known: knowledge.known(now),
        in_force: &BTreeMap::new(),
        tasks: tasks.collect(),
    };
    let decided = tick::decide(&library, &parts.roster, None, Arc::new(snapshot::build(seen))).await;
    let guard = Guard::new(parts.setup.limits.clone());
    let ledger = Ledger::default();
    let scene = Scene { home: &state, now, uptime: Duration::ZERO, ledger: &ledger, watch: &watch };
    let voices = decided.voices();
    let (proposals, superseded) = claims::claim(&voices);
    let ruled = claims::judge(&proposals, &SceneRecord::of(&guard, &scene));
    let verdicts: Vec<_> = ruled.into_iter().map(|ruled| ruled.judged.verdict).collect();
    let first = decided.answers.first();
    if args.json {
        return say_json(&json!({
            "snapshot": *decided.snapshot,
            "settings": decided.input().settings,
            "strategy": first.map(|answered| &answered.strategy),
            "attempts": decided.attempts,
            "plan": first.map(|answered| &answered.plan),
            "parts": decided.parts(),
            "superseded": superseded,
            "verdicts": verdicts,
            "decide_us": first.map_or(0, |answered| u64::try_from(answered.took.as_micros()).unwrap_or(u64::MAX)),
            "fuel": first.map_or(0, |answered| answered.fuel),
        }));
    }
    for problem in &decided.snapshot.problems {
        say(format!("problem: {}: {}", problem.subject, problem.text));
    }
    if decided.answers.is_empty() {
        say(describe(None, &verdicts));
    }
    for answered in &decided.answers {
        say(format!("{} {}:", answered.strategy.name, answered.strategy.version));
        let name = &answered.strategy.name;
        let own: Vec<_> = verdicts.iter().filter(|v| v.by.as_ref() == Some(name)).cloned().collect();
        let is_superseded = |target: &str| superseded.iter().any(|s| &s.strategy == name && s.target == target);
        let mut plan = answered.plan.clone();
        plan.actions.retain(|action| !is_superseded(&action.target));
        say(describe(Some(&plan), &own));
    }
    Ok(())
}
