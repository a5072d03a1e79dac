//! The executor: orders out, and a close look at what becomes of them.

use super::ticking::Change;
use super::*;
use crate::drive::{self, Due, Follow, Next, to_power};
use crate::ledger;
use crate::standing::{Check, Key, Progress as CheckProgress};
use balance::{Answer, Battery, Meter};
use guard::SceneRecord;
use model::home::Taken;
use model::{BalanceLimits, Grant};

/// After a set-point had no effect, nothing is sent to that target for this long: no hammering.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// After an order was not passed on, the next one waits for this long, and twice as long each further
/// time, up to [`AFTER_FAILURE`]: after a restart of the home its devices come back within seconds.
const AFTER_REJECTION: Duration = Duration::from_secs(3);
/// A battery follows when it is this close to its set-point, watt …
const FOLLOWS_W: f64 = 40.0;
/// … or this close, as a share of it.
const FOLLOWS_SHARE: f64 = 0.15;
/// An outcome is not made longer than this, however often something fails.
const MOST_STEPS: usize = 24;

impl Controller {
    /// The outcome recorded at `key`, while its tick is open.
    pub(super) fn outcome(&self, key: Key) -> Option<&Outcome> {
        self.open.iter().find(|(tick, _)| *tick == key.tick)?.1.get(key.index)
    }

    /// The outcome of the command in force for a target.
    pub(super) fn outcome_of(&self, target: &str) -> Option<&Outcome> {
        self.outcome(self.targets.get(target)?.standing.as_ref()?.outcome)
    }

    fn reach(&mut self, key: Key, stage: Stage, note: impl Into<String>) {
        let Some((tick, outcomes)) = self.open.iter_mut().find(|(tick, _)| *tick == key.tick) else { return };
        let Some(outcome) = outcomes.get_mut(key.index).filter(|o| o.steps.len() < MOST_STEPS) else { return };
        outcome.reach(stage, self.clock.now(), note);
        tracing::info!(target = outcome.target, command = %outcome.command, ?stage, "outcome");
        let result = if *tick > 0 { self.record.outcomes(*tick, outcomes) } else { Ok(()) };
        self.note_record(result.err());
    }

    pub(super) fn reach_for(&mut self, target: &str, stage: Stage, note: impl Into<String>) {
        if let Some(key) = self.targets.get(target).and_then(|t| t.standing.as_ref()).map(|s| s.outcome) {
            self.reach(key, stage, note);
        }
    }

    /// Records a tick; its id is negative when that fails, and control goes on.
    pub(super) fn keep(&mut self, tick: &Tick, scene: &SceneRecord) -> i64 {
        let scene = serde_json::to_vec(scene).map_err(|error| RecordError(format!("the scene of a tick: {error}")));
        match scene.and_then(|scene| self.record.tick(tick, &scene)) {
            Ok(id) => {
                self.record_error = None;
                id
            }
            Err(error) => {
                self.note_record(Some(error));
                self.unrecorded -= 1;
                self.unrecorded
            }
        }
    }

    pub(super) fn note_record(&mut self, error: Option<RecordError>) {
        if let Some(error) = error {
            tracing::error!(%error, "the journal could not be written");
            self.record_error = Some(error.to_string());
        }
    }

    pub(super) fn put_in_force(&mut self, change: Change, tick: i64) {
        let uptime = self.uptime();
        let Some(target) = self.targets.get_mut(&change.target) else { return };
        let old = target.standing.take();
        let (id, is_new, is_battery, mode) = (target.id.clone(), change.is_new, target.is_battery, target.mode);
        let approved = change.approved.clone();
        target.owes_release = false;
        target.standing = Some(change.into_standing(old.as_ref(), tick, self.clock.instant()));
        if mode == Mode::Advise {
            return;
        }
        if is_battery {
            // What is written to a battery are set-points; the guard must know the plan's command, too.
            self.ledger.stand(&approved, self.clock.now(), uptime);
        }
        if !is_new {
            return;
        }
        target.check = None;
        if let Some(old) = old.filter(|old| self.outcome(old.outcome).is_some_and(|o| !o.stage.is_final())) {
            self.reach(old.outcome, Stage::Superseded, "another command took its place");
        }
        let respects = self.targets.get(&id).is_some_and(|target| target.foreign.is_respected(self.clock.instant()));
        if !is_battery && !respects {
            self.dispatch(&id, approved);
        }
    }

    /// Sends what each battery needs now.
    pub(super) fn drive(&mut self) {
        let state = self.home.state();
        if !state.link.is_up() {
            return;
        }
        let (now, instant) = (self.clock.now(), self.clock.instant());
        let grid_w = guard::believe_grid_power(&state.grid_power_w, &self.setup.limits.grid, &self.watch, now).known();
        let answer = self.follow(&state, grid_w, now);
        let everything = Grant::default();
        let mut steps = Vec::new();
        for target in self.targets.values().filter(|t| t.is_battery && t.is_ready(instant)) {
            let Some(in_force) = target.standing.as_ref().and_then(|s| s.approved.command()) else { continue };
            let by = target.standing.as_ref().and_then(|s| s.verdict.by.as_deref());
            let grant = by.and_then(|by| self.roster.members.get(by)).map_or(&everything, |member| &member.grant);
            let measured_w = self.battery_w(&state, &target.id, now);
            let due = Due {
                battery: &target.id,
                by,
                grant,
                in_force,
                written: target.written.as_ref().map(|(command, _)| command),
                measured_w,
                // One whose power nobody knows cannot follow.
                follow: match measured_w {
                    Some(_) => Follow::of(&answer, &target.id),
                    None => Follow::Rest,
                },
                paused: target.waits_to_write,
            };
            let scene = Scene { home: &state, now, uptime: self.uptime(), ledger: &self.ledger, watch: &self.watch };
            steps.push((target.id.clone(), drive::next(&self.guard, &due, &scene)));
        }
        for (id, next) in steps {
            match next {
                Next::Write(approved, verdict) => {
                    if let Some(finding) = verdict.findings.last() {
                        tracing::info!(
                            target = id,
                            rule = finding.rule.name(),
                            text = finding.text,
                            "set-point changed by the guard"
                        );
                    }
                    self.dispatch(&id, approved);
                }
                Next::Keep => self.confirm(&id, grid_w),
                Next::Wait(_) => {}
            }
        }
    }

    /// What following the meter asks of the batteries that do.
    /// One that may not be written to is load or source like any other.
    fn follow(&mut self, state: &HomeState, grid_w: Option<f64>, now: Timestamp) -> Answer {
        let instant = self.clock.instant();
        let balanced = |target: &Target| match target.standing.as_ref()?.approved.command()? {
            Command::Balance(limits) if target.listens(instant) => Some((target.id.clone(), *limits)),
            _ => None,
        };
        let following: Vec<_> = self.targets.values().filter_map(balanced).collect();
        let battery = |(id, within): &(TargetId, BalanceLimits)| {
            let shown = state.batteries.iter().find(|battery| &battery.id == id)?;
            let soc = guard::believe_soc(shown, &self.watch, now);
            let (max_charge_w, max_discharge_w) = drive::able_w(self.setup.limits.batteries.get(id)?, within, &soc);
            Some((id.clone(), self.battery_w(state, id, now)?, max_charge_w, max_discharge_w))
        };
        let seen: Vec<_> = following.iter().filter_map(battery).collect();
        let batteries: Vec<Battery<'_>> = seen
            .iter()
            .map(|(id, power_w, charge, discharge)| Battery {
                id,
                power_w: *power_w,
                max_charge_w: *charge,
                max_discharge_w: *discharge,
            })
            .collect();
        let all_w = state.batteries.iter().filter_map(|shown| self.battery_w(state, &shown.id, now)).sum();
        let to_follow_w = |grid_w| guard::meter_to_follow_w(&self.setup.limits, state, grid_w, all_w);
        let meter = grid_w.map(to_follow_w).zip(state.grid_power_w.at).map(|(power_w, at)| Meter { power_w, at });
        let is_followed = state.batteries.iter().any(|battery| matches!(battery.taken, Some(Taken::Controlled { .. })));
        let now = self.uptime();
        self.follower.follow(&balance::Seen { now, meter, batteries: &batteries, is_followed })
    }

    /// Power of a battery at the bus, if it can be believed.
    fn battery_w(&self, state: &HomeState, id: &TargetId, now: Timestamp) -> Option<f64> {
        let shown = state.batteries.iter().find(|b| &b.id == id)?;
        guard::believe_battery_power(shown, self.setup.limits.batteries.get(id)?, now).known()
    }

    /// A new command that needs no write is checked like one that was written.
    fn confirm(&mut self, id: &TargetId, grid_w: Option<f64>) {
        if self.outcome_of(id).is_none_or(|o| o.stage != Stage::Judged) {
            return;
        }
        let Some(target) = self.targets.get_mut(id) else { return };
        match &target.written {
            Some((command, _)) => {
                target.check =
                    Some(Check { command: command.clone(), stage: Stage::Acknowledged, since: self.clock.instant() });
                self.reach_for(id, Stage::Acknowledged, "set already");
            }
            None => {
                let meter = grid_w.map(|w| format!("the meter shows {w:.0} W")).unwrap_or_default();
                self.reach_for(id, Stage::Effective, format!("nothing to change: {meter}"));
            }
        }
    }

    /// Hands an order to the home and returns at once.
    pub(super) fn dispatch(&mut self, id: &TargetId, approved: Approved) {
        if approved.command().is_some() {
            self.take_over(id);
        }
        let turned = |ledger: &Ledger| {
            let (direction, switched) = (ledger.direction(id, Duration::ZERO), ledger.switched(id, Duration::ZERO));
            (direction.map(|(direction, _)| direction), switched.map(|(on, _)| on))
        };
        let before = turned(&self.ledger);
        self.ledger.record(&approved, self.clock.now(), self.uptime());
        self.ledger_is_kept = false;
        if turned(&self.ledger) != before {
            self.save_ledger();
        }
        if let Some(command) = approved.command().filter(|_| self.setup.limits.batteries.contains_key(id)) {
            let measured_w = self.battery_w(&self.home.state(), id, self.clock.now());
            let now = self.uptime();
            self.follower.wrote(id, to_power(command), measured_w, now);
        }
        let Some(target) = self.targets.get_mut(id) else { return };
        target.in_flight = true;
        target.check = None;
        target.shown = false;
        target.written = approved.command().map(|command| (command.clone(), self.clock.instant()));
        if self.outcome_of(id).is_some_and(|o| o.stage == Stage::Judged || o.stage.is_trouble()) {
            let note = approved.command().map(ToString::to_string).unwrap_or_default();
            self.reach_for(id, Stage::Sent, note);
        }
        let (home, report, target) = (self.home.clone(), self.sent.0.clone(), id.clone());
        tokio::spawn(async move {
            let result = home.send(&approved).await;
            let _ = report.send(Sent { target, approved, result }).await;
        });
    }

    fn save_ledger(&mut self) {
        let text = ledger::save(&self.ledger, self.clock.now(), self.uptime());
        let text = text.map_err(|error| RecordError(format!("what was written to the targets: {error}")));
        let result = text.and_then(|text| self.record.save_ledger(&text));
        self.ledger_is_kept = result.is_ok();
        self.note_record(result.err());
    }

    /// Records what could not be recorded before, and what was not worth a write of its own.
    pub(super) fn keep_what_is_not_kept(&mut self) {
        self.keep_found();
        if !self.ledger_is_kept {
            self.save_ledger();
        }
        if !self.hand_is_kept {
            self.save_hand();
        }
    }

    /// What was written before the program was started, so that no interval is shortened by a restart.
    pub(super) fn load_ledger(&mut self) {
        let kept = match self.record.load_ledger() {
            Ok(kept) => kept,
            Err(error) => return self.note_record(Some(error)),
        };
        match kept.map(|text| ledger::restore(&text, self.targets.keys(), self.clock.now())) {
            None => {}
            Some(Ok((ledger, uptime))) => {
                self.ledger = ledger;
                self.uptime_before = uptime;
            }
            Some(Err(error)) => tracing::warn!(%error, "what was written before the start cannot be read"),
        }
    }

    /// Takes the answer to an order.
    pub(super) fn on_sent(&mut self, sent: Sent) {
        let Some(target) = self.targets.get_mut(&sent.target) else { return };
        target.in_flight = false;
        match (sent.result, sent.approved.command()) {
            (Ok(()), Some(command)) => {
                target.rejections = 0;
                target.check =
                    Some(Check { command: command.clone(), stage: Stage::Acknowledged, since: self.clock.instant() });
                if self.outcome_of(&sent.target).is_some_and(|o| o.stage == Stage::Sent) {
                    self.reach_for(&sent.target, Stage::Acknowledged, "");
                }
            }
            (Ok(()), None) => self.released(&sent.target),
            (Err(error), _) => {
                if matches!(error, SendError::NotMapped { .. } | SendError::Unable(_)) {
                    self.not_taken_over(&sent.target);
                }
                let Some(target) = self.targets.get_mut(&sent.target) else { return };
                tracing::warn!(target = sent.target, %error, "order failed");
                self.ledger.failed(&sent.target);
                target.written = None;
                let pause = AFTER_REJECTION.saturating_mul(1 << target.rejections.min(6)).min(AFTER_FAILURE);
                target.rejections += 1;
                target.hold_off = Some(self.clock.instant() + pause);
                let stage = match error {
                    SendError::LinkDown | SendError::TimedOut(_) => Stage::TimedOut,
                    SendError::NotMapped { .. } | SendError::Unable(_) | SendError::Rejected(_) => Stage::Rejected,
                };
                self.reach_for(&sent.target, stage, error.to_string());
            }
        }
    }

    /// Looks how far each order has come.
    pub(super) fn settle(&mut self) {
        let state = self.home.state();
        let (now, instant) = (self.clock.now(), self.clock.instant());
        let mut reached = Vec::new();
        let batteries: Vec<&TargetId> = self.setup.batteries.iter().map(|b| &b.id).collect();
        let powers: BTreeMap<TargetId, Option<f64>> =
            batteries.into_iter().map(|id| (id.clone(), self.battery_w(&state, id, now))).collect();
        for target in self.targets.values_mut() {
            let Some(check) = &mut target.check else { continue };
            let read_back = self.home.read_back(&target.id, &check.command);
            let effect = if target.is_battery {
                powers.get(&target.id).copied().flatten().map(|power_w| {
                    let wanted_w = to_power(&check.command);
                    let close = (power_w - wanted_w).abs() <= FOLLOWS_W.max(wanted_w.abs() * FOLLOWS_SHARE);
                    (close, format!("battery at {power_w:.0} W"))
                })
            } else {
                Some((read_back == ReadBack::Shows, String::new()))
            };
            if let CheckProgress::Reached(stage, note) = check.progress(&read_back, effect, instant, self.setup.settle)
            {
                check.stage = stage;
                check.since = instant;
                target.shown |= matches!(stage, Stage::ReadBack | Stage::Effective);
                if stage.is_final() {
                    target.check = None;
                }
                if stage.is_trouble() {
                    // What the device does is unknown, so the next command is written whatever it is.
                    target.written = None;
                    target.hold_off = Some(instant + AFTER_FAILURE);
                }
                reached.push((target.id.clone(), stage, note));
            }
        }
        for (id, stage, note) in reached {
            if self
                .outcome_of(&id)
                .is_some_and(|o| o.stage != stage && (o.stage != Stage::Effective || stage.is_trouble()))
            {
                self.reach_for(&id, stage, note);
            }
        }
    }
}
