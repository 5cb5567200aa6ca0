//! The only room that speaks SQL: intervals, samples, events, incidents, announced work, the run
//! record, migrations.
//!
//! Guarantees: what [`Store::flush`] has acknowledged survives a killed process and a power cut;
//! a subject's intervals in the file partition time; facts are written in the order submitted and
//! carry a sequence number taken in the transaction that writes them; submitting never blocks and
//! a broken disk delays recording, not judging. One writing process per file, any number of
//! readers. Must not judge: states come in decided.

mod apply;
mod aside;
mod ballast;
mod block;
mod chain;
mod codec;
mod content;
mod copy;
mod damage;
mod error;
mod expire;
mod fact;
mod fold;
mod here;
mod hour_entries;
mod hour_rows;
mod journal;
mod lock;
mod lock_holder;
mod message;
mod neighbour;
mod numbers;
mod point_rollups;
mod queue;
mod reader;
mod repair;
mod salvage;
mod schema;
mod seal;
mod sketch;
mod trouble;
mod unproven;
mod upgrade;
mod upkeep;
mod writer;

pub use copy::{Copied, Restored, backup, restore};
pub use error::StoreError;
pub use expire::Retention;
pub use fact::{Batch, Event, EventKind, Fact, Reading, Sighting};
pub use message::{Message, MessageState};
pub use neighbour::{ADDRESSES_MAX, CABLES_MAX};
pub use reader::{
    Blind, ChainFlaw, ChainHead, Checked, Current, Differs, Finding, LostProof, OutageFilter,
    Progress, Rates, Reader, RecordedEvent, Remembered, Resolution, Stats, SubjectOutage,
    TableSize, Usual, Verified,
};
pub use sketch::{CounterRollup, GaugeRollup, PointRollup, Rollup, Spread};
pub use unproven::Lost;
pub use writer::{OpenOptions, Store, StoreStatus};

/// A running daemon's last sign of life in the file is never older: it hands one over at least
/// every 15 s, and the writer commits within 4 s.
pub const ALIVE_WITHIN_MS: i64 = 20_000;

#[cfg(test)]
mod tests;
