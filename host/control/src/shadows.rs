//! Strategies that are only looked at: asked about the ticks' snapshots off the control path, their plans
//! judged and recorded, and not carried out.
//!
//! There is one place for a tick that waits. While the shadows are busy with one, a newer one takes the
//! place of the one that waits, which is skipped and counted: control never waits for a shadow, and slow
//! shadows never pile up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::Library;
use guard::SceneRecord;
use model::{Attempt, Roster, Shadow, Snapshot, Terms};
use tokio::sync::watch;

use crate::ask::{Answered, Question};
use crate::claims::{self, Voice};
use crate::ports::Record;
use crate::tick;

/// A recorded tick that shadows are to be asked about.
#[derive(Clone, Debug)]
pub struct Look {
    /// Its id.
    pub tick: i64,
    /// What the active strategies were asked about.
    pub snapshot: Arc<Snapshot>,
    /// What their verdicts were found from.
    pub scene: Arc<SceneRecord>,
    /// Who is a shadow, with what settings and grants.
    pub roster: Arc<Roster>,
}

/// How the shadows are doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Ticks that none of them was asked about, since they were still busy.
    pub skipped: u64,
    /// Their own logs of their last calls, by name.
    pub logs: BTreeMap<String, Vec<String>>,
    /// Why those that failed last time did, by name.
    pub failures: BTreeMap<String, String>,
}

struct Numbered {
    number: u64,
    look: Look,
}

/// Hands ticks over to the shadows. They end when this is dropped.
pub struct Shadows {
    waiting: watch::Sender<Option<Arc<Numbered>>>,
    standing: Arc<Mutex<Standing>>,
}

impl Shadows {
    /// Begins to ask shadows, in a task of its own. Must be called within a Tokio runtime.
    ///
    /// `roster` tells who is a shadow at the end of a call: what a strategy that has become active
    /// meanwhile wants to know next time is not kept.
    pub fn start(library: Arc<Library>, record: Arc<dyn Record>, roster: watch::Receiver<Arc<Roster>>) -> Self {
        let (waiting, looks) = watch::channel(None);
        let standing = Arc::new(Mutex::new(Standing::default()));
        let runner = Runner { library, record, roster, standing: standing.clone() };
        tokio::spawn(runner.run(looks));
        Self { waiting, standing }
    }

    /// Hands a tick over, in place of one that waits still.
    pub fn look(&self, look: Look) {
        if look.roster.shadows.is_empty() {
            let mut standing = lock(&self.standing);
            standing.logs.clear();
            standing.failures.clear();
            return;
        }
        let number = self.waiting.borrow().as_ref().map_or(1, |before| before.number + 1);
        // It fails when the runner is gone, which only ends with this.
        let _ = self.waiting.send(Some(Arc::new(Numbered { number, look })));
    }

    /// How they are doing.
    pub fn standing(&self) -> Standing {
        lock(&self.standing).clone()
    }
}

fn lock(standing: &Mutex<Standing>) -> MutexGuard<'_, Standing> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Runner {
    library: Arc<Library>,
    record: Arc<dyn Record>,
    roster: watch::Receiver<Arc<Roster>>,
    standing: Arc<Mutex<Standing>>,
}

impl Runner {
    async fn run(self, mut looks: watch::Receiver<Option<Arc<Numbered>>>) {
        let mut done = 0;
        while looks.changed().await.is_ok() {
            let Some(next) = looks.borrow_and_update().clone() else { continue };
            let skipped = next.number - done - 1;
            done = next.number;
            if skipped > 0 {
                tracing::warn!(tick = next.look.tick, skipped, "shadows take longer than a tick; ticks were skipped");
                lock(&self.standing).skipped += skipped;
            }
            self.ask_all(&next.look).await;
        }
    }

    async fn ask_all(&self, look: &Look) {
        let (mut logs, mut failures) = (BTreeMap::new(), BTreeMap::new());
        for name in look.roster.shadows.iter().filter(|name| !look.roster.active.contains(name)) {
            let (library, record) = (self.library.clone(), self.record.clone());
            let (of, own_look, roster) = (name.clone(), look.clone(), self.roster.clone());
            let asked = tokio::task::spawn_blocking(move || ask(&of, &own_look, &library, &*record, &roster)).await;
            let (log, failure) = asked.unwrap_or_else(|error| {
                tracing::error!(shadow = name, %error, "the call did not end properly");
                (Vec::new(), Some(error.to_string()))
            });
            logs.insert(name.clone(), log);
            failures.extend(failure.map(|failure| (name.clone(), failure)));
        }
        let mut standing = lock(&self.standing);
        standing.logs = logs;
        standing.failures = failures;
    }
}

/// Asks one shadow and records what it said. Gives its log, and why it has no plan.
fn ask(
    name: &str,
    look: &Look,
    library: &Library,
    record: &dyn Record,
    roster: &watch::Receiver<Arc<Roster>>,
) -> (Vec<String>, Option<String>) {
    let said = Question::prepare(name, library, &look.roster, Some(record))
        .and_then(|question| tick::put(question, library, &look.snapshot));
    let is_shadow = roster.borrow().shadows.iter().any(|shadow| shadow == name);
    if let Ok(answered) = &said
        && is_shadow
        && let Some(memory) = answered.memory_to_keep()
        && let Err(error) = record.save_memory(&answered.strategy, memory)
    {
        tracing::error!(shadow = name, %error, "its memory could not be kept");
    }
    let (log, failure) = match &said {
        Ok(answered) => (answered.log.clone(), None),
        Err(attempt) => (attempt.log.clone(), Some(attempt.message.clone())),
    };
    if let Err(error) = record.log(look.tick, look.snapshot.now, name, &log) {
        tracing::error!(shadow = name, %error, "its log could not be kept");
    }
    let shadow = match said {
        Ok(answered) => answered_as(look, answered),
        Err(attempt) => failed_as(look, *attempt),
    };
    if let Err(error) = record.shadow(&shadow) {
        tracing::error!(shadow = name, tick = look.tick, %error, "what a shadow said could not be recorded");
    }
    (log, failure)
}

/// The plan is judged by itself, as if this strategy alone decided.
fn answered_as(look: &Look, answered: Answered) -> Shadow {
    let voice = Voice { name: &answered.strategy.name, mandate: &answered.mandate, plan: &answered.plan };
    let (proposals, _) = claims::claim(&[voice]);
    let verdicts = look.scene.judge(&proposals).into_iter().map(|judged| judged.verdict).collect();
    Shadow {
        tick: look.tick,
        strategy: answered.strategy,
        terms: Terms { grant: answered.mandate.grant, allowance: answered.allowance },
        settings: answered.settings,
        memory: answered.memory,
        plan: Some(answered.plan),
        verdicts,
        failure: None,
        decide_us: tick::micros(answered.took),
        fuel: answered.fuel,
    }
}

fn failed_as(look: &Look, attempt: Attempt) -> Shadow {
    Shadow {
        tick: look.tick,
        terms: look.roster.terms(&attempt.strategy.name),
        strategy: attempt.strategy.clone(),
        settings: attempt.settings.clone().unwrap_or_default(),
        memory: attempt.memory.clone(),
        plan: None,
        verdicts: Vec::new(),
        failure: Some(attempt),
        decide_us: 0,
        fuel: 0,
    }
}
