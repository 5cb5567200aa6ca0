//! A list that is asked for again and again while its screen is open. Pure.

use crate::model::UnixMs;

/// The list as it came last.
#[derive(Debug, Clone)]
pub struct Fetched<T> {
    /// As it came.
    pub list: Vec<T>,
    /// Why nothing came, the last time.
    pub failure: Option<String>,
    is_loaded: bool,
    is_under_way: bool,
    asked: Option<UnixMs>,
    changes: u64,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            failure: None,
            is_loaded: false,
            is_under_way: false,
            asked: None,
            changes: 0,
        }
    }
}

impl<T> Fetched<T> {
    /// Whether anything has come yet.
    #[must_use]
    pub const fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Changes with every change of the list.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }
}

impl<T: PartialEq> Fetched<T> {
    /// True when it is to be asked for at `now`; only one question is under way.
    /// `fresh_ms` is how old it may become.
    pub(super) fn ask(&mut self, now: UnixMs, fresh_ms: i64) -> bool {
        let is_fresh = self.asked.is_some_and(|at| (0..fresh_ms).contains(&now.since(at)));
        if self.is_under_way || is_fresh {
            return false;
        }
        (self.is_under_way, self.asked) = (true, Some(now));
        true
    }

    /// Who has left waits for nothing: what was under way is withdrawn, and asked for anew when he
    /// comes back; what is there stays.
    pub(super) const fn rest(&mut self) {
        if self.is_under_way {
            self.is_under_way = false;
            self.asked = None;
        }
    }

    /// Something else is to be asked for: what is there is none of it, and an answer under way is
    /// waited for all the same, so that only one is.
    pub(super) fn forget(&mut self) {
        let is_under_way = self.is_under_way;
        *self = Self { is_under_way, changes: self.changes + 1, ..Self::default() };
    }

    /// Has it asked for at the next chance: something was commanded that changes it.
    pub(super) const fn hurry(&mut self) {
        self.asked = None;
    }

    /// An answer.
    pub(super) fn take(&mut self, answer: Result<Vec<T>, String>) {
        self.is_under_way = false;
        match answer {
            Err(reason) => self.failure = Some(reason),
            Ok(list) => {
                if !self.is_loaded || self.list != list || self.failure.is_some() {
                    self.changes += 1;
                }
                (self.list, self.failure, self.is_loaded) = (list, None, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH_MS: i64 = 5_000;

    #[test]
    fn it_is_asked_for_once_at_a_time_and_again_when_it_is_old_or_changed() {
        let mut list: Fetched<u8> = Fetched::default();
        let now = UnixMs(1_000_000);
        assert!(list.ask(now, FRESH_MS) && !list.ask(now + 60_000, FRESH_MS));
        list.take(Ok(vec![1]));
        let version = list.changes();
        assert!(list.is_loaded() && !list.ask(now + FRESH_MS - 1, FRESH_MS));
        assert!(list.ask(now + FRESH_MS, FRESH_MS));
        list.take(Ok(vec![1]));
        assert_eq!(list.changes(), version, "the same list is no change");
        list.hurry();
        assert!(list.ask(now + FRESH_MS + 1, FRESH_MS));
        list.take(Err("gone".to_owned()));
        assert_eq!((list.list.len(), list.failure.as_deref()), (1, Some("gone")));
        // A clock that was set back does not silence it.
        assert!(list.ask(now - 60_000, FRESH_MS));
    }

    #[test]
    fn something_else_is_asked_for_once_the_answer_under_way_has_come() {
        let mut list: Fetched<u8> = Fetched::default();
        let now = UnixMs(1_000_000);
        assert!(list.ask(now, FRESH_MS));
        list.take(Ok(vec![1]));
        assert!(list.ask(now + FRESH_MS, FRESH_MS));
        let version = list.changes();
        list.forget();
        assert!(!list.is_loaded() && list.list.is_empty() && list.changes() > version);
        assert!(!list.ask(now + 60_000, FRESH_MS), "one at a time");
        list.rest();
        assert!(list.ask(now + 60_000, FRESH_MS));
    }

    #[test]
    fn what_was_withdrawn_is_asked_for_anew() {
        let mut list: Fetched<u8> = Fetched::default();
        let now = UnixMs(1_000_000);
        assert!(list.ask(now, FRESH_MS));
        list.rest();
        assert!(list.ask(now + 1, FRESH_MS));
        list.take(Ok(vec![1]));
        list.rest();
        assert!(!list.ask(now + 2, FRESH_MS), "what has come is as fresh as it was");
    }
}
