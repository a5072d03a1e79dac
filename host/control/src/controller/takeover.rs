//! Taking over and letting go: what a target was set to before is kept, and given back.

use super::*;

/// How long the restoring of all targets may take at the end.
const FAREWELL: Duration = Duration::from_secs(15);

/// What was found at a target when it was taken over.
#[derive(Debug)]
pub(super) struct Found {
    baseline: Baseline,
    /// Whether the record has it.
    is_kept: bool,
    /// Whether some command was sent, or may have been.
    is_ours: bool,
}

impl Controller {
    /// Keeps what is found at a target that is commanded for the first time. What an earlier run found comes first,
    /// since what is there now may be its command; and what cannot be read now is not read later, for the same reason.
    pub(super) fn take_over(&mut self, id: &TargetId) {
        if let Some(found) = self.found.get_mut(id) {
            found.is_ours = true;
            return self.keep_found();
        }
        let given_back = self.given_back.get(id).filter(|(at, _)| self.since(*at) < self.setup.settle);
        let now = || given_back.map(|(_, baseline)| baseline.clone()).or_else(|| self.home.baseline(id));
        let is_inherited = self.inherited.contains(id);
        let (baseline, is_kept, is_ours) = match self.record.baseline(id) {
            Ok(Some(kept)) => (kept, true, true),
            Ok(None) if is_inherited => (Baseline::unknown(), false, true),
            Ok(None) => (now().unwrap_or_else(Baseline::unknown), false, false),
            // It may hold what an earlier run found; nothing may take the place of that.
            Err(error) => {
                self.note_record(Some(error));
                (Baseline::unknown(), false, true)
            }
        };
        if baseline.unknown {
            tracing::warn!(target = id, "its settings from before cannot be read; it will be brought to rest instead");
        }
        self.inherited.remove(id);
        self.found.insert(id.clone(), Found { baseline, is_kept, is_ours });
        self.keep_found();
    }

    /// The first command could not be sent, so that what can be read later is still what was there before.
    pub(super) fn not_taken_over(&mut self, id: &TargetId) {
        if self.found.get(id).is_some_and(|found| found.baseline.unknown && !found.is_ours) {
            self.found.remove(id);
            let result = self.record.forget_baseline(id);
            self.note_record(result.err());
        }
    }

    /// Records what was found, again where that failed before.
    pub(super) fn keep_found(&mut self) {
        let mut errors = Vec::new();
        for (id, found) in self.found.iter_mut().filter(|(_, found)| !found.is_kept) {
            match self.record.remember_baseline(id, &found.baseline) {
                Ok(()) => found.is_kept = true,
                Err(error) => errors.push(error),
            }
        }
        self.note_record(errors.pop());
    }

    /// Lets go of targets whose command nobody renewed, and of those that could not be let go of before.
    pub(super) fn expire_leases(&mut self) {
        let instant = self.clock.instant();
        let expired = |t: &&Target| {
            let standing = t.standing.as_ref();
            standing.is_some_and(|s| instant.saturating_duration_since(s.renewed) > s.approved.lease())
        };
        let ids: Vec<TargetId> = self.targets.values().filter(expired).map(|t| t.id.clone()).collect();
        for id in ids {
            tracing::warn!(target = id, "no tick renewed the command in time; letting go");
            self.release(&id);
        }
        let owed: Vec<TargetId> = self.targets.values().filter(|t| t.owes_release).map(|t| t.id.clone()).collect();
        for id in owed {
            self.give_back(&id);
        }
    }

    /// Ends what is in force for a target and gives it back the settings it had before.
    pub(super) fn release(&mut self, id: &TargetId) {
        let Some(target) = self.targets.get_mut(id) else { return };
        target.standing = None;
        target.check = None;
        target.owes_release = target.mode == Mode::Control;
        self.give_back(id);
    }

    /// Restores a target that is owed its settings, unless that has to wait: for an order on its way, after
    /// a failure, for the link, or for what draws power behind it. Then it is tried again.
    fn give_back(&mut self, id: &TargetId) {
        let Some(target) = self.targets.get_mut(id) else { return };
        if !target.owes_release || !target.is_ready(self.clock.instant()) || !self.home.state().link.is_up() {
            return;
        }
        if self.release_waits(id).is_some() {
            return;
        }
        match self.release_order(id) {
            Ok(Some(order)) => self.dispatch(id, order),
            Ok(None) => self.owes_nothing(id),
            // It is owed still, and tried again.
            Err(error) => self.note_record(Some(error)),
        }
    }

    fn release_waits(&self, id: &TargetId) -> Option<String> {
        let (state, now) = (self.home.state(), self.clock.now());
        let scene = Scene { home: &state, now, uptime: self.uptime(), ledger: &self.ledger, watch: &self.watch };
        self.guard.release_waits(id, &scene)
    }

    fn owes_nothing(&mut self, id: &TargetId) {
        if let Some(target) = self.targets.get_mut(id) {
            target.owes_release = false;
        }
    }

    /// `None`: it was never taken over. What the record has comes first; what is only remembered counts where the
    /// record has nothing, or cannot be read.
    fn release_order(&self, id: &TargetId) -> Result<Option<Approved>, RecordError> {
        let remembered = self.found.get(id).map(|found| found.baseline.clone());
        let baseline = match (self.record.baseline(id), remembered) {
            (Ok(Some(kept)), _) => Some(kept),
            (Ok(None), remembered) => remembered,
            (Err(_), Some(remembered)) => Some(remembered),
            (Err(error), None) => return Err(error),
        };
        Ok(baseline.map(|baseline| self.guard.release(id, baseline)))
    }

    pub(super) fn released(&mut self, id: &TargetId) {
        self.owes_nothing(id);
        tracing::info!(target = id, "settings from before the takeover restored");
        self.ledger.forget(id);
        if let Some(found) = self.found.remove(id) {
            self.given_back.insert(id.clone(), (self.clock.instant(), found.baseline));
        }
        if let Some(target) = self.targets.get_mut(id) {
            target.written = None;
        }
        let result = self.record.forget_baseline(id);
        self.note_record(result.err());
    }

    /// Restores every target that was commanded, after waiting for orders on their way. Returns whether all were.
    pub(super) async fn farewell(&mut self) -> bool {
        let end = tokio::time::Instant::now() + FAREWELL;
        while self.targets.values().any(|t| t.in_flight) {
            match tokio::time::timeout_at(end, self.sent.1.recv()).await {
                Ok(Some(sent)) => self.on_sent(sent),
                _ => break,
            }
        }
        let commanded: Vec<TargetId> =
            self.targets.values().filter(|t| t.mode == Mode::Control).map(|t| t.id.clone()).collect();
        let mut all = true;
        for id in commanded {
            let order = match self.release_order(&id) {
                Ok(Some(order)) => order,
                Ok(None) => continue,
                Err(error) => {
                    tracing::error!(target = id, %error, "settings from before cannot be read");
                    all = false;
                    continue;
                }
            };
            if let Some(why) = self.release_waits(&id) {
                tracing::warn!(target = id, why, "settings from before are not restored; the target stays as it is");
                all = false;
                continue;
            }
            match tokio::time::timeout_at(end, self.home.send(&order)).await {
                Ok(Ok(())) => {
                    self.released(&id);
                    continue;
                }
                Ok(Err(error)) => tracing::error!(target = id, %error, "settings from before could not be restored"),
                Err(_) => tracing::error!(target = id, "no time left to restore the settings from before"),
            }
            all = false;
        }
        all
    }
}
