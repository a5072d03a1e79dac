//! Trying strategies out before they count: on the newest snapshot of the home, or where there is none on a
//! sample day.

use std::time::{Duration, Instant};

use engine::{DecideError, Strategy};
use journal::Journal;
use model::{Input, Plan, Roster, Snapshot};
use serde_json::json;
use server::manage::{Examination, Problem};

use crate::sample;

/// What a strategy is tried out with.
pub struct Ground {
    snapshot: Snapshot,
    /// Whether it is the owner's home: there a strategy has to have a plan, elsewhere it may decline.
    is_own: bool,
    roster: Roster,
    journal: Option<Journal>,
}

/// What came out.
struct Outcome {
    plan: Plan,
    took: Duration,
    fuel: u64,
}

impl Ground {
    /// The newest recorded snapshot of this home, with what the owner says of strategies and what they
    /// remember. Without a journal, or before the first tick, the sample day.
    pub fn of_home(journal: Option<Journal>, roster: Roster) -> anyhow::Result<Self> {
        let latest = journal.as_ref().map(Journal::latest).transpose()?.flatten();
        Ok(match latest {
            Some(tick) => Self { snapshot: tick.input.snapshot, is_own: true, roster, journal },
            None => Self { roster, journal, ..Self::sample()? },
        })
    }

    /// The sample day.
    pub fn sample() -> anyhow::Result<Self> {
        let snapshot = sample::input(json!({}))?.snapshot;
        Ok(Self { snapshot, is_own: false, roster: Roster::default(), journal: None })
    }

    /// Whether a strategy is good enough to take effect: it takes the owner's settings, gives a plan, and the
    /// same one twice.
    ///
    /// # Errors
    /// With a sentence for the owner.
    pub fn admit(&self, strategy: &Strategy) -> Result<(), String> {
        self.run(strategy).map(drop).map_err(|problem| problem.message)
    }

    /// All that there is to say of a strategy before it is taken in.
    pub fn examine(&self, strategy: &Strategy) -> Examination {
        let description = strategy.description();
        let mut examination = Examination {
            name: Some(description.name.clone()),
            version: Some(description.version.clone()),
            hash: Some(strategy.hash().to_owned()),
            author: Some(description.author.clone()),
            summary: Some(description.summary.clone()),
            commands: description.commands.clone(),
            imports: strategy.imports().to_vec(),
            size_bytes: Some(strategy.size_bytes() as u64),
            compile_ms: Some(milliseconds(strategy.compile_time())),
            ..Examination::default()
        };
        match self.run(strategy) {
            Ok(outcome) => {
                examination.decide_ms = outcome.as_ref().map(|outcome| milliseconds(outcome.took));
                examination.fuel = outcome.as_ref().map(|outcome| outcome.fuel);
                examination.plan = outcome.map(|outcome| outcome.plan.summary);
                examination.ok = true;
            }
            Err(problem) => examination.problems.push(problem),
        }
        examination
    }

    /// `None`: it has no plan for the sample day, which is no fault.
    fn run(&self, strategy: &Strategy) -> Result<Option<Outcome>, Problem> {
        let name = &strategy.description().name;
        let terms = self.roster.terms(name);
        let settings = strategy.complete_settings(&self.roster.member(name).settings).map_err(|problems| {
            let list: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
            problem("settings", format!("its settings do not fit: {}", list.join("; ")))
        })?;
        let memory = self.journal.as_ref().map(|journal| journal.load_memory(name));
        let memory = match memory {
            Some(Ok(Some(memory))) => memory.bytes,
            Some(Err(error)) => {
                tracing::warn!(%error, "the strategy is tried without its memory");
                Vec::new()
            }
            Some(Ok(None)) | None => Vec::new(),
        };
        let mut input = Input { snapshot: control::ask::seen_by(&self.snapshot, &terms.grant), settings, memory };
        let begun = Instant::now();
        let mut first = strategy.decide_within(&input, &terms.allowance);
        if first.is_err() && !input.memory.is_empty() {
            // As in a tick: a new version need not understand what an older one kept.
            input.memory.clear();
            first = strategy.decide_within(&input, &terms.allowance);
        }
        let took = begun.elapsed();
        let first = match first {
            Ok(answer) => answer,
            Err(error) if error.code() == "declined" && !self.is_own => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        let second = strategy.decide_within(&input, &terms.allowance).map_err(|error| self.failed(&error))?;
        if first.plan != second.plan || first.fuel != second.fuel {
            let text = "two calls with the same input gave different plans; a strategy must not keep state of its own";
            return Err(problem("not-deterministic", text.into()));
        }
        Ok(Some(Outcome { plan: first.plan, took, fuel: first.fuel }))
    }

    fn failed(&self, error: &DecideError) -> Problem {
        let ground = if self.is_own { "the newest snapshot of this home" } else { "a sample day" };
        problem(error.code(), format!("tried on {ground}: {}", control::ask::sentence(error)))
    }
}

fn problem(code: &str, message: String) -> Problem {
    Problem { code: code.to_owned(), message }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
