//! A home to plan for, and what every plan must keep to.

use serde_json::{Map, Value};
use wattwright_strategy::{
    Abilities, Action, BalanceLimits, Battery, Command, Commands, Device, Expectation, Grid, InForce, Input, Plan,
    Slot, Snapshot, Task, TaskState,
};

/// Local midnight of 2026-11-24 in Berlin.
pub const MIDNIGHT: u32 = 1_795_474_800;

/// An instant of that day.
pub fn at(hour: f64) -> u32 {
    MIDNIGHT + (hour * 3600.0).round() as u32
}

/// A home with one battery of 2 kWh at 50 %, a use of 400 W, no sun, and 24 hours of one price.
#[derive(Clone, Debug)]
pub struct Home {
    pub snapshot: Snapshot,
    pub settings: Map<String, Value>,
}

impl Home {
    /// From midnight.
    pub fn new() -> Self {
        Self::with_slots(96)
    }

    /// From midnight, so many slots.
    pub fn with_slots(count: u32) -> Self {
        let slot = |n: u32| Slot {
            start: MIDNIGHT + n * 900,
            end: MIDNIGHT + n * 900 + 900,
            import_price: Some(0.30),
            export_price: Some(0.08),
            import_limit_w: None,
            export_limit_w: None,
            solar_w: Some(0.0),
            solar_low_w: None,
            solar_high_w: None,
            load_w: Some(400.0),
            load_low_w: None,
            load_high_w: None,
            temperature_c: None,
            cloud_cover_pct: None,
            extras: Vec::new(),
        };
        let snapshot = Snapshot {
            now: MIDNIGHT,
            timezone: "Europe/Berlin".into(),
            utc_offset_s: 3600,
            currency: "EUR".into(),
            grid: Grid { power_w: Some(400.0), import_limit_w: None, export_limit_w: Some(800.0) },
            solar_power_w: None,
            load_power_w: None,
            batteries: vec![battery("battery")],
            devices: Vec::new(),
            tasks: Vec::new(),
            ahead: (0..count).map(slot).collect(),
            past: Vec::new(),
            sources: Vec::new(),
            problems: Vec::new(),
            extras: Vec::new(),
        };
        Self { snapshot, settings: Map::new() }
    }

    /// Changes the slots that begin in `[from, until)`, hours of the day.
    pub fn slots(mut self, from: f64, until: f64, mut change: impl FnMut(&mut Slot)) -> Self {
        let range = at(from)..at(until);
        self.snapshot.ahead.iter_mut().filter(|slot| range.contains(&slot.start)).for_each(&mut change);
        self
    }

    pub fn price(self, from: f64, until: f64, price: f64) -> Self {
        self.slots(from, until, |slot| slot.import_price = Some(price))
    }

    pub fn sun(self, from: f64, until: f64, watt: f64) -> Self {
        self.slots(from, until, |slot| slot.solar_w = Some(watt))
    }

    pub fn load(self, from: f64, until: f64, watt: f64) -> Self {
        self.slots(from, until, |slot| slot.load_w = Some(watt))
    }

    /// Moves the present to an hour; slots that are over go.
    pub fn now(mut self, hour: f64) -> Self {
        self.snapshot.now = at(hour);
        let now = self.snapshot.now;
        self.snapshot.ahead.retain(|slot| slot.end > now);
        self
    }

    pub fn battery(mut self, change: impl FnOnce(&mut Battery)) -> Self {
        change(&mut self.snapshot.batteries[0]);
        self
    }

    pub fn soc(self, pct: f64) -> Self {
        self.battery(|battery| battery.soc_pct = Some(pct))
    }

    pub fn in_force(self, command: Command) -> Self {
        self.battery(|battery| battery.in_force = Some(InForce { command, since: MIDNIGHT, until: None }))
    }

    /// What the owner has set by hand until an hour of the day.
    pub fn by_hand(self, command: Command, until: f64) -> Self {
        let set = InForce { command, since: MIDNIGHT, until: Some(at(until)) };
        self.battery(|battery| battery.in_force = Some(set))
    }

    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    pub fn device(mut self, id: &str, abilities: Abilities) -> Self {
        self.snapshot.devices.push(Device {
            id: id.into(),
            name: id.into(),
            kind: "plug".into(),
            abilities,
            on: Some(false),
            level: None,
            power_w: None,
            in_force: None,
            extras: Vec::new(),
        });
        self
    }

    /// Adds a device with a task of one hour at 1 kW between two hours of the day.
    pub fn task(mut self, id: &str, earliest: f64, deadline: f64, interruptible: bool) -> Self {
        self.snapshot.tasks.push(Task {
            id: id.into(),
            name: id.into(),
            device: id.into(),
            state: TaskState::Waiting,
            energy_wh: 1000.0,
            done_wh: 0.0,
            power_w: 1000.0,
            earliest: at(earliest),
            deadline: at(deadline),
            interruptible,
            extras: Vec::new(),
        });
        self.device(id, Abilities::SWITCH)
    }

    pub fn input(&self) -> Input {
        Input {
            snapshot: self.snapshot.clone(),
            settings: Value::Object(self.settings.clone()).to_string(),
            memory: Vec::new(),
        }
    }

    /// The plan, after it was checked for what every plan must keep to.
    pub fn plan(&self) -> Plan {
        let input = self.input();
        let plan = rule_based::decide(&input).expect("there is always a plan");
        assert_eq!(plan, rule_based::decide(&input).expect("and again"), "same input, same output");
        check(&self.snapshot, &plan);
        plan
    }
}

pub fn battery(id: &str) -> Battery {
    Battery {
        id: id.into(),
        name: "SolarFlow".into(),
        commands: Commands::HOLD | Commands::CHARGE | Commands::DISCHARGE | Commands::BALANCE,
        soc_pct: Some(50.0),
        capacity_wh: 2000.0,
        min_soc_pct: 10.0,
        max_soc_pct: 100.0,
        max_charge_w: 1000.0,
        max_discharge_w: 800.0,
        min_power_w: 0.0,
        grid_charging: true,
        grid_export: true,
        carries_solar: false,
        charge_efficiency: 0.95,
        discharge_efficiency: 0.95,
        power_w: Some(0.0),
        wear_cost_per_kwh: 0.02,
        in_force: None,
        extras: Vec::new(),
    }
}

/// What every plan must keep to, whatever the home.
pub fn check(snapshot: &Snapshot, plan: &Plan) {
    let known = |id: &str| snapshot.battery(id).is_some() || snapshot.device(id).is_some();
    let mut seen = Vec::new();
    for action in &plan.actions {
        assert!(known(&action.target), "unknown target `{}`", action.target);
        assert!(!seen.contains(&&action.target), "two actions for `{}`", action.target);
        assert!(!action.reason.code.is_empty() && !action.reason.text.is_empty());
        assert!(action.reason.facts.iter().all(|fact| fact.value.is_finite()), "{:?}", action.reason);
        assert!(action.until.is_none_or(|until| until > snapshot.now), "{action:?}");
        check_command(snapshot, &action.target, &action.command);
        seen.push(&action.target);
    }
    for battery in &snapshot.batteries {
        let told = battery.commands.contains(Commands::HOLD | Commands::BALANCE) && !is_set(snapshot, &battery.id);
        assert_eq!(seen.contains(&&battery.id), told, "an action for what may be told, and only for that");
    }
    assert!(plan.figures.iter().all(|figure| figure.value.is_finite()), "{:?}", plan.figures);
    assert!(plan.outlook.is_sorted_by(|a, b| a.end <= b.start), "the outlook is in order");
    for slot in &plan.outlook {
        assert!(slot.start < slot.end);
        assert!(snapshot.ahead.iter().any(|ahead| (ahead.start, ahead.end) == (slot.start, slot.end)));
        assert!(slot.grid_w.is_none_or(f64::is_finite));
        for target in &slot.targets {
            assert!(known(&target.target));
            if target.reason.code != "by-hand" {
                check_command(snapshot, &target.target, &target.command);
            }
            check_expectation(snapshot, target);
        }
    }
}

/// Whether the owner has set a battery by hand.
fn is_set(snapshot: &Snapshot, id: &str) -> bool {
    let until = snapshot.battery(id).and_then(|battery| battery.in_force.as_ref()?.until);
    until.is_some_and(|until| until > snapshot.now)
}

fn check_command(snapshot: &Snapshot, target: &str, command: &Command) {
    let battery = snapshot.battery(target);
    match command {
        Command::Charge(power_w) => {
            let battery = battery.expect("only a battery charges");
            assert!((0.0..=battery.max_charge_w.max(0.0) + 1e-9).contains(power_w), "{command:?}");
            assert!(*power_w >= battery.min_power_w.min(battery.max_charge_w).min(1e7), "{command:?} makes nothing");
            assert!(battery.grid_charging && battery.commands.contains(Commands::CHARGE), "{command:?} is not allowed");
        }
        Command::Discharge(power_w) => {
            let battery = battery.expect("only a battery discharges");
            assert!((0.0..=battery.max_discharge_w.max(0.0) + 1e-9).contains(power_w), "{command:?}");
            assert!(
                battery.grid_export && battery.commands.contains(Commands::DISCHARGE),
                "{command:?} is not allowed"
            );
        }
        Command::Balance(BalanceLimits { max_charge_w, max_discharge_w }) => {
            assert!(battery.is_some());
            assert!([max_charge_w, max_discharge_w].into_iter().flatten().all(|w| w.is_finite() && *w >= 0.0));
        }
        Command::Hold => assert!(battery.is_some()),
        Command::TurnOn | Command::TurnOff | Command::SetLight(_) => assert!(battery.is_none()),
        other => panic!("{other:?} is not described"),
    }
}

/// The expected state of charge never leaves the limits further than it was outside before.
fn check_expectation(snapshot: &Snapshot, expected: &Expectation) {
    assert!(expected.power_w.is_none_or(f64::is_finite), "{expected:?}");
    let (Some(battery), Some(soc_pct)) = (snapshot.battery(&expected.target), expected.soc_pct) else { return };
    let now_pct = battery.soc_pct.unwrap_or_default().clamp(0.0, 100.0);
    let least = battery.min_soc_pct.clamp(0.0, 100.0).min(battery.max_soc_pct.clamp(0.0, 100.0)).min(now_pct);
    let most = battery.max_soc_pct.clamp(0.0, 100.0).max(now_pct);
    assert!((least - 1e-6..=most + 1e-6).contains(&soc_pct), "{soc_pct} is not in {least}..{most}");
}

/// The action for a target.
pub fn action<'a>(plan: &'a Plan, target: &str) -> &'a Action {
    plan.actions.iter().find(|action| action.target == target).expect("an action for it")
}

/// What is expected of a target in the slot that begins at an hour.
pub fn expected<'a>(plan: &'a Plan, target: &str, hour: f64) -> &'a Expectation {
    let slot = plan.outlook.iter().find(|slot| slot.start == at(hour)).expect("a slot");
    slot.targets.iter().find(|expected| expected.target == target).expect("an expectation")
}

/// Energy that a battery gives (positive) and takes (negative) between two hours, Wh at the bus.
pub fn energy_wh(plan: &Plan, target: &str, from: f64, until: f64) -> (f64, f64) {
    let slots = plan.outlook.iter().filter(|slot| (at(from)..at(until)).contains(&slot.start));
    let powers = slots.flat_map(|slot| &slot.targets).filter(|it| it.target == target).filter_map(|it| it.power_w);
    powers.fold((0.0, 0.0), |(given, taken), w| (given + w.max(0.0) * 0.25, taken + w.min(0.0) * 0.25))
}

/// Follows the meter without bounds.
pub const FOLLOW: Command = Command::Balance(BalanceLimits { max_charge_w: None, max_discharge_w: None });
/// Takes surplus, gives nothing.
pub const TAKE: Command = Command::Balance(BalanceLimits { max_charge_w: None, max_discharge_w: Some(0.0) });
