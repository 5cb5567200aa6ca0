//! The record against slow and obvious models of it.

use proptest::prelude::*;

use super::kept::{incident, work};
use super::*;
use crate::coverage::{Outage, outages};
use crate::model::{Beside, CarrierId, Id, KeptIncident, Maintenance, Told, UnitId, WorkedOn};
use crate::store::Sighting;

/// Up to twelve intervals on a small grid. `raw` ones leave holes, overlap, begin before the
/// time they are recorded from, are open in the middle and come in any order; else they
/// partition time, perhaps up to an open one.
fn any_record(raw: bool) -> impl Strategy<Value = (i64, Vec<StateInterval>)> {
    let shift = if raw { -4..5_i64 } else { 0..1_i64 };
    let part = (1..6_i64, 0..5_usize, shift, 0..10_u8);
    (5..40_i64, proptest::collection::vec(part, 0..12), any::<bool>()).prop_map(
        move |(start, parts, open)| {
            let mut at = start;
            let last = parts.len().saturating_sub(1);
            let mut intervals = Vec::new();
            for (n, (length, state, shift, chance)) in parts.into_iter().enumerate() {
                let is_open = if raw { chance == 0 } else { open && n == last };
                let begin = (at + shift).max(0);
                let mut i =
                    interval(begin, (!is_open).then_some(begin + length), State::ALL[state]);
                if i.state == State::Unreachable {
                    i.cause = Some(id(["x", "y"][usize::try_from(length % 2).unwrap()]));
                }
                intervals.push(i);
                if raw && chance == 1 {
                    intervals.reverse();
                }
                at = begin + length;
            }
            (start, intervals)
        },
    )
}

/// Longer than any record that [`any_record`] draws.
const LINE: usize = 200;

type Line = Vec<Option<(State, Option<SubjectId>)>>;

/// What each instant of the small grid is in, the slow and obvious way: an interval wipes out
/// whatever was said from its beginning on.
fn naive(steps: &[(i64, Vec<StateInterval>)]) -> Line {
    let mut line: Line = vec![None; LINE];
    for (from, intervals) in steps {
        line[usize::try_from(*from).unwrap()..].fill(None);
        let mut sorted = intervals.clone();
        sorted.sort_by_key(|i| i.from);
        for i in sorted {
            let start = usize::try_from(i.from.0.max(*from)).unwrap();
            let end = i.to.map_or(LINE, |t| usize::try_from(t.0).unwrap());
            line[start..].fill(None);
            line[start..end.max(start)].fill(Some((i.state, i.cause)));
        }
        // A hole between what is recorded is unmeasured.
        let first = line.iter().position(Option::is_some).unwrap_or(LINE);
        let last = line.iter().rposition(Option::is_some).map_or(0, |l| l + 1);
        for cell in line.iter_mut().take(last).skip(first) {
            cell.get_or_insert((State::Unmeasured, None));
        }
    }
    line
}

fn painted(intervals: &[StateInterval]) -> Line {
    let mut line = vec![None; LINE];
    for i in intervals {
        let start = usize::try_from(i.from.0).unwrap();
        let end = i.to.map_or(LINE, |t| usize::try_from(t.0).unwrap());
        line[start..end].fill(Some((i.state, i.cause.clone())));
    }
    line
}

/// Where nothing is recorded nothing was measured: to whoever reads it is the same.
fn unmeasured_is_nothing(mut line: Line) -> Line {
    for cell in &mut line {
        cell.take_if(|(state, _)| *state == State::Unmeasured);
    }
    line
}

/// Facts of the other kinds about few things, so that they meet: incidents that are told of and
/// closed, work that is announced, ended and announced anew, usual times, blindness.
fn any_kept() -> impl Strategy<Value = Fact> {
    let name = |n: i64| Id::new(&format!("m{n}")).unwrap();
    (0..7_usize, 0..3_i64, 1..40_i64, any::<bool>()).prop_map(move |(kind, n, at, flag)| match kind
    {
        0 => Fact::Incident(KeptIncident {
            told: flag.then_some(Told::Down),
            told_at: flag.then_some(UnixMs(at)),
            closed: (at % 3 == 0).then_some(UnixMs(at)),
            root: id(["x", "y"][usize::from(flag)]),
            ..incident(&format!("r{n}"), n)
        }),
        1 => {
            let on = WorkedOn::Unit(UnitId::new("cai-be").unwrap());
            Fact::Maintenance(work(&format!("m{n}"), on, at, at + 20), UnixMs(at))
        }
        2 => Fact::MaintenanceEnded { id: name(n), at: UnixMs(at) },
        3 => Fact::Baseline {
            subject: id(&format!("r{n}")),
            hour: u8::from(flag),
            usual_us: u32::try_from(at).unwrap(),
            rounds: 1,
        },
        4 => Fact::Said {
            subject: id(&format!("r{n}")),
            sightings: vec![sighting(
                "model",
                ["a", "b", "c"][usize::try_from(at % 3).unwrap()],
                at,
            )],
        },
        // Looks that see all: what a torn one saw again has no time in its row, in a fold it has.
        5 => Fact::Neighbours {
            subject: id(&format!("r{n}")),
            looked: Some(UnixMs(at)),
            seen: [("a", 1), ("b", 2)]
                .into_iter()
                .filter(|(_, bit)| at & bit != 0)
                .map(|(name, _)| super::neighbours::cable(name, at))
                .collect(),
        },
        _ => Fact::Blind {
            carrier: flag.then(|| CarrierId::new("vnpt").unwrap()),
            since: UnixMs(n),
            until: (at % 2 == 0).then_some(UnixMs(at)),
        },
    })
}

fn sighting(key: &str, value: &str, at: i64) -> Sighting {
    Sighting { key: key.into(), value: value.into(), first: UnixMs(at), last: UnixMs(at) }
}

type Kept = (
    Vec<KeptIncident>,
    Vec<Maintenance>,
    BTreeMap<SubjectId, [Option<Usual>; 24]>,
    Vec<Blind>,
    Vec<Vec<Sighting>>,
    Vec<Vec<Beside>>,
);

fn kept(reader: &Reader) -> Kept {
    (
        reader.incidents(ALL_TIME).unwrap(),
        reader.maintenance(ALL_TIME).unwrap(),
        reader.baselines().unwrap(),
        reader.blind(ALL_TIME).unwrap(),
        ["r0", "r1", "r2"].map(|s| reader.sightings(&id(s)).unwrap()).to_vec(),
        ["r0", "r1", "r2"].map(|s| reader.neighbours(&id(s)).unwrap()).to_vec(),
    )
}

/// What `v_outages` says of a subject.
fn of_view(place: &Place, subject: &str) -> Vec<Outage> {
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let mut statement = conn
        .prepare(
            "SELECT start_ms, end_ms, state, cause, unmeasured_ms FROM v_outages
             WHERE subject = ?1 ORDER BY start_ms",
        )
        .unwrap();
    let rows = statement.query_map([subject], |row| {
        let (state, cause): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        Ok(Outage {
            start: UnixMs(row.get(0)?),
            end: row.get::<_, Option<i64>>(1)?.map(UnixMs),
            state: state.parse().unwrap(),
            cause: cause.map(|cause| id(&cause)),
            unmeasured_ms: row.get(4)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn folding_keeps_incidents_work_usual_times_and_blindness(
        earlier in proptest::collection::vec(any_kept(), 0..6),
        waiting in proptest::collection::vec(any_kept(), 1..30),
    ) {
        let read = |waiting: Vec<Fact>| {
            let place = Place::new();
            let store = place.open();
            store.submit(facts(earlier.clone()));
            store.flush_blocking().unwrap();
            store.submit(facts(waiting));
            store.close().unwrap();
            kept(&place.reader())
        };
        let (folded, dropped) = crate::store::fold::fold(waiting.clone().into(), 0);
        prop_assert_eq!(dropped, 0);
        prop_assert!(folded.len() <= 3 + 3 + 3 + 6 + 6, "{} facts", folded.len());
        prop_assert_eq!(read(folded.into()), read(waiting));
    }

    #[test]
    fn replacing_is_what_a_painter_would_do(
        clean in proptest::collection::vec(any_record(false), 1..8),
        raw in proptest::collection::vec(any_record(true), 1..8),
        is_raw in any::<bool>(),
        together in any::<bool>(),
    ) {
        let steps = if is_raw { raw } else { clean };
        let place = Place::new();
        let store = place.open();
        for (from, intervals) in &steps {
            store.submit(facts(vec![replace("a", *from, intervals.clone())]));
            if !together {
                store.flush_blocking().unwrap();
            }
        }
        store.close().unwrap();
        let found = record(&place.reader(), "a");
        prop_assert!(check_partition(&found).is_ok(), "{:?}", found);
        prop_assert_eq!(painted(&found), naive(&steps));
    }

    #[test]
    fn folding_what_waits_changes_nothing_that_is_read(
        earlier in any_record(false),
        steps in proptest::collection::vec((any_record(true), any::<bool>()), 1..8),
    ) {
        let read = |waiting: Vec<Fact>| {
            let place = Place::new();
            let store = place.open();
            store.submit(facts(vec![replace("a", earlier.0, earlier.1.clone())]));
            for fact in waiting {
                store.submit(facts(vec![fact]));
            }
            store.close().unwrap();
            let reader = place.reader();
            for subject in ["a", "b"] {
                let found = record(&reader, subject);
                assert!(check_partition(&found).is_ok(), "{found:?}");
            }
            ["a", "b"].map(|subject| unmeasured_is_nothing(painted(&record(&reader, subject))))
        };
        let one_by_one: Vec<Fact> = steps
            .iter()
            .map(|((from, intervals), is_a)| {
                replace(if *is_a { "a" } else { "b" }, *from, intervals.clone())
            })
            .collect();
        let (folded, dropped) = crate::store::fold::fold(one_by_one.clone().into(), 0);
        prop_assert_eq!(dropped, 0);
        prop_assert!(folded.len() <= 2);
        prop_assert_eq!(read(folded.into()), read(one_by_one));
    }

    #[test]
    fn outages_are_what_coverage_says_by_the_view_and_by_any_filter(records in proptest::collection::vec(any_record(false), 1..4)) {
        let place = Place::new();
        let store = place.open();
        for (n, (from, intervals)) in records.iter().enumerate() {
            store.submit(facts(vec![replace(&format!("s{n}"), *from, intervals.clone())]));
        }
        store.close().unwrap();
        let reader = place.reader();
        let all = reader.outages(ALL_TIME, &OutageFilter::default()).unwrap();
        for (n, (_, intervals)) in records.iter().enumerate() {
            let subject = id(&format!("s{n}"));
            let mine = |found: Vec<SubjectOutage>| -> Vec<SubjectOutage> {
                found.into_iter().filter(|o| o.subject == subject).collect()
            };
            let found: Vec<_> =
                mine(all.clone()).into_iter().map(|o| o.outage).collect();
            prop_assert_eq!(&found, &outages(intervals));
            prop_assert_eq!(&of_view(&place, subject.as_str()), &found);
            let window = Span::new(UnixMs(20), UnixMs(30));
            for (cause, state, longer_than_ms) in [
                (None, None, 0),
                (None, Some(State::Down), 0),
                (None, Some(State::Unreachable), 2),
                (None, None, 4),
                (Some("x"), None, 0),
                (Some("s0"), None, 2),
            ] {
                let alone = OutageFilter {
                    subjects: Some([subject.clone()].into()),
                    causes: cause.map(|cause| [id(cause)].into()),
                    state,
                    longer_than_ms,
                };
                let is_wanted = |o: &&Outage| {
                    let root = o.cause.as_ref().unwrap_or(&subject).as_str();
                    o.start < window.to
                        && o.end.is_none_or(|end| end > window.from)
                        && cause.is_none_or(|cause| cause == root)
                        && state.is_none_or(|state| state == o.state)
                        && o.end.is_none_or(|end| end.since(o.start) >= longer_than_ms)
                };
                let expected: Vec<Outage> = found.iter().filter(is_wanted).cloned().collect();
                let bare = |found: Vec<SubjectOutage>| -> Vec<Outage> {
                    mine(found).into_iter().map(|o| o.outage).collect()
                };
                let everybody = OutageFilter { subjects: None, ..alone.clone() };
                prop_assert_eq!(&bare(reader.outages(window, &everybody).unwrap()), &expected);
                prop_assert_eq!(&bare(reader.outages(window, &alone).unwrap()), &expected);
            }
        }
    }
}
