//! The reference's view of who is missed (rule 11): what may be off outside its hours is waited for
//! until they begin and a grace is over; then it is an outage, from the opening on.

use std::collections::{BTreeMap, BTreeSet};

use tuantra::model::{Incident, State, SubjectId, SubjectIx, UnixMs};

use super::{Quirk, Reference};
use crate::hours::Hours;

/// Looks until a difference is one: an answer of which it is not known yet whether it holds may be
/// looked at again a second later.
const PATIENCE: u32 = 4;

impl Reference {
    /// Who of these, which are all that are down, is missed, and since when.
    pub fn missed(&self, down: &BTreeSet<SubjectIx>, now: UnixMs) -> BTreeMap<&SubjectId, UnixMs> {
        let missed = down.iter().filter_map(|subject| {
            let since = self.missed_since(*subject, now)?;
            Some((&self.inventory.subject(*subject).id, since))
        });
        missed.collect()
    }

    fn missed_since(&self, subject: SubjectIx, now: UnixMs) -> Option<UnixMs> {
        let known = self.known(subject);
        let (_, since) = known.hard.filter(|(state, _)| *state == State::Down)?;
        let found = self.inventory.subject(subject);
        let calendar = found.calendar.filter(|_| found.off_hours_allowed);
        let hours = calendar.and_then(|calendar| {
            let name = self.inventory.calendar(calendar).id.clone();
            Hours::ALL.into_iter().find(|hours| hours.name() == name.as_str())
        });
        // Silence that begins inside the hours is an outage, all night.
        let Some(opens) = hours.and_then(|hours| hours.opening(since)) else { return Some(since) };
        let due = match self.quirk {
            Some(Quirk::ForgetsGrace) => opens,
            _ => opens + found.health.off_hours_grace_ms,
        };
        // An answer that came in time, and of which it is not known yet whether it holds, is waited
        // for.
        let answers = self.decisive(subject);
        let answer = known.answered_since(&answers, 1).filter(|_| known.is_back);
        if now < due || answer.is_some_and(|at| at < due) {
            return None;
        }
        Some(if self.quirk == Some(Quirk::MissedSinceSilence) { since } else { opens })
    }
}

/// Holds the core's incidents against who is missed.
#[derive(Debug, Default)]
pub struct Roll {
    /// Looks in a row at which they differed.
    differed: u32,
}

impl Roll {
    /// The lines of all incidents of what is down are exactly those that are missed, each incident
    /// since the first of its lines is. `whose`: all that are down, as both see it.
    pub fn call(
        &mut self,
        incidents: &[Incident],
        reference: &Reference,
        whose: &BTreeSet<SubjectIx>,
        now: UnixMs,
    ) -> Result<(), String> {
        if whose.is_empty() && incidents.is_empty() {
            self.differed = 0;
            return Ok(());
        }
        let missed = reference.missed(whose, now);
        let down = incidents.iter().filter(|incident| incident.state == State::Down);
        let of_core: BTreeMap<&SubjectId, UnixMs> =
            down.flat_map(|i| i.members().map(|m| (m, i.since))).collect();
        let first = |id: &SubjectId| -> Option<UnixMs> {
            let incident = incidents.iter().find(|i| i.members().any(|m| m == id))?;
            incident.members().filter_map(|m| missed.get(m)).min().copied()
        };
        let is_same = of_core.len() == missed.len()
            && of_core
                .iter()
                .all(|(id, since)| missed.contains_key(id) && first(id) == Some(*since));
        self.differed = if is_same { 0 } else { self.differed + 1 };
        if self.differed < PATIENCE {
            return Ok(());
        }
        Err(format!("missed by the core {of_core:?}, by the reference {missed:?}"))
    }
}
