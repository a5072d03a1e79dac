//! A snapshot as one strategy is to see it.

use std::borrow::Cow;

use super::{Abilities, Battery, Device, Snapshot};
use crate::Grant;

impl Snapshot {
    /// What a strategy with this grant is told, so that it plans nothing that the guard refuses: what it may
    /// not command can be told nothing, and a battery's powers are at most what it may use. All else is seen
    /// by every strategy. Narrowing twice with the same grant is narrowing once.
    ///
    /// Only batteries and devices differ, so what is narrowed and what was narrowed with which grant say the
    /// same to a record.
    pub fn narrowed(&self, grant: &Grant) -> Cow<'_, Snapshot> {
        if *grant == Grant::default() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Snapshot {
            batteries: self.batteries.iter().map(|battery| battery.narrowed(grant)).collect(),
            devices: self.devices.iter().map(|device| device.narrowed(grant)).collect(),
            ..self.clone()
        })
    }
}

impl Battery {
    fn narrowed(&self, grant: &Grant) -> Self {
        let covered = grant.covers(&self.id);
        // What is no number, or below zero, allows nothing.
        let most_w = if covered { grant.max_power_w.map(|most_w| most_w.max(0.0)) } else { Some(0.0) };
        let at_most = |own_w: f64| most_w.map_or(own_w, |most_w| own_w.min(most_w));
        let mut narrowed = self.clone();
        if !covered {
            narrowed.commands.clear();
        }
        narrowed.max_charge_w = at_most(self.max_charge_w);
        narrowed.max_discharge_w = at_most(self.max_discharge_w);
        narrowed.grid_charging = self.grid_charging && grant.grid_charging && covered;
        narrowed.grid_export = self.grid_export && grant.export && covered;
        narrowed
    }
}

impl Device {
    fn narrowed(&self, grant: &Grant) -> Self {
        let abilities = if grant.covers(&self.id) { self.abilities } else { Abilities::default() };
        Self { abilities, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use crate::CommandKind;

    use super::*;

    fn snapshot() -> Snapshot {
        let battery = |id: &str| {
            serde_json::json!({
                "id": id, "name": id, "soc_pct": 50.0, "capacity_wh": 1920.0, "min_soc_pct": 10.0,
                "max_soc_pct": 100.0, "max_charge_w": 1000.0, "max_discharge_w": 800.0, "charge_efficiency": 0.95,
                "discharge_efficiency": 0.95, "power_w": 0.0, "wear_cost_per_kwh": 0.02, "in_force": null
            })
        };
        let plug = serde_json::json!({
            "id": "plug", "name": "plug", "kind": "plug", "abilities": {"switch": true}, "on": true, "level": null,
            "power_w": 5.0, "in_force": null
        });
        serde_json::from_value(serde_json::json!({
            "now": "2026-11-24T12:00:00Z", "timezone": "Europe/Berlin", "utc_offset_s": 3600, "currency": "EUR",
            "grid": {"power_w": 300.0, "import_limit_w": null, "export_limit_w": 800.0},
            "solar_power_w": 0.0, "load_power_w": 300.0, "batteries": [battery("one"), battery("two")],
            "devices": [plug], "tasks": [], "ahead": [], "past": [], "sources": [], "problems": []
        }))
        .unwrap()
    }

    #[test]
    fn a_snapshot_of_before_the_second_contract_lets_all() {
        let snapshot = snapshot();
        let battery = &snapshot.batteries[0];
        assert_eq!(battery.commands, Battery::all_commands());
        assert!(battery.grid_charging && battery.grid_export && !battery.carries_solar);
        assert_eq!(battery.min_power_w, 0.0);
    }

    #[test]
    fn with_every_right_nothing_is_copied() {
        let snapshot = snapshot();
        assert!(matches!(snapshot.narrowed(&Grant::default()), Cow::Borrowed(same) if *same == snapshot));
    }

    #[test]
    fn what_is_not_granted_can_be_told_nothing_and_is_still_seen() {
        let snapshot = snapshot();
        let grant = Grant { targets: Some(["two".to_owned()].into()), ..Grant::default() };
        let narrowed = snapshot.narrowed(&grant).into_owned();
        let one = &narrowed.batteries[0];
        assert!(one.commands.is_empty() && !one.grid_charging && !one.grid_export);
        assert_eq!((one.max_charge_w, one.max_discharge_w, one.soc_pct), (0.0, 0.0, Some(50.0)));
        assert_eq!(narrowed.batteries[1], snapshot.batteries[1]);
        assert_eq!(narrowed.devices[0], Device { abilities: Abilities::default(), ..snapshot.devices[0].clone() });
        let others = Snapshot { batteries: Vec::new(), devices: Vec::new(), ..snapshot };
        assert_eq!(Snapshot { batteries: Vec::new(), devices: Vec::new(), ..narrowed }, others);
    }

    #[test]
    fn powers_are_the_least_of_what_battery_and_owner_allow() {
        let snapshot = snapshot();
        let powers = |max_power_w: f64| {
            let narrowed = snapshot.narrowed(&Grant { max_power_w: Some(max_power_w), ..Grant::default() });
            (narrowed.batteries[0].max_charge_w, narrowed.batteries[0].max_discharge_w)
        };
        assert_eq!(powers(900.0), (900.0, 800.0));
        assert_eq!(powers(2000.0), (1000.0, 800.0));
        for nothing in [0.0, -5.0, f64::NAN] {
            assert_eq!(powers(nothing), (0.0, 0.0), "{nothing}");
        }
    }

    #[test]
    fn the_owners_words_about_the_grid_reach_each_battery() {
        let snapshot = snapshot();
        let grant = Grant { grid_charging: false, export: false, ..Grant::default() };
        let narrowed = snapshot.narrowed(&grant);
        for battery in &narrowed.batteries {
            assert!(!battery.grid_charging && !battery.grid_export);
            assert!(battery.commands.contains(&CommandKind::Charge), "with what the sun brings");
        }
        assert_eq!(narrowed.narrowed(&grant), narrowed);
    }
}
