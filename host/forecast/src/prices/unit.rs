//! Units of prices: an amount of money per amount of energy, converted by name and never by guess.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a price is counted: in the currency or in its hundredth (cent, penny, øre), per how much energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit {
    hundredths: bool,
    per: Energy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Energy {
    /// Wh.
    Thousandth,
    /// kWh.
    One,
    /// MWh.
    Thousand,
}

/// A unit that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no unit of a price such as `EUR/MWh`, `ct/kWh`, `pence/kWh` or `øre/kWh`")]
pub struct UnitError(pub String);

impl Unit {
    /// The currency itself per kWh: what everything is converted to.
    pub const PER_KWH: Self = Self { hundredths: false, per: Energy::One };
    /// The currency per MWh: how exchanges count.
    pub const PER_MWH: Self = Self { hundredths: false, per: Energy::Thousand };
    /// Hundredths per kWh: cents, pence, øre.
    pub const HUNDREDTHS_PER_KWH: Self = Self { hundredths: true, per: Energy::One };

    /// Reads a unit as sources write it, with the currency where it says one: `EUR / MWh`, `€/kWh`,
    /// `ct/kWh`, `p/kWh`, `SEK/kWh`, `øre/kWh`. Upper and lower case and spaces make no difference.
    ///
    /// # Errors
    /// When the money or the energy is not known.
    pub fn parse(text: &str) -> Result<(Self, Option<String>), UnitError> {
        let error = || UnitError(text.to_owned());
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (money, energy) = compact.split_once('/').ok_or_else(error)?;
        let per = Energy::parse(energy).ok_or_else(error)?;
        let (hundredths, currency) = money_of(money).ok_or_else(error)?;
        Ok((Self { hundredths, per }, currency))
    }

    /// Reads a unit that is said in parts: whether the amounts are hundredths, and the energy (`kWh`).
    pub fn of_parts(hundredths: bool, energy: &str) -> Result<Self, UnitError> {
        let per = Energy::parse(energy).ok_or_else(|| UnitError(format!("…/{energy}")))?;
        Ok(Self { hundredths, per })
    }

    /// An amount in this unit, per kWh in the currency itself.
    ///
    /// Divides by a whole number, so that the result is the double nearest to the true one.
    pub fn per_kwh(self, amount: f64) -> f64 {
        let amount = if self.hundredths { amount / 100.0 } else { amount };
        match self.per {
            Energy::Thousandth => amount * 1000.0,
            Energy::One => amount,
            Energy::Thousand => amount / 1000.0,
        }
    }
}

impl Energy {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "wh" => Self::Thousandth,
            "kwh" => Self::One,
            "mwh" => Self::Thousand,
            _ => return None,
        })
    }
}

/// Whether it is hundredths, and of what currency if that is certain.
fn money_of(text: &str) -> Option<(bool, Option<String>)> {
    let known = |hundredths, currency: &str| Some((hundredths, Some(currency.to_owned())));
    match text.to_lowercase().as_str() {
        "" => None,
        "€" | "euro" => known(false, "EUR"),
        "€ct" | "ct€" | "c€" | "eurocent" | "eurocents" => known(true, "EUR"),
        "£" => known(false, "GBP"),
        "p" | "pence" | "penny" => known(true, "GBP"),
        "rp" | "rp." | "rappen" => known(true, "CHF"),
        "ct" | "cent" | "cents" | "øre" | "öre" | "ore" => Some((true, None)),
        "kr" | "currency" => Some((false, None)),
        code if code.len() == 3 && code.bytes().all(|b| b.is_ascii_lowercase()) => {
            known(false, &code.to_ascii_uppercase())
        }
        _ => None,
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let money = if self.hundredths { "ct" } else { "currency" };
        let energy = match self.per {
            Energy::Thousandth => "Wh",
            Energy::One => "kWh",
            Energy::Thousand => "MWh",
        };
        write!(f, "{money}/{energy}")
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.to_string()
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        Self::parse(&text).map(|(unit, _)| unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_sources_write_them() {
        for (text, amount, per_kwh, currency) in [
            ("EUR / MWh", 82.4, 0.0824, Some("EUR")),
            ("Eur/MWh", 82.4, 0.0824, Some("EUR")),
            ("€/kWh", 0.0824, 0.0824, Some("EUR")),
            ("ct/kWh", 8.24, 0.0824, None),
            ("p/kWh", 18.94, 0.1894, Some("GBP")),
            ("pence/kWh", 18.94, 0.1894, Some("GBP")),
            ("øre/kWh", 76.1, 0.761, None),
            ("SEK/kWh", 1.2, 1.2, Some("SEK")),
            ("DKK/MWh", 761.0, 0.761, Some("DKK")),
            ("EUR/Wh", 0.0001, 0.1, Some("EUR")),
        ] {
            let (unit, found) = Unit::parse(text).unwrap();
            assert!((unit.per_kwh(amount) - per_kwh).abs() < 1e-15, "{text}");
            assert_eq!(found.as_deref(), currency, "{text}");
            assert_eq!(Unit::parse(&unit.to_string()).unwrap().0, unit);
        }
    }

    #[test]
    fn what_is_no_unit_is_named() {
        for text in ["", "kWh", "EUR", "EUR/MJ", "/kWh", "W", "e2/kWh", "%/kWh"] {
            assert_eq!(Unit::parse(text), Err(UnitError(text.to_owned())));
        }
    }
}
