//! Storm mode: the dialog, the sign in the header, the sentence in the status line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::channels::Detail;
use super::dialog::{Frame, ahead, hint, own};
use crate::api::StormInfo;
use crate::dash::draw::Line;
use crate::dash::storm::{Dialog, Term, count};
use crate::dash::view::Shot;
use crate::locale::{fit, number, text, visible};
use crate::t;

/// What stands at the left, and where: what, id, count, how it stands, a blank, note, term; then its
/// time.
const LABELS: [(u16, &str); 6] = [
    (0, "dash.storm_on"),
    (1, "dash.take_id"),
    (2, "dash.work_count"),
    (3, "dash.storm_now"),
    (5, "dash.take_note"),
    (6, "dash.storm_until"),
];

/// Lines: those, and the time.
const LINES: u16 = 8;

/// Most columns of the header that a unit's name takes.
const NAME: usize = 24;

/// Draws the dialog over `area`.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(dialog) = &shot.ui.storming.dialog else { return };
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let heading = text(lang, "dash.storm");
    let frame = Frame::draw(shot, area, buffer, heading, dialog.choices.position(), &LABELS, LINES);
    if let Some(unit) = dialog.unit() {
        let name = shot.board.unit(unit).map_or_else(|| unit.to_string(), |u| u.name.clone());
        frame.put(buffer, 0, &Line::styled(name, theme.strong()));
        frame.put(buffer, 1, &Line::plain(visible(unit.as_str())));
        let count = i64::try_from(count(shot.board, unit)).unwrap_or(i64::MAX);
        let words = t!(lang, "dash.storm_units", count = number(lang, count));
        frame.put(buffer, 2, &Line::plain(words));
    }
    let stands = match dialog.on(shot.board) {
        Some(storm) => Line::styled(sum(shot, storm), theme.poor()),
        None => Line::styled(text(lang, "dash.storm_off"), theme.dim()),
    };
    frame.put(buffer, 3, &stands);
    frame.note(shot, buffer, 5, &dialog.entry);
    let terms = dialog.terms().map(|term| (text(lang, term.key()), term == dialog.term));
    let used = frame.choices(shot, buffer, 6, terms);
    frame.put(buffer, 6 + used, &until(shot, dialog));
}

/// Until when; of an own time also what is typed and how to write it.
fn until(shot: &Shot<'_>, dialog: &Dialog) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut words = own(shot, &dialog.entry, dialog.term == Term::Own);
    match dialog.until(shot.board, shot.now) {
        Some(_) if dialog.term == Term::End => {
            words.push(text(lang, "dash.storm_end_told"), theme.dim());
        }
        Some(until) => {
            let at = ahead(shot, until);
            words.push(t!(lang, "dash.storm_until_told", at = at), theme.dim());
        }
        None => words.append(hint(shot, &dialog.entry, "dash.storm_own")),
    }
    words
}

/// "đến 18:00, đã gộp 37 tin, 4 tin chờ bản tổng hợp lúc 17:15".
fn sum(shot: &Shot<'_>, storm: &StormInfo) -> String {
    let lang = shot.ui.lang;
    t!(
        lang,
        "dash.storm_sum",
        until = shot.until(storm.until),
        folded = number(lang, i64::from(storm.folded)),
        waiting = number(lang, i64::from(storm.waiting)),
        next = shot.until(storm.next)
    )
}

/// "BÃO Huyện Cái Bè đến 18:00 (gộp 41 tin) +1": the oldest, and how many others there are; `None`
/// while there is none.
pub fn sign(shot: &Shot<'_>, detail: Detail) -> Option<Line> {
    let (lang, storms) = (shot.ui.lang, &shot.board.daemon.storms);
    let storm = storms.first()?;
    let until = shot.until(storm.until);
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
