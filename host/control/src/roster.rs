//! What changed in what the owner lets strategies do. Pure.

use std::collections::BTreeSet;

use model::Roster;

/// What differs, for a person; `None`: nothing that matters for control.
pub fn change(old: &Roster, new: &Roster) -> Option<String> {
    let mut changes = Vec::new();
    if old.active != new.active {
        changes.push(format!("active are now {}", list(&new.active)));
    }
    if old.shadows != new.shadows {
        changes.push(format!("shadows are now {}", list(&new.shadows)));
    }
    let names: BTreeSet<&String> = old.members.keys().chain(new.members.keys()).collect();
    for name in names {
        let (before, after) = (old.member(name), new.member(name));
        let mut of = Vec::new();
        if before.settings != after.settings {
            of.push("settings");
        }
        if before.grant != after.grant {
            of.push("grant");
        }
        if before.allowance != after.allowance {
            of.push("allowance");
        }
        if before.pardoned_at != after.pardoned_at {
            of.push("quarantine");
        }
        if !of.is_empty() {
            changes.push(format!("{} of `{name}`", of.join(" and ")));
        }
    }
    (!changes.is_empty()).then(|| format!("the owner changed: {}", changes.join(", ")))
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use model::{Grant, Member};

    use super::*;

    #[test]
    fn says_what_changed() {
        let member = Member { grant: Grant { export: false, ..Grant::default() }, ..Member::default() };
        let old = Roster { active: vec!["a".into(), "b".into()], ..Roster::default() };
        let new = Roster { active: vec!["b".into()], members: [("b".into(), member)].into(), ..old.clone() };
        assert_eq!(change(&old, &new).as_deref(), Some("the owner changed: active are now b, grant of `b`"));
    }

    #[test]
    fn writing_down_a_default_changes_nothing() {
        let old = Roster { active: vec!["a".into()], ..Roster::default() };
        let new = Roster { members: [("a".into(), Member::default())].into(), ..old.clone() };
        assert_eq!(change(&old, &new), None);
    }
}
