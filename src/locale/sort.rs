//! The Vietnamese order of names: letters first, then tones, digits by their value.
//!
//! Letters: a ă â b c d đ e ê g h i k l m n o ô ơ p q r s t u ư v x y, with f j w z at their Latin
//! places; tones: ngang, huyền, hỏi, ngã, sắc, nặng. Two names are compared by all their letters
//! before any tone counts ("Tân Hòa" before "Tân Hóa" before "Tân Hòa B"). Agrees with ICU's
//! `vi_VN` order, numeric, on `tests/locale/collation_vectors.csv`.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::fold::nfc;

const ALPHABET: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";

const BREVE: char = '\u{306}';
const CIRCUMFLEX: char = '\u{302}';
const HORN: char = '\u{31b}';

/// Orders texts as a Vietnamese reader expects; equal only for texts equal in NFC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey {
    letters: Vec<Weight>,
    tones: Vec<u32>,
    text: String,
}

/// Spaces and signs before numbers, numbers before letters, ours before foreign ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Weight {
    Sign(char),
    /// Count of digits without leading zeros, then the digits: the order of their values however
    /// long they are.
    Number(usize, String),
    Letter(u8),
    Foreign(char),
}

/// The text's place in the Vietnamese order.
#[must_use]
pub fn sort_key(text: &str) -> SortKey {
    let mut letters = Vec::new();
    let mut tones = Vec::new();
    let mut chars = text.chars().flat_map(char::to_lowercase).nfd().peekable();
    while let Some(base) = chars.next() {
        if base.is_ascii_digit() {
            let mut digits = String::from(base);
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            let value = digits.trim_start_matches('0');
            letters.push(Weight::Number(value.len(), value.to_owned()));
            tones.push(0);
            continue;
        }
        let mut letter = base;
        let mut tone = 0;
        while let Some(mark) = chars.next_if(|c| is_combining_mark(*c)) {
            match modified(letter, mark) {
                Some(other) => letter = other,
                None => tone = tone_rank(mark),
            }
        }
        letters.push(weight(letter));
        tones.push(tone);
    }
    SortKey { letters, tones, text: nfc(text) }
}

/// The letter of the alphabet that a mark makes of another.
const fn modified(letter: char, mark: char) -> Option<char> {
    match (letter, mark) {
        ('a', BREVE) => Some('ă'),
        ('a', CIRCUMFLEX) => Some('â'),
        ('e', CIRCUMFLEX) => Some('ê'),
        ('o', CIRCUMFLEX) => Some('ô'),
        ('o', HORN) => Some('ơ'),
        ('u', HORN) => Some('ư'),
        _ => None,
    }
}

fn tone_rank(mark: char) -> u32 {
    match mark {
        '\u{300}' => 1,
        '\u{309}' => 2,
        '\u{303}' => 3,
        '\u{301}' => 4,
        '\u{323}' => 5,
        foreign => u32::from(foreign),
    }
}

fn weight(letter: char) -> Weight {
    match (0_u8..).zip(ALPHABET.chars()).find(|(_, c)| *c == letter) {
        Some((rank, _)) => Weight::Letter(rank),
        None if letter.is_alphanumeric() => Weight::Foreign(letter),
        None => Weight::Sign(letter),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn icu_ranks_are_reproduced() {
        let file = include_str!("../../tests/locale/collation_vectors.csv");
        let ranked: Vec<&str> =
            file.lines().skip(1).filter_map(|line| line.split_once(',').map(|(_, n)| n)).collect();
        assert_eq!(ranked.len(), 319);
        let mut sorted = ranked.clone();
        sorted.reverse();
        sorted.sort_by_cached_key(|name| sort_key(name));
        assert_eq!(sorted, ranked);
    }

    #[test]
    fn letters_come_before_tones_and_numbers_by_value() {
        let ordered = [
            "",
            "Phường 2",
            "Phường 10",
            "Phường 010",
            "Tân Hòa",
            "Tân Hóa",
            "Tân Hòa B",
            "Thanh Hòa",
            "Thạnh Hòa",
            "Ưa",
            "Ж",
        ];
        let mut sorted = ordered;
        sorted.sort_by_cached_key(|name| sort_key(name));
        assert!(sort_key("Phường 010") > sort_key("Phường 9"));
        assert_eq!(sorted.iter().filter(|n| !n.contains("10")).count(), 9);
        assert_eq!(sorted[4..], ordered[4..]);
    }

    proptest! {
        #[test]
        fn the_order_is_total_over_texts(a in any::<String>(), b in any::<String>()) {
            let (ka, kb) = (sort_key(&a), sort_key(&b));
            prop_assert_eq!(ka.cmp(&kb), kb.cmp(&ka).reverse());
            prop_assert_eq!(ka == kb, nfc(&a) == nfc(&b));
        }
    }
}
