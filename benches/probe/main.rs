//! Processor time per ping, and how true round-trip times are: our engine beside surge-ping, fping and
//! the bare system calls.
//!
//! `cargo bench --bench probe [-- RUNS]` pings addresses of the loopback, and of a device in a network
//! namespace of its own, and prints Markdown tables with the goals behind them. The kinds take turns within a run, and the table shows medians over the runs, because
//! machines are rarely idle. The load average stands beside the figures: read the ratios. What 100,000 targets take in
//! memory is measured in a process of its own (`-- memory` alone). fping and blackbox_exporter (at full speed alone) are left out, with a
//! message, where they are not installed or not allowed to go that fast.
#![expect(unsafe_code, reason = "getrusage, recvmmsg, ppoll and scheduling have no safe form")]

#[cfg(target_os = "linux")]
mod blackbox;
#[cfg(target_os = "linux")]
mod truth;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    if std::env::args().any(|arg| arg == truth::INSIDE) {
        return truth::inside();
    }
    if std::env::args().any(|arg| arg == MEMORY) {
        return linux::memory();
    }
    linux::main()
}

/// Asks for what memory the engine takes.
#[cfg(target_os = "linux")]
const MEMORY: &str = "memory";

#[cfg(target_os = "linux")]
use linux::{Cost, median, now};

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Write as _;
    use std::mem::zeroed;
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use std::os::fd::AsRawFd as _;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use anyhow::{Context as _, bail, ensure};
    use socket2::{Domain, Protocol, Socket, Type};
    use tuantra::model::PingParams;
    use tuantra::probe::{EngineChoice, Options, PhaseKey, Prober, Target, TargetId};

    const RUNS: usize = 5;
    const FULL_SPEED_TARGETS: u32 = 50_000;
    /// More than fping takes.
    const ALL_TARGETS: u32 = 100_000;
    const WARM_UP: Duration = Duration::from_millis(2_500);
    const PACED_FOR: Duration = Duration::from_secs(3);
    /// Pings by blackbox_exporter, each of which takes fifty times as long as others.
    const BLACKBOX_PINGS: u32 = 2_000;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Kind {
        Tuantra,
        SurgePing,
        Fping,
        /// Full speed alone: it says that so many of all answered, and of nobody whether he did.
        SilentFping,
        Blackbox,
        Floor,
    }

    impl Kind {
        const ALL: [Self; 6] = [
            Self::Tuantra,
            Self::SurgePing,
            Self::Fping,
            Self::SilentFping,
            Self::Blackbox,
            Self::Floor,
        ];

        const fn name(self) -> &'static str {
            match self {
                Self::Tuantra => "tuantra",
                Self::SurgePing => "surge-ping engine",
                Self::Fping => "fping",
                Self::SilentFping => "fping -q, of no target a word",
                Self::Blackbox => "blackbox_exporter",
                Self::Floor => "bare send and drain",
            }
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Load {
        FullSpeed,
        Paced { per_second: u32 },
    }

    impl Load {
        const ALL: [Self; 3] = [
            Self::FullSpeed,
            Self::Paced { per_second: 1_000 },
            Self::Paced { per_second: 10_000 },
        ];

        fn name(self) -> String {
            match self {
                Self::FullSpeed => format!("{FULL_SPEED_TARGETS} targets, full speed"),
                Self::Paced { per_second } => format!("{per_second}/s, paced"),
            }
        }
    }

    /// One measurement.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Cost {
        pub(super) cpu_us_per_ping: f64,
        pub(super) pings_per_s: f64,
        pub(super) lost: u64,
    }

    pub(super) fn main() -> anyhow::Result<()> {
        let runs = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(RUNS);
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "| load | engine | CPU µs per ping | of fping | of the floor | pings/s | lost |"
        )?;
        writeln!(out, "| --- | --- | ---: | ---: | ---: | ---: | ---: |")?;
        tell_load("at the start")?;
        for load in Load::ALL {
            let mut costs: Vec<(Kind, Vec<Cost>)> = Kind::ALL.map(|kind| (kind, Vec::new())).into();
            for _ in 0..runs {
                for (kind, costs) in &mut costs {
                    let at_full_speed_alone = [Kind::Blackbox, Kind::SilentFping];
                    if at_full_speed_alone.contains(kind) && matches!(load, Load::Paced { .. }) {
                        continue;
                    }
                    match measure(*kind, load) {
                        Ok(cost) => costs.push(cost),
                        Err(error) => {
                            writeln!(std::io::stderr(), "skipped {}: {error:#}", kind.name())?;
                        }
                    }
                }
            }
            let cpu = |kind: Kind| {
                let costs = &costs.iter().find(|(of, _)| *of == kind)?.1;
                median(costs.iter().map(|cost| cost.cpu_us_per_ping))
            };
            for (kind, costs) in &costs {
                let Some(own) = cpu(*kind) else { continue };
                let of = |other| {
                    cpu(other).map_or("–".to_owned(), |other| format!("{:.2}", own / other))
                };
                writeln!(
                    out,
                    "| {} | {} | {own:.1} | {} | {} | {:.0} | {} |",
                    load.name(),
                    kind.name(),
                    of(Kind::Fping),
                    of(Kind::Floor),
                    median(costs.iter().map(|cost| cost.pings_per_s)).unwrap_or_default(),
                    costs.iter().map(|cost| cost.lost).sum::<u64>(),
                )?;
            }
            goals(&mut out, load, cpu(Kind::Tuantra), cpu(Kind::Fping), cpu(Kind::Floor))?;
            if let Some((own, silent)) = cpu(Kind::Tuantra).zip(cpu(Kind::SilentFping)) {
                goal(load, "fping that tells of no target", own / silent, 0.60)?;
            }
        }
        out.write_all(&Command::new(std::env::current_exe()?).arg(super::MEMORY).output()?.stdout)?;
        super::truth::main(&mut out)
    }

    /// What the engine takes with 100,000 targets in one round, in a process that has done nothing
    /// else: nothing that was freed before is used again, and nothing of others counts.
    pub(super) fn memory() -> anyhow::Result<()> {
        // As the program does.
        tuantra::memory::keep_little();
        let before_kib = resident_kib()?;
        let (lost, took, after_kib) = all_at_once()?;
        let mb = |kib: i64| (kib - before_kib) as f64 * 1024.0 / 1e6;
        let verdict = if mb(after_kib) <= 15.0 && lost == 0 { "met" } else { "missed" };
        writeln!(
            std::io::stdout(),
            "\n{ALL_TARGETS} targets in one round: {lost} lost, {:.2} s; the engine takes {:.1} MB, \
             goal 15: {verdict}\n",
            took.as_secs_f64(),
            mb(after_kib),
        )?;
        Ok(())
    }

    /// What is wanted of a load, and whether it is so.
    fn goals(
        out: &mut impl std::io::Write,
        load: Load,
        own: Option<f64>,
        fping: Option<f64>,
        floor: Option<f64>,
    ) -> anyhow::Result<()> {
        let most = match load {
            Load::FullSpeed => 0.60,
            Load::Paced { per_second: 1_000 } => 0.40,
            Load::Paced { .. } => 0.25,
        };
        tell_load("after this")?;
        if let Some((own, fping)) = own.zip(fping) {
            goal(load, "fping", own / fping, most)?;
        }
        if let (Load::FullSpeed, Some((own, floor))) = (load, own.zip(floor)) {
            goal(load, "the floor", own / floor, 1.35)?;
        }
        out.flush()?;
        Ok(())
    }

    /// Says whether a ratio keeps to its goal.
    fn goal(load: Load, name: &str, ratio: f64, most: f64) -> anyhow::Result<()> {
        let verdict = if ratio <= most { "met" } else { "missed" };
        let line = format!("{}: {ratio:.2} of {name}, goal {most:.2}: {verdict}", load.name());
        Ok(writeln!(std::io::stderr(), "{line}")?)
    }

    /// What else the machine does.
    fn tell_load(when: &str) -> anyhow::Result<()> {
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let load = load.split_whitespace().next().unwrap_or("?");
        Ok(writeln!(std::io::stderr(), "load average {when}: {load}")?)
    }

    /// Resident memory of this process that is no file's: its code is not the engine's memory.
    fn resident_kib() -> anyhow::Result<i64> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        Ok(own.context("RssAnon")?.trim().trim_end_matches(" kB").parse()?)
    }

    /// All targets due at once: packets lost, how long it took, and what is resident with the engine
    /// still there.
    fn all_at_once() -> anyhow::Result<(u64, Duration, i64)> {
        let options = Options {
            engine: EngineChoice::Auto,
            rate_pps: 10_000_000,
            group_rate_pps: 10_000_000,
            first_sweep_ms: 0,
        };
        let (prober, mut answers) = Prober::start(options)?;
        let begun = now();
        prober.set_targets(targets(ALL_TARGETS, 600_000));
        let (mut taken, mut lost) = (0, 0);
        while taken < ALL_TARGETS as usize {
            let batch = answers.blocking_recv().context("the engine ended")?;
            taken += batch.len();
            lost += batch.iter().map(|answer| u64::from(answer.lost)).sum::<u64>();
        }
        let (took, kib) = (begun.elapsed(), resident_kib()?);
        prober.stop();
        Ok((lost, took, kib))
    }

    fn targets(count: u32, interval_ms: i64) -> Vec<Target> {
        let target = |n| Target {
            id: TargetId(n),
            address: IpAddr::V4(address(n)),
            params: PingParams { count: 1, spacing_ms: 0, timeout_ms: 900, ..PingParams::DEFAULT },
            interval_ms,
            retry_ms: interval_ms,
            source: None,
            is_urgent: false,
            phase_key: PhaseKey::of(&format!("unit-{n}/tslcd")),
            group: 0,
        };
        (0..count).map(target).collect()
    }

    pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len().checked_sub(1)? / 2).copied()
    }

    fn measure(kind: Kind, load: Load) -> anyhow::Result<Cost> {
        match (kind, load) {
            (Kind::Tuantra, _) => prober(EngineChoice::Auto, load),
            (Kind::SurgePing, _) => prober(EngineChoice::Portable, load),
            (Kind::Fping, Load::FullSpeed) => {
                // Each target's round-trip time or loss, as SmokePing asks for it.
                fping(FULL_SPEED_TARGETS, 1, &["-q", "-C", "1", "-i", "0"])
            }
            (Kind::Fping, Load::Paced { per_second }) => {
                let rounds = u32::try_from(PACED_FOR.as_secs())?;
                let gap_ms = (1_000.0 / f64::from(per_second)).to_string();
                let count = rounds.to_string();
                fping(per_second, rounds, &["-q", "-p", "1000", "-c", &count, "-i", &gap_ms])
            }
            (Kind::SilentFping, _) => fping(FULL_SPEED_TARGETS, 1, &["-q", "-r", "0", "-i", "0"]),
            (Kind::Blackbox, _) => super::blackbox::measure(BLACKBOX_PINGS, address),
            (Kind::Floor, Load::FullSpeed) => floor(FULL_SPEED_TARGETS),
            (Kind::Floor, Load::Paced { per_second }) => floor(per_second * 3),
        }
    }

    fn address(n: u32) -> Ipv4Addr {
        Ipv4Addr::from(0x7f00_0001 + n)
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    pub(super) fn now() -> Instant {
        Instant::now()
    }

    /// User and system time of this process, or of its ended children.
    fn cpu_us(who: libc::c_int) -> f64 {
        // SAFETY: an rusage of zeros is valid; getrusage only writes into it.
        let usage = unsafe {
            let mut usage: libc::rusage = zeroed();
            libc::getrusage(who, &raw mut usage);
            usage
        };
        let us = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
        us(usage.ru_utime) + us(usage.ru_stime)
    }

    fn prober(engine: EngineChoice, load: Load) -> anyhow::Result<Cost> {
        let (count, interval_ms, first_sweep_ms) = match load {
            Load::FullSpeed => (FULL_SPEED_TARGETS, 600_000, 0),
            Load::Paced { per_second } => (per_second, 1_000, 1_000),
        };
        let options =
            Options { engine, rate_pps: 10_000_000, group_rate_pps: 10_000_000, first_sweep_ms };
        let (prober, mut answers) = Prober::start(options)?;
        let targets = targets(count, interval_ms);
        let mut lost = 0_u64;
        let mut take = |until: &mut dyn FnMut(usize) -> bool| -> anyhow::Result<u64> {
            let mut taken = 0;
            while !until(taken) {
                let batch = answers.blocking_recv().context("the engine ended")?;
                taken += batch.len();
                lost += batch.iter().map(|answer| u64::from(answer.lost)).sum::<u64>();
            }
            Ok(taken as u64)
        };
        let (begun, cpu, sent);
        match load {
            Load::FullSpeed => {
                (begun, cpu, sent) = (now(), cpu_us(libc::RUSAGE_SELF), 0);
                prober.set_targets(targets);
                take(&mut |taken| taken >= count as usize)?;
            }
            Load::Paced { .. } => {
                let warming = now();
                prober.set_targets(targets);
                take(&mut |_| warming.elapsed() >= WARM_UP)?;
                (begun, cpu) = (now(), cpu_us(libc::RUSAGE_SELF));
                sent = prober.stats().account.sent;
                take(&mut |_| begun.elapsed() >= PACED_FOR)?;
            }
        }
        let cpu = cpu_us(libc::RUSAGE_SELF) - cpu;
        let elapsed = begun.elapsed();
        let pings = match load {
            Load::FullSpeed => f64::from(count),
            Load::Paced { .. } => (prober.stats().account.sent - sent) as f64,
        };
        let cost =
            Cost { cpu_us_per_ping: cpu / pings, pings_per_s: pings / elapsed.as_secs_f64(), lost };
        prober.stop();
        Ok(cost)
    }

    fn fping(count: u32, rounds: u32, flags: &[&str]) -> anyhow::Result<Cost> {
        let list = tempfile::NamedTempFile::new()?;
        let lines: Vec<String> = (0..count).map(|n| address(n).to_string()).collect();
        std::fs::write(list.path(), lines.join("\n"))?;
        let (begun, cpu) = (now(), cpu_us(libc::RUSAGE_CHILDREN));
        // What it says of the targets goes into a file: nobody has it wait.
        let said = tempfile::NamedTempFile::new()?;
        Command::new("fping")
            .args(flags)
            .arg("-s")
            .arg("-f")
            .arg(list.path())
            .stdout(Stdio::null())
            .stderr(said.reopen()?)
            .status()
            .context("run fping")?;
        let elapsed = begun.elapsed();
        let cpu = cpu_us(libc::RUSAGE_CHILDREN) - cpu;
        let said = std::fs::read_to_string(said.path())?;
        let figure = |label: &str| {
            let line = said.lines().find(|line| line.contains(label))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let (Some(sent), Some(received)) =
            (figure("ICMP Echos sent"), figure("ICMP Echo Replies received"))
        else {
            bail!("fping: {}", said.lines().next().unwrap_or("no figures"))
        };
        ensure!(sent == u64::from(count * rounds), "fping sent {sent} of {}", count * rounds);
        Ok(Cost {
            cpu_us_per_ping: cpu / sent as f64,
            pings_per_s: sent as f64 / elapsed.as_secs_f64(),
            lost: sent.saturating_sub(received),
        })
    }

    /// The kernel's own price: 64 sends, then taking what came, with nothing kept and nothing
    /// checked, as fast as it goes.
    fn floor(count: u32) -> anyhow::Result<Cost> {
        const BATCH: usize = 64;
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
        socket.set_nonblocking(true)?;
        let only_replies: u32 = !1;
        // SAFETY: SOL_RAW (255), ICMP_FILTER (1) takes a u32, which lives through the call.
        let result = unsafe {
            libc::setsockopt(socket.as_raw_fd(), 255, 1, (&raw const only_replies).cast(), 4)
        };
        ensure!(result == 0, "set the ICMP filter: {}", std::io::Error::last_os_error());
        // An echo request with the identifier 0 and 56 bytes of payload; its checksum.
        let mut packet = [0_u8; 64];
        packet[0] = 8;
        packet[2] = 0xf7;
        packet[3] = 0xff;
        let mut received = 0;
        let (begun, cpu) = (now(), cpu_us(libc::RUSAGE_SELF));
        let mut next = 0;
        while next < count {
            for n in next..count.min(next + BATCH as u32) {
                socket.send_to(&packet, &SocketAddr::from((address(n), 0)).into())?;
            }
            next += BATCH as u32;
            let mut buffers = [[0_u8; 128]; BATCH];
            loop {
                let mut vectors = buffers.each_mut().map(|buffer| libc::iovec {
                    iov_base: buffer.as_mut_ptr().cast(),
                    iov_len: 128,
                });
                // SAFETY: every header points to a vector, every vector to a buffer of its
                // length; all outlive the call.
                let taken = unsafe {
                    let mut headers: [libc::mmsghdr; BATCH] = zeroed();
                    for (header, vector) in headers.iter_mut().zip(&mut vectors) {
                        header.msg_hdr.msg_iov = vector;
                        header.msg_hdr.msg_iovlen = 1;
                    }
                    libc::recvmmsg(
                        socket.as_raw_fd(),
                        headers.as_mut_ptr(),
                        BATCH as u32,
                        libc::MSG_DONTWAIT as _,
                        std::ptr::null_mut(),
                    )
                };
                received += taken.max(0);
                if taken < BATCH as i32 {
                    break;
                }
            }
        }
        let cpu = cpu_us(libc::RUSAGE_SELF) - cpu;
        Ok(Cost {
            cpu_us_per_ping: cpu / f64::from(count),
            pings_per_s: f64::from(count) / begun.elapsed().as_secs_f64(),
            lost: u64::from(count).saturating_sub(u64::try_from(received)?),
        })
    }
}
