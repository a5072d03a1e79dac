//! Random days, the same as in `optimum.py`.

use linear::job::Job;
use linear::market::{Chance, Market, Slot, Store};

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

    fn below(&mut self, count: u32) -> usize {
        (self.unit() * f64::from(count)) as usize
    }
}

/// A day to be planned.
pub struct Problem {
    pub stores: Vec<Store>,
    pub slots: Vec<Slot>,
    pub jobs: Vec<Job>,
    /// Mean import price.
    pub mean: f64,
}

/// The problem of a seed.
pub fn problem(seed: u64) -> Problem {
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
    let export_limit_kw = if seed % 4 == 1 || seed % 8 == 2 { 0.8 } else { ANY_KW };
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
    let jobs = if [1, 3, 5, 8].contains(&(seed % 9)) { 1 + seed / 9 % 4 } else { 0 };
    let jobs = (0..jobs).map(|_| job(&mut r)).collect();
    Problem { stores, slots, jobs, mean }
}

fn job(r: &mut Random) -> Job {
    let (power_kw, count, begin) = (r.within(0.5, 2.5), 2 + r.below(14), r.below(96));
    let end = (begin + count + r.below(60)).min(SLOTS);
    let is_block = r.unit() >= 0.5;
    // What may be paused runs whole slots; a block may end within one.
    let last = if is_block { r.within(0.2, 1.0) } else { 1.0 };
    let each_kwh = power_kw * 0.25;
    Job {
        most_kwh: (0..SLOTS).map(|t| if (begin..end).contains(&t) { each_kwh } else { 0.0 }).collect(),
        need_kwh: each_kwh * ((count - 1) as f64 + last),
        is_block,
        beyond_kwh: 0.0,
        beyond_price: 0.0,
        first_cost: 0.0,
    }
}
