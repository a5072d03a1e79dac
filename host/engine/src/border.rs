//! What may come in of a plan: its size, its texts, its numbers, the order of its outlook.
//!
//! Numbers and targets of commands pass as they are: the guard judges them and names the rule.

use std::fmt::Arguments;

use model::{Command, Fact, Plan, Reason};

use crate::EngineConfig;
use crate::failure::{Failure, Kind};
use crate::text;

/// The plan with its texts made harmless and without figures that are no numbers.
pub(crate) fn admit(mut plan: Plan, limits: &EngineConfig) -> Result<Plan, Failure> {
    let border = Border { limits };
    border.count(format_args!("actions"), plan.actions.len(), limits.actions, "actions")?;
    border.count(format_args!("outlook"), plan.outlook.len(), limits.outlook_slots, "slots")?;
    border.count(format_args!("memory"), plan.memory.len(), limits.memory_out_bytes, "bytes")?;
    border.text(format_args!("summary"), &mut plan.summary)?;
    border.facts(format_args!("figures"), &mut plan.figures)?;
    for (i, action) in plan.actions.iter_mut().enumerate() {
        let path = format_args!("actions[{i}]");
        border.text(format_args!("{path}.target"), &mut action.target)?;
        border.command(path, &mut action.command)?;
        border.reason(path, &mut action.reason)?;
    }
    let mut previous_end = None;
    for (i, slot) in plan.outlook.iter_mut().enumerate() {
        let path = format_args!("outlook[{i}]");
        if slot.end <= slot.start {
            return Err(invalid(format!("{path} ends at {}, not after its start at {}", slot.end, slot.start)));
        }
        if let Some(end) = previous_end.filter(|end| slot.start < *end) {
            return Err(invalid(format!(
                "{path} starts at {}, before the end of the slot before it at {end}",
                slot.start
            )));
        }
        previous_end = Some(slot.end);
        slot.grid_w = finite(slot.grid_w);
        border.count(format_args!("{path}.targets"), slot.targets.len(), limits.expectations, "expectations")?;
        for (j, expected) in slot.targets.iter_mut().enumerate() {
            let path = format_args!("{path}.targets[{j}]");
            expected.power_w = finite(expected.power_w);
            expected.soc_pct = finite(expected.soc_pct);
            border.text(format_args!("{path}.target"), &mut expected.target)?;
            border.command(path, &mut expected.command)?;
            border.reason(path, &mut expected.reason)?;
        }
    }
    Ok(plan)
}

fn invalid(message: String) -> Failure {
    Failure::new(Kind::InvalidAnswer, message)
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// Paths are written down only when something is wrong there: a plan has a thousand of them.
struct Border<'a> {
    limits: &'a EngineConfig,
}

impl Border<'_> {
    fn count(&self, path: Arguments<'_>, count: usize, limit: usize, what: &str) -> Result<(), Failure> {
        if count > limit {
            return Err(Failure::new(Kind::AnswerTooLarge, format!("{path} has {count} {what}, at most {limit}")));
        }
        Ok(())
    }

    fn text(&self, path: Arguments<'_>, text: &mut String) -> Result<(), Failure> {
        self.count(path, text.len(), self.limits.text_bytes, "bytes")?;
        *text = text::short_line(std::mem::take(text), self.limits.text_bytes);
        Ok(())
    }

    fn command(&self, path: Arguments<'_>, command: &mut Command) -> Result<(), Failure> {
        if let Command::Notify { text } = command {
            self.count(format_args!("{path}.command.notify"), text.len(), self.limits.text_bytes, "bytes")?;
            *text = text::lines(std::mem::take(text));
        }
        Ok(())
    }

    fn reason(&self, path: Arguments<'_>, reason: &mut Reason) -> Result<(), Failure> {
        self.text(format_args!("{path}.reason.code"), &mut reason.code)?;
        self.text(format_args!("{path}.reason.text"), &mut reason.text)?;
        self.facts(format_args!("{path}.reason.facts"), &mut reason.facts)
    }

    fn facts(&self, path: Arguments<'_>, facts: &mut Vec<Fact>) -> Result<(), Failure> {
        self.count(path, facts.len(), self.limits.facts, "entries")?;
        facts.retain(|fact| fact.value.is_finite());
        for (i, fact) in facts.iter_mut().enumerate() {
            self.text(format_args!("{path}[{i}].name"), &mut fact.name)?;
            self.text(format_args!("{path}[{i}].unit"), &mut fact.unit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
