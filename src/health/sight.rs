//! Whether the patrol itself can see out (DESIGN section 5, rule 7), by its sentinels.
//!
//! ```text
//!            quorum answers since the failed round ─► Seen:  the round counts
//!  failed ──►  quorum undecided                    ─► Wait:  it waits, at most correlation_window
//!  round       quorum lost since before the round  ─► Blind: it was not asked
//! ```
//! A group of sentinels (those of one carrier, or those of none, which stand for the patrol as a
//! whole) is *blind* while more than half of it is lost. A sentinel is lost after `confirm` failed
//! rounds in a row. Blind time begins just after the last round in which the quorum answered, so
//! that nothing that failed in between is ever blamed on anybody.

use std::collections::{BTreeMap, VecDeque};

use super::Settings;
use crate::model::{CarrierId, Inventory, Sentinel, Span, SubjectIx, UnixMs, Via};

#[cfg(test)]
mod tests;

/// Most groups: one bit each. What a further carrier's sentinels say goes unheard.
const GROUPS_MAX: usize = 64;
/// Blind times remembered per group, for rounds that were sent in one and are judged after it.
const PAST_MAX: usize = 8;
/// A sentinel's round that is sent so long before the blindness began or ended, in milliseconds, is not late:
/// the clock was set back.
const LATE_MAX_MS: i64 = 60_000;

/// Whether a failed round can be believed; the later ones outweigh the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// The patrol could see when it was sent.
    Seen,
    /// Not known yet.
    Wait,
    /// It could not.
    Blind,
}

/// A sentinel's life so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Watch {
    fails: u8,
    /// It is asked, as far as is known.
    heard: bool,
    last_answer: Option<UnixMs>,
}

/// The sentinels of one carrier, or of none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    carrier: Option<CarrierId>,
    members: Vec<usize>,
    /// Start of the blind time that lasts.
    blind: Option<UnixMs>,
    /// Blind times that are over, newest last.
    past: VecDeque<Span>,
}

impl Group {
    /// No blind time of it is remembered.
    fn has_always_seen(&self) -> bool {
        self.blind.is_none() && self.past.is_empty()
    }
}

/// A group lost or regained its sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) carrier: Option<CarrierId>,
    pub(super) since: UnixMs,
    pub(super) until: Option<UnixMs>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sight {
    sentinels: Vec<Sentinel>,
    watches: Vec<Watch>,
    groups: Vec<Group>,
    /// By subject: the carriers (bits of `groups`) that every way to it leads through.
    ways: Vec<u64>,
    confirm: u8,
}

impl Sight {
    pub(super) fn new(settings: &Settings, confirm: u8, inventory: &Inventory) -> Self {
        let sentinels = &settings.sentinels;
        let mut groups: BTreeMap<Option<CarrierId>, Vec<usize>> = BTreeMap::new();
        for (n, sentinel) in sentinels.iter().enumerate() {
            groups.entry(sentinel.carrier.clone()).or_default().push(n);
        }
        let groups: Vec<Group> = groups
            .into_iter()
            .take(GROUPS_MAX)
            .map(|(carrier, members)| Group {
                carrier,
                members,
                blind: None,
                past: VecDeque::new(),
            })
            .collect();
        let ways = ways(&groups, inventory);
        let heard = settings.are_sentinels_asked;
        let watches = vec![Watch { heard, ..Watch::default() }; sentinels.len()];
        Self { sentinels: sentinels.clone(), watches, groups, ways, confirm }
    }

    /// The same sentinels go on being watched; a group that stays keeps its blindness.
    pub(super) fn refit(&mut self, settings: &Settings, confirm: u8, inventory: &Inventory) {
        let old = std::mem::replace(self, Self::new(settings, confirm, inventory));
        for (sentinel, watch) in self.sentinels.iter().zip(&mut self.watches) {
            if let Some(n) = old.sentinels.iter().position(|s| s == sentinel) {
                *watch = old.watches[n];
            }
        }
        for group in &mut self.groups {
            if let Some(before) = old.groups.iter().find(|g| g.carrier == group.carrier) {
                group.blind = before.blind;
                group.past.clone_from(&before.past);
            }
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.sentinels.len()
    }

    /// Takes a sentinel's round in; says which groups turned by it.
    pub(super) fn round(&mut self, sentinel: usize, at: UnixMs, answered: bool) -> Vec<Turn> {
        let Some(watch) = self.watches.get_mut(sentinel) else { return Vec::new() };
        let was_there = watch.heard && watch.fails == 0;
        watch.heard = true;
        if answered {
            // Not the latest of all: after a step of the clock the new time is the right one.
            watch.fails = 0;
            watch.last_answer = Some(at);
        } else {
            watch.fails = watch.fails.saturating_add(1);
            watch.last_answer = watch.last_answer.map(|t| t.min(at));
        }
        if was_there && answered && self.groups.iter().all(Group::has_always_seen) {
            return Vec::new();
        }
        for group in &mut self.groups {
            // After a step back of the clock they lie in time that is still to come, or reach into it.
            group.past.retain(|span| span.from <= at);
            for span in group.past.iter_mut().filter(|span| span.to > at + LATE_MAX_MS) {
                span.to = at;
            }
            // And one that lasts does so now, too.
            group.blind =
                group.blind.map(|since| if since > at + LATE_MAX_MS { at } else { since });
        }
        let mut turns = Vec::new();
        if was_there && answered {
            return turns; // Nobody is lost or regained by one that was there all the time.
        }
        for n in 0..self.groups.len() {
            let lost_since = self.lost_since(&self.groups[n]);
            let group = &mut self.groups[n];
            match (group.blind, lost_since) {
                (None, Some(since)) => {
                    group.blind = Some(since);
                    let carrier = group.carrier.clone();
                    turns.push(Turn { carrier, since, until: None });
                }
                (Some(since), None) => {
                    group.blind = None;
                    if group.past.len() == PAST_MAX {
                        group.past.pop_front();
                    }
                    group.past.push_back(Span::new(since, at));
                    let carrier = group.carrier.clone();
                    turns.push(Turn { carrier, since, until: Some(at) });
                }
                _ => {}
            }
        }
        turns
    }

    /// Since when more than half of the group's sentinels that were ever heard of have been lost.
    fn lost_since(&self, group: &Group) -> Option<UnixMs> {
        let heard = group.members.iter().map(|n| self.watches[*n]).filter(|w| w.heard);
        let (count, mut lost) = heard.fold((0, Vec::new()), |(count, mut lost), watch| {
            if watch.fails >= self.confirm.max(1) {
                lost.push(watch.last_answer.map_or(UnixMs(i64::MIN), |t| t + 1));
            }
            (count + 1, lost)
        });
        if lost.len() * 2 <= count {
            return None;
        }
        // The quorum held until as many had gone silent as it takes.
        lost.sort_unstable();
        lost.get(count / 2).copied()
    }

    /// Whether a round of `subject` that failed at `at` can be believed: the patrol as a whole
    /// must have seen, and so must every carrier that all ways to the subject lead through.
    /// Without any sentinel everything is believed.
    pub(super) fn trust(&self, subject: SubjectIx, at: UnixMs) -> Trust {
        let ways = self.ways.get(subject.ix()).copied().unwrap_or(0);
        let carriers = self.groups.iter().zip(0_u32..).filter(|(_, n)| ways >> n & 1 == 1);
        let worst = carriers.map(|(group, _)| self.trust_of(group, at)).max();
        self.trust_of_whole(at).max(worst.unwrap_or(Trust::Seen))
    }

    /// Of the group of no carrier; without one some carrier's must have seen.
    fn trust_of_whole(&self, at: UnixMs) -> Trust {
        match self.groups.iter().find(|g| g.carrier.is_none()) {
            Some(whole) => self.trust_of(whole, at),
            None => self.groups.iter().map(|g| self.trust_of(g, at)).min().unwrap_or(Trust::Seen),
        }
    }

    /// True while the carrier's sentinels, or those of none, are lost.
    pub(super) fn is_blind(&self, carrier: Option<&CarrierId>) -> bool {
        self.groups.iter().any(|g| g.carrier.as_ref() == carrier && g.blind.is_some())
    }

    /// True when more than half of the carrier's sentinels, or of those of none, have answered and
    /// are not lost; also where it has no sentinels.
    pub(super) fn has_seen(&self, carrier: Option<&CarrierId>) -> bool {
        let Some(group) = self.groups.iter().find(|g| g.carrier.as_ref() == carrier) else {
            return true;
        };
        let watches = group.members.iter().map(|n| &self.watches[*n]);
        let answered = watches.filter(|w| w.fails == 0 && w.last_answer.is_some()).count();
        group.blind.is_none() && answered * 2 > group.members.len()
    }

    /// True while nothing can be seen.
    pub(super) fn is_whole_blind(&self, now: UnixMs) -> bool {
        self.trust_of_whole(self.present(now)) == Trust::Blind
    }

    /// True while nothing of `subject` can be seen.
    pub(super) fn is_blind_to(&self, subject: SubjectIx, now: UnixMs) -> bool {
        self.trust(subject, self.present(now)) == Trust::Blind
    }

    /// `now`, but not before a blindness that lasts: until a sentinel is heard of again one may
    /// begin in a time that the clock was set back from.
    fn present(&self, now: UnixMs) -> UnixMs {
        self.groups.iter().filter_map(|group| group.blind).fold(now, UnixMs::max)
    }

    fn trust_of(&self, group: &Group, at: UnixMs) -> Trust {
        if group.blind.is_some_and(|since| at >= since)
            || group.past.iter().any(|span| span.contains(at))
        {
            return Trust::Blind;
        }
        if group.blind.is_some() {
            return Trust::Seen;
        }
        let heard = group.members.iter().map(|n| &self.watches[*n]).filter(|w| w.heard);
        let (count, silent) = heard.fold((0, 0), |(count, silent), watch| {
            let is_silent = watch.last_answer.is_none_or(|t| t < at);
            (count + 1, silent + u32::from(is_silent))
        });
        if silent * 2 > count { Trust::Wait } else { Trust::Seen }
    }
}

/// By subject: the bits of the groups whose carrier every way to it leads through. Parents stand
/// before their children, so one pass does.
fn ways(groups: &[Group], inventory: &Inventory) -> Vec<u64> {
    let bits: BTreeMap<&str, u64> = groups
        .iter()
        .zip(0_u32..)
        .filter_map(|(group, n)| Some((group.carrier.as_ref()?.as_str(), 1 << n)))
        .collect();
    let mut ways: Vec<u64> = Vec::with_capacity(inventory.subjects.len());
    for subject in &inventory.subjects {
        let carrier = subject.connection().and_then(|c| c.carrier);
        let own = carrier.and_then(|c| bits.get(inventory.carrier(c).id.as_str()));
        let above = through(&subject.via, &ways);
        ways.push(own.copied().unwrap_or(0) | above);
    }
    ways
}

fn through(via: &Via, ways: &[u64]) -> u64 {
    match via {
        Via::Subject(parent) => ways.get(parent.ix()).copied().unwrap_or(0),
        Via::All(parts) => parts.iter().fold(0, |all, part| all | through(part, ways)),
        Via::Any(parts) => {
            parts.iter().map(|part| through(part, ways)).reduce(|a, b| a & b).unwrap_or(0)
        }
    }
}
