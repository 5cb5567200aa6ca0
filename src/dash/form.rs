//! What the dialogs have in common: the lines typed in them, the keys they understand, and the way of
//! what they ask to the daemon and back. Pure.
//!
//! Guarantees: what is typed is bounded, composed (NFC) and hides nothing; what could not be
//! delivered is kept, so that it is there again when the dialog is opened anew.

use super::place::Step;
use super::state::Key;
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
pub(super) fn press(form: &mut impl Form, key: Key) -> Pressed {
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
        Key::Page(by) => form.turn(by),
        Key::Erase => drop(form.entry().line_mut().0.pop()),
        Key::EraseAll => form.entry().line_mut().0.clear(),
        _ => {}
    }
    Pressed::Stayed
}

/// The place after (1) or before (-1) `at` among `count`; stops at both ends.
pub(super) fn stepped(at: usize, by: isize, count: usize) -> usize {
    at.saturating_add_signed(by).min(count.saturating_sub(1))
}

/// What is under way to the daemon, with the dialogs it came from, and what did not arrive.
#[derive(Debug, Clone)]
pub struct Sent<A, D> {
    draft: Option<D>,
    under_way: Vec<(A, D)>,
}

impl<A, D> Default for Sent<A, D> {
    fn default() -> Self {
        Self { draft: None, under_way: Vec::new() }
    }
}

impl<A: Clone + PartialEq, D> Sent<A, D> {
    /// What was asked last, while there is no answer.
    #[must_use]
    pub fn last(&self) -> Option<&A> {
        self.under_way.last().map(|(ask, _)| ask)
    }

    /// Sends what a dialog asks, unless `is_same` says of something under way that it is that
    /// already: whoever presses twice has asked once. True when it is to be sent.
    pub(super) fn send(&mut self, ask: &A, dialog: D, is_same: impl Fn(&A) -> bool) -> bool {
        let is_new = !self.under_way.iter().any(|(earlier, _)| is_same(earlier));
        if is_new {
            self.under_way.push((ask.clone(), dialog));
        }
        is_new
    }

    /// Keeps a dialog for the next time.
    pub(super) fn keep(&mut self, dialog: Option<D>) {
        if dialog.is_some() {
            self.draft = dialog;
        }
    }

    /// What was kept.
    pub(super) const fn draft(&mut self) -> Option<D> {
        self.draft.take()
    }

    /// An answer has come; the dialog is kept where it was `lost`.
    pub(super) fn answered(&mut self, ask: &A, is_lost: bool) {
        let at = self.under_way.iter().position(|(earlier, _)| earlier == ask);
        let dialog = at.map(|at| self.under_way.remove(at).1);
        if is_lost {
            self.keep(dialog);
        }
    }
}
