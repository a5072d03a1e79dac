//! End to end: the real binary against a real Home Assistant with simulated devices.
//!
//! `cargo xtask test` prepares what they need; afterwards `cargo test -p wattwright-tests` runs them.
//! Tests on the rig take turns, since they all turn the same knobs.

mod e2e;
