//! From rounds to states (DESIGN section 5, rules 1–6, 8 and 13). PURE: rounds and time come in as
//! arguments, [`Effect`]s go out; no clock, task, socket or file is touched, and the same input
//! gives the same output.
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

mod incident;
mod passage;
mod track;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use incident::open_incidents;

use crate::model::{Inventory, Round, State, SubjectId, SubjectIx, UnixMs};
use passage::Passage;
use track::Track;

/// How often a subject is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Every `interval`.
    Normal,
    /// Every `retry`: the subject is suspect, down, or proving itself.
    Retry,
}

/// A stretch of a subject's record; the last one of an effect is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// First instant; it lasts until the next entry's.
    pub from: UnixMs,
    /// The state.
    pub state: State,
    /// Root cause when unreachable.
    pub cause: Option<SubjectIx>,
}

/// What the core asks its driver to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// From the first entry on, the subject's record reads like this, whatever it said before.
    Record {
        /// Whose record.
        subject: SubjectIx,
        /// Sorted, at least one.
        entries: Vec<Entry>,
    },
    /// A verdict: the hard state changed.
    Verdict {
        /// Whose.
        subject: SubjectIx,
        /// Hard state before; `None` for the first.
        before: Option<State>,
        /// Hard state now.
        after: State,
        /// Since when, back-dated.
        since: UnixMs,
        /// Root cause when unreachable.
        cause: Option<SubjectIx>,
    },
    /// Ask at another pace from now on.
    Pace {
        /// Whom.
        subject: SubjectIx,
        /// How.
        pace: Pace,
    },
    /// Ask at once: a verdict waits for this subject's next round.
    AskNow {
        /// Whom.
        subject: SubjectIx,
    },
}

/// What the store knows of a subject when the daemon starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// Recorded state and its start.
    pub state: State,
    /// Start of the recorded state.
    pub since: UnixMs,
    /// The last verdict, which a hole does not undo.
    pub hard: Option<ResumedVerdict>,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
}

/// A verdict of the daemon's earlier life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumedVerdict {
    /// Any state but `unmeasured`.
    pub state: State,
    /// Root cause when unreachable.
    pub cause: Option<SubjectId>,
    /// Start of the outage, or of the live state.
    pub since: UnixMs,
}

/// The last verdict on a subject, which a hole does not undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Any state but `unmeasured`.
    pub state: State,
    /// Since when; of an outage, its start.
    pub since: UnixMs,
    /// Root cause when unreachable.
    pub cause: Option<SubjectIx>,
}

/// What can be seen of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Recorded state.
    pub state: State,
    /// Start of the recorded state; of the whole outage when it is one.
    pub since: UnixMs,
    /// Root cause when unreachable.
    pub cause: Option<SubjectIx>,
    /// The last verdict; `None` before the first.
    pub verdict: Option<Verdict>,
    /// Failed rounds in a row without a verdict yet.
    pub suspect: u8,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
}

/// The core: one per daemon.
#[derive(Debug, Clone)]
pub struct Health {
    inventory: Arc<Inventory>,
    tracks: Vec<Track>,
    /// Subjects in [`Phase::Held`].
    held: BTreeSet<SubjectIx>,
}

impl Health {
    /// Starts at `now`. `resume` gives what the store knows; a subject it does not know begins
    /// `unmeasured` with a record from `now` on.
    pub fn new(
        inventory: Arc<Inventory>,
        now: UnixMs,
        resume: impl Fn(&SubjectId) -> Option<Resumed>,
        effects: &mut Vec<Effect>,
    ) -> Self {
        let mut health = Self { inventory, tracks: Vec::new(), held: BTreeSet::new() };
        for ix in health.inventory.subject_ixs() {
            let subject = health.inventory.subject(ix);
            let track = match resume(&subject.id) {
                Some(r) => {
                    Track::resumed(&r, |id| health.inventory.find_subject(id.as_str()), subject)
                }
                None => Track::unknown(now, subject),
            };
            health.tracks.push(track);
        }
        health.announce(|ix| resume(&health.inventory.subject(ix).id).is_none(), effects);
        health
    }

    /// Records the subjects that are new and sets the pace of those resumed in trouble.
    fn announce(&self, is_new: impl Fn(SubjectIx) -> bool, effects: &mut Vec<Effect>) {
        for ix in self.inventory.subject_ixs() {
            let track = &self.tracks[ix.ix()];
            if is_new(ix) {
                effects.push(Effect::Record { subject: ix, entries: vec![track.entry()] });
            } else if track.pace() == Pace::Retry {
                effects.push(Effect::Pace { subject: ix, pace: Pace::Retry });
            }
        }
    }

    /// Takes another inventory over. Subjects are matched by id and keep everything; new ones
    /// begin `unmeasured`. Returns the ids that are gone, each with the time from which nobody
    /// asks it any more.
    pub fn reload(
        &mut self,
        inventory: Arc<Inventory>,
        now: UnixMs,
        effects: &mut Vec<Effect>,
    ) -> Vec<(SubjectId, UnixMs)> {
        let old = std::mem::replace(&mut self.inventory, inventory);
        let moved = |ix: SubjectIx| self.inventory.find_subject(old.subject(ix).id.as_str());
        let mut tracks: Vec<Option<Track>> = vec![None; self.inventory.subjects.len()];
        let mut gone = Vec::new();
        for (ix, mut track) in old.subject_ixs().zip(std::mem::take(&mut self.tracks)) {
            match moved(ix) {
                Some(new) => {
                    track.refit(self.inventory.subject(new), moved);
                    if track.lost_its_cause() && track.start_proving(now) {
                        effects.push(Effect::Pace { subject: new, pace: Pace::Retry });
                    }
                    tracks[new.ix()] = Some(track);
                }
                None => gone.push((old.subject(ix).id.clone(), track.unasked_from(now))),
            }
        }
        let is_new: Vec<bool> = tracks.iter().map(Option::is_none).collect();
        self.tracks = tracks
            .into_iter()
            .zip(&self.inventory.subjects)
            .map(|(track, subject)| track.unwrap_or_else(|| Track::unknown(now, subject)))
            .collect();
        self.held = std::mem::take(&mut self.held).into_iter().filter_map(moved).collect();
        self.announce(|ix| is_new[ix.ix()], effects);
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

    /// Takes one round in. Invalid rounds (our own side failed) count as not asked.
    ///
    /// Rounds of one check come in the order they were sent; `now` is the time of judging.
    pub fn round(&mut self, round: &Round, now: UnixMs, effects: &mut Vec<Effect>) {
        if round.is_invalid() || round.subject.ix() >= self.tracks.len() {
            return;
        }
        let subject = round.subject;
        let track = &mut self.tracks[subject.ix()];
        if !track.is_decisive(round.check) {
            if let Some(state) = track.secondary_round(round) {
                let since = round.at.max(track.since());
                track.change(subject, state, since, effects);
            }
            return;
        }
        if track.is_from_the_future(round.at) {
            track.forget_future(subject, round.at, effects);
        }
        let round = &Round { at: track.not_before_last(round.at), ..*round };
        let pace_before = track.pace();
        track.close_hole(subject, round.at, effects);
        let was_live = track.hard.is_some_and(State::is_live);
        let step = track.decisive_round(round, now);
        match step {
            track::Step::None => self.reconsider(subject, round, effects),
            track::Step::Confirmed => {
                self.held.insert(subject);
                self.try_verdict(subject, now, effects);
            }
            track::Step::Live { state, since } => {
                self.held.remove(&subject);
                self.tracks[subject.ix()].change(subject, state, since, effects);
                if !was_live {
                    self.parent_recovered(subject, since, effects);
                }
            }
            track::Step::Calmed => {
                self.held.remove(&subject);
            }
        }
        let pace = self.tracks[subject.ix()].pace();
        if pace != pace_before {
            effects.push(Effect::Pace { subject, pace });
        }
        self.settle_held(subject, now, effects);
    }

    /// Opens holes of subjects that have not been asked for too long and gives the verdicts whose
    /// waiting time is over. Call it about once a second; what it records about holes does not
    /// depend on how punctually.
    pub fn tick(&mut self, now: UnixMs, effects: &mut Vec<Effect>) {
        for (ix, track) in (0_u32..).map(SubjectIx).zip(&mut self.tracks) {
            track.open_hole(ix, now, effects);
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

    /// An unreachable subject failed again: its way may have opened, or be blocked by something
    /// else, without any news about the parent that it was blamed on (the daemon was restarted,
    /// the inventory changed, or the subject answered for a moment and failed again).
    fn reconsider(&mut self, subject: SubjectIx, round: &Round, effects: &mut Vec<Effect>) {
        if !round.is_failed() || !self.tracks[subject.ix()].is_settled_unreachable() {
            return;
        }
        let passage = self.passage(subject, UnixMs(i64::MIN));
        let track = &mut self.tracks[subject.ix()];
        match passage {
            Passage::Blocked(cause) => track.recause(subject, cause, round.at, effects),
            Passage::Open | Passage::Undecided(_) => {
                track.start_proving(round.at);
            }
        }
    }

    /// Gives the verdict on a confirmed failure, or leaves it held while an ancestor is undecided.
    fn try_verdict(&mut self, subject: SubjectIx, now: UnixMs, effects: &mut Vec<Effect>) {
        let Some((first, last)) = self.tracks[subject.ix()].confirmed_run() else {
            self.held.remove(&subject);
            return;
        };
        let expired = self.tracks[subject.ix()].held_too_long(now);
        let (state, cause) = match self.passage(subject, first) {
            Passage::Open => (State::Down, None),
            Passage::Blocked(cause) => (State::Unreachable, Some(cause)),
            Passage::Undecided(_) if expired => (State::Down, None),
            Passage::Undecided(waiting) => {
                // A suspect ancestor is asked at its retry pace anyway; a stale one would wait
                // for its next turn.
                for ancestor in waiting {
                    let track = &mut self.tracks[ancestor.ix()];
                    if track.ask_once_for(last) {
                        effects.push(Effect::AskNow { subject: ancestor });
                    }
                }
                return;
            }
        };
        self.held.remove(&subject);
        let track = &mut self.tracks[subject.ix()];
        let pace_before = track.pace();
        track.fail(subject, state, cause, first, effects);
        let pace = track.pace();
        if pace != pace_before {
            effects.push(Effect::Pace { subject, pace });
        }
        self.recause_beneath(subject, now, effects);
        if state == State::Down {
            self.ask_beneath(subject, effects);
        }
        self.settle_held(subject, now, effects);
    }

    /// Something is down: what is reached through it is probably lost too, and is asked now
    /// instead of at its next turn, so that the impact is known after `confirm` retries.
    fn ask_beneath(&self, subject: SubjectIx, effects: &mut Vec<Effect>) {
        for child in self.beneath(subject) {
            if self.tracks[child.ix()].is_quiet() {
                effects.push(Effect::AskNow { subject: child });
            }
        }
    }

    /// After news about `subject`: verdicts on what lies beneath it may be given now.
    fn settle_held(&mut self, subject: SubjectIx, now: UnixMs, effects: &mut Vec<Effect>) {
        if self.held.is_empty() {
            return;
        }
        for child in self.beneath(subject) {
            if self.held.contains(&child) {
                self.try_verdict(child, now, effects);
            }
        }
    }

    /// A parent answers again: what was unreachable through it must prove itself (rule 6).
    fn parent_recovered(&mut self, parent: SubjectIx, at: UnixMs, effects: &mut Vec<Effect>) {
        for child in self.beneath(parent) {
            if self.tracks[child.ix()].hard != Some(State::Unreachable) {
                continue;
            }
            match self.passage(child, UnixMs(i64::MIN)) {
                Passage::Blocked(cause) => {
                    self.tracks[child.ix()].recause(child, cause, at, effects);
                }
                Passage::Open | Passage::Undecided(_) => {
                    if self.tracks[child.ix()].start_proving(at) {
                        effects.push(Effect::Pace { subject: child, pace: Pace::Retry });
                        effects.push(Effect::AskNow { subject: child });
                    }
                }
            }
        }
    }

    /// A subject went down or unreachable: what is unreachable beneath it may have another root
    /// cause from now on.
    fn recause_beneath(&mut self, subject: SubjectIx, now: UnixMs, effects: &mut Vec<Effect>) {
        for child in self.beneath(subject) {
            if self.tracks[child.ix()].hard != Some(State::Unreachable) {
                continue;
            }
            if let Passage::Blocked(cause) = self.passage(child, UnixMs(i64::MIN)) {
                self.tracks[child.ix()].recause(child, cause, now, effects);
            }
        }
    }

    /// Everything reached through `subject`, nearest first.
    fn beneath(&self, subject: SubjectIx) -> Vec<SubjectIx> {
        let mut found: Vec<SubjectIx> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = 0;
        let mut at = subject;
        loop {
            for &child in self.inventory.dependents(at) {
                if seen.insert(child) {
                    found.push(child);
                }
            }
            match found.get(next) {
                Some(&child) => at = child,
                None => return found,
            }
            next += 1;
        }
    }

    /// Whether `subject` could be reached, judged by its ancestors' rounds sent after `first`.
    fn passage(&self, subject: SubjectIx, first: UnixMs) -> Passage {
        passage::passage(&self.inventory, &self.tracks, &self.inventory.subject(subject).via, first)
    }
}
