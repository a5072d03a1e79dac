//! One way of one strategy through the series.

use std::sync::Arc;

use backtest::{Asked, Forecasts, Foresight, House, Player};
use serde_json::Value;
use simulator::ParameterError;

use crate::sandboxed::Sandboxed;

/// What is to be played.
pub struct Job {
    /// For people: the strategy and what was varied.
    pub label: String,
    pub strategy: Arc<Sandboxed>,
    pub settings: Value,
    pub foresight: Foresight,
    pub guarded: bool,
}

impl Job {
    /// At its beginning, or after what was decided before.
    pub fn player<'a>(
        &self,
        house: &'a House,
        forecasts: &'a Forecasts<'a>,
        before: Vec<Asked>,
    ) -> Result<Player<'a>, ParameterError> {
        let strategy = &*self.strategy;
        let settings = self.settings.clone();
        let mut player = Player::new(house, forecasts, strategy, settings, self.foresight, self.guarded)?;
        before.into_iter().for_each(|asked| player.play(strategy, asked));
        Ok(player)
    }
}
