//! From the market's price to what a kWh costs at the meter, and what one to the grid earns.
//!
//! ```text
//! import = Σ components: amount × (1 + VAT), within floor and cap
//! export = likewise, or the import price (net metering)
//! ```
//!
//! An amount is a rate (by time windows, where it has some), a multiple of the market's price, a share of
//! other components, or the sum of these. VAT is added to each component by itself, so that one which has
//! it already (`vat_pct = 0`) is not taxed twice. A tariff is written in TOML ([`RawTariff`]); `examples/
//! tariffs` has one for each of several countries.

mod component;
mod raw;
mod table;
mod window;

pub use raw::{RawComponent, RawDirection, RawTariff, TariffError};
pub use table::table;
pub use window::{Day, RawWindow, TimeOfDay};

use component::Component;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::prices::{Basis, Shelf};

/// What exported energy earns, in its shortest form.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportTariff {
    /// This much per kWh, always.
    Fixed(f64),
    /// The market price, without surcharge and VAT.
    Market,
}

/// How the market's price becomes the owner's, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    import: Side,
    export: Export,
}

#[derive(Clone, Debug, PartialEq)]
enum Export {
    SameAsImport,
    Side(Side),
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Side {
    components: Vec<Component>,
    floor: Option<f64>,
    cap: Option<f64>,
}

/// One component of a price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What the owner calls it.
    pub name: String,
    /// Without VAT, per kWh. `None`: depends on a market price that is unknown.
    pub net: Option<f64>,
    /// VAT on it, per kWh.
    pub vat: Option<f64>,
}

/// A price with what it is made of. The parts add up to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Priced {
    /// All included. `None`: depends on a market price that is unknown.
    pub per_kwh: Option<f64>,
    /// In the order of the tariff.
    pub parts: Vec<Part>,
}

/// Both prices of one slot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SlotPrices {
    /// What a kWh from the grid costs.
    pub import: Priced,
    /// What a kWh to the grid earns.
    pub export: Priced,
    /// Whose price the import is made of; `None`: nobody's, since none is known or none is needed.
    pub origin: Option<String>,
}

impl Default for Tariff {
    /// The price is all included, and export earns nothing.
    fn default() -> Self {
        Self::simple(0.0, 0.0, ExportTariff::Fixed(0.0))
    }
}

impl Tariff {
    /// The market price and a surcharge, with VAT on both. The surcharge is everything that is charged per
    /// kWh before VAT: grid fees, levies, taxes, the supplier's margin.
    pub fn simple(surcharge_per_kwh: f64, vat_pct: f64, export: ExportTariff) -> Self {
        let mut components = vec![Component::market("market", vat_pct)];
        if surcharge_per_kwh != 0.0 {
            components.push(Component::fixed("surcharge", surcharge_per_kwh, vat_pct));
        }
        let export = match export {
            ExportTariff::Fixed(price) => Component::fixed("feed-in", price, 0.0),
            ExportTariff::Market => Component::market("market", 0.0),
        };
        let side = |components| Side { components, ..Side::default() };
        Self { import: side(components), export: Export::Side(side(vec![export])) }
    }

    /// Checks a tariff as it is written down. Windows are in the tariff's time zone, or in the home's.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(raw: &RawTariff, home: &TimeZone) -> Result<Self, TariffError> {
        raw::check(raw, home)
    }

    /// Whether an import price can only be known together with a price of the market.
    pub fn needs_market(&self) -> bool {
        self.import.components.iter().any(Component::needs_market)
    }

    /// What a kWh from the grid costs in the slot that begins at `at`, given the market's price.
    pub fn import(&self, at: Timestamp, market: Option<f64>) -> Priced {
        self.import.price(at, market)
    }

    /// What a kWh to the grid earns in the slot that begins at `at`, given the market's price.
    pub fn export(&self, at: Timestamp, market: Option<f64>) -> Priced {
        match &self.export {
            Export::SameAsImport => self.import(at, market),
            Export::Side(side) => side.price(at, market),
        }
    }

    /// Both prices of the slot that begins at `at`. An import price that has everything in it already is
    /// taken as it is. `feed_in`: prices of what is exported, where they have a source of their own.
    pub fn prices(&self, at: Timestamp, import: &Shelf, feed_in: Option<&Shelf>) -> SlotPrices {
        let quote = import.quote_at(at);
        let market = import.market_at(at);
        let paid = match quote {
            Some(quote) if quote.basis == Basis::Total => Priced::whole(quote.origin, quote.price_per_kwh),
            _ => self.import(at, market),
        };
        let export = match (&self.export, feed_in) {
            (_, Some(shelf)) => match shelf.quote_at(at) {
                Some(quote) if quote.basis == Basis::Total => Priced::whole(quote.origin, quote.price_per_kwh),
                quote => self.export(at, quote.map(|quote| quote.price_per_kwh)),
            },
            (Export::SameAsImport, None) => paid.clone(),
            (Export::Side(side), None) => side.price(at, market),
        };
        let uses_quote = quote.is_some_and(|quote| quote.basis == Basis::Total) || self.needs_market();
        let origin = quote.filter(|_| uses_quote).map(|quote| quote.origin.to_owned());
        SlotPrices { import: paid, export, origin }
    }
}

impl Priced {
    fn whole(name: &str, price_per_kwh: f64) -> Self {
        let part = Part { name: name.to_owned(), net: Some(price_per_kwh), vat: Some(0.0) };
        Self { per_kwh: Some(price_per_kwh), parts: vec![part] }
    }
}

impl Side {
    fn price(&self, at: Timestamp, market: Option<f64>) -> Priced {
        let mut parts: Vec<Part> = Vec::with_capacity(self.components.len() + 1);
        for component in &self.components {
            let net = component.net(at, market, &parts);
            // Plus 0: no tax on something negative is 0, not −0.
            let vat = net.map(|net| net * component.vat_pct / 100.0 + 0.0);
            parts.push(Part { name: component.name.clone(), net, vat });
        }
        let sum = parts.iter().try_fold(0.0, |sum, part| Some(sum + part.net? + part.vat?));
        let bounded = sum.map(|sum| sum.max(self.floor.unwrap_or(f64::MIN)).min(self.cap.unwrap_or(f64::MAX)));
        if let (Some(sum), Some(bounded)) = (sum, bounded)
            && sum != bounded
        {
            let name = if bounded > sum { "floor" } else { "cap" };
            parts.push(Part { name: name.into(), net: Some(bounded - sum), vat: Some(0.0) });
        }
        Priced { per_kwh: bounded, parts }
    }
}

#[cfg(test)]
mod tests;
