//! Plans for 500 random problems of 192 slots, against the optimum that HiGHS found (`optimum.py`).

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::time::Instant;

use linear::market::{Chance, Market, Slot, Store};
use linear::several;

const SLOTS: usize = 192;
const ANY_KW: f64 = 60.0;

/// SplitMix64 (Steele, Lea, Flood 2014), as in `optimum.py`.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// The batteries, the slots, and the mean import price.
fn problem(seed: u64) -> (Vec<Store>, Vec<Slot>, f64) {
    let mut r = Random(seed);
    let stores = (0..1 + seed % 2)
        .map(|_| {
            let capacity = r.within(1.0, 12.0);
            let floor = capacity * r.within(0.05, 0.15);
            Store {
                floor_kwh: floor,
                ceiling_kwh: capacity,
                stored_kwh: r.within(floor, capacity),
                max_charge_kw: capacity * r.within(0.2, 0.6),
                max_discharge_kw: capacity * r.within(0.2, 0.6),
                charge_efficiency: r.within(0.88, 0.98),
                discharge_efficiency: r.within(0.88, 0.98),
                wear_cost_per_kwh: r.within(0.0, 0.03),
                grid_charging: true,
                grid_export: true,
                gain_per_kwh: 0.0,
            }
        })
        .collect();
    let (spot_linked, negative) = (seed.is_multiple_of(5), seed.is_multiple_of(3));
    let sun = r.within(0.5, 6.0);
    let export_limit_kw = if seed % 4 == 1 && !spot_linked && !negative { 0.8 } else { ANY_KW };
    let import_limit_kw = if seed.is_multiple_of(7) { 4.0 } else { ANY_KW };
    let (mut price, mut cloud) = (0.0, 0.0);
    let slots: Vec<Slot> = (0..SLOTS)
        .map(|t| {
            if t % 4 == 0 {
                let hour = (t / 4) % 24;
                let base = match hour {
                    7..10 => 0.32,
                    17..21 => 0.38,
                    _ => 0.22,
                };
                price = base + r.within(-0.05, 0.05);
                if negative && (11..15).contains(&hour) {
                    price = r.within(-0.12, 0.05);
                }
                cloud = r.within(0.2, 1.0);
            }
            let hour = (t % 96) as f64 / 4.0;
            let up = (hour - 6.0) * (20.0 - hour) / 49.0;
            let solar_kw = if up > 0.0 { sun * up * cloud } else { 0.0 };
            let mut load_kw = r.within(0.1, 0.6);
            if r.unit() < 0.15 {
                load_kw += r.within(0.5, 3.0);
            }
            let export_price = if spot_linked { price - 0.12 } else { 0.08 };
            Slot {
                market: Market { hours: 0.25, import_price: price, export_price, import_limit_kw, export_limit_kw },
                chances: vec![Chance { weight: 1.0, net_kw: load_kw - solar_kw, solar_kw }],
            }
        })
        .collect();
    let mean = slots.iter().map(|slot| slot.market.import_price).sum::<f64>() / SLOTS as f64;
    (stores, slots, mean)
}

/// What a plan costs, after it was checked to keep to every limit.
fn cost(stores: &[Store], slots: &[Slot], plans: &[Vec<linear::worth::Step>], mean: f64) -> f64 {
    let mut cost = 0.0;
    for (t, slot) in slots.iter().enumerate() {
        let power_kw: f64 = plans.iter().map(|plan| plan[t].power_kw).sum();
        let chance = slot.chances[0];
        cost += slot.market.cost(chance.net_kw - power_kw, chance.solar_kw);
    }
    for (store, plan) in stores.iter().zip(plans) {
        let mut stored_kwh = store.stored_kwh;
        for step in plan {
            assert!(step.power_kw <= store.max_discharge_kw + 1e-6 && step.power_kw >= -store.max_charge_kw - 1e-6);
            stored_kwh -= store.spent_kwh(step.power_kw, 0.25);
            assert!(stored_kwh >= store.floor_kwh - 1e-6 && stored_kwh <= store.ceiling_kwh + 1e-6, "{stored_kwh}");
            cost += (step.power_kw.max(0.0) * store.wear_cost_per_kwh + step.power_kw.abs() * 1e-5) * 0.25;
        }
        cost -= stored_kwh * mean * store.discharge_efficiency;
    }
    cost
}

#[test]
fn plans_cost_what_the_optimum_costs() {
    let mut worst = [(0.0, 0); 2];
    let (mut ours_ms, mut highs_ms) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    let (mut above, mut above_convex) = ([0, 0], 0);
    for line in include_str!("optimum.csv").lines().skip(1) {
        let mut fields = line.split(',');
        let seed: u64 = fields.next().unwrap().parse().unwrap();
        let optimum: f64 = fields.next().unwrap().parse().unwrap();
        let (stores, slots, mean) = problem(seed);
        let left: Vec<f64> = stores.iter().map(|store| store.discharge_efficiency * mean).collect();
        let begun = Instant::now();
        let plans = several::plan(&stores, &slots, &left);
        let kind = stores.len() - 1;
        ours_ms[kind].push(begun.elapsed().as_secs_f64() * 1e3);
        highs_ms[kind].push(fields.next().unwrap().parse::<f64>().unwrap());
        let found = cost(&stores, &slots, &plans, mean);
        // What there is to pay without any battery is the scale: the optimum itself may be near zero.
        let scale = slots.iter().map(|slot| slot.market.cost(slot.chances[0].net_kw, 60.0).abs()).sum::<f64>();
        let gap = (found - optimum) / optimum.abs().max(0.1 * scale);
        assert!(gap > -1e-4, "{seed}: {found} costs less than the optimum {optimum}");
        above[kind] += usize::from(gap > 1e-3);
        // Prices below zero, or export above import, make it non-convex: then two batteries are planned by turns.
        above_convex += usize::from(gap > 1e-3 && !seed.is_multiple_of(3) && !seed.is_multiple_of(5));
        if gap > worst[kind].0 {
            worst[kind] = (gap, seed);
        }
    }
    for (kind, (ours, highs)) in ours_ms.iter_mut().zip(&mut highs_ms).enumerate() {
        ours.sort_by(f64::total_cmp);
        highs.sort_by(f64::total_cmp);
        let middle = ours.len() / 2;
        println!(
            "{} batteries, {} problems: worst gap {:.2e} (seed {}), {} above 0.1 %, median {:.2} ms, HiGHS {:.1} ms",
            kind + 1,
            ours.len(),
            worst[kind].0,
            worst[kind].1,
            above[kind],
            ours[middle],
            highs[middle]
        );
    }
    assert_eq!(above[0], 0, "one battery: exact");
    assert_eq!(above_convex, 0, "two batteries: exact where the problem is convex");
    assert!(above[1] * 5 <= ours_ms[1].len(), "two batteries: {} above 0.1 %", above[1]);
}
