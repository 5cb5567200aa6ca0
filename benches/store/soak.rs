//! A hundred thousand subjects every 30 s in real time, handed over as the daemon does: what came in
//! within a tick, every 20 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tuantra::model::UnixMs;
use tuantra::store::{Batch, Event, EventKind, Fact};

use crate::figures::Figures;
use crate::generate::{HOUR_MS, START_MS};
use crate::machine::{ms, peak_mib, process_cpu, thread_cpu, written};
use crate::month::open;
use crate::province::Province;

const TICK_MS: i64 = 20;
/// How long before an hour's end it begins: the hour is sealed on the way.
const BEFORE_HOUR_MS: i64 = 240_000;

#[expect(clippy::disallowed_methods, reason = "it measures time")]
pub fn measure(subjects: usize, seconds: i64, figures: &mut Figures) {
    let folder = tempfile::tempdir().unwrap();
    let from = START_MS + 10 * HOUR_MS - BEFORE_HOUR_MS;
    let store = Arc::new(open(&folder.path().join("tuantra.db"), from));
    let mut province = Province::new(subjects, 1, from);
    store.submit(province.beginning(from));
    store.flush_blocking().unwrap();

    // A second thread asks twice a second how long one fact takes to be on the disk.
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let asker = {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            let mut waits = Vec::new();
            while stopped.recv_timeout(Duration::from_millis(500)).is_err() {
                let start = Instant::now();
                let (kind, detail) = (EventKind::Trouble, json!({}));
                let event = Event { at: UnixMs(from), kind, subject: None, detail };
                store.submit(Batch { facts: vec![Fact::Event(event)], samples: Vec::new() });
                store.flush_blocking().unwrap();
                waits.push(start.elapsed());
            }
            waits.sort_unstable();
            waits
        })
    };
    let (cpu, disk, start) = (process_cpu(), written(), Instant::now());
    let mut generating = Duration::ZERO;
    let (mut at, mut behind) = (0, 0);
    while at < seconds * 1_000 {
        at += TICK_MS;
        let passed = i64::try_from(start.elapsed().as_millis()).unwrap();
        if passed < at {
            std::thread::park_timeout(Duration::from_millis((at - passed).unsigned_abs()));
        }
        behind = behind.max(passed - at);
        let before = thread_cpu();
        let batch = province.until(from + at);
        generating += thread_cpu() - before;
        store.submit(batch);
    }
    store.flush_blocking().unwrap();
    let cpu = process_cpu() - cpu - generating;
    let (disk, wall) = (written() - disk, start.elapsed());
    stop.send(()).unwrap();
    let waits = asker.join().unwrap();
    let status = store.status();

    let rounds = province.rounds;
    figures.heading(&format!(
        "{subjects} subjects for {:.0} s of real time: {rounds} rounds, {} verdicts",
        wall.as_secs_f64(),
        province.verdicts
    ));
    figures.gate("samples given up", status.dropped_samples as f64, 0.0, "");
    figures.line("trouble", &format!("{:?}", status.trouble));
    figures.line("the hand-over was late by at most", &format!("{behind} ms"));
    let share = cpu.as_secs_f64() / wall.as_secs_f64() * 100.0;
    figures.line("processor time, of one core", &format!("{share:.1} %"));
    let a_round = cpu.as_secs_f64() * 1e6 / rounds as f64;
    figures.gate("µs a round, processor time", a_round, 0.6, "µs");
    let disk = disk as f64 / rounds as f64;
    figures.line("B a round written to the disk", &format!("{disk:.0} B"));
    figures.line(
        "largest memory of the process, its generator's included",
        &format!("{:.0} MiB", peak_mib()),
    );
    let part = |permille: usize| ms(waits[(waits.len() - 1) * permille / 1000]);
    let more = format!(" (p50 {:.1}, p99 {:.1}, {} facts)", part(500), part(990), waits.len());
    figures
        .line("longest wait for a fact to be on the disk", &format!("{:.1} ms{more}", part(1000)));
}
