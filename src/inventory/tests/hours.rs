//! Hours of subjects and contracts, announced work, what is switched off, and mergers.

use super::*;
use crate::model::{Span, UnixMs, planned_spans};

#[test]
fn what_is_switched_off_gives_its_address_to_what_stands_in_for_it() {
    let device = |id: &str, rest: &str| {
        format!("  - {{ id: {id}, unit: tg, role: router, address: 10.0.0.1{rest} }}\n")
    };
    let of = |list: &[String]| duplicates(&format!("devices:\n{}", list.concat()));
    let off = device("off", ", enabled: false");
    assert_eq!(of(&[off.clone(), device("spare", "")]), 0);
    assert_eq!(of(&[device("spare", ""), off.clone()]), 0);
    assert_eq!(of(&[off.clone(), device("other", ", enabled: false")]), 0);
    // The other two still clash.
    assert_eq!(of(&[device("a", ""), off, device("b", ", enabled: true")]), 1);
}

/// Calendar, whether it may be off outside it, and whether it is patrolled.
fn hours(inventory: &Inventory, id: &str) -> (Option<String>, bool, bool) {
    let subject = inventory.subject(inventory.find_subject(id).unwrap());
    let calendar = subject.calendar.map(|ix| inventory.calendar(ix).id.to_string());
    (calendar, subject.off_hours_allowed, subject.is_enabled)
}

#[test]
fn the_nearest_to_a_subject_says_its_hours() {
    let inventory = good(
        "calendars: [{ id: office, hours: { mon: \"07:00-11:30\" } }, { id: late, hours: { mon: \"20:00-24:00\" } }]
networks: [{ id: tslcd, name: TSLCD }]
defaults:
  - for: { kind: commune }
    set: { calendar: office, off_hours: allowed }
  - for: { role: ups }
    set: { off_hours: counted, calendar: late }
  - for: { network: tslcd }
    set: { enabled: false }
units:
  - { id: tg, name: Tỉnh, kind: province, devices: { router: 10.0.0.1 } }
  - { id: a, name: A, kind: commune, connections: { tslcd: { address: 10.0.1.9 } },
      devices: { router: 10.0.1.1, ups: 10.0.1.2, own: { address: 10.0.1.3, calendar: late }, ups-2: { address: 10.0.1.4, off_hours: allowed } } }
  - { id: b, name: B, kind: commune, calendar: late, connections: { tslcd: { address: 10.0.2.9, enabled: true } },
      devices: { router: 10.0.2.1, always: { address: 10.0.2.2, calendar: , off_hours: } } }
  - { id: c, name: C, kind: commune, off_hours: counted, devices: { router: 10.0.3.1 } }
  - { id: d, name: D, kind: commune, calendar: , off_hours: , devices: { router: 10.0.4.1 } }
",
    );
    for (id, calendar, allowed, enabled) in [
        ("tg/router", None, false, true),
        ("a/tslcd", Some("office"), true, false),
        ("a/router", Some("office"), true, true),
        ("a/ups", Some("late"), false, true),
        ("a/own", Some("late"), true, true),
        ("a/ups-2", Some("late"), true, true),
        ("b/tslcd", Some("late"), true, true),
        ("b/router", Some("late"), true, true),
        ("b/always", None, false, true),
        ("c/router", Some("office"), false, true),
        ("d/router", None, false, true),
    ] {
        let wanted = (calendar.map(str::to_owned), allowed, enabled);
        assert_eq!(hours(&inventory, id), wanted, "{id}");
    }
}

#[test]
fn a_contract_s_hours_are_the_line_s_else_the_carrier_s_else_the_network_s() {
    let inventory = good(
        "calendars: [{ id: n, hours: { mon: \"07:00-11:30\" } }, { id: c, hours: { tue: \"07:00-11:30\" } }, { id: own, hours: {} }]
networks: [{ id: tslcd, name: TSLCD, sla: { hours: n } }, { id: lan, name: LAN }]
carriers: [{ id: vnpt, name: VNPT, sla: { hours: c } }, { id: fpt, name: FPT, sla: { rtt: 20ms } }]
units:
  - id: tg
    name: Tỉnh
    kind: province
    connections:
      a: { network: tslcd, address: 10.0.0.1, carrier: vnpt, sla: { hours: own } }
      b: { network: tslcd, address: 10.0.0.2, carrier: vnpt, sla: { availability: 0.99 } }
      c: { network: tslcd, address: 10.0.0.3, carrier: fpt }
      d: { network: lan, address: 10.0.0.4, carrier: fpt }
",
    );
    let of = |id: &str| {
        let subject = inventory.subject(inventory.find_subject(id).unwrap());
        let hours = subject.connection().and_then(|c| c.sla.hours);
        hours.map(|ix| inventory.calendar(ix).id.to_string())
    };
    let found = ["tg/a", "tg/b", "tg/c", "tg/d"].map(of);
    assert_eq!(found, [Some("own".into()), Some("c".into()), Some("n".into()), None]);
}

#[test]
fn a_baseline_of_the_configuration_can_be_switched_off() {
    let mut desk = Desk::default();
    let text = "units: [{ id: tg, name: Tỉnh, kind: province, devices: {
        a: 10.0.0.1, b: { address: 10.0.0.2, health: { baseline: off } }, c: { address: 10.0.0.3, health: { baseline: 5 } } } }]";
    let source = desk.add_source(PathBuf::from("all.yaml"), Arc::from(text));
    let trees: Vec<Tree> = yaml::read(&mut desk, source).map(Tree::Whole).into_iter().collect();
    let mut defaults = Defaults::default();
    defaults.health.baseline_tenths = Some(30);
    let (inventory, _, _) = read_trees(&mut desk, &trees, &defaults, &TimeZone::UTC);
    assert_eq!(desk.errors(), 0);
    let of =
        |id: &str| inventory.subject(inventory.find_subject(id).unwrap()).health.baseline_tenths;
    assert_eq!(["tg/a", "tg/b", "tg/c"].map(of), [Some(30), None, Some(50)]);
}

#[test]
fn work_on_what_a_unit_will_be_merged_into_is_work_on_it_from_that_day_on() {
    let inventory = good(
        "networks: [{ id: wan, name: WAN }]
units:
  - { id: tg, name: Tỉnh, kind: province }
  - { id: h, name: Huyện, kind: district, parent: tg, until: 2026-11-20, merged_into: tg }
  - { id: b, name: Xã B, kind: commune, parent: h, connections: { wan: { address: 10.0.0.2 } } }
  - { id: a, name: Xã A, kind: commune, parent: h, connections: { wan: { address: 10.0.0.1 } }, until: 2026-11-16, merged_into: b }
maintenance:
  - { id: on-b, unit: b, from: 2026-11-15T12:00:00Z, until: 2026-11-16T12:00:00Z }
  - { id: on-tg, unit: tg, from: 2026-11-10T00:00:00Z, until: 2026-11-10T01:00:00Z }
",
    );
    let at = |text: &str| text.parse::<UnixMs>().unwrap();
    let window = Span::new(at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    let planned = |id: &str| {
        let subject = inventory.find_subject(id).unwrap();
        planned_spans(&inventory.maintenance, &inventory, subject, window)
    };
    // By its parents it is the province's from the beginning, though its district was merged later.
    let province = Span::new(at("2026-11-10T00:00:00Z"), at("2026-11-10T01:00:00Z"));
    let merged = Span::new(at("2026-11-16T00:00:00Z"), at("2026-11-16T12:00:00Z"));
    let own = Span::new(at("2026-11-15T12:00:00Z"), at("2026-11-16T12:00:00Z"));
    assert_eq!(planned("a/wan"), [province, merged]);
    assert_eq!(planned("b/wan"), [province, own]);
    let a = inventory.find_unit("a").unwrap();
    let above = |day: &str| {
        let above = inventory.above_at(a, at(day));
        above.into_iter().map(|u| inventory.unit(u).id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(above("2026-11-15T23:59:59Z"), ["a", "h", "tg"]);
    assert_eq!(above("2026-11-16T00:00:00Z"), ["a", "h", "b", "tg"]);
}

#[test]
fn announced_work_is_on_when_it_says() {
    let inventory = good(
        "calendars: [{ id: office, hours: { mon-fri: \"07:00-11:30\" }, holidays: [2026-12-01] }]
units: [{ id: tg, name: Tỉnh, kind: province, devices: { router: 10.0.0.1 } }]
maintenance:
  - { id: once, subject: tg/router, from: 2026-12-05T22:00:00Z, until: 2026-12-06, by: Lan, note: Nâng cấp }
  - { id: sat, unit: tg, hours: { sat: \"22:00-24:00\", sun: \"00:00-02:00\" }, until: 2026-12-06T01:00:00Z }
  - { id: named, unit: tg, calendar: office, from: 2026-11-30 }
",
    );
    let [once, sat, named] = inventory.maintenance.as_slice() else { panic!("three") };
    assert_eq!((once.by.as_str(), once.note.as_str()), ("Lan", "Nâng cấp"));
    let at = |text: &str| text.parse::<UnixMs>().unwrap();
    for (work, on, off) in [
        (once, "2026-12-05T22:00:00Z", "2026-12-06T00:00:00Z"),
        // Over midnight, up to its own end.
        (sat, "2026-12-06T00:59:59Z", "2026-12-06T01:00:00Z"),
        (sat, "2016-01-02T23:00:00Z", "2016-01-02T21:59:59Z"),
        // A named calendar brings its holidays.
        (named, "2026-11-30T07:00:00Z", "2026-12-01T07:00:00Z"),
        (named, "2026-12-02T11:00:00Z", "2026-11-27T07:00:00Z"),
    ] {
        assert!(work.is_on_at(at(on)), "{} at {on}", work.id);
        assert!(!work.is_on_at(at(off)), "{} at {off}", work.id);
    }
    let router = inventory.find_subject("tg/router").unwrap();
    assert!(
        inventory.maintenance.iter().all(|work| !work.on.includes(&inventory, router).is_empty())
    );
}

#[test]
fn mergers_form_chains_and_nothing_is_missed_of_what_has_ended() {
    let loaded = read(
        "networks: [{ id: tslcd, name: TSLCD }]
defaults: [{ for: { kind: commune }, set: { requires: [tslcd] } }]
units:
  - { id: a, name: A, kind: commune, until: 2020-02-01, merged_into: b }
  - { id: b, name: B, kind: commune, until: 2025-07-01, merged_into: c, connections: { tslcd: { address: 10.0.0.1 } } }
  - { id: c, name: C, kind: commune, connections: { tslcd: { address: 10.0.0.1, since: 2025-07-01 } } }
  - { id: d, name: D, kind: commune, until: 2025-07-01, merged_into: c, connections: { tslcd: } }
",
    );
    assert_eq!(loaded.diagnostics, []);
    let inventory = loaded.inventory.unwrap();
    let into = |id: &str| {
        let unit = inventory.unit(inventory.find_unit(id).unwrap());
        unit.merged_into.map(|ix| inventory.unit(ix).id.to_string())
    };
    let found = ["a", "b", "c", "d"].map(into);
    assert_eq!(found, [Some("b".into()), Some("c".into()), None, Some("c".into())]);
}
