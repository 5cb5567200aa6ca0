//! The same rounds in other stores: what a round takes in their files. Each keeps all of it: a
//! series for each round-trip time of a round and one for the packets lost.

use std::fmt::Write as _;
use std::io::{BufWriter, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tuantra::model::Sample;

use crate::figures::Figures;
use crate::generate::{DAY_MS, START_MS};
use crate::province::line;

/// VictoriaMetrics refuses what is two days ahead of the machine's clock.
const EARLIER_MS: i64 = 400 * DAY_MS;

struct Rounds {
    packets: u8,
    lines: Vec<Vec<Sample>>,
}

impl Rounds {
    fn new(subjects: usize, packets: u8, days: i64) -> Self {
        let one = |n| {
            let mut line = line(n, packets, START_MS);
            let mut samples = Vec::new();
            while line.due_ms() < START_MS + days * DAY_MS {
                samples.push(line.ask());
            }
            samples
        };
        Self { packets, lines: (0..subjects).map(one).collect() }
    }

    fn count(&self) -> f64 {
        self.lines.iter().map(Vec::len).sum::<usize>() as f64
    }

    /// Each series: its name with labels, instants and values. A suspect's rounds have twice the
    /// packets, so twice the series, half of them sparse.
    fn each(&self, mut each: impl FnMut(&str, &str, Option<usize>, &[(i64, u32)])) {
        for (n, samples) in self.lines.iter().enumerate() {
            let target = format!("xa-{n:06}/tslcd");
            let at = |sample: &Sample| sample.at.0 - EARLIER_MS;
            let lost: Vec<_> = samples.iter().map(|s| (at(s), u32::from(s.lost))).collect();
            each("ping_lost", &target, None, &lost);
            for i in 0..2 * usize::from(self.packets) {
                let times: Vec<_> = samples
                    .iter()
                    .filter_map(|s| Some((at(s), *s.rtts.as_slice().get(i)?)))
                    .collect();
                if !times.is_empty() {
                    each("ping_rtt_us", &target, Some(i), &times);
                }
            }
        }
    }
}

/// Bytes of all files below.
fn bytes_below(folder: &Path) -> f64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let sizes = entries.map(|entry| match entry.file_type().unwrap().is_dir() {
        true => bytes_below(&entry.path()),
        false => entry.metadata().unwrap().len() as f64,
    });
    sizes.sum()
}

fn is_installed(program: &str) -> bool {
    let mut run = Command::new(program);
    run.arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// `promtool` writes finished blocks, as a server has them after its last compaction.
/// Times as its exporters give them, in seconds, or in whole microseconds.
fn prometheus(rounds: &Rounds, folder: &Path, are_seconds: bool) -> Option<f64> {
    if !is_installed("promtool") {
        return None;
    }
    let text = folder.join("all.om");
    let mut out = BufWriter::new(std::fs::File::create(&text).unwrap());
    rounds.each(|name, target, i, points| {
        let packet = i.map_or(String::new(), |i| format!(",packet=\"{i}\""));
        for (at, value) in points {
            let seconds = *at as f64 / 1e3;
            let value = match i {
                Some(_) if are_seconds => f64::from(*value) / 1e6,
                _ => f64::from(*value),
            };
            writeln!(out, "{name}{{target=\"{target}\"{packet}}} {value} {seconds:.3}").unwrap();
        }
    });
    writeln!(out, "# EOF").unwrap();
    out.flush().unwrap();
    let blocks = folder.join("prometheus");
    let status = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "--quiet", "--max-block-duration=768h", "openmetrics"])
        .args([&text, &blocks])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    std::fs::remove_file(text).unwrap();
    let bytes = bytes_below(&blocks);
    std::fs::remove_dir_all(blocks).unwrap();
    Some(bytes)
}

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// A request; the answer's body.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        assert!(head.starts_with("HTTP/1.1 20"), "{path}: {head}");
        Some(body.to_owned())
    }

    fn wait_for(&self, is_so: impl Fn(&Self) -> bool) {
        #[expect(clippy::disallowed_methods, reason = "it waits for another process")]
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < Duration::from_secs(120), "VictoriaMetrics does not answer");
            std::thread::park_timeout(Duration::from_millis(200));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn victoria_metrics(rounds: &Rounds, folder: &Path) -> Option<f64> {
    if !is_installed("victoria-metrics") {
        return None;
    }
    let data = folder.join("victoria");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("victoria-metrics")
        .arg(format!("-storageDataPath={}", data.display()))
        .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
        .arg("-retentionPeriod=100y")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Server { child, port };
    server.wait_for(|s| s.ask("GET", "/health", b"").is_some());
    rounds.each(|name, target, i, points| {
        let packet = i.map_or(String::new(), |i| format!(",\"packet\":\"{i}\""));
        let mut line =
            format!("{{\"metric\":{{\"__name__\":\"{name}\",\"target\":\"{target}\"{packet}}}");
        for (name, column) in [("values", 1), ("timestamps", 0)] {
            write!(line, ",\"{name}\":[").unwrap();
            for (n, (at, value)) in points.iter().enumerate() {
                let number = if column == 0 { *at } else { i64::from(*value) };
                write!(line, "{}{number}", if n == 0 { "" } else { "," }).unwrap();
            }
            line.push(']');
        }
        line.push_str("}\n");
        server.ask("POST", "/api/v1/import", line.as_bytes()).unwrap();
    });
    server.ask("GET", "/internal/force_flush", b"").unwrap();
    server.ask("GET", "/internal/force_merge", b"").unwrap();
    let metric = |s: &Server, name: &str| {
        let all = s.ask("GET", "/metrics", b"").unwrap();
        let found = all.lines().filter(|l| l.starts_with(name));
        found.filter_map(|l| l.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>()
    };
    server.wait_for(|s| metric(s, "vm_active_merges") + metric(s, "vm_active_force_merges") < 0.5);
    let kept = metric(&server, "vm_rows{type=\"storage/");
    let sent: usize = {
        let mut sent = 0;
        rounds.each(|_, _, _, points| sent += points.len());
        sent
    };
    assert!((kept - sent as f64).abs() < 0.5, "{kept} of {sent} points were kept");
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    server.child.wait().unwrap();
    Some(bytes_below(&data.join("data")) + bytes_below(&data.join("indexdb")))
}

/// A file of `rrdtool` has its size from the beginning, so it need not be filled. It keeps one value
/// a step: the turns, not when a round was sent, and no more than `days`.
fn rrdtool(rounds: &Rounds, days: i64, folder: &Path) -> Option<f64> {
    if !is_installed("rrdtool") {
        return None;
    }
    let file = folder.join("one.rrd");
    let sources = (0..rounds.packets).map(|i| format!("DS:rtt{i}:GAUGE:60:0:U"));
    let status = Command::new("rrdtool")
        .args(["create", file.to_str().unwrap(), "--step", "30", "DS:lost:GAUGE:60:0:U"])
        .args(sources)
        .arg(format!("RRA:AVERAGE:0.5:1:{}", days * DAY_MS / 30_000))
        .status()
        .unwrap();
    assert!(status.success());
    let one = std::fs::metadata(&file).unwrap().len() as f64;
    std::fs::remove_file(file).unwrap();
    Some(one * rounds.lines.len() as f64)
}

/// `ours` is what a round takes in our file.
pub fn measure((subjects, packets, days): (usize, u8, i64), ours: f64, figures: &mut Figures) {
    let folder = tempfile::tempdir().unwrap();
    let rounds = Rounds::new(subjects, packets, days);
    figures.heading(&format!(
        "Other stores: the first {subjects} of these subjects, {days} days, rounds of {packets}"
    ));
    let peers = [
        ("VictoriaMetrics", victoria_metrics(&rounds, folder.path()), Some(0.70)),
        ("Prometheus (seconds)", prometheus(&rounds, folder.path(), true), Some(0.16)),
        ("Prometheus (microseconds)", prometheus(&rounds, folder.path(), false), None),
        ("RRDtool", rrdtool(&rounds, days, folder.path()), None),
    ];
    for (name, bytes, most) in peers {
        let Some(bytes) = bytes else {
            figures.line(&format!("{name} is not installed"), "–");
            continue;
        };
        let theirs = bytes / rounds.count();
        figures.line(&format!("{name}, B a round"), &format!("{theirs:.2} B"));
        let what = format!("ours as a part of {name}'s");
        match most {
            Some(most) => figures.gate(&what, ours / theirs, most, "×"),
            None => figures.line(&what, &format!("{:.2} ×", ours / theirs)),
        }
    }
}
