//! **clock-skew** — while the home shows a reading from more than a minute in the future, or one that was more
//! than a minute old when it came, one of the two clocks is wrong, and a plan is one for another hour: nothing of it is carried out but holding, following
//! the meter, turning off, what is on already, lights and messages. What is in force is no longer driven
//! either, unless it follows the meter. No setting. What is shown first by a new link is old and says nothing.
//! Source: Predbat's plans that charged eight hours off (batpred#3493, #1292); the field notes'
//! fault 13.

use std::time::Duration;

use model::Command;

use super::{Case, Origin, Ruling};
use crate::view::{device_state, readings};

/// Farther in the future is no delay between two machines.
const MOST: Duration = Duration::from_secs(60);

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let planned = match case.command {
        Command::Charge { .. } | Command::Discharge { .. } | Command::SetLevel { .. } => true,
        // One that is on goes on: letting go of it could cut it off.
        Command::TurnOn => device_state(case.scene, case.target).is_none_or(|state| state.on != Some(true)),
        _ => false,
    };
    let follows = matches!(case.origin, Origin::Setpoint(_))
        && matches!(case.scene.ledger.command_in_force(case.target), Some(Command::Balance(_)));
    if !planned || follows {
        return Ruling::Pass;
    }
    if let Some(behind) =
        case.scene.watch.clock_behind().filter(|behind| behind.is_positive() && behind.unsigned_abs() > MOST)
    {
        let text = format!(
            "the newest reading was {} s old when it came: the clock of the home is behind this machine's, and a plan would \
             come at the wrong time; correct the one that is wrong",
            behind.as_secs()
        );
        return Ruling::Refuse { text };
    }
    let ahead = readings(case.scene.home).filter_map(|reading| {
        let ahead = reading.at?.duration_since(case.scene.now);
        ahead.is_positive().then(|| (ahead.unsigned_abs(), reading))
    });
    match ahead.max_by_key(|(ahead, _)| *ahead) {
        Some((ahead, reading)) if ahead > MOST => Ruling::Refuse {
            text: format!(
                "`{}` has a time {} s in the future: the clocks of this machine and the home disagree, and a plan \
                 would come at the wrong time; correct the one that is wrong",
                reading.entity,
                ahead.as_secs()
            ),
        },
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge, light};

    fn bench(ahead_s: i64) -> Bench {
        let mut bench = Bench::new();
        bench.battery().power_w.at = Some(bench.ago(-ahead_s));
        bench
    }

    #[test]
    fn no_plan_by_a_wrong_clock() {
        let bench = bench(61);
        bench.refuses("battery", charge(300.0), Rule::ClockSkew);
        bench.refuses("battery", discharge(300.0), Rule::ClockSkew);
        bench.refuses("heater", Command::TurnOn, Rule::ClockSkew);
        bench.refuses("heater", Command::SetLevel { value: 40.0 }, Rule::ClockSkew);
        bench.accepts("battery", Command::Hold);
        bench.accepts("battery", Command::Balance(BalanceLimits::default()));
        bench.accepts("heater", Command::TurnOff);
        bench.accepts("led", light(40.0));
        let mut running = bench;
        running.device("heater").on = Some(true);
        running.accepts("heater", Command::TurnOn);
    }

    #[test]
    fn what_is_in_force_stops_unless_it_follows_the_meter() {
        let mut bench = bench(61);
        let setpoint = |bench: &Bench| bench.setpoint(charge(300.0), BalanceLimits::default()).verdict.approved;
        assert_eq!(setpoint(&bench), Some(Command::Hold));
        bench.carry_out("battery", Command::Balance(BalanceLimits::default()));
        assert_eq!(setpoint(&bench), Some(charge(300.0)));
    }

    #[test]
    fn a_minute_is_no_skew_and_the_past_is_not_the_future() {
        bench(60).accepts("battery", charge(300.0));
        bench(-36_000).accepts("battery", charge(300.0));
    }

    #[test]
    fn a_reading_that_is_new_and_old_comes_from_a_clock_that_is_behind() {
        let came = |seconds_ago: i64| {
            let mut bench = Bench::new();
            bench.pass(std::time::Duration::from_secs(5));
            bench.home.grid_power_w.at = Some(bench.ago(seconds_ago));
            // What the new link shows first.
            bench.home.link = model::Link::Up { since: bench.now };
            bench.battery().soc_pct.at = Some(bench.ago(9000));
            bench.battery().power_w.at = Some(bench.ago(9000));
            bench.observe();
            bench.pass(std::time::Duration::from_secs(5));
            bench.home.grid_power_w.at = Some(bench.ago(seconds_ago));
            bench.observe();
            bench
        };
        let mut behind = came(61);
        behind.home.grid_power_w.at = Some(behind.now);
        behind.refuses("battery", charge(300.0), Rule::ClockSkew);
        behind.accepts("battery", Command::Hold);
        came(60).accepts("battery", charge(300.0));
        // Nothing new came since.
        behind.home.grid_power_w.at = Some(behind.ago(61));
        behind.pass(std::time::Duration::from_secs(5));
        behind.observe();
        behind.accepts("battery", charge(300.0));
    }

    #[test]
    fn a_clock_that_was_ahead_and_was_corrected_is_right_again() {
        let mut bench = Bench::new();
        bench.observe();
        bench.pass(std::time::Duration::from_secs(5));
        bench.home.grid_power_w.at = Some(bench.ago(-3600));
        bench.observe();
        bench.refuses("battery", charge(300.0), Rule::ClockSkew);
        bench.pass(std::time::Duration::from_secs(5));
        bench.home.grid_power_w.at = Some(bench.now);
        bench.observe();
        bench.accepts("battery", charge(300.0));
    }

    #[test]
    fn any_reading_tells() {
        let mut bench = Bench::new();
        bench.device("plug").power_w = Some(model::Reading::of("sensor.plug", 5.0, bench.ago(-3600)));
        let judged = bench.refuses("battery", charge(300.0), Rule::ClockSkew);
        assert!(judged.verdict.findings[0].text.contains("`sensor.plug` has a time 3600 s"));
    }
}
