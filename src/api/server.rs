//! The daemon's side of the socket.
//!
//! Limits: [`CLIENTS_MAX`] connections (one more is closed at once), [`COLUMNS_MAX`] columns of
//! history; a client that reads changes too slowly is cut off and asks for a snapshot again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::types::{Change, History, Problem, Reloaded, Snapshot};
use crate::model::{Span, SubjectId, UnixMs};

/// Connections served at a time.
pub const CLIENTS_MAX: usize = 64;
/// Most columns of one history answer.
pub const COLUMNS_MAX: usize = 2000;
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A subject's past is asked for.
#[derive(Debug, Clone)]
pub struct HistoryQuery {
    /// Whose.
    pub subject: SubjectId,
    /// Of when.
    pub window: Span,
    /// In how many points, 1 to [`COLUMNS_MAX`].
    pub columns: usize,
}

/// Changes already made since the number asked for, and those to come.
pub struct Feed {
    /// Oldest first.
    pub missed: Vec<Arc<Change>>,
    /// What follows.
    pub live: broadcast::Receiver<Arc<Change>>,
}

/// What the daemon offers to the server.
pub trait Backend: Send + Sync + 'static {
    /// The present.
    fn snapshot(&self) -> BoxFuture<'_, Result<Arc<Snapshot>, Problem>>;
    /// Changes after a number; `None` when that is too long ago or from another daemon's life.
    fn changes(&self, after: u64) -> Option<Feed>;
    /// The past of one subject.
    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<History, Problem>>;
    /// Reads the inventory again; `by` is the asking user's id.
    fn reload(&self, by: Option<u32>) -> BoxFuture<'_, Result<Reloaded, Problem>>;
}

type Shared = State<Arc<dyn Backend>>;

/// Who is at the other end, as the kernel says.
#[derive(Debug, Clone)]
pub struct Peer {
    /// User id.
    pub uid: Option<u32>,
}

/// A listener that serves a bounded number of connections.
struct Bounded {
    listener: UnixListener,
    slots: Arc<Semaphore>,
}

/// A connection that gives its slot back when it closes.
struct Slot {
    stream: UnixStream,
    _permit: OwnedSemaphorePermit,
}

impl axum::serve::Listener for Bounded {
    type Io = Slot;
    type Addr = Peer;

    async fn accept(&mut self) -> (Slot, Peer) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => match Arc::clone(&self.slots).try_acquire_owned() {
                    Ok(permit) => {
                        let uid = stream.peer_cred().ok().map(|c| c.uid());
                        return (Slot { stream, _permit: permit }, Peer { uid });
                    }
                    Err(_) => tracing::warn!(CLIENTS_MAX, "too many clients; one was turned away"),
                },
                Err(error) => {
                    tracing::warn!(%error, "accept on the Unix socket");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Peer> {
        Ok(Peer { uid: None })
    }
}

impl axum::extract::connect_info::Connected<axum::serve::IncomingStream<'_, Bounded>> for Peer {
    fn connect_info(stream: axum::serve::IncomingStream<'_, Bounded>) -> Self {
        stream.remote_addr().clone()
    }
}

mod slot_io {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::Slot;

    impl AsyncRead for Slot {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Slot {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }
}

/// Serves clients until the future is dropped.
///
/// # Errors
/// Never in practice: failures to accept are logged and tried again.
pub async fn serve(listener: UnixListener, backend: Arc<dyn Backend>) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/changes", get(changes))
        .route("/v1/history", get(history))
        .route("/v1/reload", post(reload))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "unknown_path", "no such path") })
        .with_state(backend);
    let listener = Bounded { listener, slots: Arc::new(Semaphore::new(CLIENTS_MAX)) };
    axum::serve(listener, routes.into_make_service_with_connect_info::<Peer>()).await
}

fn problem(status: StatusCode, error: &str, message: &str) -> Response {
    (status, Json(Problem { error: error.to_owned(), message: message.to_owned() })).into_response()
}

fn answer<T: serde::Serialize>(result: Result<T, Problem>) -> Response {
    match result {
        Ok(body) => Json(body).into_response(),
        Err(body) => {
            let status = match body.error.as_str() {
                "unknown_subject" => StatusCode::NOT_FOUND,
                "refused" => StatusCode::CONFLICT,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (status, Json(body)).into_response()
        }
    }
}

async fn snapshot(State(backend): Shared) -> Response {
    match backend.snapshot().await {
        Ok(snapshot) => Json(&*snapshot).into_response(),
        Err(body) => answer::<()>(Err(body)),
    }
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

async fn changes(State(backend): Shared, Query(After { after }): Query<After>) -> Response {
    let Some(feed) = backend.changes(after) else {
        return problem(StatusCode::GONE, "too_old", "ask for a snapshot");
    };
    Sse::new(events(feed)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

fn events(feed: Feed) -> impl Stream<Item = Result<Event, axum::Error>> {
    let live = stream::unfold(feed.live, |mut live| async move {
        // Lagging or closing ends the stream: the client asks for a snapshot.
        live.recv().await.ok().map(|change| (change, live))
    });
    stream::iter(feed.missed).chain(live).map(|change| {
        Event::default().id(change.seq.to_string()).event("change").json_data(&*change)
    })
}

#[derive(Deserialize)]
struct HistoryParams {
    subject: String,
    from: UnixMs,
    to: UnixMs,
    columns: usize,
}

async fn history(State(backend): Shared, Query(params): Query<HistoryParams>) -> Response {
    let Ok(subject) = SubjectId::new(&params.subject) else {
        return problem(StatusCode::BAD_REQUEST, "bad_subject", "the subject's id is malformed");
    };
    let window = Span::new(params.from, params.to);
    if window.is_empty() || !(1..=COLUMNS_MAX).contains(&params.columns) {
        let message = "`from` must lie before `to`; `columns` between 1 and 2000";
        return problem(StatusCode::BAD_REQUEST, "bad_window", message);
    }
    answer(backend.history(HistoryQuery { subject, window, columns: params.columns }).await)
}

async fn reload(State(backend): Shared, ConnectInfo(peer): ConnectInfo<Peer>) -> Response {
    answer(backend.reload(peer.uid).await)
}
