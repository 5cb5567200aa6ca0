//! Everything that can go wrong on the way, from a far end that keeps books of its own: what the
//! engine counts is what was done.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;
use std::time::Duration;

use tuantra::model::{PingParams, RoundError, Source};
use tuantra::probe::{Answer, EngineChoice, Target, TargetId};

use crate::namespaces::{both_kinds, inside, sh};
use crate::wire::{Act, FarEnd};
use crate::{alone, monotonic, target};

const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 1);
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// As many targets asked as many times as 200 lines every 30 s in an hour; for so many minutes of real
/// time where `TUANTRA_FAULTS_MINUTES` says so, by each kind of socket.
const TARGETS: u32 = 800;
const SWEEPS: u32 = 30;

/// For how long it goes on.
static LASTS: LazyLock<Option<Duration>> = LazyLock::new(|| {
    let minutes = std::env::var("TUANTRA_FAULTS_MINUTES").ok()?;
    Some(Duration::from_secs(60 * minutes.parse::<u64>().unwrap()))
});

/// In an hour a busy machine lets the far end wait for a quarter of a second now and then.
fn timeout_ms() -> u32 {
    if LASTS.is_some() { 2_000 } else { 250 }
}

fn far(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a01_0000 + n)
}

/// Each eighth target meets another fate.
fn fate(to: Ipv4Addr) -> Act {
    match u32::from(to) % 8 {
        0 => Act::Silence,
        1 => Act::Refuse { by: ROUTER, kind: 3, code: 13, rest: 0 },
        2 => Act::Refuse { by: ROUTER, kind: 11, code: 0, rest: 0 },
        3 => Act::Late { ms: u64::from(timeout_ms()) + 150 },
        4 => Act::Often { times: 2 },
        5 => Act::From { other: ELSEWHERE },
        6 => Act::Forged,
        _ => Act::Answer,
    }
}

fn faulty(n: u32) -> Target {
    Target {
        params: PingParams {
            count: 2,
            spacing_ms: 20,
            timeout_ms: timeout_ms(),
            ..PingParams::DEFAULT
        },
        // No turn of its own: only who is asked for is asked.
        interval_ms: 10_000_000_000_000,
        ..target(n, far(n))
    }
}

#[test]
fn an_hour_of_faults_is_told_apart_and_the_books_balance() {
    let _alone = alone();
    if !inside("faults::an_hour_of_faults_is_told_apart_and_the_books_balance") {
        return;
    }
    let far_end = FarEnd::start(|to, _| fate(to));
    let mut before = std::collections::HashMap::new();
    for (engine, mut patrol) in both_kinds() {
        let ids: Vec<TargetId> = (0..TARGETS).map(TargetId).collect();
        let (begun, mut sweeps, mut rounds) = (monotonic(), 0, 0);
        let mut answers: Vec<_> =
            patrol.ask((0..TARGETS).map(faulty).collect()).into_values().collect();
        loop {
            answers.iter().for_each(|answer| assert_as_fated(engine, answer));
            (sweeps, rounds) = (sweeps + 1, rounds + answers.len());
            if sweeps >= SWEEPS && LASTS.is_none_or(|time| begun.elapsed() >= time) {
                break;
            }
            patrol.prober.ask_now(&ids);
            answers = patrol.take(ids.len());
        }

        let mut done = far_end.books(|books| books.done.clone());
        for (act, count) in &before {
            *done.get_mut(act).unwrap() -= count;
        }
        before = far_end.books(|books| books.done.clone());
        let of = |is_it: &dyn Fn(&Act) -> bool| -> u64 {
            done.iter().filter(|(act, _)| is_it(act)).map(|(_, count)| count).sum()
        };
        let late = of(&|act| matches!(act, Act::Late { .. }));
        // The last late ones are still on their way.
        let stats = patrol.settle(|stats| stats.in_flight == 0 && stats.late >= late);
        let account = stats.account;
        assert_eq!(account.imbalance(0), None, "{account:#?}");
        assert_eq!(account.sent, of(&|_| true), "{engine:?}");
        assert_eq!(stats.late, late);
        let replied = |act: &Act| matches!(act, Act::Answer | Act::Often { .. } | Act::Forged);
        assert_eq!(account.received, of(&replied), "{engine:?}");
        assert_eq!(account.errors, of(&|act| matches!(act, Act::Refuse { .. })), "{engine:?}");
        assert_eq!(stats.duplicate, of(&|act| matches!(act, Act::Often { .. })), "{engine:?}");
        assert_eq!(stats.wrong_source, of(&|act| matches!(act, Act::From { .. })), "{engine:?}");
        assert_eq!(stats.stray, of(&|act| *act == Act::Forged), "{engine:?}");
        let silent = |act: &Act| matches!(act, Act::Silence | Act::Late { .. } | Act::From { .. });
        assert_eq!((account.lost, account.waiting), (of(&silent), 0), "{engine:?}");
        assert_eq!((account.overflowed, account.given_up, stats.overflow), (0, 0, 0), "{engine:?}");
        assert_eq!((account.skipped(), account.spoilt, account.cancelled), (0, 0, 0), "{engine:?}");
        // Two packets a round.
        assert_eq!((account.planned, account.begun), (account.sent / 2, account.sent / 2));
        assert_eq!(account.answered, account.received / 2);
        assert_eq!(account.refused, account.errors / 2);
        assert_eq!(account.silent, account.lost / 2);
        assert!(rounds >= (TARGETS * SWEEPS) as usize, "{rounds}");
        println!("{engine:?}: {sweeps} sweeps in {:?}: {account:?}", begun.elapsed());
    }
}

fn assert_as_fated(engine: EngineChoice, answer: &Answer) {
    let told = (answer.lost, answer.error);
    let expected = match fate(far(answer.target.0)) {
        Act::Silence | Act::Late { .. } | Act::From { .. } => (2, None),
        Act::Refuse { kind: 3, .. } => {
            (2, Some(RoundError::Unreachable { code: 13, by: Some(ROUTER.into()) }))
        }
        Act::Refuse { .. } => (2, Some(RoundError::TtlExceeded { by: Some(ROUTER.into()) })),
        Act::Answer | Act::Often { .. } | Act::Forged => (0, None),
    };
    assert_eq!((answer.sent, told), (2, expected), "{engine:?} {:?}", answer.target);
}

#[test]
fn what_is_taken_away_in_flight_is_given_up_and_nothing_else() {
    let _alone = alone();
    if !inside("faults::what_is_taken_away_in_flight_is_given_up_and_nothing_else") {
        return;
    }
    let _far_end = FarEnd::start(|_, _| Act::Silence);
    for (engine, mut patrol) in both_kinds() {
        let patient = |n| Target {
            params: PingParams { timeout_ms: 30_000, ..faulty(n).params },
            ..faulty(n)
        };
        patrol.prober.set_targets((0..50).map(patient).collect());
        patrol.settle(|stats| stats.account.waiting == 100);
        patrol.prober.set_targets((0..10).map(patient).collect());
        let stats = patrol.settle(|stats| stats.account.cancelled == 40);
        assert_eq!(stats.account.imbalance(10), None, "{engine:?} {stats:#?}");
        assert_eq!((stats.account.given_up, stats.account.waiting), (80, 20), "{engine:?}");
        assert_eq!(stats.in_flight, 10, "{engine:?}");
    }
}

#[test]
fn packets_are_as_large_as_uncut_and_as_marked_as_the_check_says_and_leave_from_where_it_says() {
    let _alone = alone();
    if !inside(
        "faults::packets_are_as_large_as_uncut_and_as_marked_as_the_check_says_and_leave_from_where_it_says",
    ) {
        return;
    }
    let far_end = FarEnd::start(|_, _| Act::Answer);
    sh("ip addr add 192.0.2.9/32 dev patrol0");
    let own = Ipv4Addr::new(192, 0, 2, 9);
    let params = |size, df, tos| PingParams { size, df, tos, ..faulty(0).params };
    let kinds = [
        (params(56, false, 0), None),
        (params(1_400, true, 0xb8), None),
        (params(8, false, 0x20), Some(Source::Address(own.into()))),
        // Larger than the link: two pieces, or nothing where it may not be cut.
        (params(2_000, false, 0), None),
        (params(56, true, 0), Some(Source::Interface("patrol0".into()))),
    ];
    for (engine, mut patrol) in both_kinds() {
        let targets = (0_u32..).zip(&kinds).map(|(n, (params, source))| Target {
            params: *params,
            source: source.clone(),
            ..target(n, far(1_000 + n))
        });
        let mut targets: Vec<Target> = targets.collect();
        targets.push(Target { params: params(2_000, true, 0), ..target(90, far(2_000)) });
        let nowhere = Some(Source::Interface("nowhere0".into()));
        targets.push(Target { source: nowhere, ..target(91, far(2_001)) });
        let foreign = Some(Source::Address(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1))));
        targets.push(Target { source: foreign, ..target(92, far(2_002)) });
        let answers = patrol.ask(targets);
        for id in [90, 91, 92] {
            let answer = answers[&TargetId(id)];
            assert_eq!((answer.sent, answer.lost), (0, 0), "{engine:?} {id}: {answer:?}");
            let error = answer.error.unwrap();
            assert!(error.is_own_fault(), "{engine:?} {id}: {error:?}");
        }
        for (n, (params, source)) in (0_u32..).zip(&kinds) {
            let answer = answers[&TargetId(n)];
            let seen = far_end.books(|books| {
                let mut to = books.requests.iter().rev().filter(|r| r.to == far(1_000 + n));
                to.next().copied()
            });
            if params.size > 1_472 {
                // The far end takes no pieces: only our books say that it left.
                assert_eq!((answer.sent, answer.lost), (2, 2), "{engine:?} {n}");
                continue;
            }
            let seen = seen.unwrap();
            assert_eq!((answer.sent, answer.lost), (2, 0), "{engine:?} {n} {answer:?}");
            assert_eq!(seen.length, usize::from(params.size) + 28, "{engine:?} {n}");
            assert_eq!(seen.tos, params.tos, "{engine:?} {n}");
            assert!(seen.df || !params.df, "{engine:?} {n}");
            let from = if matches!(source, Some(Source::Address(_))) {
                own
            } else {
                tuantra::sim::link::OWN
            };
            assert_eq!(seen.from, from, "{engine:?} {n}");
        }
    }
}

#[test]
fn a_packet_too_big_for_the_way_is_refused_by_name_with_what_passes() {
    let _alone = alone();
    if !inside("faults::a_packet_too_big_for_the_way_is_refused_by_name_with_what_passes") {
        return;
    }
    let _far_end = FarEnd::start(|_, length| match length {
        0..=1_400 => Act::Answer,
        _ => Act::Refuse { by: ROUTER, kind: 3, code: 4, rest: 1_400 },
    });
    for (engine, mut patrol) in both_kinds() {
        let params = |size| PingParams { size, df: true, ..faulty(0).params };
        let of = |n, size| Target { params: params(size), ..target(n, far(n)) };
        let answers = patrol.ask(vec![of(1, 1_372), of(2, 1_373)]);
        assert_eq!((answers[&TargetId(1)].lost, answers[&TargetId(1)].error), (0, None));
        let error = Some(RoundError::FragNeeded { mtu: 1_400, by: Some(ROUTER.into()) });
        assert_eq!(answers[&TargetId(2)].error, error, "{engine:?}");
        assert_eq!(answers[&TargetId(2)].lost, 2, "{engine:?}");
    }
}
