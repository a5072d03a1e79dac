//! Brings prices from where they are published onto a [`forecast::Shelf`], and likewise weather and sun.
//!
//! ```text
//! [[prices.source]] ─> Source ─┐
//!                              ├─> Feeds::step(now) ─> Shelf (in order of preference)
//! Home Assistant ─> HomePort ──┘        │
//!                                       └─> cache on disk: what is known, when to ask again
//! [[weather.source]], [[solar.source]] ─> Sky::step(now) ─> Skies, in the same way
//! ```
//!
//! What the parsers of `forecast` cannot know is here: when a source is worth asking, how long an answer
//! may take and how large it may be, what to do when it is refused, and what is remembered across
//! restarts. [`Feeds`] is driven by its owner, in a task of its own: [`Feeds::step`] does whatever is due and
//! says when it wants to be called again. Sources are asked one after the other, each within the time that
//! [`HttpLimits`] allows, so a step may take as long as all of them hanging; whoever needs prices meanwhile
//! has the [`Prices`] of the step before. [`Feeds::run`] is all of this as a loop. [`Sky`] does the same for
//! weather and sun.
//!
//! Architecture invariants: the time is passed in, so that a schedule can be tested without waiting; a
//! source is never asked before the time it has named (`Retry-After`) or earned (back-off), also not
//! after a restart; secrets are in no message.

mod cache;
mod drive;
mod feed;
mod feeds;
mod http;
mod port;
mod query;
mod schedule;
mod sky;
mod source;

pub use cache::Cache;
pub use feed::FetchError;
pub use feeds::{Dice, Feeds, Prices, Settings, SourceStatus};
pub use http::{HttpError, HttpLimits};
pub use port::HomePort;
pub use schedule::{Health, Horizon};
pub use sky::{RawSolarSource, RawWeatherSource, Site, Skies, Sky, SkySourceError, SolarSource, WeatherSource};
pub use source::{RawSource, Source, SourceError};
