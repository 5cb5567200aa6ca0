//! The engine's bookkeeping without any socket.

use std::net::{IpAddr, Ipv4Addr};

use super::super::slots::Sent;
use super::super::socket::Kind;
use super::sending::Step;
use super::*;
use crate::model::{PingParams, RoundError};
use crate::probe::{Answer, EngineChoice, EngineKind, PhaseKey, Target, TargetId};

struct Bench {
    engine: Engine,
    answers: crate::probe::Answers,
    seats: Vec<Seat>,
}

impl Bench {
    /// Two targets with a round of two packets each in flight.
    fn new() -> Self {
        let options = Options {
            engine: EngineChoice::Raw,
            rate_pps: 1_000,
            group_rate_pps: 1_000,
            first_sweep_ms: 0,
        };
        let (sender, answers) = tokio::sync::mpsc::channel(8);
        let stats = Stats::new(EngineKind::Raw);
        let channels = Channels { kind: Kind::Raw, v4: None, v6: None };
        let mailbox = Arc::new(Mailbox::new(stats));
        let mut engine = Engine::new(&options, channels, stats, mailbox, Outbox::new(sender));
        let target = |id| Target {
            id: TargetId(id),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            params: PingParams {
                count: 2,
                spacing_ms: 0,
                timeout_ms: 1_000,
                ..PingParams::DEFAULT
            },
            interval_ms: 30_000,
            retry_ms: 5_000,
            source: None,
            is_urgent: false,
            phase_key: PhaseKey::of(&id.to_string()),
            group: 0,
        };
        engine.schedule.set_targets(0, vec![target(0), target(1)]);
        let mut seats = Vec::new();
        while let Some(seat) = engine.schedule.next(0) {
            engine.begin(0, seat);
            let round = engine.rounds.get_mut(seat).unwrap();
            (0..2).for_each(|packet| round.gather.sent(packet));
            engine.stats.account.sent += 2;
            engine.stats.account.waiting += 2;
            seats.push(seat);
        }
        Self { engine, answers, seats }
    }

    fn reply(&mut self, of: usize, packet: u8, rtt_us: u32) {
        let seat = self.seats[of];
        let serial = u32::try_from(of).unwrap() + 1;
        let sent = Sent { seat, serial, packet, at_ns: 0 };
        self.engine.note(10, Event::Reply { sent, rtt_us });
    }

    fn answers(&mut self) -> Vec<Answer> {
        assert!(self.engine.outbox.flush());
        self.answers.try_recv().unwrap_or_default()
    }
}

#[test]
fn a_whole_round_is_answered_and_what_comes_after_is_late() {
    let mut bench = Bench::new();
    assert_eq!(bench.engine.stats.in_flight, 2);
    bench.reply(0, 1, 20);
    assert!(bench.answers().is_empty());
    bench.reply(0, 0, 10);
    let answers = bench.answers();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].rtts.as_slice(), [10, 20]);
    bench.reply(0, 0, 30);
    bench.engine.note(11, Event::Duplicate);
    bench.engine.note(11, Event::Stray);
    let stats = bench.engine.stats;
    assert_eq!((stats.account.received, stats.late, stats.duplicate, stats.stray), (2, 1, 1, 1));
    assert_eq!((stats.account.rounds(), stats.in_flight), (1, 1));
}

#[test]
fn a_reply_after_its_time_out_is_late_even_while_the_round_lasts() {
    let mut bench = Bench::new();
    bench.reply(0, 0, 1_000_001);
    bench.reply(0, 1, 1_000_000);
    assert_eq!((bench.engine.stats.account.received, bench.engine.stats.late), (1, 1));
    assert!(bench.engine.step(2_000_000, bench.seats[0]) == Step::Closed);
    let answers = bench.answers();
    assert_eq!((answers[0].sent, answers[0].lost), (2, 1));
}

#[test]
fn an_overflow_spoils_the_rounds_in_flight_that_miss_an_answer() {
    let mut bench = Bench::new();
    bench.reply(0, 0, 1);
    bench.engine.note(10, Event::Overflow(3));
    bench.reply(0, 1, 1);
    bench.engine.step(2_000_000, bench.seats[1]);
    let errors: Vec<_> = bench.answers().iter().map(|answer| answer.error).collect();
    assert_eq!(errors, [None, Some(RoundError::Overflow)]);
    assert_eq!(bench.engine.stats.overflow, 3);
}

#[test]
fn a_suspended_machine_answers_nothing_and_asks_again() {
    let mut bench = Bench::new();
    let slept_ns = bench.engine.slept_ns;
    bench.engine.notice_suspension(slept_ns + SUSPENDED_NS);
    assert_eq!(bench.engine.stats.account.cancelled, 0);
    bench.engine.notice_suspension(slept_ns + 2 * SUSPENDED_NS + 1);
    assert_eq!((bench.engine.stats.account.cancelled, bench.engine.stats.in_flight), (2, 0));
    assert!(bench.answers().is_empty());
    bench.reply(0, 0, 1);
    assert_eq!(bench.engine.stats.late, 1);
    assert!(bench.engine.schedule.next(40_000_000).is_some());
}
