//! How far a message that takes several calls has come: a part each, a recipient each. It stands in
//! its row, so that a restart in between makes no call twice that was answered.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What has been done of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Calls from the first on that are not to be made again, without a gap.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parts_done: usize,
    /// Those behind a gap: who was to be tried again stands before them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ended: BTreeSet<usize>,
    /// One of them was taken.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_taken: bool,
    /// What the first that was refused for itself alone was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// That one call was refused for itself alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What the service said, without any secret.
    pub reason: String,
    /// Whether such an answer means that the channel takes nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_channel: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Progress {
    /// Nothing yet.
    pub const NONE: Self =
        Self { parts_done: 0, ended: BTreeSet::new(), is_taken: false, refused: None };

    /// True when no call of it was answered for good.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.parts_done == 0 && self.ended.is_empty() && !self.is_taken
    }

    /// True when this call, counted from 0, is not to be made again.
    #[must_use]
    pub fn has_ended(&self, call: usize) -> bool {
        call < self.parts_done || self.ended.contains(&call)
    }

    /// This call is not to be made again.
    pub fn end(&mut self, call: usize) {
        self.ended.insert(call);
        while self.ended.remove(&self.parts_done) {
            self.parts_done += 1;
        }
    }
}

impl From<usize> for Progress {
    /// So many calls from the first on were taken.
    fn from(parts_done: usize) -> Self {
        Self { parts_done, is_taken: parts_done > 0, ..Self::NONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_behind_a_gap_are_remembered_and_close_it() {
        let mut progress = Progress::default();
        progress.end(1);
        progress.end(2);
        assert_eq!((progress.parts_done, progress.has_ended(0)), (0, false));
        assert!(progress.has_ended(1) && progress.has_ended(2) && !progress.is_none());
        let text = serde_json::to_string(&progress).unwrap();
        assert_eq!(text, r#"{"ended":[1,2]}"#);
        assert_eq!(serde_json::from_str::<Progress>(&text).unwrap(), progress);
        progress.end(0);
        assert_eq!((progress.parts_done, progress.ended.len()), (3, 0));
        assert_eq!(serde_json::from_str::<Progress>("{}").unwrap(), Progress::NONE);
    }
}
