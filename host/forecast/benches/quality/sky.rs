//! A weather forecast for the shipped year. There is none for a typical year, so it is made from the
//! irradiance that the year's solar power was made from, with errors of the size that day-ahead forecasts
//! have: smoothed over three hours, a wrong cloudiness that lasts for hours, larger for tomorrow, and four
//! percent too much light. What it is off by is printed with the table.

use jiff::{SignedDuration, Timestamp};
use wattwright_forecast::solar::panel::{Array, Irradiance, Plant, power_of_slots};
use wattwright_forecast::solar::sun::{self, Place};

/// Where the sun of the typical year stands: 36.1° north, and as far east of the meridian of UTC+1 as the
/// station is west of that of UTC-5.
pub const PLACE: Place = Place { latitude: 36.1, longitude: 10.05 };

/// Standard deviation of the wrong cloudiness, as a share of a clear sky, today and tomorrow.
const WRONG: [f64; 2] = [0.15, 0.20];
const TOO_MUCH: f64 = 1.04;

pub struct Sky {
    hours: Vec<Irradiance>,
    ghi: Vec<f64>,
}

impl Sky {
    pub fn read(packed: &[u8]) -> Self {
        let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(packed));
        let (mut hours, mut ghi) = (Vec::new(), Vec::new());
        for record in reader.records() {
            let record = record.unwrap();
            let number = |column: usize| record[column].parse::<f64>().unwrap();
            let start: Timestamp = record[0].parse().unwrap();
            ghi.push(number(1));
            hours.push(Irradiance {
                start,
                end: start.checked_add(SignedDuration::from_hours(1)).unwrap(),
                direct_normal_w_m2: number(2),
                diffuse_w_m2: number(3),
                temperature_c: Some(number(4)),
            });
        }
        Self { hours, ghi }
    }

    /// Today's and tomorrow's forecast of every hour, and by how much each is off: bias and root of the mean
    /// square by day, as shares of the mean.
    pub fn forecast(&self) -> [(Vec<Irradiance>, f64, f64); 2] {
        [0, 1].map(|day| {
            let mut noise = Noise(0x5eed + day as u64);
            let (mut wrong, mut sums) = (0.0, [0.0; 4]);
            let hours = (0..self.hours.len())
                .map(|index| {
                    wrong = 0.85 * wrong + WRONG[day] * (1.0_f64 - 0.85 * 0.85).sqrt() * noise.normal();
                    let hour = &self.hours[index];
                    let middle = hour.start.checked_add(SignedDuration::from_mins(30)).unwrap();
                    let clear = clear_ghi(middle);
                    let around = index.saturating_sub(1)..(index + 2).min(self.hours.len());
                    let clears: f64 = around.clone().map(|at| clear_ghi(self.middle(at))).sum();
                    let share = if clears > 0.0 { self.ghi[around].iter().sum::<f64>() / clears } else { 0.0 };
                    let ghi = clear * (TOO_MUCH * share + wrong).clamp(0.03, 1.05);
                    if clear > 20.0 {
                        let off = ghi - self.ghi[index];
                        sums = [sums[0] + off, sums[1] + off * off, sums[2] + self.ghi[index], sums[3] + 1.0];
                    }
                    let (direct_normal_w_m2, diffuse_w_m2) = split(ghi, middle);
                    Irradiance { direct_normal_w_m2, diffuse_w_m2, ..*hour }
                })
                .collect();
            (hours, sums[0] / sums[2], (sums[1] / sums[3]).sqrt() / (sums[2] / sums[3]))
        })
    }

    fn middle(&self, index: usize) -> Timestamp {
        self.hours[index].start.checked_add(SignedDuration::from_mins(30)).unwrap()
    }

    pub fn true_hours(&self) -> &[Irradiance] {
        &self.hours
    }
}

/// Mean power of slots, with what an owner would write down: 2 kWp, 30° south, 1760 W inverter, and the
/// usual losses, though the year was made with others.
pub fn power_w(sky: &[Irradiance], starts: impl Iterator<Item = Timestamp>) -> Vec<Option<f64>> {
    let plant = Plant { arrays: vec![Array::new(2_000.0, 30.0, 0.0)], inverter_limit_w: Some(1_760.0) };
    power_of_slots(&[plant], PLACE, sky, starts)
}

/// Haurwitz (1945).
fn clear_ghi(time: Timestamp) -> f64 {
    let up = sun::at(time, PLACE).elevation_deg.to_radians().sin();
    if up <= 0.0 { 0.0 } else { 1_098.0 * up * (-0.057 / up).exp() }
}

/// Beam and diffuse light of a global irradiance: Erbs, Klein and Duffie (1982).
fn split(ghi: f64, time: Timestamp) -> (f64, f64) {
    let sun = sun::at(time, PLACE);
    let up = sun.elevation_deg.to_radians().sin();
    if up <= 0.01 || ghi <= 0.0 {
        return (0.0, ghi.max(0.0));
    }
    let k = (ghi / (sun.extraterrestrial_w_m2 * up.max(0.05))).min(1.0);
    let share = match k {
        ..=0.22 => 1.0 - 0.09 * k,
        ..=0.8 => 0.951_1 - 0.160_4 * k + 4.388 * k.powi(2) - 16.638 * k.powi(3) + 12.336 * k.powi(4),
        _ => 0.165,
    };
    (((1.0 - share) * ghi / up.max(0.05)).min(1_000.0), share * ghi)
}

/// Reproducible noise (SplitMix64, Steele et al. 2014).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The sum of twelve is near enough.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
