//! The three clocks of DESIGN section 5, rule 11.

use serde::{Deserialize, Serialize};

use crate::model::Span;

/// By which hours time is judged. Time outside them is outside the window for every figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Clock {
    /// Around the clock: off hours count as down.
    #[default]
    #[serde(rename = "24x7")]
    AroundTheClock,
    /// The subject's own hours; around the clock where it has none.
    #[serde(rename = "office")]
    Office,
    /// The hours of the line's contract; around the clock where it names none.
    #[serde(rename = "contract")]
    Contract,
}

impl Clock {
    /// The word on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AroundTheClock => "24x7",
            Self::Office => "office",
            Self::Contract => "contract",
        }
    }

    /// True when time switched off outside hours that allow it counts as down.
    #[must_use]
    pub const fn counts_off_hours(self) -> bool {
        matches!(self, Self::AroundTheClock)
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Sorted spans, walked once from the past to the future.
pub(super) struct Hours<'a> {
    spans: &'a [Span],
    next: usize,
}

impl<'a> Hours<'a> {
    pub(super) const fn new(spans: &'a [Span]) -> Self {
        Self { spans, next: 0 }
    }

    /// Milliseconds of `span` inside the hours; `span` never begins before the last one's end.
    pub(super) fn inside(&mut self, span: Span) -> i64 {
        let mut ms = 0;
        while let Some(open) = self.spans.get(self.next) {
            ms += open.intersect(span).len_ms();
            if open.to > span.to {
                break;
            }
            self.next += 1;
        }
        ms
    }
}

/// Spans in any order as sorted ones apart from each other.
pub(super) fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|s| s.from);
    let mut found: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match found.last_mut() {
            Some(last) if last.to >= span.from => last.to = last.to.max(span.to),
            _ => found.push(span),
        }
    }
    found
}
