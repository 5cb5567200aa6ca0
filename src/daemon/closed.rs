//! The incidents that are over, out of the store, with what is known of their causes.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use crate::api::{CLOSED_MAX, ClosedIncident};
use crate::model::{Guess, IncidentId, KeptIncident, Span};
use crate::store::{EventKind, OutageFilter, Reader, StoreError};

/// How far before the window an incident's opening is looked for: of one that lasted longer how many
/// units it cut off, and what was said of it before that, is not told.
const OPENED_BACK_MS: i64 = 7 * 86_400_000;

/// The part of an incident's events that is told again.
#[derive(Deserialize)]
struct Detail {
    incident: IncidentId,
    #[serde(default)]
    units: Option<u32>,
    #[serde(default)]
    guess: Option<Guess>,
}

/// The incidents closed inside `window`, the newest first, at most [`CLOSED_MAX`].
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) fn closed(store: &Path, window: Span) -> Result<Vec<ClosedIncident>, StoreError> {
    let reader = Reader::open(store)?;
    let mut kept: Vec<KeptIncident> = reader.incidents(window)?;
    kept.retain(|incident| incident.closed.is_some_and(|at| window.contains(at)));
    kept.sort_by_key(|incident| std::cmp::Reverse(incident.closed));
    kept.truncate(CLOSED_MAX);
    let Some(first) = kept.iter().map(|incident| incident.opened).min() else {
        return Ok(Vec::new());
    };
    let told = Span::new(first.max(window.from - OPENED_BACK_MS), window.to);
    let mut units: HashMap<IncidentId, u32> = HashMap::new();
    let mut guesses: HashMap<IncidentId, Guess> = HashMap::new();
    for event in reader.events_of(&[EventKind::IncidentOpened, EventKind::IncidentClosed], told)? {
        // What an older version wrote otherwise tells nothing more of an incident.
        let Ok(detail) = serde_json::from_value::<Detail>(event.detail) else { continue };
        let cut_off = units.entry(detail.incident.clone()).or_default();
        *cut_off = detail.units.unwrap_or(0).max(*cut_off);
        if event.kind == EventKind::IncidentClosed
            && let Some(guess) = detail.guess
        {
            guesses.insert(detail.incident, guess);
        }
    }
    let notes = reader.notes_since(told.from)?;
    let mut found = Vec::with_capacity(kept.len());
    for incident in kept {
        let Some(closed) = incident.closed else { continue };
        let span = Span::new(incident.since, closed.max(incident.since + 1));
        let only = OutageFilter {
            subjects: Some([incident.root.clone()].into()),
            ..OutageFilter::default()
        };
        let outage = reader.outages(span, &only)?.into_iter().next_back().map(|o| o.outage);
        let noted = outage.as_ref().and_then(|outage| {
            let whole = Span::new(outage.start, outage.end.unwrap_or(window.to));
            let of_root = notes.get(&incident.root)?;
            of_root.iter().rfind(|note| whole.contains(note.start)).cloned()
        });
        found.push(ClosedIncident {
            units: units.get(&incident.id).copied().unwrap_or(0),
            guess: guesses.remove(&incident.id),
            outage: outage.map(|outage| outage.start),
            noted,
            id: incident.id,
            root: incident.root,
            state: incident.state,
            since: incident.since,
            closed,
            ack: incident.ack,
            merged_into: incident.merged_into,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Cause, State, StateInterval, SubjectId, UnixMs};
    use crate::store::{Batch, Event, Fact, OpenOptions, Store};

    fn at(minutes: i64) -> UnixMs {
        UnixMs(1_790_000_000_000 + minutes * 60_000)
    }

    #[test]
    fn what_was_closed_inside_the_window_comes_newest_first_with_its_cause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let store = Store::open(&path, &OpenOptions { now: at(0), pid: 1 }).unwrap();
        let id = SubjectId::new("cai-be/tslcd").unwrap();
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
            interval(60, Some(70), State::Down),
            interval(70, None, State::Up),
        ];
        let kept = |opened: i64, closed: Option<i64>| KeptIncident {
            id: IncidentId::new("cai-be/tslcd", at(opened)),
            root: id.clone(),
            opened: at(opened + 1),
            since: at(opened),
            closed: closed.map(at),
            state: State::Down,
            told: None,
            told_at: None,
            ack: None,
            split_from: None,
            merged_into: None,
        };
        let event = |minutes, kind, detail| {
            Fact::Event(Event { at: at(minutes), kind, subject: Some(id.clone()), detail })
        };
        let name = IncidentId::new("cai-be/tslcd", at(10));
        let guess = json!({ "cause": "power", "signs": [{ "sign": "announced" }] });
        store.submit(Batch {
            facts: vec![
                Fact::Intervals { subject: id.clone(), from: at(0), intervals },
                Fact::Incident(kept(10, Some(31))),
                Fact::Incident(kept(60, Some(71))),
                Fact::Incident(kept(80, None)),
                event(
                    11,
                    EventKind::IncidentOpened,
                    json!({ "incident": name, "units": 3, "guess": null }),
                ),
                event(
                    31,
                    EventKind::IncidentClosed,
                    json!({ "incident": name, "units": 19, "guess": guess }),
                ),
                event(
                    40,
                    EventKind::OutageNoted,
                    json!({ "start": at(10), "cause": "fibre", "note": "cut", "user": "lan" }),
                ),
            ],
            samples: Vec::new(),
        });
        store.tidy_blocking().unwrap();
        let found = closed(&path, Span::new(at(0), at(100))).unwrap();
        let times: Vec<_> = found.iter().map(|i| (i.closed, i.outage)).collect();
        assert_eq!(times, [(at(71), Some(at(60))), (at(31), Some(at(10)))]);
        assert_eq!((found[0].units, &found[0].noted, &found[0].guess), (0, &None, &None));
        assert_eq!(found[1].units, 19, "at most, not when it was opened");
        assert_eq!(found[1].guess.as_ref().map(|g| g.cause), Some(Cause::Power));
        let noted = found[1].noted.as_ref().unwrap();
        assert_eq!((noted.cause, &*noted.by), (Cause::Fibre, "lan"));
        assert_eq!(closed(&path, Span::new(at(0), at(71))).unwrap().len(), 1, "half open");
        assert_eq!(closed(&path, Span::new(at(72), at(100))).unwrap(), []);
    }
}
