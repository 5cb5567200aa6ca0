//! The incidents closed in the last 24 hours, folded beneath the open ones. Pure.

use super::fetched::Fetched;
use super::state::{Cmd, Row};
use crate::api::ClosedIncident;
use crate::model::{IncidentId, Span, UnixMs};

/// How far back they are shown.
const BACK_MS: i64 = 24 * 3_600_000;

/// How far ahead of this machine's clock the daemon's may be.
const AHEAD_MS: i64 = 3_600_000;

/// How old they become before they are asked for anew, in milliseconds.
const FRESH_MS: i64 = 5_000;

/// What is known of them.
#[derive(Debug, Clone, Default)]
pub struct Closed {
    /// They are listed; else only how many there are.
    pub is_open: bool,
    /// As they came.
    pub fetched: Fetched<ClosedIncident>,
}

impl Closed {
    /// One of them.
    #[must_use]
    pub fn incident(&self, id: &IncidentId) -> Option<&ClosedIncident> {
        self.fetched.list.iter().find(|incident| incident.id == *id)
    }

    /// The line that folds them, and beneath it, when it is open, they themselves.
    pub(super) fn rows(&self) -> Vec<Row> {
        let listed = self.fetched.list.iter().filter(|_| self.is_open);
        std::iter::once(Row::Fold)
            .chain(listed.map(|incident| Row::Closed(incident.id.clone())))
            .collect()
    }

    /// Changes whenever the rows do.
    pub(super) const fn version(&self) -> (u64, bool) {
        (self.fetched.changes(), self.is_open)
    }

    /// Asks for them when they are old.
    pub(super) fn ask(&mut self, now: UnixMs, commands: &mut Vec<Cmd>) {
        if self.fetched.ask(now, FRESH_MS) {
            commands.push(Cmd::Closed(Span::new(now - BACK_MS, now + AHEAD_MS)));
        }
    }
}
