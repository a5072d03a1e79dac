//! **link** — while the link to the home is down or not in step, every command is refused and no other
//! rule is asked: what is seen of the home is what was true once. No setting.
//! Source: a home that restarts shows restored states before real ones.

use model::home::Link;

use super::{Case, Ruling};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let text = match &case.scene.home.link {
        Link::Up { .. } => return Ruling::Pass,
        Link::Connecting { reason } if reason.is_empty() => "the link to the home is not up yet".into(),
        Link::Connecting { reason } => format!("the link to the home is down: {reason}"),
        Link::Rejected { reason } => format!("the home rejects our credentials: {reason}"),
    };
    Ruling::Refuse { text }
}

#[cfg(test)]
mod tests {
    use model::home::Link;
    use model::{Command, Rule};

    use crate::testing::{Bench, charge};

    #[test]
    fn refuses_everything_while_the_link_is_not_up() {
        for link in [
            Link::Connecting { reason: String::new() },
            Link::Connecting { reason: "connection refused".into() },
            Link::Rejected { reason: "invalid token".into() },
        ] {
            let mut bench = Bench::new();
            bench.home.link = link;
            bench.refuses("battery", Command::Hold, Rule::Link);
            bench.refuses("battery", charge(9e9), Rule::Link);
            bench.refuses("phone", Command::Notify { text: "hello".into() }, Rule::Link);
        }
    }

    #[test]
    fn says_what_is_wrong_with_the_link() {
        for (reason, expected) in [
            ("", "the link to the home is not up yet"),
            ("connection refused", "the link to the home is down: connection refused"),
        ] {
            let mut bench = Bench::new();
            bench.home.link = Link::Connecting { reason: reason.into() };
            let judged = bench.refuses("battery", Command::Hold, Rule::Link);
            assert_eq!(judged.verdict.findings[0].text, expected);
        }
    }
}
