//! What people were told of an incident when it turns out to be a part of another one, when its root
//! turns out to lie higher, and when what it is about is patrolled no more.

use super::stories::{down, good};
use super::*;
use crate::model::{Ack, KeptIncident, Told};

fn kept(root: &str, opened: i64, told_at: Option<i64>, ack: Option<Ack>) -> KeptIncident {
    KeptIncident {
        id: crate::model::IncidentId::new(root, t(opened)),
        root: SubjectId::new(root).unwrap(),
        opened: t(opened),
        since: t(100),
        closed: None,
        state: State::Down,
        told: told_at.map(|_| Told::Down),
        told_at: told_at.map(t),
        ack,
        split_from: None,
        merged_into: None,
    }
}

/// A restart that finds A down and B cut off by it, with an incident for each.
fn restarted(of_a: KeptIncident, of_b: KeptIncident) -> Bench {
    let resume = |id: &SubjectId| {
        let (state, cause) = match id.as_str() {
            "s0" => (State::Down, None),
            _ => (State::Unreachable, SubjectId::new("s0").ok()),
        };
        Some(Resumed {
            state,
            since: t(100),
            hard: Some(ResumedVerdict {
                state,
                cause,
                since: t(100),
                from: t(100),
                holes: Vec::new(),
            }),
            last_round: Some(t(190)),
            is_flapping: false,
            usual: Vec::new(),
        })
    };
    let memory = Memory { subject: &resume, incidents: vec![of_a, of_b], ..Memory::default() };
    let mut b = Bench::new(vec![]);
    let mut effects = Vec::new();
    let inventory = inventory(vec![Via::none(), via(A)]);
    b.health = Health::new(inventory, Settings::default(), memory, t(200), &mut effects);
    b.apply(effects);
    b.pass(200);
    b
}

/// Every change of an incident: which, what became of it, and what is kept of what was told.
fn changes(b: &Bench) -> Vec<(String, Change, Option<UnixMs>)> {
    let of = |effect: &Effect| match effect {
        Effect::Incident { incident, change, .. } => {
            Some((incident.root.to_string(), *change, incident.told_at))
        }
        _ => None,
    };
    b.news.iter().filter_map(of).collect()
}

#[test]
fn what_was_told_of_both_is_neither_told_again_nor_kept_anew() {
    let mut b = restarted(kept("s0", 110, Some(140), None), kept("s1", 115, Some(145), None));
    b.pass(260);
    assert_eq!(b.told(), []);
    assert_eq!(changes(&b), [("s1".to_owned(), Change::Closed, Some(t(145)))]);
    assert_eq!(b.incident_changes()[0].1.merged_into, Some(b.health.incidents()[0].id.clone()));
}

#[test]
fn what_was_told_of_the_part_alone_is_kept_with_the_whole_until_that_is_over() {
    // Somebody has taken it before anybody was told, so that nothing else is told of it.
    let ack = Ack { by: "lan".to_owned(), note: String::new(), at: t(112), until: None };
    let mut b = restarted(kept("s0", 110, None, Some(ack)), kept("s1", 115, Some(145), None));
    let a = ("s0".to_owned(), Change::Changed, Some(t(145)));
    let merged = ("s1".to_owned(), Change::Closed, Some(t(145)));
    assert_eq!(changes(&b), [a, merged], "another restart must not forget it");
    assert_eq!(b.told(), []);
    good(&mut b, A, 210);
    b.pass(216);
    assert_eq!(b.told(), [(News::Recovered, "s0".to_owned(), 2)]);
}

#[test]
fn whoever_was_sent_to_the_consequence_is_told_of_the_cause_once() {
    // The trunk takes longer to confirm than the window lets its commune wait.
    let mut inventory = Inventory::clone(&inventory(vec![Via::none(), via(A)]));
    inventory.subjects[0].health.confirm = 20;
    let mut b = Bench::with(inventory, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    b.fail(A, 10);
    down(&mut b, B, 12);
    for s in (15..=105).step_by(5) {
        b.fail(A, s);
        b.pass(s + 1);
    }
    (107..200).for_each(|s| b.pass(s));
    assert_eq!(b.told(), [(News::Down, "s1".to_owned(), 1), (News::Down, "s0".to_owned(), 2)]);
}

#[test]
fn what_is_patrolled_no_more_has_not_recovered() {
    type Edit = fn(&mut Inventory);
    let ways: [(&str, Edit); 4] = [
        ("it is in no inventory", |i| i.subjects.clear()),
        ("nothing is asked of it", |i| i.subjects[0].checks.clear()),
        ("it is switched off", |i| i.subjects[0].is_enabled = false),
        ("it has ended", |i| i.subjects[0].until = Some(t(60))),
    ];
    for (way, edit) in ways {
        let mut b = Bench::new(vec![Via::none()]);
        b.good(A, 0);
        down(&mut b, A, 10);
        b.pass(20);
        b.pass(50);
        let mut edited = Inventory::clone(b.health.inventory());
        edit(&mut edited);
        let (units, networks) = (edited.units.clone(), edited.networks.clone());
        let edited = Inventory::new(units, networks, vec![], vec![], edited.subjects);
        b.reload(Arc::new(edited), 61);
        b.pass(62);
        let news: Vec<News> = b.told().iter().map(|(news, ..)| *news).collect();
        assert_eq!(news, [News::Down, News::Removed], "{way}");
    }
}
