use super::super::Heading;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn document(basis: Basis, start: &str, minutes: i64, prices: &[f64]) -> Document {
    let start = at(start);
    let step = |index: usize| start.checked_add(SignedDuration::from_mins(minutes * index as i64)).unwrap();
    let slot =
        |(index, price): (usize, &f64)| PriceSlot { start: step(index), end: step(index + 1), price_per_kwh: *price };
    Document {
        heading: Heading { basis, ..Heading::default() },
        slots: prices.iter().enumerate().map(slot).collect(),
        problems: Vec::new(),
    }
}

fn shelf() -> Shelf {
    let sources = [("tibber", Basis::Total), ("energy-charts", Basis::Market), ("awattar", Basis::Market)];
    Shelf::new(sources.map(|(name, basis)| (name.to_owned(), basis)), Rules::new("prices.import"))
}

#[test]
fn the_first_source_that_knows_is_asked() {
    let mut shelf = shelf();
    shelf.put(0, &document(Basis::Total, "2026-11-24T10:00:00Z", 60, &[0.30]));
    shelf.put(2, &document(Basis::Market, "2026-11-24T10:00:00Z", 60, &[0.10, 0.12]));
    let quote = shelf.quote_at(at("2026-11-24T10:20:00Z")).unwrap();
    assert_eq!((quote.price_per_kwh, quote.basis, quote.origin, quote.place), (0.30, Basis::Total, "tibber", 0));
    assert_eq!(shelf.market_at(at("2026-11-24T10:20:00Z")), Some(0.10));
    assert_eq!(shelf.quote_at(at("2026-11-24T11:20:00Z")).unwrap().origin, "awattar");
    assert_eq!(shelf.quote_at(at("2026-11-24T12:00:00Z")), None);
    assert_eq!(shelf.known_until(), Some(at("2026-11-24T12:00:00Z")));
    assert_eq!(shelf.covered_until(at("2026-11-24T10:05:00Z"), 1), at("2026-11-24T11:00:00Z"));
    assert_eq!(shelf.covered_until(at("2026-11-24T10:05:00Z"), 3), at("2026-11-24T12:00:00Z"));
    assert_eq!(shelf.covered_until(at("2026-11-24T09:05:00Z"), 3), at("2026-11-24T09:00:00Z"));
    assert_eq!(shelf.covered_until(at("2026-11-24T13:05:00Z"), 3), at("2026-11-24T13:00:00Z"));
}

#[test]
fn a_source_that_vanishes_or_says_less_loses_nothing() {
    let mut shelf = shelf();
    shelf.put(1, &document(Basis::Market, "2026-11-24T10:00:00Z", 60, &[0.1, 0.2]));
    shelf.put(1, &document(Basis::Market, "2026-11-24T11:00:00Z", 60, &[0.25]));
    shelf.put(1, &Document::default());
    assert_eq!(shelf.market_at(at("2026-11-24T10:00:00Z")), Some(0.1));
    assert_eq!(shelf.market_at(at("2026-11-24T11:00:00Z")), Some(0.25));
}

#[test]
fn a_document_of_another_basis_is_not_mixed_in() {
    let mut shelf = shelf();
    shelf.put(0, &document(Basis::Market, "2026-11-24T10:00:00Z", 60, &[0.1]));
    assert_eq!(shelf.quote_at(at("2026-11-24T10:00:00Z")), None);
}

#[test]
fn an_hour_is_compared_with_the_mean_of_its_quarters() {
    let mut shelf = shelf();
    shelf.put(1, &document(Basis::Market, "2026-11-24T10:00:00Z", 15, &[0.08, 0.09, 0.11, 0.12]));
    shelf.put(2, &document(Basis::Market, "2026-11-24T10:00:00Z", 60, &[0.1]));
    assert!(shelf.problems(at("2026-11-24T10:00:00Z"), at("2026-11-25T10:00:00Z")).is_empty());
}

#[test]
fn a_source_that_is_an_hour_off_contradicts() {
    let mut shelf = shelf();
    let prices = [0.1, 0.2, 0.3, 0.2];
    shelf.put(1, &document(Basis::Market, "2026-11-24T10:00:00Z", 60, &prices));
    shelf.put(2, &document(Basis::Market, "2026-11-24T11:00:00Z", 60, &prices));
    let problems = shelf.problems(at("2026-11-24T10:00:00Z"), at("2026-11-25T10:00:00Z"));
    insta::assert_snapshot!(problems[0].text, @"`energy-charts` and `awattar` differ in 3 of 3 hours, the first from `2026-11-24T11:00:00Z`: 0.20000 and 0.10000 per kWh");
    assert_eq!(
        (problems[0].code.as_str(), problems[0].assumed.as_str()),
        ("contradiction", "what `energy-charts` says")
    );
}

#[test]
fn gaps_between_what_is_known_are_named_and_the_end_is_no_gap() {
    let mut shelf = shelf();
    assert!(shelf.problems(at("2026-11-24T10:07:00Z"), at("2026-11-25T10:00:00Z")).is_empty());
    shelf.put(1, &document(Basis::Market, "2026-11-24T10:00:00Z", 60, &[0.1]));
    shelf.put(1, &document(Basis::Market, "2026-11-24T12:00:00Z", 60, &[0.1]));
    let problems = shelf.problems(at("2026-11-24T10:00:00Z"), at("2026-11-25T10:00:00Z"));
    assert_eq!(problems.len(), 1);
    insta::assert_snapshot!(problems[0].text, @"4 quarter-hours have no price from any source, the first from `2026-11-24T11:00:00Z`, the last until `2026-11-24T12:00:00Z`");
}
