//! Incidents over time: their names and parts, the most they cut off, and when they are told.

use super::stories::{HOUR, down, good, trunk, window};
use super::*;
use crate::model::{Ack, Impact, WorkedOn};

const D: SubjectIx = SubjectIx(3);

fn answering(vias: Vec<Via>) -> Bench {
    let mut b = Bench::new(vias);
    let subjects: Vec<SubjectIx> = b.health.inventory().subject_ixs().collect();
    subjects.into_iter().for_each(|s| b.good(s, 0));
    b
}

fn news(b: &Bench) -> Vec<News> {
    b.told().iter().map(|(news, ..)| *news).collect()
}

fn tellings(b: &Bench) -> Vec<(News, Impact)> {
    let told = b.news.iter().filter_map(|effect| match effect {
        Effect::Tell(telling) => Some((telling.news, telling.impact.clone())),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_part_splits_from_the_incident_of_its_own_cause_not_from_the_last_one_that_ended() {
    let mut b = answering(vec![Via::none(), via(A), Via::none()]);
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    down(&mut b, C, 30);
    b.pass(41);
    good(&mut b, A, 60);
    b.pass(66);
    good(&mut b, C, 62);
    b.pass(68);
    [69, 74, 79].into_iter().for_each(|s| b.fail(B, s));
    b.pass(80);
    let changes = b.incident_changes();
    let opened = |root: &str| {
        let found = changes.iter().find(|(c, i)| *c == Change::Opened && i.root.as_str() == root);
        found.map(|(_, incident)| incident.clone()).unwrap()
    };
    assert_eq!(opened("s1").split_from, Some(opened("s0").id));
}

#[test]
fn trouble_that_begins_after_the_incident_was_over_is_no_part_of_it() {
    let mut b = answering(vec![Via::none(), via(A)]);
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    b.pass(25);
    good(&mut b, A, 60);
    good(&mut b, B, 66);
    b.pass(72);
    // It comes and goes by itself, too seldom to be degraded.
    for n in 0..10 {
        let s = 100 + 15 * n;
        b.good(A, s);
        good(&mut b, B, s);
        b.fail(B, s + 10);
        b.pass(s + 11);
    }
    let incidents = b.health.incidents();
    assert_eq!((incidents.len(), incidents[0].root.as_str()), (1, "s1"));
    assert!(incidents[0].flapping);
    assert_eq!(incidents[0].split_from, None);
}

#[test]
fn no_two_incidents_have_one_name_though_they_open_within_a_millisecond() {
    let mut b = answering(vec![Via::none()]);
    down(&mut b, A, 10);
    b.settle(20);
    good(&mut b, A, 25);
    b.settle(20);
    down(&mut b, A, 35);
    b.settle(20);
    let opened = b.incident_changes().into_iter().filter(|(c, _)| *c == Change::Opened);
    let names: Vec<String> = opened.map(|(_, incident)| incident.id.to_string()).collect();
    assert_eq!(names, ["s0@1970-01-01T00:00:20Z", "s0@1970-01-01T00:00:20.001Z"]);
}

#[test]
fn a_recovery_tells_the_most_the_incident_had_cut_off() {
    // D has a way of its own beside the trunk, which comes back first.
    let mut b = answering(vec![Via::none(), via(A), via(A), Via::none()]);
    down(&mut b, A, 10);
    b.pass(20);
    let cut_off = |b: &Bench| {
        let impact = &b.health.incidents()[0].impact;
        (impact.units.len(), impact.unreachable)
    };
    assert_eq!(cut_off(&b), (1, 0));
    down(&mut b, B, 12);
    down(&mut b, C, 13);
    b.pass(25);
    assert_eq!(cut_off(&b), (3, 2));
    b.pass(60);
    let mut moved = Inventory::clone(b.health.inventory());
    moved.subjects[1].via = via(D);
    let moved = Inventory::new(
        moved.units.clone(),
        moved.networks.clone(),
        Vec::new(),
        Vec::new(),
        moved.subjects.clone(),
    );
    b.reload(Arc::new(moved), 61);
    good(&mut b, B, 62);
    b.pass(68);
    assert_eq!(cut_off(&b), (2, 1), "B is reached another way now");
    good(&mut b, A, 70);
    b.pass(76);
    let told = tellings(&b);
    let most: Vec<(News, usize, u32)> =
        told.iter().map(|(n, i)| (*n, i.units.len(), i.unreachable)).collect();
    assert_eq!(most, [(News::Down, 3, 2), (News::Recovered, 3, 2)]);
}

#[test]
fn an_incident_is_told_when_it_has_gathered_its_impact_and_again_after_four_hours() {
    let mut b = answering(vec![Via::none()]);
    down(&mut b, A, 10);
    let settle = |b: &mut Bench, at: UnixMs| {
        let mut effects = Vec::new();
        b.health.settle(at, &mut effects);
        b.apply(effects);
        news(b).len()
    };
    assert_eq!(settle(&mut b, t(20)), 0);
    assert_eq!(settle(&mut b, t(50) - 1), 0);
    assert_eq!(settle(&mut b, t(50)), 1);
    assert_eq!(settle(&mut b, t(50 + 4 * HOUR) - 1), 1);
    assert_eq!(settle(&mut b, t(50 + 4 * HOUR)), 2);
    assert_eq!(news(&b), [News::Down, News::Reminder]);
}

#[test]
fn nobody_is_reminded_of_what_answers_though_badly() {
    let mut b = answering(vec![Via::none()]);
    (1..6).for_each(|n| b.round(A, t(n), 2, 4_000));
    b.pass(6);
    b.pass(40);
    b.pass(40 + 5 * HOUR);
    b.pass(40 + 10 * HOUR);
    assert_eq!(news(&b), [News::Degraded]);
}

#[test]
fn what_gets_worse_is_told_once_more_and_what_stays_the_same_is_not() {
    let mut b = answering(vec![Via::none()]);
    (1..6).for_each(|n| b.round(A, t(n), 2, 4_000));
    b.pass(6);
    (40..45).for_each(|s| b.pass(s));
    assert_eq!(news(&b), [News::Degraded]);
    down(&mut b, A, 50);
    (60..65).for_each(|s| b.pass(s));
    assert_eq!(news(&b), [News::Degraded, News::Down]);
    assert_eq!(b.incident_changes().len(), 1, "it is the same incident");
}

/// Two lines of one unit to a network that it must have.
fn two_lines() -> Bench {
    let lines = inventory(vec![Via::none(), Via::none()]);
    let mut subjects = lines.subjects.clone();
    subjects[1].unit = UnitIx(0);
    let lines =
        Inventory::new(lines.units.clone(), lines.networks.clone(), vec![], vec![], subjects);
    let mut b = Bench::with(lines, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    b
}

#[test]
fn of_two_lines_of_a_unit_the_one_that_went_last_leads_and_of_equals_the_first() {
    for (a, last, other) in [(60, "s1", "s0"), (10, "s0", "s1")] {
        let mut b = two_lines();
        down(&mut b, A, 10);
        down(&mut b, B, a);
        b.pass(a + 11);
        let [incident] = b.health.incidents() else { panic!("one incident") };
        assert_eq!((incident.root.as_str(), incident.since), (last, t(10)));
        let with: Vec<&str> = incident.with.iter().map(|w| w.as_str()).collect();
        assert_eq!(with, [other]);
        assert_eq!(b.incident_changes().len(), 1);
    }
}

#[test]
fn a_line_that_answers_badly_is_no_part_of_the_outage_of_the_other() {
    let mut b = two_lines();
    down(&mut b, A, 10);
    (1..6).for_each(|n| b.round(B, t(10 + n), 2, 4_000));
    b.pass(21);
    let roots: Vec<&str> = b.health.incidents().iter().map(|i| i.root.as_str()).collect();
    assert_eq!(roots, ["s0", "s1"]);
}

#[test]
fn what_cuts_off_a_unit_only_later_is_told_once_more_and_only_once() {
    let mut b = two_lines();
    down(&mut b, A, 10);
    (20..55).for_each(|s| b.pass(s));
    down(&mut b, B, 60);
    (70..200).for_each(|s| b.pass(s));
    assert_eq!(news(&b), [News::Down, News::Down]);
    let ack = Ack { by: "lan".to_owned(), note: String::new(), at: t(200), until: None };
    let mut effects = Vec::new();
    let id = b.health.acknowledge(A, ack, &mut effects).unwrap();
    assert_eq!(id, b.health.incidents()[0].id, "the line that went first is a part of it");
}

#[test]
fn work_on_one_of_two_lines_excuses_not_the_other() {
    let mut b = two_lines();
    b.health.set_maintenance(vec![window(
        WorkedOn::Subject(SubjectId::new("s0").unwrap()),
        0,
        300,
    )]);
    down(&mut b, A, 10);
    b.pass(21);
    b.pass(60);
    assert_eq!(news(&b), []);
    assert!(b.health.incidents()[0].planned);
    down(&mut b, B, 61);
    b.pass(72);
    assert!(!b.health.incidents()[0].planned);
    assert_eq!(news(&b), [News::Down]);
}

#[test]
fn the_communes_of_a_trunk_are_no_incidents_when_it_is_acknowledged_by_one_of_them() {
    let mut b = trunk();
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    b.pass(25);
    let ack = Ack { by: "lan".to_owned(), note: String::new(), at: t(30), until: None };
    let mut effects = Vec::new();
    let id = b.health.acknowledge(B, ack.clone(), &mut effects).unwrap();
    assert_eq!(id, b.health.incidents()[0].id);
    assert_eq!(b.health.incidents()[0].ack, Some(ack));
}

#[test]
fn a_unit_that_gets_another_line_back_was_cut_off_all_the_same() {
    // D is a second line of B's unit.
    let lines = inventory(vec![Via::none(), via(A), via(A), Via::none()]);
    let mut subjects = lines.subjects.clone();
    subjects[3].unit = UnitIx(1);
    let lines =
        Inventory::new(lines.units.clone(), lines.networks.clone(), vec![], vec![], subjects);
    let mut b = Bench::with(lines, Settings::default());
    [A, B, C, D].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, D, 5);
    down(&mut b, A, 10);
    [B, C].into_iter().for_each(|s| down(&mut b, s, 12));
    b.pass(25);
    b.pass(60);
    good(&mut b, D, 61);
    b.pass(67);
    let trunk = b.health.incidents().iter().find(|i| i.root.as_str() == "s0").unwrap();
    assert_eq!((trunk.impact.units.len(), trunk.impact.unreachable), (2, 2));
    good(&mut b, A, 70);
    b.pass(76);
    let told = b.told().into_iter().find(|(n, root, _)| *n == News::Recovered && root == "s0");
    assert_eq!(told, Some((News::Recovered, "s0".to_owned(), 3)));
}

#[test]
fn an_incident_is_kept_anew_when_it_changes_and_not_with_every_verdict() {
    let mut b = answering(vec![Via::none(), Via::none()]);
    (1..6).for_each(|n| b.round(A, t(n), 2, 4_000));
    b.pass(6);
    let kept = |b: &Bench| {
        let is_it = |e: &&Effect| matches!(e, Effect::Incident { change: Change::Changed, .. });
        b.news.iter().filter(is_it).count()
    };
    b.news.clear();
    down(&mut b, B, 7);
    b.pass(18);
    assert_eq!(kept(&b), 0, "another one's verdict");
    down(&mut b, A, 20);
    b.pass(31);
    assert_eq!(kept(&b), 1, "it is down now");
}

#[test]
fn nothing_is_made_anew_when_nothing_happened() {
    let mut b = answering(vec![Via::none()]);
    down(&mut b, A, 10);
    b.pass(21);
    let shown = b.health.incidents().as_ptr();
    b.settle(22);
    assert_eq!(b.health.incidents().as_ptr(), shown, "the very same list");
}

#[test]
fn the_second_of_two_lines_is_no_second_message_where_no_unit_needs_them() {
    let lines = two_lines().health.inventory().clone();
    let mut units = lines.units.clone();
    units[0].requires.clear();
    let networks = lines.networks.clone();
    let lines = Inventory::new(units, networks, vec![], vec![], lines.subjects.clone());
    let mut b = Bench::with(lines, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    (20..55).for_each(|s| b.pass(s));
    down(&mut b, B, 60);
    (70..200).for_each(|s| b.pass(s));
    assert_eq!(b.health.incidents()[0].root.as_str(), "s1", "it leads, and is not above the other");
    assert_eq!(news(&b), [News::Down]);
}
