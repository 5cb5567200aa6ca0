//! The availability report as a document.

use super::super::compare::{Against, Then};
use super::super::document::{Block, Column, Document, Line, Section, Table, Value};
use super::super::proof::foot;
use super::super::{AvailabilityReport, AvailabilityRow, GroupKey, Page, Scope};
use super::{COARSE, FINE, availability_note, blank, network_name, notes, verdict_name};
use crate::coverage::SlaRule;
use crate::locale::{Lang, percent};
use crate::model::{Inventory, NetworkIx};
use crate::t;

/// The availability report: a row per subject or group, and the sum of all.
#[must_use]
pub fn availability_document(
    report: &AvailabilityReport,
    scope: &Scope<'_>,
    page: &Page<'_>,
) -> Document {
    let lang = page.lang;
    let mut document = blank("report.availability_title", scope, page);
    document.heads.push(t!(
        lang,
        "report.availability_goal",
        goal = percent(lang, report.total.sla_ppm, FINE),
        verdict = verdict_name(lang, report.total.verdict)
    ));
    let foreign = foreign_name(report.rule);
    if let Some(system) = foreign {
        document.heads.push(t!(lang, "report.rule", system = system));
    }
    if let Some(before) = &report.before {
        document.heads.push(before.against.head(before.report.window, page));
    }
    let shown = Shown {
        foreign,
        against: report.before.as_ref().map(|before| before.against),
        planned: report.total.availability.millis.planned > 0,
        off_hours: report.total.availability.millis.off_hours > 0,
    };
    let mut table = Table { columns: availability_head(&shown, lang), rows: Vec::new() };
    for row in &report.rows {
        let names = names(scope.inventory, row, lang);
        table.rows.push(Line::of(availability_cells(row, names, &shown, report.then(row, false))));
    }
    let total = [Value::Text(t!(lang, "common.total")), Value::None, Value::None];
    let then = report.then(&report.total, true);
    table.rows.push(Line::total(availability_cells(&report.total, total, &shown, then)));
    document.sections.push(Section {
        name: t!(lang, "common.availability"),
        blocks: vec![Block::Table(table)],
        ..Section::default()
    });
    let mut keys = vec![availability_note(report.clock), "report.note_own", "report.note_measured"];
    match report.rule {
        SlaRule::Tuantra => keys.push("report.note_bounds"),
        SlaRule::Icinga => keys.insert(0, "report.note_icinga"),
        SlaRule::Zabbix => keys.insert(0, "report.note_zabbix"),
    }
    keys.push("report.note_outages");
    if shown.planned {
        keys.push("report.note_planned");
    }
    if shown.off_hours {
        keys.push("report.note_off_hours");
    }
    if shown.against.is_some() {
        keys.push("report.compare.note");
    }
    document.notes = notes(lang, &keys, report.total.sla_ppm, report.floor_ppm);
    document.proof = foot(report.proof.as_ref(), page);
    document
}

/// Columns that are there only when there is something to say.
struct Shown {
    /// The other system whose figure stands before ours.
    foreign: Option<&'static str>,
    /// With what it is compared.
    against: Option<Against>,
    planned: bool,
    off_hours: bool,
}

fn foreign_name(rule: SlaRule) -> Option<&'static str> {
    match rule {
        SlaRule::Tuantra => None,
        SlaRule::Icinga => Some("Icinga DB"),
        SlaRule::Zabbix => Some("Zabbix"),
    }
}

fn availability_head(shown: &Shown, lang: Lang) -> Vec<Column> {
    let mut head = vec![
        Column::text("subject", t!(lang, "report.subject")),
        Column::text("network", t!(lang, "common.network")),
        Column::text("carrier", t!(lang, "common.carrier")),
    ];
    let availability = match shown.foreign {
        Some(system) => t!(lang, "report.by_rule", system = system),
        None => t!(lang, "common.availability"),
    };
    head.push(Column::figures("availability", availability));
    head.extend(shown.against.into_iter().flat_map(|against| against.columns(lang)));
    if shown.foreign.is_some() {
        head.push(Column::figures("by_tuantra", t!(lang, "report.by_tuantra")));
    }
    head.extend([
        Column::figures("own", t!(lang, "report.own")),
        Column::figures("measured", t!(lang, "common.measured")),
    ]);
    if shown.foreign.is_none() {
        head.push(Column::figures("low", t!(lang, "report.bounds")));
    }
    head.extend([
        Column::figures("outages", t!(lang, "report.outages")),
        Column::figures("lost_s", t!(lang, "report.lost")),
    ]);
    if shown.planned {
        head.push(Column::figures("planned_s", t!(lang, "report.planned")));
    }
    if shown.off_hours {
        head.push(Column::figures("off_hours_s", t!(lang, "report.off_hours")));
    }
    head.extend([
        Column::figures("mttr_s", t!(lang, "report.mttr")),
        Column::figures("mtbf_s", t!(lang, "report.mtbf")),
        Column::figures("sla", t!(lang, "common.sla_short")),
        Column::text("verdict", t!(lang, "report.verdict")),
    ]);
    head
}

fn availability_cells(
    row: &AvailabilityRow,
    names: [Value; 3],
    shown: &Shown,
    then: Option<Then>,
) -> Vec<Value> {
    let got = &row.availability;
    let mut cells = Vec::from(names);
    cells.push(Value::share(row.ppm(), FINE));
    if shown.against.is_some() {
        cells.extend(Then::cells(then));
    }
    if shown.foreign.is_some() {
        cells.push(Value::share(got.delivered_ppm(), FINE));
    }
    cells.extend([
        Value::share(got.own_ppm(), FINE),
        Value::share(Some(got.measured_ppm()), COARSE),
    ]);
    if shown.foreign.is_none() {
        cells.push(Value::Bounds(got.low_ppm(), got.high_ppm()));
    }
    cells.extend([
        Value::Count(i64::from(got.outages)),
        Value::Length(got.millis.down + got.millis.unreachable),
    ]);
    if shown.planned {
        cells.push(Value::Within(got.millis.planned, got.planned.lost()));
    }
    if shown.off_hours {
        cells.push(Value::Length(got.millis.off_hours));
    }
    cells.extend([
        Value::length(got.mttr_ms()),
        Value::length(got.mtbf_ms()),
        Value::share(Some(row.sla_ppm), FINE),
        Value::Verdict(row.verdict),
    ]);
    cells
}

/// Name, network and carrier of a row.
fn names(inventory: &Inventory, row: &AvailabilityRow, lang: Lang) -> [Value; 3] {
    let network = |n: NetworkIx| Value::text(&inventory.network(n).short);
    match row.key {
        GroupKey::Subject(ix) => {
            let subject = inventory.subject(ix);
            let connection = subject.connection();
            let unit = &inventory.unit(row.unit.unwrap_or(subject.unit)).name;
            let carrier = connection.and_then(|c| c.carrier);
            [
                Value::Text(format!("{unit} ({})", subject.id)),
                connection.map_or(Value::None, |c| network(c.network)),
                carrier.map_or(Value::None, |c| Value::text(&inventory.carrier(c).name)),
            ]
        }
        GroupKey::Unit(unit) => [Value::text(&inventory.unit(unit).name), Value::None, Value::None],
        GroupKey::Network(Some(n)) => {
            [Value::text(network_name(inventory.network(n), lang)), network(n), Value::None]
        }
        GroupKey::Carrier(Some(c)) => {
            let name = Value::text(&inventory.carrier(c).name);
            [name.clone(), Value::None, name]
        }
        GroupKey::Network(None) => {
            [Value::Text(t!(lang, "report.no_network")), Value::None, Value::None]
        }
        GroupKey::Carrier(None) => {
            [Value::Text(t!(lang, "report.no_carrier")), Value::None, Value::None]
        }
    }
}
