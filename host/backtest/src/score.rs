//! A day of a live home, played again.

use forecast::SeriesRow;
use model::Loss;
use model::snapshot::Snapshot;
use simulator::{ParameterError, Totals};

use crate::{Contender, Foresight, House, Played, Player, References};

/// What is known of a day that is over.
#[derive(Clone, Copy)]
pub struct Day<'a> {
    /// The home as it was at the day's beginning.
    pub house: &'a House,
    /// The slots of which all is known, in order.
    pub rows: &'a [SeriesRow],
    /// What was known when each of them began; `None`: there was no tick.
    pub snapshots: &'a [Option<Snapshot>],
}

/// What a strategy would have cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Under the guard, with what was known then.
    pub played: Played,
    /// Of `played`.
    pub totals: Totals,
    /// Against perfect foresight.
    pub loss: Loss,
}

impl Day<'_> {
    /// Plays a strategy through the day, as if it alone had commanded the batteries.
    ///
    /// Four times: as it was; without the guard; with use and sun of the day known besides; with its prices known
    /// besides. What lies beyond the day's end stays as it was known then in all four.
    ///
    /// # Errors
    /// A battery cannot be.
    pub fn score(&self, contender: &Contender<'_>, references: &References) -> Result<Scored, ParameterError> {
        let (played, totals) = self.play(contender, Foresight::KNOWN, true)?;
        let cost = |foresight| self.play(contender, foresight, false).map(|(_, totals)| totals.cost_adjusted_eur);
        let loss = Loss::of(
            totals.cost_adjusted_eur,
            cost(Foresight::KNOWN)?,
            cost(Foresight { home: true, ..Foresight::KNOWN })?,
            cost(Foresight::PERFECT)?,
            references.perfect_foresight.cost_adjusted_eur,
        );
        Ok(Scored { played, totals, loss })
    }

    fn play(
        &self,
        contender: &Contender<'_>,
        foresight: Foresight,
        guarded: bool,
    ) -> Result<(Played, Totals), ParameterError> {
        let strategy = contender.strategy;
        let mut player =
            Player::on_recorded(self.house, self.rows, self.snapshots, contender.clone(), foresight, guarded)?;
        while player.next_slot().is_some() {
            let asked = player.ask(strategy);
            player.play(strategy, asked);
        }
        Ok(player.ended())
    }
}
