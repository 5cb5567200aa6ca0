//! Why a subject is in its state, as it is explained to whoever asks.

use super::stories::{HOUR, commune, down, good, sentinel, window};
use super::*;
use crate::model::{Sentinel, WorkedOn};

fn answering(vias: Vec<Via>) -> Bench {
    let mut b = Bench::new(vias);
    let subjects: Vec<SubjectIx> = b.health.inventory().subject_ixs().collect();
    subjects.into_iter().for_each(|s| b.good(s, 0));
    b
}

/// What is said of the way through the only parent.
fn parent(b: &Bench, subject: SubjectIx, seconds: i64) -> (PassageSeen, Option<String>) {
    let explained = b.health.explain(subject, t(seconds));
    let [parent] = &explained.parents[..] else { panic!("one parent") };
    (parent.passage, parent.cause.as_ref().map(ToString::to_string))
}

#[test]
fn each_step_between_two_verdicts_has_its_word_and_its_numbers() {
    let mut patient = Inventory::clone(&inventory(vec![Via::none(), via(A)]));
    patient.subjects[1].health.correlation_window_ms = 12_000;
    let mut b = Bench::with(patient, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    let phase = |b: &Bench| b.health.explain(B, t(50)).phase;
    assert_eq!(phase(&b), PhaseSeen::Steady);
    b.fail(B, 10);
    b.fail(B, 15);
    assert_eq!(phase(&b), PhaseSeen::Suspect { first: t(10), failed: 2 });
    b.fail(B, 20);
    // Judged a tenth of a second after it was sent.
    let until = t(32) + 100;
    assert_eq!(phase(&b), PhaseSeen::Held { first: t(10), failed: 3, until });
    down(&mut b, A, 21);
    assert_eq!(phase(&b), PhaseSeen::Steady);
    good(&mut b, A, 40);
    b.fail(B, 46);
    assert_eq!(phase(&b), PhaseSeen::Proving { from: t(40), failed: 1 });
    b.good(B, 47);
    assert_eq!(phase(&b), PhaseSeen::Recovering { first: t(47), answered: 1 });
}

#[test]
fn a_verdict_is_explained_by_its_rule_its_cause_and_its_incident() {
    let mut b = answering(vec![Via::none(), via(A), Via::none()]);
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    b.pass(25);
    let incident = b.health.incidents()[0].id.clone();
    let explained = b.health.explain(B, t(30));
    assert_eq!((explained.state, explained.since), (State::Unreachable, t(12)));
    assert_eq!((explained.verdict, explained.rule), (Some(State::Unreachable), Rule::Blocked));
    assert_eq!(explained.cause.map(|c| c.to_string()).as_deref(), Some("s0"));
    assert_eq!(explained.incident.as_ref(), Some(&incident), "it is cut off by it");
    assert_eq!((explained.last_round, explained.last_answer), (Some(t(22)), Some(t(0))));
    assert_eq!(explained.vouched_until, Some(t(52)));
    assert_eq!(explained.poor_rounds, 3, "one is forgotten with the fifth");
    assert_eq!(explained.thresholds, HealthParams::default());
    let root = b.health.explain(A, t(30));
    assert_eq!((root.incident, root.rule), (Some(incident), Rule::Confirmed));
    assert_eq!(b.health.explain(C, t(30)).incident, None, "it has nothing to do with it");
    assert_eq!(b.health.explain(C, t(30)).cause, None);
}

#[test]
fn a_parent_is_judged_by_its_rounds_since_the_first_failed_one() {
    let mut b = answering(vec![Via::none(), via(A)]);
    assert_eq!(parent(&b, B, 5), (PassageSeen::Open, None));
    b.fail(B, 10);
    assert_eq!(parent(&b, B, 11), (PassageSeen::Undecided, None), "not asked since");
    b.good(A, 12);
    assert_eq!(parent(&b, B, 13), (PassageSeen::Open, None));
    b.fail(A, 14);
    assert_eq!(parent(&b, B, 15), (PassageSeen::Undecided, None), "it is suspect");
    b.good(B, 16);
    assert_eq!(parent(&b, B, 17), (PassageSeen::Undecided, None), "it still is");
    down(&mut b, A, 19);
    assert_eq!(parent(&b, B, 30), (PassageSeen::Blocked, Some("s0".to_owned())));
    let seen = &b.health.explain(B, t(30)).parents[0];
    assert_eq!((seen.state, seen.since, seen.suspect), (State::Down, t(14), 0));
    assert_eq!(seen.last_answer, Some(t(12)));
}

#[test]
fn a_held_verdict_waits_for_a_parent_that_is_not_decided() {
    let mut b = answering(vec![Via::none(), via(A)]);
    down(&mut b, B, 10);
    assert_eq!(parent(&b, B, 21), (PassageSeen::Undecided, None));
}

#[test]
fn after_a_restart_a_parent_passes_as_far_as_is_known() {
    let resumed = Resumed {
        state: State::Up,
        since: t(0),
        hard: Some(ResumedVerdict {
            state: State::Up,
            cause: None,
            since: t(0),
            from: t(0),
            holes: Vec::new(),
        }),
        last_round: Some(t(90)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut b = Bench::new(vec![]);
    b.resume(inventory(vec![Via::none(), via(A)]), 100, &|_| Some(resumed.clone()));
    assert_eq!(parent(&b, B, 101), (PassageSeen::Open, None));
    b.fail(B, 102);
    assert_eq!(parent(&b, B, 103), (PassageSeen::Undecided, None));
}

#[test]
fn off_hours_are_explained_until_they_are_over() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    assert_eq!(b.health.explain(A, t(16 * HOUR)).off_hours_until, None);
    down(&mut b, A, 18 * HOUR);
    let due = t(31 * HOUR + 1800);
    assert_eq!(b.health.explain(A, t(20 * HOUR)).off_hours_until, Some(due));
    assert_eq!(b.health.explain(A, due - 1).off_hours_until, Some(due));
    assert_eq!(b.health.explain(A, due).off_hours_until, None);
    let mut b = commune();
    b.good(A, 18 * HOUR);
    assert_eq!(b.health.explain(A, t(18 * HOUR)).off_hours_until, None, "it answers");
    let mut b = commune();
    b.good(A, 8 * HOUR);
    down(&mut b, A, 9 * HOUR);
    assert_eq!(b.health.explain(A, t(10 * HOUR)).off_hours_until, None, "in the hours");
}

#[test]
fn whether_it_is_seen_is_open_while_rounds_wait_for_the_sentinels() {
    let sentinels: Vec<Sentinel> = vec![sentinel(1)];
    let settings = Settings { sentinels, ..Settings::default() };
    let mut b = Bench::with(Inventory::clone(&inventory(vec![Via::none()])), settings);
    b.sentinel(0, 0, true);
    b.good(A, 0);
    let is_seen = |b: &Bench, seconds: i64| b.health.explain(A, t(seconds)).is_seen;
    assert_eq!(is_seen(&b, 1), Some(true));
    b.fail(A, 30);
    assert_eq!(is_seen(&b, 31), None);
    b.sentinel(0, 31, true);
    assert_eq!(is_seen(&b, 32), Some(true));
    [35, 40, 45].into_iter().for_each(|s| b.sentinel(0, s, false));
    assert_eq!(is_seen(&b, 46), Some(false));
    assert_eq!(b.health.explain(A, t(20)).is_seen, Some(true), "it could be seen then");
    b.good(A, 47);
    b.sentinel(0, 50, true);
    assert_eq!(is_seen(&b, 51), Some(false), "its last round was sent in blind time");
    b.good(A, 52);
    assert_eq!(is_seen(&b, 53), Some(true));
}

#[test]
fn everything_it_goes_by_is_told() {
    let pair = Via::Any(vec![via(A), via(B)]);
    let mut inventory = Inventory::clone(&inventory(vec![Via::none(), Via::none(), pair]));
    inventory.subjects[2].health.baseline_tenths = Some(30);
    inventory.subjects[2].health.recover = 4;
    let second = inventory.subjects[2].checks[0].clone();
    inventory.subjects[2].checks.push(second);
    let mut b = Bench::with(inventory, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    (0..40).for_each(|n| b.round(C, t(30 * n), 0, 5_000));
    let at = 30 * 40;
    let calm = b.health.explain(C, t(at));
    assert_eq!(calm.usual_us, Some(5_000));
    assert_eq!((calm.poor_rounds, calm.secondary_fails, calm.backup.clone()), (0, false, None));
    assert_eq!((calm.is_flapping, calm.change_permille, calm.is_planned), (false, 0, false));
    assert_eq!(calm.thresholds.recover, 4);
    assert_eq!(calm.vouched_until, Some(t(at)));
    let on = WorkedOn::Subject(SubjectId::new("s2").unwrap());
    b.health.set_maintenance(vec![window(on, at, at + 100)]);
    assert!(b.health.explain(C, t(at)).is_planned);
    assert!(!b.health.explain(C, t(at + 100)).is_planned);
    b.fail(C, at + 1);
    let changed = b.health.explain(C, t(at + 1));
    assert_eq!((changed.change_permille, changed.poor_rounds), (59, 1), "1.18 of 20");
    b.good(C, at + 2);
    (3..6).for_each(|n| b.check(C, 1, t(at + n), 3, 0));
    assert!(b.health.explain(C, t(at + 6)).secondary_fails);
    assert_eq!(b.health.explain(C, t(at + 6)).rule, Rule::SecondaryCheck);
    down(&mut b, A, at + 7);
    assert_eq!(b.health.explain(C, t(at + 20)).backup, Some(SubjectId::new("s0").unwrap()));
}

#[test]
fn nothing_vouches_for_what_was_never_heard_of() {
    let b = Bench::new(vec![Via::none()]);
    let explained = b.health.explain(A, t(10));
    assert_eq!((explained.state, explained.rule), (State::Unmeasured, Rule::NotJudged));
    assert_eq!((explained.vouched_until, explained.last_round), (None, None));
    assert_eq!((explained.verdict, explained.is_seen), (None, Some(true)));
}

#[test]
fn every_verdict_names_the_rule_that_decided_it() {
    let rule = |b: &Bench, subject: SubjectIx| b.health.explain(subject, t(1000)).rule;
    let mut b = answering(vec![Via::none(), via(A)]);
    assert_eq!(rule(&b, A), Rule::Answered);
    (1..6).for_each(|n| b.round(A, t(n), 2, 4_000));
    assert_eq!(rule(&b, A), Rule::PoorRounds);
    (6..11).for_each(|n| b.good(A, n));
    assert_eq!(rule(&b, A), Rule::GoodAgain);
    down(&mut b, B, 12);
    b.pass(60);
    assert_eq!(rule(&b, B), Rule::WindowOver);
    down(&mut b, A, 61);
    assert_eq!((rule(&b, A), rule(&b, B)), (Rule::Confirmed, Rule::BlockedLater));
    good(&mut b, A, 80);
    [86, 91, 96].into_iter().for_each(|s| b.fail(B, s));
    b.good(A, 97);
    assert_eq!((rule(&b, A), rule(&b, B)), (Rule::Recovered, Rule::StillSilent));
    good(&mut b, B, 100);
    assert_eq!(rule(&b, B), Rule::Recovered);
    down(&mut b, A, 110);
    down(&mut b, B, 112);
    assert_eq!(rule(&b, B), Rule::Blocked);
    let mut b = answering(vec![Via::none(), Via::none(), Via::Any(vec![via(A), via(B)])]);
    down(&mut b, A, 10);
    assert_eq!(rule(&b, C), Rule::OnBackup);
    good(&mut b, A, 30);
    assert_eq!(rule(&b, C), Rule::GoodAgain);
}

#[test]
fn what_is_unreachable_through_something_that_was_removed_has_to_prove_itself_before_others_are_judged()
 {
    let mut b = answering(vec![Via::none(), via(A), via(B)]);
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    b.good(C, 30);
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects[1..].to_vec();
    subjects[0].via = Via::none();
    subjects[1].via = via(A);
    let (units, networks) = (old.units.clone(), old.networks.clone());
    b.reload(Arc::new(Inventory::new(units, networks, vec![], vec![], subjects)), 40);
    // What was B is the first now, and what was C is behind it.
    let is_cut = (PassageSeen::Blocked, Some("s1".to_owned()));
    assert_eq!(parent(&b, B, 41), is_cut, "nothing else is known of it so far");
    down(&mut b, B, 42);
    assert_eq!(b.state(B), State::Up, "its verdict waits");
    assert_eq!(parent(&b, B, 53), (PassageSeen::Undecided, None));
    good(&mut b, A, 54);
    assert_eq!(b.record(A).last(), Some(&(54, State::Up)));
    assert_eq!(b.record(B).last(), Some(&(42, State::Down)));
}
