//! The prober's behaviour: who is asked when, and what comes back.

use tuantra::model::{Round, RoundError, Rtts, SubjectIx, UnixMs};

use super::lanes::phase;
use super::{Failure, Happening, Run};
use crate::dice::hash;
use crate::province::PING;

pub(super) const SENTINEL_MS: i64 = 10_000;
const SENTINEL_RETRY_MS: i64 = 2_600;

/// The prober's seat of a sentinel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Post {
    /// When its round was sent, and whether it will be answered.
    pub(super) running: Option<(UnixMs, bool)>,
    pub(super) ticket: u32,
    /// Without the queue: when the round begins, and when it is over.
    pub(super) begins: i64,
    pub(super) due: i64,
    /// Until then it is sure to answer, and rounds are valid.
    pub(super) sure_until: i64,
}

impl Post {
    /// Nobody asks it.
    pub(super) const IDLE: Self =
        Self { running: None, ticket: 0, begins: 0, due: i64::MAX, sure_until: 0 };
}

/// The prober's seat of a place.
#[derive(Debug, Clone, Default)]
pub(super) struct Seat {
    pub(super) ix: Option<SubjectIx>,
    pub(super) is_target: bool,
    pub(super) is_retrying: bool,
    pub(super) running: Option<(i64, Round)>,
    pub(super) is_asked_again: bool,
    /// The rounds of its other checks, under way with the primary one.
    pub(super) asides: Vec<Round>,
    /// By bit: that check was left out at its last turn.
    pub(super) left_out: u8,
    pub(super) last_start: Option<i64>,
    pub(super) ticket: u32,
}

/// How long a round of a sentinel takes.
pub(super) fn sentinel_took_ms(answers: bool) -> i64 {
    if answers { 2 * i64::from(PING.spacing_ms) + 5 } else { PING.round_ms() }
}

impl Run<'_> {
    pub(super) fn ask_sentinel(&mut self, n: usize) {
        if self.posts[n].running.is_some() {
            return;
        }
        let answers = self.truth.sentinel_answers(n, self.clock);
        self.posts[n].running = Some((self.now(), answers));
        let life = self.life;
        self.at(self.clock + sentinel_took_ms(answers), Happening::SentinelOver { n, life });
    }

    /// Asks a sentinel at `when`, instead of whenever it was to be asked next.
    pub(super) fn plan_sentinel(&mut self, n: usize, when: i64) {
        if self.options.swift {
            return self.plan_post(n, when);
        }
        self.posts[n].ticket += 1;
        let (life, ticket) = (self.life, self.posts[n].ticket);
        self.at(when, Happening::Sentinel { n, life, ticket });
    }

    pub(super) fn sentinel_over(&mut self, n: usize) -> Result<(), Box<Failure>> {
        let Some((at, answered)) = self.posts[n].running.take() else { return Ok(()) };
        let now = self.now();
        let is_sure = self.clock < self.posts[n].sure_until;
        let is_invalid = !is_sure && self.truth.invalid.contain(self.clock);
        self.trace(|_| format!("sentinel {n}: sent {at} answered {answered} {is_invalid}"));
        if !is_invalid {
            let core = self.core.as_mut().unwrap();
            core.sentinel(n, at, answered, now);
            if !self.options.swift {
                core.settle(now);
            }
            if let Some(reference) = &mut self.reference {
                reference.sentinel(n, at, answered, now);
            }
        }
        let each = if answered { SENTINEL_MS } else { SENTINEL_RETRY_MS };
        self.plan_sentinel(n, self.clock + each);
        if self.is_quiet() {
            return Ok(());
        }
        self.perform();
        self.compare()
    }

    pub(super) fn turn(&mut self, place: usize) {
        let (clock, now) = (self.clock, self.now());
        let seat = &mut self.seats[place];
        let Some(ix) = seat.ix.filter(|_| seat.is_target && seat.running.is_none()) else { return };
        seat.last_start = Some(clock);
        seat.is_asked_again = false;
        let truth = &self.truth;
        let sent = |check: usize, late: i64| {
            let seen = truth.round(place, check, clock + late);
            let is_invalid = truth.invalid.contain(clock);
            let answered = usize::from(3 - seen.lost);
            let round = Round {
                subject: ix,
                check: check as u8,
                at: now + late,
                sent: 3,
                lost: seen.lost,
                rtts: Rtts::from_us(&seen.rtt_us[..answered]),
                error: is_invalid.then_some(RoundError::Overflow),
            };
            let slowest = seen.rtt_us.iter().max().copied().unwrap_or(0);
            let took = 2 * i64::from(PING.spacing_ms) + i64::from(slowest / 1000) + 1;
            (round, late + if seen.lost > 0 { PING.round_ms() } else { took })
        };
        let (round, mut took) = sent(0, 0);
        seat.running = Some((clock, round));
        seat.asides.clear();
        for check in 1..=self.scenario.province.subjects[place].others.len() {
            let chance = hash(self.scenario.seed, (place * 8 + check) as u64, clock as u64);
            // Now and then there is no time for it, and never twice in a row.
            let is_left_out = chance.is_multiple_of(6) && seat.left_out & 1 << check == 0;
            seat.left_out ^= (seat.left_out & 1 << check) | u8::from(is_left_out) << check;
            if !is_left_out {
                let (aside, until) = sent(check, (chance % 400) as i64);
                seat.asides.push(aside);
                took = took.max(until);
            }
        }
        let life = self.life;
        self.at(clock + took, Happening::Judge { place, life });
    }

    pub(super) fn judge(&mut self, place: usize) -> Result<(), Box<Failure>> {
        let now = self.now();
        // A target that was taken away meanwhile has no round any more.
        let Some((sent, primary)) = self.seats[place].running.take() else { return Ok(()) };
        self.outcome.rounds += 1;
        let mut rounds = std::mem::take(&mut self.seats[place].asides);
        // The answers come in any order.
        let before = hash(self.scenario.seed, place as u64, sent as u64) as usize;
        rounds.insert(before % (rounds.len() + 1), primary);
        for round in &rounds {
            self.take_round(place, round, now);
        }
        rounds.clear();
        self.seats[place].asides = rounds;
        self.touched.push(primary.subject);
        self.plan(place);
        self.perform();
        self.compare()
    }

    /// The core and the reference get a round.
    fn take_round(&mut self, place: usize, round: &Round, now: UnixMs) {
        self.trace_round(place, round);
        if !round.is_invalid() {
            self.store.sample(place, self.clock, round.at);
        }
        let core = self.core.as_mut().unwrap();
        core.round(round, now);
        if !self.options.swift {
            core.settle(now);
        }
        if let Some(reference) = &mut self.reference {
            reference.round(round, now);
        }
        // What is said is said of now, not of what the next round brings.
        self.perform();
    }

    pub(super) fn trace_round(&mut self, place: usize, round: &Round) {
        self.trace(|run| {
            let (name, lost) = (&run.scenario.province.subjects[place].name, round.lost);
            let invalid = if round.is_invalid() { " invalid" } else { "" };
            let check =
                if round.check > 0 { format!("#{}", round.check + 1) } else { String::new() };
            format!("{name}{check}: sent {} lost {lost} {:?}{invalid}", round.at, round.rtts)
        });
    }

    /// Plans a place's next turn after its round, or after its pace changed.
    pub(super) fn plan(&mut self, place: usize) {
        let clock = self.clock;
        let seat = &mut self.seats[place];
        let Some(ix) = seat.ix.filter(|_| seat.is_target && seat.running.is_none()) else { return };
        let Some(start) = seat.last_start else { return };
        let health = &self.inventory.subject(ix).health;
        let when = if seat.is_asked_again {
            clock
        } else if seat.is_retrying {
            (start + health.retry_ms).max(clock)
        } else {
            let phase = phase(place, health.interval_ms);
            let turns = (start - phase).div_euclid(health.interval_ms) + 1;
            (phase + turns * health.interval_ms).max(clock)
        };
        let is_usual = !seat.is_asked_again && !seat.is_retrying && when > clock;
        if self.options.swift && is_usual && self.lanes.enter(place, ix, when) {
            // What was queued for it does not count any more.
            self.seats[place].ticket += 1;
            return;
        }
        self.queue_turn(place, when);
    }
}
