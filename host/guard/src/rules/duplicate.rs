//! **duplicate** — of several commands for one target in one tick the first is judged and the others are
//! refused, even when the first is refused too: a plan that contradicts itself earns no second try. One
//! that the grant does not cover is not the first.

use super::{Case, Origin, Ruling};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    match case.origin {
        Origin::Plan { first: false, .. } => {
            Ruling::Refuse { text: format!("there is an earlier command for `{}`; only the first counts", case.target) }
        }
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use model::{Command, Decision, Rule};

    use crate::testing::{Bench, charge};

    #[test]
    fn the_first_counts_whatever_becomes_of_it() {
        let bench = Bench::new();
        for first in [charge(300.0), charge(f64::NAN)] {
            let results = bench.judge(&[("battery", first), ("battery", Command::Hold), ("plug", Command::TurnOn)]);
            assert_eq!(results[1].verdict.findings[0].rule, Rule::Duplicate);
            assert_eq!(results[1].approved, None);
            assert_eq!(results[2].verdict.decision, Decision::Accepted);
        }
    }
}
