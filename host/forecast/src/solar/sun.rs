//! Where the sun stands.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A place on Earth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
}

/// The direction to the sun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sun {
    /// Degrees above the horizon, negative at night; without refraction.
    pub elevation_deg: f64,
    /// Degrees from south, west positive: -90 is east, 90 is west.
    pub azimuth_deg: f64,
    /// Irradiance outside the atmosphere, perpendicular to the beam.
    pub extraterrestrial_w_m2: f64,
}

/// The sun seen from `place`: the low-precision formulas of the Astronomical Almanac as given by Michalsky,
/// "The Astronomical Almanac's algorithm for approximate solar position (1950–2050)", Solar Energy 40,
/// 1988; good to 0.01°. Distance of the sun after Spencer (1971), solar constant 1361 W/m² (Kopp and Lean,
/// 2011).
pub fn at(time: Timestamp, place: Place) -> Sun {
    // Days since noon of 2000-01-01.
    let days = (time.as_second() as f64 - 946_728_000.0) / 86_400.0;
    let longitude_mean = 280.460 + 0.985_647_4 * days;
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let ecliptic = (longitude_mean + 1.915 * anomaly.sin() + 0.020 * (2.0 * anomaly).sin()).to_radians();
    let obliquity = (23.439 - 0.000_000_4 * days).to_radians();
    let right_ascension = (obliquity.cos() * ecliptic.sin()).atan2(ecliptic.cos());
    let declination = (obliquity.sin() * ecliptic.sin()).asin();
    let universal_hour = (time.as_second() as f64 / 3_600.0).rem_euclid(24.0);
    let sidereal_hour = 6.697_375 + 0.065_709_824_2 * days + universal_hour;
    let hour_angle = (15.0 * sidereal_hour + place.longitude).to_radians() - right_ascension;

    let latitude = place.latitude.to_radians();
    let elevation = (declination.sin() * latitude.sin() + declination.cos() * latitude.cos() * hour_angle.cos()).asin();
    let azimuth = hour_angle.sin().atan2(hour_angle.cos() * latitude.sin() - declination.tan() * latitude.cos());
    let year = std::f64::consts::TAU * days / 365.25;
    let distance = 1.000_11 + 0.034_221 * year.cos() + 0.001_28 * year.sin();
    Sun {
        elevation_deg: elevation.to_degrees(),
        azimuth_deg: azimuth.to_degrees(),
        extraterrestrial_w_m2: 1_361.0 * distance,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sun(time: &str, latitude: f64, longitude: f64) -> Sun {
        at(time.parse().unwrap(), Place { latitude, longitude })
    }

    #[test]
    fn at_the_equinox_it_stands_over_the_equator() {
        // 2026-03-20 14:46 UTC; the equation of time is -7.5 minutes, so noon at 0° is at 12:07:30.
        let noon = sun("2026-03-20T12:07:30Z", 0.0, 0.0);
        assert!(noon.elevation_deg > 89.8, "{noon:?}");
        let berlin = sun("2026-03-20T11:14:00Z", 52.52, 13.4);
        assert!((berlin.elevation_deg - 37.45).abs() < 0.1, "{berlin:?}");
        assert!(berlin.azimuth_deg.abs() < 0.5);
    }

    #[test]
    fn the_longest_and_the_shortest_noon_of_berlin() {
        let june = sun("2026-06-21T11:08:00Z", 52.52, 13.4);
        assert!((june.elevation_deg - (90.0 - 52.52 + 23.44)).abs() < 0.05, "{june:?}");
        let december = sun("2026-12-21T11:04:00Z", 52.52, 13.4);
        assert!((december.elevation_deg - (90.0 - 52.52 - 23.44)).abs() < 0.05, "{december:?}");
        assert!(december.extraterrestrial_w_m2 > june.extraterrestrial_w_m2 + 80.0);
    }

    #[test]
    fn it_rises_in_the_east_and_sets_in_the_west() {
        let morning = sun("2026-06-21T05:00:00Z", 52.52, 13.4);
        let evening = sun("2026-06-21T17:00:00Z", 52.52, 13.4);
        assert!((-110.0..-80.0).contains(&morning.azimuth_deg), "{morning:?}");
        assert!((80.0..110.0).contains(&evening.azimuth_deg), "{evening:?}");
        assert!(sun("2026-06-21T23:00:00Z", 52.52, 13.4).elevation_deg < -10.0);
        // South of the equator the noon sun is in the north.
        assert!(sun("2026-06-21T02:00:00Z", -33.87, 151.2).azimuth_deg.abs() > 170.0);
    }
}
