//! Any bytes as what a strategy hands out for `decide`.

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

use std::sync::{LazyLock, Mutex};

use hostile::{cases, targets};
use libfuzzer_sys::fuzz_target;
use targets::Decode;

static DECODE: LazyLock<Mutex<Decode>> = LazyLock::new(|| Mutex::new(Decode::new()));

fuzz_target!(init: seeds::plant(targets::answer_seeds), |bytes: &[u8]| DECODE.lock().unwrap().run(bytes));
