//! The daemon's process is killed at moments nobody chose: whatever had been acknowledged is
//! there, nothing is there twice, and time is still partitioned.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tuantra::model::{
    Ack, Id, IncidentId, KeptIncident, Maintenance, Rtts, Sample, Span, State, StateInterval,
    SubjectId, Told, UnixMs, WorkHours, WorkedOn, check_partition,
};
use tuantra::store::{Batch, Event, EventKind, Fact, OpenOptions, Reader, Store};

const T0: i64 = 1_790_000_000_000;
const SUBJECTS: i64 = 5;
const KILLS: u64 = 20;
const ALL_TIME: Span = Span::new(UnixMs(0), UnixMs(i64::MAX));

fn subject(n: i64) -> SubjectId {
    SubjectId::new(&format!("unit-{}/tslcd", n % SUBJECTS)).unwrap()
}

/// The incident of every ten steps: opened, told, taken, closed, each step over what was there.
fn incident(n: i64) -> KeptIncident {
    let (opened, age) = (UnixMs(T0 + n / 10 * 10_000), n % 10);
    let at = UnixMs(T0 + n * 1_000);
    let ack = || Ack { by: "Lan".to_owned(), note: format!("step {n}"), at, until: None };
    KeptIncident {
        id: IncidentId::new("unit-0/tslcd", opened),
        root: subject(n),
        opened,
        since: opened - 500,
        closed: (age == 9).then_some(at),
        state: State::Down,
        told: (age > 2).then_some(Told::Down),
        told_at: (age > 2).then_some(at),
        ack: (age > 4).then(ack),
        split_from: None,
        merged_into: None,
    }
}

/// The work of every four steps: announced anew three times, then called off.
fn work(n: i64) -> Maintenance {
    let from = UnixMs(T0 + n * 1_000);
    Maintenance {
        id: Id::new(&format!("work-{}", n / 4)).unwrap(),
        on: WorkedOn::Subject(subject(n)),
        hours: WorkHours::Once(Span::new(from, from + 500)),
        by: "Lan".to_owned(),
        note: format!("step {n}"),
    }
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

/// A daemon that reads its own store beside writing it; does nothing unless it is told where.
#[test]
#[ignore = "run by who_looks_in_from_outside_takes_nothing_away in a process of its own"]
fn writes_and_reads_as_it_is_told() {
    let Ok(place) = std::env::var("TUANTRA_KILL_STORE") else { return };
    let options = OpenOptions { now: UnixMs(T0), pid: std::process::id() };
    let store = Store::open(Path::new(&place), &options).unwrap();
    for n in 0.. {
        store.submit(step(n));
        store.flush_blocking().unwrap();
        let reader = Reader::open(Path::new(&place)).unwrap();
        assert!(!reader.current().unwrap().is_empty());
        drop(reader);
        assert!(matches!(
            Store::open(Path::new(&place), &options),
            Err(tuantra::store::StoreError::Locked { .. })
        ));
        writeln!(std::io::stderr(), "ack {n}").unwrap();
        let mut word = String::new();
        std::io::stdin().read_line(&mut word).unwrap();
    }
}

fn spawn(test: &str, store: &Path, first: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("TUANTRA_KILL_STORE", store)
        .env("TUANTRA_KILL_FIRST", first.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whether the kernel knows of a POSIX lock of the process on the file.
///
/// The kernel walks its list anew for every read, by position: in a small read (the standard
/// library begins with one) a lock that somebody gives back meanwhile hides the next one.
fn holds_a_lock(pid: u32, file: &Path) -> bool {
    let inode = std::fs::metadata(file).unwrap().ino().to_string();
    let mut locks = std::fs::File::open("/proc/locks").unwrap();
    let (mut text, mut page) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        match locks.read(&mut page).unwrap() {
            0 => break,
            read => text.extend_from_slice(&page[..read]),
        }
    }
    String::from_utf8(text).unwrap().lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(1) == Some(&"POSIX")
            && words.contains(&pid.to_string().as_str())
            && words.iter().any(|w| w.rsplit_once(':').is_some_and(|(_, i)| i == inode))
    })
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads the locks from /proc")]
fn who_looks_in_from_outside_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let wal = folder.path().join("tuantra.db-wal");
    let mut daemon = spawn("writes_and_reads_as_it_is_told", &path, 0);
    let mut lines = BufReader::new(daemon.stderr.take().unwrap()).lines();
    let mut orders = daemon.stdin.take().unwrap();
    let rounds = 4;
    for n in 0..rounds {
        assert_eq!(lines.next().unwrap().unwrap(), format!("ack {n}"));
        let inode = std::fs::metadata(&wal).unwrap().ino();
        // An older `sqlite3` asks for this lock to learn whether it is the last to close, and if
        // so takes the log away; newer ones look at the shared memory as well.
        assert!(holds_a_lock(daemon.id(), &path), "the daemon's lock on its own store is gone");
        let outside = rusqlite::Connection::open(&path).unwrap();
        let count: i64 =
            outside.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
        assert_eq!(count, n + 1);
        outside.close().unwrap();
        let after = std::fs::metadata(&wal).map(|m| m.ino()).ok();
        assert_eq!(after, Some(inode), "the write-ahead log was taken away from the daemon");
        writeln!(orders, "go on").unwrap();
    }
    assert_eq!(lines.next().unwrap().unwrap(), format!("ack {rounds}"));
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let events = Reader::open(&path).unwrap().events(ALL_TIME, 100).unwrap();
    let numbers: Vec<_> = events.iter().map(|e| e.event.detail["n"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (0..=rounds).collect::<Vec<_>>());
}

#[test]
fn a_killed_daemon_has_lost_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let mut next = 0;
    let mut promised: BTreeSet<i64> = BTreeSet::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for kill in 0..KILLS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut child = spawn("writes_until_killed", &path, next);
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

        promised.extend(next..=acknowledged);
        let there: BTreeSet<i64> = (0..SUBJECTS)
            .flat_map(|n| reader.samples(&subject(n), ALL_TIME).unwrap())
            .map(|sample| (sample.at.0 - T0) / 1_000)
            .collect();
        let lost: Vec<_> = promised.difference(&there).collect();
        assert!(lost.is_empty(), "kill {kill}: acknowledged samples {lost:?} are gone");
        assert!(there.last().is_none_or(|last| *last < count), "kill {kill}");

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
        // Each step's facts are there with its event, and nothing of a later one.
        let expected: Vec<_> =
            (0..count).filter(|n| n % 10 == 9 || n + 1 == count).map(incident).collect();
        assert_eq!(reader.incidents(ALL_TIME).unwrap(), expected, "kill {kill}");
        let expected: Vec<_> =
            (0..count).filter(|n| n + 1 == count && n % 4 != 3).map(work).collect();
        assert_eq!(reader.maintenance(ALL_TIME).unwrap(), expected, "kill {kill}");
        let usual = reader.baselines().unwrap();
        for n in (count - SUBJECTS).max(0)..count {
            assert_eq!(usual[&subject(n)][7].map(|u| i64::from(u.rounds)), Some(n), "kill {kill}");
        }
        let blind = reader.blind(ALL_TIME).unwrap();
        assert_eq!(i64::try_from(blind.len()).unwrap(), count, "kill {kill}");
        assert_eq!(reader.last_alive().unwrap(), Some(UnixMs(T0 + (count - 1) * 1_000)));
        next = count;
    }
    let conn = rusqlite::Connection::open(&path).unwrap();
    let verdict: String = conn.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}
