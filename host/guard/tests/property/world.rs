//! Any home, any past, any plan.

mod past;

use std::collections::BTreeSet;
use std::time::Duration;

use self::past::{carry_out, watched};
use jiff::{SignedDuration, Timestamp};
use model::home::{Fault, Link, Taken};
use model::snapshot::{Abilities, Level};
use model::{
    Action, BalanceLimits, BatteryState, Command, CommandKind, DeviceState, Grant, HomeState, Light, Reading, Reason,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wattwright_guard::{
    BatteryLimits, DeviceLimits, ExternalLimit, GridLimits, Guard, Judged, Ledger, LevelRange, Limits, Mandate,
    Proposal, Scene, Setpoint, Watch,
};

pub const BATTERIES: [&str; 2] = ["one", "two"];
pub const DEVICES: [&str; 2] = ["heater", "lamp"];
pub const NAMES: [&str; 2] = ["first", "second"];
const TARGETS: [&str; 6] = ["one", "two", "one", "heater", "lamp", "nobody"];
pub const UPTIME: Duration = Duration::from_secs(100_000);

const KINDS: [CommandKind; 8] = [
    CommandKind::Hold,
    CommandKind::Charge,
    CommandKind::Discharge,
    CommandKind::Balance,
    CommandKind::TurnOnOff,
    CommandKind::SetLevel,
    CommandKind::SetLight,
    CommandKind::Notify,
];

/// One write of the past.
#[derive(Clone, Debug)]
pub struct Write {
    pub target: &'static str,
    pub command: Command,
    pub ago: Duration,
}

#[derive(Debug)]
pub struct World {
    pub limits: Limits,
    pub home: HomeState,
    /// Levels that were seen before the present ones, if any, and how long before.
    pub earlier: Option<([f64; 2], Duration)>,
    /// Oldest first.
    pub writes: Vec<Write>,
    /// Each with the strategy that wants it.
    pub actions: Vec<(usize, Action)>,
    /// What each strategy may; the first one's command is in force.
    pub mandates: [Mandate; 2],
    pub setpoint: Command,
    pub within: BalanceLimits,
    ledger: Ledger,
    watch: Watch,
}

pub fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

impl World {
    pub fn guard(&self) -> Guard {
        Guard::new(self.limits.clone())
    }

    pub fn judge(&self, scene: &Scene<'_>) -> Vec<Judged> {
        self.guard().judge(&self.proposals(), scene)
    }

    pub fn proposals(&self) -> Vec<Proposal<'_>> {
        let proposal = |(strategy, action)| Proposal { by: NAMES[strategy], action, mandate: &self.mandates[strategy] };
        self.actions.iter().map(|(strategy, action)| proposal((*strategy, action))).collect()
    }

    pub fn judge_setpoint(&self, battery: &str, scene: &Scene<'_>) -> Judged {
        let setpoint = Setpoint {
            battery,
            command: &self.setpoint,
            within: &self.within,
            by: Some(NAMES[0]),
            grant: &self.mandates[0].grant,
        };
        self.guard().judge_setpoint(&setpoint, scene)
    }

    pub fn scene(&self) -> Scene<'_> {
        Scene { home: &self.home, now: now(), uptime: UPTIME, ledger: &self.ledger, watch: &self.watch }
    }
}

/// Mostly ordinary powers, and everything that a number can be.
fn wild() -> impl Strategy<Value = f64> {
    const SPECIAL: [f64; 16] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        0.5,
        1.0,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
        1e12,
        -1e12,
        800.0,
        1000.0,
        -800.0,
        50.0,
    ];
    prop_oneof![4 => -1000.0..4000.0_f64, 2 => -200.0..200.0_f64, 1 => select(&SPECIAL[..])]
}

/// Mostly sensible, since what is refused at once tests nothing further down.
fn power() -> impl Strategy<Value = f64> {
    prop_oneof![9 => 0.0..3000.0_f64, 1 => wild()]
}

fn level_pct() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..100.0_f64, 2 => select(&[10.0, 90.0, 0.0, 100.0][..]), 1 => wild()]
}

fn reading(value: impl Strategy<Value = f64>) -> impl Strategy<Value = Reading> {
    let age_s = prop_oneof![16 => -60..100_i64, 1 => -200..-60_i64];
    (value, age_s, 0..16_u8).prop_map(|(value, age_s, fault)| {
        let at = now() - SignedDuration::from_secs(age_s);
        match fault {
            0 => Reading::faulty("sensor", Fault::Unavailable { state: "unavailable".into() }),
            1 => Reading { fault: Some(Fault::NotYet), ..Reading::of("sensor", value, at) },
            2 => Reading { at: None, ..Reading::of("sensor", value, at) },
            _ => Reading::of("sensor", value, at),
        }
    })
}

fn command() -> impl Strategy<Value = Command> {
    (0..16_u8, power(), option::of(power()), option::of(power())).prop_map(
        |(kind, power_w, max_charge_w, max_discharge_w)| match kind {
            0..4 => Command::Charge { power_w },
            4..8 => Command::Discharge { power_w },
            8..10 => Command::Balance(BalanceLimits { max_charge_w, max_discharge_w }),
            10 => Command::Hold,
            11 | 12 => Command::TurnOn,
            13 => Command::TurnOff,
            14 => Command::SetLevel { value: power_w },
            _ => Command::SetLight(Light { on: true, red: 1, green: 2, blue: 3, brightness_pct: power_w }),
        },
    )
}

/// Two of each kind, half of them with every command.
fn kinds() -> impl Strategy<Value = BTreeSet<CommandKind>> {
    any::<u16>().prop_map(|bits| {
        KINDS.iter().enumerate().filter(|(n, _)| bits >= 0x6000 || bits >> n & 1 == 1).map(|(_, kind)| *kind).collect()
    })
}

/// Half of them what every strategy may by default.
fn grant() -> impl Strategy<Value = Grant> {
    let some = (
        option::weighted(0.4, vec(select(&TARGETS[..]), 0..4)),
        proptest::bool::weighted(0.5),
        proptest::bool::weighted(0.5),
        option::weighted(0.4, power()),
    )
        .prop_map(|(targets, grid_charging, export, max_power_w)| Grant {
            targets: targets.map(|ids| ids.into_iter().map(Into::into).collect()),
            grid_charging,
            export,
            max_power_w,
        });
    prop_oneof![1 => Just(Grant::default()), 1 => some]
}

fn mandate() -> impl Strategy<Value = Mandate> {
    (kinds(), grant()).prop_map(|(declared, grant)| Mandate { declared, grant })
}

fn battery_limits() -> impl Strategy<Value = BatteryLimits> {
    let soc = prop_oneof![6 => (Just(10.0), Just(90.0)), 2 => (0.0..60.0_f64, 40.0..100.0_f64), 1 => (wild(), wild())];
    let reserve_pct = prop_oneof![4 => Just(0.0), 1 => 0.0..60.0_f64, 1 => wild()];
    let step_w = option::weighted(0.2, prop_oneof![3 => select(&[1.0, 10.0, 50.0][..]), 1 => wild()]);
    let ramp_w = option::weighted(0.2, power());
    let powers = (power(), power(), step_w, ramp_w, phase());
    let turns = prop_oneof![4 => Just(24), 1 => 0..4_u32];
    let flash = prop_oneof![4 => Just(300), 1 => 0..6_u32];
    let budgets = (turns, option::weighted(0.2, 0..8_u32), flash, kinds());
    (soc, 500.0..5000.0_f64, reserve_pct, powers, kinds(), (0..200_u64, 0..20_u64), budgets).prop_map(
        |(
            (min_soc_pct, max_soc_pct),
            capacity_wh,
            outage_reserve_pct,
            powers,
            commands,
            (dwell_s, interval_s),
            budgets,
        )| {
            let (max_charge_w, max_discharge_w, step_w, ramp_w, phase) = powers;
            let (turns_per_day, writes_per_day, flash_writes_per_day, flash_commands) = budgets;
            BatteryLimits {
                capacity_wh,
                min_soc_pct,
                max_soc_pct,
                max_charge_w,
                max_discharge_w,
                commands,
                direction_dwell: Duration::from_secs(dwell_s),
                write_interval: Duration::from_secs(interval_s),
                lease: Duration::from_secs(600),
                outage_reserve_pct,
                step_w,
                ramp_w,
                phase,
                turns_per_day,
                writes_per_day,
                flash_commands,
                flash_writes_per_day,
            }
        },
    )
}

fn phase() -> impl Strategy<Value = Option<u8>> {
    option::weighted(0.7, 1..4_u8)
}

fn abilities() -> impl Strategy<Value = Abilities> {
    (0..12_u8).prop_map(|bits| Abilities {
        switch: bits != 0,
        level: bits & 1 == 0,
        light: bits & 2 == 0,
        notify: bits & 4 == 0,
    })
}

fn device_limits() -> impl Strategy<Value = DeviceLimits> {
    let turns = prop_oneof![4 => Just(24), 1 => 0..4_u32];
    let times = (0..200_u64, 0..5_u64);
    let power_w = (option::of(power()), phase());
    let owners_word = (any::<bool>(), proptest::bool::weighted(0.7));
    (abilities(), power_w, option::of((wild(), wild())), times, turns, owners_word).prop_map(
        |(abilities, (power_w, phase), level, (dwell_s, interval_s), turns_per_day, owners_word)| DeviceLimits {
            phase,
            turns_per_day,
            interruptible: owners_word.0,
            from_battery: owners_word.1,
            abilities,
            switch_dwell: Duration::from_secs(dwell_s),
            write_interval: Duration::from_secs(interval_s),
            power_w,
            level: level.map(|(min, max)| LevelRange { min, max }),
            lease: Duration::from_secs(600),
        },
    )
}

fn limits() -> impl Strategy<Value = Limits> {
    let external = option::weighted(0.2, power().prop_map(|unknown_w| ExternalLimit { unknown_w }));
    let phase_limit_a = option::weighted(0.3, prop_oneof![8 => 0.0..40.0_f64, 1 => wild()]);
    let grid = (option::of(power()), option::weighted(0.8, power()), external, phase_limit_a);
    (grid, [battery_limits(), battery_limits()], [device_limits(), device_limits()]).prop_map(
        |((import_limit_w, feed_in_limit_w, external, phase_limit_a), batteries, devices)| Limits {
            grid: GridLimits { import_limit_w, feed_in_limit_w, external, phase_limit_a, ..GridLimits::default() },
            batteries: BATTERIES.map(String::from).into_iter().zip(batteries).collect(),
            devices: DEVICES.map(String::from).into_iter().zip(devices).collect(),
        },
    )
}

fn battery_state() -> impl Strategy<Value = BatteryState> {
    let taken = option::weighted(0.06, select(vec![Taken::Calibrating, Taken::Controlled { by: "another".into() }]));
    let most = || option::weighted(0.3, power());
    (reading(level_pct()), reading(wild()), most(), most(), taken).prop_map(
        |(soc_pct, power_w, device_max_charge_w, device_max_discharge_w, taken)| BatteryState {
            id: String::new(),
            soc_pct,
            power_w,
            device_max_charge_w,
            device_max_discharge_w,
            taken,
        },
    )
}

fn device_state() -> impl Strategy<Value = DeviceState> {
    let power_w = option::of(reading(prop_oneof![-10.0..10.0_f64, wild()]));
    (abilities(), option::of(any::<bool>()), option::of((wild(), wild())), power_w).prop_map(
        |(abilities, on, level, power_w)| DeviceState {
            id: String::new(),
            on,
            abilities,
            level: level.map(|(min, max)| Level { value: None, min, max, step: 1.0, unit: String::new() }),
            power_w,
            fault: None,
        },
    )
}

fn home() -> impl Strategy<Value = HomeState> {
    let current_a = prop_oneof![8 => -40.0..40.0_f64, 1 => wild()];
    let meters = (reading(wild()), option::weighted(0.8, reading(power())), vec(reading(current_a), 0..4));
    (0..20_u8, meters, [battery_state(), battery_state()], [device_state(), device_state()], 0..20_u8).prop_map(
        |(link, (grid_power_w, import_cap_w, phase_current_a), batteries, devices, missing)| HomeState {
            link: if link == 0 { Link::Connecting { reason: String::new() } } else { Link::Up { since: now() } },
            timezone: None,
            currency: None,
            grid_power_w,
            solar_power_w: None,
            load_power_w: None,
            temperature_c: None,
            import_cap_w,
            phase_current_a,
            batteries: batteries
                .into_iter()
                .zip(BATTERIES)
                .map(|(state, id)| BatteryState { id: id.into(), ..state })
                .skip(usize::from(missing == 0))
                .collect(),
            devices: devices
                .into_iter()
                .zip(DEVICES)
                .map(|(state, id)| DeviceState { id: id.into(), ..state })
                .collect(),
        },
    )
}

fn write() -> impl Strategy<Value = Told> {
    (select(&["one", "two", "heater", "lamp"][..]), command(), 0..250_u64)
}

pub fn any_world() -> impl Strategy<Value = World> {
    let past = (option::weighted(0.5, ([level_pct(), level_pct()], 0..60_u64)), vec(write(), 0..4));
    let plan = (vec((0..2_usize, select(&TARGETS[..]), command()), 0..5), [mandate(), mandate()]);
    let setpoint = (command(), option::of(power()), option::of(power()));
    (limits(), home(), past, plan, setpoint).prop_map(assemble)
}

/// Target, command, and how many seconds ago.
type Told = (&'static str, Command, u64);
type Past = (Option<([f64; 2], u64)>, Vec<Told>);
type Proposed = (Vec<(usize, &'static str, Command)>, [Mandate; 2]);

type Wanted = (Command, Option<f64>, Option<f64>);

fn assemble((limits, home, past, plan, setpoint): (Limits, HomeState, Past, Proposed, Wanted)) -> World {
    let ((earlier, writes), (actions, mandates), (setpoint, max_charge_w, max_discharge_w)) = (past, plan, setpoint);
    let earlier = earlier.map(|(levels, ago_s)| (levels, Duration::from_secs(ago_s)));
    let (ledger, writes) = carry_out(writes);
    World {
        watch: watched(&limits, &home, earlier),
        limits,
        home,
        earlier,
        writes,
        actions: actions.into_iter().map(|(by, target, command)| (by, action(target, command))).collect(),
        mandates,
        setpoint,
        within: BalanceLimits { max_charge_w, max_discharge_w },
        ledger,
    }
}

fn action(target: &str, command: Command) -> Action {
    Action { target: target.into(), command, reason: Reason::default(), until: None }
}
