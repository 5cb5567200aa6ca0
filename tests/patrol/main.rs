//! The real binary patrolling: loopback, and the demo's virtual province.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod common;
mod daemon;
mod demo;
mod terminal;
