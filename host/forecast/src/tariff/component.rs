use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Part;
use super::window::RawWindow;

/// One component of a price, in the currency per kWh.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Component {
    pub name: String,
    pub rate: f64,
    /// The first that contains the slot's start takes the place of the rate.
    pub windows: Vec<RawWindow>,
    pub market: Option<Market>,
    pub share: Option<Share>,
    /// The component is not there while the market's price is below this.
    pub unless_market_below: Option<f64>,
    pub vat_pct: f64,
    pub zone: TimeZone,
    pub valid_from: Option<Date>,
    pub valid_until: Option<Date>,
}

/// A multiple of the market's price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Market {
    pub factor: f64,
    /// Only what the price is above this.
    pub above: Option<f64>,
    pub floor: Option<f64>,
    pub cap: Option<f64>,
}

/// A share of components before this one, without their VAT.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    pub percent: f64,
    pub of: Vec<String>,
}

impl Component {
    pub(super) fn fixed(name: &str, rate: f64, vat_pct: f64) -> Self {
        Self {
            name: name.into(),
            rate,
            windows: Vec::new(),
            market: None,
            share: None,
            unless_market_below: None,
            vat_pct,
            zone: TimeZone::UTC,
            valid_from: None,
            valid_until: None,
        }
    }

    pub(super) fn market(name: &str, vat_pct: f64) -> Self {
        let market = Market { factor: 1.0, above: None, floor: None, cap: None };
        Self { market: Some(market), ..Self::fixed(name, 0.0, vat_pct) }
    }

    pub(super) fn needs_market(&self) -> bool {
        self.market.is_some() || self.unless_market_below.is_some()
    }

    /// The amount without VAT; `None`: it depends on a market price that is unknown.
    pub(super) fn net(&self, at: Timestamp, market: Option<f64>, before: &[Part]) -> Option<f64> {
        let mut rate = self.rate;
        if !self.windows.is_empty() || self.valid_from.is_some() || self.valid_until.is_some() {
            let local = self.zone.to_datetime(at);
            let date = local.date();
            if self.valid_from.is_some_and(|from| date < from) || self.valid_until.is_some_and(|until| date >= until) {
                return Some(0.0);
            }
            if let Some(window) = self.windows.iter().find(|window| window.contains(local)) {
                rate = window.rate;
            }
        }
        if let Some(limit) = self.unless_market_below
            && market? < limit
        {
            return Some(0.0);
        }
        let of_market = match self.market {
            None => 0.0,
            Some(rule) => rule.amount(market?),
        };
        let share = match &self.share {
            None => 0.0,
            Some(share) => share.amount(before)?,
        };
        Some(rate + of_market + share)
    }
}

impl Market {
    fn amount(self, market: f64) -> f64 {
        let bounded = market.max(self.floor.unwrap_or(f64::MIN)).min(self.cap.unwrap_or(f64::MAX));
        self.factor * self.above.map_or(bounded, |above| (bounded - above).max(0.0))
    }
}

impl Share {
    fn amount(&self, before: &[Part]) -> Option<f64> {
        let base: Option<f64> = before.iter().filter(|part| self.of.contains(&part.name)).map(|part| part.net).sum();
        Some(base? * self.percent / 100.0)
    }
}
