//! A loaded strategy.

use std::time::{Duration, Instant};

use model::{Allowance, Description, Input, Plan, StrategyRef};
use serde_json::Value;

use crate::budget::Budget;
use crate::contract::Prelinked;
use crate::engine::fuel_used;
use crate::failure::{Failure, Kind};
use crate::settings::Settings;
use crate::{DecideError, Engine, LogLine, SettingsProblem, border, failure, text};

/// What a strategy answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Bounded in size, its texts harmless, its outlook in order; not judged by the guard yet.
    pub plan: Plan,
    /// What the strategy logged.
    pub log: Vec<LogLine>,
    /// How long it took, with starting the instance and converting input and answer.
    pub took: Duration,
    /// What it cost: WebAssembly instructions, about. The same input costs the same on every machine.
    pub fuel: u64,
}

/// A strategy: compiled, checked and ready to be called, from several threads at once too.
pub struct Strategy {
    pub(crate) engine: Engine,
    pub(crate) prelinked: Prelinked,
    pub(crate) description: Description,
    pub(crate) settings: Settings,
    pub(crate) hash: String,
    pub(crate) size_bytes: usize,
    pub(crate) imports: Vec<String>,
    pub(crate) compile_time: Duration,
    pub(crate) from_cache: bool,
}

impl Strategy {
    /// What it says of itself, checked.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Name, version and hash of its file.
    pub fn reference(&self) -> StrategyRef {
        StrategyRef {
            name: self.description.name.clone(),
            version: self.description.version.clone(),
            hash: self.hash.clone(),
        }
    }

    /// SHA-256 of its file, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Size of its file.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// The interfaces that it imports: the contract's, and those of WASI, behind which there is nothing.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// How long it took to compile it, or to take its machine code from the cache.
    pub fn compile_time(&self) -> Duration {
        self.compile_time
    }

    /// Whether its machine code was there already.
    pub fn from_cache(&self) -> bool {
        self.from_cache
    }

    /// Checks settings against the strategy's schema and adds the defaults of those left out, names in
    /// order of the alphabet. `Null` is as good as an empty object.
    ///
    /// # Errors
    /// Every setting that is unknown or has a value that is not allowed.
    pub fn complete_settings(&self, given: &Value) -> Result<Value, Vec<SettingsProblem>> {
        self.settings.complete(given)
    }

    /// Calls `decide` in a fresh instance; the same input gives the same plan, byte for byte, at the same
    /// cost. Blocks for as long as the deadline of [`crate::EngineConfig`] allows.
    ///
    /// # Errors
    /// When there is no plan, or none that can be used.
    pub fn decide(&self, input: &Input) -> Result<Answer, DecideError> {
        self.decide_within(input, &Allowance::default())
    }

    /// The same with what its owner allows it; what is not said there is as in [`crate::EngineConfig`], and
    /// nothing exceeds [`crate::allowed`].
    ///
    /// # Errors
    /// As [`Strategy::decide`].
    pub fn decide_within(&self, input: &Input, allowance: &Allowance) -> Result<Answer, DecideError> {
        let begun = Instant::now();
        let limits = self.engine.config();
        let budget = Budget::within(limits, allowance);
        let mut settings = input.settings.clone();
        settings.sort_all_objects();
        let mut store = self.engine.store(&budget, input.snapshot.now);
        let result = self.prelinked.decide(&mut store, input, settings.to_string());
        let fuel = fuel_used(&store, &budget);
        let log = store.into_data().into_log();
        let plan = match result {
            Ok(Ok(plan)) => border::admit(plan, limits),
            Ok(Err(text)) => Err(declined(text, limits.text_bytes)),
            Err((phase, error)) => Err(failure::explain(phase, &error, &budget, limits)),
        };
        let took = begun.elapsed();
        match plan {
            Ok(plan) => Ok(Answer { plan, log, took, fuel }),
            Err(failure) => Err(DecideError { failure, log, took, fuel }),
        }
    }
}

fn declined(reason: String, text_bytes: usize) -> Failure {
    let reason = text::short_line(reason, text_bytes);
    let reason = if reason.trim().is_empty() { "gave no reason".to_owned() } else { reason };
    Failure::new(Kind::Declined, format!("has no plan: {reason}"))
}

impl std::fmt::Debug for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Strategy").field("reference", &self.reference()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
