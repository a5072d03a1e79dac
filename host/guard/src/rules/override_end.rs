//! **override-end** — what the owner commands by hand has an end, and at the most a day lies before it: what
//! was forgotten must not stay for ever. No setting. It is refused without one, when it is over, and when the
//! clock was set back so far that it would last longer. Source: the field notes' fault 35; peers' threads of
//! batteries that stayed in a mode which somebody set by hand once.

use model::hand::{LONGEST, OWNER};

use super::{Case, Origin, Ruling};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Origin::Plan { proposal, .. } = case.origin else { return Ruling::Pass };
    if proposal.by != OWNER {
        return Ruling::Pass;
    }
    let hours = LONGEST.as_secs() / 3600;
    let left = proposal.action.until.map(|until| until.duration_since(case.scene.now));
    let text = match left {
        None => format!("an override by hand needs an end, {hours} h ahead at the most"),
        Some(left) if !left.is_positive() => "this override by hand is over".to_owned(),
        Some(left) if left.unsigned_abs() > LONGEST => {
            format!("this override by hand would last for {} h; {hours} h are the most", left.as_hours())
        }
        Some(_) => return Ruling::Pass,
    };
    Ruling::Refuse { text }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use model::hand::OWNER;
    use model::{Action, Command, Decision, Reason, Rule};

    use crate::Proposal;
    use crate::testing::Bench;

    fn judged(by: &str, lasts_s: Option<i64>) -> Option<Rule> {
        let bench = Bench::new();
        let until = lasts_s.map(|s| bench.now + SignedDuration::from_secs(s));
        let action = Action { target: "battery".into(), command: Command::Hold, reason: Reason::default(), until };
        let proposal = Proposal { by, action: &action, mandate: &bench.mandate };
        let verdict = bench.judge_proposals(&[proposal]).remove(0).verdict;
        (verdict.decision == Decision::Refused).then(|| {
            assert!(verdict.findings[0].text.contains("24 h") || lasts_s.is_some_and(|s| s <= 0), "{verdict:?}");
            verdict.findings[0].rule
        })
    }

    #[test]
    fn only_the_owner_needs_an_end_and_a_near_one() {
        for wrong in [None, Some(0), Some(-60), Some(24 * 3600 + 1)] {
            assert_eq!(judged(OWNER, wrong), Some(Rule::OverrideEnd), "{wrong:?}");
            assert_eq!(judged("strategy", wrong), None);
        }
        assert_eq!(judged(OWNER, Some(1)), None);
        assert_eq!(judged(OWNER, Some(24 * 3600)), None);
    }
}
