//! Which characters steer a terminal, turn text round or cannot be seen, and how they are written
//! out. One rule for all: what comes from files, from people and from the network.

use std::fmt::Write as _;

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

/// Writes a character, a hidden one as `‹U+202E›`.
pub fn push_visible(shown: &mut String, c: char) {
    if is_hidden(c) {
        // Writing to a String cannot fail.
        let _ = write!(shown, "‹U+{:04X}›", u32::from(c));
    } else {
        shown.push(c);
    }
}
