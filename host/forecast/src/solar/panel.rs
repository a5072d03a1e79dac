//! From irradiance to power.
//!
//! ```text
//! beam, diffuse, ground ─> in the plane of the modules ─> glass ─> module temperature ─> DC ─> inverter
//! ```
//!
//! Diffuse light after Hay and Davies (1980), as in Duffie and Beckman, "Solar Engineering of Thermal
//! Processes", section 2.16; reflection at the glass after Souka and Safwat (1966) with 0.05; module
//! temperature after Ross (1976), 0.03 K per W/m²; direct current proportional to irradiance with a
//! temperature coefficient, as in PVWatts (Dobos, "PVWatts Version 5 Manual", NREL/TP-6A20-62641, 2014),
//! from which the usual losses and the efficiency of the inverter are.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::sun::{self, Place, Sun};

/// Share of light that the ground reflects (grass; the usual assumption).
const ALBEDO: f64 = 0.2;
/// Of the inverter.
const INVERTER_EFFICIENCY: f64 = 0.96;
const GLASS: f64 = 0.05;
const ROSS_K_M2_PER_W: f64 = 0.03;

/// Modules that look the same way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Array {
    /// Direct current at 1000 W/m² and 25 °C: the sum of what stands on the modules.
    pub peak_w: f64,
    /// Degrees: 0 flat, 90 upright.
    pub tilt_deg: f64,
    /// Degrees from south, west positive: -90 is east, 90 is west, 180 is north.
    pub azimuth_deg: f64,
    /// Share of power per kelvin, negative.
    pub temperature_coefficient_per_k: f64,
    /// Share that dirt, wires, mismatch, shade and age take.
    pub losses: f64,
}

impl Array {
    /// With the usual losses (14 %, PVWatts) and temperature coefficient (-0.35 % per kelvin, PVWatts
    /// "premium", what modules of today have).
    pub fn new(peak_w: f64, tilt_deg: f64, azimuth_deg: f64) -> Self {
        Self { peak_w, tilt_deg, azimuth_deg, temperature_coefficient_per_k: -0.003_5, losses: 0.14 }
    }
}

/// Arrays at one inverter.
#[derive(Clone, Debug, PartialEq)]
pub struct Plant {
    /// All that feed it.
    pub arrays: Vec<Array>,
    /// The most that the inverter gives; none: never reached.
    pub inverter_limit_w: Option<f64>,
}

/// Irradiance and temperature of one period; means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Irradiance {
    /// First instant.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
    /// Of the beam, perpendicular to it.
    pub direct_normal_w_m2: f64,
    /// Of the sky, on the flat ground.
    pub diffuse_w_m2: f64,
    /// Outside; none: 15 °C is assumed, which is wrong by some percent at the most.
    pub temperature_c: Option<f64>,
}

impl Plant {
    /// Mean power between two moments that lie within the period of `sky`.
    pub fn power_w(&self, place: Place, sky: &Irradiance, start: Timestamp, end: Timestamp) -> f64 {
        let middle = start.saturating_add(end.duration_since(start) / 2).unwrap_or(start);
        let sun = sun::at(middle, place);
        let dc_w: f64 = self.arrays.iter().map(|array| array.dc_w(sun, sky)).sum();
        let ac_w = INVERTER_EFFICIENCY * dc_w;
        self.inverter_limit_w.map_or(ac_w, |limit_w| ac_w.min(limit_w))
    }
}

impl Array {
    fn dc_w(&self, sun: Sun, sky: &Irradiance) -> f64 {
        let light_w_m2 = self.plane_w_m2(sun, sky);
        let module_c = sky.temperature_c.unwrap_or(15.0) + ROSS_K_M2_PER_W * light_w_m2;
        let warmth = 1.0 + self.temperature_coefficient_per_k * (module_c - 25.0);
        (self.peak_w * light_w_m2 / 1_000.0 * warmth * (1.0 - self.losses)).max(0.0)
    }

    /// What arrives behind the glass.
    fn plane_w_m2(&self, sun: Sun, sky: &Irradiance) -> f64 {
        let (tilt, elevation) = (self.tilt_deg.to_radians(), sun.elevation_deg.to_radians());
        let up = elevation.sin();
        let direct = if up > 0.0 { sky.direct_normal_w_m2.max(0.0) } else { 0.0 };
        let diffuse = sky.diffuse_w_m2.max(0.0);
        let facing = (up * tilt.cos()
            + elevation.cos() * tilt.sin() * (sun.azimuth_deg - self.azimuth_deg).to_radians().cos())
        .max(0.0);

        let beam = direct * facing * through_glass(facing);
        // Around the sun the sky is brighter; near the horizon the ratio would grow without bound.
        let around_sun = direct / sun.extraterrestrial_w_m2;
        let ratio = facing / up.max(0.087);
        let sky_view = (1.0 + tilt.cos()) / 2.0;
        let from_sky = diffuse * (around_sun * ratio + (1.0 - around_sun) * sky_view);
        let from_ground = (direct * up.max(0.0) + diffuse) * ALBEDO * (1.0 - tilt.cos()) / 2.0;
        beam + (from_sky + from_ground) * (1.0 - GLASS)
    }
}

fn through_glass(facing: f64) -> f64 {
    if facing <= 0.05 { 0.0 } else { (1.0 - GLASS * (1.0 / facing - 1.0)).max(0.0) }
}

/// Mean power of all plants in each slot that `sky` covers; `None` elsewhere. `sky` in order of time.
pub fn power_of_slots(
    plants: &[Plant],
    place: Place,
    sky: &[Irradiance],
    starts: impl IntoIterator<Item = Timestamp>,
) -> Vec<Option<f64>> {
    starts
        .into_iter()
        .map(|start| {
            let end = model::slot::next(start);
            let mut sum_ws = 0.0;
            let mut covered = SignedDuration::ZERO;
            let first = sky.partition_point(|period| period.end <= start);
            for period in sky[first..].iter().take_while(|period| period.start < end) {
                let (from, until) = (period.start.max(start), period.end.min(end));
                let part = until.duration_since(from);
                let power_w: f64 = plants.iter().map(|plant| plant.power_w(place, period, from, until)).sum();
                sum_ws += power_w * part.as_secs_f64();
                covered += part;
            }
            (covered == end.duration_since(start)).then(|| sum_ws / covered.as_secs_f64())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Place = Place { latitude: 52.52, longitude: 13.4 };

    fn sky(direct: f64, diffuse: f64, temperature_c: f64) -> Irradiance {
        let start: Timestamp = "2026-06-21T11:00:00Z".parse().unwrap();
        Irradiance {
            start,
            end: start.checked_add(SignedDuration::from_hours(1)).unwrap(),
            direct_normal_w_m2: direct,
            diffuse_w_m2: diffuse,
            temperature_c: Some(temperature_c),
        }
    }

    fn power(plant: &Plant, sky: &Irradiance) -> f64 {
        plant.power_w(BERLIN, sky, sky.start, sky.end)
    }

    fn south(tilt: f64) -> Plant {
        Plant { arrays: vec![Array::new(1_000.0, tilt, 0.0)], inverter_limit_w: None }
    }

    #[test]
    fn a_clear_summer_noon() {
        // 800 W/m² beam at 61° and 100 diffuse are about 885 W/m² on 30° south; 14 % losses, a module at
        // 46.5 °C and an inverter of 96 % leave about 68 % of the peak.
        let watts = power(&south(30.0), &sky(800.0, 100.0, 20.0));
        assert!((650.0..700.0).contains(&watts), "{watts}");
    }

    #[test]
    fn cold_modules_give_more_and_the_inverter_limits() {
        let mut plant = south(30.0);
        let (warm, cold) = (power(&plant, &sky(800.0, 100.0, 35.0)), power(&plant, &sky(800.0, 100.0, -5.0)));
        let gain = cold / warm - 1.0;
        assert!((0.14..0.17).contains(&gain), "{gain}");
        plant.inverter_limit_w = Some(600.0);
        assert_eq!(power(&plant, &sky(800.0, 100.0, 20.0)), 600.0);
    }

    #[test]
    fn under_an_overcast_sky_flat_is_best_and_the_direction_does_not_matter() {
        let overcast = sky(0.0, 150.0, 15.0);
        let north = Plant { arrays: vec![Array::new(1_000.0, 30.0, 180.0)], inverter_limit_w: None };
        assert!((power(&south(30.0), &overcast) - power(&north, &overcast)).abs() < 1e-9);
        assert!(power(&south(0.0), &overcast) > power(&south(30.0), &overcast));
    }

    #[test]
    fn east_gives_in_the_morning_and_two_arrays_add_up() {
        let of = |azimuth: f64| Array::new(1_000.0, 30.0, azimuth);
        let plant = |arrays: &[Array]| Plant { arrays: arrays.to_vec(), inverter_limit_w: None };
        let mut morning = sky(700.0, 80.0, 15.0);
        morning.start = "2026-06-21T06:00:00Z".parse().unwrap();
        morning.end = "2026-06-21T07:00:00Z".parse().unwrap();
        let (east, west) = (power(&plant(&[of(-90.0)]), &morning), power(&plant(&[of(90.0)]), &morning));
        assert!(east > 3.0 * west, "{east} {west}");
        assert!((power(&plant(&[of(-90.0), of(90.0)]), &morning) - east - west).abs() < 1e-9);
    }

    #[test]
    fn at_night_there_is_nothing_whatever_the_forecast_says() {
        let mut night = sky(500.0, 0.0, 15.0);
        night.start = "2026-06-21T23:00:00Z".parse().unwrap();
        night.end = "2026-06-22T00:00:00Z".parse().unwrap();
        assert_eq!(power(&south(30.0), &night), 0.0);
    }

    #[test]
    fn slots_that_are_not_covered_are_unknown() {
        let starts =
            model::slot::starts("2026-06-21T10:45:00Z".parse().unwrap(), "2026-06-21T12:15:00Z".parse().unwrap());
        let watts = power_of_slots(&[south(30.0)], BERLIN, &[sky(800.0, 100.0, 20.0)], starts);
        let known: Vec<bool> = watts.iter().map(Option::is_some).collect();
        assert_eq!(known, [false, true, true, true, true, false]);
    }
}
