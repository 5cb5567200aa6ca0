//! Routes of what was: read from the store, and changed by nobody who asks.

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::{COLUMNS_MAX, HistoryQuery, Shared, WINDOW_MAX_MS, answer, commands};
use crate::api::events::EVENTS_MAX;
use crate::api::lost::LostQuery;
use crate::api::types::Problem;
use crate::locale::{Lang, visible};
use crate::model::{NetworkId, Span, SubjectId, UnitId, UnixMs};
use crate::t;

#[derive(Deserialize)]
pub(super) struct EventsParams {
    from: UnixMs,
    to: UnixMs,
    limit: usize,
}

pub(super) async fn events_of(
    State(shared): State<Shared>,
    Query(params): Query<EventsParams>,
) -> Response {
    let window = Span::new(params.from, params.to);
    if window.is_empty() || !(1..=EVENTS_MAX).contains(&params.limit) {
        let message = t!(Lang::En, "reason.window_limit", most = EVENTS_MAX);
        return answer::<()>(Err(Problem::new("bad_window", message)));
    }
    answer(shared.backend.events(window, params.limit).await)
}

pub(super) async fn drift(State(shared): State<Shared>) -> Response {
    answer(shared.backend.drifts().await)
}

#[derive(Deserialize)]
pub(super) struct WindowParams {
    from: UnixMs,
    to: UnixMs,
}

impl WindowParams {
    /// The window, unless it is backwards, or longer than one answer may be of.
    fn window(&self) -> Result<Span, Problem> {
        let window = Span::new(self.from, self.to);
        if !window.is_empty() && window.len_ms() <= WINDOW_MAX_MS {
            return Ok(window);
        }
        let days = WINDOW_MAX_MS / 86_400_000;
        Err(Problem::new("bad_window", t!(Lang::En, "reason.window_long", days = days)))
    }
}

pub(super) async fn closed(
    State(shared): State<Shared>,
    Query(params): Query<WindowParams>,
) -> Response {
    match params.window() {
        Ok(window) => answer(shared.backend.closed(window).await),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

pub(super) async fn loads(
    State(shared): State<Shared>,
    Query(params): Query<WindowParams>,
) -> Response {
    match params.window() {
        Ok(window) => answer(shared.backend.loads(window).await),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

#[derive(Deserialize)]
pub(super) struct LostParams {
    unit: Option<String>,
    network: String,
    edges: String,
}

pub(super) async fn lost(
    State(shared): State<Shared>,
    Query(params): Query<LostParams>,
) -> Response {
    let unknown = |error, key, id: &str| {
        let message = t!(Lang::En, key, id = visible(id));
        answer::<()>(Err(Problem::new(error, message)))
    };
    let unit = match params.unit.as_deref().map(|id| UnitId::new(id).map_err(|_| id)).transpose() {
        Ok(unit) => unit,
        Err(id) => return unknown("unknown_unit", "reason.unknown_unit", id),
    };
    let Ok(network) = NetworkId::new(&params.network) else {
        return unknown("unknown_network", "reason.unknown_network", &params.network);
    };
    // What is no time makes no edges at all.
    let edges: Result<Vec<UnixMs>, _> = params.edges.split(',').map(str::parse).collect();
    match (LostQuery { unit, network, edges: edges.unwrap_or_default() }).checked() {
        Ok(query) => answer(shared.backend.lost(query).await),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

#[derive(Deserialize)]
pub(super) struct HistoryParams {
    subject: String,
    from: UnixMs,
    to: UnixMs,
    columns: usize,
}

pub(super) async fn history(
    State(shared): State<Shared>,
    Query(params): Query<HistoryParams>,
) -> Response {
    let Ok(subject) = SubjectId::new(&params.subject) else {
        return answer::<()>(Err(commands::bad_subject()));
    };
    let window = Span::new(params.from, params.to);
    if window.is_empty() || !(1..=COLUMNS_MAX).contains(&params.columns) {
        let message = t!(Lang::En, "reason.window_columns", most = COLUMNS_MAX);
        return answer::<()>(Err(Problem::new("bad_window", message)));
    }
    let query = HistoryQuery { subject, window, columns: params.columns };
    answer(shared.backend.history(query).await)
}
