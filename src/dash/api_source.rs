//! The daemon behind its Unix socket as a [`Source`].

use super::source::{Answer, Changes, Outcome, Refusal, Source, SourceError};
use crate::api::{
    self, AckRequest, Acknowledged, AskRequest, AskedNow, Change, Client, ClientError,
    ClosedIncident, Drifts, EventRow, History, LineLoad, LostQuery, LostRow, NoteRequest, Noted,
    Overview, PageBody, Snapshot, StormInfo, StormRequest, Work, WorkRequest,
};
use crate::model::{Id, Span, SubjectId, UnitId};

/// Reads from a running daemon.
#[derive(Debug, Clone)]
pub struct ApiSource {
    client: Client,
}

impl ApiSource {
    /// A source over a client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl From<ClientError> for SourceError {
    fn from(error: ClientError) -> Self {
        let mut words = error.to_string();
        let mut below = std::error::Error::source(&error);
        while let Some(cause) = below {
            let cause_words = cause.to_string();
            if !words.contains(&cause_words) {
                words.push_str(": ");
                words.push_str(&cause_words);
            }
            below = cause.source();
        }
        Self(words)
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(problem) => Self::Said(problem),
            ClientError::Connect { .. } => Self::NotAsked(error.into()),
            // The request may have been read before the connection broke.
            _ => Self::Unanswered(error.into()),
        }
    }
}

impl Source for ApiSource {
    fn snapshot(&self) -> Answer<'_, Snapshot> {
        Box::pin(async { Ok(self.client.snapshot().await?) })
    }

    fn overview(&self) -> Answer<'_, Option<Overview>> {
        Box::pin(async {
            match self.client.overview().await {
                Ok(overview) => Ok(Some(overview)),
                // A daemon of before there were any.
                Err(ClientError::Refused(problem)) if problem.error == "unknown_path" => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn page(&self, inventory: u64, from: usize) -> Answer<'_, Option<PageBody>> {
        Box::pin(async move {
            match self.client.subjects(inventory, from).await {
                Ok(body) => Ok(Some(body)),
                Err(ClientError::Refused(problem)) if problem.error == "other_inventory" => {
                    Ok(None)
                }
                Err(error) => Err(error.into()),
            }
        })
    }

    fn changes(&self, after: u64) -> Answer<'_, Box<dyn Changes>> {
        Box::pin(async move {
            let changes = match self.client.changes(after).await {
                Ok(changes) => Some(changes),
                // So much has happened meanwhile that all must be asked for again.
                Err(ClientError::Refused(problem)) if problem.error == "too_old" => None,
                Err(error) => return Err(error.into()),
            };
            Ok(Box::new(ApiChanges(changes)) as Box<dyn Changes>)
        })
    }

    fn history<'a>(
        &'a self,
        subject: &'a SubjectId,
        window: Span,
        columns: usize,
    ) -> Answer<'a, History> {
        Box::pin(async move { Ok(self.client.history(subject, window, columns).await?) })
    }

    fn events<'a>(&'a self, window: Span, limit: usize) -> Answer<'a, Vec<EventRow>> {
        Box::pin(async move { Ok(self.client.events(window, limit).await?) })
    }

    fn drifts(&self) -> Answer<'_, Drifts> {
        Box::pin(async { Ok(self.client.drifts().await?) })
    }

    fn closed(&self, window: Span) -> Answer<'_, Vec<ClosedIncident>> {
        Box::pin(async move { Ok(self.client.closed(window).await?) })
    }

    fn loads(&self, window: Span) -> Answer<'_, Vec<LineLoad>> {
        Box::pin(async move { Ok(self.client.loads(window).await?) })
    }

    fn lost<'a>(&'a self, query: &'a LostQuery) -> Answer<'a, Vec<LostRow>> {
        Box::pin(async move { Ok(self.client.lost(query).await?) })
    }

    fn works(&self) -> Answer<'_, Vec<Work>> {
        Box::pin(async move { Ok(self.client.maintenance().await?) })
    }

    fn end_work<'a>(&'a self, id: &'a Id) -> Outcome<'a, Work> {
        Box::pin(async move { Ok(self.client.end_maintenance(id).await?) })
    }

    fn note<'a>(&'a self, request: &'a NoteRequest) -> Outcome<'a, Noted> {
        Box::pin(async move { Ok(self.client.note(request).await?) })
    }

    fn acknowledge<'a>(&'a self, request: &'a AckRequest) -> Outcome<'a, Acknowledged> {
        Box::pin(async move { Ok(self.client.acknowledge(request).await?) })
    }

    fn announce<'a>(&'a self, id: &'a Id, request: &'a WorkRequest) -> Outcome<'a, Work> {
        Box::pin(async move { Ok(self.client.announce(id, request).await?.0) })
    }

    fn storm<'a>(&'a self, unit: &'a UnitId, request: &'a StormRequest) -> Outcome<'a, StormInfo> {
        Box::pin(async move { Ok(self.client.storm(unit, request).await?.0) })
    }

    fn end_storm<'a>(&'a self, unit: &'a UnitId) -> Outcome<'a, StormInfo> {
        Box::pin(async move { Ok(self.client.end_storm(unit).await?) })
    }

    fn ask_now<'a>(&'a self, request: &'a AskRequest) -> Outcome<'a, AskedNow> {
        Box::pin(async move { Ok(self.client.ask_now(request).await?) })
    }
}

/// `None`: there is nothing to follow from there.
struct ApiChanges(Option<api::Changes>);

impl Changes for ApiChanges {
    fn next(&mut self) -> Answer<'_, Option<Change>> {
        Box::pin(async {
            match &mut self.0 {
                Some(changes) => Ok(changes.next().await?),
                None => Ok(None),
            }
        })
    }
}
