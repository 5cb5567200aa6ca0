//! A naive model of health, written from DESIGN section 5 alone: clear and slow. The numbers in
//! comments are the rules of that section.
//!
//! A subject's record is never kept as such. It is read off two lists: *steps*, at which the hard
//! state changed (back-dated, as verdicts are), and *holes*, in which nobody vouched for anything.

mod checks;
mod flaps;
mod known;
mod missed;
mod serene;
mod usual;
mod verdicts;
mod ways;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::rc::Rc;
use std::sync::Arc;

use tuantra::model::{
    HealthParams, Inventory, Round, Sentinel, Span, State, SubjectId, SubjectIx, UnixMs, Via,
};

use checks::{Other, Run};
use flaps::Flaps;
pub use missed::Roll;
use serene::Knowns;
use usual::{Usual, hour};

use crate::records::{Remembered, Stretch};
use crate::subject_under_test::Seen;
use crate::watch::{Blindness, Sight, Watch};

/// Rounds of one subject that may wait for the sentinels.
const WAITING_MAX: usize = 32;
const HOUR_MS: i64 = 3_600_000;

/// A deliberate mistake, to prove that the harness finds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quirk {
    /// An outage starts when it is confirmed.
    StartsAtConfirmation,
    /// A success that does not hold ends the outage all the same.
    OneSuccessRecovers,
    /// A child is judged without looking at what it is reached through.
    BlamesChildren,
    /// A hole resets the count of failed rounds.
    HoleForgetsFailures,
    /// A silent minute is no hole.
    SeesThroughHoles,
    /// Degraded a round too late.
    LatePoor,
    /// Changes count alike, however long ago.
    FlapsUnweighted,
    /// An outage that is somebody else's is a change of its own.
    FlapsWithItsParent,
    /// Changes are looked for among the last twenty rounds, whatever the window is.
    FlapsOverTwenty,
    /// A check that only degrades takes its subject down.
    SecondaryTakesDown,
    /// A critical check only degrades.
    CriticalOnlyDegrades,
    /// What one check answered is held for what all of them did.
    OneCheckRecovers,
    /// What is usual at one hour of the day is so at all of them.
    UsualAllDay,
    /// What was off outside its hours is missed as soon as they begin.
    ForgetsGrace,
    /// What was off outside its hours is missed since it was switched off.
    MissedSinceSilence,
}

impl Quirk {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::StartsAtConfirmation,
        Self::OneSuccessRecovers,
        Self::BlamesChildren,
        Self::HoleForgetsFailures,
        Self::SeesThroughHoles,
        Self::LatePoor,
        Self::FlapsUnweighted,
        Self::FlapsWithItsParent,
        Self::FlapsOverTwenty,
        Self::SecondaryTakesDown,
        Self::CriticalOnlyDegrades,
        Self::OneCheckRecovers,
        Self::UsualAllDay,
        Self::ForgetsGrace,
        Self::MissedSinceSilence,
    ];
}

/// At `from` the hard state became this.
#[derive(Debug, Clone)]
struct Step {
    from: UnixMs,
    /// `Unmeasured`: nothing is known.
    state: State,
    cause: Option<SubjectId>,
}

/// Most checks of a subject.
const CHECKS_MAX: usize = 4;

/// All that is known of a subject. What a round that changes nothing else is held against and moves,
/// and the verdict that is compared after it, stand first, in one line of the processor's cache.
#[derive(Debug, Clone, Default)]
#[repr(C, align(64))]
struct Known {
    last_round: Option<UnixMs>,
    /// When it last answered while it was not in an outage.
    last_answer: Option<UnixMs>,
    /// The last verdict: hard state and, of an outage, its start.
    hard: Option<(State, UnixMs)>,
    /// Nothing that it remembers is changed by a further good round with times up to `rtt_us`, up to
    /// `gap_ms` after the last; it does not come and go.
    is_serene: bool,
    /// It may have changed since it was looked at.
    has_moved: bool,
    /// It had one check when its last round was judged.
    is_alone: bool,
    rtt_us: u32,
    gap_ms: i64,
    /// By check: when its last round was sent. Of a serene one that is `last_round`, and written here
    /// when it stirs.
    heard: [Option<UnixMs>; CHECKS_MAX],
    /// 9: whether it comes and goes.
    flaps: Flaps,
    steps: Vec<Step>,
    /// Closed holes, in order.
    holes: Vec<Span>,
    /// The hole that lasts, from then on.
    open_hole: Option<UnixMs>,
    /// When the round of a check that decides which was judged last had been sent: answers come in
    /// any order. Of one that is alone `heard` says so.
    last_heard: Option<UnixMs>,
    /// Start of the record's last stretch when it was taken up from the store.
    taken_up: UnixMs,
    /// Since when it is there, of one that was new or is back.
    new_since: UnixMs,
    /// The checks that decide, each for itself.
    runs: BTreeMap<u8, Run>,
    /// The others.
    others: BTreeMap<u8, Other>,
    /// In an outage, and every check that decides answers again.
    is_back: bool,
    /// The last five rounds of a live subject: were they poor?
    poor: Vec<bool>,
    /// How many of them in a row, up to the last one, were not.
    good: usize,
    /// The last round of the primary check was.
    was_poor: bool,
    /// 4: degraded by poor rounds.
    is_poor: bool,
    /// 4: what its rounds usually take, where it has a baseline.
    usual: Usual,
    /// End of its last outage, as far as that is known.
    back_since: UnixMs,
    /// 12: reached by a second way only, since then.
    backup_since: Option<UnixMs>,
    /// That changed while it was suspect.
    is_backup_late: bool,
    /// The check whose failure is confirmed, while the verdict waits.
    held_by: Option<u8>,
    /// Since when its confirmed verdict waits for its ancestors.
    held_since: Option<UnixMs>,
    /// Unreachable, and the way to it is open again since then.
    proving_since: Option<UnixMs>,
    /// The end of the hole before that proof: nothing that it failed until then counts.
    proof_seen_since: UnixMs,
}

/// Can a subject be reached through something?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passage {
    Open,
    Blocked,
    Undecided,
}

/// The model.
#[derive(Debug)]
pub struct Reference {
    inventory: Arc<Inventory>,
    known: Knowns,
    quirk: Option<Quirk>,
    /// Whom something was found out about since the last [`Self::take_changed`].
    changed: Vec<SubjectIx>,
    /// Subjects with a confirmed verdict that waits, or unreachable ones, are looked at only when
    /// something changed.
    is_settled: bool,
    held: usize,
    is_tick: bool,
    /// Whose round is being judged.
    heard_of: Option<SubjectIx>,
    /// Who has just been found out to be down or unreachable.
    fell: Vec<SubjectIx>,
    /// Who has just recovered, and since when.
    rose: Vec<(SubjectIx, UnixMs)>,
    watch: Watch,
    /// By subject: what it is reached through.
    ways: Vec<Rc<Via>>,
    /// By subject: there is a second way.
    choices: Vec<bool>,
    /// By subject: something is reached through it.
    leads: Vec<bool>,
    /// No hole begins before; a lower bound.
    next_hole: UnixMs,
    /// By subject: the checks that decide.
    decisive: Vec<Rc<[u8]>>,
    /// By subject: so long after its last round the next one is missed.
    missed_after_ms: Vec<i64>,
    /// By subject: rounds from the first failed one on about which the sentinels have not spoken.
    waiting: BTreeMap<SubjectIx, VecDeque<Round>>,
}

impl Reference {
    /// A daemon starts at `now` with what the store remembers.
    pub fn new(
        inventory: Arc<Inventory>,
        remembered: &dyn Fn(&SubjectId) -> Option<Remembered>,
        sentinels: &[Sentinel],
        now: UnixMs,
        quirk: Option<Quirk>,
    ) -> Self {
        let known = inventory
            .subjects
            .iter()
            .map(|s| {
                let Some(past) = remembered(&s.id) else { return Known::new_at(now) };
                let mut known = Known::resumed(&past);
                if past.is_flapping {
                    known.flaps = Flaps::resumed(window_of(&s.health, quirk));
                }
                known
            })
            .collect();
        let mut model = Self {
            inventory,
            known,
            quirk,
            changed: Vec::new(),
            is_settled: false,
            held: 0,
            is_tick: false,
            heard_of: None,
            fell: Vec::new(),
            rose: Vec::new(),
            watch: Watch::new(sentinels, now),
            ways: Vec::new(),
            choices: Vec::new(),
            leads: Vec::new(),
            decisive: Vec::new(),
            missed_after_ms: Vec::new(),
            next_hole: UnixMs(i64::MIN),
            waiting: BTreeMap::new(),
        };
        model.find_ways();
        model.switch_off_disabled(now);
        model.settle(now);
        model
    }

    /// Takes over another inventory: who stays keeps everything.
    ///
    /// Who comes back is new, but its record is kept (`past`).
    pub fn reload(
        &mut self,
        inventory: Arc<Inventory>,
        past: &dyn Fn(&SubjectId) -> Option<Remembered>,
        now: UnixMs,
    ) {
        let mut old: BTreeMap<SubjectId, Known> = (self.inventory.subjects.iter())
            .map(|s| s.id.clone())
            .zip(std::mem::take(&mut self.known))
            .collect();
        self.known = inventory
            .subjects
            .iter()
            .map(|s| old.remove(&s.id).unwrap_or_else(|| Known::back_at(now, past(&s.id))))
            .collect();
        self.inventory = inventory;
        self.find_ways();
        self.next_hole = UnixMs(i64::MIN);
        // What a round was about may be another thing now: what waited is not judged.
        self.waiting.clear();
        self.changed.clear();
        for known in &mut self.known {
            // Who was cut off by what is no longer there proves itself.
            let (state, cause) = known.last_step();
            let is_gone = cause.is_some_and(|c| self.inventory.find_subject(c.as_str()).is_none());
            let is_idle = known.proving_since.is_none() && !known.is_back;
            if state == State::Unreachable && is_gone && is_idle {
                known.proving_since = Some(now.max(known.last_outage_since()));
                known.forget_failed();
            }
        }
        self.switch_off_disabled(now);
        self.held = self.known.iter().filter(|k| k.held_since.is_some()).count();
        self.is_settled = false;
        self.settle(now);
    }

    /// Who is disabled is not asked: unmeasured, and what was known is forgotten.
    fn switch_off_disabled(&mut self, now: UnixMs) {
        for subject in self.inventory.clone().subject_ixs() {
            let found = self.inventory.subject(subject);
            if found.is_enabled {
                continue;
            }
            self.waiting.remove(&subject);
            let known = &mut self.known[subject.ix()];
            known.flaps = Flaps::default();
            // After a step back of the clock what is recorded beyond it has not been yet.
            let from = known.open_hole.unwrap_or_else(|| {
                known
                    .last_round
                    .map_or(now, |last| known.vouched_until(last, &found.health))
                    .min(now)
            });
            if known.hard.is_none() && known.last_round.is_none() {
                continue;
            }
            *known = Known {
                steps: std::mem::take(&mut known.steps),
                holes: std::mem::take(&mut known.holes),
                ..Known::default()
            };
            known.forget_from(from);
            known.step(from, State::Unmeasured, None);
            known.hard = None;
        }
    }

    /// Takes a round in.
    #[inline]
    pub fn round(&mut self, round: &Round, now: UnixMs) {
        let concerns_held = self.held > 0 && self.leads[round.subject.ix()];
        if concerns_held || !self.only_moves_time(round) {
            self.weighty_round(round, now);
        }
    }

    #[inline(never)]
    fn weighty_round(&mut self, round: &Round, now: UnixMs) {
        // Our own faults count as not asked.
        if round.is_invalid() {
            return;
        }
        if !self.waiting.contains_key(&round.subject)
            && (round.lost < round.sent
                || self.watch.sight(&self.inventory, round.subject, round.at) == Sight::Clear)
        {
            self.judged_round(round, now);
            return;
        }
        self.known.stir(round.subject);
        let queue = self.waiting.entry(round.subject).or_default();
        queue.push_back(*round);
        // How long the first one has waited is looked at when there is something new to look at.
        let is_new = queue.len() == 1;
        self.judge_waiting_of(round.subject, !is_new, now);
    }

    /// A sentinel answered, or did not.
    pub fn sentinel(&mut self, n: usize, at: UnixMs, answered: bool, now: UnixMs) {
        self.watch.round(n, at, answered);
        self.judge_waiting(now);
    }

    /// 7: rounds that wait are judged as soon as it is known whether the patrol could see, and at
    /// the latest after `correlation_window`; those that failed in blind time count as not asked.
    fn judge_waiting(&mut self, now: UnixMs) {
        if !self.waiting.is_empty() {
            self.judge_each_waiting(now);
        }
    }

    #[inline(never)]
    fn judge_each_waiting(&mut self, now: UnixMs) {
        let mut next = self.waiting.keys().next().copied();
        while let Some(subject) = next {
            self.judge_waiting_of(subject, true, now);
            let others = self.waiting.range((Bound::Excluded(subject), Bound::Unbounded));
            next = others.map(|(other, _)| *other).next();
        }
    }

    fn judge_waiting_of(&mut self, subject: SubjectIx, looks_at_time: bool, now: UnixMs) {
        let window = self.inventory.subject(subject).health.correlation_window_ms;
        while let Some(queue) = self.waiting.get_mut(&subject) {
            let Some(round) = queue.front().copied() else { break };
            // Set back, the clock says nothing about how long it waited.
            let is_late = looks_at_time && !(0..window).contains(&now.since(round.at))
                || queue.len() > WAITING_MAX;
            let sight = match round.lost < round.sent {
                true => Sight::Clear,
                false => self.watch.sight(&self.inventory, subject, round.at),
            };
            if sight == Sight::Unknown && !is_late {
                break;
            }
            queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&subject);
            }
            if sight != Sight::Blind {
                self.judged_round(&round, now);
            }
        }
    }

    /// Takes a round in that the patrol could see.
    fn judged_round(&mut self, round: &Round, now: UnixMs) {
        self.weigh(round, now);
        self.note_serenity(round.subject);
    }

    fn weigh(&mut self, round: &Round, now: UnixMs) {
        let (subject, check) = (round.subject, round.check);
        let is_failed = round.lost == round.sent;
        let known = self.known(subject);
        let before = known.hard.filter(|_| known.is_settled() && known.open_hole.is_none());
        let live_before = known.live_state();
        let at = self.read_clock(subject, check, round.at);
        if self.decisive(subject).contains(&check) {
            self.note_time(subject, at);
            if check == 0 {
                self.learn(round, at);
                self.count_change(subject, is_failed);
                self.known[subject.ix()].was_poor = self.is_poor(round, at);
            }
            if is_failed {
                self.failed_round(subject, check, at, now);
            } else {
                self.answered_round(subject, check, at);
            }
            self.note_quality(subject, check, at);
        } else {
            self.other_round(subject, check, at, is_failed);
        }
        let known = self.known(subject);
        let is_same = known.hard == before && known.live_state() == live_before;
        if self.held == 0 && before.is_some() && is_same {
            if known.is_settled() {
                return; // Nothing that anybody could depend on.
            }
            // Doubts about it that nobody else's state depends on.
            self.is_settled = true;
            self.judge_way(subject, now);
            self.judge_backup(subject);
            if self.is_settled {
                return;
            }
        }
        self.is_settled = false;
        // A check that can only degrade says nothing of who is reached through it.
        self.heard_of = self.decisive(subject).contains(&check).then_some(subject);
        self.settle(now);
        self.heard_of = None;
    }

    /// 1 and 4: beyond the thresholds, or slower than is usual at that hour.
    fn is_poor(&self, round: &Round, at: UnixMs) -> bool {
        let params = self.inventory.subject(round.subject).health;
        let Some(median_us) = round.rtts.median_us() else { return true };
        let usual = &self.known(round.subject).usual;
        let is_unusual = |tenths| usual.is_exceeded(self.hour(at), median_us, tenths);
        u64::from(round.lost) * 1000 > u64::from(params.loss_permille) * u64::from(round.sent)
            || median_us > params.rtt_us
            || params.baseline_tenths.is_some_and(is_unusual)
    }

    /// 4: what is usual is learnt from every answered round of the primary check.
    fn learn(&mut self, round: &Round, at: UnixMs) {
        let params = self.inventory.subject(round.subject).health;
        let hour = self.hour(at);
        if let (Some(_), Some(median_us)) = (params.baseline_tenths, round.rtts.median_us()) {
            self.known[round.subject.ix()].usual.learn(hour, median_us);
        }
    }

    fn hour(&self, at: UnixMs) -> u8 {
        if self.quirk == Some(Quirk::UsualAllDay) { 0 } else { hour(at) }
    }

    /// What is usual at an hour of the day, and from how many rounds that is known.
    pub fn usual(&self, subject: SubjectIx, hour: u8) -> Option<(u32, u32)> {
        self.known(subject).usual.0.get(&hour).copied()
    }

    /// 9: what somebody else's outage does to a subject is no change of its own.
    fn count_change(&mut self, subject: SubjectIx, is_failed: bool) {
        let mut params = self.inventory.subject(subject).health;
        params.flap_window = window_of(&params, self.quirk);
        let is_own = self.quirk == Some(Quirk::FlapsWithItsParent);
        let is_weighted = self.quirk != Some(Quirk::FlapsUnweighted);
        let known = &mut self.known[subject.ix()];
        let is_unreachable = known.hard.is_some_and(|(state, _)| state == State::Unreachable);
        if is_unreachable && !is_own {
            known.flaps.excuse();
        } else if known.flaps.count(is_failed, &params, is_weighted) {
            self.changed.push(subject);
        }
    }

    /// The run of failed rounds turned out to be somebody else's outage.
    fn excuse_run(&mut self, subject: SubjectIx) {
        if self.quirk != Some(Quirk::FlapsWithItsParent) {
            self.known[subject.ix()].flaps.excuse_run();
        }
    }

    /// Lets time pass: who was not asked for too long is unmeasured (8), what waited long enough
    /// is decided (5).
    pub fn tick(&mut self, now: UnixMs) {
        self.is_tick = true;
        self.judge_waiting(now);
        self.open_holes(now);
        if self.held > 0 || !self.is_settled {
            self.is_settled = false;
            self.settle(now);
        }
        self.is_tick = false;
    }

    fn open_holes(&mut self, now: UnixMs) {
        if now <= self.next_hole {
            return;
        }
        self.next_hole = UnixMs(i64::MAX);
        let is_blind = self.quirk == Some(Quirk::SeesThroughHoles);
        let mut missed = Vec::new();
        let all = self.known.iter().zip(&self.missed_after_ms).zip((0_u32..).map(SubjectIx));
        for ((known, missed_after_ms), subject) in all {
            let Some(last) = known.last_round else { continue };
            let due = last + *missed_after_ms;
            if now <= due || is_blind {
                self.next_hole = self.next_hole.min(due);
            } else if known.open_hole.is_none() {
                missed.push((subject, last));
            }
        }
        for (subject, last) in missed {
            let known = &mut self.known[subject.ix()];
            let health = &self.inventory.subject(subject).health;
            known.open_hole = Some(known.vouched_until(last, health));
            self.changed.push(subject);
        }
    }

    /// A clock set back by up to an hour is read as if it went on, a millisecond a round; set back
    /// further, what was recorded beyond the new time never was. It was set back when a check's
    /// round was sent before its last one: answers of several checks come in any order.
    fn read_clock(&mut self, subject: SubjectIx, check: u8, at: UnixMs) -> UnixMs {
        let interval = self.inventory.subject(subject).health.interval_ms;
        let known = &mut self.known[subject.ix()];
        let own = known.heard[usize::from(check)];
        // A hole of the life before: the last round that counted was sent an interval before it.
        let before_hole = known.open_hole.map(|from| from - interval);
        let newest = known.last_round.or(before_hole).max(own);
        // The first of its check in this life may have been sent just before one heard of already.
        let others = known.heard.iter().flatten().max();
        let is_overtaken = own.is_none() && others.is_some_and(|t| t.since(at) < interval);
        let at = match own.or(newest) {
            _ if is_overtaken => at,
            Some(last) if at <= last && last.since(at) <= HOUR_MS => newest.unwrap_or(last) + 1,
            Some(last) if at <= last => {
                known.forget_from(at);
                self.changed.push(subject);
                at
            }
            // Of one that nothing was heard of yet, what is recorded ends with time to come.
            None if known.hard.is_none() && known.there_since().since(at) > HOUR_MS => {
                known.forget_from(at);
                self.changed.push(subject);
                at
            }
            _ => at,
        };
        self.known[subject.ix()].heard[usize::from(check)] = Some(at);
        at
    }

    /// 8: a round at `t` vouches for `[t, t + interval)`; when the next one comes later than
    /// `t + 2 × interval`, the time from `t + interval` to it is unmeasured.
    fn note_time(&mut self, subject: SubjectIx, at: UnixMs) {
        let health = self.inventory.subject(subject).health;
        let interval = health.interval_ms;
        let is_blind = self.quirk == Some(Quirk::SeesThroughHoles);
        let forgets = self.quirk == Some(Quirk::HoleForgetsFailures);
        let known = &mut self.known[subject.ix()];
        let hole = match (known.open_hole, known.last_round) {
            (Some(from), None) => Some(from),
            (from, Some(last)) if at > last + 2 * interval && !is_blind => {
                from.or(Some(known.vouched_until(last, &health)))
            }
            _ => None,
        };
        if known.open_hole.is_some() || hole.is_some() {
            self.changed.push(subject);
        }
        known.open_hole = None;
        if let Some(from) = hole.filter(|from| *from < at) {
            known.holes.push(Span::new(from, at));
            if forgets {
                known.forget_failed();
            }
        }
        known.last_round = known.last_round.max(Some(at));
        known.last_heard = Some(at);
        self.next_hole = self.next_hole.min(at + 2 * interval);
    }

    fn failed_round(&mut self, subject: SubjectIx, check: u8, at: UnixMs, now: UnixMs) {
        let confirm = usize::from(self.inventory.subject(subject).health.confirm);
        let known = &mut self.known[subject.ix()];
        known.runs.entry(check).or_default().answered.clear();
        known.is_back = false;
        let outage = known.hard.filter(|(state, _)| state.is_outage());
        if let Some((state, since)) = outage
            && known.proving_since.is_none()
        {
            // 6: the way is open, though no parent's recovery said so (another inventory, a
            // restart, an answer that did not hold): it proves itself from here on.
            let via = self.via(subject);
            if state == State::Unreachable && self.blocked_since(&via).is_none() {
                let known = &mut self.known[subject.ix()];
                known.proving_since = Some(at.max(since));
                known.forget_failed();
            }
            return;
        }
        if known.count_failed(check, at, confirm) {
            known.held_since = Some(now);
            self.held += 1;
        }
    }

    fn answered_round(&mut self, subject: SubjectIx, check: u8, at: UnixMs) {
        let params = self.inventory.subject(subject).health;
        let recover = match self.quirk {
            Some(Quirk::OneSuccessRecovers) => 1,
            _ => usize::from(params.recover),
        };
        let mut decisive = self.decisive(subject);
        let known = &mut self.known[subject.ix()];
        if known.count_answered(check, at) && known.held_since.take().is_some() {
            self.held -= 1;
        }
        if !known.hard.is_some_and(|(state, _)| state.is_outage()) {
            // Another check may have answered a little later already; a clock that ran far ahead said
            // nothing.
            let later = known.last_answer.filter(|t| (0..HOUR_MS).contains(&t.since(at)));
            known.last_answer = later.or(Some(at));
        }
        if known.is_in_doubt() {
            return; // Another check fails.
        }
        match known.hard {
            None => {
                known.step_at_round(at, known.live_state(), None);
                self.changed.push(subject);
                // What another inventory has just put in front of somebody opens his way, too.
                self.rose.push((subject, at));
            }
            Some((state, _)) if state.is_outage() => {
                let Some(mut from) = known.answered_since(&decisive, 1) else { return };
                known.is_back = true;
                known.proving_since = None;
                known.poor.clear();
                known.good = 0;
                if self.quirk == Some(Quirk::OneCheckRecovers) {
                    decisive = Rc::from([check]);
                }
                if known.answered_since(&decisive, recover).is_some() {
                    // 3: the outage ends at the first of these.
                    from = from.max(known.last_outage_since());
                    known.is_poor = usize::from(known.was_poor) >= usize::from(params.poor);
                    known.last_answer = Some(at);
                    known.is_back = false;
                    known.step_at_round(from, known.live_state(), None);
                    self.changed.push(subject);
                    self.rose.push((subject, from));
                    if check != 0 {
                        known.poor.push(known.was_poor);
                    }
                }
            }
            Some(_) => {}
        }
    }

    /// 4: at least `poor` of the last five rounds poor; back after five without one.
    fn note_quality(&mut self, subject: SubjectIx, check: u8, at: UnixMs) {
        let needed = usize::from(self.inventory.subject(subject).health.poor)
            + usize::from(self.quirk == Some(Quirk::LatePoor));
        let known = &mut self.known[subject.ix()];
        if known.hard.is_some_and(|(state, _)| state.is_outage()) {
            return;
        }
        if check == 0 {
            known.poor.push(known.was_poor);
            known.good = if known.was_poor { 0 } else { known.good + 1 };
            if known.poor.len() > 5 {
                known.poor.remove(0);
            }
            let poor = known.poor.iter().filter(|poor| **poor).count();
            known.is_poor = match known.is_poor {
                false => poor >= needed,
                true => poor > 0 || known.poor.len() < 5,
            };
        }
        // 2: a suspect is still counted by its last hard state.
        let is_stale = known.hard.is_some_and(|(state, _)| state != known.live_state());
        if is_stale && !known.is_in_doubt() {
            known.step_at_round(at, known.live_state(), None);
            self.changed.push(subject);
        }
    }

    fn known(&self, subject: SubjectIx) -> &Known {
        &self.known[subject.ix()]
    }

    /// Who was found out about since the last time.
    pub fn take_changed(&mut self) -> Vec<SubjectIx> {
        std::mem::take(&mut self.changed)
    }

    /// Nothing was found out since the last time.
    pub fn is_silent(&self) -> bool {
        self.changed.is_empty()
    }

    /// There was no time of blindness.
    pub fn has_always_seen(&self) -> bool {
        self.watch.has_always_seen()
    }

    /// All times of blindness so far.
    pub fn blind(&self) -> Vec<Blindness> {
        self.watch.told()
    }

    /// The last verdict that names no cause: the state, since when, and whether it comes and goes.
    pub fn seen_plainly(&self, subject: SubjectIx) -> Option<(State, UnixMs, bool)> {
        let known = self.known(subject);
        let (state, since) = known.hard.filter(|(state, _)| *state != State::Unreachable)?;
        Some((state, since, !known.is_serene && known.flaps.is_on()))
    }

    /// The last verdict.
    pub fn seen(&self, subject: SubjectIx) -> Seen {
        let known = self.known(subject);
        let is_unreachable = known.hard.is_some_and(|(state, _)| state == State::Unreachable);
        Seen {
            hard: known.hard.map(|(state, _)| state),
            since: known.hard.map(|(_, since)| since),
            cause: known.last_step().1.filter(|_| is_unreachable).cloned(),
            is_flapping: known.flaps.is_on(),
        }
    }

    /// The record: the steps with the holes laid over them.
    pub fn record(&self, subject: SubjectIx) -> Vec<Stretch> {
        self.known(subject).record()
    }
}

fn window_of(params: &HealthParams, quirk: Option<Quirk>) -> u8 {
    if quirk == Some(Quirk::FlapsOverTwenty) { 20 } else { params.flap_window }
}
