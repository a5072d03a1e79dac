//! What was seen and written before.

use std::time::Duration;

use model::home::Link;
use model::snapshot::Abilities;
use model::{BatteryState, DeviceState, Grant, HomeState, Reading};
use wattwright_guard::{
    BatteryLimits, DeviceLimits, GridLimits, Guard, Ledger, Limits, Mandate, Proposal, Scene, Watch,
};

use super::{BATTERIES, DEVICES, KINDS, NAMES, Told, UPTIME, Write, action, now};

pub fn watched(limits: &Limits, home: &HomeState, earlier: Option<([f64; 2], Duration)>) -> Watch {
    let mut watch = Watch::default();
    if let Some((levels, ago)) = earlier {
        let mut before = home.clone();
        for (state, level) in before.batteries.iter_mut().zip(levels) {
            state.soc_pct = Reading::of("sensor", level, now() - ago);
        }
        watch.observe(&before, limits, UPTIME - ago, now() - ago);
    }
    watch.observe(home, limits, UPTIME, now());
    watch
}

/// Writes what a guard without limits lets through.
pub fn carry_out(mut writes: Vec<Told>) -> (Ledger, Vec<Write>) {
    writes.sort_by_key(|(_, _, ago_s)| std::cmp::Reverse(*ago_s));
    let mut ledger = Ledger::default();
    let mut written = Vec::new();
    if writes.is_empty() {
        return (ledger, written);
    }
    let (guard, home) = boundless();
    let mandate = Mandate { declared: KINDS.into(), grant: Grant::default() };
    for (target, command, ago_s) in writes {
        let ago = Duration::from_secs(ago_s);
        let scene = Scene { home: &home, now: now(), uptime: UPTIME - ago, ledger: &ledger, watch: &Watch::default() };
        let action = action(target, command);
        let proposal = Proposal { by: NAMES[0], action: &action, mandate: &mandate };
        let judged = guard.judge(&[proposal], &scene).remove(0);
        if let Some(approved) = judged.approved {
            ledger.record(&approved, now() - ago, UPTIME - ago);
            let Some(command) = approved.command().cloned() else { continue };
            written.push(Write { target, command, ago });
        }
    }
    (ledger, written)
}

fn boundless() -> (Guard, HomeState) {
    let everything = Abilities { switch: true, level: true, light: true, notify: true };
    let battery = BatteryLimits {
        capacity_wh: 1e6,
        min_soc_pct: 0.0,
        max_soc_pct: 100.0,
        max_charge_w: 1e6,
        max_discharge_w: 1e6,
        commands: KINDS.into(),
        direction_dwell: Duration::ZERO,
        write_interval: Duration::ZERO,
        lease: Duration::from_secs(600),
        ..BatteryLimits::default()
    };
    let device = DeviceLimits {
        interruptible: true,
        abilities: everything,
        switch_dwell: Duration::ZERO,
        write_interval: Duration::ZERO,
        power_w: None,
        level: None,
        lease: Duration::from_secs(600),
        ..DeviceLimits::default()
    };
    let limits = Limits {
        grid: GridLimits { feed_in_limit_w: None, ..GridLimits::default() },
        batteries: BATTERIES.map(|id| (id.into(), battery.clone())).into(),
        devices: DEVICES.map(|id| (id.into(), device.clone())).into(),
    };
    let reading = |value| Reading::of("sensor", value, now());
    let home = HomeState {
        link: Link::Up { since: now() },
        timezone: None,
        currency: None,
        grid_power_w: reading(0.0),
        solar_power_w: None,
        load_power_w: None,
        temperature_c: None,
        import_cap_w: None,
        phase_current_a: Vec::new(),
        batteries: BATTERIES
            .map(|id| BatteryState {
                id: id.into(),
                soc_pct: reading(50.0),
                power_w: reading(0.0),
                device_max_charge_w: None,
                device_max_discharge_w: None,
                taken: None,
            })
            .into(),
        devices: DEVICES
            .map(|id| DeviceState {
                id: id.into(),
                on: None,
                abilities: everything,
                level: None,
                power_w: None,
                fault: None,
            })
            .into(),
    };
    (Guard::new(limits), home)
}
