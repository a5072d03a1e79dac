//! The two calls, and what a strategy may call.

use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

use super::{bindings, from_guest, host, to_guest, types};
use crate::description::RawDescription;
use crate::failure::Phase;
use crate::sandbox::{LogLevel, State};

impl types::Host for State {}

impl host::Host for State {
    fn log(&mut self, level: host::LogLevel, message: String) {
        let level = match level {
            host::LogLevel::Debug => LogLevel::Debug,
            host::LogLevel::Info => LogLevel::Info,
            host::LogLevel::Warn => LogLevel::Warn,
            host::LogLevel::Error => LogLevel::Error,
        };
        State::log(self, level, message);
    }
}

/// A component whose imports are resolved and whose exports are of the right type, so that a call only
/// needs to allocate.
pub(crate) struct Prelinked(bindings::StrategyPre<State>);

impl Prelinked {
    /// Resolves imports and checks types.
    pub(crate) fn new(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<Self> {
        bindings::Strategy::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
        Ok(Self(bindings::StrategyPre::new(linker.instantiate_pre(component)?)?))
    }

    /// Calls `describe` in a fresh instance.
    pub(crate) fn describe(&self, store: &mut Store<State>) -> Result<RawDescription, (Phase, wasmtime::Error)> {
        let instance = self.0.instantiate(&mut *store).map_err(|error| (Phase::Starting, error))?;
        let description = instance.call_describe(store).map_err(|error| (Phase::Running, error))?;
        Ok(from_guest::description(description))
    }

    /// Calls `decide` in a fresh instance; the inner error is the strategy's own. `settings` is the text
    /// of a JSON object.
    pub(crate) fn decide(
        &self,
        store: &mut Store<State>,
        input: &model::Input,
        settings: String,
    ) -> Result<Result<model::Plan, String>, (Phase, wasmtime::Error)> {
        let input =
            types::Input { snapshot: to_guest::snapshot(&input.snapshot), settings, memory: input.memory.clone() };
        let instance = self.0.instantiate(&mut *store).map_err(|error| (Phase::Starting, error))?;
        let answer = instance.call_decide(store, &input).map_err(|error| (Phase::Running, error))?;
        Ok(answer.map(from_guest::plan))
    }
}
