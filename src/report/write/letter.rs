//! The frame of an official letter as Vietnamese offices write it (Nghị định 30/2020/NĐ-CP, annex I):
//! who writes at the left above, the nation's name at the right; below, whom it goes to at the left
//! and who signs at the right.

use super::super::Page;
use super::super::document::Document;
use crate::config::Letter;
use crate::locale::{Lang, width};
use crate::t;

/// Columns of the frame in a text.
const WIDTH: usize = 84;

/// What stands at the left and at the right above, a line each.
pub(super) fn above(letter: &Letter, document: &Document, page: &Page<'_>) -> [Vec<String>; 2] {
    let lang = page.lang;
    let day = document.made.to_timestamp().to_zoned_datetime(page.zone.clone());
    let place = letter.place.clone().unwrap_or_else(|| "…".to_owned());
    let date = match lang {
        Lang::Vi => format!("ngày {:02} tháng {:02} năm {}", day.day(), day.month(), day.year()),
        Lang::En => crate::locale::date(lang, &day),
    };
    let mut left: Vec<String> = letter.authority.iter().map(|text| text.to_uppercase()).collect();
    left.extend(letter.office.iter().map(|text| text.to_uppercase()));
    left.push(letter.number.as_ref().map_or_else(String::new, |number| {
        format!("{} {number}", t!(lang, "report.letter.number"))
    }));
    let right = vec![
        t!(lang, "report.letter.nation"),
        t!(lang, "report.letter.motto"),
        format!("{place}, {date}"),
    ];
    [left, right]
}

/// What stands at the left and at the right below, a line each; room to sign is left at the right.
pub(super) fn below(letter: &Letter, lang: Lang) -> [Vec<String>; 2] {
    let mut left = vec![t!(lang, "report.letter.recipients")];
    left.extend(letter.recipients.iter().map(|who| format!("- {who};")));
    let mut right: Vec<String> =
        letter.signatory_title.iter().map(|title| title.to_uppercase()).collect();
    right.extend(vec![String::new(); 4]);
    right.extend(letter.signatory.clone());
    [left, right]
}

/// The frame above a text; empty where none is configured.
pub(super) fn head(document: &Document, page: &Page<'_>) -> String {
    let Some(letter) = &document.letter else { return String::new() };
    let mut out = beside(above(letter, document, page), true);
    out.push('\n');
    out
}

/// The frame below a text; empty where none is configured.
pub(super) fn foot(document: &Document, page: &Page<'_>) -> String {
    let Some(letter) = &document.letter else { return String::new() };
    format!("\n{}", beside(below(letter, page.lang), false))
}

/// Two columns of centred lines; the left one begins at the left where `centred` is false.
fn beside([left, right]: [Vec<String>; 2], centred: bool) -> String {
    let half = WIDTH / 2;
    let middle = |text: &str| {
        let free = half.saturating_sub(width(text));
        format!("{}{text}{}", " ".repeat(free / 2), " ".repeat(free - free / 2))
    };
    let mut out = String::new();
    for n in 0..left.len().max(right.len()) {
        let text = |column: &[String]| column.get(n).map(|t| crate::locale::visible(t));
        let left = text(&left).unwrap_or_default();
        let left = if centred {
            middle(&left)
        } else {
            format!("{left}{}", " ".repeat(half.saturating_sub(width(&left))))
        };
        let right = middle(&text(&right).unwrap_or_default());
        out += format!("{left}{right}").trim_end();
        out.push('\n');
    }
    out
}
