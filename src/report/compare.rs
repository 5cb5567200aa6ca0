//! A report beside the same of an earlier period: the figures then, and by how much they changed.
//!
//! Both are reported by the same administrative tree, so that rows are about the same units. A change
//! is given only where both periods are measured up to the floor.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Span as Stretch, ToSpan as _, ZonedDateTime};
use serde::Serialize;

use super::document::{Column, Value};
use super::share::Change;
use super::text::time;
use super::{Page, Scope, Share};
use crate::coverage::Availability;
use crate::locale::Lang;
use crate::model::{Span, UnixMs};
use crate::t;

/// With which earlier period a report is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// The one just before: calendar months with the months before them, any other stretch with one
    /// as long.
    Previous,
    /// The same days a year earlier.
    Year,
}

/// What a report is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before<R> {
    /// Which period that is.
    pub against: Against,
    /// The report on it, by the tree of the other.
    pub report: Box<R>,
}

impl Against {
    /// The scope of the report to compare with that of `scope`: of what has passed of a period still
    /// under way the same part is taken. `None` where the calendar has no such time.
    #[must_use]
    pub fn span(self, scope: &Scope<'_>, zone: &TimeZone) -> Option<Span> {
        let window = scope.window();
        let from = at(window.from, zone);
        let back = match self {
            Self::Year => 1.year(),
            Self::Previous => match months(&from, scope, zone) {
                Some(months) => months,
                None => return Some(Span::new(window.from - window.len_ms(), window.from)),
            },
        };
        let moved =
            |at: &ZonedDateTime| at.checked_sub(back).ok().map(|at| UnixMs::from(at.timestamp()));
        Some(Span::new(moved(&from)?, moved(&at(window.to, zone))?))
    }

    fn key(self, column: &str) -> String {
        let period = match self {
            Self::Previous => "previous",
            Self::Year => "year",
        };
        format!("report.compare.{column}_{period}")
    }

    /// Heading of what was live then.
    pub(super) fn live_column(self, lang: Lang) -> Column {
        Column::figures("live_before", t!(lang, &self.key("live")))
    }

    /// Headings of the availability then, of how much was measured, and of the change.
    pub(super) fn columns(self, lang: Lang) -> [Column; 3] {
        [
            Column::figures("availability_before", t!(lang, &self.key("availability"))),
            Column::figures("measured_before", t!(lang, &self.key("measured"))),
            Column::figures("change", t!(lang, "report.compare.change")),
        ]
    }

    /// The line of the title block.
    pub(super) fn head(self, window: Span, page: &Page<'_>) -> String {
        let (from, to) = (time(page, window.from), time(page, window.to));
        t!(page.lang, &self.key("head"), from = from, to = to)
    }
}

fn at(at: UnixMs, zone: &TimeZone) -> ZonedDateTime {
    at.to_timestamp().to_zoned_datetime(zone.clone())
}

/// How many months the period of a report has, where it begins with one and ends with one or now.
fn months(from: &ZonedDateTime, scope: &Scope<'_>, zone: &TimeZone) -> Option<Stretch> {
    let is_first = |at: &ZonedDateTime| at.day() == 1 && at.time() == Time::midnight();
    let to = at(scope.period.to, zone);
    if !is_first(from) || !(is_first(&to) || scope.period.to == scope.now) {
        return None;
    }
    let count = (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month())
        - i32::from(from.month());
    // The month under way is one, too.
    Some((count + i32::from(!is_first(&to))).months())
}

/// Figures of a row then, beside those of now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Then {
    pub(super) availability: Option<Share>,
    pub(super) measured: Share,
    /// `None` where one of both is measured less than the floor.
    pub(super) change: Option<Change>,
}

impl Then {
    /// `now` and `then` are an availability by the rule asked for and what it was measured on.
    pub(super) fn new(
        now: (Option<u32>, &Availability),
        then: (Option<u32>, &Availability),
        floor_ppm: u32,
    ) -> Self {
        let is_proven = [now.1, then.1].iter().all(|got| got.measured_ppm() >= floor_ppm);
        let change = now.0.zip(then.0).filter(|_| is_proven);
        Self {
            availability: then.0.map(Share),
            measured: Share(then.1.measured_ppm()),
            change: change.map(|(now, then)| Change(i64::from(now) - i64::from(then))),
        }
    }

    /// Cells for [`Against::columns`]; who was not there then has none.
    pub(super) fn cells(then: Option<Self>) -> [Value; 3] {
        let Some(then) = then else { return [Value::None, Value::None, Value::None] };
        let points = then.change.map_or(Value::None, |Change(ppm)| Value::Amount {
            // A point is a percent of the whole.
            milli: ppm / 10,
            decimals: 2,
            unit: "",
        });
        let share = |share: Share, decimals| Value::share(Some(share.0), decimals);
        [then.availability.map_or(Value::None, |s| share(s, 2)), share(then.measured, 1), points]
    }
}

/// Which period JSON is compared with.
#[derive(Serialize)]
pub(super) struct Compared {
    against: Against,
    from: UnixMs,
    to: UnixMs,
}

impl Compared {
    pub(super) const fn new(against: Against, window: Span) -> Self {
        Self { against, from: window.from, to: window.to }
    }
}
