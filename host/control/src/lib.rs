//! The tick and what surrounds it: fall-backs, leases, executor, balance loop.
//!
//! ```text
//! Home ─> beliefs ─> Snapshot ─> strategy (or the next, or the safe state) ─> Plan ─> Guard
//!                                                                                     │
//! Outcome <─ read back, effect <─ Home::send <─ drive (each second, judged again) <───┘
//! ```
//!
//! Open [`controller`] first: it is the loop. [`tick`] is one pass through the chain, [`drive`] decides
//! each second what a battery should be told so that the command in force stays true.
//!
//! Architecture invariants: nothing here opens a file or a socket — the home, the data ahead and the
//! record are ports ([`home::Home`], [`ports`]) —, and nothing is sent that the guard did not approve.

pub mod balance;
pub mod controller;
pub mod drive;
pub mod live;
pub mod ports;
pub mod setup;
pub mod snapshot;
pub mod standing;
pub mod tasks;
pub mod tick;

pub use controller::Controller;
pub use ports::{Data, Known, Record, RecordError};
pub use setup::{BatterySetup, DeviceSetup, Setup, TaskSetup};
