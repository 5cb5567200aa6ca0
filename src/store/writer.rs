//! The handle of a store that may be written, and the one thread that does it.
//!
//! Storage never influences a verdict: submitting never blocks; a locked, full or broken
//! database makes the writer keep what waits, say so and try again, ever more slowly.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::apply::{Applier, is_of_the_disk};
use super::expire::Retention;
use super::fact::Fact;
use super::here::true_name;
use super::lock::StoreLock;
use super::queue::{Ending, FACTS_MAX, Load, Queue, SAMPLES_MAX, Waiter, Work};
use super::schema::Link;
use super::seal::Step;
use super::upkeep::Upkeep;
use super::{Batch, StoreError, schema};
use crate::model::UnixMs;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Attempts to write what waits while the store is being closed.
const CLOSING_ATTEMPTS: u32 = 3;
/// Steps of the upkeep between two transactions while samples come in: a quarter of a second.
const STEPS_BETWEEN_COMMITS: u32 = 25;
/// Samples (facts) of a back-fill handed over at a time.
const BACKFILL_CHUNK: usize = 50_000;
/// Samples and facts waiting before a back-fill hands over more; with a chunk on top they stay
/// within the queue's bounds.
const BACKFILL_SAMPLES_WAITING: usize = 200_000;
const BACKFILL_FACTS_WAITING: usize = 100_000;
const _: () = assert!(
    BACKFILL_SAMPLES_WAITING + BACKFILL_CHUNK < SAMPLES_MAX
        && BACKFILL_FACTS_WAITING + BACKFILL_CHUNK < FACTS_MAX
);

/// Who opens the store, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// Start of this run.
    pub now: UnixMs,
    /// Process id, for whoever is refused meanwhile.
    pub pid: u32,
}

/// How recording goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreStatus {
    /// Newest instant that a committed record speaks of; `None` before the first commit.
    pub written: Option<UnixMs>,
    /// Samples given up because the store could not keep pace.
    pub dropped_samples: u64,
    /// What hinders recording now (English), and how much waits in memory.
    pub trouble: Option<String>,
}

/// A store open for writing; there is one per file. Dropping it writes what waits.
pub struct Store {
    path: PathBuf,
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Takes the lock, makes or migrates the file, starts the writer's thread.
    ///
    /// # Errors
    /// [`StoreError::Locked`] names the process that writes it; [`StoreError::Foreign`] and
    /// [`StoreError::Newer`] leave the file as it was.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, StoreError> {
        let file = true_name(path);
        // Before the lock file appears beside something that is not ours.
        schema::refuse_foreign_header(&file)?;
        let lock = StoreLock::take(&file, options.pid, options.now)?;
        let link = schema::open_for_writing(&file)?;
        let queue = Arc::new(Queue::default());
        let writer = Writer {
            path: file,
            link,
            applier: Applier::new(options.now, options.pid),
            upkeep: Upkeep::default(),
            now: options.now,
            queue: Arc::clone(&queue),
            _lock: lock,
        };
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| StoreError::Io {
                operation: "start the writer's thread for",
                path: path.to_owned(),
                source,
            })?;
        Ok(Self { path: path.to_owned(), queue, thread: Mutex::new(Some(thread)) })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands over facts and samples; never blocks. Facts are written at the latest 50 ms later,
    /// samples 2 s; until then (or a [`Self::flush`]) a crash loses them.
    ///
    /// Beyond a million waiting samples the oldest are given up and counted. Beyond 200,000
    /// waiting facts the interval facts are folded to one a subject (nothing is lost by it), and
    /// what exceeds it still in events is given up, oldest first, and told in `trouble`.
    pub fn submit(&self, batch: Batch) {
        self.queue.submit(batch);
    }

    /// Returns when all that was submitted so far is committed.
    ///
    /// # Errors
    /// [`StoreError::Behind`] when it could not be written; it is kept and tried again.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let (done, waited) = tokio::sync::oneshot::channel();
        self.queue.when_written(waiter(move |result| {
            // Nobody waits any more when the future was dropped.
            let _ = done.send(result);
        }));
        waited.await.unwrap_or_else(|_| Err(gone()))
    }

    /// [`Self::flush`] for threads without a runtime.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn flush_blocking(&self) -> Result<(), StoreError> {
        let (done, waited) = std::sync::mpsc::channel();
        self.queue.when_written(waiter(move |result| {
            // The receiver lives until the answer is there.
            let _ = done.send(result);
        }));
        waited.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// Writes a long history, waiting for the disk whenever much is queued, so that no sample and
    /// no event is given up. Blocks; not for the daemon's own tasks.
    ///
    /// # Errors
    /// As [`Self::flush`]; what came before is written or waits.
    pub fn backfill(&self, batches: impl IntoIterator<Item = Batch>) -> Result<(), StoreError> {
        for batch in batches {
            let Batch { mut facts, mut samples } = batch;
            while !facts.is_empty() {
                let rest = facts.split_off(facts.len().min(BACKFILL_CHUNK));
                self.submit(Batch { facts, samples: Vec::new() });
                facts = rest;
                if self.queue.facts_waiting() > BACKFILL_FACTS_WAITING {
                    self.flush_blocking()?;
                }
            }
            while !samples.is_empty() {
                let rest = samples.split_off(samples.len().min(BACKFILL_CHUNK));
                self.submit(Batch { facts: Vec::new(), samples });
                samples = rest;
                if self.queue.samples_waiting() > BACKFILL_SAMPLES_WAITING {
                    self.flush_blocking()?;
                }
            }
        }
        self.flush_blocking()
    }

    /// Has the writer delete what is older when it has nothing else to do, in steps of a few
    /// milliseconds. Facts are kept for ever.
    pub fn keep(&self, retention: Retention) {
        self.queue.keep(retention);
    }

    /// Returns when all that was submitted is committed and nothing is left to seal, join, chain
    /// or age at the time of the last sign of life. Blocks; for tests, measurements and whoever
    /// has written a long history.
    ///
    /// # Errors
    /// [`StoreError::Behind`] when it cannot be done now; it will be tried again.
    pub fn tidy_blocking(&self) -> Result<(), StoreError> {
        self.flush_blocking()?;
        let (done, waited) = std::sync::mpsc::channel();
        self.queue.when_tidy(waiter(move |result| {
            // The receiver lives until the answer is there.
            let _ = done.send(result);
        }));
        waited.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// How recording goes.
    #[must_use]
    pub fn status(&self) -> StoreStatus {
        let (written, dropped_samples, trouble) = self.queue.status();
        StoreStatus { written, dropped_samples, trouble }
    }

    /// Writes what waits, marks the run as stopped in order, ends the thread and releases the
    /// lock. Later calls do nothing.
    ///
    /// # Errors
    /// [`StoreError::Unwritten`] when the disk refuses to the last.
    pub fn close(&self) -> Result<(), StoreError> {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(gone()),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "closing the store");
        }
    }
}

fn waiter(f: impl FnOnce(Result<(), StoreError>) + Send + 'static) -> Waiter {
    Box::new(f)
}

fn gone() -> StoreError {
    StoreError::Behind { trouble: "the writer's thread has ended".to_owned() }
}

struct Writer {
    path: PathBuf,
    link: Link,
    applier: Applier,
    upkeep: Upkeep,
    /// The last sign of life: what is over by then may be sealed.
    now: UnixMs,
    queue: Arc<Queue>,
    _lock: StoreLock,
}

impl Writer {
    fn run(mut self) -> Result<(), StoreError> {
        let _ending = Ending(Arc::clone(&self.queue));
        let mut pause = FIRST_PAUSE;
        let mut closing_attempts = 0;
        let (mut is_upkeep_due, mut steps) = (true, 0);
        loop {
            match self.queue.next(is_upkeep_due, steps >= STEPS_BETWEEN_COMMITS) {
                Work::Close => return self.stop(),
                Work::Keep(retention) => {
                    self.upkeep.keep(retention);
                    is_upkeep_due = true;
                }
                Work::Upkeep => {
                    steps += 1;
                    is_upkeep_due = self.upkeep();
                }
                Work::Commit(load) => match self.commit(&load) {
                    Ok(trouble) => {
                        self.queue.committed(&load, trouble);
                        (pause, closing_attempts, steps) = (FIRST_PAUSE, 0, 0);
                        // Time has passed: an hour or a day may be over.
                        is_upkeep_due |= self.follow(&load.facts);
                    }
                    Err(error) => {
                        tracing::error!(%error, store = %self.path.display(), "recording");
                        if self.queue.is_closing() {
                            closing_attempts += 1;
                        }
                        self.queue.put_back(load, &error.to_string(), pause);
                        if closing_attempts >= CLOSING_ATTEMPTS {
                            let (facts, samples, trouble) = self.queue.abandon();
                            return Err(StoreError::Unwritten { facts, samples, trouble });
                        }
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                },
            }
        }
    }

    /// Takes over the newest sign of life; false when there is none.
    fn follow(&mut self, facts: &[Fact]) -> bool {
        let alive = facts.iter().rev().find_map(|fact| match fact {
            Fact::Alive { at } => Some(*at),
            _ => None,
        });
        self.now = alive.unwrap_or(self.now);
        alive.is_some()
    }

    /// One piece of the upkeep; false when nothing is left to do for now.
    fn upkeep(&mut self) -> bool {
        match self.upkeep.step(&mut self.link.conn, self.now) {
            Ok(Step::Did) => true,
            Ok(Step::Idle) => {
                self.queue.tidied(&Ok(()));
                false
            }
            // Tried again with the next sign of life; recording has its own report.
            Err(error) => {
                tracing::warn!(%error, store = %self.path.display(), "sealing and ageing");
                self.queue.tidied(&Err(error.to_string()));
                false
            }
        }
    }

    /// What was refused for what it is, in words; the rest is committed.
    fn commit(&mut self, load: &Load) -> Result<Option<String>, rusqlite::Error> {
        let all = self.applier.commit(&mut self.link.conn, &load.facts, &load.samples, false);
        match all {
            Ok(_) => Ok(None),
            Err(error) if is_of_the_disk(&error) => Err(error),
            // One bad fact must not hold up the others for ever.
            Err(_) => {
                let refused =
                    self.applier.commit(&mut self.link.conn, &load.facts, &load.samples, true)?;
                for fact in &refused {
                    tracing::error!(%fact, "a fact could not be recorded");
                }
                Ok(refused.into_iter().next())
            }
        }
    }

    fn stop(self) -> Result<(), StoreError> {
        self.applier
            .stop(&self.link.conn)
            .map_err(schema::sql("mark the end of the run", &self.path))?;
        self.link.close(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_writer_that_panics_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { now: UnixMs(0), pid: 1 };
        let store = Store::open(&folder.path().join("tuantra.db"), &options).unwrap();
        let store = Arc::new(store);
        // Answered by the writer's thread, which it takes down; the next one waits behind it.
        store.queue.when_written(Box::new(|_| panic!("on purpose")));
        let (told, heard) = std::sync::mpsc::channel();
        let waiting = Arc::clone(&store);
        std::thread::spawn(move || told.send(waiting.flush_blocking()));
        let answer = heard.recv_timeout(Duration::from_secs(20)).expect("the flush hangs");
        assert!(matches!(answer, Err(StoreError::Behind { .. })), "{answer:?}");
        assert!(store.status().trouble.is_some_and(|t| t.contains("has ended")));
        store.submit(Batch {
            facts: vec![super::super::Fact::Alive { at: UnixMs(1) }],
            samples: Vec::new(),
        });
        assert_eq!(store.queue.facts_waiting(), 0);
        assert!(store.close().is_err());
    }
}
