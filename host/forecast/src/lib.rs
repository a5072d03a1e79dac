//! What is known of the slots ahead, from the payloads that others publish. Pure: text or JSON in,
//! slots and named problems out; the caller fetches, and passes the time in.
//!
//! ```text
//! payload ─> prices::… ─> Document { heading, slots, problems } ─> Shelf ─> Tariff::prices(slot)
//! readings ─> past::Accumulator ─> PastSlot ─> persistence::fill ─> solar and load of the slots ahead
//! ```
//!
//! Architecture invariants: no I/O, no clock. Nothing is repaired silently: whatever is sorted, cut,
//! dropped or put aside is named in a [`model::snapshot::Problem`].

pub mod past;
pub mod persistence;
pub mod prices;
pub mod series;
pub mod tariff;
pub mod weather;

pub use past::{Accumulator, Sample};
pub use prices::{Document, PriceBook, PriceSlot, Shelf};
pub use series::{Series, SeriesError, SeriesRow};
pub use tariff::{ExportTariff, RawTariff, Tariff};
pub use weather::WeatherHour;
