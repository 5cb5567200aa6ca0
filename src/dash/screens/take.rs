//! The dialog in which an incident is taken.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::dialog::{Frame, ahead, hint, own};
use crate::dash::draw::Line;
use crate::dash::take::{Dialog, Holds, Term, holding};
use crate::dash::view::Shot;
use crate::dash::words::{impact, subject_title};
use crate::locale::{state_name, text, visible};
use crate::model::{Incident, SubjectId};
use crate::t;

/// What stands at the left, and where: root, id, impact, a blank, note, term; then its end.
const LABELS: [(u16, &str); 5] = [
    (0, "dash.take_root"),
    (1, "dash.take_id"),
    (2, "dash.take_cuts"),
    (4, "dash.take_note"),
    (5, "dash.take_term"),
];

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(dialog) = &shot.ui.taking.dialog else { return };
    let lang = shot.ui.lang;
    let heading = text(lang, "dash.take");
    let frame = Frame::draw(shot, area, buffer, heading, dialog.choices.position(), &LABELS, 7);
    let incident = dialog.incident(shot.board);
    for (y, words) in (0..).zip(about(shot, dialog, incident)) {
        frame.put(buffer, y, &words);
    }
    frame.note(shot, buffer, 4, &dialog.entry);
    let terms = Term::ALL.into_iter().map(|term| (text(lang, term.key()), term == dialog.term));
    frame.choices(shot, buffer, 5, terms);
    frame.put(buffer, 6, &end(shot, dialog));
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

/// Until when that is; of an own length also what is typed and how to write it.
fn end(shot: &Shot<'_>, dialog: &Dialog) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut words = own(shot, &dialog.entry, dialog.term == Term::Own);
    match dialog.holds(shot.board, shot.now).map(|holds| (holds, holds.end(shot.now))) {
        Some((Holds::Over, _)) => {}
        Some((_, at)) => {
            let until =
                t!(lang, "dash.take_until", at = at.map(|at| ahead(shot, at)).unwrap_or_default());
            words.push(until, theme.dim());
        }
        None => words.append(hint(shot, &dialog.entry, "dash.take_own")),
    }
    words
}
