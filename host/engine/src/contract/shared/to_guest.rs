//! What a strategy is told, in the contract's types, as far as the versions have the same.

use jiff::Timestamp;
use model::snapshot::{Abilities, Device, Extra, Level, PastSlot, Problem, Snapshot, Source, Task, TaskState};
use model::{BalanceLimits, Command, Light};

use super::{battery, grid, in_force, slot, types};

/// Whole seconds. Instants outside of 1970 to 2106 become the nearest that the contract can tell.
pub(super) fn instant(at: Timestamp) -> types::Instant {
    u32::try_from(at.as_second().max(0)).unwrap_or(u32::MAX)
}

pub(super) fn extras(extras: &[Extra]) -> Vec<types::Extra> {
    extras
        .iter()
        .map(|extra| types::Extra { name: extra.name.clone(), value: extra.value, unit: extra.unit.clone() })
        .collect()
}

pub(super) fn command(command: &Command) -> types::Command {
    match command {
        Command::Hold => types::Command::Hold,
        Command::Charge { power_w } => types::Command::Charge(*power_w),
        Command::Discharge { power_w } => types::Command::Discharge(*power_w),
        Command::Balance(BalanceLimits { max_charge_w, max_discharge_w }) => {
            types::Command::Balance(types::BalanceLimits {
                max_charge_w: *max_charge_w,
                max_discharge_w: *max_discharge_w,
            })
        }
        Command::TurnOn => types::Command::TurnOn,
        Command::TurnOff => types::Command::TurnOff,
        Command::SetLevel { value } => types::Command::SetLevel(*value),
        Command::SetLight(Light { on, red, green, blue, brightness_pct }) => types::Command::SetLight(types::Light {
            on: *on,
            red: *red,
            green: *green,
            blue: *blue,
            brightness_pct: *brightness_pct,
        }),
        Command::Notify { text } => types::Command::Notify(text.clone()),
    }
}

fn abilities(abilities: Abilities) -> types::Abilities {
    let Abilities { switch, level, light, notify } = abilities;
    [
        (switch, types::Abilities::SWITCH),
        (level, types::Abilities::LEVEL),
        (light, types::Abilities::LIGHT),
        (notify, types::Abilities::NOTIFY),
    ]
    .into_iter()
    .filter(|(has, _)| *has)
    .fold(types::Abilities::empty(), |all, (_, flag)| all | flag)
}

fn level(level: &Level) -> types::Level {
    types::Level { value: level.value, min: level.min, max: level.max, step: level.step, unit: level.unit.clone() }
}

fn device(device: &Device) -> types::Device {
    types::Device {
        id: device.id.clone(),
        name: device.name.clone(),
        kind: device.kind.clone(),
        abilities: abilities(device.abilities),
        on: device.on,
        level: device.level.as_ref().map(level),
        power_w: device.power_w,
        in_force: device.in_force.as_ref().map(in_force),
        extras: extras(&device.extras),
    }
}

fn task(task: &Task) -> types::Task {
    types::Task {
        id: task.id.clone(),
        name: task.name.clone(),
        device: task.device.clone(),
        state: match task.state {
            TaskState::Waiting => types::TaskState::Waiting,
            TaskState::Running => types::TaskState::Running,
            TaskState::Done => types::TaskState::Done,
            TaskState::Missed => types::TaskState::Missed,
        },
        energy_wh: task.energy_wh,
        done_wh: task.done_wh,
        power_w: task.power_w,
        earliest: instant(task.earliest),
        deadline: instant(task.deadline),
        interruptible: task.interruptible,
        extras: extras(&task.extras),
    }
}

fn past_slot(slot: &PastSlot) -> types::PastSlot {
    types::PastSlot {
        start: instant(slot.start),
        end: instant(slot.end),
        import_price: slot.import_price,
        export_price: slot.export_price,
        solar_w: slot.solar_w,
        load_w: slot.load_w,
        grid_w: slot.grid_w,
        battery_w: slot.battery_w,
        soc_pct: slot.soc_pct,
        temperature_c: slot.temperature_c,
        extras: extras(&slot.extras),
    }
}

fn source(source: &Source) -> types::Source {
    types::Source {
        column: source.column.clone(),
        origin: source.origin.clone(),
        known_until: source.known_until.map(instant),
    }
}

fn problem(problem: &Problem) -> types::Problem {
    types::Problem {
        code: problem.code.clone(),
        subject: problem.subject.clone(),
        text: problem.text.clone(),
        assumed: problem.assumed.clone(),
    }
}

pub(super) fn snapshot(snapshot: &Snapshot) -> types::Snapshot {
    types::Snapshot {
        now: instant(snapshot.now),
        timezone: snapshot.timezone.clone(),
        utc_offset_s: snapshot.utc_offset_s,
        currency: snapshot.currency.clone(),
        grid: grid(snapshot),
        solar_power_w: snapshot.solar_power_w,
        load_power_w: snapshot.load_power_w,
        batteries: snapshot.batteries.iter().map(battery).collect(),
        devices: snapshot.devices.iter().map(device).collect(),
        tasks: snapshot.tasks.iter().map(task).collect(),
        ahead: snapshot.ahead.iter().map(slot).collect(),
        past: snapshot.past.iter().map(past_slot).collect(),
        sources: snapshot.sources.iter().map(source).collect(),
        problems: snapshot.problems.iter().map(problem).collect(),
        extras: extras(&snapshot.extras),
    }
}
