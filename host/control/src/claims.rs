//! Who decides what: claims on targets, and the guard's word on what is left. Pure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use guard::{Judged, Mandate, Proposal, SceneRecord};
use model::hand::OWNER;
use model::{Action, Command, CommandKind, Decision, Grant, Plan, Reason, Rule, Superseded, TargetId};

/// A strategy that has a plan.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it may command.
    pub mandate: &'a Mandate,
    /// What it wants.
    pub plan: &'a Plan,
}

/// What the owner commands by hand: all may be commanded, and what stands in force is judged all the same.
static OWNERS: LazyLock<Mandate> = LazyLock::new(|| {
    use CommandKind::{Balance, Charge, Discharge, Hold, SetLevel, SetLight, TurnOnOff};
    let declared = [Hold, Charge, Discharge, Balance, TurnOnOff, SetLevel, SetLight].into();
    Mandate { declared, grant: Grant::default() }
});

/// The owner, who is heard before every strategy.
pub fn owners_voice(overrides: &Plan) -> Voice<'_> {
    Voice { name: OWNER, mandate: &OWNERS, plan: overrides }
}

/// What comes of several plans: what is to be judged, and what came second.
///
/// The first action for a target wins, in the order of `voices`. An action for a target that the owner does
/// not let its strategy command claims nothing: it is judged, so that its refusal is on record, and the
/// target is the next strategy's. So is a second action for a target within one plan.
pub fn claim<'a>(voices: &[Voice<'a>]) -> (Vec<Proposal<'a>>, Vec<Superseded>) {
    let mut owners: BTreeMap<&TargetId, &str> = BTreeMap::new();
    let (mut proposals, mut superseded) = (Vec::new(), Vec::new());
    for &Voice { name, mandate, plan } in voices {
        for action in &plan.actions {
            let is_covered = mandate.grant.covers(&action.target);
            match owners.get(&action.target).filter(|owner| is_covered && **owner != name) {
                Some(owner) => superseded.push(Superseded {
                    strategy: name.to_owned(),
                    target: action.target.clone(),
                    command: action.command.clone(),
                    by: (*owner).to_owned(),
                }),
                None => {
                    if is_covered {
                        owners.insert(&action.target, name);
                    }
                    proposals.push(Proposal { by: name, action, mandate });
                }
            }
        }
    }
    (proposals, superseded)
}

/// An action with the guard's word on it.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// What was wanted.
    pub action: Action,
    /// What may be done.
    pub judged: Judged,
}

/// The guard's word on each proposal, in order, and after them its own: a battery whose command it refused
/// is held.
pub fn judge(proposals: &[Proposal<'_>], scene: &SceneRecord) -> Vec<Ruled> {
    let judged = scene.judge(proposals);
    let mut ruled: Vec<Ruled> = proposals
        .iter()
        .zip(judged)
        .map(|(proposal, judged)| Ruled { action: proposal.action.clone(), judged })
        .collect();
    let stops = stops(proposals, &ruled, scene);
    ruled.extend(stops);
    ruled
}

/// A refused battery command must not leave running what the guard would refuse as well, unless only a
/// waiting time stood in the way, or it was not the strategy's to command.
fn stops(proposals: &[Proposal<'_>], ruled: &[Ruled], scene: &SceneRecord) -> Vec<Ruled> {
    let mut stops = Vec::new();
    for (Proposal { action, mandate, .. }, Ruled { judged, .. }) in proposals.iter().zip(ruled) {
        let served = ruled.iter().any(|r| r.action.target == action.target && r.judged.approved.is_some());
        let refusal = judged.verdict.findings.last().filter(|_| judged.verdict.decision == Decision::Refused);
        let Some(finding) = refusal else { continue };
        let only_waiting = matches!(finding.rule, Rule::Dwell | Rule::WriteInterval | Rule::Duplicate | Rule::Taken);
        let is_battery = scene.limits().batteries.contains_key(&action.target);
        if !is_battery || served || only_waiting || !mandate.grant.covers(&action.target) {
            continue;
        }
        let hold = Action {
            target: action.target.clone(),
            command: Command::Hold,
            reason: Reason {
                code: "guard-hold".into(),
                text: format!("Held, since the guard refused to {}: {}", action.command, finding.text),
                facts: Vec::new(),
            },
            until: None,
        };
        let judged = scene.hold(&action.target);
        stops.push(Ruled { action: hold, judged });
    }
    stops
}

#[cfg(test)]
mod tests;
