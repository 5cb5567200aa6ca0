//! What the socket's server is given: requests go to the patrol's task, the past is read from the
//! store on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::closed::closed;
use super::feed::Changes;
use super::loads::loads;
use super::lost::{LostError, lost};
use super::{Request, drifts, notes};
use crate::api::{
    AckRequest, Acknowledged, AskRequest, AskedNow, Backend, ClosedIncident, DeviceInfo, Drifts,
    EventRow, FactInfo, Feed, Heir, History, HistoryQuery, LineLoad, LostQuery, LostRow,
    NoteRequest, Noted, OutboxAction, OutboxDone, OutboxRequest, Overview, Problem, Reloaded,
    Snapshot, StormInfo, StormRequest, User, Work, WorkRequest,
};
use crate::coverage::{Chart, outages};
use crate::health::Explanation;
use crate::locale::Lang;
use crate::model::{Id, IncidentId, Span, SubjectId, UnitId, UnixMs};
use crate::store::{Reader, StoreError};
use crate::t;

pub(super) struct Socket {
    requests: mpsc::Sender<Request>,
    changes: Arc<Changes>,
    store: PathBuf,
    /// Who reads the records of all lines holds it: one at a time, whoever else waits or hangs up.
    whole: Arc<Semaphore>,
}

impl Socket {
    pub(super) fn new(
        requests: mpsc::Sender<Request>,
        changes: Arc<Changes>,
        store: &Path,
    ) -> Self {
        Self { requests, changes, store: store.to_owned(), whole: Arc::new(Semaphore::new(1)) }
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request + Send,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        let stopping = || Problem::new("stopping", t!(Lang::En, "reason.stopping"));
        self.requests.send(request(reply)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }
}

impl Backend for Socket {
    fn snapshot(&self) -> BoxFuture<'_, Result<Arc<Snapshot>, Problem>> {
        Box::pin(self.ask(Request::Snapshot))
    }

    fn overview(&self) -> BoxFuture<'_, Result<Arc<Overview>, Problem>> {
        Box::pin(self.ask(Request::Overview))
    }

    fn page(&self, inventory: u64, from: usize) -> BoxFuture<'_, Result<Vec<u8>, Problem>> {
        Box::pin(async move { self.ask(|reply| Request::Page { inventory, from, reply }).await? })
    }

    fn changes(&self, after: u64) -> Option<Feed> {
        self.changes.after(after)
    }

    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<History, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let subject = query.subject.clone();
            let now = self.ask(|reply| Request::Device { subject: subject.clone(), reply }).await?;
            let read = tokio::task::spawn_blocking(move || history(&store, query)).await;
            let problem = |message: String| Problem::new("store", message);
            let found = read.map_err(|e| problem(e.to_string()))?;
            let mut found = found.map_err(|e| problem(e.to_string()))?.ok_or_else(|| {
                let message = t!(Lang::En, "reason.unrecorded_subject", subject = subject);
                Problem::new("unknown_subject", message)
            })?;
            if let Some(now) = now {
                let DeviceInfo { facts, neighbours, .. } = found.device.take().unwrap_or_default();
                found.device = Some(DeviceInfo { facts, neighbours, ..now });
            }
            Ok(found)
        })
    }

    fn events(&self, window: Span, limit: usize) -> BoxFuture<'_, Result<Vec<EventRow>, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || events(&store, window, limit)).await;
            let problem = |message: String| Problem::new("store", message);
            read.map_err(|e| problem(e.to_string()))?.map_err(|e| problem(e.to_string()))
        })
    }

    fn drifts(&self) -> BoxFuture<'_, Result<Drifts, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let inventory = self.ask(Request::Inventory).await?;
            let read = tokio::task::spawn_blocking(move || drifts(&store, &inventory, None)).await;
            let problem = |message: String| Problem::new("store", message);
            read.map_err(|e| problem(e.to_string()))?.map_err(|e| problem(e.to_string()))
        })
    }

    fn closed(&self, window: Span) -> BoxFuture<'_, Result<Vec<ClosedIncident>, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let inventory = self.ask(Request::Inventory).await?;
            let work = move || closed(&store, &inventory, window);
            let read = tokio::task::spawn_blocking(work).await;
            let problem = |message: String| Problem::new("store", message);
            read.map_err(|e| problem(e.to_string()))?.map_err(|e| problem(e.to_string()))
        })
    }

    fn loads(&self, window: Span) -> BoxFuture<'_, Result<Vec<LineLoad>, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let inventory = self.ask(Request::Inventory).await?;
            let read = tokio::task::spawn_blocking(move || loads(&store, &inventory, window)).await;
            let problem = |message: String| Problem::new("store", message);
            read.map_err(|e| problem(e.to_string()))?.map_err(|e| problem(e.to_string()))
        })
    }

    fn lost(&self, query: LostQuery) -> BoxFuture<'_, Result<Vec<LostRow>, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let inventory = self.ask(Request::Inventory).await?;
            let stopping = || Problem::new("stopping", t!(Lang::En, "reason.stopping"));
            let turn = Arc::clone(&self.whole).acquire_owned().await.map_err(|_| stopping())?;
            let now = super::clock::now();
            let read = tokio::task::spawn_blocking(move || {
                // The work goes on when its client has hung up: so does its turn.
                let _turn = turn;
                lost(&store, &inventory, &query, now)
            });
            let read = read.await;
            let found = read.map_err(|e| Problem::new("store", e.to_string()))?;
            found.map_err(|error| {
                let word = match error {
                    LostError::Unit(_) => "unknown_unit",
                    LostError::Network(_) => "unknown_network",
                    LostError::Store(_) => "store",
                };
                Problem::new(word, error.to_string())
            })
        })
    }

    fn reload(&self, by: User) -> BoxFuture<'_, Result<Reloaded, Problem>> {
        let asked = |reply| Request::Reload { by: Some(by), reply: Some(reply) };
        Box::pin(async move { self.ask(asked).await? })
    }

    fn acknowledge(
        &self,
        request: AckRequest,
        by: User,
    ) -> BoxFuture<'_, Result<Acknowledged, Problem>> {
        Box::pin(
            async move { self.ask(|reply| Request::Acknowledge { request, by, reply }).await? },
        )
    }

    fn ask_now(&self, request: AskRequest, by: User) -> BoxFuture<'_, Result<AskedNow, Problem>> {
        Box::pin(async move { self.ask(|reply| Request::Ask { request, by, reply }).await? })
    }

    fn outbox(
        &self,
        request: OutboxRequest,
        by: User,
    ) -> BoxFuture<'_, Result<OutboxDone, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let OutboxRequest { message: name, action } = request;
            let is_retry = action == OutboxAction::Retry;
            let wanted = name.clone();
            let read = tokio::task::spawn_blocking(move || {
                Reader::open(&store).and_then(|reader| reader.message_named(&wanted))
            });
            let problem = |message: String| Problem::new("store", message);
            let found = read.await.map_err(|e| problem(e.to_string()))?;
            let found = found.map_err(|e| problem(e.to_string()))?.ok_or_else(|| {
                let shown = crate::locale::visible(&name);
                let message = t!(Lang::En, "reason.unknown_message", message = shown);
                Problem::new("unknown_message", message)
            })?;
            let message = Box::new(found);
            self.ask(|reply| Request::Outbox { message, is_retry, by, reply }).await?
        })
    }

    fn note(&self, request: NoteRequest, by: User) -> BoxFuture<'_, Result<Noted, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let request = request.checked()?;
            let wanted = request.clone();
            let read = tokio::task::spawn_blocking(move || notes::find(&store, &wanted)).await;
            let problem = |message: String| Problem::new("store", message);
            let found = read.map_err(|e| problem(e.to_string()))?;
            let found = found.map_err(|e| problem(e.to_string()))?;
            self.ask(|reply| Request::Note { request, found, by, reply }).await?
        })
    }

    fn announce(
        &self,
        id: Id,
        request: WorkRequest,
        by: User,
    ) -> BoxFuture<'_, Result<(Work, bool), Problem>> {
        Box::pin(
            async move { self.ask(|reply| Request::Announce { id, request, by, reply }).await? },
        )
    }

    fn end_maintenance(&self, id: Id, by: User) -> BoxFuture<'_, Result<Work, Problem>> {
        Box::pin(async move { self.ask(|reply| Request::EndMaintenance { id, by, reply }).await? })
    }

    fn maintenance(&self) -> BoxFuture<'_, Result<Vec<Work>, Problem>> {
        Box::pin(self.ask(Request::Maintenance))
    }

    fn storm(
        &self,
        unit: UnitId,
        request: StormRequest,
        by: User,
    ) -> BoxFuture<'_, Result<(StormInfo, bool), Problem>> {
        Box::pin(
            async move { self.ask(|reply| Request::Storm { unit, request, by, reply }).await? },
        )
    }

    fn end_storm(&self, unit: UnitId, by: User) -> BoxFuture<'_, Result<StormInfo, Problem>> {
        Box::pin(async move { self.ask(|reply| Request::EndStorm { unit, by, reply }).await? })
    }

    fn storms(&self) -> BoxFuture<'_, Result<Vec<StormInfo>, Problem>> {
        Box::pin(self.ask(Request::Storms))
    }

    fn explain(&self, subject: SubjectId) -> BoxFuture<'_, Result<Explanation, Problem>> {
        Box::pin(async move { self.ask(|reply| Request::Explain { subject, reply }).await? })
    }

    fn heir(&self, incident: IncidentId) -> BoxFuture<'_, Result<Heir, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || {
                Reader::open(&store).and_then(|reader| reader.heir_of(&incident))
            });
            let problem = |message: String| Problem::new("store", message);
            let found = read.await.map_err(|e| problem(e.to_string()))?;
            Ok(Heir { incident: found.map_err(|e| problem(e.to_string()))? })
        })
    }
}

/// The newest lines of the log inside a window out of the store, oldest first; also what a client
/// without a daemon reads.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) fn events(
    store: &Path,
    window: Span,
    limit: usize,
) -> Result<Vec<EventRow>, StoreError> {
    let found = Reader::open(store)?.events(window, limit)?;
    Ok(found
        .into_iter()
        .map(|recorded| EventRow {
            seq: recorded.seq,
            at: recorded.event.at,
            kind: recorded.event.kind.as_str().to_owned(),
            subject: recorded.event.subject,
            detail: recorded.event.detail,
        })
        .collect())
}

/// A subject's past out of the store; also what a client without a daemon reads. `None` for a
/// subject without any record.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) fn history(store: &Path, query: HistoryQuery) -> Result<Option<History>, StoreError> {
    let HistoryQuery { subject, window, columns } = query;
    let reader = Reader::open(store)?;
    let ever = Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX));
    let Some(mut intervals) = reader.intervals(Some(&subject), ever)?.remove(&subject) else {
        return Ok(None);
    };
    intervals.retain(|i| !i.clip(window).is_empty());
    let mut chart = Chart::new(window, columns);
    reader.each_round(&subject, 0, window, &mut |sample| chart.add(sample))?;
    let facts = reader.sightings(&subject)?.into_iter().map(|seen| FactInfo {
        key: seen.key.to_string(),
        value: seen.value.to_string(),
        first_seen: seen.first,
        last_seen: seen.last,
    });
    let outages = outages(&intervals);
    let notes = match outages.first() {
        Some(first) => reader.notes_of(&subject, Span::new(first.start, window.to))?,
        None => Vec::new(),
    };
    let neighbours = reader.neighbours(&subject)?;
    let device = DeviceInfo { facts: facts.collect(), neighbours, ..DeviceInfo::default() };
    Ok(Some(History {
        subject,
        from: window.from,
        to: window.to,
        points: chart.points(),
        outages,
        notes,
        intervals,
        device: Some(device).filter(|device| !device.is_empty()),
    }))
}
