//! What the collectors make of recordings of real devices (`../shared/captures`), looked at by eye
//! against the recording and kept. Skipped with a message where the recordings are not there:
//! their licence does not allow to copy them into this repository.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper of a test fails the test, or says why it is skipped"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tuantra::model::{UnixMs, Untrusted};
use tuantra::probe::snmp::ask::Answers;
use tuantra::probe::snmp::interfaces::{Counter, Interface};
use tuantra::probe::snmp::profile::Profiles;
use tuantra::probe::snmp::reading::{DeviceReading, Memory, Pass, read, wanted};
use tuantra::probe::snmp::wire::{Oid, Value};

/// Most lines of a list in a snapshot.
const LINES_MAX: usize = 14;

/// The recording, `None` with a message where there is none.
fn recording(name: &str) -> Option<Answers> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let file: PathBuf = folder.join(format!("{name}.snmprec"));
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("skipped: no recording {name}.snmprec in ../shared/captures");
        return None;
    };
    let mut answers = Answers::default();
    for line in String::from_utf8_lossy(&bytes).lines() {
        let mut fields = line.splitn(3, '|');
        let (Some(oid), Some(kind), Some(text)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        answers.insert(Oid::parse(oid).unwrap(), value(kind, text));
    }
    assert!(answers.len() > 100, "{name} is no recording");
    Some(answers)
}

/// A value as the recordings write it: the number of its ASN.1 tag, with an `x` when the text is
/// hexadecimal.
fn value(kind: &str, text: &str) -> Value {
    let (kind, is_hex) = kind.strip_suffix('x').map_or((kind, false), |kind| (kind, true));
    let bytes = if is_hex {
        // A few recordings are cut in the middle of an octet.
        text.as_bytes()
            .chunks_exact(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    } else {
        text.as_bytes().to_vec()
    };
    match kind {
        "2" => Value::Integer(text.parse().unwrap()),
        "4" => Value::OctetString(bytes.into()),
        "5" => Value::Null,
        "6" => Value::ObjectIdentifier(Oid::parse(text).unwrap()),
        "64" if is_hex => Value::IpAddress(bytes.try_into().unwrap()),
        "64" => Value::IpAddress(text.parse::<std::net::Ipv4Addr>().unwrap().octets()),
        "65" => Value::Counter32(text.parse().unwrap()),
        "66" => Value::Gauge32(text.parse().unwrap()),
        "67" => Value::TimeTicks(text.parse().unwrap()),
        "70" => Value::Counter64(text.parse().unwrap()),
        other => panic!("tag {other}"),
    }
}

/// What a device that says `recorded` answers to what is wanted, and nothing else.
fn answered(recorded: &Answers, pass: Pass, memory: &Memory, profiles: &Profiles) -> Answers {
    let wanted = wanted(pass, memory.profile(profiles), memory);
    let mut answers = Answers::default();
    for oid in &wanted.scalars {
        if let Some(value) = recorded.get(oid) {
            answers.insert(oid.clone(), value.to_value());
        }
    }
    for column in &wanted.columns {
        for (index, value) in recorded.column(column) {
            let oid = Oid::new(column.arcs().iter().chain(index).copied());
            answers.insert(oid, value.to_value());
        }
    }
    answers
}

/// The first round with a device, pass by pass.
fn round(recorded: &Answers, memory: &mut Memory, at: UnixMs) -> Vec<DeviceReading> {
    let profiles = Profiles::default();
    let mut readings = Vec::new();
    while let Some(pass) = memory.due(at, memory.profile(&profiles)) {
        let answers = answered(recorded, pass, memory, &profiles);
        let profile = memory.profile(&profiles).clone();
        readings.push(read(pass, &answers, at, &profile, memory));
    }
    readings
}

/// What is shown of a device.
fn shown(recorded: &Answers) -> String {
    let mut memory = Memory::default();
    let readings = round(recorded, &mut memory, UnixMs(0));
    let passes: Vec<Pass> = readings.iter().map(|reading| reading.pass).collect();
    assert_eq!(passes, [Pass::Identity, Pass::Facts, Pass::Neighbours]);
    let (facts, around) = (&readings[1], &readings[2]);
    // A minute later the same numbers: the cycle alone finds what the facts found.
    let next = round(recorded, &mut memory, UnixMs(60_000));
    assert_eq!(next.len(), 1);
    assert_eq!((&next[0].gauges, &next[0].ups), (&facts.gauges, &facts.ups));
    assert_eq!(next[0].interfaces.len(), facts.interfaces.len());

    let mut text = String::new();
    let profile = memory.profile(&Profiles::default()).name.clone();
    writeln!(text, "profile {profile}\nuptime {}", uptime(facts)).unwrap();
    for (kind, fact) in &facts.facts {
        writeln!(text, "{}: {}", kind.as_str(), fact.as_str()).unwrap();
    }
    if let Some(ups) = &facts.ups {
        writeln!(text, "{ups:?}").unwrap();
    }
    list_of(
        &mut text,
        usize::MAX,
        "gauges",
        facts.gauges.iter().map(|gauge| {
            let label = gauge.label.as_ref().map_or(String::new(), |label| format!(":{label}"));
            let limit = gauge.limit.map_or(String::new(), |limit| format!(" (limit {limit})"));
            format!("{}{label} {}{limit}", gauge.kind.as_str(), gauge.value)
        }),
    );
    list(&mut text, "interfaces", facts.interfaces.iter().map(interface));
    list(
        &mut text,
        "neighbours",
        around.neighbours.iter().map(|n| {
            let told = |t: &Option<Untrusted>| {
                t.as_ref().map_or("-".to_owned(), |t| t.as_str().to_owned())
            };
            format!(
                "{:?} {} port {} at {} ({}) {:?}",
                n.protocol,
                told(&n.name),
                told(&n.port),
                told(&n.chassis),
                told(&n.local_port),
                n.address,
            )
        }),
    );
    list(
        &mut text,
        "addresses",
        around.addresses.iter().map(|address| {
            let mac: Vec<String> = address.mac.iter().map(|b| format!("{b:02x}")).collect();
            format!("{} behind {} is {}", address.ip, address.index, mac.join(":"))
        }),
    );
    list(
        &mut text,
        "metrics",
        facts.points.points().map(|(metric, point)| format!("{} {}", metric.name, point.value)),
    );
    text
}

fn uptime(reading: &DeviceReading) -> String {
    let Some(ms) = reading.uptime.ms else { return "not told".to_owned() };
    format!("{} s by {:?}", ms / 1_000, reading.uptime.clock)
}

fn interface(interface: &Interface) -> String {
    let octets = |counter: Counter| interface.counts[counter as usize];
    format!(
        "{} #{} {:?} {} {:?} b/s, in {:?} out {:?}{}",
        interface.name,
        interface.index,
        interface.status,
        if interface.is_enabled == Some(false) { "switched off," } else { "" },
        interface.speed_bps,
        octets(Counter::OctetsIn),
        octets(Counter::OctetsOut),
        if interface.is_counted() { "" } else { " (not kept)" },
    )
}

fn list(text: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    list_of(text, LINES_MAX, name, lines);
}

/// The first `most` lines of a list, with how many there are.
fn list_of(text: &mut String, most: usize, name: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    writeln!(text, "{name}: {}", lines.len()).unwrap();
    for line in lines.iter().take(most) {
        writeln!(text, "  {line}").unwrap();
    }
    if lines.len() > most {
        writeln!(text, "  …").unwrap();
    }
}

macro_rules! recordings {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(#[test]
        fn $name() {
            if let Some(recorded) = recording($file) {
                insta::assert_snapshot!(shown(&recorded));
            }
        })*
    };
}

recordings! {
    apc = "apc_smt750x-nmc2",
    aruba = "arubaos-cx_6300m",
    cisco = "ios_c3560",
    draytek = "draytek_vigor2962",
    fortinet = "fortigate_60f",
    h3c = "comware_a5500",
    huawei = "vrp_s5328c-ei",
    juniper = "junos_srx3600",
    mikrotik = "routeros",
    ubiquiti = "unifi_unifi",
}
