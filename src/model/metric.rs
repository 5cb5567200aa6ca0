//! What is measured of a subject besides the rounds of its checks.

use std::sync::Arc;

use super::point::PointKind;

/// One of a subject's metrics: `if.octets_in:ether1`, a counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Metric {
    /// What its values are.
    pub kind: PointKind,
    /// Its name, which is the subject's own matter.
    pub name: Arc<str>,
}
