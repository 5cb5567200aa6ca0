//! The incidents closed in the last 24 hours, folded beneath the open ones. Pure.

use std::collections::BTreeSet;

use super::board::Board;
use super::fetched::Fetched;
use super::state::{Cmd, Row};
use crate::api::ClosedIncident;
use crate::model::{IncidentId, Span, UnixMs};

/// How far back they are shown.
const BACK_MS: i64 = 24 * 3_600_000;

/// How far ahead of this machine's clock the daemon's may be.
const AHEAD_MS: i64 = 3_600_000;

/// How old they become before they are asked for anew, in milliseconds: to find them the daemon reads
/// through its log.
const FRESH_MS: i64 = 30_000;

/// The same shortly after something was closed, of which the store may know a moment later.
const FRESH_AFTER_MS: i64 = 5_000;

/// What is known of them.
#[derive(Debug, Clone, Default)]
pub struct Closed {
    /// They are listed; else only how many there are.
    pub is_open: bool,
    /// As they came.
    pub fetched: Fetched<ClosedIncident>,
    /// What was open when it was last looked, and when that was.
    seen: Option<(UnixMs, BTreeSet<IncidentId>)>,
    /// When something was closed last.
    last: Option<UnixMs>,
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

    /// Asks for them when they are old, and at once when something that was open is no more.
    pub(super) fn ask(&mut self, board: &Board, now: UnixMs, commands: &mut Vec<Cmd>) {
        if self.sees_one_go(board) {
            self.last = Some(now);
            self.fetched.hurry();
        }
        let is_after = self.last.is_some_and(|at| (0..FRESH_MS).contains(&now.since(at)));
        let fresh_ms = if is_after { FRESH_AFTER_MS } else { FRESH_MS };
        if self.fetched.ask(now, fresh_ms) {
            commands.push(Cmd::Closed(Span::new(now - BACK_MS, now + AHEAD_MS)));
        }
    }

    /// True when an incident that was open when it was last looked is open no more.
    fn sees_one_go(&mut self, board: &Board) -> bool {
        if self.seen.as_ref().is_some_and(|(at, _)| *at == board.at) {
            return false;
        }
        let open: BTreeSet<IncidentId> = board.incidents.iter().map(|i| i.id.clone()).collect();
        let has_gone = |(_, before): &(UnixMs, BTreeSet<IncidentId>)| !before.is_subset(&open);
        let one_goes = self.seen.as_ref().is_some_and(has_gone);
        self.seen = Some((board.at, open));
        one_goes
    }
}
