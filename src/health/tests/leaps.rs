//! What leaps of the clock do to what is counted, recorded and told (rules 3 and 8).

use super::stories::{HOUR, commune, down, good};
use super::*;

#[test]
fn what_was_counted_before_a_leap_of_the_clock_counts_still() {
    let later = 10 * HOUR;
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, later);
    down(&mut b, A, later + 30);
    b.good(A, later + 45);
    // The second of two answers in a row, by a clock that was set back by five hours.
    b.good(A, 5 * HOUR);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Up, t(5 * HOUR), None)));
    [later, later + 5].into_iter().for_each(|s| b.fail(A, s));
    b.fail(A, 6 * HOUR);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(6 * HOUR), None)));
    assert_eq!(b.record(A).last(), Some(&(6 * HOUR, State::Down)));
}

#[test]
fn a_verdict_that_waits_does_so_after_a_leap_of_the_clock() {
    let later = 10 * HOUR;
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, later));
    down(&mut b, B, later + 1);
    b.fail(B, 5 * HOUR);
    assert_eq!(b.state(B), State::Up, "its parent has not been asked since");
    b.good(A, 5 * HOUR + 1);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Down, t(5 * HOUR), None)));
    let from_future = b.record(B).into_iter().find(|(from, _)| *from > 5 * HOUR);
    assert_eq!(from_future, None);
}

#[test]
fn a_proof_goes_on_over_a_leap_of_the_clock() {
    let later = 10 * HOUR;
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, later));
    [A, B].into_iter().for_each(|s| down(&mut b, s, later + 30));
    good(&mut b, A, later + 50);
    [56, 61].into_iter().for_each(|s| b.fail(B, later + s));
    b.good(A, 5 * HOUR);
    b.fail(B, 5 * HOUR);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Down, t(5 * HOUR), None)));
}

#[test]
fn a_hole_in_a_failing_run_is_kept_as_far_as_it_has_been() {
    let mut patient = Inventory::clone(&inventory(vec![Via::none()]));
    patient.subjects[0].health.confirm = 4;
    let mut b = Bench::with(patient, Settings::default());
    b.good(A, HOUR);
    // A hole before the time to which the clock is set back, one over it, and one after it.
    [HOUR + 30, HOUR + 300, 9 * HOUR].into_iter().for_each(|s| b.fail(A, s));
    b.fail(A, 5 * HOUR);
    let expected = [
        (0, State::Unmeasured),
        (HOUR, State::Up),
        (HOUR + 30, State::Down),
        (HOUR + 60, State::Unmeasured),
        (HOUR + 300, State::Down),
        (HOUR + 330, State::Unmeasured),
        (5 * HOUR, State::Down),
    ];
    assert_eq!(b.record(A), expected);
}

#[test]
fn a_hole_that_begins_where_the_clock_is_set_back_to_has_not_been() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, HOUR);
    [HOUR + 30, 9 * HOUR, HOUR + 60].into_iter().for_each(|s| b.fail(A, s));
    let expected = [(0, State::Unmeasured), (HOUR, State::Up), (HOUR + 30, State::Down)];
    assert_eq!(b.record(A), expected);
}

#[test]
fn an_outage_never_ends_before_it_began() {
    // A second check that only degrades is asked a moment after the first, and heard of before it.
    let mut two = Inventory::clone(&inventory(vec![Via::none()]));
    let second = two.subjects[0].checks[0].clone();
    two.subjects[0].checks.push(second);
    let mut b = Bench::with(two, Settings::default());
    b.good(A, 10 * HOUR);
    b.check(A, 1, t(10 * HOUR), 0, 4_000);
    down(&mut b, A, 10 * HOUR + 30);
    b.news.clear();
    b.check(A, 1, t(5 * HOUR + 1), 0, 4_000);
    good(&mut b, A, 5 * HOUR);
    let ended = b.verdicts.last().map(|(_, state, since, _)| (*state, *since));
    assert_eq!(ended, Some((State::Up, t(5 * HOUR + 1))), "the outage was moved to begin there");
}

#[test]
fn what_was_off_outside_its_hours_is_missed_when_it_turns_out_to_be_inside_them() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    down(&mut b, A, 18 * HOUR);
    b.pass(18 * HOUR + 60);
    assert_eq!(b.health.incidents(), []);
    // It turns out to be ten in the morning.
    b.pass(10 * HOUR - 1);
    b.fail(A, 10 * HOUR);
    b.pass(10 * HOUR + 1);
    assert_eq!(b.health.incidents().first().map(|i| i.since), Some(t(10 * HOUR)));
    b.pass(10 * HOUR + 31);
    assert_eq!(b.told(), [(News::Down, "s0".to_owned(), 1)]);
}

#[test]
fn what_is_disabled_after_a_step_back_is_unmeasured_from_that_time_on() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 3_000);
    // The clock is set back by half an hour, which judging goes on through.
    down(&mut b, A, 1_200);
    assert_eq!(b.record(A).last(), Some(&(3_000, State::Down)));
    let mut off = Inventory::clone(b.health.inventory());
    off.subjects[0].is_enabled = false;
    b.reload(Arc::new(off), 1_300);
    assert_eq!(b.record(A), [(0, State::Unmeasured), (1_300, State::Unmeasured)]);
}

/// Up since 600 s by the record, which a clock wrote that ran ahead; taken up at 100 s.
fn ahead(state: State, since: UnixMs, last_round: UnixMs) -> Bench {
    let resumed = Resumed {
        state,
        since,
        hard: Some(ResumedVerdict {
            state: State::Up,
            cause: None,
            since: t(600),
            from: t(600),
            holes: Vec::new(),
        }),
        last_round: Some(last_round),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut b = Bench::new(vec![]);
    b.resume(inventory(vec![Via::none()]), 100, &|_| Some(resumed.clone()));
    b.records.insert(A, vec![(t(0), State::Down, None), (t(600), State::Up, None)]);
    b
}

#[test]
fn a_hole_that_would_begin_in_time_to_come_is_none() {
    let mut b = ahead(State::Up, t(600), t(10));
    b.tick(101);
    b.good(A, 102);
    assert_eq!(b.state(A), State::Up, "from the first answer on");
    assert_eq!(b.record(A), [(0, State::Down), (600, State::Up)]);
}

#[test]
fn a_recorded_hole_tells_of_a_clock_that_was_set_back_though_later_rounds_were_not_believed() {
    // Blind when the clock was set back and when the daemon stopped: its last round is of the new time.
    let mut b = ahead(State::Unmeasured, t(5_000), t(90));
    b.records.entry(A).or_default().push((t(5_000), State::Unmeasured, None));
    b.good(A, 101);
    assert_eq!(b.record(A), [(0, State::Down), (101, State::Up)]);
    assert_eq!(b.health.view(A).verdict.map(|v| v.since), Some(t(101)));
}

#[test]
fn what_was_down_by_itself_before_a_leap_of_the_clock_is_nobody_elses_outage_after_it() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, C, 30);
    b.good(B, 45);
    assert_eq!(b.verdicts.last(), Some(&(C, State::Down, t(30), None)));
    [A, B].into_iter().for_each(|s| down(&mut b, s, 60));
    assert_eq!(b.state(B), State::Unreachable);
    [A, B, C].into_iter().for_each(|s| b.fail(s, 10 * HOUR));
    // Back by hours; then A answers, and B turns out to be down, too.
    [B, C].into_iter().for_each(|s| b.fail(s, 5 * HOUR));
    good(&mut b, A, 5 * HOUR);
    down(&mut b, B, 5 * HOUR + 10);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Down, t(5 * HOUR), None)));
    assert_eq!(b.state(C), State::Down, "B had answered while it was silent");
}

#[test]
fn what_is_new_was_never_there_in_the_time_that_the_clock_is_set_back_to() {
    let mut b = Bench::new(vec![Via::none()]);
    b.reload(inventory(vec![Via::none(), Via::none()]), 10 * HOUR);
    b.fail(B, 5 * HOUR);
    assert_eq!(b.record(B), [(5 * HOUR, State::Unmeasured)]);
}
