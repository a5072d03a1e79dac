//! What a strategy is told when a slot begins.

use forecast::SeriesRow;
use guard::Ledger;
use jiff::Timestamp;
use model::home::{BatteryState, HomeState, Link, Reading};
use model::snapshot::{Battery, Grid, Snapshot};
use simulator::Home;

use crate::house::HouseBattery;
use crate::known::Knowing;
use crate::loads::Loads;
use crate::{Foresight, House};

/// What was measured in the slot before, watt.
#[derive(Clone, Copy, Default)]
pub(crate) struct Measured {
    pub grid_w: f64,
    pub solar_w: f64,
    pub load_w: f64,
}

/// From where a slot's snapshot is.
pub(crate) enum Telling<'a> {
    /// Built from the series and what was learned from it.
    Series(Knowing<'a>),
    /// Recorded by a live home, one for each row; `None`: there was no tick.
    Recorded(&'a [Option<Snapshot>], Foresight),
}

/// The home in the midst of a series.
pub(crate) struct Moment<'a> {
    pub house: &'a House,
    pub rows: &'a [SeriesRow],
    /// The slot that begins.
    pub k: usize,
    pub home: &'a Home,
    pub ledger: &'a Ledger,
    pub loads: &'a Loads,
    /// `None`: there is no slot before.
    pub last: Option<Measured>,
}

impl Moment<'_> {
    fn now(&self) -> Timestamp {
        self.rows[self.k].start
    }

    /// The snapshot; `None`: there was none.
    pub fn snapshot(&self, telling: &Telling<'_>) -> Option<Snapshot> {
        match telling {
            Telling::Series(knowing) => Some(self.built(knowing)),
            Telling::Recorded(snapshots, foresight) => {
                Some(self.recorded(snapshots.get(self.k)?.as_ref()?, *foresight))
            }
        }
    }

    fn built(&self, knowing: &Knowing<'_>) -> Snapshot {
        let (house, now) = (self.house, self.now());
        Snapshot {
            now,
            timezone: house.timezone.clone(),
            utc_offset_s: knowing.utc_offset_s(now),
            currency: house.currency.clone(),
            grid: Grid {
                power_w: self.last.map(|last| last.grid_w),
                import_limit_w: house.limits.grid.import_limit_w,
                export_limit_w: house.limits.grid.feed_in_limit_w,
            },
            solar_power_w: self.last.map(|last| last.solar_w),
            load_power_w: self.last.map(|last| last.load_w),
            batteries: house.batteries.iter().enumerate().map(|(at, own)| self.battery(at, own)).collect(),
            devices: self.loads.devices(self.ledger),
            tasks: self.loads.tasks(now),
            ahead: knowing.ahead(self.rows, self.k),
            past: Knowing::past(self.rows, self.k),
            sources: Vec::new(),
            problems: Vec::new(),
            extras: Vec::new(),
        }
    }

    fn battery(&self, at: usize, own: &HouseBattery) -> Battery {
        let p = &own.parameters;
        let simulated = &self.home.batteries()[at];
        Battery {
            id: own.id.clone(),
            name: own.id.clone(),
            commands: Battery::all_commands(),
            soc_pct: Some(simulated.soc_pct()),
            capacity_wh: p.capacity_wh,
            min_soc_pct: p.min_soc_pct,
            max_soc_pct: p.max_soc_pct,
            max_charge_w: p.max_charge_w,
            max_discharge_w: p.max_discharge_w,
            min_power_w: 0.0,
            grid_charging: true,
            grid_export: true,
            carries_solar: false,
            charge_efficiency: p.charge_efficiency,
            discharge_efficiency: p.discharge_efficiency,
            power_w: self.last.map(|_| simulated.power_w()),
            wear_cost_per_kwh: own.wear_cost_per_kwh,
            in_force: self.ledger.in_force(&own.id),
            extras: Vec::new(),
        }
    }

    /// What was recorded, but for what the batteries have done otherwise since, and what is to be known besides.
    fn recorded(&self, recorded: &Snapshot, foresight: Foresight) -> Snapshot {
        let mut snapshot = recorded.clone();
        for battery in &mut snapshot.batteries {
            let Some(at) = self.house.batteries.iter().position(|own| own.id == battery.id) else { continue };
            let simulated = &self.home.batteries()[at];
            battery.soc_pct = Some(simulated.soc_pct());
            if self.last.is_some() {
                battery.power_w = Some(simulated.power_w());
                battery.in_force = self.ledger.in_force(&battery.id);
            }
        }
        if let Some(last) = self.last {
            snapshot.grid.power_w = Some(last.grid_w);
        }
        if foresight.home {
            // What came has in it what tasks used.
            snapshot.tasks.clear();
        }
        for slot in &mut snapshot.ahead {
            let Ok(at) = self.rows.binary_search_by_key(&slot.start, |row| row.start) else { continue };
            let row = &self.rows[at];
            if foresight.prices {
                (slot.import_price, slot.export_price) = (Some(row.import_price), Some(row.export_price));
            }
            if foresight.home {
                (slot.load_w, slot.solar_w) = (Some(row.load_w), Some(row.solar_w));
                (slot.load_low_w, slot.load_high_w) = (None, None);
                (slot.solar_low_w, slot.solar_high_w) = (None, None);
            }
        }
        snapshot
    }

    /// What the home shows when the slot begins: what was measured in the one before. `power_w` where it is another
    /// than that of each battery now.
    pub fn shown(&self, socs_pct: &[f64], powers_w: &[f64]) -> HomeState {
        let now = self.now();
        let reading = |name: &'static str, value: f64| Reading::of(name, value, now);
        let last = self.last.unwrap_or_default();
        let battery = |((own, soc_pct), power_w): ((&HouseBattery, &f64), &f64)| BatteryState {
            id: own.id.clone(),
            soc_pct: reading("soc", *soc_pct),
            power_w: reading("power", *power_w),
            device_max_charge_w: None,
            device_max_discharge_w: None,
            taken: None,
        };
        HomeState {
            link: Link::Up { since: self.rows.first().map_or(now, |first| first.start) },
            timezone: Some(self.house.timezone.clone()),
            currency: Some(self.house.currency.clone()),
            grid_power_w: reading("grid", last.grid_w),
            solar_power_w: Some(reading("solar", last.solar_w)),
            load_power_w: Some(reading("load", last.load_w)),
            temperature_c: None,
            import_cap_w: None,
            phase_current_a: Vec::new(),
            batteries: self.house.batteries.iter().zip(socs_pct).zip(powers_w).map(battery).collect(),
            devices: self.loads.shown(now),
        }
    }
}
