//! The rows of the open list in their order, and the figures a unit is sorted and shown by. Pure.

use std::cmp::Reverse;

use super::board::{Board, Subject, on, severity};
use super::heat::line_of;
use super::reports::Reports;
use super::state::{Row, Screen, Sort, Tree, Ui};
use crate::api::{UnitCoverage, UnitRow};
use crate::locale::sort_key;
use crate::model::{NetworkId, SubjectId, Tier, UnitId};

/// The only root, beneath which the tree starts.
pub(super) fn top(board: &Board) -> Option<UnitId> {
    let mut roots = board.roots();
    match (roots.next(), roots.next()) {
        (Some(root), None) => Some(root.id.clone()),
        _ => None,
    }
}

pub(super) fn is_department(board: &Board, id: &UnitId) -> bool {
    board.unit(id).is_some_and(|u| in_departments(u, true))
}

fn in_departments(unit: &UnitRow, has_parent: bool) -> bool {
    match unit.kind.tier() {
        Tier::Department => true,
        // The DIC stands beside the departments; the province is the root itself.
        Tier::Province => has_parent,
        Tier::District | Tier::Commune => false,
    }
}

/// The figures of a unit on a network: its own where nothing lies beneath it, else those of the
/// lowest counted level beneath it.
#[must_use]
pub fn figures<'a>(
    board: &Board,
    unit: &'a UnitRow,
    network: &NetworkId,
) -> Option<&'a UnitCoverage> {
    if board.is_leaf(&unit.id) {
        return on(&unit.own, network, unit.kind.tier());
    }
    let rows = unit.subtree.iter().filter(|c| c.network == *network && c.ladder.required > 0);
    rows.max_by_key(|c| c.tier)
}

/// Levels in the order the trees list them: what is counted first.
const fn group(unit: &UnitRow) -> u8 {
    match unit.kind.tier() {
        Tier::District => 0,
        Tier::Commune => 1,
        Tier::Province => 2,
        Tier::Department => 3,
    }
}

fn sorted_units<'a>(
    board: &Board,
    units: impl Iterator<Item = &'a UnitRow>,
    sort: Sort,
    network: Option<&NetworkId>,
) -> Vec<Row> {
    let mut units: Vec<&UnitRow> = units.collect();
    match sort {
        Sort::Official => units.sort_by_key(|u| group(u)),
        Sort::Worst => units.sort_by_cached_key(|u| {
            let row = network.and_then(|n| figures(board, u, n));
            let live = row.map(|c| live_ppm(c.ladder.live, c.ladder.required));
            let month = row.and_then(|c| c.month.delivered_ppm());
            let none = u32::MAX;
            let mark = Reverse(severity(board.mark(&u.id)));
            (group(u), live.unwrap_or(none), mark, month.unwrap_or(none))
        }),
        Sort::Name => units.sort_by_cached_key(|u| (group(u), sort_key(&u.short))),
    }
    units.into_iter().map(|u| Row::Unit(u.id.clone())).collect()
}

/// Share of `whole` in millionths; everything where nothing is required.
#[must_use]
pub fn live_ppm(part: u32, whole: u32) -> u32 {
    if whole == 0 {
        return 1_000_000;
    }
    let ppm = u64::from(part) * 1_000_000 / u64::from(whole);
    u32::try_from(ppm).unwrap_or(1_000_000)
}

fn sorted_subjects<'a>(
    subjects: impl Iterator<Item = Subject<'a>>,
    sort: Sort,
    by_carrier: bool,
) -> Vec<Row> {
    let mut subjects: Vec<Subject<'_>> = subjects.collect();
    match sort {
        Sort::Official => {}
        Sort::Worst => subjects.sort_by_cached_key(|s| {
            let month = s.month().delivered_ppm().unwrap_or(u32::MAX);
            (Reverse(severity(s.state())), month)
        }),
        Sort::Name if by_carrier => subjects.sort_by_cached_key(|s| {
            (s.carrier().is_none(), s.carrier().cloned(), sort_key(s.name()))
        }),
        Sort::Name => subjects.sort_by_cached_key(|s| sort_key(s.name())),
    }
    subjects.into_iter().map(|s| Row::Subject(s.id().clone())).collect()
}

/// The rows of the open list, in their order.
#[must_use]
pub fn rows(ui: &Ui, board: &Board) -> Vec<Row> {
    let network = ui.network(board).map(|n| n.id.clone());
    match ui.screen {
        Screen::Coverage | Screen::Departments => {
            let Some(tree) = ui.tree() else { return Vec::new() };
            tree_rows(board, ui.screen, tree, ui.sort, network.as_ref())
        }
        Screen::Incidents => match &ui.incident {
            None => {
                let open = board.worst_incidents().into_iter();
                open.map(|i| Row::Incident(i.root.clone())).chain(ui.closed.rows()).collect()
            }
            Some(root) => consequence_rows(board, root),
        },
        // A list that is not complete says so in place of its rows.
        Screen::Lines | Screen::Devices if board.loading().is_some() => Vec::new(),
        Screen::Lines => {
            let lines = board.connections().filter(|s| ui.carriers.lets(*s));
            sorted_subjects(lines.filter(|s| ui.lines_filter.lets(*s)), ui.lines_sort, true)
        }
        Screen::Devices => {
            let devices = board.devices().filter(|s| ui.devices_filter.lets(*s));
            sorted_subjects(devices, ui.devices_sort, false)
        }
        Screen::Map => ui.map.rows(),
        Screen::Heat => {
            let open = ui.heat.open.clone().or_else(|| top(board));
            let mut rows = match &open {
                Some(open) => sorted_units(board, board.children(open), ui.sort, network.as_ref()),
                None => sorted_units(board, board.roots(), ui.sort, network.as_ref()),
            };
            if ui.sort == Sort::Worst {
                // What is worst here is what lost most.
                let lost = |row: &Row| match row {
                    Row::Unit(id) => ui.heat.lost_ms(id),
                    _ => 0,
                };
                rows.sort_by_cached_key(|row| Reverse(lost(row)));
            }
            let has_own = |open: &UnitId| match board.loading() {
                Some(_) => board.unit(open).is_some_and(|unit| !unit.own.is_empty()),
                None => line_of(board, open, network.as_ref()).is_some(),
            };
            open.filter(has_own).map(Row::Own).into_iter().chain(rows).collect()
        }
        Screen::Works => ui.works.rows(),
        Screen::Log => ui.log.rows(),
        Screen::Drift => ui.drift.rows(),
        Screen::Reports => Reports::rows(),
        Screen::Subject | Screen::Wall => Vec::new(),
    }
}

fn tree_rows(
    board: &Board,
    screen: Screen,
    tree: &Tree,
    sort: Sort,
    network: Option<&NetworkId>,
) -> Vec<Row> {
    let top = top(board);
    let Some(open) = tree.open.as_ref().or(top.as_ref()) else {
        return sorted_units(board, board.roots(), sort, network);
    };
    if screen == Screen::Departments && tree.open.is_none() {
        let found = board.units.iter().filter(|u| {
            let parent = board.parent(&u.id);
            in_departments(u, parent.is_some())
                && parent.is_none_or(|p| p.kind.tier() != Tier::Department)
        });
        return sorted_units(board, found, sort, network);
    }
    if board.loading().is_some() && (tree.own || board.is_leaf(open)) {
        return Vec::new();
    }
    if tree.own || board.is_leaf(open) {
        return sorted_subjects(board.subjects_of(open), sort, false);
    }
    let mut rows = Vec::new();
    // Before its subjects have come, whoever must have a network is taken to have some: a row that
    // came later would move those beneath it away from under the keys.
    let has_own = match board.loading() {
        Some(_) => board.unit(open).is_some_and(|unit| !unit.own.is_empty()),
        None => board.subjects_of(open).next().is_some(),
    };
    if has_own {
        rows.push(Row::Own(open.clone()));
    }
    rows.extend(sorted_units(board, board.children(open), sort, network));
    rows
}

fn consequence_rows(board: &Board, root: &SubjectId) -> Vec<Row> {
    let Some(incident) = board.incidents.iter().find(|i| i.root == *root) else {
        return Vec::new();
    };
    let mut rows = vec![Row::Subject(root.clone())];
    rows.extend(incident.with.iter().cloned().map(Row::Subject));
    rows.extend(incident.impact.units.iter().cloned().map(Row::Cut));
    if board.loading().is_some() {
        return rows;
    }
    let caused = board.subjects().filter(|s| s.now().cause == Some(root));
    rows.extend(caused.map(|s| Row::Subject(s.id().clone())));
    rows
}
