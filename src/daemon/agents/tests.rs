//! Who is asked for whom, and what the answers come to.

use std::net::IpAddr;

use jiff::tz::TimeZone;

use super::meaning::{LineEnd, Remembered, line_end, said, trouble};
use super::{Agent, Line, Place, agents};
use crate::health::{Said, Watch};
use crate::inventory;
use crate::model::{
    Inventory, Limits, Moment, RoundError, SnmpTrouble, SubjectIx, Threshold, UnixMs,
};
use crate::probe::snmp::SnmpError;
use crate::probe::snmp::health::Gauge;
use crate::probe::snmp::interfaces::{Interface, List, Passed, Status};
use crate::probe::snmp::profile::GaugeKind;
use crate::probe::snmp::reading::{DeviceReading, Pass};
use crate::probe::snmp::ups::{Ups, UpsMib};
use crate::probe::snmp::uptime::Uptime;

const NOW: UnixMs = UnixMs(1_795_653_730_000);

fn load(text: &str) -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let loaded = inventory::load(folder.path(), &inventory::Defaults::default(), &TimeZone::UTC);
    loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

const PROVINCE: &str = "\
networks: [ { id: tslcd, name: TSLCD } ]
units:
  - id: tinh
    name: Tỉnh
    kind: province
    connections:
      tslcd: { address: 127.0.1.1, device: router, interface: wan, bandwidth: 10Mbps, checks: [ping, interface] }
      tslcd-2: { network: tslcd, address: 127.0.1.2, device: router, checks: [ping, { interface: 4g, critical: false }] }
    devices:
      router: { address: 127.0.1.3, snmp: core }
      switch: { address: 127.0.1.4 }
      box: { address: 127.0.1.5, snmp: core, checks: [snmp], health: { interval: 20s, retry: 4s } }
      off: { address: 127.0.1.6, snmp: core, enabled: false }
      two: { address: 127.0.1.7, snmp: core, checks: [ping, snmp, { snmp: other }] }
";

fn by_id<'a>(agents: &'a [Agent], id: &str) -> &'a Agent {
    agents.iter().find(|a| a.id.as_str() == id).unwrap_or_else(|| panic!("{id}: {agents:?}"))
}

#[test]
fn a_device_is_asked_once_for_itself_and_for_the_lines_that_end_at_it() {
    let inventory = load(PROVINCE);
    let found = agents(&inventory, NOW);
    let ids: Vec<&str> = found.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids, ["tinh/box", "tinh/router", "tinh/two", "tinh/two/other"]);
    let router = by_id(&found, "tinh/router");
    assert_eq!(router.address, IpAddr::from([127, 0, 1, 3]));
    let whose = |place: Place| (inventory.subject(place.subject).id.to_string(), place.check);
    assert_eq!(
        router.devices.iter().map(|p| whose(*p)).collect::<Vec<_>>(),
        [("tinh/router".to_owned(), 1)]
    );
    let lines: Vec<_> = router
        .lines
        .iter()
        .map(|l| (whose(l.place), l.interface.to_string(), l.contracted_bps))
        .collect();
    assert_eq!(
        lines,
        [
            (("tinh/tslcd".to_owned(), 1), "wan".to_owned(), Some(10_000_000)),
            (("tinh/tslcd-2".to_owned(), 1), "4g".to_owned(), None),
        ]
    );
    assert_eq!(router.interval_ms, None);
    let alone = by_id(&found, "tinh/box");
    assert_eq!((alone.interval_ms, alone.retry_ms), (Some(20_000), 4_000));
    assert!(inventory.subject(router.lines[0].place.subject).checks[1].critical);
    assert!(!inventory.subject(router.lines[1].place.subject).checks[1].critical);
}

fn reading() -> DeviceReading {
    DeviceReading {
        pass: Pass::Cycle,
        at: NOW,
        uptime: Uptime::default(),
        interfaces: List::default(),
        are_interfaces_sure: true,
        ups: None,
        gauges: Vec::new(),
        facts: Vec::new(),
        neighbours: Vec::new(),
        addresses: Vec::new(),
        are_neighbours_whole: true,
        points: Moment::default(),
    }
}

fn gauge(kind: GaugeKind, value: i64) -> Gauge {
    Gauge { kind, label: None, value, limit: None }
}

fn worst(said: &Said) -> Option<Threshold> {
    Watch::default().look(said, &Limits::default())
}

#[test]
fn the_worst_gauge_counts_and_a_ups_on_battery_before_all() {
    let mut reading = reading();
    assert_eq!(worst(&said(&reading)), None);
    reading.gauges = vec![gauge(GaugeKind::Cpu, 950), gauge(GaugeKind::Cpu, 10)];
    assert_eq!(worst(&said(&reading)), Some(Threshold::Cpu));
    reading.gauges.push(gauge(GaugeKind::Alarm, 1));
    assert_eq!(worst(&said(&reading)), Some(Threshold::Cpu));
    reading.gauges.push(gauge(GaugeKind::Supply, 1));
    assert_eq!(worst(&said(&reading)), Some(Threshold::Hardware));
    let ups = Ups {
        mib: UpsMib::Standard,
        is_on_battery: Some(false),
        is_battery_low: Some(true),
        needs_battery: None,
        charge_permille: Some(900),
        run_time_s: None,
        input_dv: None,
        load_permille: None,
        temperature_dc: None,
    };
    reading.ups = Some(ups);
    assert_eq!(worst(&said(&reading)), Some(Threshold::Charge), "it says itself that it is low");
    reading.ups = Some(Ups { is_on_battery: Some(true), ..ups });
    assert_eq!(worst(&said(&reading)), Some(Threshold::Battery));
}

fn wan(is_enabled: Option<bool>, status: Option<Status>) -> Interface {
    let mut counted = [None; 8];
    // 1.25 MB in a second: 10 Mbit/s.
    counted[0] = Some(1_250_000);
    Interface {
        name: "wan".into(),
        index: 7,
        descr: None,
        alias: None,
        kind: None,
        is_enabled,
        status,
        speed_bps: Some(1_000_000_000),
        counts: [None; 8],
        passed: Some(Passed { span_ms: 1_000, counted }),
    }
}

#[test]
fn a_line_is_down_by_what_its_interface_says_and_by_nothing_else() {
    let place = Place { subject: SubjectIx(0), check: 1, limits: Limits::default() };
    let line = Line { place, interface: "wan".into(), contracted_bps: Some(10_000_000) };
    let mut remembered = Remembered::default();
    let mut end = |interfaces: Vec<Interface>, are_interfaces_sure| {
        let reading =
            DeviceReading { interfaces: interfaces.into(), are_interfaces_sure, ..reading() };
        line_end(&reading, &line, &mut remembered)
    };
    let down = |admin| Some(LineEnd::Down(RoundError::InterfaceDown { admin }));
    let unknown = |trouble| Some(LineEnd::Unknown(trouble));
    assert_eq!(end(vec![], true), unknown(SnmpTrouble::NoInterface));
    assert_eq!(end(vec![], false), None, "the numbers may be others");
    let works = end(vec![wan(Some(true), Some(Status::Up))], true);
    let Some(LineEnd::Works(said)) = works else { panic!("{works:?}") };
    assert_eq!(worst(&said), Some(Threshold::Utilisation), "of what was contracted");
    assert_eq!(end(vec![wan(Some(true), Some(Status::LowerLayerDown))], true), down(false));
    assert_eq!(end(vec![wan(Some(false), Some(Status::Down))], true), down(true));
    assert_eq!(end(vec![wan(None, None)], true), unknown(SnmpTrouble::Refused));
    assert_eq!(end(vec![], true), down(false), "it was there, and was taken out");
}

#[test]
fn our_own_failure_says_nothing_of_the_device() {
    assert_eq!(trouble(&SnmpError::Local { what: "no socket".to_owned() }), None);
    assert_eq!(trouble(&SnmpError::IdentityChanged), Some(SnmpTrouble::IdentityChanged));
    assert_eq!(trouble(&SnmpError::Malformed), Some(SnmpTrouble::Malformed));
}
