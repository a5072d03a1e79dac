//! One pass through the chain: a snapshot to a plan, by the first strategy that has one, to verdicts.

use std::sync::Arc;
use std::time::Duration;

use engine::{Library, LogLevel, LogLine, Strategy};
use guard::{Guard, Judged, Mandate, Proposal, Scene};
use model::{Attempt, Grant, Input, Plan, Snapshot, StrategyRef};

use crate::ports::Record;
use crate::setup::Setup;

/// What a strategy decided, or that none did.
pub struct Decided {
    /// Whose plan it is; `None`: no strategy gave one.
    pub strategy: Option<StrategyRef>,
    /// What that strategy may command.
    pub mandate: Mandate,
    /// Those asked before it.
    pub attempts: Vec<Attempt>,
    /// What the last one that was asked was given.
    pub input: Input,
    /// The plan.
    pub plan: Option<Plan>,
    /// Its own log.
    pub log: Vec<String>,
    /// How long the call took.
    pub took: Duration,
    /// What the plan cost, as [`engine::Answer::fuel`].
    pub fuel: u64,
}

/// Asks the strategies in the owner's order. A strategy that is not loaded, does not accept its
/// settings, fails or declines hands over to the next.
pub async fn decide(setup: &Setup, library: &Library, record: Option<&Arc<dyn Record>>, snapshot: Snapshot) -> Decided {
    let mut input = Input { snapshot, settings: serde_json::json!({}), memory: Vec::new() };
    let mut attempts = Vec::new();
    for name in &setup.order {
        let Some(strategy) = library.current(name) else {
            let strategy = StrategyRef { name: name.clone(), version: String::new(), hash: String::new() };
            attempts.push(Attempt {
                strategy,
                code: "not-loaded".into(),
                message: format!("no strategy `{name}` is loaded"),
            });
            continue;
        };
        let reference = strategy.reference();
        let refuse = |code: &str, message: String| Attempt { strategy: reference.clone(), code: code.into(), message };
        let own = setup.settings.get(name).cloned().unwrap_or_else(|| serde_json::json!({}));
        input.settings = match strategy.complete_settings(&own) {
            Ok(settings) => settings,
            Err(problems) => {
                let list: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
                attempts.push(refuse("settings", format!("settings do not fit: {}", list.join("; "))));
                continue;
            }
        };
        input.memory = match record.map(|record| record.load_memory(&reference)) {
            Some(Ok(memory)) => memory,
            Some(Err(error)) => {
                tracing::warn!(strategy = name, %error, "memory could not be read; the strategy begins anew");
                Vec::new()
            }
            None => Vec::new(),
        };
        match call(strategy.clone(), &mut input).await {
            Ok(answer) => {
                return Decided {
                    strategy: Some(reference),
                    mandate: Mandate { declared: strategy.description().commands.clone(), grant: Grant::default() },
                    attempts,
                    input,
                    plan: Some(answer.plan),
                    log: answer.log.iter().map(log_line).collect(),
                    took: answer.took,
                    fuel: answer.fuel,
                };
            }
            Err((code, message)) => attempts.push(refuse(&code, message)),
        }
    }
    Decided {
        strategy: None,
        mandate: Mandate::default(),
        attempts,
        input,
        plan: None,
        log: Vec::new(),
        took: Duration::ZERO,
        fuel: 0,
    }
}

/// Calls a strategy on a thread of its own, since it may compute up to its deadline.
async fn call(strategy: Arc<Strategy>, input: &mut Input) -> Result<engine::Answer, (String, String)> {
    let lent = input.clone();
    let joined = tokio::task::spawn_blocking(move || strategy.decide(&lent)).await;
    match joined {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            // The SDK logs a panic's message before the trap, which has none of its own.
            let said = error.log.iter().rev().find(|line| line.level == LogLevel::Error);
            let said = said.map(|line| format!("; it said: {}", line.message)).unwrap_or_default();
            Err((error.code().to_owned(), format!("{error}{said}")))
        }
        Err(error) => Err(("host".into(), format!("the call did not end properly: {error}"))),
    }
}

/// Judges a plan.
pub fn judge(guard: &Guard, decided: &Decided, scene: &Scene<'_>) -> Vec<Judged> {
    let (Some(plan), Some(strategy)) = (&decided.plan, &decided.strategy) else { return Vec::new() };
    let proposal = |action| Proposal { by: &strategy.name, action, mandate: &decided.mandate };
    guard.judge(&plan.actions.iter().map(proposal).collect::<Vec<_>>(), scene)
}

/// A line of a strategy's own log, for people.
pub fn log_line(line: &LogLine) -> String {
    format!("{}: {}", format!("{:?}", line.level).to_lowercase(), line.message)
}
