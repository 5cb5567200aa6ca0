//! What is shown, as a file or as a line of text to paste. Pure.
//!
//! A file is for people and their spreadsheets: headings, words, times and figures are those of the
//! screen's language (what is stable and for programs is printed by `tuantra status --format json`
//! and `tuantra db export`). No cell is taken for a formula by a spreadsheet.

mod say;

use self::say::{
    CLOSED_HEAD, DRIFT_HEAD, EVENT_HEAD, HEAT_HEAD, INCIDENT_HEAD, SUBJECT_HEAD, Say, UNIT_HEAD,
    WORK_HEAD, shown,
};
use super::board::{Board, Subject};
use super::screens::log;
use super::state::{Row, Screen, Ui};
use super::words;
use crate::api::ClosedIncident;
use crate::locale::{Lang, cause_key, guess_words, incident_notes, text as word, visible};
use crate::model::{SubjectId, UnitId, UnixMs};
use crate::t;

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its name, without a folder.
    pub name: String,
    /// Its content.
    pub text: String,
    /// Rows beside the headings.
    pub rows: usize,
}

/// The rows of the open list as CSV (RFC 4180); `None` where there is no list.
#[must_use]
pub fn csv(ui: &Ui, board: &Board, now: UnixMs) -> Option<Export> {
    let first = match ui.selected() {
        // Of two lists on one screen, the one that is gone to.
        Some(row @ (Row::Fold | Row::Closed(_))) => row,
        _ => ui.rows.first()?,
    };
    let say = Say { lang: ui.lang, board };
    let heading = |key: &&str| word(ui.lang, &format!("dash_file.{key}")).to_owned();
    let (head, lines): (&[&str], Vec<Vec<String>>) = match first {
        Row::Unit(_) | Row::Own(_) if ui.screen == Screen::Heat => {
            let of = |row: &Row| match row {
                Row::Unit(id) | Row::Own(id) => {
                    board.unit(id).map(|unit| say.heat_cells(ui, unit, ui.heat.row(id)))
                }
                _ => None,
            };
            (&HEAT_HEAD, ui.rows.iter().filter_map(of).collect())
        }
        Row::Unit(_) | Row::Own(_) | Row::Cut(_) => {
            let unit = |row: &Row| match row {
                Row::Unit(id) | Row::Own(id) | Row::Cut(id) => board.unit(id),
                _ => None,
            };
            let cells = |u| say.unit_cells(ui, u);
            (&UNIT_HEAD, ui.rows.iter().filter_map(unit).map(cells).collect())
        }
        Row::Subject(_) => {
            let of = |row: &Row| match row {
                Row::Subject(id) => board.subject(id),
                _ => None,
            };
            let cells = |s| say.subject_cells(s);
            (&SUBJECT_HEAD, ui.rows.iter().filter_map(of).map(cells).collect())
        }
        Row::Incident(_) => {
            let cells = |i| say.incident_cells(i, now);
            (&INCIDENT_HEAD, board.worst_incidents().into_iter().map(cells).collect())
        }
        Row::Drift(_) => {
            let of = |row: &Row| match row {
                Row::Drift(key) => ui.drift.of(key).map(|one| say.drift_cells(one)),
                _ => None,
            };
            (&DRIFT_HEAD, ui.rows.iter().filter_map(of).collect())
        }
        // A report is written by a dialog of its own.
        Row::Report(_) => return None,
        Row::Fold | Row::Closed(_) => {
            let cells = |i| say.closed_cells(i);
            (&CLOSED_HEAD, ui.closed.fetched.list.iter().map(cells).collect())
        }
        Row::Work(_) => {
            let cells = |w| say.work_cells(w);
            (&WORK_HEAD, ui.works.fetched.list.iter().map(cells).collect())
        }
        Row::Event(_) => {
            let cells = |row: &Row| match row {
                Row::Event(seq) => ui.log.event(*seq).map(|event| {
                    vec![
                        event.seq.to_string(),
                        say.time(event.at),
                        log::kind(ui.lang, event),
                        shown(event.subject.as_ref()),
                        log::detail(ui.lang, event),
                    ]
                }),
                _ => None,
            };
            (&EVENT_HEAD, ui.rows.iter().filter_map(cells).collect())
        }
    };
    // As spreadsheets of the language part cells: where the comma is the decimal sign, it is not.
    let separator = match ui.lang {
        Lang::Vi => ";",
        Lang::En => ",",
    };
    let slots = match ui.screen {
        Screen::Heat => ui.heat.edges().split_last().map_or(&[][..], |(_, begins)| begins),
        _ => &[],
    };
    let slots = slots.iter().map(|begin| say.time(*begin));
    let headings: Vec<String> = head.iter().map(heading).chain(slots).collect();
    let mut text = String::new();
    for line in std::iter::once(&headings).chain(&lines) {
        let cells: Vec<String> = line.iter().map(|cell| quoted(cell)).collect();
        text += &cells.join(separator);
        text += "\r\n";
    }
    let what = match ui.screen {
        Screen::Coverage => "coverage",
        Screen::Departments => "departments",
        Screen::Incidents => "incidents",
        Screen::Lines => "lines",
        Screen::Devices => "devices",
        Screen::Map => "map",
        Screen::Heat => "heat",
        Screen::Log => "log",
        Screen::Drift => "drift",
        Screen::Works => "maintenance",
        Screen::Subject | Screen::Reports | Screen::Wall => return None,
    };
    let at = board.local(now).strftime("%Y%m%d-%H%M%S").to_string();
    Some(Export { name: format!("tuantra-{what}-{at}.csv"), text, rows: lines.len() })
}

/// A cell between quotes, with an apostrophe before what a spreadsheet would calculate, also where
/// it parts cells by another separator.
fn quoted(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len() + 2);
    out.push('"');
    let mut begins = true;
    for (at, c) in cell.char_indices() {
        let rest = cell[at..].trim_start_matches([' ', '"', '\u{a0}', '\u{feff}']);
        if begins && rest.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            out.push('\'');
        }
        if c == '"' {
            out.push('"');
        }
        // A cell is one line; what steers a terminal or a spreadsheet is no part of it.
        out.push(if c.is_control() { ' ' } else { c });
        begins = [',', ';', '\t', '\r', '\n'].contains(&c);
    }
    out.push('"');
    out
}

/// What is selected, in a line that can be pasted into a message to the carrier; `None` where
/// nothing is.
#[must_use]
pub fn line(ui: &Ui, board: &Board, now: UnixMs) -> Option<String> {
    let lang = ui.lang;
    // Whom it is about and whom to call, before what is said of it.
    let named = |subject: Subject<'_>, name: String| {
        let carrier = board.carrier(subject);
        let circuit = [carrier.map(|c| c.name.clone()), subject.circuit().map(str::to_owned)];
        let circuit: Vec<String> = circuit.into_iter().flatten().collect();
        let parts = [
            Some(name),
            Some(subject.id().to_string()),
            subject.address().map(str::to_owned),
            (!circuit.is_empty()).then(|| circuit.join(" ")),
            carrier.and_then(|c| c.hotline.clone()),
        ];
        parts.into_iter().flatten().collect::<Vec<String>>()
    };
    let of_subject = |subject: Subject<'_>| {
        let mut parts = named(subject, words::subject_title(board, subject));
        parts.push(words::state_since(lang, board, subject.now()));
        parts.join(", ")
    };
    let of_incident = |root: &SubjectId| {
        let subject = board.subject(root)?;
        let Some(incident) = board.incidents.iter().find(|incident| incident.root == *root) else {
            return Some(of_subject(subject));
        };
        let mut parts = named(subject, words::root_title(board, incident));
        parts.push(words::state_since(lang, board, subject.now()));
        parts.push(words::impact(lang, board, incident));
        parts.extend(incident_notes(lang, incident, board.at));
        Some(parts.join(", "))
    };
    let of_closed = |incident: &ClosedIncident| {
        let subject = board.subject(&incident.root)?;
        let name = words::subject_title(board, subject) + &words::others(incident.with.len());
        let mut parts = named(subject, name);
        let at = |at| crate::locale::date_time(lang, &board.local(at));
        let (from, to) = (at(incident.since), at(incident.closed));
        let length = crate::locale::duration(lang, incident.closed.since(incident.since).max(0));
        parts.push(t!(lang, "dash.cause.from_to", from = from, to = to, length = length));
        let units = crate::locale::number(lang, i64::from(incident.units));
        parts.push(t!(lang, "dash.closed.units", count = units));
        let said =
            incident.noted.as_ref().map(|noted| word(lang, cause_key(noted.cause)).to_owned());
        let guess = || incident.guess.as_ref().map(|guess| guess_words(lang, guess));
        parts.extend(said.or_else(guess));
        let taken = incident.ack.as_ref();
        parts.extend(taken.map(|ack| t!(lang, "incident.taken", by = visible(&ack.by))));
        Some(parts.join(", "))
    };
    let of_unit = |id: &UnitId| {
        let unit = board.unit(id)?;
        let network = ui.network(board);
        let figures =
            network.and_then(|n| super::rows::figures(board, unit, &n.id).map(|f| (n, f)));
        let live =
            figures.map(|(n, f)| format!("{} {}/{}", n.short, f.ladder.live, f.ladder.required));
        let parts = [Some(unit.name.clone()), Some(unit.id.to_string()), live];
        Some(parts.into_iter().flatten().collect::<Vec<String>>().join(", "))
    };
    match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => board.subject(&ui.detail.as_ref()?.subject).map(of_subject),
        (_, Some(Row::Subject(id))) => board.subject(id).map(of_subject),
        (_, Some(Row::Incident(root))) => of_incident(root),
        (_, Some(Row::Unit(id) | Row::Own(id) | Row::Cut(id))) => of_unit(id),
        (_, Some(Row::Drift(key))) => ui.drift.of(key).map(|one| {
            let what = crate::locale::text(ui.lang, super::drift::what_key(one.what));
            let port = one.port.as_ref().map(|port| format!(" {port}")).unwrap_or_default();
            let declared = one.declared.as_deref().unwrap_or(words::NOTHING);
            format!("{}: {what}{port}: {declared} / {}", one.subject, one.observed)
        }),
        (_, Some(Row::Report(_))) => {
            let today = board.local(now).date();
            Some(ui.reports.request(today, ui.lang).command())
        }
        (_, Some(Row::Closed(id))) => of_closed(ui.closed.incident(id)?),
        (_, Some(Row::Work(id))) => {
            let work = ui.works.work(id)?;
            let name = words::worked_on(ui.lang, board, &work.on).1;
            let span = format!("{} – {}", work.next.from, work.next.to);
            Some([work.id.to_string(), name, span, work.by.clone(), work.note.clone()].join(", "))
        }
        (_, Some(Row::Event(seq))) => ui.log.event(*seq).map(|event| {
            let subject = shown(event.subject.as_ref());
            format!("{} {} {subject} {}", event.at, event.kind, event.detail)
        }),
        (_, Some(Row::Fold) | None) => None,
    }
}

/// Base64 (RFC 4648), as OSC 52 wants it.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4usize {
            let letter = LETTERS[(bits >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_the_rfc_has_it() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64("Cái Bè".as_bytes()), "Q8OhaSBCw6g=");
    }

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_line() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("x;=1"), "\"x;'=1\"");
        assert_eq!(quoted("a\"b\nc\u{1b}"), "\"a\"\"b c \"");
        assert_eq!(quoted("Cái Bè"), "\"Cái Bè\"");
    }
}
