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

use std::sync::OnceLock;

use hostile::{cases, targets};
use libfuzzer_sys::fuzz_target;
use targets::Load;

static LOAD: OnceLock<Load> = OnceLock::new();

fuzz_target!(
    init: {
        seeds::plant(targets::load_seeds);
        // A panic that the engine contains is no finding; one that reaches the target ends the process.
        std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    },
    |bytes: &[u8]| LOAD.get_or_init(Load::new).run(bytes)
);
