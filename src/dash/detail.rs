//! The open subject and the stretch of time its chart shows. Pure.

use std::sync::Arc;

use crate::api::History;
use crate::model::{Span, SubjectId, UnixMs};

/// The windows of time of a subject's chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// 1 h
    #[default]
    Hour,
    /// 24 h
    Day,
    /// 7 d
    Week,
    /// 30 d
    Month,
}

impl Range {
    /// From short to long.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Length in milliseconds.
    pub const fn len_ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
            Self::Month => 30 * 86_400_000,
        }
    }

    /// The longer (1) or shorter (-1) one.
    #[must_use]
    pub fn other(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|r| *r == self).unwrap_or(0);
        Self::ALL[at.saturating_add_signed(by).min(Self::ALL.len() - 1)]
    }

    /// The key of its text.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hour => "dash.range_hour",
            Self::Day => "dash.range_day",
            Self::Week => "dash.range_week",
            Self::Month => "dash.range_month",
        }
    }
}

/// What is asked of a source for a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Whose.
    pub subject: SubjectId,
    /// Over what.
    pub range: Range,
    /// The range's place in time.
    pub window: Span,
    /// In how many points.
    pub columns: usize,
    /// It ends before the time of asking: an answer does not grow old.
    pub is_past: bool,
}

/// The open subject.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Which.
    pub subject: SubjectId,
    /// Window of its chart.
    pub range: Range,
    /// First line of the facts that is shown.
    pub top: usize,
    /// Where the window ends; `None`: it goes with the time.
    pub end: Option<UnixMs>,
    /// What was asked for last.
    pub asked: Option<HistoryRequest>,
    /// What came last, and when.
    pub history: Option<(HistoryRequest, Result<Arc<History>, String>)>,
}

impl Detail {
    /// A subject that has just been opened.
    #[must_use]
    pub const fn new(subject: SubjectId, range: Range) -> Self {
        Self { subject, range, top: 0, end: None, asked: None, history: None }
    }

    /// A longer (1) or shorter (-1) window with the same end.
    pub fn stretch(&mut self, by: isize) {
        self.range = self.range.other(by);
    }

    /// A window earlier (-1) or later (1); never beyond `now`, with which it then goes.
    pub fn page(&mut self, by: isize, now: UnixMs) {
        let by = i64::try_from(by).unwrap_or(0);
        let end = self.end.unwrap_or(now) + by * self.range.len_ms();
        self.end = (end < now).then_some(end);
    }

    /// The window at `now`.
    #[must_use]
    pub fn window(&self, now: UnixMs) -> Span {
        let end = self.end.unwrap_or(now);
        Span::new(end - self.range.len_ms(), end)
    }

    /// What came, when it is what is looked at: another range or another page is not.
    #[must_use]
    pub fn shown(&self) -> Option<(&HistoryRequest, &Result<Arc<History>, String>)> {
        let (request, answer) = self.history.as_ref()?;
        let is_same = request.range == self.range
            && self.end.is_none_or(|end| request.window.to == end)
            && (self.end.is_some() || !request.is_past);
        is_same.then_some((request, answer))
    }
}
