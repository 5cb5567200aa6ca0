//! The rules of DESIGN section 5, one test each.

use super::*;

#[test]
fn a_new_subject_is_unmeasured_until_its_first_answer() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 7);
    assert_eq!(b.record(A), [(0, State::Unmeasured), (7, State::Up)]);
}

#[test]
fn down_after_three_failed_rounds_from_the_first_ones_send_time() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    b.fail(A, 30);
    assert_eq!((b.state(A), b.health.view(A).suspect), (State::Up, 1));
    assert_eq!(b.paces[&A], Pace::Retry);
    b.fail(A, 35);
    b.fail(A, 40);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(30), None)));
    assert_eq!(b.record(A), [(0, State::Up), (30, State::Down)]);
}

#[test]
fn two_failed_rounds_and_an_answer_leave_no_trace() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    b.fail(A, 30);
    b.fail(A, 35);
    b.good(A, 40);
    assert_eq!(b.record(A), [(0, State::Up)]);
    assert_eq!(b.paces[&A], Pace::Normal);
}

#[test]
fn recovery_is_back_dated_and_a_success_that_does_not_hold_changes_nothing() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    [30, 35, 40].into_iter().for_each(|s| b.fail(A, s));
    b.good(A, 45);
    b.fail(A, 50);
    b.good(A, 55);
    b.good(A, 60);
    assert_eq!(b.record(A), [(0, State::Up), (30, State::Down), (55, State::Up)]);
}

#[test]
fn degraded_by_three_poor_rounds_of_five_and_back_after_five_without() {
    let mut b = Bench::new(vec![Via::none()]);
    for (i, lost) in [0, 1, 0, 1, 1].into_iter().enumerate() {
        b.round(A, t(30 * i as i64), lost, 4_000);
    }
    assert_eq!(b.state(A), State::Degraded);
    for i in 5..9 {
        b.good(A, 30 * i);
        assert_eq!(b.state(A), State::Degraded, "round {i}");
    }
    b.good(A, 270);
    assert_eq!(b.state(A), State::Up);
    for i in 10..13 {
        b.round(A, t(30 * i), 0, 250_000);
    }
    assert_eq!(b.state(A), State::Degraded, "slow answers are poor too");
}

#[test]
fn a_child_waits_for_its_suspect_parent_and_is_unreachable_through_it() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    b.good(A, 0);
    b.good(B, 0);
    b.fail(B, 20);
    b.fail(B, 25);
    b.fail(A, 27);
    b.fail(B, 30);
    assert_eq!(b.state(B), State::Up, "held: the parent is suspect");
    b.fail(A, 32);
    b.fail(A, 37);
    assert_eq!(
        b.verdicts[2..],
        [(A, State::Down, t(27), None), (B, State::Unreachable, t(20), Some(A))]
    );
    assert_eq!(b.paces[&B], Pace::Normal, "asking it faster would tell nothing");
}

#[test]
fn a_stale_parent_is_asked_at_once_and_an_answer_blames_the_child() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    b.good(A, 0);
    b.good(B, 1);
    [20, 25, 30].into_iter().for_each(|s| b.fail(B, s));
    assert_eq!(b.asked_now, [A]);
    assert_eq!(b.state(B), State::Up);
    b.good(A, 31);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Down, t(20), None)));
}

#[test]
fn what_lies_beneath_something_down_is_asked_at_once() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    for s in [A, B, C] {
        b.good(s, 0);
    }
    b.fail(C, 5);
    [10, 15, 20].into_iter().for_each(|s| b.fail(A, s));
    assert_eq!(b.asked_now, [B], "C is suspect and asked at its retry pace already");
}

#[test]
fn waiting_is_bounded_by_the_correlation_window() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    b.good(A, 0);
    b.good(B, 1);
    [20, 25, 30].into_iter().for_each(|s| b.fail(B, s));
    b.tick(59);
    assert_eq!(b.state(B), State::Up);
    b.tick(61);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Down, t(20), None)));
}

#[test]
fn redundant_ways_block_only_when_all_are_gone_and_the_last_one_is_the_cause() {
    let mut b = Bench::new(vec![Via::none(), Via::none(), Via::Any(vec![via(A), via(B)])]);
    for s in [A, B, C] {
        b.good(s, 0);
    }
    [10, 15, 20].into_iter().for_each(|s| b.fail(A, s));
    assert_eq!(b.state(A), State::Down);
    assert_eq!(b.state(C), State::Degraded, "on its backup");
    [22, 27, 32].into_iter().for_each(|s| b.fail(C, s));
    assert_eq!(b.state(C), State::Degraded, "B has not been asked since");
    b.good(B, 33);
    assert_eq!(b.state(C), State::Down, "B lets it pass, so C itself is down");
    b.good(C, 37);
    b.good(C, 42);
    [50, 55, 60].into_iter().for_each(|s| b.fail(B, s));
    [51, 56, 61].into_iter().for_each(|s| b.fail(C, s));
    assert_eq!(b.verdicts.last(), Some(&(C, State::Unreachable, t(51), Some(B))));
}

#[test]
fn the_root_cause_is_the_nearest_down_ancestor_through_unreachable_ones() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    for s in [A, B, C] {
        b.good(s, 0);
    }
    for s in [30, 35, 40] {
        for x in [C, B, A] {
            b.fail(x, s);
        }
    }
    assert_eq!(b.health.view(B).cause, Some(A));
    assert_eq!(b.health.view(C).cause, Some(A));
    let incidents = b.incidents();
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].root.as_str(), "s0");
    assert_eq!((incidents[0].impact.unreachable, incidents[0].impact.units.len()), (2, 3));
}

#[test]
fn when_the_parent_recovers_its_children_prove_themselves() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(A)]);
    for s in [A, B, C] {
        b.good(s, 0);
    }
    for s in [30, 35, 40] {
        for x in [A, B, C] {
            b.fail(x, s);
        }
    }
    b.good(A, 100);
    b.good(A, 105);
    assert_eq!(b.paces[&B], Pace::Retry);
    b.good(B, 106);
    b.good(B, 111);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Up, t(106), None)));
    for s in [107, 112, 117] {
        b.fail(C, s);
    }
    b.good(A, 118);
    assert_eq!(b.verdicts.last(), Some(&(C, State::Down, t(100), None)));
    assert_eq!(
        b.record(C)[1..],
        [(30, State::Unreachable), (70, State::Unmeasured), (107, State::Down)],
        "nobody asked it from 70 to 107: that hole stays a hole"
    );
}

#[test]
fn a_hole_is_unmeasured_whether_a_tick_or_only_the_next_round_sees_it() {
    for ticks in [false, true] {
        let mut b = Bench::new(vec![Via::none()]);
        b.good(A, 0);
        b.good(A, 60);
        assert_eq!(b.record(A), [(0, State::Up)], "two intervals are still allowed");
        if ticks {
            b.tick(125);
            assert_eq!(b.state(A), State::Up, "an answer may still be on its way");
            b.tick(126);
            assert_eq!(b.state(A), State::Unmeasured);
        }
        b.good(A, 200);
        let expected = [(0, State::Up), (90, State::Unmeasured), (200, State::Up)];
        assert_eq!(b.record(A), expected, "ticks: {ticks}");
    }
}

#[test]
fn a_failing_run_goes_on_over_a_hole_that_stays_unmeasured() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    b.fail(A, 30);
    b.fail(A, 35);
    b.fail(A, 500);
    let expected = [(0, State::Up), (30, State::Down), (65, State::Unmeasured), (500, State::Down)];
    assert_eq!(b.record(A), expected);
    b.good(A, 505);
    b.good(A, 900);
    assert_eq!(
        b.record(A)[4..],
        [(505, State::Up), (535, State::Unmeasured), (900, State::Up)],
        "a hole between two answers stays one too"
    );
}

#[test]
fn rounds_our_own_side_spoilt_count_as_not_asked() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    for s in [30, 60, 90, 120] {
        let round = Round {
            subject: A,
            check: 0,
            at: t(s),
            sent: 3,
            lost: 3,
            rtts: Rtts::default(),
            error: Some(crate::model::RoundError::Local { errno: 101 }),
        };
        let mut effects = Vec::new();
        b.health.round(&round, t(s), &mut effects);
        b.apply(effects);
        b.tick(s);
    }
    assert_eq!(b.record(A), [(0, State::Up), (30, State::Unmeasured)]);
}

#[test]
fn a_hole_opened_while_the_answer_was_on_its_way_is_taken_back() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    b.tick(70);
    assert_eq!(b.state(A), State::Unmeasured);
    b.good(A, 60);
    assert_eq!(b.record(A), [(0, State::Up)]);
}

#[test]
fn a_clock_set_back_loses_nothing_recorded_and_blinds_nobody() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 3600);
    [3630, 3635, 3640].into_iter().for_each(|s| b.fail(A, s));
    [100, 105].into_iter().for_each(|s| b.good(A, s));
    assert_eq!(b.state(A), State::Up);
    let record: Vec<(i64, State)> = b.records[&A].iter().map(|(t, s, _)| (t.0, *s)).collect();
    let expected = [
        (0, State::Unmeasured),
        (3_600_000, State::Up),
        (3_630_000, State::Down),
        (3_640_001, State::Up),
    ];
    assert_eq!(record, expected);
}

#[test]
fn a_restart_takes_the_hard_state_up_again_with_the_hole_between() {
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
        last_round: Some(t(200)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut b = Bench::new(vec![Via::none()]);
    let mut effects = b.resume(inventory(vec![Via::none()]), 1000, &|_| Some(resumed.clone()));
    let mut health = b.health;
    assert_eq!(effects, [Effect::Pace { subject: A, pace: Pace::Retry }]);
    effects.clear();
    health.tick(t(1006), &mut effects);
    let hole = Entry { from: t(230), state: State::Unmeasured, cause: None };
    assert_eq!(effects, [Effect::Record { subject: A, entries: vec![hole] }]);
    effects.clear();
    let round = Round {
        subject: A,
        check: 0,
        at: t(1007),
        sent: 3,
        lost: 3,
        rtts: Rtts::default(),
        error: None,
    };
    health.round(&round, t(1009), &mut effects);
    let down = Entry { from: t(1007), state: State::Down, cause: None };
    assert_eq!(effects, [Effect::Record { subject: A, entries: vec![down] }]);
    assert_eq!(health.view(A).since, t(100), "it is still the same outage");
}

#[test]
fn a_reload_keeps_what_stays_and_names_what_goes() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(A)]);
    for s in [A, B, C] {
        b.good(s, 0);
    }
    for s in [30, 35, 40] {
        for x in [A, B] {
            b.fail(x, s);
        }
    }
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects.clone();
    subjects.pop();
    subjects.push(subject(9, Via::none()));
    let new =
        Inventory::new((0..10).map(unit).collect(), old.networks.clone(), vec![], vec![], subjects);
    let mut effects = Vec::new();
    let gone = b.health.reload(Arc::new(new), Settings::default(), t(50), &mut effects);
    assert_eq!(gone, [(SubjectId::new("s2").unwrap(), t(30))]);
    assert_eq!(b.health.view(B).cause, Some(A));
    let fresh = Entry { from: t(50), state: State::Unmeasured, cause: None };
    assert!(effects.contains(&Effect::Record { subject: C, entries: vec![fresh] }));
}

#[test]
fn a_failing_secondary_check_degrades_and_a_critical_one_takes_down() {
    for critical in [false, true] {
        let old = inventory(vec![Via::none()]);
        let mut s = old.subjects.clone();
        let mut second = s[0].checks[0].clone();
        second.critical = critical;
        s[0].checks.push(second);
        let new =
            Arc::new(Inventory::new(old.units.clone(), old.networks.clone(), vec![], vec![], s));
        let mut b = Bench::new(vec![Via::none()]);
        let mut effects = Vec::new();
        b.health.reload(new, Settings::default(), t(0), &mut effects);
        for i in 0..4 {
            b.good(A, 10 * i);
            let round = Round {
                subject: A,
                check: 1,
                at: t(10 * i + 1),
                sent: 3,
                lost: 3,
                rtts: Rtts::default(),
                error: None,
            };
            let mut effects = Vec::new();
            b.health.round(&round, t(10 * i + 2), &mut effects);
            b.apply(effects);
        }
        assert_eq!(b.state(A), if critical { State::Down } else { State::Degraded });
    }
}

#[test]
fn a_round_at_a_threshold_is_good_and_one_over_it_is_poor() {
    // Of the two checks only the first is asked: so every round of it is judged.
    let state = |lost: u8, sent: u8, rtt_us: u32| {
        let mut two = Inventory::clone(&inventory(vec![Via::none()]));
        let second = two.subjects[0].checks[0].clone();
        two.subjects[0].checks.push(second);
        let mut b = Bench::new(vec![]);
        b.reload(Arc::new(two), 0);
        for s in 1..=3 {
            let rtts = Rtts::from_us(&vec![rtt_us; usize::from(sent - lost)]);
            let round = Round { subject: A, check: 0, at: t(s), sent, lost, rtts, error: None };
            let mut effects = Vec::new();
            b.health.round(&round, t(s), &mut effects);
            b.apply(effects);
        }
        b.state(A)
    };
    assert_eq!(state(1, 5, 200_000), State::Up, "20 % and 200 ms");
    assert_eq!(state(2, 9, 4_000), State::Degraded, "22 %");
    assert_eq!(state(0, 5, 200_001), State::Degraded);
}
