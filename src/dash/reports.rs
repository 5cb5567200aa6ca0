//! The reports as the user has them: which kind, of which period and unit, the text that has come,
//! how far it is scrolled. Pure; whoever makes them is wired by the command line.

mod keys;
mod request;
mod saving;
mod text;

pub(super) use keys::{enter, turned};
pub use request::{Format, Length, ReportKind, ReportRequest};
pub use saving::{SaveReport, Saved, Saving};
pub(super) use saving::{open, press, saved};

pub use text::Text;

use jiff::civil::Date;

use super::place::{Place, Step};
use super::state::{Cmd, Row};
use crate::locale::Lang;
use crate::model::UnitId;

/// Columns that a step to the side goes.
const ASIDE: usize = 20;

/// The reports.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    /// Among the kinds.
    pub place: Place<Row>,
    /// How long a period is.
    pub length: Length,
    /// A day of the period; `None`: today's.
    pub day: Option<Date>,
    /// Whose report it is with all beneath; `None`: everybody's.
    pub unit: Option<UnitId>,
    /// The unit that was selected where the reports were opened from.
    pub offered: Option<UnitId>,
    /// The text has the whole screen.
    pub is_wide: bool,
    /// First line shown.
    pub top: usize,
    /// First column shown.
    pub left: usize,
    /// The file that is being decided on, or written.
    pub saving: Option<Saving>,
    shown: Option<(ReportRequest, Result<Text, String>)>,
    under_way: Option<ReportRequest>,
}

impl Reports {
    /// The kinds in their order.
    #[must_use]
    pub fn rows() -> Vec<Row> {
        ReportKind::ALL.into_iter().map(Row::Report).collect()
    }

    /// The kind that is selected.
    #[must_use]
    pub fn kind(&self) -> ReportKind {
        match &self.place.selected {
            Some(Row::Report(kind)) => *kind,
            _ => ReportKind::Coverage,
        }
    }

    /// What is looked at, where today is `today`.
    #[must_use]
    pub fn request(&self, today: Date, lang: Lang) -> ReportRequest {
        let first = self.length.first(self.day.unwrap_or(today));
        let unit = self.unit.clone();
        ReportRequest { kind: self.kind(), length: self.length, first, unit, lang }
    }

    /// What has come of it; `None` while it is being made.
    #[must_use]
    pub fn shown(&self, request: &ReportRequest) -> Option<&Result<Text, String>> {
        self.shown.as_ref().filter(|(of, _)| of == request).map(|(_, answer)| answer)
    }

    /// Something is being made.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Opened from where `unit` was selected.
    pub(super) fn open(&mut self, unit: Option<UnitId>) {
        self.unit.clone_from(&unit);
        self.offered = unit;
    }

    /// Who has left waits for nothing; a report of a period that lasts is made anew when he comes
    /// back.
    pub(super) fn rest(&mut self) {
        (self.shown, self.under_way) = (None, None);
    }

    /// Has what is looked at made, one report at a time.
    pub(super) fn ask(&mut self, today: Date, lang: Lang, commands: &mut Vec<Cmd>) {
        let request = self.request(today, lang);
        if self.under_way.is_some() || self.shown(&request).is_some() {
            return;
        }
        self.under_way = Some(request.clone());
        commands.push(Cmd::Report(request));
    }

    /// A report has come; one that nobody waits for is dropped.
    pub(super) fn take(&mut self, request: ReportRequest, answer: Result<String, String>) {
        if self.under_way.as_ref() != Some(&request) {
            return;
        }
        self.under_way = None;
        // Another language or month of the same is read on where one was; of another kind or unit
        // there is nothing to go on with.
        let is_same = |of: &ReportRequest| of.kind == request.kind && of.unit == request.unit;
        if !self.shown.as_ref().is_some_and(|(of, _)| is_same(of)) {
            (self.top, self.left) = (0, 0);
        }
        self.shown = Some((request, answer.map(|text| Text::new(&text))));
    }

    /// A period earlier (-1) or later (1), never one to come.
    pub(super) fn page(&mut self, by: isize, today: Date) {
        let first = self.length.first(self.day.unwrap_or(today));
        let moved = self.length.moved(first, by);
        self.day = moved.filter(|first| *first < self.length.first(today));
    }

    /// Longer (1) or shorter (-1) periods.
    pub(super) fn stretch(&mut self, by: isize) {
        let at = Length::ALL.iter().position(|length| *length == self.length).unwrap_or(0);
        self.length = Length::ALL[at.saturating_add_signed(by).min(Length::ALL.len() - 1)];
    }

    /// The unit above, at last everybody; then the one that was selected again.
    pub(super) fn widen(&mut self, above: impl Fn(&UnitId) -> Option<UnitId>) {
        self.unit = match &self.unit {
            Some(unit) => above(unit),
            None => self.offered.clone(),
        };
    }

    /// Scrolls.
    pub(super) fn scroll(&mut self, step: Step) {
        self.top = match step {
            Step::By(by) => self.top.saturating_add_signed(by),
            Step::First => 0,
            Step::Last => usize::MAX,
        };
    }

    /// Scrolls to the side.
    pub(super) fn aside(&mut self, by: isize) {
        let columns = isize::try_from(ASIDE).unwrap_or(0).saturating_mul(by);
        self.left = self.left.saturating_add_signed(columns);
    }

    /// Holds the scroll to what there is in a window of so many columns and lines.
    pub(super) fn settle(&mut self, (columns, lines): (usize, usize)) {
        let text = self.shown.as_mut().and_then(|(_, answer)| answer.as_mut().ok());
        let Some(text) = text else { return };
        text.lay(columns);
        self.top = self.top.min(text.lines.len().saturating_sub(lines));
        self.left = self.left.min(text.width.saturating_sub(columns));
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn asked(reports: &mut Reports) -> Option<ReportRequest> {
        let mut commands = Vec::new();
        reports.ask(date(2026, 11, 27), Lang::Vi, &mut commands);
        match commands.pop() {
            Some(Cmd::Report(request)) => Some(request),
            _ => None,
        }
    }

    #[test]
    fn one_report_is_made_at_a_time_and_the_last_one_wanted_is_shown() {
        let mut reports = Reports::default();
        let first = asked(&mut reports).unwrap();
        reports.place = Place::at(Row::Report(ReportKind::Plan));
        assert_eq!(asked(&mut reports), None);
        reports.take(first, Ok("coverage".to_owned()));
        let second = asked(&mut reports).unwrap();
        assert_eq!(second.kind, ReportKind::Plan);
        reports.take(second.clone(), Err("no".to_owned()));
        assert_eq!(reports.shown(&second), Some(&Err("no".to_owned())));
        // What failed is not asked again and again.
        assert_eq!(asked(&mut reports), None);
        reports.rest();
        assert!(asked(&mut reports).is_some());
        reports.rest();
        reports.take(second.clone(), Ok("late".to_owned()));
        assert_eq!(reports.shown(&second), None);
    }

    #[test]
    fn periods_go_back_and_forth_and_never_into_time_to_come() {
        let today = date(2026, 11, 27);
        let mut reports = Reports::default();
        let name = |reports: &Reports| reports.request(today, Lang::Vi).period();
        assert_eq!(name(&reports), "2026-11");
        reports.page(1, today);
        assert_eq!((name(&reports), reports.day), ("2026-11".to_owned(), None));
        reports.page(-11, today);
        assert_eq!(name(&reports), "2025-12");
        reports.stretch(1);
        assert_eq!(name(&reports), "2025-Q4");
        reports.page(1, today);
        assert_eq!(name(&reports), "2026-Q1");
        reports.stretch(1);
        reports.stretch(1);
        assert_eq!(name(&reports), "2026");
        reports.page(-1, today);
        assert_eq!(name(&reports), "2025");
        reports.page(5, today);
        assert_eq!((name(&reports), reports.day), ("2026".to_owned(), None));
    }

    #[test]
    fn the_unit_widens_to_everybody_and_back() {
        let id = |text| UnitId::new(text).unwrap();
        let above = |unit: &UnitId| (unit.as_str() == "cai-be.an-cu").then(|| id("cai-be"));
        let mut reports = Reports::default();
        reports.open(Some(id("cai-be.an-cu")));
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(reports.unit.as_ref().map(ToString::to_string));
            reports.widen(above);
        }
        let expected = [Some("cai-be.an-cu"), Some("cai-be"), None, Some("cai-be.an-cu")];
        assert_eq!(seen, expected.map(|unit| unit.map(str::to_owned)));
    }

    #[test]
    fn a_report_is_scrolled_within_its_text() {
        let mut reports = Reports::default();
        let request = asked(&mut reports).unwrap();
        reports.take(request, Ok(format!("{}\nb\nc\nd\n", "x".repeat(90))));
        reports.scroll(Step::Last);
        reports.aside(9);
        reports.settle((50, 3));
        assert_eq!((reports.top, reports.left), (1, 40));
        reports.scroll(Step::By(-9));
        reports.aside(-1);
        reports.settle((50, 3));
        assert_eq!((reports.top, reports.left), (0, 20));
        reports.settle((200, 90));
        assert_eq!(reports.left, 0);
    }
}
