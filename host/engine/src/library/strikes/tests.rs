use super::*;

fn at(second: u32) -> Timestamp {
    format!("2026-11-24T10:00:{second:02}Z").parse().unwrap()
}

fn version(hash: &str) -> StrategyRef {
    StrategyRef { name: "alpha".into(), version: "1.0.0".into(), hash: hash.into() }
}

fn pardon(name: &str, second: u32) -> Roster {
    let member = model::Member { pardoned_at: Some(at(second)), ..model::Member::default() };
    Roster { members: [(name.to_owned(), member)].into(), ..Roster::default() }
}

impl Ledger {
    fn fail(&mut self, hash: &str, second: u32) -> bool {
        self.strike(&version(hash), "trap", &format!("failure {second}"), at(second)).1
    }
}

#[test]
fn three_in_a_row_are_out() {
    let mut ledger = Ledger::default();
    assert_eq!([1, 2].map(|second| ledger.fail("a", second)), [false, false]);
    assert_eq!(ledger.quarantine("a"), None);
    assert!(ledger.fail("a", 3));
    let expected = Quarantine { since: at(3), code: "trap".into(), message: "failure 3".into() };
    assert_eq!(ledger.quarantine("a"), Some(expected.clone()));
    // A call that was under way, of either outcome, changes nothing.
    assert!(!ledger.fail("a", 4));
    assert!(!ledger.succeed("a"));
    assert_eq!(ledger.quarantine("a"), Some(expected));
}

#[test]
fn a_success_in_between_begins_the_count_anew() {
    let mut ledger = Ledger::default();
    for round in 0..5 {
        assert!(!ledger.fail("a", round));
        assert!(!ledger.fail("a", round));
        assert!(ledger.succeed("a"));
        assert!(!ledger.succeed("a"), "nothing is left to forget");
    }
    assert_eq!(ledger.quarantine("a"), None);
}

#[test]
fn each_version_has_its_own_count() {
    let mut ledger = Ledger::default();
    for hash in ["a", "b", "a", "b"] {
        assert!(!ledger.fail(hash, 1));
    }
    assert!(ledger.fail("a", 2));
    assert_eq!(ledger.quarantine("b"), None);
}

#[test]
fn a_pardon_ends_what_began_before_it() {
    let mut ledger = Ledger::default();
    for second in [1, 2, 3] {
        ledger.fail("a", second);
    }
    ledger.fail("b", 4);
    assert_eq!(ledger.pardon(&pardon("alpha", 3)), []);
    assert_eq!(ledger.pardon(&pardon("beta", 10)), []);
    assert_eq!(ledger.pardon(&Roster::default()), []);
    assert!(ledger.quarantine("a").is_some());
    assert_eq!(ledger.pardon(&pardon("alpha", 4)), [("a".to_owned(), true)]);
    assert_eq!(ledger.quarantine("a"), None);
    // The same pardon does not help against what came after it.
    for second in [11, 12, 13] {
        ledger.fail("a", second);
    }
    assert_eq!(ledger.pardon(&pardon("alpha", 10)), [("b".to_owned(), false)]);
    assert!(ledger.quarantine("a").is_some());
}

#[test]
fn the_strategys_own_failures_count() {
    use crate::failure::Kind::*;
    for kind in [Trap, OutOfFuel, OutOfTime, MemoryLimit, StackOverflow, AnswerTooLarge, InvalidAnswer] {
        assert!(is_own_fault(kind.code()), "{kind:?}");
    }
    for kind in [Declined, NotStarted] {
        assert!(!is_own_fault(kind.code()), "{kind:?}");
    }
    for code in ["settings", "not-loaded", "host", "quarantined", ""] {
        assert!(!is_own_fault(code), "{code}");
    }
}

#[test]
fn a_message_is_cut() {
    let mut ledger = Ledger::default();
    let (strikes, _) = ledger.strike(&version("a"), "trap", &"x".repeat(100_000), at(1));
    assert!(strikes.message.len() < 3000);
}
