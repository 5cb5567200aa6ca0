//! The schedule on a virtual clock that goes in milliseconds.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;
use crate::model::PingParams;
use crate::probe::EngineChoice;

const STEP_US: i64 = 1_000;
const S: i64 = 1_000_000;

fn options(rate_pps: u32, group_rate_pps: u32, first_sweep_ms: i64) -> Options {
    Options { engine: EngineChoice::Auto, rate_pps, group_rate_pps, first_sweep_ms }
}

/// One packet a round, answered within the timeout of 100 ms.
fn target(id: u32) -> Target {
    Target {
        id: TargetId(id),
        address: IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + id)),
        params: PingParams { count: 1, spacing_ms: 0, timeout_ms: 100, ..PingParams::DEFAULT },
        interval_ms: 30_000,
        retry_ms: 5_000,
        source: None,
        is_urgent: false,
        phase_key: PhaseKey::of(&format!("district-{}/commune-{}/tslcd", id % 11, id / 11)),
        group: id % 11,
    }
}

fn targets(count: u32) -> Vec<Target> {
    (0..count).map(target).collect()
}

/// The schedule, its clock and what it started.
struct Patrol {
    schedule: Schedule,
    now_us: i64,
    round_us: i64,
    running: Vec<(i64, Seat)>,
    /// (when, who, packets)
    log: Vec<(i64, TargetId, u32)>,
}

impl Patrol {
    fn new(options: &Options, targets: Vec<Target>) -> Self {
        let mut schedule = Schedule::new(options);
        schedule.set_targets(0, targets);
        Self { schedule, now_us: 0, round_us: 100_000, running: Vec::new(), log: Vec::new() }
    }

    fn run(&mut self, for_us: i64) {
        let until = self.now_us + for_us;
        while self.now_us < until {
            self.now_us += STEP_US;
            let now_us = self.now_us;
            let (over, running) = self.running.iter().partition(|(end_us, _)| *end_us <= now_us);
            self.running = running;
            let over: Vec<(i64, Seat)> = over;
            over.iter().for_each(|(_, seat)| self.schedule.finished(now_us, *seat));
            while let Some(seat) = self.schedule.next(now_us) {
                assert!(!self.running.iter().any(|(_, s)| *s == seat), "two rounds at once");
                let asking = self.schedule.asking(seat).unwrap();
                self.log.push((now_us, asking.id, u32::from(asking.params.count)));
                self.running.push((now_us + self.round_us, seat));
            }
        }
    }

    /// Where a target's normal turns lie within its interval.
    fn phase_of(&self, target: &Target) -> i64 {
        let phase_us = target.phase_key.within_us(target.interval_ms * US_PER_MS);
        phase_us - phase_us % self.schedule.tick_us()
    }

    fn times_of(&self, id: u32) -> Vec<i64> {
        self.log.iter().filter(|(_, who, _)| *who == TargetId(id)).map(|(at, ..)| *at).collect()
    }

    fn all(&mut self, count: u32, pace: Pace) {
        (0..count).for_each(|id| self.schedule.set_pace(TargetId(id), pace));
    }
}

/// The most packets in any second of the log.
fn peak_pps(log: &[(i64, TargetId, u32)]) -> u32 {
    let mut window = std::collections::VecDeque::new();
    let (mut sum, mut peak) = (0, 0);
    for (at, _, packets) in log {
        window.push_back((*at, *packets));
        sum += packets;
        while window.front().is_some_and(|(first, _)| at - first >= S) {
            sum -= window.pop_front().unwrap().1;
        }
        peak = peak.max(sum);
    }
    peak
}

#[test]
fn turns_lie_on_the_phase_without_drift_and_outlast_a_change_elsewhere() {
    let mut patrol = Patrol::new(&options(5_000, 5_000, 10_000), targets(50));
    patrol.run(3_600 * S);
    let phase = patrol.phase_of(&target(7));
    assert_eq!(patrol.schedule.tick_us(), 100_000);
    let turns = patrol.times_of(7);
    assert_eq!(turns.len(), 121);
    for turn in &turns[1..] {
        let late = (turn - phase).rem_euclid(30 * S);
        assert!(late <= STEP_US, "{late} us off its phase at {turn}");
    }
    let fewer = targets(50).into_iter().filter(|t| t.id.0 % 2 == 1).collect();
    assert_eq!(patrol.schedule.set_targets(patrol.now_us, fewer).len(), 25);
    patrol.run(60 * S);
    let turns = patrol.times_of(7);
    assert_eq!(turns.len(), 123);
    assert!((turns[122] - phase).rem_euclid(30 * S) <= STEP_US);
}

#[test]
fn turns_are_brought_to_ticks_as_long_as_the_load_allows() {
    let loads =
        [(2_000, 1, 100_000), (60_000, 1, 20_000), (30_000, 8, 10_000), (60_000, 10, 5_000)];
    for (count, packets, tick_us) in loads {
        let mut wanted = targets(count);
        wanted.iter_mut().for_each(|target| (target.group, target.params.count) = (0, packets));
        let mut patrol = Patrol::new(&options(100_000, 100_000, 0), wanted);
        assert_eq!(patrol.schedule.tick_us(), tick_us, "{count}");
        // A round that began within its tick is asked again a retry time after the tick's
        // beginning: lateness does not add up.
        patrol.run(STEP_US);
        patrol.all(count, Pace::Retry);
        let late_us = patrol.now_us + 777;
        let (_, seat) = patrol.running[0];
        patrol.schedule.finished(late_us, seat);
        let next_us = patrol.schedule.next_due_us().unwrap();
        assert_eq!(next_us % tick_us, 0, "{count}");
    }
}

#[test]
fn no_two_packets_of_a_target_that_are_to_be_apart_fall_into_one_tick() {
    for (spacing_ms, tick_us) in [(200, 100_000), (50, 20_000), (3, 1_000), (0, 100_000)] {
        let mut wanted = targets(50);
        wanted[7].params.spacing_ms = spacing_ms;
        let patrol = Patrol::new(&options(5_000, 5_000, 0), wanted);
        assert_eq!(patrol.schedule.tick_us(), tick_us, "{spacing_ms}");
    }
    let mut wanted = targets(50);
    wanted[7].retry_ms = 60;
    assert_eq!(Patrol::new(&options(5_000, 5_000, 0), wanted).schedule.tick_us(), 20_000);
}

#[test]
fn the_load_of_two_thousand_is_flat() {
    let mut patrol = Patrol::new(&options(5_000, 5_000, 10_000), targets(2_000));
    patrol.run(90 * S);
    let mut slots = HashMap::new();
    for (at, ..) in patrol.log.iter().filter(|(at, ..)| *at > 30 * S) {
        *slots.entry(at / S).or_insert(0_u32) += 1;
    }
    let peak = f64::from(*slots.values().max().unwrap());
    let mean = 2_000.0 / 30.0;
    assert!(peak <= 1.3 * mean, "peak {peak} in a second, mean {mean:.1}");
    assert_eq!(patrol.schedule.lag_ms(patrol.now_us), 0);
}

#[test]
fn the_first_sweep_is_even_and_asks_everyone_once() {
    let mut patrol = Patrol::new(&options(5_000, 5_000, 10_000), targets(2_000));
    patrol.run(10 * S + STEP_US);
    let asked: HashSet<TargetId> = patrol.log.iter().map(|(_, id, _)| *id).collect();
    assert_eq!(asked.len(), 2_000);
    let mut patrol = Patrol::new(&options(5_000, 5_000, 0), targets(20));
    patrol.run(STEP_US);
    assert_eq!(patrol.log.len(), 20);
}

#[test]
fn the_rate_is_kept_and_overdue_turns_are_served_in_order() {
    // 400 rounds a second wanted, 100 allowed.
    let wanted = targets(400).into_iter().map(|t| Target { interval_ms: 1_000, ..t }).collect();
    let mut patrol = Patrol::new(&options(100, 5_000, 0), wanted);
    patrol.run(60 * S);
    assert!(peak_pps(&patrol.log) <= 110, "{}", peak_pps(&patrol.log));
    assert!(patrol.log.len() >= 5_980, "{}", patrol.log.len());
    for id in 0..400 {
        let turns = patrol.times_of(id);
        assert!(turns.windows(2).all(|w| w[1] - w[0] <= 5_100_000), "{id} starves: {turns:?}");
    }
    let lag_ms = patrol.schedule.lag_ms(patrol.now_us);
    assert!((2_000..=4_100).contains(&lag_ms), "{lag_ms}");
}

#[test]
fn a_group_at_its_limit_delays_only_itself() {
    let wanted = targets(110)
        .into_iter()
        .map(|t| Target { interval_ms: 1_000, retry_ms: 1_000, ..t })
        .collect();
    let mut patrol = Patrol::new(&options(5_000, 5, 0), wanted);
    patrol.run(60 * S);
    for group in 0..11 {
        let log: Vec<_> =
            patrol.log.iter().filter(|(_, id, _)| id.0 % 11 == group).copied().collect();
        assert!((295..=311).contains(&log.len()), "group {group}: {}", log.len());
        let asked: HashSet<TargetId> = log.iter().map(|(_, id, _)| *id).collect();
        assert_eq!(asked.len(), 10);
    }
}

#[test]
fn a_retry_comes_a_retry_time_after_the_last_send_and_normal_pace_returns_to_the_phase() {
    let mut patrol = Patrol::new(&options(5_000, 5_000, 10_000), targets(1));
    patrol.run(40 * S);
    let before = patrol.times_of(0).len();
    patrol.schedule.set_pace(TargetId(0), Pace::Retry);
    patrol.run(40 * S);
    let turns = patrol.times_of(0);
    assert!(turns.len() >= before + 8);
    for pair in turns[before..].windows(2) {
        assert_eq!(pair[1] - pair[0], 5 * S);
    }
    patrol.schedule.set_pace(TargetId(0), Pace::Normal);
    patrol.run(60 * S);
    let phase = patrol.phase_of(&target(0));
    let last = *patrol.times_of(0).last().unwrap();
    assert!((last - phase).rem_euclid(30 * S) <= STEP_US);
}

#[test]
fn a_target_in_doubt_is_asked_at_its_retry_time_with_twice_the_packets() {
    let mut three = target(0);
    three.params =
        PingParams { count: 3, spacing_ms: 200, timeout_ms: 2_000, ..PingParams::DEFAULT };
    let mut patrol = Patrol::new(&options(5_000, 5_000, 10_000), vec![three]);
    patrol.run(40 * S);
    for (pace, packets) in [(Pace::Doubt, 6), (Pace::Retry, 3), (Pace::Doubt, 6)] {
        patrol.schedule.set_pace(TargetId(0), pace);
        patrol.log.clear();
        patrol.run(20 * S);
        assert_eq!(patrol.log.len(), 4, "{pace:?}");
        assert!(patrol.log.iter().all(|(.., n)| *n == packets), "{pace:?}: {:?}", patrol.log);
    }
    patrol.schedule.set_pace(TargetId(0), Pace::Normal);
    patrol.log.clear();
    patrol.run(60 * S);
    assert!(patrol.log.iter().all(|(.., n)| *n == 3), "{:?}", patrol.log);
}

/// The packets of doubt count: thousands of suspects keep within the retries' share.
#[test]
fn everything_in_doubt_sends_the_normal_load_and_a_fifth_of_the_rate_at_most() {
    let three = |t: Target| Target { params: PingParams { count: 3, ..t.params }, ..t };
    let wanted = targets(3_000).into_iter().map(three).collect();
    let mut patrol = Patrol::new(&options(900, 5_000, 30_000), wanted);
    patrol.run(60 * S);
    patrol.log.clear();
    patrol.all(3_000, Pace::Doubt);
    patrol.run(120 * S);
    let packets: u32 = patrol.log.iter().map(|(.., n)| n).sum();
    // All turns together ask for 600 + 180 packets a second; bursts come on top.
    assert!(packets <= 120 * 780 + 2_000, "{packets}");
    assert!(peak_pps(&patrol.log) <= 990, "{}", peak_pps(&patrol.log));
    let asked: HashSet<TargetId> = patrol.log.iter().map(|(_, id, _)| *id).collect();
    assert_eq!(asked.len(), 3_000);
}

#[test]
fn a_round_longer_than_its_retry_time_is_never_overtaken() {
    let mut patrol = Patrol::new(&options(5_000, 5_000, 0), targets(1));
    patrol.round_us = 7 * S;
    patrol.schedule.set_pace(TargetId(0), Pace::Retry);
    patrol.run(100 * S);
    assert!(patrol.times_of(0).windows(2).all(|w| w[1] - w[0] >= 7 * S));
}

#[test]
fn everything_down_sends_the_normal_load_and_a_fifth_of_the_rate_at_most() {
    // Normal load 100/s; retries would be 600/s, a fifth of the rate is 60/s.
    let mut patrol = Patrol::new(&options(300, 5_000, 30_000), targets(3_000));
    patrol.run(60 * S);
    patrol.log.clear();
    patrol.all(3_000, Pace::Retry);
    patrol.run(120 * S);
    assert!(patrol.log.len() <= 120 * 160 + 200, "{}", patrol.log.len());
    // Nobody is asked less often than at normal pace.
    let mut last: HashMap<TargetId, i64> = HashMap::new();
    for (at, id, _) in &patrol.log {
        if let Some(before) = last.insert(*id, *at) {
            assert!(at - before <= 35 * S + STEP_US, "{id:?} waited {} us", at - before);
        }
    }
    assert_eq!(last.len(), 3_000);
}

#[test]
fn retries_leave_four_fifths_of_the_rate_to_the_others() {
    // 1,000 healthy targets need 33/s, 1,000 failing ones would take 200/s; the rate is 60/s.
    let mut patrol = Patrol::new(&options(60, 5_000, 30_000), targets(2_000));
    patrol.all(1_000, Pace::Retry);
    patrol.run(300 * S);
    let healthy = patrol.log.iter().filter(|(at, id, _)| *at > 60 * S && id.0 >= 1_000).count();
    assert!(healthy >= 240 * 60 * 2 / 5, "{healthy}");
    assert!(peak_pps(&patrol.log) <= 72);
}

#[test]
fn asking_now_goes_first_and_waits_for_the_running_round() {
    let mut patrol = Patrol::new(&options(5_000, 5_000, 0), targets(2));
    patrol.run(STEP_US);
    patrol.schedule.ask_now(patrol.now_us, TargetId(0));
    patrol.run(S);
    assert_eq!(patrol.times_of(0), [STEP_US, STEP_US + 100_000]);
    patrol.schedule.ask_now(patrol.now_us, TargetId(1));
    patrol.schedule.ask_now(patrol.now_us, TargetId(1));
    patrol.schedule.ask_now(patrol.now_us, TargetId(99));
    patrol.run(STEP_US);
    assert_eq!(patrol.times_of(1), [STEP_US, S + 2 * STEP_US]);
}

/// A failing core: 1,500 of 3,000 targets are asked at once.
#[test]
fn many_asked_at_once_keep_within_the_rates_and_starve_nobody() {
    let (rate, group_rate) = (600, 120);
    let mut wanted = targets(3_000);
    for target in &mut wanted {
        target.params.count = 3;
        target.interval_ms = 60_000;
        // The asked ones lie behind one line, each of the others' groups has a line of its own.
        target.group = if target.id.0 < 1_500 { 0 } else { target.id.0 % 11 + 1 };
    }
    let mut patrol = Patrol::new(&options(rate, group_rate, 60_000), wanted.clone());
    // Between two ticks, when the line has room.
    patrol.run(120 * S + 90_000);
    patrol.log.clear();
    let asked_us = patrol.now_us;
    for _ in 0..5 {
        // Whoever asks again before the turn came gains nothing.
        (0..1_500).for_each(|id| patrol.schedule.ask_now(patrol.now_us, TargetId(id)));
        patrol.run(S);
    }
    assert!(peak_pps(&patrol.log) <= rate + rate / 10, "{}", peak_pps(&patrol.log));
    let (line, others): (Vec<_>, Vec<_>) =
        patrol.log.iter().copied().partition(|(_, id, _)| id.0 < 1_500);
    assert!(peak_pps(&line) <= group_rate + group_rate / 10 + 3, "{}", peak_pps(&line));
    // The first ones go at once, as many as the group's burst holds.
    assert!(line.iter().filter(|(at, ..)| *at == asked_us + STEP_US).count() >= 3);
    // 75 packets a second are the others' normal load.
    let packets: u32 = others.iter().map(|(.., packets)| packets).sum();
    assert!(packets >= 5 * 75 - 30, "{packets}");

    // All are asked within the time their line needs, and the others keep their turns meanwhile.
    patrol.run(45 * S);
    let asked: HashSet<TargetId> = patrol.log.iter().map(|(_, id, _)| *id).collect();
    assert!((0..1_500).all(|id| asked.contains(&TargetId(id))));
    for target in &wanted[1_500..] {
        for turn in patrol.times_of(target.id.0) {
            let late = (turn - patrol.phase_of(target)).rem_euclid(60 * S);
            assert!(late <= 500_000, "{:?} is {late} us late", target.id);
        }
    }
}

/// The same with no line between them that is narrower than the whole.
#[test]
fn many_asked_at_once_delay_the_others_by_their_packets_at_the_most() {
    let mut wanted = targets(3_000);
    wanted.iter_mut().for_each(|target| target.params.count = 3);
    let mut patrol = Patrol::new(&options(1_000, 100_000, 30_000), wanted.clone());
    patrol.run(60 * S);
    patrol.log.clear();
    let asked_us = patrol.now_us;
    (0..1_500).for_each(|id| patrol.schedule.ask_now(asked_us, TargetId(id)));
    patrol.run(30 * S);
    assert!(peak_pps(&patrol.log) <= 1_100, "{}", peak_pps(&patrol.log));
    // 4,500 packets at 1,000 a second, among 300 a second of the normal load.
    for target in &wanted[1_500..] {
        for turn in patrol.times_of(target.id.0) {
            let late = (turn - patrol.phase_of(target)).rem_euclid(30 * S);
            assert!(late <= 5 * S, "{:?} is {late} us late", target.id);
        }
    }
    let asked: HashSet<TargetId> = patrol.log.iter().map(|(_, id, _)| *id).collect();
    assert_eq!(asked.len(), 3_000);
}

#[test]
fn a_changed_address_is_a_new_target_and_a_changed_interval_is_not() {
    let mut patrol = Patrol::new(&options(5_000, 5_000, 0), targets(3));
    patrol.run(STEP_US);
    let mut changed = targets(3);
    changed[0].address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    changed[1].interval_ms = 2_000;
    let emptied = patrol.schedule.set_targets(patrol.now_us, changed);
    assert_eq!(emptied.len(), 1);
    patrol.running.retain(|(_, seat)| !emptied.contains(seat));
    patrol.run(20 * S);
    assert_eq!(patrol.times_of(0)[1], 2 * STEP_US);
    assert!(patrol.times_of(1).len() >= 10);
    assert_eq!(patrol.schedule.len(), 3);
    patrol.schedule.set_targets(patrol.now_us, Vec::new());
    assert!(patrol.schedule.is_empty() && patrol.schedule.next(patrol.now_us).is_none());
}

#[derive(Debug, Clone)]
enum Order {
    Targets(Vec<(u32, i64, u8)>),
    Pace(u32, Pace),
    Ask(u32),
    Run(i64),
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        1 => proptest::collection::vec((0_u32..12, 1_i64..5, 1_u8..=10), 0..12)
            .prop_map(Order::Targets),
        3 => (0_u32..12, 0_usize..3)
            .prop_map(|(id, n)| Order::Pace(id, [Pace::Normal, Pace::Retry, Pace::Doubt][n])),
        2 => (0_u32..12).prop_map(Order::Ask),
        4 => (1_i64..3_000).prop_map(Order::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is ordered: one round of a target at once (asserted by the patrol), the rate is
    /// kept, and afterwards everybody is asked.
    #[test]
    fn no_order_breaks_the_promises(
        rate in 20_u32..500,
        orders in proptest::collection::vec(order(), 1..40),
    ) {
        let mut patrol = Patrol::new(&options(rate, rate, 1_000), targets(5));
        let mut ids: HashSet<u32> = (0..5).collect();
        for order in orders {
            match order {
                Order::Targets(list) => {
                    ids = list.iter().map(|(id, ..)| *id).collect();
                    let list = list.into_iter().map(|(id, seconds, count)| Target {
                        params: PingParams { count, spacing_ms: 0, timeout_ms: 100, ..PingParams::DEFAULT },
                        interval_ms: seconds * 1_000,
                        retry_ms: 500,
                        ..target(id)
                    });
                    let gone = patrol.schedule.set_targets(patrol.now_us, list.collect());
                    patrol.running.retain(|(_, seat)| !gone.contains(seat));
                }
                Order::Pace(id, pace) => patrol.schedule.set_pace(TargetId(id), pace),
                Order::Ask(id) => patrol.schedule.ask_now(patrol.now_us, TargetId(id)),
                Order::Run(ms) => patrol.run(ms * 1_000),
            }
        }
        let since = patrol.log.len();
        patrol.run(60 * S);
        let asked: HashSet<u32> = patrol.log[since..].iter().map(|(_, id, _)| id.0).collect();
        prop_assert_eq!(asked, ids);
        prop_assert!(peak_pps(&patrol.log) <= rate + (rate / 10).max(10) + 1);
    }
}

/// Eight times as much is wanted as the rate allows: of whom a verdict waits is asked on time.
#[test]
fn suspects_and_urgent_targets_are_asked_on_time_when_the_rate_does_not_suffice() {
    let mut wanted: Vec<Target> = targets(800)
        .into_iter()
        .map(|t| Target { interval_ms: 1_000, retry_ms: 1_000, ..t })
        .collect();
    wanted[7].is_urgent = true;
    let mut patrol = Patrol::new(&options(100, 5_000, 0), wanted);
    patrol.run(30 * S);
    patrol.schedule.set_pace(TargetId(3), Pace::Doubt);
    patrol.run(30 * S);
    patrol.log.clear();
    patrol.run(60 * S);
    for id in [3, 7] {
        let turns = patrol.times_of(id);
        assert!(turns.len() >= 58, "{id}: {} turns of 60", turns.len());
    }
    let others = patrol.times_of(100);
    assert!((6..=9).contains(&others.len()), "{}", others.len());
    let account = patrol.schedule.account();
    assert_eq!(account.planned, account.begun + account.skipped());
    // 800 turns a second fell due for two minutes, 100 of them began; those that pass while a turn
    // waits are counted when it is served.
    assert!((11_800..=12_100).contains(&account.begun), "{account:?}");
    assert!((80_000..=84_500).contains(&account.skipped[0]), "{account:?}");
    assert_eq!(account.skipped[2], 0);
}

#[test]
fn however_many_are_urgent_nobody_starves() {
    let wanted = targets(400).into_iter().map(|t| Target {
        interval_ms: 1_000,
        is_urgent: t.id.0 % 2 == 0,
        ..t
    });
    let mut patrol = Patrol::new(&options(100, 5_000, 0), wanted.collect());
    patrol.run(60 * S);
    let counts = |rest: u32| -> Vec<usize> {
        (0..400).filter(|id| id % 2 == rest).map(|id| patrol.times_of(id).len()).collect()
    };
    let (urgent, others) = (counts(0), counts(1));
    assert!(others.iter().all(|n| *n >= 10), "asked every six seconds at least: {others:?}");
    assert!(urgent.iter().sum::<usize>() >= others.iter().sum(), "{urgent:?} {others:?}");
}

proptest! {
    /// Whatever is ordered meanwhile: every turn that fell due began or was skipped, and each that
    /// began was one that was served.
    #[test]
    fn the_books_balance_at_every_moment(
        orders in proptest::collection::vec((0_u32..40, 0_u8..6, 10_i64..3_000), 1..60),
        rate in 1_u32..60,
    ) {
        let quick = |t: Target| Target { interval_ms: 1_000, retry_ms: 300, ..t };
        let all: Vec<Target> = targets(40).into_iter().map(quick).collect();
        let mut patrol = Patrol::new(&options(rate, rate, 0), all.clone());
        for (who, what, ms) in orders {
            match what {
                0 => patrol.schedule.set_pace(TargetId(who), Pace::Doubt),
                1 => patrol.schedule.set_pace(TargetId(who), Pace::Retry),
                2 => patrol.schedule.set_pace(TargetId(who), Pace::Normal),
                3 => patrol.schedule.ask_now(patrol.now_us, TargetId(who)),
                4 => {
                    let some = all.iter().filter(|t| t.id.0 >= who).cloned().collect();
                    let emptied = patrol.schedule.set_targets(patrol.now_us, some);
                    patrol.running.retain(|(_, seat)| !emptied.contains(seat));
                }
                _ => {
                    let gone = patrol.schedule.set_targets(patrol.now_us, all.clone());
                    prop_assert!(gone.is_empty());
                }
            }
            patrol.run(ms * 1_000);
            let account = *patrol.schedule.account();
            prop_assert_eq!(account.planned, account.begun + account.skipped());
            prop_assert_eq!(account.begun, patrol.log.len() as u64);
        }
    }
}
