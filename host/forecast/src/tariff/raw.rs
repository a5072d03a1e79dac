//! A tariff as the owner writes it in TOML, and what is checked about it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::component::{Component, Market, Share};
use super::window::RawWindow;
use super::{Export, Side, Tariff};
use crate::prices::Unit;

/// A tariff.
///
/// ```toml
/// [tariff]
/// unit = "ct/kWh"
///
/// [tariff.import]
/// vat_pct = 19
///
/// [[tariff.import.component]]
/// name = "exchange"
/// market = 1.0
///
/// [[tariff.import.component]]
/// name = "grid fee"
/// rate = 8.2
/// windows = [{ rate = 1.4, from = "00:00", to = "06:00" }, { rate = 13.1, from = "17:00", to = "21:00" }]
///
/// [[tariff.export.component]]
/// name = "feed-in"
/// rate = 7.78
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTariff {
    /// What the rates are counted in: `ct/kWh`, `pence/kWh`, `øre/kWh`, `SEK/kWh`, `EUR/MWh`; else the
    /// currency per kWh.
    pub unit: Option<String>,
    /// IANA name of the time zone of all windows and dates; else the home's.
    pub timezone: Option<String>,
    /// What a kWh from the grid costs.
    pub import: RawDirection,
    /// What a kWh to the grid earns; else nothing.
    pub export: Option<RawDirection>,
}

/// One direction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDirection {
    /// Percent, on every component that does not say otherwise; else 0.
    pub vat_pct: Option<f64>,
    /// The sum with VAT is at least this.
    pub floor: Option<f64>,
    /// The sum with VAT is at most this.
    pub cap: Option<f64>,
    /// For export only: net metering, a kWh earns what one costs.
    #[serde(default)]
    pub same_as_import: bool,
    /// What is added up.
    #[serde(default)]
    pub component: Vec<RawComponent>,
}

/// One component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawComponent {
    /// What it is called on the bill.
    pub name: String,
    /// So much per kWh; with windows, outside of all of them.
    pub rate: Option<f64>,
    /// Other rates at some times; the first that fits counts.
    #[serde(default)]
    pub windows: Vec<RawWindow>,
    /// The market's price, times this.
    pub market: Option<f64>,
    /// Only what the market's price is above this.
    pub market_above: Option<f64>,
    /// The market's price is taken to be at least this.
    pub market_floor: Option<f64>,
    /// The market's price is taken to be at most this.
    pub market_cap: Option<f64>,
    /// The whole component is 0 while the market's price is below this.
    pub unless_market_below: Option<f64>,
    /// So many percent of the components named in `of`, without their VAT.
    pub percent: Option<f64>,
    /// Names of components before this one.
    #[serde(default)]
    pub of: Vec<String>,
    /// Percent; else that of the direction. 0 where it is in the rate already.
    pub vat_pct: Option<f64>,
    /// Else that of the tariff.
    pub unit: Option<String>,
    /// Else that of the tariff.
    pub timezone: Option<String>,
    /// First day, such as `2026-01-01`; else since ever.
    pub valid_from: Option<Date>,
    /// First day on which it is over; else never.
    pub valid_until: Option<Date>,
}

/// Why a tariff cannot be used: one line for each thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct TariffError {
    /// Where and what.
    pub problems: Vec<String>,
}

pub(super) fn check(raw: &RawTariff, home: &TimeZone) -> Result<Tariff, TariffError> {
    let mut check = Check { problems: Vec::new() };
    let unit = check.unit("unit", raw.unit.as_deref(), Unit::PER_KWH);
    let zone = check.zone("timezone", raw.timezone.as_deref(), home);
    if raw.import.same_as_import {
        check.problem("import.same_as_import", "is for export only".into());
    }
    if raw.import.component.is_empty() {
        check.problem("import.component", "there is none; name at least what the energy costs".into());
    }
    let import = check.direction("import", &raw.import, unit, &zone);
    let export = match &raw.export {
        None => Export::Side(Side::default()),
        Some(raw) if raw.same_as_import => {
            if *raw != (RawDirection { same_as_import: true, ..RawDirection::default() }) {
                check.problem("export.same_as_import", "leaves no room for anything else in `export`".into());
            }
            Export::SameAsImport
        }
        Some(raw) => Export::Side(check.direction("export", raw, unit, &zone)),
    };
    if check.problems.is_empty() {
        Ok(Tariff { import, export })
    } else {
        Err(TariffError { problems: check.problems })
    }
}

struct Check {
    problems: Vec<String>,
}

impl Check {
    fn problem(&mut self, field: &str, text: String) {
        self.problems.push(format!("{field}: {text}"));
    }

    fn unit(&mut self, field: &str, text: Option<&str>, or: Unit) -> Unit {
        match text.map(Unit::parse) {
            None => or,
            Some(Ok((unit, _))) => unit,
            Some(Err(error)) => {
                self.problem(field, error.to_string());
                or
            }
        }
    }

    fn zone(&mut self, field: &str, name: Option<&str>, or: &TimeZone) -> TimeZone {
        match name.map(TimeZone::get) {
            None => or.clone(),
            Some(Ok(zone)) => zone,
            Some(Err(_)) => {
                self.problem(field, format!("`{}` is no IANA time zone", name.unwrap_or_default()));
                or.clone()
            }
        }
    }

    fn finite(&mut self, field: String, value: Option<f64>) {
        if let Some(value) = value.filter(|value| !value.is_finite()) {
            self.problem(&field, format!("{value} is not finite"));
        }
    }

    fn vat(&mut self, field: String, value: Option<f64>) {
        if let Some(value) = value.filter(|value| !(0.0..=100.0).contains(value)) {
            self.problem(&field, format!("{value} is not 0 to 100"));
        }
    }

    fn direction(&mut self, at: &str, raw: &RawDirection, unit: Unit, zone: &TimeZone) -> Side {
        self.vat(format!("{at}.vat_pct"), raw.vat_pct);
        self.finite(format!("{at}.floor"), raw.floor);
        self.finite(format!("{at}.cap"), raw.cap);
        if let (Some(floor), Some(cap)) = (raw.floor, raw.cap)
            && floor > cap
        {
            self.problem(&format!("{at}.floor"), format!("{floor} is above the cap, {cap}"));
        }
        let mut components: Vec<Component> = Vec::with_capacity(raw.component.len());
        for component in &raw.component {
            let at = format!("{at}.component `{}`", component.name);
            if component.name.is_empty() {
                self.problem(&at, "has no name".into());
            }
            if components.iter().any(|known| known.name == component.name) {
                self.problem(&at, "there are two of that name".into());
            }
            if let Some(unknown) = component.of.iter().find(|name| !components.iter().any(|c| c.name == **name)) {
                self.problem(&format!("{at}.of"), format!("there is no component `{unknown}` before this one"));
            }
            let vat_pct = raw.vat_pct.unwrap_or_default();
            let checked = self.component(&at, component, unit, zone, vat_pct);
            components.push(checked);
        }
        let money = |amount: f64| unit.per_kwh(amount);
        Side { components, floor: raw.floor.map(money), cap: raw.cap.map(money) }
    }

    fn component(&mut self, at: &str, raw: &RawComponent, unit: Unit, zone: &TimeZone, vat_pct: f64) -> Component {
        let unit = self.unit(&format!("{at}.unit"), raw.unit.as_deref(), unit);
        let zone = self.zone(&format!("{at}.timezone"), raw.timezone.as_deref(), zone);
        for (field, value) in [
            ("rate", raw.rate),
            ("market", raw.market),
            ("market_above", raw.market_above),
            ("market_floor", raw.market_floor),
            ("market_cap", raw.market_cap),
            ("unless_market_below", raw.unless_market_below),
            ("percent", raw.percent),
        ] {
            self.finite(format!("{at}.{field}"), value);
        }
        self.vat(format!("{at}.vat_pct"), raw.vat_pct);
        if raw.rate.is_none() && raw.market.is_none() && raw.percent.is_none() {
            let way_out = if raw.windows.is_empty() {
                "has neither `rate` nor `market` nor `percent`"
            } else {
                "has windows but no `rate` for all other times; `rate = 0` where there is nothing to pay"
            };
            self.problem(at, way_out.into());
        }
        let bounds = [raw.market_above, raw.market_floor, raw.market_cap];
        if raw.market.is_none() && bounds.iter().any(Option::is_some) {
            self.problem(at, "`market_above`, `market_floor` and `market_cap` need `market`".into());
        }
        if raw.percent.is_some() == raw.of.is_empty() {
            self.problem(at, "`percent` and `of` go together".into());
        }
        if let (Some(from), Some(until)) = (raw.valid_from, raw.valid_until)
            && from >= until
        {
            self.problem(&format!("{at}.valid_until"), format!("{until} is not after {from}"));
        }
        for (index, window) in raw.windows.iter().enumerate() {
            for problem in window.problems() {
                self.problem(&format!("{at}.windows[{index}]"), problem);
            }
        }
        let money = |amount: f64| unit.per_kwh(amount);
        let windows = raw.windows.iter().map(|w| RawWindow { rate: money(w.rate), ..w.clone() }).collect();
        let market = raw.market.map(|factor| Market {
            factor,
            above: raw.market_above.map(money),
            floor: raw.market_floor.map(money),
            cap: raw.market_cap.map(money),
        });
        Component {
            name: raw.name.clone(),
            rate: raw.rate.map_or(0.0, money),
            windows,
            market,
            share: raw.percent.map(|percent| Share { percent, of: raw.of.clone() }),
            unless_market_below: raw.unless_market_below.map(money),
            vat_pct: raw.vat_pct.unwrap_or(vat_pct),
            zone,
            valid_from: raw.valid_from,
            valid_until: raw.valid_until,
        }
    }
}
