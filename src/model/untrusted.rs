//! A text that somebody else's device sent.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::hidden::push_visible;

/// A text from the network, made harmless once, where it comes in: whoever holds one may print it.
///
/// Guarantees, whatever was sent: at most [`Untrusted::CHARS_MAX`] characters, in NFC; no control,
/// bidirectional, zero-width, invisible or tag character (they stand there as `‹U+202E›`); at most
/// two combining marks in a row; bytes that are no UTF-8 are `�`; one line, its white space (line
/// ends and tabs, too) single blanks, none at its ends, where the zeros are left out with which
/// some agents fill their fields. What is longer ends in `…`. It is still only a claim of the
/// device: never a command, a path or markup; each exit (terminal, chat, CSV, HTML) escapes what
/// means something there.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Untrusted(Arc<str>);

impl Untrusted {
    /// Longest text, in characters.
    pub const CHARS_MAX: usize = 255;
    /// Most combining marks in a row: Vietnamese in NFD needs two (ệ), and a heap of them covers
    /// the lines above and below.
    const MARKS_MAX: usize = 2;

    /// Of the bytes a device sent.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_text(&String::from_utf8_lossy(bytes))
    }

    /// Of a text that was no `Untrusted`, or is none any more (read from a file).
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let mut kept = String::with_capacity(text.len().min(Self::CHARS_MAX));
        let mut chars = 0;
        // Where to cut when there turns out to be too much: before the character that would leave
        // no room for the ellipsis, never inside what stands for a hidden one.
        let mut cut = 0;
        let mut marks = 0;
        let mut is_blank_due = false;
        for c in text.nfc() {
            if c.is_whitespace() {
                is_blank_due = true;
                continue;
            }
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            if marks > Self::MARKS_MAX {
                continue;
            }
            let before = kept.len();
            if std::mem::take(&mut is_blank_due) {
                kept.push(' ');
            }
            push_visible(&mut kept, c);
            chars += kept[before..].chars().count();
            if chars < Self::CHARS_MAX {
                cut = kept.len();
            } else if chars > Self::CHARS_MAX {
                kept.truncate(cut);
                kept.push('…');
                break;
            }
        }
        Self(kept.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing was sent, or blanks and zeros alone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self::from_text(&text)
    }
}

impl From<Untrusted> for String {
    fn from(text: Untrusted) -> Self {
        text.0.as_ref().into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::is_nfc;

    use super::super::hidden::is_hidden;
    use super::*;

    #[test]
    fn what_devices_say_is_one_harmless_line() {
        for (sent, kept) in [
            (&b"Xa H\xc3\xb2a Kh\xc3\xa1nh"[..], "Xa Hòa Khánh"),
            ("Hoa\u{300} Kha\u{301}nh".as_bytes(), "Hoà Khánh"),
            (
                b"Cisco IOS Software\r\nTechnical Support:\thttp://x\n",
                "Cisco IOS Software Technical Support: http://x",
            ),
            (b"RouterOS\0\0\0", "RouterOS"),
            (b"  \0\r\n", ""),
            (b"a\x1b[2J\x1b]0;x\x07b", "a‹U+001B›[2J‹U+001B›]0;x‹U+0007›b"),
            (b"a\0b", "a‹U+0000›b"),
            (b"\xff\xfeok", "\u{fffd}\u{fffd}ok"),
            ("\u{202e}gnp.exe".as_bytes(), "‹U+202E›gnp.exe"),
            ("a\u{200b}b\u{e0041}".as_bytes(), "a‹U+200B›b‹U+E0041›"),
            ("x\u{300}\u{301}\u{302}\u{303}\u{304}y".as_bytes(), "x\u{300}\u{301}y"),
            ("\u{9b}31m".as_bytes(), "‹U+009B›31m"),
        ] {
            assert_eq!(Untrusted::from_bytes(sent).as_str(), kept);
        }
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_and_in_no_half_mark() {
        let whole = "á".repeat(255);
        assert_eq!(Untrusted::from_text(&whole).as_str(), whole);
        let long = Untrusted::from_text(&"á".repeat(256));
        assert_eq!(long.as_str(), format!("{}…", "á".repeat(254)));
        // 31 × 8 = 248 characters: a further mark of eight does not fit.
        let escapes = Untrusted::from_bytes(&b"\x1b".repeat(10_000));
        assert_eq!(escapes.as_str(), format!("{}…", "‹U+001B›".repeat(31)));
        let edge = Untrusted::from_text(&format!("{}\u{1b}", "x".repeat(248)));
        assert_eq!(edge.as_str(), format!("{}…", "x".repeat(248)));
    }

    fn texts() -> impl Strategy<Value = String> {
        let awkward = prop_oneof![
            any::<char>(),
            Just('\u{1b}'),
            Just('\r'),
            Just('\u{300}'),
            Just('\u{323}'),
            Just('e'),
            Just('\u{202e}'),
            Just('\u{200d}'),
            Just('\u{9c7}'),
            Just('\u{9be}'),
            Just('\u{1100}'),
            Just('\u{1161}'),
        ];
        prop::collection::vec(awkward, 0..600).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn any_text_is_short_in_nfc_and_hides_nothing(text in texts()) {
            let kept = Untrusted::from_text(&text);
            prop_assert!(kept.as_str().chars().count() <= Untrusted::CHARS_MAX);
            prop_assert!(!kept.as_str().chars().any(is_hidden), "{kept:?}");
            prop_assert!(is_nfc(kept.as_str()), "{kept:?}");
            let mut marks = 0;
            for c in kept.as_str().chars() {
                marks = if is_combining_mark(c) { marks + 1 } else { 0 };
                prop_assert!(marks <= 2, "{kept:?}");
            }
            // What is read back from the store is what was put there.
            prop_assert_eq!(Untrusted::from_text(kept.as_str()), kept);
        }

        #[test]
        fn any_bytes_are_a_text(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            let kept = Untrusted::from_bytes(&bytes);
            prop_assert!(kept.as_str().chars().count() <= Untrusted::CHARS_MAX);
            prop_assert!(!kept.as_str().chars().any(is_hidden));
        }
    }
}
