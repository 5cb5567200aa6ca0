//! A report that is written into a file: in which format, under which name, over which other. Pure.

use super::request::{Format, ReportRequest};
use crate::dash::board::Board;
use crate::dash::notice::Said;
use crate::dash::state::{Cmd, Key, Mode, Ui};
use crate::model::UnixMs;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveReport {
    /// Which report.
    pub request: ReportRequest,
    /// How.
    pub format: Format,
    /// Over a file of that name.
    pub is_over: bool,
}

impl SaveReport {
    /// The file's name, without a folder.
    #[must_use]
    pub fn name(&self) -> String {
        self.request.file_name(self.format)
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It is written: where.
    Written(String),
    /// A file of that name is there; nothing is written.
    Exists,
}

/// The dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// What would be written; `is_over` once a file of that name was found and told of.
    pub what: SaveReport,
    /// It is being written.
    pub is_under_way: bool,
}

/// Opens the dialog about what is looked at.
pub(in crate::dash) fn open(ui: &mut Ui, board: &Board, now: UnixMs) {
    let request = ui.reports.request(board.local(now).date(), ui.lang);
    let format = ui.reports.saving.take().map_or(Format::default(), |saving| saving.what.format);
    let what = SaveReport { request, format, is_over: false };
    ui.reports.saving = Some(Saving { what, is_under_way: false });
    ui.mode = Mode::Saving;
}

/// A key in the dialog.
pub(in crate::dash) fn press(ui: &mut Ui, key: Key, commands: &mut Vec<Cmd>) {
    let Some(saving) = &mut ui.reports.saving else {
        ui.mode = Mode::Normal;
        return;
    };
    match key {
        Key::Back => ui.mode = Mode::Normal,
        Key::Range(by) if !saving.is_under_way => {
            saving.what.format = saving.what.format.other(by);
            saving.what.is_over = false;
        }
        Key::Open if !saving.is_under_way => {
            saving.is_under_way = true;
            commands.push(Cmd::SaveReport(saving.what.clone()));
        }
        _ => {}
    }
}

/// What came of writing it.
pub(in crate::dash) fn saved(
    ui: &mut Ui,
    what: &SaveReport,
    answer: Result<Saved, String>,
    now: UnixMs,
) {
    let is_open = ui.mode == Mode::Saving;
    let saving = ui.reports.saving.as_mut().filter(|saving| saving.what == *what);
    if let Some(saving) = saving {
        saving.is_under_way = false;
        if answer == Ok(Saved::Exists) && is_open {
            saving.what.is_over = true;
            return;
        }
        if is_open && answer.is_ok() {
            ui.mode = Mode::Normal;
        }
    }
    let said = match answer {
        Ok(Saved::Written(path)) => Said::Reported(path),
        Ok(Saved::Exists) => Said::ReportExists(what.name()),
        Err(reason) => Said::NotExported(reason),
    };
    ui.notices.tell(said, now);
}
