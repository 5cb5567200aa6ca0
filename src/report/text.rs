//! Reports as people read them: title block, aligned tables, who is missing, what each figure means.

use std::fmt::Write as _;

use super::proof::foot;
use super::table::Columns;
use super::{
    AvailabilityReport, AvailabilityRow, CoverageReport, CoverageRow, GroupKey, Page, Scope,
};
use crate::coverage::{Availability, Clock, Ladder, SlaRule, Verdict};
use crate::locale::{Lang, date_time, duration_short, number, percent, state_name, visible};
use crate::model::{Inventory, NetworkIx, UnitIx, UnixMs};
use crate::t;

/// Stands for a figure that does not exist.
pub(super) const NONE: &str = "–";
/// Decimals of an availability, of any other share.
const FINE: u8 = 2;
const COARSE: u8 = 1;

/// The coverage report: a table per network with the tops, their tiers and the units directly
/// beneath, then the names of all that are not live.
#[must_use]
pub fn coverage_text(report: &CoverageReport, scope: &Scope<'_>, page: &Page<'_>) -> String {
    let (lang, inventory) = (page.lang, scope.inventory);
    let mut out = String::new();
    title(&mut out, "report.coverage_title", scope, page);
    line(&mut out, &t!(lang, "report.states_at", time = time(page, report.at)));
    line(
        &mut out,
        &t!(
            lang,
            "report.coverage_goal",
            goal = percent(lang, report.goal_ppm, COARSE),
            verdict = verdict_name(lang, report.verdict())
        ),
    );
    if report.rows.is_empty() {
        line(&mut out, "");
        line(&mut out, &t!(lang, "report.nothing_required"));
    }
    for network in inventory.network_ixs() {
        if report.rows.iter().any(|r| r.network == network) {
            coverage_table(&mut out, report, inventory, network, lang);
        }
    }
    not_live(&mut out, report, inventory, lang);
    notes(
        &mut out,
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
    out += &foot(report.proof.as_ref(), page);
    out
}

fn coverage_table(
    out: &mut String,
    report: &CoverageReport,
    inventory: &Inventory,
    network: NetworkIx,
    lang: Lang,
) {
    let head = inventory.network(network);
    line(out, "");
    line(out, &format!("{} · {}", visible(&head.short), visible(network_name(head, lang))));
    let mut table = Columns::new(
        vec![
            t!(lang, "common.unit"),
            t!(lang, "common.rung.required"),
            t!(lang, "common.rung.deployed"),
            t!(lang, "common.rung.measured"),
            t!(lang, "common.rung.live"),
            t!(lang, "common.rung.met"),
            t!(lang, "common.availability"),
            t!(lang, "common.measured"),
            // Named so that it is not taken for a verdict on the service levels beside it.
            t!(lang, "report.live_verdict"),
        ],
        &[8],
    );
    let find = |unit: UnitIx| report.rows.iter().find(|r| r.unit == unit && r.network == network);
    for &top in &report.tops {
        let Some(row) = find(top) else { continue };
        table.row(coverage_cells(&inventory.unit(top).name, row, lang));
        let tiers: Vec<_> =
            report.tiers.iter().filter(|t| t.unit == top && t.network == network).collect();
        if tiers.len() > 1 {
            for tier in tiers {
                let name = t!(lang, &format!("unit.tier.{}", tier.tier.as_str()));
                let mut cells =
                    ladder_cells(&format!("  {name}"), &tier.ladder, &tier.availability, lang);
                cells.push(String::new());
                table.row(cells);
            }
        }
        for unit in report.tree.children(top) {
            if let Some(row) = find(unit) {
                table.row(coverage_cells(&inventory.unit(unit).name, row, lang));
            }
        }
    }
    table.write(out, false);
}

fn coverage_cells(name: &str, row: &CoverageRow, lang: Lang) -> Vec<String> {
    let mut cells = ladder_cells(name, &row.ladder, &row.availability, lang);
    cells.push(t!(lang, verdict_key(row.verdict)));
    cells
}

fn ladder_cells(name: &str, ladder: &Ladder, got: &Availability, lang: Lang) -> Vec<String> {
    let required = number(lang, i64::from(ladder.required));
    let rung = |n: u32| {
        let share = u64::from(n) * 1_000_000 / u64::from(ladder.required.max(1));
        let share = percent(lang, u32::try_from(share).unwrap_or(1_000_000), COARSE);
        format!("{}/{required} {share:>8}", number(lang, i64::from(n)))
    };
    vec![
        name.to_owned(),
        required.clone(),
        rung(ladder.deployed),
        rung(ladder.measured),
        rung(ladder.live),
        rung(ladder.met),
        share(lang, got.delivered_ppm(), FINE),
        percent(lang, got.measured_ppm(), COARSE),
    ]
}

fn not_live(out: &mut String, report: &CoverageReport, inventory: &Inventory, lang: Lang) {
    line(out, "");
    if report.not_live.is_empty() {
        line(out, &t!(lang, "report.all_live"));
        return;
    }
    line(out, &t!(lang, "report.not_live", n = number(lang, report.not_live.len() as i64)));
    let mut table = Columns::new(
        vec![
            t!(lang, "common.unit"),
            t!(lang, "report.belongs_to"),
            t!(lang, "common.network"),
            t!(lang, "common.state"),
        ],
        &[1, 2, 3],
    );
    for missing in &report.not_live {
        let unit = inventory.unit(missing.unit);
        let above = report.tree.parent(missing.unit);
        let above = above.map_or(NONE, |p| inventory.unit(p).name.as_str());
        let state = missing
            .state
            .map_or_else(|| t!(lang, "report.not_deployed"), |s| state_name(lang, s).to_owned());
        let network = inventory.network(missing.network).short.clone();
        table.row(vec![unit.name.clone(), above.to_owned(), network, state]);
    }
    table.write(out, false);
}

/// The availability report: a row per subject or group, and the sum of all.
#[must_use]
pub fn availability_text(
    report: &AvailabilityReport,
    scope: &Scope<'_>,
    page: &Page<'_>,
) -> String {
    let lang = page.lang;
    let mut out = String::new();
    title(&mut out, "report.availability_title", scope, page);
    line(
        &mut out,
        &t!(
            lang,
            "report.availability_goal",
            goal = percent(lang, report.total.sla_ppm, FINE),
            verdict = verdict_name(lang, report.total.verdict)
        ),
    );
    if let Some(system) = foreign_name(report.rule) {
        line(&mut out, &t!(lang, "report.rule", system = system));
    }
    line(&mut out, "");
    let foreign = foreign_name(report.rule);
    let shown = Shown {
        foreign,
        planned: report.total.availability.millis.planned > 0,
        off_hours: report.total.availability.millis.off_hours > 0,
    };
    let mut table = Columns::new(availability_head(&shown, lang), &[1, 2, shown.last()]);
    for row in &report.rows {
        table.row(availability_cells(row, names(scope.inventory, row, lang), &shown, lang));
    }
    let total = [t!(lang, "common.total"), NONE.to_owned(), NONE.to_owned()];
    table.row(availability_cells(&report.total, total, &shown, lang));
    table.write(&mut out, true);
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
    notes(&mut out, lang, &keys, report.total.sla_ppm, report.floor_ppm);
    out += &foot(report.proof.as_ref(), page);
    out
}

/// Columns that are there only when there is something to say.
struct Shown {
    /// The other system whose figure stands before ours.
    foreign: Option<&'static str>,
    planned: bool,
    off_hours: bool,
}

impl Shown {
    /// The verdict's column.
    fn last(&self) -> usize {
        // Ours stands beside another's figure in place of the bounds.
        let more = [self.planned, self.off_hours];
        12 + more.into_iter().filter(|there| *there).count()
    }
}

fn foreign_name(rule: SlaRule) -> Option<&'static str> {
    match rule {
        SlaRule::Tuantra => None,
        SlaRule::Icinga => Some("Icinga DB"),
        SlaRule::Zabbix => Some("Zabbix"),
    }
}

fn availability_note(clock: Clock) -> &'static str {
    match clock {
        Clock::AroundTheClock => "report.note_availability",
        Clock::Office => "report.note_availability_office",
        Clock::Contract => "report.note_availability_contract",
    }
}

fn availability_head(shown: &Shown, lang: Lang) -> Vec<String> {
    let mut head =
        vec![t!(lang, "report.subject"), t!(lang, "common.network"), t!(lang, "common.carrier")];
    match shown.foreign {
        Some(system) => head
            .extend([t!(lang, "report.by_rule", system = system), t!(lang, "report.by_tuantra")]),
        None => head.push(t!(lang, "common.availability")),
    }
    head.extend([t!(lang, "report.own"), t!(lang, "common.measured")]);
    if shown.foreign.is_none() {
        head.push(t!(lang, "report.bounds"));
    }
    head.extend([t!(lang, "report.outages"), t!(lang, "report.lost")]);
    if shown.planned {
        head.push(t!(lang, "report.planned"));
    }
    if shown.off_hours {
        head.push(t!(lang, "report.off_hours"));
    }
    head.extend([
        t!(lang, "report.mttr"),
        t!(lang, "report.mtbf"),
        t!(lang, "common.sla_short"),
        t!(lang, "report.verdict"),
    ]);
    head
}

fn availability_cells(
    row: &AvailabilityRow,
    names: [String; 3],
    shown: &Shown,
    lang: Lang,
) -> Vec<String> {
    let got = &row.availability;
    let length =
        |ms: Option<i64>| ms.map_or_else(|| NONE.to_owned(), |ms| duration_short(lang, ms));
    let mut cells = Vec::from(names);
    cells.push(share(lang, row.ppm(), FINE));
    if shown.foreign.is_some() {
        cells.push(share(lang, got.delivered_ppm(), FINE));
    }
    cells.extend([share(lang, got.own_ppm(), FINE), percent(lang, got.measured_ppm(), COARSE)]);
    if shown.foreign.is_none() {
        let (low, high) = (share(lang, got.low_ppm(), FINE), share(lang, got.high_ppm(), FINE));
        cells.push(format!("{low} … {high}"));
    }
    cells.extend([
        number(lang, i64::from(got.outages)),
        length(Some(got.millis.down + got.millis.unreachable)),
    ]);
    if shown.planned {
        let (all, lost) = (length(Some(got.millis.planned)), length(Some(got.planned.lost())));
        cells.push(format!("{all} ({lost})"));
    }
    if shown.off_hours {
        cells.push(length(Some(got.millis.off_hours)));
    }
    cells.extend([
        length(got.mttr_ms()),
        length(got.mtbf_ms()),
        percent(lang, row.sla_ppm, FINE),
        t!(lang, verdict_key(row.verdict)),
    ]);
    cells
}

/// Name, network and carrier of a row.
fn names(inventory: &Inventory, row: &AvailabilityRow, lang: Lang) -> [String; 3] {
    let none = || NONE.to_owned();
    let network = |n: NetworkIx| inventory.network(n).short.clone();
    match row.key {
        GroupKey::Subject(ix) => {
            let subject = inventory.subject(ix);
            let connection = subject.connection();
            [
                format!(
                    "{} ({})",
                    inventory.unit(row.unit.unwrap_or(subject.unit)).name,
                    subject.id
                ),
                connection.map_or_else(none, |c| network(c.network)),
                connection
                    .and_then(|c| c.carrier)
                    .map_or_else(none, |c| inventory.carrier(c).name.clone()),
            ]
        }
        GroupKey::Unit(unit) => [inventory.unit(unit).name.clone(), none(), none()],
        GroupKey::Network(Some(n)) => {
            [network_name(inventory.network(n), lang).to_owned(), network(n), none()]
        }
        GroupKey::Carrier(Some(c)) => {
            let name = inventory.carrier(c).name.clone();
            [name.clone(), none(), name]
        }
        GroupKey::Network(None) => [t!(lang, "report.no_network"), none(), none()],
        GroupKey::Carrier(None) => [t!(lang, "report.no_carrier"), none(), none()],
    }
}

fn network_name(network: &crate::model::Network, lang: Lang) -> &str {
    match lang {
        Lang::Vi => &network.name,
        Lang::En => &network.name_en,
    }
}

pub(super) fn title(out: &mut String, key: &str, scope: &Scope<'_>, page: &Page<'_>) {
    let lang = page.lang;
    let window = scope.window();
    line(out, &t!(lang, key));
    for top in scope.tops(&scope.tree()) {
        line(out, &visible(&scope.inventory.unit(top).name));
    }
    let (from, to) = (time(page, window.from), time(page, window.to));
    line(out, &t!(lang, "report.period", from = from, to = to, zone = page.zone_name));
    line(out, &t!(lang, "report.made", time = time(page, scope.now)));
    let clock = match scope.clock {
        Clock::AroundTheClock => "report.clock_24x7",
        Clock::Office => "report.clock_office",
        Clock::Contract => "report.clock_contract",
    };
    line(out, &t!(lang, "report.clock", clock = t!(lang, clock)));
    if let Some(at) = scope.as_of {
        line(out, &t!(lang, "report.as_of", time = time(page, at)));
    }
}

pub(super) fn time(page: &Page<'_>, at: UnixMs) -> String {
    date_time(page.lang, &at.to_timestamp().to_zoned_datetime(page.zone.clone()))
}

fn share(lang: Lang, ppm: Option<u32>, decimals: u8) -> String {
    ppm.map_or_else(|| NONE.to_owned(), |ppm| percent(lang, ppm, decimals))
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

fn notes(out: &mut String, lang: Lang, keys: &[&str], goal_ppm: u32, floor_ppm: u32) {
    let (goal, floor) = (percent(lang, goal_ppm, COARSE), percent(lang, floor_ppm, COARSE));
    line(out, "");
    line(out, &t!(lang, "report.notes"));
    for (n, key) in (1..).zip(keys) {
        let text = t!(lang, key, goal = goal, floor = floor);
        line(out, &format!("  ({n}) {text}"));
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}
