//! The real binary patrolling: loopback, and the demo's virtual province.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]
#![expect(clippy::print_stdout, reason = "a skipped test says why")]
#![expect(clippy::disallowed_methods, reason = "real processes live in real time")]

mod commands;
mod common;
mod daemon;
mod db;
mod demo;
mod discover;
mod metrics;
mod own_loss;
mod services;
mod snmp;
mod traps;
