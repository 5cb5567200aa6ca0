//! What keys do on the screen of reports, and of whom a report is when they are opened. Pure.

use crate::dash::board::Board;
use crate::dash::place::Step;
use crate::dash::rows::top;
use crate::dash::state::{Key, Row, Screen, Ui};
use crate::dash::travel::above;
use crate::dash::view::report_size;
use crate::model::{SubjectId, UnitId, UnixMs, WorkedOn};

/// The reports are opened from another screen.
pub(in crate::dash) fn enter(ui: &mut Ui, board: &Board) {
    let unit = selected_unit(ui, board);
    ui.reports.open(unit);
}

/// A key; false when it means what it means everywhere. Steps go through the kinds, and through the
/// text where that has the whole screen.
pub(in crate::dash) fn turned(ui: &mut Ui, board: &Board, key: Key, now: UnixMs) -> bool {
    match key {
        Key::Step(step) if ui.reports.is_wide || !matches!(step, Step::By(_)) => {
            ui.reports.scroll(step);
        }
        Key::Page(pages) => {
            let height = isize::try_from(report_size(ui, board).1).unwrap_or(1).max(1);
            ui.reports.scroll(Step::By(pages.saturating_mul(height)));
        }
        Key::Widen => ui.reports.widen(|unit| above(board, unit)),
        Key::Aside(by) => ui.reports.aside(by),
        Key::Range(by) => ui.reports.stretch(by),
        Key::Time(by) => ui.reports.page(by, board.local(now).date()),
        _ => return false,
    }
    true
}

/// The unit that is selected, or whose the selection is; `None` where that is everybody.
fn selected_unit(ui: &Ui, board: &Board) -> Option<UnitId> {
    let of_subject = |id: &SubjectId| board.subject(id).map(|subject| subject.unit().clone());
    let unit = match (ui.screen, ui.selected()) {
        (Screen::Subject, _) => of_subject(&ui.detail.as_ref()?.subject),
        (_, Some(Row::Unit(id) | Row::Own(id) | Row::Cut(id))) => Some(id.clone()),
        (_, Some(Row::Subject(id) | Row::Incident(id))) => of_subject(id),
        (_, Some(Row::Event(seq))) => of_subject(ui.log.event(*seq)?.subject.as_ref()?),
        (_, Some(Row::Drift(key))) => ui.drift.of(key).map(|one| one.unit.clone()),
        (_, Some(Row::Closed(id))) => of_subject(&ui.closed.incident(id)?.root),
        (_, Some(Row::Work(id))) => match &ui.works.work(id)?.on {
            WorkedOn::Unit(id) => Some(id.clone()),
            WorkedOn::Subject(id) => of_subject(id),
            WorkedOn::Carrier(_) => None,
        },
        (_, Some(Row::Fold | Row::Report(_)) | None) => None,
    };
    unit.filter(|id| top(board).as_ref() != Some(id))
}
