//! Pictures of a coverage report: a calendar of the days, bars by unit, who was in trouble when.

use std::cmp::Reverse;

use super::document::{Bar, Block, Data, Day, Document, Figure, Section, Trouble};
use super::tally::stands_for;
use super::{CoverageReport, Page, Scope};
use crate::coverage::{Availability, verdict};
use crate::model::{Span, State, SubjectIx, UnixMs};
use crate::t;

/// Most days of a calendar: a quarter. What is longer is read in months.
const DAYS_MAX: usize = 92;
/// Most rows of a timeline: what fits a page.
const ROWS_MAX: usize = 20;

/// Puts the pictures after the tables and before the annexes.
pub fn with_coverage_figures(
    document: &mut Document,
    report: &CoverageReport,
    scope: &Scope<'_>,
    page: &Page<'_>,
) {
    let lang = page.lang;
    let subjects = reported(scope);
    let days = days(scope, &subjects, page);
    let mut blocks = Vec::new();
    if !days.is_empty() {
        let caption = t!(lang, "report.calendar_caption");
        blocks.push(Block::Figure(Figure { caption, data: Data::Calendar(days) }));
    }
    for network in scope.inventory.network_ixs() {
        let bars = bars(report, scope, network);
        if !bars.is_empty() {
            let name = &scope.inventory.network(network).short;
            let caption = t!(lang, "report.bars_caption", network = name);
            let data = Data::Bars { goal_ppm: scope.availability_goal_ppm, bars };
            blocks.push(Block::Figure(Figure { caption, data }));
        }
    }
    blocks.extend(timeline(scope, &subjects, page).map(Block::Figure));
    if blocks.is_empty() {
        return;
    }
    let heading = Some(t!(lang, "report.figures"));
    let section = Section { name: String::new(), heading, is_annex: true, blocks };
    let at = document.sections.iter().position(|section| section.is_annex);
    document.sections.insert(at.unwrap_or(document.sections.len()), section);
}

/// Who of `subjects` was in trouble when; `None` when nobody was.
pub(super) fn timeline(
    scope: &Scope<'_>,
    subjects: &[SubjectIx],
    page: &Page<'_>,
) -> Option<Figure> {
    let (rows, count) = troubles(scope, subjects);
    let (shown, window) = (rows.len(), scope.window());
    let caption = t!(page.lang, "report.timeline_caption", shown = shown, n = count);
    let data = Data::Timeline { from: window.from, to: window.to, rows };
    (shown > 0).then_some(Figure { caption, data })
}

/// The connections of the units reported on.
fn reported(scope: &Scope<'_>) -> Vec<SubjectIx> {
    let (inventory, tree, window) = (scope.inventory, scope.tree(), scope.window());
    let inside = scope.units(&tree);
    let all = inventory.subject_ixs();
    let is_reported = |s: &SubjectIx| {
        inventory.subject(*s).connection().is_some()
            && !stands_for(inventory, &tree, &inside, *s, window).is_empty()
    };
    all.filter(is_reported).collect()
}

/// The days of the window, each with what all subjects together had of it.
fn days(scope: &Scope<'_>, subjects: &[SubjectIx], page: &Page<'_>) -> Vec<Day> {
    let (window, judge) = (scope.window(), scope.judge());
    let mut days = Vec::new();
    let mut at = window.from;
    while at < window.to {
        if days.len() == DAYS_MAX {
            return Vec::new();
        }
        let zoned = at.to_timestamp().to_zoned_datetime(page.zone.clone());
        let next = zoned.tomorrow().and_then(|day| day.start_of_day());
        let next = next.map_or(window.to, |day| UnixMs(day.timestamp().as_millisecond()));
        let part = Span::new(at, next.min(window.to));
        let mut got = Availability::none(scope.clock);
        for subject in subjects {
            got += judge.availability(&[*subject], part, scope.clock, |s| scope.records.of(s));
        }
        days.push(Day { at, ppm: got.delivered_ppm() });
        at = next;
    }
    days
}

/// A bar for every unit directly under the tops, by the official order.
fn bars(report: &CoverageReport, scope: &Scope<'_>, network: crate::model::NetworkIx) -> Vec<Bar> {
    let under = report.tops.iter().flat_map(|top| report.tree.children(*top));
    let rows = under.filter_map(|unit| {
        report.rows.iter().find(|row| row.unit == unit && row.network == network)
    });
    rows.filter(|row| row.ladder.deployed > 0)
        .map(|row| Bar {
            name: scope.inventory.unit(row.unit).name.clone(),
            ppm: row.availability.delivered_ppm(),
            verdict: verdict(&row.availability, scope.availability_goal_ppm, report.floor_ppm),
        })
        .collect()
}

/// Those that were out of reach longest, each with when, and how many there are in all.
fn troubles(scope: &Scope<'_>, subjects: &[SubjectIx]) -> (Vec<(String, Vec<Trouble>)>, usize) {
    let window = scope.window();
    let mut rows: Vec<(i64, SubjectIx, Vec<Trouble>)> = Vec::new();
    for subject in subjects {
        let inside = scope.records.of(*subject).iter().filter_map(|interval| {
            let is_out = matches!(interval.state, State::Down | State::Unreachable);
            let from = interval.from.max(window.from);
            let to = interval.to.unwrap_or(window.to).min(window.to);
            (is_out && from < to).then_some(Trouble { from, to, state: interval.state })
        });
        let troubles: Vec<Trouble> = inside.collect();
        if !troubles.is_empty() {
            let lost = troubles.iter().map(|t| t.to.0 - t.from.0).sum();
            rows.push((lost, *subject, troubles));
        }
    }
    rows.sort_by_key(|(lost, subject, _)| (Reverse(*lost), *subject));
    let count = rows.len();
    let named = rows
        .into_iter()
        .take(ROWS_MAX)
        .map(|(_, subject, troubles)| (scope.inventory.subject(subject).id.to_string(), troubles));
    (named.collect(), count)
}
