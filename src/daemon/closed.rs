//! The incidents that are over, out of the store, with what is known of their causes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Deserialize;

use crate::api::{CLOSED_MAX, ClosedIncident, DownWith};
use crate::coverage::Outage;
use crate::model::{Guess, IncidentId, Inventory, KeptIncident, Span, State, SubjectId};
use crate::store::{EventKind, OutageFilter, Reader, StoreError, SubjectOutage};

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

/// Other lines of a line's unit on its network: what cuts one off mostly cuts all of them off.
fn beside(inventory: &Inventory, root: &SubjectId) -> Vec<SubjectId> {
    let Some(subject) = inventory.find_subject(root.as_str()) else { return Vec::new() };
    let found = inventory.subject(subject);
    let Some(line) = found.connection() else { return Vec::new() };
    let others =
        inventory.connections_of(found.unit, line.network).filter(|other| *other != subject);
    others.map(|other| inventory.subject(other).id.clone()).collect()
}

/// The incidents closed inside `window`, the newest first, at most [`CLOSED_MAX`].
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) fn closed(
    store: &Path,
    inventory: &Inventory,
    window: Span,
) -> Result<Vec<ClosedIncident>, StoreError> {
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
        let lines = beside(inventory, &incident.root);
        let subjects: BTreeSet<SubjectId> =
            lines.into_iter().chain([incident.root.clone()]).collect();
        let only = OutageFilter { subjects: Some(subjects), ..OutageFilter::default() };
        let (mut outage, mut with) = (None, BTreeMap::new());
        for found in reader.outages(span, &only)? {
            let SubjectOutage { subject, outage: last } = found;
            if subject == incident.root {
                outage = Some(last);
            } else if incident.state == State::Down && last.cause.is_none() {
                // One that could not be reached by something else's fault was in no incident of its unit.
                with.insert(subject, last);
            }
        }
        let noted = |subject: &SubjectId, outage: &Outage| {
            let whole = Span::new(outage.start, outage.end.unwrap_or(window.to));
            let of_it = notes.get(subject)?;
            of_it.iter().rfind(|note| whole.contains(note.start)).cloned()
        };
        let with = with.into_iter().map(|(subject, outage)| DownWith {
            noted: noted(&subject, &outage),
            subject,
            outage: outage.start,
            end: outage.end,
        });
        let with = with.collect();
        let noted = outage.as_ref().and_then(|outage| noted(&incident.root, outage));
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
            with,
            merged_into: incident.merged_into,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory;
    use crate::model::{Cause, StateInterval, UnixMs};
    use crate::store::{Batch, Event, Fact, OpenOptions, Store};

    const PROVINCE: &str = "\
networks: [ { id: tslcd, name: TSLCD }, { id: wan, name: WAN } ]
units:
  - id: cai-be
    name: Cái Bè
    kind: district
    connections:
      tslcd: { address: 127.0.1.1 }
      tslcd-2: { network: tslcd, address: 127.0.1.2 }
      tslcd-3: { network: tslcd, address: 127.0.1.4 }
      wan: { address: 127.0.1.3 }
";

    fn at(minutes: i64) -> UnixMs {
        UnixMs(1_790_000_000_000 + minutes * 60_000)
    }

    #[test]
    fn what_was_closed_inside_the_window_comes_newest_first_with_its_cause() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), PROVINCE).unwrap();
        let defaults = inventory::Defaults::default();
        let loaded = inventory::load(folder.path(), &defaults, &jiff::tz::TimeZone::UTC);
        let inventory = loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
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
        // Its second line is down for a part of the first outage; what is of another network is not meant.
        let once = |id: &str| {
            let intervals = vec![
                interval(0, Some(12), State::Up),
                interval(12, Some(20), State::Down),
                interval(20, None, State::Up),
            ];
            Fact::Intervals { subject: SubjectId::new(id).unwrap(), from: at(0), intervals }
        };
        // The third could not be reached for another reason.
        let third = SubjectId::new("cai-be/tslcd-3").unwrap();
        let cut_off = StateInterval {
            cause: Some(SubjectId::new("cai-be/wan").unwrap()),
            ..interval(11, Some(25), State::Unreachable)
        };
        let cut_off =
            vec![interval(0, Some(11), State::Up), cut_off, interval(25, None, State::Up)];
        let said = json!({ "start": at(12), "cause": "power", "note": "", "user": "minh" });
        let second = SubjectId::new("cai-be/tslcd-2").unwrap();
        store.submit(Batch {
            facts: vec![
                Fact::Intervals { subject: id.clone(), from: at(0), intervals },
                once("cai-be/tslcd-2"),
                once("cai-be/wan"),
                Fact::Intervals { subject: third, from: at(0), intervals: cut_off },
                Fact::Event(Event {
                    at: at(41),
                    kind: EventKind::OutageNoted,
                    subject: Some(second.clone()),
                    detail: said,
                }),
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
        let closed = |from, to| closed(&path, &inventory, Span::new(at(from), at(to))).unwrap();
        let found = closed(0, 100);
        let times: Vec<_> = found.iter().map(|i| (i.closed, i.outage)).collect();
        assert_eq!(times, [(at(71), Some(at(60))), (at(31), Some(at(10)))]);
        assert_eq!((found[0].units, &found[0].noted, &found[0].guess), (0, &None, &None));
        assert_eq!(found[1].units, 19, "at most, not when it was opened");
        assert_eq!(found[1].guess.as_ref().map(|g| g.cause), Some(Cause::Power));
        let noted = found[1].noted.as_ref().unwrap();
        assert_eq!((noted.cause, &*noted.by), (Cause::Fibre, "lan"));
        assert_eq!(found[0].with, [], "it was up by then");
        let [with] = &found[1].with[..] else { panic!("one line: {:?}", found[1].with) };
        assert_eq!((&with.subject, with.outage, with.end), (&second, at(12), Some(at(20))));
        assert_eq!(with.noted.as_ref().map(|noted| noted.cause), Some(Cause::Power));
        assert_eq!(closed(0, 71).len(), 1, "half open");
        assert_eq!(closed(72, 100), []);
    }
}
