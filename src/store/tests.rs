//! The store on real files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::model::{
    RoundError, Rtts, Sample, Span, State, StateInterval, SubjectId, UnixMs, check_partition,
};

mod bad_days;
mod blocks;
mod chain;
mod kept;
mod migration;
mod neighbours;
mod outbox;
mod point_rollups;
mod properties;
mod rounds;
mod said;
mod sound;
mod storms;
mod whole;

const T0: i64 = 1_790_000_000_000;
const ALL_TIME: Span = Span::new(UnixMs(0), UnixMs(i64::MAX));

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("tuantra.db")
    }

    fn open(&self) -> Store {
        Store::open(&self.db(), &options()).unwrap()
    }

    /// By a daemon that starts at this time.
    fn open_at(&self, now: i64) -> Store {
        Store::open(&self.db(), &OpenOptions { now: UnixMs(now), ..options() }).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.db()).unwrap()
    }
}

fn options() -> OpenOptions {
    OpenOptions { now: UnixMs(T0), pid: std::process::id() }
}

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

fn interval(from: i64, to: Option<i64>, state: State) -> StateInterval {
    StateInterval { from: UnixMs(from), to: to.map(UnixMs), state, cause: None }
}

fn replace(subject: &str, from: i64, intervals: Vec<StateInterval>) -> Fact {
    Fact::Intervals { subject: id(subject), from: UnixMs(from), intervals }
}

fn facts(facts: Vec<Fact>) -> Batch {
    Batch { facts, samples: Vec::new() }
}

fn sample(at: i64, us: &[u32]) -> Sample {
    let lost = 3 - u8::try_from(us.len()).unwrap();
    Sample { at: UnixMs(at), check: 0, sent: 3, lost, rtts: Rtts::from_us(us), error: None }
}

fn readings(samples: &[(SubjectId, Sample)]) -> Vec<(SubjectId, Reading)> {
    samples.iter().map(|(id, sample)| (id.clone(), (*sample).into())).collect()
}

fn record(reader: &Reader, subject: &str) -> Vec<StateInterval> {
    let subject = id(subject);
    reader.intervals(Some(&subject), ALL_TIME).unwrap().remove(&subject).unwrap_or_default()
}

#[test]
fn what_is_written_comes_back_beside_the_daemon_and_after_it() {
    let place = Place::new();
    let store = place.open();
    let mut unreachable = interval(T0 + 60, None, State::Unreachable);
    unreachable.cause = Some(id("cai-be/tslcd"));
    let intervals = vec![interval(T0, Some(T0 + 60), State::Up), unreachable.clone()];
    let event = Event {
        at: UnixMs(T0 + 5),
        kind: EventKind::State,
        subject: Some(id("cai-be.hoa-khanh/tslcd")),
        detail: serde_json::json!({"to": "unreachable"}),
    };
    let mut failed = sample(T0 + 3_600_000, &[]);
    failed.error = Some(RoundError::Unreachable { code: 1, by: None });
    let samples = [sample(T0 + 1, &[4_100, 3_900, 70_000]), failed];
    store.submit(Batch {
        facts: vec![
            replace("cai-be.hoa-khanh/tslcd", T0, intervals.clone()),
            Fact::Event(event.clone()),
            Fact::Alive { at: UnixMs(T0 + 70) },
        ],
        samples: samples.iter().map(|s| (id("cai-be.hoa-khanh/tslcd"), (*s).into())).collect(),
    });
    store.flush_blocking().unwrap();
    let check = |reader: &Reader| {
        assert_eq!(record(reader, "cai-be.hoa-khanh/tslcd"), intervals);
        assert_eq!(
            reader.current().unwrap(),
            [Current {
                subject: id("cai-be.hoa-khanh/tslcd"),
                state: State::Unreachable,
                since: UnixMs(T0 + 60),
                cause: Some(id("cai-be/tslcd")),
                last_round: Some(UnixMs(T0 + 3_600_000)),
            }]
        );
        let subject = id("cai-be.hoa-khanh/tslcd");
        assert_eq!(reader.samples(&subject, ALL_TIME).unwrap(), samples);
        let first_second = Span::new(UnixMs(T0), UnixMs(T0 + 1_000));
        assert_eq!(reader.samples(&subject, first_second).unwrap(), samples[..1]);
        let events = reader.events(ALL_TIME, 10).unwrap();
        assert_eq!(events, [RecordedEvent { seq: 2, event: event.clone() }]);
        // The later of the sign of life and the newest round.
        assert_eq!(reader.last_alive().unwrap(), Some(UnixMs(T0 + 3_600_000)));
        assert_eq!(reader.first_record().unwrap(), Some(UnixMs(T0)));
    };
    check(&place.reader());
    assert_eq!(store.status().written, Some(UnixMs(T0 + 3_600_000)));
    assert_eq!(store.status().trouble, None);
    store.close().unwrap();
    check(&place.reader());
}

#[test]
fn only_intervals_that_touch_the_window_are_read() {
    let place = Place::new();
    let store = place.open();
    let rows = vec![
        interval(T0, Some(T0 + 10), State::Up),
        interval(T0 + 10, Some(T0 + 20), State::Down),
        interval(T0 + 20, None, State::Up),
    ];
    store.submit(facts(vec![replace("a", T0, rows.clone()), replace("b", T0, rows[..1].to_vec())]));
    store.flush_blocking().unwrap();
    let reader = place.reader();
    let read = |from, to| reader.intervals(None, Span::new(UnixMs(from), UnixMs(to))).unwrap();
    assert_eq!(read(T0 + 10, T0 + 20), BTreeMap::from([(id("a"), rows[1..2].to_vec())]));
    assert_eq!(read(T0 + 9, T0 + 21)[&id("a")], rows);
    assert_eq!(read(T0 - 9, T0 + 1)[&id("b")], rows[..1]);
    assert!(read(T0 - 9, T0).is_empty());
    assert_eq!(read(T0 + 500, T0 + 501)[&id("a")], rows[2..]);
}

#[test]
fn a_second_writer_is_refused_by_the_name_of_the_first_until_it_closes() {
    let place = Place::new();
    let first = place.open();
    match Store::open(&place.db(), &OpenOptions { now: UnixMs(T0), pid: 1 }) {
        Err(StoreError::Locked { pid, .. }) => assert_eq!(pid, std::process::id()),
        other => panic!("{other:?}"),
    }
    first.close().unwrap();
    place.open();
}

#[test]
fn a_newer_store_is_refused_with_both_versions() {
    let place = Place::new();
    place.open().close().unwrap();
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let known = schema::known_version();
    conn.pragma_update(None, "user_version", known + 4).unwrap();
    conn.close().unwrap();
    for error in [
        Store::open(&place.db(), &options()).map(|_| ()).unwrap_err(),
        Reader::open(&place.db()).map(|_| ()).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains(&format!("version {}", known + 4)), "{text}");
        assert!(text.contains(&format!("up to {known}")), "{text}");
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_and_not_touched() {
    let place = Place::new();
    let text = b"units:\n- id: cai-be\n".repeat(20);
    std::fs::write(place.db(), &text).unwrap();
    assert!(matches!(Store::open(&place.db(), &options()), Err(StoreError::Foreign { .. })));
    assert!(matches!(Reader::open(&place.db()), Err(StoreError::Foreign { .. })));
    assert_eq!(std::fs::read(place.db()).unwrap(), text);
    std::fs::remove_file(place.db()).unwrap();

    let conn = rusqlite::Connection::open(place.db()).unwrap();
    conn.execute_batch("CREATE TABLE other (x)").unwrap();
    conn.close().unwrap();
    let before = std::fs::read(place.db()).unwrap();
    assert!(matches!(Store::open(&place.db(), &options()), Err(StoreError::Foreign { .. })));
    assert_eq!(std::fs::read(place.db()).unwrap(), before);
    let names: Vec<_> =
        std::fs::read_dir(place.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["tuantra.db"]);
}

#[test]
fn a_missing_store_is_told_apart() {
    let place = Place::new();
    assert!(matches!(Reader::open(&place.db()), Err(StoreError::Missing { .. })));
}

#[test]
fn half_made_stores_are_made_again() {
    let place = Place::new();
    std::fs::write(place.folder.path().join("tuantra.db.new"), b"torn").unwrap();
    place.open().close().unwrap();
    assert_eq!(place.reader().current().unwrap(), []);
}

#[test]
fn a_new_store_does_not_inherit_the_log_of_the_one_removed() {
    let place = Place::new();
    let beside = |ending: &str| place.folder.path().join(format!("tuantra.db{ending}"));
    let kept = |ending: &str| place.folder.path().join(format!("kept{ending}"));
    let endings = ["-wal", "-shm"];
    let store = place.open();
    store.submit(facts(vec![replace("a", T0, vec![interval(T0, None, State::Up)])]));
    store.flush_blocking().unwrap();
    // What a killed daemon leaves behind.
    for ending in endings {
        std::fs::copy(beside(ending), kept(ending)).unwrap();
    }
    store.close().unwrap();
    std::fs::remove_file(place.db()).unwrap();
    endings.iter().for_each(|e| std::fs::rename(kept(e), beside(e)).unwrap());

    let store = place.open();
    assert_eq!(place.reader().current().unwrap(), []);
    store.close().unwrap();
    assert_eq!(place.reader().current().unwrap(), []);
}

#[test]
fn two_names_of_one_file_share_one_lock() {
    let place = Place::new();
    let names = tempfile::tempdir().unwrap();
    let folder = names.path().join("folder");
    std::os::unix::fs::symlink(place.folder.path(), &folder).unwrap();
    let link = names.path().join("link.db");
    // Made before what it points to: the store must not take the link's place.
    std::os::unix::fs::symlink(place.db(), &link).unwrap();
    let store = Store::open(&link, &options()).unwrap();
    store.submit(facts(vec![replace("a", T0, vec![interval(T0, None, State::Up)])]));
    store.flush_blocking().unwrap();
    for name in [place.db(), folder.join("tuantra.db"), link.clone()] {
        let refused = Store::open(&name, &options());
        assert!(matches!(refused, Err(StoreError::Locked { .. })), "{name:?}: {refused:?}");
        assert_eq!(record(&Reader::open(&name).unwrap(), "a").len(), 1);
    }
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    store.close().unwrap();
    Store::open(&folder.join("tuantra.db"), &options()).unwrap();
}

#[test]
fn a_reader_refuses_another_programs_database() {
    let place = Place::new();
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    conn.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE other (x)").unwrap();
    assert!(matches!(Reader::open(&place.db()), Err(StoreError::Foreign { .. })));
    assert!(matches!(Store::open(&place.db(), &options()), Err(StoreError::Foreign { .. })));
    conn.close().unwrap();
    assert!(matches!(Reader::open(&place.db()), Err(StoreError::Foreign { .. })));
    std::fs::write(place.db(), b"").unwrap();
    assert!(matches!(Reader::open(&place.db()), Err(StoreError::Missing { .. })));
}

#[test]
fn a_fact_sqlite_refuses_does_not_hold_up_the_others() {
    let place = Place::new();
    let store = place.open();
    // A schema trigger stands for any constraint this version does not know of.
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    conn.execute_batch(
        "CREATE TRIGGER t BEFORE INSERT ON event WHEN new.kind = 'gap'
         BEGIN SELECT raise(ABORT, 'no'); END",
    )
    .unwrap();
    let event = |kind| {
        let detail = serde_json::Value::Null;
        Fact::Event(Event { at: UnixMs(T0), kind, subject: None, detail })
    };
    store.submit(facts(vec![
        event(EventKind::Started),
        event(EventKind::Gap),
        replace("a", T0, vec![interval(T0, None, State::Up)]),
    ]));
    store.flush_blocking().unwrap();
    assert!(store.status().trouble.is_some_and(|t| t.contains("Gap")));
    let reader = place.reader();
    assert_eq!(reader.events(ALL_TIME, 10).unwrap().len(), 1);
    assert_eq!(record(&reader, "a").len(), 1);
}

#[test]
fn a_locked_database_delays_recording_and_loses_nothing() {
    let place = Place::new();
    let store = place.open();
    let other = rusqlite::Connection::open(place.db()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.submit(facts(vec![replace("a", T0, vec![interval(T0, None, State::Up)])]));
    let error = store.flush_blocking().unwrap_err();
    assert!(matches!(error, StoreError::Behind { .. }), "{error}");
    assert!(store.status().trouble.is_some_and(|t| t.contains("1 fact and")));
    store.submit(facts(vec![replace("a", T0 + 9, vec![interval(T0 + 9, None, State::Down)])]));
    other.execute_batch("COMMIT").unwrap();
    store.close().unwrap();
    assert_eq!(store.status().trouble, None);
    let expected = [interval(T0, Some(T0 + 9), State::Up), interval(T0 + 9, None, State::Down)];
    assert_eq!(record(&place.reader(), "a"), expected);
}

#[test]
fn closing_says_what_could_not_be_written() {
    let place = Place::new();
    let store = place.open();
    let other = rusqlite::Connection::open(place.db()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.submit(facts(vec![Fact::Alive { at: UnixMs(T0) }]));
    let error = store.close().unwrap_err();
    assert!(matches!(error, StoreError::Unwritten { facts: 1, samples: 0, .. }), "{error}");
}

#[test]
fn a_round_that_our_own_side_spoilt_vouches_for_nobody_after_a_restart() {
    let place = Place::new();
    let store = place.open();
    let answered = sample(T0 + 1, &[4_100]);
    let refused =
        Sample { error: Some(RoundError::Local { errno: 101 }), ..sample(T0 + 30_000, &[]) };
    let unsent = Sample { sent: 0, lost: 0, ..sample(T0 + 60_000, &[]) };
    let samples = [answered, refused, unsent].map(|s| (id("s0"), s.into())).to_vec();
    let up = vec![interval(T0, None, State::Up)];
    store.submit(Batch { facts: vec![replace("s0", T0, up)], samples });
    store.flush_blocking().unwrap();
    let reader = place.reader();
    assert_eq!(reader.current().unwrap()[0].last_round, Some(UnixMs(T0 + 1)));
    assert_eq!(reader.samples(&id("s0"), ALL_TIME).unwrap().len(), 3);
    store.close().unwrap();
}

#[test]
fn samples_age_by_the_hour_and_facts_stay() {
    let place = Place::new();
    let store = place.open();
    let hour = 3_600_000;
    let start = T0 - T0 % hour;
    let subjects: Vec<SubjectId> = (0..60).map(|n| id(&format!("s{n}"))).collect();
    let samples = subjects.iter().flat_map(|s| {
        (0..360).map(|n| (s.clone(), sample(start + i64::from(n) * 30_000, &[1_000]).into()))
    });
    let up = vec![interval(start, None, State::Up)];
    store
        .backfill([Batch { facts: vec![replace("s0", start, up)], samples: samples.collect() }])
        .unwrap();
    let samples_before = UnixMs(start + 2 * hour + 5);
    store.keep(Retention { samples_before, rollups_before: UnixMs(start) });
    store.tidy_blocking().unwrap();
    store.close().unwrap();
    let reader = place.reader();
    for subject in &subjects {
        let left = reader.samples(subject, ALL_TIME).unwrap();
        assert_eq!(left.len(), 120);
        assert_eq!(left[0].at, UnixMs(start + 2 * hour));
    }
    assert_eq!(reader.current().unwrap()[0].last_round, Some(UnixMs(start + 359 * 30_000)));
}

#[test]
fn a_back_fill_of_facts_waits_for_the_disk_too() {
    let place = Place::new();
    let store = place.open();
    let count = super::queue::FACTS_MAX + 10;
    let event = |n: usize| {
        let at = UnixMs(T0 + i64::try_from(n).unwrap());
        let detail = serde_json::Value::Null;
        Fact::Event(Event { at, kind: EventKind::State, subject: None, detail })
    };
    store.backfill([facts((0..count).map(event).collect())]).unwrap();
    store.close().unwrap();
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let there: i64 = conn.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    assert_eq!(usize::try_from(there), Ok(count));
}

#[test]
fn a_reader_sees_whole_transactions_while_the_daemon_writes() {
    let place = Place::new();
    let store = place.open();
    let reader = place.reader();
    for n in 1..200_i64 {
        let at = T0 + n * 1_000;
        let state = if n % 2 == 0 { State::Up } else { State::Down };
        store.submit(facts(vec![
            replace("a", at, vec![interval(at, None, state)]),
            replace("b", at, vec![interval(at, None, state)]),
        ]));
        let found = reader.intervals(None, ALL_TIME).unwrap();
        for intervals in found.values() {
            check_partition(intervals).unwrap();
            assert_eq!(intervals.last().unwrap().to, None);
        }
        let now = reader.current().unwrap();
        assert!(now.is_empty() || (now.len() == 2 && now[0].since == now[1].since), "{now:?}");
    }
    store.flush_blocking().unwrap();
    assert_eq!(record(&reader, "a").len(), 199);
}

#[test]
fn every_fact_has_its_own_number() {
    let place = Place::new();
    for _ in 0..2 {
        let store = place.open();
        store.submit(facts(vec![
            Fact::Event(Event {
                at: UnixMs(T0),
                kind: EventKind::Started,
                subject: None,
                detail: serde_json::Value::Null,
            }),
            Fact::Alive { at: UnixMs(T0) },
        ]));
        store.flush_blocking().unwrap();
    }
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let numbers: String = conn
        .query_row(
            "SELECT group_concat(seq) FROM (SELECT seq FROM event UNION ALL SELECT seq FROM run ORDER BY 1)",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(numbers, "1,2,3,4");
    let stopped: i64 =
        conn.query_row("SELECT count(*) FROM run WHERE stopped = alive", [], |r| r.get(0)).unwrap();
    assert_eq!(stopped, 2);
}

#[test]
fn the_daily_view_cuts_at_local_midnight_and_sums_to_the_day() {
    let place = Place::new();
    let store = place.open();
    // 2026-09-21 22:00 in UTC+7.
    let start: UnixMs = "2026-09-21T15:00:00Z".parse().unwrap();
    let hour = 3_600_000;
    store.submit(facts(vec![
        replace(
            "a",
            start.0,
            vec![
                interval(start.0, Some(start.0 + 3 * hour), State::Up),
                interval(start.0 + 3 * hour, Some(start.0 + 5 * hour), State::Down),
                interval(start.0 + 5 * hour, None, State::Degraded),
            ],
        ),
        Fact::Alive { at: start + 30 * hour },
    ]));
    store.close().unwrap();
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let mut statement = conn
        .prepare("SELECT day, up_ms, degraded_ms, down_ms, measured FROM v_availability_daily")
        .unwrap();
    let rows: Vec<(String, i64, i64, i64, f64)> = statement
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        rows,
        [
            ("2026-09-21".to_owned(), 2 * hour, 0, 0, 2.0 / 24.0),
            ("2026-09-22".to_owned(), hour, 21 * hour, 2 * hour, 1.0),
            ("2026-09-23".to_owned(), 0, 4 * hour, 0, 4.0 / 24.0),
        ]
    );
}
