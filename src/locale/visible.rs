//! Makes visible what could mislead a reader or steer his terminal.

pub use crate::model::is_hidden;
use crate::model::push_visible;

/// The text with every control, bidirectional, zero-width, invisible and tag character written
/// out as `‹U+202E›`. For whatever comes from files or from the network before it is shown.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|c| push_visible(&mut shown, c));
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_or_hides_is_written_out() {
        for (text, shown) in [
            ("Xã Hòa Khánh", "Xã Hòa Khánh"),
            ("a\u{1b}[31mb", "a‹U+001B›[31mb"),
            ("\u{202e}gnp.exe", "‹U+202E›gnp.exe"),
            ("a\u{200b}b\u{feff}", "a‹U+200B›b‹U+FEFF›"),
            ("\u{e0041}", "‹U+E0041›"),
            ("a\tb\n", "a‹U+0009›b‹U+000A›"),
            ("\u{9b}", "‹U+009B›"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_steers_a_terminal_passes(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert_eq!(visible(&shown), shown.clone());
        }
    }
}
