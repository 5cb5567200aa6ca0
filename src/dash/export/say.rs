//! The cells of a file, in the words, times and figures of a language. Pure.

use crate::api::{ClosedIncident, Drift, LostRow, UnitRow, Work};
use crate::coverage::LostSlot;
use crate::dash::board::{Board, Subject};
use crate::dash::state::Ui;
use crate::dash::words::subject_title;
use crate::locale::{
    Lang, cause_key, clock, date, percent_number, recurrence_words, state_name, text as word,
    trouble_words,
};
use crate::model::{Incident, UnitId, UnixMs, WorkedOn};

pub(super) const UNIT_HEAD: [&str; 10] = [
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

/// Beside these a column a slot, by its beginning, with the minutes lost in it.
pub(super) const HEAT_HEAD: [&str; 7] =
    ["id", "name", "kind", "network", "units", "all_lost_minutes", "unmeasured_minutes"];

pub(super) const SUBJECT_HEAD: [&str; 20] = [
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

pub(super) const INCIDENT_HEAD: [&str; 15] = [
    "id",
    "root",
    "root_name",
    "state",
    "since",
    "lasted_minutes",
    "unit",
    "unit_name",
    "units_cut",
    "unreachable",
    "carrier",
    "circuit",
    "hotline",
    "taken_by",
    "note",
];

pub(super) const DRIFT_HEAD: [&str; 9] =
    ["subject", "unit", "what", "port", "fit", "declared", "observed", "since", "belongs_to"];

pub(super) const CLOSED_HEAD: [&str; 12] = [
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

pub(super) const WORK_HEAD: [&str; 10] = [
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

pub(super) const EVENT_HEAD: [&str; 5] = ["number", "at", "event", "subject", "detail"];

pub(super) fn shown<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Cells in the words of a language.
pub(super) struct Say<'a> {
    pub(super) lang: Lang,
    pub(super) board: &'a Board,
}

impl Say<'_> {
    /// The date and the time to the second, by the province's clock.
    pub(super) fn time(&self, at: UnixMs) -> String {
        let local = self.board.local(at);
        format!("{} {}", date(self.lang, &local), clock(&local))
    }

    fn figure(&self, milli: i64, decimals: u32) -> String {
        figure(self.lang, milli, decimals)
    }

    /// Millionths in percent.
    fn percent(&self, ppm: Option<u32>) -> String {
        ppm.map(|ppm| percent_number(self.lang, ppm, 2)).unwrap_or_default()
    }

    fn unit_name(&self, unit: &UnitId) -> String {
        self.board.unit(unit).map(|unit| unit.name.clone()).unwrap_or_default()
    }

    pub(super) fn unit_cells(&self, ui: &Ui, unit: &UnitRow) -> Vec<String> {
        let network = ui.network(self.board);
        let row = network.and_then(|n| crate::dash::rows::figures(self.board, unit, &n.id));
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

    /// A slot of which nothing is recorded, or which lies ahead, is empty.
    pub(super) fn heat_cells(&self, ui: &Ui, unit: &UnitRow, row: Option<&LostRow>) -> Vec<String> {
        let minutes = |ms: i64| self.figure(ms / 60, 1);
        // A unit without a line has empty cells in every column.
        let columns = ui.heat.edges().len().saturating_sub(1);
        let nothing = vec![LostSlot::default(); columns];
        let slots = row.map_or(&nothing, |row| &row.slots);
        let sum = |of: fn(&LostSlot) -> i64| {
            let known: Vec<&LostSlot> = slots.iter().filter(|slot| !slot.is_empty()).collect();
            if known.is_empty() { String::new() } else { minutes(known.into_iter().map(of).sum()) }
        };
        let network = ui.network(self.board);
        let first = [
            unit.id.to_string(),
            unit.name.clone(),
            word(self.lang, &format!("unit.kind.{}", unit.kind.as_str())).to_owned(),
            shown(network.map(|n| &n.short)),
            shown(row.map(|row| row.units)),
            sum(|slot| slot.lost_ms),
            sum(|slot| slot.unmeasured_ms),
        ];
        let lost = |slot: &LostSlot| match slot.is_empty() {
            true => String::new(),
            false => minutes(slot.lost_ms),
        };
        first.into_iter().chain(slots.iter().map(lost)).collect()
    }

    pub(super) fn subject_cells(&self, subject: Subject<'_>) -> Vec<String> {
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

    pub(super) fn incident_cells(&self, incident: &Incident, now: UnixMs) -> Vec<String> {
        let root = self.board.subject(&incident.root);
        let carrier = root.and_then(|s| self.board.carrier(s));
        vec![
            incident.id.to_string(),
            incident.root.to_string(),
            root.map(|s| subject_title(self.board, s)).unwrap_or_default(),
            state_name(self.lang, incident.state).to_owned(),
            self.time(incident.since),
            self.figure(now.since(incident.since).max(0) / 60, 1),
            incident.unit.to_string(),
            self.unit_name(&incident.unit),
            incident.impact.units.len().to_string(),
            incident.impact.unreachable.to_string(),
            shown(carrier.map(|c| &c.name)),
            shown(root.and_then(|s| s.circuit())),
            shown(carrier.and_then(|c| c.hotline.as_ref())),
            shown(incident.ack.as_ref().map(|ack| &ack.by)),
            shown(incident.ack.as_ref().map(|ack| &ack.note)),
        ]
    }

    pub(super) fn drift_cells(&self, one: &Drift) -> Vec<String> {
        vec![
            one.subject.to_string(),
            one.unit.to_string(),
            word(self.lang, crate::dash::drift::what_key(one.what)).to_owned(),
            shown(one.port.as_ref()),
            word(self.lang, &format!("dash_file.fit_{}", one.fit.as_str())).to_owned(),
            shown(one.declared.as_ref()),
            one.observed.clone(),
            one.since.map(|at| self.time(at)).unwrap_or_default(),
            shown(one.belongs_to.as_ref()),
        ]
    }

    pub(super) fn closed_cells(&self, incident: &ClosedIncident) -> Vec<String> {
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

    pub(super) fn work_cells(&self, work: &Work) -> Vec<String> {
        let scope = match work.on {
            WorkedOn::Subject(_) => "dash_file.subject",
            WorkedOn::Unit(_) => "common.unit",
            WorkedOn::Carrier(_) => "common.carrier",
        };
        let every = work.every.as_ref();
        vec![
            work.id.to_string(),
            word(self.lang, scope).to_owned(),
            crate::dash::work::target(&work.on).to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_languages_sign_and_nothing_a_spreadsheet_would_not_reckon_with() {
        assert_eq!(figure(Lang::Vi, 99_330, 2), "99,33");
        assert_eq!(figure(Lang::En, 99_335, 2), "99.34");
        assert_eq!(figure(Lang::Vi, 1_234_560, 1), "1234,6");
        assert_eq!(figure(Lang::Vi, 49, 1), "0,0");
        assert_eq!(figure(Lang::En, 12_500, 0), "13");
    }
}
