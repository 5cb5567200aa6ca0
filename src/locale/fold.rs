//! One form for storing (NFC), one for searching (no marks, no case).

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The composed form every text has inside; files and keyboards give either.
#[must_use]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// What search compares: lower case, no marks, `đ` as `d`, so that "cai be" finds "Cái Bè".
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_lowercase)
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_found_without_their_marks() {
        for (name, folded) in [
            ("Cái Bè", "cai be"),
            ("Đăng Hưng Phước", "dang hung phuoc"),
            ("Mỹ Đức Tây", "my duc tay"),
            ("THẠNH NHỰT", "thanh nhut"),
            ("Phường 10", "phuong 10"),
        ] {
            assert_eq!(fold(name), folded);
            assert_eq!(fold(&name.nfd().collect::<String>()), folded);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_more(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
        }

        #[test]
        fn either_form_folds_to_the_same(text in any::<String>()) {
            prop_assert_eq!(fold(&text), fold(&nfc(&text)));
        }
    }
}
