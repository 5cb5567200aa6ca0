//! Storm mode: the dialog, the sign in the header, the sentence in the status line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::channels::Detail;
use crate::api::{NOTE_MAX, StormInfo};
use crate::dash::draw::{Line, boxed, clear, line, line_right, rows, text as write};
use crate::dash::storm::{Dialog, Term, count};
use crate::dash::view::{Shot, title};
use crate::locale::{date_time, fit, fit_end, number, text, visible, width};
use crate::t;

/// Most columns of the dialog.
const WIDE: u16 = 76;

/// Its rows: box, what, id, count, how it stands, a blank, note, term, its time.
const HIGH: u16 = 10;

/// What stands at the left of its rows.
const LABELS: [&str; 6] = [
    "dash.storm_on",
    "dash.take_id",
    "dash.work_count",
    "dash.storm_now",
    "dash.take_note",
    "dash.storm_until",
];

/// Most columns of the header that a unit's name takes.
const NAME: usize = 24;

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(dialog) = &shot.ui.storming.dialog else { return };
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let (wide, high) = (WIDE.min(area.width), HIGH.min(area.height));
    let place = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    };
    clear(buffer, place);
    let inside = boxed(buffer, place, theme, &title(theme, text(lang, "dash.storm")));
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
    for (y, label) in [0, 1, 2, 3, 5, 6].into_iter().zip(labels) {
        write(buffer, rows(inside, y, 1), 0, label, theme.dim());
    }
    if let Some(unit) = dialog.unit() {
        let name = shot.board.unit(unit).map_or_else(|| unit.to_string(), |u| u.name.clone());
        let what = Line::styled(name, theme.strong());
        line(buffer, rows(inside, 0, 1), column, &what);
        write(buffer, rows(inside, 1, 1), column, &visible(unit.as_str()), Style::new());
        let count = i64::try_from(count(shot.board, unit)).unwrap_or(i64::MAX);
        let words = t!(lang, "dash.storm_units", count = number(lang, count));
        write(buffer, rows(inside, 2, 1), column, &words, Style::new());
    }
    let stands = match dialog.on(shot.board) {
        Some(storm) => Line::styled(sum(shot, storm), theme.poor()),
        None => Line::styled(text(lang, "dash.storm_off"), theme.dim()),
    };
    line(buffer, rows(inside, 3, 1), column, &stands);
    note(shot, dialog, rows(inside, 5, 1), column, buffer);
    let mut terms = Line::default();
    for term in dialog.terms(shot.board) {
        terms.append(super::dialog::choice(theme, text(lang, term.key()), term == dialog.term));
    }
    line(buffer, rows(inside, 6, 1), column, &terms);
    line(buffer, rows(inside, 7, 1), column, &until(shot, dialog));
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

/// Until when; of an own time also what is typed and how to write it.
fn until(shot: &Shot<'_>, dialog: &Dialog) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut words = Line::plain(" ");
    if dialog.term == Term::Own {
        words.push(dialog.own.clone(), theme.strong());
        if dialog.is_on_own {
            words.push(theme.cursor(), theme.selected());
        }
        words.push("  ", Style::new());
    }
    match dialog.until(shot.board, shot.now) {
        Some(_) if dialog.term == Term::End => {
            words.push(text(lang, "dash.storm_end_told"), theme.dim());
        }
        Some(until) => {
            let at = date_time(lang, &shot.board.local(until));
            words.push(t!(lang, "dash.storm_until_told", at = at), theme.dim());
        }
        None => {
            let style = if dialog.is_own_wrong { theme.fault() } else { theme.dim() };
            words.push(text(lang, "dash.storm_own"), style);
        }
    }
    words
}

/// "đến 18:00, đã gộp 37 tin, 4 tin chờ bản tổng hợp lúc 17:15".
fn sum(shot: &Shot<'_>, storm: &StormInfo) -> String {
    let lang = shot.ui.lang;
    t!(
        lang,
        "dash.storm_sum",
        until = shot.when(storm.until),
        folded = number(lang, i64::from(storm.folded)),
        waiting = number(lang, i64::from(storm.waiting)),
        next = shot.when(storm.next)
    )
}

/// "BÃO Huyện Cái Bè đến 18:00 (gộp 41 tin) +1": the oldest, and how many others there are; `None`
/// while there is none.
pub fn sign(shot: &Shot<'_>, detail: Detail) -> Option<Line> {
    let (lang, storms) = (shot.ui.lang, &shot.board.daemon.storms);
    let storm = storms.first()?;
    let until = shot.when(storm.until);
    // What waits is told nowhere else either.
    let folded = number(lang, i64::from(storm.folded) + i64::from(storm.waiting));
    let mut words = match detail {
        Detail::Why => {
            let name = fit(&storm.name, NAME);
            t!(lang, "dash.storm_sign", name = name, until = until, folded = folded)
        }
        Detail::Since => {
            t!(lang, "dash.storm_sign", name = storm.unit, until = until, folded = folded)
        }
        Detail::Name => t!(lang, "dash.storm_sign_short", name = storm.unit, until = until),
    };
    if storms.len() > 1 {
        words.push_str(&format!(" +{}", storms.len() - 1));
    }
    Some(Line::styled(words, shot.theme.poor()))
}

/// Each of them in a sentence.
pub fn sentences(shot: &Shot<'_>) -> Vec<String> {
    let storms = shot.board.daemon.storms.iter();
    storms
        .map(|storm| {
            let (name, sum) = (fit(&storm.name, 2 * NAME), sum(shot, storm));
            t!(shot.ui.lang, "dash.storm_sentence", name = name, sum = sum)
        })
        .collect()
}
