//! The versions of `wit/` that this host serves, each in a module that turns its types into those of
//! `model` and back. Nothing else in this crate knows them.
//!
//! A strategy never says its version: it imports the interface `wattwright:strategy/types` of it, since its
//! functions have these types.
//!
//! What is the same in all versions is written once, in `contract/shared`, and compiled into the module of
//! each, where `types` are that version's: to the compiler they are different types.

#[allow(clippy::duplicate_mod, reason = "what the versions share is one text for types of the same names")]
mod v0_1;
#[allow(clippy::duplicate_mod, reason = "as above")]
mod v0_2;

use wasmtime::Store;
use wasmtime::component::{Component, Linker};

use crate::LoadError;
use crate::artefact::shown;
use crate::description::RawDescription;
use crate::failure::Phase;
use crate::sandbox::State;
use crate::wasi;

/// In front of the name of every interface of the contract.
const PACKAGE: &str = "wattwright:strategy/";
/// What a strategy may import of it.
const INTERFACES: [&str; 2] = ["host", "types"];

/// A version of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V0_1,
    V0_2,
}

impl Version {
    const ALL: [Self; 2] = [Self::V0_1, Self::V0_2];
    const NEWEST: Self = Self::V0_2;

    fn name(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V0_2 => "0.2.0",
        }
    }

    /// The version that a component with these imports is built for.
    ///
    /// # Errors
    /// When this host does not serve it, or the component imports two versions.
    pub(crate) fn of(imports: &[String]) -> Result<Self, LoadError> {
        let versions: Vec<&str> =
            imports.iter().filter_map(|import| split(import)).map(|(_, version)| version).collect();
        // Without any import it has no function with the contract's types either, which prelinking says.
        let Some(&first) = versions.first() else { return Ok(Self::NEWEST) };
        if let Some(other) = versions.iter().find(|version| **version != first) {
            return Err(LoadError::Contract(shown(format!(
                "it is built for the versions {first} and {other} at once; build all of it for one"
            ))));
        }
        Self::ALL.into_iter().find(|version| version.name() == first).ok_or_else(|| {
            let [others @ .., last] = Self::ALL.map(Self::name);
            let served = format!("{} and {last}", others.join(", "));
            LoadError::Contract(shown(format!(
                "it is built for version {first}, and this host serves {served}; build it with an SDK of one of these"
            )))
        })
    }
}

/// Interface and version, of an import of the contract.
fn split(import: &str) -> Option<(&str, &str)> {
    import.strip_prefix(PACKAGE)?.split_once('@')
}

/// Whether an import is one of the contract's, of whatever version.
pub(crate) fn offers(import: &str) -> bool {
    split(import).is_some_and(|(interface, _)| INTERFACES.contains(&interface))
}

/// A component of any version, ready to be called.
pub(crate) enum Prelinked {
    V0_1(v0_1::Prelinked),
    V0_2(v0_2::Prelinked),
}

impl Prelinked {
    /// Resolves imports and checks types.
    ///
    /// # Errors
    /// When the component is not what the version asks for.
    pub(crate) fn new(version: Version, component: &Component) -> Result<Self, LoadError> {
        let mut linker = Linker::new(component.engine());
        let prelinked = wasi::add_to_linker(&mut linker, component).and_then(|()| match version {
            Version::V0_1 => v0_1::Prelinked::new(&mut linker, component).map(Self::V0_1),
            Version::V0_2 => v0_2::Prelinked::new(&mut linker, component).map(Self::V0_2),
        });
        prelinked.map_err(|error| LoadError::Contract(shown(format!("version {}: {error:#}", version.name()))))
    }

    /// Calls `describe` in a fresh instance.
    pub(crate) fn describe(&self, store: &mut Store<State>) -> Result<RawDescription, (Phase, wasmtime::Error)> {
        match self {
            Self::V0_1(strategy) => strategy.describe(store),
            Self::V0_2(strategy) => strategy.describe(store),
        }
    }

    /// Calls `decide` in a fresh instance; the inner error is the strategy's own. `settings` is the text
    /// of a JSON object.
    pub(crate) fn decide(
        &self,
        store: &mut Store<State>,
        input: &model::Input,
        settings: String,
    ) -> Result<Result<model::Plan, String>, (Phase, wasmtime::Error)> {
        match self {
            Self::V0_1(strategy) => strategy.decide(store, input, settings),
            Self::V0_2(strategy) => strategy.decide(store, input, settings),
        }
    }
}
