//! One way of one strategy through the series.

use std::sync::Arc;

use anyhow::Result;
use backtest::{Foresight, House, Played, Player};
use forecast::SeriesRow;
use serde_json::Value;

use super::notes::Notes;
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

/// What came of a job.
pub type Done = Played;

impl Job {
    /// Plays it, first by what was noted.
    pub fn play(
        &self,
        index: usize,
        house: &House,
        rows: &[SeriesRow],
        notes: Option<&Notes>,
        step: &dyn Fn(),
    ) -> Result<Done> {
        let strategy = &*self.strategy;
        let mut player = Player::new(house, rows, strategy, self.settings.clone(), self.foresight, self.guarded)?;
        let mut before = notes.map(|notes| notes.of(index)).unwrap_or_default().into_iter();
        while player.next_slot().is_some() {
            let asked = match before.next() {
                Some(asked) => asked,
                None => {
                    let asked = player.ask(strategy);
                    if let Some(notes) = notes {
                        notes.add(index, &asked)?;
                    }
                    asked
                }
            };
            player.play(strategy, asked);
            step();
        }
        if let Some(notes) = notes {
            notes.flush()?;
        }
        Ok(player.finish())
    }
}
