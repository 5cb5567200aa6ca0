//! What must hold of whatever is made of what a device says.

use std::collections::HashSet;

use tuantra::model::{Untrusted, is_hidden};
use tuantra::probe::snmp::interfaces::{INTERFACES_MAX, Interface};
use tuantra::probe::snmp::neighbours::{Address, Neighbour};
use tuantra::probe::snmp::reading::DeviceReading;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;

/// A text is short, in NFC, on one line, hides nothing, and is the same when it is read back.
pub fn text(text: &Untrusted) {
    let shown = text.as_str();
    assert!(shown.chars().count() <= Untrusted::CHARS_MAX, "long: {shown:?}");
    assert!(!shown.chars().any(is_hidden), "hidden: {shown:?}");
    assert!(is_nfc(shown), "not in NFC: {shown:?}");
    assert!(!shown.chars().any(|c| c.is_whitespace() && c != ' '), "not one line: {shown:?}");
    let mut marks = 0;
    for c in shown.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        assert!(marks <= 2, "a heap of marks: {shown:?}");
    }
    assert_eq!(Untrusted::from_text(shown), *text, "another when read back");
}

/// Lists are bounded, names are unique, numbers lie where they can.
pub fn reading(reading: &DeviceReading) {
    assert!(reading.interfaces.len() <= INTERFACES_MAX);
    let names: HashSet<&str> = reading.interfaces.iter().map(|i| &*i.name).collect();
    assert_eq!(names.len(), reading.interfaces.len(), "two interfaces of one name");
    assert!(reading.interfaces.is_sorted_by(|a, b| a.index < b.index));
    reading.interfaces.iter().for_each(interface);
    for gauge in &reading.gauges {
        let (low, high) = gauge.kind.range();
        assert!((low..=high).contains(&gauge.value), "{gauge:?}");
    }
    if let Some(ups) = &reading.ups {
        assert!(ups.charge_permille.is_none_or(|charge| charge <= 1_000), "{ups:?}");
    }
    reading.facts.iter().for_each(|(_, fact)| text(fact));
    neighbours(&reading.neighbours, &reading.addresses);
    // A name and what it is made unique by, in at most four bytes a character.
    for (metric, point) in reading.points.points() {
        assert!(metric.name.len() < 3_000, "{}", metric.name);
        assert!(!metric.name.chars().any(is_hidden), "{:?}", metric.name);
        assert_eq!(point.at, reading.at);
    }
}

fn interface(interface: &Interface) {
    interface.descr.iter().chain(&interface.alias).for_each(text);
    assert!(!interface.name.chars().any(is_hidden), "{:?}", interface.name);
    if let Some(passed) = &interface.passed {
        assert!(passed.span_ms > 0, "{passed:?}");
        let (inward, outward) = passed.errors_permille();
        assert!(inward.max(outward).is_none_or(|share| share <= 1_000), "{passed:?}");
        let _ = interface.utilisation_permille(None);
        let _ = interface.utilisation_permille(Some(1));
    }
}

/// Neighbours have a name or a chassis, their texts are harmless, lists are bounded.
pub fn neighbours(neighbours: &[Neighbour], addresses: &[Address]) {
    assert!(neighbours.len() <= 256 && addresses.len() <= 2_048);
    for neighbour in neighbours {
        assert!(neighbour.name.is_some() || neighbour.chassis.is_some(), "{neighbour:?}");
        let Neighbour { local_port, name, chassis, port, description, .. } = neighbour;
        [local_port, name, chassis, port, description].into_iter().flatten().for_each(text);
    }
    for address in addresses {
        assert!(address.mac != [0; 6] && address.mac[0] & 1 == 0, "{address:?}");
    }
    assert!(addresses.is_sorted_by(|a, b| (a.index, a.ip) < (b.index, b.ip)));
}
