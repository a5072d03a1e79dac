//! Why a call gave nothing usable.

use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};

use crate::budget::Budget;
use crate::engine::HANDLES;
use crate::sandbox::{LimitHit, LogLine};
use crate::wasi::Refused;
use crate::{EngineConfig, sandbox, text};

/// Lines of a backtrace that are kept, and bytes of each: names of functions are the strategy's.
const BACKTRACE_LINES: usize = 40;
const BACKTRACE_LINE_BYTES: usize = 200;

/// What went wrong in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Trap,
    OutOfFuel,
    OutOfTime,
    MemoryLimit,
    StackOverflow,
    AnswerTooLarge,
    InvalidAnswer,
    Declined,
    NotStarted,
}

impl Kind {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Kind::Trap => "trap",
            Kind::OutOfFuel => "out-of-fuel",
            Kind::OutOfTime => "out-of-time",
            Kind::MemoryLimit => "memory-limit",
            Kind::StackOverflow => "stack-overflow",
            Kind::AnswerTooLarge => "answer-too-large",
            Kind::InvalidAnswer => "invalid-answer",
            Kind::Declined => "declined",
            Kind::NotStarted => "not-started",
        }
    }
}

/// Where in a call it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Making the instance: its start function, its initial memories.
    Starting,
    /// In the function, with taking in the input and handing out the answer.
    Running,
}

/// A failure before it is known whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) backtrace: String,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), backtrace: String::new() }
    }
}

/// Why a strategy gave no usable plan.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.failure.message)]
pub struct DecideError {
    pub(crate) failure: Failure,
    /// What the strategy logged before.
    pub log: Vec<LogLine>,
    /// How long it took.
    pub took: Duration,
    /// What it cost until then, as [`crate::Answer::fuel`].
    pub fuel: u64,
}

impl DecideError {
    /// Stable, for machines: `trap`, `out-of-fuel`, `out-of-time`, `memory-limit`, `stack-overflow`,
    /// `answer-too-large`, `invalid-answer`, `declined` (the strategy's own "no plan"), or `not-started`
    /// (the machine could not start an instance).
    pub fn code(&self) -> &'static str {
        self.failure.kind.code()
    }

    /// One sentence for a person.
    pub fn message(&self) -> &str {
        &self.failure.message
    }

    /// The WebAssembly frames of a trap, innermost first; empty when there are none.
    pub fn backtrace(&self) -> &str {
        &self.failure.backtrace
    }
}

/// Names what wasmtime reports.
pub(crate) fn explain(phase: Phase, error: &wasmtime::Error, budget: &Budget, config: &EngineConfig) -> Failure {
    let when = match phase {
        Phase::Starting => " while starting",
        Phase::Running => "",
    };
    let (kind, message) = if let Some(hit) = find::<LimitHit>(error) {
        (Kind::MemoryLimit, format!("{hit}{when}"))
    } else if let Some(trap) = find::<Trap>(error) {
        match trap {
            Trap::OutOfFuel => {
                let fuel = budget.fuel;
                (Kind::OutOfFuel, format!("used more than {fuel} instructions (fuel){when}; an endless loop?"))
            }
            Trap::Interrupt => (Kind::OutOfTime, format!("took longer than {:?}{when}", budget.deadline)),
            Trap::StackOverflow => {
                let limit = config.stack_bytes;
                (Kind::StackOverflow, format!("used up its stack of {limit} bytes{when}; too deep a recursion?"))
            }
            trap if is_about_values(*trap) => {
                (Kind::InvalidAnswer, format!("passed a value outside the contract: {trap}"))
            }
            trap => (Kind::Trap, format!("stopped by itself{when}: {trap}")),
        }
    } else if let Some(refused) = find::<Refused>(error) {
        (Kind::Trap, format!("{refused}{when}"))
    } else if is_out_of_hostcall_fuel(error) {
        let limit = config.answer_bytes;
        (Kind::AnswerTooLarge, format!("passed more than {limit} bytes in one answer or log line"))
    } else if let Some(hit) = count_exceeded(error) {
        (Kind::MemoryLimit, format!("{hit}{when}"))
    } else if is_out_of_handles(error) {
        (Kind::MemoryLimit, format!("asked for more than {HANDLES} handles{when}"))
    } else {
        let cause = text::short_line(format!("{:#}", Chain(error)), config.text_bytes);
        match phase {
            Phase::Starting => (Kind::NotStarted, format!("could not be started: {cause}")),
            Phase::Running => (Kind::InvalidAnswer, format!("passed a value outside the contract: {cause}")),
        }
    };
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(backtrace).unwrap_or_default();
    Failure { kind, message, backtrace }
}

/// The causes of an error without the backtrace that wasmtime puts in front.
struct Chain<'a>(&'a wasmtime::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_backtrace = self.0.downcast_ref::<WasmBacktrace>().is_some();
        let causes: Vec<_> = self.0.chain().skip(usize::from(is_backtrace)).map(ToString::to_string).collect();
        f.write_str(&causes.join(": "))
    }
}

fn find<E: std::error::Error + Send + Sync + 'static>(error: &wasmtime::Error) -> Option<&E> {
    error.downcast_ref::<E>().or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<E>()))
}

/// Violations of the canonical ABI that wasmtime reports as traps.
fn is_about_values(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::InvalidChar
            | Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::InvalidDiscriminant
            | Trap::UnalignedPointer
    )
}

/// wasmtime has no public type for it; the text is pinned by a test.
fn is_out_of_hostcall_fuel(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("hostcalls has been exhausted"))
}

/// Which limit of [`sandbox`] on numbers of things was exceeded; likewise.
fn count_exceeded(error: &wasmtime::Error) -> Option<String> {
    let found = |what: &str| error.chain().any(|cause| cause.to_string().contains(&format!("{what} count too high")));
    let kinds = [
        ("instance", "instances", sandbox::INSTANCES),
        ("table", "tables", sandbox::TABLES),
        ("memory", "memories", sandbox::MEMORIES),
    ];
    let (_, kinds, most) = kinds.into_iter().find(|(what, ..)| found(what))?;
    Some(format!("asked for more {kinds} than {most}"))
}

/// Likewise.
fn is_out_of_handles(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("store handle limit exceeded"))
}

fn backtrace(frames: &WasmBacktrace) -> String {
    let lines = frames.to_string();
    let lines: Vec<_> = lines
        .lines()
        .take(BACKTRACE_LINES)
        .map(|line| text::short_line(line.to_owned(), BACKTRACE_LINE_BYTES))
        .collect();
    lines.join("\n")
}
