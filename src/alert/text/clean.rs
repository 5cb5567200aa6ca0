//! Makes values harmless before a template sees them: whatever is in a notice passes here.

use std::collections::BTreeMap;

use minijinja::value::Value;
use unicode_normalization::char::is_combining_mark;

use crate::locale::{nfc, visible};

/// Longest value, in characters. An operator's note may have 300.
pub(super) const VALUE_CHARS_MAX: usize = 300;

/// Marks kept on one letter: Vietnamese needs two where it is not composed.
const MARKS_MAX: usize = 2;

/// Most entries of a list that templates get; how many there are is counted beside it.
const LIST_MAX: usize = 400;

/// One line of at most [`VALUE_CHARS_MAX`] visible characters, without blanks around it.
pub(super) fn clean(text: &str) -> String {
    // What is far beyond the bound is not worth being composed.
    let head: String = text.chars().take(4 * VALUE_CHARS_MAX).collect();
    let mut marks = 0;
    let kept: String = nfc(&head)
        .chars()
        .filter(|c| {
            marks = if is_combining_mark(*c) { marks + 1 } else { 0 };
            marks <= MARKS_MAX
        })
        .collect();
    cut(visible(kept.trim()), VALUE_CHARS_MAX)
}

/// The text, or its beginning with "…" where it has more than `most` characters.
pub(super) fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some(_) => {
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// A value of JSON as templates get it: every text in it clean, every list bounded.
pub(super) fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(flag) => Value::from(flag),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(real)) => Value::from(real),
            (None, None) => Value::from(()),
        },
        serde_json::Value::String(text) => Value::from(clean(&text)),
        serde_json::Value::Array(list) => {
            list.into_iter().take(LIST_MAX).map(value).collect::<Vec<Value>>().into()
        }
        serde_json::Value::Object(map) => map
            .into_iter()
            .map(|(key, inner)| (key, value(inner)))
            .collect::<BTreeMap<String, Value>>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::locale::is_hidden;

    #[test]
    fn values_become_one_bounded_line() {
        assert_eq!(clean("  Xã An Cư \n"), "Xã An Cư");
        assert_eq!(clean("a\nb\u{202e}c"), "a‹U+000A›b‹U+202E›c");
        // Composed where that can be, and no towers of marks.
        assert_eq!(clean("Ca\u{301}i"), "Cái");
        assert_eq!(clean(&format!("x{}", "\u{335}".repeat(50))), "x\u{335}\u{335}");
        let long = clean(&"à".repeat(1_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (VALUE_CHARS_MAX, true));
        assert_eq!(cut("abc".to_owned(), 3), "abc");
        assert_eq!(cut("abcd".to_owned(), 3), "ab…");
    }

    proptest! {
        #[test]
        fn nothing_hidden_passes_and_nothing_grows(text in any::<String>()) {
            let shown = clean(&text);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert!(shown.chars().count() <= VALUE_CHARS_MAX);
        }
    }
}
