//! The dialog in which an outage gets its cause.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dialog::Frame;
use crate::dash::draw::Line;
use crate::dash::outage::{Dialog, Spoken};
use crate::dash::view::Shot;
use crate::dash::words::{impact, subject_title};
use crate::locale::{cause_key, date_time, duration, text, visible};
use crate::model::Cause;
use crate::t;

/// What stands at the left, and where: whose, id, when, what it cuts off, note, cause; then what was
/// said before.
const LABELS: [(u16, &str); 6] = [
    (0, "dash.cause.of"),
    (1, "dash.take_id"),
    (2, "dash.cause.when"),
    (3, "dash.take_cuts"),
    (4, "dash.take_note"),
    (5, "dash.cause.cause"),
];

/// Lines: those, one more for causes that are short of room, what was said before and what follows.
const LINES: u16 = 9;

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(dialog) = &shot.ui.speaking.dialog else { return };
    let lang = shot.ui.lang;
    let heading = text(lang, "dash.cause.title");
    let frame = Frame::draw(shot, area, buffer, heading, dialog.choices.position(), &LABELS, LINES);
    if let Some(spoken) = dialog.about() {
        for (y, words) in (0..).zip(about(shot, spoken)) {
            frame.put(buffer, y, &words);
        }
    }
    frame.note(shot, buffer, 4, &dialog.entry);
    let causes = Cause::ALL.into_iter().map(|c| (text(lang, cause_key(c)), c == dialog.cause));
    let used = frame.choices(shot, buffer, 5, causes);
    for (y, words) in (5 + used..).zip(before(shot, dialog)) {
        frame.put(buffer, y, &words);
    }
}

/// Whose it is, its id, from when to when, what it cuts off.
fn about(shot: &Shot<'_>, spoken: &Spoken) -> [Line; 4] {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let subject = board.subject(&spoken.id.subject);
    let name = subject.map_or_else(|| spoken.id.subject.to_string(), |s| subject_title(board, s));
    let at = |at| date_time(lang, &board.local(at));
    let length = duration(lang, spoken.end.unwrap_or(shot.now).since(spoken.id.start).max(0));
    let times = match spoken.end {
        Some(end) => {
            t!(
                lang,
                "dash.cause.from_to",
                from = at(spoken.id.start),
                to = at(end),
                length = length
            )
        }
        None => t!(lang, "dash.cause.lasts", from = at(spoken.id.start), length = length),
    };
    let of = board.incidents.iter().find(|i| i.members().any(|m| *m == spoken.id.subject));
    let cuts = match of.filter(|_| spoken.end.is_none()) {
        Some(incident) => impact(lang, board, incident),
        None => text(lang, "dash.cause.one").to_owned(),
    };
    [
        Line::styled(name, theme.strong()),
        Line::plain(visible(&spoken.id.to_string())),
        Line::plain(times),
        Line::plain(cuts),
    ]
}

/// What was said before, and that calling it something else needs a reason; else what it probably is.
fn before(shot: &Shot<'_>, dialog: &Dialog) -> Vec<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let Some(spoken) = dialog.about() else { return Vec::new() };
    let mut lines = Vec::new();
    if spoken.with > 0 {
        let words = t!(lang, "dash.cause.with", count = spoken.with);
        lines.push(Line::styled(format!(" {words}"), theme.strong()));
    }
    if let Some(note) = &spoken.before {
        let cause = text(lang, cause_key(note.cause));
        let by = visible(&note.by);
        let (at, more) = (shot.when(note.at), visible(&note.note));
        let key = if more.is_empty() { "dash.cause.before" } else { "dash.cause.before_note" };
        let said = t!(lang, key, by = by, at = at, cause = cause, note = more);
        lines.push(Line::styled(format!(" {said}"), theme.dim()));
        if note.cause != dialog.cause {
            let style = if dialog.entry.is_wrong { theme.fault() } else { theme.strong() };
            lines.push(Line::styled(format!(" {}", text(lang, "dash.cause.reason")), style));
        }
    } else if let Some(guess) = spoken.guess {
        let cause = text(lang, cause_key(guess));
        let words = t!(lang, "dash.cause.guess", cause = cause);
        lines.push(Line::styled(format!(" {words}"), theme.dim()));
    }
    lines
}
