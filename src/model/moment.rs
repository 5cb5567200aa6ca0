//! What was read of many metrics of one subject at one moment.

use std::sync::Arc;

use super::metric::Metric;
use super::point::Point;
use super::time::UnixMs;

/// Metrics and their values, read together: a device has some fifty, and says them in one go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// When.
    pub at: UnixMs,
    /// Of what: one list for all moments that have the same metrics.
    pub metrics: Arc<[Metric]>,
    /// By their order.
    pub values: Box<[i64]>,
}

impl Moment {
    /// Each metric with its point.
    pub fn points(&self) -> impl Iterator<Item = (&Metric, Point)> {
        let Self { at, metrics, values } = self;
        metrics.iter().zip(values).map(|(metric, value)| (metric, Point { at: *at, value: *value }))
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().min(self.metrics.len())
    }

    /// True of none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
