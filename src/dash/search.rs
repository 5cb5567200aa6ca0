//! The search over units and subjects, without diacritics, exact hits first.

use memchr::memmem::Finder;

use super::board::{Board, TITLE};
use super::place::Place;
use crate::locale::{fold, nfc};
use crate::model::{SubjectId, UnitId};

/// Most hits kept; the number found beyond them is shown.
pub const MAX_HITS: usize = 200;

/// Longest text accepted, in characters.
const MAX_TEXT: usize = 80;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hit {
    /// A unit.
    Unit(UnitId),
    /// A subject.
    Subject(SubjectId),
}

/// The search line and what it found.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// As typed, NFC.
    pub text: String,
    /// Best first, at most [`MAX_HITS`].
    pub hits: Vec<Hit>,
    /// All that matched.
    pub found: usize,
    /// Within the hits.
    pub place: Place<Hit>,
}

impl Search {
    /// Adds typed or pasted text; control characters are left out, the length is bounded.
    pub fn push(&mut self, text: &str) {
        let room = MAX_TEXT.saturating_sub(self.text.chars().count());
        let kept: String = text.chars().filter(|c| !c.is_control()).take(room).collect();
        // A letter and the mark typed after it may become one character.
        self.text = nfc(&format!("{}{kept}", self.text));
    }

    /// Looks again, after the text or the board has changed.
    pub fn look(&mut self, board: &Board) {
        (self.hits, self.found) = find(board, &self.text);
    }
}

/// What is looked for, ready to be looked for a hundred thousand times.
struct Query<'a> {
    text: &'a str,
    whole: Finder<'a>,
    /// Of several words those, which may stand anywhere in a line.
    words: Vec<Finder<'a>>,
}

impl<'a> Query<'a> {
    fn new(text: &'a str) -> Self {
        let words = text.split_whitespace().map(Finder::new).collect::<Vec<_>>();
        let words = if words.len() > 1 { words } else { Vec::new() };
        Self { text, whole: Finder::new(text), words }
    }

    /// How well `folded` (lines: names first) answers; smaller is better.
    fn rank(&self, folded: &str) -> Option<u8> {
        let first = self.words.first().unwrap_or(&self.whole);
        first.find(folded.as_bytes())?;
        folded.split('\n').filter_map(|line| self.rank_of_line(line)).min()
    }

    fn rank_of_line(&self, line: &str) -> Option<u8> {
        let whole = self.whole.find(line.as_bytes()).filter(|_| !line.starts_with(TITLE));
        let Some(at) = whole else {
            let has_all = self.words.iter().all(|word| word.find(line.as_bytes()).is_some());
            return (has_all && !self.words.is_empty()).then_some(5);
        };
        let (before, after) = (&line[..at], &line[at + self.text.len()..]);
        Some(if before.is_empty() && after.is_empty() {
            0
        } else if line.strip_suffix(self.text).is_some_and(|rest| rest.ends_with(' ')) {
            // "cai be" is what matters in "huyen cai be".
            1
        } else if before.is_empty() {
            2
        } else if before.ends_with([' ', '-', '.', '/', '(']) {
            3
        } else {
            4
        })
    }
}

/// Units and subjects that answer `text`, best first, and how many there are in all. A name
/// that contains the text as typed, marks included, comes before one that only does without.
#[must_use]
pub fn find(board: &Board, text: &str) -> (Vec<Hit>, usize) {
    let folded = fold(text.trim());
    if folded.is_empty() {
        return (Vec::new(), 0);
    }
    let query = Query::new(&folded);
    let typed = text.trim().to_lowercase();
    let marked = typed != folded;
    let unlike = |name: &str| marked && !nfc(&name.to_lowercase()).contains(&typed);
    // Whether it is another name, how well it answers, whether it is a subject, and where it stands.
    let mut found: Vec<(bool, u8, bool, usize)> = Vec::new();
    let [units, subjects] = board.folded();
    for ((i, folded), unit) in units.iter().enumerate().zip(&board.units) {
        if let Some(rank) = query.rank(folded) {
            found.push((unlike(&unit.name), rank, false, i));
        }
    }
    for (i, folded) in subjects.iter().enumerate() {
        if let (Some(rank), Some(subject)) = (query.rank(folded), board.subject_at(i)) {
            found.push((unlike(subject.name()), rank, true, i));
        }
    }
    let all = found.len();
    if all > MAX_HITS {
        found.select_nth_unstable(MAX_HITS);
        found.truncate(MAX_HITS);
    }
    found.sort_unstable();
    let hit = |(.., is_subject, at): (bool, u8, bool, usize)| match is_subject {
        true => board.subject_at(at).map(|subject| Hit::Subject(subject.id().clone())),
        false => board.units.get(at).map(|unit| Hit::Unit(unit.id.clone())),
    };
    (found.into_iter().filter_map(hit).collect(), all)
}
