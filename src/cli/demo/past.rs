//! Writes the made-up past into the store, as a daemon would have: by the hour, with a line of
//! progress on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use serde_json::json;

use crate::config::Config;
use crate::daemon::clock;
use crate::locale::Lang;
use crate::model::{
    Ack, IncidentId, Inventory, KeptIncident, Metric, PointKind, Span, State, StateInterval,
    SubjectId, UnixMs,
};
use crate::sim::backfill::{Backfill, Plan};
use crate::sim::said::{Handled, handled, octets};
use crate::store::{Batch, Event, EventKind, Fact, OpenOptions, Reading, Store};
use crate::t;

const HOUR_MS: i64 = 3_600_000;
/// Subjects whose intervals are written in one batch.
const SUBJECTS_A_BATCH: usize = 200;
/// How far back lines have counters: the rule on capacity asks for seven days.
const LOADS_MS: i64 = 8 * 24 * HOUR_MS;
/// One line in this many has counters of the past: enough to see, and quickly written.
const LOADED_LINES: usize = 3;
/// An incident is opened this long after the first failed round.
const OPENED_AFTER_MS: i64 = 12_000;
/// Why an outage was called something else.
const NOTE_AGAIN: &str = "nhà mạng xác nhận lại";

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
    let intervals = past.intervals();
    let handled = handled(past.world(), &intervals, seed);
    let loads = loads(inventory, &intervals, plan, &config.timezone, seed);
    let first = plan.samples_from.min(plan.window.to - LOADS_MS);
    let hours =
        Hours::new(inventory, &past, loads, Span::new(first, plan.window.to)).inspect(|batch| {
            let at = batch.samples.last().map_or(plan.window.to, |(_, s)| s.at());
            let whole = plan.window.to.since(first).max(1);
            progress.show(at.since(first) * 100 / whole, false);
        });
    let batches = std::iter::once(alive(plan.window.from))
        .chain(facts(inventory, intervals, plan.window.from))
        .chain(std::iter::once(desk(inventory, &handled, plan.window.to)))
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
    intervals: Vec<Vec<StateInterval>>,
    from: UnixMs,
) -> impl Iterator<Item = Batch> + use<> {
    let mut facts: Vec<Fact> = inventory
        .subjects
        .iter()
        .zip(intervals)
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

/// What operators made of it: incidents that were taken, and notes on outages.
fn desk(inventory: &Inventory, handled: &[Handled], now: UnixMs) -> Batch {
    let mut facts = Vec::new();
    let mut notes = Vec::new();
    for Handled { subject, span, taken, said } in handled {
        let id = &inventory.subject(*subject).id;
        if let Some((by, at)) = taken {
            let opened = span.from + OPENED_AFTER_MS;
            let ack = Ack { by: (*by).to_owned(), note: String::new(), at: *at, until: None };
            facts.push(Fact::Incident(KeptIncident {
                id: IncidentId::new(id.as_str(), opened),
                root: id.clone(),
                opened,
                since: span.from,
                closed: Some(span.to),
                state: State::Down,
                told: None,
                told_at: None,
                ack: Some(ack),
                split_from: None,
                merged_into: None,
            }));
        }
        for (n, (cause, by, at)) in said.iter().filter(|(.., at)| *at < now).enumerate() {
            let before = n.checked_sub(1).and_then(|n| said.get(n)).map(|(cause, ..)| *cause);
            let note = if before.is_some() { NOTE_AGAIN } else { "" };
            let detail = json!({ "start": span.from, "cause": cause, "note": note,
                "before": before, "user": by });
            let kind = EventKind::OutageNoted;
            notes.push(Event { at: *at, kind, subject: Some(id.clone()), detail });
        }
    }
    notes.sort_by_key(|event| event.at);
    facts.extend(notes.into_iter().map(Fact::Event));
    Batch { facts, samples: Vec::new() }
}

/// The counters of a part of the lines, as their devices would have shown them while they ran.
fn loads<'a>(
    inventory: &'a Inventory,
    intervals: &[Vec<StateInterval>],
    plan: Plan,
    zone: &jiff::tz::TimeZone,
    seed: u64,
) -> Vec<(&'a SubjectId, Vec<Reading>)> {
    let window = Span::new(plan.window.to - LOADS_MS, plan.window.to);
    let mut found = Vec::new();
    let lines = inventory.subjects.iter().filter_map(|subject| {
        let connection = subject.connection()?;
        let device = inventory.find_subject(connection.device.as_ref()?.as_str())?;
        let interface = connection.interface.as_ref()?;
        Some((device, interface, connection.bandwidth_kbps.unwrap_or(20_000)))
    });
    for (device, interface, kbps) in lines.step_by(LOADED_LINES) {
        let id = &inventory.subject(device).id;
        let record = intervals.get(device.ix()).map_or(&[][..], Vec::as_slice);
        let ran = |at: UnixMs| {
            let next = record.partition_point(|i| i.from <= at);
            next.checked_sub(1).and_then(|n| record.get(n)).is_some_and(|i| i.state.is_live())
        };
        let mut readings = Vec::new();
        for (name, outwards) in [("if.octets_in", false), ("if.octets_out", true)] {
            let name = format!("{name}:{interface}").as_str().into();
            let metric = Metric { kind: PointKind::Counter, name };
            let points = octets(id.as_str(), kbps, window, zone, outwards, seed);
            let points = points.into_iter().filter(|point| ran(point.at));
            readings.extend(points.map(|point| Reading::Point(metric.clone(), point)));
        }
        readings.sort_by_key(Reading::at);
        found.push((id, readings));
    }
    found
}

/// Every subject's samples, an hour at a time: what the store keeps together.
struct Hours<'a, I: Iterator<Item = Reading>> {
    subjects: Vec<(&'a SubjectId, Peekable<I>)>,
    end: UnixMs,
    stop: UnixMs,
}

impl<'a> Hours<'a, Box<dyn Iterator<Item = Reading> + 'a>> {
    fn new(
        inventory: &'a Inventory,
        past: &'a Backfill,
        loads: Vec<(&'a SubjectId, Vec<Reading>)>,
        window: Span,
    ) -> Self {
        let samples = inventory.subject_ixs().map(|ix| {
            let samples: Box<dyn Iterator<Item = Reading>> =
                Box::new(past.samples(ix).map(Reading::from));
            (&inventory.subject(ix).id, samples.peekable())
        });
        let loads = loads.into_iter().map(|(id, readings)| {
            let readings: Box<dyn Iterator<Item = Reading>> = Box::new(readings.into_iter());
            (id, readings.peekable())
        });
        let start = window.from.0.div_euclid(HOUR_MS) * HOUR_MS;
        Self { subjects: samples.chain(loads).collect(), end: UnixMs(start), stop: window.to }
    }
}

impl<I: Iterator<Item = Reading>> Iterator for Hours<'_, I> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.end >= self.stop {
            return None;
        }
        self.end = self.end + HOUR_MS;
        let mut samples = Vec::new();
        for (id, source) in &mut self.subjects {
            while let Some(reading) = source.next_if(|reading| reading.at() < self.end) {
                samples.push(((*id).clone(), reading));
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
