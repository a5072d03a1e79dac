//! The engine: one configuration of wasmtime and the clock that ends calls.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use wasmtime::{Config, EngineWeak, OptLevel, Store};

use crate::EngineConfig;
use crate::budget::Budget;
use crate::cache::Cache;
use crate::sandbox::State;

/// How often the clock ticks: how exact a deadline is.
const TICK: Duration = Duration::from_millis(20);

/// Handles to resources that an instance may hold at a time.
pub(crate) const HANDLES: usize = 1000;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime cannot run on this machine with this configuration.
    #[error("cannot set up the WebAssembly engine on this machine: {0}")]
    Setup(String),
    /// Without the clock nothing would end an endless strategy.
    #[error("cannot start the thread that ends strategies which take too long")]
    Clock(#[source] std::io::Error),
}

/// Compiles and runs strategies. A clone is cheap and shares everything.
#[derive(Clone)]
pub struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) config: Arc<EngineConfig>,
    pub(crate) cache: Option<Arc<Cache>>,
}

/// What is compiled into strategies' code; everything, except where the cost of each is measured.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruments {
    /// Count instructions.
    pub fuel: bool,
    /// Look at the clock.
    pub epochs: bool,
    /// Make all NaNs the same.
    pub canonical_nans: bool,
}

impl Instruments {
    const ALL: Self = Self { fuel: true, epochs: true, canonical_nans: true };
}

impl Engine {
    /// An engine with these limits.
    ///
    /// # Errors
    /// When this machine cannot run it, or the clock's thread cannot be started.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        Self::with_instruments(config, Instruments::ALL)
    }

    /// An engine that may lack limits, to measure what they cost.
    #[doc(hidden)]
    pub fn with_instruments(config: EngineConfig, instruments: Instruments) -> Result<Self, EngineError> {
        let engine = without_clock(&config, instruments)?;
        let weak = engine.weak();
        // A thread of the system and not a task: a runtime that has no thread left to run tasks on must
        // not stop the clock.
        std::thread::Builder::new()
            .name("strategy-clock".into())
            .spawn(move || tick(&weak))
            .map_err(EngineError::Clock)?;
        let cache = config.cache.as_deref().and_then(|folder| open_cache(folder, &engine, config.cache_bytes));
        Ok(Self { wasmtime: engine, config: Arc::new(config), cache: cache.map(Arc::new) })
    }

    /// The limits.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// A store for one call with all limits in force: what runs at instantiation is bounded too. `now` is
    /// what its clocks say.
    pub(crate) fn store(&self, budget: &Budget, now: Timestamp) -> Store<State> {
        let mut store = Store::new(&self.wasmtime, State::new(&self.config, budget, now));
        store.limiter(|state| state.meter_mut());
        store.set_hostcall_fuel(self.config.answer_bytes);
        store.set_max_component_handles(HANDLES);
        let ticks = budget.deadline.as_nanos().div_ceil(TICK.as_nanos());
        // One more, since the first tick may come at once.
        store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX >> 1).saturating_add(1));
        // It fails only when instructions are not counted at all.
        let _ = store.set_fuel(budget.fuel);
        store
    }
}

/// What was used of the budget.
pub(crate) fn fuel_used(store: &Store<State>, budget: &Budget) -> u64 {
    store.get_fuel().map_or(0, |left| budget.fuel.saturating_sub(left))
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
    }
}

/// One that can compile, and run nothing.
pub(crate) fn for_compiling() -> Result<wasmtime::Engine, EngineError> {
    without_clock(&EngineConfig::default(), Instruments::ALL)
}

fn without_clock(config: &EngineConfig, instruments: Instruments) -> Result<wasmtime::Engine, EngineError> {
    wasmtime::Engine::new(&wasmtime_config(config, instruments))
        .map_err(|error| EngineError::Setup(format!("{error:#}")))
}

fn open_cache(folder: &Path, engine: &wasmtime::Engine, limit_bytes: u64) -> Option<Cache> {
    match Cache::open(folder, engine, limit_bytes) {
        Ok(cache) => Some(cache),
        Err(error) => {
            tracing::warn!("compile cache: not used, strategies are compiled at each start: {error}");
            None
        }
    }
}

/// Advances the engine's epoch until the last handle to it is gone.
fn tick(engine: &EngineWeak) {
    loop {
        std::thread::sleep(TICK);
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}

/// Bounded and the same on every machine. WebAssembly threads and garbage collection are not compiled
/// in at all (Cargo features of wasmtime).
fn wasmtime_config(limits: &EngineConfig, instruments: Instruments) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .consume_fuel(instruments.fuel)
        .epoch_interruption(instruments.epochs)
        .max_wasm_stack(limits.stack_bytes)
        .wasm_memory64(false)
        .wasm_relaxed_simd(true)
        .relaxed_simd_deterministic(true)
        // The payload of a NaN differs between processors and a program can look at it.
        .cranelift_nan_canonicalization(instruments.canonical_nans)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_backtrace_max_frames(NonZeroUsize::new(20));
    config
}
