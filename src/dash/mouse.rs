//! What a click or the wheel means. Pure.

use super::board::Board;
use super::place::Step;
use super::state::{Key, Mode, Row, Screen, Ui};
use super::view::{list_area, tab_names};

/// Rows a notch of the wheel goes.
const NOTCH: isize = 3;

/// A movement of the mouse that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// The left button at a column and row.
    Click(u16, u16),
    /// The wheel, down (1) or up (-1).
    Wheel(isize),
}

/// The key that it stands for; a click on a row selects it, on the selected row opens it.
pub(super) fn key(ui: &mut Ui, board: &Board, mouse: Mouse) -> Option<Key> {
    match (mouse, ui.mode) {
        (Mouse::Wheel(by), Mode::Search | Mode::Palette | Mode::Help | Mode::Normal) => {
            Some(Key::Step(Step::By(by * NOTCH)))
        }
        (Mouse::Click(x, 1), Mode::Normal) => tab(ui, board, x).map(Key::Tab),
        (Mouse::Click(x, y), Mode::Normal) => click(ui, board, x, y),
        _ => None,
    }
}

fn tab(ui: &Ui, board: &Board, x: u16) -> Option<Screen> {
    let mut at = 0;
    for (screen, name) in tab_names(ui, board, ui.size.0) {
        at += crate::locale::width(&name);
        if usize::from(x) < at {
            return Some(screen);
        }
    }
    None
}

fn click(ui: &mut Ui, board: &Board, x: u16, y: u16) -> Option<Key> {
    let (area, height) = list_area(ui, board)?;
    if !area.contains((x, y).into()) {
        return None;
    }
    let rows: Vec<Row> = std::mem::take(&mut ui.rows);
    let place = ui.place_mut();
    let found = place.and_then(|place| {
        let row = place.first_visible(&rows, height) + usize::from(y - area.y);
        let key = rows.get(row)?.clone();
        let is_selected = place.index(&rows) == Some(row);
        place.selected = Some(key);
        Some(is_selected)
    });
    ui.rows = rows;
    if found.is_some() && ui.screen == Screen::Log {
        ui.log.is_followed = false;
    }
    found.filter(|is_selected| *is_selected).map(|_| Key::Open)
}
