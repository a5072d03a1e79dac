//! What can happen.

use std::time::Duration;

use model::home::Taken;
use model::snapshot::Abilities;
use model::{BalanceLimits, Command, CommandKind};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wattwright_guard::{BatteryLimits, DeviceLimits, GridLimits, Limits};

pub const BATTERIES: [&str; 2] = ["one", "two"];
pub const PLUG: &str = "plug";

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Time passes, and each reading that is shown is new.
    Wait(Duration),
    /// Time passes, and nothing shows a sign of life.
    Silence(Duration),
    /// A plan of a strategy, or an override of the owner with so many seconds to its end.
    Plan {
        target: &'static str,
        command: Command,
        owner_s: Option<i64>,
    },
    /// The control loop looks after its batteries; what following the meter asks for is this, discharge positive.
    Drive(f64),
    /// What somebody else has set is brought back within the limits where it breaks one.
    Restrain,
    /// A target is let go of.
    Release(&'static str),
    /// The program starts anew: the ledger comes from the disk.
    Restart,
    /// The link goes, or comes back.
    Link(bool),
    /// The wall clock jumps.
    Clock(i64),
    /// What is measured; `None`: unavailable.
    Meter(Option<f64>),
    Phase(Option<f64>),
    Soc(usize, Option<f64>),
    Power(usize, Option<f64>),
    /// Somebody else takes a battery, or gives it back.
    Taken(usize, Option<Taken>),
    /// The plug draws this.
    Draws(Option<f64>),
    /// Somebody turns the plug.
    Turned(bool),
}

pub fn step() -> impl Strategy<Value = Step> {
    let battery = 0..BATTERIES.len();
    let seconds = prop_oneof![8 => 1..30_u64, 3 => 30..400_u64, 1 => 400..90_000_u64];
    let wait = seconds.prop_map(Duration::from_secs);
    let taken = option::weighted(0.3, select(vec![Taken::Calibrating, Taken::Controlled { by: "an app".into() }]));
    let shown = |range: std::ops::Range<f64>| option::weighted(0.9, range);
    prop_oneof![
        8 => wait.prop_map(Step::Wait),
        1 => (1..200_u64).prop_map(|s| Step::Silence(Duration::from_secs(s))),
        6 => plan(),
        8 => (-1500.0..1500.0_f64).prop_map(Step::Drive),
        4 => Just(Step::Restrain),
        1 => select(vec!["one", "two", PLUG]).prop_map(Step::Release),
        1 => Just(Step::Restart),
        1 => proptest::bool::weighted(0.8).prop_map(Step::Link),
        1 => select(vec![-4000, -90, 90, 4000]).prop_map(Step::Clock),
        3 => shown(-2000.0..5000.0).prop_map(Step::Meter),
        1 => shown(-40.0..40.0).prop_map(Step::Phase),
        2 => (battery.clone(), shown(-5.0..105.0)).prop_map(|(n, pct)| Step::Soc(n, pct)),
        2 => (battery.clone(), shown(-1000.0..800.0)).prop_map(|(n, w)| Step::Power(n, w)),
        1 => (battery, taken).prop_map(|(n, taken)| Step::Taken(n, taken)),
        1 => shown(0.0..2000.0).prop_map(Step::Draws),
        1 => any::<bool>().prop_map(Step::Turned),
    ]
}

fn plan() -> impl Strategy<Value = Step> {
    let power = || prop_oneof![9 => 0.0..3000.0_f64, 1 => select(vec![-5.0, f64::NAN, f64::INFINITY])];
    let of_battery = prop_oneof![
        3 => power().prop_map(|power_w| Command::Charge { power_w }),
        3 => power().prop_map(|power_w| Command::Discharge { power_w }),
        3 => (option::of(power()), option::of(power()))
            .prop_map(|(max_charge_w, max_discharge_w)| Command::Balance(BalanceLimits { max_charge_w, max_discharge_w })),
        1 => Just(Command::Hold),
    ];
    let of_plug = select(vec![Command::TurnOn, Command::TurnOff]);
    let owner_s = || option::weighted(0.2, prop_oneof![8 => 1..86_400_i64, 1 => -10..1_i64, 1 => 86_401..90_000_i64]);
    prop_oneof![
        3 => (select(&BATTERIES[..]), of_battery, owner_s())
            .prop_map(|(target, command, owner_s)| Step::Plan { target, command, owner_s }),
        1 => (of_plug, owner_s()).prop_map(|(command, owner_s)| Step::Plan { target: PLUG, command, owner_s }),
    ]
}

pub fn limits() -> impl Strategy<Value = Limits> {
    let grid =
        (option::of(500.0..5000.0_f64), option::weighted(0.8, 0.0..1000.0_f64), option::weighted(0.2, 5.0..40.0_f64))
            .prop_map(|(import_limit_w, feed_in_limit_w, phase_limit_a)| GridLimits {
                import_limit_w,
                feed_in_limit_w,
                phase_limit_a,
                ..GridLimits::default()
            });
    (grid, [battery(), battery()], plug()).prop_map(|(grid, batteries, plug)| Limits {
        grid,
        batteries: BATTERIES.map(String::from).into_iter().zip(batteries).collect(),
        devices: [(PLUG.into(), plug)].into(),
    })
}

fn battery() -> impl Strategy<Value = BatteryLimits> {
    let times = (0..200_u64, 0..20_u64);
    let budgets = (0..6_u32, option::weighted(0.5, 0..12_u32), 0..12_u32);
    let steps = (option::weighted(0.3, select(vec![10.0, 50.0])), option::weighted(0.3, 50.0..500.0_f64));
    (times, budgets, steps, any::<bool>()).prop_map(|((dwell_s, interval_s), budgets, (step_w, ramp_w), wears)| {
        BatteryLimits {
            capacity_wh: 1920.0,
            min_soc_pct: 10.0,
            max_soc_pct: 95.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            step_w,
            ramp_w,
            commands: [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance].into(),
            direction_dwell: Duration::from_secs(dwell_s),
            write_interval: Duration::from_secs(interval_s),
            turns_per_day: budgets.0,
            writes_per_day: budgets.1,
            flash_writes_per_day: budgets.2,
            flash_commands: if wears {
                [CommandKind::Hold, CommandKind::Charge].into()
            } else {
                [CommandKind::Hold].into()
            },
            ..BatteryLimits::default()
        }
    })
}

fn plug() -> impl Strategy<Value = DeviceLimits> {
    (0..400_u64, 0..5_u64, 0..6_u32, any::<bool>()).prop_map(|(dwell_s, interval_s, turns_per_day, interruptible)| {
        DeviceLimits {
            abilities: Abilities { switch: true, ..Abilities::default() },
            switch_dwell: Duration::from_secs(dwell_s),
            write_interval: Duration::from_secs(interval_s),
            turns_per_day,
            interruptible,
            power_w: Some(1500.0),
            ..DeviceLimits::default()
        }
    })
}
