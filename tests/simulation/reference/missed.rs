//! The reference's view of who is missed (rule 11): what may be off outside its hours is waited for
//! until they begin and a grace is over; then it is an outage, from the opening on.

use std::collections::BTreeSet;

use tuantra::model::{Incident, State, SubjectId, SubjectIx, UnixMs};

use super::{Quirk, Reference};
use crate::hours::Hours;

/// Looks until a difference is one: an answer of which it is not known yet whether it holds may be
/// looked at again a second later.
const PATIENCE: u32 = 4;

impl Reference {
    /// Who of these, which are all that are down, is missed, and since when; in their order.
    pub fn missed(&self, down: &BTreeSet<SubjectIx>, now: UnixMs) -> Vec<(SubjectIx, UnixMs)> {
        let missed = |s: &SubjectIx| Some((*s, self.missed_since(*s, now)?));
        down.iter().filter_map(missed).collect()
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
        let missed_since = |id: &SubjectId| {
            let subject = reference.inventory.find_subject(id.as_str())?;
            let at = missed.binary_search_by_key(&subject, |(s, _)| *s).ok()?;
            Some(missed[at].1)
        };
        let mut lines = 0;
        let is_so = |incident: &Incident| {
            lines += incident.members().count();
            let since: Option<Vec<UnixMs>> = incident.members().map(missed_since).collect();
            since.and_then(|all| all.into_iter().min()) == Some(incident.since)
        };
        let mut down = incidents.iter().filter(|incident| incident.state == State::Down);
        let is_same = down.all(is_so) && lines == missed.len();
        self.differed = if is_same { 0 } else { self.differed + 1 };
        if self.differed < PATIENCE {
            return Ok(());
        }
        let name = |s: SubjectIx| &reference.inventory.subject(s).id;
        let missed: Vec<_> = missed.iter().map(|(s, since)| (name(*s), since)).collect();
        let of_core = incidents.iter().filter(|incident| incident.state == State::Down);
        let of_core: Vec<_> = of_core.flat_map(|i| i.members().map(|m| (m, i.since))).collect();
        Err(format!("missed by the core {of_core:?}, by the reference {missed:?}"))
    }
}
