//! What the reference knows of one subject: its steps, its holes and how they make its record.

use tuantra::model::{HealthParams, Span, State, SubjectId, UnixMs};

use super::{Known, Step, Usual};
use crate::records::{Remembered, Stretch, joined};

impl Known {
    /// Never heard of before.
    pub(super) fn new_at(now: UnixMs) -> Self {
        Self {
            steps: vec![Step { from: now, state: State::Unmeasured, cause: None }],
            new_since: now,
            ..Self::default()
        }
    }

    /// Not heard of since the daemon started, but perhaps before.
    pub(super) fn back_at(now: UnixMs, past: Option<Remembered>) -> Self {
        let Some(past) = past else { return Self::new_at(now) };
        let mut known = Self::resumed(&past);
        known = Self { steps: known.steps, holes: known.holes, ..Self::default() };
        let from = past.record.last().filter(|s| s.state == State::Unmeasured);
        // The clock may have been set back since.
        known.forget_from(now);
        known.step(from.map_or(now, |s| s.from.min(now)), State::Unmeasured, None);
        known.hard = None;
        known.new_since = now;
        known
    }

    /// Taken up again from the store (8).
    pub(super) fn resumed(remembered: &Remembered) -> Self {
        let mut known = Self { last_round: remembered.last_round, ..Self::default() };
        let usual = remembered.usual.iter();
        known.usual = Usual(usual.map(|(hour, u)| (*hour, (u.usual_us, u.rounds))).collect());
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
            } else if known.steps.is_empty()
                || known.last_step() != (stretch.state, stretch.cause.as_ref())
            {
                // After a hole it went on as it was.
                known.steps.push(Step {
                    from: stretch.from,
                    state: stretch.state,
                    cause: stretch.cause.clone(),
                });
            }
        }
        if known.open_hole.is_none() && known.last_step().0 != State::Unmeasured {
            known.taken_up = known.recorded_since();
        }
        known.hard = remembered.verdict().map(|(state, _, since)| (state, since));
        known.is_poor = known.hard.is_some_and(|(state, _)| state == State::Degraded);
        if known.hard.is_some_and(|(state, _)| state.is_live()) {
            known.last_answer = remembered.last_round;
        }
        known
    }

    /// The hard state is another from a round on, which another check's round, sent later and heard of
    /// before, may have been thought to be the end of a hole.
    pub(super) fn step_at_round(&mut self, at: UnixMs, state: State, cause: Option<SubjectId>) {
        if let Some(hole) = self.holes.iter_mut().find(|hole| hole.contains(at)) {
            hole.to = at;
        }
        self.holes.retain(|hole| !hole.is_empty());
        self.step(at, state, cause);
    }

    /// The hard state is another from `from` on.
    pub(super) fn step(&mut self, from: UnixMs, state: State, cause: Option<SubjectId>) {
        let was_outage = self.hard.filter(|(before, _)| before.is_outage());
        let since = match was_outage {
            Some((_, since)) if state.is_outage() => since,
            _ => from,
        };
        self.hard = Some((state, since));
        if was_outage.is_some() && state.is_live() {
            self.back_since = from;
        }
        while self.steps.last().is_some_and(|last| last.from >= from) {
            self.steps.pop();
        }
        self.steps.push(Step { from, state, cause });
        // Before a restart the clock may have been ahead: what lies beyond has not been yet.
        let heard = self.newest_heard().unwrap_or(UnixMs(i64::MAX)).max(from);
        self.holes.retain(|hole| hole.from < heard);
    }

    pub(super) fn newest_heard(&self) -> Option<UnixMs> {
        if self.is_alone { self.heard[0] } else { self.last_heard }
    }

    /// The time from `at` on has not been yet; the hard state is what it is.
    pub(super) fn forget_from(&mut self, at: UnixMs) {
        let hard = self.steps.last().cloned();
        self.steps.retain(|s| s.from < at);
        self.holes.retain(|h| h.from < at);
        if let Some(last) = self.holes.last_mut() {
            last.to = last.to.min(at);
        }
        self.open_hole = self.open_hole.filter(|from| *from < at);
        self.taken_up = self.taken_up.min(at);
        self.new_since = self.new_since.min(at);
        self.last_round = None;
        self.heard = Default::default();
        if let Some(hard) = hard {
            self.steps.push(Step { from: at, ..hard });
        }
        self.hard = self.hard.map(|(state, since)| (state, since.min(at)));
        for run in self.runs.values_mut() {
            run.failed.iter_mut().chain(&mut run.answered).for_each(|t| *t = at.min(*t));
        }
        self.proving_since = self.proving_since.map(|since| since.min(at));
        self.proof_seen_since = self.proof_seen_since.min(at);
        self.back_since = self.back_since.min(at);
    }

    pub(super) fn live_state(&self) -> State {
        let is_bad = self.is_poor || self.is_half_lost() || self.backup_since.is_some();
        if is_bad { State::Degraded } else { State::Up }
    }

    pub(super) fn last_step(&self) -> (State, Option<&SubjectId>) {
        self.steps.last().map_or((State::Unmeasured, None), |s| (s.state, s.cause.as_ref()))
    }

    pub(super) fn last_step_from(&self) -> UnixMs {
        self.steps.last().map_or(UnixMs(0), |s| s.from)
    }

    /// End of the last outage, or the first live step.
    pub(super) fn live_since(&self) -> UnixMs {
        let live = self.steps.iter().rev().take_while(|s| s.state.is_live());
        // After a leap of the clock an outage may have lasted no time at all.
        live.last().map_or(UnixMs(0), |s| s.from).max(self.back_since)
    }

    /// Start of the record's last stretch.
    pub(super) fn recorded_since(&self) -> UnixMs {
        self.holes.last().map_or(UnixMs(0), |h| h.to).max(self.last_step_from())
    }

    /// 8: a round vouches for an interval. What was taken up of the record from later on tells of a
    /// round of which the store has lost the rest.
    pub(super) fn vouched_until(&self, last: UnixMs, health: &HealthParams) -> UnixMs {
        (last + health.interval_ms).max(self.taken_up)
    }

    /// Since when it is there, of one without a verdict.
    pub(super) fn there_since(&self) -> UnixMs {
        self.new_since.max(self.last_step_from())
    }

    pub(super) fn last_outage_since(&self) -> UnixMs {
        self.hard.map_or(UnixMs(0), |(_, since)| since)
    }

    /// Its last verdict holds, and nothing speaks against it.
    pub(super) fn is_settled(&self) -> bool {
        self.hard.is_some()
            && !self.is_in_doubt()
            && !self.is_back
            && self.proving_since.is_none()
            && self.held_since.is_none()
    }

    /// Up, and nothing bad in its memory.
    pub(super) fn is_serene(&self, params: &HealthParams) -> bool {
        self.hard.is_some_and(|(state, _)| state == State::Up)
            && self.is_settled()
            && self.open_hole.is_none()
            && self.backup_since.is_none()
            && !self.is_backup_late
            && !self.is_poor
            && !self.was_poor
            && self.good >= 5
            && self.flaps.is_quiet(params)
    }

    pub(super) fn record(&self) -> Vec<Stretch> {
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
