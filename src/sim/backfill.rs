//! A month that never was, as the store keeps it: intervals of every subject, and the samples of
//! the last days.
//!
//! Pure, and consistent with itself: both come from the same physical truth ([`World`]), so a
//! subject is *unreachable* exactly while something it is reached through is *down* and named as
//! the cause, and a round is lost whole exactly while its subject is *down* or *unreachable*.
//! A few holes, in which nobody patrolled, are *unmeasured* for everybody and have no samples.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::dice::{Dice, hash};
use super::history;
use super::world::{Moment, World};
use crate::model::{
    CheckKind, Inventory, Rtts, Sample, Span, State, StateInterval, SubjectIx, UnixMs,
};

/// What to make up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The past: the last interval of each subject begins inside and is left open.
    pub window: Span,
    /// Samples begin here.
    pub samples_from: UnixMs,
    /// Time between two samples of a connection, at least; milliseconds.
    pub line_every_ms: i64,
    /// Time between two samples of anything else, at least; milliseconds.
    pub other_every_ms: i64,
}

/// Least time between two samples, in milliseconds.
pub const EVERY_MIN_MS: i64 = 30_000;

/// Nothing is wrong in this last stretch of the window, so that the past does not contradict
/// what the first packets find.
const CALM_MS: i64 = 600_000;

impl Plan {
    /// From the start of last month (in `zone`) to `now`, with samples of the last 24 hours:
    /// lines every minute, the rest every five.
    #[must_use]
    pub fn until(now: UnixMs, zone: &TimeZone) -> Self {
        let today = now.to_timestamp().to_zoned_datetime(zone.clone()).date();
        let from = today
            .first_of_month()
            .yesterday()
            .and_then(|d| d.first_of_month().to_zoned_datetime(zone.clone()))
            .map_or(now - 45 * 86_400_000, |z| UnixMs::from(z.timestamp()));
        Self {
            window: Span::new(from, now),
            samples_from: now - 86_400_000,
            line_every_ms: 60_000,
            other_every_ms: 300_000,
        }
    }
}

/// The made-up past of one inventory.
#[derive(Debug)]
pub struct Backfill {
    world: World,
    plan: Plan,
    holes: Vec<Span>,
    /// The moments that samples are taken from, in order, without gaps.
    recent: Vec<Moment>,
    seed: u64,
}

impl Backfill {
    /// Draws a past from the seed.
    #[must_use]
    pub fn new(inventory: Arc<Inventory>, plan: Plan, zone: &TimeZone, seed: u64) -> Self {
        let troubled = Span::new(plan.window.from, plan.window.to - CALM_MS);
        let script = history::month(&inventory, troubled, zone, seed);
        Self::of(World::new(inventory, script, seed), plan, holes(troubled, seed))
    }

    /// The past in which this world's script happened and nobody patrolled during `holes`
    /// (sorted, apart from each other, inside the window).
    #[must_use]
    pub fn of(world: World, plan: Plan, holes: Vec<Span>) -> Self {
        let seed = hash(0, b"backfill");
        let span = Span::new(plan.samples_from.max(plan.window.from), plan.window.to);
        let recent = if span.is_empty() {
            Vec::new()
        } else {
            std::iter::once(span.from)
                .chain(world.edges_in(span))
                .map(|at| world.moment(at))
                .collect()
        };
        Self { world, plan, holes, recent, seed }
    }

    /// The world it happened in.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// When nobody patrolled.
    #[must_use]
    pub fn holes(&self) -> &[Span] {
        &self.holes
    }

    /// Every subject's intervals, by the subject's place in the inventory: they partition time
    /// from the window's start (or the subject's own) on, and the last one is open. A subject
    /// that is never asked has none.
    #[must_use]
    pub fn intervals(&self) -> Vec<Vec<StateInterval>> {
        let window = self.plan.window;
        let inventory = self.world.inventory();
        let mut all: Vec<Vec<StateInterval>> = vec![Vec::new(); inventory.subjects.len()];
        let mut edges: Vec<UnixMs> = std::iter::once(window.from)
            .chain(self.world.edges_in(window))
            .chain(self.holes.iter().flat_map(|h| [h.from, h.to]))
            .filter(|e| window.contains(*e))
            .collect();
        edges.sort_unstable();
        edges.dedup();
        for at in edges {
            let blind = self.holes.iter().any(|h| h.contains(at));
            let moment = self.world.moment(at);
            for ix in inventory.subject_ixs() {
                if !inventory.subject(ix).checks.is_empty() {
                    let (state, cause) =
                        if blind { (State::Unmeasured, None) } else { self.judge(&moment, ix) };
                    note(&mut all[ix.ix()], at, state, cause.map(|c| &inventory.subject(c).id));
                }
            }
        }
        for ix in inventory.subject_ixs() {
            if let Some(since) = inventory.subject(ix).since {
                trim(&mut all[ix.ix()], since);
            }
        }
        all
    }

    fn judge(&self, moment: &Moment, subject: SubjectIx) -> (State, Option<SubjectIx>) {
        let reach = moment.reach(subject);
        let health = &self.world.inventory().subject(subject).health;
        let state = reach.state(health.loss_permille, health.rtt_us);
        (state, if state == State::Unreachable { reach.blocked_by } else { None })
    }

    /// One subject's samples, oldest first, made one by one: none inside holes, at the subject's
    /// interval or the plan's, whichever is longer, and never closer than [`EVERY_MIN_MS`].
    pub fn samples(&self, subject: SubjectIx) -> impl Iterator<Item = Sample> + '_ {
        let inventory = self.world.inventory();
        let entry = inventory.subject(subject);
        let least = match entry.connection() {
            Some(_) => self.plan.line_every_ms,
            None => self.plan.other_every_ms,
        };
        let every = entry.health.interval_ms.max(least).max(EVERY_MIN_MS);
        // Counted from the end: the last round is as recent as the daemon itself would have it.
        let interval = entry.health.interval_ms.max(1).unsigned_abs();
        let ago = hash(self.seed, entry.id.as_str().as_bytes()) % interval;
        let newest = self.plan.window.to - 1 - i64::try_from(ago).unwrap_or(0);
        let count = entry.checks.first().map_or(0, |c| match c.kind {
            CheckKind::Ping { params, .. } => params.count,
            _ => 1,
        });
        let since = entry.since.unwrap_or(UnixMs(i64::MIN));
        let begin = self.plan.samples_from.max(self.plan.window.from);
        let mut at = newest - newest.since(begin).max(0) / every * every;
        let mut moment = 0;
        std::iter::from_fn(move || {
            while at < self.plan.window.to && count > 0 {
                let t = at;
                at = at + every;
                if t < since || self.holes.iter().any(|h| h.contains(t)) {
                    continue;
                }
                while self.recent.get(moment).is_some_and(|m| m.span.to <= t) {
                    moment += 1;
                }
                let rtts_us =
                    self.world.round(self.recent.get(moment)?.reach(subject), subject, t, count);
                return Some(Sample {
                    at: t,
                    check: 0,
                    sent: count,
                    lost: count.saturating_sub(u8::try_from(rtts_us.len()).unwrap_or(count)),
                    rtts: Rtts::from_us(&rtts_us),
                    error: None,
                });
            }
            None
        })
    }
}

/// Goes on with the last interval or begins another.
fn note(
    record: &mut Vec<StateInterval>,
    at: UnixMs,
    state: State,
    cause: Option<&crate::model::SubjectId>,
) {
    match record.last_mut() {
        Some(last) if last.state == state && last.cause.as_ref() == cause => {}
        last => {
            if let Some(last) = last {
                last.to = Some(at);
            }
            record.push(StateInterval { from: at, to: None, state, cause: cause.cloned() });
        }
    }
}

/// Drops what lies before `since`.
fn trim(record: &mut Vec<StateInterval>, since: UnixMs) {
    record.retain(|i| i.to.is_none_or(|to| since < to));
    if let Some(first) = record.first_mut() {
        first.from = first.from.max(since);
    }
}

/// Three stretches of 5 to 50 minutes without a patrol, in three parts of the window so that
/// they are apart.
fn holes(window: Span, seed: u64) -> Vec<Span> {
    let mut dice = Dice::new(seed, "holes");
    let part = window.len_ms() / 3;
    (0..3)
        .filter_map(|n| {
            let lasts = dice.between(5 * 60_000, 50 * 60_000);
            let from = window.from + n * part + dice.between(0, part - lasts);
            let span = Span::new(from, from + lasts);
            (part > 2 * lasts).then_some(span)
        })
        .collect()
}
