//! Why the battery does something, in words with the numbers that decided.

use wattwright_strategy::{Instant, Reason};

use super::cell::Cell;
use crate::horizon::{Horizon, Period};
use wattwright_strategy::text::{Clock, Line};

/// The rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// What is stored is below the floor.
    ChargeReserve,
    /// The grid pays for use.
    ChargePaid,
    /// A dear slot ahead pays for it.
    ChargeCheap,
    /// Covers use at a price above the mean.
    UseDear,
    /// Covers use.
    SelfUse,
    /// Takes surplus sun.
    StoreSun,
    /// Room is kept, or feeding in earns more.
    FeedIn,
    /// Neither use nor surplus is expected.
    Idle,
    /// A later slot needs it more.
    HoldForDear,
    /// The grid pays for use: nothing is given.
    HoldPaid,
    /// At the floor.
    Empty,
    /// At the ceiling.
    Full,
    /// The owner has set it.
    ByHand,
}

impl Rule {
    /// Stable, for machines.
    pub fn code(self, cell: &Cell) -> &'static str {
        match self {
            Rule::ChargeReserve => "charge-reserve",
            Rule::ChargePaid => "charge-paid",
            Rule::ChargeCheap => "charge-cheap",
            Rule::UseDear => "use-dear",
            Rule::SelfUse | Rule::Idle => "self-use",
            Rule::StoreSun => "store-sun",
            Rule::FeedIn => "feed-in",
            Rule::HoldForDear => "hold-for-dear",
            Rule::HoldPaid => "hold-paid",
            Rule::Empty if cell.reserve => "keep-reserve",
            Rule::Empty => "empty",
            Rule::Full => "full",
            Rule::ByHand => "by-hand",
        }
    }
}

/// All that a sentence may need.
pub(crate) struct Case<'a> {
    pub cell: &'a Cell,
    pub horizon: &'a Horizon,
    pub clock: &'a Clock<'a>,
    /// The slot.
    pub t: usize,
    /// Bus power when it charges from the grid, watt.
    pub charge_w: f64,
    /// What is stored at the start of the slot, Wh.
    pub stored_wh: f64,
    /// The dearest slot ahead in which what is stored is used, as far as is planned.
    pub purpose: Option<usize>,
    /// How long the owner has set it by hand.
    pub until: Option<Instant>,
}

impl Case<'_> {
    fn period(&self) -> &Period {
        &self.horizon.periods[self.t]
    }

    /// `0.18 EUR now`, `about 0.30 EUR`.
    fn import(&self, line: Line) -> Line {
        let line = if self.period().priced { line.say("import ") } else { line.say("import about ") };
        let line = line.money(self.period().import_price).say(" ").say(self.clock.currency);
        if self.t == 0 { line.say(" now") } else { line }
    }

    /// `0.41 at 19:00`: the use that pays for it.
    fn later(&self, line: Line) -> Line {
        let line = line.money(self.price_then());
        match self.purpose {
            Some(t) => line.say(" at ").time(self.clock, self.horizon.periods[t].start),
            None => line.say(" on average"),
        }
    }

    /// The import price that the later use saves.
    fn price_then(&self) -> f64 {
        let then = self.purpose.map(|t| self.horizon.periods[t].import_price);
        then.or(self.horizon.mean_price).unwrap_or_default()
    }

    /// The reason. Only that of the present slot carries facts: those of later slots are shown, not acted on.
    pub fn reason(&self, rule: Rule) -> Reason {
        let mut reason = Reason::new(rule.code(self.cell), self.sentence(rule));
        if self.t == 0 {
            reason = self.facts(rule, reason);
        }
        reason
    }

    fn sentence(&self, rule: Rule) -> String {
        let line = Line::new();
        if let (Rule::ByHand, Some(until)) = (rule, self.until) {
            return line.say("set by hand until ").time(self.clock, until).end();
        }
        if self.horizon.mean_price.is_none() {
            return self.unpriced(rule);
        }
        let period = self.period();
        let line = match rule {
            Rule::ChargeReserve => {
                let line = line.say("charge ").watt(self.charge_w).say(": ").pct(self.cell.pct(self.stored_wh));
                let line = line.say(" is below the lower limit of ").pct(self.cell.pct(self.cell.floor_wh)).say("; ");
                self.import(line)
            }
            Rule::ChargePaid => {
                let line = self.import(line.say("charge ").watt(self.charge_w).say(": "));
                line.say(", the grid pays for use")
            }
            Rule::ChargeCheap => {
                let line = self.import(line.say("charge ").watt(self.charge_w).say(": ")).say(", ");
                let losses = self.cell.losses_and_wear(period.import_price);
                let spread = self.price_then() - period.import_price;
                let line = self.later(line);
                if spread > losses {
                    line.say("; spread ").money(spread).say(" > losses and wear ").money(losses)
                } else {
                    line
                }
            }
            Rule::UseDear => {
                let line = self.import(line.say("cover the use: ")).say(", ");
                line.money(self.horizon.mean_price.unwrap_or_default()).say(" on average")
            }
            Rule::SelfUse => self.import(line.say("cover the use: ")).say(", no later slot needs it more"),
            Rule::Idle => line.say("follow the meter: neither use nor surplus expected"),
            Rule::StoreSun => {
                // Where the mean leaves nothing over, a bright hour still may.
                let surplus_w = -period.net_w();
                let line = if surplus_w >= 0.5 {
                    line.say("store ").watt(surplus_w).say(" of sun")
                } else {
                    line.say("store what the sun may leave over")
                };
                let line = line.say(": feeding in earns ");
                self.later(line.money(period.export_price).say(" ").say(self.clock.currency).say(", later use saves "))
            }
            Rule::FeedIn => {
                let line = line.say("feed the surplus in: it earns ").money(period.export_price).say(" ");
                line.say(self.clock.currency).say(", storing it later costs less")
            }
            Rule::HoldForDear => {
                let line = line.say("hold ").pct(self.cell.pct(self.stored_wh)).say(": ");
                self.later(self.import(line).say(", "))
            }
            Rule::HoldPaid => self.import(line.say("hold: ")).say(", the grid pays for use"),
            Rule::Empty if self.cell.reserve => {
                line.say("keep the reserve of ").pct(self.cell.pct(self.cell.floor_wh)).say(" for outages")
            }
            Rule::Empty => line.say("empty: the lower limit is ").pct(self.cell.pct(self.cell.floor_wh)),
            Rule::Full => line.say("full: the upper limit is ").pct(self.cell.pct(self.cell.ceiling_wh)),
            Rule::ByHand => line.say("set by hand"),
        };
        line.end()
    }

    fn unpriced(&self, rule: Rule) -> String {
        let line = Line::new();
        match rule {
            Rule::Empty if self.cell.reserve => {
                line.say("keep the reserve of ").pct(self.cell.pct(self.cell.floor_wh)).say(" for outages")
            }
            Rule::Empty => line.say("empty: the lower limit is ").pct(self.cell.pct(self.cell.floor_wh)),
            Rule::Full => line.say("full: the upper limit is ").pct(self.cell.pct(self.cell.ceiling_wh)),
            Rule::StoreSun => line.say("store surplus sun; no price is known"),
            _ => line.say("follow the meter; no price is known"),
        }
        .end()
    }

    fn facts(&self, rule: Rule, reason: Reason) -> Reason {
        let period = self.period();
        let per_kwh = Line::new().say(self.clock.currency).say("/kWh").end();
        let mut reason = reason.fact("soc-now", self.cell.pct(self.stored_wh), "%");
        if period.priced {
            reason = reason.fact("import-price-now", period.import_price, per_kwh.as_str());
        }
        if let Some(mean) = self.horizon.mean_price {
            reason = reason.fact("import-price-mean", mean, per_kwh.as_str());
        }
        match rule {
            Rule::ChargeCheap | Rule::ChargeReserve | Rule::ChargePaid => {
                reason = reason.fact("charge", self.charge_w, "W");
                let losses = self.cell.losses_and_wear(period.import_price);
                let gain = self.price_then() - period.import_price - losses;
                reason
                    .fact("import-price-then", self.price_then(), per_kwh.as_str())
                    .fact("losses-and-wear", losses, per_kwh.as_str())
                    .fact("gain", gain, per_kwh.as_str())
                    .fact("least-gain", self.cell.min_gain_per_kwh, per_kwh)
            }
            Rule::HoldForDear | Rule::StoreSun => reason
                .fact("import-price-then", self.price_then(), per_kwh.as_str())
                .fact("export-price-now", period.export_price, per_kwh),
            Rule::FeedIn => reason.fact("export-price-now", period.export_price, per_kwh),
            Rule::Empty => reason.fact("lower-limit", self.cell.pct(self.cell.floor_wh), "%"),
            Rule::Full => reason.fact("upper-limit", self.cell.pct(self.cell.ceiling_wh), "%"),
            Rule::UseDear | Rule::SelfUse | Rule::Idle | Rule::HoldPaid | Rule::ByHand => reason,
        }
    }
}
