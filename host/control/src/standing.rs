//! What is in force for one target, and how far it has come.

use std::time::{Duration, Instant};

use guard::Approved;
use home::ReadBack;
use jiff::Timestamp;
use model::{Command, Mode, Reason, Stage, TargetId, Verdict};

use crate::foreign::Foreign;

/// Where the outcome of a command is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The tick's id.
    pub tick: i64,
    /// Position in its outcomes.
    pub index: usize,
}

/// The command in force for a target; in `advise` mode, the one that would be.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What the guard approved.
    pub approved: Approved,
    /// Why.
    pub reason: Reason,
    /// The guard's word.
    pub verdict: Verdict,
    /// Since when this kind of command.
    pub since: Timestamp,
    /// When the strategy expects to end it.
    pub until: Option<Timestamp>,
    /// When a tick last wanted it.
    pub renewed: Instant,
    /// Where its outcome is recorded.
    pub outcome: Key,
}

/// A set-point on its way: sent, and not yet seen to take effect.
#[derive(Clone, Debug)]
pub struct Check {
    /// What was sent.
    pub command: Command,
    /// How far it came.
    pub stage: Stage,
    /// When it came there.
    pub since: Instant,
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Nothing new.
    Wait,
    /// A stage, with what was seen.
    Reached(Stage, String),
}

impl Check {
    /// Looks whether a command came further. `effect` tells whether the target follows, and what it
    /// does; `None`: that cannot be seen.
    pub fn progress(
        &self,
        read_back: &ReadBack,
        effect: Option<(bool, String)>,
        now: Instant,
        settle: Duration,
    ) -> Progress {
        let waited = now.saturating_duration_since(self.since);
        match self.stage {
            Stage::Acknowledged => match read_back {
                ReadBack::Shows => Progress::Reached(Stage::ReadBack, String::new()),
                ReadBack::Unknown if matches!(self.command, Command::Notify { .. }) => {
                    Progress::Reached(Stage::Effective, "handed over".into())
                }
                _ if waited < settle => Progress::Wait,
                ReadBack::Differs(what) => Progress::Reached(Stage::Contradicted, what.clone()),
                ReadBack::Unknown => Progress::Reached(
                    Stage::TimedOut,
                    format!("the device showed nothing within {} s", settle.as_secs()),
                ),
            },
            Stage::ReadBack => match effect {
                Some((true, what)) => Progress::Reached(Stage::Effective, what),
                Some((false, what)) if waited >= settle => Progress::Reached(Stage::NotObeyed, what),
                None if waited >= settle => Progress::Reached(Stage::NotObeyed, "its power cannot be read".into()),
                _ => Progress::Wait,
            },
            _ => Progress::Wait,
        }
    }
}

/// One battery or device as the control loop keeps it.
#[derive(Debug)]
pub struct Target {
    /// Which.
    pub id: TargetId,
    /// Whether commands are sent.
    pub mode: Mode,
    /// Whether it is a battery.
    pub is_battery: bool,
    /// The command in force.
    pub standing: Option<Standing>,
    /// What was written last since the link came up, and when.
    pub written: Option<(Command, Instant)>,
    /// Whether the target has shown that since.
    pub shown: bool,
    /// What somebody else did to it.
    pub foreign: Foreign,
    /// The limit that what somebody else has set breaks, in words.
    pub breaks: Option<String>,
    /// Whether an order is on its way.
    pub in_flight: bool,
    /// The last set-point, while it is not settled.
    pub check: Option<Check>,
    /// Nothing is written before, after something went wrong.
    pub hold_off: Option<Instant>,
    /// How many orders in a row were not passed on.
    pub rejections: u32,
    /// Whether the last tick's command waits for the write interval.
    pub waits_to_write: bool,
    /// Whether it is to be given back its settings from before, as soon as something may be written.
    pub owes_release: bool,
}

impl Target {
    /// A target that was never commanded.
    pub fn new(id: TargetId, mode: Mode, is_battery: bool) -> Self {
        Self {
            id,
            mode,
            is_battery,
            standing: None,
            written: None,
            shown: false,
            foreign: Foreign::default(),
            breaks: None,
            in_flight: false,
            check: None,
            hold_off: None,
            rejections: 0,
            waits_to_write: false,
            owes_release: false,
        }
    }

    /// Whether something may be written now.
    pub fn is_ready(&self, now: Instant) -> bool {
        self.listens(now) && !self.in_flight
    }

    /// Whether it is ours to write to: it takes what it is told, and nobody else's setting is respected.
    pub fn listens(&self, now: Instant) -> bool {
        self.mode == Mode::Control && self.hold_off.is_none_or(|until| now >= until) && !self.foreign.is_respected(now)
    }

    /// Forgets what was written: after a new link nobody knows what the device did meanwhile.
    pub fn forget_written(&mut self) {
        self.written = None;
        self.shown = false;
        self.check = None;
        self.hold_off = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(15);

    fn check(stage: Stage) -> Check {
        Check { command: Command::Charge { power_w: 500.0 }, stage, since: Instant::now() }
    }

    fn stage(progress: Progress) -> Option<Stage> {
        match progress {
            Progress::Wait => None,
            Progress::Reached(stage, _) => Some(stage),
        }
    }

    #[test]
    fn an_acknowledgement_is_not_success() {
        let sent = check(Stage::Acknowledged);
        let early = sent.since + Duration::from_secs(1);
        let late = sent.since + SETTLE;
        let differs = ReadBack::Differs("input_limit shows 0".into());
        assert_eq!(stage(sent.progress(&differs, None, early, SETTLE)), None);
        assert_eq!(stage(sent.progress(&differs, None, late, SETTLE)), Some(Stage::Contradicted));
        assert_eq!(stage(sent.progress(&ReadBack::Unknown, None, late, SETTLE)), Some(Stage::TimedOut));
        assert_eq!(stage(sent.progress(&ReadBack::Shows, None, early, SETTLE)), Some(Stage::ReadBack));
    }

    #[test]
    fn only_the_effect_is_success() {
        let shown = check(Stage::ReadBack);
        let late = shown.since + SETTLE;
        let no = Some((false, "0 W".to_owned()));
        assert_eq!(stage(shown.progress(&ReadBack::Shows, no.clone(), shown.since, SETTLE)), None);
        assert_eq!(stage(shown.progress(&ReadBack::Shows, no, late, SETTLE)), Some(Stage::NotObeyed));
        let yes = Some((true, "-500 W".to_owned()));
        assert_eq!(stage(shown.progress(&ReadBack::Shows, yes, shown.since, SETTLE)), Some(Stage::Effective));
    }
}
