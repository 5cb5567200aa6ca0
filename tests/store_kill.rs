//! The daemon's process is killed at moments nobody chose: whatever had been acknowledged is
//! there, nothing is there twice, and time is still partitioned.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test, and says what it has tried"
)]
#![expect(clippy::disallowed_methods, reason = "real processes live in real time")]

#[path = "store_kill/steps.rs"]
mod steps;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use steps::{ALL_TIME, at, check, late_rounds, random, sample, step, subject, upkeep};
use tuantra::store::{Batch, OpenOptions, Reader, Store};

/// Kills and copies, unless `TUANTRA_KILLS` and `TUANTRA_COPIES` say otherwise.
const KILLS: u64 = 60;
const COPIES: u64 = 25;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

/// The process that gets killed; does nothing unless it is told where to write.
#[test]
#[ignore = "run by a_killed_daemon_has_lost_nothing_it_acknowledged in a process of its own"]
fn writes_until_killed() {
    let Ok(place) = std::env::var("TUANTRA_KILL_STORE") else { return };
    let first: i64 = std::env::var("TUANTRA_KILL_FIRST").unwrap().parse().unwrap();
    let options = OpenOptions { now: at(first), pid: std::process::id() };
    let store = Store::open(Path::new(&place), &options).unwrap();
    for n in first.. {
        store.submit(step(n));
        // A round that waits for company: nothing urgent comes with it.
        let samples = vec![(subject(n), sample(n, 300).into())];
        store.submit(Batch { facts: Vec::new(), samples });
        // Now and then several are on their way together.
        if n % 3 != 0 {
            store.flush_blocking().unwrap();
            writeln!(std::io::stderr(), "ack {n}").unwrap();
        }
        // Now and then the hours and days that are over are moved at once.
        if n % 16 == 5 {
            store.tidy_blocking().unwrap();
        }
    }
}

/// A daemon that reads its own store beside writing it; does nothing unless it is told where.
#[test]
#[ignore = "run by who_looks_in_from_outside_takes_nothing_away in a process of its own"]
fn writes_and_reads_as_it_is_told() {
    let Ok(place) = std::env::var("TUANTRA_KILL_STORE") else { return };
    let options = OpenOptions { now: at(0), pid: std::process::id() };
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

/// What a child has acknowledged, as far as it was heard.
struct Heard {
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    acknowledged: i64,
}

impl Heard {
    fn of(child: &mut Child, next: i64) -> Self {
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { lines, acknowledged: next - 1 }
    }

    fn line(&mut self) {
        let line = self.lines.next().unwrap().unwrap();
        let n = line.strip_prefix("ack ").unwrap_or_else(|| panic!("{line}"));
        self.acknowledged = n.parse().unwrap();
    }

    /// What it has said before it was killed.
    fn rest(self) -> i64 {
        let mut acknowledged = self.acknowledged;
        for line in self.lines.map_while(Result::ok) {
            // The last line may be torn by the kill.
            if let Some(Ok(n)) = line.strip_prefix("ack ").map(str::parse::<i64>) {
                acknowledged = acknowledged.max(n);
            }
        }
        acknowledged
    }
}

#[test]
fn a_killed_daemon_has_lost_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let (mut next, mut seed, mut missing) = (0, 0x9e37_79b9_7f4a_7c15, 0);
    // Rounds that waited for company and were acknowledged in whichever run.
    let mut promised: Vec<i64> = Vec::new();
    let kills = number("TUANTRA_KILLS", KILLS);
    let began = Instant::now();
    for kill in 0..kills {
        let mut child = spawn("writes_until_killed", &path, next);
        let mut heard = Heard::of(&mut child, next);
        for _ in 0..1 + random(&mut seed) % 12 {
            heard.line();
        }
        // Somewhere inside the next transactions, or the sealing, joining and chaining.
        (0..random(&mut seed) % 400_000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = heard.rest();

        let count = check(&path, &format!("kill {kill}"));
        assert!(count > acknowledged, "kill {kill}: {acknowledged} acknowledged, {count} there");
        promised.extend(next..=acknowledged);
        let there = late_rounds(&path);
        let lost: Vec<_> =
            promised.iter().filter(|n| !there.contains(&sample(**n, 300).at)).collect();
        assert!(lost.is_empty(), "kill {kill}: acknowledged samples {lost:?} are gone");
        missing +=
            (acknowledged + 1..count).filter(|n| !there.contains(&sample(*n, 300).at)).count();
        next = count;
    }
    let (joined, chained) = upkeep(&path);
    println!(
        "figures: {kills} kills in {} s: {next} steps there, {missing} rounds missing that nobody \
         had acknowledged; {joined} days joined, {chained} chained",
        began.elapsed().as_secs()
    );
    assert!(joined > 0 && chained > 0, "no kill can have hit the upkeep of a day");
}

/// Stops the process where it is; what its files hold then is what a crash would leave.
fn freeze(child: &Child) {
    let pid = child.id();
    assert!(Command::new("kill").args(["-STOP", &pid.to_string()]).status().unwrap().success());
    let began = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        if stat.rsplit(')').next().is_some_and(|rest| rest.trim().starts_with('T')) {
            // Each thread stops by itself, the process when the last one has.
            let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
            let is_stopped = |task: PathBuf| {
                std::fs::read_to_string(task.join("stat"))
                    .is_ok_and(|s| s.rsplit(')').next().is_some_and(|r| r.trim().starts_with('T')))
            };
            if tasks.map(|task| task.unwrap().path()).all(is_stopped) {
                return;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not stop");
        std::thread::yield_now();
    }
}

/// Where the last transaction in a write-ahead log ends: frames of the present generation carry
/// the header's salts, the last of a transaction the size of the database.
fn end_of_commits(wal: &[u8]) -> usize {
    const FRAME: usize = 24 + 4_096;
    let Some(salts) = wal.get(16..24) else { return wal.len() };
    let frames = wal[32..].chunks_exact(FRAME).take_while(|frame| frame[8..16] == *salts);
    let last = frames.enumerate().filter(|(_, frame)| frame[4..8] != [0; 4]).last();
    32 + last.map_or(0, |(n, _)| (n + 1) * FRAME)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "asks /proc whether the process stands still")]
fn a_torn_copy_has_all_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let copies = number("TUANTRA_COPIES", COPIES);
    let mut seed = 0x2545_f491_4f6c_dd1d;
    let mut child = spawn("writes_until_killed", &path, 0);
    let mut heard = Heard::of(&mut child, 0);
    let (mut torn, mut tidied) = (0, 0);
    for n in 0..copies {
        for _ in 0..1 + random(&mut seed) % 6 {
            heard.line();
        }
        (0..random(&mut seed) % 400_000).for_each(|_| std::hint::spin_loop());
        freeze(&child);
        let place = folder.path().join(format!("copy-{n}"));
        std::fs::create_dir(&place).unwrap();
        let copy = place.join("tuantra.db");
        std::fs::copy(&path, &copy).unwrap();
        let mut wal = std::fs::read(folder.path().join("tuantra.db-wal")).unwrap();
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-CONT", &pid]).status().unwrap().success());
        // A transaction that was under way is torn anywhere, in any way.
        let end = end_of_commits(&wal).min(wal.len());
        if n % 2 == 0 {
            let keep = usize::try_from(random(&mut seed)).unwrap() % (wal.len() - end + 1);
            wal[end + keep..].fill_with(|| random(&mut seed).to_le_bytes()[0]);
            wal.extend((0..random(&mut seed) % 9_000).map(|_| 0xa5));
            torn += 1;
        }
        std::fs::write(place.join("tuantra.db-wal"), wal).unwrap();
        let acknowledged = heard.acknowledged;
        // Another daemon takes it up: it seals, joins and chains what is due, and goes on.
        let options = OpenOptions { now: at(acknowledged), pid: std::process::id() };
        let store = Store::open(&copy, &options).unwrap();
        assert_eq!(store.status().trouble, None, "copy {n}");
        store.close().unwrap();
        let count = check(&copy, &format!("copy {n}"));
        assert!(count > acknowledged, "copy {n}: {acknowledged} acknowledged, {count} there");
        let store = Store::open(&copy, &options).unwrap();
        store.submit(step(count));
        store.tidy_blocking().unwrap();
        tidied += upkeep(&copy).1;
        store.close().unwrap();
        assert_eq!(check(&copy, &format!("copy {n}, gone on")), count + 1);
        std::fs::remove_dir_all(&place).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    println!(
        "figures: {copies} copies ({torn} torn behind the last commit), {tidied} links in them"
    );
}
