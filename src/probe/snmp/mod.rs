//! Asks devices by SNMP what they say of themselves.
//!
//! ```text
//! what is wanted (Wanted) ──► session (one per device) ──► what it said (Answers) ──► read, purely
//! ```
//! Guarantees: a device has at most one request in flight; all it says is bounded here; what it
//! does wrong is a typed error or a missing value, never a crash.
//! Must not know what a value means for a subject's state: that is `health`'s.

pub mod ask;
pub mod counter;
pub mod facts;
pub mod health;
pub mod interfaces;
pub mod mib;
pub mod neighbours;
pub mod profile;
pub mod reading;
pub mod ups;
pub mod uptime;
pub mod value;
pub mod wire;
