//! Who compiles.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::artefact::{Artefact, CompileError, child};
use crate::engine;

/// Who compiles strategies.
///
/// `cargo bench --profile dev -p wattwright-engine --bench loading` with `rule-based` on one x86-64 machine:
/// wasmtime's bare compiling 356 ms, a load that compiles in this process 1.01 ×, in a process of its own
/// 1.04 ×. From the cache it takes 1.8 ms, of which wasmtime's bare loading is 0.56 ms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Compiler {
    /// This process: for commands that end soon, and for tests. A hostile file can make it take all memory.
    #[default]
    InProcess,
    /// A process of its own for each file, within limits.
    Child(ChildCompiler),
}

/// A program that compiles one file and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildCompiler {
    /// What is started. It has to be this very program, since what it gives back is run: on Linux
    /// `/proc/self/exe`, which stays the same when an update replaces the file.
    pub program: PathBuf,
    /// What makes it call [`compile_child`] with the limits. They follow as `--memory-bytes N
    /// --processor-s N`.
    pub arguments: Vec<OsString>,
    /// What it may use.
    pub limits: CompileLimits,
}

/// What compiling one file may use.
///
/// A component of 0.93 MB, most of it code, takes 1.4 s of a processor, less than 128 MiB of address space
/// and becomes 3.6 MB of machine code; `rule-based`, 0.27 MB, takes less than 64 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Address space of the process, its program included. Default: 768 MiB.
    pub memory_bytes: u64,
    /// Time of the processor, seconds. Default: 60.
    pub processor_s: u64,
    /// Time on the clock. Default: 120 s.
    pub wall: Duration,
    /// The machine code, which the daemon then holds. Default: 64 MiB.
    pub artefact_bytes: usize,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { memory_bytes: 768 << 20, processor_s: 60, wall: Duration::from_secs(120), artefact_bytes: 64 << 20 }
    }
}

impl CompileLimits {
    /// Those that the process sets for itself; the others are watched from outside.
    pub(crate) fn to_arguments(self) -> [String; 4] {
        ["--memory-bytes".into(), self.memory_bytes.to_string(), "--processor-s".into(), self.processor_s.to_string()]
    }
}

impl Compiler {
    pub(crate) fn compile(&self, engine: &wasmtime::Engine, bytes: &[u8]) -> Result<Artefact, CompileError> {
        match self {
            Compiler::InProcess => Artefact::compile(engine, bytes),
            Compiler::Child(compiler) => child::compile(compiler, bytes),
        }
    }
}

/// What the program of a [`ChildCompiler`] does: takes limits upon itself that it cannot get rid of, reads
/// a strategy's file from standard input and writes machine code, or why there is none, to standard
/// output. Not for people.
pub fn compile_child(limits: &CompileLimits) -> ExitCode {
    child::run(limits, || engine::for_compiling().map_err(|error| error.to_string()))
}
