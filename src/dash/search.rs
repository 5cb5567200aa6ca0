//! The search over units and subjects, without diacritics, exact hits first.

use memchr::memchr;
use memchr::memmem::Finder;

use super::board::{Board, Folded, TITLE, Version};
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
    narrowed: Option<Narrowed>,
}

impl Search {
    /// Adds typed or pasted text; control characters are left out, the length is bounded.
    pub fn push(&mut self, text: &str) {
        let room = MAX_TEXT.saturating_sub(self.text.chars().count());
        let kept: String = text.chars().filter(|c| !c.is_control()).take(room).collect();
        // A letter and the mark typed after it may become one character.
        self.text = nfc(&format!("{}{kept}", self.text));
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

    /// How well `folded` (lines: names first, at the end what is nobody's name) answers; smaller is
    /// better.
    fn rank(&self, folded: &str) -> Option<u8> {
        let bytes = folded.as_bytes();
        let names = memchr(TITLE as u8, bytes).unwrap_or(bytes.len());
        let (mut best, mut from) = (None, 0);
        while best != Some(0)
            && let Some(at) = bytes.get(from..names).and_then(|rest| self.whole.find(rest))
        {
            let (at, to) = (from + at, from + at + self.text.len());
            let rank = rank_between(at.checked_sub(1).map(|i| bytes[i]), bytes.get(to).copied());
            best = Some(best.map_or(rank, |best: u8| best.min(rank)));
            from = to;
        }
        best.or_else(|| self.answers_somehow(folded, names).then_some(5))
    }

    /// Whether what is nobody's name has it, or one line has all of its words.
    fn answers_somehow(&self, folded: &str, names: usize) -> bool {
        let has = |line: &str, word: &Finder<'_>| word.find(line.as_bytes()).is_some();
        match self.words.split_first() {
            None => has(&folded[names..], &self.whole),
            Some((first, others)) => {
                let has_all = |line: &str| has(line, first) && others.iter().all(|w| has(line, w));
                has(folded, first) && folded.split('\n').any(has_all)
            }
        }
    }
}

/// How well a text answers that stands between these two letters of a name, where there are any.
const fn rank_between(before: Option<u8>, after: Option<u8>) -> u8 {
    let begins = matches!(before, None | Some(b'\n'));
    let ends = matches!(after, None | Some(b'\n'));
    match before {
        _ if begins && ends => 0,
        // "cai be" is what matters in "huyen cai be".
        Some(b' ') if ends => 1,
        _ if begins => 2,
        Some(b' ' | b'-' | b'.' | b'/' | b'(') => 3,
        _ => 4,
    }
}

/// What a text was found in: whoever types on is answered out of it.
#[derive(Debug, Clone)]
struct Narrowed {
    of: Version,
    folded: String,
    /// Places of units and of subjects.
    places: [Vec<u32>; 2],
}

impl Search {
    /// Looks again, after the text or the board has changed: what answers comes best first. A name that contains
    /// the text as typed, marks included, comes before one that only does without.
    pub fn look(&mut self, board: &Board) {
        let folded = fold(self.text.trim());
        if folded.is_empty() {
            (self.hits, self.found, self.narrowed) = (Vec::new(), 0, None);
            return;
        }
        let query = Query::new(&folded);
        let typed = self.text.trim().to_lowercase();
        let marked = typed != folded;
        let unlike = |name: &str| marked && !nfc(&name.to_lowercase()).contains(&typed);
        let (of, lists) = (board.version(), board.folded());
        // What answers a longer text answered its beginning.
        let before = self.narrowed.take();
        let before = before.filter(|before| before.of == of && folded.starts_with(&before.folded));
        let all = |list: &Folded| (0..u32::try_from(list.len()).unwrap_or(u32::MAX)).collect();
        let places = before.map_or_else(|| lists.each_ref().map(all), |before| before.places);
        let mut narrowed = [Vec::new(), Vec::new()];
        // Whether it is another name, how well it answers, whether it is a subject, and where it stands.
        let mut found: Vec<(bool, u8, bool, u32)> = Vec::new();
        let kinds = [false, true].into_iter().zip(lists).zip(places).zip(&mut narrowed);
        for (((is_subject, list), places), narrowed) in kinds {
            for at in places {
                let Some(rank) = query.rank(list.get(at as usize)) else { continue };
                let Some(name) = name(board, is_subject, at) else { continue };
                narrowed.push(at);
                found.push((unlike(name), rank, is_subject, at));
            }
        }
        self.narrowed = Some(Narrowed { of, folded, places: narrowed });
        self.found = found.len();
        if found.len() > MAX_HITS {
            found.select_nth_unstable(MAX_HITS);
            found.truncate(MAX_HITS);
        }
        found.sort_unstable();
        let hit = |(.., is_subject, at): (bool, u8, bool, u32)| match is_subject {
            true => board.subject_at(at as usize).map(|subject| Hit::Subject(subject.id().clone())),
            false => board.units.get(at as usize).map(|unit| Hit::Unit(unit.id.clone())),
        };
        self.hits = found.into_iter().filter_map(hit).collect();
    }
}

fn name(board: &Board, is_subject: bool, at: u32) -> Option<&str> {
    match is_subject {
        true => board.subject_at(at as usize).map(|subject| subject.name()),
        false => board.units.get(at as usize).map(|unit| &*unit.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_place_in_a_name_tells_how_well_it_answers() {
        let rank = |text: &str, folded: &str| Query::new(text).rank(folded);
        for (folded, wanted) in [
            ("cai be", Some(0)),
            ("xa cai bep\ncai be", Some(0)),
            ("huyen cai be", Some(1)),
            ("cai be 2", Some(2)),
            // Its first place is the middle of a word, a better one comes behind.
            ("xcai be cai be 3", Some(3)),
            ("tt. (cai be)", Some(3)),
            ("xcai bex", Some(4)),
            ("be cai", Some(5)),
            ("truc\nid\n\ttruc cai be", Some(5)),
            ("cai\nbe", None),
            ("", None),
        ] {
            assert_eq!(rank("cai be", folded), wanted, "{folded:?}");
        }
        assert_eq!(rank("x", "\tx"), Some(5));
        // A name that begins where another ends is none.
        assert_eq!(rank("ab", "a\nb"), None);
    }
}
