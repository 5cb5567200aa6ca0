//! How long answers took in a period: a picture of all their times, and the ones that people ask
//! for in words.

use serde::Serialize;

use super::document::{Block, Column, Data, Document, Figure, Line, Section, Table, Value};
use super::tally::stands_for;
use super::{Page, ReportError, Scope};
use crate::locale::{number, rtt};
use crate::store::{Reader, Rollup};
use crate::t;

/// Where the bars of the picture end, in milliseconds; the last of all has no end.
const BOUNDS_MS: [u32; 16] = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500];

/// What all rounds of the connections reported on come to, of devices and services too when
/// `devices_too`.
///
/// # Errors
/// When the store cannot be read.
pub fn round_trips(
    store: &Reader,
    scope: &Scope<'_>,
    devices_too: bool,
) -> Result<Rollup, ReportError> {
    let (inventory, tree, window) = (scope.inventory, scope.tree(), scope.window());
    let inside = scope.units(&tree);
    let mut sum = Rollup::default();
    for (id, rollup) in store.totals(window)? {
        let Some(ix) = inventory.find_subject(id.as_str()) else { continue };
        let is_asked = devices_too || inventory.subject(ix).connection().is_some();
        if is_asked && !stands_for(inventory, &tree, &inside, ix, window).is_empty() {
            sum.merge(&rollup);
        }
    }
    Ok(sum)
}

/// The same for a program: microseconds, and how many answers took how long.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    answers: u64,
    min_us: Option<u32>,
    p50_us: u32,
    p95_us: u32,
    p99_us: u32,
    max_us: Option<u32>,
    histogram: Vec<Bucket>,
}

#[derive(Debug, Serialize)]
struct Bucket {
    over_ms: u32,
    /// `None` of what took longer than any bound.
    up_to_ms: Option<u32>,
    answers: u64,
}

impl Times {
    /// `None` where nothing answered.
    pub(super) fn of(rollup: &Rollup) -> Option<Self> {
        Some(Self {
            answers: rollup.sketch.count(),
            min_us: rollup.rtt_min_us,
            p50_us: rollup.rtt_quantile_us(500)?,
            p95_us: rollup.rtt_quantile_us(950)?,
            p99_us: rollup.rtt_quantile_us(990)?,
            max_us: rollup.rtt_max_us,
            histogram: buckets(rollup)
                .into_iter()
                .map(|(up_to_ms, answers)| Bucket { over_ms: over(up_to_ms), up_to_ms, answers })
                .collect(),
        })
    }

    /// The times that people ask for, in milliseconds.
    fn quantiles(&self, page: &Page<'_>) -> Table {
        let ms = |us: Option<u32>| {
            us.map_or(Value::None, |us| Value::Amount { milli: us.into(), decimals: 1, unit: "ms" })
        };
        let row = |key: &str, us| Line::of(vec![Value::Text(t!(page.lang, key)), ms(us)]);
        Table {
            columns: vec![
                Column::text("figure", t!(page.lang, "report.rtt_figure")),
                Column::figures("ms", t!(page.lang, "report.rtt_short")),
            ],
            rows: vec![
                row("report.rtt_least", self.min_us),
                row("report.rtt_p50", Some(self.p50_us)),
                row("report.rtt_p95", Some(self.p95_us)),
                row("report.rtt_p99", Some(self.p99_us)),
                row("report.rtt_most", self.max_us),
            ],
        }
    }

    /// What the picture shows, a row a bar.
    fn bars(&self, page: &Page<'_>) -> Table {
        let count = |n: u64| Value::Count(i64::try_from(n).unwrap_or(i64::MAX));
        let row = |bucket: &Bucket| {
            let ms = |ms: u32| number(page.lang, ms.into());
            let name = match bucket.up_to_ms {
                Some(bound) => format!("{} – {} ms", ms(bucket.over_ms), ms(bound)),
                None => format!("> {} ms", ms(bucket.over_ms)),
            };
            let ppm = u128::from(bucket.answers) * 1_000_000 / u128::from(self.answers.max(1));
            let share = u32::try_from(ppm).ok();
            Line::of(vec![Value::Text(name), count(bucket.answers), Value::share(share, 2)])
        };
        Table {
            columns: vec![
                Column::text("up_to", t!(page.lang, "report.rtt_short")),
                Column::figures("answers", t!(page.lang, "report.rtt_answers")),
                Column::figures("share", t!(page.lang, "report.rtt_share")),
            ],
            rows: self.histogram.iter().map(row).collect(),
        }
    }
}

/// Puts the picture and its figures behind the tables; nothing where nothing answered.
pub fn with_round_trips(document: &mut Document, rollup: &Rollup, page: &Page<'_>) {
    let lang = page.lang;
    let quantile = |permille| rollup.rtt_quantile_us(permille).map(|us| rtt(lang, us));
    let (Some(p50), Some(p95), Some(p99)) = (quantile(500), quantile(950), quantile(990)) else {
        return;
    };
    let Some(times) = Times::of(rollup) else { return };
    let least = rollup.rtt_min_us.map_or_else(String::new, |us| rtt(lang, us));
    let most = rollup.rtt_max_us.map_or_else(String::new, |us| rtt(lang, us));
    let n = number(lang, i64::try_from(rollup.sketch.count()).unwrap_or(i64::MAX));
    let words =
        t!(lang, "report.rtt_words", p50 = p50, p95 = p95, p99 = p99, least = least, most = most);
    let caption = t!(lang, "report.rtt_caption", n = n);
    let figure = Figure { caption, data: Data::Distribution(buckets(rollup)) };
    document.sections.push(Section {
        name: t!(lang, "report.rtt_short"),
        heading: Some(t!(lang, "report.rtt_heading")),
        is_annex: true,
        blocks: vec![
            Block::Text(words),
            Block::Figure(figure),
            Block::Data(times.quantiles(page)),
            Block::Data(times.bars(page)),
        ],
    });
}

/// The bound before.
fn over(bound: Option<u32>) -> u32 {
    let place = bound.map_or(BOUNDS_MS.len(), |bound| BOUNDS_MS.partition_point(|b| *b < bound));
    place.checked_sub(1).map_or(0, |before| BOUNDS_MS[before])
}

/// How many times lie up to each bound, from the first bar that has any to the last.
fn buckets(rollup: &Rollup) -> Vec<(Option<u32>, u64)> {
    let bounds = BOUNDS_MS.into_iter().map(Some).chain([None]);
    let mut found: Vec<(Option<u32>, u64)> = bounds.map(|bound| (bound, 0)).collect();
    for (value_us, count) in rollup.sketch.values() {
        let place = BOUNDS_MS.partition_point(|bound| bound.saturating_mul(1_000) < value_us);
        if let Some((_, sum)) = found.get_mut(place) {
            *sum = sum.saturating_add(count);
        }
    }
    let last = found.iter().rposition(|(_, n)| *n > 0).map_or(0, |n| n + 1);
    found.truncate(last);
    let first = found.iter().position(|(_, n)| *n > 0).unwrap_or(0);
    found.split_off(first)
}
