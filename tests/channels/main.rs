//! Channels of alerts: every request against the published form and limits of its service, every
//! answer's meaning, real calls with faults on the way, and real servers on loopback where they are
//! installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![expect(clippy::panic, reason = "so it does here")]
#![expect(clippy::print_stdout, reason = "a skipped test must say so")]

mod alertmanager;
mod common;
mod faults;
mod judged;
mod kinds;
mod mail;
mod matrix;
mod mistakes;
mod programs;
mod schema;
mod secrets;
mod server;
