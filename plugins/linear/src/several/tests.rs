use super::*;
use crate::market::{Chance, Market};

/// Four batteries and eight tasks at prices below and above zero: more than there is time for.
#[test]
fn the_bound_on_the_effort_holds_inside_a_round() {
    let store = |n: usize| Store {
        stored_kwh: 1.0,
        floor_kwh: 0.5,
        ceiling_kwh: 5.0 + n as f64,
        max_charge_kw: 2.5,
        max_discharge_kw: 2.0,
        charge_efficiency: 0.93,
        discharge_efficiency: 0.94,
        wear_cost_per_kwh: 0.01 * n as f64,
        grid_charging: true,
        grid_export: true,
        gain_per_kwh: 0.0,
    };
    let slot = |t: usize| {
        let wave = ((t * 7919) % 97) as f64 / 97.0;
        let solar_kw = if t % 96 > 30 && t % 96 < 70 { 4.0 * wave } else { 0.0 };
        let import_price = if (44..60).contains(&(t % 96)) { wave * 0.15 - 0.1 } else { 0.2 + 0.2 * wave };
        let market =
            Market { hours: 0.25, import_price, export_price: 0.08, import_limit_kw: 8.0, export_limit_kw: 60.0 };
        Slot { market, chances: vec![Chance { weight: 1.0, net_kw: 0.3 + wave - solar_kw, solar_kw }] }
    };
    let job = |n: usize| Job {
        most_kwh: (0..192).map(|t| if (10 * n..10 * n + 80).contains(&t) { 0.4 } else { 0.0 }).collect(),
        need_kwh: 4.0,
        is_block: n.is_multiple_of(2),
        ..Job::default()
    };
    let stores: Vec<Store> = (0..4).map(store).collect();
    let slots: Vec<Slot> = (0..192).map(slot).collect();
    let jobs: Vec<Job> = (0..8).map(job).collect();
    for count in [2, 4] {
        let left_per_kwh = vec![0.25; count];
        let mut search = Search::new(&stores[..count], &slots, &jobs, &left_per_kwh);
        search.now.plans = relaxed(&stores[..count], &slots, &jobs, &left_per_kwh, None).plans;
        search.from(Start::Together);
        assert!(search.is_tired(), "there was time for all: {}", search.effort);
        assert!(search.effort < MOST_EFFORT + MOST_EFFORT / 8, "{count} batteries: {}", search.effort);
    }
}

#[test]
fn tasks_are_planned_where_there_is_no_battery() {
    let market = |t: usize| Market {
        hours: 0.25,
        import_price: if t == 5 || t == 6 { 0.1 } else { 0.3 },
        export_price: 0.05,
        import_limit_kw: 60.0,
        export_limit_kw: 60.0,
    };
    let slots: Vec<Slot> = (0..12)
        .map(|t| Slot { market: market(t), chances: vec![Chance { weight: 1.0, net_kw: 0.2, solar_kw: 0.0 }] })
        .collect();
    let job = |is_block| Job { most_kwh: vec![0.5; 12], need_kwh: 1.0, is_block, ..Job::default() };
    let found = plan(&[], &slots, &[job(true), job(false)], &[]);
    for run in &found.runs {
        assert!(run[5] > 0.49 && run[6] > 0.49, "{run:?}");
    }
}
