//! Holds what the user has chosen to what there is, and asks for what is missing. Pure.

use super::board::Board;
use super::lens::Filter;
use super::place::Place;
use super::rows::{rows, top};
use super::state::{Cmd, HistoryRequest, Row, RowsKey, Screen, Tree, Ui};
use super::view::{chart_columns, heat_columns, list_height, map_size, report_size, search_height};
use crate::model::UnixMs;

/// Holds everything the user has chosen to what exists, and makes the open list's rows anew when
/// they may have changed.
pub(super) fn settle(ui: &mut Ui, board: &Board) {
    for tree in [&mut ui.coverage, &mut ui.departments] {
        if tree.open.as_ref().is_some_and(|id| board.unit(id).is_none()) {
            *tree = Tree::default();
        }
    }
    if ui.incident.as_ref().is_some_and(|root| !board.incidents.iter().any(|i| i.root == *root)) {
        ui.incident = None;
    }
    if ui.screen == Screen::Subject
        && ui.detail.as_ref().is_none_or(|d| board.subject(&d.subject).is_none())
    {
        ui.screen = ui.back;
        ui.detail = None;
    }
    if ui.screen == Screen::Map {
        let network = ui.network(board).map(|n| n.id.clone());
        ui.map.settle(board, network.as_ref(), map_size(ui.size));
    }
    if ui.heat.open.as_ref().is_some_and(|id| board.unit(id).is_none()) {
        ui.heat.open = None;
    }
    for unit in [&mut ui.reports.unit, &mut ui.reports.offered] {
        unit.take_if(|id| board.unit(id).is_none());
    }
    if ui.screen == Screen::Reports {
        let size = report_size(ui, board);
        ui.reports.settle(size);
    }
    if ui.screen == Screen::Lines {
        ui.loads.settle(board);
    }
    let tree = ui.tree();
    let key = RowsKey {
        version: board.version(),
        standing: board.standing,
        screen: ui.screen,
        open: match ui.screen {
            Screen::Map => ui.map.open.clone(),
            Screen::Heat => ui.heat.open.clone(),
            _ => tree.and_then(|t| t.open.clone()),
        },
        own: tree.is_some_and(|t| t.own),
        incident: ui.incident.clone(),
        filter: match ui.screen {
            Screen::Lines => ui.lines_filter,
            Screen::Devices => ui.devices_filter,
            _ => Filter::All,
        },
        log: ui.log.version(),
        drift: ui.drift.version(),
        closed: ui.closed.version(),
        works: ui.works.fetched.changes(),
        heat: ui.heat.fetched.changes(),
        carrier: ui.carriers.chosen.clone(),
        sort: match ui.screen {
            Screen::Lines => ui.lines_sort,
            Screen::Devices => ui.devices_sort,
            _ => ui.sort,
        },
        network: ui.network.clone(),
    };
    let is_new = ui.rows_of.as_ref() != Some(&key);
    if ui.screen == Screen::Lines && (is_new || ui.carriers.is_due(board.at)) {
        ui.carriers.look(board);
    }
    if is_new {
        let was_quiet = !ui.rows.iter().any(|row| matches!(row, Row::Incident(_)));
        ui.rows = rows(ui, board);
        ui.rows_of = Some(key);
        // Nobody has chosen the fold while it was the only row: the first incident is looked at.
        let is_first = ui.rows.iter().any(|row| matches!(row, Row::Incident(_)));
        if was_quiet
            && is_first
            && let Some(place) = ui.place_mut()
            && place.selected == Some(Row::Fold)
        {
            *place = Place::default();
        }
    }
    let height = list_height(ui, board);
    let rows = std::mem::take(&mut ui.rows);
    let from_top = std::mem::take(&mut ui.from_top);
    if let Some(place) = ui.place_mut() {
        if from_top {
            // The selection stays on the same thing where it can be seen from there.
            match place.index(&rows) {
                Some(at) if at < height => place.top = rows.first().cloned(),
                _ => *place = Place::default(),
            }
        }
        place.settle(&rows, height);
    }
    ui.rows = rows;
    let height = search_height(ui.size);
    ui.search.place.settle(&ui.search.hits, height);
}

/// Asks for the open subject's history when it is not there, when the chart has another width or
/// window, and when a new column has begun.
pub(super) fn ask_history(ui: &mut Ui, now: UnixMs, commands: &mut Vec<Cmd>) {
    if ui.screen != Screen::Subject {
        return;
    }
    let columns = chart_columns(ui.size);
    let Some(detail) = &mut ui.detail else { return };
    let columns_ms = detail.range.len_ms() / i64::try_from(columns.max(1)).unwrap_or(1);
    let step_ms = columns_ms.max(5_000);
    let (window, is_past) = (detail.window(now), detail.end.is_some());
    if let Some(asked) = &detail.asked {
        let same = asked.range == detail.range && asked.columns == columns;
        let age_ms = now.since(asked.window.to);
        let is_good = match is_past {
            true => asked.window == window,
            false => !asked.is_past && (0..step_ms).contains(&age_ms),
        };
        if same && is_good {
            return;
        }
    }
    let (subject, range) = (detail.subject.clone(), detail.range);
    let request = HistoryRequest { subject, range, window, columns, is_past };
    detail.asked = Some(request.clone());
    commands.push(Cmd::History(request));
}

/// Asks for what the heat map lacks; leaving it leaves nothing to be asked for.
pub(super) fn ask_heat(ui: &mut Ui, board: &Board, now: UnixMs, commands: &mut Vec<Cmd>) {
    if ui.screen != Screen::Heat {
        return ui.heat.fetched.rest();
    }
    let network = ui.network(board).map(|n| n.id.clone());
    let unit = ui.heat.open.clone().or_else(|| top(board));
    let columns = heat_columns(ui.size);
    ui.heat.ask(board, (unit, network), columns, now, commands);
}

/// Asks for what the lists lack that are there only while they are open.
pub(super) fn ask_lists(ui: &mut Ui, board: &Board, now: UnixMs, commands: &mut Vec<Cmd>) {
    match ui.screen {
        Screen::Drift => ui.drift.ask(now, commands),
        _ => ui.drift.rest(),
    }
    match ui.screen {
        Screen::Reports => ui.reports.ask(board.local(now).date(), ui.lang, commands),
        _ => ui.reports.rest(),
    }
    match ui.screen {
        Screen::Incidents => ui.closed.ask(board, now, commands),
        _ => ui.closed.fetched.rest(),
    }
    match ui.screen {
        Screen::Lines => ui.loads.ask(now, commands),
        _ => ui.loads.fetched.rest(),
    }
    match ui.screen {
        Screen::Works => ui.works.ask(now, commands),
        _ => ui.works.fetched.rest(),
    }
}
