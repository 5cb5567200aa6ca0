//! What the subjects say that the user has had asked. Pure.
//!
//! Guarantees: only a round that was sent for the question counts as its answer; who has not answered
//! in time is said to be not known, not to be silent.

use super::board::{Board, Subject};
use super::confirm::Asking;
use super::notice::Said;
use super::state::Ui;
use crate::api::AskedNow;
use crate::model::{RoundError, SubjectId, UnixMs};

/// How long the answers are waited for, in milliseconds.
const WAIT_MS: i64 = 30_000;

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
    /// Where only one was asked and answered: its latency in microseconds, the lost thousandths, and
    /// what else is wrong with it.
    pub only: Option<(Option<u32>, u16, Option<RoundError>)>,
}

impl Awaited {
    /// What the daemon made of `asking`, at `now`.
    fn new(board: &Board, asking: &Asking, done: &AskedNow, now: UnixMs) -> Self {
        let is_asked = |id: &&SubjectId| !done.never.contains(id);
        let before = |id: &SubjectId| board.subject(id).and_then(|s| s.now().last_round);
        let subjects = asking.request.subjects.iter().filter(is_asked);
        Self {
            name: asking.name.clone(),
            subjects: subjects.map(|id| (id.clone(), before(id))).collect(),
            // Of those who were being asked for somebody else nobody knows since when.
            since: (done.joined == 0).then_some(asking.at),
            until: now + WAIT_MS,
        }
    }

    fn has_come(&self, subject: Subject<'_>, before: Option<UnixMs>) -> bool {
        let last = subject.now().last_round;
        last > before && last >= self.since
    }

    /// What there is to be told at `now`; `None` while there is something to wait for.
    fn answers(&self, board: &Board, now: UnixMs) -> Option<Answers> {
        let mut found =
            Answers { name: self.name.clone(), answered: 0, silent: 0, unknown: 0, only: None };
        for (id, before) in &self.subjects {
            let subject = board.subject(id).filter(|subject| self.has_come(*subject, *before));
            match subject.map(|subject| subject.now()).map(|now| (now, now.loss_permille)) {
                Some((now, Some(lost))) if lost < 1000 => {
                    found.answered += 1;
                    found.only = Some((now.rtt_us, lost, now.trouble));
                }
                Some((_, Some(_))) => found.silent += 1,
                Some((_, None)) | None => found.unknown += 1,
            }
        }
        if self.subjects.len() != 1 {
            found.only = None;
        }
        (found.unknown == 0 || now >= self.until).then_some(found)
    }
}

/// The daemon is asking them; what they say is told when it has come.
pub(super) fn wait(ui: &mut Ui, board: &Board, asking: &Asking, done: &AskedNow, now: UnixMs) {
    let awaited = Awaited::new(board, asking, done, now);
    ui.awaited = Some(awaited).filter(|awaited| !awaited.subjects.is_empty());
}

/// Tells what has come since, when all of it has, or the time is over.
pub(super) fn look(ui: &mut Ui, board: &Board, now: UnixMs) {
    let Some(answers) = ui.awaited.as_ref().and_then(|awaited| awaited.answers(board, now)) else {
        return;
    };
    ui.awaited = None;
    ui.notices.tell(Said::Answered(answers), now);
}
