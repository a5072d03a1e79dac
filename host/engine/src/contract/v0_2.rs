//! `wattwright:strategy@0.2.0`, which `model` follows.

#[path = "shared/call.rs"]
mod call;
#[path = "shared/from_guest.rs"]
mod from_guest;
#[path = "shared/to_guest.rs"]
mod to_guest;

#[allow(missing_docs, clippy::all)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/0.2.0", world: "strategy" });
}

use std::collections::BTreeSet;

use model::CommandKind;
use model::snapshot::{Battery, InForce, Slot, Snapshot};

use bindings::wattwright::strategy::{host, types};
pub(super) use call::Prelinked;
use to_guest::{command, extras, instant};

fn in_force(in_force: &InForce) -> types::InForce {
    types::InForce {
        command: command(&in_force.command),
        since: instant(in_force.since),
        until: in_force.until.map(instant),
    }
}

fn grid(snapshot: &Snapshot) -> types::Grid {
    let grid = &snapshot.grid;
    types::Grid { power_w: grid.power_w, import_limit_w: grid.import_limit_w, export_limit_w: grid.export_limit_w }
}

fn commands(kinds: &BTreeSet<CommandKind>) -> types::Commands {
    let flags = from_guest::KINDS.into_iter().filter(|(_, kind)| kinds.contains(kind)).map(|(flag, _)| flag);
    flags.fold(types::Commands::empty(), |all, flag| all | flag)
}

fn battery(battery: &Battery) -> types::Battery {
    types::Battery {
        id: battery.id.clone(),
        name: battery.name.clone(),
        commands: commands(&battery.commands),
        soc_pct: battery.soc_pct,
        capacity_wh: battery.capacity_wh,
        min_soc_pct: battery.min_soc_pct,
        max_soc_pct: battery.max_soc_pct,
        max_charge_w: battery.max_charge_w,
        max_discharge_w: battery.max_discharge_w,
        min_power_w: battery.min_power_w,
        grid_charging: battery.grid_charging,
        grid_export: battery.grid_export,
        carries_solar: battery.carries_solar,
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
        import_limit_w: slot.import_limit_w,
        export_limit_w: slot.export_limit_w,
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

#[cfg(test)]
mod tests;
