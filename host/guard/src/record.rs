//! What a verdict came from, kept so that it can be given again.

use std::time::Duration;

use jiff::Timestamp;
use model::HomeState;
use serde::{Deserialize, Serialize};

use crate::judge::{Guard, Judged, Scene};
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::mandate::Proposal;
use crate::watch::Watch;

/// Everything but the proposals that [`Guard::judge`] looks at. Judging the same proposals by a record,
/// also after a way through JSON, gives the same verdicts byte for byte: numbers that are not finite
/// survive, and times keep their nanoseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SceneRecord {
    limits: Limits,
    home: HomeState,
    now: Timestamp,
    uptime: Duration,
    ledger: Ledger,
    watch: Watch,
}

impl SceneRecord {
    /// What `guard` sees in `scene`.
    pub fn of(guard: &Guard, scene: &Scene<'_>) -> Self {
        Self {
            limits: guard.limits().clone(),
            home: scene.home.clone(),
            now: scene.now,
            uptime: scene.uptime,
            ledger: scene.ledger.clone(),
            watch: scene.watch.clone(),
        }
    }

    /// What the guard says to these proposals in that scene.
    pub fn judge(&self, proposals: &[Proposal<'_>]) -> Vec<Judged> {
        Guard::new(self.limits.clone()).judge(proposals, &self.scene())
    }

    /// The guard's own word for a battery in that scene, as [`Guard::hold`].
    pub fn hold(&self, battery: &str) -> Judged {
        Guard::new(self.limits.clone()).hold(battery, &self.scene())
    }

    /// The limits that hold.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn scene(&self) -> Scene<'_> {
        Scene { home: &self.home, now: self.now, uptime: self.uptime, ledger: &self.ledger, watch: &self.watch }
    }
}

#[cfg(test)]
mod tests {
    use model::Command;

    use super::*;
    use crate::testing::{Bench, charge, discharge};

    /// A home after a day in which its battery was written to every minute.
    fn busy() -> Bench {
        let mut bench = Bench::new();
        for minute in 0..1440 {
            let command = match minute % 3 {
                0 => charge(300.0),
                1 => Command::Hold,
                _ => discharge(300.0),
            };
            bench.carry_out("battery", command);
            bench.carry_out("plug", if minute % 2 == 0 { Command::TurnOn } else { Command::TurnOff });
            bench.pass(Duration::from_secs(60));
            bench.observe();
        }
        bench
    }

    #[test]
    fn numbers_that_are_none_survive() {
        let mut bench = Bench::new();
        bench.home.grid_power_w.value = Some(f64::NAN);
        bench.battery().soc_pct.value = Some(f64::INFINITY);
        bench.battery().device_max_charge_w = Some(f64::NEG_INFINITY);
        bench.device("heater").level.as_mut().unwrap().min = f64::NAN;
        bench.battery_limits().max_charge_w = f64::NAN;
        let text = serde_json::to_string(&bench.scene_record()).unwrap();
        let back: SceneRecord = serde_json::from_str(&text).unwrap();
        assert!(back.home.grid_power_w.value.unwrap().is_nan());
        assert_eq!(back.home.batteries[0].soc_pct.value, Some(f64::INFINITY));
        assert_eq!(back.home.batteries[0].device_max_charge_w, Some(f64::NEG_INFINITY));
        assert!(back.home.devices[0].level.as_ref().unwrap().min.is_nan());
        assert!(back.limits.batteries["battery"].max_charge_w.is_nan());
    }

    #[test]
    fn it_says_what_the_guard_said() {
        let bench = busy();
        let action = model::Action {
            target: "battery".into(),
            command: charge(5000.0),
            reason: model::Reason::default(),
            until: None,
        };
        let proposals = [Proposal { by: "strategy", action: &action, mandate: &bench.mandate }];
        let record = bench.scene_record();
        let (said, again) = (bench.judge_proposals(&proposals), record.judge(&proposals));
        assert_eq!(said.len(), 1);
        assert_eq!(
            again.iter().map(|j| &j.verdict).collect::<Vec<_>>(),
            said.iter().map(|j| &j.verdict).collect::<Vec<_>>()
        );
        assert_eq!(record.hold("battery").verdict, bench.hold("battery").verdict);
        assert_eq!(record.limits(), &bench.limits);
    }

    /// The journal keeps one for each tick.
    #[test]
    fn it_is_small_and_does_not_grow_with_what_was_written() {
        let length = |bench: &Bench| serde_json::to_string(&bench.scene_record()).unwrap().len();
        let (fresh, day) = (length(&Bench::new()), length(&busy()));
        assert!(fresh < 4096, "{fresh} bytes");
        assert!(day < fresh + 2048, "{day} bytes after a day, {fresh} before");
    }

    #[test]
    fn a_record_of_a_version_before_has_the_usual_limits() {
        let mut json = serde_json::to_value(Bench::new().scene_record()).unwrap();
        json["limits"]["batteries"]["battery"].as_object_mut().unwrap().remove("turns_per_day");
        let back: SceneRecord = serde_json::from_value(json).unwrap();
        assert_eq!(back.limits.batteries["battery"].turns_per_day, 24);
    }
}
