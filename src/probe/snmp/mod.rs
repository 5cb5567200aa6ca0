//! Asks devices by SNMP what they say of themselves.
//!
//! ```text
//! patrol (whose turn it is) ──► session (one per device) ──► net (one socket a family) ──► device
//! what is wanted (Wanted) ─────────► │ ────► what it said (Answers) ──► read, purely
//! ```
//! Guarantees: a device has at most one request in flight; all it says is bounded here; what it
//! does wrong is a typed error or a missing value, never a crash.
//! Must not know what a value means for a subject's state: that is `health`'s.

pub mod ask;
mod asks;
mod columns;
pub mod counter;
mod engine;
mod error;
pub mod facts;
pub mod health;
pub mod interfaces;
mod learned;
pub mod mib;
pub mod neighbours;
mod net;
mod patrol;
pub mod profile;
mod rate;
pub mod reading;
mod session;
pub mod traps;
pub mod ups;
pub mod uptime;
pub mod value;
mod values;
pub mod wire;

pub use asks::{Asks, Opens, Target, Turn};
pub use error::{Reason, Report, SnmpError};
pub use learned::Learned;
pub use net::{Dropped, Net};
pub use patrol::Patrol;
pub use rate::Rate;
pub use session::Session;
