//! What the project takes from its SNMP library: the one file that names it.

pub use async_snmp::{Oid, Value};
