//! What a machine does behind a plug once it is switched on.

/// After its programme a machine draws this, watt.
const STANDBY_W: f64 = 1.0;

/// Phases that follow one another. Without power it pauses, and goes on where it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Programme {
    /// Minutes and watt of each.
    phases: Vec<(f64, f64)>,
}

impl Programme {
    /// A wash: heat, wash, spin.
    pub fn wash() -> Self {
        Self { phases: vec![(30.0, 800.0), (45.0, 150.0), (15.0, 400.0)] }
    }

    /// All that it uses, watt-hours.
    pub fn energy_wh(&self) -> f64 {
        self.phases.iter().map(|(minutes, watt)| minutes * watt / 60.0).sum()
    }

    /// How long it takes, seconds.
    pub fn duration_s(&self) -> f64 {
        self.phases.iter().map(|(minutes, _)| minutes * 60.0).sum()
    }

    /// The most that it draws, watt.
    pub fn most_w(&self) -> f64 {
        self.phases.iter().map(|(_, watt)| *watt).fold(0.0, f64::max)
    }

    /// What it draws after it has run for `elapsed_s`, watt.
    pub fn power_w(&self, elapsed_s: f64) -> f64 {
        let mut end_s = 0.0;
        for (minutes, watt) in &self.phases {
            end_s += minutes * 60.0;
            if elapsed_s < end_s {
                return *watt;
            }
        }
        STANDBY_W
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wash_draws_what_it_says() {
        let wash = Programme::wash();
        let drawn_wh: f64 = (0..5_400).map(|s| wash.power_w(f64::from(s)) / 3_600.0).sum();
        assert!((drawn_wh - wash.energy_wh()).abs() < 1e-6, "{drawn_wh}");
        assert_eq!((wash.duration_s(), wash.most_w()), (5_400.0, 800.0));
        assert_eq!(wash.power_w(5_400.0), STANDBY_W);
    }
}
