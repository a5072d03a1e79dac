//! Strategies that are hostile or broken, one after the other in one engine, while a good one goes on deciding.
//!
//! What the guard has to judge, such as commands for targets that are unknown or not granted, only has to
//! come through here; and a forged artefact of the compile cache has more tests in `src/cache/tests.rs`.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../../src/guests.rs"]
mod guests;

mod cases;
mod suite;
mod targets;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use wattwright_engine::{CompileLimits, compile_child};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, _, memory_bytes, _, processor_s] = arguments.as_slice()
        && command == "compile"
    {
        return compile_child(&CompileLimits {
            memory_bytes: memory_bytes.parse().unwrap(),
            processor_s: processor_s.parse().unwrap(),
            ..CompileLimits::default()
        });
    }
    let test = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    let tests = vec![
        test("every_hostile_strategy_is_named_and_harms_nobody", suite::run),
        test("what_is_fuzzed_holds_for_every_seed", targets::hold_for_every_seed),
        test("a_component_cut_off_anywhere_is_refused", suite::cut_off),
    ];
    // Memory is measured of the whole process.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, tests).exit_code()
}
