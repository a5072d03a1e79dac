//! **taken** — while a battery calibrates itself, or another controller is in charge of it, it is told
//! nothing, not even to hold: it would not listen, or two would pull at it. What a calibrating one may take
//! counts against the import limit. Letting go waits, too. No setting. Source: Zendure/zenSDK#78
//! (2400 W whatever is written), Zendure-HA#634 and battery-smartflow-ai#331 (the vendor's energy plan
//! competes silently).

use model::home::Taken;

use super::{Case, Ruling};
use crate::judge::Scene;
use crate::view::battery_state;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    taken(case.target, case.scene).map_or(Ruling::Pass, |text| Ruling::Refuse { text })
}

/// Why a battery must be told nothing now; `None`: it listens.
pub(crate) fn taken(battery: &str, scene: &Scene<'_>) -> Option<String> {
    Some(match battery_state(scene, battery)?.taken.as_ref()? {
        Taken::Calibrating => {
            format!("`{battery}` calibrates its state of charge and follows no command until that is done")
        }
        Taken::Controlled { by } => format!("{by} is in charge of `{battery}`; it is told nothing until that ends"),
    })
}

#[cfg(test)]
mod tests {
    use model::home::Taken;
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge};

    #[test]
    fn hands_off_what_another_is_in_charge_of() {
        for taken in [Taken::Calibrating, Taken::Controlled { by: "the vendor's energy plan".into() }] {
            let mut bench = Bench::new();
            bench.battery().taken = Some(taken);
            for command in [Command::Hold, charge(300.0), Command::Balance(BalanceLimits::default())] {
                bench.refuses("battery", command, Rule::Taken);
            }
            assert_eq!(bench.setpoint(charge(300.0), BalanceLimits::default()).approved, None);
            assert_eq!(bench.setpoint(Command::Hold, BalanceLimits::default()).approved, None);
            assert_eq!(bench.hold("battery").approved, None);
            assert!(bench.release_waits("battery").is_some());
            bench.accepts("plug", Command::TurnOn);
        }
        assert_eq!(Bench::new().release_waits("battery"), None);
    }

    #[test]
    fn a_calibrating_battery_may_charge_with_all_it_can() {
        let mut bench = Bench::new();
        bench.limits.grid.import_limit_w = Some(1500.0);
        bench.add_battery("second");
        bench.home.batteries[1].taken = Some(Taken::Calibrating);
        bench.adjusts("battery", charge(900.0), charge(500.0), Rule::GridImportLimit);
        // It takes more than its limit already.
        bench.home.batteries[1].power_w.value = Some(-1200.0);
        bench.home.grid_power_w.value = Some(1200.0);
        bench.adjusts("battery", charge(900.0), charge(300.0), Rule::GridImportLimit);
        bench.home.batteries[1].taken = Some(Taken::Controlled { by: "an app".into() });
        bench.home.batteries[1].power_w.value = Some(0.0);
        bench.home.grid_power_w.value = Some(0.0);
        bench.accepts("battery", charge(900.0));
    }
}
