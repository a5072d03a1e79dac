use guard::ExternalLimit;
use model::snapshot::Slot;
use model::{CommandKind, Grant, Mode};

use super::*;
use crate::setup::BatterySetup;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn setup() -> Setup {
    let battery = BatterySetup {
        id: "battery".into(),
        name: "Keller".into(),
        mode: Mode::Control,
        charge_efficiency: 0.95,
        discharge_efficiency: 0.95,
        wear_cost_per_kwh: 0.02,
        carries_solar: true,
    };
    let limits = BatteryLimits {
        max_charge_w: 1000.0,
        max_discharge_w: 800.0,
        outage_reserve_pct: 30.0,
        commands: [CommandKind::Hold, CommandKind::Balance].into(),
        ..BatteryLimits::default()
    };
    Setup {
        name: "home".into(),
        simulated: false,
        timezone: None,
        currency: None,
        limits: Limits { batteries: [("battery".into(), limits)].into(), ..Limits::default() },
        batteries: vec![battery],
        devices: Vec::new(),
        tasks: Vec::new(),
        settle: Duration::from_secs(30),
    }
}

fn state() -> HomeState {
    HomeState {
        link: Link::Up { since: NOW },
        timezone: None,
        currency: None,
        grid_power_w: Reading::of("meter", 300.0, NOW),
        solar_power_w: None,
        load_power_w: None,
        temperature_c: None,
        import_cap_w: None,
        phase_current_a: Vec::new(),
        batteries: Vec::new(),
        devices: Vec::new(),
    }
}

fn built(setup: &Setup, state: &HomeState) -> Snapshot {
    let known = Known {
        ahead: model::slot::starts(NOW, NOW + Duration::from_secs(1800)).map(Slot::unknown).collect(),
        ..Known::default()
    };
    let in_force = BTreeMap::new();
    build(Seen { setup, state, watch: &Watch::default(), now: NOW, known, in_force: &in_force, tasks: Vec::new() })
}

#[test]
fn a_battery_says_what_it_can_and_keeps() {
    let snapshot = built(&setup(), &state());
    let battery = &snapshot.batteries[0];
    assert_eq!(battery.commands, [CommandKind::Hold, CommandKind::Balance].into());
    assert!(battery.carries_solar && battery.grid_charging && battery.grid_export);
    assert_eq!((battery.min_power_w, battery.min_soc_pct), (drive::STANDSTILL_W, 30.0));
}

#[test]
fn an_order_from_outside_limits_the_slot_that_it_is_seen_in() {
    let limits = |setup: &Setup, state: &HomeState| -> Vec<Option<f64>> {
        built(setup, state).ahead.iter().map(|slot| slot.import_limit_w).collect()
    };
    let mut setup = setup();
    assert_eq!(limits(&setup, &state()), [None, None]);
    setup.limits.grid.external = Some(ExternalLimit { unknown_w: 4200.0 });
    assert_eq!(limits(&setup, &state()), [Some(4200.0), None], "unknown counts");
    let mut dimmed = state();
    dimmed.import_cap_w = Some(Reading::of("cap", 1500.0, NOW));
    assert_eq!(limits(&setup, &dimmed), [Some(1500.0), None]);
}

#[test]
fn a_plan_is_judged_away_from_home_by_what_the_snapshot_lets_the_battery_do() {
    let snapshot = built(&setup(), &state());
    assert_eq!(limits_of(&snapshot).batteries["battery"].commands, [CommandKind::Hold, CommandKind::Balance].into());
    let grant = Grant { targets: Some([].into()), ..Grant::default() };
    assert!(limits_of(&snapshot.narrowed(&grant)).batteries["battery"].commands.is_empty());
}

#[test]
fn a_plug_of_which_nobody_knows_is_named_and_not_taken_for_off() {
    let mut setup = setup();
    setup.tasks = vec![crate::setup::TaskSetup {
        id: "wash".into(),
        name: "Wash".into(),
        device: "plug".into(),
        energy_wh: 1000.0,
        power_w: 800.0,
        earliest: jiff::civil::time(9, 0, 0, 0),
        deadline: jiff::civil::time(18, 0, 0, 0),
        interruptible: true,
    }];
    let measured = |on: Option<bool>, power_w: Option<f64>| {
        let mut state = state();
        state.devices = vec![DeviceState {
            id: "plug".into(),
            on,
            abilities: model::snapshot::Abilities::default(),
            level: None,
            power_w: power_w.map(|w| Reading::of("plug", w, NOW)),
            fault: None,
        }];
        let measured = measure(&setup, &state, &Watch::default(), NOW);
        (measured.tasks_w, measured.tasks_unknown_w)
    };
    assert_eq!(measured(Some(true), None), (Some(800.0), Some(0.0)));
    assert_eq!(measured(Some(false), None), (Some(0.0), Some(0.0)));
    assert_eq!(measured(None, Some(300.0)), (Some(300.0), Some(0.0)));
    assert_eq!(measured(None, None), (Some(0.0), Some(800.0)));
    setup.devices = vec![crate::setup::DeviceSetup {
        id: "plug".into(),
        name: "Plug".into(),
        kind: String::new(),
        mode: Mode::Control,
    }];
    let problems = built(&setup, &state()).problems;
    assert!(problems.iter().any(|problem| problem.assumed.contains("is not learned meanwhile")), "{problems:?}");
}
