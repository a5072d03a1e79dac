//! The strategy on small homes that are made for one thing each, and on any home. The homes, and what every plan must
//! keep to, are those of the rule-based strategy's tests.

#[cfg(test)]
extern crate linear as rule_based;

#[cfg(test)]
mod day;
#[cfg(test)]
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../../../rule-based/tests/strategy/home.rs"]
mod home;
#[cfg(test)]
#[path = "../../../rule-based/tests/strategy/properties.rs"]
mod properties;
#[cfg(test)]
mod tasks;
