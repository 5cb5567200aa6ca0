//! Whom the driver is told to ask, and how often; and which of several may be to blame.

use super::stories::{down, good};
use super::*;

const D: SubjectIx = SubjectIx(3);

fn answering(vias: Vec<Via>) -> Bench {
    let mut b = Bench::new(vias);
    let subjects: Vec<SubjectIx> = b.health.inventory().subject_ixs().collect();
    subjects.into_iter().for_each(|s| b.good(s, 0));
    b
}

#[test]
fn a_parent_is_asked_once_for_each_verdict_that_waits_for_it() {
    let mut b = answering(vec![Via::none(), via(A), via(B), via(B)]);
    down(&mut b, C, 10);
    assert_eq!(b.asked_now, [B]);
    b.good(A, 21);
    b.fail(C, 25);
    assert_eq!(b.asked_now, [B], "whatever is heard meanwhile");
    down(&mut b, D, 16);
    assert_eq!(b.asked_now, [B, B], "a later verdict needs a later round");
    b.good(B, 27);
    assert_eq!((b.state(C), b.state(D)), (State::Down, State::Down));
    assert_eq!(b.asked_now, [B, B], "what is down already is not asked anew");
}

#[test]
fn only_what_answers_is_asked_when_something_it_is_reached_through_is_down() {
    let mut b = answering(vec![Via::none(), via(A), via(B), Via::none()]);
    down(&mut b, C, 5);
    b.good(B, 16);
    assert_eq!(b.state(C), State::Down);
    b.asked_now.clear();
    down(&mut b, A, 20);
    assert_eq!(b.asked_now, [B], "C is silent already, D has nothing to do with it");
    down(&mut b, B, 31);
    assert_eq!(b.asked_now, [B], "unreachable, it tells nothing of what is behind it");
}

#[test]
fn what_proves_itself_is_asked_at_once_and_often() {
    let mut b = answering(vec![Via::none(), via(A), via(B)]);
    down(&mut b, A, 10);
    [B, C].into_iter().for_each(|s| down(&mut b, s, 12));
    b.asked_now.clear();
    good(&mut b, A, 40);
    assert_eq!(b.asked_now, [B], "C behind it can tell nothing yet");
    assert_eq!((b.paces[&B], b.paces[&C]), (Pace::Retry, Pace::Normal));
    good(&mut b, B, 46);
    assert_eq!(b.asked_now, [B, C]);
    assert_eq!((b.paces[&B], b.paces[&C]), (Pace::Normal, Pace::Retry));
}

#[test]
fn the_pace_is_told_when_it_changes_and_not_with_every_round() {
    let mut b = answering(vec![Via::none()]);
    let paces = |b: &mut Bench, lost: u8, at: i64| {
        let round = Round {
            subject: A,
            check: 0,
            at: t(at),
            sent: 3,
            lost,
            rtts: Rtts::from_us(&vec![4_000; usize::from(3 - lost)]),
            error: None,
        };
        let mut effects = Vec::new();
        b.health.round(&round, t(at), &mut effects);
        effects.iter().filter(|e| matches!(e, Effect::Pace { .. })).count()
    };
    let told: Vec<usize> = [(3, 30), (3, 35), (3, 40), (3, 45), (0, 50), (0, 55), (0, 85)]
        .into_iter()
        .map(|(lost, at)| paces(&mut b, lost, at))
        .collect();
    assert_eq!(told, [1, 0, 0, 0, 0, 1, 0]);
}

#[test]
fn what_answered_after_the_child_fell_silent_is_not_to_blame_for_it() {
    for (answer, expected) in [(9, State::Unreachable), (10, State::Down)] {
        // The window is over before anything is known of A.
        let mut b = answering(vec![Via::none(), via(A)]);
        down(&mut b, B, 10);
        b.pass(60);
        assert_eq!(b.state(B), State::Down);
        let mut b = answering(vec![Via::none(), via(A)]);
        [10, 15].into_iter().for_each(|s| b.fail(B, s));
        b.good(A, answer);
        b.fail(B, 20);
        b.pass(60);
        assert_eq!(b.state(B), State::Down);
        down(&mut b, A, 61);
        assert_eq!(b.state(B), expected, "A last answered at {answer} s");
    }
}

#[test]
fn a_root_that_answers_between_is_no_cause_of_what_it_leads_to() {
    // C hangs on B, B on A; A answers until after C fell silent, B does not.
    let mut b = answering(vec![Via::none(), via(A), via(B)]);
    down(&mut b, C, 10);
    b.good(A, 30);
    b.pass(60);
    assert_eq!(b.state(C), State::Down, "the window is over");
    down(&mut b, A, 61);
    assert_eq!(b.state(C), State::Down, "it was silent while A answered");
    down(&mut b, B, 72);
    assert_eq!(b.state(B), State::Unreachable);
    assert_eq!(b.state(C), State::Down, "B is cut off by A, and A answered when C did not");
}

#[test]
fn a_trunk_that_fails_again_while_its_communes_prove_themselves_is_the_cause_again() {
    let mut b = answering(vec![Via::none(), via(A)]);
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    good(&mut b, A, 40);
    b.fail(B, 46);
    down(&mut b, A, 47);
    [51, 56].into_iter().for_each(|s| b.fail(B, s));
    assert_eq!((b.state(B), b.health.view(B).cause), (State::Unreachable, Some(A)));
    assert_eq!(b.record(B)[1..], [(12, State::Unreachable)], "one stretch");
}

#[test]
fn what_is_down_stays_down_though_its_parent_is_suspect_afterwards() {
    let mut b = answering(vec![Via::none(), via(A)]);
    down(&mut b, B, 10);
    b.good(A, 21);
    assert_eq!(b.state(B), State::Down);
    b.asked_now.clear();
    b.fail(A, 30);
    b.fail(B, 31);
    let explained = b.health.explain(B, t(32));
    assert_eq!((explained.phase, b.health.view(B).suspect), (PhaseSeen::Steady, 0));
    assert_eq!(b.asked_now, [], "nothing waits for the parent");
}
