//! What happens between subjects and over time: incidents, what is told of them, what a restart keeps.

use super::*;
use crate::model::{
    Ack, Calendar, CalendarId, CalendarIx, Id, KeptIncident, Maintenance, Sentinel, Span, Told,
    WorkHours, WorkedOn,
};

impl Bench {
    pub(super) fn with(inventory: Inventory, settings: Settings) -> Self {
        let mut bench = Self::new(vec![]);
        let mut effects = Vec::new();
        let inventory = Arc::new(inventory);
        bench.health = Health::new(inventory, settings, Memory::default(), t(0), &mut effects);
        bench.apply(effects);
        bench
    }

    pub(super) fn sentinel(&mut self, n: usize, seconds: i64, answered: bool) {
        let mut effects = Vec::new();
        self.health.sentinel_round(n, t(seconds), answered, t(seconds) + 50, &mut effects);
        self.apply(effects);
    }

    /// Lets a second pass.
    pub(super) fn pass(&mut self, seconds: i64) {
        self.tick(seconds);
        self.settle(seconds);
    }

    /// What was told, with the subject and its impact in units.
    pub(super) fn told(&self) -> Vec<(News, String, usize)> {
        let telling = |effect: &Effect| match effect {
            Effect::Tell(t) => {
                let subject = t.subject.as_ref().map_or("-".to_owned(), ToString::to_string);
                Some((t.news, subject, t.impact.units.len()))
            }
            _ => None,
        };
        self.news.iter().filter_map(telling).collect()
    }

    /// What happened to incidents, by the number of their opening.
    pub(super) fn incident_changes(&self) -> Vec<(Change, KeptIncident)> {
        let of = |effect: &Effect| match effect {
            Effect::Incident { incident, change, .. } if *change != Change::Changed => {
                Some((*change, (**incident).clone()))
            }
            _ => None,
        };
        self.news.iter().filter_map(of).collect()
    }
}

pub(super) fn down(b: &mut Bench, subject: SubjectIx, from: i64) {
    [from, from + 5, from + 10].into_iter().for_each(|s| b.fail(subject, s));
}

pub(super) fn good(b: &mut Bench, subject: SubjectIx, from: i64) {
    [from, from + 5].into_iter().for_each(|s| b.good(subject, s));
}

/// A trunk with two communes behind it.
pub(super) fn trunk() -> Bench {
    let mut b = Bench::new(vec![Via::none(), via(A), via(A)]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    b.pass(0);
    b
}

#[test]
fn one_incident_for_the_root_and_none_for_its_consequences() {
    let mut b = trunk();
    down(&mut b, A, 10);
    b.pass(20);
    down(&mut b, B, 12);
    down(&mut b, C, 13);
    b.pass(25);
    assert_eq!(b.told(), [], "it gathers its impact first");
    b.pass(50);
    assert_eq!(b.told(), [(News::Down, "s0".to_owned(), 3)]);
    good(&mut b, A, 60);
    b.pass(66);
    good(&mut b, B, 67);
    good(&mut b, C, 67);
    b.pass(80);
    assert_eq!(b.told()[1..], [(News::Recovered, "s0".to_owned(), 3)]);
    let changes: Vec<Change> = b.incident_changes().iter().map(|(c, _)| *c).collect();
    assert_eq!(changes, [Change::Opened, Change::Closed]);
}

#[test]
fn a_reminder_comes_until_somebody_takes_it_and_again_when_his_word_expires() {
    let mut b = trunk();
    down(&mut b, A, 10);
    b.pass(20);
    b.pass(50);
    let hours = |n: i64| 50 + n * 3600;
    b.pass(hours(4));
    let ack = Ack {
        by: "lan".to_owned(),
        note: "đã gọi nhà mạng".to_owned(),
        at: t(hours(5)),
        until: Some(t(hours(10))),
    };
    let mut effects = Vec::new();
    let id = b.health.acknowledge(A, ack.clone(), &mut effects).unwrap();
    assert_eq!(b.health.incidents()[0].id, id);
    let again = b.health.acknowledge(A, ack.clone(), &mut effects);
    assert_eq!(again, Err(AckError::Taken(ack.clone())));
    assert_eq!(b.health.acknowledge(B, ack, &mut effects), Err(AckError::NoIncident));
    b.pass(hours(9));
    assert_eq!(b.told().len(), 2);
    b.pass(hours(10));
    let news: Vec<News> = b.told().iter().map(|(n, ..)| *n).collect();
    assert_eq!(news, [News::Down, News::Reminder, News::Reminder]);
}

#[test]
fn short_trouble_that_nobody_was_told_of_has_no_recovery() {
    let mut b = trunk();
    down(&mut b, A, 10);
    b.pass(20);
    good(&mut b, A, 25);
    b.pass(31);
    b.pass(100);
    assert_eq!(b.told(), []);
    assert_eq!(b.incident_changes().len(), 2);
}

#[test]
fn a_part_that_stays_down_after_the_root_recovered_is_an_incident_of_its_own() {
    let mut b = trunk();
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    b.pass(25);
    b.pass(60);
    good(&mut b, A, 70);
    b.pass(76);
    down(&mut b, B, 77);
    b.pass(90);
    let changes = b.incident_changes();
    let roots: Vec<(Change, &str)> = changes.iter().map(|(c, i)| (*c, i.root.as_str())).collect();
    assert_eq!(roots, [(Change::Opened, "s0"), (Change::Closed, "s0"), (Change::Opened, "s1")]);
    assert_eq!(changes[2].1.split_from.as_ref(), Some(&changes[0].1.id));
    assert_eq!(b.record(B)[1..], [(12, State::Unreachable), (70, State::Down)]);
}

#[test]
fn an_incident_keeps_its_name_when_its_root_turns_out_to_lie_higher() {
    // The trunk takes longer to confirm than the window lets its communes wait.
    let mut inventory = Inventory::clone(&inventory(vec![Via::none(), via(A), via(A)]));
    inventory.subjects[0].health.confirm = 20;
    let mut b = Bench::with(inventory, Settings::default());
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    b.fail(A, 10);
    down(&mut b, B, 12);
    down(&mut b, C, 13);
    (15..=55).step_by(5).for_each(|s| b.fail(A, s));
    b.pass(55);
    assert_eq!((b.state(B), b.state(C)), (State::Down, State::Down), "the window is over");
    let first = b.health.incidents()[0].id.clone();
    assert_eq!(b.health.incidents().len(), 2);
    for s in (60..=105).step_by(5) {
        [B, C, A].into_iter().for_each(|x| b.fail(x, s));
    }
    b.pass(106);
    assert_eq!((b.state(A), b.state(B)), (State::Down, State::Unreachable));
    assert_eq!(b.record(B)[1..], [(12, State::Unreachable)]);
    let incidents = b.health.incidents();
    assert_eq!((incidents.len(), incidents[0].root.as_str()), (1, "s0"));
    assert_eq!(incidents[0].id, first);
    let merged: Vec<_> =
        b.incident_changes().into_iter().filter_map(|(_, i)| i.merged_into).collect();
    assert_eq!(merged, [first]);
}

#[test]
fn a_child_that_was_down_before_its_parent_stays_to_blame() {
    let mut b = trunk();
    down(&mut b, B, 5);
    b.good(A, 16);
    assert_eq!(b.state(B), State::Down);
    down(&mut b, A, 20);
    assert_eq!(b.state(B), State::Down);
    b.pass(31);
    assert_eq!(b.health.incidents().len(), 2);
}

pub(super) fn sentinel(n: u8) -> Sentinel {
    Sentinel { address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, n)), carrier: None, is_control: false }
}

pub(super) fn window(on: WorkedOn, from: i64, to: i64) -> Maintenance {
    Maintenance {
        id: Id::new("m-1").unwrap(),
        on,
        hours: WorkHours::Once(Span::new(t(from), t(to))),
        by: "lan".to_owned(),
        note: String::new(),
    }
}

fn office(zone: &str) -> Calendar {
    let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
    hours.fill(vec![(7 * 60, 17 * 60)]);
    Calendar {
        id: CalendarId::new("office").unwrap(),
        zone: jiff::tz::TimeZone::get(zone).unwrap(),
        hours,
        holidays: Vec::new(),
        make_up: Vec::new(),
    }
}

/// A line that may be off outside 07:00–17:00 UTC.
pub(super) fn commune() -> Bench {
    let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
    inventory.calendars.push(office("UTC"));
    inventory.subjects[0].calendar = Some(CalendarIx(0));
    inventory.subjects[0].off_hours_allowed = true;
    Bench::with(inventory, Settings::default())
}

pub(super) const HOUR: i64 = 3600;

#[test]
fn a_root_that_becomes_a_consequence_is_nobodys_cause_any_more() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    // The trunk's rounds come last, and after the window.
    down(&mut b, B, 10);
    down(&mut b, C, 12);
    [50, 60].into_iter().for_each(|s| b.pass(s));
    assert_eq!(b.health.view(C).cause, Some(B));
    down(&mut b, A, 61);
    assert_eq!(b.health.view(B).cause, Some(A), "it fell silent after the trunk's last answer");
    assert_eq!(b.health.view(C).cause, Some(A));
}

#[test]
fn a_root_that_answers_again_is_not_blamed_anew() {
    // s3 by either of two ways: s1, down by itself, or s2, cut off with the trunk.
    let both = Via::Any(vec![via(B), via(C)]);
    let mut b = Bench::new(vec![Via::none(), Via::none(), via(A), both]);
    let leaf = SubjectIx(3);
    [A, B, C, leaf].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    down(&mut b, C, 12);
    down(&mut b, B, 40);
    down(&mut b, leaf, 41);
    assert_eq!(b.health.view(leaf).cause, Some(B), "the way that went last");
    good(&mut b, A, 70);
    assert_eq!(b.health.view(C).state, State::Unreachable, "it has to prove itself");
    assert_eq!(b.health.view(leaf).cause, Some(B));
}

#[test]
fn a_trunk_that_begins_to_answer_again_had_been_silent_all_the_same() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    b.fail(B, 22);
    down(&mut b, C, 21);
    b.pass(62);
    assert_eq!(b.state(C), State::Down, "nobody knew better when the window was over");
    b.good(A, 63);
    [64, 69].into_iter().for_each(|s| b.fail(B, s));
    assert_eq!((b.state(B), b.state(C)), (State::Unreachable, State::Unreachable));
}

#[test]
fn what_was_disabled_while_nobody_patrolled_is_unmeasured_from_then_on() {
    let resumed = Resumed {
        state: State::Down,
        since: t(100),
        hard: Some(ResumedVerdict {
            state: State::Down,
            cause: None,
            since: t(100),
            from: t(100),
            holes: Vec::new(),
        }),
        last_round: Some(t(190)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut inventory = Arc::unwrap_or_clone(inventory(vec![Via::none()]));
    inventory.subjects[0].is_enabled = false;
    let memory = Memory { subject: &|_| Some(resumed.clone()), ..Memory::default() };
    let mut b = Bench::new(vec![]);
    let mut effects = Vec::new();
    b.health = Health::new(Arc::new(inventory), Settings::default(), memory, t(1000), &mut effects);
    b.apply(effects);
    assert_eq!(b.record(A), [(220, State::Unmeasured)], "the last round vouched for 30 s");
    assert_eq!(b.health.view(A).verdict, None);
    b.pass(1001);
    assert!(b.health.incidents().is_empty());
}

#[test]
fn a_verdict_waits_for_a_parent_that_has_to_prove_itself() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    good(&mut b, C, 24);
    good(&mut b, A, 30);
    [40, 45, 50].into_iter().for_each(|s| b.fail(C, s));
    assert_eq!(
        b.state(C),
        State::Up,
        "its parent's root answers, the parent itself is not heard of"
    );
    [41, 46, 51].into_iter().for_each(|s| b.fail(B, s));
    assert_eq!((b.state(B), b.state(C)), (State::Down, State::Unreachable));
    assert_eq!(b.health.view(C).cause, Some(B), "and not the trunk, which answers");
}

#[test]
fn a_recorded_hole_outlives_a_restart_in_the_middle_of_it() {
    let resumed = Resumed {
        state: State::Unmeasured,
        since: t(100),
        hard: Some(ResumedVerdict {
            state: State::Up,
            cause: None,
            since: t(0),
            from: t(0),
            holes: Vec::new(),
        }),
        // Sent and lost while the patrol was blind.
        last_round: Some(t(990)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let memory = Memory { subject: &|_| Some(resumed.clone()), ..Memory::default() };
    let mut b = Bench::new(vec![]);
    let mut effects = Vec::new();
    let inventory = inventory(vec![Via::none()]);
    b.health = Health::new(inventory, Settings::default(), memory, t(1000), &mut effects);
    b.apply(effects);
    b.good(A, 1001);
    assert_eq!(b.record(A), [(1001, State::Up)]);
}

#[test]
fn a_hole_is_opened_in_time_after_the_clock_was_set_back() {
    let mut b = Bench::new(vec![Via::none()]);
    let hours = 4 * 3600;
    b.good(A, hours);
    b.pass(hours + 1);
    b.pass(10);
    b.good(A, 11);
    b.pass(12);
    b.pass(11 + 70);
    assert_eq!(b.health.view(A).state, State::Unmeasured);
}

#[test]
fn a_restart_goes_on_with_what_was_told_and_who_took_it() {
    let since = t(100);
    let kept = KeptIncident {
        id: crate::model::IncidentId::new("s0", t(110)),
        root: SubjectId::new("s0").unwrap(),
        opened: t(110),
        since,
        closed: None,
        state: State::Down,
        told: Some(Told::Down),
        told_at: Some(t(140)),
        ack: Some(Ack { by: "lan".into(), note: String::new(), at: t(150), until: None }),
        split_from: None,
        merged_into: None,
    };
    let resumed = Resumed {
        state: State::Down,
        since,
        hard: Some(ResumedVerdict {
            state: State::Down,
            cause: None,
            since,
            from: since,
            holes: Vec::new(),
        }),
        last_round: Some(t(190)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut b = Bench::new(vec![]);
    let memory = Memory {
        subject: &|_| Some(resumed.clone()),
        incidents: vec![kept.clone()],
        ..Memory::default()
    };
    let mut effects = Vec::new();
    let inventory = inventory(vec![Via::none()]);
    b.health = Health::new(inventory, Settings::default(), memory, t(200), &mut effects);
    b.apply(effects);
    b.pass(200);
    b.pass(200 + 5 * HOUR);
    assert_eq!(b.told(), [], "told before the restart, and taken");
    let shown = &b.health.incidents()[0];
    assert_eq!((&shown.id, &shown.ack), (&kept.id, &kept.ack));
    good(&mut b, A, 200 + 5 * HOUR);
    b.pass(210 + 5 * HOUR);
    assert_eq!(b.told(), [(News::Recovered, "s0".to_owned(), 1)]);
}

#[test]
fn what_is_switched_off_in_the_inventory_is_unmeasured_and_ends_its_incident() {
    let mut b = trunk();
    down(&mut b, A, 10);
    b.pass(21);
    assert_eq!(b.health.incidents().len(), 1);
    let mut off = Inventory::clone(b.health.inventory());
    off.subjects[0].is_enabled = false;
    b.reload(Arc::new(off), 25);
    b.pass(26);
    assert_eq!(b.state(A), State::Unmeasured);
    assert_eq!(b.health.incidents(), []);
    b.good(A, 27);
    assert_eq!(b.state(A), State::Unmeasured, "a late answer counts no more");
}

#[test]
fn slower_than_usual_is_degraded_where_a_baseline_is_asked_for() {
    let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
    inventory.subjects[0].health.baseline_tenths = Some(30);
    let mut b = Bench::with(inventory, Settings::default());
    (0..40).for_each(|n| b.round(A, t(n * 30), 0, 5_000));
    assert_eq!(b.state(A), State::Up);
    (40..43).for_each(|n| b.round(A, t(n * 30), 0, 16_000));
    assert_eq!(b.state(A), State::Degraded, "over three times 5 ms, far under 200 ms");
}

#[test]
fn what_is_asked_no_more_ends_its_incident() {
    let mut b = trunk();
    down(&mut b, A, 10);
    b.pass(21);
    let mut unasked = Inventory::clone(b.health.inventory());
    unasked.subjects[0].checks.clear();
    b.reload(Arc::new(unasked), 25);
    b.pass(26);
    assert_eq!((b.state(A), b.health.incidents().len()), (State::Unmeasured, 0));
}

#[test]
fn a_clock_set_back_by_hours_delays_neither_verdict_nor_telling() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, 10_000));
    b.pass(10_000);
    down(&mut b, B, 10_020);
    assert_eq!(b.state(B), State::Up, "held for A");
    b.tick(2_000);
    assert_eq!(b.health.view(B).verdict.map(|v| v.state), Some(State::Down));
    b.pass(2_001);
    b.pass(2_031);
    assert_eq!(b.told().len(), 1);
}

#[test]
fn the_last_of_redundant_lines_is_told_though_the_first_one_was() {
    let mut redundant = Inventory::clone(&inventory(vec![Via::none(), Via::none()]));
    redundant.subjects[1].unit = UnitIx(0);
    let redundant = Inventory::new(
        redundant.units.clone(),
        redundant.networks.clone(),
        Vec::new(),
        Vec::new(),
        redundant.subjects.clone(),
    );
    let mut b = Bench::with(redundant, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    b.pass(20);
    b.pass(50);
    assert_eq!(b.told(), [(News::Down, "s0".to_owned(), 0)]);
    down(&mut b, B, 60);
    b.pass(75);
    b.pass(80);
    assert_eq!(b.told()[1..], [(News::Down, "s1".to_owned(), 1)]);
    assert_eq!(b.health.incidents().len(), 1);
}
