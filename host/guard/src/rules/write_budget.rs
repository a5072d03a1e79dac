//! **write-budget** — a battery is not written to more often within a day than `writes_per_day` (no limit
//! by default), and not more often with the kinds of commands that its device stores in flash
//! (`flash_commands`, by default hold) than `flash_writes_per_day` (300). Holding is always possible, so
//! what would need it later is refused while the last write for it is still left: the battery then holds.
//! The command that is in force, or that was written last, is always fine, and so is `balance`, which
//! writes nothing by itself. Giving back the settings from before counts as a write of each class. Source:
//! Predbat's caution.md (flash cells of inverters last for a million writes, or 270 a day over ten years);
//! a SolarFlow keeps writes out of its flash with smartMode 1, and Zendure-HA sends a stop with smartMode 0
//! (Zendure/zenSDK, docs/en_properties.md).

use model::{Command, CommandKind};

use super::{Case, Origin, Ruling};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(battery) = case.battery() else { return Ruling::Pass };
    let ledger = case.scene.ledger;
    let stops = matches!(case.command, Command::Hold | Command::Balance(_));
    let written = ledger.last_written(case.target) == Some(case.command);
    let in_force =
        !matches!(case.origin, Origin::Setpoint(_)) && ledger.command_in_force(case.target) == Some(case.command);
    if stops || written || in_force {
        return Ruling::Pass;
    }
    let any = |_: CommandKind| true;
    let flash = |kind: CommandKind| battery.flash_commands.contains(&kind);
    spent(case, battery.writes_per_day, any, "written to")
        .or_else(|| spent(case, Some(battery.flash_writes_per_day), flash, "written to its flash"))
        .map_or(Ruling::Pass, |text| Ruling::Refuse { text })
}

/// Why this command and the hold after it are no longer within the budget of a class.
fn spent(
    case: &Case<'_>,
    budget: Option<u32>,
    is_of_class: impl Fn(CommandKind) -> bool,
    what: &str,
) -> Option<String> {
    let budget = budget?;
    let needed = [case.command.kind(), CommandKind::Hold].into_iter().filter(|kind| is_of_class(*kind)).count();
    let used = case.scene.ledger.writes(case.target, case.scene.uptime, is_of_class);
    if needed == 0 || u64::from(used) + needed as u64 <= u64::from(budget) {
        return None;
    }
    Some(format!("`{}` was {what} {used} times within a day; {budget} are what it is worth", case.target))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{BalanceLimits, Command, CommandKind, Rule};

    use crate::testing::{Bench, charge, discharge};

    /// Written to eight times, four of them with hold.
    fn bench(writes_per_day: Option<u32>, flash_writes_per_day: u32) -> Bench {
        let mut bench = Bench::new();
        bench.battery_limits().writes_per_day = writes_per_day;
        bench.battery_limits().flash_writes_per_day = flash_writes_per_day;
        for n in 0..4 {
            bench.carry_out("battery", charge(300.0 + f64::from(n)));
            bench.carry_out("battery", Command::Hold);
        }
        bench.pass(Duration::from_secs(60));
        bench
    }

    #[test]
    fn a_battery_without_a_write_left_stays_where_it_is() {
        bench(Some(10), 300).accepts("battery", charge(400.0));
        let spent = bench(Some(9), 300);
        spent.refuses("battery", charge(400.0), Rule::WriteBudget);
        spent.accepts("battery", Command::Hold);
        spent.accepts("battery", Command::Balance(BalanceLimits::default()));
        assert_eq!(spent.setpoint(discharge(300.0), BalanceLimits::default()).verdict.approved, Some(Command::Hold));
    }

    #[test]
    fn flash_is_counted_apart() {
        // It must be possible to stop what begins now.
        bench(None, 4).refuses("battery", charge(400.0), Rule::WriteBudget);
        bench(None, 5).accepts("battery", charge(400.0));
        let mut all_flash = bench(None, 9);
        all_flash.battery_limits().flash_commands = [CommandKind::Hold, CommandKind::Charge].into();
        all_flash.refuses("battery", charge(400.0), Rule::WriteBudget);
        let flash = all_flash.battery_limits().flash_commands.clone();
        let counts = all_flash.ledger.counts("battery", &flash, all_flash.uptime);
        assert_eq!((counts.writes, counts.flash_writes), (8, 8));
        let counts = all_flash.ledger.counts("battery", &[CommandKind::Hold].into(), all_flash.uptime);
        assert_eq!((counts.writes, counts.flash_writes), (8, 4));
        all_flash.battery_limits().flash_writes_per_day = 10;
        all_flash.accepts("battery", charge(400.0));
        let mut none = bench(None, 0);
        none.battery_limits().flash_commands.clear();
        none.accepts("battery", charge(400.0));
    }

    #[test]
    fn what_was_written_last_needs_no_write() {
        let mut bench = bench(Some(8), 300);
        bench.carry_out("battery", charge(400.0));
        bench.pass(Duration::from_secs(60));
        bench.accepts("battery", charge(400.0));
        bench.refuses("battery", charge(450.0), Rule::WriteBudget);
        bench.accepts("battery", Command::Hold);
    }

    #[test]
    fn what_is_in_force_needs_none_and_its_setpoints_do() {
        let mut spent = bench(Some(8), 300);
        let in_force = crate::Approved::planned("battery".into(), charge(400.0), Duration::from_secs(1200));
        spent.ledger.stand(&in_force, spent.now, spent.uptime);
        spent.accepts("battery", charge(400.0));
        let judged = spent.setpoint(charge(400.0), BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(Command::Hold));
    }

    #[test]
    fn a_release_counts_and_a_day_passes() {
        let mut bench = bench(None, 6);
        bench.accepts("battery", charge(400.0));
        for _ in 0..2 {
            let release = bench.guard().release("battery", Default::default());
            bench.ledger.record(&release, bench.now, bench.uptime);
        }
        bench.pass(Duration::from_secs(60));
        bench.refuses("battery", charge(400.0), Rule::WriteBudget);
        bench.pass(Duration::from_secs(26 * 3600));
        bench.accepts("battery", charge(400.0));
    }
}
