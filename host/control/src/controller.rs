//! The control loop: one task that owns all that is in force.
//!
//! It wakes on every change of the home and at least once a second; it never waits for a device: orders
//! are sent by short-lived tasks that report back.

mod execute;
mod foreign;
mod hand;
mod leading;
mod publish;
mod takeover;
mod tasks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use balance::Follower;
use engine::Library;
use guard::{Approved, Counts, Guard, Ledger, Scene, SceneRecord, Watch};
use home::{Home, ReadBack, SendError};
use jiff::Timestamp;
use model::home::Baseline;
use model::snapshot::{InForce, Snapshot, TaskState};
use model::{
    Action, Cause, Command, Hand, HomeState, Link, Live, Mode, Outcome, Roster, Rule, Stage, StrategyRef, TargetId,
    Tick, Verdict,
};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::announce::Announcer;
use crate::claims::{self, Ruled};
use crate::clock::{Clock, SystemClock};
use crate::lease::Holder;
use crate::owner::Owner;
use crate::ports::{Data, Record, RecordError};
use crate::setup::Setup;
use crate::shadows::{Look, Shadows};
use crate::snapshot::{self, Seen};
use crate::standing::{Key, Standing, Target};
use crate::tasks::Tasks;
use crate::tick::{self, Decided};
use crate::{owner, roster};
use takeover::Found;

/// How long the first tick waits for the home.
const PATIENCE: Duration = Duration::from_secs(5);
/// Least time between two ticks that changes cause.
const CHANGE_SPACING: Duration = Duration::from_secs(3);
/// When a waiting time stood in the way, the plan is made again after this.
const RETRY: Duration = Duration::from_secs(15);
/// How many ticks' outcomes are kept open.
const OPEN_TICKS: usize = 32;

/// Who has set a target that somebody else has set.
struct Author {
    target: TargetId,
    who: String,
}

struct Sent {
    target: TargetId,
    approved: Approved,
    result: Result<(), SendError>,
}

/// What of the home decides whether a tick is due before the next slot.
#[derive(Clone, Debug, Default, PartialEq)]
struct Signature {
    meter: bool,
    batteries: Vec<(bool, bool, bool, bool)>,
    devices: Vec<bool>,
    tasks: Vec<Option<TaskState>>,
}

/// The loop and all that it owns.
pub struct Controller {
    setup: Arc<Setup>,
    guard: Guard,
    home: Arc<dyn Home>,
    data: Arc<dyn Data>,
    record: Arc<dyn Record>,
    library: Arc<Library>,
    roster: Arc<Roster>,
    roster_changes: watch::Receiver<Arc<Roster>>,
    shadows: Shadows,
    library_seen: u64,
    data_seen: u64,
    clock: Arc<dyn Clock>,
    owner: Arc<Owner>,
    follower: Follower,
    started: Instant,
    uptime_before: Duration,
    ledger: Ledger,
    /// Whether the record has it as it is.
    ledger_is_kept: bool,
    watch: Watch,
    targets: BTreeMap<TargetId, Target>,
    tasks: Tasks,
    task_looked: Instant,
    open: VecDeque<(i64, Vec<Outcome>)>,
    last: Option<Tick>,
    logs: BTreeMap<String, Vec<String>>,
    last_slot: Option<Timestamp>,
    link_since: Option<Timestamp>,
    signature: Signature,
    change: Option<String>,
    last_tick: Option<Instant>,
    retry_at: Option<Instant>,
    record_error: Option<String>,
    unrecorded: i64,
    /// What was found at each target that is taken over.
    found: BTreeMap<TargetId, Found>,
    /// What was given back, and when: a target shows it only some time later.
    given_back: BTreeMap<TargetId, (Instant, Baseline)>,
    /// Who commands the home; `None`: nobody else could.
    lease: Option<watch::Receiver<Holder>>,
    /// What it said when it was looked at last.
    holder: Holder,
    /// Targets that another Wattwright has left as they are.
    inherited: BTreeSet<TargetId>,
    /// What is done by hand, as it was acted on last.
    hand: Hand,
    /// Whether the record has it as it is.
    hand_is_kept: bool,
    announcer: Announcer,
    /// What is found out of them.
    authors: (mpsc::Sender<Author>, mpsc::Receiver<Author>),
    live: watch::Sender<Arc<Live>>,
    written: watch::Sender<BTreeMap<TargetId, Counts>>,
    sent: (mpsc::Sender<Sent>, mpsc::Receiver<Sent>),
}

impl Controller {
    /// A loop that has not begun, and the present as it will show it. Must be called within a Tokio runtime.
    pub fn new(
        setup: Setup,
        home: Arc<dyn Home>,
        data: Arc<dyn Data>,
        record: Arc<dyn Record>,
        library: Arc<Library>,
        roster_changes: watch::Receiver<Arc<Roster>>,
    ) -> (Self, watch::Receiver<Arc<Live>>) {
        Self::by_clock(setup, home, data, record, library, roster_changes, Arc::new(SystemClock))
    }

    /// The same by other clocks.
    pub fn by_clock(
        setup: Setup,
        home: Arc<dyn Home>,
        data: Arc<dyn Data>,
        record: Arc<dyn Record>,
        library: Arc<Library>,
        mut roster_changes: watch::Receiver<Arc<Roster>>,
        clock: Arc<dyn Clock>,
    ) -> (Self, watch::Receiver<Arc<Live>>) {
        let roster = roster_changes.borrow_and_update().clone();
        library.pardon(&roster);
        let targets = setup
            .batteries
            .iter()
            .map(|b| (b.id.clone(), Target::new(b.id.clone(), b.mode, true)))
            .chain(setup.devices.iter().map(|d| (d.id.clone(), Target::new(d.id.clone(), d.mode, false))))
            .collect();
        let state = home.state();
        let first = publish::first(&setup, &state, &library, &roster, clock.now());
        let (live, live_receiver) = watch::channel(Arc::new(first));
        let now = clock.instant();
        let (library_seen, data_seen) = (*library.changes().borrow(), *data.changes().borrow());
        let owner = Arc::new(Owner::new(&setup));
        let follower = Follower::new(crate::drive::tuning(&setup.limits));
        let mut controller = Self {
            guard: Guard::new(setup.limits.clone()),
            setup: Arc::new(setup),
            shadows: Shadows::start(library.clone(), record.clone(), roster_changes.clone()),
            home,
            data,
            record,
            library,
            roster,
            roster_changes,
            library_seen,
            data_seen,
            clock,
            owner,
            follower,
            started: now,
            uptime_before: Duration::ZERO,
            ledger: Ledger::default(),
            ledger_is_kept: true,
            watch: Watch::default(),
            targets,
            tasks: Tasks::default(),
            task_looked: now,
            open: VecDeque::new(),
            last: None,
            logs: BTreeMap::new(),
            last_slot: None,
            link_since: None,
            signature: Signature::default(),
            change: None,
            last_tick: None,
            retry_at: None,
            record_error: None,
            unrecorded: 0,
            found: BTreeMap::new(),
            given_back: BTreeMap::new(),
            lease: None,
            holder: Holder::Unknown,
            inherited: BTreeSet::new(),
            hand: Hand::default(),
            hand_is_kept: true,
            announcer: Announcer::default(),
            authors: mpsc::channel(64),
            live,
            written: watch::Sender::new(BTreeMap::new()),
            sent: mpsc::channel(64),
        };
        controller.load_ledger();
        controller.load_hand();
        controller.load_tasks();
        controller.load_debts();
        (controller, live_receiver)
    }

    /// By which the owner commands by hand and pauses.
    pub fn owner(&self) -> Arc<Owner> {
        self.owner.clone()
    }

    /// How often each target was written to within a day, at any time.
    pub fn written(&self) -> watch::Receiver<BTreeMap<TargetId, Counts>> {
        self.written.subscribe()
    }

    /// Runs until `shutdown`, then gives every target back the settings it had before. Returns whether all were.
    pub async fn run(mut self, shutdown: CancellationToken) -> bool {
        let mut home = self.home.changes();
        let mut data = self.data.changes();
        let mut library = self.library.changes();
        let mut roster = self.roster_changes.clone();
        let mut hand = self.owner.changes();
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(sent) = self.sent.1.recv() => self.on_sent(sent),
                Ok(()) = library.changed() => {}
                Ok(()) = roster.changed() => {}
                Ok(()) = hand.changed() => {}
                Ok(()) = data.changed() => {}
                Ok(()) = home.changed() => {}
                _ = second.tick() => {}
            }
            self.pass().await;
        }
        self.farewell().await
    }

    /// What the loop does each time that it wakes: takes in what is new, ticks when that is due, lets go of what
    /// nobody renewed, looks what became of orders, writes the next ones, and shows the present.
    pub async fn pass(&mut self) {
        self.take_in().await;
        self.observe();
        if let Some(cause) = self.due() {
            self.tick(cause).await;
        }
        self.expire_leases();
        self.settle();
        self.look_for_others();
        self.restrain();
        self.drive();
        self.publish();
    }

    async fn take_in(&mut self) {
        while let Ok(sent) = self.sent.1.try_recv() {
            self.on_sent(sent);
        }
        while let Ok(Author { target, who }) = self.authors.1.try_recv() {
            self.on_author(&target, &who);
        }
        let holder = self.lease.as_ref().map(|lease| lease.borrow().clone());
        if let Some(holder) = holder.filter(|holder| *holder != self.holder) {
            self.on_lease(holder).await;
        }
        let library = *self.library.changes().borrow();
        if library != self.library_seen {
            self.library_seen = library;
            let what = "a strategy was loaded, replaced, removed or quarantined".to_owned();
            self.tick(Cause::Strategy { what }).await;
        }
        let roster = self.roster_changes.borrow_and_update().clone();
        if !Arc::ptr_eq(&roster, &self.roster) {
            self.on_roster(roster).await;
        }
        let hand = self.owner.changes().borrow().clone();
        if *hand != self.hand {
            self.on_hand(&hand).await;
        }
        let data = *self.data.changes().borrow();
        if data != self.data_seen {
            self.data_seen = data;
            self.change = Some("prices or forecasts changed".into());
        }
    }

    /// Takes in what the owner lets strategies do from now on.
    async fn on_roster(&mut self, new: Arc<Roster>) {
        let old = std::mem::replace(&mut self.roster, new);
        self.library.pardon(&self.roster);
        if let Some(what) = roster::change(&old, &self.roster) {
            self.tick(Cause::Strategy { what }).await;
        }
    }

    /// The monotonic clock of the guard; it goes on across restarts.
    fn uptime(&self) -> Duration {
        self.uptime_before + self.since(self.started)
    }

    fn since(&self, earlier: Instant) -> Duration {
        self.clock.instant().saturating_duration_since(earlier)
    }

    fn zone(&self, state: &HomeState) -> jiff::tz::TimeZone {
        snapshot::timezone(&snapshot::timezone_name(&self.setup, state))
    }

    /// Takes in what the home shows now.
    fn observe(&mut self) {
        let state = self.home.state();
        let now = self.clock.now();
        self.owner.expire(now);
        self.watch.observe(&state, &self.setup.limits, self.uptime(), now);
        if state.link.is_up() {
            self.data.observe(now, &snapshot::measure(&self.setup, &state, &self.watch, now));
        }
        self.look_at_tasks(&state, now);
        let signature = self.sign(&state, now);
        if signature != self.signature {
            if self.last.is_some() {
                self.change.get_or_insert_with(|| "readings came, went or reached a limit".into());
            }
            self.signature = signature;
        }
    }

    fn sign(&self, state: &HomeState, now: Timestamp) -> Signature {
        let battery = |id: &TargetId| {
            let shown = state.batteries.iter().find(|b| &b.id == id);
            let soc = shown.and_then(|b| guard::believe_soc(b, &self.watch, now).known());
            let limits = self.setup.limits.batteries.get(id);
            let power = shown.zip(limits).and_then(|(b, l)| guard::believe_battery_power(b, l, now).known());
            let at_floor = soc.zip(limits).is_some_and(|(soc, l)| soc <= l.min_soc_pct);
            let at_ceiling = soc.zip(limits).is_some_and(|(soc, l)| soc >= l.max_soc_pct);
            (soc.is_some(), power.is_some(), at_floor, at_ceiling)
        };
        Signature {
            meter: guard::believe_grid_power(&state.grid_power_w, &self.setup.limits.grid, &self.watch, now)
                .known()
                .is_some(),
            batteries: self.setup.batteries.iter().map(|b| battery(&b.id)).collect(),
            devices: state.devices.iter().map(|d| d.fault.is_none()).collect(),
            tasks: self.tasks.list(&self.setup.tasks, &state.devices, now).iter().map(|t| Some(t.state)).collect(),
        }
    }

    /// Why a tick is due now, if one is.
    fn due(&mut self) -> Option<Cause> {
        let state_link = self.home.state().link;
        let since = match state_link {
            Link::Up { since } => Some(since),
            _ => None,
        };
        if since.is_some() && since != self.link_since {
            let first = self.link_since.is_none() && self.last.is_none();
            self.link_since = since;
            self.targets.values_mut().for_each(Target::forget_written);
            self.change = None;
            return Some(if first { Cause::Start } else { Cause::Reconnected });
        }
        if self.last.is_none() {
            return (self.since(self.started) >= PATIENCE).then_some(Cause::Start);
        }
        let slot = model::slot::start_of(self.clock.now());
        if self.last_slot != Some(slot) {
            return Some(Cause::Slot);
        }
        let spaced = self.last_tick.is_none_or(|at| self.since(at) >= CHANGE_SPACING);
        if spaced && self.retry_at.is_some_and(|at| self.clock.instant() >= at) {
            return Some(Cause::Change { what: "a waiting time may be over".into() });
        }
        if spaced { self.change.take().map(|what| Cause::Change { what }) } else { None }
    }

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
    async fn tick(&mut self, cause: Cause) {
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
struct Change {
    target: TargetId,
    index: usize,
    is_new: bool,
    approved: Approved,
    action: Action,
    verdict: Verdict,
    at: Timestamp,
}

impl Change {
    fn into_standing(self, old: Option<&Standing>, tick: i64, now: Instant) -> Standing {
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
