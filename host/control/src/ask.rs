//! One strategy and what it is asked: with its settings, its memory and what its grant lets it see.

use std::sync::Arc;
use std::time::Duration;

use engine::{Answer, DecideError, Library, LogLevel, LogLine, State, Strategy};
use guard::Mandate;
use model::{Allowance, Attempt, Grant, Input, Plan, Roster, Snapshot, StrategyRef, Terms};
use serde_json::Value;

use crate::live;
use crate::ports::{Kept, Record};

/// Lines of a strategy's log, and of a backtrace, that the record of a failed call keeps.
const LOG_LINES: usize = 20;
const BACKTRACE_LINES: usize = 8;

/// A strategy with all that it needs besides the snapshot.
pub struct Question {
    strategy: Arc<Strategy>,
    terms: Terms,
    settings: Value,
    kept: Option<Kept>,
}

/// What a strategy said.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Which version of which strategy.
    pub strategy: StrategyRef,
    /// What it may command.
    pub mandate: Mandate,
    /// What the call could use.
    pub allowance: Allowance,
    /// Its settings, checked and completed.
    pub settings: Value,
    /// The memory that it was given.
    pub memory: Vec<u8>,
    /// What it decided.
    pub plan: Plan,
    /// Its own log.
    pub log: Vec<String>,
    /// How long the call took.
    pub took: Duration,
    /// What the plan cost, as [`engine::Answer::fuel`].
    pub fuel: u64,
    /// What it was called with.
    pub kept: Option<Kept>,
    /// What this version said to the memory of an earlier one, which it cannot use: it decided without.
    pub refused_memory: Option<String>,
}

impl Question {
    /// Puts together what a strategy needs. What it kept is not read without a `record`.
    ///
    /// # Errors
    /// When it cannot be asked: it is not loaded, or does not accept its settings.
    pub fn prepare(
        name: &str,
        library: &Library,
        roster: &Roster,
        record: Option<&dyn Record>,
    ) -> Result<Self, Box<Attempt>> {
        let Some(strategy) = library.current(name) else {
            return Err(Box::new(not_at_hand(name, library)));
        };
        let settings = strategy.complete_settings(&roster.member(name).settings).map_err(|problems| {
            let list: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
            let message = format!("settings do not fit: {}", list.join("; "));
            Box::new(Attempt::uncalled(strategy.reference(), "settings", message))
        })?;
        let kept = match record.map(|record| record.load_memory(name)) {
            Some(Ok(kept)) => kept,
            Some(Err(error)) => {
                tracing::warn!(strategy = name, %error, "memory could not be read; the strategy begins anew");
                None
            }
            None => None,
        };
        Ok(Self::new(strategy, roster.terms(name), settings, kept))
    }

    /// A question to this version. `settings` are checked and completed.
    pub fn new(strategy: Arc<Strategy>, terms: Terms, settings: Value, kept: Option<Kept>) -> Self {
        Self { strategy, terms, settings, kept }
    }

    /// Whom it is put to.
    pub fn strategy(&self) -> StrategyRef {
        self.strategy.reference()
    }

    /// Calls the strategy on this thread, for as long as its deadline allows.
    ///
    /// A version that fails or declines with the memory that another version left is asked once more
    /// without: it need not understand it.
    ///
    /// # Errors
    /// When there is no usable plan.
    pub fn put(self, snapshot: &Snapshot) -> Result<Answered, Box<Attempt>> {
        let memory = self.kept.as_ref().map(|kept| kept.memory.clone()).unwrap_or_default();
        let is_anothers = self.kept.as_ref().is_some_and(|kept| kept.hash != self.strategy.hash());
        let mut input =
            Input { snapshot: seen_by(snapshot, &self.terms.grant), settings: self.settings.clone(), memory };
        let error = match self.strategy.decide_within(&input, &self.terms.allowance) {
            Ok(answer) => return Ok(self.answered(answer, input.memory, None)),
            Err(error) => error,
        };
        if is_anothers && !input.memory.is_empty() {
            let memory = std::mem::take(&mut input.memory);
            if let Ok(answer) = self.strategy.decide_within(&input, &self.terms.allowance) {
                return Ok(self.answered(answer, Vec::new(), Some(error.to_string())));
            }
            input.memory = memory;
        }
        Err(Box::new(failed(self.strategy.reference(), input, &error)))
    }

    fn answered(self, answer: Answer, memory: Vec<u8>, refused_memory: Option<String>) -> Answered {
        Answered {
            strategy: self.strategy.reference(),
            mandate: Mandate { declared: self.strategy.description().commands.clone(), grant: self.terms.grant },
            allowance: self.terms.allowance,
            settings: self.settings,
            memory,
            plan: answer.plan,
            log: answer.log.iter().map(log_line).collect(),
            took: answer.took,
            fuel: answer.fuel,
            kept: self.kept,
            refused_memory,
        }
    }
}

impl Answered {
    /// What is to be kept of its memory from now on; `None`: nothing changes.
    pub fn memory_to_keep(&self) -> Option<&[u8]> {
        let memory = self.plan.memory.as_slice();
        let unchanged = match &self.kept {
            Some(kept) => kept.hash == self.strategy.hash && kept.memory == memory,
            None => memory.is_empty(),
        };
        (!unchanged).then_some(memory)
    }
}

/// What a strategy may see of a snapshot: the one place where its grant takes something out.
pub fn seen_by(snapshot: &Snapshot, grant: &Grant) -> Snapshot {
    snapshot.narrowed(grant).into_owned()
}

fn not_at_hand(name: &str, library: &Library) -> Attempt {
    let entry = library.entries().into_iter().find(|entry| entry.name == name);
    let Some(entry) = entry else {
        let message = format!("there is no strategy `{name}`");
        return Attempt::uncalled(StrategyRef::unknown(name), "not-loaded", message);
    };
    let strategy = entry.reference().unwrap_or_else(|| StrategyRef::unknown(name));
    match entry.state {
        State::Quarantined(quarantine) => {
            Attempt::uncalled(strategy, "quarantined", live::why_quarantined(&quarantine))
        }
        State::InUse | State::NotLoaded => {
            let why = entry.error.map(|error| format!(": {error}")).unwrap_or_default();
            Attempt::uncalled(strategy, "not-loaded", format!("no strategy `{name}` is loaded{why}"))
        }
    }
}

/// What went wrong, with what the strategy itself said last.
pub fn sentence(error: &DecideError) -> String {
    // The SDK logs a panic's message before the trap, which has none of its own.
    let said = error.log.iter().rev().find(|line| line.level == LogLevel::Error);
    let said = said.map(|line| format!("; it said: {}", line.message)).unwrap_or_default();
    format!("{error}{said}")
}

fn failed(strategy: StrategyRef, input: Input, error: &DecideError) -> Attempt {
    // wasmtime puts a heading in front.
    let frames = error.backtrace().lines().map(str::trim).skip_while(|line| line.ends_with(':'));
    let first = error.log.len().saturating_sub(LOG_LINES);
    Attempt {
        strategy,
        code: error.code().to_owned(),
        message: sentence(error),
        backtrace: frames.take(BACKTRACE_LINES).map(str::to_owned).collect(),
        log: error.log[first..].iter().map(log_line).collect(),
        settings: Some(input.settings),
        memory: input.memory,
    }
}

/// A line of a strategy's own log, for people.
pub fn log_line(line: &LogLine) -> String {
    format!("{}: {}", format!("{:?}", line.level).to_lowercase(), line.message)
}
