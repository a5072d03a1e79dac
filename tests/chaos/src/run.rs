//! One seed: days of a home in which things go wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use control::{Clock, Controller, Owner, Setup};
use engine::{Engine, Library, LibraryConfig};
use home::Home;
use home::simulated::{SimulatedConfig, SimulatedHome};
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use knowledge::Knowledge;
use model::home::Taken;
use model::{BalanceLimits, Command, Member, Roster, Rule, Verdict};
use serde::Serialize;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::clock::SimulatedClock;
use crate::faults::{Fault, Kind, Schedule};
use crate::hostile::GOOD;
use crate::judge::{Judge, Second};
use crate::place::{BATTERY, Place, Sensor, after};
use crate::record::{self, FailingRecord, Shared, lock};
use crate::site;

/// A slot has a tick within so many seconds: the clock is looked at once a second.
const LATEST_TICK: Duration = Duration::from_secs(5);
/// Prices are asked for so often.
const PRICES_S: u64 = 900;

/// The strategies, by name.
pub type Strategies = Vec<(&'static str, &'static [u8])>;

/// What came of a seed.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub seed: u64,
    pub days: f64,
    pub faults: u64,
    pub ticks: u64,
    pub commands_sent: u64,
    pub limit_violations: u64,
    pub lost_ticks: u64,
    pub journal_ok: bool,
    pub worst_recovery_ticks: u64,
    pub kills: u64,
    /// In which the battery was ours, all was in order, and its limits were looked at.
    pub hours_judged: f64,
    /// In words, with the time since the beginning.
    pub problems: Vec<String>,
}

impl Outcome {
    /// Whether all stayed true.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One life of the program, from its start to its kill.
struct Life {
    controller: Controller,
    owner: Arc<Owner>,
    knowledge: Arc<Knowledge>,
    /// The slot by our machine's clock, when it began, and whether it had its tick.
    slot: (Timestamp, Duration, bool),
}

/// Whether control has come back after a fault.
#[derive(Clone, Copy, Debug)]
struct Recovering {
    ticks: u64,
    from: Kind,
}

struct Run {
    clock: Arc<SimulatedClock>,
    place: Arc<Place>,
    setup: Setup,
    library: Arc<Library>,
    roster: watch::Sender<Arc<Roster>>,
    folder: TempDir,
    journal: PathBuf,
    witness: Shared,
    life: Option<Life>,
    lives: u64,
    schedule: Schedule,
    faults: BTreeMap<Kind, Fault>,
    clean_since: Duration,
    recovering: Option<Recovering>,
    judge: Judge,
    outcome: Outcome,
    traces: bool,
}

/// Runs a seed for so many days.
pub fn run(seed: u64, days: f64, engine: &Engine, strategies: &Strategies, traces: bool) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().context("no runtime")?;
    runtime.block_on(async {
        let mut run = Run::new(seed, days, engine, strategies, traces)?;
        run.start()?;
        for _ in 0..(days * 86_400.0) as u64 {
            run.second().await?;
        }
        run.finish()
    })
}

impl Run {
    fn new(seed: u64, days: f64, engine: &Engine, strategies: &Strategies, traces: bool) -> Result<Self> {
        let mut schedule = Schedule::new(seed);
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().context("the beginning")?;
        let begin = begin.checked_add(SignedDuration::from_hours(24 * schedule.draw(350) as i64)).context("a day")?;
        let clock = Arc::new(SimulatedClock::new(begin));
        let truth = clock.clone();
        let config = SimulatedConfig { seed, present_soc_pct: Some(55.0), ..SimulatedConfig::default() };
        let home = SimulatedHome::standing_still(config, Arc::new(move || truth.truth()))?;
        let setup = site::setup(&home.layout());
        let config = LibraryConfig { shipped: strategies.clone(), ..LibraryConfig::default() };
        let library = Arc::new(Library::open(engine.clone(), config)?);
        let folder = tempfile::tempdir().context("no folder for the journal")?;
        let outcome = Outcome {
            seed,
            days,
            faults: 0,
            ticks: 0,
            commands_sent: 0,
            limit_violations: 0,
            lost_ticks: 0,
            journal_ok: true,
            worst_recovery_ticks: 0,
            kills: 0,
            hours_judged: 0.0,
            problems: Vec::new(),
        };
        Ok(Self {
            place: Arc::new(Place::new(home, clock.clone())),
            clock,
            judge: Judge::new(setup.limits.clone()),
            setup,
            library,
            roster: watch::Sender::new(Arc::new(roster(&[GOOD]))),
            journal: folder.path().join("0").join("journal.db"),
            folder,
            witness: Shared::default(),
            life: None,
            lives: 0,
            schedule,
            faults: BTreeMap::new(),
            clean_since: Duration::ZERO,
            recovering: None,
            outcome,
            traces,
        })
    }

    fn now_s(&self) -> u64 {
        self.clock.passed().as_secs()
    }

    /// A line of what happens, for looking into a seed.
    fn tell(&self, what: impl std::fmt::Display) {
        if self.traces {
            let (at, now) = (self.now_s(), self.clock.now());
            eprintln!("{}:{:02}:{:02} ({now}) {what}", at / 3600, at / 60 % 60, at % 60);
        }
    }

    fn problem(&mut self, what: impl std::fmt::Display) {
        let at = self.now_s();
        self.outcome.problems.push(format!("{}:{:02}:{:02}: {what}", at / 3600, at / 60 % 60, at % 60));
    }

    /// Starts the program on the journal as it lies there.
    fn start(&mut self) -> Result<()> {
        let journal = Journal::open(&self.journal)?;
        self.look_for_loss(&journal);
        let record = Arc::new(FailingRecord::new(journal, self.witness.clone()));
        let knowledge = site::knowledge(&self.place.true_home, &self.setup, self.clock.truth());
        let (controller, _) = Controller::by_clock(
            self.setup.clone(),
            self.place.clone(),
            knowledge.clone(),
            record,
            self.library.clone(),
            self.roster.subscribe(),
            self.clock.clone(),
        );
        let owner = controller.owner();
        let slot = (model::slot::start_of(self.clock.now()), self.clock.passed(), false);
        self.life = Some(Life { controller, owner, knowledge, slot });
        self.judge.restarted();
        Ok(())
    }

    fn look_for_loss(&mut self, journal: &Journal) {
        let acknowledged = lock(&self.witness).acknowledged.clone();
        let missing = record::missing(journal, &acknowledged);
        let aside = journal.set_aside().map(|aside| format!("it was set aside: {}", aside.reason));
        for what in missing.into_iter().chain(aside) {
            self.outcome.journal_ok = false;
            self.problem(format!("the journal: {what}"));
        }
    }

    /// Ends the program as SIGKILL does: nothing is said, and its files stay as they are at this moment.
    fn kill(&mut self) -> Result<()> {
        self.lives += 1;
        let there = self.folder.path().join(self.lives.to_string());
        std::fs::create_dir_all(&there)?;
        for suffix in ["", "-wal"] {
            let of = |folder: &Path| folder.join(format!("journal.db{suffix}"));
            let from = of(self.journal.parent().context("a folder")?);
            if from.exists() {
                std::fs::copy(from, of(&there))?;
            }
        }
        self.life = None;
        if let Some(folder) = self.journal.parent() {
            std::fs::remove_dir_all(folder)?;
        }
        self.journal = there.join("journal.db");
        self.outcome.kills += 1;
        Ok(())
    }

    /// A second of the home, of what goes wrong, and of the program.
    async fn second(&mut self) -> Result<()> {
        self.clock.pass(Duration::from_secs(1));
        self.place.true_home.step();
        self.change_faults().await?;
        if let Some(life) = &mut self.life {
            if self.clock.passed().as_secs().is_multiple_of(PRICES_S) {
                site::enter_prices(&self.place.true_home, &life.knowledge, self.clock.truth());
            }
            life.controller.pass().await;
            // Orders are sent by tasks of their own.
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        }
        self.look();
        Ok(())
    }

    async fn change_faults(&mut self) -> Result<()> {
        let now_s = self.now_s();
        let over: Vec<Kind> = self.faults.values().filter(|f| f.until_s <= now_s).map(|f| f.kind).collect();
        for kind in over {
            // Nothing starts on a disk that cannot be written to.
            if kind == Kind::Kill && self.faults.contains_key(&Kind::Disk) {
                continue;
            }
            let Some(fault) = self.faults.remove(&kind) else { continue };
            self.tell(format_args!("{kind:?} ends"));
            self.end(fault)?;
            let has_ended = self.faults.is_empty() && !matches!(kind, Kind::Hand | Kind::Pause | Kind::Foreign);
            self.recovering = (has_ended && self.life.is_some()).then_some(Recovering { ticks: 0, from: kind });
        }
        if let Some(fault) = self.schedule.due(now_s).filter(|fault| !self.faults.contains_key(&fault.kind)) {
            self.outcome.faults += 1;
            self.recovering = None;
            self.tell(format_args!("{:?} for {} s", fault.kind, fault.until_s - now_s));
            self.begin(fault).await?;
            self.faults.insert(fault.kind, fault);
        }
        if self.faults.contains_key(&Kind::Flapping) && now_s.is_multiple_of(7) {
            let swapped = if now_s.is_multiple_of(14) { "charges" } else { "discharges" };
            self.roster.send_replace(Arc::new(roster(&[swapped, GOOD])));
        }
        if !self.faults.is_empty() {
            self.clean_since = self.clock.passed();
        }
        Ok(())
    }

    async fn begin(&mut self, fault: Fault) -> Result<()> {
        let state = self.place.true_home.state();
        let sensor = |true_one: &model::Reading, low: f64, high: f64| match fault.one_of(5) {
            0 => Sensor::Stuck(true_one.value.unwrap_or_default()),
            1 => Sensor::Stuck(fault.between(low, high)),
            2 => Sensor::Off(fault.between(-high / 3.0, high / 3.0)),
            3 => Sensor::Silent(true_one.clone()),
            _ => Sensor::Absent,
        };
        match fault.kind {
            Kind::Link | Kind::Restart => self.place.change(|wrongs| wrongs.up_since = None),
            Kind::Kill => self.kill()?,
            Kind::Clock => {
                let by_s = match fault.one_of(4) {
                    0 => fault.between(-100.0, 100.0),
                    1 => fault.between(61.0, 7_200.0),
                    2 => fault.between(-7_200.0, -61.0),
                    _ => fault.between(-93_600.0, 93_600.0),
                };
                self.clock.set_skew(SignedDuration::from_secs(by_s as i64));
            }
            Kind::Disk => lock(&self.witness).fails = true,
            Kind::Soc => {
                let soc = sensor(&state.batteries[0].soc_pct, 0.0, 100.0);
                self.place.change(|wrongs| wrongs.soc = soc);
            }
            Kind::Meter => {
                let meter = sensor(&state.grid_power_w, -5_000.0, 50_000.0);
                self.place.change(|wrongs| wrongs.meter = meter);
            }
            Kind::Power => {
                let power = sensor(&state.batteries[0].power_w, -3_000.0, 3_000.0);
                self.place.change(|wrongs| wrongs.power = power);
            }
            Kind::Taken => {
                let by = || Taken::Controlled { by: "chaos".into() };
                let taken = if fault.one_of(2) == 0 { Taken::Calibrating } else { by() };
                self.place.change(|wrongs| wrongs.taken = Some(taken));
            }
            Kind::Refused => self.place.change(|wrongs| wrongs.refuses = true),
            Kind::Ignored => self.place.change(|wrongs| wrongs.ignores = true),
            Kind::Foreign => {
                let power_w = fault.between(50.0, 1_200.0).round();
                let command = match fault.one_of(4) {
                    0 => Command::Charge { power_w },
                    1 => Command::Discharge { power_w },
                    2 => Command::Hold,
                    _ => Command::Balance(BalanceLimits::default()),
                };
                self.place.set_by_others(BATTERY, &command).await?;
            }
            Kind::Hostile => {
                let mut new = roster(&[fault.hostile(), GOOD]);
                // By the machine's own clock, which quarantines go by.
                let pardoned_at = Some(Timestamp::now());
                new.members.insert(fault.hostile().into(), Member { pardoned_at, ..Member::default() });
                self.roster.send_replace(Arc::new(new));
            }
            Kind::Flapping => {}
            Kind::Hand | Kind::Pause => {
                let Some(life) = &self.life else { return Ok(()) };
                let (lasts, now) = (Duration::from_secs(fault.until_s - self.now_s()), self.clock.now());
                let power_w = fault.between(0.0, 3_000.0);
                let command = match fault.one_of(3) {
                    0 => Command::Charge { power_w },
                    1 => Command::Discharge { power_w },
                    _ => Command::Hold,
                };
                match fault.kind {
                    Kind::Pause => life.owner.pause(lasts, now)?,
                    _ => life.owner.set(BATTERY, command, lasts, now)?,
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, fault: Fault) -> Result<()> {
        let truth = self.clock.truth();
        match fault.kind {
            Kind::Link if !self.faults.contains_key(&Kind::Restart) => {
                self.place.change(|wrongs| wrongs.up_since = Some(truth));
            }
            Kind::Restart if !self.faults.contains_key(&Kind::Link) => {
                let quiet_until = after(truth, fault.one_of(30) as i64);
                self.place.change(|wrongs| {
                    wrongs.up_since = Some(truth);
                    wrongs.quiet_until = Some(quiet_until);
                });
            }
            Kind::Link | Kind::Restart | Kind::Foreign | Kind::Hand | Kind::Pause => {}
            Kind::Kill => self.start()?,
            Kind::Clock => self.clock.set_skew(SignedDuration::ZERO),
            Kind::Disk => lock(&self.witness).fails = false,
            Kind::Soc => self.place.change(|wrongs| wrongs.soc = Sensor::Honest),
            Kind::Meter => self.place.change(|wrongs| wrongs.meter = Sensor::Honest),
            Kind::Power => self.place.change(|wrongs| wrongs.power = Sensor::Honest),
            Kind::Taken => self.place.change(|wrongs| wrongs.taken = None),
            Kind::Refused => self.place.change(|wrongs| wrongs.refuses = false),
            Kind::Ignored => self.place.change(|wrongs| wrongs.ignores = false),
            Kind::Hostile | Kind::Flapping => {
                self.roster.send_replace(Arc::new(roster(&[GOOD])));
            }
        }
        Ok(())
    }

    /// Judges what came of this second.
    fn look(&mut self) {
        let at = self.clock.passed();
        let sent = self.place.take_sent();
        for sent in &sent {
            self.tell(format_args!("sent to {}: {:?}", sent.target, sent.order));
            self.judge.order(sent);
        }
        let clean_for = self.faults.is_empty().then(|| at - self.clean_since);
        let home = self.place.true_home.state();
        self.judge.second(&Second { at, home: &home, clean_for, setter: self.place.setter(BATTERY) });
        let ticks = std::mem::take(&mut lock(&self.witness).ticks);
        self.outcome.ticks += ticks.len() as u64;
        for tick in &ticks {
            let controls = tick.verdicts.iter().any(|v| v.target == BATTERY && (v.approved.is_some() || waits(v)));
            let Some(recovering) = &mut self.recovering else { continue };
            recovering.ticks += 1;
            let (ticks, from) = (recovering.ticks, recovering.from);
            self.outcome.worst_recovery_ticks = self.outcome.worst_recovery_ticks.max(ticks);
            if controls {
                self.recovering = None;
            } else if ticks == 2 {
                let why: Vec<_> = tick.verdicts.iter().filter(|v| v.target == BATTERY).collect();
                self.problem(format!("after {from:?} two ticks had no command for the battery: {why:?}"));
            }
        }
        let now = self.clock.now();
        let Some(life) = &mut self.life else { return };
        let slot = model::slot::start_of(now);
        if slot != life.slot.0 {
            life.slot = (slot, at, false);
        }
        life.slot.2 |= !ticks.is_empty();
        if !life.slot.2 && at - life.slot.1 > LATEST_TICK {
            life.slot.2 = true;
            self.outcome.lost_ticks += 1;
            self.problem(format!("the slot {slot} had no tick"));
        }
    }

    fn finish(mut self) -> Result<Outcome> {
        self.kill()?;
        let journal = Journal::open(&self.journal)?;
        self.look_for_loss(&journal);
        let mut outcome = self.outcome;
        outcome.kills -= 1;
        outcome.commands_sent = self.judge.commands;
        outcome.hours_judged = self.judge.looked_s as f64 / 3600.0;
        outcome.limit_violations = self.judge.violations.len() as u64;
        outcome.problems.extend(self.judge.violations);
        Ok(outcome)
    }
}

/// Whether a command is only put off: it comes as soon as it may, and what was in force stays so long.
fn waits(verdict: &Verdict) -> bool {
    verdict.findings.iter().any(|finding| matches!(finding.rule, Rule::WriteInterval | Rule::Dwell))
}

fn roster(active: &[&str]) -> Roster {
    Roster { active: active.iter().map(|name| (*name).to_owned()).collect(), ..Roster::default() }
}
