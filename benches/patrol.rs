//! The whole daemon beside fping doing the same pings: 2,000 subjects every 30 s, three packets
//! each, on loopback. `cargo bench --bench patrol [-- SECONDS]` prints a Markdown table; fping is
//! left out with a message where it is not installed. `-- growth [SECONDS]` measures the daemon
//! alone with 200, 2,000, 20,000 and 100,000 subjects.
//!
//! CPU is user + system time of the process in its steady state (the first sweep is left out);
//! fping is started anew for each sweep, as cron would. Memory is the largest resident size.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on must stop")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is the table")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(unsafe_code, reason = "wait4 gives a finished child's CPU time and peak memory")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SUBJECTS: u32 = 2_000;
const GROWTH: [u32; 4] = [200, 2_000, 20_000, 100_000];
/// All of them stand beneath nothing and share one line's rate: more than they need.
const CONFIG: &str = "health: { interval: 30s }\n\
                      probe: { icmp: { rate: 50000, group_rate: 50000 } }\n";
const INTERVAL: Duration = Duration::from_secs(30);
const PACKETS: u32 = 3;

/// What a process used.
struct Usage {
    cpu: Duration,
    peak_kib: u64,
    /// At the end; 0 of a process that has ended.
    resident_kib: u64,
    pings: u64,
    /// What the daemon says of itself at the end.
    status: String,
}

fn address(n: u32) -> String {
    format!("127.{}.{}.{}", 1 + n / 62_500, n / 250 % 250, n % 250 + 1)
}

fn province(folder: &Path, subjects: u32) {
    let mut text = String::from("units:\n  - { id: tinh, name: Tỉnh, kind: province }\ndevices:\n");
    for n in 0..subjects {
        let address = address(n);
        writeln!(text, "  - {{ id: d-{n}, unit: tinh, role: host, address: {address}, via: [] }}")
            .unwrap();
    }
    std::fs::create_dir(folder.join("inventory")).unwrap();
    std::fs::write(folder.join("inventory/all.yaml"), text).unwrap();
    std::fs::write(folder.join("config.yaml"), CONFIG).unwrap();
}

/// User and system time of a running process in ticks of 10 ms, its peak memory, and what is
/// resident: proc(5).
fn used(pid: u32) -> (Duration, u64, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let kib = |key: &str| -> u64 {
        let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (Duration::from_millis(ticks * 10), kib("VmHWM:"), kib("VmRSS:"))
}

/// Waits for a child and gives its CPU time and peak memory.
fn reap(pid: u32) -> (Duration, u64) {
    let mut status = 0;
    // SAFETY: rusage is plain numbers, for which zeroes are valid; wait4 fills it for our child.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(pid.cast_signed(), &mut status, 0, &mut usage), pid.cast_signed());
        usage
    };
    let time = |t: libc::timeval| {
        Duration::from_micros((t.tv_sec * 1_000_000 + t.tv_usec).cast_unsigned())
    };
    (time(usage.ru_utime) + time(usage.ru_stime), usage.ru_maxrss.cast_unsigned())
}

fn wait(time: Duration) {
    let start = Instant::now();
    while let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

fn patrol(time: Duration, subjects: u32) -> Usage {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), subjects);
    let mut child = Command::new(env!("CARGO_BIN_EXE_tuantra"))
        .arg("--config")
        .arg(folder.path().join("config.yaml"))
        .arg("run")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It answers when the inventory is read; the first sweep follows.
    while !folder.path().join("tuantra.sock").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the daemon ended");
        wait(Duration::from_millis(100));
    }
    wait(INTERVAL + Duration::from_secs(5));
    let (before, ..) = used(child.id());
    wait(time);
    let (after, peak_kib, resident_kib) = used(child.id());
    let status = Command::new(env!("CARGO_BIN_EXE_tuantra"))
        .arg("--config")
        .arg(folder.path().join("config.yaml"))
        .args(["status", "--lang", "en"])
        .output()
        .unwrap();
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let sweeps = u32::try_from(time.as_secs() / INTERVAL.as_secs()).unwrap();
    let pings = u64::from(sweeps * subjects * PACKETS);
    Usage { cpu: after - before, peak_kib, resident_kib, pings, status }
}

fn fping(time: Duration) -> Option<Usage> {
    let sweeps = time.as_secs() / INTERVAL.as_secs();
    let mut usage = Usage {
        cpu: Duration::ZERO,
        peak_kib: 0,
        resident_kib: 0,
        pings: 0,
        status: String::new(),
    };
    for _ in 0..sweeps {
        let start = Instant::now();
        let mut command = Command::new("fping");
        // 4 ms between packets spread the 6,000 of a sweep over 24 s of the 30, as the daemon's
        // schedule spreads them.
        command.args(["-q", "-C", "3", "-p", "200", "-i", "4", "-t", "2000"]);
        command.args((0..SUBJECTS).map(address));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let (cpu, peak_kib) = reap(child.id());
        usage.cpu += cpu;
        usage.peak_kib = usage.peak_kib.max(peak_kib);
        usage.pings += u64::from(SUBJECTS * PACKETS);
        wait(INTERVAL.saturating_sub(start.elapsed()));
    }
    Some(usage)
}

/// The daemon alone, with more and more subjects.
fn growth(time: Duration) {
    let minutes = time.as_secs_f64() / 60.0;
    println!("| subjects | CPU s/min | µs a ping | resident MiB | peak MiB |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for subjects in GROWTH {
        let u = patrol(time, subjects);
        let mib = |kib: u64| f64::from(u32::try_from(kib).unwrap()) / 1024.0;
        println!(
            "| {subjects} | {:.2} | {:.1} | {:.1} | {:.1} |",
            u.cpu.as_secs_f64() / minutes,
            u.cpu.as_secs_f64() * 1e6 / f64::from(u32::try_from(u.pings).unwrap()),
            mib(u.resident_kib),
            mib(u.peak_kib)
        );
        u.status.lines().skip(1).take(3).for_each(|line| eprintln!("{subjects}: {line}"));
    }
}

fn main() {
    let seconds = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(120);
    let time = Duration::from_secs(seconds);
    if std::env::args().any(|arg| arg == "growth") {
        return growth(time);
    }
    let ours = patrol(time, SUBJECTS);
    let theirs = fping(time);
    let minutes = time.as_secs_f64() / 60.0;
    let per_ping =
        |u: &Usage| u.cpu.as_secs_f64() * 1e6 / f64::from(u32::try_from(u.pings).unwrap());
    let mib = |u: &Usage| f64::from(u32::try_from(u.peak_kib).unwrap()) / 1024.0;
    println!(
        "| {SUBJECTS} subjects every 30 s, {PACKETS} packets | CPU s/min | µs a ping | peak MiB |"
    );
    println!("| --- | ---: | ---: | ---: |");
    ours.status.lines().skip(1).take(3).for_each(|line| eprintln!("{line}"));
    let line = |name: &str, u: &Usage| {
        let cpu = u.cpu.as_secs_f64() / minutes;
        println!("| {name} | {cpu:.2} | {:.1} | {:.1} |", per_ping(u), mib(u));
    };
    line("tuantra run (asked, judged, stored)", &ours);
    match theirs {
        Some(theirs) => {
            line("fping (asked only)", &theirs);
            println!(
                "| ratio | {:.2} | {:.2} | {:.2} |",
                ours.cpu.as_secs_f64() / theirs.cpu.as_secs_f64(),
                per_ping(&ours) / per_ping(&theirs),
                mib(&ours) / mib(&theirs)
            );
        }
        None => println!("\nfping is not installed: nothing to compare with"),
    }
}
