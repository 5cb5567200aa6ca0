//! What the socket's server is given: requests go to the patrol's task, the past is read from the
//! store on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::Request;
use super::feed::Changes;
use crate::api::{Backend, Feed, History, HistoryQuery, Problem, Reloaded, Snapshot};
use crate::coverage::{chart, outages};
use crate::model::{Span, UnixMs};
use crate::store::{Reader, StoreError};

pub(super) struct Socket {
    requests: mpsc::Sender<Request>,
    changes: Arc<Changes>,
    store: PathBuf,
}

impl Socket {
    pub(super) fn new(
        requests: mpsc::Sender<Request>,
        changes: Arc<Changes>,
        store: &Path,
    ) -> Self {
        Self { requests, changes, store: store.to_owned() }
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request + Send,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        let stopping = || Problem {
            error: "stopping".to_owned(),
            message: "the daemon is stopping".to_owned(),
        };
        self.requests.send(request(reply)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }
}

impl Backend for Socket {
    fn snapshot(&self) -> BoxFuture<'_, Result<Arc<Snapshot>, Problem>> {
        Box::pin(self.ask(Request::Snapshot))
    }

    fn changes(&self, after: u64) -> Option<Feed> {
        self.changes.after(after)
    }

    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<History, Problem>> {
        let store = self.store.clone();
        Box::pin(async move {
            let subject = query.subject.clone();
            let read = tokio::task::spawn_blocking(move || history(&store, query)).await;
            let problem = |message: String| Problem { error: "store".to_owned(), message };
            let found = read.map_err(|e| problem(e.to_string()))?;
            found.map_err(|e| problem(e.to_string()))?.ok_or_else(|| Problem {
                error: "unknown_subject".to_owned(),
                message: format!("the store knows no subject '{subject}'"),
            })
        })
    }

    fn reload(&self, by: Option<u32>) -> BoxFuture<'_, Result<Reloaded, Problem>> {
        Box::pin(async move { self.ask(|reply| Request::Reload { by, reply: Some(reply) }).await? })
    }
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
    let samples = reader.samples(&subject, window)?;
    Ok(Some(History {
        subject,
        from: window.from,
        to: window.to,
        points: chart(samples, window, columns),
        outages: outages(&intervals),
        intervals,
    }))
}
