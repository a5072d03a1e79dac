use std::collections::BTreeMap;

use jiff::Timestamp;
use model::slot;

use super::PriceSlot;

/// All prices that are known, by quarter-hour.
///
/// What is merged replaces the price of the quarter-hours that it covers, and nothing else: an answer
/// that has less than the one before it (only today, only tomorrow) never loses what is known
/// (evcc-io/evcc#29947).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceBook {
    quarters: BTreeMap<Timestamp, f64>,
}

impl PriceBook {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Enters ranges, each split into quarter-hours.
    pub fn merge(&mut self, slots: &[PriceSlot]) {
        for range in slots {
            for start in slot::starts(range.start, range.end) {
                self.quarters.insert(start, range.price_per_kwh);
            }
        }
    }

    /// The price per kWh in the quarter-hour that contains `at`.
    pub fn price_at(&self, at: Timestamp) -> Option<f64> {
        self.quarters.get(&slot::start_of(at)).copied()
    }

    /// The end of the last quarter-hour with a price: nothing is known from here on. There may be gaps
    /// before.
    pub fn known_until(&self) -> Option<Timestamp> {
        self.quarters.last_key_value().map(|(start, _)| slot::next(*start))
    }

    /// All that is known, in order of time, neighbours of equal price joined.
    pub fn slots(&self) -> Vec<PriceSlot> {
        let mut slots: Vec<PriceSlot> = Vec::new();
        for (start, price_per_kwh) in &self.quarters {
            let end = slot::next(*start);
            match slots.last_mut() {
                Some(last) if last.end == *start && last.price_per_kwh == *price_per_kwh => last.end = end,
                _ => slots.push(PriceSlot { start: *start, end, price_per_kwh: *price_per_kwh }),
            }
        }
        slots
    }

    /// Drops what was over before `at`.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.quarters = self.quarters.split_off(&slot::start_of(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hour(start: &str, price_per_kwh: f64) -> PriceSlot {
        let start = at(start);
        PriceSlot { start, end: start + jiff::SignedDuration::from_hours(1), price_per_kwh }
    }

    #[test]
    fn an_hour_is_four_quarters() {
        let mut book = PriceBook::new();
        book.merge(&[hour("2026-11-24T10:00:00Z", 0.2)]);
        assert_eq!(book.price_at(at("2026-11-24T09:59:59Z")), None);
        assert_eq!(book.price_at(at("2026-11-24T10:00:00Z")), Some(0.2));
        assert_eq!(book.price_at(at("2026-11-24T10:59:59Z")), Some(0.2));
        assert_eq!(book.known_until(), Some(at("2026-11-24T11:00:00Z")));
    }

    #[test]
    fn less_never_replaces_more() {
        let mut book = PriceBook::new();
        book.merge(&[hour("2026-11-24T10:00:00Z", 0.2), hour("2026-11-25T10:00:00Z", 0.3)]);
        book.merge(&[]);
        book.merge(&[hour("2026-11-24T10:00:00Z", 0.25)]);
        assert_eq!(book.price_at(at("2026-11-24T10:30:00Z")), Some(0.25));
        assert_eq!(book.price_at(at("2026-11-25T10:30:00Z")), Some(0.3));
        assert_eq!(book.known_until(), Some(at("2026-11-25T11:00:00Z")));
    }

    #[test]
    fn what_is_told_can_be_merged_again() {
        let mut book = PriceBook::new();
        book.merge(&[hour("2026-11-24T10:00:00Z", 0.2), hour("2026-11-24T11:00:00Z", 0.2)]);
        book.merge(&[hour("2026-11-24T12:00:00Z", 0.3), hour("2026-11-24T14:00:00Z", 0.3)]);
        assert_eq!(book.slots().len(), 3);
        let mut again = PriceBook::new();
        again.merge(&book.slots());
        assert_eq!(again, book);
    }

    #[test]
    fn forgetting_keeps_the_slot_that_is_running() {
        let mut book = PriceBook::new();
        book.merge(&[hour("2026-11-24T10:00:00Z", 0.2)]);
        book.forget_before(at("2026-11-24T10:20:00Z"));
        assert_eq!(book.price_at(at("2026-11-24T10:00:00Z")), None);
        assert_eq!(book.price_at(at("2026-11-24T10:15:00Z")), Some(0.2));
    }
}
