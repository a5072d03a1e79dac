//! `wattwright:strategy@0.1.0`.

mod from_guest;
mod to_guest;

use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::description::RawDescription;
use crate::failure::Phase;
use crate::sandbox::{LogLevel, State};
use crate::wasi;

#[allow(missing_docs, clippy::all)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/0.1.0", world: "strategy" });
}

use bindings::wattwright::strategy::{host, types};

/// The only interfaces that a strategy may import.
pub(crate) const INTERFACES: [&str; 2] = ["wattwright:strategy/host@0.1.0", "wattwright:strategy/types@0.1.0"];

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
    pub(crate) fn new(component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(component.engine());
        bindings::Strategy::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        wasi::add_to_linker(&mut linker, component)?;
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
