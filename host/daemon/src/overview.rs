//! How the home is set up and how its sources do, for the API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use control::{Data, Setup};
use guard::{Counts, Limits};
use jiff::Timestamp;
use journal::{Journal, Keep};
use knowledge::{Fetched, Knowledge};
use model::{CommandKind, TargetId};
use server::Site;
use server::site::{BatterySetup, Budget, ConnectionSetup, FetchedSource, LogLine, SetupView, SourceKind, TargetSetup};
use tokio::sync::watch;

use crate::log::Log;

/// What the server asks.
pub struct Overview {
    pub setup: Setup,
    pub keep: Keep,
    pub knowledge: Arc<Knowledge>,
    pub journal: Journal,
    pub written: watch::Receiver<BTreeMap<TargetId, Counts>>,
    pub log: Log,
}

impl Site for Overview {
    fn setup(&self) -> SetupView {
        let now = Timestamp::now();
        let known = self.knowledge.known(now);
        let grid = &self.setup.limits.grid;
        SetupView {
            at: now,
            columns: known.sources,
            problems: known.problems,
            fetched: fetched(&self.knowledge),
            connection: ConnectionSetup {
                import_limit_w: grid.import_limit_w,
                feed_in_limit_w: grid.feed_in_limit_w,
                phase_limit_a: grid.phase_limit_a,
                meter_stale_after_s: grid.meter_stale_after.as_secs(),
            },
            targets: targets(&self.setup, &self.written.borrow()),
            journal_bytes: self.journal.size_bytes(),
            keep_ticks_days: self.keep.ticks_days,
            keep_past_days: self.keep.past_days,
        }
    }

    fn log(&self) -> Vec<LogLine> {
        self.log.lines()
    }
}

fn fetched(knowledge: &Knowledge) -> Vec<FetchedSource> {
    let of = |(kind, status): (Fetched, feeds::SourceStatus)| FetchedSource {
        kind: match kind {
            Fetched::ImportPrices => SourceKind::ImportPrices,
            Fetched::FeedInPrices => SourceKind::FeedInPrices,
            Fetched::Sky => SourceKind::WeatherAndSun,
        },
        name: status.name.to_owned(),
        answered_at: status.health.succeeded_at,
        known_until: status.known_until,
        due_at: Some(status.due).filter(|due| *due < Timestamp::MAX),
        failures: status.health.failures,
        error: status.health.error,
    };
    knowledge.fetched().into_iter().map(of).collect()
}

fn targets(setup: &Setup, written: &BTreeMap<TargetId, Counts>) -> Vec<TargetSetup> {
    let counts = |id: &TargetId| written.get(id).copied().unwrap_or_default();
    let batteries = setup.batteries.iter().filter_map(|own| {
        let limits = setup.limits.batteries.get(&own.id)?;
        let counts = counts(&own.id);
        let times = Times { dwell: limits.direction_dwell, write_interval: limits.write_interval };
        let budgets = (counts, limits.turns_per_day, limits.writes_per_day);
        let battery = BatterySetup {
            capacity_wh: limits.capacity_wh,
            min_soc_pct: limits.min_soc_pct,
            outage_reserve_pct: limits.outage_reserve_pct,
            max_soc_pct: limits.max_soc_pct,
            max_charge_w: limits.max_charge_w,
            max_discharge_w: limits.max_discharge_w,
            flash_commands: limits.flash_commands.iter().copied().collect(),
            flash_writes: Budget { used: counts.flash_writes, limit: Some(limits.flash_writes_per_day) },
        };
        let one = one((&own.id, &own.name, "battery"), own.mode, limits.commands.iter().copied(), times, budgets);
        Some(TargetSetup { battery: Some(battery), ..one })
    });
    let devices = setup.devices.iter().filter_map(|own| {
        let limits = setup.limits.devices.get(&own.id)?;
        let times = Times { dwell: limits.switch_dwell, write_interval: limits.write_interval };
        let budgets = (counts(&own.id), limits.turns_per_day, None);
        Some(one((&own.id, &own.name, &own.kind), own.mode, told(&setup.limits, &own.id), times, budgets))
    });
    batteries.chain(devices).collect()
}

struct Times {
    dwell: Duration,
    write_interval: Duration,
}

fn one(
    (id, name, kind): (&TargetId, &str, &str),
    mode: model::Mode,
    commands: impl IntoIterator<Item = CommandKind>,
    times: Times,
    (counts, turns, writes): (Counts, u32, Option<u32>),
) -> TargetSetup {
    TargetSetup {
        id: id.clone(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        mode,
        commands: commands.into_iter().collect(),
        dwell_s: times.dwell.as_secs(),
        write_interval_s: times.write_interval.as_secs(),
        turns: Budget { used: counts.turns, limit: Some(turns) },
        writes: Budget { used: counts.writes, limit: writes },
        battery: None,
    }
}

/// What a device can be told.
fn told(limits: &Limits, id: &str) -> Vec<CommandKind> {
    let abilities = limits.devices.get(id).map(|limits| limits.abilities).unwrap_or_default();
    let all = [
        (abilities.switch, CommandKind::TurnOnOff),
        (abilities.level, CommandKind::SetLevel),
        (abilities.light, CommandKind::SetLight),
        (abilities.notify, CommandKind::Notify),
    ];
    all.into_iter().filter(|(can, _)| *can).map(|(_, kind)| kind).collect()
}
