//! Edges and details that the rules and stories pass by: what a wrong sign or a swapped comparison
//! would change without anybody noticing.

use super::*;
use crate::model::{
    Calendar, CalendarId, CalendarIx, Carrier, CarrierId, CarrierIx, Cause, Device, DeviceId,
    Guess, KeptIncident, Sentinel, Service, ServiceId, Sign,
};

fn core(inventory: Inventory, settings: Settings) -> Bench {
    let mut bench = Bench::new(vec![]);
    let mut effects = Vec::new();
    bench.health =
        Health::new(Arc::new(inventory), settings, Memory::default(), t(0), &mut effects);
    bench.apply(effects);
    bench
}

fn pass(b: &mut Bench, seconds: i64) {
    b.tick(seconds);
    b.settle(seconds);
}

fn down(b: &mut Bench, subject: SubjectIx, from: i64) {
    [from, from + 5, from + 10].into_iter().for_each(|s| b.fail(subject, s));
}

fn sentinel(n: u8, carrier: Option<&str>) -> Sentinel {
    let carrier = carrier.map(|c| CarrierId::new(c).unwrap());
    Sentinel { address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, n)), carrier }
}

fn carrier(id: &str) -> Carrier {
    Carrier {
        id: CarrierId::new(id).unwrap(),
        name: id.to_owned(),
        contract: None,
        hotline: None,
        penalty: None,
        sla: ServiceLevel::default(),
    }
}

/// A router and a UPS of the line's own unit, beside the line.
fn with_devices() -> Inventory {
    let lines = inventory(vec![Via::none(), Via::none(), Via::none()]);
    let mut subjects = lines.subjects.clone();
    for (n, role) in [(1, "router"), (2, "ups")] {
        subjects[n].unit = UnitIx(0);
        subjects[n].detail = SubjectDetail::Device(Device {
            id: DeviceId::new(role).unwrap(),
            role: role.to_owned(),
            vendor: None,
            model: None,
            serial: None,
            support_until: None,
            snmp: None,
            addresses: Vec::new(),
        });
    }
    Inventory::new(lines.units.clone(), lines.networks.clone(), vec![], vec![], subjects)
}

fn tell(b: &mut Bench, subject: SubjectIx, evidence: Evidence, seconds: i64) {
    let mut effects = Vec::new();
    b.health.evidence(subject, evidence, t(seconds), &mut effects);
    b.apply(effects);
    b.settle(seconds);
}

fn guess(b: &Bench) -> Option<Guess> {
    b.health.incidents().first().and_then(|i| i.guess.clone())
}

#[test]
fn a_ups_counts_by_when_it_began_to_run_on_battery() {
    let mut b = core(with_devices(), Settings::default());
    b.good(A, 10_000);
    down(&mut b, A, 10_030);
    let on = |at: i64| Evidence::Battery { at: t(at), is_on: true };
    tell(&mut b, C, on(6_429), 10_041);
    assert_eq!(guess(&b), None, "an hour and a second before");
    tell(&mut b, C, on(10_020), 10_042);
    assert_eq!(guess(&b), None, "it had been on battery all the time");
    tell(&mut b, C, Evidence::Battery { at: t(10_021), is_on: false }, 10_043);
    tell(&mut b, C, on(6_430), 10_044);
    let device = SubjectId::new("s2").unwrap();
    let expected = Guess { cause: Cause::Power, signs: vec![Sign::OnBattery { device }] };
    assert_eq!(guess(&b), Some(expected), "an hour before");
}

#[test]
fn an_uptime_said_after_the_outage_began_tells_a_restart_from_a_cut_line() {
    let mut b = core(with_devices(), Settings::default());
    b.good(A, 10_000);
    down(&mut b, A, 10_030);
    b.settle(10_041);
    let said = |at: i64, uptime_s: i64| Evidence::Uptime { at: t(at), uptime_ms: uptime_s * 1000 };
    tell(&mut b, B, said(10_030, 1), 10_042);
    assert_eq!(guess(&b), None, "said when it began, not after");
    let device = || SubjectId::new("s1").unwrap();
    tell(&mut b, B, said(10_035, 10), 10_043);
    let ran_on = Guess { cause: Cause::Fibre, signs: vec![Sign::KeptRunning { device: device() }] };
    assert_eq!(guess(&b), Some(ran_on), "started five seconds before, within what clocks drift");
    tell(&mut b, B, said(10_036, 10), 10_044);
    let restarted =
        Guess { cause: Cause::Power, signs: vec![Sign::Restarted { device: device() }] };
    assert_eq!(guess(&b), Some(restarted));
}

#[test]
fn a_sign_that_comes_after_the_recovery_changes_the_closed_incident_for_a_quarter_of_an_hour() {
    let restarted = |b: &mut Bench, at: i64| {
        b.news.clear();
        tell(b, B, Evidence::Uptime { at: t(at), uptime_ms: (at - 10_050) * 1000 }, at);
        b.news.iter().any(|e| matches!(e, Effect::Incident { change: Change::Changed, .. }))
    };
    for (after, expected) in [(900, true), (901, false)] {
        let mut b = core(with_devices(), Settings::default());
        b.good(A, 10_000);
        down(&mut b, A, 10_030);
        b.settle(10_041);
        b.good(A, 10_095);
        b.good(A, 10_100);
        b.settle(10_100);
        assert_eq!(restarted(&mut b, 10_100 + after), expected, "{after} s after");
    }
}

#[test]
fn neighbours_on_other_carriers_mean_power_and_on_the_same_one_the_carrier() {
    let line = |carriers: [u32; 3], parent: [Option<u32>; 4]| {
        let lines = inventory(vec![Via::none(), Via::none(), Via::none(), Via::none()]);
        let mut units = lines.units.clone();
        for (unit, parent) in units[1..].iter_mut().zip(&parent[1..]) {
            unit.parent = parent.map(UnitIx);
        }
        let mut subjects = lines.subjects.clone();
        for (subject, carrier) in subjects[1..].iter_mut().zip(carriers) {
            if let SubjectDetail::Connection(connection) = &mut subject.detail {
                connection.carrier = Some(CarrierIx(carrier));
            }
        }
        let carriers = vec![carrier("vnpt"), carrier("viettel")];
        let mut b = core(
            Inventory::new(units, lines.networks.clone(), carriers, vec![], subjects),
            Settings::default(),
        );
        (0..4).for_each(|s| b.good(SubjectIx(s), 0));
        down(&mut b, SubjectIx(1), 100);
        down(&mut b, SubjectIx(2), 160);
        down(&mut b, SubjectIx(3), 300);
        b.settle(311);
        b.health.incidents()[0].guess.clone()
    };
    let beside = [None, Some(0), Some(0), Some(0)];
    let signs = |cause, sign| Some(Guess { cause, signs: vec![sign] });
    assert_eq!(
        line([0, 1, 0], beside),
        signs(Cause::Power, Sign::NeighboursOtherCarriers { units: 1 }),
        "the third went too late to have to do with it"
    );
    assert_eq!(
        line([0, 0, 0], beside),
        signs(Cause::Carrier, Sign::NeighboursSameCarrier { units: 1 })
    );
    assert_eq!(line([0, 1, 0], [None, Some(0), None, None]), None, "not beside each other");
}

#[test]
fn a_switch_behind_a_router_that_answers_was_switched_off() {
    let mut inventory = with_devices();
    for (n, role) in [(1, "router-1"), (2, "access-switch")] {
        if let SubjectDetail::Device(device) = &mut inventory.subjects[n].detail {
            device.role = role.to_owned();
        }
    }
    let mut b = core(inventory, Settings::default());
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, C, 10);
    b.settle(21);
    let router = SubjectId::new("s1").unwrap();
    let expected = Guess { cause: Cause::Equipment, signs: vec![Sign::LanOff { router }] };
    assert_eq!(guess(&b), Some(expected));
    down(&mut b, B, 30);
    b.settle(41);
    assert!(
        b.health.incidents().iter().all(|i| i.guess.is_none()),
        "now the router is silent, too"
    );
}

#[test]
fn off_hours_end_with_the_grace_and_not_a_moment_later() {
    let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
    hours.fill(vec![(7 * 60, 17 * 60)]);
    let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
    inventory.calendars.push(Calendar {
        id: CalendarId::new("office").unwrap(),
        zone: jiff::tz::TimeZone::UTC,
        hours,
        holidays: Vec::new(),
        make_up: Vec::new(),
    });
    inventory.subjects[0].calendar = Some(CalendarIx(0));
    inventory.subjects[0].off_hours_allowed = true;
    let b = core(inventory, Settings::default());
    let due = t(7 * 3600 + 1800);
    assert!(b.health.is_off_hours(A, t(3600), due - 1));
    assert!(!b.health.is_off_hours(A, t(3600), due));
    assert!(!b.health.is_off_hours(A, t(8 * 3600), t(9 * 3600)), "it began inside the hours");
}

#[test]
fn the_sentinels_are_asked_once_a_second_at_most_and_again_after_a_step_of_the_clock() {
    let sentinels = vec![sentinel(1, None)];
    let settings = Settings { sentinels, ..Settings::default() };
    let mut b = core(Inventory::clone(&inventory(vec![Via::none(), Via::none()])), settings);
    assert_eq!(b.health.sentinels(), 1);
    let mut effects = Vec::new();
    b.health.sentinel_round(0, t(0), true, t(0), &mut effects);
    b.apply(effects);
    let asked = |b: &mut Bench, subject: SubjectIx, at: UnixMs| {
        b.news.clear();
        b.round(subject, at, 3, 0);
        b.news.contains(&Effect::AskSentinels)
    };
    assert!(asked(&mut b, A, t(100)));
    assert!(!asked(&mut b, B, t(101) - 1), "99.9 s after the last time");
    assert!(asked(&mut b, B, t(101)));
    assert!(asked(&mut b, B, t(50)), "the clock was set back");
}

#[test]
fn carriers_that_every_way_leads_through_must_have_seen() {
    // Two trunks of two carriers, a line through either, one through both, one through any.
    let vias = vec![
        Via::none(),
        Via::none(),
        via(A),
        Via::All(vec![via(A), via(B)]),
        Via::Any(vec![via(A), via(B)]),
    ];
    let lines = inventory(vias);
    let mut subjects = lines.subjects.clone();
    for (subject, carrier) in subjects.iter_mut().zip([0, 1]) {
        if let SubjectDetail::Connection(connection) = &mut subject.detail {
            connection.carrier = Some(CarrierIx(carrier));
        }
    }
    let carriers = vec![carrier("vnpt"), carrier("viettel")];
    let lines =
        Inventory::new(lines.units.clone(), lines.networks.clone(), carriers, vec![], subjects);
    let sentinels =
        vec![sentinel(1, None), sentinel(2, Some("vnpt")), sentinel(3, Some("viettel"))];
    let settings = Settings { sentinels, ..Settings::default() };
    let mut b = core(lines.clone(), settings.clone());
    let hear = |b: &mut Bench, n: usize, at: i64, answered: bool| {
        let mut effects = Vec::new();
        b.health.sentinel_round(n, t(at), answered, t(at), &mut effects);
        b.apply(effects);
    };
    (0..3).for_each(|n| hear(&mut b, n, 0, true));
    [5, 10, 15].into_iter().for_each(|s| hear(&mut b, 2, s, false));
    let seen = |b: &Bench| -> Vec<Option<bool>> {
        (0..5).map(|s| b.health.explain(SubjectIx(s), t(16)).is_seen).collect()
    };
    let expected = [Some(true), Some(false), Some(true), Some(false), Some(true)];
    assert_eq!(seen(&b), expected);
    // What one carrier's blindness is goes on over a reload, for that carrier alone.
    let mut effects = Vec::new();
    b.health.reload(Arc::new(lines), settings, t(17), &mut effects);
    b.apply(effects);
    assert_eq!(seen(&b), expected);
    let blind: Vec<&str> =
        b.health.blind().iter().filter_map(|b| b.carrier.as_ref()).map(|c| c.as_str()).collect();
    assert_eq!(blind, ["viettel"]);
}

#[test]
fn a_degraded_way_makes_no_second_incident_of_what_hangs_on_it() {
    let mut b = core(Inventory::clone(&inventory(vec![Via::none(), via(A)])), Settings::default());
    for s in 0..3 {
        b.round(A, t(30 * s), 1, 4_000);
        b.round(B, t(30 * s + 1), 1, 4_000);
    }
    assert_eq!((b.state(A), b.state(B)), (State::Degraded, State::Degraded));
    let roots: Vec<String> = b.incidents().iter().map(|i| i.root.to_string()).collect();
    assert_eq!(roots, ["s0"]);
    (3..8).for_each(|s| b.round(A, t(30 * s), 0, 4_000));
    let roots: Vec<String> = b.incidents().iter().map(|i| i.root.to_string()).collect();
    assert_eq!(roots, ["s1"], "now it is its own");
}

#[test]
fn flapping_behind_a_flapping_trunk_is_the_trunks() {
    let mut b = core(Inventory::clone(&inventory(vec![Via::none(), via(A)])), Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    for n in 1..12 {
        for s in [A, B] {
            b.round(s, t(n * 10), if n % 2 == 1 { 3 } else { 0 }, 4_000);
        }
    }
    assert!(b.health.view(A).is_flapping && b.health.view(B).is_flapping);
    let incidents = b.incidents();
    let roots: Vec<String> = incidents.iter().map(|i| i.root.to_string()).collect();
    assert_eq!(roots, ["s0"]);
    assert!(incidents[0].flapping);
}

#[test]
fn flapping_ends_with_rounds_that_bring_no_change() {
    let mut b = core(Inventory::clone(&inventory(vec![Via::none()])), Settings::default());
    let mut at = 0;
    for n in 0..12 {
        b.round(A, t(at), if n % 2 == 1 { 3 } else { 0 }, 4_000);
        at += 5;
    }
    assert!(b.health.view(A).is_flapping);
    b.good(A, at);
    (1..20).for_each(|n| b.good(A, at + n * 30));
    assert!(!b.health.view(A).is_flapping);
    let turns = b.news.iter().filter(|e| matches!(e, Effect::Flapping { .. })).count();
    assert_eq!(turns, 2);
}

#[test]
fn services_that_are_cut_off_are_named_in_the_impact() {
    let mut inventory = Inventory::clone(&inventory(vec![Via::none(), via(A), via(A)]));
    let id = ServiceId::new("portal").unwrap();
    inventory.subjects[2].detail = SubjectDetail::Service(Service { id });
    let mut b = core(inventory, Settings::default());
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    [A, B, C].into_iter().for_each(|s| down(&mut b, s, 30));
    pass(&mut b, 41);
    let impact = &b.health.incidents()[0].impact;
    assert_eq!(impact.unreachable, 2);
    assert_eq!(impact.services, [SubjectId::new("s2").unwrap()]);
}

#[test]
fn without_a_daemon_incidents_have_the_names_they_were_kept_under_oldest_first() {
    let mut b =
        core(Inventory::clone(&inventory(vec![Via::none(), Via::none()])), Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, B, 30);
    down(&mut b, A, 60);
    pass(&mut b, 71);
    let kept: Vec<KeptIncident> = b
        .news
        .iter()
        .filter_map(|e| match e {
            Effect::Incident { incident, .. } => Some((**incident).clone()),
            _ => None,
        })
        .collect();
    let shown = open_incidents(b.health.inventory(), t(80), |s| b.health.view(s), &kept);
    let named: Vec<(String, UnixMs)> = shown.iter().map(|i| (i.id.to_string(), i.opened)).collect();
    let live: Vec<(String, UnixMs)> =
        b.health.incidents().iter().map(|i| (i.id.to_string(), i.opened)).collect();
    assert_eq!(named, live);
    assert_eq!(shown[0].root.as_str(), "s1");
    let unknown = open_incidents(b.health.inventory(), t(80), |s| b.health.view(s), &[]);
    assert_eq!(unknown[0].id.as_str(), "s1@1970-01-01T00:00:30Z", "named by its start");
}

#[test]
fn a_secondary_check_takes_as_many_rounds_as_a_primary_one() {
    let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
    let mut second = inventory.subjects[0].checks[0].clone();
    second.kind = CheckKind::Ping {
        address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
        params: PingParams::default(),
    };
    inventory.subjects[0].checks.push(second);
    let mut b = core(inventory, Settings::default());
    b.good(A, 0);
    let ask = |b: &mut Bench, at: i64, lost: u8| {
        b.check(A, 1, t(at), lost, 4_000);
        b.state(A)
    };
    assert_eq!(ask(&mut b, 1, 3), State::Up);
    assert_eq!(ask(&mut b, 2, 3), State::Up);
    assert_eq!(ask(&mut b, 3, 3), State::Degraded);
    assert_eq!(b.health.explain(A, t(3)).rule, Rule::SecondaryCheck);
    assert_eq!(ask(&mut b, 4, 0), State::Degraded);
    assert_eq!(ask(&mut b, 5, 0), State::Up);
    assert_eq!(b.health.explain(A, t(5)).rule, Rule::GoodAgain);
    assert_eq!(ask(&mut b, 6, 3), State::Up, "counted anew");
}

#[test]
fn a_reload_that_takes_subjects_out_leaves_no_place_in_the_old_inventory_behind() {
    let vias = || vec![Via::none(), Via::none(), Via::none()];
    let mut b = core(Inventory::clone(&inventory(vias())), Settings::default());
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, C, 30);
    down(&mut b, B, 60);
    pass(&mut b, 71);
    b.good(B, 80);
    b.good(B, 85);
    pass(&mut b, 86);
    // The last one comes first now, and the others are gone.
    let old = inventory(vias());
    let mut last = old.subjects[2].clone();
    last.unit = UnitIx(0);
    let smaller = Inventory::new(
        old.units[2..].to_vec(),
        old.networks.clone(),
        Vec::new(),
        Vec::new(),
        vec![last],
    );
    b.reload(Arc::new(smaller), 90);
    let ack = crate::model::Ack { by: "lan".into(), note: String::new(), at: t(91), until: None };
    let mut effects = Vec::new();
    let id = b.health.acknowledge(A, ack, &mut effects).unwrap();
    assert_eq!(id.as_str(), "s2@1970-01-01T00:01:11Z");
    let said = Evidence::Uptime { at: t(92), uptime_ms: 10 };
    b.health.evidence(A, said, t(92), &mut effects);
    pass(&mut b, 92);
    assert_eq!(b.health.incidents().len(), 1);
}

#[test]
fn what_stays_in_the_building_of_a_merged_unit_hits_the_one_that_took_it_over() {
    // A is the line of a district that the province took over, B and C those of two communes that
    // have become the one at index 3; the province need not have a line.
    let old = (*inventory(vec![Via::none(), via(A), via(A), Via::none(), Via::none()])).clone();
    let mut units = old.units;
    for (unit, heir) in [(0, 4), (1, 3), (2, 3)] {
        units[unit].until = Some(t(5));
        units[unit].merged_into = Some(crate::model::UnitIx(heir));
        units[unit].equipment_stays = true;
    }
    units[3].since = Some(t(5));
    units[4].requires = Vec::new();
    let inventory = Inventory::new(units, old.networks, vec![], vec![], old.subjects);
    let view = |s: SubjectIx| {
        let (state, cause) = match s.0 {
            0 => (State::Down, None),
            1 | 2 => (State::Unreachable, Some(A)),
            _ => (State::Up, None),
        };
        let since = t(8);
        let verdict = Some(Verdict { state, since, cause });
        View {
            state,
            since,
            cause,
            verdict,
            suspect: 0,
            answering: None,
            last_round: None,
            is_flapping: false,
            backup: None,
            trouble: None,
        }
    };
    let hit = |at| {
        let found = open_incidents(&inventory, at, view, &[]);
        let impact = &found[0].impact;
        assert_eq!((found.len(), impact.unreachable), (1, 2));
        impact.units.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(hit(t(10)), ["u3"], "once, and not the province");
    assert_eq!(hit(t(4)), ["u0", "u1", "u2"], "by the tree of before");
}
