//! What the desk keeps: open incidents, those that are over, times of blindness; and how each is told.

use std::collections::{HashMap, VecDeque};

use super::super::cause::Known;
use super::super::effect::{Change, Effect, News, Telling};
use super::super::incident::Group;
use super::super::sight::Turn;
use crate::model::{
    CarrierId, Guess, Impact, Incident, IncidentId, KeptIncident, SubjectId, UnixMs,
};

/// How the name of a blind time begins; a carrier's id or `patrol` follows.
pub const BLIND_ROOT: &str = "blind/";
/// Closed incidents remembered for the parts that split off and for late signs.
const CLOSED_MAX: usize = 256;
/// For how long, in milliseconds.
pub(super) const CLOSED_MS: i64 = 900_000;

/// A time in which the patrol cannot see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// Its name among the incidents.
    pub id: IncidentId,
    /// What is seen through this carrier only; `None`: the patrol as a whole.
    pub carrier: Option<CarrierId>,
    /// Just after the last round in which it could see.
    pub since: UnixMs,
    /// When that was found out.
    pub opened: UnixMs,
    pub(super) is_told: bool,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    /// What is kept of it over restarts.
    pub(super) kept: KeptIncident,
    /// The other lines that are down with its root.
    pub(super) with: Vec<SubjectId>,
    /// What it is now; `None` after a restart until it is matched with the verdicts, and while its
    /// root has to prove itself.
    pub(super) group: Option<Group>,
    pub(super) is_planned: bool,
    pub(super) guess: Option<Guess>,
    /// The most it has cut off.
    pub(super) reached: Impact,
    /// It was told while no unit had lost a network by it yet.
    pub(super) is_told_harmless: bool,
    /// The root that was told last.
    pub(super) told_root: Option<SubjectId>,
    /// That one is reached through what turned out to be the root since.
    pub(super) is_told_too_low: bool,
}

/// How an incident ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its root recovered: when, by the first of the rounds that proved it.
    Recovered(UnixMs),
    /// Its root is patrolled no more: whether it recovered nobody will know.
    Removed,
    /// It turned out to be a part of this one.
    MergedInto(IncidentId),
}

impl Open {
    pub(super) fn new(kept: KeptIncident) -> Self {
        Self {
            told_root: kept.told.map(|_| kept.root.clone()),
            kept,
            with: Vec::new(),
            group: None,
            is_planned: false,
            guess: None,
            reached: Impact::default(),
            is_told_harmless: false,
            is_told_too_low: false,
        }
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &SubjectId> {
        std::iter::once(&self.kept.root).chain(&self.with)
    }

    pub(super) fn is_flapping(&self) -> bool {
        self.group.as_ref().is_some_and(|g| g.is_flapping)
    }

    /// Takes over what people were told of another incident, which is merged into this one, so that
    /// they are told of its root, and when it is over. True when they had not been told of this one.
    pub(super) fn inherit(&mut self, merged: &Self) -> bool {
        let is_heir = self.kept.told.is_none() && merged.kept.told.is_some();
        if is_heir {
            self.kept.told = merged.kept.told;
            self.kept.told_at = merged.kept.told_at;
            self.told_root.clone_from(&merged.told_root);
        }
        is_heir
    }

    pub(super) fn effect(&self, change: Change) -> Effect {
        Effect::Incident {
            incident: Box::new(self.kept.clone()),
            guess: self.guess.clone(),
            change,
            units: u32::try_from(self.reached.units.len()).unwrap_or(u32::MAX),
            unreachable: self.reached.unreachable,
        }
    }

    pub(super) fn telling(&self, news: News, impact: Impact, until: Option<UnixMs>) -> Effect {
        Effect::Tell(Box::new(Telling {
            incident: self.kept.id.clone(),
            news,
            subject: Some(self.kept.root.clone()),
            carrier: None,
            since: self.kept.since,
            until,
            impact,
        }))
    }
}

/// An incident that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) open: Open,
    pub(super) at: UnixMs,
}

#[derive(Debug, Clone, Default)]
pub(in crate::health) struct Desk {
    /// A verdict was given since the incidents were matched last.
    pub(super) is_stale: bool,
    /// They are matched again at this time at the latest.
    pub(super) next_due: Option<UnixMs>,
    pub(super) open: Vec<Open>,
    pub(super) closed: VecDeque<Ended>,
    pub(super) blind: Vec<Blind>,
    pub(super) known: HashMap<SubjectId, Known>,
    /// Those of `open`, as they are shown.
    pub(super) shown: Vec<Incident>,
    pub(super) started: UnixMs,
}

impl Desk {
    pub(in crate::health) fn new(kept: Vec<KeptIncident>, now: UnixMs) -> Self {
        let open = kept.into_iter().filter(|k| k.closed.is_none()).map(Open::new).collect();
        Self { is_stale: true, open, started: now, ..Self::default() }
    }

    /// Something that incidents depend on has changed.
    pub(in crate::health) const fn touch(&mut self) {
        self.is_stale = true;
    }

    /// A group of sentinels lost or regained its sight.
    pub(in crate::health) fn turn(&mut self, turn: Turn, now: UnixMs, effects: &mut Vec<Effect>) {
        let Turn { carrier, since, until } = turn;
        // A sentinel that never answered says nothing about the time before the daemon.
        let since = since.max(self.started);
        match until {
            None => {
                let name = carrier.as_ref().map_or("patrol", |c| c.as_str());
                let id = IncidentId::new(&format!("{BLIND_ROOT}{name}"), now);
                let blind =
                    Blind { id, carrier: carrier.clone(), since, opened: now, is_told: false };
                self.blind.push(blind);
            }
            Some(_) => self.blind.retain(|blind| {
                let is_over = blind.carrier == carrier;
                if is_over && blind.is_told {
                    effects.push(blind.telling(News::Recovered));
                }
                !is_over
            }),
        }
        effects.push(Effect::Blind { carrier, since, until });
    }

    /// After a reload: places in the old inventory mean nothing in the new one.
    pub(in crate::health) fn forget_places(&mut self) {
        self.open.iter_mut().for_each(|open| open.group = None);
        self.closed.iter_mut().for_each(|ended| ended.open.group = None);
    }

    /// After a reload: the sentinels that were lost may be none any more.
    pub(in crate::health) fn see_again(
        &mut self,
        is_blind: impl Fn(Option<&CarrierId>) -> bool,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let over: Vec<Turn> = self
            .blind
            .iter()
            .filter(|blind| !is_blind(blind.carrier.as_ref()))
            .map(|b| Turn { carrier: b.carrier.clone(), since: b.since, until: Some(now) })
            .collect();
        over.into_iter().for_each(|turn| self.turn(turn, now, effects));
    }

    /// The incident that a subject is a root of, or is cut off by.
    pub(super) fn find(
        &mut self,
        subject: &SubjectId,
        cause: Option<&SubjectId>,
    ) -> Option<&mut Open> {
        let is_of = |open: &Open| open.members().any(|m| m == subject || Some(m) == cause);
        self.open.iter_mut().find(|open| is_of(open))
    }

    pub(super) fn name(&self, root: &SubjectId, now: UnixMs) -> IncidentId {
        let mut opened = now;
        loop {
            let id = IncidentId::new(root.as_str(), opened);
            let is_taken = self.open.iter().any(|o| o.kept.id == id)
                || self.closed.iter().any(|e| e.open.kept.id == id);
            if !is_taken {
                return id;
            }
            // Closed and opened again within a millisecond.
            opened = opened + 1;
        }
    }

    pub(super) fn close(
        &mut self,
        mut open: Open,
        ending: Ending,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let (news, until) = match ending {
            Ending::Recovered(at) => {
                (Some(News::Recovered), Some(at.min(now).max(open.kept.since)))
            }
            Ending::Removed => (Some(News::Removed), None),
            Ending::MergedInto(id) => {
                open.kept.merged_into = Some(id);
                (None, None)
            }
        };
        open.kept.closed = Some(now);
        effects.push(open.effect(Change::Closed));
        if let Some(news) = news.filter(|_| open.kept.told.is_some()) {
            effects.push(open.telling(news, open.reached.clone(), until));
        }
        if self.closed.len() == CLOSED_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(Ended { open, at: now });
    }

    /// The incident that `cause` was the root of until it recovered, if the outage that began at
    /// `since` was a part of it.
    pub(super) fn split_from(&self, cause: &SubjectId, since: UnixMs) -> Option<IncidentId> {
        let was_part = |ended: &&Ended| {
            since <= ended.at
                && ended.open.kept.merged_into.is_none()
                && ended.open.members().any(|m| m == cause)
        };
        self.closed.iter().rev().find(was_part).map(|ended| ended.open.kept.id.clone())
    }
}

impl Blind {
    pub(super) fn telling(&self, news: News) -> Effect {
        Effect::Tell(Box::new(Telling {
            incident: self.id.clone(),
            news,
            subject: None,
            carrier: self.carrier.clone(),
            since: self.since,
            until: None,
            impact: Impact::default(),
        }))
    }
}
