//! What the daemon and its clients say to each other over the Unix socket: the types of the
//! protocol, how a snapshot is made and changed, the server's routes and the client. No decision
//! about health is made here.
//!
//! `GET /v1/snapshot` · `GET /v1/changes?after=SEQ` (server-sent events) · `GET /v1/history` ·
//! `POST /v1/reload`; `curl --unix-socket tuantra.sock http://t/v1/snapshot` is a client.

mod client;
mod server;
mod snapshot;
mod types;

#[cfg(test)]
mod tests;

pub use client::{Changes, Client, ClientError};
pub use server::{Backend, Feed, HistoryQuery, Peer, serve};
pub use snapshot::{Coverages, Sources, coverages, snapshot};
pub use types::{
    CarrierInfo, Change, DaemonInfo, History, NetworkInfo, Problem, ReloadFailure, Reloaded,
    Snapshot, SubjectRow, SubjectState, UnitChange, UnitCoverage, UnitRow,
};
