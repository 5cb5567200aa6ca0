//! Words that are not known: what was meant, and as much of them as a message repeats.

use super::KEYS;
use crate::model::Message;

/// Most characters of a value that a message repeats.
const VALUE_CHARS_MAX: usize = 60;

/// The known word nearest to one that is not known, if it is near enough to be a slip.
pub(crate) fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let folded = crate::locale::fold(word);
    let slips_max = (folded.chars().count() / 3).max(1);
    known
        .map(|k| (strsim::damerau_levenshtein(&folded, &crate::locale::fold(k)), k))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, k)| k)
}

/// A slip of the pen, a key that belongs elsewhere, or else the list of what there is.
pub(super) fn unknown_key_hint(word: &str, known: &[&str]) -> Message {
    if let Some(near) = nearest(word, known.iter().copied()) {
        return Message::new("config.did_you_mean").with("word", near);
    }
    match KEYS.iter().find(|(_, keys)| keys.contains(&word)) {
        Some(("", _)) => Message::new("config.belongs_at_top").with("key", word),
        Some((section, _)) => {
            Message::new("config.belongs_in").with("key", word).with("section", section)
        }
        None => Message::new("config.known_keys").with("keys", known.join(", ")),
    }
}

/// A value short enough for a message.
pub(super) fn cut(value: &str) -> String {
    value.chars().take(VALUE_CHARS_MAX).collect()
}
