//! One module for each command.

pub mod backtest;
pub mod backup;
pub mod check;
pub mod compile;
pub mod evaluate;
pub mod hand;
pub mod replay;
pub mod run;
pub mod scores;
pub mod setup;
pub mod strategy;
pub mod tick;
pub mod token;
pub mod user;

/// Prints a line to standard output; a closed pipe (`| head`) is no error.
pub fn say(text: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints JSON.
pub fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// A plan and its verdicts for a person.
pub fn describe(plan: Option<&model::Plan>, verdicts: &[model::Verdict]) -> String {
    use std::fmt::Write;
    let Some(plan) = plan else { return "No strategy gave a plan: every target goes to its safe state.".into() };
    let mut text = format!("{}\n", plan.summary);
    for (action, verdict) in plan.actions.iter().zip(verdicts) {
        let _ = write!(text, "\n{}: {}\n  why:   {}\n", action.target, action.command, action.reason.text);
        let decision = match (&verdict.decision, &verdict.approved) {
            (model::Decision::Accepted, _) => "accepted".to_owned(),
            (_, Some(approved)) => format!("adjusted to {approved}"),
            (_, None) => "refused".to_owned(),
        };
        let _ = writeln!(text, "  guard: {decision}");
        for finding in &verdict.findings {
            let _ = writeln!(text, "         {}: {}", finding.rule.name(), finding.text);
        }
    }
    text
}
