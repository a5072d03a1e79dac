//! Small helpers on the contract's types.

use serde::de::DeserializeOwned;

use crate::{Battery, Device, Fact, Input, Instant, Plan, Reason, Slot, Snapshot};

impl Input {
    /// The settings as a type of the strategy's own.
    ///
    /// # Errors
    ///
    /// Where the settings do not fit the type: path is not known, but the message of serde_json names
    /// the field, line and column.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(&self.settings).map_err(|error| format!("settings: {error}"))
    }
}

impl Plan {
    /// A plan that does nothing, to be filled in.
    pub fn empty() -> Self {
        Self {
            actions: Vec::new(),
            outlook: Vec::new(),
            summary: String::new(),
            figures: Vec::new(),
            memory: Vec::new(),
        }
    }
}

impl Fact {
    /// A number that decided, such as `Fact::new("import-price-now", 0.18, "EUR/kWh")`.
    pub fn new(name: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        Self { name: name.into(), value, unit: unit.into() }
    }
}

impl Reason {
    /// A reason without numbers; [`Reason::fact`] adds them.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into(), facts: Vec::new() }
    }

    /// Adds a number that decided.
    #[must_use]
    pub fn fact(mut self, name: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        self.facts.push(Fact::new(name, value, unit));
        self
    }
}

impl Slot {
    /// Length in hours; 0 for a slot that ends before it starts.
    pub fn hours(&self) -> f64 {
        hours_between(self.start, self.end)
    }

    /// What is left of the slot at `now`, in hours: all of one that is yet to come.
    pub fn hours_left(&self, now: Instant) -> f64 {
        hours_between(self.start.max(now), self.end)
    }

    /// Whether `at` is in `[start, end)`.
    pub fn contains(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }
}

fn least(ever: Option<f64>, then: Option<f64>) -> Option<f64> {
    ever.into_iter().chain(then).reduce(f64::min)
}

fn hours_between(from: Instant, until: Instant) -> f64 {
    f64::from(until.saturating_sub(from)) / 3600.0
}

impl Snapshot {
    /// The slot that contains `now`.
    pub fn current(&self) -> Option<&Slot> {
        self.ahead.iter().find(|slot| slot.contains(self.now))
    }

    /// The most that may be imported in a slot: the least of what holds ever and then; none: no limit is known.
    pub fn import_limit_w(&self, slot: &Slot) -> Option<f64> {
        least(self.grid.import_limit_w, slot.import_limit_w)
    }

    /// The most that may be exported in a slot, likewise.
    pub fn export_limit_w(&self, slot: &Slot) -> Option<f64> {
        least(self.grid.export_limit_w, slot.export_limit_w)
    }

    /// The battery of that id.
    pub fn battery(&self, id: &str) -> Option<&Battery> {
        self.batteries.iter().find(|battery| battery.id == id)
    }

    /// The device of that id.
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }

    /// The home's wall clock at `at` as minutes since midnight, by the offset at `now`. For texts only:
    /// beyond a change of the clocks it is an hour off.
    pub fn local_minutes(&self, at: Instant) -> u32 {
        let local = i64::from(at) + i64::from(self.utc_offset_s);
        // A day has 1440 minutes, so the remainder fits.
        (local.div_euclid(60).rem_euclid(1440)) as u32
    }

    /// The same as text: `19:00`.
    pub fn local_time(&self, at: Instant) -> String {
        let minutes = self.local_minutes(at);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}
