//! The loop of the batched engine: orders, receiving, time-outs, answers; what it sends is in
//! [`sending`].
//!
//! Guarantees: receives before it closes rounds, so that an answer that came in time counts
//! however late the thread runs; wakes at the beginnings of ticks, which are multiples of their
//! length on the wall clock as it stood at the start, as the schedule's turns are: what is due
//! leaves within a tick's work, and nothing wakes twice; between two drains at most [`sending::SENDS_PER_DRAIN`] packets
//! leave, so that even the smallest receive buffer holds their answers; looks at its orders at
//! least every [`TICK_WORK_MAX_US`]; packets that a socket does not take delay no packets of
//! another.

mod gates;
mod running;
mod sending;
mod speed;
#[cfg(test)]
mod tests;
mod tokens;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use self::gates::Gates;
use self::running::{Rounds, Running};
use self::speed::Speed;
use self::tokens::Tokens;
use super::Channels;
use super::channel::{Channel, Event};
use super::sys::{Clock, Inbox, now_ns};
use crate::probe::mailbox::Mailbox;
use crate::probe::outbox::Outbox;
use crate::probe::schedule::{Schedule, Seat};
use crate::probe::tick::{TICK_MAX_US, tick_before_us, tick_from_us};
use crate::probe::{Options, Stats};

const US_PER_MS: i64 = 1_000;
/// Answers are handed over once in each of these at most: waking their reader costs as much as a tick.
const FLUSH_US: i64 = 20_000;
/// Timers that may have outlived their rounds, besides as many as there are rounds in flight.
const STALE_TIMERS_MAX: usize = 1_024;
/// Longest work without looking at the orders.
const TICK_WORK_MAX_US: i64 = 50_000;
/// Longest sleep with nothing to do; orders wake at once.
const IDLE_MAX_US: i64 = 1_000_000;
/// A machine that slept longer than this was suspended.
const SUSPENDED_NS: i64 = 500_000_000;
/// The engine; [`Engine::run`] is its thread.
pub(super) struct Engine {
    schedule: Schedule,
    rounds: Rounds,
    /// (when, seat, serial): a running round's next packet or its end.
    timers: BinaryHeap<Reverse<(i64, Seat, u32)>>,
    gates: Gates,
    serial: u32,
    v4: Option<Channel>,
    v6: Option<Channel>,
    inbox: Inbox,
    events: Vec<Event>,
    tokens: Tokens,
    speed: Speed,
    stats: Stats,
    mailbox: Arc<Mailbox>,
    outbox: Outbox,
    flushed_us: i64,
    /// What the engine's clock is ahead of CLOCK_MONOTONIC, so that its ticks are the wall clock's.
    ahead_us: i64,
    /// What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, as read before the last packets.
    real_ahead_ns: i64,
    /// CLOCK_BOOTTIME less CLOCK_MONOTONIC: grows while the machine is suspended.
    slept_ns: i64,
}

/// By how much a clock that only goes on has to be put forward for its ticks to begin when the wall
/// clock's do. A wall clock that is set later keeps its pace, no more.
fn ahead_us() -> i64 {
    (real_ahead_ns() / 1_000).rem_euclid(TICK_MAX_US)
}

/// The wall clock is read last: no instant is told earlier than it was.
fn real_ahead_ns() -> i64 {
    let monotonic_ns = now_ns(Clock::Monotonic);
    now_ns(Clock::Real) - monotonic_ns
}

fn slept_ns() -> i64 {
    now_ns(Clock::Boot) - now_ns(Clock::Monotonic)
}

impl Engine {
    pub(super) fn new(
        options: &Options,
        channels: Channels,
        stats: Stats,
        mailbox: Arc<Mailbox>,
        outbox: Outbox,
    ) -> Self {
        Self {
            schedule: Schedule::new(options),
            rounds: Rounds::default(),
            timers: BinaryHeap::new(),
            gates: Gates::default(),
            serial: 0,
            v4: channels.v4,
            v6: channels.v6,
            inbox: Inbox::new(),
            events: Vec::new(),
            tokens: Tokens::default(),
            speed: Speed::default(),
            stats,
            mailbox,
            outbox,
            flushed_us: 0,
            ahead_us: ahead_us(),
            real_ahead_ns: real_ahead_ns(),
            slept_ns: slept_ns(),
        }
    }

    fn now_us(&self) -> i64 {
        self.clock_us(now_ns(Clock::Monotonic))
    }

    /// An instant of CLOCK_MONOTONIC on the engine's clock.
    fn clock_us(&self, monotonic_ns: i64) -> i64 {
        monotonic_ns / 1_000 + self.ahead_us
    }

    /// The length of a tick at present; turns of the schedule fall on multiples of it.
    fn tick_us(&self) -> i64 {
        self.speed.tick_us().min(self.schedule.tick_us())
    }

    /// Runs until it is told to stop or nobody reads the answers any more.
    pub(super) fn run(mut self) {
        while self.turn() {}
    }

    /// Orders, one tick of work, and the sleep until the next; false when it is to end.
    pub(super) fn turn(&mut self) -> bool {
        if !self.obey_orders() {
            return false;
        }
        self.notice_suspension(slept_ns());
        self.work();
        if !self.hand_over() {
            return false;
        }
        self.sleep();
        true
    }

    #[cfg(test)]
    pub(super) fn stats(&self) -> Stats {
        self.stats
    }

    fn obey_orders(&mut self) -> bool {
        let orders = self.mailbox.take();
        let now_us = self.now_us();
        if let Some(targets) = orders.targets {
            let timeout_ms = targets.iter().map(|t| t.params.timeout_ms).max().unwrap_or(0);
            for channel in self.v4.iter_mut().chain(&mut self.v6) {
                channel.keep_slots_for(i64::from(timeout_ms) * 1_000_000);
            }
            for seat in self.schedule.set_targets(now_us, targets) {
                if let Some(running) = self.rounds.forget(seat) {
                    self.give_up(&running);
                }
            }
            self.stats.targets = u32::try_from(self.schedule.len()).unwrap_or(u32::MAX);
        }
        orders.paces.into_iter().for_each(|(id, pace)| self.schedule.set_pace(id, pace));
        orders.ask_now.into_iter().for_each(|id| self.schedule.ask_now(now_us, id));
        !orders.stop
    }

    /// Answers to what was in flight before the machine slept prove nothing, nor does their
    /// absence.
    fn notice_suspension(&mut self, slept_ns: i64) {
        if slept_ns - std::mem::replace(&mut self.slept_ns, slept_ns) > SUSPENDED_NS {
            let now_us = self.now_us();
            for seat in self.rounds.seats() {
                if let Some(running) = self.rounds.take(seat) {
                    self.give_up(&running);
                    self.schedule.finished(now_us, seat);
                }
            }
        }
    }

    /// Books a round that will not be answered.
    fn give_up(&mut self, running: &Running) {
        let waiting = running.gather.waiting();
        let account = &mut self.stats.account;
        account.waiting -= waiting;
        account.given_up += waiting;
        account.cancelled += 1;
        self.stats.in_flight -= 1;
    }

    /// One tick: drain, send what is due, until nothing more is due.
    fn work(&mut self) {
        let begun_us = self.now_us();
        self.gates.begin_tick();
        loop {
            // Read before draining: what comes later cannot be closed as missing.
            let now_us = self.now_us();
            self.receive(now_us);
            self.real_ahead_ns = real_ahead_ns();
            let room_left = self.send_due(now_us);
            if room_left || now_us - begun_us > TICK_WORK_MAX_US {
                break;
            }
        }
        let now_ns = now_ns(Clock::Monotonic);
        self.v4.iter_mut().chain(&mut self.v6).for_each(|channel| channel.expire(now_ns));
        self.speed.note(self.clock_us(now_ns), self.stats.account.sent);
    }

    fn receive(&mut self, now_us: i64) {
        // Those that turned up while sending are among them.
        let mut events = std::mem::take(&mut self.events);
        for channel in self.v4.iter_mut().chain(&mut self.v6) {
            channel.receive(&mut self.inbox, &mut |event| events.push(event));
        }
        events.drain(..).for_each(|event| self.note(now_us, event));
        self.events = events;
    }

    fn note(&mut self, now_us: i64, event: Event) {
        let sent = match event {
            Event::Duplicate => return self.stats.duplicate += 1,
            Event::Stray => return self.stats.stray += 1,
            Event::WrongSource => return self.stats.wrong_source += 1,
            Event::Overflow(count) => {
                self.stats.overflow += u64::from(count);
                return self.rounds.iter_mut().for_each(|running| running.gather.overflowed());
            }
            Event::Reply { sent, .. } | Event::Refusal { sent, .. } => sent,
        };
        let running = self.rounds.get_mut(sent.seat);
        let Some(running) = running.filter(|running| running.serial == sent.serial) else {
            self.stats.late += 1;
            return;
        };
        let in_time = match event {
            Event::Reply { rtt_us, .. } => {
                i64::from(rtt_us) <= i64::from(running.params.timeout_ms) * US_PER_MS
                    && running.gather.replied(sent.packet, rtt_us)
            }
            Event::Refusal { error, .. } => {
                tracing::debug!(to = %running.to, ?error, "ICMP error");
                running.gather.refused(sent.packet, error)
            }
            _ => false,
        };
        if !in_time {
            self.stats.late += 1;
            return;
        }
        let account = &mut self.stats.account;
        account.waiting -= 1;
        match event {
            Event::Reply { .. } => account.received += 1,
            _ => account.errors += 1,
        }
        if running.gather.is_complete() {
            self.finish(now_us, sent.seat);
        }
    }

    /// Ends a round: what has not come by now is lost.
    fn finish(&mut self, now_us: i64, seat: Seat) {
        let Some(mut running) = self.rounds.take(seat) else { return };
        let lost = running.gather.close();
        let answer = running.gather.answer(running.target);
        running.gather.book(lost, &answer, &mut self.stats.account);
        let is_proven = answer.sent > 0 && answer.lost == 0 && answer.error.is_none();
        self.rounds.note_end(seat, is_proven, answer.rtts.as_slice().is_empty());
        self.outbox.push(answer);
        self.stats.in_flight -= 1;
        self.schedule.finished(now_us, seat);
    }

    /// Wakes a round at an instant. Rounds end before their time, and leave their timers behind: when
    /// those are many, they are swept, so that the queue stays as short as what it is for.
    fn set_timer(&mut self, when_us: i64, seat: Seat, serial: u32) {
        self.timers.push(Reverse((when_us, seat, serial)));
        if self.timers.len() > 2 * self.stats.in_flight as usize + STALE_TIMERS_MAX {
            let rounds = &self.rounds;
            self.timers.retain(|Reverse((_, seat, serial))| {
                rounds.get(*seat).is_some_and(|running| running.serial == *serial)
            });
        }
    }

    /// Publishes the counters, then the answers they count; false when nobody reads them.
    fn hand_over(&mut self) -> bool {
        let now_us = self.now_us();
        let is_flushed = tick_before_us(now_us, FLUSH_US) <= self.flushed_us;
        if self.stats.in_flight > 0 && is_flushed {
            return true;
        }
        self.flushed_us = now_us;
        self.stats.lag_ms = self.schedule.lag_ms(now_us);
        self.stats.answers_dropped = self.outbox.dropped();
        self.stats.take_turns(self.schedule.account());
        self.mailbox.publish(self.stats);
        self.outbox.flush()
    }

    /// Sleeps to the beginning of the tick in which something is next to be done.
    fn sleep(&self) {
        let now_us = self.now_us();
        let earliest_us = now_us + 1;
        let wanted_us = if self.stats.in_flight > 0 {
            earliest_us
        } else {
            let due_us = self.schedule.next_due_us().unwrap_or(i64::MAX);
            due_us.clamp(earliest_us, now_us + IDLE_MAX_US)
        };
        let sleep_us = tick_from_us(wanted_us, self.tick_us()) - now_us;
        self.mailbox.wait(Duration::from_micros(sleep_us.unsigned_abs()));
    }
}
