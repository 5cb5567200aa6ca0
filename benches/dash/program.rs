//! The built program in a pseudoterminal before a real daemon.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// Starts of which the median is told.
const STARTS: usize = 7;

/// How long it is watched after the last start.
const WATCHED: Duration = Duration::from_secs(30);

/// Longest that a daemon may take to answer, or a dashboard to show its first screen.
const PATIENCE: Duration = Duration::from_secs(300);

/// Is on the first screen as soon as there are data.
const SIGN: &str = "Tỉnh Đo";

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn clock() -> Instant {
    Instant::now()
}

/// A loopback address of its own for every number.
fn address(n: usize) -> String {
    format!("127.{}.{}.{}", 1 + n / 62_500, n / 250 % 250, n % 250 + 1)
}

/// A province of ten districts with `subjects` subjects, four to a commune.
fn province(folder: &Path, subjects: usize) {
    let mut text = format!(
        "networks:\n  - {{ id: tslcd, name: TSLCD, short: TSLCD }}\n\
         units:\n  - {{ id: tinh, name: {SIGN}, kind: province }}\n"
    );
    for district in 0..10 {
        writeln!(
            text,
            "  - {{ id: h-{district}, name: Huyện {district}, kind: district, parent: tinh }}"
        )
        .unwrap();
    }
    for commune in 0..subjects / 4 {
        let district = commune % 10;
        let [line, router, switch, ups] = [0, 1, 2, 3].map(|i| address(commune * 4 + i));
        writeln!(
            text,
            "  - {{ id: h-{district}.x-{commune}, name: Xã {commune}, kind: commune, parent: h-{district}, \
             requires: [tslcd], connections: {{ tslcd: {{ address: {line}, via: [] }} }}, \
             devices: {{ router: {router}, switch: {switch}, ups: {ups} }} }}"
        )
        .unwrap();
    }
    std::fs::create_dir(folder.join("inventory")).unwrap();
    std::fs::write(folder.join("inventory/all.yaml"), text).unwrap();
    std::fs::write(folder.join("config.yaml"), "health: { interval: 60s }\n").unwrap();
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tuantra"));
    command.arg("--config").arg(folder.join("config.yaml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A daemon that answers.
fn daemon(folder: &Path) -> Child {
    let daemon = command(folder).arg("run").spawn().unwrap();
    let start = clock();
    // `status` answers from the store, too, where no daemon does.
    let is_there = || std::os::unix::net::UnixStream::connect(folder.join("tuantra.sock")).is_ok();
    let answers = || command(folder).arg("status").status().unwrap().code().unwrap_or(2) < 2;
    while !(is_there() && answers()) {
        assert!(start.elapsed() < PATIENCE, "the daemon does not answer");
    }
    daemon
}

/// A dashboard and what it has written.
struct Dash {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    output: mpsc::Receiver<Vec<u8>>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Dash {
    /// Starts it; how long until its first screen stands, and what the processor did for that.
    fn start(folder: &Path) -> (Self, Duration, Duration) {
        let size = PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tuantra"));
        command.arg("--config");
        command.arg(folder.join("config.yaml"));
        command.arg("dash");
        command.env("TERM", "xterm-256color");
        command.env("HOME", folder);
        let start = clock();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let dash = Self { child, output, _master: pair.master };
        let mut seen = Vec::new();
        while !seen.windows(SIGN.len()).any(|w| w == SIGN.as_bytes()) {
            seen.extend(dash.output.recv_timeout(PATIENCE).expect("a first screen"));
        }
        let (took, used) = (start.elapsed(), dash.processor());
        (dash, took, used)
    }

    fn of_proc(&self, name: &str) -> String {
        let pid = self.child.process_id().unwrap();
        std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap()
    }

    /// Time on a processor of all its threads, those that have ended too: proc(5), in ticks of
    /// 10 ms.
    fn processor(&self) -> Duration {
        let stat = self.of_proc("stat");
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = |field: usize| -> u64 { fields[field].parse().unwrap() };
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// A line of its `status`, in MiB.
    fn mebibytes(&self, name: &str) -> f64 {
        let status = self.of_proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let kib: f64 = line.trim_matches([':', '\t', ' ', 'k', 'B']).trim().parse().unwrap();
        kib / 1024.0
    }

    /// Bytes written within `time`.
    fn bytes(&self, time: Duration) -> usize {
        let end = clock() + time;
        let mut bytes = 0;
        while let Some(left) = end.checked_duration_since(clock()).filter(|left| !left.is_zero()) {
            bytes += self.output.recv_timeout(left).map_or(0, |chunk| chunk.len());
        }
        bytes
    }

    fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn median(mut all: Vec<Duration>) -> u128 {
    all.sort_unstable();
    all[all.len() / 2].as_millis()
}

/// Prints the table.
pub fn measure() {
    println!(
        "| subjects | start to first screen, ms | of it on a processor, ms | resident MiB | of it its own | processor, % | bytes a second |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for subjects in [1_000, 10_000, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        province(folder.path(), subjects);
        let mut daemon = daemon(folder.path());
        let (mut took, mut used) = (Vec::new(), Vec::new());
        for _ in 1..STARTS {
            let (dash, wall, processor) = Dash::start(folder.path());
            took.push(wall);
            used.push(processor);
            dash.stop();
        }
        let (dash, wall, processor) = Dash::start(folder.path());
        took.push(wall);
        used.push(processor);
        // What the start itself leaves to do is no part of the steady state.
        dash.bytes(Duration::from_secs(5));
        let before = dash.processor();
        let bytes = dash.bytes(WATCHED);
        let busy = (dash.processor() - before).as_secs_f64() / WATCHED.as_secs_f64() * 100.0;
        let (took, used) = (median(took), median(used));
        let (resident, own) = (dash.mebibytes("VmRSS"), dash.mebibytes("RssAnon"));
        let a_second = bytes / usize::try_from(WATCHED.as_secs()).unwrap();
        println!(
            "| {subjects} | {took} | {used} | {resident:.1} | {own:.1} | {busy:.1} | {a_second} |"
        );
        dash.stop();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }
}
