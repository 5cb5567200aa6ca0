//! A virtual province in a network namespace of its own, for the demo and the tests.
//!
//! - [`world`]: what is physically true at a time (pure): who answers, how fast, with what loss.
//! - [`script`]: the faults that make it so, and the log of what really happened.
//! - [`history`], [`backfill`]: a past that never was: a month of faults, intervals and samples.
//! - [`said`]: what operators made of that past, and how much went over its lines.
//! - [`namespace`], [`link`], [`responder`]: real packets: a namespace, a device into it, and a
//!   thread behind that device that answers for every address of the inventory.
//! - `agent`: what devices say by SNMP.
//! - [`services`]: the services of the data integration centre, at addresses of the namespace.
//! - [`sample`]: the sample inventory, carried inside the program.
//!
//! It knows nothing of the daemon: the daemon is told nothing either and asks real addresses with
//! real packets. No packet leaves the namespace.

mod agent;
pub mod backfill;
mod dice;
pub mod history;
pub mod link;
pub mod namespace;
mod netlink;
mod packet;
pub mod responder;
pub mod said;
pub mod sample;
pub mod script;
pub mod services;
mod sys;
pub mod world;

#[cfg(test)]
mod tests;

pub use sys::{die_with_parent, terminate};
