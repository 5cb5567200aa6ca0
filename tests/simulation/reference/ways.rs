//! The reference's view of ways: what a subject is reached through, and since when that is open or
//! blocked, and by whom.

use std::rc::Rc;

use tuantra::model::{State, Subject, SubjectId, SubjectIx, UnixMs, Via};

use super::{Passage, Reference};

/// As long as the core waits for them.
const ON_ITS_WAY_MS: i64 = 5_000;

impl Reference {
    /// Since when the first part of an `any` is blocked while another passes.
    pub(super) fn backup_since(&self, via: &Via) -> Option<UnixMs> {
        match via {
            Via::Subject(_) => None,
            Via::All(parts) => parts.iter().filter_map(|part| self.backup_since(part)).min(),
            Via::Any(parts) => {
                let passes = parts.iter().any(|part| self.blocked_since(part).is_none());
                let first = parts.first()?;
                match self.blocked_since(first) {
                    Some(since) => Some(since).filter(|_| passes),
                    None => self.backup_since(first),
                }
            }
        }
    }

    /// Of some `any` not even the second way passes.
    pub(super) fn has_lost_choice(&self, via: &Via) -> bool {
        match via {
            Via::Subject(_) => false,
            Via::All(parts) => parts.iter().any(|part| self.has_lost_choice(part)),
            Via::Any(_) => self.blocked_since(via).is_some(),
        }
    }

    /// When the preferred ways were open again.
    pub(super) fn preferred_again(&self, via: &Via) -> UnixMs {
        match via {
            Via::Subject(_) => UnixMs(0),
            Via::All(parts) => {
                parts.iter().map(|part| self.preferred_again(part)).max().unwrap_or(UnixMs(0))
            }
            Via::Any(parts) => parts
                .first()
                .map_or(UnixMs(0), |part| self.open_since(part).max(self.preferred_again(part))),
        }
    }

    /// Three-valued: what is undecided does not matter where the rest decides already.
    pub(super) fn passage(&self, via: &Via, first: UnixMs) -> Passage {
        let all: Vec<Passage> = match via {
            Via::Subject(p) => return self.passage_through(*p, first),
            Via::All(parts) | Via::Any(parts) => {
                parts.iter().map(|part| self.passage(part, first)).collect()
            }
        };
        let is_any = matches!(via, Via::Any(_));
        let (decisive, other) = match is_any {
            true => (Passage::Open, Passage::Blocked),
            false => (Passage::Blocked, Passage::Open),
        };
        if all.contains(&decisive) || all.is_empty() {
            if all.is_empty() { Passage::Open } else { decisive }
        } else if all.contains(&Passage::Undecided) {
            Passage::Undecided
        } else {
            other
        }
    }

    /// 5: a parent that is suspect is waited for, and so is one without a round newer than the
    /// first failed one.
    pub(super) fn passage_through(&self, subject: SubjectIx, first: UnixMs) -> Passage {
        if self.is_looked_through(subject) {
            // Nobody asks it: it is where its own way leads.
            return self.passage(&self.via(subject), first);
        }
        let known = self.known(subject);
        let is_newer = known.last_round.is_some_and(|t| t >= first);
        match known.hard {
            // It blocks by what blocks its own way; else it has to prove itself.
            Some((State::Unreachable, _)) if !known.is_in_doubt() => {
                match self.passage(&self.via(subject), first) {
                    Passage::Blocked => Passage::Blocked,
                    Passage::Open | Passage::Undecided => Passage::Undecided,
                }
            }
            Some((State::Down, _)) if !known.is_in_doubt() => Passage::Blocked,
            _ if known.is_in_doubt() || !is_newer => Passage::Undecided,
            _ => Passage::Open,
        }
    }

    /// Since when the way is blocked by verdicts; `None` when it is not.
    pub(super) fn blocked_since(&self, via: &Via) -> Option<UnixMs> {
        match via {
            Via::Subject(p) => {
                if self.is_looked_through(*p) {
                    return self.blocked_since(&self.via(*p));
                }
                self.known(*p).hard.filter(|(state, _)| state.is_outage()).map(|(_, since)| since)
            }
            Via::All(parts) => parts.iter().filter_map(|part| self.blocked_since(part)).min(),
            Via::Any(parts) => {
                let all: Option<Vec<UnixMs>> =
                    parts.iter().map(|part| self.blocked_since(part)).collect();
                all.and_then(|all| all.into_iter().max())
            }
        }
    }

    /// When the blocked way was last known to be open.
    pub(super) fn silent_since(&self, via: &Via) -> Option<UnixMs> {
        match via {
            Via::Subject(p) => {
                if self.is_looked_through(*p) {
                    return self.silent_since(&self.via(*p));
                }
                let known = self.known(*p);
                let is_out = known.hard.is_some_and(|(state, _)| state.is_outage());
                is_out.then(|| known.last_answer.unwrap_or(UnixMs(i64::MIN)))
            }
            Via::All(parts) => parts.iter().filter_map(|part| self.silent_since(part)).min(),
            Via::Any(parts) => {
                let all: Option<Vec<UnixMs>> =
                    parts.iter().map(|part| self.silent_since(part)).collect();
                all.and_then(|all| all.into_iter().max())
            }
        }
    }

    /// Since when an open way is open: the recovery of what opened it.
    pub(super) fn open_since(&self, via: &Via) -> UnixMs {
        match via {
            Via::Subject(p) => {
                if self.is_looked_through(*p) {
                    return self.open_since(&self.via(*p));
                }
                match self.known(*p).hard {
                    Some((state, _)) if state.is_outage() => UnixMs(i64::MAX),
                    _ => self.known(*p).live_since(),
                }
            }
            Via::All(parts) => {
                parts.iter().map(|part| self.open_since(part)).max().unwrap_or(UnixMs(0))
            }
            Via::Any(parts) => {
                parts.iter().map(|part| self.open_since(part)).min().unwrap_or(UnixMs(0))
            }
        }
    }

    /// The nearest `down` ancestor among what blocks the way: of several as near the first named
    /// where all are needed; of redundant ways the one whose root went last, since that took the
    /// subject off.
    pub(super) fn root_cause(&self, via: &Via) -> Option<SubjectId> {
        self.nearest_down(via).map(|(_, _, p)| self.inventory.subject(p).id.clone())
    }

    /// How far away, since when it is down, and who.
    pub(super) fn nearest_down(&self, via: &Via) -> Option<(u32, UnixMs, SubjectIx)> {
        match via {
            Via::Subject(p) => {
                self.blocked_since(via)?;
                if let Some((State::Down, since)) = self.known(*p).hard {
                    return Some((0, since, *p));
                }
                let (away, since, root) = self.nearest_down(&self.via(*p))?;
                Some((away + 1, since, root))
            }
            Via::All(parts) => {
                let blocked = parts.iter().filter_map(|part| self.nearest_down(part));
                blocked.min_by_key(|(away, _, _)| *away)
            }
            Via::Any(parts) => {
                self.blocked_since(via)?;
                let all = parts.iter().filter_map(|part| self.nearest_down(part));
                all.min_by_key(|(away, since, _)| (std::cmp::Reverse(*since), *away))
            }
        }
    }

    /// What a subject is reached through. Disabled ones are no redundant ways, unless there is no
    /// other.
    pub(super) fn via(&self, subject: SubjectIx) -> Rc<Via> {
        Rc::clone(&self.ways[subject.ix()])
    }

    /// By the inventory in force.
    pub(super) fn find_ways(&mut self) {
        let present = |s: &Subject| Rc::new(self.present(&s.via));
        self.ways = self.inventory.subjects.iter().map(present).collect();
        self.leads = vec![false; self.ways.len()];
        for parent in self.ways.iter().flat_map(|way| way.subjects()) {
            self.leads[parent.ix()] = true;
        }
        self.choices = self.ways.iter().map(|way| has_choice(way)).collect();
        self.find_decisive();
        self.missed_after_ms = self.inventory.subjects.iter().map(missed_after_ms).collect();
    }

    pub(super) fn present(&self, via: &Via) -> Via {
        let present = |parts: &[Via]| parts.iter().map(|part| self.present(part)).collect();
        match via {
            Via::Subject(p) => Via::Subject(*p),
            Via::All(parts) => Via::All(present(parts)),
            Via::Any(parts) => {
                let is_there = |part: &&Via| match part {
                    Via::Subject(p) => self.inventory.subject(*p).is_enabled,
                    _ => true,
                };
                let there: Vec<Via> = parts.iter().filter(is_there).cloned().collect();
                Via::Any(present(if there.is_empty() { parts } else { &there }))
            }
        }
    }

    /// What was never judged (no check, disabled, new) is where its own way leads.
    pub(super) fn is_looked_through(&self, subject: SubjectIx) -> bool {
        let known = self.known(subject);
        known.hard.is_none() && !known.is_in_doubt()
    }
}

/// 8: two intervals; how long answers are waited for that are on their way is left open.
fn missed_after_ms(subject: &Subject) -> i64 {
    2 * subject.health.interval_ms + ON_ITS_WAY_MS
}

pub(super) fn has_any(via: &Via) -> bool {
    match via {
        Via::Subject(_) => false,
        Via::All(parts) => parts.iter().any(has_any),
        Via::Any(_) => true,
    }
}

/// Of several ways any suffices, somewhere.
fn has_choice(via: &Via) -> bool {
    match via {
        Via::Subject(_) => false,
        Via::All(parts) => parts.iter().any(has_choice),
        Via::Any(parts) => parts.len() > 1 || parts.iter().any(has_choice),
    }
}
