//! blackbox_exporter: what a ping costs that somebody asks for by HTTP.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::{Cost, now};

/// Asked at the same time.
const SIDE_BY_SIDE: u32 = 4;
/// How long it may take to open its port.
const PATIENCE: Duration = Duration::from_secs(10);
/// A tick of the accounting (proc(5)), in microseconds.
const TICK_US: f64 = 10_000.0;

/// The exporter; ends when it is dropped.
struct Exporter(Child);

impl Exporter {
    /// Its processor time so far, in microseconds.
    fn cpu_us(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let fields = stat.rsplit_once(')').context("its stat")?.1;
        // utime and stime, the 14th and the 15th.
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? * TICK_US)
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// So many pings, each of another address, one after the other by some connections that are kept.
pub(super) fn measure(count: u32, address: fn(u32) -> Ipv4Addr) -> anyhow::Result<Cost> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("blackbox.yml");
    std::fs::write(
        &config,
        "modules:\n  icmp: { prober: icmp, timeout: 2s, \
         icmp: { preferred_ip_protocol: ip4, ip_protocol_fallback: false } }\n",
    )?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let exporter = Command::new("prometheus-blackbox-exporter")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("run prometheus-blackbox-exporter")?;
    let exporter = Exporter(exporter);
    let begun = now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        ensure!(begun.elapsed() < PATIENCE, "blackbox_exporter does not open its port");
        std::thread::yield_now();
    }
    let lost = AtomicU64::new(0);
    let (begun, cpu_us) = (now(), exporter.cpu_us()?);
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..SIDE_BY_SIDE)
            .map(|first| {
                let lost = &lost;
                scope.spawn(move || -> anyhow::Result<()> {
                    let agent = ureq::Agent::new_with_defaults();
                    for n in (first..count).step_by(SIDE_BY_SIDE as usize) {
                        let url = format!(
                            "http://127.0.0.1:{port}/probe?module=icmp&target={}",
                            address(n)
                        );
                        let told = agent.get(&url).call()?.body_mut().read_to_string()?;
                        let is_answered = told.lines().any(|line| line == "probe_success 1");
                        lost.fetch_add(u64::from(!is_answered), Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        askers.into_iter().try_for_each(|asker| match asker.join() {
            Ok(asked) => asked,
            Err(_) => bail!("an asker ended"),
        })
    })?;
    let (took, cpu_us) = (begun.elapsed(), exporter.cpu_us()? - cpu_us);
    Ok(Cost {
        cpu_us_per_ping: cpu_us / f64::from(count),
        pings_per_s: f64::from(count) / took.as_secs_f64(),
        lost: lost.into_inner(),
    })
}
