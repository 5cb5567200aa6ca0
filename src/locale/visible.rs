//! Makes visible what could mislead a reader or steer his terminal.

use std::fmt::Write as _;

/// The text with every control, bidirectional, zero-width, invisible and tag character written
/// out as `‹U+202E›`. For whatever comes from files or from the network before it is shown.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "‹U+{:04X}›", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// True for a character that steers a terminal, turns text round or cannot be seen. Unicode 16:
/// general categories Cc, Zl, Zp and Cf where they change what is seen, and the blank letters,
/// fillers and variation selectors.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
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
