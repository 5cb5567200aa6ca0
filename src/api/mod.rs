//! What the daemon and its clients say to each other over the Unix socket: the types of the
//! protocol, how a snapshot is made and changed, the server's routes and the client. No decision
//! about health is made here.
//!
//! `GET /v1/snapshot` · `GET /v1/changes?after=SEQ` (server-sent events) · `GET /v1/history` ·
//! `GET /v1/drift` · `GET /v1/explain` · `GET /v1/heir` · `GET /v1/events` · `GET /v1/incidents` ·
//! `GET /v1/loads` · `GET /v1/lost` · `GET /v1/maintenance` · `PUT` and
//! `DELETE /v1/maintenance/{id}` · `POST /v1/ack` · `POST /v1/ask` · `POST /v1/outage` ·
//! `POST /v1/outbox` · `GET /v1/storm` · `PUT` and `DELETE /v1/storm/{unit}` · `POST /v1/reload`; `curl --unix-socket tuantra.sock http://t/v1/snapshot` is a
//! client. docs/socket.md has them all.

mod client;
mod closed;
mod commands;
mod device;
mod events;
mod loads;
mod lost;
mod parts;
mod server;
mod snapshot;
mod storm;
mod types;
mod user;

#[cfg(test)]
mod tests;

pub use client::{Changes, Client, ClientError};
pub use closed::{CLOSED_MAX, ClosedIncident, DownWith};
pub use commands::{
    ACK_MAX_MS, ASK_MAX, AckRequest, Acknowledged, AskRequest, AskedNow, NOTE_MAX, NoteRequest,
    Noted, OutboxAction, OutboxDone, OutboxRequest, RECURRING_MAX_MS, WORK_MAX_MS, Work,
    WorkRequest,
};
pub use device::{DeviceInfo, FactInfo, GaugeInfo, InterfaceInfo, PortState, UpsInfo};
pub use events::{EVENTS_MAX, EventRow};
pub use loads::LineLoad;
pub use lost::{LostQuery, LostRow, SLOTS_MAX};
pub use parts::{
    CarrierLines, Overview, PAGE_MAX, Page, PageBody, PageRow, StateCounts, Text, folded, place_of,
    unfold,
};
pub use server::{Backend, Feed, HistoryQuery, Peer, WINDOW_MAX_MS, serve};
pub use snapshot::{Coverages, Moment, Sources, coverages, overview, page, snapshot};
pub use storm::{StormInfo, StormRequest};
pub use types::{
    BlindInfo, CarrierInfo, Change, ChannelInfo, DaemonInfo, Heir, History, LostChannel,
    NetworkInfo, Problem, ReloadFailure, Reloaded, Snapshot, SubjectRow, SubjectState, TrapsInfo,
    TurnsInfo, UnitChange, UnitCoverage, UnitRow,
};
pub use user::{Role, User};

pub use crate::inventory::drift::{Drift, Drifts, Fit, What};
