//! The names of the tabs, as many letters of them as there is room for. Pure.

use super::board::Board;
use super::state::{Screen, Ui};
use crate::locale::{text, width};

/// How much of the tabs there is room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Whole,
    Tight,
    /// Only the open one and the incidents are named.
    Digits,
}

/// " 3 Đường truyền ".
fn name(ui: &Ui, board: &Board, (screen, digit): (Screen, char), room: Room) -> String {
    let is_open = ui.tab() == screen;
    let (key, short) = match screen {
        Screen::Coverage => ("dash.tab_coverage", "dash.tab_coverage"),
        Screen::Incidents => ("dash.tab_incidents", "dash.tab_incidents"),
        Screen::Lines => ("dash.tab_lines", "dash.tab_lines_short"),
        Screen::Departments => ("dash.tab_departments", "dash.tab_departments_short"),
        Screen::Map => ("dash.tab_map", "dash.tab_map"),
        Screen::Log => ("dash.tab_log", "dash.tab_log"),
        Screen::Reports => ("dash_reports.tab", "dash_reports.tab"),
        Screen::Devices => ("dash.tab_devices", "dash.tab_devices"),
        Screen::Drift | Screen::Heat | Screen::Works | Screen::Wall | Screen::Subject => {
            return String::new();
        }
    };
    let mut name = text(ui.lang, if room == Room::Whole { key } else { short }).to_owned();
    let open = board.incidents.len();
    if screen == Screen::Incidents && open > 0 {
        name.push_str(&format!(" ({open})"));
    }
    match room {
        Room::Whole => format!(" {digit} {name} "),
        Room::Digits if !is_open && screen != Screen::Incidents => format!(" {digit} "),
        Room::Tight | Room::Digits => format!(" {digit} {name}"),
    }
}

/// The tabs with their names for a line of `columns`.
#[must_use]
pub fn names(ui: &Ui, board: &Board, columns: u16) -> Vec<(Screen, String)> {
    let named = |room| -> Vec<(Screen, String)> {
        Screen::TABS.into_iter().map(|tab| (tab.0, name(ui, board, tab, room))).collect()
    };
    let fits = |names: &Vec<(Screen, String)>| {
        let wide: usize = names.iter().map(|(_, name)| width(name)).sum();
        wide <= usize::from(columns)
    };
    let found = [Room::Whole, Room::Tight].into_iter().map(named).find(fits);
    found.unwrap_or_else(|| named(Room::Digits))
}
