//! The last lines of the log, kept in memory for the page.

use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use server::site::LogLine;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Most lines that are kept.
const LINES: usize = 500;
/// Most characters of one.
const LONGEST: usize = 1000;

/// The last lines; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<VecDeque<LogLine>>>,
}

impl Log {
    /// The newest first.
    pub fn lines(&self) -> Vec<LogLine> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    fn push(&self, line: LogLine) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let part = event.metadata().target();
        // What libraries write may have addresses in it, with all that stands in them.
        if !part.starts_with("wattwright") {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        self.push(LogLine {
            at: Timestamp::now(),
            level: event.metadata().level().as_str().to_ascii_lowercase(),
            part: part.split("::").next().unwrap_or(part).to_owned(),
            text: without_secrets(&text.whole()),
        });
    }
}

/// The message with its fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn whole(self) -> String {
        format!("{}{}", self.message, self.fields).chars().take(LONGEST).collect()
    }

    fn add(&mut self, field: &Field, value: std::fmt::Arguments<'_>) {
        let _ = match field.name() {
            "message" => self.message.write_fmt(value),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.add(field, format_args!("{text}"));
    }
}

/// Shortens words that look like a token. None should ever be logged; this is for the one that is all the same.
fn without_secrets(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        shown.push_str(before);
        if looks_secret(word) {
            shown.push_str(&word[..6]);
            shown.push('…');
        } else {
            shown.push_str(word);
        }
        rest = after;
    }
    shown + rest
}

/// Long and random: mixed case with digits, or hexadecimal. Names of entities are long, but of lower case.
fn looks_secret(word: &str) -> bool {
    let has = |test: fn(&char) -> bool| word.chars().any(|c| test(&c));
    let mixed = has(char::is_ascii_lowercase as fn(&char) -> bool)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit);
    let hex = word.split(['-', '_']).filter(|part| part.len() >= 4 && part.chars().all(|c| c.is_ascii_hexdigit()));
    (word.len() >= 24 && mixed) || hex.map(str::len).sum::<usize>() >= 24
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn the_last_lines_are_kept_with_their_fields() {
        let log = Log::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log.clone()), || {
            tracing::info!(target: "hyper::client", "of a library");
            for n in 0..LINES {
                tracing::warn!(target: "wattwright_control::controller", n, name = "x", "tick {n}");
            }
            tracing::error!(target: "wattwright", error = &std::io::Error::other("full") as &dyn std::error::Error, "no");
        });
        let lines = log.lines();
        assert_eq!(lines.len(), LINES);
        assert_eq!((lines[0].text.as_str(), lines[0].level.as_str()), ("no error=full", "error"));
        assert_eq!((lines[1].text.as_str(), lines[1].part.as_str()), ("tick 499 n=499 name=x", "wattwright_control"));
        assert_eq!(lines[LINES - 1].text, "tick 1 n=1 name=x");
    }

    #[test]
    fn what_looks_like_a_token_is_shortened() {
        for (text, shown) in [
            ("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiI1.x refused", "token eyJhbG… refused"),
            ("key=01234567-89ab-cdef-0123-456789abcdef", "key=012345…"),
            ("wattwright_0123456789abcdef0123456789abcdef", "wattwr…"),
            ("`sensor.solarflow_800_pro_electric_level_of_the_pack` is stale", ""),
            ("Strategy linear 0.1.0 at 2026-11-24T10:15:00Z: /var/lib/wattwright/journal.db", ""),
            ("größer als 5 kW · 12 %", ""),
        ] {
            assert_eq!(without_secrets(text), if shown.is_empty() { text } else { shown });
        }
    }
}
