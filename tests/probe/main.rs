//! The prober against real ICMP: on the loopback here, in [`namespaces`] that the tests make
//! themselves there. What the machine forbids is skipped with a message.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail and talk like tests"
)]

mod faults;
mod mtu;
mod namespaces;
mod wire;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tuantra::model::{PingParams, RoundError, UnixMs};
use tuantra::probe::{
    Answer, Answers, EngineChoice, Options, Pace, PhaseKey, ProbeError, Prober, Stats, Target,
    TargetId,
};

/// Longer than any answer takes on a loaded machine; a test waits this long only when it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// One test at a time: side by side they would compete for the same two processors and the same
/// loopback, and measure each other.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Patrol {
    prober: Prober,
    answers: Answers,
    runtime: tokio::runtime::Runtime,
}

impl Patrol {
    /// `None`, with a message, where this engine may not open its sockets.
    fn start(engine: EngineChoice) -> Option<Self> {
        Self::start_at(engine, 1_000_000)
    }

    fn start_at(engine: EngineChoice, rate_pps: u32) -> Option<Self> {
        let options = Options { engine, rate_pps, group_rate_pps: rate_pps, first_sweep_ms: 0 };
        match Prober::start(options) {
            Ok((prober, answers)) => {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                Some(Self { prober, answers, runtime })
            }
            Err(error @ ProbeError::NotPermitted { .. }) => {
                println!("skipped: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn batch(&mut self) -> Vec<Answer> {
        let answers = &mut self.answers;
        self.runtime
            .block_on(async { tokio::time::timeout(PATIENCE, answers.recv()).await })
            .expect("an answer in time")
            .expect("a living engine")
    }

    /// Waits until what the engine counts is as `is_so` says.
    fn settle(&mut self, is_so: impl Fn(&Stats) -> bool) -> Stats {
        let begun = monotonic();
        loop {
            let stats = self.prober.stats();
            if is_so(&stats) {
                return stats;
            }
            assert!(begun.elapsed() < PATIENCE, "{stats:#?}");
            self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
            while self.answers.try_recv().is_ok() {}
        }
    }

    fn take(&mut self, count: usize) -> Vec<Answer> {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.extend(self.batch());
        }
        taken
    }

    /// The first answer of each target.
    fn ask(&mut self, targets: Vec<Target>) -> HashMap<TargetId, Answer> {
        let count = targets.len();
        self.prober.set_targets(targets);
        let mut first = HashMap::new();
        while first.len() < count {
            for answer in self.batch() {
                first.entry(answer.target).or_insert(answer);
            }
        }
        first
    }

    fn ask_one(&mut self, target: Target) -> Answer {
        self.ask(vec![target]).into_values().next().unwrap()
    }
}

fn target(id: u32, address: impl Into<IpAddr>) -> Target {
    Target {
        id: TargetId(id),
        address: address.into(),
        params: PingParams { count: 3, spacing_ms: 5, timeout_ms: 2_000, ..PingParams::DEFAULT },
        interval_ms: 600_000,
        retry_ms: 5_000,
        source: None,
        is_urgent: false,
        phase_key: PhaseKey::of(&format!("target-{id}")),
        group: 0,
    }
}

/// With a time-out short enough to wait for.
fn impatient(id: u32, address: impl Into<IpAddr>) -> Target {
    Target {
        params: PingParams { count: 3, spacing_ms: 5, timeout_ms: 300, ..PingParams::DEFAULT },
        ..target(id, address)
    }
}

fn loopback(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x7f00_0001 + n)
}

fn assert_whole(answer: &Answer) {
    assert_eq!((answer.sent, answer.lost, answer.error), (3, 0, None));
    assert_eq!(answer.rtts.as_slice().len(), 3);
    assert!(answer.rtts.as_slice().iter().all(|rtt_us| *rtt_us < 2_000_000));
}

const EVERY: [EngineChoice; 4] =
    [EngineChoice::Auto, EngineChoice::Raw, EngineChoice::Datagram, EngineChoice::Portable];

#[test]
fn the_loopback_answers_every_engine() {
    let _alone = alone();
    for engine in EVERY {
        let Some(mut patrol) = Patrol::start(engine) else { continue };
        let before = wall_clock();
        let answer = patrol.ask_one(target(1, Ipv4Addr::LOCALHOST));
        assert_whole(&answer);
        assert!(before.0 <= answer.at.0 && answer.at.0 <= wall_clock().0, "{engine:?}");
        let stats = patrol.prober.stats();
        assert!(!stats.engine_name().is_empty());
        patrol.prober.stop();
    }
}

#[expect(clippy::disallowed_methods, reason = "the test compares with the machine's clock")]
fn wall_clock() -> UnixMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixMs(i64::try_from(since.as_millis()).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "the test measures how long stopping takes")]
fn monotonic() -> Instant {
    Instant::now()
}

#[test]
fn the_loopback_answers_over_ipv6() {
    let _alone = alone();
    for engine in EVERY {
        let Some(mut patrol) = Patrol::start(engine) else { continue };
        let answer = patrol.ask_one(target(1, Ipv6Addr::LOCALHOST));
        if matches!(answer.error, Some(RoundError::Local { .. })) {
            println!("skipped: this machine has no IPv6: {:?}", answer.error);
            continue;
        }
        assert_whole(&answer);
    }
}

#[test]
fn twenty_thousand_at_once_lose_nothing() {
    let _alone = alone();
    // All are due at once; a debug build on a busy machine keeps this rate.
    let Some(mut patrol) = Patrol::start_at(EngineChoice::Auto, 5_000) else { return };
    let targets = (0..20_000).map(|n| Target {
        params: PingParams { count: 1, spacing_ms: 0, timeout_ms: 2_000, ..PingParams::DEFAULT },
        ..target(n, loopback(n))
    });
    let answers = patrol.ask(targets.collect());
    let spoilt: Vec<_> =
        answers.values().filter(|a| (a.sent, a.lost, a.error) != (1, 0, None)).collect();
    assert!(spoilt.is_empty(), "{} of 20,000, first {:?}", spoilt.len(), spoilt.first());
}

#[test]
fn targets_may_share_an_address() {
    let _alone = alone();
    let Some(mut patrol) = Patrol::start(EngineChoice::Auto) else { return };
    let answers = patrol.ask((0..50).map(|id| target(id, Ipv4Addr::LOCALHOST)).collect());
    answers.values().for_each(assert_whole);
}

#[test]
fn asking_now_and_the_retry_pace_bring_more_rounds() {
    let _alone = alone();
    let Some(mut patrol) = Patrol::start(EngineChoice::Auto) else { return };
    let mut quick = target(1, Ipv4Addr::LOCALHOST);
    quick.retry_ms = 100;
    let first = patrol.ask_one(quick);
    patrol.prober.ask_now(&[TargetId(1)]);
    let second = patrol.take(1)[0];
    assert!(second.at.0 >= first.at.0);
    patrol.prober.set_pace(&[(TargetId(1), Pace::Retry)]);
    let more = patrol.take(3);
    more.iter().for_each(assert_whole);
    assert!(more[2].at.0 - more[1].at.0 >= 90, "{more:?}");
}

#[test]
fn targets_taken_away_are_silent_and_unchanged_ones_are_not_asked_again() {
    let _alone = alone();
    let Some(mut patrol) = Patrol::start(EngineChoice::Auto) else { return };
    patrol.ask(vec![target(1, loopback(0)), target(2, loopback(1))]);
    patrol.prober.set_targets(vec![target(2, loopback(1)), target(3, loopback(2))]);
    // Orders are carried out in this order, so nobody but 3 and 2 can be among the next two.
    let third = patrol.take(1);
    assert_eq!(third.iter().map(|a| a.target).collect::<Vec<_>>(), [TargetId(3)]);
    patrol.prober.ask_now(&[TargetId(1), TargetId(2)]);
    let next = patrol.take(1);
    assert_eq!(next.iter().map(|a| a.target).collect::<Vec<_>>(), [TargetId(2)]);
    assert_eq!(patrol.prober.stats().targets, 2);
}

#[test]
fn a_stopped_prober_ends_at_once_and_its_answers_with_it() {
    let _alone = alone();
    for engine in [EngineChoice::Auto, EngineChoice::Portable] {
        let Some(mut patrol) = Patrol::start(engine) else { continue };
        patrol.ask_one(target(1, Ipv4Addr::LOCALHOST));
        let begun = monotonic();
        patrol.prober.stop();
        let took = begun.elapsed();
        // 100 ms are promised; a loaded machine may add to that.
        assert!(took < Duration::from_secs(2), "{engine:?} took {took:?}");
        assert_eq!(patrol.runtime.block_on(patrol.answers.recv()), None);
    }
}
