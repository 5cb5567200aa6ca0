use std::path::Path;

use jiff::tz::TimeZone;

use super::*;
use crate::inventory::{Defaults, load};
use crate::model::Seeing;

const PROVINCE: &str = "units:
  - id: tg
    name: Tỉnh
    kind: province
    connections:
      wan: { network: wan, device: router, interface: wan, bandwidth: 100Mbps, address: 10.0.9.1 }
    devices:
      router:
        address: 10.0.0.1
        addresses: { lan: 10.0.1.1 }
        vendor: MikroTik
        model: RB952
        serial: A-17
        firmware: '7.15'
        speeds: { lan1: 1Gbps }
      switch: { address: 10.0.0.2, serial: B-18, via: router }
      server: { address: 10.0.0.4, via: switch }
      ups: 10.0.0.3
  - { id: cb, name: Huyện, kind: district, parent: tg, devices: { router: 10.0.1.2 } }
networks: [{ id: wan, name: WAN }]
";

fn inventory(folder: &Path) -> Inventory {
    std::fs::write(folder.join("a.yaml"), PROVINCE).unwrap();
    let loaded = load(folder, &Defaults::default(), &TimeZone::UTC);
    assert!(loaded.inventory.is_some(), "{:?}", loaded.diagnostics);
    loaded.inventory.unwrap()
}

fn said(key: &str, value: &str) -> Said {
    Said { key: key.into(), value: value.into(), since: UnixMs(7) }
}

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

fn beside(port: &str, name: Option<&str>, address: Option<&str>) -> Neighbour {
    Neighbour {
        protocol: Seeing::Lldp,
        local_port: Some(port.into()),
        name: name.map(Into::into),
        chassis: None,
        port: None,
        address: address.map(|text| text.parse().unwrap()),
    }
}

type Facts<'a> = &'a [(&'a str, &'a str, &'a str)];
type Cables<'a> = &'a [(&'a str, Neighbour)];

fn observed(facts: Facts<'_>, cables: Cables<'_>) -> Observed {
    let mut observed = Observed::default();
    for (device, key, value) in facts {
        observed.facts.entry(id(device)).or_default().push(said(key, value));
    }
    for (device, who) in cables {
        observed.cables.entry(id(device)).or_default().push(who.clone());
    }
    observed
}

/// "tg/router serial differs A-17 > b18 tg/switch".
fn told(found: &Drifts) -> Vec<String> {
    let line = |d: &Drift| {
        let [port, declared] = [&d.port, &d.declared].map(|t| t.as_deref().unwrap_or("-"));
        let owner = d.belongs_to.as_ref().map_or("-", |id| id.as_str());
        let (what, fit) = (d.what.as_str(), d.fit.as_str());
        format!("{} {what} {port} {fit} {declared} > {} {owner}", d.subject, d.observed)
    };
    found.rows.iter().map(line).collect()
}

#[test]
fn every_thing_that_is_declared_is_compared_and_what_agrees_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory(folder.path());
    let table: [(Facts<'_>, &[&str]); 17] = [
        (&[("tg/router", "model", "RB952Ui-5ac2nD")], &[]),
        (&[("tg/router", "model", "RB9521")], &["tg/router model - differs RB952 > RB9521 -"]),
        (&[("tg/router", "serial", "a17"), ("tg/router", "vendor", "mikrotik")], &[]),
        (&[("tg/router", "serial", "b18")], &["tg/router serial - differs A-17 > b18 tg/switch"]),
        (&[("tg/router", "firmware", "7.15.3 (stable)")], &[]),
        (&[("tg/router", "firmware", "7.1.5")], &["tg/router firmware - differs 7.15 > 7.1.5 -"]),
        (&[("tg/ups", "model", "Smart-UPS")], &["tg/ups model - undeclared - > Smart-UPS -"]),
        (&[("tg/ups", "model", " "), ("tg/ups", "name", "x")], &[]),
        (&[("gone/router", "serial", "Z")], &[]),
        (&[("tg/router", "speed:lan1", "1000000000"), ("tg/router", "speed:lan2", "1")], &[]),
        (
            &[("tg/router", "speed:lan1", "100000000")],
            &["tg/router speed lan1 differs 1 Gbit/s > 100 Mbit/s -"],
        ),
        // The line may be slower than the interface, not the other way round.
        (&[("tg/router", "speed:wan", "1000000000")], &[]),
        (
            &[("tg/router", "speed:wan", "10000000")],
            &["tg/wan speed wan differs 100 Mbit/s > 10 Mbit/s -"],
        ),
        (&[("tg/router", "addresses", "10.0.0.1 10.0.1.1 10.0.9.1")], &[]),
        (
            &[("tg/router", "addresses", "10.0.0.1 10.0.0.2 10.7.7.7")],
            &[
                "tg/router address 10.0.1.1 differs 10.0.1.1 > 10.0.0.1 10.0.0.2 10.7.7.7 -",
                "tg/router address 10.0.0.2 differs - > 10.0.0.2 tg/switch",
                "tg/router address - undeclared - > 10.7.7.7 -",
            ],
        ),
        // Of a list that was cut nothing is missing.
        (&[("tg/router", "addresses", "10.0.0.1…")], &[]),
        (&[("tg/router", "addresses", "no address")], &[]),
    ];
    for (facts, expected) in table {
        let found = drift(&inventory, &observed(facts, &[]), None);
        assert_eq!(told(&found), expected, "{facts:?}");
        assert_eq!(found.differing + found.undeclared, expected.len());
        let district = inventory.find_unit("cb").unwrap();
        assert_eq!(drift(&inventory, &observed(facts, &[]), Some(district)), Drifts::default());
    }
}

#[test]
fn whom_via_names_must_be_at_the_cable_when_somebody_of_ours_is() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory(folder.path());
    let (router, switch, server) = (Some("10.0.0.1"), Some("10.0.0.2"), Some("10.0.0.4"));
    let table: [(Facts<'_>, Cables<'_>, &[&str]); 10] = [
        // As declared, also where only the other end says it.
        (&[], &[("tg/server", beside("e1", None, switch))], &[]),
        (
            &[],
            &[("tg/server", beside("e1", None, router)), ("tg/switch", beside("e9", None, server))],
            &[],
        ),
        (
            &[],
            &[("tg/server", beside("e1", Some("r"), router))],
            &["tg/server neighbour - differs tg/switch > e1: tg/router -"],
        ),
        // By the name that the other told of itself, unless two told it.
        (
            &[("tg/router", "name", "CORE-1")],
            &[("tg/server", beside("e1", Some("core-1"), None))],
            &["tg/server neighbour - differs tg/switch > e1: tg/router -"],
        ),
        (
            &[("tg/router", "name", "MikroTik"), ("cb/router", "name", "MikroTik")],
            &[("tg/server", beside("e1", Some("MikroTik"), None))],
            &[],
        ),
        // Who is reached through it stands beneath it.
        (&[], &[("tg/switch", beside("e1", None, server))], &[]),
        // Nothing is declared of a device that is reached through lines.
        (&[], &[("tg/router", beside("e1", None, server))], &[]),
        (
            &[],
            &[("tg/router", beside("e7", Some("sw-1"), Some("10.9.9.9")))],
            &["tg/router neighbour e7 undeclared - > e7: sw-1 10.9.9.9 -"],
        ),
        (&[], &[("tg/router", beside("e7", Some("telephone"), None))], &[]),
        // By LLDP and by CDP it is the same cable.
        (
            &[],
            &[
                ("tg/server", beside("e1", None, router)),
                ("tg/server", Neighbour { protocol: Seeing::Cdp, ..beside("e1", None, router) }),
                ("tg/ups", beside("e7", Some("sw-1"), Some("10.9.9.9"))),
                (
                    "tg/ups",
                    Neighbour {
                        protocol: Seeing::Cdp,
                        ..beside("e7", Some("sw-1"), Some("10.9.9.9"))
                    },
                ),
            ],
            &[
                "tg/server neighbour - differs tg/switch > e1: tg/router -",
                "tg/ups neighbour e7 undeclared - > e7: sw-1 10.9.9.9 -",
            ],
        ),
    ];
    for (facts, cables, expected) in table {
        let mut found = drift(&inventory, &observed(facts, cables), None);
        found.rows.retain(|one| one.what == What::Neighbour);
        assert_eq!(told(&found), expected, "{facts:?} {cables:?}");
    }
}

#[test]
fn no_two_drifts_have_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory(folder.path());
    let strangers = ["10.9.9.9", "10.9.9.8"];
    let cables = strangers.map(|address| ("tg/switch", beside("e7", None, Some(address))));
    let facts = [
        ("tg/router", "addresses", "10.0.0.2 10.0.0.3 10.0.0.4 10.7.7.7"),
        ("tg/router", "model", "x"),
    ];
    let found = drift(&inventory, &observed(&facts, &cables), None);
    let mut keys: Vec<String> = found.rows.iter().map(Drift::key).collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 9, "{keys:?}");
}

#[test]
fn what_is_watched_of_a_device_is_what_something_is_said_of() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory(folder.path());
    let all = watched(&inventory);
    let router: Vec<_> = all[&DeviceId::new("tg/router").unwrap()].iter().collect();
    assert_eq!(router, ["lan1", "wan"]);
    assert_eq!(all.len(), 1, "of the switch nothing is said, and a line is no device");
}

#[test]
fn a_name_that_is_looked_up_is_no_address_of_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let text = PROVINCE.replace(
        "ups: 10.0.0.3",
        "ups: { address: 10.0.0.3, checks: [ping, { ping: ups.tinh.vn }] }",
    );
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let loaded = load(folder.path(), &Defaults::default(), &TimeZone::UTC);
    let inventory = loaded.inventory.unwrap();
    assert!(inventory.subject(inventory.find_subject("tg/ups").unwrap()).checks.len() == 2);
    let facts = [("tg/ups", "addresses", "10.0.0.3")];
    assert_eq!(told(&drift(&inventory, &observed(&facts, &[]), None)), [] as [&str; 0]);
    let known = known(&inventory);
    assert!(known.keys().all(|address| !address.is_unspecified()), "{known:?}");
}
