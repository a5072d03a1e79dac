//! `wattwright:strategy@0.1.0`: what came later is left out.

#[path = "shared/call.rs"]
mod call;
#[path = "shared/from_guest.rs"]
mod from_guest;
#[path = "shared/to_guest.rs"]
mod to_guest;

#[allow(missing_docs, clippy::all)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/0.1.0", world: "strategy" });
}

use model::snapshot::{Battery, InForce, Slot, Snapshot};

use bindings::wattwright::strategy::{host, types};
pub(super) use call::Prelinked;
use to_guest::{command, extras, instant};

fn in_force(in_force: &InForce) -> types::InForce {
    types::InForce { command: command(&in_force.command), since: instant(in_force.since) }
}

/// This version has no limits of a time, so the grid's are those of the moment.
fn grid(snapshot: &Snapshot) -> types::Grid {
    let (grid, now) = (&snapshot.grid, snapshot.current());
    let least = |ever: Option<f64>, now: Option<f64>| ever.into_iter().chain(now).reduce(f64::min);
    types::Grid {
        power_w: grid.power_w,
        import_limit_w: least(grid.import_limit_w, now.and_then(|slot| slot.import_limit_w)),
        export_limit_w: least(grid.export_limit_w, now.and_then(|slot| slot.export_limit_w)),
    }
}

fn battery(battery: &Battery) -> types::Battery {
    types::Battery {
        id: battery.id.clone(),
        name: battery.name.clone(),
        soc_pct: battery.soc_pct,
        capacity_wh: battery.capacity_wh,
        min_soc_pct: battery.min_soc_pct,
        max_soc_pct: battery.max_soc_pct,
        max_charge_w: battery.max_charge_w,
        max_discharge_w: battery.max_discharge_w,
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        power_w: battery.power_w,
        wear_cost_per_kwh: battery.wear_cost_per_kwh,
        in_force: battery.in_force.as_ref().map(in_force),
        extras: extras(&battery.extras),
    }
}

fn slot(slot: &Slot) -> types::Slot {
    types::Slot {
        start: instant(slot.start),
        end: instant(slot.end),
        import_price: slot.import_price,
        export_price: slot.export_price,
        solar_w: slot.solar_w,
        solar_low_w: slot.solar_low_w,
        solar_high_w: slot.solar_high_w,
        load_w: slot.load_w,
        load_low_w: slot.load_low_w,
        load_high_w: slot.load_high_w,
        temperature_c: slot.temperature_c,
        cloud_cover_pct: slot.cloud_cover_pct,
        extras: extras(&slot.extras),
    }
}
