use model::{Command, Grant, Plan, Reason};

use super::*;

fn plan(targets: &[&str]) -> Plan {
    let action = |target: &&str| Action {
        target: (*target).to_owned(),
        command: Command::Hold,
        reason: Reason::default(),
        until: None,
    };
    Plan { actions: targets.iter().map(action).collect(), ..Plan::default() }
}

fn only(targets: &[&str]) -> Mandate {
    let targets = Some(targets.iter().map(|target| (*target).to_owned()).collect());
    Mandate { grant: Grant { targets, ..Grant::default() }, ..Mandate::default() }
}

/// Who gets what, and who came second to whom.
fn claims(voices: &[(&str, Mandate, Plan)]) -> (Vec<String>, Vec<String>) {
    let voices: Vec<_> = voices.iter().map(|(name, mandate, plan)| Voice { name, mandate, plan }).collect();
    let (proposals, superseded) = claim(&voices);
    let proposals = proposals.iter().map(|p| format!("{} {}", p.by, p.action.target)).collect();
    (proposals, superseded.iter().map(|s| format!("{} {} by {}", s.strategy, s.target, s.by)).collect())
}

#[test]
fn the_first_action_for_a_target_wins() {
    let all = Mandate::default();
    let (proposals, superseded) = claims(&[
        ("a", all.clone(), plan(&["battery"])),
        ("b", all.clone(), plan(&["plug", "battery", "led"])),
        ("c", all, plan(&["led", "battery", "notify"])),
    ]);
    assert_eq!(proposals, ["a battery", "b plug", "b led", "c notify"]);
    assert_eq!(superseded, ["b battery by a", "c led by b", "c battery by a"]);
}

#[test]
fn what_is_not_granted_claims_nothing_and_is_judged() {
    let (proposals, superseded) = claims(&[
        ("a", only(&["plug"]), plan(&["battery", "plug"])),
        ("b", Mandate::default(), plan(&["battery", "plug"])),
        ("c", only(&["plug"]), plan(&["battery"])),
    ]);
    assert_eq!(proposals, ["a battery", "a plug", "b battery", "c battery"]);
    assert_eq!(superseded, ["b plug by a"]);
}

#[test]
fn a_second_action_within_a_plan_is_for_the_guard() {
    let (proposals, superseded) = claims(&[("a", Mandate::default(), plan(&["battery", "battery"]))]);
    assert_eq!(proposals, ["a battery", "a battery"]);
    assert_eq!(superseded, [""; 0]);
}
