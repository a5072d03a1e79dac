//! From the market's price to what a kWh costs at the meter.
//!
//! ```text
//! import = (market price + surcharge_per_kwh) × (1 + vat_pct / 100)
//! export = a fixed price, or the market price
//! ```
//!
//! The surcharge is everything that is charged per kWh before VAT: grid fees, levies, taxes, the
//! supplier's margin. For a price that has all of it already, both are 0.

use serde::{Deserialize, Serialize};

/// What exported energy earns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportTariff {
    /// This much per kWh, always.
    Fixed(f64),
    /// The market price, without surcharge and VAT.
    Market,
}

/// How the market's price becomes the owner's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tariff {
    /// Added to each kWh before VAT.
    pub surcharge_per_kwh: f64,
    /// Percent, on market price and surcharge together.
    pub vat_pct: f64,
    /// What exported energy earns.
    pub export: ExportTariff,
}

impl Default for Tariff {
    /// The price is all included, and export earns nothing.
    fn default() -> Self {
        Self { surcharge_per_kwh: 0.0, vat_pct: 0.0, export: ExportTariff::Fixed(0.0) }
    }
}

impl Tariff {
    /// What a kWh from the grid costs.
    pub fn import_price(&self, market_price: f64) -> f64 {
        (market_price + self.surcharge_per_kwh) * (1.0 + self.vat_pct / 100.0)
    }

    /// What a kWh to the grid earns; `None` where it depends on a market price that is unknown.
    pub fn export_price(&self, market_price: Option<f64>) -> Option<f64> {
        match self.export {
            ExportTariff::Fixed(price) => Some(price),
            ExportTariff::Market => market_price,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vat_is_on_the_surcharge_too() {
        let tariff = Tariff { surcharge_per_kwh: 0.1547, vat_pct: 19.0, ..Tariff::default() };
        assert!((tariff.import_price(0.0944) - 0.29643).abs() < 1e-5);
        // A negative market price lowers the VAT, too.
        assert!((tariff.import_price(-0.2) - -0.053907).abs() < 1e-9);
    }

    #[test]
    fn a_fixed_feed_in_needs_no_market_price() {
        let fixed = Tariff { export: ExportTariff::Fixed(0.0803), ..Tariff::default() };
        assert_eq!(fixed.export_price(None), Some(0.0803));
        let market = Tariff { export: ExportTariff::Market, ..Tariff::default() };
        assert_eq!(market.export_price(Some(-0.05)), Some(-0.05));
        assert_eq!(market.export_price(None), None);
    }
}
