//! Weather and sun ahead, from several sources in order of preference.
//!
//! ```text
//! [[weather.source]] ─┐                                   ┌─> weather: the best that knows a quarter-hour
//!                     ├─> Sky::step(now) ─> what each said ┤
//! [[solar.source]] ───┘                                   └─> solar: the same
//! ```
//!
//! A better source covers a quarter-hour, the next one fills what is left. One that has not answered for
//! hours counts less than one that has ([`Skies`] is made anew after each step); what it said stays in use
//! where nobody else knows, weather for a day at the most. A source that nobody needs is asked once a day, to
//! know whether it works, and is not named when it does not.

mod ask;
mod budget;
mod feed;
mod merge;
mod question;
mod said;
mod skies;
mod source;
mod step;

pub use skies::Skies;
pub use source::{RawSolarSource, RawWeatherSource, Site, SkySourceError, SolarSource, WeatherSource};
pub use step::Sky;
