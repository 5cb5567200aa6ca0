//! What the subjects say that the user has had asked. Pure.
//!
//! Guarantees: only what was sent for the question counts as its answer; who has not answered in time
//! is said to be not known, not to be silent.

use super::board::{Board, Subject};
use super::confirm::Asking;
use super::notice::Said;
use super::state::Ui;
use crate::api::AskedNow;
use crate::model::{RoundError, SubjectId, UnixMs};

/// How long the answers are waited for, in milliseconds.
const WAIT_MS: i64 = 30_000;

/// Most questions of one user that are waited for; of more the oldest is given up.
const QUESTIONS_MAX: usize = 8;

/// Subjects that are being asked for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// By which name that was confirmed.
    name: String,
    /// Who is asked, and the last round there was before.
    subjects: Vec<(SubjectId, Option<UnixMs>)>,
    /// Since when their rounds count, where that is known.
    since: Option<UnixMs>,
    until: UnixMs,
}

/// What has come, or has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// By which name it was asked for.
    pub name: String,
    /// How many answered.
    pub answered: usize,
    /// How many did not.
    pub silent: usize,
    /// Of how many nothing is known.
    pub unknown: usize,
    /// Where only one was asked and something has come: its latency in microseconds, the lost
    /// thousandths, and what else is wrong with it.
    pub only: Option<(Option<u32>, u16, Option<RoundError>)>,
}

impl Awaited {
    /// What the daemon made of `asking`, at `now`.
    fn new(asking: &Asking, done: &AskedNow, now: UnixMs) -> Self {
        let subjects = asking.request.subjects.iter().cloned().zip(asking.before.iter().copied());
        Self {
            name: asking.name.clone(),
            subjects: subjects.filter(|(id, _)| !done.never.contains(id)).collect(),
            // Of those who were being asked for somebody else nobody knows since when.
            since: (done.joined == 0).then_some(asking.at),
            until: now + WAIT_MS,
        }
    }

    fn has_come(&self, subject: Subject<'_>, before: Option<UnixMs>) -> bool {
        let now = subject.now();
        let is_new = match self.since {
            Some(since) => now.last_round >= Some(since),
            None => now.last_round > before,
        };
        // Another check of it may have answered already: what was lost is that of the first.
        is_new && !now.asked
    }

    /// What there is to be told at `now`; `None` while there is something to wait for.
    fn answers(&self, board: &Board, now: UnixMs) -> Option<Answers> {
        let mut found =
            Answers { name: self.name.clone(), answered: 0, silent: 0, unknown: 0, only: None };
        for (id, before) in &self.subjects {
            let subject = board.subject(id).filter(|subject| self.has_come(*subject, *before));
            let Some((now, lost)) =
                subject.and_then(|subject| Some((subject.now(), subject.now().loss_permille?)))
            else {
                found.unknown += 1;
                continue;
            };
            match lost {
                ..1000 => found.answered += 1,
                _ => found.silent += 1,
            }
            found.only = (self.subjects.len() == 1).then_some((now.rtt_us, lost, now.trouble));
        }
        (found.unknown == 0 || now >= self.until).then_some(found)
    }
}

/// The daemon is asking them; what they say is told when it has come.
pub(super) fn wait(ui: &mut Ui, asking: &Asking, done: &AskedNow, now: UnixMs) {
    let awaited = Awaited::new(asking, done, now);
    if awaited.subjects.is_empty() {
        return;
    }
    if ui.awaited.len() >= QUESTIONS_MAX {
        ui.awaited.remove(0);
    }
    ui.awaited.push(awaited);
}

/// Tells what has come since, when all of it has, or the time is over.
pub(super) fn look(ui: &mut Ui, board: &Board, now: UnixMs) {
    let mut told = None;
    ui.awaited.retain(|awaited| match awaited.answers(board, now) {
        Some(answers) => {
            told = Some(answers);
            false
        }
        None => true,
    });
    if let Some(answers) = told {
        ui.notices.tell(Said::Answered(answers), now);
    }
}
