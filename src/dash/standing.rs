//! What the user stands on, whatever list it is in. Pure.

use super::state::{Row, Screen, Ui};
use crate::model::{Id, SubjectId, UnitId};

/// What is selected, or open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// A subject, or what is about one: an event, an observation, an incident by its root.
    Subject(SubjectId),
    /// A unit with all beneath it.
    Unit(UnitId),
    /// A unit without what is beneath it.
    Own(UnitId),
    /// Announced work.
    Work(Id),
}

impl Ui {
    /// What the user stands on; `None` where nothing is, or nothing that could be meant.
    pub(super) fn standing(&self) -> Option<Standing> {
        if self.screen == Screen::Subject {
            return self.detail.as_ref().map(|detail| Standing::Subject(detail.subject.clone()));
        }
        let subject = |id: &SubjectId| Standing::Subject(id.clone());
        match self.selected()? {
            Row::Subject(id) | Row::Incident(id) => Some(subject(id)),
            Row::Closed(id) => self.closed.incident(id).map(|incident| subject(&incident.root)),
            Row::Event(seq) => self.log.event(*seq)?.subject.as_ref().map(subject),
            Row::Drift(key) => self.drift.of(key).map(|one| subject(&one.subject)),
            Row::Unit(id) | Row::Cut(id) => Some(Standing::Unit(id.clone())),
            Row::Own(id) => Some(Standing::Own(id.clone())),
            Row::Work(id) => Some(Standing::Work(id.clone())),
            Row::Fold | Row::Report(_) => None,
        }
    }
}
