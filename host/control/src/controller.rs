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
mod ticking;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use balance::Follower;
use engine::Library;
use guard::{Approved, Counts, Guard, Ledger, Scene, Watch};
use home::{Home, ReadBack, SendError};
use jiff::Timestamp;
use model::home::Baseline;
use model::snapshot::TaskState;
use model::{Cause, Command, Hand, HomeState, Link, Live, Mode, Outcome, Roster, Stage, TargetId, Tick};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::announce::{Announcer, Message};
use crate::clock::{Clock, SystemClock};
use crate::foreign::CuttingOff;
use crate::lease::Holder;
use crate::owner::Owner;
use crate::ports::{Data, Record, RecordError};
use crate::setup::Setup;
use crate::shadows::Shadows;
use crate::snapshot::{self, Seen};
use crate::standing::Target;
use crate::tasks::Tasks;
use crate::{owner, roster};
use takeover::Found;

/// How long the first tick waits for the home.
const PATIENCE: Duration = Duration::from_secs(5);
/// Least time between two ticks that changes cause.
const CHANGE_SPACING: Duration = Duration::from_secs(3);

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
    cutting_off: CuttingOff,
    announcer: Announcer,
    /// Messages that did not arrive.
    untold: (mpsc::Sender<Message>, mpsc::Receiver<Message>),
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
            cutting_off: CuttingOff::default(),
            announcer: Announcer::default(),
            untold: mpsc::channel(8),
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
        while let Ok(message) = self.untold.1.try_recv() {
            self.announcer.not_told(&message);
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
}
