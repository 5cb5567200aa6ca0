//! A naive model of health, written from DESIGN section 5 alone: clear and slow. The numbers in
//! comments are the rules of that section.
//!
//! A subject's record is never kept as such. It is read off two lists: *steps*, at which the hard
//! state changed (back-dated, as verdicts are), and *holes*, in which nobody vouched for anything.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tuantra::model::{
    CheckKind, Inventory, Round, Sentinel, Span, State, SubjectId, SubjectIx, UnixMs, Via,
};

use crate::records::{Remembered, Stretch, joined};
use crate::subject_under_test::Seen;
use crate::watch::{Blindness, Sight, Watch};

/// Of the answered rounds that end an outage only the last is looked at for quality.
const RECOVERY_IS_GOOD: bool = true;
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
}

impl Quirk {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::StartsAtConfirmation,
        Self::OneSuccessRecovers,
        Self::BlamesChildren,
        Self::HoleForgetsFailures,
        Self::SeesThroughHoles,
        Self::LatePoor,
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

/// All that is known of a subject.
#[derive(Debug, Clone, Default)]
struct Known {
    steps: Vec<Step>,
    /// Closed holes, in order.
    holes: Vec<Span>,
    /// The hole that lasts, from then on.
    open_hole: Option<UnixMs>,
    /// The last verdict: hard state and, of an outage, its start.
    hard: Option<(State, UnixMs)>,
    last_round: Option<UnixMs>,
    /// When it last answered while it was not in an outage.
    last_answer: Option<UnixMs>,
    /// Send times of the failed rounds in a row (of a proving one: since the parent's recovery).
    failed: Vec<UnixMs>,
    /// Send times of the answered rounds in a row of a subject in an outage.
    answered: Vec<UnixMs>,
    /// The last five rounds of a live subject: were they poor?
    poor: Vec<bool>,
    /// 4: degraded by poor rounds.
    is_poor: bool,
    /// 12: reached by a second way only, since then.
    backup_since: Option<UnixMs>,
    /// That changed while it was suspect.
    is_backup_late: bool,
    /// Since when its confirmed verdict waits for its ancestors.
    held_since: Option<UnixMs>,
    /// Unreachable, and the way to it is open again since then.
    proving_since: Option<UnixMs>,
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
    known: Vec<Known>,
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
            .map(|s| remembered(&s.id).map_or_else(|| Known::new_at(now), |r| Known::resumed(&r)))
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
            waiting: BTreeMap::new(),
        };
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
        // What a round was about may be another thing now: what waited is not judged.
        self.waiting.clear();
        self.changed.clear();
        for known in &mut self.known {
            // Who was cut off by what is no longer there proves itself.
            let (state, cause) = known.last_step();
            let is_gone = cause.is_some_and(|c| self.inventory.find_subject(c.as_str()).is_none());
            let is_idle = known.proving_since.is_none() && known.answered.is_empty();
            if state == State::Unreachable && is_gone && is_idle {
                known.proving_since = Some(now.max(known.last_outage_since()));
                known.failed.clear();
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
            let vouched = known.last_round.map_or(now, |last| last + found.health.interval_ms);
            let from = known.open_hole.unwrap_or(now.min(vouched)).max(known.recorded_since());
            if known.hard.is_none() && known.last_round.is_none() {
                continue;
            }
            *known = Known {
                steps: std::mem::take(&mut known.steps),
                holes: std::mem::take(&mut known.holes),
                ..Known::default()
            };
            known.step(from, State::Unmeasured, None);
            known.hard = None;
        }
    }

    /// Takes a round in.
    pub fn round(&mut self, round: &Round, now: UnixMs) {
        // Counts are taken per primary check; our own faults count as not asked.
        if round.check != 0 || round.is_invalid() {
            return;
        }
        if !self.waiting.contains_key(&round.subject)
            && (round.lost < round.sent
                || self.watch.sight(&self.inventory, round.subject, round.at) == Sight::Clear)
        {
            self.judged_round(round, now);
            return;
        }
        self.waiting.entry(round.subject).or_default().push_back(*round);
        self.judge_waiting(false, now);
    }

    /// A sentinel answered, or did not.
    pub fn sentinel(&mut self, n: usize, at: UnixMs, answered: bool, now: UnixMs) {
        self.watch.round(n, at, answered);
        self.judge_waiting(true, now);
    }

    /// 7: rounds that wait are judged as soon as it is known whether the patrol could see, and at
    /// the latest after `correlation_window`; those that failed in blind time count as not asked.
    fn judge_waiting(&mut self, looks_at_time: bool, now: UnixMs) {
        let subjects: Vec<SubjectIx> = self.waiting.keys().copied().collect();
        for subject in subjects {
            let window = self.inventory.subject(subject).health.correlation_window_ms;
            while let Some(round) = self.waiting.get(&subject).and_then(|w| w.front()).copied() {
                // Set back, the clock says nothing about how long it waited.
                let is_late = looks_at_time && !(0..window).contains(&now.since(round.at))
                    || self.waiting.get(&subject).is_some_and(|w| w.len() > WAITING_MAX);
                let sight = match round.lost < round.sent {
                    true => Sight::Clear,
                    false => self.watch.sight(&self.inventory, subject, round.at),
                };
                if sight == Sight::Unknown && !is_late {
                    break;
                }
                self.waiting.entry(subject).or_default().pop_front();
                if sight != Sight::Blind {
                    self.judged_round(&round, now);
                }
            }
            self.waiting.retain(|_, rounds| !rounds.is_empty());
        }
    }

    /// Takes a round in that the patrol could see.
    fn judged_round(&mut self, round: &Round, now: UnixMs) {
        let subject = round.subject;
        let params = self.inventory.subject(subject).health;
        let is_failed = round.lost == round.sent;
        let loss_permille = u64::from(round.lost) * 1000;
        let is_poor = is_failed
            || loss_permille > u64::from(params.loss_permille) * u64::from(round.sent)
            || round.rtts.median_us().is_some_and(|median| median > params.rtt_us);
        let is_live_and_calm =
            self.known(subject).is_calm() && self.known(subject).open_hole.is_none();
        let at = self.read_clock(subject, round.at);
        self.note_time(subject, at, params.interval_ms);
        if is_failed {
            self.failed_round(subject, at, now);
        } else {
            self.answered_round(subject, at, is_poor);
        }
        self.note_quality(subject, at, is_poor);
        if is_live_and_calm && self.known(subject).is_calm() && self.held == 0 {
            return; // Nothing that anybody else could depend on.
        }
        self.is_settled = false;
        self.heard_of = Some(subject);
        self.settle(now);
        self.heard_of = None;
    }

    /// Lets time pass: who was not asked for too long is unmeasured (8), what waited long enough
    /// is decided (5).
    pub fn tick(&mut self, now: UnixMs) {
        self.is_tick = true;
        self.judge_waiting(true, now);
        self.open_holes(now);
        if self.held > 0 || !self.is_settled {
            self.is_settled = false;
            self.settle(now);
        }
        self.is_tick = false;
    }

    fn open_holes(&mut self, now: UnixMs) {
        for subject in self.inventory.clone().subject_ixs() {
            let interval = self.inventory.subject(subject).health.interval_ms;
            // A round sent in time may still be under way.
            let in_flight = self.inventory.subject(subject).checks.first().map_or(0, |check| {
                let CheckKind::Ping { params, .. } = check.kind else { return 0 };
                params.round_ms()
            });
            let is_blind = self.quirk == Some(Quirk::SeesThroughHoles);
            let known = &mut self.known[subject.ix()];
            if let Some(last) = known.last_round
                && now > last + 2 * interval + in_flight
                && known.open_hole.is_none()
                && !is_blind
            {
                known.open_hole = Some(last + interval);
                self.changed.push(subject);
            }
        }
    }

    /// A clock set back by up to an hour is read as if it went on, a millisecond a round; set back
    /// further, what was recorded beyond the new time never was.
    fn read_clock(&mut self, subject: SubjectIx, at: UnixMs) -> UnixMs {
        let known = &mut self.known[subject.ix()];
        match known.last_round {
            Some(last) if at <= last && last.since(at) <= HOUR_MS => last + 1,
            Some(last) if at <= last => {
                known.forget_from(at);
                self.changed.push(subject);
                at
            }
            _ => at,
        }
    }

    /// 8: a round at `t` vouches for `[t, t + interval)`; when the next one comes later than
    /// `t + 2 × interval`, the time from `t + interval` to it is unmeasured.
    fn note_time(&mut self, subject: SubjectIx, at: UnixMs, interval: i64) {
        let is_blind = self.quirk == Some(Quirk::SeesThroughHoles);
        let forgets = self.quirk == Some(Quirk::HoleForgetsFailures);
        let known = &mut self.known[subject.ix()];
        let hole = match (known.open_hole, known.last_round) {
            (Some(from), None) => Some(from),
            (_, Some(last)) if at > last + 2 * interval && !is_blind => Some(last + interval),
            _ => None,
        };
        if known.open_hole.is_some() || hole.is_some() {
            self.changed.push(subject);
        }
        known.open_hole = None;
        if let Some(from) = hole.filter(|from| *from < at) {
            known.holes.push(Span::new(from, at));
            if forgets {
                known.failed.clear();
            }
        }
        known.last_round = Some(at);
    }

    fn failed_round(&mut self, subject: SubjectIx, at: UnixMs, now: UnixMs) {
        let confirm = usize::from(self.inventory.subject(subject).health.confirm);
        let known = &mut self.known[subject.ix()];
        known.answered.clear();
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
                known.failed.clear();
            }
            return;
        }
        known.failed.push(at);
        if known.failed.len() >= confirm && known.held_since.is_none() {
            known.held_since = Some(now);
            self.held += 1;
        }
    }

    fn answered_round(&mut self, subject: SubjectIx, at: UnixMs, is_poor: bool) {
        let params = self.inventory.subject(subject).health;
        let recover = match self.quirk {
            Some(Quirk::OneSuccessRecovers) => 1,
            _ => usize::from(params.recover),
        };
        let known = &mut self.known[subject.ix()];
        known.failed.clear();
        if known.held_since.take().is_some() {
            self.held -= 1;
        }
        if !known.hard.is_some_and(|(state, _)| state.is_outage()) {
            known.last_answer = Some(at);
        }
        match known.hard {
            None => {
                known.step(at, State::Up, None);
                self.changed.push(subject);
            }
            Some((state, _)) if state.is_outage() => {
                known.answered.push(at);
                known.proving_since = None;
                if known.answered.len() == 1 || RECOVERY_IS_GOOD {
                    known.poor.clear();
                }
                if known.answered.len() >= recover {
                    // 3: the outage ends at the first of these.
                    let from = known.answered[0];
                    let poor = known.poor.iter().filter(|poor| **poor).count();
                    let is_degraded = poor + usize::from(is_poor) >= usize::from(params.poor);
                    known.is_poor = is_degraded;
                    known.last_answer = Some(at);
                    known.answered.clear();
                    known.step(from, known.live_state(), None);
                    self.changed.push(subject);
                    self.rose.push((subject, from));
                }
            }
            Some(_) => {}
        }
    }

    /// 4: at least `poor` of the last five rounds poor; back after five without one.
    fn note_quality(&mut self, subject: SubjectIx, at: UnixMs, is_poor: bool) {
        let needed = usize::from(self.inventory.subject(subject).health.poor)
            + usize::from(self.quirk == Some(Quirk::LatePoor));
        let known = &mut self.known[subject.ix()];
        if known.hard.is_some_and(|(state, _)| state.is_outage()) && RECOVERY_IS_GOOD {
            return;
        }
        known.poor.push(is_poor);
        if known.poor.len() > 5 {
            known.poor.remove(0);
        }
        if known.hard.is_none() {
            known.poor.clear();
            return;
        }
        let poor = known.poor.iter().filter(|poor| **poor).count();
        let is_poor = match known.is_poor {
            false => poor >= needed,
            true => poor > 0 || known.poor.len() < 5,
        };
        known.is_poor = is_poor;
        // 2: a suspect is still counted by its last hard state.
        let is_stale = known.hard.is_some_and(|(state, _)| state != known.live_state());
        if is_stale && known.failed.is_empty() {
            known.step(at, known.live_state(), None);
            self.changed.push(subject);
        }
    }

    /// Looks at everything until nothing changes any more, parents before children.
    fn settle(&mut self, now: UnixMs) {
        while !self.is_settled {
            self.is_settled = true;
            for subject in self.inventory.clone().subject_ixs() {
                if self.judge_held(subject, now) {
                    // Of two ways that go at once one goes first.
                    self.inventory.clone().subject_ixs().for_each(|s| self.judge_backup(s));
                }
                self.judge_way(subject, now);
                self.judge_backup(subject);
            }
        }
        self.fell.clear();
        self.rose.clear();
    }

    /// 5: a confirmed failure becomes `down` or `unreachable` as soon as its way is decided, and
    /// at the latest after `correlation_window`.
    fn judge_held(&mut self, subject: SubjectIx, now: UnixMs) -> bool {
        let Some(held_since) = self.known(subject).held_since else { return false };
        let params = self.inventory.subject(subject).health;
        let known = self.known(subject);
        let first = known.proving_since.unwrap_or(known.failed[0]);
        let via = self.via(subject);
        // The bound is looked after by ticks and whenever an ancestor is heard of.
        let is_heard = now == held_since && params.correlation_window_ms == 0
            || self.is_tick
            || self.heard_of.is_some_and(|p| self.is_above(p, &via));
        let is_over = is_heard && now.since(held_since) >= params.correlation_window_ms;
        let passage = match self.quirk {
            Some(Quirk::BlamesChildren) => Passage::Open,
            // What proves itself after its root recovered is waited for.
            _ => match self.passage(&via, first) {
                Passage::Blocked if self.root_cause(&via).is_none() => Passage::Undecided,
                passage => passage,
            },
        };
        let is_blocked = match passage {
            Passage::Undecided if !is_over => return false,
            // Too late to wait: by what was decided last.
            Passage::Undecided => self.blocked_since(&via).is_some(),
            decided => decided == Passage::Blocked,
        };
        let (state, cause) = match is_blocked {
            true => (State::Unreachable, self.root_cause(&via)),
            false => (State::Down, None),
        };
        self.fell.push(subject);
        let starts_late = self.quirk == Some(Quirk::StartsAtConfirmation);
        let known = &mut self.known[subject.ix()];
        self.held -= 1;
        known.held_since = None;
        // 6: who proved nothing is down from the parent's recovery on.
        let mut from = known.proving_since.take().unwrap_or(first);
        if starts_late {
            from = known.failed[known.failed.len() - 1];
        }
        known.failed.clear();
        if known.last_step() != (state, cause.as_ref()) {
            known.step(from, state, cause);
            self.changed.push(subject);
        }
        self.is_settled = false;
        true
    }

    /// True when it is down and the subject is reached through it.
    pub fn may_blame(&self, subject: SubjectIx, cause: &str) -> bool {
        let down = self
            .inventory
            .find_subject(cause)
            .filter(|p| self.known(*p).hard.is_some_and(|(state, _)| state == State::Down));
        down.is_some_and(|p| self.is_above(p, &self.via(subject)))
    }

    fn is_above(&self, p: SubjectIx, via: &Via) -> bool {
        let parents = via.subjects();
        parents.contains(&p)
            || parents.into_iter().any(|q| self.is_above(p, &self.inventory.subject(q).via))
    }

    /// 5 and 6 for who is in an outage already: blocked meanwhile, it is unreachable; open again,
    /// it must prove itself.
    fn judge_way(&mut self, subject: SubjectIx, now: UnixMs) {
        let known = self.known(subject);
        let Some((state, _)) = known.hard.filter(|(state, _)| state.is_outage()) else { return };
        let via = self.via(subject);
        match (state, self.blocked_since(&via)) {
            // What it is reached through fell silent first and was found out later: blamed by mistake.
            (State::Down, Some(_))
                if known.answered.is_empty()
                    && self.fell.iter().any(|p| self.is_above(*p, &via))
                    && self.silent_since(&via).is_some_and(|t| t < known.last_outage_since())
                    && self.nearest_down(&via).is_some_and(|(_, _, root)| {
                        let answer = self.known(root).last_answer;
                        answer.is_none_or(|t| t < known.last_outage_since())
                    }) =>
            {
                let cause = self.root_cause(&via);
                let known = &mut self.known[subject.ix()];
                known.step(known.last_step_from(), State::Unreachable, cause);
                self.changed.push(subject);
                self.is_settled = false;
            }
            (State::Unreachable, Some(_)) => {
                let cause = self.root_cause(&via);
                let known = &mut self.known[subject.ix()];
                if known.proving_since.take().is_some() {
                    known.failed.clear();
                    if known.held_since.take().is_some() {
                        self.held -= 1;
                    }
                }
                // While what blocks it proves itself nobody else is to blame yet.
                if cause.is_some() && known.last_step().1 != cause.as_ref() {
                    known.step(now.max(known.last_step_from()), State::Unreachable, cause);
                    self.changed.push(subject);
                    self.is_settled = false;
                }
            }
            (State::Unreachable, None)
                if known.proving_since.is_none() && known.answered.is_empty() =>
            {
                let recovery = self.rose.iter().find(|(p, _)| self.is_above(*p, &via));
                let Some((_, at)) = recovery.copied() else { return };
                let known = &mut self.known[subject.ix()];
                known.proving_since = Some(at.max(known.last_outage_since()));
                known.failed.clear();
            }
            _ => {}
        }
    }

    /// 12: a live subject whose preferred way is blocked while another is open is degraded, from
    /// the preferred way's outage on, and no longer when that is open again.
    fn judge_backup(&mut self, subject: SubjectIx) {
        let Some((state, _)) = self.known(subject).hard else { return };
        if self.known(subject).open_hole.is_some() {
            return; // Nobody knows; its next round will tell.
        }
        let via = self.via(subject);
        if !self.known(subject).failed.is_empty() {
            // 2: a suspect is still counted by its last hard state, until it answers.
            let is_other =
                self.backup_since(&via).is_some() != self.known(subject).backup_since.is_some();
            self.known[subject.ix()].is_backup_late = is_other;
            return;
        }
        let backup_since = self.backup_since(&via).filter(|_| state.is_live());
        let before = self.known(subject).backup_since;
        if state.is_live() && before.is_some() && self.blocked_since(&via).is_some() {
            return; // The last way went, too: its own rounds will tell.
        }
        if backup_since.is_some() == before.is_some() {
            self.known[subject.ix()].is_backup_late = false;
            return;
        }
        let again = match has_any(&via) {
            true => self.preferred_again(&via),
            // Another inventory knows of no second way: up to here it had been on it.
            false => self.known(subject).last_round.unwrap_or(UnixMs(0)),
        };
        let known = &mut self.known[subject.ix()];
        let is_late = std::mem::take(&mut known.is_backup_late);
        known.backup_since = backup_since;
        if state.is_live() && known.live_state() != state {
            let from = match backup_since {
                _ if is_late => known.last_round.unwrap_or(UnixMs(0)),
                Some(since) => since.max(known.recorded_since()),
                None => again.max(known.recorded_since()),
            };
            known.step(from, known.live_state(), None);
        }
        self.changed.push(subject);
        self.is_settled = false;
    }

    /// Since when the first part of an `any` is blocked while another passes.
    fn backup_since(&self, via: &Via) -> Option<UnixMs> {
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

    /// When the preferred ways were open again.
    fn preferred_again(&self, via: &Via) -> UnixMs {
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
    fn passage(&self, via: &Via, first: UnixMs) -> Passage {
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
    fn passage_through(&self, subject: SubjectIx, first: UnixMs) -> Passage {
        if self.is_looked_through(subject) {
            // Nobody asks it: it is where its own way leads.
            return self.passage(&self.via(subject), first);
        }
        let known = self.known(subject);
        let is_newer = known.last_round.is_some_and(|t| t >= first);
        match known.hard {
            Some((state, _)) if state.is_outage() && known.failed.is_empty() => Passage::Blocked,
            _ if !known.failed.is_empty() || !is_newer => Passage::Undecided,
            _ => Passage::Open,
        }
    }

    /// Since when the way is blocked by verdicts; `None` when it is not.
    fn blocked_since(&self, via: &Via) -> Option<UnixMs> {
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
    fn silent_since(&self, via: &Via) -> Option<UnixMs> {
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
    fn open_since(&self, via: &Via) -> UnixMs {
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
    fn root_cause(&self, via: &Via) -> Option<SubjectId> {
        self.nearest_down(via).map(|(_, _, p)| self.inventory.subject(p).id.clone())
    }

    /// How far away, since when it is down, and who.
    fn nearest_down(&self, via: &Via) -> Option<(u32, UnixMs, SubjectIx)> {
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
    fn via(&self, subject: SubjectIx) -> Via {
        self.present(&self.inventory.subject(subject).via)
    }

    fn present(&self, via: &Via) -> Via {
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
    fn is_looked_through(&self, subject: SubjectIx) -> bool {
        let known = self.known(subject);
        known.hard.is_none() && known.failed.is_empty()
    }

    fn known(&self, subject: SubjectIx) -> &Known {
        &self.known[subject.ix()]
    }

    /// Who was found out about since the last time.
    pub fn take_changed(&mut self) -> Vec<SubjectIx> {
        std::mem::take(&mut self.changed)
    }

    /// All times of blindness so far.
    pub fn blind(&self) -> Vec<Blindness> {
        self.watch.told()
    }

    /// The last verdict.
    pub fn seen(&self, subject: SubjectIx) -> Seen {
        let known = self.known(subject);
        let is_unreachable = known.hard.is_some_and(|(state, _)| state == State::Unreachable);
        Seen {
            hard: known.hard.map(|(state, _)| state),
            since: known.hard.map(|(_, since)| since),
            cause: known.last_step().1.filter(|_| is_unreachable).cloned(),
        }
    }

    /// The record: the steps with the holes laid over them.
    pub fn record(&self, subject: SubjectIx) -> Vec<Stretch> {
        self.known(subject).record()
    }
}

fn has_any(via: &Via) -> bool {
    match via {
        Via::Subject(_) => false,
        Via::All(parts) => parts.iter().any(has_any),
        Via::Any(_) => true,
    }
}

impl Known {
    /// Never heard of before.
    fn new_at(now: UnixMs) -> Self {
        Self {
            steps: vec![Step { from: now, state: State::Unmeasured, cause: None }],
            ..Self::default()
        }
    }

    /// Not heard of since the daemon started, but perhaps before.
    fn back_at(now: UnixMs, past: Option<Remembered>) -> Self {
        let Some(past) = past else { return Self::new_at(now) };
        let mut known = Self::resumed(&past);
        known = Self { steps: known.steps, holes: known.holes, ..Self::default() };
        let from = past.record.last().filter(|s| s.state == State::Unmeasured);
        // The clock may have been set back since.
        known.forget_from(now);
        known.step(from.map_or(now, |s| s.from.min(now)), State::Unmeasured, None);
        known.hard = None;
        known
    }

    /// Taken up again from the store (8).
    fn resumed(remembered: &Remembered) -> Self {
        let mut known = Self { last_round: remembered.last_round, ..Self::default() };
        for (n, stretch) in remembered.record.iter().enumerate() {
            let next = remembered.record.get(n + 1).map(|s| s.from);
            if stretch.state == State::Unmeasured && !known.steps.is_empty() {
                match next {
                    Some(to) => known.holes.push(Span::new(stretch.from, to)),
                    None => {
                        // The last round of the life before did not count, or was long ago.
                        known.open_hole = Some(stretch.from);
                        known.last_round = None;
                    }
                }
            } else {
                known.steps.push(Step {
                    from: stretch.from,
                    state: stretch.state,
                    cause: stretch.cause.clone(),
                });
            }
        }
        known.hard = remembered.verdict().map(|(state, _, since)| (state, since));
        known.is_poor = known.hard.is_some_and(|(state, _)| state == State::Degraded);
        if known.hard.is_some_and(|(state, _)| state.is_live()) {
            known.last_answer = remembered.last_round;
        }
        known
    }

    /// The hard state is another from `from` on.
    fn step(&mut self, from: UnixMs, state: State, cause: Option<SubjectId>) {
        let was_outage = self.hard.filter(|(before, _)| before.is_outage());
        let since = match was_outage {
            Some((_, since)) if state.is_outage() => since,
            _ => from,
        };
        self.hard = Some((state, since));
        while self.steps.last().is_some_and(|last| last.from >= from) {
            self.steps.pop();
        }
        self.steps.push(Step { from, state, cause });
    }

    /// The time from `at` on has not been yet; the hard state is what it is.
    fn forget_from(&mut self, at: UnixMs) {
        let hard = self.steps.last().cloned();
        self.steps.retain(|s| s.from < at);
        self.holes.retain(|h| h.from < at);
        if let Some(last) = self.holes.last_mut() {
            last.to = last.to.min(at);
        }
        self.open_hole = self.open_hole.filter(|from| *from < at);
        self.last_round = None;
        if let Some(hard) = hard {
            self.steps.push(Step { from: at, ..hard });
        }
        self.hard = self.hard.map(|(state, since)| (state, since.min(at)));
        for t in self.failed.iter_mut().chain(&mut self.answered) {
            *t = at.min(*t);
        }
        self.proving_since = self.proving_since.map(|since| since.min(at));
    }

    fn live_state(&self) -> State {
        if self.is_poor || self.backup_since.is_some() { State::Degraded } else { State::Up }
    }

    fn last_step(&self) -> (State, Option<&SubjectId>) {
        self.steps.last().map_or((State::Unmeasured, None), |s| (s.state, s.cause.as_ref()))
    }

    fn last_step_from(&self) -> UnixMs {
        self.steps.last().map_or(UnixMs(0), |s| s.from)
    }

    /// End of the last outage, or the first live step.
    fn live_since(&self) -> UnixMs {
        let live = self.steps.iter().rev().take_while(|s| s.state.is_live());
        live.last().map_or(UnixMs(0), |s| s.from)
    }

    /// Start of the record's last stretch.
    fn recorded_since(&self) -> UnixMs {
        self.holes.last().map_or(UnixMs(0), |h| h.to).max(self.last_step_from())
    }

    fn last_outage_since(&self) -> UnixMs {
        self.hard.map_or(UnixMs(0), |(_, since)| since)
    }

    /// Live or never judged, and nothing in doubt.
    fn is_calm(&self) -> bool {
        self.failed.is_empty() && self.hard.is_some_and(|(state, _)| state.is_live())
    }

    fn record(&self) -> Vec<Stretch> {
        let open = self.open_hole.map(|from| Span::new(from, UnixMs(i64::MAX)));
        let holes: Vec<Span> = self.holes.iter().copied().chain(open).collect();
        let mut starts: Vec<UnixMs> = self.steps.iter().map(|s| s.from).collect();
        starts.extend(holes.iter().flat_map(|h| [h.from, h.to]));
        starts.retain(|t| *t != UnixMs(i64::MAX));
        starts.sort_unstable();
        starts.dedup();
        let stretches = starts.into_iter().map(|from| {
            let step = self.steps[..self.steps.partition_point(|s| s.from <= from)].last();
            let hole = holes[..holes.partition_point(|h| h.from <= from)].last();
            let is_hole = hole.is_some_and(|h| h.contains(from));
            match step {
                Some(step) if !is_hole => {
                    Stretch { from, state: step.state, cause: step.cause.clone() }
                }
                _ => Stretch { from, state: State::Unmeasured, cause: None },
            }
        });
        joined(&stretches.collect::<Vec<_>>())
    }
}
