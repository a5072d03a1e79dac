//! A snapshot for trying strategies out where there is no home: the simulated home on a summer morning,
//! the same on every machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use control::snapshot::{self, Seen};
use control::{Data, tasks};
use forecast::Tariff;
use guard::Watch;
use home::Home;
use home::simulated::{SimulatedConfig, SimulatedHome};
use jiff::Timestamp;
use model::Input;

use crate::{config, feeds, past};
use knowledge::Knowledge;

/// 08:10 in Berlin, so that prices of the day are known and those of tomorrow are not.
const MOMENT: &str = "2024-06-18T06:10:00Z";

/// What a strategy would be given then.
pub fn input(settings: serde_json::Value) -> Result<Input> {
    let now: Timestamp = MOMENT.parse().context("the sample's moment")?;
    let home = SimulatedHome::start_with(SimulatedConfig::default(), Arc::new(move || now))
        .context("the sample home cannot be set up")?;
    let setup = config::simulated(&home.layout());
    let knowledge = Knowledge::new(Tariff::default(), None);
    past::lived(&home, &setup, &knowledge);
    feeds::enter_simulated(&home, &knowledge, now);
    let state = home.state();
    let mut watch = Watch::default();
    watch.observe(&state, &setup.limits, Duration::ZERO, now);
    let zone = snapshot::timezone(&snapshot::timezone_name(&setup, &state));
    let tasks = setup
        .tasks
        .iter()
        .filter_map(|task| Some(tasks::Progress::new(tasks::window(task, now, &zone)?).to_task(task, now, None)));
    let snapshot = snapshot::build(Seen {
        setup: &setup,
        state: &state,
        watch: &watch,
        now,
        known: knowledge.known(now),
        in_force: &BTreeMap::new(),
        tasks: tasks.collect(),
    });
    Ok(Input { snapshot, settings, memory: Vec::new() })
}
