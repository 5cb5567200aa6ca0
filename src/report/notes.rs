//! What operators said of outages, looked up by outage.

use std::collections::BTreeMap;

use crate::coverage::Outage;
use crate::model::{
    Cause, Inventory, KeptIncident, OutageNote, Span, SubjectId, SubjectIx, UnixMs,
};

/// Notes and acknowledgements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    notes: BTreeMap<SubjectId, Vec<OutageNote>>,
    taken: BTreeMap<SubjectId, Vec<KeptIncident>>,
}

/// What was said of one outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// The note that counts: the last.
    pub last: &'a OutageNote,
    /// What it was called before that, when it was called something else.
    pub before: Option<Cause>,
}

/// The time an outage takes; open to the end of time while it lasts.
pub(super) fn span(outage: &Outage) -> Span {
    Span::new(outage.start, outage.end.unwrap_or(UnixMs(i64::MAX)))
}

impl Said {
    /// The store's notes, in the order they were made, and its incidents.
    #[must_use]
    pub fn new(notes: BTreeMap<SubjectId, Vec<OutageNote>>, incidents: Vec<KeptIncident>) -> Self {
        let mut taken: BTreeMap<SubjectId, Vec<KeptIncident>> = BTreeMap::new();
        for incident in incidents.into_iter().filter(|i| i.ack.is_some()) {
            taken.entry(incident.root.clone()).or_default().push(incident);
        }
        Self { notes, taken }
    }

    /// What was said of an outage of `subject`.
    #[must_use]
    pub fn of(&self, subject: &SubjectId, outage: &Outage) -> Option<Word<'_>> {
        let within = span(outage);
        let about = |note: &&OutageNote| within.contains(note.start);
        let all = self.notes.get(subject)?;
        let last = all.iter().rfind(about)?;
        let before = all.iter().filter(about).rfind(|note| note.cause != last.cause);
        Some(Word { last, before: before.map(|note| note.cause) })
    }

    /// Who took an outage of `subject`.
    #[must_use]
    pub fn taken_by(&self, subject: &SubjectId, outage: &Outage) -> Option<&str> {
        let within = span(outage);
        let incidents = self.taken.get(subject)?.iter();
        let found = incidents.rev().find(|i| within.contains(i.since) || within.contains(i.opened));
        found.and_then(|i| i.ack.as_ref()).map(|ack| ack.by.as_str())
    }

    /// By subject of `inventory` the spans of its outages with the causes confirmed for them,
    /// sorted and apart from each other, as the carriers' account takes them.
    #[must_use]
    pub fn confirmed(
        &self,
        inventory: &Inventory,
        outages: impl Fn(SubjectIx) -> Vec<Outage>,
    ) -> Vec<Vec<(Span, Cause)>> {
        let of_one = |ix: SubjectIx| {
            let id = &inventory.subject(ix).id;
            if !self.notes.contains_key(id) {
                return Vec::new();
            }
            let named = outages(ix).into_iter();
            named.filter_map(|o| Some((span(&o), self.of(id, &o)?.last.cause))).collect()
        };
        inventory.subject_ixs().map(of_one).collect()
    }
}
