//! What a strategy says, in our types; nothing is judged here.

use jiff::Timestamp;
use model::{Action, BalanceLimits, Command, CommandKind, Expectation, Fact, Light, OutlookSlot, Plan, Reason};

use super::types;
use crate::description::RawDescription;

fn instant(seconds: types::Instant) -> Timestamp {
    // Never out of range: 32 bits of seconds reach to 2106.
    Timestamp::from_second(i64::from(seconds)).unwrap_or(Timestamp::MAX)
}

fn fact(fact: types::Fact) -> Fact {
    Fact { name: fact.name, value: fact.value, unit: fact.unit }
}

fn reason(reason: types::Reason) -> Reason {
    Reason { code: reason.code, text: reason.text, facts: reason.facts.into_iter().map(fact).collect() }
}

fn command(command: types::Command) -> Command {
    match command {
        types::Command::Hold => Command::Hold,
        types::Command::Charge(power_w) => Command::Charge { power_w },
        types::Command::Discharge(power_w) => Command::Discharge { power_w },
        types::Command::Balance(limits) => Command::Balance(BalanceLimits {
            max_charge_w: limits.max_charge_w,
            max_discharge_w: limits.max_discharge_w,
        }),
        types::Command::TurnOn => Command::TurnOn,
        types::Command::TurnOff => Command::TurnOff,
        types::Command::SetLevel(value) => Command::SetLevel { value },
        types::Command::SetLight(light) => Command::SetLight(Light {
            on: light.on,
            red: light.red,
            green: light.green,
            blue: light.blue,
            brightness_pct: light.brightness_pct,
        }),
        types::Command::Notify(text) => Command::Notify { text },
    }
}

fn action(action: types::Action) -> Action {
    Action {
        target: action.target,
        command: command(action.command),
        reason: reason(action.reason),
        until: action.until.map(instant),
    }
}

fn expectation(expectation: types::Expectation) -> Expectation {
    Expectation {
        target: expectation.target,
        command: command(expectation.command),
        power_w: expectation.power_w,
        soc_pct: expectation.soc_pct,
        reason: reason(expectation.reason),
    }
}

fn outlook_slot(slot: types::OutlookSlot) -> OutlookSlot {
    OutlookSlot {
        start: instant(slot.start),
        end: instant(slot.end),
        grid_w: slot.grid_w,
        targets: slot.targets.into_iter().map(expectation).collect(),
    }
}

pub(super) fn plan(plan: types::Plan) -> Plan {
    Plan {
        actions: plan.actions.into_iter().map(action).collect(),
        outlook: plan.outlook.into_iter().map(outlook_slot).collect(),
        summary: plan.summary,
        figures: plan.figures.into_iter().map(fact).collect(),
        memory: plan.memory,
    }
}

/// Every kind of command by its flag.
pub(super) const KINDS: [(types::Commands, CommandKind); 8] = [
    (types::Commands::HOLD, CommandKind::Hold),
    (types::Commands::CHARGE, CommandKind::Charge),
    (types::Commands::DISCHARGE, CommandKind::Discharge),
    (types::Commands::BALANCE, CommandKind::Balance),
    (types::Commands::TURN_ON_OFF, CommandKind::TurnOnOff),
    (types::Commands::SET_LEVEL, CommandKind::SetLevel),
    (types::Commands::SET_LIGHT, CommandKind::SetLight),
    (types::Commands::NOTIFY, CommandKind::Notify),
];

pub(super) fn description(description: types::Description) -> RawDescription {
    let commands = description.commands;
    RawDescription {
        name: description.name,
        version: description.version,
        author: description.author,
        summary: description.summary,
        settings_schema: description.settings_schema,
        commands: KINDS.into_iter().filter(|(flag, _)| commands.contains(*flag)).map(|(_, kind)| kind).collect(),
    }
}
