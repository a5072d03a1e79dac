//! Any bytes as a strategy's file.

#![no_main]
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../../host/engine/src/guests.rs"]
mod guests;
#[path = "../../host/engine/tests/hostile"]
mod hostile {
    pub mod cases;
    pub mod targets;
}
mod seeds;

use std::process::ExitCode;
use std::sync::OnceLock;

use hostile::{cases, targets};
use libfuzzer_sys::fuzz_target;
use targets::Load;
use wattwright_engine::{CompileLimits, compile_child};

/// What the engine starts this program for, with the limits as arguments.
fn compile() -> ! {
    let limit = |name: &str| -> u64 {
        let mut arguments = std::env::args().skip_while(|argument| argument != name);
        arguments.nth(1).unwrap().parse().unwrap()
    };
    let limits = CompileLimits {
        memory_bytes: limit("--memory-bytes"),
        processor_s: limit("--processor-s"),
        ..CompileLimits::default()
    };
    let code = compile_child(&limits);
    std::process::exit(i32::from(code != ExitCode::SUCCESS) * 3)
}

static LOAD: OnceLock<Load> = OnceLock::new();

fuzz_target!(
    init: {
        if std::env::args().nth(1).is_some_and(|argument| argument == "compile") {
            compile();
        }
        seeds::plant(targets::load_seeds);
        // A panic that the engine contains is no finding; one that reaches the target ends the process.
        std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    },
    |bytes: &[u8]| LOAD.get_or_init(Load::new).run(bytes)
);
