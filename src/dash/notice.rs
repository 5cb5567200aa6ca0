//! What came of what the user did, or why nothing did, told for a while. Pure.

use super::answers::Answers;
use super::confirm::Asking;
use crate::api::AskedNow;
use crate::model::{Ack, Cause, Id, SubjectId, UnixMs};

/// How long it is told, in milliseconds.
const NOTICE_MS: i64 = 8_000;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// An incident, by its root, is the user's.
    Taken(SubjectId, Ack),
    /// Somebody has taken it: who and when, where that is known.
    TakenAlready(SubjectId, Option<String>, Option<UnixMs>),
    /// It is over.
    IncidentOver(SubjectId),
    /// No incident is open where the user stands.
    NothingOpen,
    /// Not taken, and why.
    TakeRefused(SubjectId, String),
    /// It was asked for and no answer came: nobody knows.
    TakeUnanswered(SubjectId, String),
    /// Work is announced: its id, how many subjects are worked on, until when.
    Announced(Id, u32, UnixMs),
    /// Not announced, and why.
    WorkRefused(String),
    /// It was asked for and no answer came: nobody knows.
    WorkUnanswered(String),
    /// Work is ended.
    Ended(Id),
    /// Not ended, and why.
    NotEnded(String),
    /// It is written in the inventory and is changed there.
    WorkInInventory(Id),
    /// An outage has its cause.
    Noted(SubjectId, Cause),
    /// Somebody has called it that already.
    NotedAlready(SubjectId, String),
    /// Somebody has called it something else: that it is not so needs a reason.
    NoteNeedsReason(SubjectId, String),
    /// Not written down, and why.
    NoteRefused(String),
    /// It was asked for and no answer came: nobody knows.
    NoteUnanswered(String),
    /// There is no outage where the user stands.
    NoOutage,
    /// Storm mode is on: in which unit, until when.
    Storm(String, UnixMs),
    /// It is over: in which unit, how many messages were folded, how many incidents are open.
    StormOver(String, u32, u32),
    /// Storm mode is as it was, and why.
    StormRefused(String),
    /// It was asked for and no answer came: nobody knows.
    StormUnanswered(String),
    /// The dashboard was started to look only.
    ReadOnly,
    /// Without a daemon there is nobody to ask.
    NoDaemon,
    /// Nothing is selected that could be meant.
    Nothing,
    /// The subjects are not all there yet: how many would be meant is not known.
    Loading,
    /// Sent to the terminal's clipboard.
    Copied(String),
    /// Written: into which file, how many rows.
    Exported(String, usize),
    /// How things are looked at is kept: in which file.
    Kept(String),
    /// A report is written: into which file.
    Reported(String),
    /// Nothing is written: a file of this name is there.
    ReportExists(String),
    /// Not written, and why.
    NotExported(String),
    /// Being asked now: what was confirmed, and what the daemon made of it.
    Asked(Asking, AskedNow),
    /// What those who were asked say.
    Answered(Answers),
    /// Not asked, and why.
    NotAsked(String),
}

/// What was told last, and when.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    last: Option<(Said, UnixMs)>,
}

impl Notices {
    /// What is to be told at `now`.
    #[must_use]
    pub fn at(&self, now: UnixMs) -> Option<&Said> {
        let (said, at) = self.last.as_ref()?;
        (0..NOTICE_MS).contains(&now.since(*at)).then_some(said)
    }

    pub(super) fn tell(&mut self, said: Said, now: UnixMs) {
        self.last = Some((said, now));
    }
}
