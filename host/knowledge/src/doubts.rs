//! Measurements that cannot all be true. Pure.

use forecast::solar::sun::{self, Place};
use jiff::Timestamp;
use model::snapshot::{PastSlot, Problem, extra};

/// So many slots in a row have to contradict themselves: meters are not read at the same instant.
const SLOTS: usize = 4;
/// Less is the error of meters and their moments …
const UNEXPLAINED_W: f64 = 150.0;
/// … and so is this share of what flows.
const UNEXPLAINED_SHARE: f64 = 0.15;
/// The sun is this far below the horizon when nothing of it is left for a panel (civil twilight ends at -6).
const NIGHT_DEG: f64 = -6.0;
/// What inverters show at night of themselves.
const NIGHT_W: f64 = 20.0;

/// Names a sum of grid, sun and batteries that is not what the home uses, for the last hour that is over.
pub fn unexplained(past: &[PastSlot]) -> Option<Problem> {
    let last = past.get(past.len().checked_sub(SLOTS)?..)?;
    let mut mean_w = 0.0;
    for slot in last {
        let off_w = slot.extra(extra::UNEXPLAINED_W)?;
        let flows = [slot.grid_w, slot.solar_w, slot.battery_w, slot.load_w];
        let most_w = flows.into_iter().flatten().map(f64::abs).fold(0.0, f64::max);
        if off_w.abs() < UNEXPLAINED_W.max(UNEXPLAINED_SHARE * most_w) {
            return None;
        }
        mean_w += off_w / SLOTS as f64;
    }
    let more = if mean_w > 0.0 { "more than the home uses" } else { "less than what goes out" };
    Some(Problem {
        code: "contradiction".into(),
        subject: "grid.power-w".into(),
        text: format!(
            "for an hour, grid, sun and batteries together have been {:.0} W {more}; one of them may have the wrong sign \
             or unit, or not be measured",
            mean_w.abs()
        ),
        assumed: "each is taken as it is".into(),
    })
}

/// Names a sun that shines at night.
pub fn sun_at_night(place: Place, now: Timestamp, solar_w: Option<f64>) -> Option<Problem> {
    let solar_w = solar_w.filter(|solar_w| *solar_w > NIGHT_W)?;
    let elevation_deg = sun::at(now, place).elevation_deg;
    (elevation_deg < NIGHT_DEG).then(|| Problem {
        code: "contradiction".into(),
        subject: "solar-power-w".into(),
        text: format!(
            "{solar_w:.0} W of solar power while the sun is {:.0} degrees below the horizon; what is measured may \
             contain a battery, or have the wrong sign",
            -elevation_deg
        ),
        assumed: "it is taken as it is".into(),
    })
}

#[cfg(test)]
mod tests {
    use model::slot;

    use super::*;

    fn hour(off_w: [f64; SLOTS], grid_w: f64) -> Vec<PastSlot> {
        let start: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let starts = std::iter::successors(Some(start), |start| Some(slot::next(*start)));
        let slot = |(start, off_w)| {
            let mut slot = PastSlot { grid_w: Some(grid_w), ..PastSlot::unknown(start) };
            slot.set_extra_w(extra::UNEXPLAINED_W, Some(off_w));
            slot
        };
        starts.zip(off_w).map(slot).collect()
    }

    #[test]
    fn an_hour_of_contradiction_is_named_and_a_moment_is_not() {
        let problem = unexplained(&hour([-400.0, -300.0, -500.0, -400.0], 100.0)).unwrap();
        assert!(problem.text.contains("400 W less than what goes out"), "{}", problem.text);
        assert!(unexplained(&hour([500.0; SLOTS], 100.0)).unwrap().text.contains("500 W more than"));
        assert_eq!(unexplained(&hour([-400.0, -300.0, 0.0, -400.0], 100.0)), None);
        assert_eq!(unexplained(&hour([-400.0; SLOTS], 5000.0)), None, "within the error of what flows");
        assert_eq!(unexplained(&hour([-400.0; SLOTS], 100.0)[1..]), None);
        assert_eq!(unexplained(&[]), None);
    }

    #[test]
    fn the_sun_does_not_shine_at_night() {
        let berlin = Place { latitude: 52.5, longitude: 13.4 };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let problem = sun_at_night(berlin, at("2026-12-01T22:00:00Z"), Some(300.0)).unwrap();
        assert!(problem.text.starts_with("300 W of solar power while the sun is"), "{}", problem.text);
        assert_eq!(sun_at_night(berlin, at("2026-12-01T22:00:00Z"), Some(8.0)), None);
        assert_eq!(sun_at_night(berlin, at("2026-12-01T22:00:00Z"), None), None);
        assert_eq!(sun_at_night(berlin, at("2026-06-01T10:00:00Z"), Some(300.0)), None);
    }
}
