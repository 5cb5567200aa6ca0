//! The dashboard in a real terminal: a shell in a pseudoterminal whose output a VT parser reads.
//! What an operator does there against a real daemon, and in what state the terminal is left, by
//! whatever way the dashboard ends.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]
#![expect(clippy::print_stdout, reason = "a skipped test says why")]
#![expect(clippy::disallowed_methods, reason = "real processes live in real time")]

#[expect(dead_code, reason = "the tests of the daemon use more of it")]
#[path = "../patrol/common.rs"]
mod common;
mod endings;
mod looks;
mod operator;
mod panics;
#[expect(dead_code, reason = "the tests of the screens use more of the sample")]
#[path = "../dash/sample.rs"]
mod sample;
mod terminal;
mod walk;
