//! The search over units and subjects, without diacritics, exact hits first.

use super::board::Board;
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

/// How well `folded` (lines: names first) answers `query`; smaller is better.
fn rank(folded: &str, query: &str, words: &[&str]) -> Option<u8> {
    if words.len() == 1 && !folded.contains(query) {
        return None;
    }
    let mut best: Option<u8> = None;
    for line in folded.split('\n') {
        let rank = if line == query {
            0
        } else if line.ends_with(query) && line[..line.len() - query.len()].ends_with(' ') {
            // "cai be" is what matters in "huyen cai be".
            1
        } else if line.starts_with(query) {
            2
        } else if let Some(at) = line.find(query) {
            let starts_word = line[..at].ends_with([' ', '-', '.', '/', '(']);
            if starts_word { 3 } else { 4 }
        } else if words.len() > 1 && words.iter().all(|w| line.contains(w)) {
            5
        } else {
            continue;
        };
        best = Some(best.map_or(rank, |b| b.min(rank)));
    }
    best
}

/// Units and subjects that answer `text`, best first, and how many there are in all. A name
/// that contains the text as typed, marks included, comes before one that only does without.
#[must_use]
pub fn find(board: &Board, text: &str) -> (Vec<Hit>, usize) {
    let query = fold(text.trim());
    if query.is_empty() {
        return (Vec::new(), 0);
    }
    let words: Vec<&str> = query.split_whitespace().collect();
    let typed = text.trim().to_lowercase();
    let marked = typed != query;
    let unlike = |name: &str| marked && !nfc(&name.to_lowercase()).contains(&typed);
    let mut found: Vec<((bool, u8, bool, usize), Hit)> = Vec::new();
    let [units, subjects] = board.folded();
    for (i, folded) in units.iter().enumerate() {
        if let (Some(rank), Some(unit)) = (rank(folded, &query, &words), board.units.get(i)) {
            found.push(((unlike(&unit.name), rank, false, i), Hit::Unit(unit.id.clone())));
        }
    }
    for (i, folded) in subjects.iter().enumerate() {
        if let (Some(rank), Some(subject)) = (rank(folded, &query, &words), board.subject_at(i)) {
            found.push((
                (unlike(subject.name()), rank, true, i),
                Hit::Subject(subject.id().clone()),
            ));
        }
    }
    let all = found.len();
    if all > MAX_HITS {
        found.select_nth_unstable_by(MAX_HITS, |a, b| a.0.cmp(&b.0));
        found.truncate(MAX_HITS);
    }
    found.sort_unstable_by_key(|(key, _)| *key);
    (found.into_iter().map(|(_, hit)| hit).collect(), all)
}
