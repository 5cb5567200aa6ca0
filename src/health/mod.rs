//! From rounds to states, outages, incidents and what is told of them (DESIGN section 5). PURE:
//! rounds and time come in as arguments, [`Effect`]s go out; no clock, task, socket or file is
//! touched, and the same input gives the same output.
//!
//! ```text
//!            failed            confirm failed, verdict given
//!  Steady ──────────► Failing ───────────────────────────────► Steady (down | unreachable)
//!  (live)  ◄──────────   │ confirm failed, an ancestor undecided      │ answered
//!            answered    ▼                                            ▼
//!                       Held ── ancestors decided or window over ─►  Recovering ─ recover ─► Steady (live)
//!
//!  parent recovered: Steady (unreachable) ─► Proving ─ confirm failed ─► Steady (down, from the recovery on)
//! ```
//!
//! A subject's *hard* state is the last verdict; its *recorded* state is the hard state or, inside
//! a hole, `unmeasured`. Verdicts are back-dated, so the record is changed by one general effect:
//! "from this time on it reads as follows".
//!
//! What a round goes through: [`sight`] (could the patrol see when it failed?) → [`track`] (counts)
//! → [`judge`] (what it is reached through) → [`desk`] (incidents) → [`Telling`].

mod baseline;
mod cause;
mod desk;
mod effect;
mod explain;
mod flap;
mod incident;
mod judge;
mod passage;
mod sight;
mod threshold;
mod track;

#[cfg(test)]
mod tests;

/// An inventory of that many lines, each of a unit of its own, for the tests of other rooms.
#[cfg(test)]
pub(crate) use tests::bench_inventory;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

pub use baseline::Usual;
pub use cause::Evidence;
pub use desk::{AckError, BLIND_ROOT, Blind};
pub use effect::{
    Change, Effect, Entry, News, Pace, Resumed, ResumedVerdict, Rule, Telling, Verdict, View,
};
pub use explain::{Explanation, ParentSeen, PassageSeen, PhaseSeen};
pub use incident::{Group, Groups, OffHours, groups, off_hours, open_incidents};
pub use passage::standby;
pub use threshold::{Said, Watch};

use crate::model::{
    CarrierId, Inventory, KeptIncident, Maintenance, OnAt, Round, Sentinel, Subject, SubjectId,
    SubjectIx, UnixMs, is_planned,
};
use desk::Desk;
use sight::{Sight, Trust};
use track::Track;

/// Rounds of one subject that may wait for the sentinels; the oldest is judged without them when
/// one more comes.
const WAITING_MAX: usize = 32;
/// While rounds wait, the sentinels are asked again this often, in milliseconds.
const ASK_SENTINELS_MS: i64 = 1_000;
/// Failed rounds in a row until a sentinel is lost.
const SENTINEL_CONFIRM: u8 = 3;

/// What the whole patrol goes by, beside each subject's own thresholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Addresses that tell whether the patrol can see out.
    pub sentinels: Vec<Sentinel>,
    /// They are asked from the start on, so that one that was not heard of yet is waited for; in a
    /// record of rounds they may be missing altogether.
    pub are_sentinels_asked: bool,
    /// How long an incident gathers its impact before it is told.
    pub group_wait_ms: i64,
    /// How often an incident that nobody took is told again.
    pub repeat_ms: i64,
    /// Subjects that fall silent within this time of each other may have a common cause.
    pub together_ms: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sentinels: Vec::new(),
            are_sentinels_asked: false,
            group_wait_ms: 30_000,
            repeat_ms: 4 * 3_600_000,
            together_ms: 60_000,
        }
    }
}

/// What the store remembers of the daemon's earlier life; the default is nothing.
pub struct Memory<'a> {
    /// What is known of a subject; `None` for one that is new.
    pub subject: &'a dyn Fn(&SubjectId) -> Option<Resumed>,
    /// Incidents that were open.
    pub incidents: Vec<KeptIncident>,
    /// Announced work that is recorded in the store.
    pub maintenance: Vec<Maintenance>,
}

impl Default for Memory<'_> {
    fn default() -> Self {
        Self { subject: &|_| None, incidents: Vec::new(), maintenance: Vec::new() }
    }
}

/// The core: one per daemon.
#[derive(Debug, Clone)]
pub struct Health {
    inventory: Arc<Inventory>,
    settings: Settings,
    tracks: Vec<Track>,
    /// Subjects in [`track::Phase::Held`].
    held: BTreeSet<SubjectIx>,
    sight: Sight,
    /// By subject: rounds from the first failed one on that the sentinels have not vouched for.
    waiting: BTreeMap<SubjectIx, VecDeque<Round>>,
    sentinels_asked: UnixMs,
    /// By subject: the pace its driver was last told.
    paces: Vec<Pace>,
    /// No hole has to be opened before; a lower bound.
    next_hole: UnixMs,
    /// No subject comes into force or ends before.
    next_life: UnixMs,
    ticked: UnixMs,
    /// Announced work: the store's, then the inventory's own.
    maintenance: Vec<Maintenance>,
    announced: Vec<Maintenance>,
    desk: Desk,
}

impl Health {
    /// Starts at `now` with what `memory` gives; a subject it does not know begins `unmeasured`
    /// with a record from `now` on.
    pub fn new(
        inventory: Arc<Inventory>,
        settings: Settings,
        memory: Memory<'_>,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) -> Self {
        let mut tracks = Vec::with_capacity(inventory.subjects.len());
        let mut is_new = Vec::with_capacity(inventory.subjects.len());
        for subject in &inventory.subjects {
            let resumed = (memory.subject)(&subject.id);
            is_new.push(resumed.is_none());
            let mut track = match resumed {
                Some(r) => Track::resumed(&r, |id| inventory.find_subject(id.as_str()), subject),
                None => Track::unknown(now, subject),
            };
            // It may have been disabled while nobody patrolled.
            if !subject.is_enabled {
                let ix = SubjectIx(u32::try_from(tracks.len()).unwrap_or(u32::MAX));
                switch_off(&mut track, ix, subject, now, effects);
            }
            tracks.push(track);
        }
        let mut health = Self {
            sight: Sight::new(&settings, SENTINEL_CONFIRM, &inventory),
            desk: Desk::new(memory.incidents, now),
            paces: vec![Pace::Normal; tracks.len()],
            inventory,
            settings,
            tracks,
            held: BTreeSet::new(),
            waiting: BTreeMap::new(),
            sentinels_asked: UnixMs(i64::MIN),
            next_hole: UnixMs(i64::MIN),
            next_life: UnixMs(i64::MIN),
            ticked: now,
            maintenance: Vec::new(),
            announced: memory.maintenance,
        };
        health.gather_maintenance();
        health.look_who_is_there(now, effects);
        health.announce(|ix| is_new[ix.ix()], effects);
        if health.sight.len() > 0 {
            effects.push(Effect::AskSentinels);
        }
        health
    }

    /// Records the subjects that are new and sets the pace of those in trouble.
    fn announce(&mut self, is_new: impl Fn(SubjectIx) -> bool, effects: &mut Vec<Effect>) {
        for ix in self.inventory.subject_ixs() {
            if is_new(ix) {
                let entries = vec![self.tracks[ix.ix()].entry()];
                effects.push(Effect::Record { subject: ix, entries });
            }
            self.tell_pace(ix, effects);
        }
    }

    /// Takes another inventory over. Subjects are matched by id and keep everything; new ones
    /// begin `unmeasured`, disabled ones become so. Returns the ids that are gone, each with the
    /// time from which nobody asks it any more.
    pub fn reload(
        &mut self,
        inventory: Arc<Inventory>,
        settings: Settings,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) -> Vec<(SubjectId, UnixMs)> {
        let old = std::mem::replace(&mut self.inventory, inventory);
        let moved = |ix: SubjectIx| self.inventory.find_subject(old.subject(ix).id.as_str());
        let mut tracks: Vec<Option<Track>> = vec![None; self.inventory.subjects.len()];
        let mut paces = vec![Pace::Normal; self.inventory.subjects.len()];
        let mut gone = Vec::new();
        let old_paces = std::mem::take(&mut self.paces);
        for (ix, mut track) in old.subject_ixs().zip(std::mem::take(&mut self.tracks)) {
            let Some(new) = moved(ix) else {
                gone.push((old.subject(ix).id.clone(), track.unasked_from(now)));
                continue;
            };
            let subject = self.inventory.subject(new);
            paces[new.ix()] = old_paces[ix.ix()];
            if subject.is_enabled && !subject.checks.is_empty() {
                track.refit(subject, moved);
                if track.lost_its_cause() {
                    track.start_proving(now);
                }
            } else {
                switch_off(&mut track, new, subject, now, effects);
            }
            tracks[new.ix()] = Some(track);
        }
        let is_new: Vec<bool> = tracks.iter().map(Option::is_none).collect();
        self.tracks = tracks
            .into_iter()
            .zip(&self.inventory.subjects)
            .map(|(track, subject)| track.unwrap_or_else(|| Track::unknown(now, subject)))
            .collect();
        self.held = std::mem::take(&mut self.held)
            .into_iter()
            .filter_map(moved)
            .filter(|ix| self.tracks[ix.ix()].confirmed_run().is_some())
            .collect();
        // A check's number may mean another check now: what waited is not judged.
        self.waiting.clear();
        self.paces = paces;
        self.next_hole = UnixMs(i64::MIN);
        self.sight.refit(&settings, SENTINEL_CONFIRM, &self.inventory);
        let is_blind = |carrier: Option<&CarrierId>| self.sight.is_blind(carrier);
        self.desk.see_again(is_blind, now, effects);
        self.settings = settings;
        self.gather_maintenance();
        self.announce(|ix| is_new[ix.ix()], effects);
        self.next_life = UnixMs(i64::MIN);
        self.look_who_is_there(now, effects);
        self.desk.forget_places();
        self.match_incidents(now, effects);
        gone
    }

    /// The inventory in force.
    #[must_use]
    pub fn inventory(&self) -> &Arc<Inventory> {
        &self.inventory
    }

    /// What can be seen of a subject now.
    #[must_use]
    pub fn view(&self, subject: SubjectIx) -> View {
        self.tracks[subject.ix()].view()
    }

    /// The last verdict of [`Self::view`], without the rest of it; `None` before the first.
    #[must_use]
    #[inline]
    pub fn verdict(&self, subject: SubjectIx) -> Option<Verdict> {
        self.tracks[subject.ix()].verdict()
    }

    /// Whether it comes and goes, as [`Self::view`] says.
    #[must_use]
    #[inline]
    pub fn is_flapping(&self, subject: SubjectIx) -> bool {
        self.tracks[subject.ix()].flap.is_on()
    }

    /// Replaces the announced work that is recorded in the store; the inventory's own stays.
    pub fn set_maintenance(&mut self, announced: Vec<Maintenance>) {
        self.announced = announced;
        self.gather_maintenance();
    }

    fn gather_maintenance(&mut self) {
        self.maintenance.clone_from(&self.announced);
        self.maintenance.extend(self.inventory.maintenance.iter().cloned());
        self.desk.touch();
    }

    /// What is worked on at `at`, to be asked of many subjects.
    #[must_use]
    pub fn worked_on_at(&self, at: UnixMs) -> OnAt<'_> {
        OnAt::new(&self.maintenance, at)
    }

    /// True when the subject is inside announced work at `at`.
    #[must_use]
    pub fn is_planned(&self, subject: SubjectIx, at: UnixMs) -> bool {
        is_planned(&self.maintenance, &self.inventory, subject, at)
    }

    /// True when a subject is asked in its turns: it is enabled, in force and has a check.
    #[must_use]
    pub fn is_patrolled(&self, subject: SubjectIx) -> bool {
        let track = &self.tracks[subject.ix()];
        track.is_asked && !track.is_absent
    }

    /// True when silence that began at `start` is *off hours* at `at`: the subject may be off then,
    /// and is waited for still (rule 11).
    #[must_use]
    pub fn is_off_hours(&self, subject: SubjectIx, start: UnixMs, at: UnixMs) -> bool {
        incident::off_hours(&self.inventory, subject, start).is_some_and(|off| at < off.due)
    }

    /// Takes one round in. Invalid rounds (our own side failed) count as not asked, and so do those
    /// that failed while the patrol was blind; one that fails while it is not known whether the
    /// patrol can see waits, with all that follow it, until it is.
    ///
    /// Rounds of one check come in the order they were sent; `now` is the time of judging.
    #[inline]
    pub fn round(&mut self, round: &Round, now: UnixMs, effects: &mut Vec<Effect>) {
        let Some(track) = self.tracks.get_mut(round.subject.ix()) else { return };
        // A verdict that is held may wait for whom it is reached through, for nobody else.
        let concerns_held =
            !self.held.is_empty() && !self.inventory.dependents(round.subject).is_empty();
        if concerns_held || !track.take_calm(round) {
            self.round_with_more_to_it(round, now, effects);
        }
    }

    fn round_with_more_to_it(&mut self, round: &Round, now: UnixMs, effects: &mut Vec<Effect>) {
        if round.is_invalid() || !self.tracks[round.subject.ix()].is_asked {
            return;
        }
        let subject = round.subject;
        if let Some(queue) = self.waiting.get_mut(&subject) {
            queue.push_back(*round);
            let is_full = queue.len() > WAITING_MAX;
            self.judge_waiting(subject, is_full, now, effects);
        } else if round.is_failed() {
            match self.sight.trust(subject, round.at) {
                Trust::Seen => self.judge(round, now, effects),
                Trust::Blind => {}
                Trust::Wait => {
                    self.wait(subject, VecDeque::from([*round]));
                    self.ask_sentinels(now, effects);
                }
            }
        } else {
            self.judge(round, now, effects);
        }
        self.tell_pace(subject, effects);
    }

    /// Takes a sentinel's round in; `sentinel` is its place in [`Settings::sentinels`]. A round
    /// that our own machine could not send says nothing and is not handed over.
    pub fn sentinel_round(
        &mut self,
        sentinel: usize,
        at: UnixMs,
        answered: bool,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        for turn in self.sight.round(sentinel, at, answered) {
            self.desk.turn(turn, now, effects);
        }
        self.judge_all_waiting(now, effects);
    }

    /// True when the sentinels are asked: their places are `0..sentinels()`.
    #[must_use]
    pub fn sentinels(&self) -> usize {
        self.sight.len()
    }

    fn ask_sentinels(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        let since_ms = now.0.saturating_sub(self.sentinels_asked.0);
        if since_ms >= ASK_SENTINELS_MS || now < self.sentinels_asked {
            self.sentinels_asked = now;
            effects.push(Effect::AskSentinels);
        }
    }

    #[inline]
    fn judge_all_waiting(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        if !self.waiting.is_empty() {
            self.judge_each_waiting(now, effects);
        }
    }

    fn judge_each_waiting(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        let mut next = self.waiting.keys().next().copied();
        while let Some(subject) = next {
            self.judge_waiting(subject, false, now, effects);
            self.tell_pace(subject, effects);
            let mut others = self.waiting.range((Bound::Excluded(subject), Bound::Unbounded));
            next = others.next().map(|(other, _)| *other);
        }
    }

    /// Rounds wait for the sentinels; what follows them is not to be judged before.
    fn wait(&mut self, subject: SubjectIx, rounds: VecDeque<Round>) {
        self.tracks[subject.ix()].stir();
        self.waiting.insert(subject, rounds);
    }

    /// Judges what waits of a subject as far as the sentinels have spoken. A round that has
    /// waited for the whole `correlation_window`, or is `crowded` out, is believed without them.
    fn judge_waiting(
        &mut self,
        subject: SubjectIx,
        mut crowded: bool,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) {
        let window_ms = self.tracks[subject.ix()].params().correlation_window_ms;
        let Some(first) = self.waiting.get(&subject).and_then(VecDeque::front) else { return };
        let is_early = |round: &Round| (0..window_ms).contains(&now.since(round.at));
        if !crowded
            && first.is_failed()
            && is_early(first)
            && self.sight.trust(subject, first.at) == Trust::Wait
        {
            self.ask_sentinels(now, effects);
            return;
        }
        let Some(mut queue) = self.waiting.remove(&subject) else { return };
        while let Some(round) = queue.front().copied() {
            if round.is_failed() {
                match self.sight.trust(subject, round.at) {
                    Trust::Wait if !crowded && is_early(&round) => break,
                    Trust::Blind => {
                        queue.pop_front();
                        continue;
                    }
                    Trust::Wait | Trust::Seen => {}
                }
            }
            crowded = false;
            queue.pop_front();
            self.judge(&round, now, effects);
        }
        if !queue.is_empty() {
            self.wait(subject, queue);
            self.ask_sentinels(now, effects);
        }
    }

    /// Opens holes of subjects that have not been asked for too long and gives the verdicts whose
    /// waiting time is over. Call it about once a second; what it records about holes does not
    /// depend on how punctually.
    pub fn tick(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        if now < self.ticked {
            // The clock was set back: what was due then may be due before.
            self.next_hole = UnixMs(i64::MIN);
            self.next_life = UnixMs(i64::MIN);
        }
        self.ticked = now;
        self.judge_all_waiting(now, effects);
        self.look_who_is_there(now, effects);
        if now >= self.next_hole {
            let mut next = UnixMs(i64::MAX);
            for (ix, track) in (0_u32..).map(SubjectIx).zip(&mut self.tracks) {
                let due = track.overdue_at();
                if due.is_some_and(|due| now > due) {
                    track.open_hole(ix, now, effects);
                }
                // A subject that is first heard of after this is vouched for an interval at least.
                let soonest = || now + track.params().interval_ms;
                next = next.min(due.filter(|due| now <= *due).unwrap_or_else(soonest));
            }
            self.next_hole = next;
        }
        if self.held.is_empty() {
            return;
        }
        let expired: Vec<SubjectIx> = self
            .held
            .iter()
            .copied()
            .filter(|ix| self.tracks[ix.ix()].held_too_long(now))
            .collect();
        for subject in expired {
            self.try_verdict(subject, now, effects);
        }
    }

    /// Opens every hole there is at `at`, rounds on their way or not: for the end of recorded time.
    pub fn close_books(&mut self, at: UnixMs, effects: &mut Vec<Effect>) {
        for (ix, track) in (0_u32..).map(SubjectIx).zip(&mut self.tracks) {
            track.open_hole_at(ix, at, effects);
        }
    }

    /// Subjects come into force and end by their dates: nothing is reached through what is not there.
    fn look_who_is_there(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        if now < self.next_life {
            return;
        }
        let mut next = UnixMs(i64::MAX);
        for (subject, track) in self.inventory.subjects.iter().zip(&mut self.tracks) {
            track.is_absent = !subject.is_enabled || !subject.exists_at(now);
            let dates = [subject.since, subject.until].into_iter().flatten();
            next = dates.filter(|date| *date > now).fold(next, UnixMs::min);
        }
        self.next_life = next;
        for ix in self.inventory.subject_ixs() {
            self.rethink_backup(ix, false, effects);
        }
        self.desk.touch();
    }

    /// Tells the driver a subject's pace when it is another one than it was told last.
    fn tell_pace(&mut self, subject: SubjectIx, effects: &mut Vec<Effect>) {
        let pace = if self.waiting.contains_key(&subject) {
            Pace::Retry
        } else {
            self.tracks[subject.ix()].pace()
        };
        if std::mem::replace(&mut self.paces[subject.ix()], pace) != pace {
            effects.push(Effect::Pace { subject, pace });
        }
    }
}

/// Nobody asks a subject any more: its record ends, and so does its flapping, of which nothing will
/// be heard.
fn switch_off(
    track: &mut Track,
    ix: SubjectIx,
    subject: &Subject,
    now: UnixMs,
    effects: &mut Vec<Effect>,
) {
    if track.flap.is_on() {
        effects.push(Effect::Flapping { subject: ix, begins: false });
    }
    if let Some(entry) = track.switch_off(now, subject) {
        effects.push(Effect::Record { subject: ix, entries: vec![entry] });
    }
}
