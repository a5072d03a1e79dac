//! The guard's ledger across a restart, so that a battery may not turn sooner because the program was
//! restarted in between. Pure: time is passed in.

use std::time::Duration;

use guard::Ledger;
use jiff::Timestamp;
use model::TargetId;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Save<'a> {
    at: Timestamp,
    uptime: Duration,
    ledger: &'a Ledger,
}

#[derive(Deserialize)]
struct Saved {
    at: Timestamp,
    uptime: Duration,
    ledger: Ledger,
}

/// The ledger as text, with the moment by both clocks.
///
/// # Errors
/// Never in practice: a ledger can always be written down.
pub fn save(ledger: &Ledger, now: Timestamp, uptime: Duration) -> serde_json::Result<String> {
    serde_json::to_string(&Save { at: now, uptime, ledger })
}

/// What was saved, and how far the monotonic clock must be ahead for its times to be right: it goes on where
/// it stood, by what passed on the wall clock meanwhile. When that was set back, nothing passed, so that
/// intervals are rather too long than too short.
///
/// Nothing of it is in force any more: nobody knows what the targets did meanwhile.
///
/// # Errors
/// When it is no such text.
pub fn restore<'a>(
    text: &str,
    targets: impl IntoIterator<Item = &'a TargetId>,
    now: Timestamp,
) -> serde_json::Result<(Ledger, Duration)> {
    let Saved { at, uptime, mut ledger } = serde_json::from_str(text)?;
    targets.into_iter().for_each(|target| ledger.forget(target));
    let passed = Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO);
    Ok((ledger, uptime.saturating_add(passed)))
}

#[cfg(test)]
mod tests {
    use guard::{BatteryLimits, Guard, Limits, Mandate, Proposal, Scene, Watch};
    use model::{Action, BatteryState, Command, CommandKind, HomeState, Link, Reading, Reason, Rule};

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn state(now: Timestamp) -> HomeState {
        HomeState {
            link: Link::Up { since: NOW },
            timezone: None,
            currency: None,
            grid_power_w: Reading::of("meter", -300.0, now),
            solar_power_w: None,
            load_power_w: None,
            temperature_c: None,
            import_cap_w: None,
            phase_current_a: Vec::new(),
            batteries: vec![BatteryState {
                id: "b".into(),
                soc_pct: Reading::of("soc", 50.0, now),
                power_w: Reading::of("power", 0.0, now),
                device_max_charge_w: None,
                device_max_discharge_w: None,
                taken: None,
            }],
            devices: Vec::new(),
        }
    }

    fn guard() -> Guard {
        let limits = BatteryLimits {
            capacity_wh: 1920.0,
            min_soc_pct: 10.0,
            max_soc_pct: 100.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            commands: [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge].into(),
            direction_dwell: Duration::from_secs(120),
            write_interval: Duration::ZERO,
            lease: Duration::from_secs(1200),
            ..BatteryLimits::default()
        };
        Guard::new(Limits { batteries: [("b".to_owned(), limits)].into(), ..Limits::default() })
    }

    /// What the guard says to a command, and what is approved is written.
    fn tell(ledger: &mut Ledger, command: Command, now: Timestamp, uptime: Duration) -> Vec<Rule> {
        let (guard, state) = (guard(), state(now));
        let mut watch = Watch::default();
        watch.observe(&state, guard.limits(), uptime, now);
        let action = Action { target: "b".into(), command, reason: Reason::default(), until: None };
        let declared = [CommandKind::Charge, CommandKind::Discharge].into();
        let mandate = Mandate { declared, ..Mandate::default() };
        let scene = Scene { home: &state, now, uptime, ledger, watch: &watch };
        let judged = guard.judge(&[Proposal { by: "s", action: &action, mandate: &mandate }], &scene).remove(0);
        if let Some(approved) = judged.approved {
            ledger.record(&approved, now, uptime);
        }
        judged.verdict.findings.iter().map(|finding| finding.rule).collect()
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_restart_is_no_way_around_the_time_between_two_turns() {
        let mut ledger = Ledger::default();
        let long_up = Duration::from_secs(100_000);
        assert_eq!(tell(&mut ledger, Command::Discharge { power_w: 200.0 }, NOW, long_up), []);
        let text = save(&ledger, after(5), long_up + Duration::from_secs(5)).unwrap();

        let battery = "b".to_owned();
        let (mut ledger, uptime) = restore(&text, [&battery], after(60)).unwrap();
        assert_eq!(ledger.in_force("b"), None);
        let charge = Command::Charge { power_w: 200.0 };
        assert_eq!(tell(&mut ledger, charge.clone(), after(60), uptime), [Rule::Dwell]);
        let (mut ledger, uptime) = restore(&text, [&battery], after(120)).unwrap();
        assert_eq!(tell(&mut ledger, charge, after(120), uptime), []);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_it_longer_and_not_shorter() {
        let mut ledger = Ledger::default();
        tell(&mut ledger, Command::Discharge { power_w: 200.0 }, after(1000), Duration::from_secs(10));
        let text = save(&ledger, after(1000), Duration::from_secs(10)).unwrap();
        let (_, uptime) = restore(&text, [], after(500)).unwrap();
        assert_eq!(uptime, Duration::from_secs(10));
        assert!(restore("{}", [], NOW).is_err());
    }
}
