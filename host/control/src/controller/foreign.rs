//! What somebody else sets: noticed, respected, and brought back where it breaks a limit.

use guard::Breach;
use model::Finding;

use super::*;
use crate::foreign::Seen;

impl Controller {
    /// Looks whether somebody else has set a target since it showed what was written.
    pub(super) fn look_for_others(&mut self) {
        if !self.home.state().link.is_up() {
            return;
        }
        let now = self.clock.instant();
        let (mut noticed, mut lost) = (Vec::new(), Vec::new());
        for target in self.targets.values_mut().filter(|target| target.shown && target.check.is_none()) {
            let Some((command, _)) = &target.written else { continue };
            let read_back = self.home.read_back(&target.id, command);
            let (seen, ReadBack::Differs(what)) = (target.foreign.look(&read_back, now), read_back) else { continue };
            match seen {
                Seen::Nothing => continue,
                Seen::Other(respected) => {
                    let minutes = respected.as_secs() / 60;
                    let note = format!("somebody else has set something: {what}; left alone for {minutes} min");
                    noticed.push((target.id.clone(), note));
                }
                Seen::Lost(starts) => {
                    target.hold_off = Some(now + starts);
                    let note = format!("it was away and came back: {what}; it is set again in {} s", starts.as_secs());
                    lost.push((target.id.clone(), note));
                }
            }
            target.written = None;
            target.shown = false;
        }
        for (id, note) in lost {
            self.reach_for(&id, Stage::Contradicted, note);
        }
        for (id, note) in noticed {
            self.reach_for(&id, Stage::Contradicted, note);
            let (home, report) = (self.home.clone(), self.authors.0.clone());
            tokio::spawn(async move {
                if let Some(author) = home.author(&id).await {
                    let _ = report.send(Author { target: id, who: author }).await;
                }
            });
        }
    }

    /// Names who has set something else.
    pub(super) fn on_author(&mut self, id: &TargetId, author: &str) {
        let note = format!("set by {author}");
        tracing::info!(target = id, author, "somebody else has set it");
        let result = self.record.note(self.clock.now(), &format!("{id}: {note}"));
        self.note_record(result.err());
        let last = self.outcome_of(id).and_then(|outcome| outcome.steps.last());
        // Meanwhile something else may have been commanded.
        let Some(step) = last.filter(|step| step.stage == Stage::Contradicted) else { return };
        let note = format!("{}; {note}", step.note);
        self.reach_for(id, Stage::Contradicted, note);
    }

    /// Brings back what somebody else has set, where what it does breaks a limit. After that it is ours again.
    pub(super) fn restrain(&mut self) {
        let (state, now, instant) = (self.home.state(), self.clock.now(), self.clock.instant());
        let scene = Scene { home: &state, now, uptime: self.uptime(), ledger: &self.ledger, watch: &self.watch };
        let mut too_much = Vec::new();
        let mut devices = Vec::new();
        for target in self.targets.values_mut() {
            if target.mode != Mode::Control || target.in_flight || !target.foreign.is_on_its_own(instant) {
                target.breaks = None;
                continue;
            }
            let breach = self.guard.breach(&target.id, &scene);
            target.breaks = breach.as_ref().map(|breach| sentence(breach, None));
            if target.foreign.is_too_much(breach.is_some(), instant) {
                let found = breach.map(|breach| (target.id.clone(), breach));
                if target.is_battery {
                    too_much.extend(found);
                } else {
                    devices.extend(found.map(|found| (draws_w(&target.id, &state), found)));
                }
            }
        }
        too_much.extend(self.cutting_off.next(devices, instant));
        for (id, breach) in too_much {
            // Without an order it waits, for a write interval or for whoever is in charge, and is shown meanwhile.
            let Some(order) = breach.judged.approved.clone() else { continue };
            let note = sentence(&breach, order.command());
            tracing::warn!(target = id, rule = breach.rule.name(), note, "brought back within its limits");
            let result = self.record.note(now, &format!("{id}: {note}"));
            self.note_record(result.err());
            if let Some(target) = self.targets.get_mut(&id) {
                target.foreign.bring_back(instant);
                target.breaks = None;
            }
            self.reach_for(&id, Stage::Contradicted, note);
            self.dispatch(&id, order);
        }
    }

    /// What the owner should know of those who set something else.
    pub(super) fn troubles_with_others(&self) -> Vec<(TargetId, String)> {
        let now = self.clock.instant();
        let of = |target: &Target| {
            let insists = target.foreign.insists(now).map(|times| {
                format!(
                    "somebody else has gone beyond its limits {times} times within a day; it is brought back, but \
                     more and more seldom, since nobody wins by fighting"
                )
            });
            target.breaks.clone().into_iter().chain(insists).map(|text| (target.id.clone(), text)).collect::<Vec<_>>()
        };
        self.targets.values().flat_map(of).collect()
    }
}

/// What a device draws; nothing where nobody measures it.
fn draws_w(id: &TargetId, state: &HomeState) -> f64 {
    let device = state.devices.iter().find(|device| &device.id == id);
    device.and_then(|device| device.power_w.as_ref()?.value).filter(|w| w.is_finite()).unwrap_or(0.0)
}

/// What is broken, and what is done; `None`: nothing yet.
fn sentence(breach: &Breach, to: Option<&Command>) -> String {
    let (rule, text) = (breach.rule.name(), &breach.text);
    let what = format!("what somebody else has set breaks a limit (`{rule}`): {text}");
    let why_not = |finding: &Finding| format!("{what}; it cannot be brought back: {}", finding.text);
    match (to, breach.judged.verdict.findings.last()) {
        (Some(to), _) => format!("{what}; brought back to: {to}"),
        (None, Some(last)) if breach.judged.approved.is_none() => why_not(last),
        (None, _) => what,
    }
}
