//! Where the dashboard's data come from. The same trait serves the daemon's socket and the
//! read-only side of the store; a source never decides whether data are fresh, [`super::link`]
//! does.

use std::future::Future;
use std::pin::Pin;

use crate::api::{Change, History, Snapshot};
use crate::model::{Span, SubjectId};

/// Why a source did not answer: one sentence in English that names operation and object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// What a source gives back, sooner or later. Not `Send`: the dashboard runs on one thread.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + 'a>>;

/// A place that knows the state of the province.
pub trait Source {
    /// Everything as it stands now.
    fn snapshot(&self) -> Answer<'_, Snapshot>;

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
}

/// An open stream of changes.
pub trait Changes {
    /// The next change; `None` when the other side has closed the stream.
    fn next(&mut self) -> Answer<'_, Option<Change>>;
}
