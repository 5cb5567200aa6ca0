//! A client of the daemon's socket.

use std::path::{Path, PathBuf};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::closed::ClosedIncident;
use super::commands::{
    AckRequest, Acknowledged, AskRequest, AskedNow, NoteRequest, Noted, OutboxDone, OutboxRequest,
    Work, WorkRequest,
};
use super::events::EventRow;
use super::loads::LineLoad;
use super::lost::{LostQuery, LostRow};
use super::parts::{Overview, PageBody};
use super::storm::{StormInfo, StormRequest};
use super::types::{Change, Heir, History, Problem, Reloaded, Snapshot};
use crate::health::Explanation;
use crate::inventory::drift::Drifts;
use crate::model::{Id, Span, SubjectId, UnitId, UnixMs};

/// Largest answer read, in bytes: a snapshot of 100,000 subjects takes about half.
const BODY_MAX: usize = 128 << 20;
/// Largest server-sent event read, in bytes.
const EVENT_MAX: usize = 64 << 20;
/// Room for events that is kept while none is waited for, in bytes.
const BUFFER_KEPT: usize = 1 << 20;

/// Why the daemon gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("connect to the daemon at {}: {source}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke or spoke something else than HTTP.
    #[error("talk to the daemon: {0}")]
    Http(#[from] hyper::Error),
    /// The answer is longer than a client reads.
    #[error("read the daemon's answer: {0}")]
    Body(String),
    /// The answer is not what this version understands.
    #[error("understand the daemon's answer: {0}")]
    Json(#[from] serde_json::Error),
    /// The daemon said no.
    #[error("the daemon refused: {} ({})", .0.message, .0.error)]
    Refused(Problem),
}

/// A client; it opens one connection per request.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    /// A client of the daemon behind `socket`; nothing is opened yet.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// The socket's path.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Everything as it is now.
    ///
    /// # Errors
    /// [`ClientError`] when there is no daemon or it refuses.
    pub async fn snapshot(&self) -> Result<Snapshot, ClientError> {
        self.json(Method::GET, "/v1/snapshot").await
    }

    /// All but the subjects, as it is now.
    ///
    /// # Errors
    /// [`ClientError`] when there is no daemon or it refuses; [`ClientError::Refused`] with
    /// `unknown_path` of a daemon that has whole snapshots only.
    pub async fn overview(&self) -> Result<Overview, ClientError> {
        self.json(Method::GET, "/v1/overview").await
    }

    /// The subjects from number `from` on.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `other_inventory` when there is another one than `inventory` by now.
    pub async fn subjects(&self, inventory: u64, from: usize) -> Result<PageBody, ClientError> {
        let path = format!("/v1/subjects?inventory={inventory}&from={from}");
        let response = self.send(Method::GET, &path, Vec::new()).await?;
        Ok(PageBody::new(read(response.into_body()).await?))
    }

    /// The changes after number `after`, as they happen.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `too_old` when a snapshot must be asked for first.
    pub async fn changes(&self, after: u64) -> Result<Changes, ClientError> {
        let response =
            self.send(Method::GET, &format!("/v1/changes?after={after}"), Vec::new()).await?;
        Ok(Changes { body: response.into_body(), buffer: Vec::new(), scanned: 0 })
    }

    /// A subject's past in `columns` points (1 to 2000).
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `unknown_subject` or `bad_window`.
    pub async fn history(
        &self,
        subject: &SubjectId,
        window: Span,
        columns: usize,
    ) -> Result<History, ClientError> {
        let Span { from, to } = window;
        let path = format!("/v1/history?subject={subject}&from={from}&to={to}&columns={columns}");
        self.json(Method::GET, &path).await
    }

    /// Has the daemon read its inventory again.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the inventory is broken; the old one stays in force.
    pub async fn reload(&self) -> Result<Reloaded, ClientError> {
        self.json(Method::POST, "/v1/reload").await
    }

    /// Takes an incident.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the words of [`super::Backend::acknowledge`].
    pub async fn acknowledge(&self, request: &AckRequest) -> Result<Acknowledged, ClientError> {
        let body = serde_json::to_vec(request)?;
        self.understood(self.send(Method::POST, "/v1/ack", body).await?).await
    }

    /// Says what an outage was.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the words of [`super::Backend::note`].
    pub async fn note(&self, request: &NoteRequest) -> Result<Noted, ClientError> {
        let body = serde_json::to_vec(request)?;
        self.understood(self.send(Method::POST, "/v1/outage", body).await?).await
    }

    /// Has subjects asked now.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `unknown_subject`, `bad_request`.
    pub async fn ask_now(&self, request: &AskRequest) -> Result<AskedNow, ClientError> {
        let body = serde_json::to_vec(request)?;
        self.understood(self.send(Method::POST, "/v1/ask", body).await?).await
    }

    /// Has a message of the outbox tried again, or gives it up.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the words of [`super::Backend::outbox`].
    pub async fn outbox(&self, request: &OutboxRequest) -> Result<OutboxDone, ClientError> {
        let body = serde_json::to_vec(request)?;
        self.understood(self.send(Method::POST, "/v1/outbox", body).await?).await
    }

    /// The newest `limit` (1 to 2000) lines of the log inside a window, oldest first.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `bad_window`.
    pub async fn events(&self, window: Span, limit: usize) -> Result<Vec<EventRow>, ClientError> {
        let (from, to) = (window.from, window.to);
        let path = format!("/v1/events?from={from}&to={to}&limit={limit}");
        self.json(Method::GET, &path).await
    }

    /// In what devices are not what the inventory says.
    ///
    /// # Errors
    /// [`ClientError`] when there is no daemon or it refuses.
    pub async fn drifts(&self) -> Result<Drifts, ClientError> {
        self.json(Method::GET, "/v1/drift").await
    }

    /// The incidents closed inside a window, the newest first.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `bad_window`.
    pub async fn closed(&self, window: Span) -> Result<Vec<ClosedIncident>, ClientError> {
        let Span { from, to } = window;
        self.json(Method::GET, &format!("/v1/incidents?from={from}&to={to}")).await
    }

    /// How full the lines were inside a window.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `bad_window`.
    pub async fn loads(&self, window: Span) -> Result<Vec<LineLoad>, ClientError> {
        let Span { from, to } = window;
        self.json(Method::GET, &format!("/v1/loads?from={from}&to={to}")).await
    }

    /// The lost time of units slot by slot, in the official order.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `unknown_unit`, `unknown_network` or `bad_window`.
    pub async fn lost(&self, query: &LostQuery) -> Result<Vec<LostRow>, ClientError> {
        let LostQuery { unit, network, edges } = query;
        let edges: Vec<String> = edges.iter().map(UnixMs::to_string).collect();
        let unit = unit.as_ref().map(|unit| format!("&unit={unit}")).unwrap_or_default();
        let path = format!("/v1/lost?network={network}{unit}&edges={}", edges.join(","));
        self.json(Method::GET, &path).await
    }

    /// Announces work; true when it was not known before.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the words of [`super::Backend::announce`].
    pub async fn announce(
        &self,
        id: &Id,
        request: &WorkRequest,
    ) -> Result<(Work, bool), ClientError> {
        let body = serde_json::to_vec(request)?;
        let response = self.send(Method::PUT, &format!("/v1/maintenance/{id}"), body).await?;
        let is_new = response.status() == StatusCode::CREATED;
        Ok((self.understood(response).await?, is_new))
    }

    /// Ends announced work now.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the words of [`super::Backend::end_maintenance`].
    pub async fn end_maintenance(&self, id: &Id) -> Result<Work, ClientError> {
        self.json(Method::DELETE, &format!("/v1/maintenance/{id}")).await
    }

    /// The work of now and to come.
    ///
    /// # Errors
    /// [`ClientError`] when there is no daemon or it refuses.
    pub async fn maintenance(&self) -> Result<Vec<Work>, ClientError> {
        self.json(Method::GET, "/v1/maintenance").await
    }

    /// Orders storm mode for a unit, or orders it otherwise; true when there was none.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the words of [`super::Backend::storm`].
    pub async fn storm(
        &self,
        unit: &UnitId,
        request: &StormRequest,
    ) -> Result<(StormInfo, bool), ClientError> {
        let body = serde_json::to_vec(request)?;
        let response = self.send(Method::PUT, &format!("/v1/storm/{unit}"), body).await?;
        let is_new = response.status() == StatusCode::CREATED;
        Ok((self.understood(response).await?, is_new))
    }

    /// Ends storm mode now.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the words of [`super::Backend::end_storm`].
    pub async fn end_storm(&self, unit: &UnitId) -> Result<StormInfo, ClientError> {
        self.json(Method::DELETE, &format!("/v1/storm/{unit}")).await
    }

    /// Units in storm mode.
    ///
    /// # Errors
    /// [`ClientError`] when there is no daemon or it refuses.
    pub async fn storms(&self) -> Result<Vec<StormInfo>, ClientError> {
        self.json(Method::GET, "/v1/storm").await
    }

    /// Why a subject is in the state it is in.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `unknown_subject`.
    pub async fn explain(&self, subject: &SubjectId) -> Result<Explanation, ClientError> {
        self.json(Method::GET, &format!("/v1/explain?subject={subject}")).await
    }

    /// What an incident has become a part of; its name has no character that a query must hide.
    ///
    /// # Errors
    /// [`ClientError`] when there is no daemon or it refuses.
    pub async fn heir(&self, incident: &str) -> Result<Heir, ClientError> {
        self.json(Method::GET, &format!("/v1/heir?incident={incident}")).await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
    ) -> Result<T, ClientError> {
        self.understood(self.send(method, path, Vec::new()).await?).await
    }

    async fn understood<T: DeserializeOwned>(
        &self,
        response: Response<Incoming>,
    ) -> Result<T, ClientError> {
        Ok(serde_json::from_slice(&read(response.into_body()).await?)?)
    }

    /// Sends a request; an answer that is not 2xx is an error.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Response<Incoming>, ClientError> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|source| ClientError::Connect { path: self.socket.clone(), source })?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // An error here also ends the request below, which reports it.
            let _ = connection.await;
        });
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "tuantra")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| ClientError::Body(e.to_string()))?;
        let response = sender.send_request(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status: StatusCode = response.status();
        let body = read(response.into_body()).await?;
        Err(ClientError::Refused(serde_json::from_slice(&body).unwrap_or_else(|_| {
            let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            Problem::new(status.as_str(), text)
        })))
    }
}

/// A whole body, in one piece of memory from its start: a snapshot of ten thousand subjects has 10 MB,
/// and what is held in pieces first is held twice.
async fn read(body: Incoming) -> Result<Bytes, ClientError> {
    let told = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    let mut whole = Vec::with_capacity(told.unwrap_or(0).min(BODY_MAX));
    let mut body = Limited::new(body, BODY_MAX);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| ClientError::Body(e.to_string()))?;
        if let Ok(data) = frame.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.into())
}

/// Changes as they come.
#[derive(Debug)]
pub struct Changes {
    body: Incoming,
    buffer: Vec<u8>,
    /// No event ends before this place of the buffer.
    scanned: usize,
}

impl Changes {
    /// The next change; `None` when the daemon closed the stream (it stopped, or this client was
    /// too slow): ask for a snapshot. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`ClientError`] when the connection breaks or the daemon speaks another version.
    pub async fn next(&mut self) -> Result<Option<Change>, ClientError> {
        loop {
            while let Some(end) = fresh_end(&self.buffer, &mut self.scanned) {
                let event: Vec<u8> = self.buffer.drain(..end).collect();
                // One large event (a daemon's first round) does not keep its room for ever.
                if self.buffer.is_empty() && self.buffer.capacity() > BUFFER_KEPT {
                    self.buffer = Vec::new();
                }
                if let Some(change) = parse_event(&event)? {
                    return Ok(Some(change));
                }
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
            if self.buffer.len() > EVENT_MAX {
                return Err(ClientError::Body(format!("an event passes {EVENT_MAX} bytes")));
            }
        }
    }
}

/// Where the first event in the buffer ends; looks only at what has come since the last time.
fn fresh_end(buffer: &[u8], scanned: &mut usize) -> Option<usize> {
    let found =
        buffer[*scanned..].windows(2).position(|w| w == b"\n\n").map(|at| *scanned + at + 2);
    // The last byte may be the first half of the mark.
    *scanned = if found.is_some() { 0 } else { buffer.len().saturating_sub(1) };
    found
}

/// The `data:` of one server-sent event (WHATWG HTML, section 9.2.6); comments give nothing.
fn parse_event(event: &[u8]) -> Result<Option<Change>, serde_json::Error> {
    let mut data = Vec::new();
    for line in event.split(|b| *b == b'\n') {
        if let Some(rest) = line.strip_prefix(b"data:") {
            data.extend_from_slice(rest.strip_prefix(b" ").unwrap_or(rest));
        }
    }
    if data.is_empty() { Ok(None) } else { serde_json::from_slice(&data).map(Some) }
}
