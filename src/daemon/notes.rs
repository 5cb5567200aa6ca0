//! What somebody says of an outage, held against what is recorded of it.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use crate::api::{NoteRequest, Problem};
use crate::locale::Lang;
use crate::model::{Cause, Incident, OutageNote, Span, SubjectId, UnixMs};
use crate::store::{OutageFilter, Reader, StoreError};
use crate::t;

/// An outage that somebody may speak of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KnownOutage {
    pub(super) start: UnixMs,
    pub(super) end: Option<UnixMs>,
    /// What it was called so far.
    pub(super) before: Option<Cause>,
}

/// An outage with what was said of it last.
#[derive(Debug)]
pub(super) struct Recorded {
    start: UnixMs,
    end: Option<UnixMs>,
    last: Option<OutageNote>,
}

/// What was said of outages lately: the store may not have it yet when somebody else speaks, and of those that
/// last it is shown.
#[derive(Debug, Default)]
pub(super) struct Newest {
    /// Perhaps on their way to the store.
    on_the_way: VecDeque<(SubjectId, OutageNote)>,
    /// The last one on each subject.
    last: HashMap<SubjectId, OutageNote>,
}

/// Notes that may be on their way to the store, at the most.
const NEWEST_MAX: usize = 1_000;

impl FromIterator<(SubjectId, OutageNote)> for Newest {
    fn from_iter<I: IntoIterator<Item = (SubjectId, OutageNote)>>(notes: I) -> Self {
        Self { on_the_way: VecDeque::new(), last: notes.into_iter().collect() }
    }
}

impl Newest {
    /// Remembers a note that was taken.
    pub(super) fn take(&mut self, subject: SubjectId, note: OutageNote) {
        if self.on_the_way.len() >= NEWEST_MAX {
            self.on_the_way.pop_front();
        }
        self.last.insert(subject.clone(), note.clone());
        self.on_the_way.push_back((subject, note));
    }

    /// What was said last of the outages that an open incident is of; `since` says when a line's began.
    pub(super) fn on(
        &self,
        incident: &Incident,
        since: impl Fn(&SubjectId) -> Option<UnixMs>,
    ) -> Option<OutageNote> {
        let of_line = |line| self.of(line, since(line)?);
        incident.members().filter_map(of_line).max_by_key(|note| note.at).cloned()
    }

    /// What was said of a subject's outage that lasts since `start`.
    pub(super) fn of(&self, subject: &SubjectId, start: UnixMs) -> Option<&OutageNote> {
        self.last.get(subject).filter(|note| note.start >= start)
    }

    /// What is recorded of an outage of a subject, with what was said of it since.
    pub(super) fn add_to(&self, subject: &SubjectId, found: Recorded) -> Recorded {
        let Recorded { start, end, .. } = found;
        let is_of_it =
            |note: &OutageNote| start <= note.start && end.is_none_or(|end| note.start < end);
        let mut newest_first = self.on_the_way.iter().rev();
        let last = newest_first.find(|(of, note)| of == subject && is_of_it(note));
        Recorded { last: last.map(|(_, note)| note.clone()).or(found.last), ..found }
    }
}

/// The outage that a request speaks of; `None` when there was none then.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn find(store: &Path, request: &NoteRequest) -> Result<Option<Recorded>, StoreError> {
    let reader = Reader::open(store)?;
    let only = OutageFilter {
        subjects: Some([request.subject.clone()].into()),
        ..OutageFilter::default()
    };
    let at = Span::new(request.start, request.start + 1);
    let Some(found) = reader.outages(at, &only)?.into_iter().next() else { return Ok(None) };
    let (start, end) = (found.outage.start, found.outage.end);
    let mut notes = reader.outage_notes()?.remove(&request.subject).unwrap_or_default();
    notes.retain(|note| start <= note.start && end.is_none_or(|end| note.start < end));
    Ok(Some(Recorded { start, end, last: notes.pop() }))
}

/// Whether the request may be written down: what is said already is not said again, and what was
/// said otherwise needs a reason.
///
/// # Errors
/// `unknown_outage`, `already_noted`, `needs_reason`.
pub(super) fn allow(
    found: Option<Recorded>,
    request: &NoteRequest,
) -> Result<KnownOutage, Problem> {
    let NoteRequest { subject, start, cause, note } = request;
    let Some(found) = found else {
        let message = t!(Lang::En, "reason.no_outage", subject = subject, start = start);
        return Err(Problem::new("unknown_outage", message));
    };
    if let Some(last) = &found.last {
        let done = |problem: Problem| Err(problem.done(Some(last.by.clone()), last.at));
        if last.cause == *cause && (note.is_empty() || last.note == *note) {
            return done(Problem::new("already_noted", t!(Lang::En, "reason.noted_so")));
        }
        if note.is_empty() {
            let message = t!(Lang::En, "reason.noted_other", cause = last.cause.as_str());
            return done(Problem::new("needs_reason", message));
        }
    }
    let before = found.last.map(|last| last.cause);
    Ok(KnownOutage { start: found.start, end: found.end, before })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Impact, IncidentId, State, StateInterval, UnitId};
    use crate::store::{Batch, Event, EventKind, Fact, OpenOptions, Store};

    fn id() -> SubjectId {
        SubjectId::new("cai-be/tslcd").unwrap()
    }

    fn at(minutes: i64) -> UnixMs {
        UnixMs(1_790_000_000_000 + minutes * 60_000)
    }

    #[test]
    fn an_outage_is_called_once_and_otherwise_only_for_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let store = Store::open(&path, &OpenOptions { now: at(0), pid: 1 }).unwrap();
        let interval = |from, to: Option<i64>, state| StateInterval {
            from: at(from),
            to: to.map(at),
            state,
            cause: None,
        };
        let intervals = vec![
            interval(0, Some(10), State::Up),
            interval(10, Some(30), State::Down),
            interval(30, Some(60), State::Up),
            interval(60, None, State::Down),
        ];
        let written = |facts| {
            store.submit(Batch { facts, samples: Vec::new() });
            store.tidy_blocking().unwrap();
        };
        written(vec![Fact::Intervals { subject: id(), from: at(0), intervals }]);
        let asked = |minutes, cause, note: &str| {
            let (subject, start) = (id(), at(minutes));
            let request = NoteRequest { subject, start, cause, note: note.to_owned() };
            allow(find(&path, &request).unwrap(), &request)
        };
        let word = |minutes, cause, note: &str| asked(minutes, cause, note).unwrap_err().error;
        assert_eq!(word(5, Cause::Power, ""), "unknown_outage");
        assert_eq!(word(30, Cause::Power, ""), "unknown_outage", "its end is no longer inside");
        let first = KnownOutage { start: at(10), end: Some(at(30)), before: None };
        assert_eq!(asked(10, Cause::Power, "").unwrap(), first);
        assert_eq!(asked(29, Cause::Power, "").unwrap(), first, "any time inside it does");
        assert_eq!(asked(70, Cause::Fibre, "").unwrap().end, None, "it may last");

        let said = |start, cause: &str, note: &str| {
            let detail = json!({ "start": at(start), "cause": cause, "note": note, "user": "lan" });
            let kind = EventKind::OutageNoted;
            vec![Fact::Event(Event { at: at(90), kind, subject: Some(id()), detail })]
        };
        written(said(10, "power", ""));
        assert_eq!(word(12, Cause::Power, ""), "already_noted");
        assert_eq!(word(12, Cause::Fibre, ""), "needs_reason");
        let problem = asked(12, Cause::Fibre, "").unwrap_err();
        assert_eq!((problem.by.as_deref(), problem.at), (Some("lan"), Some(at(90))));
        let mut newest = Newest::default();
        let unwritten = |newest: &Newest, minutes| {
            let request = NoteRequest {
                subject: id(),
                start: at(minutes),
                cause: Cause::Carrier,
                note: String::new(),
            };
            let found = find(&path, &request).unwrap().map(|found| newest.add_to(&id(), found));
            allow(found, &request).map_err(|problem| problem.error)
        };
        assert_eq!(unwritten(&newest, 70).map(|known| known.before), Ok(None));
        let (start, note, by) = (at(60), String::new(), "minh".to_owned());
        newest.take(id(), OutageNote { start, cause: Cause::Power, note, by, at: at(91) });
        assert_eq!(unwritten(&newest, 70), Err("needs_reason".to_owned()), "not in the store yet");
        assert_eq!(unwritten(&newest, 12), Err("needs_reason".to_owned()), "the other's own note");
        let again = asked(12, Cause::Fibre, "VNPT found a cut").unwrap();
        assert_eq!(again.before, Some(Cause::Power));
        assert_eq!(asked(70, Cause::Fibre, "").unwrap().before, None, "another outage");
        written(said(10, "fibre", "VNPT found a cut"));
        assert_eq!(word(12, Cause::Fibre, "VNPT found a cut"), "already_noted");
        assert!(asked(12, Cause::Fibre, "more").is_ok());
        let kept = Reader::open(&path).unwrap().outage_notes().unwrap();
        let causes: Vec<Cause> = kept[&id()].iter().map(|note| note.cause).collect();
        assert_eq!(causes, [Cause::Power, Cause::Fibre], "nothing that was said is lost");
    }

    #[test]
    fn an_open_incident_is_called_what_was_said_last_of_its_lines_since_it_began() {
        let line = |id: &str| SubjectId::new(id).unwrap();
        let note = |start, cause| {
            let (note, by) = (String::new(), "lan".to_owned());
            OutageNote { start: at(start), cause, note, by, at: at(start + 1) }
        };
        let incident = Incident {
            id: IncidentId::new("cai-be/tslcd-2", at(60)),
            opened: at(61),
            root: line("cai-be/tslcd-2"),
            with: vec![id()],
            state: State::Down,
            since: at(60),
            unit: UnitId::new("cai-be").unwrap(),
            impact: Impact::default(),
            ack: None,
            planned: false,
            flapping: false,
            guess: None,
            noted: None,
            split_from: None,
        };
        let called = |said: Vec<(SubjectId, OutageNote)>| {
            let since = |_: &SubjectId| Some(at(60));
            said.into_iter().collect::<Newest>().on(&incident, since).map(|note| note.cause)
        };
        let before = (id(), note(10, Cause::Power));
        assert_eq!(called(vec![before.clone()]), None, "of an outage before");
        let others = (line("cho-gao/tslcd"), note(70, Cause::Power));
        assert_eq!(called(vec![others]), None, "of another unit");
        let fibre = (id(), note(60, Cause::Fibre));
        assert_eq!(called(vec![before, fibre.clone()]), Some(Cause::Fibre));
        let root = (line("cai-be/tslcd-2"), note(62, Cause::Carrier));
        assert_eq!(called(vec![fibre.clone(), root]), Some(Cause::Carrier), "the last counts");
        let newest: Newest = [fibre].into_iter().collect();
        assert!(newest.of(&id(), at(60)).is_some() && newest.of(&id(), at(61)).is_none());
    }
}
