//! The daemon's clock: the one place that reads it.

use crate::model::UnixMs;

/// The wall clock now, UTC.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one clock the others are given")]
pub fn now() -> UnixMs {
    jiff::Timestamp::now().into()
}
