//! The lab behind the API: one backtest at a time, on a thread of low priority, with results in the state folder.

mod house;
mod job;
mod past;
mod store;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use backtest::{Foresight, Strategy as _};
use control::Setup;
use engine::Library;
use forecast::SeriesRow;
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use model::slot;
use server::Lab;
use server::lab::{Backtest, LabData, LabForecast, LabProgress, LabSource, LabState, NewBacktest};
use server::manage::ManageError;

use crate::background;
use crate::roster::RosterFile;
use crate::sandboxed::{Sandboxed, in_use};
use job::{Job, Progress, Run};
use past::Stretch;
use store::Store;

/// As much of the past as is played.
const MOST: SignedDuration = SignedDuration::from_hours(24 * 400);
/// How much of the journal is read at a time: the tick under way may need it in between.
const CHUNK: SignedDuration = SignedDuration::from_hours(24 * 31);
/// Less than a day says nothing.
const LEAST_SLOTS: usize = 96;
const RUNS_MOST: usize = 8;
/// What can be played changes slowly, and a page that waits asks often.
const SOURCES_FOR: Duration = Duration::from_secs(900);

type Result<T> = std::result::Result<T, ManageError>;

/// What the server asks.
#[derive(Clone)]
pub struct Laboratory(Arc<Inner>);

struct Inner {
    setup: Setup,
    library: Arc<Library>,
    roster: RosterFile,
    journal: Journal,
    store: Store,
    running: Mutex<Option<Running>>,
    failure: Mutex<Option<String>>,
    sources: Mutex<Option<(Instant, Vec<LabSource>)>>,
}

#[derive(Clone)]
struct Running {
    request: NewBacktest,
    since: Timestamp,
    slots: u64,
    progress: Arc<Progress>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: impl std::fmt::Display) -> ManageError {
    ManageError::Failed(error.to_string())
}

impl Laboratory {
    /// For this home.
    pub fn new(setup: &Setup, library: Arc<Library>, roster: RosterFile, journal: Journal, state_dir: &Path) -> Self {
        Self(Arc::new(Inner {
            setup: setup.clone(),
            library,
            roster,
            journal,
            store: Store::open(state_dir.join("lab")),
            running: Mutex::default(),
            failure: Mutex::default(),
            sources: Mutex::default(),
        }))
    }
}

impl Inner {
    fn state(&self) -> Result<LabState> {
        let sources = self.sources()?;
        let running = locked(&self.running).as_ref().map(|running| LabProgress {
            request: running.request.clone(),
            since: running.since,
            slots_done: running.progress.slots_done.load(Ordering::Relaxed),
            slots: running.slots,
        });
        Ok(LabState {
            sources,
            battery: house::battery(&self.setup),
            running,
            failure: locked(&self.failure).clone(),
            results: self.store.list(),
        })
    }

    fn sources(&self) -> Result<Vec<LabSource>> {
        let mut sources = locked(&self.sources);
        if let Some((at, known)) = &*sources
            && at.elapsed() < SOURCES_FOR
        {
            return Ok(known.clone());
        }
        let mut found = Vec::new();
        for data in [LabData::Home, LabData::Sample] {
            let rows = match self.rows(data) {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(%error, ?data, "a past cannot be played");
                    continue;
                }
            };
            if let Some((first, last)) = rows.first().zip(rows.last()).filter(|_| rows.len() >= LEAST_SLOTS) {
                found.push(LabSource {
                    data,
                    from: first.start,
                    until: slot::next(last.start),
                    slots: rows.len() as u64,
                });
            }
        }
        *sources = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    fn rows(&self, data: LabData) -> Result<Vec<SeriesRow>> {
        if data == LabData::Sample {
            return Ok(home::simulated::year_of_data().map_err(failed)?.rows().to_vec());
        }
        let now = Timestamp::now();
        let mut stretch = Stretch::default();
        let mut start = now.checked_sub(MOST).unwrap_or(Timestamp::MIN);
        while start < now {
            let end = start.checked_add(CHUNK).unwrap_or(now).min(now);
            for measured in self.journal.past(start, end).map_err(failed)? {
                stretch.push(&measured);
            }
            start = end;
        }
        Ok(stretch.rows())
    }

    fn job(&self, request: &NewBacktest) -> Result<Job> {
        let refused = |text: String| ManageError::Refused(text);
        if !(1..=RUNS_MOST).contains(&request.runs.len()) {
            return Err(refused(format!("{} strategies, expected 1 to {RUNS_MOST}", request.runs.len())));
        }
        let tick = self.journal.latest().map_err(failed)?;
        let tick = tick.ok_or_else(|| refused("nothing was decided yet; try again in a moment".into()))?;
        let snapshot = &tick.input.snapshot;
        let house = house::house(&self.setup, request, &snapshot.timezone, &snapshot.currency).map_err(refused)?;
        let mut rows = self.rows(request.data)?;
        if let Some(days) = request.days {
            let wanted = usize::try_from(days).unwrap_or(usize::MAX).clamp(1, 400) * 96;
            rows.drain(..rows.len().saturating_sub(wanted));
        }
        if rows.len() < LEAST_SLOTS {
            return Err(refused("less than a day is known without a gap; play the sample year for now".into()));
        }
        let most = house::most_slots(&house);
        if rows.len() > most {
            let days = rows.len() / 96;
            return Err(refused(format!(
                "for so large a battery with so little power, {days} days at once take too much memory; play {} days at \
                 the most, or give it more power",
                most / 96
            )));
        }
        let runs = request.runs.iter().map(|run| self.run(run)).collect::<Result<Vec<Run>>>()?;
        let foresight = match request.forecast {
            LabForecast::Known => Foresight::KNOWN,
            LabForecast::Perfect => Foresight::PERFECT,
        };
        Ok(Job { house, rows, foresight, runs })
    }

    fn run(&self, run: &server::lab::NewRun) -> Result<Run> {
        let name = &run.strategy;
        let strategy = in_use(&self.library, name)?;
        let roster = self.roster.read().map_err(|error| failed(format!("{error:#}")))?;
        let strategy = Arc::new(Sandboxed::new(strategy, roster.terms(name).allowance));
        let mut settings = roster.member(name).settings;
        for (key, value) in &run.settings {
            settings[key] = value.clone();
        }
        let settings = strategy.complete(&settings).map_err(|error| ManageError::Refused(format!("{error:#}")))?;
        Ok(Run { strategy, settings, asked: run.settings.clone() })
    }

    /// Plays on this thread, and keeps what came of it.
    fn play(&self, job: &Job, running: &Running) {
        let begun = Instant::now();
        let strategies: Vec<&str> = job.runs.iter().map(|run| run.strategy.name()).collect();
        tracing::info!(slots = job.rows.len(), strategies = strategies.join(", "), "a backtest begins");
        let kept = job.play(&running.progress).map(|lines| {
            let (lines, (first, last)) = lines.zip(job.rows.first().zip(job.rows.last()))?;
            Some(Backtest {
                id: 0,
                at: running.since,
                wall_s: begun.elapsed().as_secs_f64(),
                request: running.request.clone(),
                from: first.start,
                until: slot::next(last.start),
                slots: job.rows.len() as u64,
                currency: job.house.currency.clone(),
                lines,
            })
        });
        let ended = match kept {
            Ok(Some(backtest)) => self.store.add(backtest).map_err(|error| format!("it cannot be kept: {error}")),
            Ok(None) => Ok(()),
            Err(error) => Err(format!("{error:#}")),
        };
        tracing::info!(took_s = begun.elapsed().as_secs_f64(), "a backtest ended");
        *locked(&self.failure) = ended.err();
    }
}

/// Says that nothing is under way any more, also when a thread ends by a fault.
struct Ends(Arc<Inner>);

impl Drop for Ends {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *locked(&self.0.failure) = Some("it ended by a fault; the daemon's log says which".into());
        }
        *locked(&self.0.running) = None;
    }
}

impl Lab for Laboratory {
    fn state(&self) -> Result<LabState> {
        self.0.state()
    }

    fn start(&self, request: NewBacktest) -> Result<LabState> {
        let busy = || ManageError::Busy("a backtest is under way; cancel it, or wait for its end".into());
        if locked(&self.0.running).is_some() {
            return Err(busy());
        }
        let job = self.0.job(&request)?;
        let running =
            Running { request, since: Timestamp::now(), slots: job.slots(), progress: Arc::new(Progress::default()) };
        {
            let mut place = locked(&self.0.running);
            if place.is_some() {
                return Err(busy());
            }
            *place = Some(running.clone());
        }
        *locked(&self.0.failure) = None;
        let ends = Ends(self.0.clone());
        // When the thread cannot be had, `ends` is dropped with it.
        background::spawn("lab", move || ends.0.play(&job, &running)).map_err(failed)?;
        self.state()
    }

    fn cancel(&self) -> Result<LabState> {
        match &*locked(&self.0.running) {
            Some(running) => running.progress.cancelled.store(true, Ordering::Relaxed),
            None => return Err(ManageError::NotFound("no backtest is under way".into())),
        }
        self.state()
    }

    fn result(&self, id: u64) -> Result<Backtest> {
        let found = self.0.store.get(id).map_err(failed)?;
        found.ok_or_else(|| ManageError::NotFound(format!("there is no backtest {id}, or no longer")))
    }

    fn forget(&self, id: u64) -> Result<()> {
        match self.0.store.forget(id).map_err(failed)? {
            true => Ok(()),
            false => Err(ManageError::NotFound(format!("there is no backtest {id}, or no longer"))),
        }
    }
}
