//! Prices that make one thing the sensible one now.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

const SLOT_S: i64 = 900;

/// Prices per kWh by hours from now, each up to the next; the last lasts.
pub struct Prices(&'static [(i64, f64)]);

impl Prices {
    /// Charge now: one cheap hour, which is too short to wait with half a battery empty, then a long dear
    /// time.
    pub const CHEAP_NOW: Self = Self(&[(0, 0.05), (1, 0.60), (8, 0.40)]);
    /// Use what is stored now: dear for three hours, cheap all night.
    pub const DEAR_NOW: Self = Self(&[(0, 0.60), (3, 0.10), (12, 0.20)]);

    /// The file as the CSV price source takes it, from an hour ago to 36 hours ahead.
    pub fn csv(&self) -> String {
        let now = Timestamp::now().as_second();
        let first = now - now % SLOT_S;
        let mut text = String::from("timestamp_utc,end_utc,price_per_kwh\n");
        for index in -4..144 {
            let start = first + index * SLOT_S;
            let hours = (start - first).div_euclid(3600);
            let reached = self.0.iter().rev().find(|(from, _)| *from <= hours);
            let price = reached.or(self.0.first()).map_or(0.0, |(_, price)| *price);
            let time = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{},{},{price}", time(start), time(start + SLOT_S));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Prices;

    #[test]
    fn the_present_slot_has_the_first_price() {
        let now = jiff::Timestamp::now();
        let csv = Prices::CHEAP_NOW.csv();
        let started = |line: &&str| line.split(',').next().unwrap().parse::<jiff::Timestamp>().unwrap() <= now;
        let present = csv.lines().skip(1).filter(started).last().unwrap();
        assert!(present.ends_with(",0.05"), "{present}");
        assert_eq!(csv.lines().count(), 149);
    }
}
