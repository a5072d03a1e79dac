//! `wattwright strategy`.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use model::{CommandKind, Grant};
use serde_json::{Map, Value, json};
use server::manage::{Examination, Manage, Role, RoleChange, StrategyDetail};

use super::{say, say_json};
use crate::cli::{GrantArgs, SiteArgs, StrategyCommand};
use crate::manager::{self, Manager};
use crate::shipped;
use crate::site::Site;
use crate::trial::Ground;

/// Does what was typed.
pub fn run(command: StrategyCommand) -> Result<()> {
    match command {
        StrategyCommand::List { site, json } => list(&manager(&site)?, json),
        StrategyCommand::Add { site, file } => {
            let wasm = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let added = manager(&site)?.add(&wasm).with_context(|| file.display().to_string())?;
            say(format!("{} is in the strategies folder as {}", title(&added), added.origin));
            if added.role == Role::Off {
                say(format!(
                    "`wattwright strategy enable {0}` lets it decide, `… shadow {0}` only looks at it",
                    added.name
                ));
            }
            Ok(())
        }
        StrategyCommand::Remove { site, name } => {
            manager(&site)?.remove(&name)?;
            say(format!("{name} is removed"));
            Ok(())
        }
        StrategyCommand::Enable { site, name, place, grant } => enable(&site, &name, place, &grant),
        StrategyCommand::Shadow { site, name } => role(&site, &name, Role::Shadow),
        StrategyCommand::Disable { site, name } => role(&site, &name, Role::Off),
        StrategyCommand::Settings { site, name, changes, reset } => settings(&manager(&site)?, &name, &changes, reset),
        StrategyCommand::Rollback { site, name, to } => {
            say(format!("{} is in use", title(&manager(&site)?.roll_back(&name, to.as_deref())?)));
            Ok(())
        }
        StrategyCommand::Logs { site, name, lines } => {
            let log = manager(&site)?.log(&name, lines)?;
            log.iter().rev().for_each(|line| say(format!("{} tick {}: {}", line.at, line.tick, line.text)));
            Ok(())
        }
        StrategyCommand::Check { strategy, json } => check(&strategy, json),
    }
}

/// What manages the strategies of a home, beside the daemon if that runs.
pub fn manager(args: &SiteArgs) -> Result<Manager> {
    let site = Site::find(args)?;
    let folder = Some(site.folder.as_path()).filter(|folder| folder.exists());
    let library = shipped::library(folder, Some(&site.state_dir))?;
    let versions = shipped::kept_versions(&site.state_dir)?;
    Ok(Manager::new(library, versions, site.roster(), site.journal()?, site.folder))
}

fn title(strategy: &StrategyDetail) -> String {
    let version = strategy.version.as_ref().map(|version| format!(" {} ({})", version.version, short(&version.hash)));
    format!("{}{}", strategy.name, version.unwrap_or_default())
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn list(manager: &Manager, json: bool) -> Result<()> {
    let list = manager.list()?;
    if json {
        return say_json(&list);
    }
    for strategy in &list {
        let role = match (strategy.role, strategy.position) {
            (Role::Active, Some(position)) => format!("active, asked {}", ordinal(position + 1)),
            (Role::Active, None) => "active".into(),
            (Role::Shadow, _) => "shadow".into(),
            (Role::Off, _) => "off".into(),
        };
        say(format!("{} — {role}; {}", title(strategy), strategy.origin));
        if !strategy.summary.is_empty() {
            say(format!("  {}", strategy.summary));
        }
        if strategy.role != Role::Off {
            say(format!("  may {}", may(&strategy.grant)));
        }
        if let Some(quarantine) = &strategy.quarantine {
            say(format!("  in quarantine since {}: {}: {}", quarantine.since, quarantine.code, quarantine.message));
            say(format!("  a new version ends it, or `wattwright strategy enable {}`", strategy.name));
        }
        if let Some(error) = &strategy.error {
            say(format!("  error: {error}"));
        }
        for version in strategy.versions.iter().filter(|version| !version.is_current) {
            let note = if version.is_before { ", rollback goes to it" } else { "" };
            let reference = &version.strategy;
            say(format!(
                "  kept: {} ({}), seen {}{note}",
                reference.version,
                short(&reference.hash),
                version.first_seen_at
            ));
        }
    }
    Ok(())
}

fn ordinal(place: usize) -> String {
    match place {
        1 => "first".into(),
        2 => "second".into(),
        3 => "third".into(),
        _ => format!("in place {place}"),
    }
}

/// What a grant comes down to, in words.
fn may(grant: &Grant) -> String {
    let targets = match &grant.targets {
        None => "command everything".to_owned(),
        Some(targets) if targets.is_empty() => "command nothing".to_owned(),
        Some(targets) => format!("command {}", targets.iter().cloned().collect::<Vec<_>>().join(", ")),
    };
    let yes = |allowed: bool, what: &str| format!("{}{what}", if allowed { "" } else { "not " });
    let power = grant.max_power_w.map(|power_w| format!(", at most {power_w} W for each battery")).unwrap_or_default();
    format!(
        "{targets}, {}, {}{power}; within the limits of the home",
        yes(grant.grid_charging, "charge from the grid"),
        yes(grant.export, "discharge more than the home uses")
    )
}

fn enable(args: &SiteArgs, name: &str, place: Option<u32>, wanted: &GrantArgs) -> Result<()> {
    let site = Site::find(args)?;
    let manager = manager(args)?;
    let strategy = find(&manager, name)?;
    let grant = granted(&strategy.grant, wanted, &site)?;
    let commands: Vec<&str> = strategy.commands.iter().map(|kind| kind_name(*kind)).collect();
    say(format!("{}: {}", title(&strategy), strategy.summary));
    say(format!("  declares that it may: {}", commands.join(", ")));
    say(format!("  will be allowed to: {}", may(&grant)));
    if !wanted.yes && !confirmed()? {
        say("Nothing was changed.");
        return Ok(());
    }
    let position = place.map(|place| place as usize - 1);
    let enabled = manager.set_role(name, RoleChange { role: Role::Active, position, grant: Some(grant) })?;
    let place = enabled.position.map(|position| ordinal(position + 1)).unwrap_or_default();
    say(format!("{} is active, asked {place}", title(&enabled)));
    Ok(())
}

fn kind_name(kind: CommandKind) -> &'static str {
    match kind {
        CommandKind::Hold => "hold",
        CommandKind::Charge => "charge",
        CommandKind::Discharge => "discharge",
        CommandKind::Balance => "balance",
        CommandKind::TurnOnOff => "turn on and off",
        CommandKind::SetLevel => "set a level",
        CommandKind::SetLight => "set a light",
        CommandKind::Notify => "notify",
    }
}

fn granted(before: &Grant, wanted: &GrantArgs, site: &Site) -> Result<Grant> {
    let mut grant = before.clone();
    if let Some(targets) = &wanted.targets {
        let batteries = site.setup.batteries.iter().map(|battery| battery.id.as_str());
        let known: Vec<&str> = batteries.chain(site.setup.devices.iter().map(|device| device.id.as_str())).collect();
        if let Some(unknown) = targets.iter().find(|target| !known.contains(&target.as_str())) {
            bail!("--targets: there is no `{unknown}` in this home; there are: {}", known.join(", "));
        }
        grant.targets = Some(targets.iter().cloned().collect());
    }
    if let Some(power_w) = wanted.max_power_w {
        if !(power_w.is_finite() && power_w >= 0.0) {
            bail!("--max-power-w {power_w}: expected a power of 0 or more");
        }
        grant.max_power_w = Some(power_w);
    }
    grant.grid_charging = wanted.grid_charging.unwrap_or(grant.grid_charging);
    grant.export = wanted.export.unwrap_or(grant.export);
    Ok(grant)
}

fn confirmed() -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nothing was changed: say with --yes that this is wanted");
    }
    print!("Enable it? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn role(site: &SiteArgs, name: &str, role: Role) -> Result<()> {
    let changed = manager(site)?.set_role(name, RoleChange { role, position: None, grant: None })?;
    let is = if role == Role::Shadow { "a shadow: its plans are recorded and not carried out" } else { "off" };
    say(format!("{} is {is}", title(&changed)));
    Ok(())
}

fn find(manager: &Manager, name: &str) -> Result<StrategyDetail> {
    let list = manager.list()?;
    let known: Vec<String> = list.iter().map(|strategy| strategy.name.clone()).collect();
    let found = list.into_iter().find(|strategy| strategy.name == name);
    found.ok_or_else(|| anyhow!("there is no strategy `{name}`; there are: {}", known.join(", ")))
}

fn settings(manager: &Manager, name: &str, changes: &[String], reset: bool) -> Result<()> {
    let mut strategy = find(manager, name)?;
    if reset {
        strategy = manager.set_settings(name, None)?;
    }
    if !changes.is_empty() {
        let mut own = strategy.own_settings.as_object().cloned().unwrap_or_default();
        changes.iter().try_for_each(|change| apply(&mut own, change))?;
        strategy = manager.set_settings(name, Some(own.into()))?;
    }
    let properties = strategy.settings_schema.as_ref().and_then(|schema| schema["properties"].as_object());
    let in_force = strategy.settings.unwrap_or_else(|| json!({}));
    for (key, schema) in properties.into_iter().flatten() {
        let own = if strategy.own_settings.get(key).is_some() { "" } else { " (default)" };
        let text = |field: &str| schema[field].as_str().unwrap_or_default();
        say(format!("{key} = {}{own}  {}", in_force[key], text("title")));
        if !text("description").is_empty() {
            say(format!("    {}", text("description")));
        }
    }
    Ok(())
}

/// `key=JSON`; what is no JSON is taken as text, nothing as the default.
fn apply(own: &mut Map<String, Value>, change: &str) -> Result<()> {
    let (key, text) =
        change.split_once('=').with_context(|| format!("{change}: expected KEY=VALUE, such as reserve_pct=20"))?;
    match text {
        "" => own.remove(key),
        _ => own.insert(key.to_owned(), serde_json::from_str(text).unwrap_or_else(|_| text.into())),
    };
    Ok(())
}

fn check(strategy: &str, json: bool) -> Result<()> {
    let examination = examine(strategy)?;
    if json {
        say_json(&examination)?;
    } else {
        if examination.ok {
            say(format!("{strategy}: accepted"));
        }
        if let Value::Object(facts) = serde_json::to_value(&examination)? {
            let shown = |key: &str, value: &Value| !matches!(key, "ok" | "problems") && !value.is_null();
            for (key, value) in facts.iter().filter(|(key, value)| shown(key, value)) {
                say(format!("  {key}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            }
        }
    }
    if examination.ok {
        return Ok(());
    }
    let list: Vec<String> = examination.problems.iter().map(|p| format!("{}: {}", p.code, p.message)).collect();
    bail!("{strategy}: not accepted:\n  {}", list.join("\n  "));
}

fn examine(strategy: &str) -> Result<Examination> {
    match shipped::find(strategy) {
        Ok(strategy) => Ok(Ground::sample()?.examine(&strategy)),
        Err(error) => match error.downcast_ref::<engine::LoadError>() {
            Some(error) => Ok(manager::not_loaded(error)),
            None if Path::new(strategy).exists() => Err(error),
            None => Ok(manager::missing(&format!("{error:#}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_changed_one_by_one_and_given_back_to_their_defaults() {
        let mut own = Map::from_iter([("reserve_pct".to_owned(), json!(20))]);
        apply(&mut own, "led=lamp").unwrap();
        apply(&mut own, "grid_charging=false").unwrap();
        apply(&mut own, "reserve_pct=").unwrap();
        assert_eq!(Value::Object(own), json!({ "led": "lamp", "grid_charging": false }));
        assert!(apply(&mut Map::new(), "reserve_pct").unwrap_err().to_string().contains("KEY=VALUE"));
    }

    #[test]
    fn a_grant_is_told_in_words() {
        let grant = Grant {
            targets: Some(["plug".to_owned()].into()),
            export: false,
            max_power_w: Some(400.0),
            ..Grant::default()
        };
        assert_eq!(
            may(&grant),
            "command plug, charge from the grid, not discharge more than the home uses, at most 400 W for each battery; \
             within the limits of the home"
        );
    }
}
