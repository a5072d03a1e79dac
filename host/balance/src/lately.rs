//! What the home needed in each direction lately, which tells what a turn may cost.

use std::time::Duration;

/// Longer than the shadow of a cloud, shorter than an evening.
const SPAN: Duration = Duration::from_secs(300);

/// Means of what was to be charged and to be discharged, watt, the older the less it counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lately {
    at: Option<Duration>,
    charge_w: f64,
    discharge_w: f64,
}

impl Lately {
    /// Takes in what could have been done about a need; discharge positive.
    pub fn push(&mut self, now: Duration, power_w: f64) {
        let passed = self.at.replace(now).map_or(Duration::ZERO, |at| now.saturating_sub(at));
        let weight = 1.0 - (-passed.as_secs_f64() / SPAN.as_secs_f64()).exp();
        self.charge_w += weight * (f64::max(-power_w, 0.0) - self.charge_w);
        self.discharge_w += weight * (f64::max(power_w, 0.0) - self.discharge_w);
    }

    /// What was needed the other way than this, a magnitude.
    pub fn against_w(&self, power_w: f64) -> f64 {
        if power_w > 0.0 { self.charge_w } else { self.discharge_w }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_direction_has_a_mean_that_fades() {
        let mut lately = Lately::default();
        for s in 0..=1500 {
            lately.push(Duration::from_secs(s), if s % 2 == 0 { -600.0 } else { 100.0 });
        }
        assert!((lately.against_w(1.0) - 300.0).abs() < 5.0, "{lately:?}");
        assert!((lately.against_w(-1.0) - 50.0).abs() < 2.0, "{lately:?}");
        for s in 1501..=1800 {
            lately.push(Duration::from_secs(s), 100.0);
        }
        assert!((lately.against_w(1.0) - 300.0 / std::f64::consts::E).abs() < 5.0, "{lately:?}");
        assert_eq!(Lately::default().against_w(-1.0), 0.0);
    }
}
