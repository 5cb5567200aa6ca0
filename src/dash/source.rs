//! Where the dashboard's data come from and its commands go. The same trait serves the daemon's
//! socket and the read-only side of the store; a source never decides whether data are fresh, [`super::link`]
//! does.

use std::future::Future;
use std::pin::Pin;

use super::reports::{ReportRequest, SaveReport, Saved};
use crate::api::{
    AckRequest, Acknowledged, AskRequest, AskedNow, Change, ClosedIncident, Drifts, EventRow,
    History, LineLoad, LostQuery, LostRow, NoteRequest, Noted, Overview, PageBody, Problem,
    Snapshot, StormInfo, StormRequest, Work, WorkRequest,
};
use crate::model::{Id, Span, SubjectId, UnitId};

/// Why a source did not answer: one sentence in English that names operation and object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The daemon said no; nothing has changed.
    #[error("{} ({})", .0.message, .0.error)]
    Said(Problem),
    /// Nobody behind this source takes commands.
    #[error("read only")]
    ReadOnly,
    /// The daemon could not be asked; nothing has changed.
    #[error("{0}")]
    NotAsked(SourceError),
    /// It was asked and no answer came: whether it was done is not known.
    #[error("{0}")]
    Unanswered(SourceError),
}

/// What came of a command, sooner or later.
pub type Outcome<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + 'a>>;

/// What a source gives back, sooner or later. Not `Send`: the dashboard runs on one thread.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + 'a>>;

/// A place that knows the state of the province.
pub trait Source {
    /// Everything as it stands now.
    fn snapshot(&self) -> Answer<'_, Snapshot>;

    /// All but the subjects, as it stands now; `None` of a source that has whole snapshots only.
    fn overview(&self) -> Answer<'_, Option<Overview>> {
        Box::pin(async { Ok(None) })
    }

    /// The subjects from number `from` on, as they stand now; `None` when there is another
    /// inventory than that by now.
    fn page(&self, _inventory: u64, _from: usize) -> Answer<'_, Option<PageBody>> {
        Box::pin(async { Ok(None) })
    }

    /// What happens after the change `after`. A source that cannot follow (the store without a
    /// daemon) answers with an error.
    fn changes(&self, after: u64) -> Answer<'_, Box<dyn Changes>>;

    /// A subject's past over `window` in `columns` equally wide points.
    fn history<'a>(
        &'a self,
        subject: &'a SubjectId,
        window: Span,
        columns: usize,
    ) -> Answer<'a, History>;

    /// The newest `limit` lines of the log inside a window, oldest first.
    fn events<'a>(&'a self, window: Span, limit: usize) -> Answer<'a, Vec<EventRow>>;

    /// In what devices are not what the inventory says.
    fn drifts(&self) -> Answer<'_, Drifts> {
        Box::pin(async { Err(SourceError("nothing is known of the inventory here".to_owned())) })
    }

    /// The incidents closed inside a window, the newest first.
    fn closed(&self, window: Span) -> Answer<'_, Vec<ClosedIncident>>;

    /// How full the lines were inside a window.
    fn loads(&self, window: Span) -> Answer<'_, Vec<LineLoad>>;

    /// The lost time of units slot by slot.
    fn lost<'a>(&'a self, _query: &'a LostQuery) -> Answer<'a, Vec<LostRow>> {
        Box::pin(async { Err(SourceError("nothing is known of the inventory here".to_owned())) })
    }

    /// The announced work of now and to come, by its next beginning.
    fn works(&self) -> Answer<'_, Vec<Work>>;

    /// Takes an incident. A source that only looks refuses.
    fn acknowledge<'a>(&'a self, _request: &'a AckRequest) -> Outcome<'a, Acknowledged> {
        Box::pin(async { Err(Refusal::ReadOnly) })
    }

    /// Announces work. A source that only looks refuses.
    fn announce<'a>(&'a self, _id: &'a Id, _request: &'a WorkRequest) -> Outcome<'a, Work> {
        Box::pin(async { Err(Refusal::ReadOnly) })
    }

    /// Ends announced work. A source that only looks refuses.
    fn end_work<'a>(&'a self, _id: &'a Id) -> Outcome<'a, Work> {
        Box::pin(async { Err(Refusal::ReadOnly) })
    }

    /// Says what an outage was. A source that only looks refuses.
    fn note<'a>(&'a self, _request: &'a NoteRequest) -> Outcome<'a, Noted> {
        Box::pin(async { Err(Refusal::ReadOnly) })
    }

    /// Orders storm mode. A source that only looks refuses.
    fn storm<'a>(
        &'a self,
        _unit: &'a UnitId,
        _request: &'a StormRequest,
    ) -> Outcome<'a, StormInfo> {
        Box::pin(async { Err(Refusal::ReadOnly) })
    }

    /// Ends storm mode. A source that only looks refuses.
    fn end_storm<'a>(&'a self, _unit: &'a UnitId) -> Outcome<'a, StormInfo> {
        Box::pin(async { Err(Refusal::ReadOnly) })
    }

    /// Has subjects asked now. A source that only looks refuses.
    fn ask_now<'a>(&'a self, _request: &'a AskRequest) -> Outcome<'a, AskedNow> {
        Box::pin(async { Err(Refusal::ReadOnly) })
    }
}

/// Who makes reports: of the store, whoever is asked for the present. It takes its time on threads
/// of its own.
pub trait ReportMaker {
    /// The text of a report.
    fn text<'a>(&'a self, request: &'a ReportRequest) -> Answer<'a, String>;

    /// Writes a report into the folder the dashboard was started in, whole or not at all.
    fn save<'a>(&'a self, what: &'a SaveReport) -> Answer<'a, Saved>;
}

/// An open stream of changes.
pub trait Changes {
    /// The next change; `None` when the other side has closed the stream.
    fn next(&mut self) -> Answer<'_, Option<Change>>;
}
