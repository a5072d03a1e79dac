//! The tick and what surrounds it: fall-backs, leases, executor, balance loop.
//!
//! ```text
//! Home ─> beliefs ─> Snapshot ─> strategies, in the owner's order ─> plans ─> claims ─> Guard
//!                       │                                                                │
//!                       └─> shadows: recorded, never carried out                         │
//! Outcome <─ read back, effect <─ Home::send <─ drive (each second, judged again) <──────┘
//! ```
//!
//! Open [`controller`] first: it is the loop. [`tick`] asks the strategies, [`claims`] says who decides
//! what, [`drive`] decides each second what a battery should be told so that the command in force stays
//! true, and [`replay`] does all of it again from the record.
//!
//! Architecture invariants: nothing here opens a file or a socket — the home, the data ahead and the
//! record are ports ([`home::Home`], [`ports`]) —, and nothing is sent that the guard did not approve.

pub mod announce;
pub mod ask;
pub mod claims;
pub mod clock;
pub mod controller;
pub mod drive;
pub mod foreign;
pub mod lease;
pub mod ledger;
pub mod live;
pub mod owner;
pub mod ports;
pub mod replay;
pub mod roster;
pub mod setup;
pub mod shadows;
pub mod snapshot;
pub mod standing;
pub mod tasks;
pub mod tick;

pub use clock::{Clock, SystemClock};
pub use controller::Controller;
pub use lease::{Holder, Lease};
pub use model::task::TaskSetup;
pub use owner::{Owner, OwnerError};
pub use ports::{Data, Kept, Known, Record, RecordError};
pub use setup::{BatterySetup, DeviceSetup, Setup};
