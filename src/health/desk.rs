//! Incidents over time: they open with their root cause, gather what hangs on it, keep their name
//! when the root moves up, split when a part stays down, close once; and what is to be told of
//! them, and when.
//!
//! ```text
//!   opened ──group_wait──► told down ──repeat──► reminder …            (until somebody takes it)
//!      │                       │ ▲
//!      │ recovered             ▼ │ flapping: told once, then quiet until it ends
//!      ▼                   recovered ─► told recovered
//!   closed, nobody was told
//! ```
//! Inside announced work, outside hours in which a subject may be off, and while the patrol is
//! blind nobody is told; what is still so when that ends is told then.

mod book;

pub(super) use book::Desk;
pub use book::{BLIND_ROOT, Blind};
use book::{CLOSED_MS, Ending, Open};

use super::cause::{Evidence, Scene};
use super::effect::{Change, Effect, News};
use super::incident::{self, Group, Groups, groups_among};
use super::{Health, Settings};
use crate::model::{
    Ack, CarrierId, Incident, IncidentId, KeptIncident, OnAt, State, SubjectId, SubjectIx, Told,
    UnixMs,
};

/// Why an incident was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// The subject is neither the root of an open incident nor cut off by one.
    #[error("no open incident has to do with it")]
    NoIncident,
    /// Somebody has taken it.
    #[error("{} has taken it at {}", .0.by, .0.at)]
    Taken(Ack),
}

/// True less than `wait_ms` after `start`; no longer when the clock was set back beyond it.
fn is_within(start: UnixMs, now: UnixMs, wait_ms: i64) -> bool {
    (0..wait_ms).contains(&now.since(start))
}

impl Health {
    /// Brings the incidents up to the verdicts and says what is to be told. Call it after each
    /// batch of rounds and after each tick; it does nothing when there is nothing to do.
    pub fn settle(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        let is_due = self.desk.next_due.is_some_and(|due| now >= due);
        if self.desk.is_stale || is_due || self.has_work_begun_or_ended(now) {
            self.match_incidents(now, effects);
        }
        self.tell_blind(now, effects);
        self.tell(now, effects);
    }

    /// The open incidents as of the last [`Health::settle`], oldest first.
    #[must_use]
    pub fn incidents(&self) -> &[Incident] {
        &self.desk.shown
    }

    /// True when most of a carrier's sentinels, or of those of none, have answered since the start
    /// and are not lost, and where there are none to answer.
    #[must_use]
    pub fn has_seen(&self, carrier: Option<&CarrierId>) -> bool {
        self.sight.has_seen(carrier)
    }

    /// The times in which the patrol cannot see that last now.
    #[must_use]
    pub fn blind(&self) -> &[Blind] {
        &self.desk.blind
    }

    /// Somebody takes the incident that `subject` is a root of or cut off by.
    ///
    /// # Errors
    /// [`AckError::NoIncident`]; [`AckError::Taken`] while somebody else's word holds.
    pub fn acknowledge(
        &mut self,
        subject: SubjectIx,
        ack: Ack,
        effects: &mut Vec<Effect>,
    ) -> Result<IncidentId, AckError> {
        let id = self.inventory.subject(subject).id.clone();
        let cause = self.verdict(subject).and_then(|v| v.cause);
        let cause = cause.map(|c| self.inventory.subject(c).id.clone());
        let open = self.desk.find(&id, cause.as_ref()).ok_or(AckError::NoIncident)?;
        if let Some(before) = open.kept.ack.as_ref().filter(|a| a.holds_at(ack.at)) {
            return Err(AckError::Taken(before.clone()));
        }
        open.kept.ack = Some(ack);
        effects.push(open.effect(Change::Changed));
        let id = open.kept.id.clone();
        self.show();
        Ok(id)
    }

    /// A device said something that tells why it was, or is, silent.
    pub fn evidence(
        &mut self,
        subject: SubjectIx,
        evidence: Evidence,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let id = self.inventory.subject(subject).id.clone();
        self.desk.known.entry(id).or_default().take(evidence);
        // What almost all devices say every minute changes nothing while nothing is open.
        if !self.desk.open.is_empty() {
            self.desk.touch();
        }
        // The word on an outage often comes after it: a device is asked when it answers again.
        let unit = self.inventory.subject(subject).unit;
        let inventory = std::sync::Arc::clone(&self.inventory);
        let of_unit = |id: &SubjectId| {
            inventory.find_subject(id.as_str()).is_some_and(|ix| inventory.subject(ix).unit == unit)
        };
        let late: Vec<usize> = (0..self.desk.closed.len())
            .filter(|n| {
                let ended = &self.desk.closed[*n];
                now.since(ended.at) <= CLOSED_MS && of_unit(&ended.open.kept.root)
            })
            .collect();
        for n in late {
            let ended = &self.desk.closed[n];
            let Some(group) = &ended.open.group else { continue };
            let groups = self.groups(now);
            let guess =
                self.scene(&groups, |scene| scene.guess(group, ended.open.is_planned, ended.at));
            let open = &mut self.desk.closed[n].open;
            if guess.is_some() && open.guess != guess {
                open.guess = guess;
                effects.push(open.effect(Change::Changed));
            }
        }
    }

    /// All root causes now. What is calm is simply up.
    pub(super) fn groups(&self, now: UnixMs) -> Groups {
        let all = self.inventory.subject_ixs().zip(&self.tracks);
        let restless = all.filter(|(_, track)| !track.is_calm()).map(|(ix, _)| ix);
        groups_among(&self.inventory, now, restless, |s| self.view(s))
    }

    fn scene<T>(&self, groups: &Groups, f: impl FnOnce(&Scene<'_>) -> T) -> T {
        f(&Scene {
            inventory: &self.inventory,
            groups,
            state: &|s| self.tracks[s.ix()].hard.unwrap_or(State::Unmeasured),
            known: &self.desk.known,
            together_ms: self.settings.together_ms,
        })
    }

    pub(super) fn match_incidents(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        let groups = self.groups(now);
        self.desk.is_stale = false;
        self.desk.next_due = groups.next_due;
        let mut taken: Vec<Option<Open>> = vec![None; groups.list.len()];
        let mut known = std::mem::take(&mut self.desk.open);
        known.sort_by(|a, b| (a.kept.opened, &a.kept.id).cmp(&(b.kept.opened, &b.kept.id)));
        let mut hidden: Vec<(usize, Open)> = Vec::new();
        let mut undecided: Vec<Open> = Vec::new();
        for open in known {
            let group = open.members().find_map(|id| {
                let ix = self.inventory.find_subject(id.as_str())?;
                groups.of(ix)
            });
            match group.map(|n| &mut taken[n]) {
                Some(slot @ None) => *slot = Some(open),
                Some(Some(older)) => {
                    let into = Ending::MergedInto(older.kept.id.clone());
                    if older.inherit(&open) {
                        effects.push(older.effect(Change::Changed));
                    }
                    self.desk.close(open, into, now, effects);
                }
                None => {
                    let root = self.inventory.find_subject(open.kept.root.as_str());
                    let is_patrolled = |ix: SubjectIx| {
                        self.tracks[ix.ix()].is_asked && !self.tracks[ix.ix()].is_absent
                    };
                    match root.and_then(|ix| groups.behind(ix)) {
                        // Its trouble goes on, as a part of that of what it is reached through.
                        Some(n) => hidden.push((n, open)),
                        // What cut it off meanwhile is over, and it has to prove itself.
                        None if root.is_some_and(|ix| {
                            is_patrolled(ix) && self.is_undecided(ix, &groups)
                        }) =>
                        {
                            undecided.push(Open { group: None, ..open });
                        }
                        None => {
                            let root = root.filter(|ix| is_patrolled(*ix));
                            let ending = root.map_or(Ending::Removed, |ix| {
                                Ending::Recovered(self.tracks[ix.ix()].since())
                            });
                            self.desk.close(open, ending, now, effects);
                        }
                    }
                }
            }
        }
        // A root that nobody has heard of, and behind which one hides that somebody has: that one goes
        // on under its name, as it does when what it hides behind is down.
        hidden.retain_mut(|(n, open)| match taken.get_mut(*n) {
            Some(slot @ None) => {
                *slot = Some(open.clone());
                false
            }
            _ => true,
        });
        let worked_on = OnAt::new(&self.maintenance, now);
        for (group, open) in groups.list.iter().zip(taken) {
            let is_new = open.is_none();
            let mut open = open.unwrap_or_else(|| self.open(group, now));
            let before = (open.kept.clone(), open.guess.clone());
            let id = |ix: SubjectIx| self.inventory.subject(ix).id.clone();
            open.kept.root = id(group.root);
            let told = open.told_root.as_ref().filter(|told| **told != open.kept.root);
            let told = told.and_then(|told| self.inventory.find_subject(told.as_str()));
            open.is_told_too_low = told.is_some_and(|told| self.is_above(group.root, told));
            open.kept.state = group.state;
            open.kept.since = group.since;
            open.with =
                group.members.iter().filter(|m| **m != group.root).map(|m| id(*m)).collect();
            if group.impact.units.len() >= open.reached.units.len()
                && group.impact.unreachable >= open.reached.unreachable
            {
                open.reached = group.impact.clone();
            }
            open.group = Some(group.clone());
            open.is_planned = group.members.iter().all(|m| worked_on.includes(&self.inventory, *m));
            open.guess = self.scene(&groups, |scene| scene.guess(group, open.is_planned, now));
            if is_new {
                effects.push(open.effect(Change::Opened));
            } else if before != (open.kept.clone(), open.guess.clone()) {
                effects.push(open.effect(Change::Changed));
            }
            self.desk.open.push(open);
        }
        for (n, open) in hidden {
            let Some(into) = self.desk.open.get_mut(n) else { continue };
            if into.inherit(&open) {
                // It hides behind the root, and so that is above it; unless it had moved there after
                // it was told, from that very root.
                into.is_told_too_low = into.told_root.as_ref() != Some(&into.kept.root);
                effects.push(into.effect(Change::Changed));
            }
            let into = Ending::MergedInto(into.kept.id.clone());
            self.desk.close(open, into, now, effects);
        }
        self.desk.open.extend(undecided);
        self.show();
    }

    /// Unreachable by its last verdict, though its root is down no more; or behind such a one.
    fn is_undecided(&self, subject: SubjectIx, groups: &Groups) -> bool {
        let is_down = |cause: SubjectIx| self.tracks[cause.ix()].hard == Some(State::Down);
        let proves_itself = |s: SubjectIx| {
            let track = &self.tracks[s.ix()];
            track.hard == Some(State::Unreachable) && !track.cause.is_some_and(is_down)
        };
        let in_front = |s: &SubjectIx| groups.in_front.get(s).copied();
        let mut chain = std::iter::successors(Some(subject), in_front);
        chain.any(proves_itself)
    }

    /// An incident that nobody has heard of yet.
    fn open(&self, group: &Group, now: UnixMs) -> Open {
        let root = self.inventory.subject(group.root).id.clone();
        let track = &self.tracks[group.root.ix()];
        // One that has come back since is no part that stayed down, whatever its new trouble is.
        let cause = track.cause_before.filter(|_| group.state == State::Down);
        let cause = cause.map(|c| &self.inventory.subject(c).id);
        let split_from = cause.and_then(|c| self.desk.split_from(c, track.hard_since()));
        Open::new(KeptIncident {
            id: self.desk.name(&root, now),
            root,
            opened: now,
            since: group.since,
            closed: None,
            state: group.state,
            told: None,
            told_at: None,
            ack: None,
            split_from,
            merged_into: None,
        })
    }

    fn show(&mut self) {
        let mut shown: Vec<Incident> = Vec::with_capacity(self.desk.open.len());
        for open in &self.desk.open {
            let Some(group) = open.group.clone() else { continue };
            let mut incident = incident::named(&self.inventory, group, |_, _| open.kept.id.clone());
            incident.opened = open.kept.opened;
            incident.ack.clone_from(&open.kept.ack);
            incident.planned = open.is_planned;
            incident.guess.clone_from(&open.guess);
            incident.split_from.clone_from(&open.kept.split_from);
            shown.push(incident);
        }
        incident::sort(&mut shown);
        self.desk.shown = shown;
    }

    /// True when announced work on an open incident begins or ends.
    fn has_work_begun_or_ended(&self, now: UnixMs) -> bool {
        if self.desk.open.is_empty() {
            return false;
        }
        let worked_on = self.worked_on_at(now);
        self.desk.open.iter().any(|open| {
            let Some(group) = &open.group else { return false };
            let mut members = group.members.iter();
            open.is_planned != members.all(|m| worked_on.includes(&self.inventory, *m))
        })
    }

    /// One for all that cannot be seen: while the patrol as a whole is blind, its carriers' lost
    /// sentinels are no news.
    fn tell_blind(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        if self.desk.blind.is_empty() {
            return;
        }
        let is_whole = self.sight.is_whole_blind(now);
        let mut is_told = self.desk.blind.iter().any(|b| b.is_told);
        // That of no carrier first: it says it all.
        self.desk.blind.sort_by_key(|b| b.carrier.is_some());
        for blind in &mut self.desk.blind {
            let is_due = !is_within(blind.opened, now, self.settings.group_wait_ms);
            if !blind.is_told && is_due && !(is_whole && is_told) {
                blind.is_told = true;
                is_told = true;
                effects.push(blind.telling(News::Blind));
            }
        }
    }

    /// What is to be told now.
    fn tell(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        let Settings { group_wait_ms, repeat_ms, .. } = self.settings;
        for n in 0..self.desk.open.len() {
            let Some(group) = self.desk.open[n].group.as_ref() else { continue };
            let is_blind = self.sight.is_blind_to(group.root, now);
            let open = &mut self.desk.open[n];
            if open.is_planned || is_blind || is_within(open.kept.opened, now, group_wait_ms) {
                continue;
            }
            let (told, news) = match (open.is_flapping(), open.kept.state) {
                (true, _) => (Told::Flapping, News::Flapping),
                (false, State::Degraded) => (Told::Degraded, News::Degraded),
                (false, _) => (Told::Down, News::Down),
            };
            let is_taken = open.kept.ack.as_ref().is_some_and(|a| a.holds_at(now));
            let is_due = open.kept.told_at.is_none_or(|at| now.since(at) >= repeat_ms);
            // The last of redundant lines went, too: now a unit is cut off.
            let cuts_off = open.group.as_ref().is_some_and(|g| !g.impact.units.is_empty());
            // Whoever was sent to the consequence is told of the cause; who took it looks himself.
            let is_another = open.is_told_harmless && cuts_off || open.is_told_too_low && !is_taken;
            let news = if open.kept.told != Some(told) || is_another {
                news
            } else if told == Told::Down && is_due && !is_taken {
                News::Reminder
            } else {
                continue;
            };
            open.kept.told = Some(told);
            open.kept.told_at = Some(now);
            open.is_told_harmless = told == Told::Down && !cuts_off;
            open.told_root = Some(open.kept.root.clone());
            open.is_told_too_low = false;
            let impact = open.group.as_ref().map(|g| g.impact.clone()).unwrap_or_default();
            effects.push(open.telling(news, impact, None));
            effects.push(open.effect(Change::Changed));
        }
    }
}
