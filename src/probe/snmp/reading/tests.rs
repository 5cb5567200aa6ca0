use proptest::prelude::*;

use super::*;
use crate::model::Point;
use crate::probe::snmp::wire::Value;

const MINUTE_MS: i64 = 60_000;

fn device(up_cs: u32, octets: u64, index: u32) -> Answers {
    let mut answers = Answers::default();
    let mut put = |oid, value| answers.insert(oid, value);
    put(oid(mib::SYS_OBJECT_ID), Value::ObjectIdentifier(Oid::new([1, 3, 6, 1, 4, 1, 14988, 1])));
    put(oid(mib::SYS_DESCR), Value::OctetString("RouterOS RB952".into()));
    put(oid(mib::SYS_UP_TIME), Value::TimeTicks(up_cs));
    put(oid(mib::IF_OPER_STATUS).child(index), Value::Integer(1));
    put(oid(mib::IF_NAME).child(index), Value::OctetString("ether1".into()));
    put(oid(mib::IF_HC_IN_OCTETS).child(index), Value::Counter64(octets));
    answers
}

/// Asks until nothing is due, as the patrol does; the passes and the last reading of interfaces.
fn round(memory: &mut Memory, tick: UnixMs, answers: &Answers) -> (Vec<Pass>, Vec<DeviceReading>) {
    let profiles = Profiles::default();
    let (mut passes, mut readings) = (Vec::new(), Vec::new());
    while let Some(pass) = memory.due(tick, memory.profile(&profiles)) {
        assert!(passes.len() < 6, "no end: {passes:?}");
        let profile = memory.profile(&profiles).clone();
        let wanted = wanted(pass, &profile, memory);
        assert!(!wanted.scalars.is_empty() || !wanted.columns.is_empty());
        let mut said = Answers::default();
        for (oid, value) in answers.iter() {
            let is_wanted = wanted.scalars.contains(&oid)
                || wanted.columns.iter().any(|column| oid.starts_with(column));
            if is_wanted {
                said.insert(oid, value);
            }
        }
        passes.push(pass);
        readings.push(read(pass, &said, tick, &profile, memory));
    }
    (passes, readings)
}

#[test]
fn a_device_is_met_then_asked_by_the_minute_and_the_hour() {
    let mut memory = Memory::default();
    let (passes, readings) = round(&mut memory, UnixMs(0), &device(1_000_000, 0, 1));
    assert_eq!(passes, [Pass::Identity, Pass::Facts, Pass::Neighbours]);
    let facts: Vec<_> = readings[1].facts.iter().map(|(k, t)| (k.as_str(), t.as_str())).collect();
    assert_eq!(
        facts,
        [
            ("description", "RouterOS RB952"),
            ("object_id", "1.3.6.1.4.1.14988.1"),
            ("vendor", "MikroTik"),
            ("model", "RB952"),
        ]
    );
    let (passes, readings) = round(&mut memory, UnixMs(MINUTE_MS), &device(1_006_000, 750_000, 1));
    assert_eq!(passes, [Pass::Cycle]);
    let found = &readings[0];
    assert_eq!(found.interfaces[0].passed.and_then(|p| p.bps().0), Some(100_000));
    assert_eq!(
        found.points.points().collect::<Vec<_>>(),
        [(
            &Metric { kind: PointKind::Counter, name: "if.octets_in:ether1".into() },
            Point { at: UnixMs(MINUTE_MS), value: 750_000 },
        )]
    );
    let hour = UnixMs(60 * MINUTE_MS);
    let (passes, _) = round(&mut memory, hour, &device(1_360_000, 750_000, 1));
    assert_eq!(passes, [Pass::Facts, Pass::Neighbours]);
}

#[test]
fn a_restart_has_everything_asked_again_in_the_same_round() {
    let mut memory = Memory::default();
    round(&mut memory, UnixMs(0), &device(1_000_000, 5_000, 1));
    let (passes, readings) = round(&mut memory, UnixMs(MINUTE_MS), &device(2_000, 9_000, 4));
    assert_eq!(passes, [Pass::Cycle, Pass::Facts]);
    assert_eq!(readings[0].uptime.restarted, Some(UnixMs(MINUTE_MS - 20_000)));
    assert!(!readings[0].are_interfaces_sure && readings[0].points.is_empty());
    assert_eq!(readings[1].uptime.restarted, None, "told once");
    assert_eq!((readings[1].interfaces[0].index, readings[1].interfaces[0].passed), (4, None));
}

#[test]
fn another_device_at_the_same_address_gets_its_own_profile() {
    let mut memory = Memory::default();
    round(&mut memory, UnixMs(0), &device(1_000_000, 0, 1));
    let mut other = device(1_000, 0, 1);
    let cisco = Value::ObjectIdentifier(Oid::new([1, 3, 6, 1, 4, 1, 9, 1, 634]));
    other.insert(oid(mib::SYS_OBJECT_ID), cisco);
    let (passes, readings) = round(&mut memory, UnixMs(MINUTE_MS), &other);
    assert_eq!(passes, [Pass::Cycle, Pass::Facts, Pass::Facts]);
    let vendor = readings[2].facts.iter().find(|(kind, _)| *kind == FactKind::Vendor);
    assert_eq!(vendor.map(|(_, text)| text.as_str()), Some("Cisco"));
}

#[test]
fn a_device_that_says_nothing_of_use_is_asked_no_more_than_others() {
    let mut memory = Memory::default();
    let mut answers = Answers::default();
    answers.insert(oid(mib::IF_OPER_STATUS).child(1), Value::Integer(1));
    let (passes, readings) = round(&mut memory, UnixMs(0), &answers);
    assert_eq!(passes, [Pass::Identity, Pass::Facts, Pass::Neighbours]);
    assert!(!readings[1].are_interfaces_sure, "nobody says what it is called");
    assert_eq!(round(&mut memory, UnixMs(MINUTE_MS), &answers).0, [Pass::Cycle]);
}

#[test]
fn our_own_clock_may_be_set() {
    let mut memory = Memory::default();
    let later = UnixMs(100 * 24 * 60 * MINUTE_MS);
    round(&mut memory, later, &device(1_000_000, 0, 1));
    let (passes, _) = round(&mut memory, UnixMs(0), &device(1_006_000, 0, 1));
    assert_eq!(passes, [Pass::Facts, Pass::Neighbours]);
}

#[test]
fn devices_met_in_one_minute_come_again_over_half_an_hour() {
    let mut minutes = [0; 61];
    for device in 0..3_000 {
        let met = UnixMs(1_764_000_000_000 + device * 20);
        let again = (0..=60).find(|minute| is_old(met, met + minute * MINUTE_MS)).unwrap();
        minutes[again as usize] += 1;
    }
    assert_eq!(minutes[..30].iter().sum::<i32>(), 0);
    assert!(minutes[31..60].iter().all(|count| (60..160).contains(count)), "{minutes:?}");
}

#[test]
fn made_up_names_are_bounded() {
    let mut series = Series::default();
    let admitted = (0..2 * SERIES_MAX)
        .filter(|n| series.admits(("if", &format!("ppp{n}")), UnixMs(0)))
        .count();
    assert_eq!(admitted, SERIES_MAX);
    assert!(series.admits(("if", "ppp1"), UnixMs(0)), "known ones go on");
    assert!(!series.admits(("fan", "1"), UnixMs(1)));
    assert!(
        series.admits(("fan", "1"), UnixMs(i64::from(SERIES_MINUTES) * MINUTE_MS + 1)),
        "a day makes room"
    );
}

/// Any value a device can send.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::Integer),
        (-2_i32..12).prop_map(Value::Integer),
        any::<u32>().prop_map(Value::Counter32),
        any::<u32>().prop_map(Value::Gauge32),
        any::<u32>().prop_map(Value::TimeTicks),
        any::<u64>().prop_map(Value::Counter64),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|b| Value::OctetString(b.into())),
        "[0-9.\\-]{0,30}".prop_map(|t| Value::OctetString(t.into_bytes().into())),
        any::<[u8; 4]>().prop_map(Value::IpAddress),
        prop::collection::vec(any::<u32>(), 0..12)
            .prop_map(|arcs| Value::ObjectIdentifier(Oid::new(arcs))),
        Just(Value::Null),
        Just(Value::NoSuchInstance),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever a device says, over several passes and with the clock anyhow, nothing breaks: no
    /// panic, no list without bound, and no rate of what went back.
    #[test]
    fn no_answers_break_anything(
        passes in prop::collection::vec(
            (
                0_usize..4,
                -200_000_i64..200_000,
                prop::collection::vec((any::<prop::sample::Index>(), 0_u32..4, 0_usize..6, any_value()), 0..120),
            ),
            1..6,
        ),
        vendor in 0_usize..12,
    ) {
        static PROFILES: std::sync::LazyLock<Profiles> =
            std::sync::LazyLock::new(Profiles::default);
        let profile = PROFILES.iter().nth(vendor).unwrap();
        let mut memory = Memory::default();
        // What can be asked at all, and a little beside it.
        let mut known: Vec<Oid> = Vec::new();
        for pass in [Pass::Identity, Pass::Facts, Pass::Neighbours] {
            let wanted = wanted(pass, profile, &memory);
            known.extend(wanted.scalars);
            known.extend(wanted.columns);
        }
        let mut at = UnixMs(0);
        for (pass, elapsed_ms, values) in passes {
            let pass = [Pass::Identity, Pass::Cycle, Pass::Facts, Pass::Neighbours][pass];
            let mut answers = Answers::default();
            for (which, arc, more, value) in values {
                let mut oid = known[which.index(known.len())].clone();
                for step in 0..more {
                    oid = oid.child(arc.wrapping_mul(u32::try_from(step).unwrap_or(0) + 1));
                }
                answers.insert(oid, value);
            }
            at = at + elapsed_ms;
            for column in known.iter().skip(elapsed_ms.unsigned_abs() as usize % 97).step_by(31) {
                answers.note_broken(column.clone());
            }
            let _ = wanted(pass, profile, &memory);
            let reading = read(pass, &answers, at, profile, &mut memory);
            let _ = memory.due(at, profile);
            for interface in &reading.interfaces {
                if let Some(passed) = interface.passed {
                    prop_assert!(passed.span_ms > 0);
                    let (inward, outward) = passed.bps();
                    let _ = (inward, outward, passed.errors_permille());
                    let _ = interface.utilisation_permille(Some(1));
                }
            }
            for (metric, _) in reading.points.points() {
                prop_assert!(metric.name.len() < 3_000);
            }
        }
    }
}
