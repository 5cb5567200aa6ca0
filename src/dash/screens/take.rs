//! The dialog in which an incident is taken, and what came of it for the status line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::api::NOTE_MAX;
use crate::dash::draw::{Line, boxed, clear, line, line_right, rows, text as write};
use crate::dash::take::{Dialog, Holds, Notice, Term, holding};
use crate::dash::theme::Theme;
use crate::dash::view::{Shot, title};
use crate::dash::words::{impact, subject_title};
use crate::locale::{fit_end, reason as reason_in, state_name, text, visible, width};
use crate::model::{Incident, SubjectId};
use crate::t;

/// Most columns of the dialog.
const WIDE: u16 = 76;

/// Its rows: box, root, id, impact, a blank, note, term, its end.
const HIGH: u16 = 9;

/// What stands at the left of its rows.
const LABELS: [&str; 5] =
    ["dash.take_root", "dash.take_id", "dash.take_cuts", "dash.take_note", "dash.take_term"];

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(dialog) = &shot.ui.taking.dialog else { return };
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let (wide, high) = (WIDE.min(area.width), HIGH.min(area.height));
    let place = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    };
    clear(buffer, place);
    let heading = title(theme, text(lang, "dash.take"));
    let inside = boxed(buffer, place, theme, &heading);
    if let (at, count @ 2..) = dialog.position() {
        let words = t!(lang, "dash.take_which", at = at, count = count);
        let words = Line::styled(format!(" {words} "), theme.strong());
        let top = rows(place, 0, 1);
        line_right(buffer, Rect { width: top.width.saturating_sub(1), ..top }, wide / 2, &words);
    }
    let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    let labels = LABELS.map(|key| text(lang, key));
    let column = labels.iter().map(|label| width(label)).max().unwrap_or(0) + 2;
    let column = u16::try_from(column).unwrap_or(0);
    for (y, label) in [0, 1, 2, 4, 5].into_iter().zip(labels) {
        write(buffer, rows(inside, y, 1), 0, label, theme.dim());
    }
    let incident = dialog.incident(shot.board);
    for (y, words) in (0..).zip(about(shot, dialog, incident)) {
        line(buffer, rows(inside, y, 1), column, &words);
    }
    note(shot, dialog, rows(inside, 4, 1), column, buffer);
    line(buffer, rows(inside, 5, 1), column, &terms(shot, dialog));
    line(buffer, rows(inside, 6, 1), column, &end(shot, dialog));
}

/// A root's name with its unit's.
fn name(shot: &Shot<'_>, root: &SubjectId) -> String {
    let subject = shot.board.subject(root);
    subject.map_or_else(|| root.to_string(), |s| subject_title(shot.board, s))
}

/// Root with its unit and state, id, impact; then what is in the way of taking it.
fn about(shot: &Shot<'_>, dialog: &Dialog, incident: Option<&Incident>) -> Vec<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let Some((id, root)) = dialog.about() else { return Vec::new() };
    let id = Line::plain(visible(id.as_str()));
    let Some(incident) = incident else {
        let over = Line::styled(text(lang, "dash.take_over"), theme.fault());
        return vec![Line::plain(name(shot, root)), id, Line::default(), over];
    };
    let style = theme.state(incident.state);
    let since = t!(lang, "dash.since", at = shot.when(incident.since));
    let root = Line::styled(format!("{} ", theme.glyph(incident.state)), style)
        .then(name(shot, &incident.root), theme.strong())
        .then(format!("  {} ", state_name(lang, incident.state)), style)
        .then(since, Style::new());
    let mut lines = vec![root, id, Line::plain(impact(lang, shot.board, incident))];
    if let Some(ack) = holding(incident, shot.now) {
        let words = t!(lang, "ack.already", by = visible(&ack.by), when = shot.when(ack.at));
        lines.push(Line::styled(words, theme.fault()));
    }
    lines
}

/// What is typed, its end where it is too long, and how much of it there may be.
fn note(shot: &Shot<'_>, dialog: &Dialog, area: Rect, column: u16, buffer: &mut Buffer) {
    let theme = shot.theme;
    let count = format!("{}/{NOTE_MAX}", dialog.note.chars().count());
    let count_width = u16::try_from(width(&count)).unwrap_or(0);
    let room = area.width.saturating_sub(column + count_width + 2);
    let area_of_note = Rect { width: column + room, ..area };
    let shown = fit_end(&dialog.note, usize::from(room.saturating_sub(1)));
    let mut words = Line::styled(shown, theme.strong());
    if !dialog.is_on_own {
        words.push(theme.cursor(), theme.selected());
    }
    let end = line(buffer, area_of_note, column, &words);
    line_right(buffer, area, end, &Line::styled(count, theme.dim()));
}

/// "[đến khi xong]  1 giờ  4 giờ  đến 07:00  khác"
fn terms(shot: &Shot<'_>, dialog: &Dialog) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut words = Line::default();
    for term in Term::ALL {
        words.append(choice(theme, text(lang, term.key()), term == dialog.term));
    }
    words
}

/// One of several choices; the chosen one stands between brackets, so that it is told from the
/// others where nothing is reversed.
pub fn choice(theme: &Theme, name: &str, is_chosen: bool) -> Line {
    match is_chosen {
        true => Line::styled(format!("[{name}]"), theme.selected()),
        false => Line::styled(format!(" {name} "), theme.dim()),
    }
}

/// Until when that is; of an own length also what is typed and how to write it.
fn end(shot: &Shot<'_>, dialog: &Dialog) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut words = Line::plain(" ");
    if dialog.term == Term::Own {
        words.push(dialog.own.clone(), theme.strong());
        if dialog.is_on_own {
            words.push(theme.cursor(), theme.selected());
        }
        words.push("  ", Style::new());
    }
    match dialog.holds(shot.board, shot.now).map(|holds| (holds, holds.end(shot.now))) {
        Some((Holds::Over, _)) => {}
        Some((_, at)) => {
            let at = at.map(|at| crate::locale::date_time(lang, &shot.board.local(at)));
            let until = t!(lang, "dash.take_until", at = at.unwrap_or_default());
            words.push(until, theme.dim());
        }
        None => {
            let style = if dialog.is_own_wrong { theme.fault() } else { theme.dim() };
            words.push(text(lang, "dash.take_own"), style);
        }
    }
    words
}

/// What is asked now, or what came of it last, for the status line.
pub fn told(shot: &Shot<'_>) -> Option<Line> {
    let (lang, theme, taking) = (shot.ui.lang, shot.theme, &shot.ui.taking);
    if let Some(root) = taking.asked() {
        let words = t!(lang, "dash.taking", root = name(shot, root));
        return Some(Line::styled(format!("{} {words}", theme.turning(shot.now)), theme.strong()));
    }
    let root = |root: &SubjectId| name(shot, root);
    let words = match taking.notice(shot.now)? {
        Notice::Taken(subject, ack) => {
            let by = visible(&ack.by);
            let holds = match ack.until {
                Some(until) => t!(lang, "ack.until", by = by, when = shot.when(until)),
                None => t!(lang, "ack.until_over", by = by),
            };
            return Some(Line::styled(format!("{}: {holds}", root(subject)), theme.strong()));
        }
        Notice::Already(subject, by, at) => {
            let by = visible(by.as_deref().unwrap_or("?"));
            let when = at.map_or_else(|| "?".to_owned(), |at| shot.when(at));
            format!("{}: {}", root(subject), t!(lang, "ack.already", by = by, when = when))
        }
        Notice::Over(subject) => format!("{}: {}", root(subject), text(lang, "dash.take_over")),
        Notice::NothingOpen => text(lang, "dash.take_nothing").to_owned(),
        Notice::ReadOnly => text(lang, "dash.take_read_only").to_owned(),
        Notice::NoDaemon => text(lang, "dash.take_no_daemon").to_owned(),
        Notice::Refused(subject, reason) => {
            let reason = visible(&reason_in(lang, reason));
            t!(lang, "dash.take_refused", root = root(subject), reason = reason)
        }
        Notice::Unanswered(subject, reason) => {
            let reason = visible(&reason_in(lang, reason));
            t!(lang, "dash.take_unanswered", root = root(subject), reason = reason)
        }
    };
    Some(Line::styled(words, theme.fault()))
}
