//! What waits to be written. Submitting never blocks; a bound on everything.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;
use super::expire::Retention;
use super::fact::{Batch, Fact, Reading};
use super::fold::fold;
use super::trouble::{Hindrance, Trouble};
use crate::locale::Lang;
use crate::model::{SubjectId, UnixMs};

/// Most samples that wait; beyond it the oldest are given up and counted (about 100 MB).
pub(super) const SAMPLES_MAX: usize = 1_000_000;
/// Facts beyond which waiting interval facts are folded to one a subject, and samples given up to
/// make room for more.
pub(super) const FACTS_MAX: usize = 200_000;
/// Facts are given up after samples only: each beyond [`FACTS_MAX`] takes the room of as many.
const SAMPLES_PER_FACT: usize = 4;
/// Facts that wait when no sample does any more: beyond it events are given up.
const FACTS_LAST: usize = FACTS_MAX + SAMPLES_MAX / SAMPLES_PER_FACT;
/// Most samples in one transaction: they are held beside those that wait meanwhile.
const SAMPLES_PER_COMMIT: usize = 50_000;
/// Samples that are worth a transaction before their time.
const SAMPLES_URGENT: usize = 20_000;
/// Most facts in one transaction.
const FACTS_PER_COMMIT: usize = 20_000;
/// Facts for which room is kept.
const FACTS_USUAL: usize = 256;
/// How long samples wait for company: what a transaction costs is shared by all that came meanwhile,
/// and of the 5 s that may be lost one is left for the disk.
const SAMPLES_WAIT: Duration = Duration::from_secs(3);
/// How long a fact waits for company.
const FACTS_WAIT: Duration = Duration::from_millis(20);

/// Called once with how a flush ended.
pub(super) type Waiter = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What the writer is to do next.
pub(super) enum Work {
    /// Write these.
    Commit(Load),
    /// Nothing is urgent: do the next piece of the upkeep.
    Upkeep,
    /// What is older may go.
    Keep(Retention),
    /// The file is damaged, somebody says.
    Mend(String, Waiter),
    /// Everything is written and the store is being closed.
    Close,
}

/// What goes into one transaction.
#[derive(Default)]
pub(super) struct Load {
    /// In order.
    pub(super) facts: Vec<Fact>,
    /// In order.
    pub(super) samples: Vec<(SubjectId, Reading)>,
}

#[derive(Default)]
struct Waiting {
    facts: VecDeque<Fact>,
    samples: VecDeque<(SubjectId, Reading)>,
    /// How many samples these are.
    count: usize,
    /// When the oldest of what waits came; `None` when nothing does, or what was put back.
    since: Option<Instant>,
    waiters: Vec<Waiter>,
    /// Called when the upkeep has nothing left to do.
    tidy_waiters: Vec<Waiter>,
    retention: Option<Retention>,
    closing: bool,
    dead: bool,
    dropped_samples: u64,
    dropped_events: u64,
    /// Length of `facts` after the last folding: it is not tried again before this has doubled.
    folded_len: usize,
    written: Option<UnixMs>,
    commits: u64,
    commit_us: u64,
    trouble: Option<Trouble>,
    /// Told when there is no trouble: the store was damaged once in this run.
    notice: Option<Trouble>,
    /// The file is suspected of being damaged; who suspects it is told what became of it.
    mend: Option<(String, Waiter)>,
}

/// Shared between the store's handle and its writer's thread.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

/// Held by the writer's thread: however that ends, a panic included, whoever waits learns it.
pub(super) struct Ending(pub(super) Arc<Queue>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.die();
    }
}

/// How many samples these readings are.
pub(super) fn count(readings: &[(SubjectId, Reading)]) -> usize {
    readings.iter().map(|(_, reading)| reading.samples()).sum()
}

fn told_in_english(trouble: &Trouble) -> String {
    trouble.told(Lang::En)
}

impl Waiting {
    fn is_urgent(&self) -> bool {
        self.has_news() || !self.waiters.is_empty() || self.closing || self.count >= SAMPLES_URGENT
    }

    /// True with a fact that says more than that the daemon lives: that waits as samples do.
    fn has_news(&self) -> bool {
        !matches!((self.facts.front(), self.facts.len()), (None, _) | (Some(Fact::Alive { .. }), 1))
    }

    /// How much longer what is not urgent may wait.
    fn patience(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| SAMPLES_WAIT.saturating_sub(since.elapsed()))
    }

    fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.samples.is_empty()
    }

    /// Makes room by a quarter: twice the room would be up to a hundred megabytes for nothing.
    fn take_samples(&mut self, more: Vec<(SubjectId, Reading)>) {
        let waiting = self.samples.len();
        if waiting == 0 {
            // As they are: nothing is moved.
            self.count = count(&more);
            self.samples = more.into();
            return;
        }
        if waiting + more.len() > self.samples.capacity() {
            self.samples.reserve_exact(more.len().max(waiting / 4));
        }
        self.count += count(&more);
        self.samples.extend(more);
    }

    /// Takes readings of about so many samples off the front.
    fn give_samples(&mut self, most: usize) -> Vec<(SubjectId, Reading)> {
        if self.count <= most {
            self.count = 0;
            return std::mem::take(&mut self.samples).into();
        }
        let mut taken = 0;
        let fits = |(_, reading): &&(SubjectId, Reading)| {
            let fits = taken < most;
            taken += if fits { reading.samples() } else { 0 };
            fits
        };
        let readings = self.samples.iter().take_while(fits).count();
        self.count -= taken;
        self.samples.drain(..readings).collect()
    }

    /// Gives back the room that a burst, or a disk that was full for hours, has taken.
    fn shrink(&mut self) {
        if self.samples.capacity() > 2 * SAMPLES_URGENT.max(self.samples.len()) {
            self.samples.shrink_to(SAMPLES_URGENT);
        }
        // A start has one of each subject.
        if self.facts.capacity() > 2 * FACTS_USUAL.max(self.facts.len()) {
            self.facts.shrink_to(FACTS_USUAL);
        }
    }

    fn enforce_bounds(&mut self) {
        if self.facts.len() > FACTS_MAX.max(self.folded_len * 2).min(FACTS_LAST) {
            // Some more than needed, so that the next fact does not bring all of this again.
            let most = match self.facts.len() > FACTS_LAST {
                true => FACTS_LAST - FACTS_LAST / 8,
                false => FACTS_LAST,
            };
            let (folded, dropped) = fold(std::mem::take(&mut self.facts), most);
            self.facts = folded;
            self.dropped_events += dropped;
            self.folded_len = self.facts.len();
        }
        let facts_beyond = self.facts.len().saturating_sub(FACTS_MAX);
        let samples_max = SAMPLES_MAX.saturating_sub(facts_beyond * SAMPLES_PER_FACT);
        if let Some(excess) = self.count.checked_sub(samples_max).filter(|n| *n > 0) {
            self.dropped_samples += count(&self.give_samples(excess)) as u64;
        }
    }

    /// In front of what came since.
    fn put_in_front(&mut self, mut load: Load) {
        load.facts.extend(std::mem::take(&mut self.facts));
        load.samples.extend(std::mem::take(&mut self.samples));
        self.facts = load.facts.into();
        self.count = count(&load.samples);
        self.samples = load.samples.into();
        self.enforce_bounds();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing is left half done when a holder panics: every change is one assignment.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long samples have waited decides when they are written, nothing else"
    )]
    pub(super) fn submit(&self, batch: Batch) {
        let mut q = self.lock();
        if q.dead {
            q.dropped_samples += count(&batch.samples) as u64;
            return;
        }
        let was_empty = q.is_empty();
        for fact in batch.facts {
            match (&fact, q.facts.back_mut()) {
                (Fact::Alive { at }, Some(Fact::Alive { at: last })) => *last = (*last).max(*at),
                _ => q.facts.push_back(fact),
            }
        }
        q.take_samples(batch.samples);
        q.enforce_bounds();
        if was_empty && !q.is_empty() {
            q.since = Some(Instant::now());
        }
        // A patrol hands over every few milliseconds: the writer is woken for what cannot wait. For
        // what can it looks by itself, before the first of it has waited long enough.
        let is_heard = q.is_urgent();
        drop(q);
        if is_heard {
            self.changed.notify_all();
        }
    }

    /// Calls `waiter` when all that was submitted so far is committed, or has failed to be.
    pub(super) fn when_written(&self, waiter: Waiter) {
        let mut q = self.lock();
        if q.dead {
            let trouble = q
                .trouble
                .as_ref()
                .map_or_else(|| "the store is closed".to_owned(), told_in_english);
            drop(q);
            waiter(Err(StoreError::Behind { trouble }));
            return;
        }
        q.waiters.push(waiter);
        drop(q);
        self.changed.notify_all();
    }

    /// Calls `waiter` when nothing waits and the upkeep has nothing left to do, or has failed.
    pub(super) fn when_tidy(&self, waiter: Waiter) {
        let mut q = self.lock();
        if q.dead {
            drop(q);
            waiter(Err(StoreError::Behind { trouble: "the store is closed".to_owned() }));
            return;
        }
        q.tidy_waiters.push(waiter);
        drop(q);
        self.changed.notify_all();
    }

    /// The upkeep has nothing left to do, or cannot do it.
    pub(super) fn tidied(&self, result: &Result<(), String>) {
        let waiters = std::mem::take(&mut self.lock().tidy_waiters);
        for waiter in waiters {
            waiter(result.clone().map_err(|trouble| StoreError::Behind { trouble }));
        }
    }

    pub(super) fn keep(&self, retention: Retention) {
        self.lock().retention = Some(retention);
        self.changed.notify_all();
    }

    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// A transaction was tried, and took so long.
    pub(super) fn took(&self, time: Duration) {
        let mut q = self.lock();
        q.commits += 1;
        q.commit_us += u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    }

    /// Transactions tried, and their time together in microseconds.
    pub(super) fn commits(&self) -> (u64, u64) {
        let q = self.lock();
        (q.commits, q.commit_us)
    }

    pub(super) fn samples_waiting(&self) -> usize {
        self.lock().count
    }

    pub(super) fn facts_waiting(&self) -> usize {
        self.lock().facts.len()
    }

    /// `written`, `dropped_samples`, `trouble`.
    pub(super) fn status(&self) -> (Option<UnixMs>, u64, Option<Trouble>) {
        let q = self.lock();
        (q.written, q.dropped_samples, q.trouble.clone().or_else(|| q.notice.clone()))
    }

    /// Has the writer set the file aside; it is answered when a new one is in its place.
    pub(super) fn mend(&self, why: String, waiter: Waiter) {
        let mut q = self.lock();
        if q.dead || q.mend.is_some() {
            drop(q);
            waiter(Err(StoreError::Behind { trouble: why }));
            return;
        }
        q.mend = Some((why, waiter));
        drop(q);
        self.changed.notify_all();
    }

    /// What is told from now on when nothing hinders.
    pub(super) fn notice(&self, notice: Trouble) {
        self.lock().notice = Some(notice);
    }

    /// Blocks until there is something to do, gathering: samples wait up to 3 s, a fact 20 ms.
    /// With `upkeep`, its next piece is done before anything that can wait; when `is_tired`, only
    /// if nothing waits at all.
    pub(super) fn next(&self, upkeep: bool, is_tired: bool) -> Work {
        let mut q = self.lock();
        loop {
            if let Some((why, waiter)) = q.mend.take() {
                return Work::Mend(why, waiter);
            }
            let is_called = |q: &Waiting| {
                let is_asked = q.mend.is_some() || q.retention.is_some();
                is_asked || !q.is_empty() || !q.waiters.is_empty() || q.closing
            };
            if !is_called(&q) && (upkeep || !q.tidy_waiters.is_empty()) {
                return Work::Upkeep;
            }
            while !is_called(&q) && q.tidy_waiters.is_empty() {
                let looked = self.changed.wait_timeout(q, SAMPLES_WAIT);
                q = looked.unwrap_or_else(PoisonError::into_inner).0;
            }
            if q.mend.is_some() {
                continue;
            }
            if q.is_empty() {
                let waiters = std::mem::take(&mut q.waiters);
                if !waiters.is_empty() {
                    // Whoever is woken mostly comes back at once: he is not to wait for the lock.
                    drop(q);
                    waiters.into_iter().for_each(|waiter| waiter(Ok(())));
                    q = self.lock();
                    continue;
                }
                if q.closing {
                    q.dead = true;
                    return Work::Close;
                }
                if let Some(retention) = q.retention.take() {
                    return Work::Keep(retention);
                }
                continue;
            }
            let patience = q.patience();
            if !q.is_urgent() && !patience.is_zero() {
                if upkeep && !is_tired {
                    return Work::Upkeep;
                }
                q = self.wait_while(q, patience, |q| !q.is_urgent());
            }
            if q.has_news() {
                q = self.wait_while(q, FACTS_WAIT, |q| q.waiters.is_empty() && !q.closing);
            }
            let facts = q.facts.len().min(FACTS_PER_COMMIT);
            let load = Load {
                facts: q.facts.drain(..facts).collect(),
                samples: q.give_samples(SAMPLES_PER_COMMIT),
            };
            q.shrink();
            // What is left has waited as long: it goes at once.
            q.since = q.since.filter(|_| !q.is_empty());
            return Work::Commit(load);
        }
    }

    fn wait_while<'q>(
        &self,
        q: MutexGuard<'q, Waiting>,
        at_most: Duration,
        condition: impl Fn(&Waiting) -> bool,
    ) -> MutexGuard<'q, Waiting> {
        self.changed
            .wait_timeout_while(q, at_most, |q| condition(q))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// Tells that a load is committed.
    pub(super) fn committed(&self, load: &Load, trouble: Option<Trouble>) {
        let facts = load.facts.iter().filter_map(Fact::at);
        let newest = facts.chain(load.samples.iter().map(|(_, s)| s.at())).max();
        let mut q = self.lock();
        q.written = q.written.max(newest);
        q.trouble = trouble;
        q.folded_len = 0;
    }

    /// Puts a load back in front that can be tried again at once.
    pub(super) fn again(&self, load: Load) {
        self.lock().put_in_front(load);
    }

    /// Puts a load back in front that could not be committed, tells whoever waits, and blocks
    /// for `pause` (or until the store is being closed).
    pub(super) fn put_back(&self, load: Load, mut trouble: Trouble, pause: Duration) {
        let mut q = self.lock();
        q.put_in_front(load);
        trouble.waiting = Some((q.facts.len(), q.count, q.dropped_events));
        let told = trouble.told(Lang::En);
        q.trouble = Some(trouble);
        let waiters = std::mem::take(&mut q.waiters);
        drop(q);
        for waiter in waiters {
            waiter(Err(StoreError::Behind { trouble: told.clone() }));
        }
        drop(self.wait_while(self.lock(), pause, |q| !q.closing));
    }

    /// True when the store is being closed.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// The writer gives up: what is unwritten, and why.
    pub(super) fn abandon(&self) -> (usize, usize, String) {
        let mut q = self.lock();
        q.dead = true;
        let trouble = q.trouble.as_ref().map(told_in_english).unwrap_or_default();
        let mut waiters = std::mem::take(&mut q.waiters);
        waiters.append(&mut q.tidy_waiters);
        waiters.extend(q.mend.take().map(|(_, waiter)| waiter));
        let (facts, count) = (q.facts.len(), q.count);
        drop(q);
        for waiter in waiters {
            waiter(Err(StoreError::Behind { trouble: trouble.clone() }));
        }
        (facts, count, trouble)
    }

    /// Nobody will write any more; says why unless that is known.
    fn die(&self) {
        let mut q = self.lock();
        if !q.dead {
            q.dead = true;
            let (what, store) = (Hindrance::Ended, std::path::PathBuf::new());
            q.trouble = Some(Trouble { what, store, waiting: None });
        }
        let trouble = q.trouble.as_ref().map(told_in_english).unwrap_or_default();
        let mut waiters = std::mem::take(&mut q.waiters);
        waiters.append(&mut q.tidy_waiters);
        waiters.extend(q.mend.take().map(|(_, waiter)| waiter));
        drop(q);
        for waiter in waiters {
            waiter(Err(StoreError::Behind { trouble: trouble.clone() }));
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
