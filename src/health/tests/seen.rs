//! What the sentinels say, and what waits for them (rule 7).

use super::stories::{down, sentinel};
use super::*;
use crate::model::{Carrier, CarrierId, CarrierIx, Sentinel};

fn of_carrier(n: u8, carrier: &str) -> Sentinel {
    Sentinel { carrier: Some(CarrierId::new(carrier).unwrap()), ..sentinel(n) }
}

fn watched_by(sentinels: Vec<Sentinel>) -> Bench {
    let settings = Settings { sentinels, ..Settings::default() };
    Bench::with(Inventory::clone(&inventory(vec![Via::none(), Via::none()])), settings)
}

fn reload_with(b: &mut Bench, sentinels: Vec<Sentinel>, seconds: i64) {
    let settings = Settings { sentinels, ..Settings::default() };
    let inventory = Arc::clone(b.health.inventory());
    let mut effects = Vec::new();
    b.health.reload(inventory, settings, t(seconds), &mut effects);
    b.apply(effects);
}

fn asked(b: &Bench) -> usize {
    b.news.iter().filter(|e| **e == Effect::AskSentinels).count()
}

#[test]
fn sentinels_are_asked_from_the_start_and_none_where_there_are_none() {
    let b = watched_by(vec![sentinel(1), sentinel(2), sentinel(3)]);
    assert_eq!((b.health.sentinels(), asked(&b)), (3, 1));
    let b = watched_by(vec![]);
    assert_eq!((b.health.sentinels(), asked(&b)), (0, 0));
}

#[test]
fn two_subjects_that_fail_at_one_instant_ask_the_sentinels_once() {
    let mut b = watched_by(vec![sentinel(1)]);
    b.sentinel(0, 0, true);
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    b.news.clear();
    [A, B].into_iter().for_each(|s| b.fail(s, 30));
    assert_eq!(asked(&b), 1);
}

#[test]
fn no_more_than_thirty_two_rounds_wait_and_the_oldest_is_judged_when_one_more_comes() {
    let mut b = watched_by(vec![sentinel(1)]);
    let mut patient = Inventory::clone(b.health.inventory());
    patient.subjects[0].health.correlation_window_ms = 600_000;
    let settings = Settings { sentinels: vec![sentinel(1)], ..Settings::default() };
    let mut effects = Vec::new();
    b.health.reload(Arc::new(patient), settings, t(0), &mut effects);
    b.apply(effects);
    b.sentinel(0, 0, true);
    b.good(A, 0);
    (1..=32).for_each(|n| b.fail(A, n));
    assert_eq!(b.health.view(A).suspect, 0, "they wait");
    assert_eq!(b.paces[&A], Pace::Retry);
    b.fail(A, 33);
    assert_eq!(b.health.view(A).suspect, 1, "the oldest and no other");
    b.fail(A, 34);
    b.fail(A, 35);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(1), None)));
}

#[test]
fn a_round_waits_for_its_window_and_not_a_moment_longer() {
    let mut b = watched_by(vec![sentinel(1)]);
    b.sentinel(0, 0, true);
    b.good(A, 0);
    b.fail(A, 10);
    let tick = |b: &mut Bench, at: UnixMs| {
        let mut effects = Vec::new();
        b.health.tick(at, &mut effects);
        b.apply(effects);
        b.health.view(A).suspect
    };
    assert_eq!(tick(&mut b, t(40) - 1), 0);
    assert_eq!(tick(&mut b, t(40)), 1, "believed without the sentinels");
}

#[test]
fn a_sentinel_that_stays_over_a_reload_goes_on_being_counted() {
    let both = || vec![sentinel(1), sentinel(2)];
    let mut b = watched_by(both());
    (0..2).for_each(|n| b.sentinel(n, 0, true));
    [5, 10].into_iter().for_each(|s| b.sentinel(0, s, false));
    reload_with(&mut b, both(), 12);
    b.sentinel(0, 15, false);
    [5, 10].into_iter().for_each(|s| b.sentinel(1, 11 + s, false));
    assert!(b.health.blind().is_empty(), "one of two is lost");
    b.sentinel(1, 26, false);
    assert_eq!(b.health.blind().len(), 1, "three rounds each, one reload between");
    assert_eq!(b.health.blind()[0].since, UnixMs(1), "since their last answers");
}

#[test]
fn a_carrier_whose_sentinels_are_taken_out_is_blind_no_more_though_another_one_is() {
    let (vnpt, viettel) = (of_carrier(2, "vnpt"), of_carrier(3, "viettel"));
    let mut b = watched_by(vec![sentinel(1), vnpt, viettel.clone()]);
    (0..3).for_each(|n| b.sentinel(n, 0, true));
    for s in [5, 10, 15] {
        (1..3).for_each(|n| b.sentinel(n, s, false));
    }
    assert_eq!(b.health.blind().len(), 2);
    reload_with(&mut b, vec![sentinel(1), viettel], 20);
    let blind: Vec<Option<&str>> =
        b.health.blind().iter().map(|blind| blind.carrier.as_ref().map(|c| c.as_str())).collect();
    assert_eq!(blind, [Some("viettel")]);
}

#[test]
fn blindness_that_nobody_was_told_of_ends_without_a_word() {
    let mut b = watched_by(vec![sentinel(1), of_carrier(2, "vnpt")]);
    (0..2).for_each(|n| b.sentinel(n, 0, true));
    [5, 10, 15].into_iter().for_each(|s| b.sentinel(0, s, false));
    b.pass(40);
    b.sentinel(0, 41, true);
    b.pass(42);
    b.pass(100);
    assert_eq!(b.told(), []);
    assert!(b.health.blind().is_empty());
}

#[test]
fn the_end_of_one_carriers_blindness_is_not_that_of_another_ones() {
    let mut b = watched_by(vec![sentinel(1), of_carrier(2, "vnpt"), of_carrier(3, "viettel")]);
    (0..3).for_each(|n| b.sentinel(n, 0, true));
    for s in [5, 10, 15] {
        (1..3).for_each(|n| b.sentinel(n, s, false));
    }
    b.pass(60);
    let told = |b: &Bench| -> Vec<(News, Option<String>)> {
        let of = |effect: &Effect| match effect {
            Effect::Tell(t) => Some((t.news, t.carrier.as_ref().map(ToString::to_string))),
            _ => None,
        };
        b.news.iter().filter_map(of).collect()
    };
    assert_eq!(told(&b).len(), 2, "both are told, the whole sees");
    b.sentinel(1, 70, true);
    b.pass(71);
    assert_eq!(told(&b)[2..], [(News::Recovered, Some("vnpt".to_owned()))]);
    assert_eq!(b.health.blind().len(), 1);
}

#[test]
fn blindness_is_told_when_it_has_lasted_for_half_a_minute() {
    let mut b = watched_by(vec![sentinel(1)]);
    b.sentinel(0, 0, true);
    // Judged fifty milliseconds after it was sent.
    [5, 10, 15].into_iter().for_each(|s| b.sentinel(0, s, false));
    let told = |b: &mut Bench, at: UnixMs| {
        let mut effects = Vec::new();
        b.health.settle(at, &mut effects);
        b.apply(effects);
        b.told().len()
    };
    assert_eq!(told(&mut b, t(45) + 49), 0);
    assert_eq!(told(&mut b, t(45) + 50), 1);
    assert_eq!(told(&mut b, t(3600)), 1, "once");
}

#[test]
fn rounds_sent_in_a_blindness_that_is_over_are_nobodys_fault_and_the_next_ones_are() {
    let mut b = watched_by(vec![sentinel(1)]);
    b.sentinel(0, 0, true);
    b.good(A, 0);
    [5, 10, 15].into_iter().for_each(|s| b.sentinel(0, s, false));
    b.sentinel(0, 20, true);
    // Sent in it, judged after it.
    [16, 17, 18].into_iter().for_each(|s| b.fail(A, s));
    assert_eq!(b.health.view(A).suspect, 0);
    b.sentinel(0, 40, true);
    down(&mut b, A, 20);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(20), None)));
}

/// Lines of VNPT as far as `is_vnpt` says so.
fn of_vnpt(vias: Vec<Via>, is_vnpt: &[bool]) -> Inventory {
    let lines = inventory(vias);
    let mut subjects = lines.subjects.clone();
    for (subject, is_vnpt) in subjects.iter_mut().zip(is_vnpt) {
        if let SubjectDetail::Connection(connection) = &mut subject.detail {
            connection.carrier = is_vnpt.then_some(CarrierIx(0));
        }
    }
    let vnpt = Carrier {
        id: CarrierId::new("vnpt").unwrap(),
        name: "VNPT".to_owned(),
        contract: None,
        hotline: None,
        penalty: None,
        sla: ServiceLevel::default(),
    };
    Inventory::new(lines.units.clone(), lines.networks.clone(), vec![vnpt], vec![], subjects)
}

#[test]
fn a_carrier_that_a_way_leads_through_twice_must_have_seen_all_the_same() {
    // Two trunks and a line behind one of them are VNPT's, the other lines are not.
    let vias = vec![
        Via::none(),
        Via::none(),
        via(A),
        Via::All(vec![via(A), via(B)]),
        Via::Any(vec![via(A), via(B)]),
        Via::none(),
    ];
    let lines = of_vnpt(vias, &[true, true, true, false, false, false]);
    let settings =
        Settings { sentinels: vec![sentinel(1), of_carrier(2, "vnpt")], ..Settings::default() };
    let mut b = Bench::with(lines, settings);
    (0..2).for_each(|n| b.sentinel(n, 0, true));
    [5, 10, 15].into_iter().for_each(|s| b.sentinel(1, s, false));
    b.sentinel(0, 16, true);
    let seen: Vec<Option<bool>> =
        (0..6).map(|s| b.health.explain(SubjectIx(s), t(16)).is_seen).collect();
    let blind = Some(false);
    assert_eq!(seen, [blind, blind, blind, blind, blind, Some(true)]);
}

#[test]
fn an_outage_through_a_carrier_that_cannot_be_seen_is_told_when_it_can() {
    let lines = of_vnpt(vec![Via::none(), Via::none()], &[true, false]);
    let settings =
        Settings { sentinels: vec![sentinel(1), of_carrier(2, "vnpt")], ..Settings::default() };
    let mut b = Bench::with(lines, settings);
    (0..2).for_each(|n| b.sentinel(n, 0, true));
    b.good(A, 0);
    for s in [5, 10, 15] {
        b.fail(A, s);
        (0..2).for_each(|n| b.sentinel(n, s + 1, true));
    }
    assert_eq!(b.state(A), State::Down);
    b.pass(17);
    [20, 25, 30].into_iter().for_each(|s| b.sentinel(1, s, false));
    b.sentinel(0, 50, true);
    b.pass(50);
    let about = |b: &Bench, subject: &str| b.told().iter().filter(|(_, s, _)| s == subject).count();
    assert_eq!(about(&b, "s0"), 0, "it may be we who cannot see it");
    (0..2).for_each(|n| b.sentinel(n, 100, true));
    b.pass(100);
    assert_eq!(about(&b, "s0"), 1);
}
