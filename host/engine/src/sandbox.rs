//! What lives beside an instance for the time of one call: its meter, its log and what it sees of the world.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use wasmtime::ResourceLimiter;

use crate::budget::Budget;
use crate::wasi::{Output, World};
use crate::{EngineConfig, text};

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the strategy's author.
    Debug,
    /// For the owner.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

/// One line of a strategy's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// One line, cut when it was too long.
    pub message: String,
}

/// A limit that an instance ran into.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("asked for {asked} {what}, at most {limit}")]
pub(crate) struct LimitHit {
    what: &'static str,
    asked: usize,
    limit: usize,
}

/// Core instances of a component. One from a core module has up to four: the module, the glue of
/// wit-component, and an adapter. One of Python is linked from libraries and has 14, or 38 with
/// `--stub-wasi`.
pub(crate) const INSTANCES: usize = 64;

/// Its tables.
pub(crate) const TABLES: usize = 8;

/// Its memories.
pub(crate) const MEMORIES: usize = 4;

/// Counts what an instance takes, over all its memories and tables. A refusal ends the call: whether a
/// program goes on without the memory that it asked for must not depend on the owner's configuration.
pub(crate) struct Meter {
    memory_bytes: usize,
    memory_limit: usize,
    table_elements: usize,
    table_limit: usize,
}

fn grow(taken: &mut usize, from: usize, to: usize, limit: usize, what: &'static str) -> Result<(), LimitHit> {
    let asked = taken.saturating_add(to.saturating_sub(from));
    if asked > limit {
        return Err(LimitHit { what, asked, limit });
    }
    *taken = asked;
    Ok(())
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        grow(&mut self.memory_bytes, current, desired, self.memory_limit, "bytes of memory")?;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        grow(&mut self.table_elements, current, desired, self.table_limit, "table elements")?;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// Collects a strategy's log within a budget.
struct Log {
    lines: Vec<LogLine>,
    bytes: usize,
    dropped: usize,
    line_limit: usize,
    byte_limit: usize,
    text_limit: usize,
}

/// The data of a store.
pub(crate) struct State {
    meter: Meter,
    log: Log,
    world: World,
}

impl State {
    pub(crate) fn new(config: &EngineConfig, budget: &Budget, now: Timestamp) -> Self {
        Self {
            meter: Meter {
                memory_bytes: 0,
                memory_limit: budget.memory_bytes,
                table_elements: 0,
                table_limit: config.table_elements,
            },
            log: Log {
                lines: Vec::new(),
                bytes: 0,
                dropped: 0,
                line_limit: config.log_lines,
                byte_limit: config.log_bytes,
                text_limit: config.text_bytes,
            },
            world: World::new(now),
        }
    }

    pub(crate) fn meter_mut(&mut self) -> &mut Meter {
        &mut self.meter
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Adds a line, unless the budget is spent.
    pub(crate) fn log(&mut self, level: LogLevel, message: String) {
        self.log.add(level, message);
    }

    /// Adds what the strategy wrote to one of its outputs, line by line.
    pub(crate) fn write(&mut self, output: Output, bytes: &[u8]) {
        let Self { log, world, .. } = self;
        // One more than is kept of a line, so that it shows where it was cut.
        world.write(output, bytes, log.text_limit + 1, |line| log.add(level(output), line));
    }

    /// The log; when lines were dropped, the last one says so.
    pub(crate) fn into_log(self) -> Vec<LogLine> {
        let Self { mut log, mut world, .. } = self;
        world.rest().for_each(|(output, line)| log.add(level(output), line));
        let mut lines = log.lines;
        if log.dropped > 0 {
            let message = format!("{} more lines dropped", log.dropped);
            lines.push(LogLine { level: LogLevel::Warn, message });
        }
        lines
    }
}

impl Log {
    fn add(&mut self, level: LogLevel, message: String) {
        if self.lines.len() >= self.line_limit || self.bytes >= self.byte_limit {
            self.dropped += 1;
            return;
        }
        let message = text::short_line(message, self.text_limit.min(self.byte_limit - self.bytes));
        self.bytes += message.len();
        self.lines.push(LogLine { level, message });
    }
}

fn level(output: Output) -> LogLevel {
    match output {
        Output::Standard => LogLevel::Info,
        Output::Error => LogLevel::Warn,
    }
}
