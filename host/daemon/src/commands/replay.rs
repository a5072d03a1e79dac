//! `wattwright replay`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use control::replay::{Difference, Exported, Otherwise, Replayed};
use engine::Strategy;

use super::strategy::manager;
use super::{say, say_json};
use crate::cli::Replay;
use crate::manager::Manager;
use crate::shipped;

/// Decides a recorded tick again.
pub fn run(args: &Replay) -> Result<()> {
    if let Ok(id) = args.tick.parse::<i64>() {
        let manager = manager(&args.site)?;
        return match (&args.export, &args.strategy) {
            (Some(file), _) => export(&manager, id, file),
            (None, Some(other)) => show_other(&manager.otherwise(id, &other_strategy(&manager, other)?)?, args.json),
            (None, None) => show(&manager.replayed(id)?, args.json),
        };
    }
    let file = &args.tick;
    if args.strategy.is_some() || args.export.is_some() {
        bail!("{file}: a file holds its own strategies; --strategy and --export take the number of a tick");
    }
    let json = std::fs::read(file)
        .with_context(|| format!("`{file}` is neither the number of a tick nor a file that can be read"))?;
    let exported = Exported::from_json(&json).with_context(|| file.clone())?;
    let replayed = exported.replay(&shipped::plain_engine()?).with_context(|| file.clone())?;
    show(&replayed, args.json)
}

fn other_strategy(manager: &Manager, other: &str) -> Result<Arc<Strategy>> {
    if Path::new(other).is_file() { Ok(Arc::new(shipped::find(other)?)) } else { Ok(manager.current(other)?) }
}

fn export(manager: &Manager, id: i64, file: &Path) -> Result<()> {
    let json = manager.exported(id)?.to_json()?;
    if file == Path::new("-") {
        std::io::stdout().write_all(&json)?;
        return Ok(());
    }
    // Whole or not at all, and never over something else.
    let mut out = std::fs::File::create_new(file).with_context(|| format!("{}: cannot be made", file.display()))?;
    out.write_all(&json).and_then(|()| out.sync_all()).with_context(|| file.display().to_string())?;
    say(format!("{}: tick {id}, {} bytes; `wattwright replay {0}` replays it", file.display(), json.len()));
    Ok(())
}

fn show(replayed: &Replayed, json: bool) -> Result<()> {
    if json {
        let mut value = serde_json::to_value(replayed)?;
        value["is_same"] = replayed.is_same().into();
        say_json(&value)?;
    } else {
        for part in &replayed.parts {
            let strategy = &part.strategy;
            let is = match part.same {
                Some(true) => "the same, byte for byte",
                Some(false) => "DIFFERENT",
                None => "could not be asked",
            };
            let why = part.failure.as_ref().map(|failure| format!(" ({failure})")).unwrap_or_default();
            say(format!("{} {}: {is}{why}", strategy.name, strategy.version));
        }
        say(match replayed.verdicts_same {
            Some(true) => "verdicts: the same, byte for byte",
            Some(false) => "verdicts: DIFFERENT",
            None => "verdicts: not compared, since not all was recorded or could be asked",
        });
        list(&replayed.differences);
    }
    if replayed.is_same() { Ok(()) } else { Err(anyhow!("tick {}: not the same", replayed.tick)) }
}

fn show_other(otherwise: &Otherwise, json: bool) -> Result<()> {
    if json {
        return say_json(otherwise);
    }
    let strategy = &otherwise.strategy;
    match (&otherwise.plan, &otherwise.failure) {
        (Some(plan), _) => say(format!("{} {}: {}", strategy.name, strategy.version, plan.summary)),
        (None, failure) => {
            say(format!("{} {}: no plan: {}", strategy.name, strategy.version, failure.as_deref().unwrap_or_default()))
        }
    }
    list(&otherwise.differences);
    Ok(())
}

/// More are not read by anybody; JSON has them all.
const SHOWN: usize = 40;

fn list(differences: &[Difference]) {
    for difference in differences.iter().take(SHOWN) {
        say(format!("  {}: {} -> {}", difference.path, difference.recorded, difference.now));
    }
    if differences.len() > SHOWN {
        say(format!("  and {} more; --json has all", differences.len() - SHOWN));
    }
}
