//! The whole daemon beside other programs that patrol the same hosts: 2,000 every 30 s on the
//! loopback, each program alone on its turn, with a configuration made here in a temporary folder.
//!
//! `cargo bench --bench patrol [-- SECONDS] [NAME …]` prints a Markdown table; what is not installed is
//! left out with a message, and names (`tuantra fping smokeping blackbox icinga nagios`) choose some.
//! `-- growth [SECONDS]` measures the daemon alone with 200, 2,000, 20,000 and 100,000 subjects;
//! `-- soak MINUTES [SUBJECTS]` looks for growth in memory, descriptors and queues.
//!
//! Processor time is user and system time of a program and of all that it starts, in its steady state
//! (the start and the first sweep are left out); fping is started anew for each sweep, as cron would.
//! Memory is the largest sum of what its processes have resident. `asked` is how many echo requests
//! the kernel has received meanwhile for one that was due, others' pings included: a program that is
//! cheap because it does not ask shows there.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on must stop")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is the table")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

mod peers;
mod processes;
mod soak;
mod tuantra;

use std::time::{Duration, Instant};

use processes::Usage;

const SUBJECTS: u32 = 2_000;
const GROWTH: [u32; 4] = [200, 2_000, 20_000, 100_000];
const INTERVAL: Duration = Duration::from_secs(30);

/// The `n`th host.
fn address(n: u32) -> String {
    format!("127.{}.{}.{}", 1 + n / 62_500, n / 250 % 250, n % 250 + 1)
}

fn wait(time: Duration) {
    let start = Instant::now();
    while let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// Load average of the last minute: what else the machine does.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("?").to_owned()
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// The daemon alone, with more and more subjects.
fn growth(time: Duration) {
    let minutes = time.as_secs_f64() / 60.0;
    println!(
        "| subjects | CPU s/min | ms a subject and minute | peak MiB | KiB a subject | load |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for subjects in GROWTH {
        let patrol = tuantra::Patrol::start(subjects, 3, "");
        wait(tuantra::FIRST_SWEEP);
        let usage = Usage::over(time);
        println!(
            "| {subjects} | {:.2} | {:.3} | {:.1} | {:.1} | {} |",
            usage.cpu.as_secs_f64() / minutes,
            usage.cpu.as_secs_f64() * 1e3 / minutes / f64::from(subjects),
            mib(usage.peak_kib),
            usage.peak_kib as f64 / f64::from(subjects),
            load(),
        );
        patrol.status().lines().skip(1).take(3).for_each(|line| eprintln!("{subjects}: {line}"));
        patrol.stop();
    }
}

/// Ours and the others in turns.
fn compare(time: Duration, wanted: &[String]) {
    let minutes = time.as_secs_f64() / 60.0;
    let sweeps = time.as_secs_f64() / INTERVAL.as_secs_f64();
    println!(
        "| {SUBJECTS} hosts every 30 s | packets a round | CPU s/min | ours of it | peak MiB | asked | load |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut ours = std::collections::HashMap::new();
    for contestant in peers::all() {
        if !wanted.is_empty()
            && !wanted.iter().any(|name| contestant.key.starts_with(name.as_str()))
        {
            continue;
        }
        let Some(usage) = (contestant.measure)(time, contestant.packets) else {
            eprintln!("skipped {}: not installed here ({})", contestant.name, contestant.package);
            continue;
        };
        let cpu = usage.cpu.as_secs_f64() / minutes;
        if contestant.key == "tuantra" {
            ours.insert(contestant.packets, cpu);
        }
        let share =
            ours.get(&contestant.packets).map_or("–".to_owned(), |o| format!("{:.2}", o / cpu));
        let due = f64::from(SUBJECTS * contestant.packets) * sweeps;
        println!(
            "| {} | {} | {cpu:.2} | {share} | {:.1} | {:.2} | {} |",
            contestant.name,
            contestant.packets,
            mib(usage.peak_kib),
            usage.asked as f64 / due,
            load(),
        );
    }
}

fn main() {
    processes::adopt_orphans();
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|arg| arg.parse().ok()).collect();
    let words: Vec<String> =
        arguments.into_iter().filter(|arg| arg.parse::<u64>().is_err()).collect();
    let is = |word: &str| words.iter().any(|given| given == word);
    if is("soak") {
        let minutes = numbers.first().copied().unwrap_or(30);
        let subjects = numbers.get(1).and_then(|n| u32::try_from(*n).ok());
        return soak::run(minutes, subjects.unwrap_or(soak::SUBJECTS));
    }
    let time = Duration::from_secs(numbers.first().copied().unwrap_or(120));
    if is("growth") { growth(time) } else { compare(time, &words) }
}
