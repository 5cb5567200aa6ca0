//! The dialog in which work is announced.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dialog::{Frame, hint, own};
use crate::dash::draw::Line;
use crate::dash::view::Shot;
use crate::dash::words::worked_on;
use crate::dash::work::{Dialog, Plan, Term, count, target};
use crate::locale::{date_time, duration_short, number, recurrence_words, text, visible};
use crate::t;

/// What stands at the left, and where: what, id, count, a blank, note, term; then its times.
const LABELS: [(u16, &str); 5] = [
    (0, "dash.work_on"),
    (1, "dash.take_id"),
    (2, "dash.work_count"),
    (4, "dash.take_note"),
    (5, "dash.take_term"),
];

/// Lines: those, one more for choices that are short of room, the times.
const LINES: u16 = 8;

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(dialog) = &shot.ui.working.dialog else { return };
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let heading = text(lang, "dash.work");
    let frame = Frame::draw(shot, area, buffer, heading, dialog.choices.position(), &LABELS, LINES);
    if let Some(on) = dialog.on() {
        let (kind, name) = worked_on(lang, shot.board, on);
        let what = Line::styled(name, theme.strong()).then(format!("  {kind}"), theme.dim());
        frame.put(buffer, 0, &what);
        frame.put(buffer, 1, &Line::plain(visible(target(on))));
        let count = i64::try_from(count(shot.board, on)).unwrap_or(i64::MAX);
        let words = t!(lang, "dash.work_subjects", count = number(lang, count));
        frame.put(buffer, 2, &Line::plain(words));
    }
    frame.note(shot, buffer, 4, &dialog.entry);
    let terms = Term::ALL.into_iter().map(|term| (text(lang, term.key()), term == dialog.term));
    let used = frame.choices(shot, buffer, 5, terms);
    for (y, words) in (5 + used..).zip(times(shot, dialog)) {
        frame.put(buffer, y, &words);
    }
}

/// From when to when; of an own time also what is typed and how to write it.
fn times(shot: &Shot<'_>, dialog: &Dialog) -> Vec<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut words = own(shot, &dialog.entry, dialog.term.is_typed());
    match dialog.plan(shot.board, shot.now) {
        Some(Plan { span, every: None }) => {
            let at = |at| date_time(lang, &shot.board.local(at));
            let said = t!(lang, "dash.work_times", from = at(span.from), to = at(span.to));
            words.push(format!("{said} ({})", duration_short(lang, span.len_ms())), theme.dim());
        }
        Some(Plan { span, every: Some(every) }) => {
            let to = date_time(lang, &shot.board.local(span.to));
            let hours = recurrence_words(lang, &every);
            let said = t!(lang, "dash.works.until", hours = hours, to = to);
            return vec![words, Line::styled(format!(" {said}"), theme.dim())];
        }
        // What is typed leaves the hint no room beside it.
        None if !dialog.entry.own.is_empty() => {
            let mut how = Line::plain(" ");
            how.append(hint(shot, &dialog.entry, dialog.term.hint()));
            return vec![words, how];
        }
        None => words.append(hint(shot, &dialog.entry, dialog.term.hint())),
    }
    vec![words]
}
