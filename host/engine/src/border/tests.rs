use jiff::Timestamp;
use model::{Action, Expectation, OutlookSlot};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn slot(start: i64, end: i64) -> OutlookSlot {
    OutlookSlot { start: at(start), end: at(end), grid_w: None, targets: Vec::new() }
}

fn action(command: Command) -> Action {
    Action { target: "battery".into(), command, reason: Reason::default(), until: None }
}

fn fact(value: f64) -> Fact {
    Fact { name: "f".into(), value, unit: "W".into() }
}

fn refusal(plan: Plan) -> (&'static str, String) {
    let failure = admit(plan, &EngineConfig::default()).unwrap_err();
    (failure.kind.code(), failure.message)
}

#[test]
fn numbers_that_are_none_are_dropped_except_in_commands() {
    let reason = Reason { facts: vec![fact(f64::NAN), fact(1.0)], ..Reason::default() };
    let expectation = Expectation {
        target: "battery".into(),
        command: Command::Discharge { power_w: f64::INFINITY },
        power_w: Some(f64::NAN),
        soc_pct: Some(f64::NEG_INFINITY),
        reason: reason.clone(),
    };
    let plan = Plan {
        actions: vec![Action { reason, ..action(Command::Charge { power_w: f64::NAN }) }],
        outlook: vec![OutlookSlot { grid_w: Some(f64::NAN), targets: vec![expectation], ..slot(0, 900) }],
        figures: vec![fact(f64::INFINITY)],
        ..Plan::default()
    };
    let plan = admit(plan, &EngineConfig::default()).unwrap();
    assert!(matches!(plan.actions[0].command, Command::Charge { power_w } if power_w.is_nan()));
    assert_eq!(plan.actions[0].reason.facts, [fact(1.0)]);
    assert_eq!(plan.outlook[0].grid_w, None);
    let expected = &plan.outlook[0].targets[0];
    assert_eq!((expected.power_w, expected.soc_pct), (None, None));
    assert_eq!(expected.command, Command::Discharge { power_w: f64::INFINITY });
    assert!(plan.figures.is_empty());
}

#[test]
fn the_outlook_is_in_order_and_does_not_overlap() {
    let ok = Plan { outlook: vec![slot(0, 900), slot(900, 1800), slot(3600, 4500)], ..Plan::default() };
    assert!(admit(ok, &EngineConfig::default()).is_ok());
    for outlook in [vec![slot(900, 1800), slot(0, 900)], vec![slot(0, 900), slot(899, 1800)]] {
        let (code, message) = refusal(Plan { outlook, ..Plan::default() });
        assert_eq!(code, "invalid-answer");
        assert!(message.starts_with("outlook[1] starts at "), "{message}");
    }
    let (code, message) = refusal(Plan { outlook: vec![slot(900, 900)], ..Plan::default() });
    assert_eq!(code, "invalid-answer");
    assert!(message.starts_with("outlook[0] ends at "), "{message}");
}

#[test]
fn what_is_too_much_is_named_with_its_limit() {
    let cases = [
        (Plan { actions: vec![action(Command::Hold); 257], ..Plan::default() }, "actions has 257 actions, at most 256"),
        (Plan { outlook: vec![slot(0, 1); 401], ..Plan::default() }, "outlook has 401 slots, at most 400"),
        (Plan { memory: vec![0; 65_537], ..Plan::default() }, "memory has 65537 bytes, at most 65536"),
        (Plan { summary: "x".repeat(2001), ..Plan::default() }, "summary has 2001 bytes, at most 2000"),
        (Plan { figures: vec![fact(0.0); 65], ..Plan::default() }, "figures has 65 entries, at most 64"),
        (
            Plan { actions: vec![action(Command::Notify { text: "x".repeat(2001) })], ..Plan::default() },
            "actions[0].command.notify has 2001 bytes, at most 2000",
        ),
    ];
    for (plan, text) in cases {
        assert_eq!(refusal(plan), ("answer-too-large", text.to_owned()));
    }
}

#[test]
fn texts_are_made_harmless() {
    let mut plan = Plan { summary: "a\x1b[2Jb\nc".into(), ..Plan::default() };
    plan.actions.push(action(Command::Notify { text: "two\nlines\u{202e}".into() }));
    plan.actions[0].target = "bat\u{0}tery".into();
    let plan = admit(plan, &EngineConfig::default()).unwrap();
    assert_eq!(plan.summary, "a\\u{1b}[2Jb c");
    assert_eq!(plan.actions[0].command, Command::Notify { text: "two\nlines\\u{202e}".into() });
    assert!(!model::is_valid_id(&plan.actions[0].target));
}
