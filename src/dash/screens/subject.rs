//! One subject: what is known of it, its chart, its last outages.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::dialog::choice;
use super::{chart, facts};
use crate::coverage::Outage;
use crate::dash::board::Subject;
use crate::dash::draw::{Column, Line, Table, boxed, line_right, list, rows};
use crate::dash::state::Range;
use crate::dash::view::{Shot, empty, title};
use crate::dash::words::{NOTHING, subject_title};
use crate::locale::{cause_key, date_time, duration, reason_words, state_name, text, visible};
use crate::model::OutageNote;
use crate::t;

/// Columns from which the outages stand beside the facts.
const WIDE: u16 = 130;

/// Rows a chart needs at least: box, curve, loss, state and times.
const CHART_ROWS: u16 = 8;

/// The box with the facts.
fn above(shot: &Shot<'_>, subject: Subject<'_>, area: Rect) -> Rect {
    let wide = area.width >= WIDE;
    let width = if wide { area.width * 60 / 100 } else { area.width };
    let lines = facts::lines(shot, subject, width.saturating_sub(2));
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    let least = CHART_ROWS.max(area.height * 45 / 100);
    let upper = lines.saturating_add(2).min(area.height.saturating_sub(least));
    Rect { width, ..rows(area, 0, upper) }
}

/// How far down the facts can be read.
pub fn most(shot: &Shot<'_>, area: Rect) -> usize {
    let open = shot.ui.detail.as_ref().and_then(|detail| shot.board.subject(&detail.subject));
    let Some(subject) = open else { return 0 };
    let above = above(shot, subject, area);
    let lines = facts::lines(shot, subject, above.width.saturating_sub(2));
    lines.saturating_sub(usize::from(above.height.saturating_sub(2)))
}

/// Draws the open subject.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(detail) = &shot.ui.detail else { return };
    let Some(subject) = shot.board.subject(&detail.subject) else { return };
    let theme = shot.theme;
    let above = above(shot, subject, area);
    let (wide, upper) = (area.width >= WIDE, above.height);
    let inside = boxed(buffer, above, theme, &title(theme, subject_title(shot.board, subject)));
    let (all, shown) = (facts::lines(shot, subject, inside.width), usize::from(inside.height));
    let top = detail.top.min(all.saturating_sub(shown));
    if all > shown {
        let last = (top + shown).min(all);
        let heading = Rect { width: above.width.saturating_sub(1), ..rows(above, 0, 1) };
        let words = Line::styled(format!(" {}–{last}/{all} ", top + 1), theme.dim());
        line_right(buffer, heading, heading.width / 2, &words);
    }
    facts::draw_from(shot, facts::list(shot, subject), top, inside, buffer);
    let mut below = rows(area, upper, area.height - upper);
    if wide {
        let right = Rect { x: above.x + above.width, width: area.width - above.width, ..above };
        outages(shot, right, buffer);
    } else if below.height >= CHART_ROWS * 2 {
        let chart_height = below.height * 60 / 100;
        outages(shot, rows(below, chart_height, below.height - chart_height), buffer);
        below = rows(below, 0, chart_height);
    }
    let inside = boxed(buffer, below, theme, &chart_title(shot));
    chart_or_words(shot, inside, buffer);
}

/// "RTT và mất gói   1 giờ  [24 giờ]  7 ngày  30 ngày"
fn chart_title(shot: &Shot<'_>) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut heading = title(theme, text(lang, "dash.chart"));
    let chosen = shot.ui.detail.as_ref().map(|d| d.range);
    for range in Range::ALL {
        heading.push(" ", Style::new());
        heading.append(choice(theme, text(lang, range.key()), chosen == Some(range)));
    }
    // How long it is stands beside it already.
    if let Some(detail) = shot.ui.detail.as_ref().filter(|detail| detail.end.is_some()) {
        let at = date_time(lang, &shot.board.local(detail.window(shot.now).to));
        heading.push(format!("  {}", t!(lang, "dash.take_until", at = at)), theme.strong());
    }
    heading
}

/// "26/10/2026 07:00 – 26/10/2026 08:00" of a chart that does not go with the time.
fn page(shot: &Shot<'_>) -> Option<String> {
    let detail = shot.ui.detail.as_ref().filter(|d| d.end.is_some())?;
    let window = detail.window(shot.now);
    let at = |at| date_time(shot.ui.lang, &shot.board.local(at));
    Some(format!("{} – {}", at(window.from), at(window.to)))
}

fn chart_or_words(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let Some(detail) = &shot.ui.detail else { return };
    match detail.shown() {
        Some((_, Ok(history))) => chart::draw(shot, history, area, buffer),
        Some((_, Err(reason))) => {
            let words = t!(lang, "dash.no_history", reason = reason_words(lang, reason));
            empty(buffer, area, theme, &words);
        }
        _ => empty(buffer, area, theme, text(lang, "dash.loading")),
    }
}

/// The last outages of the chart's window, newest first.
fn outages(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let Some(detail) = &shot.ui.detail else { return };
    let heading = match page(shot) {
        Some(page) => t!(lang, "dash.outages_page", page = page),
        None => t!(lang, "dash.outages", range = text(lang, detail.range.key())),
    };
    let inside = boxed(buffer, area, theme, &title(theme, heading));
    let Some((_, Ok(history))) = detail.shown() else { return };
    if history.outages.is_empty() {
        return empty(buffer, inside, theme, text(lang, "dash.no_outages"));
    }
    let columns = vec![
        Column::words("", 1, 0),
        Column::words(text(lang, "dash.column_from"), 16, 0),
        Column::words(text(lang, "dash.column_to"), 16, 2),
        Column::words(text(lang, "dash.column_length"), 16, 0),
        Column::growing(text(lang, "dash.column_root"), 12),
        Column::words(text(lang, "dash.cause.cause"), 17, 1),
        Column::words(text(lang, "dash.column_note"), 20, 3),
    ];
    let table = Table::new(columns, inside.width);
    let count = history.outages.len();
    list(buffer, inside, theme, &table, (0, None, count), |i| {
        let outage = history.outages.get(count - 1 - i);
        outage.map(|o| outage_cells(shot, o, &history.notes)).unwrap_or_default()
    });
}

fn outage_cells(shot: &Shot<'_>, outage: &Outage, notes: &[OutageNote]) -> Vec<Line> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let at = |t| date_time(lang, &board.local(t));
    let end = outage.end.unwrap_or(shot.now);
    let cause = match &outage.cause {
        Some(id) => board.subject(id).map_or_else(|| id.to_string(), |s| subject_title(board, s)),
        None => NOTHING.to_owned(),
    };
    let is_of = |note: &&OutageNote| {
        outage.start <= note.start && outage.end.is_none_or(|end| note.start < end)
    };
    let said = notes.iter().rfind(is_of);
    vec![
        Line::styled(theme.glyph(outage.state).to_string(), theme.state(outage.state)),
        Line::plain(at(outage.start)),
        match outage.end {
            Some(end) => Line::plain(at(end)),
            None => Line::styled(state_name(lang, outage.state), theme.state(outage.state)),
        },
        Line::plain(duration(lang, end.since(outage.start).max(0))),
        Line::plain(cause),
        Line::plain(said.map_or(NOTHING, |note| text(lang, cause_key(note.cause)))),
        Line::plain(said.map(|note| visible(&note.note)).unwrap_or_default()),
    ]
}
