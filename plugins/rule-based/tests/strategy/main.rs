//! The strategy on small homes that are made for one rule each.

#[cfg(test)]
mod battery;
#[cfg(test)]
mod day;
#[cfg(test)]
mod home;
#[cfg(test)]
mod less;
#[cfg(test)]
mod light;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod solar;
#[cfg(test)]
mod tasks;

/// Random homes of each property.
#[cfg(test)]
const CASES: u32 = 2000;
