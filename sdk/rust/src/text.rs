//! Sentences with numbers. A plan has hundreds of them, so they are put together by hand: the formatting
//! of floating-point numbers in `core::fmt` would take most of a decision's time.

use crate::{Instant, Snapshot};

/// A sentence in the making.
#[derive(Clone, Debug, Default)]
pub struct Line(String);

impl Line {
    /// Begins one.
    pub fn new() -> Self {
        Self(String::with_capacity(96))
    }

    /// Adds words.
    pub fn say(mut self, words: &str) -> Self {
        self.0.push_str(words);
        self
    }

    /// Adds a price or an amount of money: two decimals, three where it is small.
    pub fn money(self, value: f64) -> Self {
        let decimals = if value.abs() < 0.095 && value != 0.0 { 3 } else { 2 };
        self.fixed(value, decimals)
    }

    /// Adds a power, rounded to watts.
    pub fn watt(self, value: f64) -> Self {
        self.fixed(value, 0).say(" W")
    }

    /// Adds a percentage, rounded.
    pub fn pct(self, value: f64) -> Self {
        self.fixed(value, 0).say(" %")
    }

    fn fixed(mut self, value: f64, decimals: u32) -> Self {
        let unit = 10_u64.pow(decimals);
        // Saturates for what no home has.
        let scaled = (value.abs() * unit as f64).round() as u64;
        if value < 0.0 && scaled > 0 {
            self.0.push('-');
        }
        self.digits(scaled / unit, 1);
        if decimals > 0 {
            self.0.push('.');
            self.digits(scaled % unit, decimals as usize);
        }
        self
    }

    fn digits(&mut self, mut value: u64, at_least: usize) {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        while value > 0 || digits.len() - start < at_least {
            start -= 1;
            digits[start] = b'0' + (value % 10) as u8;
            value /= 10;
        }
        self.0.extend(digits[start..].iter().map(|digit| char::from(*digit)));
    }

    /// Adds a time as a person says it at `now`: `19:00`, `06:15 tomorrow`.
    pub fn time(mut self, clock: &Clock, at: Instant) -> Self {
        let minutes = clock.local_s(at).div_euclid(60).rem_euclid(1440) as u64;
        self.digits(minutes / 60, 2);
        self.0.push(':');
        self.digits(minutes % 60, 2);
        match clock.local_s(at).div_euclid(86_400) - clock.local_s(clock.now).div_euclid(86_400) {
            0 => self,
            1 => self.say(" tomorrow"),
            days => {
                self.0.push_str(" in ");
                self.digits(days.unsigned_abs(), 1);
                self.say(" days")
            }
        }
    }

    /// The sentence.
    pub fn end(self) -> String {
        self.0
    }
}

/// The home's wall clock and currency.
#[derive(Debug)]
pub struct Clock<'a> {
    /// The present.
    pub now: Instant,
    /// Local time minus UTC.
    pub utc_offset_s: i32,
    /// ISO 4217.
    pub currency: &'a str,
}

impl<'a> Clock<'a> {
    /// That of a snapshot.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        Self { now: snapshot.now, utc_offset_s: snapshot.utc_offset_s, currency: &snapshot.currency }
    }

    fn local_s(&self, at: Instant) -> i64 {
        i64::from(at) + i64::from(self.utc_offset_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_do() {
        let line = |value| Line::new().money(value).end();
        assert_eq!(line(0.184), "0.18");
        assert_eq!(line(0.0), "0.00");
        assert_eq!(line(-0.0132), "-0.013");
        assert_eq!(line(-0.0001), "0.000");
        assert_eq!(line(12.5), "12.50");
        assert_eq!(line(1e300), "184467440737095516.15");
        assert_eq!(Line::new().watt(999.6).say(" at ").pct(4.4).end(), "1000 W at 4 %");
    }

    #[test]
    fn times_are_local_and_say_which_day() {
        // 2026-11-24 22:30 UTC, 23:30 in Berlin.
        let clock = Clock { now: 1_795_559_400, utc_offset_s: 3600, currency: "EUR" };
        let at = |seconds| Line::new().time(&clock, clock.now + seconds).end();
        assert_eq!(at(0), "23:30");
        assert_eq!(at(1800), "00:00 tomorrow");
        assert_eq!(at(26 * 3600), "01:30 in 2 days");
    }
}
