//! A subject's rounds, gathered into the columns of a chart.

use serde::{Deserialize, Serialize};

use crate::model::{Sample, Span, UnixMs};

/// All rounds that fall into one column of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChartPoint {
    /// Rounds.
    pub rounds: u32,
    /// Packets sent.
    pub sent: u32,
    /// Packets lost.
    pub lost: u32,
    /// Smallest round-trip time, microseconds.
    pub min_us: Option<u32>,
    /// Lower median of the rounds' medians, microseconds.
    pub median_us: Option<u32>,
    /// Largest round-trip time, microseconds.
    pub max_us: Option<u32>,
    /// The round-trip times that 5, 25, 75 and 95 of a hundred are at most, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles_us: Option<[u32; 4]>,
}

/// What [`ChartPoint::quantiles_us`] has, in hundredths.
const QUANTILES: [usize; 4] = [5, 25, 75, 95];

/// A chart while its rounds come in.
#[derive(Debug, Clone)]
pub struct Chart {
    window: Span,
    columns: Vec<Column>,
    /// The column that the last round fell into, and the instants that do.
    at: usize,
    span: Span,
}

#[derive(Debug, Clone, Default)]
struct Column {
    point: ChartPoint,
    /// The medians of its rounds.
    medians_us: Vec<u32>,
    /// All round-trip times.
    all_us: Vec<u32>,
}

impl Chart {
    /// `columns` equally wide points (at least one) over `window`.
    #[must_use]
    pub fn new(window: Span, columns: usize) -> Self {
        let columns = vec![Column::default(); columns.max(1)];
        Self { window, columns, at: 0, span: Span::new(window.from, window.from) }
    }

    /// Adds a round of the primary check, in whatever order; others, those outside the window and
    /// invalid ones (our own side failed) are left out.
    pub fn add(&mut self, sample: &Sample) {
        if sample.check != 0 || sample.is_invalid() || !self.window.contains(sample.at) {
            return;
        }
        // Rounds mostly come in order of time, so that the column is mostly the one before.
        if !self.span.contains(sample.at) {
            (self.at, self.span) = self.column_of(sample.at);
        }
        let Some(Column { point, medians_us, all_us }) = self.columns.get_mut(self.at) else {
            return;
        };
        point.rounds += 1;
        point.sent += u32::from(sample.sent);
        point.lost += u32::from(sample.lost);
        for &rtt_us in sample.rtts.as_slice() {
            point.min_us = Some(point.min_us.map_or(rtt_us, |m| m.min(rtt_us)));
            point.max_us = Some(point.max_us.map_or(rtt_us, |m| m.max(rtt_us)));
        }
        medians_us.extend(sample.rtts.median_us());
        all_us.extend(sample.rtts.as_slice());
    }

    /// The column of an instant of the window, and all instants that are in it.
    fn column_of(&self, at: UnixMs) -> (usize, Span) {
        let width = i128::from(self.window.len_ms().max(1));
        let columns = self.columns.len() as i128;
        let column = i128::from(at.since(self.window.from)) * columns / width;
        // The first millisecond that is not in a column before.
        let start = |column: i128| {
            let offset = (column * width + columns - 1) / columns;
            self.window.from + i64::try_from(offset).unwrap_or(i64::MAX)
        };
        (usize::try_from(column).unwrap_or(0), Span::new(start(column), start(column + 1)))
    }

    /// The points, from the oldest to the newest.
    #[must_use]
    pub fn points(self) -> Vec<ChartPoint> {
        let point = |Column { mut point, mut medians_us, mut all_us }| {
            let place = medians_us.len().saturating_sub(1) / 2;
            if !medians_us.is_empty() {
                point.median_us = Some(*medians_us.select_nth_unstable(place).1);
            }
            if !all_us.is_empty() {
                // By the nearest rank.
                let rank = |percent: usize| (all_us.len() * percent).div_ceil(100).max(1) - 1;
                let ranks = QUANTILES.map(rank);
                point.quantiles_us = Some(ranks.map(|rank| *all_us.select_nth_unstable(rank).1));
            }
            point
        };
        self.columns.into_iter().map(point).collect()
    }
}

/// Gathers the primary check's samples inside `window` into `columns` equally wide points (at
/// least one). Invalid rounds (our own side failed) are left out.
#[must_use]
pub fn chart(
    samples: impl IntoIterator<Item = Sample>,
    window: Span,
    columns: usize,
) -> Vec<ChartPoint> {
    let mut chart = Chart::new(window, columns);
    samples.into_iter().for_each(|sample| chart.add(&sample));
    chart.points()
}
