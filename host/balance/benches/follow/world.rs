//! What happens in the home, second by second.

use std::f64::consts::TAU;

/// SplitMix64: small, and the same on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.between(1e-12, 1.0).ln()).sqrt() * (TAU * self.between(0.0, 1.0)).cos()
    }
}

#[derive(Clone, Copy)]
pub enum Profile {
    Fridge,
    Kettle,
    Oven,
    Clouds,
    Household,
}

impl Profile {
    pub const ALL: [Self; 5] = [Self::Fridge, Self::Kettle, Self::Oven, Self::Clouds, Self::Household];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fridge => "fridge",
            Self::Kettle => "kettle",
            Self::Oven => "oven",
            Self::Clouds => "clouds",
            Self::Household => "household",
        }
    }
}

/// What the home lacks in each second, watt: load minus solar.
pub fn home(profile: Profile, seed: u64, hours: usize) -> Vec<f64> {
    let seconds = hours * 3600;
    let mut dice = Dice::new(seed);
    let mut lacks = base(&mut dice, seconds);
    let mut add = |part: Vec<f64>, sign: f64| lacks.iter_mut().zip(part).for_each(|(lack, w)| *lack += sign * w);
    if matches!(profile, Profile::Fridge | Profile::Household) {
        add(fridge(&mut dice, seconds), 1.0);
    }
    if matches!(profile, Profile::Kettle | Profile::Household) {
        add(kettle(&mut dice, seconds), 1.0);
    }
    if matches!(profile, Profile::Oven) {
        add(oven(&mut dice, seconds), 1.0);
    }
    if matches!(profile, Profile::Clouds | Profile::Household) {
        add(clouds(&mut dice, seconds), -1.0);
    }
    lacks
}

/// Always on, wandering a little.
fn base(dice: &mut Dice, seconds: usize) -> Vec<f64> {
    let mut wander_w = 0.0;
    let mut next = || {
        wander_w = 0.95 * wander_w + 4.0 * dice.normal();
        220.0 + wander_w
    };
    (0..seconds).map(|_| next()).collect()
}

/// 90 W for a quarter of an hour, with an inrush of a second.
fn fridge(dice: &mut Dice, seconds: usize) -> Vec<f64> {
    switched(dice, seconds, (800.0, 1000.0), (1200.0, 2000.0), 90.0, 600.0)
}

/// 2 kW, more than the battery has.
fn kettle(dice: &mut Dice, seconds: usize) -> Vec<f64> {
    switched(dice, seconds, (100.0, 200.0), (1200.0, 3000.0), 2000.0, 0.0)
}

/// A thermostat that switches 500 W every minute.
fn oven(dice: &mut Dice, seconds: usize) -> Vec<f64> {
    switched(dice, seconds, (30.0, 60.0), (40.0, 120.0), 500.0, 0.0)
}

fn switched(
    dice: &mut Dice,
    seconds: usize,
    on_s: (f64, f64),
    off_s: (f64, f64),
    power_w: f64,
    inrush_w: f64,
) -> Vec<f64> {
    let mut series = vec![0.0; seconds];
    let mut at = dice.between(10.0, off_s.1) as usize;
    while at < seconds {
        let end = (at + dice.between(on_s.0, on_s.1) as usize).min(seconds);
        series[at..end].fill(power_w);
        series[at] += inrush_w;
        at = end + dice.between(off_s.0, off_s.1) as usize;
    }
    series
}

/// Panels of 900 W under broken clouds: edges of 5 to 30 s, shadows of 20 to 180 s.
fn clouds(dice: &mut Dice, seconds: usize) -> Vec<f64> {
    let mut series = Vec::with_capacity(seconds);
    let mut share = 1.0;
    let mut is_clear = true;
    while series.len() < seconds {
        is_clear = !is_clear;
        let to = if is_clear { dice.between(0.85, 1.0) } else { dice.between(0.2, 0.6) };
        let (edge_s, then_s) = (dice.between(5.0, 30.0) as usize, dice.between(20.0, 180.0) as usize);
        let from = share;
        series.extend((0..edge_s).map(|s| 900.0 * (from + (to - from) * s as f64 / edge_s as f64)));
        series.extend((0..then_s).map(|_| 900.0 * to));
        share = to;
    }
    series.truncate(seconds);
    series
}
