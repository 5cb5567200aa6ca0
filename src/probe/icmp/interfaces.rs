//! Numbers of this machine's interfaces by their names.
//!
//! Guarantees: a name is looked up at most once a second, however many packets leave by it; an
//! interface that comes, goes or changes its number is noticed within that second.

use std::collections::HashMap;
use std::sync::Arc;

use super::sys::{Clock, interface_number, now_ns};

/// How long what was found is believed.
const BELIEVED_NS: i64 = 1_000_000_000;

/// What was found, and when.
#[derive(Debug, Default)]
pub(super) struct Interfaces(HashMap<Arc<str>, (Option<u32>, i64)>);

impl Interfaces {
    /// The number of an interface.
    ///
    /// # Errors
    /// `ENODEV` when there is none of that name now.
    pub(super) fn number(&mut self, name: &Arc<str>) -> Result<u32, i32> {
        let now_ns = now_ns(Clock::Monotonic);
        let found = match self.0.get(name) {
            Some((number, at_ns)) if now_ns - at_ns < BELIEVED_NS => *number,
            _ => {
                let number = interface_number(name);
                self.0.insert(Arc::clone(name), (number, now_ns));
                number
            }
        };
        found.ok_or(libc::ENODEV)
    }
}
