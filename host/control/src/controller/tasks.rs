//! Flexible loads: what their devices used, and what is kept of it.

use super::*;
use crate::tasks;

impl Controller {
    /// How far the tasks were before the program was started.
    pub(super) fn load_tasks(&mut self) {
        match self.record.load_tasks() {
            Ok(None) => {}
            Ok(Some(text)) => match serde_json::from_str(&text) {
                Ok(tasks) => self.tasks = tasks,
                Err(error) => tracing::warn!(%error, "how far the tasks were before the start cannot be read"),
            },
            Err(error) => self.note_record(Some(error)),
        }
    }

    pub(super) fn look_at_tasks(&mut self, state: &HomeState, now: Timestamp) {
        let elapsed = self.since(self.task_looked);
        self.task_looked = self.clock.instant();
        if self.setup.timezone.is_none() && state.timezone.is_none() {
            // By another zone's windows, what is done would count for another day.
            return;
        }
        let zone = self.zone(state);
        let found = self.tasks.look(&self.setup.tasks, &state.devices, now, elapsed, &zone);
        for end in &found.ended {
            let text = tasks::describe(end, &zone);
            tracing::info!("{text}");
            let result = self.record.note(now, &text);
            self.note_record(result.err());
        }
        if found.is_worth_keeping {
            let text = serde_json::to_string(&self.tasks).map_err(|error| RecordError(format!("the tasks: {error}")));
            let result = text.and_then(|text| self.record.save_tasks(&text));
            self.note_record(result.err());
        }
    }
}
