//! Writes the made-up past into the store, as a daemon would have: by the hour, with a line of
//! progress on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use crate::config::Config;
use crate::daemon::clock;
use crate::locale::Lang;
use crate::model::{Inventory, Sample, SubjectId, UnixMs};
use crate::sim::backfill::{Backfill, Plan};
use crate::store::{Batch, Fact, OpenOptions, Store};
use crate::t;

const HOUR_MS: i64 = 3_600_000;
/// Subjects whose intervals are written in one batch.
const SUBJECTS_A_BATCH: usize = 200;

/// Fills a new store with the weeks up to now. It is made under another name and gets its own
/// when it is whole, so that one that was interrupted is never gone on with; false when `stop`
/// became true in between.
///
/// # Errors
/// The store cannot be made or written.
pub(super) fn write(
    config: &Config,
    inventory: &Arc<Inventory>,
    seed: u64,
    stop: &AtomicBool,
) -> anyhow::Result<bool> {
    let draft = Draft::new(&config.store)?;
    let now = clock::now();
    let plan = Plan::until(now, &config.timezone);
    let options = OpenOptions { now: plan.window.from, pid: std::process::id() };
    let store = Store::open(&draft.0, &options)
        .with_context(|| format!("make the store {}", draft.0.display()))?;
    let progress = Progress { lang: config.language, is_terminal: std::io::stderr().is_terminal() };
    progress.show(0, false);
    let past = Backfill::new(Arc::clone(inventory), plan, &config.timezone, seed);
    let alive = |at| Batch { facts: vec![Fact::Alive { at }], samples: Vec::new() };
    let hours = Hours::new(inventory, &past, plan).inspect(|batch| {
        let at = batch.samples.last().map_or(plan.window.to, |(_, s)| s.at());
        let whole = plan.window.to.since(plan.samples_from).max(1);
        progress.show(at.since(plan.samples_from) * 100 / whole, false);
    });
    let batches = std::iter::once(alive(plan.window.from))
        .chain(facts(inventory, &past, plan.window.from))
        .chain(hours)
        .chain(std::iter::once(alive(plan.window.to)))
        .take_while(|_| !stop.load(Ordering::Relaxed));
    store.backfill(batches).context("write the past")?;
    store.close().context("close the store")?;
    if stop.load(Ordering::Relaxed) {
        return Ok(false);
    }
    std::fs::rename(&draft.0, &config.store)
        .with_context(|| format!("name the store {}", config.store.display()))?;
    progress.show(100, true);
    Ok(true)
}

/// A store that is not whole yet; what is left of it is removed when dropped.
struct Draft(PathBuf);

impl Draft {
    fn new(store: &Path) -> anyhow::Result<Self> {
        let mut name = store.as_os_str().to_owned();
        name.push(".new");
        let draft = Self(PathBuf::from(name));
        draft.remove().with_context(|| format!("remove the old {}", draft.0.display()))?;
        Ok(draft)
    }

    /// Removes the file with its lock and its journals; one that is not there is no error.
    fn remove(&self) -> std::io::Result<()> {
        for suffix in ["", "-wal", "-shm", ".lock", ".ballast"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(suffix);
            match std::fs::remove_file(&name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What could not be removed is removed by the next attempt.
        let _ = self.remove();
    }
}

fn facts(
    inventory: &Inventory,
    past: &Backfill,
    from: UnixMs,
) -> impl Iterator<Item = Batch> + use<> {
    let mut facts: Vec<Fact> = inventory
        .subjects
        .iter()
        .zip(past.intervals())
        .filter(|(_, intervals)| !intervals.is_empty())
        .map(|(subject, intervals)| Fact::Intervals {
            subject: subject.id.clone(),
            from,
            intervals,
        })
        .collect();
    std::iter::from_fn(move || {
        let rest = facts.split_off(facts.len().min(SUBJECTS_A_BATCH));
        let batch = std::mem::replace(&mut facts, rest);
        (!batch.is_empty()).then_some(Batch { facts: batch, samples: Vec::new() })
    })
}

/// Every subject's samples, an hour at a time: what the store keeps together.
struct Hours<'a, I: Iterator<Item = Sample>> {
    subjects: Vec<(&'a SubjectId, Peekable<I>)>,
    end: UnixMs,
    stop: UnixMs,
}

impl<'a> Hours<'a, Box<dyn Iterator<Item = Sample> + 'a>> {
    fn new(inventory: &'a Inventory, past: &'a Backfill, plan: Plan) -> Self {
        let subjects = inventory
            .subject_ixs()
            .map(|ix| {
                let samples: Box<dyn Iterator<Item = Sample>> = Box::new(past.samples(ix));
                (&inventory.subject(ix).id, samples.peekable())
            })
            .collect();
        let start = plan.samples_from.0.div_euclid(HOUR_MS) * HOUR_MS;
        Self { subjects, end: UnixMs(start), stop: plan.window.to }
    }
}

impl<I: Iterator<Item = Sample>> Iterator for Hours<'_, I> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.end >= self.stop {
            return None;
        }
        self.end = self.end + HOUR_MS;
        let mut samples = Vec::new();
        for (id, source) in &mut self.subjects {
            while let Some(sample) = source.next_if(|s| s.at < self.end) {
                samples.push(((*id).clone(), sample.into()));
            }
        }
        Some(Batch { facts: Vec::new(), samples })
    }
}

/// One line on standard error, drawn over on a terminal; elsewhere only its last state.
struct Progress {
    lang: Lang,
    is_terminal: bool,
}

impl Progress {
    fn show(&self, percent: i64, is_done: bool) {
        let text = t!(self.lang, "demo.past", percent = percent.clamp(0, 100));
        let mut stderr = std::io::stderr().lock();
        // Progress that nobody can see is no reason to stop.
        let _ = match (self.is_terminal, is_done) {
            (true, false) => write!(stderr, "\r{text}").and_then(|()| stderr.flush()),
            (true, true) => writeln!(stderr, "\r{text}"),
            (false, true) => writeln!(stderr, "{text}"),
            (false, false) => Ok(()),
        };
    }
}
