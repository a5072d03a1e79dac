//! One pass through the chain: a snapshot to plans, by all active strategies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use engine::Library;
use jiff::Timestamp;
use model::{
    Allowance, Attempt, Cause, Hand, Input, Part, Plan, Roster, Snapshot, StrategyRef, Superseded, Terms, Tick,
};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::ask::{Answered, Question};
use crate::claims::{self, Ruled, Voice};
use crate::ports::Record;

/// How much longer than one call may take the asking of all may take.
const GRACE: Duration = Duration::from_secs(2);

/// What the active strategies decided.
#[derive(Debug)]
pub struct Decided {
    /// What all of them were asked about.
    pub snapshot: Arc<Snapshot>,
    /// Those with a plan, in the owner's order.
    pub answers: Vec<Answered>,
    /// Those without, in the owner's order.
    pub attempts: Vec<Attempt>,
    /// What the owner lets those do that were asked, where it is not the usual.
    pub terms: BTreeMap<String, Terms>,
    /// What the owner commands by hand; empty: nothing.
    pub overrides: Plan,
    /// Until when no strategy's command is carried out.
    pub paused_until: Option<Timestamp>,
}

impl Decided {
    /// Nobody was asked yet.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot,
            answers: Vec::new(),
            attempts: Vec::new(),
            terms: BTreeMap::new(),
            overrides: Plan::default(),
            paused_until: None,
        }
    }

    /// Enters what the next strategy in the owner's order said.
    pub fn enter(&mut self, terms: Terms, said: Result<Answered, Box<Attempt>>) {
        let name = match said {
            Ok(answered) => {
                let name = answered.strategy.name.clone();
                self.answers.push(answered);
                name
            }
            Err(attempt) => {
                let name = attempt.strategy.name.clone();
                self.attempts.push(*attempt);
                name
            }
        };
        if terms != Terms::default() {
            self.terms.insert(name, terms);
        }
    }

    /// Enters what the owner does by hand.
    pub fn by_hand(&mut self, hand: &Hand) {
        self.overrides = Plan { actions: hand.actions(), ..Plan::default() };
        self.paused_until = hand.pause.map(|pause| pause.until);
    }

    /// The owner first, then those with a plan, for [`crate::claims::claim`].
    pub fn voices(&self) -> Vec<Voice<'_>> {
        let said = self.answers.iter().map(|a| Voice { name: &a.strategy.name, mandate: &a.mandate, plan: &a.plan });
        std::iter::once(claims::owners_voice(&self.overrides)).chain(said).collect()
    }

    /// The record of it, before anything is carried out: without id, outcomes and modes.
    pub fn to_tick(&self, at: Timestamp, cause: Cause, superseded: Vec<Superseded>, ruled: &[Ruled]) -> Tick {
        let first = self.answers.first();
        Tick {
            id: 0,
            at,
            cause,
            input: self.input(),
            terms: self.terms.clone(),
            strategy: first.map(|answered| answered.strategy.clone()),
            attempts: self.attempts.clone(),
            plan: first.map(|answered| answered.plan.clone()),
            parts: self.parts(),
            superseded,
            overrides: self.overrides.actions.clone(),
            paused_until: self.paused_until,
            verdicts: ruled.iter().map(|ruled| ruled.judged.verdict.clone()).collect(),
            outcomes: Vec::new(),
            modes: BTreeMap::new(),
            decide_us: first.map_or(0, |answered| micros(answered.took)),
            fuel: first.map_or(0, |answered| answered.fuel),
        }
    }

    /// What the first strategy with a plan was given; without one, only what all were asked about.
    pub fn input(&self) -> Input {
        let (settings, memory) = match self.answers.first() {
            Some(first) => (first.settings.clone(), first.memory.clone()),
            None => (serde_json::json!({}), Vec::new()),
        };
        Input { snapshot: (*self.snapshot).clone(), settings, memory }
    }

    /// What the strategies after the first added.
    pub fn parts(&self) -> Vec<Part> {
        let part = |answered: &Answered| Part {
            strategy: answered.strategy.clone(),
            settings: answered.settings.clone(),
            memory: answered.memory.clone(),
            plan: answered.plan.clone(),
            decide_us: micros(answered.took),
            fuel: answered.fuel,
        };
        self.answers.iter().skip(1).map(part).collect()
    }
}

/// Asks all active strategies, each on a thread of its own, and takes their answers in the owner's order.
///
/// None waits for another, so the first one's actions are delayed by no more than one call may take. A
/// strategy that has no answer by then and a little more is left behind: the tick goes on with the
/// answers that are there, and what it still says is not heard.
///
/// Who fails is told to the library, who answers as well: it counts the strikes.
pub async fn decide(
    library: &Arc<Library>,
    roster: &Roster,
    record: Option<&Arc<dyn Record>>,
    snapshot: Arc<Snapshot>,
) -> Decided {
    let usual = library.engine().config().deadline;
    let longest = in_order(roster).map(|name| longest_call(&roster.member(name).allowance, usual)).max();
    let end = Instant::now() + longest.unwrap_or(usual) + GRACE;
    let mut asked = Vec::new();
    for name in in_order(roster) {
        let call = Question::prepare(name, library, roster, record.map(|record| &**record)).map(|question| {
            let (library, snapshot, strategy) = (library.clone(), snapshot.clone(), question.strategy());
            (strategy, tokio::task::spawn_blocking(move || put(question, &library, &snapshot)))
        });
        asked.push((roster.terms(name), call));
    }
    let mut decided = Decided::new(snapshot);
    for (terms, call) in asked {
        let said = match call {
            Ok((strategy, call)) => answer_of(strategy, call, end).await,
            Err(attempt) => Err(attempt),
        };
        decided.enter(terms, said);
    }
    decided
}

fn in_order(roster: &Roster) -> impl Iterator<Item = &String> {
    let mut seen = BTreeSet::new();
    roster.active.iter().filter(move |name| seen.insert(*name))
}

/// How long a call may take at the most.
fn longest_call(allowance: &Allowance, usual: Duration) -> Duration {
    let (least_s, most_s) = engine::allowed::DEADLINE_S.into_inner();
    let own = allowance.deadline_s.filter(|seconds| seconds.is_finite());
    own.map_or(usual, |seconds| Duration::from_secs_f64(seconds.clamp(least_s, most_s)))
}

/// Asks one strategy and counts how it did.
pub(crate) fn put(question: Question, library: &Library, snapshot: &Snapshot) -> Result<Answered, Box<Attempt>> {
    let said = question.put(snapshot);
    match &said {
        Ok(answered) => library.succeeded(&answered.strategy),
        Err(attempt) => {
            library.failed(&attempt.strategy, &attempt.code, &attempt.message);
        }
    }
    said
}

async fn answer_of(
    strategy: StrategyRef,
    call: JoinHandle<Result<Answered, Box<Attempt>>>,
    end: Instant,
) -> Result<Answered, Box<Attempt>> {
    let without = |code: &str, message: String| Err(Box::new(Attempt::uncalled(strategy, code, message)));
    match timeout_at(end, call).await {
        Ok(Ok(said)) => said,
        Ok(Err(error)) => without("host", format!("the call did not end properly: {error}")),
        Err(_) => without("late", "had no answer in time; the tick went on without it".into()),
    }
}

pub(crate) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anyone() -> StrategyRef {
        StrategyRef { name: "anyone".into(), version: "1.0.0".into(), hash: "aa".into() }
    }

    #[tokio::test]
    async fn who_has_no_answer_in_time_is_left_behind() {
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let call = tokio::task::spawn_blocking(move || {
            // Until the test ends.
            let _ = wait.recv();
            Err(Box::new(Attempt::uncalled(anyone(), "declined", "")))
        });
        let attempt = answer_of(anyone(), call, Instant::now()).await.unwrap_err();
        assert_eq!((attempt.code.as_str(), attempt.strategy), ("late", anyone()));
        drop(go_on);
    }

    #[tokio::test]
    async fn a_call_that_panics_is_a_failure_of_that_strategy_alone() {
        let call = tokio::task::spawn_blocking(|| panic!("on purpose"));
        let end = Instant::now() + Duration::from_secs(3600);
        let attempt = answer_of(anyone(), call, end).await.unwrap_err();
        assert_eq!(attempt.code, "host");
    }

    #[test]
    fn the_asking_waits_for_the_longest_call_that_is_allowed() {
        let usual = Duration::from_secs(10);
        let allowed = |seconds| longest_call(&Allowance { deadline_s: seconds, ..Allowance::default() }, usual);
        assert_eq!(allowed(None), usual);
        assert_eq!(allowed(Some(30.0)), Duration::from_secs(30));
        assert_eq!(allowed(Some(f64::NAN)), usual);
        assert_eq!(allowed(Some(1e300)), Duration::from_secs_f64(*engine::allowed::DEADLINE_S.end()));
    }

    #[test]
    fn a_name_that_is_listed_twice_is_asked_once() {
        let roster = Roster { active: vec!["a".into(), "b".into(), "a".into()], ..Roster::default() };
        assert_eq!(in_order(&roster).collect::<Vec<_>>(), ["a", "b"]);
    }
}
