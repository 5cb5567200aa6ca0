//! The incidents that are over, in the list beneath the open ones and in full.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::facts;
use super::incidents::down_with;
use crate::api::ClosedIncident;
use crate::dash::draw::{Line, boxed, rows};
use crate::dash::view::{Shot, title};
use crate::dash::words::{NOTHING, others, subject_title};
use crate::locale::{
    cause_key, date_time, duration, duration_short, guess_words, number, sign_words,
};
use crate::locale::{fit, reason_words, text, visible, width};
use crate::model::IncidentId;
use crate::t;

/// The line that folds them: how many there are, or why that is not known.
pub fn fold(shot: &Shot<'_>) -> Vec<Line> {
    let (lang, theme, closed) = (shot.ui.lang, shot.theme, &shot.ui.closed);
    let sign = theme.fold(closed.is_open).to_string();
    let count = number(lang, i64::try_from(closed.fetched.list.len()).unwrap_or(i64::MAX));
    let what = match (&closed.fetched.failure, closed.fetched.is_loaded()) {
        (Some(reason), _) => t!(lang, "dash.closed.unread", reason = reason_words(lang, reason)),
        (None, false) => text(lang, "dash.loading").to_owned(),
        (None, true) if closed.is_open => text(lang, "dash.closed.fold").to_owned(),
        (None, true) => text(lang, "dash.closed.unfold").to_owned(),
    };
    vec![
        Line::styled(sign, theme.strong()),
        Line::styled(text(lang, "dash.closed.back"), theme.strong()),
        Line::styled(t!(lang, "dash.closed.title", count = count), theme.strong()),
        Line::styled(what, theme.dim()),
    ]
}

fn root_name(shot: &Shot<'_>, incident: &ClosedIncident) -> String {
    let root = shot.board.subject(&incident.root);
    root.map_or_else(|| incident.root.to_string(), |s| subject_title(shot.board, s))
}

/// What it was: as somebody said, else as it is guessed.
fn cause(shot: &Shot<'_>, incident: &ClosedIncident) -> String {
    let lang = shot.ui.lang;
    match (&incident.noted, &incident.guess) {
        (Some(noted), _) => text(lang, cause_key(noted.cause)).to_owned(),
        (None, Some(guess)) => guess_words(lang, guess),
        (None, None) => text(lang, "dash.closed.unsaid").to_owned(),
    }
}

/// A row of the incidents' table, in which a name has `name` columns.
pub fn cells(shot: &Shot<'_>, name: usize, id: &IncidentId) -> Vec<Line> {
    let Some(incident) = shot.ui.closed.incident(id) else { return Vec::new() };
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let root = board.subject(&incident.root);
    let carrier = root.and_then(|s| board.carrier(s));
    let or_nothing = |text: Option<String>| Line::plain(text.unwrap_or_else(|| NOTHING.to_owned()));
    let others = others(incident.with.len());
    let taken = incident.ack.as_ref();
    let taken = taken.map(|ack| t!(lang, "incident.taken", by = visible(&ack.by)));
    let said: Vec<String> = [Some(cause(shot, incident)), taken].into_iter().flatten().collect();
    vec![
        Line::styled(theme.glyph(incident.state).to_string(), theme.dim()),
        Line::styled(shot.when(incident.since), theme.dim()),
        Line::plain(fit(&root_name(shot, incident), name.saturating_sub(width(&others))) + &others),
        Line::plain(said.join(" · ")),
        Line::plain(duration_short(lang, incident.closed.since(incident.since).max(0))),
        or_nothing(carrier.map(|c| c.name.clone())),
        or_nothing(root.and_then(|s| s.circuit()).map(str::to_owned)),
        or_nothing(carrier.and_then(|c| c.hotline.clone())),
        Line::plain(t!(lang, "dash.closed.at", at = shot.when(incident.closed))),
    ]
}

/// Everything that is known of one.
pub fn about(shot: &Shot<'_>, id: &IncidentId, area: Rect, buffer: &mut Buffer) {
    let Some(incident) = shot.ui.closed.incident(id) else { return };
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let inside = boxed(
        buffer,
        area,
        theme,
        &title(theme, root_name(shot, incident) + &others(incident.with.len())),
    );
    let at = |at| date_time(lang, &board.local(at));
    let length = duration(lang, incident.closed.since(incident.since).max(0));
    let (from, to) = (at(incident.since), at(incident.closed));
    let mut lines = vec![Line::styled(
        t!(lang, "dash.cause.from_to", from = from, to = to, length = length),
        theme.strong(),
    )];
    let units = number(lang, i64::from(incident.units));
    lines.push(Line::plain(t!(lang, "dash.closed.units", count = units)));
    lines.extend(down_with(shot, incident.with.iter().map(|line| &line.subject)));
    let mut said =
        Line::plain(format!("{}: {}", text(lang, "dash.cause.cause"), cause(shot, incident)));
    if let Some(noted) = &incident.noted {
        let by = t!(lang, "dash.closed.said", by = visible(&noted.by), at = shot.when(noted.at));
        said.push(format!(" ({by})"), theme.dim());
        if !noted.note.is_empty() {
            said.push(format!(": {}", visible(&noted.note)), Style::new());
        }
    }
    lines.push(said);
    if let Some(guess) = &incident.guess {
        let signs: Vec<String> = guess.signs.iter().map(|sign| sign_words(lang, sign)).collect();
        lines.push(Line::styled(signs.join("; "), theme.dim()));
    }
    if let Some(ack) = &incident.ack {
        let (by, note) = (visible(&ack.by), visible(&ack.note));
        let words = t!(lang, "incident.taken_note", by = by, at = shot.when(ack.at), note = note);
        lines.push(Line::styled(words, theme.dim()));
    }
    if let Some(into) = &incident.merged_into {
        let words = t!(lang, "dash.closed.merged", id = visible(into.as_str()));
        lines.push(Line::styled(words, theme.dim()));
    }
    let mut y = 0;
    for words in lines {
        let left = rows(inside, y, inside.height.saturating_sub(y));
        y += facts::wrapped(buffer, left, &words);
    }
    let left = rows(inside, y, inside.height.saturating_sub(y));
    if let Some(subject) = board.subject(&incident.root) {
        facts::draw_alone(shot, subject, left, buffer);
    }
}

/// Beneath the list while the line that folds them is selected.
pub fn hint(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let inside = boxed(buffer, area, shot.theme, &Line::default());
    let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    let words = Line::styled(text(shot.ui.lang, "dash.closed.hint"), shot.theme.dim());
    facts::wrapped(buffer, inside, &words);
}
