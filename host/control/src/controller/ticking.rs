//! One tick: what is known, what the strategies say to it, what the guard makes of that, and what it changes.

use super::*;
use crate::claims::{self, Ruled};
use crate::shadows::Look;
use crate::standing::{Key, Standing};
use crate::tick::{self, Decided};
use guard::SceneRecord;
use model::snapshot::{InForce, Snapshot};
use model::{Action, Rule, StrategyRef, Verdict};

/// When a waiting time stood in the way, the plan is made again after this.
const RETRY: Duration = Duration::from_secs(15);
/// How many ticks' outcomes are kept open.
const OPEN_TICKS: usize = 32;

impl Controller {
    fn in_force(&self) -> BTreeMap<TargetId, InForce> {
        let shown = |target: &Target| {
            let standing = target.standing.as_ref().filter(|_| target.mode == Mode::Control)?;
            let command = standing.approved.command()?.clone();
            Some((target.id.clone(), InForce::since(command, standing.since)))
        };
        self.targets.values().filter_map(shown).collect()
    }

    fn snapshot(&self, state: &HomeState, now: Timestamp) -> Snapshot {
        snapshot::build(Seen {
            setup: &self.setup,
            state,
            watch: &self.watch,
            now,
            known: self.data.known(now),
            in_force: &self.in_force(),
            tasks: self.tasks.list(&self.setup.tasks, &state.devices, now),
        })
    }

    /// One pass through the chain.
    pub(super) async fn tick(&mut self, cause: Cause) {
        let now = Timestamp::from_second(self.clock.now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
        self.last_slot = Some(model::slot::start_of(now));
        self.last_tick = Some(self.clock.instant());
        self.retry_at = None;
        let snapshot = Arc::new(self.snapshot(&self.home.state(), now));
        let mut decided = self.decide(snapshot).await;
        self.keep_what_is_not_kept();
        let hand = self.owner.at(now);
        decided.by_hand(&hand);
        self.remember(&decided);

        let state = self.home.state();
        let scene = Scene { home: &state, now, uptime: self.uptime(), ledger: &self.ledger, watch: &self.watch };
        let scene = SceneRecord::of(&self.guard, &scene);
        let voices = decided.voices();
        let (proposals, superseded) = claims::claim(&voices);
        let ruled = claims::judge(&proposals, &scene);
        let waits = |verdict: &Verdict| {
            verdict.findings.iter().any(|finding| matches!(finding.rule, Rule::Dwell | Rule::WriteInterval))
        };
        if ruled.iter().any(|ruled| waits(&ruled.judged.verdict)) {
            self.retry_at = Some(self.clock.instant() + RETRY);
        }

        let (outcomes, changes) = self.begin(&ruled, now, &hand);
        let mut tick = decided.to_tick(now, cause, superseded, &ruled);
        tick.outcomes.clone_from(&outcomes);
        tick.modes = self.targets.values().map(|t| (t.id.clone(), t.mode)).collect();
        tick.id = self.keep(&tick, &scene);
        self.open.push_back((tick.id, outcomes));
        if self.open.len() > OPEN_TICKS {
            self.open.pop_front();
        }
        self.enforce(changes, &tick, &hand);
        for (name, lines) in &self.logs {
            if let Err(error) = self.record.log(tick.id, now, name, lines) {
                tracing::error!(strategy = name, %error, "its log could not be kept");
            }
        }
        // What is not recorded has nothing that a shadow's word could stand beside.
        if tick.id > 0 {
            let (snapshot, roster) = (decided.snapshot, self.roster.clone());
            self.shadows.look(Look { tick: tick.id, snapshot, scene: Arc::new(scene), roster });
        }
        tracing::info!(
            tick = tick.id,
            cause = ?tick.cause,
            strategy = tick.strategy.as_ref().map(|s| s.name.as_str()),
            summary = tick.plan.as_ref().map(|p| p.summary.as_str()),
            "tick"
        );
        self.last = Some(tick);
    }

    /// Asks the strategies. What is in force is looked after meanwhile: a strategy may compute for seconds.
    async fn decide(&mut self, snapshot: Arc<Snapshot>) -> Decided {
        let (library, record, roster) = (self.library.clone(), self.record.clone(), self.roster.clone());
        let mut deciding = Box::pin(async move { tick::decide(&library, &roster, Some(&record), snapshot).await });
        loop {
            tokio::select! {
                decided = &mut deciding => return decided,
                Some(sent) = self.sent.1.recv() => self.on_sent(sent),
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            self.observe();
            self.settle();
            self.look_for_others();
            self.restrain();
            self.drive();
            self.publish();
        }
    }

    /// Compares what was approved with what is in force. Gives the outcomes to record and, for each
    /// target that gets another command, what to change.
    fn begin(&mut self, ruled: &[Ruled], now: Timestamp, hand: &Hand) -> (Vec<Outcome>, Vec<Change>) {
        let mut outcomes = Vec::new();
        let mut changes = Vec::new();
        for Ruled { action, judged } in ruled {
            let (Some(approved), Some(target)) = (&judged.approved, self.targets.get(&action.target)) else { continue };
            let Some(command) = approved.command().cloned() else { continue };
            let index = outcomes.len();
            let standing = target.standing.as_ref();
            let same = standing.filter(|s| is_same(target, s.approved.command(), &command));
            let respects = target.foreign.is_respected(self.clock.instant());
            let shown = target.is_battery
                || respects
                || !matches!(self.home.read_back(&target.id, &command), ReadBack::Differs(_));
            let outcome = |stage, note: &str| Outcome::begin(action.target.clone(), command.clone(), stage, now, note);
            if is_suspended(&target.id, hand) {
                outcomes.push(outcome(Stage::Advised, "paused by the owner: nothing is sent"));
                continue;
            }
            let (outcome, is_new) = match (target.mode, same) {
                (Mode::Advise, _) => (outcome(Stage::Advised, "advice only: nothing is sent"), true),
                (Mode::Control, Some(standing)) if shown => {
                    let mut same = outcome(Stage::Unchanged, "in force already");
                    if let Some(old) = self.outcome(standing.outcome) {
                        same.reach(old.stage, now, old.steps.last().map(|s| s.note.clone()).unwrap_or_default());
                    }
                    (same, false)
                }
                (Mode::Control, _) => (outcome(Stage::Judged, ""), true),
            };
            outcomes.push(outcome);
            changes.push(Change {
                target: action.target.clone(),
                index,
                is_new,
                approved: approved.clone(),
                action: action.clone(),
                verdict: judged.verdict.clone(),
                at: now,
            });
        }
        (outcomes, changes)
    }

    /// Puts in force what a tick approved, and lets go of targets that it says nothing of.
    fn enforce(&mut self, changes: Vec<Change>, tick: &Tick, hand: &Hand) {
        for target in self.targets.values_mut() {
            let waits = |v: &Verdict| v.target == target.id && v.findings.iter().any(|f| f.rule == Rule::WriteInterval);
            target.waits_to_write = tick.verdicts.iter().any(waits);
        }
        let named: Vec<TargetId> = changes.iter().map(|c| c.target.clone()).collect();
        for change in changes {
            self.put_in_force(change, tick.id);
        }
        let waiting = |rule: Rule| {
            use Rule::{Duplicate, Dwell, InUse, Link, Taken, WriteInterval};
            matches!(rule, Dwell | WriteInterval | Duplicate | Link | Taken | InUse)
        };
        let refused_for_now =
            |id: &TargetId| tick.verdicts.iter().any(|v| &v.target == id && v.findings.iter().any(|f| waiting(f.rule)));
        let idle: Vec<TargetId> = self
            .targets
            .values()
            .filter(|t| t.standing.is_some() && !named.contains(&t.id))
            .filter(|t| is_suspended(&t.id, hand) || !refused_for_now(&t.id))
            .map(|t| t.id.clone())
            .collect();
        for id in idle {
            self.release(&id);
        }
    }

    /// Keeps what the strategies want to know next time, and their logs.
    fn remember(&mut self, decided: &Decided) {
        self.logs.clear();
        for answered in &decided.answers {
            let name = &answered.strategy.name;
            let mut log = answered.log.clone();
            if let Some(why) = &answered.refused_memory {
                let version = &answered.strategy.version;
                let text = format!(
                    "strategy {name}: version {version} cannot use the memory of an earlier one, which was dropped ({why})"
                );
                tracing::warn!(text);
                log.insert(0, format!("host: {text}"));
                let result = self.record.note(decided.snapshot.now, &text);
                self.note_record(result.err());
            }
            self.logs.insert(name.clone(), log);
            if let Some(memory) = answered.memory_to_keep() {
                let result = self.record.save_memory(&answered.strategy, memory);
                self.note_record(result.err());
            }
        }
        for attempt in &decided.attempts {
            let StrategyRef { name, .. } = &attempt.strategy;
            tracing::warn!(
                strategy = name,
                code = attempt.code,
                message = attempt.message,
                backtrace = attempt.backtrace.first(),
                "strategy gave no plan"
            );
            self.logs.insert(name.clone(), attempt.log.clone());
        }
    }
}

/// What a tick changes for one target.
pub(super) struct Change {
    pub(super) target: TargetId,
    index: usize,
    pub(super) is_new: bool,
    pub(super) approved: Approved,
    action: Action,
    verdict: Verdict,
    at: Timestamp,
}

impl Change {
    pub(super) fn into_standing(self, old: Option<&Standing>, tick: i64, now: Instant) -> Standing {
        let key = Key { tick, index: self.index };
        let kind = |approved: &Approved| approved.command().map(Command::kind);
        let kept = old.filter(|old| kind(&old.approved) == kind(&self.approved));
        Standing {
            since: kept.map_or(self.at, |old| old.since),
            outcome: old.filter(|_| !self.is_new).map_or(key, |old| old.outcome),
            approved: self.approved,
            reason: self.action.reason,
            verdict: self.verdict,
            until: self.action.until,
            renewed: now,
        }
    }
}

/// Whether no command of a strategy counts for a target now.
fn is_suspended(target: &TargetId, hand: &Hand) -> bool {
    hand.pause.is_some() && !hand.overrides.contains_key(target)
}

/// Whether a command would change nothing.
fn is_same(target: &Target, in_force: Option<&Command>, new: &Command) -> bool {
    match (in_force, new) {
        (Some(Command::Balance(old)), Command::Balance(new)) => old == new,
        (Some(old), new) if target.is_battery => crate::drive::is_same(old, new),
        (Some(old), new) => old == new,
        (None, _) => false,
    }
}
