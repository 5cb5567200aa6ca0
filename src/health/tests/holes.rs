//! Time that nobody vouches for (rule 8), and what is taken up again after a restart.

use super::stories::{down, good};
use super::*;

const MAX: UnixMs = UnixMs(i64::MAX);

fn with(change: impl Fn(&mut Subject)) -> Bench {
    let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
    change(&mut inventory.subjects[0]);
    Bench::with(inventory, Settings::default())
}

fn record_ms(b: &Bench, subject: SubjectIx) -> Vec<(i64, State)> {
    b.records[&subject].iter().map(|(from, state, _)| (from.0, *state)).collect()
}

#[test]
fn a_hole_is_shown_five_seconds_after_two_intervals_whatever_the_interval() {
    for interval_s in [10, 30, 120] {
        let mut b = with(|s| s.health.interval_ms = interval_s * SECOND);
        b.good(A, 100);
        let shown = (101..=1000).find(|s| {
            b.tick(*s);
            b.state(A) == State::Unmeasured
        });
        assert_eq!(shown, Some(100 + 2 * interval_s + 5 + 1));
        assert_eq!(b.record(A).last(), Some(&(100 + interval_s, State::Unmeasured)));
    }
}

#[test]
fn a_second_in_which_nothing_is_due_looks_at_no_subject() {
    let mut inventory = Inventory::clone(&inventory(vec![Via::none(), Via::none()]));
    (inventory.subjects[1].since, inventory.subjects[1].until) = (Some(t(500)), Some(t(700)));
    let mut b = Bench::with(inventory, Settings::default());
    b.tick(1);
    assert_eq!(b.health.next_hole, t(31), "nothing answers yet: not before an interval is over");
    [A, B].into_iter().for_each(|s| b.good(s, 2));
    b.tick(31);
    assert_eq!(b.health.next_hole, t(67), "the first second after two intervals and the grace");
    assert_eq!(b.health.next_life, t(500));
    b.tick(500);
    assert_eq!(b.health.next_life, t(700));
    b.tick(700);
    assert_eq!(b.health.next_life, MAX);
}

#[test]
fn at_the_end_of_recorded_time_no_round_is_on_its_way() {
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    let close = |b: &mut Bench, at: UnixMs| {
        let mut effects = Vec::new();
        b.health.close_books(at, &mut effects);
        b.apply(effects);
        b.record(A)
    };
    assert_eq!(close(&mut b, t(60)), [(0, State::Up)]);
    assert_eq!(close(&mut b, t(60) + 1), [(0, State::Up), (30, State::Unmeasured)]);
}

#[test]
fn holes_inside_a_failing_run_stay_holes_each_by_itself() {
    let mut b = with(|s| s.health.confirm = 4);
    b.good(A, 0);
    [30, 200, 400, 405].into_iter().for_each(|s| b.fail(A, s));
    let expected = [
        (0, State::Up),
        (30, State::Down),
        (60, State::Unmeasured),
        (200, State::Down),
        (230, State::Unmeasured),
        (400, State::Down),
    ];
    assert_eq!(b.record(A), expected);
}

#[test]
fn of_more_than_sixteen_holes_in_one_run_the_last_are_one() {
    let mut b = with(|s| s.health.confirm = 20);
    b.good(A, 0);
    (0..20).for_each(|n| b.fail(A, 30 + 100 * n));
    let record = b.record(A);
    let holes: Vec<i64> =
        record.iter().filter(|(_, s)| *s == State::Unmeasured).map(|(at, _)| *at).collect();
    assert_eq!(holes.len(), 16);
    assert_eq!(holes.last(), Some(&(30 + 1500 + 30)));
    assert_eq!(record.last(), Some(&(30 + 1900, State::Down)), "until the run's last round");
}

#[test]
fn two_checks_asked_at_one_instant_are_both_judged_by_it() {
    let mut b = with(|s| {
        let mut second = s.checks[0].clone();
        second.critical = true;
        s.checks.push(second);
    });
    for s in [0, 30, 60] {
        b.good(A, s);
        b.check(A, 1, t(s), if s == 0 { 0 } else { 3 }, 4_000);
    }
    b.good(A, 65);
    b.check(A, 1, t(65), 3, 0);
    assert_eq!(record_ms(&b, A), [(0, State::Up), (30_000, State::Down)], "to the millisecond");
}

#[test]
fn a_clock_set_back_by_an_hour_goes_on_and_by_more_the_record_is_mended() {
    let set_back = |by_ms: i64| {
        let mut b = Bench::new(vec![Via::none()]);
        b.good(A, 10_000);
        b.round(A, UnixMs(10_000_000 - by_ms), 3, 0);
        b.health.view(A).last_round
    };
    assert_eq!(set_back(3_600_000), Some(UnixMs(10_000_001)));
    assert_eq!(set_back(3_600_001), Some(UnixMs(6_399_999)));
}

#[test]
fn a_hole_over_the_start_of_an_outage_is_not_taken_for_it() {
    // It answers from 300 s on, the hole before that stays one, and the record says so once.
    let mut b = Bench::new(vec![Via::none()]);
    b.good(A, 0);
    down(&mut b, A, 30);
    b.good(A, 300);
    b.good(A, 500);
    let expected = [
        (0, State::Up),
        (30, State::Down),
        (70, State::Unmeasured),
        (300, State::Up),
        (330, State::Unmeasured),
        (500, State::Up),
    ];
    assert_eq!(b.record(A), expected);
}

#[test]
fn an_outage_taken_for_its_own_is_another_ones_before_the_hole_and_after_it() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    // Nobody knew better when the window was over.
    down(&mut b, B, 10);
    (21..=51).for_each(|s| b.pass(s));
    assert_eq!(b.state(B), State::Down);
    b.tick(100);
    assert_eq!(b.record(B)[1..], [(10, State::Down), (50, State::Unmeasured)]);
    down(&mut b, A, 101);
    assert_eq!(b.record(B)[1..], [(10, State::Unreachable), (50, State::Unmeasured)]);
    b.fail(B, 120);
    let expected = [(10, State::Unreachable), (50, State::Unmeasured), (120, State::Unreachable)];
    assert_eq!(b.record(B)[1..], expected);
    assert_eq!(b.health.view(B).since, t(10), "one outage");
}

fn resumed(state: State, last_round: i64) -> Resumed {
    Resumed {
        state,
        since: t(0),
        hard: Some(ResumedVerdict {
            state,
            cause: None,
            since: t(0),
            from: t(0),
            holes: Vec::new(),
        }),
        last_round: Some(t(last_round)),
        is_flapping: false,
        usual: Vec::new(),
    }
}

#[test]
fn what_was_learnt_of_an_hour_is_held_against_the_first_rounds_after_a_restart() {
    let usual = vec![(0, Usual { usual_us: 5_000, rounds: 100 })];
    for baseline in [None, Some(30)] {
        let memory = Resumed { usual: usual.clone(), ..resumed(State::Up, 90) };
        let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
        inventory.subjects[0].health.baseline_tenths = baseline;
        let mut b = Bench::new(vec![]);
        b.resume(Arc::new(inventory), 100, &|_| Some(memory.clone()));
        b.records.insert(A, vec![(t(0), State::Up, None)]);
        (0..3).for_each(|n| b.round(A, t(101 + n), 0, 16_000));
        let expected = if baseline.is_some() { State::Degraded } else { State::Up };
        assert_eq!(b.state(A), expected);
        assert_eq!(b.health.explain(A, t(110)).usual_us, baseline.map(|_| 5_027));
        // The next hour: what was learnt in this one is given out, where anything is.
        b.round(A, t(3700), 0, 4_000);
        let learnt = b.news.iter().filter(|e| matches!(e, Effect::Usual { .. })).count();
        assert_eq!(learnt, usize::from(baseline.is_some()));
    }
}

#[test]
fn what_came_and_went_before_a_restart_still_does() {
    let mut b = Bench::new(vec![]);
    let memory = Resumed { is_flapping: true, ..resumed(State::Up, 90) };
    b.resume(inventory(vec![Via::none()]), 100, &|_| Some(memory.clone()));
    b.records.insert(A, vec![(t(0), State::Up, None)]);
    b.settle(100);
    assert!(b.health.incidents()[0].flapping);
    (0..19).for_each(|n| b.good(A, 101 + 30 * n));
    b.settle(700);
    assert_eq!(b.health.incidents(), []);
}

#[test]
fn an_outage_over_a_restart_is_one_outage_and_its_recovery_ends_it() {
    let mut b = Bench::new(vec![]);
    b.resume(inventory(vec![Via::none()]), 100, &|_| Some(resumed(State::Down, 95)));
    b.records.insert(A, vec![(t(0), State::Down, None)]);
    good(&mut b, A, 101);
    assert_eq!(b.record(A), [(0, State::Down), (101, State::Up)]);
    let explained = b.health.explain(A, t(107));
    assert_eq!(explained.rule, Rule::Recovered);
}

#[test]
fn a_degraded_subject_disabled_and_enabled_again_begins_anew() {
    let mut b = Bench::new(vec![Via::none()]);
    (0..5).for_each(|n| b.round(A, t(n), 2, 4_000));
    assert_eq!(b.state(A), State::Degraded);
    let on = Arc::clone(b.health.inventory());
    let mut off = Inventory::clone(&on);
    off.subjects[0].is_enabled = false;
    b.reload(Arc::new(off), 10);
    b.reload(on, 40);
    b.good(A, 41);
    assert_eq!(b.state(A), State::Up, "what was poor before is forgotten");
    assert_eq!(b.record(A)[2..], [(10, State::Unmeasured), (41, State::Up)]);
}

#[test]
fn a_round_sent_inside_a_recorded_hole_takes_no_part_of_it_back_after_a_restart() {
    let mut b = Bench::new(vec![]);
    // Sent and lost while the patrol was blind.
    let hard = Some(ResumedVerdict {
        state: State::Up,
        cause: None,
        since: t(0),
        from: t(0),
        holes: Vec::new(),
    });
    let memory = Resumed { since: t(100), hard, ..resumed(State::Unmeasured, 120) };
    b.resume(inventory(vec![Via::none()]), 140, &|_| Some(memory.clone()));
    b.records.insert(A, vec![(t(0), State::Up, None), (t(100), State::Unmeasured, None)]);
    b.good(A, 150);
    assert_eq!(b.record(A), [(0, State::Up), (100, State::Unmeasured), (150, State::Up)]);
}

#[test]
fn trouble_is_seen_since_its_start_and_what_is_well_since_the_last_hole() {
    let mut b = Bench::new(vec![Via::none()]);
    [0, 30].into_iter().for_each(|s| b.good(A, s));
    b.good(A, 200);
    assert_eq!(b.health.view(A).since, t(200));
    (0..5).for_each(|n| b.round(A, t(230 + n), 2, 4_000));
    assert_eq!((b.state(A), b.health.view(A).since), (State::Degraded, t(232)));
    b.round(A, t(500), 2, 4_000);
    assert_eq!(b.record(A).last(), Some(&(500, State::Degraded)));
    assert_eq!(b.health.view(A).since, t(232), "the hole ends no trouble");
    down(&mut b, A, 510);
    b.fail(A, 800);
    assert_eq!((b.record(A).last(), b.health.view(A).since), (Some(&(800, State::Down)), t(510)));
    b.tick(1000);
    assert_eq!(b.health.view(A).since, t(830), "nobody asks");
}

#[test]
fn three_times_what_is_usual_is_not_over_three_times_and_a_microsecond_more_is() {
    for (more_us, expected) in [(0, State::Up), (1, State::Degraded)] {
        let usual = vec![(0, Usual { usual_us: 5_000, rounds: 100 })];
        let memory = Resumed { usual, ..resumed(State::Up, 90) };
        let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
        inventory.subjects[0].health.baseline_tenths = Some(30);
        let mut b = Bench::new(vec![]);
        b.resume(Arc::new(inventory), 100, &|_| Some(memory.clone()));
        b.records.insert(A, vec![(t(0), State::Up, None)]);
        // Each round moves what is usual by nine microseconds before it is held against it.
        for n in 1..=3 {
            b.round(A, t(100 + i64::from(n)), 0, 3 * (5_000 + 9 * n) + more_us);
        }
        assert_eq!(b.state(A), expected);
    }
}

#[test]
fn a_proof_begins_no_earlier_than_the_hole_before_it_ended() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    // Nobody asks B from 22 to 200 s; A answers from 150 s on, which is known when B was asked again.
    (0..24).for_each(|n| b.fail(A, 25 + 5 * n));
    b.good(A, 150);
    b.fail(B, 200);
    b.good(A, 201);
    [205, 210, 215].into_iter().for_each(|s| b.fail(B, s));
    b.good(A, 216);
    let expected = [(12, State::Unreachable), (52, State::Unmeasured), (200, State::Down)];
    assert_eq!(b.record(B)[1..], expected);
}

#[test]
fn a_hole_that_is_over_stays_one_though_a_proof_begins_in_the_next() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    // Nobody asks B from 22 to 200 s and from then to 300 s; A answers from 150 s on, which is known then.
    (0..24).for_each(|n| b.fail(A, 25 + 5 * n));
    b.good(A, 150);
    b.fail(B, 200);
    b.tick(290);
    b.good(A, 291);
    [300, 305, 310].into_iter().for_each(|s| b.fail(B, s));
    b.good(A, 311);
    let expected = [
        (12, State::Unreachable),
        (52, State::Unmeasured),
        (200, State::Down),
        (230, State::Unmeasured),
        (300, State::Down),
    ];
    assert_eq!(b.record(B)[1..], expected);
}

#[test]
fn a_check_that_only_degrades_is_no_end_of_a_hole_that_nobody_has_seen() {
    let mut b = with(|s| s.checks.push(s.checks[0].clone()));
    for s in [0, 30, 60] {
        b.good(A, s);
        b.check(A, 1, t(s), 3, 0);
    }
    assert_eq!(b.state(A), State::Degraded);
    [62, 64].into_iter().for_each(|s| b.check(A, 1, t(s), 0, 4_000));
    assert_eq!(b.state(A), State::Up);
    [66, 68, 70].into_iter().for_each(|s| b.check(A, 1, t(s), 3, 0));
    // The machine slept; what was asked first when it woke up is heard of later.
    [401, 402].into_iter().for_each(|s| b.check(A, 1, t(s), 0, 4_000));
    b.good(A, 400);
    let expected = [(70, State::Degraded), (90, State::Unmeasured), (400, State::Up)];
    assert_eq!(b.record(A)[b.record(A).len() - 3..], expected);
}

#[test]
fn a_round_that_was_on_its_way_for_too_long_is_followed_by_a_hole_at_once() {
    let mut b = with(|_| ());
    b.good(A, 0);
    // The machine sleeps after a round was sent at 30 s; its answer is read when it wakes up.
    b.tick(1_000);
    assert_eq!(b.record(A), [(0, State::Up), (30, State::Unmeasured)]);
    b.good(A, 30);
    b.tick(1_001);
    assert_eq!(b.record(A), [(0, State::Up), (60, State::Unmeasured)]);
}

#[test]
fn a_verdict_that_was_written_vouches_though_its_round_was_not() {
    // Killed between the two: the last round that is known was sent before what it brought.
    let resumed = Resumed {
        state: State::Up,
        since: t(500),
        hard: Some(ResumedVerdict {
            state: State::Up,
            cause: None,
            since: t(500),
            from: t(500),
            holes: Vec::new(),
        }),
        last_round: Some(t(460)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut b = Bench::new(vec![]);
    b.resume(inventory(vec![Via::none()]), 600, &|_| Some(resumed.clone()));
    b.records.insert(A, vec![(t(0), State::Degraded, None), (t(500), State::Up, None)]);
    b.good(A, 601);
    assert_eq!(b.record(A), [(0, State::Degraded), (500, State::Unmeasured), (601, State::Up)]);
}

#[test]
fn what_is_found_out_about_others_vouches_for_nothing() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    down(&mut b, C, 14);
    [40, 41].into_iter().for_each(|s| b.good(A, s));
    [50, 55, 60].into_iter().for_each(|s| b.fail(B, s));
    let blamed = (UnixMs(60_100), State::Unreachable, Some(B));
    assert_eq!(b.records[&C].last(), Some(&blamed), "six seconds after nobody knew any more");
    b.tick(90);
    assert_eq!(b.record(C)[1..], [(14, State::Unreachable), (54, State::Unmeasured)]);
    let expected = [(14, State::Unreachable), (54, State::Unmeasured), (100, State::Unreachable)];
    let (health, records) = (b.health.clone(), b.records.clone());
    let mut late = Bench { health, records, ..Bench::new(vec![]) };
    late.fail(C, 100);
    assert_eq!(late.record(C)[1..], expected);
    // Or a round was on its way, and there was no hole.
    b.fail(C, 84);
    assert_eq!(b.record(C)[1..], [(14, State::Unreachable), (54, State::Unreachable)]);
}

#[test]
fn an_open_hole_of_a_time_that_the_clock_was_set_back_from_holds_no_proof_back() {
    let mut b = Bench::new(vec![]);
    // Recorded at 100 s; the daemon starts again, and it is 60 s.
    let parent = resumed(State::Down, 50);
    let hard = Some(ResumedVerdict {
        state: State::Unreachable,
        cause: Some(SubjectId::new("s0").unwrap()),
        since: t(0),
        from: t(0),
        holes: Vec::new(),
    });
    let child = Resumed { since: t(100), hard, ..resumed(State::Unmeasured, 50) };
    b.resume(inventory(vec![Via::none(), via(A)]), 60, &|id| {
        Some(if id.as_str() == "s0" { parent.clone() } else { child.clone() })
    });
    b.records.insert(A, vec![(t(0), State::Down, None)]);
    b.records.insert(B, vec![(t(0), State::Unreachable, Some(A))]);
    [61, 62].into_iter().for_each(|s| b.good(A, s));
    [63, 64, 65].into_iter().for_each(|s| b.fail(B, s));
    b.good(A, 66);
    assert_eq!(b.state(B), State::Down, "{:?}", b.record(B));
}

#[test]
fn a_hole_that_began_with_another_inventory_stays_however_soon_the_daemon_starts_again() {
    let mut b = Bench::new(vec![]);
    // Taken out at 60 s, ten seconds after its last round, and back in when the daemon starts.
    let hard = resumed(State::Up, 50).hard;
    let memory = Resumed { since: t(60), hard, ..resumed(State::Unmeasured, 50) };
    b.resume(inventory(vec![Via::none()]), 65, &|_| Some(memory.clone()));
    b.records.insert(A, vec![(t(0), State::Up, None), (t(60), State::Unmeasured, None)]);
    b.good(A, 66);
    assert_eq!(b.record(A), [(0, State::Up), (60, State::Unmeasured), (66, State::Up)]);
}
