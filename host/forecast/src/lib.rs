//! What is known of the slots ahead, from the payloads that others publish. Pure: text or JSON in,
//! slots and named problems out; the caller fetches, and passes the time in.
//!
//! ```text
//! payload ─> prices::… ─> Document { heading, slots, problems } ─> Shelf ─> Tariff::prices(slot)
//! readings ─> past::Accumulator ─> PastSlot ─┬> LoadModel ─> load of the slots ahead, low and high
//!                                            └> SolarModel ─> solar, low and high
//! payload ─> solar::…::parse ─> Outlook ────────┘
//! payload ─> weather::open_meteo::parse ─> irradiance ─> solar::panel ─┘
//! ```
//!
//! Architecture invariants: no I/O, no clock. Nothing is repaired silently: whatever is sorted, cut,
//! dropped or put aside is named in a [`model::snapshot::Problem`].

pub mod estimate;
mod history;
pub mod holidays;
pub mod load;
pub mod past;
pub mod prices;
pub mod quality;
pub mod series;
pub mod solar;
mod spread;
pub mod tariff;
pub mod weather;

pub use estimate::Estimate;
pub use load::LoadModel;
pub use past::Accumulator;
pub use prices::{Document, PriceBook, PriceSlot, Shelf};
pub use series::{Series, SeriesError, SeriesRow};
pub use solar::SolarModel;
pub use tariff::{ExportTariff, RawTariff, Tariff};
pub use weather::WeatherHour;
