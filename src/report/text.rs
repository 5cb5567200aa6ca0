//! Coverage (and in a file of its own availability) as documents: title block, tables, who is
//! missing, what each figure means.

mod availability;

pub use availability::availability_document;

use super::compare::Then;
use super::document::{Block, Column, Document, Line, Section, Table, Value};
use super::proof::foot;
use super::{CoverageReport, CoverageRow, Page, Scope};
use crate::coverage::{Availability, Clock, Ladder, Verdict};
use crate::locale::{Lang, date_time, number, percent, state_name};
use crate::model::{Inventory, NetworkIx, Tier, UnitIx, UnixMs};
use crate::t;

/// Decimals of an availability, of any other share.
const FINE: u8 = 2;
const COARSE: u8 = 1;
/// Where what was live in the period compared with stands among a ladder's columns.
const AFTER_LIVE: usize = 5;

/// The coverage report: a table per network with the tops, their tiers and the units directly
/// beneath, the names of all that are not live, and every unit in an annex.
#[must_use]
pub fn coverage_document(report: &CoverageReport, scope: &Scope<'_>, page: &Page<'_>) -> Document {
    let (lang, inventory) = (page.lang, scope.inventory);
    let mut document = blank("report.coverage_title", scope, page);
    document.heads.extend([
        t!(lang, "report.states_at", time = time(page, report.at)),
        t!(
            lang,
            "report.coverage_goal",
            goal = percent(lang, report.goal_ppm, COARSE),
            verdict = verdict_name(lang, report.verdict())
        ),
    ]);
    document.heads.extend(live_head(report, inventory, lang));
    if let Some(before) = &report.before {
        document.heads.push(before.against.head(before.report.window, page));
    }
    let tables = inventory.network_ixs().filter(|n| report.rows.iter().any(|r| r.network == *n));
    document.sections.extend(tables.map(|n| coverage_section(report, inventory, n, lang)));
    if report.rows.is_empty() {
        let blocks = vec![Block::Text(t!(lang, "report.nothing_required"))];
        document.sections.push(Section { blocks, ..Section::default() });
    }
    document.sections.push(not_live(report, inventory, lang));
    document.sections.extend(annex(report, inventory, lang));
    document.notes = notes(
        lang,
        &[
            "report.note_rungs",
            "report.note_share",
            "report.note_goal",
            availability_note(report.clock),
            "report.note_measured",
        ],
        report.goal_ppm,
        report.floor_ppm,
    );
    if report.before.is_some() {
        document.notes.extend(notes(lang, &["report.compare.note"], 0, report.floor_ppm));
    }
    document.proof = foot(report.proof.as_ref(), page);
    document
}

fn ladder_columns(report: &CoverageReport, lang: Lang) -> Vec<Column> {
    let mut columns = vec![
        Column::text("unit", t!(lang, "common.unit")),
        Column::figures("required", t!(lang, "common.rung.required")),
        Column::figures("deployed", t!(lang, "common.rung.deployed")),
        Column::figures("measured", t!(lang, "common.rung.measured")),
        Column::figures("live", t!(lang, "common.rung.live")),
        Column::figures("met", t!(lang, "common.rung.met")),
        Column::figures("availability", t!(lang, "common.availability")),
        Column::figures("measured_share", t!(lang, "common.measured")),
        // Named so that it is not taken for a verdict on the service levels beside it.
        Column::text("verdict", t!(lang, "report.live_verdict")),
    ];
    if let Some(before) = &report.before {
        columns.splice(AFTER_LIVE..AFTER_LIVE, [before.against.live_column(lang)]);
        let end = columns.len() - 1;
        columns.splice(end..end, before.against.columns(lang));
    }
    columns
}

/// What is asked for first, on the first sheet and page: who is live of how many, by network.
fn live_head(report: &CoverageReport, inventory: &Inventory, lang: Lang) -> Option<String> {
    let of = |network: NetworkIx| {
        let Ladder { live, required, .. } = report.of_tops(network);
        // At most a million, so it fits.
        let ppm = (u64::from(live) * 1_000_000).checked_div(u64::from(required))?;
        let share = u32::try_from(ppm).ok()?;
        let short = &inventory.network(network).short;
        Some(format!("{short} {live}/{required} ({})", percent(lang, share, COARSE)))
    };
    let parts: Vec<String> = inventory.network_ixs().filter_map(of).collect();
    (!parts.is_empty()).then(|| t!(lang, "report.coverage_live", parts = parts.join(", ")))
}

fn coverage_section(
    report: &CoverageReport,
    inventory: &Inventory,
    network: NetworkIx,
    lang: Lang,
) -> Section {
    let head = inventory.network(network);
    let mut table = Table { columns: ladder_columns(report, lang), rows: Vec::new() };
    let find = |unit: UnitIx| report.rows.iter().find(|r| r.unit == unit && r.network == network);
    for &top in &report.tops {
        let Some(row) = find(top) else { continue };
        table.rows.push(Line::of(coverage_cells(report, &inventory.unit(top).name, row)));
        let tiers: Vec<_> =
            report.tiers.iter().filter(|t| t.unit == top && t.network == network).collect();
        if tiers.len() > 1 {
            for tier in tiers {
                let name = t!(lang, &format!("unit.tier.{}", tier.tier.as_str()));
                let mut cells = ladder_cells(&name, &tier.ladder, &tier.availability);
                if report.before.is_some() {
                    insert_then(&mut cells, report.tier_then(tier));
                }
                cells.push(Value::Empty);
                table.rows.push(Line::under(cells));
            }
        }
        for unit in report.tree.children(top) {
            if let Some(row) = find(unit) {
                table.rows.push(Line::of(coverage_cells(report, &inventory.unit(unit).name, row)));
            }
        }
    }
    Section {
        name: head.short.clone(),
        heading: Some(format!("{} · {}", head.short, network_name(head, lang))),
        is_annex: false,
        blocks: vec![Block::Table(table)],
    }
}

/// Every unit, a section for each level of the tree.
fn annex(report: &CoverageReport, inventory: &Inventory, lang: Lang) -> Vec<Section> {
    let mut sections = Vec::new();
    for tier in Tier::ALL {
        let mut table = Table { columns: ladder_columns(report, lang), rows: Vec::new() };
        table.columns.insert(1, Column::text("belongs_to", t!(lang, "report.belongs_to")));
        table.columns.insert(2, Column::text("network", t!(lang, "common.network")));
        for row in &report.rows {
            if inventory.unit(row.unit).kind.tier() != tier {
                continue;
            }
            let mut cells = coverage_cells(report, &inventory.unit(row.unit).name, row);
            let above = report.tree.parent(row.unit);
            let above = above.map_or(Value::None, |p| Value::text(&inventory.unit(p).name));
            cells.insert(1, above);
            cells.insert(2, Value::text(&inventory.network(row.network).short));
            // Whole in every rung, or named already among those that are not live: a spreadsheet
            // and the screen have it, paper need not.
            let ladder = &row.ladder;
            let is_whole = ladder.met == ladder.required && row.verdict == Verdict::Met;
            let is_named = ladder.required == 1
                && report.not_live.iter().any(|n| (n.unit, n.network) == (row.unit, row.network));
            let is_quiet = is_whole || is_named;
            table.rows.push(Line { is_quiet, ..Line::of(cells) });
        }
        if table.rows.is_empty() {
            continue;
        }
        let name = t!(lang, &format!("unit.tier.{}", tier.as_str()));
        sections.push(Section {
            heading: Some(t!(lang, "report.annex", level = name)),
            name,
            is_annex: true,
            blocks: vec![Block::Table(table)],
        });
    }
    sections
}

fn coverage_cells(report: &CoverageReport, name: &str, row: &CoverageRow) -> Vec<Value> {
    let mut cells = ladder_cells(name, &row.ladder, &row.availability);
    if report.before.is_some() {
        insert_then(&mut cells, report.then(row));
    }
    cells.push(Value::Verdict(row.verdict));
    cells
}

/// Puts what was in the period compared with beside what is.
fn insert_then(cells: &mut Vec<Value>, then: Option<(Ladder, Then)>) {
    let live =
        then.map_or(Value::None, |(ladder, _)| Value::Part { n: ladder.live, of: ladder.required });
    cells.insert(AFTER_LIVE, live);
    cells.extend(Then::cells(then.map(|(_, then)| then)));
}

fn ladder_cells(name: &str, ladder: &Ladder, got: &Availability) -> Vec<Value> {
    let of = ladder.required;
    vec![
        Value::text(name),
        Value::Count(i64::from(of)),
        Value::Part { n: ladder.deployed, of },
        Value::Part { n: ladder.measured, of },
        Value::Part { n: ladder.live, of },
        Value::Part { n: ladder.met, of },
        Value::share(got.delivered_ppm(), FINE),
        Value::share(Some(got.measured_ppm()), COARSE),
    ]
}

fn not_live(report: &CoverageReport, inventory: &Inventory, lang: Lang) -> Section {
    let name = t!(lang, "report.not_live_sheet");
    if report.not_live.is_empty() {
        let blocks = vec![Block::Text(t!(lang, "report.all_live"))];
        return Section { name, blocks, ..Section::default() };
    }
    let heading = t!(lang, "report.not_live", n = number(lang, report.not_live.len() as i64));
    let columns = vec![
        Column::text("unit", t!(lang, "common.unit")),
        Column::text("belongs_to", t!(lang, "report.belongs_to")),
        Column::text("network", t!(lang, "common.network")),
        Column::text("state", t!(lang, "common.state")),
    ];
    let rows = report.not_live.iter().map(|missing| {
        let unit = inventory.unit(missing.unit);
        let above = report.tree.parent(missing.unit);
        let above = above.map_or(Value::None, |p| Value::text(&inventory.unit(p).name));
        let state = missing
            .state
            .map_or_else(|| t!(lang, "report.not_deployed"), |s| state_name(lang, s).to_owned());
        let network = Value::text(&inventory.network(missing.network).short);
        Line::of(vec![Value::text(&unit.name), above, network, Value::Text(state)])
    });
    let table = Table { columns, rows: rows.collect() };
    Section { name, heading: Some(heading), is_annex: false, blocks: vec![Block::Table(table)] }
}

fn availability_note(clock: Clock) -> &'static str {
    match clock {
        Clock::AroundTheClock => "report.note_availability",
        Clock::Office => "report.note_availability_office",
        Clock::Contract => "report.note_availability_contract",
    }
}

fn network_name(network: &crate::model::Network, lang: Lang) -> &str {
    match lang {
        Lang::Vi => &network.name,
        Lang::En => &network.name_en,
    }
}

/// The lines under the title of any report of the scope: about whom, when, by which clock.
#[must_use]
pub fn title_block(scope: &Scope<'_>, page: &Page<'_>) -> Vec<String> {
    blank("report.all.title", scope, page).heads
}

/// A report of the scope with its title block and nothing else.
pub(super) fn blank(key: &str, scope: &Scope<'_>, page: &Page<'_>) -> Document {
    let lang = page.lang;
    let window = scope.window();
    let mut heads: Vec<String> = scope
        .tops(&scope.tree())
        .into_iter()
        .map(|top| scope.inventory.unit(top).name.clone())
        .collect();
    let (from, to) = (time(page, window.from), time(page, window.to));
    heads.push(t!(lang, "report.period", from = from, to = to, zone = page.zone_name));
    heads.push(t!(lang, "report.made", time = time(page, scope.now)));
    let clock = match scope.clock {
        Clock::AroundTheClock => "report.clock_24x7",
        Clock::Office => "report.clock_office",
        Clock::Contract => "report.clock_contract",
    };
    heads.push(t!(lang, "report.clock", clock = t!(lang, clock)));
    if let Some(at) = scope.as_of {
        heads.push(t!(lang, "report.as_of", time = time(page, at)));
    }
    Document {
        title: t!(lang, key),
        heads,
        sections: Vec::new(),
        notes: Vec::new(),
        proof: Vec::new(),
        made: scope.now,
        letter: page.letter.cloned(),
    }
}

pub(super) fn time(page: &Page<'_>, at: UnixMs) -> String {
    date_time(page.lang, &at.to_timestamp().to_zoned_datetime(page.zone.clone()))
}

pub(super) fn verdict_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "common.met",
        Verdict::Missed => "common.not_met",
        Verdict::NotProven => "common.not_proven",
    }
}

fn verdict_name(lang: Lang, verdict: Verdict) -> String {
    t!(lang, verdict_key(verdict))
}

/// What figures mean, each a text of the catalogue that may name the goal and the floor.
pub(super) fn notes(lang: Lang, keys: &[&str], goal_ppm: u32, floor_ppm: u32) -> Vec<String> {
    let (goal, floor) = (percent(lang, goal_ppm, COARSE), percent(lang, floor_ppm, COARSE));
    keys.iter().map(|key| t!(lang, key, goal = goal, floor = floor)).collect()
}
