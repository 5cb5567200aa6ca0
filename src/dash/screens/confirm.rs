//! What the user is asked before something is done for him.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dialog::Frame;
use crate::api::ASK_MAX;
use crate::dash::confirm::{Confirm, Deed};
use crate::dash::draw::Line;
use crate::dash::view::Shot;
use crate::locale::{number, text, visible};
use crate::t;

/// What stands at the left, and where: name, id, count; then what is besides to be known.
const LABELS: [(u16, &str); 3] =
    [(0, "dash.sure.name"), (1, "dash.take_id"), (2, "dash.work_count")];
/// The same of a file.
const FILE_LABELS: [(u16, &str); 3] =
    [(0, "dash.sure.name"), (1, "dash.sure.file"), (2, "dash.work_count")];

/// Most lines of what is to be copied.
const COPIED: usize = 4;

/// Draws the question over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(confirm) = &shot.ui.confirm else { return };
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let heading = match &confirm.deed {
        Deed::Ask(_) => "dash.sure.ask",
        Deed::Copy(_) => "dash.sure.copy",
        Deed::Export(_) => "dash.sure.export",
        Deed::End(_) => "dash.sure.end",
    };
    let more = match confirm.deed {
        Deed::Copy(_) => 2,
        _ => u16::from(confirm.when.is_some()),
    };
    let lines = 5 + more;
    let labels = if matches!(confirm.deed, Deed::Export(_)) { &FILE_LABELS } else { &LABELS };
    let frame = Frame::draw(shot, area, buffer, text(lang, heading), (1, 1), labels, lines);
    frame.put(buffer, 0, &Line::styled(visible(&confirm.name), theme.strong()));
    frame.put(buffer, 1, &Line::plain(visible(&confirm.id)));
    frame.put(buffer, 2, &count(shot, confirm));
    for (y, words) in (3..).zip(besides(shot, confirm, frame.room())) {
        frame.put(buffer, y, &words);
    }
}

/// How much it takes in, and how much it does not.
fn count(shot: &Shot<'_>, confirm: &Confirm) -> Line {
    let lang = shot.ui.lang;
    let figure = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let count = figure(confirm.count);
    let words = match &confirm.deed {
        Deed::Ask(_) | Deed::End(_) => t!(lang, "dash.work_subjects", count = count),
        Deed::Copy(_) | Deed::Export(_) => t!(lang, "dash.sure.lines", count = count),
    };
    let mut words = Line::plain(words);
    if confirm.left_out > 0 {
        let (left, most) = (figure(confirm.left_out), figure(ASK_MAX));
        let said = t!(lang, "dash.sure.left_out", count = left, most = most);
        words.push(format!("  {said}"), shot.theme.fault());
    }
    words
}

/// What is copied as it will be; where a file goes; what ending work means.
fn besides(shot: &Shot<'_>, confirm: &Confirm, room: usize) -> Vec<Line> {
    let (lang, dim) = (shot.ui.lang, shot.theme.dim());
    let words = match &confirm.deed {
        Deed::Copy(line) => visible(line),
        Deed::Export(_) => text(lang, "dash.sure.where").to_owned(),
        Deed::End(_) => text(lang, "dash.sure.ends").to_owned(),
        Deed::Ask(_) => text(lang, "dash.sure.asks").to_owned(),
    };
    let mut lines = Line::styled(words, dim).wrap(room);
    // More is copied than is shown.
    if lines.len() > COPIED {
        lines.truncate(COPIED);
        let last = lines.pop().map(|last| last.open_ended(room));
        lines.extend(last);
    }
    let when = confirm.when.iter().map(|when| Line::styled(when.clone(), shot.theme.strong()));
    when.chain(lines).collect()
}
