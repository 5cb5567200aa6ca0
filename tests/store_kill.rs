//! The daemon's process is killed at moments nobody chose: whatever had been acknowledged is
//! there, nothing is there twice, and time is still partitioned.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tuantra::model::{
    Rtts, Sample, Span, State, StateInterval, SubjectId, UnixMs, check_partition,
};
use tuantra::store::{Batch, Event, EventKind, Fact, OpenOptions, Reader, Store};

const T0: i64 = 1_790_000_000_000;
const SUBJECTS: i64 = 5;
const KILLS: u64 = 20;
const ALL_TIME: Span = Span::new(UnixMs(0), UnixMs(i64::MAX));

fn subject(n: i64) -> SubjectId {
    SubjectId::new(&format!("unit-{}/tslcd", n % SUBJECTS)).unwrap()
}

fn step(n: i64) -> Batch {
    let at = UnixMs(T0 + n * 1_000);
    let state = State::ALL[usize::try_from(n / SUBJECTS).unwrap() % 5];
    // Every fourth step rewrites what the step before on this subject has recorded, as health
    // does when an outage turns out to have begun earlier.
    let from = if n % 4 == 3 { at - SUBJECTS * 500 } else { at };
    let intervals = vec![StateInterval { from, to: None, state, cause: None }];
    let detail = serde_json::json!({ "n": n });
    let rtts = Rtts::from_us(&[4_000, 4_100]);
    let sample = Sample { at, check: 0, sent: 3, lost: 1, rtts, error: None };
    Batch {
        facts: vec![
            Fact::Intervals { subject: subject(n), from, intervals },
            Fact::Event(Event { at, kind: EventKind::State, subject: Some(subject(n)), detail }),
            Fact::Alive { at },
        ],
        samples: vec![(subject(n), sample)],
    }
}

/// The process that gets killed; does nothing unless it is told where to write.
#[test]
#[ignore = "run by a_killed_daemon_has_lost_nothing_it_acknowledged in a process of its own"]
fn writes_until_killed() {
    let Ok(place) = std::env::var("TUANTRA_KILL_STORE") else { return };
    let first: i64 = std::env::var("TUANTRA_KILL_FIRST").unwrap().parse().unwrap();
    let options = OpenOptions { now: UnixMs(T0 + first * 1_000), pid: std::process::id() };
    let store = Store::open(Path::new(&place), &options).unwrap();
    for n in first.. {
        store.submit(step(n));
        // Now and then several are on their way together.
        if n % 3 != 0 {
            store.flush_blocking().unwrap();
            writeln!(std::io::stderr(), "ack {n}").unwrap();
        }
    }
}

fn spawn(store: &Path, first: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_until_killed", "--ignored", "--nocapture"])
        .env("TUANTRA_KILL_STORE", store)
        .env("TUANTRA_KILL_FIRST", first.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_daemon_has_lost_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let mut next = 0;
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for kill in 0..KILLS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut child = spawn(&path, next);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut acknowledged = next - 1;
        for _ in 0..1 + random % 12 {
            let line = lines.next().unwrap().unwrap();
            acknowledged =
                line.strip_prefix("ack ").unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        }
        // Somewhere inside the next transactions.
        (0..random % 400_000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            // The last line may be torn by the kill.
            if let Some(Ok(n)) = line.strip_prefix("ack ").map(str::parse::<i64>) {
                acknowledged = acknowledged.max(n);
            }
        }

        let reader = Reader::open(&path).unwrap();
        let events = reader.events(ALL_TIME, 100_000).unwrap();
        let numbers: Vec<i64> =
            events.iter().map(|e| e.event.detail["n"].as_i64().unwrap()).collect();
        let count = i64::try_from(numbers.len()).unwrap();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "kill {kill}");
        assert!(count > acknowledged, "kill {kill}: {acknowledged} acknowledged, {count} there");
        assert!(events.windows(2).all(|w| w[0].seq < w[1].seq));

        let intervals = reader.intervals(None, ALL_TIME).unwrap();
        for (subject, record) in &intervals {
            check_partition(record).unwrap_or_else(|e| panic!("kill {kill}, {subject}: {e:?}"));
        }
        for n in (count - SUBJECTS).max(0)..count {
            let Some(Fact::Intervals { intervals: expected, .. }) =
                step(n).facts.into_iter().next()
            else {
                unreachable!()
            };
            assert_eq!(intervals[&subject(n)].last(), expected.last(), "kill {kill}, step {n}");
        }
        assert_eq!(reader.last_alive().unwrap(), Some(UnixMs(T0 + (count - 1) * 1_000)));
        next = count;
    }
    let conn = rusqlite::Connection::open(&path).unwrap();
    let verdict: String = conn.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let samples: usize = {
        let reader = Reader::open(&path).unwrap();
        (0..SUBJECTS).map(|n| reader.samples(&subject(n), ALL_TIME).unwrap().len()).sum()
    };
    assert!(i64::try_from(samples).unwrap() <= next && samples > 0);
}
