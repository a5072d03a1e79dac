//! What goes wrong, and when: by the seed alone.

use fastrand::Rng;

use crate::hostile;

/// Something that goes wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The link is down.
    Link,
    /// Home Assistant starts anew and shows values of before.
    Restart,
    /// The program is killed.
    Kill,
    /// This machine's clock is wrong.
    Clock,
    /// Nothing can be written to the journal.
    Disk,
    /// The battery's state of charge lies, freezes or is absent.
    Soc,
    /// The meter does.
    Meter,
    /// The battery's power does.
    Power,
    /// The battery calibrates, or another controller is in charge of it.
    Taken,
    /// Home Assistant refuses orders.
    Refused,
    /// Orders are acknowledged, and nothing happens.
    Ignored,
    /// Somebody else sets the battery.
    Foreign,
    /// A hostile strategy decides.
    Hostile,
    /// The owner swaps two that want the opposite again and again.
    Flapping,
    /// The owner commands by hand.
    Hand,
    /// The owner pauses.
    Pause,
}

const KINDS: [Kind; 16] = [
    Kind::Link,
    Kind::Restart,
    Kind::Kill,
    Kind::Clock,
    Kind::Disk,
    Kind::Soc,
    Kind::Meter,
    Kind::Power,
    Kind::Taken,
    Kind::Refused,
    Kind::Ignored,
    Kind::Foreign,
    Kind::Hostile,
    Kind::Flapping,
    Kind::Hand,
    Kind::Pause,
];

/// One of them, with its end.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub kind: Kind,
    pub until_s: u64,
    /// Which of its ways.
    pub way: u64,
}

/// Draws faults.
pub struct Schedule {
    rng: Rng,
    next_s: u64,
    /// Mean time from one to the next.
    every_s: u64,
}

impl Schedule {
    pub fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), next_s: 600, every_s: 1800 }
    }

    /// A number from the seed.
    pub fn draw(&mut self, below: u64) -> u64 {
        self.rng.u64(..below.max(1))
    }

    /// What begins now, if anything does.
    pub fn due(&mut self, now_s: u64) -> Option<Fault> {
        if now_s < self.next_s {
            return None;
        }
        // Now and then two come at once, and now and then a long calm.
        self.next_s = now_s + 1 + (-(self.rng.f64().max(1e-9).ln()) * self.every_s as f64) as u64;
        let kind = *self.rng.choice(&KINDS)?;
        let most_s = match kind {
            Kind::Link | Kind::Disk | Kind::Soc | Kind::Meter | Kind::Power | Kind::Ignored => 1800,
            Kind::Clock | Kind::Hostile | Kind::Hand | Kind::Pause => 3600,
            Kind::Restart | Kind::Kill => 180,
            Kind::Taken | Kind::Flapping | Kind::Refused => 900,
            Kind::Foreign => 1,
        };
        // Short ones are as frequent as long ones: as often below a minute as above.
        let long = self.rng.bool();
        let length_s = 1 + self.rng.u64(..if long { most_s } else { most_s.min(60) });
        Some(Fault { kind, until_s: now_s + length_s, way: self.rng.u64(..) })
    }
}

impl Fault {
    /// One of so many ways.
    pub fn one_of(&self, count: u64) -> u64 {
        self.way % count.max(1)
    }

    /// A number from a range, from the same draw.
    pub fn between(&self, low: f64, high: f64) -> f64 {
        low + (self.way >> 11) as f64 / (1u64 << 53) as f64 * (high - low)
    }

    /// Whose turn it is.
    pub fn hostile(&self) -> &'static str {
        hostile::NAMES[self.one_of(hostile::NAMES.len() as u64) as usize]
    }
}
