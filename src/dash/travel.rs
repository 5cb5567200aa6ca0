//! Where the user goes: into what is selected, back, to another screen. Pure.

use super::board::Board;
use super::lens::Whose;
use super::place::Place;
use super::rows::{is_department, top};
use super::state::{Detail, Range, Row, Screen, Tree, Ui};
use super::{heat, reports};
use crate::model::{SubjectId, UnitId, WorkedOn};

/// Opens a screen. Those without a tab are left to where they were opened from.
pub(super) fn go_to(ui: &mut Ui, board: &Board, screen: Screen) {
    if screen == Screen::Reports && ui.screen != Screen::Reports {
        reports::enter(ui, board);
    }
    if screen == Screen::Heat && ui.screen == Screen::Coverage {
        ui.heat.open = ui.coverage.open.clone();
    }
    if screen == Screen::Incidents && ui.screen != Screen::Incidents {
        // Whoever comes here wants the worst first, not where he stood an hour ago.
        (ui.incidents, ui.incident) = (Place::default(), None);
    }
    let has_tab = |screen| Screen::TABS.iter().any(|(s, _)| *s == screen);
    if !has_tab(screen) && has_tab(ui.screen) {
        ui.aside = ui.screen;
    }
    ui.screen = screen;
}

fn tree_mut(ui: &mut Ui) -> Option<&mut Tree> {
    match ui.screen {
        Screen::Coverage => Some(&mut ui.coverage),
        Screen::Departments => Some(&mut ui.departments),
        _ => None,
    }
}

pub(super) fn open_subject(ui: &mut Ui, subject: SubjectId) {
    if ui.screen != Screen::Subject {
        ui.back = ui.screen;
    }
    let range = ui.detail.as_ref().map_or(Range::default(), |d| d.range);
    ui.detail = Some(Detail::new(subject, range));
    ui.screen = Screen::Subject;
}

pub(super) fn open(ui: &mut Ui, board: &Board) {
    let Some(row) = ui.selected().cloned() else { return };
    match row {
        Row::Unit(id) if ui.screen == Screen::Map => {
            if board.is_leaf(&id) || ui.map.open.as_ref() == Some(&id) {
                return jump(ui, board, &id);
            }
            ui.map.open = Some(id);
            ui.map.place = Place::default();
        }
        Row::Unit(id) if ui.screen == Screen::Heat && !board.is_leaf(&id) => {
            ui.heat.open = Some(id);
            ui.heat.place = Place::default();
        }
        Row::Unit(id) | Row::Own(id) if ui.screen == Screen::Heat => {
            let network = ui.network(board).map(|n| n.id.clone());
            match heat::line_of(board, &id, network.as_ref()).map(|line| line.id().clone()) {
                Some(line) => open_subject(ui, line),
                None => jump(ui, board, &id),
            }
        }
        Row::Unit(id) => {
            if let Some(tree) = tree_mut(ui) {
                *tree = Tree { open: Some(id), own: false, place: Place::default() };
            }
        }
        Row::Own(id) => {
            if let Some(tree) = tree_mut(ui) {
                *tree = Tree { open: Some(id), own: true, place: Place::default() };
            }
        }
        Row::Subject(id) => open_subject(ui, id),
        Row::Report(_) => ui.reports.is_wide = !ui.reports.is_wide,
        Row::Drift(key) => {
            let subject = ui.drift.of(&key).map(|one| one.subject.clone());
            if let Some(id) = subject.filter(|id| board.subject(id).is_some()) {
                open_subject(ui, id);
            }
        }
        Row::Event(seq) => {
            let subject = ui.log.event(seq).and_then(|event| event.subject.clone());
            if let Some(id) = subject.filter(|id| board.subject(id).is_some()) {
                open_subject(ui, id);
            }
        }
        Row::Incident(root) => {
            ui.incident = Some(root);
            ui.consequences = Place::default();
        }
        Row::Fold => ui.closed.is_open = !ui.closed.is_open,
        Row::Closed(id) => {
            let Some(incident) = ui.closed.incident(&id) else { return };
            let (root, back_ms) = (incident.root.clone(), board.at.since(incident.since));
            if board.subject(&root).is_none() {
                return;
            }
            open_subject(ui, root);
            // The shortest window that has the whole outage in it.
            if let Some(detail) = &mut ui.detail {
                let is_enough = |range: &Range| range.len_ms() > back_ms;
                detail.range = Range::ALL.into_iter().find(is_enough).unwrap_or(Range::Month);
            }
        }
        Row::Work(id) => match ui.works.work(&id).map(|work| work.on.clone()) {
            Some(WorkedOn::Subject(id)) if board.subject(&id).is_some() => open_subject(ui, id),
            Some(WorkedOn::Unit(id)) if board.unit(&id).is_some() => jump(ui, board, &id),
            Some(WorkedOn::Carrier(id)) => {
                ui.carriers.chosen = Some(Whose::Of(id));
                go_to(ui, board, Screen::Lines);
            }
            _ => {}
        },
        Row::Cut(id) => jump(ui, board, &id),
    }
}

pub(super) fn back(ui: &mut Ui, board: &Board) {
    match ui.screen {
        Screen::Subject => ui.screen = ui.back,
        Screen::Incidents => {
            if let Some(root) = ui.incident.take() {
                ui.incidents = Place::at(Row::Incident(root));
            }
        }
        Screen::Lines => ui.carriers.chosen = None,
        Screen::Devices => ui.devices_filter = Default::default(),
        Screen::Log => {}
        Screen::Map => {
            if let Some(left) = ui.map.open.take() {
                ui.map.open = above(board, &left);
                ui.map.place = Place::at(Row::Unit(left));
            }
        }
        Screen::Heat => match ui.heat.open.take() {
            Some(left) => {
                ui.heat.open = above(board, &left);
                ui.heat.place = Place::at(Row::Unit(left));
            }
            None => ui.screen = ui.aside,
        },
        Screen::Wall | Screen::Works | Screen::Drift => ui.screen = ui.aside,
        Screen::Reports => ui.reports.is_wide = false,
        Screen::Coverage | Screen::Departments => {
            let screen = ui.screen;
            let Some(tree) = tree_mut(ui) else { return };
            let Some(left) = tree.open.clone() else { return };
            if tree.own && !board.is_leaf(&left) {
                let place = Place::at(Row::Own(left.clone()));
                *tree = Tree { open: Some(left), own: false, place };
                return;
            }
            let above = board.parent(&left).map(|u| u.id.clone());
            // In the departments' branch and below a single root, the root itself is the top.
            let above = above.filter(|id| {
                screen == Screen::Coverage && top(board).as_ref() != Some(id)
                    || screen == Screen::Departments && is_department(board, id)
            });
            *tree = Tree { open: above, own: false, place: Place::at(Row::Unit(left)) };
        }
    }
}

/// The unit above, unless that is the top.
pub(super) fn above(board: &Board, id: &UnitId) -> Option<UnitId> {
    let above = board.parent(id).map(|u| u.id.clone());
    above.filter(|id| top(board).as_ref() != Some(id))
}

/// Opens the tree at a unit: its list when units lie beneath it, else its subjects.
pub(super) fn jump(ui: &mut Ui, board: &Board, id: &UnitId) {
    ui.screen = Screen::Coverage;
    let open = (top(board).as_ref() != Some(id)).then(|| id.clone());
    ui.coverage = Tree { open, own: false, place: Place::default() };
}
