//! What the store remembers, for a daemon that starts and for a client without one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use crate::coverage::outages;
use crate::health::{BLIND_ROOT, Resumed, ResumedVerdict, Usual};
use crate::model::{
    Id, IncidentId, KeptIncident, Maintenance, Neighbour, OutageNote, Span, State, StateInterval,
    Storm, SubjectId, Told, UnixMs,
};
use crate::store::{
    Blind, Current, Message, MessageState, Reader, Remembered, Sighting, StoreError,
};

/// How far back the last verdict is looked for, and the longest month with a margin: an older
/// one says nothing about today.
pub(crate) const PAST_MS: i64 = 35 * 86_400_000;
/// How far back blind times are looked for that were told and whose end was not.
const BLIND_MS: i64 = 7 * 86_400_000;

/// Storm modes, each with how many messages its digests tell, by channel.
pub type Storms = Vec<(Storm, BTreeMap<Id, u32>)>;

/// The store's memory.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Intervals of the last 35 days, by subject.
    pub intervals: BTreeMap<SubjectId, Vec<StateInterval>>,
    /// Open intervals and last rounds.
    pub current: HashMap<SubjectId, Current>,
    /// When a daemon was last known alive.
    pub last_alive: Option<UnixMs>,
    /// Incidents that were open.
    pub incidents: Vec<KeptIncident>,
    /// What was said of outages since the first of these incidents, oldest first.
    pub notes: Vec<(SubjectId, OutageNote)>,
    /// Messages that are pending, and all about incidents that were open, with those that became
    /// parts of them, and about late blind times.
    pub messages: Vec<Message>,
    /// Incidents that became parts of such as were open, each with the one that it was merged into.
    pub parts: Vec<(IncidentId, IncidentId)>,
    /// One-off work that was ever announced.
    pub maintenance: Vec<Maintenance>,
    /// Blind times that the daemon did not live to see the end of.
    pub blind: Vec<Blind>,
    /// Storm modes that were on, or ended a short while ago, each with how many messages its digests
    /// tell, by channel.
    pub storms: Storms,
    /// What rounds usually take, by subject and hour of the day (UTC).
    pub usual: BTreeMap<SubjectId, Vec<(u8, Usual)>>,
    /// What devices say they are, by device.
    pub sightings: BTreeMap<SubjectId, Vec<Sighting>>,
    /// Who stood at their cables when they were last looked at.
    pub cables: BTreeMap<SubjectId, Vec<Neighbour>>,
}

/// Reads the store's memory.
///
/// # Errors
/// [`StoreError`] when it cannot be read.
pub fn past(store: &Path, now: UnixMs) -> Result<Past, StoreError> {
    let reader = Reader::open(store)?;
    // A clock that was set back must not hide what was recorded.
    let window = Span::new(now - PAST_MS, UnixMs(i64::MAX));
    let remembered = reader.remembered(window)?;
    let mut current = HashMap::with_capacity(remembered.len());
    let open = remembered.iter().filter_map(Remembered::current);
    current.extend(open.map(|c| (c.subject.clone(), c)));
    let incidents = reader.open_incidents()?;
    let open: Vec<IncidentId> = incidents.iter().map(|kept| kept.id.clone()).collect();
    let mut messages = reader.messages(MessageState::Pending)?;
    let mut known: HashSet<_> = messages.iter().map(|one| one.id.clone()).collect();
    // Most that wait are about what is open, too.
    let parts = reader.parts_of(&open)?;
    let wanted: Vec<IncidentId> =
        open.into_iter().chain(parts.iter().map(|(part, _)| part.clone())).collect();
    let mut about = reader.messages_about(&wanted)?;
    about.extend(reader.messages_on(BLIND_ROOT, now - BLIND_MS)?);
    messages.extend(about.into_iter().filter(|one| known.insert(one.id.clone())));
    Ok(Past {
        messages,
        parts,
        intervals: remembered.into_iter().map(|one| (one.subject, one.record)).collect(),
        current,
        last_alive: reader.last_alive()?,
        notes: notes(&reader, &incidents)?,
        incidents,
        maintenance: reader.maintenance(Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX)))?,
        blind: reader.blind(window)?.into_iter().filter(|b| b.until.is_none()).collect(),
        storms: storms(&reader, now)?,
        usual: reader.baselines()?.into_iter().map(|(id, hours)| (id, usual(&hours))).collect(),
        sightings: reader.newest_sightings()?,
        cables: reader.newest_cables()?,
    })
}

/// What was said of the outages that last, in the order it was said.
fn notes(
    reader: &Reader,
    open: &[KeptIncident],
) -> Result<Vec<(SubjectId, OutageNote)>, StoreError> {
    let Some(first) = open.iter().map(|incident| incident.since).min() else {
        return Ok(Vec::new());
    };
    let said = reader.notes_since(first)?.into_iter();
    let mut notes: Vec<_> = said
        .flat_map(|(of, notes)| notes.into_iter().map(move |note| (of.clone(), note)))
        .collect();
    notes.sort_by_key(|(_, note)| note.at);
    Ok(notes)
}

fn storms(reader: &Reader, now: UnixMs) -> Result<Storms, StoreError> {
    let counted = reader.storms(now - PAST_MS)?.into_iter().map(|storm| {
        let is_on = storm.ended.is_none();
        let told = if is_on { reader.told_in_storm(&storm)? } else { BTreeMap::new() };
        Ok((storm, told))
    });
    counted.collect()
}

/// What the core takes up of what rounds usually took.
pub(super) fn usual(hours: &[Option<crate::store::Usual>; 24]) -> Vec<(u8, Usual)> {
    let known = (0_u8..).zip(hours).filter_map(|(hour, usual)| Some((hour, (*usual)?)));
    known.map(|(hour, u)| (hour, Usual { usual_us: u.us, rounds: u.rounds })).collect()
}

/// What the core is to know of a subject whose record ends with `record`'s last interval; `None`
/// without a record. That it flapped, and what was usual, is for the caller to add.
#[must_use]
pub fn resumed(record: &[StateInterval], last_round: Option<UnixMs>) -> Option<Resumed> {
    let current = record.last()?;
    let hard = record.iter().rfind(|i| i.state != State::Unmeasured).map(|last| {
        let outage = outages(record).pop().filter(|_| last.state.is_outage());
        let says_so = |i: &&StateInterval| {
            i.state == State::Unmeasured || i.state == last.state && i.cause == last.cause
        };
        let stretch = record.iter().rev().take_while(says_so).count();
        let stretch = record[record.len() - stretch..].iter();
        let mut stretch = stretch.skip_while(|i| i.state == State::Unmeasured).peekable();
        let from = stretch.peek().map_or(last.from, |first| first.from);
        let holes = stretch.filter(|i| i.state == State::Unmeasured);
        ResumedVerdict {
            state: last.state,
            cause: last.cause.clone(),
            // What lasted over a time in which nobody asked began before it.
            since: match outage {
                Some(outage) => outage.start,
                None if last.state == State::Degraded => from,
                None => last.from,
            },
            from,
            holes: holes.filter_map(|i| Some(Span::new(i.from, i.to?))).collect(),
        }
    });
    Some(Resumed {
        state: current.state,
        since: current.from,
        hard,
        last_round,
        is_flapping: false,
        usual: Vec::new(),
    })
}

impl Past {
    /// What the core is to know of a subject; `None` for one the store does not know.
    #[must_use]
    pub fn resumed(&self, id: &SubjectId) -> Option<Resumed> {
        let record = self.intervals.get(id)?;
        let last_round = self.current.get(id).and_then(|c| c.last_round);
        let is_flapping =
            self.incidents.iter().any(|i| i.root == *id && i.told == Some(Told::Flapping));
        let usual = self.usual.get(id).cloned().unwrap_or_default();
        Some(Resumed { is_flapping, usual, ..resumed(record, last_round)? })
    }

    /// Subjects with an open record that `is_known` no longer, each with the time from which nobody
    /// asks it any more: `vouch_ms` after its last round.
    pub fn gone(
        &self,
        is_known: impl Fn(&SubjectId) -> bool,
        vouch_ms: i64,
    ) -> impl Iterator<Item = (SubjectId, UnixMs)> {
        let open = self
            .current
            .values()
            .filter(move |c| c.state != State::Unmeasured && !is_known(&c.subject));
        open.map(move |c| {
            let last = c.last_round.unwrap_or(c.since) + vouch_ms;
            (c.subject.clone(), last.max(c.since))
        })
    }
}
