use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::Problem;

use super::{Basis, Document, PriceBook, PriceSlot, Rules};

/// Two sources of the same prices may differ by this much per kWh of a euro's worth: rounding, and an
/// hour's price against the mean of its quarters.
const TOLERANCE: f64 = 0.005;

/// The prices of several sources in order of preference. Each has a place of its own, so that what one
/// says never replaces what another said; a price is looked up in the first place that has one.
///
/// Sources of the same basis are compared, hour by hour: a source whose times are an hour off, or whose
/// zone is another, disagrees with the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelf {
    places: Vec<Place>,
    rules: Rules,
}

#[derive(Clone, Debug, PartialEq)]
struct Place {
    origin: String,
    basis: Basis,
    book: PriceBook,
    problems: Vec<Problem>,
}

/// A price that is known, and whose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quote<'a> {
    /// Per kWh.
    pub price_per_kwh: f64,
    /// What is in it.
    pub basis: Basis,
    /// Whose it is.
    pub origin: &'a str,
    /// In which place it was found; 0 is the best.
    pub place: usize,
}

impl Shelf {
    /// An empty one for sources of these names and bases, the best first. `rules` say what problems are
    /// about, and the currency.
    pub fn new(sources: impl IntoIterator<Item = (String, Basis)>, rules: Rules) -> Self {
        let place = |(origin, basis)| Place { origin, basis, book: PriceBook::new(), problems: Vec::new() };
        Self { places: sources.into_iter().map(place).collect(), rules }
    }

    /// Enters what a source says, in its place. What it said of other times stays; its problems are
    /// those of this document. A document of another basis than the place's is not entered.
    pub fn put(&mut self, place: usize, document: &Document) {
        let Some(place) = self.places.get_mut(place) else {
            return;
        };
        if document.heading.basis == place.basis {
            place.book.merge(&document.slots);
        }
        place.problems.clone_from(&document.problems);
    }

    /// The best price of the quarter-hour that contains `at`.
    pub fn quote_at(&self, at: Timestamp) -> Option<Quote<'_>> {
        self.find(at, |_| true)
    }

    /// The exchange's price of the quarter-hour that contains `at`.
    pub fn market_at(&self, at: Timestamp) -> Option<f64> {
        self.find(at, |place| place.basis == Basis::Market).map(|quote| quote.price_per_kwh)
    }

    fn find(&self, at: Timestamp, fits: impl Fn(&Place) -> bool) -> Option<Quote<'_>> {
        self.places.iter().enumerate().filter(|(_, place)| fits(place)).find_map(|(index, place)| {
            let price_per_kwh = place.book.price_at(at)?;
            Some(Quote { price_per_kwh, basis: place.basis, origin: &place.origin, place: index })
        })
    }

    /// The end of the last quarter-hour with a price in any place. There may be gaps before.
    pub fn known_until(&self) -> Option<Timestamp> {
        self.places.iter().filter_map(|place| place.book.known_until()).max()
    }

    /// Up to when there is a price without a gap, from the quarter-hour that contains `from`; `from`'s own
    /// quarter-hour when there is none. Only the first `best` places are looked at.
    pub fn covered_until(&self, from: Timestamp, best: usize) -> Timestamp {
        let covered = |at: Timestamp| self.places.iter().take(best).any(|place| place.book.price_at(at).is_some());
        let end = self.known_until().unwrap_or(from);
        slot::starts(from, end).find(|start| !covered(*start)).unwrap_or_else(|| slot::start_of(from).max(end))
    }

    /// What is wrong with the prices of `[from, until)`: gaps within what is known, what the sources said of
    /// themselves, and where they contradict each other.
    pub fn problems(&self, from: Timestamp, until: Timestamp) -> Vec<Problem> {
        let mut problems = Vec::new();
        // The end of what is known is no gap, and neither is knowing nothing.
        let known = self.known_until().map_or(slot::start_of(from), |known| known.min(until));
        let gaps: Vec<Timestamp> = slot::starts(from, known).filter(|start| self.quote_at(*start).is_none()).collect();
        if let (Some(first), Some(last)) = (gaps.first(), gaps.last()) {
            let text = format!(
                "{} quarter-hours have no price from any source, the first from `{first}`, the last until `{}`",
                gaps.len(),
                slot::next(*last)
            );
            problems.push(self.rules.problem("gap", text, ""));
        }
        for problem in self.places.iter().flat_map(|place| &place.problems) {
            // Both prices of one answer have the same times, and the same trouble with them.
            if !problems.contains(problem) {
                problems.push(problem.clone());
            }
        }
        for (index, better) in self.places.iter().enumerate() {
            for worse in &self.places[index + 1..] {
                problems.extend(self.contradiction(better, worse, from, until));
            }
        }
        problems
    }

    fn contradiction(&self, better: &Place, worse: &Place, from: Timestamp, until: Timestamp) -> Option<Problem> {
        if better.basis != worse.basis {
            return None;
        }
        // Limits of what is plausible grow with the currency, and so does what may differ.
        let tolerance = TOLERANCE * (self.rules.most_per_kwh / 2.0);
        let mut hours: BTreeMap<i64, Vec<(f64, f64)>> = BTreeMap::new();
        for start in slot::starts(from, until) {
            if let (Some(a), Some(b)) = (better.book.price_at(start), worse.book.price_at(start)) {
                hours.entry(start.as_second().div_euclid(3600)).or_default().push((a, b));
            }
        }
        let mean = |pairs: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / 4.0;
        let whole = hours.iter().filter(|(_, pairs)| pairs.len() == 4);
        let means: Vec<_> =
            whole.map(|(hour, pairs)| (*hour, mean(pairs, |pair| pair.0), mean(pairs, |pair| pair.1))).collect();
        let differing: Vec<_> = means.iter().filter(|(_, a, b)| (a - b).abs() > tolerance).collect();
        let (hour, a, b) = differing.first()?;
        let at = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(*hour)).ok()?;
        let text = format!(
            "`{}` and `{}` differ in {} of {} hours, the first from `{at}`: {a:.5} and {b:.5} per kWh",
            better.origin,
            worse.origin,
            differing.len(),
            means.len()
        );
        Some(self.rules.problem("contradiction", text, &format!("what `{}` says", better.origin)))
    }

    /// All that is known in a place.
    pub fn slots(&self, place: usize) -> Vec<PriceSlot> {
        self.places.get(place).map(|place| place.book.slots()).unwrap_or_default()
    }

    /// Drops what was over before `at`.
    pub fn forget_before(&mut self, at: Timestamp) {
        for place in &mut self.places {
            place.book.forget_before(at);
        }
    }
}

#[cfg(test)]
mod tests;
