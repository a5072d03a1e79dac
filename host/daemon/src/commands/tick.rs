//! `wattwright tick`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use control::snapshot::{self, Seen};
use control::tick;
use control::{Data, tasks};
use guard::{Guard, Ledger, Scene, Watch};
use jiff::Timestamp;
use serde_json::json;

use super::{describe, say, say_json};
use crate::cli::TickArgs;
use crate::knowledge::Knowledge;
use crate::wiring::{self, Place};
use crate::{feeds, shipped};

/// Looks once, decides once, prints it. Nothing is sent and nothing is kept.
pub async fn run(args: TickArgs) -> Result<()> {
    let parts = wiring::assemble(args.home.config.as_deref(), None)?;
    let folder = args.strategies.or(parts.strategies.clone());
    let library = shipped::library(folder.as_deref().filter(|folder| folder.exists()))?;
    wiring::connected(&parts.place).await?;
    let knowledge = match &parts.place {
        Place::Simulated(home) => {
            let knowledge = Knowledge::new(parts.tariff.clone(), None, home.past_slots());
            feeds::enter_simulated(home, &knowledge);
            knowledge
        }
        Place::Real { home, prices, weather } => {
            let knowledge = Knowledge::new(parts.tariff.clone(), None, Vec::new());
            if let Some(source) = prices {
                feeds::once(source, home, &knowledge).await;
            }
            if let Some(entity) = weather {
                feeds::weather_once(entity, home, &knowledge).await;
            }
            knowledge
        }
    };

    let state = parts.home().state();
    let now = Timestamp::from_second(Timestamp::now().as_second())?;
    let mut watch = Watch::default();
    watch.observe(&state, &parts.setup.limits, Duration::ZERO, now);
    let zone = snapshot::timezone(&snapshot::timezone_name(&parts.setup, &state));
    let tasks = parts.setup.tasks.iter().filter_map(|task| {
        let progress = tasks::Progress { window: tasks::window(task, now, &zone)?, done_wh: 0.0 };
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
    let decided = tick::decide(&parts.setup, &library, None, snapshot::build(seen)).await;
    let guard = Guard::new(parts.setup.limits.clone());
    let ledger = Ledger::default();
    let scene = Scene { home: &state, now, uptime: Duration::ZERO, ledger: &ledger, watch: &watch };
    let verdicts: Vec<_> = tick::judge(&guard, &decided, &scene).into_iter().map(|judged| judged.verdict).collect();
    if args.json {
        return say_json(&json!({
            "snapshot": decided.input.snapshot,
            "settings": decided.input.settings,
            "strategy": decided.strategy,
            "attempts": decided.attempts,
            "plan": decided.plan,
            "verdicts": verdicts,
            "decide_us": u64::try_from(decided.took.as_micros()).unwrap_or(u64::MAX),
            "fuel": decided.fuel,
        }));
    }
    if let Some(strategy) = &decided.strategy {
        say(format!("{} {}:", strategy.name, strategy.version));
    }
    for problem in &decided.input.snapshot.problems {
        say(format!("problem: {}: {}", problem.subject, problem.text));
    }
    say(describe(decided.plan.as_ref(), &verdicts));
    Ok(())
}
