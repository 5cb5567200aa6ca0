//! What is shown, as a file or as a line of text to paste. Pure.
//!
//! A file is for people and their spreadsheets: headings, words, times and figures are those of the
//! screen's language (what is stable and for programs is printed by `tuantra status --format json`
//! and `tuantra db export`). No cell is taken for a formula by a spreadsheet.

use super::board::{Board, Subject};
use super::screens::log;
use super::state::{Row, Screen, Ui};
use crate::api::{ClosedIncident, Drift, UnitRow, Work};
use crate::locale::{
    Lang, cause_key, clock, date, recurrence_words, state_name, text as word, trouble_words,
};
use crate::model::{Incident, UnitId, UnixMs, WorkedOn};

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
    let (head, lines): (&[&str], Vec<Vec<String>>) = match first {
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
            let cells = |i| say.incident_cells(i);
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
    let heading = |key: &&str| word(ui.lang, &format!("dash_file.{key}")).to_owned();
    let headings: Vec<String> = head.iter().map(heading).collect();
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

const UNIT_HEAD: [&str; 10] = [
    "id",
    "name",
    "kind",
    "parent",
    "network",
    "required",
    "live",
    "met",
    "availability",
    "measured",
];

const SUBJECT_HEAD: [&str; 20] = [
    "id",
    "name",
    "unit",
    "unit_name",
    "kind",
    "network",
    "carrier",
    "circuit",
    "hotline",
    "role",
    "address",
    "state",
    "trouble",
    "since",
    "rtt",
    "loss",
    "availability",
    "measured",
    "lost_minutes",
    "sla",
];

const INCIDENT_HEAD: [&str; 12] = [
    "id",
    "root",
    "state",
    "since",
    "unit",
    "unit_name",
    "units_cut",
    "unreachable",
    "carrier",
    "circuit",
    "taken_by",
    "note",
];

const DRIFT_HEAD: [&str; 9] =
    ["subject", "unit", "what", "port", "fit", "declared", "observed", "since", "belongs_to"];

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

const EVENT_HEAD: [&str; 5] = ["number", "at", "event", "subject", "detail"];

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Cells in the words of a language.
struct Say<'a> {
    lang: Lang,
    board: &'a Board,
}

impl Say<'_> {
    /// The date and the time to the second, by the province's clock.
    fn time(&self, at: UnixMs) -> String {
        let local = self.board.local(at);
        format!("{} {}", date(self.lang, &local), clock(&local))
    }

    fn figure(&self, milli: i64, decimals: u32) -> String {
        figure(self.lang, milli, decimals)
    }

    /// Millionths in percent.
    fn percent(&self, ppm: Option<u32>) -> String {
        ppm.map(|ppm| self.figure(i64::from(ppm) / 10, 2)).unwrap_or_default()
    }

    fn unit_name(&self, unit: &UnitId) -> String {
        self.board.unit(unit).map(|unit| unit.name.clone()).unwrap_or_default()
    }

    fn unit_cells(&self, ui: &Ui, unit: &UnitRow) -> Vec<String> {
        let network = ui.network(self.board);
        let row = network.and_then(|n| super::rows::figures(self.board, unit, &n.id));
        let ladder = |of: fn(&crate::coverage::Ladder) -> u32| {
            row.map(|row| of(&row.ladder).to_string()).unwrap_or_default()
        };
        vec![
            unit.id.to_string(),
            unit.name.clone(),
            word(self.lang, &format!("unit.kind.{}", unit.kind.as_str())).to_owned(),
            shown(unit.parent.as_ref()),
            shown(network.map(|n| &n.short)),
            ladder(|l| l.required),
            ladder(|l| l.live),
            ladder(|l| l.met),
            self.percent(row.and_then(|row| row.month.delivered_ppm())),
            self.percent(row.map(|row| row.month.measured_ppm())),
        ]
    }

    fn subject_cells(&self, subject: Subject<'_>) -> Vec<String> {
        let (lang, now, month) = (self.lang, subject.now(), subject.month());
        let state = match now.off_hours {
            true => word(lang, "state.off_hours"),
            false => state_name(lang, now.state),
        };
        let carrier = self.board.carrier(subject);
        let network = subject.network().and_then(|id| self.board.network(id));
        let kind = subject.kind();
        vec![
            subject.id().to_string(),
            subject.name().to_owned(),
            subject.unit().to_string(),
            self.unit_name(subject.unit()),
            word(lang, &format!("common.subject.{}", kind.as_str())).to_owned(),
            shown(network.map(|n| &n.short)),
            shown(carrier.map(|c| &c.name)),
            shown(subject.circuit()),
            shown(carrier.and_then(|c| c.hotline.as_ref())),
            shown(subject.role()),
            shown(subject.address()),
            state.to_owned(),
            shown(now.trouble.and_then(|trouble| trouble_words(lang, trouble))),
            self.time(now.since),
            now.rtt_us.map(|us| self.figure(i64::from(us), 1)).unwrap_or_default(),
            self.percent(now.loss_permille.map(|permille| u32::from(permille) * 1_000)),
            self.percent(month.delivered_ppm()),
            self.percent(Some(month.measured_ppm())),
            self.figure(month.millis.down / 60, 1),
            self.percent(subject.sla_ppm()),
        ]
    }

    fn incident_cells(&self, incident: &Incident) -> Vec<String> {
        let root = self.board.subject(&incident.root);
        vec![
            incident.id.to_string(),
            incident.root.to_string(),
            state_name(self.lang, incident.state).to_owned(),
            self.time(incident.since),
            incident.unit.to_string(),
            self.unit_name(&incident.unit),
            incident.impact.units.len().to_string(),
            incident.impact.unreachable.to_string(),
            shown(root.and_then(|s| self.board.carrier(s)).map(|c| &c.name)),
            shown(root.and_then(|s| s.circuit())),
            shown(incident.ack.as_ref().map(|ack| &ack.by)),
            shown(incident.ack.as_ref().map(|ack| &ack.note)),
        ]
    }

    fn drift_cells(&self, one: &Drift) -> Vec<String> {
        vec![
            one.subject.to_string(),
            one.unit.to_string(),
            word(self.lang, super::drift::what_key(one.what)).to_owned(),
            shown(one.port.as_ref()),
            word(self.lang, &format!("dash_file.fit_{}", one.fit.as_str())).to_owned(),
            shown(one.declared.as_ref()),
            one.observed.clone(),
            one.since.map(|at| self.time(at)).unwrap_or_default(),
            shown(one.belongs_to.as_ref()),
        ]
    }

    fn closed_cells(&self, incident: &ClosedIncident) -> Vec<String> {
        let cause = |cause| word(self.lang, cause_key(cause)).to_owned();
        let noted = incident.noted.as_ref();
        vec![
            incident.id.to_string(),
            incident.root.to_string(),
            state_name(self.lang, incident.state).to_owned(),
            self.time(incident.since),
            self.time(incident.closed),
            incident.units.to_string(),
            incident.guess.as_ref().map(|guess| cause(guess.cause)).unwrap_or_default(),
            noted.map(|noted| cause(noted.cause)).unwrap_or_default(),
            shown(noted.map(|noted| &noted.by)),
            shown(noted.map(|noted| &noted.note)),
            shown(incident.ack.as_ref().map(|ack| &ack.by)),
            shown(incident.ack.as_ref().map(|ack| &ack.note)),
        ]
    }

    fn work_cells(&self, work: &Work) -> Vec<String> {
        let scope = match work.on {
            WorkedOn::Subject(_) => "dash_file.subject",
            WorkedOn::Unit(_) => "common.unit",
            WorkedOn::Carrier(_) => "common.carrier",
        };
        let every = work.every.as_ref();
        vec![
            work.id.to_string(),
            word(self.lang, scope).to_owned(),
            super::work::target(&work.on).to_owned(),
            self.time(work.next.from),
            self.time(work.next.to),
            every.map(|every| recurrence_words(self.lang, every)).unwrap_or_default(),
            work.until.map(|at| self.time(at)).unwrap_or_default(),
            work.subjects.to_string(),
            work.by.clone(),
            work.note.clone(),
        ]
    }
}

/// Thousandths, of which none is negative, with `decimals` digits after the language's decimal sign
/// and nothing between the others: spreadsheets reckon with it.
fn figure(lang: Lang, milli: i64, decimals: u32) -> String {
    let scale = 10_i64.pow(decimals.min(3));
    let step = 1_000 / scale;
    let rounded = (milli + step / 2) / step;
    let sign = match lang {
        Lang::Vi => ',',
        Lang::En => '.',
    };
    let digits = decimals as usize;
    match decimals {
        0 => rounded.to_string(),
        _ => format!("{}{sign}{:0digits$}", rounded / scale, rounded % scale),
    }
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
    fn figures_have_the_languages_sign_and_nothing_a_spreadsheet_would_not_reckon_with() {
        assert_eq!(figure(Lang::Vi, 99_330, 2), "99,33");
        assert_eq!(figure(Lang::En, 99_335, 2), "99.34");
        assert_eq!(figure(Lang::Vi, 1_234_560, 1), "1234,6");
        assert_eq!(figure(Lang::Vi, 49, 1), "0,0");
        assert_eq!(figure(Lang::En, 12_500, 0), "13");
    }

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_line() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("x;=1"), "\"x;'=1\"");
        assert_eq!(quoted("a\"b\nc\u{1b}"), "\"a\"\"b c \"");
        assert_eq!(quoted("Cái Bè"), "\"Cái Bè\"");
    }
}
