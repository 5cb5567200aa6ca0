//! The handle of a store that may be written, and the one thread that does it.
//!
//! Storage never influences a verdict: submitting never blocks; a locked, full or broken
//! database makes the writer keep what waits, say so and try again, ever more slowly.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::apply::{Applier, is_of_the_disk};
use super::ballast::Ballast;
use super::expire::Retention;
use super::fact::Fact;
use super::here::true_name;
use super::lock::StoreLock;
use super::queue::{Ending, FACTS_MAX, Load, Queue, SAMPLES_MAX, Waiter, Work, count};
use super::salvage::Salvaged;
use super::schema::{Link, Look};
use super::seal::Step;
use super::trouble::{Hindrance, Trouble, is_rot};
use super::upkeep::Upkeep;
use super::{Batch, StoreError, aside, schema};
use crate::locale::Lang;
use crate::model::UnixMs;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Attempts to write what waits while the store is being closed.
const CLOSING_ATTEMPTS: u32 = 3;
/// Times that a run sets its store aside: a disk that damages every new one has to be replaced.
const MENDS_MAX: u32 = 3;
/// Steps of the upkeep between two transactions while samples come in: half a second.
const STEPS_BETWEEN_COMMITS: u32 = 50;
const MINUTE_MS: i64 = 60_000;
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
    /// What hinders recording now and what to do about it, and how much waits in memory; else
    /// that the store was damaged and set aside in this run.
    pub trouble: Option<String>,
    /// Samples that wait to be written.
    pub waiting_samples: usize,
    /// Facts that wait to be written.
    pub waiting_facts: usize,
    /// Transactions tried in this run.
    pub commits: u64,
    /// Time they took together, in microseconds.
    pub commit_us: u64,
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
    /// Takes the lock, makes or migrates the file, starts the writer's thread. A damaged file is
    /// set aside, and what can be read of it is taken over into a new one.
    ///
    /// # Errors
    /// [`StoreError::Locked`] names the process that writes it; [`StoreError::Foreign`] and
    /// [`StoreError::Newer`] leave the file as it was; [`StoreError::NotWritable`] and
    /// [`StoreError::NoRoom`] name the fix.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, StoreError> {
        let file = true_name(path);
        let mut ballast = Ballast::of(&file);
        let open = || open_or_mend(&file, options).map_err(|error| error.with_fix(&file));
        let (lock, link, salvaged) = match open() {
            // Only whoever holds the lock comes as far as that.
            Err(StoreError::NoRoom { .. }) if ballast.give_up() => open()?,
            opened => opened?,
        };
        ballast.restore();
        let queue = Arc::new(Queue::default());
        let writer = Writer {
            path: file,
            link: Some(link),
            applier: Applier::new(options.now, options.pid),
            upkeep: Upkeep::default(),
            ballast,
            now: options.now,
            looked_at: None,
            mends: 0,
            mends_told: 0,
            queue: Arc::clone(&queue),
            _lock: lock,
        };
        if let Some(salvaged) = salvaged {
            writer.tell_of(salvaged);
        }
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
    /// samples 3 s; until then (or a [`Self::flush`]) a crash loses them.
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

    /// Has `then` called from the writer's thread when all that was submitted so far is committed,
    /// or could not be ([`StoreError::Behind`]: it is kept and tried again).
    pub fn when_written(&self, then: impl FnOnce(Result<(), StoreError>) + Send + 'static) {
        self.queue.when_written(waiter(then));
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
                // What is not a single one is a device's turn: a thousand at the most.
                let is_single = count(&samples) == samples.len();
                let chunk = if is_single { BACKFILL_CHUNK } else { BACKFILL_CHUNK / 1_000 };
                let rest = samples.split_off(samples.len().min(chunk));
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

    /// How recording goes, in English.
    #[must_use]
    pub fn status(&self) -> StoreStatus {
        self.status_in(Lang::En)
    }

    /// How recording goes.
    #[must_use]
    pub fn status_in(&self, lang: Lang) -> StoreStatus {
        let (written, dropped_samples, trouble) = self.queue.status();
        let (commits, commit_us) = self.queue.commits();
        StoreStatus {
            written,
            dropped_samples,
            trouble: trouble.map(|t| t.told(lang)),
            waiting_samples: self.queue.samples_waiting(),
            waiting_facts: self.queue.facts_waiting(),
            commits,
            commit_us,
        }
    }

    /// A reader has found the file damaged ([`StoreError::is_rot`]): it is set aside, and what can
    /// be read of it is taken over into a new one. Returns when that is in its place; readers have
    /// to be opened anew.
    ///
    /// # Errors
    /// [`StoreError::Behind`] when that is not possible.
    pub fn mend_blocking(&self, why: &StoreError) -> Result<(), StoreError> {
        let (done, waited) = std::sync::mpsc::channel();
        let told = waiter(move |result| {
            // The receiver lives until the answer is there.
            let _ = done.send(result);
        });
        self.queue.mend(why.to_string(), told);
        waited.recv().unwrap_or_else(|_| Err(gone()))
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

/// The lock, the file, and what became of a damaged one.
fn open_or_mend(
    file: &Path,
    options: &OpenOptions,
) -> Result<(StoreLock, Link, Option<Salvaged>), StoreError> {
    // Before the lock file appears beside something that is not ours.
    let look = schema::refuse_foreign_header(file)?;
    let lock = StoreLock::take(file, options.pid, options.now)?;
    aside::go_on(file, options.now)?;
    let opened = match look {
        Look::Sound => schema::open_for_writing(file)
            .and_then(|link| schema::look_through(file, &link).map(|()| link)),
        Look::Damaged => Err(schema::damaged(file)),
    };
    match opened {
        Ok(link) => Ok((lock, link, None)),
        Err(error) if error.is_rot() => {
            let salvaged = aside::set_aside(file, options.now, &error.to_string())?;
            Ok((lock, schema::open_for_writing(file)?, Some(salvaged)))
        }
        Err(error) => Err(error),
    }
}

struct Writer {
    path: PathBuf,
    /// `None` between a file that was set aside and the next.
    link: Option<Link>,
    applier: Applier,
    upkeep: Upkeep,
    ballast: Ballast,
    /// The last sign of life: what is over by then may be sealed.
    now: UnixMs,
    /// The minute in which nothing was left to do.
    looked_at: Option<i64>,
    /// Times that the file was set aside.
    mends: u32,
    /// How many of them whoever reads has been told of.
    mends_told: u32,
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
                Work::Mend(why, waiter) => {
                    // Whoever complains after the writer has met the damage itself may have read
                    // the file before: he looks again first.
                    let mended = match self.mends > self.mends_told {
                        true => Ok(()),
                        false => self.mend(&why),
                    };
                    self.mends_told = self.mends;
                    is_upkeep_due = true;
                    waiter(mended.map_err(|trouble| StoreError::Behind { trouble }));
                }
                Work::Upkeep => {
                    steps += 1;
                    is_upkeep_due = self.upkeep();
                }
                Work::Commit(load) => match self.commit(&load) {
                    Ok(refused) => {
                        self.ballast.restore();
                        let hindrance = refused.map(Hindrance::Refused);
                        let reserve = self.ballast.is_spent().then_some(Hindrance::Reserve);
                        let trouble = hindrance.or(reserve).map(|what| self.trouble(what));
                        self.queue.committed(&load, trouble);
                        (pause, closing_attempts, steps) = (FIRST_PAUSE, 0, 0);
                        is_upkeep_due |= self.follow(&load.facts);
                    }
                    Err(error) if self.is_cured(&error) => {
                        self.queue.again(load);
                        is_upkeep_due = true;
                    }
                    Err(error) => {
                        let trouble = self.trouble(Hindrance::of(&error, &self.path));
                        tracing::error!(
                            %error, store = %self.path.display(), "recording: {}", trouble.told(Lang::En)
                        );
                        if self.queue.is_closing() {
                            closing_attempts += 1;
                        }
                        self.queue.put_back(load, trouble, pause);
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

    /// Does what can be done about an error; true when it is worth trying again at once.
    fn is_cured(&mut self, error: &rusqlite::Error) -> bool {
        if is_rot(error) {
            return self.mend(&error.to_string()).is_ok();
        }
        // What was to be written is not too much for it: a commit takes a few hundred kilobytes.
        matches!(Hindrance::of(error, &self.path), Hindrance::Full) && self.ballast.give_up()
    }

    /// Sets the file aside and goes on with a new one; why not, in words, where that fails.
    fn mend(&mut self, why: &str) -> Result<(), String> {
        if self.mends >= MENDS_MAX {
            return Err(format!("{why}; the store was set aside {MENDS_MAX} times already"));
        }
        if let Some(link) = &self.link {
            // The damaged file stays as it is, its log beside it.
            let no_checkpoint = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            if let Err(error) = link.conn.set_db_config(no_checkpoint, true) {
                tracing::warn!(%error, "closing a damaged store");
            }
        }
        let set_aside = aside::set_aside(&self.path, self.now, why);
        if set_aside.is_ok() || !self.path.exists() {
            // Whatever this one is of, it is not the store any more.
            self.link = None;
        }
        self.upkeep.begin_anew();
        match set_aside {
            Ok(salvaged) => {
                self.mends += 1;
                self.tell_of(salvaged);
                // Opened by whatever comes next.
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, why, "a damaged store could not be set aside");
                Err(format!("{why}; setting it aside: {error}"))
            }
        }
    }

    fn tell_of(&self, salvaged: Salvaged) {
        let trouble = self.trouble(Hindrance::SetAside(salvaged));
        tracing::error!("{}", trouble.told(Lang::En));
        self.queue.notice(trouble);
    }

    fn trouble(&self, what: Hindrance) -> Trouble {
        Trouble { what, store: self.path.clone(), waiting: None }
    }

    /// Takes over the newest sign of life; true when it is another minute by it, and an hour or a day
    /// may be over: they are sealed on whole minutes.
    fn follow(&mut self, facts: &[Fact]) -> bool {
        let alive = facts.iter().rev().find_map(|fact| match fact {
            Fact::Alive { at } => Some(*at),
            _ => None,
        });
        self.now = alive.unwrap_or(self.now);
        alive.is_some() && self.looked_at != Some(self.minute())
    }

    /// The minute of the last sign of life.
    const fn minute(&self) -> i64 {
        self.now.0.div_euclid(MINUTE_MS)
    }

    /// One piece of the upkeep; false when nothing is left to do for now.
    fn upkeep(&mut self) -> bool {
        let step = match self.connect() {
            Ok(()) => match &mut self.link {
                Some(link) => self.upkeep.step(&mut link.conn, self.now),
                None => Ok(Step::Idle),
            },
            Err(error) => Err(error),
        };
        match step {
            Ok(Step::Did) => true,
            Ok(Step::Idle) => {
                self.looked_at = Some(self.minute());
                self.queue.tidied(&Ok(()));
                false
            }
            Err(error) if self.is_cured(&error) => true,
            // Tried again with the next sign of life; recording has its own report.
            Err(error) => {
                self.looked_at = None;
                tracing::warn!(%error, store = %self.path.display(), "sealing and ageing");
                self.queue.tidied(&Err(error.to_string()));
                false
            }
        }
    }

    /// Opens the store where there is none open since one was set aside.
    fn connect(&mut self) -> Result<(), rusqlite::Error> {
        if self.link.is_some() {
            return Ok(());
        }
        let opened = aside::go_on(&self.path, self.now)
            .and_then(|()| schema::open_for_writing(&self.path))
            .map_err(|error| match error {
                StoreError::Sql { source, .. } => source,
                other => {
                    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
                    rusqlite::Error::SqliteFailure(code, Some(other.to_string()))
                }
            })?;
        self.applier.begin_anew(&opened.conn)?;
        self.link = Some(opened);
        Ok(())
    }

    /// What was refused for what it is, in words; the rest is committed.
    #[expect(clippy::disallowed_methods, reason = "how long it takes is shown, nothing else")]
    fn commit(&mut self, load: &Load) -> Result<Option<String>, rusqlite::Error> {
        let began = std::time::Instant::now();
        let done = self.commit_load(load);
        self.queue.took(began.elapsed());
        done
    }

    fn commit_load(&mut self, load: &Load) -> Result<Option<String>, rusqlite::Error> {
        self.connect()?;
        let Some(link) = &mut self.link else { return Err(rusqlite::Error::InvalidQuery) };
        let all = self.applier.commit(&mut link.conn, &load.facts, &load.samples, false);
        match all {
            Ok(_) => Ok(None),
            Err(error) if is_of_the_disk(&error) => Err(error),
            // One bad fact must not hold up the others for ever.
            Err(_) => {
                let refused =
                    self.applier.commit(&mut link.conn, &load.facts, &load.samples, true)?;
                for fact in &refused {
                    tracing::error!(%fact, "a fact could not be recorded");
                }
                Ok(refused.into_iter().next())
            }
        }
    }

    fn stop(self) -> Result<(), StoreError> {
        let Some(link) = self.link else { return Ok(()) };
        self.applier
            .stop(&link.conn)
            .map_err(schema::sql("mark the end of the run", &self.path))?;
        link.close(&self.path)
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
        // Whoever waits may learn it while the thread is still being unwound.
        assert!(store.close().is_err());
        assert!(store.status().trouble.is_some_and(|t| t.contains("has ended")));
        store.submit(Batch {
            facts: vec![super::super::Fact::Alive { at: UnixMs(1) }],
            samples: Vec::new(),
        });
        assert_eq!(store.queue.facts_waiting(), 0);
    }
}
