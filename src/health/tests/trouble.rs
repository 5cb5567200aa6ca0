//! Sequences that are easy to judge wrongly: each was, or could have been.

use super::*;

/// One subject with a second check that is critical.
fn two_checks() -> Bench {
    let mut b = Bench::new(vec![Via::none()]);
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects.clone();
    let mut second = subjects[0].checks[0].clone();
    second.critical = true;
    subjects[0].checks.push(second);
    b.reload(with_subjects(&old, subjects), 0);
    b
}

fn with_subjects(old: &Inventory, subjects: Vec<Subject>) -> Arc<Inventory> {
    let (units, networks) = (old.units.clone(), old.networks.clone());
    Arc::new(Inventory::new(units, networks, vec![], vec![], subjects))
}

/// A and B are down and unreachable.
fn cut() -> Bench {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    for s in [30, 35, 40] {
        b.fail(A, s);
        b.fail(B, s + 1);
    }
    assert_eq!((b.state(A), b.state(B)), (State::Down, State::Unreachable));
    b
}

#[test]
fn a_critical_check_is_confirmed_although_the_primary_failed_first() {
    let mut b = two_checks();
    b.good(A, 1);
    b.check(A, 1, t(2), 0, 4_000);
    b.fail(A, 30);
    b.check(A, 1, t(31), 3, 0);
    b.good(A, 35);
    b.check(A, 1, t(36), 3, 0);
    b.good(A, 40);
    b.check(A, 1, t(41), 3, 0);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(31), None)));
    b.good(A, 45);
    b.good(A, 50);
    assert_eq!(b.state(A), State::Down, "the primary's answers alone prove nothing");
    b.check(A, 1, t(51), 0, 4_000);
    b.good(A, 55);
    assert_eq!(b.state(A), State::Down, "one answer of the check that failed does not hold yet");
    b.check(A, 1, t(56), 0, 4_000);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Up, t(51), None)));
}

#[test]
fn answers_of_two_checks_come_in_any_order() {
    let mut b = two_checks();
    b.good(A, 1);
    b.check(A, 1, t(2), 0, 4_000);
    // The second check, sent later, answers before the first one is given up.
    for s in [30, 35, 40] {
        b.check(A, 1, t(s + 1), 0, 4_000);
        b.fail(A, s);
    }
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(30), None)));
}

#[test]
fn a_held_verdict_is_dropped_when_the_check_that_failed_answers() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects.clone();
    let second = Check { critical: true, ..subjects[1].checks[0].clone() };
    subjects[1].checks.push(second);
    b.reload(with_subjects(&old, subjects), 0);
    [A, B].into_iter().for_each(|s| b.good(s, 1));
    b.check(B, 1, t(1), 0, 4_000);
    for s in [30, 35, 40] {
        b.fail(B, s);
    }
    assert_eq!(b.state(B), State::Up, "its parent was not asked since");
    b.check(B, 1, t(41), 3, 0);
    b.good(B, 45);
    // The second check has failed once: nothing is confirmed, whatever the parent says.
    b.good(A, 46);
    assert_eq!(b.state(B), State::Up);
    b.check(B, 1, t(46), 3, 0);
    b.check(B, 1, t(51), 3, 0);
    b.good(A, 52);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Down, t(41), None)));
}

#[test]
fn a_check_that_only_degrades_rewrites_nothing_when_the_clock_is_set_back() {
    let mut b = Bench::new(vec![Via::none()]);
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects.clone();
    let second = subjects[0].checks[0].clone();
    subjects[0].checks.push(second);
    b.reload(with_subjects(&old, subjects), 0);
    for s in (0..1_800).step_by(30) {
        b.good(A, s);
        b.check(A, 1, t(s + 1), 0, 4_000);
    }
    // Ten minutes back.
    for s in [1_200, 1_205, 1_210] {
        b.check(A, 1, t(s), 3, 0);
    }
    assert_eq!(b.record(A).last(), Some(&(1_771, State::Degraded)));
}

#[test]
fn a_second_way_that_answered_later_is_no_excuse() {
    let any = Via::Any(vec![via(A), via(B)]);
    let mut b = Bench::new(vec![Via::none(), Via::none(), any]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    b.fail(C, 30);
    b.good(A, 32);
    [35, 40].into_iter().for_each(|s| b.fail(C, s));
    assert_eq!(b.verdicts.last(), Some(&(C, State::Down, t(30), None)));
    for s in [41, 46, 51] {
        b.fail(A, s);
    }
    // The other one did not answer since before it fell silent, and goes last.
    for s in [42, 47, 52] {
        b.fail(B, s);
    }
    assert_eq!(b.state(B), State::Down);
    assert_eq!(b.state(C), State::Down, "its first way answered while it was silent");
}

/// A child that fell silent at 10 s, after its parent's last answer, and was found down before anybody
/// asked the parent again.
fn blamed_too_soon() -> Bench {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    [10, 15, 20].into_iter().for_each(|s| b.fail(B, s));
    b.tick(60);
    assert_eq!(b.state(B), State::Down, "nobody knew better when the window was over");
    b
}

#[test]
fn what_turns_out_to_be_cut_off_was_so_before_a_hole_too() {
    let mut b = blamed_too_soon();
    // Nobody asked for minutes, twice; then the parent is found down.
    [300, 305, 900].into_iter().for_each(|s| b.fail(B, s));
    [901, 906, 911].into_iter().for_each(|s| b.fail(A, s));
    let (unreachable, unmeasured) = (State::Unreachable, State::Unmeasured);
    let all = [
        (0, State::Up),
        (10, unreachable),
        (50, unmeasured),
        (300, unreachable),
        (335, unmeasured),
        (900, unreachable),
    ];
    assert_eq!(b.record(B), all);
    // In a hole that lasts.
    let mut b = blamed_too_soon();
    b.tick(250);
    [251, 256, 261].into_iter().for_each(|s| b.fail(A, s));
    assert_eq!(b.record(B), [(0, State::Up), (10, unreachable), (50, unmeasured)]);
}

#[test]
fn of_an_outage_with_very_many_holes_only_the_last_ones_are_rewritten() {
    let mut b = blamed_too_soon();
    (1..=20).for_each(|n| b.fail(B, 300 * n));
    let before = b.record(B);
    [6_001, 6_006, 6_011].into_iter().for_each(|s| b.fail(A, s));
    let after = b.record(B);
    let first = after.iter().position(|(_, state)| *state == State::Unreachable).unwrap();
    assert_eq!(after[..first], before[..first]);
    assert_eq!(after[first].0, 1_200, "sixteen holes from there on");
    let times = |record: &[(i64, State)]| record.iter().map(|(from, _)| *from).collect::<Vec<_>>();
    assert_eq!(times(&after), times(&before));
}

#[test]
fn a_critical_check_that_is_taken_away_keeps_nobody_down() {
    let mut b = two_checks();
    b.good(A, 1);
    for k in 0..4 {
        b.good(A, 30 + 5 * k);
        b.check(A, 1, t(31 + 5 * k), 3, 0);
    }
    assert_eq!(b.state(A), State::Down);
    b.reload(inventory(vec![Via::none()]), 60);
    b.good(A, 61);
    b.good(A, 66);
    assert_eq!(b.state(A), State::Up);
}

#[test]
fn failing_two_rounds_of_three_is_degraded() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    for k in 0..3 {
        b.fail(A, 30 + 15 * k);
        b.fail(A, 35 + 15 * k);
        b.good(A, 40 + 15 * k);
    }
    assert_eq!(b.state(A), State::Degraded);
}

#[test]
fn one_answer_after_the_parents_recovery_does_not_end_the_proof() {
    let mut b = cut();
    b.good(A, 60);
    b.good(A, 65);
    b.good(B, 66);
    [71, 76, 81, 86].into_iter().for_each(|s| {
        b.fail(B, s);
        b.good(A, s + 1);
    });
    assert_eq!(b.state(B), State::Down);
    assert_eq!(b.incidents().len(), 1);
}

#[test]
fn a_subject_moved_to_a_working_parent_is_not_blamed_on_the_old_one() {
    let mut b = Bench::new(vec![Via::none(), via(A), Via::none()]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    for s in [30, 35, 40] {
        b.fail(A, s);
        b.fail(B, s + 1);
        b.good(C, s + 2);
    }
    b.reload(inventory(vec![Via::none(), via(C), Via::none()]), 60);
    for s in [71, 76, 81, 86] {
        b.fail(B, s);
        b.good(C, s + 1);
    }
    assert_eq!(b.state(B), State::Down);
}

#[test]
fn a_subject_whose_parent_is_removed_proves_itself() {
    let mut b = cut();
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects.clone();
    subjects.remove(0);
    subjects[0].via = Via::none();
    b.records = BTreeMap::from([(A, b.records[&B].clone())]);
    b.reload(with_subjects(&old, subjects), 60);
    [61, 66, 71].into_iter().for_each(|s| b.fail(A, s));
    assert_eq!(b.state(A), State::Down);
}

#[test]
fn a_restart_in_the_middle_of_a_proof_ends_it() {
    let verdict = |state, cause: Option<&str>| {
        let cause = cause.map(|c| SubjectId::new(c).unwrap());
        Some(ResumedVerdict { state, cause, since: t(900), from: t(900), holes: Vec::new() })
    };
    let resume = |id: &SubjectId| {
        let (state, hard) = match id.as_str() {
            "s0" => (State::Up, verdict(State::Up, None)),
            _ => (State::Unreachable, verdict(State::Unreachable, Some("s0"))),
        };
        Some(Resumed {
            state,
            since: t(900),
            hard,
            last_round: Some(t(990)),
            is_flapping: false,
            usual: Vec::new(),
        })
    };
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    let inventory = b.health.inventory().clone();
    b.resume(inventory, 1000, &resume);
    for s in [1001, 1006, 1011, 1016] {
        b.good(A, s);
        b.fail(B, s + 1);
    }
    assert_eq!(b.state(B), State::Down);
}

#[test]
fn a_proof_begins_where_the_subject_last_answered() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    [30, 35, 40].into_iter().for_each(|s| b.fail(A, s));
    (0..10).for_each(|k| b.good(B, 30 + 5 * k));
    b.good(A, 50);
    [80, 85, 90].into_iter().for_each(|s| b.fail(B, s));
    b.good(A, 95);
    for s in [100, 105, 110, 115] {
        b.fail(B, s);
        b.good(A, s + 1);
    }
    assert_eq!(b.record(B), [(0, State::Up), (80, State::Down)]);
}

#[test]
fn degraded_survives_a_restart() {
    let hard = Some(ResumedVerdict {
        state: State::Degraded,
        cause: None,
        since: t(900),
        from: t(900),
        holes: Vec::new(),
    });
    let resumed = Resumed {
        state: State::Degraded,
        since: t(900),
        hard,
        last_round: Some(t(995)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut b = Bench::new(vec![Via::none()]);
    let inventory = b.health.inventory().clone();
    b.resume(inventory, 1000, &|_| Some(resumed.clone()));
    for k in 0..5 {
        assert_eq!(b.state(A), State::Degraded, "round {k}");
        b.good(A, 1001 + 30 * k);
    }
    assert_eq!(b.state(A), State::Up);
}

#[test]
fn a_clock_that_ran_far_ahead_pins_nobody_to_the_future() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 1000);
    b.good(A, 2_000_000_000);
    [2000, 2030].into_iter().for_each(|s| b.good(A, s));
    [2060, 2065, 2070].into_iter().for_each(|s| b.fail(A, s));
    let expected = [
        (0, State::Unmeasured),
        (1000, State::Up),
        (1030, State::Unmeasured),
        (2000, State::Up),
        (2060, State::Down),
    ];
    assert_eq!(b.record(A), expected);
}

#[test]
fn a_round_vouches_for_the_interval_it_was_asked_at() {
    let mut b = Bench::new(vec![Via::none()]);
    [0, 30].into_iter().for_each(|s| b.good(A, s));
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects.clone();
    subjects[0].health.interval_ms = 5_000;
    b.reload(with_subjects(&old, subjects), 50);
    b.tick(51);
    b.good(A, 52);
    assert_eq!(b.record(A), [(0, State::Up)]);
}

#[test]
fn a_hole_closes_no_incident() {
    let mut b = cut();
    let before = b.incidents();
    assert_eq!(before.len(), 1);
    b.tick(200);
    assert_eq!(b.state(A), State::Unmeasured);
    assert_eq!(b.incidents(), before);
}

#[test]
fn a_check_that_only_degrades_says_nothing_of_one_that_is_suspect_or_down() {
    let mut b = Bench::new(vec![Via::none()]);
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects.clone();
    let second = subjects[0].checks[0].clone();
    subjects[0].checks.push(second);
    b.reload(with_subjects(&old, subjects), 0);
    b.good(A, 1);
    b.fail(A, 30);
    [31, 32, 33].into_iter().for_each(|s| b.check(A, 1, t(s), 3, 0));
    assert_eq!(b.state(A), State::Up, "the primary check decides first");
    b.good(A, 35);
    assert_eq!(b.state(A), State::Degraded, "and brings it in");
    [40, 45, 50].into_iter().for_each(|s| b.fail(A, s));
    [51, 52, 53].into_iter().for_each(|s| b.check(A, 1, t(s), 0, 4_000));
    assert_eq!(b.state(A), State::Down);
    [54, 55, 56].into_iter().for_each(|s| b.check(A, 1, t(s), 3, 0));
    assert_eq!(b.state(A), State::Down);
}
