//! The dialog in which work is announced, and what came of the user's actions for the status line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::api::NOTE_MAX;
use crate::dash::draw::{Line, boxed, clear, line, line_right, rows, text as write};
use crate::dash::notice::Said;
use crate::dash::view::{Shot, title};
use crate::dash::words::subject_title;
use crate::dash::work::{Dialog, Term, count, target};
use crate::locale::{date_time, fit, fit_end, number, reason, text, visible, width};
use crate::model::WorkedOn;
use crate::t;

/// Most columns of the dialog.
const WIDE: u16 = 76;

/// Its rows: box, what, id, count, a blank, note, term, its times.
const HIGH: u16 = 9;

/// What stands at the left of its rows.
const LABELS: [&str; 5] =
    ["dash.work_on", "dash.take_id", "dash.work_count", "dash.take_note", "dash.take_term"];

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(dialog) = &shot.ui.working.dialog else { return };
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let (wide, high) = (WIDE.min(area.width), HIGH.min(area.height));
    let place = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    };
    clear(buffer, place);
    let inside = boxed(buffer, place, theme, &title(theme, text(lang, "dash.work")));
    if let (at, count @ 2..) = dialog.position() {
        let words = t!(lang, "dash.take_which", at = at, count = count);
        let top = rows(place, 0, 1);
        let words = Line::styled(format!(" {words} "), theme.strong());
        line_right(buffer, Rect { width: top.width.saturating_sub(1), ..top }, wide / 2, &words);
    }
    let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    let labels = LABELS.map(|key| text(lang, key));
    let column = labels.iter().map(|label| width(label)).max().unwrap_or(0) + 2;
    let column = u16::try_from(column).unwrap_or(0);
    for (y, label) in [0, 1, 2, 4, 5].into_iter().zip(labels) {
        write(buffer, rows(inside, y, 1), 0, label, theme.dim());
    }
    if let Some(on) = dialog.on() {
        let (kind, name) = named(shot, on);
        let what = Line::styled(name, theme.strong()).then(format!("  {kind}"), theme.dim());
        line(buffer, rows(inside, 0, 1), column, &what);
        write(buffer, rows(inside, 1, 1), column, &visible(target(on)), Style::new());
        let count = i64::try_from(count(shot.board, on)).unwrap_or(i64::MAX);
        let words = t!(lang, "dash.work_subjects", count = number(lang, count));
        write(buffer, rows(inside, 2, 1), column, &words, Style::new());
    }
    note(shot, dialog, rows(inside, 4, 1), column, buffer);
    let mut terms = Line::default();
    for term in Term::ALL {
        terms.append(super::take::choice(theme, text(lang, term.key()), term == dialog.term));
    }
    line(buffer, rows(inside, 5, 1), column, &terms);
    line(buffer, rows(inside, 6, 1), column, &times(shot, dialog));
}

/// What kind of thing is worked on, and its name.
fn named(shot: &Shot<'_>, on: &WorkedOn) -> (&'static str, String) {
    let (lang, board) = (shot.ui.lang, shot.board);
    match on {
        WorkedOn::Subject(id) => {
            let name = board.subject(id).map(|s| subject_title(board, s));
            (text(lang, "dash.work_subject"), name.unwrap_or_else(|| id.to_string()))
        }
        WorkedOn::Unit(id) => {
            let name = board.unit(id).map(|u| u.name.clone());
            (text(lang, "dash.work_unit"), name.unwrap_or_else(|| id.to_string()))
        }
        WorkedOn::Carrier(id) => {
            let name = board.carriers.iter().find(|c| c.id == *id).map(|c| c.name.clone());
            (text(lang, "dash.work_carrier"), name.unwrap_or_else(|| id.to_string()))
        }
    }
}

/// What is typed, its end where it is too long, and how much of it there may be.
fn note(shot: &Shot<'_>, dialog: &Dialog, area: Rect, column: u16, buffer: &mut Buffer) {
    let theme = shot.theme;
    let count = format!("{}/{NOTE_MAX}", dialog.note.chars().count());
    let count_width = u16::try_from(width(&count)).unwrap_or(0);
    let room = area.width.saturating_sub(column + count_width + 2);
    let shown = fit_end(&dialog.note, usize::from(room.saturating_sub(1)));
    let mut words = Line::styled(shown, theme.strong());
    if !dialog.is_on_own {
        words.push(theme.cursor(), theme.selected());
    }
    let end = line(buffer, Rect { width: column + room, ..area }, column, &words);
    line_right(buffer, area, end, &Line::styled(count, theme.dim()));
}

/// From when to when; of an own time also what is typed and how to write it.
fn times(shot: &Shot<'_>, dialog: &Dialog) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut words = Line::plain(" ");
    if dialog.term == Term::Own {
        words.push(dialog.own.clone(), theme.strong());
        if dialog.is_on_own {
            words.push(theme.cursor(), theme.selected());
        }
        words.push("  ", Style::new());
    }
    match dialog.span(shot.board, shot.now) {
        Some(span) => {
            let at = |at| date_time(lang, &shot.board.local(at));
            let said = t!(lang, "dash.work_times", from = at(span.from), to = at(span.to));
            words.push(said, theme.dim());
        }
        None => {
            let style = if dialog.is_own_wrong { theme.fault() } else { theme.dim() };
            words.push(text(lang, "dash.work_own"), style);
        }
    }
    words
}

/// What is asked now, or what came last, for the status line.
pub fn told(shot: &Shot<'_>) -> Option<Line> {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    if let Some(id) = ui.working.asked() {
        let words = t!(lang, "dash.working", id = id);
        return Some(Line::styled(format!("{} {words}", theme.turning(shot.now)), theme.strong()));
    }
    if let Some(unit) = ui.storming.asked() {
        let words = t!(lang, "dash.storming", unit = unit);
        return Some(Line::styled(format!("{} {words}", theme.turning(shot.now)), theme.strong()));
    }
    let fault = |words: String| Some(Line::styled(words, theme.fault()));
    let plain = |words: String| Some(Line::styled(words, theme.strong()));
    match ui.notices.at(shot.now)? {
        Said::Announced(id, subjects, to) => {
            let (count, to) = (number(lang, i64::from(*subjects)), shot.when(*to));
            plain(t!(lang, "dash.work_done", id = id, count = count, to = to))
        }
        Said::WorkRefused(why) => {
            fault(t!(lang, "dash.work_refused", reason = visible(&reason(lang, why))))
        }
        Said::WorkUnanswered(why) => {
            fault(t!(lang, "dash.work_unanswered", reason = visible(&reason(lang, why))))
        }
        Said::Storm(name, until) => {
            plain(t!(lang, "dash.storm_done", name = name, until = shot.when(*until)))
        }
        Said::StormOver(name, folded, open) => {
            let number = |n: u32| number(lang, i64::from(n));
            let (folded, open) = (number(*folded), number(*open));
            plain(t!(lang, "dash.storm_over", name = name, folded = folded, open = open))
        }
        Said::StormRefused(why) => {
            fault(t!(lang, "dash.storm_refused", reason = visible(&reason(lang, why))))
        }
        Said::StormUnanswered(why) => {
            fault(t!(lang, "dash.storm_unanswered", reason = visible(&reason(lang, why))))
        }
        Said::ReadOnly => fault(text(lang, "dash.work_read_only").to_owned()),
        Said::NoDaemon => fault(text(lang, "dash.work_no_daemon").to_owned()),
        Said::Nothing => fault(text(lang, "dash.nothing_selected").to_owned()),
        Said::Copied(what) => plain(t!(lang, "dash.copied", what = fit(what, 60))),
        Said::Exported(path, count) => {
            let count = number(lang, i64::try_from(*count).unwrap_or(i64::MAX));
            plain(t!(lang, "dash.exported", count = count, path = visible(path)))
        }
        Said::Reported(path) => plain(t!(lang, "dash_reports.written", path = visible(path))),
        Said::ReportExists(name) => fault(t!(lang, "dash_reports.exists", name = visible(name))),
        Said::Kept(path) => plain(t!(lang, "dash.kept", path = visible(path))),
        Said::NotExported(why) => {
            fault(t!(lang, "dash.not_exported", reason = visible(&reason(lang, why))))
        }
        Said::Asked(count, subject) => {
            let count = number(lang, i64::from(*count));
            let name = shot.board.subject(subject);
            let name = name.map_or_else(|| subject.to_string(), |s| subject_title(shot.board, s));
            plain(t!(lang, "dash.asked", name = name, count = count))
        }
        Said::NotAsked(why) => {
            fault(t!(lang, "dash.not_asked", reason = visible(&reason(lang, why))))
        }
    }
}
