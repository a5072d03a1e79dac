//! What the owner does by hand: overrides and pauses, from wherever they come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::hand::LONGEST;
use model::{Command, CommandKind, Hand, Override, Pause, TargetId};
use tokio::sync::watch;

use crate::setup::Setup;

/// Why the owner's word cannot be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OwnerError {
    /// There is no such battery or device.
    #[error("there is no battery or device `{target}`; there are {known}")]
    UnknownTarget {
        /// What was asked for.
        target: String,
        /// Those that there are.
        known: String,
    },
    /// A battery is no device, and a message is nothing that lasts.
    #[error("`{target}` cannot be told to {command}; {way_out}")]
    NotForIt {
        /// Which.
        target: TargetId,
        /// What it should be told.
        command: String,
        /// What it can be told.
        way_out: &'static str,
    },
    /// It would last too long, or not at all.
    #[error("it would last for {asked_s} s; from 1 s to {} h are possible", LONGEST.as_secs() / 3600)]
    Lasts {
        /// How long.
        asked_s: u64,
    },
}

/// The owner's hand on the home. What is set here is judged by the guard like a strategy's plan.
#[derive(Debug)]
pub struct Owner {
    /// Whether it is a battery.
    targets: BTreeMap<TargetId, bool>,
    hand: watch::Sender<Arc<Hand>>,
}

impl Owner {
    /// Nothing is done by hand yet.
    pub(crate) fn new(setup: &Setup) -> Self {
        let batteries = setup.batteries.iter().map(|battery| (battery.id.clone(), true));
        let devices = setup.devices.iter().map(|device| (device.id.clone(), false));
        Self { targets: batteries.chain(devices).collect(), hand: watch::Sender::new(Arc::default()) }
    }

    /// Commands a target from now on, in place of what was commanded by hand before.
    ///
    /// # Errors
    /// When the target cannot be told that, or it would last too long.
    pub fn set(&self, target: &str, command: Command, lasts: Duration, now: Timestamp) -> Result<(), OwnerError> {
        let is_battery = *self.targets.get(target).ok_or_else(|| self.unknown(target))?;
        let for_batteries = matches!(
            command.kind(),
            CommandKind::Hold | CommandKind::Charge | CommandKind::Discharge | CommandKind::Balance
        );
        if is_battery != for_batteries || command.kind() == CommandKind::Notify {
            let way_out = match is_battery {
                true => "a battery can be told to hold, charge, discharge or follow the meter",
                false => "a device can be turned on or off, or be set to a level or a light",
            };
            return Err(OwnerError::NotForIt { target: target.into(), command: command.to_string(), way_out });
        }
        if !command.is_finite() {
            let way_out = "a power or a level is a finite number";
            return Err(OwnerError::NotForIt { target: target.into(), command: command.to_string(), way_out });
        }
        let until = end(lasts, now)?;
        self.change(|hand| hand.overrides.insert(target.into(), Override { command, since: now, until }));
        Ok(())
    }

    /// Ends an override before its time. Tells whether there was one.
    ///
    /// # Errors
    /// When there is no such target.
    pub fn clear(&self, target: &str) -> Result<bool, OwnerError> {
        if !self.targets.contains_key(target) {
            return Err(self.unknown(target));
        }
        let is_there = self.hand.borrow().overrides.contains_key(target);
        if is_there {
            self.change(|hand| hand.overrides.remove(target));
        }
        Ok(is_there)
    }

    /// Lets no strategy be heard for some time.
    ///
    /// # Errors
    /// When it would last too long.
    pub fn pause(&self, lasts: Duration, now: Timestamp) -> Result<(), OwnerError> {
        let until = end(lasts, now)?;
        self.change(|hand| hand.pause = Some(Pause { since: now, until }));
        Ok(())
    }

    /// Ends a pause before its time. Tells whether there was one.
    pub fn resume(&self) -> bool {
        let is_there = self.hand.borrow().pause.is_some();
        if is_there {
            self.change(|hand| hand.pause = None);
        }
        is_there
    }

    /// What is done by hand now.
    pub fn at(&self, now: Timestamp) -> Hand {
        self.hand.borrow().at(now)
    }

    /// Takes in what was kept over a restart.
    pub(crate) fn restore(&self, kept: &Hand, now: Timestamp) {
        let mut hand = kept.at(now);
        hand.overrides.retain(|target, given| self.targets.contains_key(target) && given.command.is_finite());
        self.hand.send_replace(Arc::new(hand));
    }

    /// Lets go of what is over; whoever listens is told.
    pub(crate) fn expire(&self, now: Timestamp) {
        self.hand.send_if_modified(|hand| {
            let left = hand.at(now);
            let is_over = left != **hand;
            if is_over {
                *hand = Arc::new(left);
            }
            is_over
        });
    }

    /// Changes with every word.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Hand>> {
        self.hand.subscribe()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Hand) -> T) {
        self.hand.send_modify(|hand| {
            change(Arc::make_mut(hand));
        });
    }

    fn unknown(&self, target: &str) -> OwnerError {
        let known: Vec<String> = self.targets.keys().map(|id| format!("`{id}`")).collect();
        OwnerError::UnknownTarget { target: target.into(), known: known.join(", ") }
    }
}

fn end(lasts: Duration, now: Timestamp) -> Result<Timestamp, OwnerError> {
    let wrong = OwnerError::Lasts { asked_s: lasts.as_secs() };
    if lasts < Duration::from_secs(1) || lasts > LONGEST {
        return Err(wrong);
    }
    // From the whole second, since that is when a tick takes place: else a day would be longer than a day.
    let from = Timestamp::from_second(now.as_second()).unwrap_or(now);
    SignedDuration::try_from(lasts).ok().and_then(|lasts| from.checked_add(lasts).ok()).ok_or(wrong)
}

/// What is done by hand, in words.
pub(crate) fn describe(hand: &Hand) -> String {
    let overrides = hand.overrides.iter().map(|(target, given)| format!("`{target}`: {}", given.command));
    let pause = hand.pause.iter().map(|_| "paused".to_owned());
    let all: Vec<String> = pause.chain(overrides).collect();
    if all.is_empty() { "nothing is done by hand any more".into() } else { format!("by hand: {}", all.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn owner() -> Owner {
        let targets = [("battery".to_owned(), true), ("plug".to_owned(), false)].into();
        Owner { targets, hand: watch::Sender::new(Arc::default()) }
    }

    #[test]
    fn only_what_a_target_can_be_told_and_not_for_ever() {
        let owner = owner();
        let set = |target, command, lasts| owner.set(target, command, lasts, NOW);
        assert!(matches!(set("fridge", Command::TurnOn, HOUR), Err(OwnerError::UnknownTarget { .. })));
        assert!(matches!(set("battery", Command::TurnOn, HOUR), Err(OwnerError::NotForIt { .. })));
        assert!(matches!(set("plug", Command::Hold, HOUR), Err(OwnerError::NotForIt { .. })));
        assert!(matches!(set("plug", Command::Notify { text: String::new() }, HOUR), Err(OwnerError::NotForIt { .. })));
        assert_eq!(set("battery", Command::Hold, HOUR * 25), Err(OwnerError::Lasts { asked_s: 90_000 }));
        assert_eq!(set("battery", Command::Hold, Duration::ZERO), Err(OwnerError::Lasts { asked_s: 0 }));
        assert!(owner.at(NOW).is_empty());
        assert_eq!(set("battery", Command::Hold, HOUR), Ok(()));
        assert_eq!(set("plug", Command::TurnOn, HOUR * 24), Ok(()));
        assert_eq!(owner.at(NOW).overrides.len(), 2);
        assert_eq!(owner.clear("battery"), Ok(true));
        assert_eq!(owner.clear("battery"), Ok(false));
        assert!(owner.clear("fridge").is_err());
    }

    #[test]
    fn what_is_over_is_told_once() {
        let owner = owner();
        let mut changes = owner.changes();
        owner.pause(HOUR, NOW).unwrap();
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        owner.expire(NOW);
        assert!(!changes.has_changed().unwrap());
        owner.expire(NOW + HOUR);
        assert!(changes.has_changed().unwrap());
        assert_eq!((owner.at(NOW).pause, owner.resume()), (None, false));
    }

    #[test]
    fn a_restart_keeps_what_is_not_over() {
        let before = owner();
        before.set("battery", Command::Hold, HOUR, NOW).unwrap();
        before.pause(HOUR * 2, NOW).unwrap();
        let kept = before.at(NOW);
        let after = owner();
        after.restore(&kept, NOW + HOUR);
        assert_eq!((after.at(NOW + HOUR).overrides.len(), after.at(NOW + HOUR).pause), (0, kept.pause));
        assert_eq!(describe(&kept), "by hand: paused, `battery`: hold");
        assert!(after.resume());
    }
}
