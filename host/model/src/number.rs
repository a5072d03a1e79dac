//! JSON for numbers of strangers.
//!
//! JSON has no NaN and no infinity, but a strategy may answer with one and the journal must keep what
//! it said. Such a number is written as the text `"NaN"`, `"inf"` or `"-inf"`.

use serde::{Deserialize, Deserializer, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Number(f64),
    Text(String),
}

/// Writes a number, or its name when it is not finite.
pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() { to.serialize_f64(*value) } else { to.collect_str(value) }
}

/// Reads what [`serialize`] wrote.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    match Either::deserialize(from)? {
        Either::Number(value) => Ok(value),
        Either::Text(text) => text.parse().map_err(|_| {
            serde::de::Error::custom(format!("expected a number, `NaN`, `inf` or `-inf`, found `{text}`"))
        }),
    }
}

/// The same for a number that may be absent.
pub mod option {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a number, its name when it is not finite, or null.
    pub fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    /// Reads what [`serialize`] wrote.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "super")] f64);
        Ok(Option::<Wrapped>::deserialize(from)?.map(|w| w.0))
    }
}
