//! Whether anything grows: the daemon with many subjects for a long time.

use std::time::{Duration, Instant};

use super::processes::Family;
use super::tuantra::{FIRST_SWEEP, Patrol};
use super::{load, mib, wait};

pub const SUBJECTS: u32 = 20_000;
/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// What is read of `/metrics` at the start, in the middle and at the end.
const GAUGES: [&str; 7] = [
    "tuantra_store_waiting",
    "tuantra_store_dropped_samples_total",
    "tuantra_probe_in_flight",
    "tuantra_probe_lag_seconds",
    "tuantra_probe_answers_dropped_total",
    "tuantra_probe_turns_total",
    "tuantra_outbox_waiting",
];

pub fn run(minutes: u64, subjects: u32) {
    let patrol = Patrol::with_metrics(subjects, 3);
    wait(FIRST_SWEEP);
    // The first reading makes the memory for one: it is not to look like growth.
    let mut figures = vec![("start", gauges(&patrol))];
    println!("| minute | resident MiB | descriptors | CPU s/min | store MiB | load |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let begun = Instant::now();
    let (mut cpu, mut seen) = (Family::look().cpu, Vec::new());
    for minute in 0..=minutes {
        wait((LOOK * u32::try_from(minute).unwrap()).saturating_sub(begun.elapsed()));
        // Before memory is looked at: what a reading takes stays with the process.
        if minute > 0 && minute == minutes / 2 {
            figures.push(("middle", gauges(&patrol)));
        }
        let family = Family::look();
        println!(
            "| {minute} | {:.1} | {} | {:.2} | {:.1} | {} |",
            mib(family.resident_kib),
            family.descriptors,
            family.cpu.saturating_sub(cpu).as_secs_f64(),
            mib(patrol.store_kib()),
            load(),
        );
        cpu = family.cpu;
        seen.push((family.resident_kib, family.descriptors));
    }
    figures.push(("end", gauges(&patrol)));
    for (when, lines) in figures {
        lines.iter().for_each(|line| println!("{when}: {line}"));
    }
    let half = &seen[seen.len() / 2..];
    let [first, last] = [half.first(), half.last()].map(|seen| seen.copied().unwrap_or_default());
    println!(
        "from the middle to the end: {:+.1} MiB, {:+} descriptors",
        mib(last.0) - mib(first.0),
        last.1 as i64 - first.1 as i64,
    );
    patrol.stop();
}

fn gauges(patrol: &Patrol) -> Vec<String> {
    let lines = patrol.metrics().into_iter();
    lines.filter(|line| GAUGES.iter().any(|gauge| line.starts_with(gauge))).collect()
}
