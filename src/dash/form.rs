//! What the dialogs have in common: what they are about, the lines typed in them, the keys they
//! understand, and the way of what they ask to the daemon and back. Pure.
//!
//! Guarantees: what is typed is bounded, composed (NFC) and hides nothing; what could not be
//! delivered is kept, so that it is there again when the dialog is opened anew.

use super::board::Board;
use super::link::Link;
use super::notice::Said;
use super::place::Step;
use super::state::{Key, Mode, Ui};
use crate::api::NOTE_MAX;
use crate::locale::{is_hidden, nfc};

/// Longest text of an own length or time, in characters.
const OWN_MAX: usize = 60;

/// What is typed in a dialog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// What is said, NFC, at most [`NOTE_MAX`] characters.
    pub note: String,
    /// The own length or time, as typed.
    pub own: String,
    /// Letters go into `own`, not into the note.
    pub is_on_own: bool,
    /// What was typed does not do, and the user wanted to go on with it.
    pub is_wrong: bool,
}

impl Entry {
    /// What letters go into, and how long it may become.
    fn line_mut(&mut self) -> (&mut String, usize) {
        self.is_wrong = false;
        if self.is_on_own { (&mut self.own, OWN_MAX) } else { (&mut self.note, NOTE_MAX) }
    }

    /// Adds typed or pasted text: what breaks a line becomes a blank, what cannot be seen is left
    /// out, and a mark joins the letter it was typed after.
    pub(super) fn push(&mut self, text: &str) {
        let (line, most) = self.line_mut();
        *line = pushed(line, text, most);
    }

    /// The note without blanks around it.
    #[must_use]
    pub fn said(&self) -> String {
        self.note.trim().to_owned()
    }
}

/// `line` with typed or pasted text added, at most `most` characters long.
pub(super) fn pushed(line: &str, text: &str, most: usize) -> String {
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    let kept: String = text.chars().map(blank).filter(|c| !is_hidden(*c)).collect();
    nfc(&format!("{line}{kept}")).chars().take(most).collect()
}

/// Takes of what is typed the last letter, the last word with the blanks after it, or all.
pub(super) fn erase(line: &mut String, key: Key) {
    match key {
        Key::Erase => drop(line.pop()),
        Key::EraseWord => {
            let last = line.trim_end().rsplit(char::is_whitespace).next().map_or(0, str::len);
            line.truncate(line.trim_end().len() - last);
        }
        _ => line.clear(),
    }
}

/// What a dialog can be about, the likeliest first, and which of these it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices<T> {
    all: Vec<T>,
    at: usize,
}

impl<T> Choices<T> {
    /// About the first of them.
    pub(super) const fn new(all: Vec<T>) -> Self {
        Self { all, at: 0 }
    }

    /// The one it is about; `None` where there is none at all.
    #[must_use]
    pub fn chosen(&self) -> Option<&T> {
        self.all.get(self.at)
    }

    /// Which of how many that is, from 1.
    #[must_use]
    pub const fn position(&self) -> (usize, usize) {
        (self.at + 1, self.all.len())
    }

    /// True when they are the same things, whichever it is about.
    pub(super) fn are(&self, others: &Self) -> bool
    where
        T: PartialEq,
    {
        self.all == others.all
    }

    /// Makes it about the next (1) or the one before (-1).
    pub(super) fn turn(&mut self, by: isize) {
        self.at = stepped(self.at, by, self.all.len());
    }

    /// Makes it about the first that `is_it`; false when none is.
    pub(super) fn go_to(&mut self, is_it: impl FnMut(&T) -> bool) -> bool {
        let found = self.all.iter().position(is_it);
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }
}

/// A dialog with a note, several choices of one kind and perhaps several things it can be about.
pub(super) trait Form {
    /// What is typed in it.
    fn entry(&mut self) -> &mut Entry;
    /// Whether what is chosen wants a line of its own.
    fn has_own(&self) -> bool;
    /// The choice after (1) or before (-1).
    fn choose(&mut self, by: isize);
    /// What it is about: the next (1) or the one before (-1).
    fn turn(&mut self, by: isize);
    /// Holds what is chosen to what there is now.
    fn look(&mut self, _board: &Board) {}
}

/// What a key in a dialog came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pressed {
    /// The user goes on in it.
    Stayed,
    /// He wants it done.
    Done,
    /// He leaves it.
    Left,
}

/// Takes a key in.
pub(super) fn press(form: &mut dyn Form, board: &Board, key: Key) -> Pressed {
    form.look(board);
    match key {
        Key::Back => return Pressed::Left,
        Key::Open => return Pressed::Done,
        Key::Range(by) => {
            form.choose(by);
            // Who goes to his own can write it at once.
            let has_own = form.has_own();
            let entry = form.entry();
            (entry.is_on_own, entry.is_wrong) = (has_own, false);
        }
        Key::Step(Step::By(_)) => {
            let has_own = form.has_own();
            let entry = form.entry();
            entry.is_on_own = has_own && !entry.is_on_own;
        }
        Key::Page(by) => {
            form.turn(by);
            // Another thing may have other choices.
            form.look(board);
        }
        Key::Erase | Key::EraseWord | Key::EraseAll => erase(form.entry().line_mut().0, key),
        _ => {}
    }
    Pressed::Stayed
}

/// The place after (1) or before (-1) `at` among `count`; stops at both ends.
pub(super) fn stepped(at: usize, by: isize, count: usize) -> usize {
    at.saturating_add_signed(by).min(count.saturating_sub(1))
}

/// A dialog, what was asked with it and has no answer yet, and what did not arrive.
#[derive(Debug, Clone)]
pub struct Talk<A, D> {
    /// The dialog, while its mode is on.
    pub dialog: Option<D>,
    draft: Option<D>,
    under_way: Vec<(A, D)>,
}

impl<A, D> Default for Talk<A, D> {
    fn default() -> Self {
        Self { dialog: None, draft: None, under_way: Vec::new() }
    }
}

impl<A: Clone + PartialEq, D: PartialEq> Talk<A, D> {
    /// What was asked last, while there is no answer.
    #[must_use]
    pub fn asked(&self) -> Option<&A> {
        self.under_way.last().map(|(ask, _)| ask)
    }

    /// The dialog that did not arrive, to be gone on with.
    pub(super) const fn take_draft(&mut self) -> Option<D> {
        self.draft.take()
    }

    /// Closes the dialog and keeps it for the next time.
    pub(super) fn set_aside(&mut self) {
        if let Some(dialog) = self.dialog.take() {
            self.draft = Some(dialog);
        }
    }

    /// True when something under way is about the same, as `is_same` says, and was asked with
    /// another dialog than the open one: which of the two would hold in the end nobody could say.
    pub(super) fn asks_otherwise(&self, is_same: impl Fn(&A) -> bool) -> bool {
        let mut same = self.under_way.iter().filter(|(earlier, _)| is_same(earlier));
        same.any(|(_, dialog)| Some(dialog) != self.dialog.as_ref())
    }

    /// Closes the dialog and sends what it asks, unless `is_same` says of something under way that
    /// it is that already: whoever presses twice has asked once. True when it is to be sent.
    pub(super) fn send(&mut self, ask: &A, is_same: impl Fn(&A) -> bool) -> bool {
        let Some(dialog) = self.dialog.take() else { return false };
        let is_new = !self.under_way.iter().any(|(earlier, _)| is_same(earlier));
        if is_new {
            self.under_way.push((ask.clone(), dialog));
        }
        is_new
    }

    /// An answer has come; the dialog is kept where it was `lost`.
    pub(super) fn answered(&mut self, ask: &A, is_lost: bool) {
        let at = self.under_way.iter().position(|(earlier, _)| earlier == ask);
        let dialog = at.map(|at| self.under_way.remove(at).1);
        if is_lost && dialog.is_some() {
            self.draft = dialog;
        }
    }
}

impl Ui {
    /// Why nothing may be commanded, if so.
    pub(super) fn hindrance(&self, link: &Link) -> Option<Said> {
        match (self.read_only, link) {
            (true, _) => Some(Said::ReadOnly),
            (false, Link::Live) => None,
            (false, _) => Some(Said::NoDaemon),
        }
    }

    /// The dialog that is open.
    pub(super) fn form(&mut self) -> Option<&mut dyn Form> {
        fn of(dialog: &mut Option<impl Form>) -> Option<&mut dyn Form> {
            dialog.as_mut().map(|dialog| dialog as &mut dyn Form)
        }
        match self.mode {
            Mode::Take => of(&mut self.taking.dialog),
            Mode::Work => of(&mut self.working.dialog),
            Mode::Outage => of(&mut self.speaking.dialog),
            Mode::Storm => of(&mut self.storming.dialog),
            _ => None,
        }
    }

    /// Leaves the dialog that is open; nothing of it is kept.
    pub(super) fn leave_form(&mut self) {
        self.taking.dialog = None;
        self.working.dialog = None;
        self.speaking.dialog = None;
        self.storming.dialog = None;
        self.mode = Mode::Normal;
    }
}
