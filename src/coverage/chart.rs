//! A subject's rounds, gathered into the columns of a chart.

use serde::{Deserialize, Serialize};

use crate::model::{Sample, Span};

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
}

/// Gathers the primary check's samples inside `window` into `columns` equally wide points (at
/// least one). Invalid rounds (our own side failed) are left out.
#[must_use]
pub fn chart(
    samples: impl IntoIterator<Item = Sample>,
    window: Span,
    columns: usize,
) -> Vec<ChartPoint> {
    let columns = columns.max(1);
    let mut points = vec![ChartPoint::default(); columns];
    let mut medians: Vec<Vec<u32>> = vec![Vec::new(); columns];
    let width = i128::from(window.len_ms().max(1));
    for sample in samples {
        let own_fault = sample.sent == 0 || sample.error.is_some_and(|e| e.is_own_fault());
        if sample.check != 0 || own_fault || !window.contains(sample.at) {
            continue;
        }
        let offset = i128::from(sample.at.since(window.from));
        let column = usize::try_from(offset * columns as i128 / width).unwrap_or(0);
        let Some(point) = points.get_mut(column) else { continue };
        point.rounds += 1;
        point.sent += u32::from(sample.sent);
        point.lost += u32::from(sample.lost);
        for &rtt_us in sample.rtts.as_slice() {
            point.min_us = Some(point.min_us.map_or(rtt_us, |m| m.min(rtt_us)));
            point.max_us = Some(point.max_us.map_or(rtt_us, |m| m.max(rtt_us)));
        }
        medians[column].extend(sample.rtts.median_us());
    }
    for (point, mut medians) in points.iter_mut().zip(medians) {
        medians.sort_unstable();
        point.median_us = medians.get(medians.len().saturating_sub(1) / 2).copied();
    }
    points
}
