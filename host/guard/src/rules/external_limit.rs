//! **external-limit** — what Wattwright does never brings the import above what the grid operator, or
//! another device outside, allows now (`import_cap_w` of the home); it always wins, over every setting and
//! every strategy, by the same arithmetic as `grid-import-limit`. While the cap is configured and cannot be
//! read it is in force with `unknown_w`: 4200 W, the least that § 14a EnWG leaves to a controllable
//! connection (BNetzA BK6-22-300). Not configured by default. Source: evcc's dimming by the home energy
//! manager, OpenEMS' limiter14a.

use model::HomeState;

use super::{Case, Ruling, grid_import_limit};
use crate::limits::{ExternalLimit, GridLimits};
use crate::view::magnitude;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(limit) = &case.grid_limits.external else { return Ruling::Pass };
    let (cap_w, whose) = in_force(case.scene.home, limit);
    grid_import_limit::within(case, cap_w, &whose)
}

/// Most that may be imported now by order from outside, watt; `None`: nobody outside orders anything.
pub fn import_cap_w(limits: &GridLimits, home: &HomeState) -> Option<f64> {
    limits.external.as_ref().map(|limit| in_force(home, limit).0)
}

fn in_force(home: &HomeState, limit: &ExternalLimit) -> (f64, String) {
    let unknown = |why: String| {
        let cap_w = magnitude(limit.unknown_w);
        (cap_w, format!("{cap_w:.0} W that count while nobody knows what is allowed from outside ({why})"))
    };
    let Some(reading) = &home.import_cap_w else {
        return unknown("the home does not show it".into());
    };
    match reading.value.filter(|w| reading.fault.is_none() && w.is_finite() && *w >= 0.0) {
        Some(cap_w) => (cap_w, format!("{cap_w:.0} W that are allowed from outside (`{}`)", reading.entity)),
        None => unknown(format!("`{}` shows no power", reading.entity)),
    }
}

#[cfg(test)]
mod tests {
    use model::home::Fault;
    use model::{BalanceLimits, Command, Reading, Rule};

    use crate::limits::ExternalLimit;
    use crate::testing::{Bench, charge, discharge};

    fn bench(cap: Option<Reading>, meter_w: f64) -> Bench {
        let mut bench = Bench::new();
        bench.limits.grid.external = Some(ExternalLimit { unknown_w: 600.0 });
        bench.home.import_cap_w = cap;
        bench.home.grid_power_w.value = Some(meter_w);
        bench
    }

    fn cap(w: f64) -> Option<Reading> {
        Some(Reading::of("sensor.cap", w, Bench::new().now))
    }

    #[test]
    fn the_cap_wins_over_the_owners_limit() {
        let mut capped = bench(cap(1000.0), 300.0);
        capped.limits.grid.import_limit_w = Some(10_000.0);
        capped.adjusts("battery", charge(900.0), charge(700.0), Rule::ExternalLimit);
        capped.refuses("heater", Command::TurnOn, Rule::ExternalLimit);
        capped.accepts("plug", Command::TurnOn);
        capped.accepts("battery", discharge(500.0));
        capped.accepts("battery", Command::Hold);
        assert_eq!(capped.setpoint(charge(900.0), BalanceLimits::default()).verdict.approved, Some(charge(700.0)));
        bench(cap(0.0), 0.0).adjusts("battery", charge(900.0), Command::Hold, Rule::ExternalLimit);
        bench(cap(1e9), 300.0).accepts("battery", charge(900.0));
    }

    #[test]
    fn what_cannot_be_read_is_in_force() {
        let unread = Reading::faulty("sensor.cap", Fault::Unavailable { state: "unavailable".into() });
        for unknown in [None, Some(unread), cap(f64::NAN), cap(-1.0), cap(f64::INFINITY)] {
            bench(unknown, 100.0).adjusts("battery", charge(900.0), charge(500.0), Rule::ExternalLimit);
        }
        let mut broken = bench(None, 0.0);
        broken.limits.grid.external = Some(ExternalLimit { unknown_w: f64::NAN });
        broken.adjusts("battery", charge(900.0), Command::Hold, Rule::ExternalLimit);
    }

    #[test]
    fn it_needs_the_meter() {
        let mut blind = bench(cap(9000.0), 0.0);
        blind.home.grid_power_w.at = Some(blind.ago(3600));
        blind.refuses("battery", charge(300.0), Rule::StaleReading);
        blind.refuses("plug", Command::TurnOn, Rule::StaleReading);
    }

    #[test]
    fn without_a_setting_there_is_none() {
        let mut bench = bench(cap(0.0), 300.0);
        bench.limits.grid.external = None;
        bench.accepts("battery", charge(900.0));
    }

    #[test]
    fn the_cap_is_told() {
        let told = |bench: &Bench| super::import_cap_w(&bench.limits.grid, &bench.home);
        assert_eq!(told(&bench(cap(1000.0), 0.0)), Some(1000.0));
        assert_eq!(told(&bench(None, 0.0)), Some(600.0));
        assert_eq!(told(&Bench::new()), None);
    }
}
