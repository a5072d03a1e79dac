//! What the end-to-end tests stand on: a real Home Assistant with simulated devices, a home of one's own
//! for each test, and the real `wattwright` binary.
//!
//! Nothing here waits for a fixed time: [`wait::until`] polls for what should come true.

pub mod daemon;
pub mod files;
pub mod hass;
pub mod home;
pub mod page;
pub mod prices;
pub mod rig;
pub mod services;
pub mod sim;
pub mod wait;
