use serde::Serialize;

use crate::References;

/// What a strategy lost against perfect foresight, and where. Adds up to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Loss {
    /// Load and sun came other than forecast.
    pub forecast_error: f64,
    /// Prices were not known yet.
    pub price_error: f64,
    /// What the strategy makes of it even when it knows all.
    pub strategy: f64,
    /// What the guard did not let it do.
    pub guard: f64,
}

impl Loss {
    /// From four ways through the same series, each a cost adjusted for what is stored: as it was; without the
    /// guard; also with load and sun known; also with all prices known.
    pub fn of(as_it_was: f64, unguarded: f64, home_known: f64, all_known: f64, references: &References) -> Self {
        Self {
            forecast_error: unguarded - home_known,
            price_error: home_known - all_known,
            strategy: all_known - references.perfect_foresight.cost_adjusted_eur,
            guard: as_it_was - unguarded,
        }
    }
}
