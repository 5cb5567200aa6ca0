//! Long stretches in which little happens, run through fast: see [`super::Options::swift`].

use std::cmp::Reverse;

use tuantra::model::{Round, UnixMs};

use super::lanes::{Left, ROUND_MS, Stop, Turn};
use super::prober::{SENTINEL_MS, sentinel_took_ms};
use super::{Failure, Happening, Run, SETTLING_MS, START, TICK_MS};
use crate::dice::hash;

/// Between two ticks while nothing is out of the ordinary.
const CALM_TICK_MS: i64 = 30_000;

impl Run<'_> {
    /// Everything in the order of its time, the lanes' rounds without the queue.
    pub(super) fn go_swiftly(&mut self) -> Result<(), Box<Failure>> {
        loop {
            let queued = self.queue.peek().map_or(i64::MAX, |Reverse((at, _, _))| *at);
            let asked = self.next_post.0;
            let at = queued.min(asked).min(self.next_tick).min(self.scenario.length);
            if self.lanes.due() < at {
                self.serve_lanes(at)?;
                continue;
            }
            if at == self.scenario.length {
                return Ok(());
            }
            self.clock = at;
            if at == queued {
                if let Some(Reverse((_, _, happening))) = self.queue.pop() {
                    self.happen(happening)?;
                }
            } else if at < self.asleep_until {
                self.oversleep(at);
            } else if at == asked {
                self.post_over(self.next_post.1)?;
            } else {
                self.tick()?;
            }
        }
    }

    /// What was due at `at` waits until the machine wakes up.
    fn oversleep(&mut self, at: i64) {
        let when = self.wakes_up();
        if self.next_tick == at {
            self.next_tick = when;
        } else {
            self.posts[self.next_post.1].due = when;
            self.find_next_post();
        }
    }

    fn wakes_up(&mut self) -> i64 {
        self.queued += 1;
        let late = hash(self.scenario.seed, self.queued, self.clock as u64) % 500;
        self.asleep_until + late as i64
    }

    /// A sentinel's next round begins at `when`, unless one is under way.
    pub(super) fn plan_post(&mut self, n: usize, when: i64) {
        let at = UnixMs(START + when + self.offset);
        let post = &mut self.posts[n];
        if post.running.is_some() && post.begins <= self.clock {
            return;
        }
        if when >= post.sure_until {
            // From now on, not from then: it may be asked sooner.
            post.sure_until = self.truth.sentinel_sure_until(n, self.clock);
        }
        let answers = when < post.sure_until || self.truth.sentinel_answers(n, when);
        post.running = Some((at, answers));
        post.begins = when;
        post.due = when + sentinel_took_ms(answers);
        self.find_next_post();
    }

    /// A sentinel's round is over. One that was answered before one that is sure to be, too, is as
    /// [`Run::sentinel_over`] would have it, without a look at what is true.
    fn post_over(&mut self, n: usize) -> Result<(), Box<Failure>> {
        let (now, when) = (self.now(), self.clock + SENTINEL_MS);
        let post = &mut self.posts[n];
        let (Some((at, true)), Some(core)) = (post.running, &mut self.core) else {
            return self.sentinel_over(n);
        };
        if when >= post.sure_until || self.options.trace {
            return self.sentinel_over(n);
        }
        core.sentinel(n, at, true, now);
        if let Some(reference) = &mut self.reference {
            reference.sentinel(n, at, true, now);
        }
        post.running = Some((now + SENTINEL_MS, true));
        (post.begins, post.due) = (when, when + sentinel_took_ms(true));
        self.find_next_post();
        if self.is_quiet() {
            return Ok(());
        }
        self.perform();
        self.compare()
    }

    #[inline]
    pub(super) fn find_next_post(&mut self) {
        let mut next = (i64::MAX, 0);
        for (n, post) in self.posts.iter().enumerate() {
            if post.due < next.0 {
                next = (post.due, n);
            }
        }
        self.next_post = next;
    }

    /// The machine sleeps, or its clock was set by `by`: sentinels that are not yet being asked are
    /// asked when it is awake, by the clock as it is then.
    pub(super) fn put_posts_off(&mut self, by: i64) {
        for n in 0..self.posts.len() {
            let post = &mut self.posts[n];
            let Some((at, _)) = post.running.as_mut().filter(|_| post.begins > self.clock) else {
                continue;
            };
            *at = *at + by;
            if post.begins < self.asleep_until {
                let when = self.wakes_up();
                self.plan_post(n, when);
            }
        }
    }

    /// How long until the next tick. Nothing falls due at a tick for who is down and nothing else:
    /// all that is asked more often is.
    pub(super) fn swift_tick_ms(&self) -> i64 {
        let is_in_doubt = self.is_news
            || self.retrying != self.down.len()
            || self.blind.iter().any(|b| b.until.is_none());
        let is_calm = self.retrying == 0
            && self.core.as_ref().is_some_and(|core| core.incidents().is_empty());
        match (is_in_doubt, is_calm) {
            (true, _) => TICK_MS,
            (false, false) => SETTLING_MS,
            (false, true) => CALM_TICK_MS,
        }
    }

    /// Something has changed: time passes for it.
    pub(super) fn hasten_tick(&mut self) {
        if self.options.swift {
            self.next_tick = self.next_tick.min(self.clock + self.swift_tick_ms());
        }
    }

    /// Serves the lanes' rounds that are over before `until`, until something happens by one.
    fn serve_lanes(&mut self, until: i64) -> Result<(), Box<Failure>> {
        let ahead = START + self.offset;
        let Some(core) = &mut self.core else { return Ok(()) };
        let mut model = self.reference.as_mut();
        let is_traced = self.options.trace;
        let (mut rounds, mut last) = (0, self.clock);
        let stop = self.lanes.walk(until, ahead, |round, start| {
            let now = UnixMs(start + ROUND_MS + ahead);
            (rounds, last) = (rounds + 1, start + ROUND_MS);
            core.round(round, now);
            let mut is_quiet = core.is_silent();
            if let Some(model) = &mut model {
                model.round(round, now);
                let plainly = core.seen_plainly(round.subject);
                is_quiet &= model.is_silent()
                    && plainly.is_some()
                    && plainly == model.seen_plainly(round.subject);
            }
            is_quiet && !is_traced
        });
        self.outcome.rounds += rounds;
        self.clock = last;
        let Some(Stop { turn: Turn { place, round, .. }, is_quiet }) = stop else { return Ok(()) };
        self.trace_round(place, &round);
        if let Some(left) = self.lanes.advance() {
            self.resume_queue(&left);
        }
        if is_quiet {
            return Ok(());
        }
        self.touched.push(round.subject);
        self.perform();
        self.compare()
    }

    /// From now on the queue says when a place is asked.
    pub(super) fn leave_lane(&mut self, place: usize) {
        if self.options.swift
            && let Some(left) = self.lanes.leave(place)
        {
            self.resume_queue(&left);
        }
    }

    /// As if the place had been asked by the queue all the time.
    fn resume_queue(&mut self, left: &Left) {
        let Turn { start, place, .. } = left.turn;
        for sent in &left.rounds {
            let at = UnixMs(START + sent + self.offset);
            self.store.sample(place, sent + ROUND_MS, at);
        }
        if start <= self.clock {
            let at = UnixMs(START + start + self.offset);
            let (round, life) = (Round { at, ..left.turn.round }, self.life);
            let seat = &mut self.seats[place];
            seat.last_start = Some(start);
            seat.running = Some((start, round));
            self.at((start + ROUND_MS).max(self.clock), Happening::Judge { place, life });
        } else {
            let interval_ms = self.scenario.province.subjects[place].health.interval_ms;
            self.seats[place].last_start = Some(start - interval_ms);
            self.queue_turn(place, start);
        }
    }

    /// Something happens to all of them.
    pub(super) fn leave_lanes(&mut self) {
        if self.options.swift {
            (0..self.seats.len()).for_each(|place| self.leave_lane(place));
        }
    }

    pub(super) fn queue_turn(&mut self, place: usize, when: i64) {
        let life = self.life;
        self.seats[place].ticket += 1;
        let ticket = self.seats[place].ticket;
        self.at(when, Happening::Turn { place, life, ticket });
    }
}
