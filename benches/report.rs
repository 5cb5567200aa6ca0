//! What a year's report costs: `tuantra report` as cron runs it, on 2,000 lines (or as many as
//! `--subjects N` says) with some 160 intervals each in the year.
//!
//! ```console
//! $ cargo bench --bench report
//! ```
//!
//! Gate: the availability of the year in every format under 2 s of processor time and 200 MB.

#![expect(unsafe_code, reason = "wait4 has no safe form")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use tuantra::model::{State, StateInterval, SubjectId, UnixMs};
use tuantra::store::{Batch, Fact, OpenOptions, Store};

const DAY_MS: i64 = 86_400_000;
/// 2025-01-01 in Viet Nam.
const FROM: UnixMs = UnixMs(1_735_664_400_000);
const TO: UnixMs = UnixMs(FROM.0 + 365 * DAY_MS);
const SECONDS_MAX: f64 = 2.0;
const MEGABYTES_MAX: f64 = 200.0;

/// Splitmix64: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (high - low).mul_add(((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64, low)
    }
}

fn subject(n: usize) -> SubjectId {
    SubjectId::new(&format!("xa-{n:05}/tslcd")).unwrap()
}

/// An inventory of that many communes with a line each, and a record of the year.
fn fill(folder: &Path, subjects: usize) {
    let mut text = "networks: [ { id: tslcd, name: Mạng truyền số liệu chuyên dùng } ]\nunits:\n  - { id: tinh, name: Tỉnh, \
                    kind: province }\n"
        .to_owned();
    for n in 0..subjects {
        writeln!(
            text,
            "  - {{ id: xa-{n:05}, name: Xã số {n}, kind: commune, parent: tinh, requires: [tslcd], \
             connections: {{ tslcd: {{ address: 10.{}.{}.{} }} }} }}",
            n / 50_000,
            n / 250 % 200,
            n % 250 + 1
        )
        .unwrap();
    }
    std::fs::create_dir(folder.join("inventory")).unwrap();
    std::fs::write(folder.join("inventory/all.yaml"), text).unwrap();
    std::fs::write(folder.join("config.yaml"), "language: vi\n").unwrap();
    let options = OpenOptions { now: FROM, pid: std::process::id() };
    let store = Store::open(&folder.join("tuantra.db"), &options).unwrap();
    let batches = (0..subjects).map(|n| {
        let mut dice = Dice(n as u64);
        let (mut at, mut intervals) = (FROM, Vec::new());
        while at < TO {
            let down = (at + (dice.between(0.2, 8.6) * DAY_MS as f64) as i64).min(TO);
            let up = (down + (60_000.0 * 200_f64.powf(dice.between(0.0, 1.0))) as i64).min(TO);
            for (from, to, state) in [(at, down, State::Up), (down, up, State::Down)] {
                if from < to {
                    intervals.push(StateInterval { from, to: Some(to), state, cause: None });
                }
            }
            at = up;
        }
        let fact = Fact::Intervals { subject: subject(n), from: FROM, intervals };
        Batch { facts: vec![fact], samples: Vec::new() }
    });
    store.backfill(batches).unwrap();
    store.submit(Batch { facts: vec![Fact::Alive { at: TO }], samples: Vec::new() });
    store.tidy_blocking().unwrap();
    store.close().unwrap();
}

/// Seconds of processor time and the most memory in megabytes of a command that runs to its end.
#[expect(clippy::zombie_processes, reason = "wait4 waits for it")]
fn cost(folder: &Path, args: &[&str]) -> (f64, f64) {
    let child = Command::new(env!("CARGO_BIN_EXE_tuantra"))
        .current_dir(folder)
        .args(["report", "--from", "2025-01-01", "--to", "2026-01-01"])
        .args(args)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    let mut status = 0;
    // SAFETY: an rusage of zeros is valid; the call only writes into the two places it is given, and
    // the child is not waited for by anybody else.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(pid, &raw mut status, 0, &raw mut usage), pid);
        usage
    };
    // 0 to 1: goals met or missed; anything else is no report.
    let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
    assert!(matches!(code, Some(0 | 1)), "{args:?}: {status}");
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss as f64 / 1_024.0)
}

fn main() -> ExitCode {
    let mut args = std::env::args();
    let asked = args.by_ref().find(|arg| arg == "--subjects").and_then(|_| args.next());
    let subjects = asked.map_or(2_000, |n| n.parse().unwrap_or_else(|_| panic!("{n}: no number")));
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), subjects);
    println!("A year's report, {subjects} subjects (processor time, most memory)");
    let mut is_kept = true;
    let mut row = |kind: &str, format: &str, more: &[&str], is_gate: bool| {
        let args = [&[kind, "--format", format], more].concat();
        let (seconds, megabytes) = cost(folder.path(), &args);
        let is_good = seconds < SECONDS_MAX && megabytes < MEGABYTES_MAX;
        is_kept &= is_good || !is_gate;
        let more = more.join(" ");
        println!("| {kind} {more} | {format} | {seconds:.2} s | {megabytes:.0} MB | {is_good} |");
    };
    for format in ["text", "csv", "json", "html", "xlsx"] {
        row("availability", format, &[], true);
    }
    row("availability", "text", &["--by", "network"], true);
    row("availability", "text", &["--compare", "previous"], false);
    row("coverage", "text", &[], false);
    row("coverage", "html", &[], false);
    // The gate is that of a release build.
    ExitCode::from(u8::from(!is_kept && !cfg!(debug_assertions)))
}
