//! How far round-trip times are from the truth: a far end on a TUN device holds every request for 2 ms
//! and notes how long it really held it, while two busy loops want the processors as well.
//!
//! The far end has a real-time priority where it may: its own lateness is in the truth, but not how
//! long a packet waited for it. What is left is the way through the kernel, twice, and what the
//! engine adds.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tuantra::model::PingParams;
use tuantra::probe::{EngineChoice, Options, PhaseKey, Prober, Target, TargetId};
use tuantra::sim::link::Link;
use tuantra::sim::namespace;

use super::{median, now};

/// Marks the process that goes into a namespace.
pub(super) const INSIDE: &str = "--truth-inside";
const TARGETS: u32 = 10_000;
const ROUNDS: usize = 3;
const HELD: Duration = Duration::from_millis(2);

/// By address, how long each of its requests was really held, in microseconds, in their order.
type Held = HashMap<Ipv4Addr, Vec<f64>>;

/// Measures in a process of its own and prints its table.
pub(super) fn main(out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let output = Command::new(std::env::current_exe()?)
        .arg(INSIDE)
        .stderr(Stdio::inherit())
        .output()
        .context("measure round-trip times in a namespace")?;
    ensure!(output.status.success(), "the measurement in a namespace ended with {}", output.status);
    out.write_all(&output.stdout)?;
    Ok(())
}

/// What runs in the namespace.
pub(super) fn inside() -> anyhow::Result<()> {
    namespace::enter()?;
    let link = Link::open()?;
    let (held, is_over) = (Arc::new(Mutex::new(Held::new())), Arc::new(AtomicBool::new(false)));
    let (theirs, told) = (Arc::clone(&held), Arc::clone(&is_over));
    let far_end = std::thread::spawn(move || hold(&link, &theirs, &told));
    let busy = [busy()?, busy()?];
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| RTT − truth at {TARGETS}/s, two busy loops beside | p50 µs | p99 µs | min µs | pings |"
    )?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: |")?;
    let mut p99 = HashMap::new();
    for (name, measured) in
        [("tuantra", ours as fn() -> anyhow::Result<Vec<(Ipv4Addr, Vec<f64>)>>), ("fping", fping)]
    {
        held.lock().map_err(|_| anyhow::anyhow!("the far end broke"))?.clear();
        let measured = match measured() {
            Ok(measured) => measured,
            Err(error) => {
                writeln!(std::io::stderr(), "skipped {name}: {error:#}")?;
                continue;
            }
        };
        let held = held.lock().map_err(|_| anyhow::anyhow!("the far end broke"))?;
        let mut errors: Vec<f64> = Vec::new();
        for (to, rtts) in measured {
            let Some(truth) = held.get(&to).filter(|truth| truth.len() == rtts.len()) else {
                continue;
            };
            errors.extend(rtts.iter().zip(truth).map(|(rtt, truth)| rtt - truth));
        }
        errors.sort_by(f64::total_cmp);
        ensure!(!errors.is_empty(), "{name}: nothing to compare");
        let at = |share: f64| errors[((errors.len() - 1) as f64 * share) as usize];
        p99.insert(name, at(0.99));
        writeln!(
            out,
            "| {name} | {:.0} | {:.0} | {:.0} | {} |",
            median(errors.iter().copied()).unwrap_or_default(),
            at(0.99),
            errors[0],
            errors.len()
        )?;
    }
    if let (Some(ours), Some(theirs)) = (p99.get("tuantra"), p99.get("fping")) {
        writeln!(out, "\np99 of fping's: {:.2}", ours / theirs)?;
    }
    for mut child in busy {
        child.kill()?;
        child.wait()?;
    }
    is_over.store(true, Ordering::Relaxed);
    let _ = far_end.join();
    Ok(())
}

/// A process that wants a processor all the time.
fn busy() -> anyhow::Result<Child> {
    Command::new("sh").args(["-c", "while :; do :; done"]).spawn().context("start a busy loop")
}

/// Answers every request after [`HELD`] and notes how long that really was.
fn hold(link: &Link, held: &Mutex<Held>, is_over: &AtomicBool) {
    real_time();
    let mut buffer = vec![0; 65_536];
    let mut waiting: VecDeque<(Instant, Instant, Ipv4Addr, Vec<u8>)> = VecDeque::new();
    while !is_over.load(Ordering::Relaxed) {
        while let Ok(Some(packet)) = link.receive(&mut buffer) {
            let came = now();
            if let Some((to, reply)) = reply(packet) {
                waiting.push_back((came, came + HELD, to, reply));
            }
        }
        let mut wait = Duration::from_millis(50);
        while let Some((came, due, to, _)) = waiting.front() {
            let at = now();
            if *due > at {
                wait = *due - at;
                break;
            }
            let (came, to) = (*came, *to);
            // The note is made before the packet leaves, so that whoever has the reply finds it.
            let us = at.duration_since(came).as_secs_f64() * 1e6;
            if let Ok(mut held) = held.lock() {
                held.entry(to).or_default().push(us);
            }
            if let Some((.., packet)) = waiting.pop_front() {
                while matches!(link.send(&packet), Ok(false)) {}
            }
        }
        sleep_until_readable(link, wait);
    }
}

fn sleep_until_readable(link: &Link, wait: Duration) {
    let mut poll = libc::pollfd { fd: link.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let wait = libc::timespec {
        tv_sec: wait.as_secs().try_into().unwrap_or(1),
        tv_nsec: wait.subsec_nanos().into(),
    };
    // SAFETY: `poll` and `wait` live through the call; no signal mask is given.
    unsafe { libc::ppoll(&raw mut poll, 1, &raw const wait, std::ptr::null()) };
}

/// A real-time priority for this thread; without the right to it the far end competes like all.
fn real_time() {
    // SAFETY: a sched_param of zeros is valid, and the call reads it only.
    let refused = unsafe {
        let mut param: libc::sched_param = std::mem::zeroed();
        param.sched_priority = 10;
        libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const param) != 0
    };
    if refused {
        let _ = writeln!(std::io::stderr(), "no real-time priority: the far end's lateness counts");
    }
}

/// The reply to an IPv4 echo request; `None` of anything else.
fn reply(packet: &[u8]) -> Option<(Ipv4Addr, Vec<u8>)> {
    if packet.len() < 28 || packet[0] != 0x45 || packet[9] != 1 || packet[20] != 8 {
        return None;
    }
    let mut reply = packet.to_vec();
    reply[12..16].copy_from_slice(&packet[16..20]);
    reply[16..20].copy_from_slice(&packet[12..16]);
    reply[20] = 0;
    // The sum grows by what the type fell by (RFC 1624); that of the IP header stays.
    let sum = u32::from(u16::from_be_bytes([packet[22], packet[23]])) + 0x0800;
    let sum = (sum & 0xffff) + (sum >> 16);
    reply[22..24].copy_from_slice(&(sum as u16).to_be_bytes());
    Some((Ipv4Addr::from(<[u8; 4]>::try_from(&packet[16..20]).ok()?), reply))
}

fn address(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a01_0000 + n)
}

fn ours() -> anyhow::Result<Vec<(Ipv4Addr, Vec<f64>)>> {
    let options = Options {
        engine: EngineChoice::Auto,
        rate_pps: 10_000_000,
        group_rate_pps: 10_000_000,
        first_sweep_ms: 1_000,
    };
    let (prober, mut answers) = Prober::start(options)?;
    let target = |n| Target {
        id: TargetId(n),
        address: IpAddr::V4(address(n)),
        params: PingParams { count: 1, spacing_ms: 0, timeout_ms: 900, ..PingParams::DEFAULT },
        interval_ms: 1_000,
        retry_ms: 1_000,
        source: None,
        is_urgent: false,
        phase_key: PhaseKey::of(&format!("unit-{n}/tslcd")),
        group: 0,
    };
    prober.set_targets((0..TARGETS).map(target).collect());
    let mut rtts: Vec<Vec<f64>> = vec![Vec::new(); TARGETS as usize];
    let mut taken = 0;
    while taken < TARGETS as usize * ROUNDS {
        let batch = answers.blocking_recv().context("the engine ended")?;
        for answer in batch {
            taken += 1;
            let of = &mut rtts[answer.target.0 as usize];
            of.extend(answer.rtts.as_slice().iter().map(|us| f64::from(*us)));
        }
    }
    // What is under way has been noted by the far end: those targets' counts differ, and they are
    // left out.
    prober.stop();
    Ok((0..TARGETS).map(address).zip(rtts).collect())
}

fn fping() -> anyhow::Result<Vec<(Ipv4Addr, Vec<f64>)>> {
    let list = tempfile::NamedTempFile::new()?;
    let lines: Vec<String> = (0..TARGETS).map(|n| address(n).to_string()).collect();
    std::fs::write(list.path(), lines.join("\n"))?;
    let rounds = ROUNDS.to_string();
    let gap = (1_000.0 / f64::from(TARGETS)).to_string();
    let output = Command::new("fping")
        .args(["-q", "-p", "1000", "-C", &rounds, "-i", &gap, "-t", "900", "-f"])
        .arg(list.path())
        .output()
        .context("run fping")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let of = |line: &str| -> Option<(Ipv4Addr, Vec<f64>)> {
        let (to, times) = line.split_once(" : ")?;
        let ms: Result<Vec<f64>, _> = times.split_whitespace().map(str::parse).collect();
        Some((to.trim().parse().ok()?, ms.ok()?.into_iter().map(|ms: f64| ms * 1_000.0).collect()))
    };
    Ok(said.lines().filter_map(of).collect())
}
