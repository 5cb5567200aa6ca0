//! What others take for the same objects. Those that are not installed are `None`.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Cost;
use crate::farm::{COMMUNITY, INTERFACES, address};
use crate::machine;
use crate::ours::VALUES;

const UPTIME: &str = "1.3.6.1.2.1.1.3";
const COLUMNS: [(&str, &str); 3] = [
    ("ifOperStatus", "1.3.6.1.2.1.2.2.1.8"),
    ("ifHCInOctets", "1.3.6.1.2.1.31.1.1.1.6"),
    ("ifHCOutOctets", "1.3.6.1.2.1.31.1.1.1.10"),
];
/// Scrapes at the same time.
const SCRAPERS: u32 = 8;

fn run(program: &str, args: &[&str]) -> Option<usize> {
    // Without MIBs, which only cost it time.
    let common = ["-v2c", "-c", COMMUNITY, "-m", "", "-On", "-r1", "-t2"];
    let output = Command::new(program).args(common).args(args).output().ok()?;
    Some(output.stdout.iter().filter(|b| **b == b'\n').count())
}

/// One `snmpbulkget` a device, which brings all of it.
pub fn bulk_get(port: u16, devices: u32) -> Option<Cost> {
    by_processes(devices, |n| {
        let (at, rows) = (format!("{}:{port}", address(n)), format!("-Cr{INTERFACES}"));
        let [one, two, three] = COLUMNS.map(|(_, oid)| oid);
        run("snmpbulkget", &["-Cn1", &rows, &at, UPTIME, one, two, three])
    })
}

/// A `snmpbulkwalk` a column, and one for the uptime.
pub fn bulk_walk(port: u16, devices: u32) -> Option<Cost> {
    by_processes(devices, |n| {
        let at = format!("{}:{port}", address(n));
        let oids = COLUMNS.iter().map(|(_, oid)| *oid).chain([UPTIME]);
        oids.map(|oid| run("snmpbulkwalk", &["-Cr25", &at, oid])).sum()
    })
}

fn by_processes(devices: u32, ask: impl Fn(u32) -> Option<usize>) -> Option<Cost> {
    let (cpu, wall) = (machine::children_cpu(), machine::wall());
    let mut lost = 0;
    for n in 0..devices {
        lost += u32::from(ask(n)? != VALUES);
    }
    let (cpu, wall) = (machine::children_cpu() - cpu, machine::wall() - wall);
    Some(Cost { devices, cpu, wall, lost, given_up: 0, peak_mib: 0.0 })
}

/// A running `prometheus-snmp-exporter` that knows the objects.
pub struct Exporter {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Exporter {
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut text = format!(
            "farm:\n  walk: [{}]\n  get: [{UPTIME}.0]\n  version: 2\n  max_repetitions: 25\n  \
             auth: {{ community: {COMMUNITY} }}\n  metrics:\n  \
             - {{ name: sysUpTime, oid: {UPTIME}, type: gauge, help: uptime }}\n",
            COLUMNS.map(|(_, oid)| oid).join(", ")
        );
        for (name, oid) in COLUMNS {
            text.push_str(&format!(
                "  - {{ name: {name}, oid: {oid}, type: gauge, help: {name}, indexes: \
                 [{{ labelname: ifIndex, type: gauge }}] }}\n"
            ));
        }
        let config = folder.path().join("snmp.yml");
        std::fs::write(&config, text).unwrap();
        // Below those that the system gives to whoever connects: a connection that is tried before
        // anybody listens may otherwise be answered by itself.
        let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let port = (20_116..30_000).find(is_free)?;
        let child = Command::new("prometheus-snmp-exporter")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let exporter = Self { child, port, _folder: folder };
        let mut tries = (0..200).inspect(|_| machine::rest(Duration::from_millis(50)));
        let is_there = |_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        tries.any(is_there).then_some(exporter)
    }

    /// Scrapes the devices as Prometheus does, over connections that stay open.
    pub fn scrape(&self, farm: u16, devices: u32) -> Cost {
        let (cpu, wall) = (machine::cpu_of(self.child.id()), machine::wall());
        let port = self.port;
        let scrapers = (0..SCRAPERS).map(|scraper| {
            std::thread::spawn(move || {
                let mut link = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
                let own = (0..devices).filter(|n| n % SCRAPERS == scraper);
                own.map(|n| u32::from(scrape(&mut link, farm, n) != VALUES)).sum::<u32>()
            })
        });
        let scrapers: Vec<_> = scrapers.collect();
        let lost = scrapers.into_iter().map(|scraper| scraper.join().unwrap()).sum();
        let (cpu, wall) = (machine::cpu_of(self.child.id()) - cpu, machine::wall() - wall);
        let peak_mib = machine::peak_mib_of(self.child.id());
        Cost { devices, cpu, wall, lost, given_up: 0, peak_mib }
    }
}

/// How many values of ours an answer has.
fn scrape(link: &mut TcpStream, farm: u16, n: u32) -> usize {
    let at = address(n);
    let question =
        format!("GET /snmp?module=farm&target={at}:{farm} HTTP/1.1\r\nHost: farm\r\n\r\n");
    link.write_all(question.as_bytes()).unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 16_384]);
    loop {
        let length = link.read(&mut buffer).unwrap();
        answer.extend(&buffer[..length]);
        if length == 0 || is_whole(&answer) {
            break;
        }
    }
    let text = String::from_utf8_lossy(&answer);
    text.lines().filter(|line| line.starts_with("sysUpTime ") || line.starts_with("if")).count()
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    match length {
        Some(length) => body.len() >= length.parse().unwrap(),
        None => body.ends_with("\r\n0\r\n\r\n"),
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
