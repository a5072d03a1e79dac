//! What lives beside an instance for the time of one call: its meter and its log.

use serde::{Deserialize, Serialize};
use wasmtime::ResourceLimiter;

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

    // A component from one core module has up to four core instances: the module, the glue of
    // wit-component, and an adapter.
    fn instances(&self) -> usize {
        8
    }

    fn tables(&self) -> usize {
        8
    }

    fn memories(&self) -> usize {
        4
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
}

impl State {
    pub(crate) fn new(config: &EngineConfig) -> Self {
        Self {
            meter: Meter {
                memory_bytes: 0,
                memory_limit: config.memory_bytes,
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
        }
    }

    pub(crate) fn meter_mut(&mut self) -> &mut Meter {
        &mut self.meter
    }

    /// Adds a line, unless the budget is spent.
    pub(crate) fn log(&mut self, level: LogLevel, message: String) {
        let log = &mut self.log;
        if log.lines.len() >= log.line_limit || log.bytes >= log.byte_limit {
            log.dropped += 1;
            return;
        }
        let message = text::line(text::cut(message, log.text_limit.min(log.byte_limit - log.bytes)));
        log.bytes += message.len();
        log.lines.push(LogLine { level, message });
    }

    /// The log; when lines were dropped, the last one says so.
    pub(crate) fn into_log(self) -> Vec<LogLine> {
        let mut lines = self.log.lines;
        if self.log.dropped > 0 {
            let message = format!("{} more lines dropped", self.log.dropped);
            lines.push(LogLine { level: LogLevel::Warn, message });
        }
        lines
    }
}
