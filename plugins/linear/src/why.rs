//! Why the battery does something: what a stored kWh is worth later and what it costs, or saves, now.

use wattwright_strategy::text::{Clock, Line};
use wattwright_strategy::{Command, Reason};

use crate::cell::Cell;
use crate::market::Slot;

/// All that a sentence may need.
pub(crate) struct Case<'a> {
    pub cell: &'a Cell,
    pub clock: &'a Clock<'a>,
    pub slot: &'a Slot,
    pub command: &'a Command,
    /// Mean at the bus: given positive.
    pub power_kw: f64,
    /// Stored at the beginning.
    pub stored_kwh: f64,
    /// What the next stored kWh, and the last one, is worth at the end of the slot: the shadow price.
    pub worth_above: f64,
    /// See `worth_above`.
    pub worth_below: f64,
}

impl Case<'_> {
    /// In one sentence with the numbers that decided.
    pub fn reason(&self) -> Reason {
        let Self { cell, slot, power_kw, .. } = self;
        let store = &cell.store;
        let net_kw = slot.expected().net_kw;
        let cost_of_import = slot.market.import_price / store.charge_efficiency;
        let cost_of_sun = slot.market.export_price / store.charge_efficiency;
        let saved = (slot.market.import_price - store.wear_cost_per_kwh) * store.discharge_efficiency;
        let earned = (slot.market.export_price - store.wear_cost_per_kwh) * store.discharge_efficiency;
        let low = self.stored_kwh < store.floor_kwh - 1e-6;
        let reason = match self.command {
            Command::Charge(_) if low => {
                let floor = Line::new().say("charge: what is stored is below the lower limit of ");
                Reason::new("charge-reserve", floor.pct(cell.pct(store.floor_kwh)).end())
            }
            Command::Charge(_) if slot.market.import_price < 0.0 => {
                let line =
                    Line::new().say("charge: the grid pays ").money(-slot.market.import_price).say(" for each kWh");
                Reason::new("charge-paid", line.end())
            }
            Command::Charge(watt) => {
                let line = Line::new().say("charge with ").watt(*watt);
                self.compare("charge-cheap", line, "costs ", cost_of_import, self.worth_below)
            }
            Command::Discharge(watt) => {
                let line = Line::new().say("sell with ").watt(*watt);
                self.compare("sell", line, "earns ", earned, self.worth_above)
            }
            _ if *power_kw > 1e-3 => {
                self.compare("use-stored", Line::new().say("cover the home's use"), "saves ", saved, self.worth_above)
            }
            _ if *power_kw < -1e-3 => {
                self.compare("store-sun", Line::new().say("store surplus sun"), "costs ", cost_of_sun, self.worth_below)
            }
            _ if net_kw < 0.0 && self.stored_kwh >= store.ceiling_kwh - 1e-6 => {
                Reason::new("full", "the battery is full: surplus sun is fed in")
            }
            _ if net_kw < 0.0 => self.compare(
                "feed-in",
                Line::new().say("feed surplus sun in"),
                "would cost ",
                cost_of_sun,
                self.worth_above,
            ),
            _ if self.stored_kwh <= store.floor_kwh + 1e-6 => {
                let (code, words) =
                    if cell.reserve { ("keep-reserve", "the reserve of ") } else { ("empty", "the lower limit of ") };
                Reason::new(code, Line::new().say("at ").say(words).pct(cell.pct(store.floor_kwh)).end())
            }
            _ => self.compare("keep", Line::new().say("keep what is stored"), "would save ", saved, self.worth_below),
        };
        let unit = || Line::new().say(self.clock.currency).say("/kWh").end();
        reason
            .fact("worth-later", if *power_kw > 0.0 { self.worth_above } else { self.worth_below }, unit())
            .fact("import-price-now", slot.market.import_price, unit())
            .fact("export-price-now", slot.market.export_price, unit())
            .fact("net-load-now", net_kw * 1000.0, "W")
            .fact("soc-now", cell.pct(self.stored_kwh), "%")
    }

    fn compare(&self, code: &str, line: Line, verb: &str, now: f64, later: f64) -> Reason {
        let line = line.say(": a stored kWh ").say(verb).money(now).say(" ").say(self.clock.currency).say(" now");
        Reason::new(code, line.say(" and is worth ").money(later).say(" later").end())
    }
}
