//! Every action by name. Pure.

use super::keys::{Binding, told};
use super::place::Place;
use super::state::{Key, Mode, Screen};
use crate::locale::{Lang, fold, nfc, text};

/// Longest text accepted, in characters.
const MAX_TEXT: usize = 40;

/// The line typed and the actions that answer it.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// As typed, NFC.
    pub text: String,
    /// Best first.
    pub hits: Vec<&'static Binding>,
    /// Within the hits, by the keys of their texts.
    pub place: Place<&'static str>,
}

impl Palette {
    /// Adds typed or pasted text; control characters are left out, the length is bounded.
    pub(super) fn push(&mut self, text: &str) {
        let room = MAX_TEXT.saturating_sub(self.text.chars().count());
        let kept: String = text.chars().filter(|c| !c.is_control()).take(room).collect();
        self.text = nfc(&format!("{}{kept}", self.text));
        self.place = Place::default();
    }

    /// The hits' names, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.hits.iter().map(|b| b.text).collect()
    }

    /// Looks again what can be done on a screen and is called something like what is typed, in
    /// either language.
    pub(super) fn look(&mut self, screen: Screen, read_only: bool) {
        let wanted = fold(self.text.trim());
        let mut found: Vec<(u8, usize, &'static Binding)> = Vec::new();
        for (i, binding) in told(screen, Mode::Normal, read_only).enumerate() {
            let is_known = found.iter().any(|(_, _, b)| b.text == binding.text);
            if is_known || matches!(binding.key, Key::Palette | Key::Step(_) | Key::Page(_)) {
                continue;
            }
            let names = Lang::ALL.map(|lang| fold(text(lang, binding.text)));
            let rank = names.iter().filter_map(|name| rank(name, &wanted)).min();
            found.extend(rank.map(|rank| (rank, i, binding)));
        }
        found.sort_by_key(|(rank, i, _)| (*rank, *i));
        self.hits = found.into_iter().map(|(_, _, binding)| binding).collect();
    }

    /// What the selected hit means.
    #[must_use]
    pub fn chosen(&self) -> Option<Key> {
        let at = self.place.index(&self.names())?;
        self.hits.get(at).map(|b| b.key)
    }
}

/// How well a name answers: begins so, a word of it does, it is inside, its letters come in that
/// order.
fn rank(name: &str, wanted: &str) -> Option<u8> {
    if name.starts_with(wanted) {
        return Some(0);
    }
    if let Some(at) = name.find(wanted) {
        return Some(if name[..at].ends_with(' ') { 1 } else { 2 });
    }
    let mut letters = name.chars();
    wanted.chars().filter(|c| *c != ' ').all(|c| letters.any(|l| l == c)).then_some(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_without_marks_by_their_beginning_first() {
        assert_eq!(rank("ban do", "ban"), Some(0));
        assert_eq!(rank("ban do", "do"), Some(1));
        assert_eq!(rank("ban do", "an"), Some(2));
        assert_eq!(rank("ban do", "bd"), Some(3));
        assert_eq!(rank("ban do", "db"), None);
        let mut palette = Palette::default();
        palette.push("ban do");
        palette.look(Screen::Coverage, false);
        assert_eq!(palette.chosen(), Some(Key::Tab(Screen::Map)));
        palette.text.clear();
        palette.push("map");
        palette.look(Screen::Coverage, false);
        assert_eq!(palette.chosen(), Some(Key::Tab(Screen::Map)));
    }
}
