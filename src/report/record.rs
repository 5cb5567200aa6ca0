//! What the store says of each subject, as far as the daemon can vouch for it.

use std::collections::BTreeMap;

use super::Evidence;
use crate::model::{Inventory, Maintenance, State, StateInterval, SubjectId, SubjectIx, UnixMs};
use crate::store::ALIVE_WITHIN_MS;

/// The intervals of every subject of the inventory, and the work announced beside its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    by_subject: Vec<Vec<StateInterval>>,
    one_off: Vec<Maintenance>,
    evidence: Option<Evidence>,
}

/// Until when the daemon can vouch for a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vouched {
    /// Its last sign of life.
    pub(super) last_alive: Option<UnixMs>,
    pub(super) now: UnixMs,
}

impl Vouched {
    /// Ends what nobody vouches for: a round vouches for one interval, and two without a round are
    /// a hole. So when `now` is more than two intervals after `last_alive` (and longer than a
    /// running daemon's record may lag), an open interval ends one interval after it.
    pub(super) fn cut(self, record: &mut Vec<StateInterval>, interval_ms: i64) {
        let Self { last_alive, now } = self;
        let is_known =
            last_alive.is_some_and(|t| now.since(t) <= ALIVE_WITHIN_MS.max(2 * interval_ms));
        if !is_known && let Some(last) = record.last_mut().filter(|i| i.to.is_none()) {
            last.to = Some(last_alive.map_or(last.from, |t| t + interval_ms));
            if last.to.is_some_and(|to| to <= last.from) {
                record.pop();
            }
        }
    }
}

impl Records {
    /// Takes the store's intervals, as far as they are vouched for ([`Vouched`]).
    #[must_use]
    pub fn new(
        inventory: &Inventory,
        mut intervals: BTreeMap<SubjectId, Vec<StateInterval>>,
        last_alive: Option<UnixMs>,
        now: UnixMs,
    ) -> Self {
        let vouched = Vouched { last_alive, now };
        let one = |subject: &crate::model::Subject| {
            let mut record = intervals.remove(&subject.id).unwrap_or_default();
            vouched.cut(&mut record, subject.health.interval_ms);
            record
        };
        let by_subject = inventory.subjects.iter().map(one).collect();
        Self { by_subject, ..Self::default() }
    }

    /// With the work that was announced beside the inventory's own.
    #[must_use]
    pub fn with_maintenance(self, one_off: Vec<Maintenance>) -> Self {
        Self { one_off, ..self }
    }

    /// With what the figures rest on.
    #[must_use]
    pub fn with_evidence(self, evidence: Evidence) -> Self {
        Self { evidence: Some(evidence), ..self }
    }

    /// What the figures rest on; `None` where the store was not asked.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// The work that was announced beside the inventory's own.
    #[must_use]
    pub fn one_off(&self) -> &[Maintenance] {
        &self.one_off
    }

    /// One subject's intervals.
    #[must_use]
    pub fn of(&self, subject: SubjectIx) -> &[StateInterval] {
        self.by_subject.get(subject.ix()).map_or(&[], Vec::as_slice)
    }

    /// A subject's state at `at`; unmeasured where nothing is recorded.
    #[must_use]
    pub fn state_at(&self, subject: SubjectIx, at: UnixMs) -> State {
        let record = self.of(subject);
        let next = record.partition_point(|i| i.from <= at);
        next.checked_sub(1)
            .and_then(|last| record.get(last))
            .filter(|i| i.to.is_none_or(|to| at < to))
            .map_or(State::Unmeasured, |i| i.state)
    }
}
