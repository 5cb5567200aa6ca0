//! Routes of what changes something, and of the lists beside them. Each command carries the user
//! that the kernel names.

use axum::Json;
use axum::body::Bytes;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Peer, Shared, answer};
use crate::api::commands::{
    ASK_MAX, AckRequest, AskRequest, NoteRequest, OutboxRequest, WorkRequest,
};
use crate::api::storm::StormRequest;
use crate::api::types::Problem;
use crate::api::user::User;
use crate::locale::{Lang, visible};
use crate::model::{Id, IncidentId, SubjectId, UnitId};
use crate::t;

/// Longest body of a request, in bytes: a note of 300 characters takes well under 4 KiB.
pub(super) const REQUEST_MAX: usize = 16 << 10;

type Body = Result<Bytes, BytesRejection>;

/// The user at the other end; a connection that the kernel says nothing of may command nothing.
async fn user(peer: &Peer, own_uid: u32) -> Result<User, Problem> {
    let unknown = || Problem::new("forbidden", t!(Lang::En, "reason.asker_unknown"));
    let uid = peer.uid.ok_or_else(unknown)?;
    tokio::task::spawn_blocking(move || User::look_up(uid, own_uid)).await.map_err(|_| unknown())
}

fn parsed<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let body = body.map_err(|rejected| match rejected.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new("too_large", t!(Lang::En, "reason.request_long", count = REQUEST_MAX))
        }
        _ => Problem::new("bad_request", visible(&rejected.body_text())),
    })?;
    serde_json::from_slice(&body).map_err(|e| Problem::new("bad_request", visible(&e.to_string())))
}

fn id(text: &str) -> Result<Id, Problem> {
    Id::new(text).map_err(|e| Problem::new("bad_id", visible(&e.to_string())))
}

/// Nothing can be called so.
pub(super) fn bad_subject() -> Problem {
    Problem::new("bad_subject", t!(Lang::En, "reason.bad_subject"))
}

fn unit(text: &str) -> Result<UnitId, Problem> {
    UnitId::new(text).map_err(|e| Problem::new("bad_id", visible(&e.to_string())))
}

pub(super) async fn acknowledge(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Body,
) -> Response {
    let done = async {
        let request: AckRequest = parsed(body)?;
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.acknowledge(request, by).await
    };
    answer(done.await)
}

pub(super) async fn ask(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Body,
) -> Response {
    let done = async {
        let request: AskRequest = parsed(body)?;
        if !(1..=ASK_MAX).contains(&request.subjects.len()) {
            let message = t!(Lang::En, "reason.ask_count", most = ASK_MAX);
            return Err(Problem::new("bad_request", message));
        }
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.ask_now(request, by).await
    };
    answer(done.await)
}

pub(super) async fn outbox(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Body,
) -> Response {
    let done = async {
        let request: OutboxRequest = parsed(body)?;
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.outbox(request, by).await
    };
    answer(done.await)
}

pub(super) async fn note(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Body,
) -> Response {
    let done = async {
        let request: NoteRequest = parsed(body)?;
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.note(request, by).await
    };
    answer(done.await)
}

pub(super) async fn announce(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(name): Path<String>,
    body: Body,
) -> Response {
    let done = async {
        let request: WorkRequest = parsed(body)?;
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.announce(id(&name)?, request, by).await
    };
    match done.await {
        Ok((work, true)) => (StatusCode::CREATED, Json(work)).into_response(),
        Ok((work, false)) => Json(work).into_response(),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

pub(super) async fn end(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(name): Path<String>,
) -> Response {
    let done = async {
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.end_maintenance(id(&name)?, by).await
    };
    answer(done.await)
}

pub(super) async fn maintenance(State(shared): State<Shared>) -> Response {
    answer(shared.backend.maintenance().await)
}

pub(super) async fn storm(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(name): Path<String>,
    body: Body,
) -> Response {
    let done = async {
        let request: StormRequest = parsed(body)?;
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.storm(unit(&name)?, request, by).await
    };
    match done.await {
        Ok((storm, true)) => (StatusCode::CREATED, Json(storm)).into_response(),
        Ok((storm, false)) => Json(storm).into_response(),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

pub(super) async fn end_storm(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(name): Path<String>,
) -> Response {
    let done = async {
        let by = user(&peer, shared.own_uid).await?;
        shared.backend.end_storm(unit(&name)?, by).await
    };
    answer(done.await)
}

pub(super) async fn storms(State(shared): State<Shared>) -> Response {
    answer(shared.backend.storms().await)
}

pub(super) async fn reload(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Response {
    let done = async {
        let by = user(&peer, shared.own_uid).await?;
        by.must_administrate()?;
        shared.backend.reload(by).await
    };
    answer(done.await)
}

#[derive(Deserialize)]
pub(super) struct Whose {
    subject: String,
}

#[derive(Deserialize)]
pub(super) struct Which {
    incident: String,
}

pub(super) async fn heir(
    State(shared): State<Shared>,
    Query(Which { incident }): Query<Which>,
) -> Response {
    answer(shared.backend.heir(IncidentId::from_stored(&incident)).await)
}

pub(super) async fn explain(
    State(shared): State<Shared>,
    Query(Whose { subject }): Query<Whose>,
) -> Response {
    let Ok(subject) = SubjectId::new(&subject) else {
        return answer::<()>(Err(bad_subject()));
    };
    answer(shared.backend.explain(subject).await)
}
