//! What came of files, and the list of actions. Pure.

use super::form;
use super::notice::Said;
use super::place::{Place, Step};
use super::state::{Key, Mode, Ui};
use super::view::search_height;
use crate::model::UnixMs;

/// What came of writing a file; `said` tells where it is.
pub(super) fn written(
    ui: &mut Ui,
    answer: Result<String, String>,
    said: impl FnOnce(String) -> Said,
    now: UnixMs,
) {
    let said = answer.map_or_else(Said::NotExported, said);
    ui.notices.tell(said, now);
}

/// A key in the list of actions; the chosen action, once it is closed.
pub(super) fn press_in_palette(ui: &mut Ui, key: Key) -> Option<Key> {
    let page = isize::try_from(search_height(ui.size)).unwrap_or(1).max(1);
    let names = ui.palette.names();
    match key {
        Key::Back => ui.mode = Mode::Normal,
        Key::Step(step) => ui.palette.place.go(&names, step),
        Key::Page(pages) => ui.palette.place.go(&names, Step::By(pages * page)),
        Key::Erase | Key::EraseWord | Key::EraseAll => {
            form::erase(&mut ui.palette.text, key);
            ui.palette.place = Place::default();
            ui.palette.look(ui.screen, ui.read_only);
        }
        Key::Open => {
            let chosen = ui.palette.chosen()?;
            ui.mode = Mode::Normal;
            return Some(chosen);
        }
        _ => {}
    }
    None
}
