//! tuantra (*tuần tra*, patrol): keeps the inventory of a province's government network, patrols
//! it, and shows its measured connectivity coverage.
//!
//! Data flows one way: inventory → probe → health → store → (coverage → report | alert | api →
//! dash). Who may import whom is in `docs/architecture.md` and is checked by `tests/layers.rs`.

pub mod alert;
pub mod api;
pub mod cli;
pub mod config;
pub mod coverage;
pub mod daemon;
pub mod dash;
pub mod health;
pub mod inventory;
pub mod locale;
pub mod memory;
pub mod model;
pub mod probe;
pub mod report;
pub mod sim;
pub mod store;
