//! The home's limits, tighter than what the simulated devices do by themselves, so that only the guard keeps them.

use std::sync::Arc;
use std::time::Duration;

use control::snapshot;
use control::{BatterySetup, DeviceSetup, Setup, TaskSetup};
use feeds::Prices;
use forecast::Tariff;
use forecast::prices::{Basis, Document, Heading, PriceSlot, Rules, Shelf};
use guard::{BatteryLimits, DeviceLimits, GridLimits, Limits};
use home::simulated::{Layout, SimulatedHome};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use knowledge::{Direction, Knowledge, Learned};
use model::snapshot::Abilities;
use model::{CommandKind, Mode};

/// The setup of the simulated home.
pub fn setup(layout: &Layout) -> Setup {
    let battery = &layout.battery;
    let battery_limits = BatteryLimits {
        capacity_wh: battery.parameters.capacity_wh,
        min_soc_pct: 20.0,
        outage_reserve_pct: 25.0,
        max_soc_pct: 90.0,
        max_charge_w: 700.0,
        max_discharge_w: 600.0,
        commands: [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance].into(),
        writes_per_day: Some(2_000),
        ..BatteryLimits::default()
    };
    let grid = GridLimits { import_limit_w: Some(2_500.0), feed_in_limit_w: Some(500.0), ..GridLimits::default() };
    let mut limits = Limits { grid, ..Limits::default() };
    limits.batteries.insert(battery.id.clone(), battery_limits);
    let switch = Abilities { switch: true, ..Abilities::default() };
    for plug in &layout.plugs {
        let interruptible = plug.programme.is_none();
        let plug_limits =
            DeviceLimits { abilities: switch, power_w: Some(plug.power_w), interruptible, ..DeviceLimits::default() };
        limits.devices.insert(plug.id.clone(), plug_limits);
    }
    let devices = layout.plugs.iter().map(|plug| DeviceSetup {
        id: plug.id.clone(),
        name: plug.name.clone(),
        kind: "plug".into(),
        mode: Mode::Control,
    });
    let tasks = layout.plugs.iter().filter_map(|plug| {
        let programme = plug.programme.as_ref()?;
        Some(TaskSetup {
            id: format!("{}-programme", plug.id),
            name: plug.name.clone(),
            device: plug.id.clone(),
            energy_wh: programme.energy_wh(),
            power_w: programme.energy_wh() / (programme.duration_s() / 3600.0),
            earliest: Time::constant(9, 0, 0, 0),
            deadline: Time::constant(20, 0, 0, 0),
            interruptible: false,
        })
    });
    Setup {
        name: "Chaos".into(),
        simulated: true,
        timezone: Some(layout.timezone.clone()),
        currency: Some(layout.currency.clone()),
        batteries: vec![BatterySetup {
            id: battery.id.clone(),
            name: battery.name.clone(),
            mode: Mode::Control,
            charge_efficiency: battery.parameters.charge_efficiency,
            discharge_efficiency: battery.parameters.discharge_efficiency,
            wear_cost_per_kwh: 0.02,
            carries_solar: false,
        }],
        devices: devices.collect(),
        tasks: tasks.collect(),
        limits,
        settle: Duration::from_secs(20),
    }
}

/// What is known at the start of a life of the program.
pub fn knowledge(home: &SimulatedHome, setup: &Setup, now: Timestamp) -> Arc<Knowledge> {
    let knowledge = Knowledge::new(Tariff::default(), None);
    let past = home.past_slots();
    let zone = snapshot::timezone(setup.timezone.as_deref().unwrap_or("UTC"));
    let until = past.last().map_or(Timestamp::MIN, |slot| slot.end);
    knowledge.learn(Learned::new(zone, None, &past), &past, until);
    enter_prices(home, &knowledge, now);
    Arc::new(knowledge)
}

/// Enters the prices that are published now, as the daemon does for its simulated home.
pub fn enter_prices(home: &SimulatedHome, knowledge: &Knowledge, now: Timestamp) {
    let earlier = now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now);
    let (mut import, mut export) = home.prices(earlier);
    let (new_import, new_export) = home.prices(now);
    import.extend(new_import);
    export.extend(new_export);
    knowledge.prices(Direction::Import, prices(Direction::Import, import), now);
    knowledge.prices(Direction::FeedIn, prices(Direction::FeedIn, export), now);
}

fn prices(direction: Direction, slots: Vec<PriceSlot>) -> Prices {
    let origin = "sample year".to_owned();
    let heading = Heading { origin: origin.clone(), basis: Basis::Total, ..Heading::default() };
    let mut shelf = Shelf::new([(origin, Basis::Total)], Rules::new(direction.subject()));
    shelf.put(0, &Document { heading, slots, problems: Vec::new() });
    Prices::known(shelf)
}
