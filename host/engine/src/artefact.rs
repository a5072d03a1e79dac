//! Machine code, from compiling to loading.
//!
//! Loading machine code that somebody else wrote is running it: wasmtime checks its header, not its
//! instructions. So an [`Artefact`] can be made in this module and its children only, in three ways: by
//! compiling here, by compiling in a process of our own, and by a seal that only this installation can make.
//! That process cannot exhaust the machine; a file that takes it over by a fault of the compiler could hand
//! out code of its own, and nothing here would notice.

pub(crate) mod child;
pub(crate) mod seal;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use wasmtime::component::Component;
use wit_component::ComponentEncoder;

use crate::recognize::{Kind, recognize};
use crate::text;

/// What wasmtime made of a strategy's file, on this machine or one like it.
pub(crate) struct Artefact(Vec<u8>);

/// Why there is none. It passes from the compiling process to this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CompileError {
    /// No WebAssembly.
    NotWasm(String),
    /// Broken, or uses what is switched off.
    InvalidWasm(String),
    /// Does not say for which contract it is built.
    NoContract,
    /// Needs something that the contract does not have.
    Import(String),
    /// Which limit of the compiler it exceeds.
    Limit(String),
    /// A fault of this machine or of the compiler.
    Compiler(String),
}

impl Artefact {
    /// Compiles a component, or a core module with a `component-type` section.
    pub(crate) fn compile(engine: &wasmtime::Engine, bytes: &[u8]) -> Result<Self, CompileError> {
        let encoded = match recognize(bytes).map_err(CompileError::NotWasm)? {
            Kind::Component => None,
            Kind::Module => Some(componentize(bytes)?),
        };
        let artefact = engine.precompile_component(encoded.as_deref().unwrap_or(bytes));
        artefact.map(Self).map_err(|error| CompileError::InvalidWasm(shown(format!("{error:#}"))))
    }

    /// Takes the machine code in, if it is for this engine.
    #[allow(unsafe_code)]
    pub(crate) fn load(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Component> {
        // SAFETY: `Component::deserialize` asks that the bytes were made by `precompile_component` or
        // `serialize` and were not changed since. Nothing outside of this module can make an `Artefact`:
        // the bytes come from `precompile_component` in this process, or from the same call in a process
        // that runs the same program and hands them over through a pipe, or from a file whose seal, over
        // these very bytes, was made by one of the two and verified. wasmtime itself refuses those of
        // another version, other settings or another processor.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}

/// For messages with parts that are the strategy's own.
pub(crate) fn shown(message: String) -> String {
    text::short_line(message, 1000)
}

/// A component from a core module.
fn componentize(module: &[u8]) -> Result<Vec<u8>, CompileError> {
    // The encoder is a tool for authors and not made for hostile modules.
    let encoded = catch_unwind(AssertUnwindSafe(|| {
        let (contract, _) =
            wit_component::metadata::decode(module).map_err(|e| CompileError::InvalidWasm(shown(format!("{e:#}"))))?;
        if contract.is_none() {
            return Err(CompileError::NoContract);
        }
        ComponentEncoder::default()
            .validate(true)
            .module(module)
            .and_then(|encoder| encoder.encode())
            .map_err(|error| cannot_encode(&format!("{error:#}")))
    }));
    encoded.unwrap_or_else(|_| Err(CompileError::InvalidWasm("it cannot be made into a component".into())))
}

/// `wit-component` has one kind of error only; an import that the module's contract does not have is
/// told by its text, which a test pins.
fn cannot_encode(message: &str) -> CompileError {
    let import = message.split_once("failed to resolve import `").and_then(|(_, rest)| rest.split_once('`'));
    match import {
        Some((import, _)) => CompileError::Import(import.to_owned()),
        None => CompileError::InvalidWasm(shown(message.to_owned())),
    }
}
