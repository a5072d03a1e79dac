//! What must hold of writes over time, from the list of those before.

use std::time::Duration;

use model::{Command, CommandKind};
use proptest::prelude::*;
use wattwright_guard::Direction;

use super::Holds;
use crate::world::{World, Write};

pub fn interval(world: &World, target: &str, command: &Command) -> Holds {
    let interval = match world.limits.batteries.get(target) {
        Some(limits) => limits.write_interval,
        None => world.limits.devices[target].write_interval,
    };
    if let Some(last) = last_written(world, target)
        && !matches!(command, Command::Balance(_))
        && last.command != *command
        && in_force(world, target) != Some(command)
    {
        prop_assert!(last.ago >= interval, "written after {:?}", last.ago);
    }
    Ok(())
}

pub fn last_written<'a>(world: &'a World, target: &str) -> Option<&'a Write> {
    of(&world.writes, target).rfind(|write| !matches!(write.command, Command::Balance(_)))
}

pub fn in_force<'a>(world: &'a World, target: &str) -> Option<&'a Command> {
    of(&world.writes, target).next_back().map(|write| &write.command)
}

/// All writes of a world are of one day.
pub fn within_turns(world: &World, target: &str, command: &Command) -> bool {
    let state = |command: &Command| match command {
        Command::TurnOn => Some(1),
        Command::TurnOff => Some(0),
        other => direction(other).map(|direction| if direction == Direction::Charge { 1 } else { 0 }),
    };
    let (mut last, mut turns) = (None, 0);
    for write in of(&world.writes, target) {
        let to = state(&write.command);
        if to.is_some() && to != last {
            last = to;
            turns += 1;
        }
    }
    if state(command).is_none() || state(command) == last || *command == Command::TurnOff {
        return true;
    }
    match world.limits.devices.get(target) {
        Some(limits) => turns + 2 <= limits.turns_per_day,
        None => turns < world.limits.batteries[target].turns_per_day,
    }
}

/// This one and the hold after it.
pub fn within_writes(world: &World, target: &str, command: &Command) -> bool {
    let limits = &world.limits.batteries[target];
    let same = last_written(world, target).is_some_and(|last| last.command == *command);
    let moves = matches!(command, Command::Charge { .. } | Command::Discharge { .. });
    if !moves || same || in_force(world, target) == Some(command) {
        return true;
    }
    let writes: Vec<CommandKind> = of(&world.writes, target)
        .map(|write| write.command.kind())
        .chain([command.kind(), CommandKind::Hold])
        .filter(|kind| *kind != CommandKind::Balance)
        .collect();
    let flash: Vec<&CommandKind> = writes.iter().filter(|kind| limits.flash_commands.contains(kind)).collect();
    let wears = [command.kind(), CommandKind::Hold].iter().any(|kind| limits.flash_commands.contains(kind));
    limits.writes_per_day.is_none_or(|budget| writes.len() <= budget as usize)
        && (!wears || flash.len() <= limits.flash_writes_per_day as usize)
}

pub fn of<'a>(writes: &'a [Write], target: &str) -> impl DoubleEndedIterator<Item = &'a Write> {
    writes.iter().filter(move |write| write.target == target)
}

pub fn part(command: &Command, direction: Direction) -> f64 {
    match (command, direction) {
        (Command::Charge { power_w }, Direction::Charge) | (Command::Discharge { power_w }, Direction::Discharge) => {
            *power_w
        }
        _ => 0.0,
    }
}

pub fn direction(command: &Command) -> Option<Direction> {
    [Direction::Charge, Direction::Discharge].into_iter().find(|direction| part(command, *direction) > 0.0)
}

pub fn last_turn(writes: &[Write], id: &str) -> Option<(Direction, Duration)> {
    let mut last: Option<(Direction, Duration)> = None;
    for write in of(writes, id) {
        if let Some(direction) = direction(&write.command)
            && last.is_none_or(|(before, _)| before != direction)
        {
            last = Some((direction, write.ago));
        }
    }
    last
}
