//! Loads, watches and runs strategies in a WebAssembly sandbox.
//!
//! ```text
//! bytes ──Engine::load──> Strategy ──decide(Input)──> Answer { plan, log, took, fuel }
//!                            ^                          or DecideError { code, message, log, backtrace, … }
//! shipped + folder ──Library─┘   (files swapped in between calls, the last good version kept,
//!                       │         three failures in a row: quarantine)
//!                     Vault      (every version by its hash: going back, replay, restarts)
//!                      cache      (machine code, sealed, for the next start)
//!                      compiler   (in a process of its own: wasmtime does not defend against compile bombs)
//! ```
//!
//! What a strategy can do is bounded from the first instruction on, its start function included: by a
//! budget of instructions and a deadline behind it, by memory and stack, by the size of its answer and of
//! its log ([`EngineConfig`]). It has no
//! clock, no random numbers, no files and no network: nothing of the kind is linked, and a component that
//! imports WASI because its toolchain does gets one with nothing in it. Each call
//! gets a fresh instance, so that nothing survives but the `memory` that the plan hands back: the same
//! input gives the same bytes.
//!
//! Architecture invariants:
//!
//! - This is the only crate that names wasmtime, and [`contract`] the only module that knows a version
//!   of `wit/`; all else speaks the types of `model`.
//! - What comes out of a strategy is a stranger's: nothing leaves this crate unchecked. Whether a command
//!   is *safe* is not judged here; that is the guard's.
//! - Everything here is synchronous. Call [`Strategy::decide`] from a thread that may block.

mod artefact;
mod border;
mod budget;
mod cache;
mod compiler;
mod config;
mod contract;
mod description;
mod engine;
mod failure;
mod folder;
#[cfg(test)]
#[allow(dead_code, reason = "tests and fuzz targets outside of this crate use it too")]
mod guests;
mod library;
mod load;
mod recognize;
mod sandbox;
mod settings;
mod strategy;
mod text;
mod vault;
mod wasi;

pub use budget::allowed;
pub use compiler::{ChildCompiler, CompileLimits, Compiler, compile_child};
pub use config::EngineConfig;
pub use engine::{Engine, EngineError, Instruments};
pub use failure::DecideError;
pub use library::{Entry, Library, LibraryConfig, LibraryError, Origin, Pace, Quarantine, State, Trial, VersionError};
pub use load::LoadError;
pub use sandbox::{LogLevel, LogLine};
pub use settings::SettingsProblem;
pub use strategy::{Answer, Strategy};
pub use vault::{Vault, VaultError, Version};
