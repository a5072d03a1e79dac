//! What strategies may use.

use std::time::Duration;

/// What a strategy may use, for one call where nothing else is said. The defaults suit a small computer
/// with a rule-based or a linear strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// How long a call may take, with starting the instance. Default: 2 s.
    pub deadline: Duration,
    /// All linear memories of an instance together. Default: 64 MiB.
    pub memory_bytes: usize,
    /// All tables of an instance together. Default: 100,000 elements.
    pub table_elements: usize,
    /// Stack of WebAssembly frames; must leave room on the calling thread's own stack, which has 2 MiB
    /// in Rust. Default: 512 KiB.
    pub stack_bytes: usize,
    /// The file. Compiling takes time and memory in proportion. Default: 16 MiB.
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
            deadline: Duration::from_secs(2),
            memory_bytes: 64 << 20,
            table_elements: 100_000,
            stack_bytes: 512 << 10,
            file_bytes: 16 << 20,
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
