//! What strategies would have cost on days of this home that are over.
//!
//! Each day is played again by the simulator, from the state of charge that the home really had at its beginning,
//! with the prices, the use and the sun that were measured. So all figures of a day compare with each other.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Roster, StrategyRef};

/// What a strategy lost against perfect foresight, and where. Adds up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Loss {
    /// Use and sun came other than forecast: the cost without the guard, less the cost when they are also known.
    pub forecast_error: f64,
    /// Prices were not known yet: what remains, less the cost when the prices are also known.
    pub price_error: f64,
    /// What the strategy makes of it even when it knows all: what remains, less perfect foresight.
    pub strategy: f64,
    /// What the guard did not let it do: the cost as it is, less the cost without the guard.
    pub guard: f64,
}

impl Loss {
    /// From four ways through the same slots and from perfect foresight, each a cost adjusted for what is stored: as
    /// it was; without the guard; also with use and sun known; also with all prices known.
    pub fn of(as_it_was: f64, unguarded: f64, home_known: f64, all_known: f64, perfect_foresight: f64) -> Self {
        Self {
            forecast_error: unguarded - home_known,
            price_error: home_known - all_known,
            strategy: all_known - perfect_foresight,
            guard: as_it_was - unguarded,
        }
    }

    /// The whole loss.
    pub fn sum(&self) -> f64 {
        self.forecast_error + self.price_error + self.strategy + self.guard
    }
}

/// A day of the home, played again. Money in the home's currency, adjusted for what is stored at the end beyond the
/// beginning: that is credited at the day's mean import price times the battery's discharge efficiency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayScore {
    /// In the home's calendar.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Slots of it: 92, 96 or 100.
    pub slots: u32,
    /// Slots that were played: those of which prices, use and sun are known.
    pub played: u32,
    /// What stands beside the strategies; `None`: see `unscored`.
    pub references: Option<DayReferences>,
    /// Those that were active or a shadow at the end of the day, the active ones first, in the owner's order.
    pub strategies: Vec<StrategyScore>,
    /// Why there are no figures, or not all: for a person.
    pub unscored: Option<String>,
}

/// What a day costs without any strategy. Adjusted for what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayReferences {
    /// The batteries never do anything.
    pub no_battery: f64,
    /// They follow the meter.
    pub self_consumption: f64,
    /// The least that it could have cost for someone who knew the future. With several batteries a bound: as if they
    /// were one.
    pub perfect_foresight: f64,
    /// What was really paid, whoever decided; `None`: not all of it was measured.
    pub measured: Option<f64>,
}

/// As what a strategy was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScoredAs {
    /// Its plans were carried out.
    Active,
    /// Its plans were recorded.
    Shadow,
}

/// A strategy's day: as if it alone had commanded the batteries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StrategyScore {
    /// The version that was in use at the end of the day.
    pub strategy: StrategyRef,
    /// As what.
    pub role: ScoredAs,
    /// Import at the import price less export at the export price.
    pub cost: f64,
    /// The same, adjusted for what is stored.
    pub cost_adjusted: f64,
    /// Against perfect foresight.
    pub loss: Loss,
    /// Actions that the guard let through as they were,
    pub accepted: u32,
    /// … changed,
    pub adjusted: u32,
    /// … or refused.
    pub refused: u32,
    /// Slots for which it had no plan.
    pub failed: u32,
}

impl DayScore {
    /// A strategy's figures.
    pub fn of(&self, strategy: &str) -> Option<&StrategyScore> {
        self.strategies.iter().find(|score| score.strategy.name == strategy)
    }
}

/// When a shadow is proposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PromotionRule {
    /// On how many scored days in a row it has to be there, with the same version.
    pub days: u32,
    /// How much less it has to cost over these days, in the home's currency.
    pub least_gain: f64,
}

impl Default for PromotionRule {
    fn default() -> Self {
        Self { days: 14, least_gain: 1.0 }
    }
}

/// A shadow that did better than the strategy in charge. The owner decides; nothing happens by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// The shadow.
    pub strategy: StrategyRef,
    /// The first of the active strategies.
    pub instead_of: String,
    /// Over how many days.
    pub days: u32,
    /// How much less it would have cost over them.
    pub gain: f64,
}

/// Who should be promoted, the best first. `days` come in order of time.
///
/// A shadow is proposed when over the last scored days, as many as the rule says, it was there with the version of the
/// last day, the guard refused nothing, it always had a plan, and it cost less than the strategy that is asked first.
pub fn proposals(days: &[DayScore], roster: &Roster, rule: PromotionRule) -> Vec<Proposal> {
    let scored: Vec<&DayScore> = days.iter().filter(|day| day.references.is_some()).collect();
    let count = rule.days.max(1) as usize;
    let (Some(first), Some(from)) = (roster.active.first(), scored.len().checked_sub(count)) else { return Vec::new() };
    let (last_days, last) = (&scored[from..], scored[scored.len() - 1]);
    let proposal = |name: &String| {
        let strategy = &last.of(name)?.strategy;
        let gain_of = |day: &&DayScore| {
            let (shadow, active) = (day.of(name)?, day.of(first)?);
            let is_sound = shadow.strategy.hash == strategy.hash && shadow.refused == 0 && shadow.failed == 0;
            (is_sound && shadow.role == ScoredAs::Shadow).then_some(active.cost_adjusted - shadow.cost_adjusted)
        };
        let gain = last_days.iter().map(gain_of).sum::<Option<f64>>()?;
        (gain > rule.least_gain).then(|| Proposal {
            strategy: strategy.clone(),
            instead_of: first.clone(),
            days: rule.days.max(1),
            gain,
        })
    };
    let mut all: Vec<Proposal> = roster.shadows.iter().filter_map(proposal).collect();
    all.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    all
}

#[cfg(test)]
mod tests;
