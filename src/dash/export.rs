//! What is shown, as a file or as a line of text to paste. Pure.
//!
//! Headings are English and stable; no cell is taken for a formula by a spreadsheet.

use super::board::{Board, Subject};
use super::state::{Row, Screen, Ui};
use crate::api::{ClosedIncident, Drift, UnitRow, Work};
use crate::model::{Incident, UnixMs, WorkedOn};

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
    let (head, lines): (&[&str], Vec<Vec<String>>) = match first {
        Row::Unit(_) | Row::Own(_) | Row::Cut(_) => {
            let unit = |row: &Row| match row {
                Row::Unit(id) | Row::Own(id) | Row::Cut(id) => board.unit(id),
                _ => None,
            };
            let cells = |u| unit_cells(ui, board, u);
            (&UNIT_HEAD, ui.rows.iter().filter_map(unit).map(cells).collect())
        }
        Row::Subject(_) => {
            let of = |row: &Row| match row {
                Row::Subject(id) => board.subject(id),
                _ => None,
            };
            let cells = |s| subject_cells(board, s);
            (&SUBJECT_HEAD, ui.rows.iter().filter_map(of).map(cells).collect())
        }
        Row::Incident(_) => {
            let cells = |i| incident_cells(board, i);
            (&INCIDENT_HEAD, board.worst_incidents().into_iter().map(cells).collect())
        }
        Row::Drift(_) => {
            let of = |row: &Row| match row {
                Row::Drift(key) => ui.drift.of(key).map(drift_cells),
                _ => None,
            };
            (&DRIFT_HEAD, ui.rows.iter().filter_map(of).collect())
        }
        // A report is written by a dialog of its own.
        Row::Report(_) => return None,
        Row::Fold | Row::Closed(_) => {
            (&CLOSED_HEAD, ui.closed.fetched.list.iter().map(closed_cells).collect())
        }
        Row::Work(_) => (&WORK_HEAD, ui.works.fetched.list.iter().map(work_cells).collect()),
        Row::Event(_) => {
            let cells = |row: &Row| match row {
                Row::Event(seq) => ui.log.event(*seq).map(|event| {
                    let subject = event.subject.as_ref().map(ToString::to_string);
                    vec![
                        event.seq.to_string(),
                        event.at.to_string(),
                        event.kind.clone(),
                        subject.unwrap_or_default(),
                        event.detail.to_string(),
                    ]
                }),
                _ => None,
            };
            (
                &["number", "at", "kind", "subject", "detail"],
                ui.rows.iter().filter_map(cells).collect(),
            )
        }
    };
    let mut text = format!("{}\r\n", head.join(","));
    for line in &lines {
        let cells: Vec<String> = line.iter().map(|cell| quoted(cell)).collect();
        text += &cells.join(",");
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

const UNIT_HEAD: [&str; 10] = [
    "id",
    "name",
    "kind",
    "parent",
    "network",
    "required",
    "live",
    "met",
    "availability_ppm",
    "measured_ppm",
];

fn unit_cells(ui: &Ui, board: &Board, unit: &UnitRow) -> Vec<String> {
    let network = ui.network(board).map(|n| &n.id);
    let row = network.and_then(|n| super::rows::figures(board, unit, n));
    let ladder = |of: fn(&crate::coverage::Ladder) -> u32| {
        row.map(|row| of(&row.ladder).to_string()).unwrap_or_default()
    };
    vec![
        unit.id.to_string(),
        unit.name.clone(),
        unit.kind.as_str().to_owned(),
        unit.parent.as_ref().map(ToString::to_string).unwrap_or_default(),
        network.map(ToString::to_string).unwrap_or_default(),
        ladder(|l| l.required),
        ladder(|l| l.live),
        ladder(|l| l.met),
        shown(row.and_then(|row| row.month.delivered_ppm())),
        shown(row.map(|row| row.month.measured_ppm())),
    ]
}

const SUBJECT_HEAD: [&str; 18] = [
    "id",
    "name",
    "unit",
    "kind",
    "network",
    "carrier",
    "circuit",
    "hotline",
    "role",
    "address",
    "state",
    "since",
    "rtt_us",
    "loss_permille",
    "availability_ppm",
    "measured_ppm",
    "down_seconds",
    "sla_ppm",
];

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn subject_cells(board: &Board, subject: Subject<'_>) -> Vec<String> {
    let now = subject.now();
    let state = if now.off_hours { "off_hours" } else { now.state.as_str() };
    vec![
        subject.id().to_string(),
        subject.name().to_owned(),
        subject.unit().to_string(),
        subject.kind().as_str().to_owned(),
        shown(subject.network()),
        shown(subject.carrier()),
        shown(subject.circuit()),
        shown(board.carrier(subject).and_then(|c| c.hotline.as_ref())),
        shown(subject.role()),
        shown(subject.address()),
        state.to_owned(),
        now.since.to_string(),
        shown(now.rtt_us),
        shown(now.loss_permille),
        shown(subject.month().delivered_ppm()),
        subject.month().measured_ppm().to_string(),
        (subject.month().millis.down / 1_000).to_string(),
        shown(subject.sla_ppm()),
    ]
}

const INCIDENT_HEAD: [&str; 11] = [
    "id",
    "root",
    "state",
    "since",
    "unit",
    "units_cut",
    "unreachable",
    "carrier",
    "circuit",
    "taken_by",
    "note",
];

fn incident_cells(board: &Board, incident: &Incident) -> Vec<String> {
    let root = board.subject(&incident.root);
    vec![
        incident.id.to_string(),
        incident.root.to_string(),
        incident.state.as_str().to_owned(),
        incident.since.to_string(),
        incident.unit.to_string(),
        incident.impact.units.len().to_string(),
        incident.impact.unreachable.to_string(),
        shown(root.and_then(|s| s.carrier())),
        shown(root.and_then(|s| s.circuit())),
        shown(incident.ack.as_ref().map(|ack| &ack.by)),
        shown(incident.ack.as_ref().map(|ack| &ack.note)),
    ]
}

const DRIFT_HEAD: [&str; 9] =
    ["subject", "unit", "what", "port", "fit", "declared", "observed", "since", "belongs_to"];

fn drift_cells(one: &Drift) -> Vec<String> {
    vec![
        one.subject.to_string(),
        one.unit.to_string(),
        one.what.as_str().to_owned(),
        shown(one.port.as_ref()),
        one.fit.as_str().to_owned(),
        shown(one.declared.as_ref()),
        one.observed.clone(),
        shown(one.since),
        shown(one.belongs_to.as_ref()),
    ]
}

const CLOSED_HEAD: [&str; 12] = [
    "id",
    "root",
    "state",
    "since",
    "closed",
    "units_cut",
    "guess",
    "cause",
    "cause_by",
    "cause_note",
    "taken_by",
    "note",
];

fn closed_cells(incident: &ClosedIncident) -> Vec<String> {
    let noted = incident.noted.as_ref();
    vec![
        incident.id.to_string(),
        incident.root.to_string(),
        incident.state.as_str().to_owned(),
        incident.since.to_string(),
        incident.closed.to_string(),
        incident.units.to_string(),
        shown(incident.guess.as_ref().map(|guess| guess.cause.as_str())),
        shown(noted.map(|noted| noted.cause.as_str())),
        shown(noted.map(|noted| &noted.by)),
        shown(noted.map(|noted| &noted.note)),
        shown(incident.ack.as_ref().map(|ack| &ack.by)),
        shown(incident.ack.as_ref().map(|ack| &ack.note)),
    ]
}

const WORK_HEAD: [&str; 10] = [
    "id",
    "scope",
    "target",
    "next_from",
    "next_to",
    "every",
    "until",
    "subjects",
    "announced_by",
    "note",
];

fn work_cells(work: &Work) -> Vec<String> {
    let scope = match work.on {
        WorkedOn::Subject(_) => "subject",
        WorkedOn::Unit(_) => "unit",
        WorkedOn::Carrier(_) => "carrier",
    };
    vec![
        work.id.to_string(),
        scope.to_owned(),
        super::work::target(&work.on).to_owned(),
        work.next.from.to_string(),
        work.next.to.to_string(),
        shown(work.every),
        shown(work.until),
        work.subjects.to_string(),
        work.by.clone(),
        work.note.clone(),
    ]
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
    let of_subject = |subject: Subject<'_>| {
        let carrier = board.carrier(subject);
        let circuit = [carrier.map(|c| c.name.clone()), subject.circuit().map(str::to_owned)];
        let circuit: Vec<String> = circuit.into_iter().flatten().collect();
        let state = super::words::state_since(ui.lang, board, subject.now());
        let parts = [
            Some(super::words::subject_title(board, subject)),
            Some(subject.id().to_string()),
            subject.address().map(str::to_owned),
            (!circuit.is_empty()).then(|| circuit.join(" ")),
            carrier.and_then(|c| c.hotline.clone()),
            Some(state),
        ];
        parts.into_iter().flatten().collect::<Vec<String>>().join(", ")
    };
    match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => board.subject(&ui.detail.as_ref()?.subject).map(of_subject),
        (_, Some(Row::Subject(id) | Row::Incident(id))) => board.subject(id).map(of_subject),
        (_, Some(Row::Unit(id) | Row::Own(id) | Row::Cut(id))) => {
            board.unit(id).map(|unit| format!("{}, {}", unit.name, unit.id))
        }
        (_, Some(Row::Drift(key))) => ui.drift.of(key).map(|one| {
            let what = crate::locale::text(ui.lang, super::drift::what_key(one.what));
            let port = one.port.as_ref().map(|port| format!(" {port}")).unwrap_or_default();
            let declared = one.declared.as_deref().unwrap_or(super::words::NOTHING);
            format!("{}: {what}{port}: {declared} / {}", one.subject, one.observed)
        }),
        (_, Some(Row::Report(_))) => {
            let today = board.local(now).date();
            Some(ui.reports.request(today, ui.lang).command())
        }
        (_, Some(Row::Closed(id))) => {
            let subject = board.subject(&ui.closed.incident(id)?.root)?;
            Some(of_subject(subject))
        }
        (_, Some(Row::Work(id))) => {
            let work = ui.works.work(id)?;
            let name = super::words::worked_on(ui.lang, board, &work.on).1;
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
