//! The present as the store knows it, for clients while no daemon runs: the same snapshot, made
//! by the same functions, of the time the daemon was last alive.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, anyhow};

use super::context;
use crate::api::{self, BlindInfo, DaemonInfo, HistoryQuery, Snapshot, Sources, SubjectState};
use crate::config::Config;
use crate::daemon::resume::{self, PAST_MS, Past};
use crate::daemon::{
    Months, announced, closed, drifts, events, history, is_off_hours, loads, lost, month_start,
};
use crate::dash::{Answer, Changes, Source, SourceError};
use crate::health::{self, View};
use crate::model::{
    Inventory, RoundError, Span, State, StateInterval, SubjectId, SubjectIx, UnixMs, is_planned,
};
use crate::store::{ALIVE_WITHIN_MS, Reader, StoreError};
use crate::t;

/// How far back the last round of what is degraded is looked for, in milliseconds.
const TROUBLE_MS: i64 = 3_600_000;

/// Makes a snapshot out of the store; `at` in it is when the daemon was last alive.
///
/// # Errors
/// When there is no store or it cannot be read.
pub(crate) fn snapshot(
    config: &Config,
    inventory: &Inventory,
    now: UnixMs,
) -> anyhow::Result<Snapshot> {
    let past = resume::past(&config.store, now).context("read the store")?;
    let last_round = past.current.values().filter_map(|c| c.last_round).max();
    let at = past.last_alive.max(last_round).unwrap_or(now);
    let blind = blind(&config.store, at)?;
    let troubles = Reader::open(&config.store)
        .and_then(|reader| troubles(&reader, &past, at))
        .context("read the store")?;
    Ok(build(config, inventory, &past, at, (blind, troubles)))
}

/// What the last rounds said of what is degraded: the record has the state alone.
fn troubles(
    reader: &Reader,
    past: &Past,
    at: UnixMs,
) -> Result<HashMap<SubjectId, RoundError>, StoreError> {
    let mut found = HashMap::new();
    for (id, record) in &past.intervals {
        if record.last().is_some_and(|last| last.state == State::Degraded) {
            let last = reader.samples(id, Span::new(at - TROUBLE_MS, at + 1))?.pop();
            let error = last.and_then(|sample| sample.error).filter(|e| !e.is_own_fault());
            found.extend(error.map(|error| (id.clone(), error)));
        }
    }
    Ok(found)
}

/// How things stood at a time that is over, as the record tells it now: whatever was decided later
/// of that time (a verdict is back-dated to its first failed round) is in it.
///
/// # Errors
/// When there is no store or it cannot be read.
pub(crate) fn snapshot_at(
    config: &Config,
    inventory: &Inventory,
    at: UnixMs,
) -> Result<Snapshot, StoreError> {
    let reader = Reader::open(&config.store)?;
    let moment = Span::new(at, at + 1);
    let mut past = Past {
        intervals: reader.intervals(None, Span::new(at - PAST_MS, at + 1))?,
        last_alive: reader.last_alive()?,
        incidents: reader.incidents(moment)?,
        maintenance: reader.maintenance(Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX)))?,
        ..Past::default()
    };
    for (id, record) in &mut past.intervals {
        let interval_ms = inventory
            .find_subject(id.as_str())
            .map_or(config.health.interval_ms, |s| inventory.subject(s).health.interval_ms);
        cut(record, at, past.last_alive, interval_ms);
    }
    for incident in &mut past.incidents {
        // What came of it later was not known then.
        incident.closed = None;
        incident.ack.take_if(|ack| ack.at > at);
        if incident.told_at.is_some_and(|told_at| told_at > at) {
            (incident.told, incident.told_at) = (None, None);
        }
    }
    let blind = reader.blind(moment)?.into_iter();
    let blind = blind.map(|b| BlindInfo { carrier: b.carrier, since: b.since }).collect();
    let troubles = troubles(&reader, &past, at)?;
    Ok(build(config, inventory, &past, at, (blind, troubles)))
}

/// Leaves of a record what it was at `at`, open there; a time for which nobody vouches is
/// unmeasured.
fn cut(record: &mut Vec<StateInterval>, at: UnixMs, last_alive: Option<UnixMs>, interval_ms: i64) {
    record.retain(|interval| interval.from <= at);
    let Some(last) = record.last_mut() else { return };
    let is_vouched =
        last_alive.is_some_and(|alive| at.since(alive) <= ALIVE_WITHIN_MS.max(2 * interval_ms));
    if last.to.is_none() && !is_vouched {
        let until = last_alive.map_or(last.from, |alive| alive + interval_ms);
        last.to = Some(until.max(last.from + 1).min(at));
    }
    match last.to.filter(|to| *to <= at) {
        None => last.to = None,
        Some(to) => {
            record.push(StateInterval { from: to, to: None, state: State::Unmeasured, cause: None })
        }
    }
}

fn build(
    config: &Config,
    inventory: &Inventory,
    past: &Past,
    at: UnixMs,
    (blind, troubles): (Vec<BlindInfo>, HashMap<SubjectId, RoundError>),
) -> Snapshot {
    let month_from = month_start(at, &config.timezone);
    let month = Span::new(month_from, at);
    let months = Months::compute(inventory, &past.intervals, &past.maintenance, month);
    let find = |id: SubjectId| inventory.find_subject(id.as_str());
    let mut views: Vec<View> = inventory
        .subjects
        .iter()
        .map(|subject| {
            let resumed = past.resumed(&subject.id);
            let (state, since) =
                resumed.as_ref().map_or((State::Unmeasured, at), |r| (r.state, r.since));
            let last_round = resumed.as_ref().and_then(|r| r.last_round);
            let is_flapping = resumed.as_ref().is_some_and(|r| r.is_flapping);
            let verdict = resumed.and_then(|r| r.hard).map(|h| health::Verdict {
                state: h.state,
                since: h.since,
                cause: h.cause.and_then(find),
            });
            let now = verdict.filter(|v| v.state == state);
            View {
                state,
                since: now.map_or(since, |v| v.since),
                cause: now.and_then(|v| v.cause),
                verdict,
                suspect: 0,
                answering: None,
                last_round,
                is_flapping,
                backup: None,
                trouble: troubles.get(&subject.id).copied(),
            }
        })
        .collect();
    // Which of its ways was taken is not recorded, but how each of them stood is.
    for s in inventory.subject_ixs() {
        if views[s.ix()].state == State::Degraded {
            views[s.ix()].backup = health::standby(inventory, s, &|s| views[s.ix()]);
        }
    }
    let views = views;
    let mut announced = past.maintenance.clone();
    announced.extend(inventory.maintenance.iter().cloned());
    let state = |s: SubjectIx| {
        let view = views[s.ix()];
        SubjectState {
            state: view.state,
            since: view.since,
            cause: view.cause.map(|c| inventory.subject(c).id.clone()),
            suspect: 0,
            last_round: view.last_round,
            rtt_us: None,
            loss_permille: None,
            recent_us: Vec::new(),
            backup: view.backup.map(|c| inventory.subject(c).id.clone()),
            trouble: view.trouble,
            flapping: view.is_flapping,
            off_hours: is_off_hours(inventory, s, |s| views[s.ix()], at),
            planned: is_planned(&announced, inventory, s, at),
            asked: false,
        }
    };
    let sources = Sources {
        inventory,
        state: &state,
        month: &|lines| months.of(lines),
        goal_ppm: config.goals.availability_ppm,
        goal_permille: config.goals.coverage_permille,
        measured_floor_ppm: config.measured_floor_ppm,
        timezone: &config.timezone_name,
        month_from,
    };
    let daemon = DaemonInfo {
        channels: Vec::new(),
        storms: Vec::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: 0,
        started: at,
        asked: 0,
        interval_ms: config.health.interval_ms,
        lag_ms: 0,
        turns: None,
        own_loss_permille: None,
        written: Some(at),
        dropped_samples: 0,
        reload_failure: None,
        trouble: None,
        blind,
        traps: None,
    };
    let mut incidents = health::open_incidents(inventory, at, |s| views[s.ix()], &past.incidents);
    for incident in &mut incidents {
        let is_inside = |id: &SubjectId| {
            let subject = inventory.find_subject(id.as_str());
            subject.is_some_and(|s| is_planned(&announced, inventory, s, at))
        };
        let planned = incident.members().all(is_inside);
        incident.planned = planned;
    }
    api::snapshot(&sources, api::coverages(&sources, at), incidents, daemon, 0, at)
}

/// What the patrol could not see when it ended.
fn blind(store: &Path, at: UnixMs) -> anyhow::Result<Vec<BlindInfo>> {
    let found = Reader::open(store).and_then(|reader| reader.blind(Span::new(at, at + 1)));
    let lasting = found.context("read the store")?.into_iter().filter(|b| b.until.is_none());
    Ok(lasting.map(|b| BlindInfo { carrier: b.carrier, since: b.since }).collect())
}

/// The dashboard's second source. The inventory is read when it is needed for the first time: most
/// dashboards never miss their daemon, and need neither the time at the start nor the memory.
pub(crate) struct StoreSource {
    config: Arc<Config>,
    inventory: Arc<Mutex<Option<Arc<Inventory>>>>,
}

impl StoreSource {
    pub(crate) fn new(config: Config) -> Self {
        Self { config: Arc::new(config), inventory: Arc::default() }
    }
}

/// The inventory as it was read first; one with mistakes is read again the next time. With such
/// a one the daemon may still run on the old one, so only this source is missing then.
fn inventory_of(
    config: &Config,
    kept: &Mutex<Option<Arc<Inventory>>>,
) -> anyhow::Result<Arc<Inventory>> {
    // Whoever panicked while he read it has left nothing half done.
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(inventory) = &*kept {
        return Ok(Arc::clone(inventory));
    }
    let inventory = context::load_inventory(config).inventory;
    let inventory =
        inventory.ok_or_else(|| anyhow!(t!(config.language, "dash.inventory_broken")))?;
    Ok(Arc::clone(kept.insert(Arc::new(inventory))))
}

/// Runs a read of the store on a thread of its own, so that the screen does not wait for it.
async fn read<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, SourceError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|e| SourceError(format!("{e:#}"))),
        Err(error) => Err(SourceError(format!("read the store: {error}"))),
    }
}

impl Source for StoreSource {
    fn snapshot(&self) -> Answer<'_, Snapshot> {
        let (config, kept) = (Arc::clone(&self.config), Arc::clone(&self.inventory));
        Box::pin(read(move || {
            let inventory = inventory_of(&config, &kept)?;
            snapshot(&config, &inventory, crate::daemon::clock::now())
        }))
    }

    fn changes(&self, _after: u64) -> Answer<'_, Box<dyn Changes>> {
        Box::pin(async { Err(SourceError("a store without a daemon does not change".to_owned())) })
    }

    fn history<'a>(
        &'a self,
        subject: &'a SubjectId,
        window: Span,
        columns: usize,
    ) -> Answer<'a, api::History> {
        let config = Arc::clone(&self.config);
        let query = HistoryQuery { subject: subject.clone(), window, columns };
        Box::pin(read(move || {
            let found = history(&config.store, query)?;
            found.ok_or_else(|| anyhow::anyhow!("the store knows no such subject"))
        }))
    }

    fn closed(&self, window: Span) -> Answer<'_, Vec<api::ClosedIncident>> {
        let (config, kept) = (Arc::clone(&self.config), Arc::clone(&self.inventory));
        Box::pin(read(move || {
            let inventory = inventory_of(&config, &kept)?;
            Ok(closed(&config.store, &inventory, window)?)
        }))
    }

    fn loads(&self, window: Span) -> Answer<'_, Vec<api::LineLoad>> {
        let (config, kept) = (Arc::clone(&self.config), Arc::clone(&self.inventory));
        Box::pin(read(move || {
            let inventory = inventory_of(&config, &kept)?;
            Ok(loads(&config.store, &inventory, window)?)
        }))
    }

    fn lost<'a>(&'a self, query: &'a api::LostQuery) -> Answer<'a, Vec<api::LostRow>> {
        let (config, kept) = (Arc::clone(&self.config), Arc::clone(&self.inventory));
        let (query, now) = (query.clone(), crate::daemon::clock::now());
        Box::pin(read(move || {
            let inventory = inventory_of(&config, &kept)?;
            Ok(lost(&config.store, &inventory, &query, now)?)
        }))
    }

    fn works(&self) -> Answer<'_, Vec<api::Work>> {
        let (config, kept) = (Arc::clone(&self.config), Arc::clone(&self.inventory));
        let now = crate::daemon::clock::now();
        Box::pin(read(move || {
            let inventory = inventory_of(&config, &kept)?;
            Ok(announced(&config.store, &inventory, now)?)
        }))
    }

    fn events<'a>(&'a self, window: Span, limit: usize) -> Answer<'a, Vec<api::EventRow>> {
        let config = Arc::clone(&self.config);
        Box::pin(read(move || Ok(events(&config.store, window, limit)?)))
    }

    fn drifts(&self) -> Answer<'_, api::Drifts> {
        let (config, kept) = (Arc::clone(&self.config), Arc::clone(&self.inventory));
        Box::pin(read(move || {
            let inventory = inventory_of(&config, &kept)?;
            Ok(drifts(&config.store, &inventory, None)?)
        }))
    }
}
