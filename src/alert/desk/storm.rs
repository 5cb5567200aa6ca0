//! Storm mode: what there is to tell of a unit and all beneath it waits for one digest a quarter of an
//! hour.
//!
//! Nothing of it is stored with a message. Which storm a message is in follows from its subject's
//! unit and from when it was to be told, when it leaves from that time alone: so a restart, another
//! end or another storm changes what waits already, and where a storm is forgotten its messages leave
//! one by one. What may have left already goes on as it was, and what is about no unit (a blind time,
//! a channel's trouble) or about a root above the storm is told as ever.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::facts;
use super::super::notice::{Severity, StormNote, Topic};
use super::super::route::{RouteKey, Scope};
use super::super::row::{Body, Row};
use super::Desk;
use super::follow::is_unseen;
use crate::health::Blind;
use crate::model::{
    Id, Incident, Inventory, Storm, StormEnd, StormOver, SubjectIx, UnitId, UnitIx, UnixMs,
};
use crate::store::MessageState;

/// How long a storm that is over is remembered, for whoever asks who has ended it.
const REMEMBERED_MS: i64 = 86_400_000;
/// Storm modes at a time.
pub const STORMS_MAX: usize = 50;

/// A storm mode with what the desk has to know of it.
#[derive(Debug, Clone)]
pub(super) struct Weather {
    storm: Storm,
    /// The unit's full name.
    name: String,
    /// The unit and all beneath it.
    units: BTreeSet<UnitId>,
    /// Messages told in its digests, or about to be, by channel.
    folded: BTreeMap<Id, u32>,
}

impl Weather {
    fn new(inventory: &Inventory, storm: Storm, folded: BTreeMap<Id, u32>, now: UnixMs) -> Self {
        let name = storm.unit.to_string();
        let mut weather = Self { storm, name, units: BTreeSet::new(), folded };
        weather.follow(inventory, now);
        weather
    }

    /// Another inventory, or another day of its tree; a unit that is in it no more keeps what was beneath it.
    fn follow(&mut self, inventory: &Inventory, now: UnixMs) {
        let Some(top) = inventory.find_unit(self.storm.unit.as_str()) else { return };
        self.name.clone_from(&inventory.unit(top).name);
        // As routes and announced work have it: what was merged into one of them is beneath it.
        let beneath = inventory.subtree(top).into_iter();
        self.units = beneath
            .filter(|unit| inventory.above_at(*unit, now).contains(&top))
            .map(|unit| inventory.unit(unit).id.clone())
            .collect();
    }

    /// Its name among the digests.
    pub(super) fn name(&self) -> String {
        self.storm.name()
    }

    /// The clock was set back by so much: its end is not to come once more.
    pub(super) fn set_back(&mut self, back_ms: i64) {
        if let Some(end) = &mut self.storm.ended {
            end.at = end.at - back_ms;
        }
    }

    pub(super) fn note(&self) -> StormNote {
        StormNote {
            unit: self.storm.unit.clone(),
            name: self.name.clone(),
            since: self.storm.since,
            until: self.storm.over_at(),
            by: self.storm.by.clone(),
            note: self.storm.note.clone(),
            folded: 0,
            open: 0,
            is_gone: false,
        }
    }
}

/// How a storm mode stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// As it was ordered.
    pub storm: Storm,
    /// The unit's full name.
    pub name: String,
    /// Messages told in its digests, or about to be.
    pub folded: u32,
    /// Messages that wait for the next digest.
    pub waiting: u32,
    /// When that leaves.
    pub next: UnixMs,
    /// Of one that has just ended: incidents that are still open.
    pub open: u32,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There was no storm there.
    Began,
    /// Its end or its note is another one now.
    Changed,
    /// It was ordered so already.
    Same,
}

/// What is open, and what of it the patrol can see.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// Units and subjects.
    pub inventory: &'a Inventory,
    /// Incidents.
    pub open: &'a [Incident],
    /// What cannot be seen.
    pub blind: &'a [Blind],
}

impl Desk {
    /// At a start: the storm modes that the store knows, each with how many messages its digests
    /// tell, by channel.
    pub fn take_up_storms(
        &mut self,
        inventory: &Inventory,
        kept: impl IntoIterator<Item = (Storm, BTreeMap<Id, u32>)>,
        now: UnixMs,
    ) {
        let kept = kept.into_iter().map(|(storm, n)| Weather::new(inventory, storm, n, now));
        self.storms = kept.filter(|weather| is_remembered(weather, now)).collect();
    }

    /// Another inventory, or another day of its tree.
    pub fn follow_units(&mut self, inventory: &Inventory, now: UnixMs) {
        self.storms.iter_mut().for_each(|weather| weather.follow(inventory, now));
    }

    /// Orders storm mode, or orders it otherwise: whoever is told of what happens there is told of
    /// that. `order` is of now and names a unit of the inventory; its channels are found here.
    pub fn begin_storm(
        &mut self,
        inventory: &Inventory,
        order: Storm,
        now: UnixMs,
    ) -> (Stand, Change) {
        let is_it = |w: &Weather| w.storm.unit == order.unit && w.storm.ended.is_none();
        let (at, change) = match self.storms.iter().position(is_it) {
            Some(at) => {
                let storm = &mut self.storms[at].storm;
                if (storm.until, &storm.note) == (order.until, &order.note) {
                    return (self.stand(at, now), Change::Same);
                }
                (storm.until, storm.by, storm.note) = (order.until, order.by, order.note);
                (at, Change::Changed)
            }
            None => {
                self.storms.push(Weather::new(inventory, order, BTreeMap::new(), now));
                (self.storms.len() - 1, Change::Began)
            }
        };
        let concerned = self.concerned(inventory, at, now);
        self.storms[at].storm.channels = concerned.keys().cloned().collect();
        self.tell_of_storm(
            at,
            Topic::StormBegan,
            (&BTreeMap::new(), &BTreeMap::new()),
            concerned,
            now,
        );
        (self.stand(at, now), change)
    }

    /// Ends the storm mode of a unit; `None` when there is none.
    pub fn end_storm(
        &mut self,
        unit: &UnitId,
        by: &str,
        sight: Sight<'_>,
        now: UnixMs,
    ) -> Option<Stand> {
        let is_it = |w: &Weather| w.storm.unit == *unit && w.storm.ended.is_none();
        let at = self.storms.iter().position(is_it)?;
        let end = StormEnd { at: now, why: StormOver::Command, by: Some(by.to_owned()) };
        Some(self.close(at, end, sight, now))
    }

    /// Ends the storm modes whose time is over, or whose unit is in the inventory no more.
    pub fn pass_storms(&mut self, sight: Sight<'_>, now: UnixMs) -> Vec<Stand> {
        self.storms.retain(|weather| is_remembered(weather, now));
        let mut ended = Vec::new();
        for at in 0..self.storms.len() {
            let storm = &self.storms[at].storm;
            let is_gone = sight.inventory.find_unit(storm.unit.as_str()).is_none();
            if storm.ended.is_some() || !is_gone && now < storm.until {
                continue;
            }
            let why = if is_gone { StormOver::Gone } else { StormOver::Time };
            let end = StormEnd { at: now, why, by: None };
            ended.push(self.close(at, end, sight, now));
        }
        ended
    }

    /// How the storm modes that are on stand, the oldest first.
    #[must_use]
    pub fn storms(&self, now: UnixMs) -> Vec<Stand> {
        let on = (0..self.storms.len()).filter(|at| self.storms[*at].storm.ended.is_none());
        on.map(|at| self.stand(at, now)).collect()
    }

    /// The storm mode of a unit that ended last, of those that ended a short while ago.
    #[must_use]
    pub fn last_storm(&self, unit: &UnitId) -> Option<&Storm> {
        let of_unit = self.storms.iter().map(|weather| &weather.storm);
        of_unit.filter(|s| s.unit == *unit).max_by_key(|s| s.ended.as_ref().map(|end| end.at))
    }

    /// Whoever may be told of a trouble there now, and whoever was told of one that lasts.
    fn concerned(
        &self,
        inventory: &Inventory,
        at: usize,
        now: UnixMs,
    ) -> BTreeMap<Id, Option<RouteKey>> {
        let units = &self.storms[at].units;
        let mut found = BTreeMap::new();
        let is_of = |unit: UnitIx| units.contains(&inventory.unit(unit).id);
        // Routes tell apart no more than this: one subject speaks for all like it.
        let mut seen = HashSet::new();
        let is_new = |s: &SubjectIx| {
            let subject = inventory.subject(*s);
            let line = subject.connection().map(|line| (line.network, line.carrier));
            is_of(subject.unit) && seen.insert((subject.unit, subject.kind().as_str(), line))
        };
        for subject in inventory.subject_ixs().filter(is_new) {
            for severity in [Severity::Down, Severity::Degraded, Severity::Flapping] {
                // As little as it may cut off, and as much.
                for units in [1, u32::MAX] {
                    let scope = Scope { subject: Some(subject), carrier: None, units };
                    for hit in self.plan.router.hits(inventory, &scope, severity, now) {
                        found.entry(hit.channel).or_insert(Some(hit.key));
                    }
                }
            }
        }
        for (channel, thread) in self.threads.values().flatten() {
            let unit = thread.subject.as_ref().map(|subject| &subject.unit.id);
            if unit.is_some_and(|unit| units.contains(unit)) {
                found.entry(channel.clone()).or_insert(thread.route);
            }
        }
        found.retain(|channel, _| self.plan.channels.contains_key(channel));
        found
    }

    fn tell_of_storm(
        &mut self,
        at: usize,
        topic: Topic,
        (told, open): (&BTreeMap<Id, u32>, &BTreeMap<Id, u32>),
        concerned: BTreeMap<Id, Option<RouteKey>>,
        now: UnixMs,
    ) {
        let end = self.storms[at].storm.ended.as_ref();
        let is_gone = end.is_some_and(|end| end.why == StormOver::Gone);
        for (channel, route) in concerned {
            let of = |counts: &BTreeMap<Id, u32>| counts.get(&channel).copied().unwrap_or(0);
            let (folded, open) = (of(told), of(open));
            let note = StormNote { folded, open, is_gone, ..self.storms[at].note() };
            let mut notice = facts::blank(topic, Severity::Flapping, now);
            (notice.since, notice.storm) = (note.since, Some(note.clone()));
            notice.until = (topic == Topic::StormEnded).then_some(now);
            let prefix = format!("storm:{}:{channel}:", note.storm());
            let is_unsent = |row: &&mut Row| row.key.starts_with(&prefix) && row.never_left();
            // What has not left says the newest, or nothing any more.
            if let Some(row) = self.rows.values_mut().find(is_unsent) {
                if topic == Topic::StormBegan {
                    row.body.notice = notice;
                    row.ticket = self.tickets.0 + 1;
                    self.changed.push(row.message(MessageState::Pending));
                    continue;
                }
                let key = row.key.clone();
                self.drop_row(&key, "reason.over_unsent");
            }
            let quiet = route.and_then(|n| self.plan.router.named(n)).and_then(|route| route.quiet);
            let due = self.plan.router.loud_from(quiet, now);
            let mut row = Row::new(format!("{prefix}{}", now.0), channel, notice, now);
            row.due = due;
            row.body = Body { route, wanted: due, is_quiet: due > now, ..row.body };
            self.push(row);
        }
    }

    fn close(&mut self, at: usize, end: StormEnd, sight: Sight<'_>, now: UnixMs) -> Stand {
        let Sight { inventory, open, blind } = sight;
        let mut concerned = self.concerned(inventory, at, now);
        self.storms[at].storm.ended = Some(end);
        // With what waits for the last digest, and without what will leave by itself or in that of
        // another storm.
        let mut folded = self.storms[at].folded.clone();
        let waiting = self.rows.values().filter(|row| self.is_of(row, at));
        waiting.for_each(|row| *folded.entry(row.channel.clone()).or_default() += 1);
        let told = &self.storms[at].storm.channels;
        let told = told.iter().filter(|id| self.plan.channels.contains_key(*id)).cloned();
        let told: Vec<Id> = told.collect();
        for id in told {
            concerned.entry(id).or_insert(None);
        }
        let units = self.storms[at].units.clone();
        let (mut still, mut still_of) = (0, BTreeMap::new());
        for incident in open.iter().filter(|incident| units.contains(&incident.unit)) {
            let threads = self.threads_of(&incident.id);
            if threads.is_empty() || incident.planned {
                continue;
            }
            still += 1;
            for key in threads {
                *still_of.entry(key.1.clone()).or_default() += 1;
                let thread = self.thread(&key).cloned().filter(|thread| thread.has_left);
                let Some(thread) = thread.filter(|_| self.rows_of(&key).is_empty()) else {
                    // What waits tells it.
                    continue;
                };
                if !is_unseen(inventory, incident, blind) {
                    let notice = facts::open(inventory, incident, Topic::Reminder, now);
                    self.add(key, thread.route, 0, notice, now, now);
                }
            }
        }
        self.tell_of_storm(at, Topic::StormEnded, (&folded, &still_of), concerned, now);
        Stand { folded: folded.values().sum(), open: still, ..self.stand(at, now) }
    }

    fn stand(&self, at: usize, now: UnixMs) -> Stand {
        let Weather { storm, name, folded, .. } = &self.storms[at];
        let waiting = self.rows.values().filter(|row| self.is_of(row, at)).count();
        Stand {
            storm: storm.clone(),
            name: name.clone(),
            folded: folded.values().sum(),
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            next: storm.told_at(now),
            open: 0,
        }
    }

    /// The storm that a message waits in; of several the one that is on and the widest. `None` of
    /// what may have left, or is in a digest already.
    pub(super) fn weather(&self, row: &Row) -> Option<&Weather> {
        if self.storms.is_empty() || row.body.digest.is_some() || !row.never_left() {
            return None;
        }
        let unit = &row.body.notice.subject.as_ref()?.unit.id;
        let is_in = |w: &&Weather| w.storm.holds(row.body.wanted) && w.units.contains(unit);
        let rank = |w: &&Weather| (w.storm.ended.is_none(), w.units.len());
        self.storms.iter().filter(is_in).max_by_key(rank)
    }

    fn is_of(&self, row: &Row, at: usize) -> bool {
        self.weather(row).is_some_and(|weather| std::ptr::eq(weather, &self.storms[at]))
    }

    /// It waits for the digest of its storm: for the next quarter, or until the storm was ended, so that
    /// what is still down is in one digest with it.
    pub(super) fn is_held(&self, row: &Row, now: UnixMs) -> bool {
        let is_before = now < Storm::slot_after(row.body.wanted);
        is_before && self.weather(row).is_some_and(|weather| weather.storm.ended.is_none())
    }

    /// What the next digest of a storm through a channel tells: of each incident what has come to
    /// its turn, in its order, unless something of it is on its way.
    pub(super) fn of_storm(&self, channel: &Id, storm: &str, now: UnixMs) -> Vec<String> {
        let of_channel = |row: &&Row| row.channel == *channel && row.incident.is_some();
        let mut rows: Vec<&Row> = self.rows.values().filter(of_channel).collect();
        rows.sort_by_key(|row| (&row.incident, row.body.number));
        let is_of = |row: &&&Row| {
            self.weather(row).is_some_and(|w| w.name() == storm) && self.is_ready(row, now)
        };
        let of_incidents = rows.chunk_by(|a, b| a.incident == b.incident);
        of_incidents
            .flat_map(|of_one| of_one.iter().take_while(is_of).map(|row| row.key.clone()))
            .collect()
    }

    pub(super) fn count_folded(&mut self, storm: &str, channel: &Id, added: u32) {
        if let Some(weather) = self.storms.iter_mut().find(|weather| weather.name() == storm) {
            *weather.folded.entry(channel.clone()).or_default() += added;
        }
    }
}

fn is_remembered(weather: &Weather, now: UnixMs) -> bool {
    let end = weather.storm.ended.as_ref();
    end.is_none_or(|end| now.since(end.at) < REMEMBERED_MS)
}
