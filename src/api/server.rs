//! The daemon's side of the socket.
//!
//! Limits: [`CLIENTS_MAX`] connections (one more is closed at once), [`COLUMNS_MAX`] columns of
//! history, 16 KiB of a request's body; a client that reads changes too slowly is cut off and asks for a snapshot again.

mod commands;
mod past;
mod pieces;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::closed::ClosedIncident;
use super::commands::{
    AckRequest, Acknowledged, AskRequest, AskedNow, NoteRequest, Noted, OutboxDone, OutboxRequest,
    Work, WorkRequest,
};
use super::events::EventRow;
use super::loads::LineLoad;
use super::lost::{LostQuery, LostRow};
use super::parts::Overview;
use super::storm::{StormInfo, StormRequest};
use super::types::{Change, Heir, History, Problem, Reloaded, Snapshot};
use super::user::User;
use crate::health::Explanation;
use crate::inventory::drift::Drifts;
use crate::model::{Id, IncidentId, Span, SubjectId, UnitId};

/// Connections served at a time.
pub const CLIENTS_MAX: usize = 64;
/// Most columns of one history answer.
pub const COLUMNS_MAX: usize = 2000;
/// Longest window of one answer about lines' loads or closed incidents: 31 days.
pub const WINDOW_MAX_MS: i64 = 31 * 86_400_000;
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
    /// The present without its subjects.
    fn overview(&self) -> BoxFuture<'_, Result<Arc<Overview>, Problem>>;
    /// The subjects from number `from` on, at most [`super::PAGE_MAX`], as JSON of a
    /// [`super::Page`]. Problem: `other_inventory`.
    fn page(&self, inventory: u64, from: usize) -> BoxFuture<'_, Result<Vec<u8>, Problem>>;
    /// Changes after a number; `None` when that is too long ago or from another daemon's life.
    fn changes(&self, after: u64) -> Option<Feed>;
    /// The past of one subject.
    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<History, Problem>>;
    /// The newest `limit` lines of the log inside a window, oldest first.
    fn events(&self, window: Span, limit: usize) -> BoxFuture<'_, Result<Vec<EventRow>, Problem>>;
    /// In what devices are not what the inventory says.
    fn drifts(&self) -> BoxFuture<'_, Result<Drifts, Problem>>;
    /// The incidents closed inside a window, the newest first.
    fn closed(&self, window: Span) -> BoxFuture<'_, Result<Vec<ClosedIncident>, Problem>>;
    /// How full the lines were inside a window.
    fn loads(&self, window: Span) -> BoxFuture<'_, Result<Vec<LineLoad>, Problem>>;
    /// The lost time of units slot by slot. Problems: `unknown_unit`, `unknown_network`.
    fn lost(&self, query: LostQuery) -> BoxFuture<'_, Result<Vec<LostRow>, Problem>>;
    /// Reads the inventory again.
    fn reload(&self, by: User) -> BoxFuture<'_, Result<Reloaded, Problem>>;
    /// Takes the incident that the subject belongs to. Problems: `unknown_subject`, `no_incident`,
    /// `already_acknowledged` (with who and when), those of [`AckRequest::ack`].
    fn acknowledge(
        &self,
        request: AckRequest,
        by: User,
    ) -> BoxFuture<'_, Result<Acknowledged, Problem>>;
    /// Has subjects asked now. Problem: `unknown_subject`.
    fn ask_now(&self, request: AskRequest, by: User) -> BoxFuture<'_, Result<AskedNow, Problem>>;
    /// Has a message of the outbox tried again, or gives it up. Problems: `unknown_message`,
    /// `not_possible`.
    fn outbox(
        &self,
        request: OutboxRequest,
        by: User,
    ) -> BoxFuture<'_, Result<OutboxDone, Problem>>;
    /// Says what an outage was. Problems: `unknown_outage`, `already_noted` (with who and when),
    /// `needs_reason`, those of [`NoteRequest::checked`].
    fn note(&self, request: NoteRequest, by: User) -> BoxFuture<'_, Result<Noted, Problem>>;
    /// Announces work, or announces it anew; true when it was not known before. Problems:
    /// `unknown_target`, `in_inventory`, `already_over`, `already_begun`, `too_many`, those of
    /// [`WorkRequest::checked`].
    fn announce(
        &self,
        id: Id,
        request: WorkRequest,
        by: User,
    ) -> BoxFuture<'_, Result<(Work, bool), Problem>>;
    /// Ends announced work now. Problems: `unknown_maintenance`, `in_inventory`, `already_over`
    /// (with who and when).
    fn end_maintenance(&self, id: Id, by: User) -> BoxFuture<'_, Result<Work, Problem>>;
    /// The work of now and to come, by its next beginning.
    fn maintenance(&self) -> BoxFuture<'_, Result<Vec<Work>, Problem>>;
    /// Orders storm mode for a unit and all beneath it, or orders it otherwise; true when there was
    /// none. Problems: `unknown_unit`, `too_many`, those of [`StormRequest::order`].
    fn storm(
        &self,
        unit: UnitId,
        request: StormRequest,
        by: User,
    ) -> BoxFuture<'_, Result<(StormInfo, bool), Problem>>;
    /// Ends storm mode now. Problems: `unknown_unit`, `no_storm`, `already_over` (with who and when).
    fn end_storm(&self, unit: UnitId, by: User) -> BoxFuture<'_, Result<StormInfo, Problem>>;
    /// Units in storm mode.
    fn storms(&self) -> BoxFuture<'_, Result<Vec<StormInfo>, Problem>>;
    /// Why a subject is in the state it is in. Problem: `unknown_subject`.
    fn explain(&self, subject: SubjectId) -> BoxFuture<'_, Result<Explanation, Problem>>;
    /// What an incident has become a part of, also one that is closed by now.
    fn heir(&self, incident: IncidentId) -> BoxFuture<'_, Result<Heir, Problem>>;
}

/// What the routes work with.
#[derive(Clone)]
struct Shared {
    backend: Arc<dyn Backend>,
    /// The user that this process runs as.
    own_uid: u32,
}

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
    // We are at both ends of this pair: the kernel says who we are.
    let own_uid = UnixStream::pair()?.0.peer_cred()?.uid();
    let routes = Router::new()
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/overview", get(overview))
        .route("/v1/subjects", get(subjects))
        .route("/v1/changes", get(changes))
        .route("/v1/history", get(past::history))
        .route("/v1/events", get(past::events_of))
        .route("/v1/drift", get(past::drift))
        .route("/v1/incidents", get(past::closed))
        .route("/v1/loads", get(past::loads))
        .route("/v1/lost", get(past::lost))
        .route("/v1/reload", post(commands::reload))
        .route("/v1/ack", post(commands::acknowledge))
        .route("/v1/ask", post(commands::ask))
        .route("/v1/outbox", post(commands::outbox))
        .route("/v1/outage", post(commands::note))
        .route("/v1/maintenance", get(commands::maintenance))
        // An id may have slashes in it: `cai-be/tslcd-20261127`.
        .route("/v1/maintenance/{*id}", put(commands::announce).delete(commands::end))
        .route("/v1/storm", get(commands::storms))
        .route("/v1/storm/{*unit}", put(commands::storm).delete(commands::end_storm))
        .route("/v1/explain", get(commands::explain))
        .route("/v1/heir", get(commands::heir))
        .fallback(|| async { answer::<()>(Err(Problem::new("unknown_path", "no such path"))) })
        .layer(DefaultBodyLimit::max(commands::REQUEST_MAX))
        .with_state(Shared { backend, own_uid });
    let listener = Bounded { listener, slots: Arc::new(Semaphore::new(CLIENTS_MAX)) };
    axum::serve(listener, routes.into_make_service_with_connect_info::<Peer>()).await
}

fn answer<T: serde::Serialize>(result: Result<T, Problem>) -> Response {
    match result {
        Ok(body) => Json(body).into_response(),
        Err(body) => (status(&body.error), Json(body)).into_response(),
    }
}

/// The status of an answer that carries a problem's word.
fn status(error: &str) -> StatusCode {
    match error {
        "bad_id" | "bad_note" | "bad_request" | "bad_subject" | "bad_until" | "bad_window"
        | "needs_reason" | "unknown_target" => StatusCode::BAD_REQUEST,
        "forbidden" => StatusCode::FORBIDDEN,
        "unknown_maintenance"
        | "unknown_message"
        | "unknown_network"
        | "unknown_outage"
        | "unknown_path"
        | "unknown_subject"
        | "unknown_unit" => StatusCode::NOT_FOUND,
        "already_acknowledged"
        | "already_begun"
        | "already_noted"
        | "already_over"
        | "in_inventory"
        | "no_incident"
        | "no_storm"
        | "not_possible"
        | "refused"
        | "too_many" => StatusCode::CONFLICT,
        "too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "other_inventory" | "too_old" => StatusCode::GONE,
        "stopping" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn snapshot(State(shared): State<Shared>) -> Response {
    match shared.backend.snapshot().await {
        Ok(snapshot) => pieces::of_snapshot(snapshot),
        Err(body) => answer::<()>(Err(body)),
    }
}

async fn overview(State(shared): State<Shared>) -> Response {
    match shared.backend.overview().await {
        Ok(overview) => pieces::of_overview(overview),
        Err(body) => answer::<()>(Err(body)),
    }
}

#[derive(Deserialize)]
struct PageParams {
    inventory: u64,
    from: usize,
}

async fn subjects(State(shared): State<Shared>, Query(params): Query<PageParams>) -> Response {
    match shared.backend.page(params.inventory, params.from).await {
        Ok(json) => ([(CONTENT_TYPE, pieces::JSON)], json).into_response(),
        Err(body) => answer::<()>(Err(body)),
    }
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

async fn changes(State(shared): State<Shared>, Query(After { after }): Query<After>) -> Response {
    let Some(feed) = shared.backend.changes(after) else {
        return answer::<()>(Err(Problem::new("too_old", "ask for a snapshot")));
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
