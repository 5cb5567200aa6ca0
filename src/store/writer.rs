//! The handle of a store that may be written, and the one thread that does it.
//!
//! Storage never influences a verdict: submitting never blocks; a locked, full or broken
//! database makes the writer keep what waits, say so and try again, ever more slowly.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::apply::{Applier, expire_step, is_of_the_disk};
use super::here::true_name;
use super::lock::StoreLock;
use super::queue::{Ending, FACTS_MAX, Load, Queue, SAMPLES_MAX, Waiter, Work};
use super::schema::Link;
use super::{Batch, StoreError, schema};
use crate::model::UnixMs;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Attempts to write what waits while the store is being closed.
const CLOSING_ATTEMPTS: u32 = 3;
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

    /// Has the writer delete samples older than `before` when it has nothing else to do: whole
    /// hours, in steps of a few milliseconds. Facts are kept for ever.
    pub fn expire_samples(&self, before: UnixMs) {
        self.queue.expire_before(before);
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
    queue: Arc<Queue>,
    _lock: StoreLock,
}

impl Writer {
    fn run(mut self) -> Result<(), StoreError> {
        let _ending = Ending(Arc::clone(&self.queue));
        let mut pause = FIRST_PAUSE;
        let mut closing_attempts = 0;
        loop {
            match self.queue.next() {
                Work::Close => return self.stop(),
                Work::Expire(before) => match expire_step(&mut self.link.conn, before) {
                    Ok(true) => self.queue.expire_before(before),
                    Ok(false) => {}
                    // Asked for again at the next call; recording has its own report.
                    Err(error) => tracing::warn!(%error, "ageing samples"),
                },
                Work::Commit(load) => match self.commit(&load) {
                    Ok(trouble) => {
                        self.queue.committed(&load, trouble);
                        (pause, closing_attempts) = (FIRST_PAUSE, 0);
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
