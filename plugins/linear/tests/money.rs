#![allow(missing_docs)]
use forecast::{LoadModel, Series, SolarModel};
use jiff::tz::TimeZone;
use simulator::{Account, Battery as Sim, BatteryParameters, Drive, Home, Inputs};
use wattwright_strategy::{Battery, Command, Commands, Grid, InForce, Input, PastSlot, Slot, Snapshot};

fn params(big: bool) -> BatteryParameters {
    if big {
        BatteryParameters {
            capacity_wh: 10_000.0,
            max_charge_w: 5_000.0,
            max_discharge_w: 5_000.0,
            charge_efficiency: 0.96,
            discharge_efficiency: 0.96,
            ..BatteryParameters::default()
        }
    } else {
        BatteryParameters::default()
    }
}

fn run(big: bool, perfect: bool, rule: bool, settings: &str) -> f64 {
    let every: usize = std::env::var("EVERY").ok().and_then(|v| v.parse().ok()).unwrap_or(1);
    let series = Series::parse("home-a.csv.gz", include_bytes!("../../../examples/data/home-a.csv.gz")).unwrap();
    let rows = series.rows();
    let zone = TimeZone::get("Europe/Brussels").unwrap();
    let p = params(big);
    let mut load = LoadModel::new(zone.clone());
    let mut solar = SolarModel::new();
    let mut home = Home::new(Sim::new(p.clone(), 50.0).unwrap(), None);
    let mut account = Account::new(p.clone(), 50.0);
    let mut in_force: Option<InForce> = None;
    let mut command = Command::Hold;
    let mut ahead_cache: Vec<(f64, Option<f64>, Option<f64>, f64, Option<f64>, Option<f64>)> = Vec::new();
    let n: usize = std::env::var("N").ok().and_then(|v| v.parse().ok()).unwrap_or(rows.len());
    let mut took = std::time::Duration::ZERO;
    for (k, row) in rows.iter().enumerate().take(n) {
        let now = row.start;
        if k % every == 0 {
            let count = 192.min(rows.len() - k);
            let local = now.to_zoned_datetime(zone.clone());
            let days = if local.hour() >= 13 { 2 } else { 1 };
            let mut d = local.start_of_day().unwrap();
            for _ in 0..days {
                d = d.tomorrow().unwrap();
            }
            let known = ((d.timestamp().as_second() - now.as_second()) / 900) as usize;
            if perfect {
                ahead_cache =
                    rows[k..k + count].iter().map(|r| (r.load_w, None, None, r.solar_w, None, None)).collect();
            } else {
                let l = load.ahead(now, count);
                let s = solar.ahead(now, &vec![None; count]);
                ahead_cache = l
                    .iter()
                    .zip(&s)
                    .map(|(l, s)| {
                        let l = l.map_or((300.0, None, None), |e| (e.mean_w, Some(e.low_w), Some(e.high_w)));
                        let s = s.map_or((0.0, None, None), |e| (e.mean_w, Some(e.low_w), Some(e.high_w)));
                        (l.0, l.1, l.2, s.0, s.1, s.2)
                    })
                    .collect();
            }
            let ts = |t: jiff::Timestamp| t.as_second() as u32;
            let ahead = (0..count)
                .map(|i| {
                    let r = &rows[k + i];
                    let a = &ahead_cache[i];
                    Slot {
                        start: ts(r.start),
                        end: ts(r.start) + 900,
                        import_price: (i < known).then_some(r.import_price),
                        export_price: (i < known).then_some(r.export_price),
                        import_limit_w: None,
                        export_limit_w: None,
                        solar_w: Some(a.3),
                        solar_low_w: a.4,
                        solar_high_w: a.5,
                        load_w: Some(a.0),
                        load_low_w: a.1,
                        load_high_w: a.2,
                        temperature_c: None,
                        cloud_cover_pct: None,
                        extras: vec![],
                    }
                })
                .collect();
            let past = rows[k.saturating_sub(192)..k]
                .iter()
                .map(|r| PastSlot {
                    start: ts(r.start),
                    end: ts(r.start) + 900,
                    import_price: Some(r.import_price),
                    export_price: Some(r.export_price),
                    solar_w: Some(r.solar_w),
                    load_w: Some(r.load_w),
                    grid_w: None,
                    battery_w: None,
                    soc_pct: None,
                    temperature_c: None,
                    extras: vec![],
                })
                .collect();
            let battery = Battery {
                id: "battery".into(),
                name: "b".into(),
                commands: Commands::HOLD | Commands::CHARGE | Commands::DISCHARGE | Commands::BALANCE,
                soc_pct: Some(home.battery().soc_pct()),
                capacity_wh: p.capacity_wh,
                min_soc_pct: 10.0,
                max_soc_pct: 100.0,
                max_charge_w: p.max_charge_w,
                max_discharge_w: p.max_discharge_w,
                min_power_w: 0.0,
                grid_charging: true,
                grid_export: true,
                carries_solar: false,
                charge_efficiency: p.charge_efficiency,
                discharge_efficiency: p.discharge_efficiency,
                power_w: None,
                wear_cost_per_kwh: 0.0,
                in_force: in_force.clone(),
                extras: vec![],
            };
            let snapshot = Snapshot {
                now: ts(now),
                timezone: "Europe/Brussels".into(),
                utc_offset_s: 3600,
                currency: "EUR".into(),
                grid: Grid { power_w: Some(0.0), import_limit_w: None, export_limit_w: None },
                solar_power_w: None,
                load_power_w: None,
                batteries: vec![battery],
                devices: vec![],
                tasks: vec![],
                ahead,
                past,
                sources: vec![],
                problems: vec![],
                extras: vec![],
            };
            let input = Input { snapshot, settings: settings.into(), memory: vec![] };
            let t = std::time::Instant::now();
            let plan = if rule { rule_based::decide(&input).unwrap() } else { linear::decide(&input).unwrap() };
            took += t.elapsed();
            command = plan.actions[0].command.clone();
            in_force = Some(InForce { command: command.clone(), since: ts(now), until: None });
        }
        let drive = match &command {
            Command::Charge(w) => Drive::Charge { power_w: *w },
            Command::Discharge(w) => Drive::Discharge { power_w: *w },
            Command::Balance(l) => Drive::Follow {
                max_charge_w: l.max_charge_w.unwrap_or(f64::INFINITY),
                max_discharge_w: l.max_discharge_w.unwrap_or(f64::INFINITY),
            },
            _ => Drive::Hold,
        };
        home.command(drive);
        let step = home.step(Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w: 0.0 }, 900.0);
        account.add(&step, row.import_price, row.export_price, 900.0);
        load.push(now, Some(row.load_w), None);
        solar.push(now, Some(row.solar_w), None);
    }
    let cost = account.totals().cost_adjusted_eur;
    let (none, best) = if big { (1800.360885498124, 1647.8226) } else { (1862.716015082649, 1831.1482) };
    println!(
        "big {big} perfect {perfect} rule {rule} {settings}: {cost:.2} share {:.4} {:?}",
        (none - cost) / (none - best),
        took / (n / every) as u32
    );
    cost
}

#[test]
fn money() {
    let list = std::env::var("SETTINGS").unwrap_or("{}".into());
    let which = std::env::var("WHICH").unwrap_or("sbp".into());
    std::thread::scope(|s| {
        for settings in list.split(';') {
            if which.contains('s') {
                s.spawn(move || run(false, false, false, settings));
            }
            if which.contains('b') {
                s.spawn(move || run(true, false, false, settings));
            }
        }
        if which.contains('p') {
            s.spawn(|| run(false, true, false, "{}"));
            s.spawn(|| run(true, true, false, "{}"));
        }
    });
}
