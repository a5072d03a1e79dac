//! The physics of a home with batteries, pure: what is used, what the sun gives and what the battery
//! is told go in; what the meter shows and what is stored come out.
//!
//! ```
//! use wattwright_simulator::{Battery, BatteryParameters, Drive, Home, Inputs};
//!
//! let battery = Battery::new(BatteryParameters::default(), 50.0)?;
//! let mut home = Home::new(battery, None);
//! home.command(Drive::Discharge { power_w: 300.0 });
//! let step = home.step(Inputs { load_w: 500.0, ..Inputs::default() }, 900.0);
//! assert_eq!((step.grid_w, step.battery_w), (200.0, 300.0));
//! # Ok::<(), wattwright_simulator::ParameterError>(())
//! ```
//!
//! Power into the home's bus is positive: import, solar, battery discharge; what is used is positive.
//! Time is passed in as the length of a step in seconds: a second where ramp and latency matter, a slot
//! where only energy does.
//!
//! Architecture invariants: no I/O, no clock, no randomness; the same inputs give the same home.

mod account;
mod battery;
mod home;

pub use account::{Account, Totals};
pub use battery::{Battery, BatteryParameters, Drive, ParameterError};
pub use home::{Home, Inputs, Step};
