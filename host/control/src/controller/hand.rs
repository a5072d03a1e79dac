//! What the owner does by hand, and what was taken over before the program was started.

use super::*;

impl Controller {
    pub(super) fn save_hand(&mut self) {
        let text = serde_json::to_string(&self.hand);
        let text = text.map_err(|error| RecordError(format!("what is done by hand: {error}")));
        let result = text.and_then(|text| self.record.save_hand(&text));
        self.hand_is_kept = result.is_ok();
        self.note_record(result.err());
    }

    /// Keeps what the owner does by hand, and acts on it.
    pub(super) async fn on_hand(&mut self, new: &Hand) {
        // What somebody else set is respected until the owner says something new of it.
        let pauses = new.pause.is_some() && new.pause != self.hand.pause;
        let now = self.clock.now();
        let resumes = new.pause.is_none() && self.hand.pause.is_some_and(|old| old.until > now);
        for (id, target) in &mut self.targets {
            let is_new = new.overrides.get(id).is_some_and(|given| self.hand.overrides.get(id) != Some(given));
            // One that ended by itself says nothing; one that was ended says that the plan shall go on.
            let is_ended =
                self.hand.overrides.get(id).is_some_and(|old| old.until > now && !new.overrides.contains_key(id));
            if is_new || is_ended || pauses || resumes {
                target.foreign.end();
            }
        }
        self.hand = new.clone();
        self.save_hand();
        self.tick(Cause::Owner { what: owner::describe(new) }).await;
    }

    /// What is done by hand, as it was before the program was started.
    pub(super) fn load_hand(&mut self) {
        match self.record.load_hand() {
            Ok(None) => {}
            Ok(Some(text)) => match serde_json::from_str(&text) {
                Ok(hand) => self.owner.restore(&hand, self.clock.now()),
                Err(error) => tracing::warn!(%error, "what was done by hand before the start cannot be read"),
            },
            Err(error) => self.note_record(Some(error)),
        }
        self.hand = self.owner.at(self.clock.now());
    }

    /// What was taken over before the program was started and is not commanded any more is given back. The first
    /// tick comes before that.
    pub(super) fn load_debts(&mut self) {
        for target in self.targets.values_mut().filter(|target| target.mode == Mode::Control) {
            target.owes_release = matches!(self.record.baseline(&target.id), Ok(Some(_)));
        }
    }
}
