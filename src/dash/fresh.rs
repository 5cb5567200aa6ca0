//! Whether what is shown is now. Pure.

use super::board::Board;
use super::link::Link;
use crate::model::UnixMs;

/// Whether what is shown can be trusted to be now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// It can.
    Fresh,
    /// The daemon is connected and silent for over two cycles.
    Late {
        /// Age of the data in milliseconds.
        age_ms: i64,
    },
    /// The daemon is being sought.
    Lost {
        /// Age of the data in milliseconds.
        age_ms: i64,
    },
    /// The store is shown, read-only.
    Store {
        /// Age of the data in milliseconds.
        age_ms: i64,
    },
}

/// Least age at which connected data count as late, in milliseconds.
const LATE_MS_MIN: i64 = 10_000;

/// How fresh `board` is at `now`: late when older than two of the daemon's cycles, at least ten
/// seconds.
#[must_use]
pub fn freshness(board: &Board, link: &Link, now: UnixMs) -> Freshness {
    let age_ms = now.since(board.at).max(0);
    match link {
        Link::Live if age_ms > (2 * board.daemon.interval_ms).max(LATE_MS_MIN) => {
            Freshness::Late { age_ms }
        }
        Link::Live => Freshness::Fresh,
        Link::Reconnecting { .. } => Freshness::Lost { age_ms },
        Link::Offline { as_of, .. } => Freshness::Store { age_ms: now.since(*as_of).max(0) },
    }
}
