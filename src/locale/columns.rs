//! What a text takes on the screen, and cutting it to a number of columns.

use unicode_normalization::char::is_combining_mark;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

const ELLIPSIS: char = '…';
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Columns the text takes on a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text, cut to at most `columns` with `…` when it is wider. Never cuts between a letter and
/// its marks, nor inside a joined sequence. Adds no padding.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut kept = String::new();
    let mut taken = 0;
    for cluster in clusters(text) {
        taken += cluster.width();
        if taken + 1 > columns {
            break;
        }
        kept.push_str(cluster);
    }
    kept.push(ELLIPSIS);
    kept
}

/// The end of the text, with `…` before it when all of it takes more than `columns`: what is being
/// typed. Never cuts between a letter and its marks. Adds no padding.
#[must_use]
pub fn fit_end(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let (mut rest, mut taken) = (text, text.width());
    for cluster in clusters(text) {
        if taken < columns {
            break;
        }
        taken = taken.saturating_sub(cluster.width());
        rest = &rest[cluster.len()..];
    }
    format!("{ELLIPSIS}{rest}")
}

/// The words of a text, each with the blank after it, to break lines between; a figure and its "%" are one.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut ends = rest.match_indices(' ').map(|(at, _)| at + 1);
        let end = ends.find(|end| !rest[*end..].starts_with('%')).unwrap_or(rest.len());
        let (word, left) = rest.split_at(end);
        rest = left;
        (!word.is_empty()).then_some(word)
    })
}

/// Exactly `columns` wide: [`fit`], then spaces at the right.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    let mut fitted = fit(text, columns);
    let missing = columns.saturating_sub(fitted.width());
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// Exactly `columns` wide: [`fit`], with spaces at the left.
#[must_use]
pub fn pad_left(text: &str, columns: usize) -> String {
    let fitted = fit(text, columns);
    let mut padded = " ".repeat(columns.saturating_sub(fitted.width()));
    padded.push_str(&fitted);
    padded
}

/// The text in pieces that must stay whole: a character with the marks and zero-width characters
/// that follow it, and whatever a joiner ties to it.
fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut previous = rest.chars().next()?;
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| {
                let starts = previous != ZERO_WIDTH_JOINER
                    && !is_combining_mark(*c)
                    && c.width().is_none_or(|w| w > 0);
                previous = *c;
                starts
            })
            .map_or(rest.len(), |(at, _)| at);
        let (cluster, tail) = rest.split_at(end);
        rest = tail;
        Some(cluster)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_figure_is_not_parted_from_its_sign() {
        let found: Vec<&str> = words("mất 5 %, còn 95 %").collect();
        assert_eq!(found, ["mất ", "5 %, ", "còn ", "95 %"]);
        assert_eq!(words("").count(), 0);
    }

    #[test]
    fn texts_are_cut_between_letters_only() {
        assert_eq!(fit("Cái Bè", 6), "Cái Bè");
        assert_eq!(fit("Cái Bè", 5), "Cái …");
        assert_eq!(fit("Ca\u{301}i Be\u{300}", 3), "Ca\u{301}…");
        assert_eq!(fit("前江省", 4), "前…");
        assert_eq!(fit("ab", 1), "…");
        assert_eq!(fit("ab", 0), "");
        assert_eq!(fit_end("Cái Bè", 6), "Cái Bè");
        assert_eq!(fit_end("Cái Bè", 5), "…i Bè");
        assert_eq!(fit_end("Ca\u{301}i Be\u{300}", 3), "…Be\u{300}");
        assert_eq!(fit_end("前江省", 4), "…省");
        assert_eq!(fit_end("ab", 1), "…");
        assert_eq!(fit_end("ab", 0), "");
        assert_eq!(pad("Bè", 4), "Bè  ");
        assert_eq!(pad_left("Bè", 4), "  Bè");
        assert_eq!(pad("前江省", 4), "前… ");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_asked(text in any::<String>(), columns in 0_usize..40) {
            prop_assert!(width(&fit(&text, columns)) <= columns);
            prop_assert_eq!(width(&pad(&text, columns)), columns);
            prop_assert_eq!(width(&pad_left(&text, columns)), columns);
        }

        #[test]
        fn vietnamese_in_either_form_is_cut_alike(
            text in "[a-zà-ỹđ ]{0,30}",
            columns in 0_usize..30,
        ) {
            use unicode_normalization::UnicodeNormalization as _;
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(
                fit(&decomposed, columns).nfc().collect::<String>(),
                fit(&text.nfc().collect::<String>(), columns)
            );
        }
    }
}
