//! What is wrong in a user's files, as he reads it: severity, sentence, file:line:column, the line
//! itself with the place underlined, what it has to do with, and what to do.
//!
//! Whatever comes from a file passes [`visible`] first. Must not judge or reorder anything.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::locale::{Lang, message, number, text, visible};
use crate::model::{Diagnostic, Place, Severity};
use crate::t;

/// Columns a line of source may take before it is cut around the mistake.
const COLUMNS: usize = 100;

/// How many errors and warnings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Files with any cannot be used.
    pub errors: usize,
    /// Worth knowing.
    pub warnings: usize,
}

/// Counts the findings.
#[must_use]
pub fn count(diagnostics: &[Diagnostic]) -> Count {
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    Count { errors, warnings: diagnostics.len() - errors }
}

/// The findings one after the other and a line with their number; empty when there are none.
/// `colour` adds ANSI colours.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], lang: Lang, colour: bool) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.hyperlink(false).term_width(COLUMNS).decor_style(DecorStyle::Unicode);
    let mut shown = String::new();
    for diagnostic in diagnostics {
        shown.push_str(&renderer.render(&[group(diagnostic, lang)]));
        shown.push_str("\n\n");
    }
    shown.push_str(&summary(count(diagnostics), lang));
    shown.push('\n');
    shown
}

/// The findings for programs: `message` and `hint` are in the language asked for, `code` is the same
/// in all.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], lang: Lang) -> Vec<serde_json::Value> {
    let one = |diagnostic: &Diagnostic| {
        let place = diagnostic.place.as_ref();
        serde_json::json!({
            "severity": match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "code": diagnostic.message.key,
            "message": message(lang, &diagnostic.message),
            "file": place.map(|place| place.file.display().to_string()),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "hint": diagnostic.hint.as_ref().map(|hint| message(lang, hint)),
        })
    };
    diagnostics.iter().map(one).collect()
}

/// "30 lỗi, 2 cảnh báo".
#[must_use]
pub fn summary(count: Count, lang: Lang) -> String {
    let shown = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    t!(lang, "diagnostics.summary", errors = shown(count.errors), warnings = shown(count.warnings))
}

fn group(diagnostic: &Diagnostic, lang: Lang) -> Group<'static> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR.with_name(text(lang, "diagnostics.error")),
        Severity::Warning => Level::WARNING.with_name(text(lang, "diagnostics.warning")),
    };
    let title = level.primary_title(visible(&message(lang, &diagnostic.message)));
    let mut group = Group::with_title(title);
    if let Some(place) = &diagnostic.place {
        group = at_place(group, place, AnnotationKind::Primary, None);
    }
    if let Some((place, why)) = &diagnostic.related {
        group = at_place(group, place, AnnotationKind::Context, Some(visible(&message(lang, why))));
    }
    if let Some(hint) = &diagnostic.hint {
        let hint = visible(&message(lang, hint));
        group = group.element(Level::HELP.with_name(text(lang, "diagnostics.hint")).message(hint));
    }
    group
}

fn at_place(
    group: Group<'static>,
    place: &Place,
    kind: AnnotationKind,
    label: Option<String>,
) -> Group<'static> {
    let file = visible(&place.file.display().to_string());
    let (line, column) = (place.line as usize, place.column as usize);
    let shown = Shown::of(place);
    let annotation: Annotation<'static> = kind.span(shown.from..shown.to).label(label);
    let snippet = Snippet::source(shown.source).line_start(line).annotation(annotation);
    if shown.keeps_columns {
        group.element(snippet.path(file))
    } else {
        group.element(Origin::path(file).line(line).char_column(column)).element(snippet)
    }
}

/// A line of source as it may be shown, with the bytes to underline.
struct Shown {
    source: String,
    from: usize,
    to: usize,
    /// False when a character before the place had to be written out.
    keeps_columns: bool,
}

impl Shown {
    fn of(place: &Place) -> Self {
        let byte_at = |chars: usize| {
            place.source.char_indices().nth(chars).map_or(place.source.len(), |(at, _)| at)
        };
        let first = place.column.saturating_sub(1) as usize;
        let (from, to) = (byte_at(first), byte_at(first + place.len.max(1) as usize));
        let before = visible(&place.source[..from]);
        let inside = visible(&place.source[from..to]);
        let after = visible(&place.source[to..]);
        Self {
            from: before.len(),
            to: before.len() + inside.len(),
            keeps_columns: before.len() == from && first <= place.source.chars().count(),
            source: before + &inside + &after,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use insta::assert_snapshot;

    use super::*;
    use crate::model::Message;

    fn place(line: u32, column: u32, len: u32, source: &str) -> Place {
        let file = Arc::new(PathBuf::from("inventory/cái-bè.yaml"));
        Place { file, line, column, len, source: source.to_owned() }
    }

    fn unknown_key(place: Place) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: Message::new("config.unknown_key").with("key", "retri"),
            place: Some(place),
            hint: Some(Message::new("config.did_you_mean").with("word", "retry")),
            related: None,
        }
    }

    #[test]
    fn a_finding_shows_its_line_what_it_has_to_do_with_and_what_to_do() {
        let mut repeated = unknown_key(place(12, 17, 5, "  Xã Hòa Khánh: retri  # 前江省"));
        repeated.related =
            Some((place(3, 5, 4, "    ấp: 1"), Message::new("config.first_used_here")));
        let mut whole = unknown_key(place(1, 1, 1, ""));
        whole.place = None;
        whole.severity = Severity::Warning;
        let both = [repeated, whole];
        assert_snapshot!("vi", render(&both, Lang::Vi, false));
        assert_snapshot!("en", render(&both, Lang::En, false));
    }

    #[test]
    fn wide_and_decomposed_letters_are_underlined_where_they_stand() {
        assert_snapshot!(
            "wide",
            render(
                &[
                    unknown_key(place(1, 6, 5, "前江省: retri")),
                    unknown_key(place(2, 11, 5, "Ca\u{301}i Be\u{300}: retri")),
                ],
                Lang::Vi,
                false
            )
        );
    }

    #[test]
    fn hidden_characters_are_written_out_and_the_column_stays_the_editor_s() {
        let shown =
            render(&[unknown_key(place(7, 4, 5, "\t\u{202e} retri: \u{1b}[2J"))], Lang::En, false);
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
        assert_snapshot!("hidden", shown);
    }

    #[test]
    fn places_outside_the_line_do_not_break_anything() {
        for (column, len) in [(0, 0), (1, 1), (400, 9), (u32::MAX, u32::MAX)] {
            assert!(render(&[unknown_key(place(1, column, len, "abc"))], Lang::Vi, true).len() > 9);
            assert!(render(&[unknown_key(place(0, column, len, ""))], Lang::Vi, false).len() > 9);
        }
    }

    #[test]
    fn the_summary_counts_in_the_plural_where_there_is_one() {
        let count = |errors, warnings| Count { errors, warnings };
        assert_eq!(summary(count(30, 2), Lang::Vi), "30 lỗi, 2 cảnh báo");
        assert_eq!(summary(count(30, 1), Lang::En), "30 errors, 1 warning");
        assert_eq!(render(&[], Lang::Vi, false), "");
    }
}
