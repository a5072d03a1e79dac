//! The file by which a backtest that was interrupted goes on: each decision, a line each.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use backtest::Asked;
use serde_json::Value;

/// What was decided before, and where what is decided now goes.
pub struct Notes {
    before: Vec<(usize, Asked)>,
    file: Mutex<BufWriter<File>>,
}

impl Notes {
    /// Begins a file, or goes on with one that was begun with the same heading.
    pub fn open(path: &Path, heading: &Value) -> Result<Self> {
        let name = path.display();
        let text = if path.exists() { std::fs::read(path).with_context(|| format!("{name}"))? } else { Vec::new() };
        // What was cut off in the midst of a line is asked again.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text = std::str::from_utf8(&text[..whole]).with_context(|| format!("{name}"))?;
        let mut lines = text.lines();
        let is_new = match lines.next() {
            None => true,
            Some(line) if serde_json::from_str::<Value>(line).ok().as_ref() == Some(heading) => false,
            Some(_) => bail!("{name}: was begun with another home, series, strategy or settings; take another file"),
        };
        let before = lines
            .enumerate()
            .map(|(at, line)| serde_json::from_str(line).with_context(|| format!("{name}, line {}", at + 2)))
            .collect::<Result<_>>()?;
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(path).with_context(|| format!("{name}"))?;
        file.set_len(whole as u64)?;
        let notes = Self { before, file: Mutex::new(BufWriter::new(file)) };
        if is_new {
            notes.write(heading)?;
        }
        Ok(notes)
    }

    /// What was decided before for one job, in order.
    pub fn of(&self, job: usize) -> Vec<Asked> {
        self.before.iter().filter(|(of, _)| *of == job).map(|(_, asked)| asked.clone()).collect()
    }

    /// Notes a decision.
    pub fn add(&self, job: usize, asked: &Asked) -> Result<()> {
        self.write(&(job, asked))
    }

    fn write(&self, line: &impl serde::Serialize) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&mut *file, line)?;
        file.write_all(b"\n")?;
        Ok(())
    }

    /// Writes out what is noted.
    pub fn flush(&self) -> Result<()> {
        Ok(self.file.lock().unwrap_or_else(PoisonError::into_inner).flush()?)
    }
}
