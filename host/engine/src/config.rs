//! What strategies may use.
//!
//! # What the limits cost
//!
//! `cargo bench --profile dev -p wattwright-engine --bench limits` on one x86-64 machine, a call with each
//! setting against one with none, in one run:
//!
//! | compiled in | tight loop (64 × 64 matrix product) | `rule-based`, 192 slots, 1.8e6 fuel |
//! |---|---|---|
//! | none | 10.5 ms | 397 µs |
//! | epochs | 2.54 × | 1.07 × |
//! | fuel | 2.40 × | 1.07 × |
//! | fuel and epochs | 2.44 × | 1.11 × |
//! | canonical NaNs | 3.99 × | 1.07 × |
//! | epochs and NaNs | 5.38 × | 1.13 × |
//! | all three | 5.73 × | 1.17 × |
//!
//! What follows from it:
//!
//! - Fuel *and* epochs. The second of the two costs nothing in a tight loop and 4 % of a real strategy, and
//!   neither can replace the other: only fuel gives the same verdict on every machine, and only the clock
//!   ends what a few instructions can make last long.
//! - 5e9 fuel last about a second there with all three (4e9 to 8e9 a second), some five on a
//!   Raspberry Pi 4 (estimated, not measured); `rule-based` needs less than a two-thousandth, a linear
//!   program of two batteries, at 67 ms on such a machine, up to a tenth.
//!   The deadline stands behind that, at 10 s, so that it is the budget that ends what merely computes.
//! - NaNs stay canonical. The border lets no NaN into a record, but it cannot see what a program does with
//!   the bits of one inside: order by `total_cmp`, branch on a sign, keep it in its memory. x86 sets the
//!   sign of 0/0, Arm does not, and a tick that was recorded on one has to be replayed on the other bit
//!   for bit. A real strategy pays 6 %; one that is all arithmetic pays a factor of 2.3, and can be given
//!   an engine without it once it is shown that it never looks.
//!
//! # Which compiler
//!
//! The same file (`rule-based`, 268 kB) by what wasmtime 48 offers, on the same machine while it was busy, in
//! development builds; a throw-away change of this engine, since a product must not carry two compilers:
//!
//! | compiler | compiled in | a call, all limits | tight loop, all limits |
//! |---|---|---|---|
//! | Cranelift, optimizing (in use) | 1.2 s | 0.95 ms | 105 ms |
//! | Cranelift without optimizations | 0.8 s | 0.5 to 0.8 ms | 144 ms |
//! | Winch (cannot make NaNs canonical) | 0.08 s | 1.0 ms | 70 ms |
//! | Pulley, interpreted | not finished within 100 s | | |
//!
//! - Winch compiles in a fifteenth of the time, and could serve a first run before the cache is filled. But it
//!   counts another fuel for the same call (1.82e6 instead of 1.87e6) and has no canonical NaNs: a decision made in
//!   the first second would not replay bit for bit, and a budget would mean two things. A first run is a second,
//!   once for each version; it is not worth that.
//! - Without optimizations a second becomes 0.8 s, and strategies that compute pay for it at each tick.
//! - Pulley is for machines that Cranelift has no code for (32-bit Arm), which are not supported.

use std::path::PathBuf;
use std::time::Duration;

use crate::Compiler;

/// What a strategy may use, for one call where nothing else is said. The defaults suit a small computer
/// with a rule-based or a linear strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// WebAssembly instructions of a call, about, with starting the instance. The verdict is the same on
    /// every machine. Default: 5e9.
    pub fuel: u64,
    /// How long a call may take, with starting the instance: for what a few instructions can make last
    /// long, such as filling memory again and again. Default: 10 s.
    pub deadline: Duration,
    /// All linear memories of an instance together. Default: 64 MiB.
    pub memory_bytes: usize,
    /// All tables of an instance together. Default: 100,000 elements.
    pub table_elements: usize,
    /// Stack of WebAssembly frames; must leave room on the calling thread's own stack, which has 2 MiB
    /// in Rust. Default: 512 KiB.
    pub stack_bytes: usize,
    /// Who compiles. Default: this process.
    pub compiler: Compiler,
    /// Where machine code is kept for the next start: a folder of its own that nobody else writes to, made
    /// when it is missing. One that cannot be trusted is not used, which a warning says. Default: nowhere.
    pub cache: Option<PathBuf>,
    /// All that is kept there together; what was not used for longest goes first. Default: 256 MiB.
    pub cache_bytes: u64,
    /// The file. Compiling takes time and memory in proportion. Default: 32 MiB; a strategy in Python has
    /// 18.5 MB.
    pub file_bytes: usize,
    /// What the host allocates for one answer, or for the arguments of one log line, whatever it holds.
    /// Default: 4 MiB.
    pub answer_bytes: usize,
    /// Actions of a plan. Default: 256.
    pub actions: usize,
    /// Slots in the outlook of a plan. Default: 400, four days.
    pub outlook_slots: usize,
    /// Expectations in one outlook slot. Default: 64.
    pub expectations: usize,
    /// Facts of a reason and figures of a plan. Default: 64.
    pub facts: usize,
    /// Each text, in bytes of UTF-8. Default: 2 kB.
    pub text_bytes: usize,
    /// The text of the settings schema. Default: 64 KiB.
    pub schema_bytes: usize,
    /// The `memory` of a plan, as in the contract. Default: 64 KiB.
    pub memory_out_bytes: usize,
    /// Lines of a strategy's own log. Default: 100.
    pub log_lines: usize,
    /// All these lines together. Default: 32 KiB.
    pub log_bytes: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            fuel: 5_000_000_000,
            deadline: Duration::from_secs(10),
            memory_bytes: 64 << 20,
            table_elements: 100_000,
            stack_bytes: 512 << 10,
            compiler: Compiler::InProcess,
            cache: None,
            cache_bytes: 256 << 20,
            file_bytes: 32 << 20,
            answer_bytes: 4 << 20,
            actions: 256,
            outlook_slots: 400,
            expectations: 64,
            facts: 64,
            text_bytes: 2000,
            schema_bytes: 64 << 10,
            memory_out_bytes: 64 << 10,
            log_lines: 100,
            log_bytes: 32 << 10,
        }
    }
}
