//! Whatever the home, the plan keeps to what [`crate::home::check`] says.

use proptest::prelude::*;
use wattwright_strategy::{Abilities, BalanceLimits, Command, Commands, InForce, TaskState};

use crate::home::{Home, MIDNIGHT, battery};

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -100.0..3000.0,
        1 => Just(0.0),
        1 => prop::sample::select(vec![-1e300, 1e300, 1e-300, -1.0, f64::MAX, f64::MIN_POSITIVE]),
    ]
}

fn maybe(of: impl Strategy<Value = f64>) -> impl Strategy<Value = Option<f64>> {
    prop::option::weighted(0.9, of)
}

fn price() -> impl Strategy<Value = f64> {
    prop_oneof![9 => -0.2..0.8, 1 => number()]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Hold),
        number().prop_map(Command::Charge),
        number().prop_map(Command::Discharge),
        (maybe(number()), maybe(number())).prop_map(|(max_charge_w, max_discharge_w)| {
            Command::Balance(BalanceLimits { max_charge_w, max_discharge_w })
        }),
    ]
}

type InForceNumbers = Option<(Command, Option<u32>)>;
type Rights = (u8, f64, bool, bool);
type BatteryNumbers = ((Option<f64>, f64, f64, f64), (f64, f64, f64, f64, f64), InForceNumbers, Rights);

fn battery_numbers() -> impl Strategy<Value = BatteryNumbers> {
    (
        (maybe(prop_oneof![0.0..100.0, number()]), prop_oneof![500.0..20_000.0, number()], 0.0..100.0, 0.0..100.0),
        (number(), number(), prop_oneof![0.5..1.0, number()], prop_oneof![0.5..1.0, number()], 0.0..0.2),
        prop::option::of((command(), prop::option::weighted(0.2, MIDNIGHT..MIDNIGHT + 50_000))),
        (0..16_u8, prop_oneof![Just(0.0), 0.0..100.0, number()], any::<bool>(), any::<bool>()),
    )
}

type TaskNumbers = (f64, f64, f64, u32, u32, bool, bool, u8);

fn task_numbers() -> impl Strategy<Value = TaskNumbers> {
    (number(), number(), number(), 0..100_000_u32, 0..300_000_u32, any::<bool>(), any::<bool>(), 0..4_u8)
}

type SlotNumbers = ((Option<f64>, Option<f64>, Option<f64>, Option<f64>), (Option<f64>, Option<f64>));

fn homes() -> impl Strategy<Value = Home> {
    let limit = || prop::option::weighted(0.1, number());
    let expected = (maybe(price()), maybe(price()), maybe(number()), maybe(number()));
    let slots = prop::collection::vec((expected, (limit(), limit())), 0..110);
    (
        slots,
        prop::collection::vec(battery_numbers(), 0..3),
        prop::collection::vec(task_numbers(), 0..4),
        (maybe(number()), maybe(number()), maybe(number()), 0..1800_u32),
        (0.0..100.0, any::<bool>(), 0.0..1.0, 0.0..100.0),
    )
        .prop_map(|(slots, batteries, tasks, (import_limit_w, export_limit_w, solar_w, late_s), settings)| {
            let mut home = Home::with_slots(u32::try_from(slots.len()).unwrap_or_default());
            fill_slots(&mut home, slots);
            home.snapshot.now += late_s;
            home.snapshot.grid.import_limit_w = import_limit_w;
            home.snapshot.grid.export_limit_w = export_limit_w;
            home.snapshot.solar_power_w = solar_w;
            fill_batteries(&mut home, batteries);
            for task in tasks {
                home = add_task(home, task);
            }
            home.device("led", Abilities::LIGHT)
                .set("reserve_pct", settings.0)
                .set("grid_charging", settings.1)
                .set("min_gain_per_kwh", settings.2)
                .set("max_grid_charge_soc_pct", settings.3)
        })
}

fn fill_slots(home: &mut Home, slots: Vec<SlotNumbers>) {
    for (slot, ((import, export, solar, load), limits)) in home.snapshot.ahead.iter_mut().zip(slots) {
        (slot.import_price, slot.export_price, slot.solar_w, slot.load_w) = (import, export, solar, load);
        (slot.import_limit_w, slot.export_limit_w) = limits;
    }
}

fn fill_batteries(home: &mut Home, batteries: Vec<BatteryNumbers>) {
    home.snapshot.batteries.clear();
    for (n, ((soc, capacity, min, max), (charge, discharge, eff_c, eff_d, wear), told, rights)) in
        batteries.into_iter().enumerate()
    {
        let mut one = battery(&format!("battery-{n}"));
        (one.soc_pct, one.capacity_wh, one.min_soc_pct, one.max_soc_pct) = (soc, capacity, min, max);
        (one.max_charge_w, one.max_discharge_w) = (charge, discharge);
        (one.charge_efficiency, one.discharge_efficiency, one.wear_cost_per_kwh) = (eff_c, eff_d, wear);
        one.in_force = told.map(|(command, until)| InForce { command, since: MIDNIGHT, until });
        one.commands = Commands::from_bits_truncate(rights.0 | 0b1001);
        (one.min_power_w, one.grid_charging, one.carries_solar) = (rights.1, rights.2, rights.3);
        home.snapshot.batteries.push(one);
    }
}

fn add_task(home: Home, (energy, done, power, earliest, deadline, interruptible, on, state): TaskNumbers) -> Home {
    let id = format!("device-{}", home.snapshot.tasks.len());
    let mut home = home.task(&id, 0.0, 1.0, interruptible);
    if let Some(task) = home.snapshot.tasks.last_mut() {
        (task.energy_wh, task.done_wh, task.power_w) = (energy, done, power);
        (task.earliest, task.deadline) = (MIDNIGHT + earliest, MIDNIGHT + deadline);
        task.state = [TaskState::Waiting, TaskState::Running, TaskState::Done, TaskState::Missed][usize::from(state)];
    }
    if let Some(device) = home.snapshot.devices.last_mut() {
        let command = if on { Command::TurnOn } else { Command::TurnOff };
        device.in_force = Some(InForce { command, since: MIDNIGHT, until: None });
        device.on = Some(on);
    }
    home
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::CASES))]

    #[test]
    fn every_plan_keeps_to_the_rules(home in homes()) {
        home.plan();
    }

    #[test]
    fn the_outlook_covers_all_slots_from_now_on(home in homes()) {
        let ahead: Vec<u32> = home.snapshot.ahead.iter().filter(|s| s.end > home.snapshot.now).map(|s| s.start).collect();
        let outlook: Vec<u32> = home.plan().outlook.iter().map(|slot| slot.start).collect();
        prop_assert_eq!(ahead, outlook);
    }

    #[test]
    fn slots_out_of_order_do_no_harm(home in homes(), at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let mut home = home;
        let count = home.snapshot.ahead.len();
        if count > 1 {
            home.snapshot.ahead.swap(at.index(count), to.index(count));
            home.plan();
        }
    }
}
