//! When the bell is due. Pure.

use std::collections::HashSet;

use super::board::Board;
use crate::model::IncidentId;

/// The incidents that have been seen; none before the first board.
#[derive(Debug, Default)]
pub(super) struct Bell {
    seen: Option<HashSet<IncidentId>>,
}

impl Bell {
    /// Whether an incident is open that was not the last time; announced work rings for nobody, and
    /// what was open when the dashboard was started is no news.
    pub fn is_due(&mut self, board: &Board) -> bool {
        let open: HashSet<IncidentId> = board.incidents.iter().map(|i| i.id.clone()).collect();
        let is_new = |seen: &HashSet<IncidentId>| {
            board.incidents.iter().any(|i| !i.planned && !seen.contains(&i.id))
        };
        let is_due = self.seen.as_ref().is_some_and(is_new);
        self.seen = Some(open);
        is_due
    }
}
