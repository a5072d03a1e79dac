//! `wattwright compile`, which `run` starts for each strategy that is to be compiled.

use std::process::ExitCode;

use engine::CompileLimits;

use crate::cli::Compile;

/// Compiles what standard input gives.
pub fn run(args: &Compile) -> ExitCode {
    engine::compile_child(&CompileLimits {
        memory_bytes: args.memory_bytes,
        processor_s: args.processor_s,
        ..CompileLimits::default()
    })
}
