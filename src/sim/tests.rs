//! The virtual province held against its own rules, on the sample inventory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

use super::backfill::{Backfill, EVERY_MIN_MS, Plan};
use super::script::{FOREVER, Fault, FaultKind, Script, has_ups, lines_of};
use super::world::{Moment, World};
use crate::inventory::{Defaults, load};
use crate::model::{
    Inventory, Span, State, StateInterval, SubjectIx, Tier, UnitIx, UnixMs, check_partition,
};

const START: UnixMs = UnixMs(1_793_491_200_000);

fn sample() -> Arc<Inventory> {
    static SAMPLE: OnceLock<Arc<Inventory>> = OnceLock::new();
    Arc::clone(SAMPLE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory");
        Arc::new(
            load(&folder, &Defaults::default(), &jiff::tz::TimeZone::UTC)
                .inventory
                .expect("the sample"),
        )
    }))
}

fn unit(inventory: &Inventory, id: &str) -> UnitIx {
    inventory.find_unit(id).unwrap_or_else(|| panic!("no unit {id}"))
}

fn subject(inventory: &Inventory, id: &str) -> SubjectIx {
    inventory.find_subject(id).unwrap_or_else(|| panic!("no subject {id}"))
}

fn address(inventory: &Inventory, subject: SubjectIx) -> IpAddr {
    inventory.subject(subject).checks[0].kind.address()
}

fn rtt_ms(world: &World, moment: &Moment, id: &str) -> Option<u32> {
    let inventory = world.inventory();
    world.answer(moment, address(inventory, subject(inventory, id)), 1).map(|us| us / 1000)
}

fn span(from_s: i64, to_s: i64) -> Span {
    Span::new(START + from_s * 1000, START + to_s * 1000)
}

fn world(faults: Vec<Fault>) -> World {
    World::new(sample(), Script::new(faults), 7)
}

/// Units beneath one, those with a second line of their own apart.
fn communes_of(inventory: &Inventory, district: UnitIx) -> (Vec<UnitIx>, Vec<UnitIx>) {
    inventory.children(district).iter().copied().partition(|u| lines_of(inventory, *u).len() == 1)
}

#[test]
fn without_faults_everybody_answers_as_fast_as_the_distance_allows() {
    let world = world(vec![]);
    let moment = world.moment(START);
    let inventory = sample();
    for ix in inventory.subject_ixs() {
        let entry = inventory.subject(ix);
        for check in &entry.checks {
            let us = world.answer(&moment, check.kind.address(), 5);
            assert!(us.is_some_and(|us| us < 120_000), "{}: {us:?}", entry.id);
        }
    }
    for (id, low, high) in [
        ("dic/core-router-1", 0, 1),
        ("dic/level1-1", 15, 38),
        ("cai-be/tslcd", 3, 12),
        ("so-tttt/tslcd", 1, 7),
        ("cai-be.hoa-khanh/tslcd", 6, 31),
        ("tan-phu-dong.phu-tan/tslcd-4g", 40, 92),
    ] {
        let ms = rtt_ms(&world, &moment, id).expect("an answer");
        assert!((low..=high).contains(&ms), "{id}: {ms} ms");
    }
    assert_eq!(world.answer(&moment, "198.51.100.1".parse().unwrap(), 1), None, "a stranger");
}

#[test]
fn a_cut_district_takes_the_communes_without_another_way_with_it() {
    let inventory = sample();
    let cai_be = unit(&inventory, "cai-be");
    let world = world(vec![Fault::cut(lines_of(&inventory, cai_be), span(15, 40))]);
    let (before, during, after) =
        (world.moment(START + 14_999), world.moment(START + 15_000), world.moment(START + 40_000));
    let (single, double) = communes_of(&inventory, cai_be);
    assert!(single.len() + double.len() == 25 && !double.is_empty());
    let asked = |u: &UnitIx| inventory.subjects_of(*u).to_vec();
    let trunk = subject(&inventory, "cai-be/tslcd");
    for ix in single.iter().flat_map(asked).chain(inventory.subjects_of(cai_be).to_vec()) {
        let ip = address(&inventory, ix);
        assert!(world.answer(&before, ip, 3).is_some());
        assert!(world.answer(&during, ip, 3).is_none(), "{}", inventory.subject(ix).id);
        assert!(world.answer(&after, ip, 3).is_some());
        let expected = if lines_of(&inventory, cai_be).contains(&ix) { None } else { Some(trunk) };
        assert_eq!(during.reach(ix).blocked_by, expected);
    }
    for commune in double {
        let id = &inventory.unit(commune).id;
        assert_eq!(rtt_ms(&world, &during, &format!("{id}/tslcd")), None);
        let usual = rtt_ms(&world, &before, &format!("{id}/lan")).expect("an answer");
        let mobile = rtt_ms(&world, &during, &format!("{id}/lan")).expect("an answer over 4G");
        assert!(mobile >= 40 && mobile > usual, "{id}: {usual} ms, then {mobile} ms");
    }
    let elsewhere = unit(&inventory, "cho-gao");
    for ix in inventory.subtree(elsewhere).iter().flat_map(asked) {
        assert!(world.answer(&during, address(&inventory, ix), 3).is_some());
    }
}

#[test]
fn one_trunk_of_two_takes_nobody_with_it() {
    let inventory = sample();
    let one = subject(&inventory, "cai-be/tslcd");
    let world = world(vec![Fault::cut(vec![one], span(0, 60))]);
    let moment = world.moment(START);
    for ix in inventory.subject_ixs() {
        assert_eq!(moment.reach(ix).live, ix != one, "{}", inventory.subject(ix).id);
    }
    for check in &inventory.subject(one).checks {
        assert_eq!(world.answer(&moment, check.kind.address(), 1), None, "both ends are silent");
    }
}

#[test]
fn a_power_cut_darkens_a_unit_at_once_or_when_its_ups_is_empty() {
    let inventory = sample();
    let communes: Vec<UnitIx> =
        inventory.unit_ixs().filter(|u| inventory.unit(*u).kind.tier() == Tier::Commune).collect();
    let mut seen = [0, 0];
    for commune in communes {
        let with_ups = has_ups(&inventory, commune);
        seen[usize::from(with_ups)] += 1;
        let outage = span(0, 4 * 3600);
        let fault = Fault::power(&inventory, commune, outage, 7).expect("longer than any UPS");
        let holds = fault.span.from.since(START);
        assert_eq!(fault.span.to, outage.to);
        if with_ups {
            assert!((600_000..1_800_000).contains(&holds), "{holds} ms");
            assert_eq!(Fault::power(&inventory, commune, span(0, 600), 7), None);
        } else {
            assert_eq!(holds, 0);
        }
        let at = fault.span.from;
        let world = world(vec![fault]);
        for ix in inventory.subjects_of(commune) {
            assert!(!world.moment(at).reach(*ix).live);
            assert!(world.moment(at - 1).reach(*ix).live);
        }
    }
    assert_eq!(seen, [173 - 35, 35]);
}

#[test]
fn a_dead_switch_silences_its_lan_and_what_hangs_on_it() {
    let inventory = sample();
    let switch = subject(&inventory, "cai-be.hoa-khanh/switch");
    let world =
        world(vec![Fault { kind: FaultKind::Dead, subjects: vec![switch], span: span(0, 9) }]);
    let moment = world.moment(START);
    let reach = |id| moment.reach(subject(&inventory, id));
    let lan = subject(&inventory, "cai-be.hoa-khanh/lan");
    assert_eq!(reach("cai-be.hoa-khanh/lan").state(200, 200_000), State::Down);
    assert_eq!(reach("cai-be.hoa-khanh/kiosk").blocked_by, Some(lan));
    assert!(reach("cai-be.hoa-khanh/tslcd").live && reach("cai-be.hoa-khanh/router").live);
}

#[test]
fn loss_takes_its_share_and_the_same_packet_always_fares_the_same() {
    let inventory = sample();
    let line = subject(&inventory, "cai-be.hoa-khanh/tslcd");
    let fault = Fault {
        kind: FaultKind::Loss { permille: 250 },
        subjects: vec![line],
        span: Span::new(START, FOREVER),
    };
    let world = world(vec![fault]);
    let moment = world.moment(START);
    let ip = address(&inventory, subject(&inventory, "cai-be.hoa-khanh/kiosk"));
    let answers: Vec<_> = (0..10_000).map(|n| world.answer(&moment, ip, n)).collect();
    let lost = answers.iter().filter(|a| a.is_none()).count();
    assert!((2_300..2_700).contains(&lost), "{lost} of 10000 lost");
    let again: Vec<_> = (0..10_000).map(|n| world.answer(&moment, ip, n)).collect();
    assert_eq!(answers, again);
}

#[test]
fn the_demo_has_its_story_and_the_truth_is_in_order() {
    let inventory = sample();
    let script = Script::demo(&inventory, START, 1);
    let cut = lines_of(&inventory, unit(&inventory, "cai-be"));
    assert_eq!(cut.len(), 2);
    assert!(script.faults().contains(&Fault::cut(cut, span(15, 40))));
    let first: Vec<(&str, i64, i64)> = script
        .faults()
        .iter()
        .filter(|f| f.span.from < START + 120_000)
        .map(|f| (f.kind.as_str(), f.span.from.since(START), f.span.to.since(f.span.from)))
        .map(|(kind, from, lasts)| (kind, from, if lasts > 86_400_000 { -1 } else { lasts }))
        .collect();
    let mut sorted = first.clone();
    sorted.sort_unstable();
    let story = [
        ("cut", 15_000, 25_000),
        ("loss", 0, -1),
        ("mains", 20_000, 70_000),
        ("power", 8_000, 42_000),
        ("slow", 0, -1),
    ];
    assert_eq!(sorted, story);
    assert!(script.faults().len() > 300, "a day of a demo stays alive");
    let truth = script.truth(&inventory);
    assert!(truth.is_sorted_by_key(|l| l.t));
    let line = truth.iter().find(|l| l.fault == "cut").expect("the first cut");
    assert_eq!(
        serde_json::to_string(line).expect("JSON"),
        r#"{"t":"2026-11-01T00:00:15Z","fault":"cut","subjects":["cai-be/tslcd","cai-be/tslcd-2"],"phase":"start"}"#
    );
    assert_eq!(script, Script::demo(&inventory, START, 1));
    assert_ne!(script, Script::demo(&inventory, START, 2));
}

fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(7))
}

/// Twelve days, the last eight hours with samples.
fn plan() -> Plan {
    Plan {
        window: Span::new(START - 12 * 86_400_000, START),
        samples_from: START - 8 * 3_600_000,
        line_every_ms: 60_000,
        other_every_ms: 300_000,
    }
}

fn state_at(record: &[StateInterval], at: UnixMs) -> Option<&StateInterval> {
    record.iter().find(|i| i.from <= at && i.to.is_none_or(|to| at < to))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn a_past_partitions_time_and_blames_only_what_was_down(seed in 0_u64..1_000_000) {
        let inventory = sample();
        let plan = plan();
        let past = Backfill::new(Arc::clone(&inventory), plan, &zone(), seed);
        let records = past.intervals();
        let by_id: HashMap<_, _> = inventory
            .subjects
            .iter()
            .zip(&records)
            .map(|(s, r)| (s.id.clone(), r))
            .collect();
        for (subject, record) in inventory.subjects.iter().zip(&records) {
            prop_assert_eq!(check_partition(record), Ok(()));
            prop_assert_eq!(record.first().map(|i| i.from), Some(plan.window.from));
            prop_assert!(record.last().is_some_and(|i| i.to.is_none() && i.state.is_live()));
            for hole in past.holes() {
                prop_assert!(plan.window.from <= hole.from && hole.to <= plan.window.to);
                prop_assert!(record.iter().any(|i| i.state == State::Unmeasured
                    && (i.from, i.to) == (hole.from, Some(hole.to))));
            }
            for interval in record {
                prop_assert_eq!(interval.state == State::Unreachable, interval.cause.is_some());
                if let Some(cause) = &interval.cause {
                    let blamed = state_at(by_id[cause], interval.from);
                    prop_assert!(
                        blamed.is_some_and(|b| b.state == State::Down && b.to >= interval.to),
                        "{} blames {cause} from {} on", subject.id, interval.from
                    );
                }
            }
        }
    }

    #[test]
    fn samples_are_lost_exactly_while_their_subject_is(seed in 0_u64..1_000_000) {
        let inventory = sample();
        let plan = plan();
        let past = Backfill::new(Arc::clone(&inventory), plan, &zone(), seed);
        let records = past.intervals();
        for ix in inventory.subject_ixs().filter(|s| s.0 % 7 == 0) {
            let mut last = None;
            for sample in past.samples(ix) {
                prop_assert!(plan.samples_from <= sample.at && sample.at < plan.window.to);
                prop_assert!(last.is_none_or(|l| sample.at.since(l) >= EVERY_MIN_MS));
                last = Some(sample.at);
                let state = state_at(&records[ix.ix()], sample.at).map(|i| i.state);
                prop_assert_ne!(state, Some(State::Unmeasured));
                prop_assert_eq!(sample.lost == sample.sent, state.is_some_and(State::is_outage));
                let got = sample.rtts.as_slice().len();
                prop_assert_eq!(got, usize::from(sample.sent - sample.lost));
            }
            prop_assert!(last.is_some());
        }
    }
}

#[test]
fn a_past_is_plausible_and_its_seed_decides_it() {
    let inventory = sample();
    let window = Span::new(START - 45 * 86_400_000, START);
    let plan = Plan { window, ..plan() };
    let past = Backfill::new(Arc::clone(&inventory), plan, &zone(), 1);
    let records = past.intervals();
    let mut spent: HashMap<(Tier, bool), i64> = HashMap::new();
    for (subject, record) in inventory.subjects.iter().zip(&records) {
        let tier = inventory.unit(subject.unit).kind.tier();
        for interval in record.iter().filter(|i| i.state != State::Unmeasured) {
            let live = interval.state.is_live();
            *spent.entry((tier, live)).or_default() += interval.clip(window).len_ms();
        }
    }
    let permille = |tier| {
        let (live, dark) = (
            spent.get(&(tier, true)).copied().unwrap_or(0),
            spent.get(&(tier, false)).copied().unwrap_or(0),
        );
        live * 1000 / (live + dark)
    };
    assert!((960..999).contains(&permille(Tier::Commune)), "{}", permille(Tier::Commune));
    assert!(permille(Tier::District) >= 990, "{}", permille(Tier::District));
    assert!(permille(Tier::Department) >= 990, "{}", permille(Tier::Department));
    assert_eq!(permille(Tier::Province), 1000);
    let again = Backfill::new(Arc::clone(&inventory), plan, &zone(), 1).intervals();
    assert_eq!(records, again);
    assert_ne!(records, Backfill::new(inventory, plan, &zone(), 2).intervals());
}
