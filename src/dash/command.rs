//! What can happen to the user interface, and what it wants done.

use std::sync::Arc;

use super::confirm::Asking;
use super::detail::HistoryRequest;
use super::export::Export;
use super::key::Key;
use super::log::LogRequest;
use super::mouse::Mouse;
use super::reports::{ReportRequest, SaveReport, Saved};
use super::saved::View;
use super::source::Refusal;
use super::storm::StormAsk;
use super::take::Ask;
use super::work::WorkAsk;
use crate::api::{
    Acknowledged, AskedNow, ClosedIncident, Drifts, EventRow, History, LineLoad, LostQuery,
    LostRow, NoteRequest, Noted, StormInfo, Work,
};
use crate::model::{Id, Span};

/// Everything that can happen to the user interface.
#[derive(Debug, Clone)]
pub enum Action {
    /// A key.
    Key(Key),
    /// Text typed or pasted into the search or a dialog.
    Text(String),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// The board or the link has changed.
    Data,
    /// Time has passed.
    Tick,
    /// A history has come, or why it has not.
    History(HistoryRequest, Result<Arc<History>, String>),
    /// The lost time of units has come, or why it has not.
    Heat(LostQuery, Result<Vec<LostRow>, String>),
    /// Lines of the log have come, or why they have not.
    Log(LogRequest, Result<Vec<EventRow>, String>),
    /// The closed incidents have come, or why they have not.
    Closed(Result<Vec<ClosedIncident>, String>),
    /// How full the lines are has come, or why it has not.
    Loads(Result<Vec<LineLoad>, String>),
    /// The announced work has come, or why it has not.
    Works(Result<Vec<Work>, String>),
    /// What is not as the inventory says has come, or why it has not: to a numbered question.
    Drift(u64, Result<Drifts, String>),
    /// A report's text has come, or why it has not.
    Report(ReportRequest, Result<String, String>),
    /// A report is written into a file, or not.
    ReportSaved(SaveReport, Result<Saved, String>),
    /// What came of a command.
    Taken(Ask, Result<Acknowledged, Refusal>),
    /// What came of announcing work.
    Worked(WorkAsk, Result<Work, Refusal>),
    /// What came of ordering or ending storm mode.
    Stormed(StormAsk, Result<StormInfo, Refusal>),
    /// What came of ending work.
    Ended(Id, Result<Work, Refusal>),
    /// What came of saying what an outage was.
    Noted(NoteRequest, Result<Noted, Refusal>),
    /// What came of having subjects asked.
    Asked(Asking, Result<AskedNow, Refusal>),
    /// The mouse.
    Mouse(Mouse),
    /// The view is kept, or why it is not.
    Kept(Result<String, String>),
    /// A file is written, or why it is not.
    Exported(usize, Result<String, String>),
}

/// What `update` wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cmd {
    /// Leave the dashboard.
    Quit,
    /// Give the terminal back and stop until continued.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Ask for a history.
    History(HistoryRequest),
    /// Ask for the lost time of units.
    Heat(LostQuery),
    /// Ask for lines of the log.
    Log(LogRequest),
    /// Ask for the incidents closed inside a window.
    Closed(Span),
    /// Ask how full the lines were inside a window.
    Loads(Span),
    /// Ask for the announced work.
    Works,
    /// Ask what is not as the inventory says; the number tells the answer from an older one.
    Drift(u64),
    /// Have a report made to be read.
    Report(ReportRequest),
    /// Have a report written into the folder the dashboard was started in.
    SaveReport(SaveReport),
    /// Have the daemon give the user an incident.
    Take(Ask),
    /// Have the daemon take announced work.
    Work(WorkAsk),
    /// Have the daemon begin or end storm mode.
    Storm(StormAsk),
    /// Have the daemon end announced work.
    End(Id),
    /// Have the daemon write down what an outage was.
    Note(NoteRequest),
    /// Have the daemon ask subjects now.
    Ask(Asking),
    /// Send a text to the terminal's clipboard.
    Copy(String),
    /// Keep a view for the next time.
    Keep(View),
    /// Write a file into the folder the dashboard was started in.
    Export(Export),
}
