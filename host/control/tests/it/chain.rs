//! Who decides: claims, fall-backs, the owner's word, strikes.

use std::collections::BTreeSet;

use model::live::StrategyState;
use model::{Cause, Command, Decision, Grant, Member, Rule};

use crate::rig::{Rig, active};
use crate::strategies::{balances, declines, holds, traps};

#[tokio::test]
async fn each_target_is_decided_by_the_first_that_names_it() {
    let guests = [holds("first", &["cellar"]), balances("second", &["cellar", "attic"])];
    let mut rig = Rig::start(&guests, active(&["first", "second"])).await;
    let tick = rig.tick().await;
    assert_eq!(tick.cause, Cause::Start);
    assert_eq!(tick.strategy.as_ref().map(|s| s.name.as_str()), Some("first"));
    assert_eq!(tick.parts.iter().map(|p| p.strategy.name.as_str()).collect::<Vec<_>>(), ["second"]);
    assert_eq!(tick.parts[0].plan.actions.len(), 2, "the whole plan is kept");
    let decided: Vec<_> = tick.verdicts.iter().map(|v| (v.target.as_str(), v.by.as_deref(), v.decision)).collect();
    assert_eq!(decided, [("cellar", Some("first"), Decision::Accepted), ("attic", Some("second"), Decision::Accepted)]);
    let second: Vec<_> =
        tick.superseded.iter().map(|s| (s.strategy.as_str(), s.target.as_str(), s.by.as_str())).collect();
    assert_eq!(second, [("second", "cellar", "first")]);

    let live = rig.live(|live| live.tick == Some(tick.id)).await;
    let by: Vec<_> = live.doing.iter().map(|d| (d.target.as_str(), d.by.as_deref())).collect();
    assert_eq!(by, [("cellar", Some("first")), ("attic", Some("second"))]);
    assert!(live.doing.iter().all(|d| d.reason.as_ref().is_some_and(|r| r.text == "for a test")));
    assert!(live.strategies.iter().all(|s| s.state == StrategyState::Active));
}

#[tokio::test]
async fn who_fails_hands_on_and_what_it_said_is_kept() {
    let mut loud = traps("breaks");
    let text = loud.image().text("no idea what to do");
    loud.decide = format!("(call $log (i32.const 3) (i32.const {}) (i32.const {})) (unreachable)", text.0, text.1);
    let guests = [declines("wont", "it is Tuesday"), loud, holds("last", &["cellar"])];
    let mut rig = Rig::start(&guests, active(&["wont", "breaks", "missing", "last"])).await;
    let tick = rig.tick().await;
    assert_eq!(tick.strategy.as_ref().map(|s| s.name.as_str()), Some("last"));
    let codes: Vec<_> = tick.attempts.iter().map(|a| (a.strategy.name.as_str(), a.code.as_str())).collect();
    assert_eq!(codes, [("wont", "declined"), ("breaks", "trap"), ("missing", "not-loaded")]);
    assert!(tick.attempts[0].message.contains("it is Tuesday"), "{}", tick.attempts[0].message);
    let trap = &tick.attempts[1];
    assert!(trap.message.contains("it said: no idea what to do"), "{}", trap.message);
    assert_eq!(trap.log, ["error: no idea what to do"]);
    assert!(trap.backtrace[0].contains("decide"), "{:?}", trap.backtrace);
    assert!(trap.settings.is_some() && tick.attempts[2].settings.is_none());
    let live = rig.live(|live| live.tick == Some(tick.id)).await;
    let shown: Vec<_> = live.strategies.iter().map(|s| (s.name.as_str(), s.state)).collect();
    assert_eq!(
        shown,
        [("wont", StrategyState::FallBack), ("breaks", StrategyState::FallBack), ("last", StrategyState::Active)]
    );
}

#[tokio::test]
async fn without_a_plan_every_target_is_let_go() {
    let mut rig = Rig::start(&[declines("wont", "no")], active(&["wont"])).await;
    let tick = rig.tick().await;
    assert_eq!((tick.strategy, tick.plan, tick.verdicts.len()), (None, None, 0));
}

#[tokio::test]
async fn the_owners_word_takes_effect_at_once() {
    let guests = [holds("one", &["cellar"]), balances("other", &["cellar"])];
    let mut rig = Rig::start(&guests, active(&["one"])).await;
    rig.tick().await;
    assert_eq!(rig.order().await.order, guard::Order::Command(Command::Hold));

    rig.change(|roster| roster.active = vec!["other".into()]);
    let tick = rig.tick_by_roster().await;
    assert_eq!(tick.cause, Cause::Strategy { what: "the owner changed: active are now other".into() });
    assert_eq!(tick.strategy.map(|s| s.name).as_deref(), Some("other"));

    let only_attic = Grant { targets: Some(BTreeSet::from(["attic".into()])), ..Grant::default() };
    let member = Member { grant: only_attic.clone(), ..Member::default() };
    rig.change(|roster| roster.members = [("other".to_owned(), member)].into());
    let tick = rig.tick_by_roster().await;
    let verdict = &tick.verdicts[0];
    assert_eq!((verdict.decision, verdict.findings[0].rule), (Decision::Refused, Rule::Grant));
    assert_eq!(tick.verdicts.len(), 1, "who may not command it does not stop it either");
    assert_eq!(tick.terms["other"].grant, only_attic);
    let released = loop {
        let came = rig.order().await;
        if matches!(came.order, guard::Order::Release(_)) {
            break came;
        }
    };
    assert_eq!(released.target, "cellar", "nobody commands it any more");
}

#[tokio::test]
async fn what_one_may_not_command_is_the_next_ones() {
    let guests = [holds("first", &["cellar", "attic"]), balances("second", &["cellar", "attic"])];
    let mut roster = active(&["first", "second"]);
    let only_attic = Grant { targets: Some(BTreeSet::from(["attic".into()])), ..Grant::default() };
    roster.members.insert("first".into(), Member { grant: only_attic, ..Member::default() });
    let mut rig = Rig::start(&guests, roster).await;
    let tick = rig.tick().await;
    let decided: Vec<_> = tick
        .verdicts
        .iter()
        .map(|v| (v.target.as_str(), v.by.as_deref(), v.approved.as_ref().map(Command::kind)))
        .collect();
    use model::CommandKind::{Balance, Hold};
    assert_eq!(
        decided,
        [
            ("cellar", Some("first"), None),
            ("attic", Some("first"), Some(Hold)),
            ("cellar", Some("second"), Some(Balance))
        ]
    );
}

#[tokio::test]
async fn three_strikes_put_a_strategy_aside_until_the_owner_pardons_it() {
    let guests = [traps("breaks"), holds("last", &["cellar"])];
    let mut rig = Rig::start(&guests, active(&["breaks", "last"])).await;
    for _ in 0..2 {
        assert_eq!(rig.tick().await.attempts[0].code, "trap");
        rig.nudge();
    }
    assert_eq!(rig.tick().await.attempts[0].code, "trap");
    // The quarantine is a change by itself.
    let tick = rig.tick().await;
    assert_eq!(tick.attempts[0].code, "quarantined");
    assert_eq!(tick.strategy.map(|s| s.name).as_deref(), Some("last"));
    let live = rig.live(|live| live.tick == Some(tick.id)).await;
    assert_eq!(live.strategies[0].state, StrategyState::Quarantined);
    assert!(live.strategies[0].error.is_some());

    let now = jiff::Timestamp::now();
    rig.change(|roster| roster.members.entry("breaks".into()).or_default().pardoned_at = Some(now));
    loop {
        let tick = rig.tick().await;
        if tick.attempts[0].code == "trap" {
            break;
        }
    }
}
