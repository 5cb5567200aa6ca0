//! What the process that gets killed writes, step by step, and what has to be there afterwards.
//! Time jumps, so that hours and days are sealed, joined and chained meanwhile.

use std::collections::BTreeSet;
use std::path::Path;

use tuantra::model::{
    Ack, Id, IncidentId, KeptIncident, Maintenance, Metric, Point, PointKind, Rtts, Sample, Span,
    State, StateInterval, SubjectId, Told, UnixMs, WorkHours, WorkedOn, check_partition,
};
use tuantra::store::{
    Batch, Event, EventKind, Fact, Message, MessageState, Reader, Reading, Resolution,
};

pub const T0: i64 = 1_790_000_000_000;
pub const SUBJECTS: i64 = 5;
pub const ALL_TIME: Span = Span::new(UnixMs(0), UnixMs(i64::MAX));
/// Tables of blobs, which end in their checksum.
const SEALED: [&str; 6] =
    ["journal", "block", "block_day", "rollup_hour", "rollup_hours", "rollup_day"];

/// The next number of a repeatable sequence.
pub const fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

pub fn subject(n: i64) -> SubjectId {
    SubjectId::new(&format!("unit-{}/tslcd", n % SUBJECTS)).unwrap()
}

/// A second a step, and every five steps forty minutes: an hour is over every eight steps, a day
/// every hundred and eighty.
pub const fn at(n: i64) -> UnixMs {
    UnixMs(T0 + n * 1_000 + n / 5 * 2_400_000)
}

fn metric() -> Metric {
    Metric { kind: PointKind::Counter, name: "eth0.in".into() }
}

/// The incident of every ten steps: opened, told, taken, closed, each step over what was there.
pub fn incident(n: i64) -> KeptIncident {
    let (opened, age) = (at(n / 10 * 10), n % 10);
    let ack = || Ack { by: "Lan".to_owned(), note: format!("step {n}"), at: at(n), until: None };
    KeptIncident {
        id: IncidentId::new("unit-0/tslcd", opened),
        root: subject(n),
        opened,
        since: opened - 500,
        closed: (age == 9).then_some(at(n)),
        state: State::Down,
        told: (age > 2).then_some(Told::Down),
        told_at: (age > 2).then_some(at(n)),
        ack: (age > 4).then(ack),
        split_from: None,
        merged_into: None,
    }
}

/// The work of every four steps: announced anew three times, then called off.
pub fn work(n: i64) -> Maintenance {
    Maintenance {
        id: Id::new(&format!("work-{}", n / 4)).unwrap(),
        on: WorkedOn::Subject(subject(n)),
        hours: WorkHours::Once(Span::new(at(n), at(n) + 500)),
        by: "Lan".to_owned(),
        note: format!("step {n}"),
    }
}

/// The message of a step; sent in the step after it.
fn message(n: i64, state: MessageState) -> Message {
    Message {
        id: format!("message-{n}"),
        channel: Id::new("duty").unwrap(),
        incident: None,
        body: serde_json::json!({ "n": n }),
        made: at(n),
        due: at(n),
        tries: u32::from(state == MessageState::Sent),
        state,
        reason: None,
    }
}

/// The rounds of a step: with its facts, and one that waits for company.
pub fn sample(n: i64, after_ms: i64) -> Sample {
    let us = u32::try_from(4_000 + n * 37 % 3_000).unwrap();
    let rtts = Rtts::from_us(&[us, us + 100]);
    Sample { at: at(n) + after_ms, check: 0, sent: 3, lost: 1, rtts, error: None }
}

pub fn step(n: i64) -> Batch {
    let at = at(n);
    let state = State::ALL[usize::try_from(n / SUBJECTS).unwrap() % 5];
    // Every fourth step rewrites what the step before on this subject has recorded, as health
    // does when an outage turns out to have begun earlier.
    let from = if n % 4 == 3 { at - SUBJECTS * 500 } else { at };
    let intervals = vec![StateInterval { from, to: None, state, cause: None }];
    let detail = serde_json::json!({ "n": n });
    let mut facts = vec![
        Fact::Intervals { subject: subject(n), from, intervals },
        Fact::Event(Event { at, kind: EventKind::State, subject: Some(subject(n)), detail }),
        Fact::Message(message(n, MessageState::Pending)),
        Fact::Incident(incident(n)),
        match n % 4 {
            3 => Fact::MaintenanceEnded { id: work(n).id, at: UnixMs(0) },
            _ => Fact::Maintenance(work(n), at),
        },
        Fact::Baseline {
            subject: subject(n),
            hour: 7,
            usual_us: 4_000,
            rounds: u32::try_from(n).unwrap(),
        },
        Fact::Blind { carrier: None, since: at, until: Some(at + 1) },
        Fact::Alive { at },
    ];
    if n > 0 {
        facts.push(Fact::Message(message(n - 1, MessageState::Sent)));
    }
    let samples = vec![
        (subject(n), sample(n, 0).into()),
        (subject(n), Reading::Point(metric(), Point { at, value: n * 1_500 })),
    ];
    Batch { facts, samples }
}

/// Holds the store of a process that is gone against what it has written: the steps from 0 on, up
/// to some point, everything of each, nothing twice. Answers with their number.
pub fn check(path: &Path, what: &str) -> i64 {
    let reader = Reader::open(path).unwrap();
    let events = reader.events(ALL_TIME, 100_000).unwrap();
    let numbers: Vec<i64> = events.iter().map(|e| e.event.detail["n"].as_i64().unwrap()).collect();
    let count = i64::try_from(numbers.len()).unwrap();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{what}");
    assert!(events.windows(2).all(|w| w[0].seq < w[1].seq), "{what}");

    let intervals = reader.intervals(None, ALL_TIME).unwrap();
    for (subject, record) in &intervals {
        check_partition(record).unwrap_or_else(|e| panic!("{what}, {subject}: {e:?}"));
    }
    let current = reader.current().unwrap();
    for n in (count - SUBJECTS).max(0)..count {
        let Some(Fact::Intervals { intervals: expected, .. }) = step(n).facts.into_iter().next()
        else {
            unreachable!()
        };
        assert_eq!(intervals[&subject(n)].last(), expected.last(), "{what}, step {n}");
        let now = current.iter().find(|c| c.subject == subject(n)).unwrap();
        assert_eq!((now.state, now.since), (expected[0].state, expected[0].from), "{what}");
        assert!(now.last_round.is_some_and(|t| t >= at(n)), "{what}, step {n}");
    }
    // Each step's facts are there with its event, and nothing of a later one.
    let expected: Vec<_> =
        (0..count).filter(|n| n % 10 == 9 || n + 1 == count).map(incident).collect();
    assert_eq!(reader.incidents(ALL_TIME).unwrap(), expected, "{what}");
    let expected: Vec<_> = (0..count).filter(|n| n + 1 == count && n % 4 != 3).map(work).collect();
    assert_eq!(reader.maintenance(ALL_TIME).unwrap(), expected, "{what}");
    let usual = reader.baselines().unwrap();
    for n in (count - SUBJECTS).max(0)..count {
        assert_eq!(usual[&subject(n)][7].map(|u| i64::from(u.rounds)), Some(n), "{what}");
    }
    let blind = reader.blind(ALL_TIME).unwrap();
    assert_eq!(i64::try_from(blind.len()).unwrap(), count, "{what}");
    if count > 0 {
        // The newest round counts as a sign of life, too.
        let alive = reader.last_alive().unwrap().unwrap();
        assert!((0..1_000).contains(&alive.since(at(count - 1))), "{what}: {alive}");
    }
    let pending: Vec<i64> = (0..count).last().into_iter().collect();
    let told = |state| -> Vec<i64> {
        let mut all: Vec<i64> =
            reader.messages(state).unwrap().iter().map(|m| m.body["n"].as_i64().unwrap()).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(told(MessageState::Pending), pending, "{what}: messages");
    assert_eq!(told(MessageState::Sent), (0..(count - 1).max(0)).collect::<Vec<_>>(), "{what}");

    // What was measured with a step was committed with it; of the rounds that waited for company
    // the caller knows which were acknowledged.
    for n in 0..SUBJECTS.min(count) {
        let samples = reader.samples(&subject(n), ALL_TIME).unwrap();
        assert!(samples.is_sorted_by(|a, b| a.at < b.at), "{what}: a sample twice");
        let steps = (n..count).step_by(usize::try_from(SUBJECTS).unwrap());
        let expected: Vec<Sample> = steps.clone().map(|n| sample(n, 0)).collect();
        let found: Vec<Sample> =
            samples.into_iter().filter(|s| s.at.since(UnixMs(T0)) % 1_000 == 0).collect();
        assert_eq!(found, expected, "{what}: samples of {}", subject(n));
        let points = reader.points(&subject(n), &metric(), ALL_TIME).unwrap();
        let expected: Vec<Point> = steps.map(|n| Point { at: at(n), value: n * 1_500 }).collect();
        assert_eq!(points, expected, "{what}: points of {}", subject(n));
        for resolution in [Resolution::Hour, Resolution::Day] {
            reader.rollups(&subject(n), ALL_TIME, resolution).unwrap();
        }
    }
    // Everything else that a store holds to, as `tuantra db check` looks at it.
    let checked = reader.check(UnixMs(0), &mut |_| {}).unwrap();
    assert!(checked.is_clean(), "{what}: {:?}", checked.findings);
    check_blobs(path, what);
    count
}

/// Instants of the rounds that waited for company and are there.
pub fn late_rounds(path: &Path) -> BTreeSet<UnixMs> {
    let reader = Reader::open(path).unwrap();
    (0..SUBJECTS)
        .flat_map(|n| reader.samples(&subject(n), ALL_TIME).unwrap())
        .map(|s| s.at)
        .filter(|at| at.since(UnixMs(T0)) % 1_000 != 0)
        .collect()
}

/// Every blob is whole, every day has one link that says it was sealed, nothing refers to nothing.
fn check_blobs(path: &Path, what: &str) {
    let conn = rusqlite::Connection::open(path).unwrap();
    let verdict: String = conn.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(verdict, "ok", "{what}");
    for table in SEALED {
        let mut statement = conn.prepare(&format!("SELECT key, data FROM {table}")).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let data: Vec<u8> = row.get(1).unwrap();
            let (body, checksum) = data.split_last_chunk::<4>().unwrap();
            let is_whole = crc32fast::hash(body) == u32::from_le_bytes(*checksum);
            assert!(is_whole, "{what}: {table} {}", row.get::<_, i64>(0).unwrap());
        }
    }
    let twice: i64 = conn
        .query_row(
            "SELECT count(*) FROM (SELECT day FROM chain WHERE why = 'sealed'
             GROUP BY day HAVING count(*) > 1)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(twice, 0, "{what}: a day is sealed twice");
    let (links, last): (i64, i64) = conn
        .query_row("SELECT count(*), coalesce(max(n), 0) FROM chain", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(links, last, "{what}: a link is missing");
}

/// How far the upkeep has come: days joined, days chained.
pub fn upkeep(path: &Path) -> (i64, i64) {
    let conn = rusqlite::Connection::open(path).unwrap();
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get(0)).unwrap();
    (
        count("SELECT count(DISTINCT key >> 24) FROM block_day"),
        count("SELECT count(DISTINCT day) FROM chain"),
    )
}
