//! A day as it comes in, some seconds at a time, each a transaction that is on the disk before the
//! next begins; and what a fact waits for while the day is being put away. In a process of its own
//! for each size, so that its memory is the store's.

#![expect(clippy::print_stdout, reason = "the parent reads it")]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tuantra::model::UnixMs;
use tuantra::store::{Batch, Event, EventKind, Fact, Retention, Store};

use crate::figures::Figures;
use crate::generate::{DAY_MS, HOUR_MS, START_MS};
use crate::machine::{ms, peak_mib, process_cpu, took, written};
use crate::month::{alive, open};
use crate::province::Province;

/// The longest of many waits for one fact to be on the disk.
#[derive(Default)]
struct Waits(Vec<Duration>);

impl Waits {
    fn part(&mut self, permille: usize) -> f64 {
        self.0.sort_unstable();
        self.0.get((self.0.len().max(1) - 1) * permille / 1000).copied().map_or(0.0, ms)
    }

    fn json(mut self) -> Value {
        let (p50, p99, most) = (self.part(500), self.part(990), self.part(1000));
        json!({ "facts": self.0.len(), "p50": p50, "p99": p99, "most": most })
    }
}

/// Hands over one fact after the other while `work` runs.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn waits(store: &Arc<Store>, work: impl FnOnce()) -> Waits {
    let is_over = Arc::new(AtomicBool::new(false));
    let asker = {
        let (store, is_over) = (Arc::clone(store), Arc::clone(&is_over));
        std::thread::spawn(move || {
            let mut waits = Waits::default();
            while !is_over.load(Ordering::Relaxed) {
                let start = Instant::now();
                let detail = json!({});
                let kind = EventKind::Trouble;
                let event = Event { at: UnixMs(START_MS), kind, subject: None, detail };
                store.submit(Batch { facts: vec![Fact::Event(event)], samples: Vec::new() });
                store.flush_blocking().unwrap();
                waits.0.push(start.elapsed());
                std::thread::park_timeout(Duration::from_millis(3));
            }
            waits
        })
    };
    work();
    is_over.store(true, Ordering::Relaxed);
    asker.join().unwrap()
}

/// Processor time in microseconds of writing one page in place and flushing it: what no transaction
/// that is on the disk can do without.
fn flush_us(folder: &std::path::Path) -> f64 {
    use std::os::unix::fs::FileExt as _;
    const PAGE: [u8; 4_096] = [7; 4_096];
    const PAGES: u64 = 1_000;
    let file = std::fs::File::create(folder.join("flush")).unwrap();
    let write = |page: u64| file.write_all_at(&PAGE, page * 4_096).unwrap();
    (0..PAGES).for_each(write);
    file.sync_all().unwrap();
    let start = process_cpu();
    for page in 0..PAGES {
        write(page);
        file.sync_data().unwrap();
    }
    (process_cpu() - start).as_secs_f64() * 1e6 / PAGES as f64
}

/// Processor time in microseconds of one transaction of SQLite's that appends a row of so many bytes and
/// is on the disk: what no store in SQLite can do without. An hour of rows goes when the next begins.
fn bare_us(folder: &std::path::Path, bytes: usize) -> f64 {
    const ROWS: i64 = 2_700;
    const AN_HOUR: i64 = 900;
    let conn = rusqlite::Connection::open(folder.join("bare.db")).unwrap();
    conn.execute_batch(
        "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
         CREATE TABLE journal (key INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    )
    .unwrap();
    let row = vec![7_u8; bytes];
    let start = process_cpu();
    for key in 0..ROWS {
        if key % AN_HOUR == 0 {
            conn.execute("DELETE FROM journal", []).unwrap();
        }
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut insert =
            conn.prepare_cached("INSERT INTO journal (key, data) VALUES (?1, ?2)").unwrap();
        insert.execute(rusqlite::params![key, row]).unwrap();
        conn.execute_batch("COMMIT").unwrap();
    }
    (process_cpu() - start).as_secs_f64() * 1e6 / ROWS as f64
}

/// Hours are sealed so long after their end.
const TIDIED_MS: i64 = 120_000;

/// What comes in, a transaction every `step_ms`. Each batch is handed over from the writer's own thread
/// when the one before is on the disk: in the daemon the writer waits for the clock and nobody for it,
/// so that nobody is to be woken between two transactions here either. It waits as it would there, if
/// only for a moment.
struct Feed {
    store: Arc<Store>,
    province: Province,
    step_ms: i64,
    /// Processor time that the province took.
    generating: Duration,
    /// From handing over to being on the disk, all transactions together.
    wall: Duration,
}

impl Feed {
    /// Hands over what comes in from `from_ms` to `to_ms`, and has what is over by then put away.
    fn run(self, from_ms: i64, to_ms: i64) -> Self {
        let mut feed = self;
        let mut at = from_ms;
        while at < to_ms {
            let hour = (at - TIDIED_MS).div_euclid(HOUR_MS) + 1;
            let until = (hour * HOUR_MS + TIDIED_MS).min(to_ms);
            let (over, is_over) = channel();
            feed.hand_over(at, until, over);
            feed = is_over.recv().unwrap();
            at = until;
            if at % HOUR_MS == TIDIED_MS {
                let (_, took) = took(|| feed.store.tidy_blocking().unwrap());
                feed.wall += took.wall;
            }
        }
        feed
    }

    #[expect(clippy::disallowed_methods, reason = "it measures time")]
    fn hand_over(mut self, at_ms: i64, to_ms: i64, over: Sender<Self>) {
        const A_MOMENT: Duration = Duration::from_micros(20);
        if at_ms >= to_ms {
            return over.send(self).unwrap();
        }
        std::thread::park_timeout(A_MOMENT);
        let next_ms = at_ms + self.step_ms;
        let (batch, generating) = took(|| self.province.until(next_ms));
        self.generating += generating.cpu;
        let (store, start) = (Arc::clone(&self.store), Instant::now());
        store.submit(batch);
        store.when_written(move |result| {
            result.unwrap();
            self.wall += start.elapsed();
            self.hand_over(next_ms, to_ms, over);
        });
    }
}

/// The child: prints one JSON object. `hours` come in as they would, a transaction every `batch_ms`,
/// the next day's `in_haste`.
pub fn child(subjects: usize, hours: i64, in_haste: i64, batch_ms: i64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuantra.db");
    let flush_us = flush_us(folder.path());
    // A round takes 7 bytes in the journal.
    let bare_us =
        bare_us(folder.path(), subjects * 7 * usize::try_from(batch_ms).unwrap() / 30_000);
    let store = Arc::new(open(&path, START_MS));
    let province = Province::new(subjects, 1, START_MS);
    store.submit(province.beginning(START_MS));
    store.flush_blocking().unwrap();

    let (cpu, disk) = (process_cpu(), written());
    let end = START_MS + hours * HOUR_MS;
    let (step_ms, none) = (batch_ms, Duration::ZERO);
    let feed = Feed { store: Arc::clone(&store), province, step_ms, generating: none, wall: none };
    let Feed { province, generating, wall, .. } = feed.run(START_MS, end);
    let settled = START_MS + DAY_MS + 3 * HOUR_MS;
    alive(&store, settled);
    store.tidy_blocking().unwrap();
    let cpu = process_cpu() - cpu - generating;
    let (disk, rounds, peak) = (written() - disk, province.rounds, peak_mib());
    let mut result = json!({
        "rounds": rounds, "verdicts": province.verdicts, "cpu_us": cpu.as_secs_f64() * 1e6,
        "flush_us": flush_us, "bare_us": bare_us, "commits": hours * HOUR_MS / batch_ms,
        "wall_us": wall.as_secs_f64() * 1e6, "disk": disk, "peak_mib": peak,
    });
    if in_haste > 0 {
        result["waits"] = waits_for_facts(&store, subjects, in_haste);
    }
    let status = store.status();
    assert_eq!((status.dropped_samples, status.trouble), (0, None));
    println!("{result}");
}

/// What facts wait for while nothing else is done, while a day is put away, and while one is
/// forgotten.
fn waits_for_facts(store: &Arc<Store>, subjects: usize, in_haste: i64) -> Value {
    // Another day, in haste, to be put away under observation; then the first one is forgotten.
    let second = START_MS + DAY_MS;
    let mut next = Province::new(subjects, 1, second);
    let mut at = second;
    while at < second + in_haste * HOUR_MS {
        at += 60_000;
        store.submit(next.until(at));
        store.flush_blocking().unwrap();
        if at % HOUR_MS == 120_000 {
            store.tidy_blocking().unwrap();
        }
    }
    let nothing = waits(store, || std::thread::park_timeout(Duration::from_secs(5)));
    let put_away = waits(store, || {
        alive(store, second + DAY_MS + 3 * HOUR_MS);
        store.tidy_blocking().unwrap();
    });
    let forgotten = waits(store, || {
        let before = UnixMs(second);
        store.keep(Retention { samples_before: before, rollups_before: before });
        store.tidy_blocking().unwrap();
    });
    json!({ "nothing": nothing.json(), "put_away": put_away.json(), "forgotten": forgotten.json() })
}

/// What comes in while a batch gathers, as the store has it.
pub const BATCH_MS: i64 = 4_000;

pub fn measure(
    (subjects, hours, in_haste): (usize, i64, i64),
    batch_ms: i64,
    peak_most: f64,
    figures: &mut Figures,
) {
    let own = std::env::current_exe().unwrap();
    let output = Command::new(own)
        .args(["child-ingest", &subjects.to_string(), &hours.to_string(), &in_haste.to_string()])
        .arg(batch_ms.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let got: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |name: &str| got[name].as_f64().unwrap();
    let rounds = number("rounds");
    figures.heading(&format!(
        "Taken in: {subjects} subjects, {hours} hours, {rounds:.0} rounds, {} verdicts, a transaction every {} s with synchronous=FULL",
        got["verdicts"],
        batch_ms / 1_000
    ));
    let what = "µs a round, processor time, all in (journal, sealing, joining, rollups, chain)";
    figures.gate(what, number("cpu_us") / rounds, 0.6, "µs");
    let flush = number("flush_us");
    figures.line(
        "– a bare page written and flushed as often, beside it",
        &format!("{:.2} µs ({flush:.0} each)", flush * number("commits") / rounds),
    );
    let bare = number("bare_us");
    figures.line(
        "– a bare transaction of SQLite with a row as large, as often, beside it",
        &format!("{:.2} µs ({bare:.0} each)", bare * number("commits") / rounds),
    );
    let wall = number("wall_us") / rounds;
    figures
        .line("µs a round on the clock, one transaction after the other", &format!("{wall:.2} µs"));
    let disk = number("disk") / rounds;
    figures.line("B a round written to the disk", &format!("{disk:.0} B"));
    figures.gate("largest memory of the process", number("peak_mib"), peak_most, "MiB");
    let names = [
        ("nothing", "nothing else is done"),
        ("put_away", "the last hour and the day are sealed, joined and chained"),
        ("forgotten", "a day is deleted"),
    ];
    for (name, when) in names.into_iter().filter(|_| in_haste > 0) {
        let part = |part: &str| got["waits"][name][part].as_f64().unwrap();
        let more =
            format!(" (p50 {:.1}, p99 {:.1}, {} facts)", part("p50"), part("p99"), part("facts"));
        let what = format!("longest wait for a fact to be on the disk while {when}");
        match name {
            "nothing" => figures.line(&what, &format!("{:.1} ms{more}", part("most"))),
            _ => figures.gate_with(&what, part("most"), 50.0, "ms", &more),
        }
    }
}
