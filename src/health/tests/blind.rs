//! The patrol itself cannot see: what is held back, what is told, and when that is over.

use super::stories::{down, sentinel};
use super::*;

/// A subject patrolled with two sentinels.
fn watched() -> Bench {
    let settings = Settings { sentinels: vec![sentinel(1), sentinel(2)], ..Settings::default() };
    let mut b = Bench::with(Inventory::clone(&inventory(vec![Via::none()])), settings);
    (0..2).for_each(|n| b.sentinel(n, 0, true));
    b.good(A, 0);
    b
}

#[test]
fn our_own_lost_uplink_is_nobodys_outage() {
    let mut b = watched();
    b.good(A, 30);
    for s in [33, 38, 43, 48, 53, 58] {
        b.fail(A, s);
        (0..2).for_each(|n| b.sentinel(n, s + 1, false));
        b.pass(s + 2);
    }
    assert_eq!(b.health.view(A).verdict.map(|v| v.state), Some(State::Up));
    assert_eq!(b.health.blind().len(), 1);
    assert_eq!(b.health.explain(A, t(60)).is_seen, Some(false));
    b.pass(90);
    assert_eq!(b.told(), [(News::Blind, "-".to_owned(), 0)]);
    (0..2).for_each(|n| b.sentinel(n, 200, true));
    b.good(A, 201);
    b.pass(202);
    assert_eq!(
        b.record(A),
        [(0, State::Up), (60, State::Unmeasured), (201, State::Up)],
        "the last round before it vouches for thirty seconds"
    );
    assert_eq!(b.told()[1..], [(News::Recovered, "-".to_owned(), 0)]);
    assert_eq!(b.incident_changes(), []);
}

#[test]
fn who_is_blind_is_so_still_after_the_clock_was_set_back() {
    let mut b = watched();
    for s in [1_000, 1_005, 1_010] {
        (0..2).for_each(|n| b.sentinel(n, s, true));
    }
    for s in [1_033, 1_038, 1_043] {
        (0..2).for_each(|n| b.sentinel(n, s, false));
    }
    assert_eq!(b.health.blind().len(), 1);
    // Ten minutes back, and nothing answers.
    for s in [440, 445, 450, 455] {
        (0..2).for_each(|n| b.sentinel(n, s, false));
        b.fail(A, s + 1);
        b.pass(s + 2);
    }
    assert_eq!(b.health.view(A).verdict.map(|v| v.state), Some(State::Up));
    assert_eq!(b.incident_changes(), []);
}

#[test]
fn who_is_blind_tells_nothing_when_the_clock_is_set_back_before_a_sentinel_is_heard_of() {
    let mut b = watched();
    b.good(A, 970);
    for s in [1_000, 1_005, 1_010] {
        b.fail(A, s);
        (0..2).for_each(|n| b.sentinel(n, s + 1, true));
    }
    b.settle(1_012);
    assert_eq!(b.health.incidents().len(), 1, "not due to be told yet");
    for s in [1_016, 1_021, 1_026] {
        (0..2).for_each(|n| b.sentinel(n, s, false));
    }
    assert_eq!(b.health.blind().len(), 1);
    b.settle(600);
    assert_eq!(b.told().iter().filter(|(news, ..)| *news == News::Down).count(), 0);
    (0..2).for_each(|n| b.sentinel(n, 601, true));
    b.settle(700);
    assert_eq!(b.told().iter().filter(|(news, ..)| *news == News::Down).count(), 1);
}

#[test]
fn with_sentinels_that_answer_an_outage_is_found_as_without() {
    let mut b = watched();
    for s in [30, 35, 40] {
        b.fail(A, s);
        assert_eq!(b.paces[&A], Pace::Retry, "even before the sentinels have spoken");
        (0..2).for_each(|n| b.sentinel(n, s + 1, true));
    }
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(30), None)));
    assert!(b.news.contains(&Effect::AskSentinels));
}

#[test]
fn sentinels_that_stay_undecided_delay_a_verdict_by_the_window_at_most() {
    let mut b = watched();
    [30, 35, 40].into_iter().for_each(|s| b.fail(A, s));
    b.pass(59);
    assert_eq!(b.state(A), State::Up);
    b.pass(71);
    assert_eq!(b.verdicts.last(), Some(&(A, State::Down, t(30), None)));
}

#[test]
fn rounds_sent_in_blind_time_break_no_recovery() {
    let mut b = watched();
    (0..2).for_each(|n| b.sentinel(n, 9, true));
    for s in [5, 6, 7] {
        b.fail(A, s);
    }
    assert_eq!(b.state(A), State::Down);
    (0..2).for_each(|n| b.sentinel(n, 12, true));
    b.good(A, 12);
    b.fail(A, 17);
    for s in [18, 23, 28] {
        (0..2).for_each(|n| b.sentinel(n, s, false));
    }
    b.fail(A, 30);
    (0..2).for_each(|n| b.sentinel(n, 33, true));
    b.good(A, 34);
    assert_eq!(b.record(A)[1..], [(5, State::Down), (12, State::Up)]);
}

#[test]
fn sentinels_taken_out_by_a_reload_leave_nobody_blind() {
    let mut b = watched();
    for s in [10, 15, 20] {
        (0..2).for_each(|n| b.sentinel(n, s, false));
    }
    b.pass(60);
    assert_eq!(b.told(), [(News::Blind, "-".to_owned(), 0)]);
    b.reload(inventory(vec![Via::none()]), 70);
    assert!(b.health.blind().is_empty());
    assert_eq!(b.told()[1..], [(News::Recovered, "-".to_owned(), 0)]);
    down(&mut b, A, 80);
    assert_eq!(b.state(A), State::Down);
}

#[test]
fn all_sentinels_lost_is_one_thing_to_tell() {
    let vnpt = crate::model::CarrierId::new("vnpt").unwrap();
    let of_carrier = Sentinel { carrier: Some(vnpt.clone()), ..sentinel(2) };
    let settings = Settings { sentinels: vec![of_carrier, sentinel(1)], ..Settings::default() };
    let mut b = Bench::with(Inventory::clone(&inventory(vec![Via::none()])), settings);
    (0..2).for_each(|n| b.sentinel(n, 0, true));
    for s in [5, 10, 15] {
        (0..2).for_each(|n| b.sentinel(n, s, false));
    }
    b.pass(60);
    assert_eq!(b.told(), [(News::Blind, "-".to_owned(), 0)]);
    b.sentinel(1, 100, true);
    b.pass(101);
    let news: Vec<News> = b.told().iter().map(|(n, ..)| *n).collect();
    assert_eq!(news, [News::Blind, News::Recovered, News::Blind], "vnpt is still lost");
    assert_eq!(b.health.blind()[0].carrier, Some(vnpt));
}
