//! How often something happened within a day.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The hour that has begun and 24 whole ones: whatever happened within the last 24 hours is in there.
const HOURS: u64 = 24;

/// Counts by hours, so that it stays small however often something happens. Counts up to an hour too long,
/// never too short.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Tally {
    hours: BTreeMap<u64, u32>,
}

impl Tally {
    /// It happened at `uptime`.
    pub fn count(&mut self, uptime: Duration) {
        let hour = hour(uptime);
        self.hours.retain(|counted, _| *counted + HOURS >= hour);
        let count = self.hours.entry(hour).or_default();
        *count = count.saturating_add(1);
    }

    /// How often it happened in the 24 hours before `uptime`, or up to an hour more.
    pub fn within_a_day(&self, uptime: Duration) -> u32 {
        let hour = hour(uptime);
        let counts = self.hours.iter().filter(|(counted, _)| **counted + HOURS >= hour).map(|(_, count)| *count);
        counts.fold(0, u32::saturating_add)
    }
}

fn hour(uptime: Duration) -> u64 {
    uptime.as_secs() / 3600
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_all_of_a_day_and_little_more(mut at in proptest::collection::vec(0..400_000_u64, 0..60)) {
            at.sort_unstable();
            let mut tally = Tally::default();
            for (n, now_s) in at.iter().enumerate() {
                tally.count(Duration::from_secs(*now_s));
                let within = |hours: u64| at[..=n].iter().filter(|s| now_s - **s < hours * 3600).count() as u32;
                let counted = tally.within_a_day(Duration::from_secs(*now_s));
                prop_assert!(within(24) <= counted && counted <= within(25), "{} counted", counted);
                prop_assert!(tally.hours.len() <= 25);
            }
        }
    }

    #[test]
    fn forgets_after_a_day() {
        let mut tally = Tally::default();
        tally.count(Duration::from_secs(1800));
        assert_eq!(tally.within_a_day(Duration::from_secs(1800 + 86_400)), 1);
        assert_eq!(tally.within_a_day(Duration::from_secs(25 * 3600)), 0);
    }
}
