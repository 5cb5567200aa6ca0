//! The short way of a round that changes nothing: almost all rounds take it, and nothing is ever
//! seen of it.

use proptest::prelude::*;

use super::*;
use crate::model::RoundError;

fn answer(at: UnixMs) -> Round {
    let rtts = Rtts::from_us(&[4_000; 3]);
    Round { subject: A, check: 0, at, sent: 3, lost: 0, rtts, error: None }
}

/// One that has answered at 0 and 30 s.
fn answering(inventory: Arc<Inventory>) -> Bench {
    let mut b = Bench::new(vec![]);
    b.reload(inventory, 0);
    [0, 30].into_iter().for_each(|s| b.good(A, s));
    b
}

fn is_taken(b: &Bench, round: &Round) -> bool {
    b.health.tracks[A.ix()].clone().take_calm(round)
}

#[test]
fn an_ordinary_answer_takes_the_short_way_and_nothing_that_has_to_be_judged() {
    let b = answering(inventory(vec![Via::none()]));
    let ordinary = answer(t(60));
    assert!(is_taken(&b, &ordinary));
    assert!(is_taken(&b, &answer(t(30) + 1)), "asked again at once");
    assert!(is_taken(&b, &answer(t(90))), "after two intervals there is no hole yet");
    let slowest = Rtts::from_us(&[200_000; 3]);
    assert!(is_taken(&b, &Round { rtts: slowest, ..ordinary }), "not over the threshold");
    let slow = Rtts::from_us(&[4_000, 200_001, 4_000]);
    let judged = [
        ("two at one instant", answer(t(30))),
        ("a hole before it", answer(t(90) + 1)),
        ("nothing was sent", Round { sent: 0, ..ordinary }),
        ("a packet is lost", Round { lost: 1, ..ordinary }),
        ("our own fault", Round { error: Some(RoundError::Overflow), ..ordinary }),
        ("one of them is slow", Round { rtts: slow, ..ordinary }),
        ("another check", Round { check: 1, ..ordinary }),
    ];
    for (why, round) in judged {
        assert!(!is_taken(&b, &round), "{why}");
    }
}

#[test]
fn what_an_answer_may_change_is_judged() {
    let judged = |change: &dyn Fn(&mut Subject), rounds: &dyn Fn(&mut Bench)| {
        let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
        change(&mut inventory.subjects[0]);
        let mut b = answering(Arc::new(inventory));
        rounds(&mut b);
        let last = b.health.view(A).last_round.unwrap();
        !is_taken(&b, &answer(last + 30_000))
    };
    let as_it_is = |_: &mut Subject| {};
    assert!(!judged(&as_it_is, &|_| {}), "nothing to change");
    assert!(judged(&as_it_is, &|b| b.round(A, t(60), 1, 4_000)), "a poor round is remembered");
    assert!(judged(&as_it_is, &|b| b.fail(A, 60)), "it is suspect");
    assert!(judged(&as_it_is, &|b| (2..5).for_each(|n| b.round(A, t(30 * n), 1, 4_000))));
    assert!(judged(&as_it_is, &|b| [60, 65, 70].into_iter().for_each(|s| b.fail(A, s))));
    assert!(judged(&as_it_is, &|b| b.tick(126)), "a hole is open");
    let after_an_outage = |b: &mut Bench| {
        [60, 65, 70].into_iter().for_each(|s| b.fail(A, s));
        (0..10).for_each(|n| b.good(A, 75 + 30 * n));
    };
    assert!(judged(&as_it_is, &after_an_outage), "its changes are among the last twenty rounds");
    let with_baseline = |s: &mut Subject| s.health.baseline_tenths = Some(30);
    assert!(judged(&with_baseline, &|_| {}), "something is learnt from it");
    let with_second_check = |s: &mut Subject| s.checks.push(s.checks[0].clone());
    assert!(judged(&with_second_check, &|_| {}), "the other check may fail");
}

#[derive(Debug, Clone)]
enum Op {
    Round { check: u8, gap_s: i64, lost: u8, slow: bool },
    Tick { gap_s: i64 },
}

fn op() -> impl Strategy<Value = Op> {
    let lost = prop_oneof![12 => Just(0_u8), 2 => Just(3), 1 => 1..3_u8];
    let gap_s = prop_oneof![8 => Just(30_i64), 2 => 0..6_i64, 1 => 0..200_i64];
    let slow = prop::bool::weighted(0.05);
    prop_oneof![
        9 => (0..2_u8, gap_s, lost, slow)
            .prop_map(|(check, gap_s, lost, slow)| Op::Round { check, gap_s, lost, slow }),
        1 => (0..200_i64).prop_map(|gap_s| Op::Tick { gap_s }),
    ]
}

proptest! {
    /// With the short way closed before every round the same is recorded, decided, asked and seen.
    #[test]
    fn the_short_way_changes_nothing(
        ops in prop::collection::vec(op(), 1..120),
        checks in 1..3_u8,
        baseline in prop::option::of(Just(30_u16)),
    ) {
        let run = |is_closed: bool| {
            let mut inventory = Inventory::clone(&inventory(vec![Via::none()]));
            let subject = &mut inventory.subjects[0];
            subject.health.baseline_tenths = baseline;
            if checks == 2 {
                subject.checks.push(subject.checks[0].clone());
            }
            let subject = subject.clone();
            let mut b = Bench::new(vec![]);
            b.reload(Arc::new(inventory), 0);
            let mut clock = 0;
            for op in &ops {
                if is_closed {
                    b.health.tracks[A.ix()].refit(&subject, Some);
                }
                match *op {
                    Op::Round { check, gap_s, lost, slow } => {
                        clock += gap_s;
                        let rtt_us = if slow { 300_000 } else { 4_000 };
                        b.check(A, check, t(clock), lost, rtt_us);
                    }
                    Op::Tick { gap_s } => {
                        clock += gap_s;
                        b.tick(clock);
                    }
                }
            }
            (b.health.explain(A, t(clock)), b.records, b.verdicts, b.paces, b.news)
        };
        prop_assert_eq!(run(false), run(true));
    }
}

#[test]
fn what_fails_after_the_clock_was_set_back_fails_after_the_last_answer() {
    for (sent, first) in [(290, t(300) + 1), (300, t(300)), (301, t(301))] {
        let mut b = Bench::new(vec![Via::none()]);
        (0..=10).for_each(|n| b.good(A, 30 * n));
        b.fail(A, sent);
        assert_eq!(b.health.explain(A, t(301)).phase, PhaseSeen::Suspect { first, failed: 1 });
    }
}

#[test]
fn an_answer_behind_a_round_that_waits_for_the_sentinels_waits_with_it() {
    let sentinel = crate::model::Sentinel {
        address: Ipv4Addr::LOCALHOST.into(),
        carrier: None,
        is_control: false,
    };
    let settings = Settings { sentinels: vec![sentinel], ..Settings::default() };
    let mut b = Bench::with(Inventory::clone(&inventory(vec![Via::none()])), settings);
    b.sentinel(0, 20, true);
    [0, 20].into_iter().for_each(|s| b.good(A, s));
    assert!(is_taken(&b, &answer(t(40))));
    b.fail(A, 40);
    b.good(A, 41);
    assert_eq!(b.health.view(A).last_round, Some(t(20)), "neither is judged yet");
    b.sentinel(0, 42, true);
    let view = b.health.view(A);
    assert_eq!((view.last_round, view.suspect), (Some(t(41)), 0));
}
