//! Subjects that several checks decide on: whose rounds an outage and a recovery are dated by.

use super::stories::{down, good};
use super::*;

/// A, and B behind it with a further check for each of `critical`.
fn behind(critical: &[bool]) -> Bench {
    let mut inventory = Inventory::clone(&inventory(vec![Via::none(), via(A)]));
    for &critical in critical {
        let check = Check { critical, ..inventory.subjects[1].checks[0].clone() };
        inventory.subjects[1].checks.push(check);
    }
    let mut b = Bench::with(inventory, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    b
}

impl Bench {
    fn fail_check(&mut self, check: u8, seconds: i64) {
        self.check(B, check, t(seconds), 3, 0);
    }

    fn good_check(&mut self, check: u8, seconds: i64) {
        self.check(B, check, t(seconds), 0, 4_000);
    }

    /// The first failed round that the verdict which is waited for will be dated by.
    fn held_since(&self) -> Option<UnixMs> {
        match self.health.explain(B, t(50)).phase {
            PhaseSeen::Held { first, .. } => Some(first),
            _ => None,
        }
    }
}

#[test]
fn an_outage_begins_with_the_check_that_fails_longest_of_those_that_still_fail() {
    let mut b = behind(&[true, true]);
    b.good_check(1, 1);
    // The verdict waits for the parent.
    b.fail(A, 9);
    // One that begins to answer at that very moment has nothing to do with it.
    b.good_check(2, 10);
    for s in [10, 15, 20] {
        b.fail_check(0, s);
        b.fail_check(1, s + 1);
    }
    assert_eq!(b.held_since(), Some(t(10)));
    b.fail_check(1, 22);
    assert_eq!(b.held_since(), Some(t(10)), "the other one has failed more often, not longer");
    b.good_check(0, 25);
    assert_eq!(b.held_since(), Some(t(11)), "it was no outage of that one");
    [14, 19].into_iter().for_each(|s| b.fail(A, s));
    assert_eq!(b.record(B), [(0, State::Up), (11, State::Unreachable)]);
}

#[test]
fn a_hole_ends_with_the_first_failed_round_although_another_check_was_heard_of_before() {
    let mut b = behind(&[true, true]);
    [0, 1].into_iter().for_each(|check| b.good_check(check, 20));
    b.fail_check(2, 20);
    // Nobody is asked for three minutes; what was sent second is heard of first.
    b.good(A, 200);
    b.fail_check(1, 202);
    b.good_check(2, 203);
    b.fail_check(0, 200);
    for s in [205, 210] {
        b.fail_check(0, s);
        b.fail_check(1, s + 2);
    }
    b.good(A, 213);
    let expected = [(0, State::Up), (50, State::Unmeasured), (200, State::Down)];
    assert_eq!(b.record(B), expected);
}

#[test]
fn a_verdict_is_waited_for_while_another_check_has_failed_often_enough_too() {
    for (times, expected) in [(1, None), (2, None), (3, Some(t(11)))] {
        let mut b = behind(&[true]);
        b.good_check(1, 1);
        b.fail(A, 9);
        for (n, s) in (1..).zip([10, 15, 20]) {
            b.fail_check(0, s);
            if n <= times {
                b.fail_check(1, s + 1);
            }
        }
        assert_eq!(b.held_since(), Some(t(10)));
        b.good_check(0, 25);
        assert_eq!(b.held_since(), expected, "failed {times} times");
    }
}

#[test]
fn how_often_it_has_answered_since_is_told_by_the_checks_that_decide() {
    let mut b = behind(&[false]);
    b.good_check(1, 1);
    down(&mut b, B, 10);
    b.good(A, 24);
    b.good(B, 30);
    let answered = PhaseSeen::Recovering { first: t(30), answered: 1 };
    assert_eq!(b.health.explain(B, t(31)).phase, answered);
}

#[test]
fn a_check_that_answers_all_along_need_not_prove_itself_after_the_parents_outage() {
    let mut b = behind(&[true]);
    down(&mut b, A, 10);
    [12, 17, 22].into_iter().for_each(|s| b.fail_check(0, s));
    [13, 18].into_iter().for_each(|s| b.good_check(1, s));
    assert_eq!(b.state(B), State::Unreachable);
    good(&mut b, A, 40);
    good(&mut b, B, 46);
    assert_eq!(b.record(B)[1..], [(12, State::Unreachable), (46, State::Up)]);
}

#[test]
fn the_first_round_of_a_check_counts_from_when_it_was_sent_although_another_overtook_it() {
    let mut b = behind(&[true]);
    b.good_check(0, 10);
    [9, 14, 19].into_iter().for_each(|s| b.fail_check(1, s));
    b.good(A, 20);
    assert_eq!(b.record(B), [(0, State::Up), (9, State::Down)]);
}
