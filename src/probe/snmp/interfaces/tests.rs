use super::*;
use crate::probe::snmp::wire::Value;

const MINUTE_MS: i64 = 60_000;

/// One interface's row as a device would tell it.
#[derive(Clone, Copy)]
struct Told<'a> {
    index: u32,
    name: &'a str,
    octets_in: Value2,
    discontinuity: u32,
}

#[derive(Clone, Copy)]
enum Value2 {
    Wide(u64),
    Narrow(u32),
    Missing,
}

fn told(index: u32, name: &str, octets_in: u64) -> Told<'_> {
    Told { index, name, octets_in: Value2::Wide(octets_in), discontinuity: 0 }
}

fn pass(rows: &[Told<'_>], changed: u32) -> Answers {
    let mut answers = Answers::default();
    answers.insert(oid(mib::IF_TABLE_LAST_CHANGE), Value::TimeTicks(changed));
    for row in rows {
        let mut put = |arcs, value| answers.insert(oid(arcs).child(row.index), value);
        put(mib::IF_OPER_STATUS, Value::Integer(1));
        put(mib::IF_ADMIN_STATUS, Value::Integer(1));
        put(mib::IF_DISCONTINUITY, Value::TimeTicks(row.discontinuity));
        put(mib::IF_NAME, Value::OctetString(row.name.as_bytes().to_vec().into()));
        put(mib::IF_HIGH_SPEED, Value::Gauge32(100));
        match row.octets_in {
            Value2::Wide(n) => put(mib::IF_HC_IN_OCTETS, Value::Counter64(n)),
            Value2::Narrow(n) => put(mib::IF_IN_OCTETS, Value::Counter32(n)),
            Value2::Missing => true,
        };
    }
    answers
}

/// The interfaces' names with their bits a second coming in.
fn rates(found: &Found) -> Vec<(&str, Option<u64>)> {
    found.interfaces.iter().map(|i| (&*i.name, i.passed.and_then(|p| p.bps().0))).collect()
}

#[test]
fn two_passes_make_a_rate() {
    let mut seen = Interfaces::default();
    let first = seen.read(&pass(&[told(1, "ether1", 1_000)], 0), UnixMs(0), false, true);
    assert_eq!(rates(&first), [("ether1", None)]);
    let answers = pass(&[told(1, "ether1", 1_000 + 7_500_000)], 0);
    let second = seen.read(&answers, UnixMs(MINUTE_MS), false, false);
    assert_eq!(rates(&second), [("ether1", Some(1_000_000))]);
    let found = &second.interfaces[0];
    assert_eq!(found.utilisation_permille(None), (Some(10), None));
    assert_eq!(found.utilisation_permille(Some(2_000_000)), (Some(500), None));
    assert_eq!(found.utilisation_permille(Some(0)), (None, None));
}

#[test]
fn an_interface_keeps_its_name_when_its_number_changes() {
    let mut seen = Interfaces::default();
    let before = pass(&[told(1, "wan", 1_000), told(2, "lan", 9_000_000)], 0);
    seen.read(&before, UnixMs(0), false, true);
    // The numbers are swapped and the device says that its table changed: nothing is told until
    // the names have been read.
    let swapped = pass(&[told(2, "wan", 751_000), told(1, "lan", 9_000_000)], 500);
    let unsure = seen.read(&swapped, UnixMs(MINUTE_MS), false, false);
    assert!(unsure.is_unnamed && unsure.interfaces.is_empty());
    let mut wanted = Wanted::default();
    seen.want(&mut wanted, false);
    assert!(wanted.columns.contains(&oid(mib::IF_NAME)));
    let sure = seen.read(&swapped, UnixMs(MINUTE_MS + 500), false, false);
    assert_eq!(rates(&sure), [("lan", Some(0)), ("wan", Some(99_173))]);
}

#[test]
fn a_number_nobody_knows_has_the_names_read_again() {
    let mut seen = Interfaces::default();
    seen.read(&pass(&[told(1, "wan", 0)], 0), UnixMs(0), false, true);
    let more = pass(&[told(1, "wan", 0), told(7, "ppp0", 0)], 0);
    assert!(seen.read(&more, UnixMs(MINUTE_MS), false, false).is_unnamed);
    assert_eq!(seen.read(&more, UnixMs(MINUTE_MS), false, false).interfaces.len(), 2);
}

#[test]
fn a_table_that_always_changes_has_its_names_read_in_every_pass() {
    let mut seen = Interfaces::default();
    seen.read(&pass(&[told(1, "wan", 0)], 0), UnixMs(0), false, true);
    let unsure = |seen: &mut Interfaces, n: i64, changed| {
        let answers = pass(&[told(1, "wan", 0)], changed);
        seen.read(&answers, UnixMs(n * MINUTE_MS), false, false).is_unnamed
    };
    // A pass that finds the change and one that reads the names, until that is known beforehand.
    let first: Vec<bool> = (1..9).map(|n| unsure(&mut seen, n, n as u32)).collect();
    assert_eq!(first, [true, false, true, false, false, false, false, false]);
    // It calms down, and the names are no longer asked.
    for n in 9..20 {
        assert!(!unsure(&mut seen, n, 99));
    }
    let mut wanted = Wanted::default();
    seen.want(&mut wanted, false);
    assert!(!wanted.columns.contains(&oid(mib::IF_NAME)));
}

#[test]
fn a_restart_is_no_traffic() {
    let mut seen = Interfaces::default();
    seen.read(&pass(&[told(1, "wan", 5_000_000)], 0), UnixMs(0), false, true);
    let after = pass(&[told(3, "wan", 6_000_000)], 0);
    assert!(seen.read(&after, UnixMs(MINUTE_MS), true, false).is_unnamed);
    let named = seen.read(&after, UnixMs(MINUTE_MS + 100), false, false);
    assert_eq!(rates(&named), [("wan", None)]);
    assert_eq!(named.interfaces[0].counts[0], Some(5_000_000), "the sum goes on");
    let next = pass(&[told(3, "wan", 6_750_000)], 0);
    let next = seen.read(&next, UnixMs(2 * MINUTE_MS + 100), false, false);
    assert_eq!(rates(&next), [("wan", Some(100_000))]);
    assert_eq!(next.interfaces[0].counts[0], Some(5_750_000));
}

#[test]
fn counters_that_go_back_or_jump_are_no_traffic() {
    let mut seen = Interfaces::default();
    seen.read(&pass(&[told(1, "wan", 5_000_000)], 0), UnixMs(0), false, true);
    let back = seen.read(&pass(&[told(1, "wan", 10)], 0), UnixMs(MINUTE_MS), false, false);
    assert_eq!(rates(&back), [("wan", None)]);
    let jumped = Told { discontinuity: 77, ..told(1, "wan", 90_000_000_000) };
    let jump = seen.read(&pass(&[jumped], 0), UnixMs(2 * MINUTE_MS), false, false);
    assert_eq!(rates(&jump), [("wan", None)]);
    let on = Told { octets_in: Value2::Wide(90_000_750_000), ..jumped };
    let on = seen.read(&pass(&[on], 0), UnixMs(3 * MINUTE_MS), false, false);
    assert_eq!(rates(&on), [("wan", Some(100_000))]);
}

#[test]
fn thirty_two_bits_wrap_as_far_as_the_line_can_carry() {
    let narrow = |n| Told { octets_in: Value2::Narrow(n), ..told(1, "wan", 0) };
    let mut seen = Interfaces::default();
    seen.read(&pass(&[narrow(u32::MAX - 499_999)], 0), UnixMs(0), false, true);
    let mut wanted = Wanted::default();
    seen.want(&mut wanted, false);
    assert!(wanted.columns.contains(&oid(mib::IF_IN_OCTETS)));
    assert!(!wanted.columns.contains(&oid(mib::IF_HC_IN_OCTETS)), "it has none");
    let wrapped = seen.read(&pass(&[narrow(250_000)], 0), UnixMs(MINUTE_MS), false, false);
    assert_eq!(rates(&wrapped), [("wan", Some(100_000))]);
    // At 100 Mb/s no more than 900 MB pass in a minute with the fifth of grace: this is no wrap.
    let back = seen.read(&pass(&[narrow(240_000)], 0), UnixMs(2 * MINUTE_MS), false, false);
    assert_eq!(rates(&back), [("wan", None)]);
}

#[test]
fn a_counter_missing_from_a_cut_pass_makes_no_spike() {
    let mut seen = Interfaces::default();
    seen.read(&pass(&[told(1, "wan", 0)], 0), UnixMs(0), false, true);
    let cut = Told { octets_in: Value2::Missing, ..told(1, "wan", 0) };
    let cut = seen.read(&pass(&[cut], 0), UnixMs(MINUTE_MS), false, false);
    assert_eq!(rates(&cut), [("wan", None)]);
    let whole = pass(&[told(1, "wan", 1_500_000)], 0);
    let whole = seen.read(&whole, UnixMs(2 * MINUTE_MS), false, false);
    assert_eq!(rates(&whole), [("wan", None)], "two minutes' octets are not one's");
    assert_eq!(whole.interfaces[0].counts[0], Some(1_500_000));
    let next = pass(&[told(1, "wan", 2_250_000)], 0);
    assert_eq!(
        rates(&seen.read(&next, UnixMs(3 * MINUTE_MS), false, false)),
        [("wan", Some(100_000))]
    );
}

#[test]
fn a_name_that_did_not_come_is_not_made_up() {
    let both = pass(&[told(1, "wan", 0), told(2, "lan", 0)], 0);
    let mut cut = Answers::default();
    for (oid, value) in both.iter() {
        if oid != self::oid(mib::IF_NAME).child(2) {
            cut.insert(oid, value);
        }
    }
    cut.insert(oid(mib::IF_DESCR).child(2), Value::OctetString("eth1".into()));
    cut.note_broken(oid(mib::IF_NAME));
    let mut seen = Interfaces::default();
    let first = seen.read(&cut, UnixMs(0), false, true);
    assert_eq!(rates(&first), [("wan", None)], "not called by its description meanwhile");
    assert!(!first.is_unnamed);
    let mut wanted = Wanted::default();
    seen.want(&mut wanted, false);
    assert!(wanted.columns.contains(&oid(mib::IF_NAME)), "asked again");
    let second = seen.read(&both, UnixMs(MINUTE_MS), false, false);
    assert_eq!(rates(&second), [("wan", Some(0)), ("lan", None)]);
    // Known once, it keeps its name over a pass that is cut.
    let third = seen.read(&cut, UnixMs(2 * MINUTE_MS), false, true);
    assert_eq!(rates(&third), [("wan", Some(0)), ("lan", Some(0))]);
}

#[test]
fn our_own_clock_set_back_makes_no_rate() {
    let mut seen = Interfaces::default();
    seen.read(&pass(&[told(1, "wan", 0)], 0), UnixMs(MINUTE_MS), false, true);
    let back = seen.read(&pass(&[told(1, "wan", 1_000)], 0), UnixMs(0), false, false);
    assert_eq!(rates(&back), [("wan", None)]);
}

#[test]
fn an_interface_is_found_by_what_people_call_it() {
    let mut seen = Interfaces::default();
    let mut answers = pass(&[told(1, "Gi0/1", 0), told(2, "Gi0/2", 0)], 0);
    for (index, descr) in [(1, "GigabitEthernet0/1"), (2, "GigabitEthernet0/2")] {
        answers.insert(oid(mib::IF_DESCR).child(index), Value::OctetString(descr.into()));
        answers.insert(oid(mib::IF_ALIAS).child(index), Value::OctetString("WAN".into()));
    }
    let found = seen.read(&answers, UnixMs(0), false, true).interfaces;
    let number = |wanted| find(&found, wanted).map(|i| i.index);
    assert_eq!(number("Gi0/2"), Some(2));
    assert_eq!(number("gi0/2"), Some(2));
    assert_eq!(number("GigabitEthernet0/1"), Some(1));
    assert_eq!(number("WAN"), None, "two have it");
    assert_eq!(number("Gi0/3"), None);
}

#[test]
fn errors_are_a_share_of_the_packets() {
    let mut counted = Counts::default();
    counted[Counter::ErrorsIn as usize] = Some(5);
    counted[Counter::PacketsIn as usize] = Some(95);
    counted[Counter::ErrorsOut as usize] = Some(0);
    counted[Counter::PacketsOut as usize] = Some(0);
    assert_eq!(Passed { span_ms: 60_000, counted }.errors_permille(), (Some(50), None));
}
