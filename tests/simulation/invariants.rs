//! What must hold of every run, whatever the reference says: the record against itself and
//! against the truth.

use tuantra::coverage::{Clock, Judge, availability};
use tuantra::model::{Inventory, Maintenance, Span, State, SubjectId, UnixMs, check_partition};

use crate::classes::Record;
use crate::dice::Dice;
use crate::drive::{Failure, Outcome, START, Scenario};
use crate::faults::{Fault, Spans, Truth};
use crate::parents::blamed_inside;
use crate::province::PING;
use crate::records::{Stretch, intervals};

type Verdict = Result<(), (usize, i64, String)>;

/// A round under way and the tick after it, in milliseconds.
const SLACK_MS: i64 = 3_500;

/// After so long at most a lost uplink is noticed: a sentinel's turn and the three rounds it fails.
const NOTICED_MS: i64 = 23_000;

/// A deliberate mistake in what is recorded or in what reports go by, to prove that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blot {
    /// Reports know of no announced work.
    ForgetsWork,
    /// Reports know of no work that recurs.
    ForgetsRoutine,
    /// Reports know of no hours.
    ForgetsHours,
    /// Reports take the opening for the end of the grace.
    ForgetsGrace,
    /// Reports take a hole for what was before it.
    FillsHoles,
    /// What is cut off is recorded as down.
    BlamesChildren,
}

impl Blot {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ForgetsWork,
        Self::ForgetsRoutine,
        Self::ForgetsHours,
        Self::ForgetsGrace,
        Self::FillsHoles,
        Self::BlamesChildren,
    ];

    fn on_inventory(self, inventory: &Inventory) -> Inventory {
        let mut inventory = inventory.clone();
        if self == Self::ForgetsRoutine {
            inventory.maintenance.clear();
        }
        for subject in &mut inventory.subjects {
            match self {
                Self::ForgetsHours => subject.off_hours_allowed = false,
                Self::ForgetsGrace => subject.health.off_hours_grace_ms = 0,
                _ => {}
            }
        }
        inventory
    }

    /// As it comes to be recorded.
    pub fn on_records(self, records: &mut [Vec<Stretch>]) {
        if self == Self::BlamesChildren {
            let all = records.iter_mut().flatten();
            all.filter(|s| s.state == State::Unreachable).for_each(|s| s.state = State::Down);
        }
    }

    fn on_report(self, record: &mut Vec<Stretch>) {
        if self == Self::FillsHoles {
            record.retain(|s| s.state != State::Unmeasured);
        }
    }
}

/// Checks all of them.
pub fn check(
    scenario: &Scenario,
    outcome: &Outcome,
    blot: Option<Blot>,
) -> Result<(), Box<Failure>> {
    let truth = Truth::new(scenario.seed, &scenario.province, &scenario.troubles);
    let sight = Sight::of(scenario, &truth);
    let (inventory, _) = scenario.inventory(&scenario.province.full_listing());
    let reports = Reports {
        inventory: blot.map_or_else(|| (*inventory).clone(), |blot| blot.on_inventory(&inventory)),
        work: if blot == Some(Blot::ForgetsWork) { Vec::new() } else { scenario.work() },
        windows: random_windows(scenario, outcome),
        blot,
    };
    for place in 0..outcome.records.len() {
        let proof = Proof { scenario, outcome, truth: &truth, sight: &sight, place };
        let verdict = proof
            .intervals_partition_time()
            .and_then(|()| proof.classes_sum_to_the_window())
            .and_then(|()| proof.reported_classes_are_those_by_hand(&reports))
            .and_then(|()| proof.nobody_is_blamed_for_his_parent())
            .and_then(|()| proof.real_outages_are_found())
            .and_then(|()| proof.no_outage_is_invented());
        if let Err((place, at, what)) = verdict {
            return Err(Box::new(Failure { at, place: Some(place), what, trace: Vec::new() }));
        }
    }
    Ok(())
}

/// Windows that begin and end anywhere, also before the record and after it.
fn random_windows(scenario: &Scenario, outcome: &Outcome) -> Vec<Span> {
    let mut dice = Dice::new(scenario.seed, "windows");
    let (first, last) = (START - 3_600_000, outcome.end.0 + 3_600_000);
    let windows = (0..4).map(|_| {
        let from = dice.between(first, last);
        Span::new(UnixMs(from), UnixMs(dice.between(from, last)))
    });
    windows.collect()
}

/// When the daemon could see, and what cannot be told apart.
struct Sight {
    /// Our own side failed, or the daemon had just begun to look again.
    blind: Spans,
    /// The wall clock was set: the truth's times are not the record's.
    is_stepped: bool,
}

impl Sight {
    fn of(scenario: &Scenario, truth: &Truth) -> Self {
        let mut blind: Vec<(i64, i64)> = truth.uplink.list().to_vec();
        blind.extend_from_slice(truth.invalid.list());
        let mut is_stepped = false;
        for trouble in &scenario.troubles {
            match trouble.fault {
                Fault::Suspend | Fault::Restart { .. } => blind.push((trouble.from, trouble.to)),
                Fault::Step(_) => is_stepped = true,
                // Without its sentinels a carrier's lines are not seen.
                Fault::Carrier(_) | Fault::Sentinel(_)
                    if !scenario.province.sentinels.is_empty() =>
                {
                    blind.push((trouble.from, trouble.to + 20_000));
                }
                _ => {}
            }
        }
        Self { blind: Spans::of(blind), is_stepped }
    }
}

/// What reports go by.
struct Reports {
    inventory: Inventory,
    work: Vec<Maintenance>,
    windows: Vec<Span>,
    blot: Option<Blot>,
}

struct Proof<'a> {
    scenario: &'a Scenario,
    outcome: &'a Outcome,
    truth: &'a Truth,
    sight: &'a Sight,
    place: usize,
}

impl Proof<'_> {
    fn record(&self) -> &[Stretch] {
        &self.outcome.records[self.place]
    }

    fn fail(&self, at: i64, what: String) -> Verdict {
        Err((self.place, at, what))
    }

    /// A subject's intervals neither overlap nor leave holes.
    fn intervals_partition_time(&self) -> Verdict {
        match check_partition(&intervals(self.record())) {
            Ok(()) => Ok(()),
            Err((n, what)) => self.fail(self.scenario.length, format!("interval {n}: {what}")),
        }
    }

    /// Every millisecond falls in exactly one class.
    fn classes_sum_to_the_window(&self) -> Verdict {
        let end = self.outcome.end;
        for window in
            [Span::new(UnixMs(START), end), Span::new(UnixMs(START + 1_234_567), end - 7_654_321)]
        {
            let classes = availability(&intervals(self.record()), window).millis;
            if classes.total() != window.len_ms() {
                let what = format!("{classes:?} do not sum to {}", window.len_ms());
                return self.fail(self.scenario.length, what);
            }
        }
        Ok(())
    }

    /// The classes of reports, planned and off hours among them, are those reckoned by hand, and so
    /// sum to the window as far as the clock looks at it.
    fn reported_classes_are_those_by_hand(&self, reports: &Reports) -> Verdict {
        let name = SubjectId::new(&self.scenario.province.subjects[self.place].name).unwrap();
        let inventory = &reports.inventory;
        let Some(subject) = inventory.find_subject(name.as_str()) else { return Ok(()) };
        let mut reported = self.record().to_vec();
        reports.blot.inspect(|blot| blot.on_report(&mut reported));
        let record = intervals(&reported);
        let by_hand = Record {
            scenario: self.scenario,
            place: self.place,
            stretches: self.record(),
            known_to: self.outcome.end,
        };
        for window in &reports.windows {
            let judge = Judge::new(inventory, &reports.work, *window, self.outcome.end);
            for clock in [Clock::AroundTheClock, Clock::Office] {
                let found = judge.availability(&[subject], *window, clock, |_| &record).millis;
                let mine = by_hand.classes(*window, clock == Clock::Office);
                let whole: i64 =
                    judge.hours(subject, clock).iter().map(|h| h.intersect(*window).len_ms()).sum();
                if found != mine || found.total() != whole {
                    let what = format!(
                        "{clock:?} over {window:?}, {whole}: the report says {found:?}, by hand it is {mine:?}"
                    );
                    return self.fail(self.scenario.length, what);
                }
            }
        }
        Ok(())
    }

    /// Nothing is down inside the outage of the only thing it is reached through.
    fn nobody_is_blamed_for_his_parent(&self) -> Verdict {
        match blamed_inside(self.scenario, self.outcome, self.place) {
            Some(at) => {
                let what = format!("it is down from {at}, inside its parent's outage");
                self.fail(at.0 - START, what)
            }
            None => Ok(()),
        }
    }

    /// True when the truth and the record can be compared at all.
    fn is_comparable(&self) -> bool {
        let is_kept = self.scenario.troubles.iter().all(|trouble| match &trouble.fault {
            Fault::Reload { toggled, switched, .. } => {
                !toggled.contains(&self.place) && !switched.contains(&self.place)
            }
            _ => true,
        });
        is_kept
            && !self.sight.is_stepped
            && self.scenario.listing.listed[self.place]
            && self.scenario.province.subjects[self.place].is_asked
    }

    /// The sentinels find out that the uplink is gone before the subject's failure is confirmed,
    /// and its verdict waits for them long enough.
    fn uplink_is_watched(&self) -> bool {
        let health = &self.scenario.province.subjects[self.place].health;
        self.scenario.province.sentinels.contains(&None)
            && health.correlation_window_ms >= 30_000
            && i64::from(health.confirm - 1) * health.retry_ms >= 10_000
    }

    /// Between two rounds of a suspect.
    fn retry_ms(&self) -> i64 {
        let health = &self.scenario.province.subjects[self.place].health;
        health.retry_ms.max(PING.round_ms() + 50)
    }

    /// Within how many turns each of its checks is asked: now and then one is left out.
    fn turns(&self) -> i64 {
        let others = &self.scenario.province.subjects[self.place].others;
        if others.contains(&true) { 2 } else { 1 }
    }

    /// Stretches in which the subject cannot be reached in truth.
    fn true_outages(&self) -> Vec<(i64, i64)> {
        let mut found: Vec<(i64, i64)> = Vec::new();
        let edges = self.truth.edges(self.place);
        for (n, from) in edges.iter().enumerate() {
            let to = edges.get(n + 1).copied().unwrap_or(self.scenario.length);
            if self.truth.answers(self.place, *from) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.1 == *from => last.1 = to,
                _ => found.push((*from, to)),
            }
        }
        found
    }

    /// Recorded outages, on the truth's clock; holes inside one belong to it.
    fn recorded_outages(&self) -> Vec<(i64, i64)> {
        let outages = tuantra::coverage::outages(&intervals(self.record()));
        let end = self.scenario.length;
        outages
            .iter()
            .map(|o| (o.start.0 - START, o.end.map_or(end, |end| end.0 - START)))
            .collect()
    }

    /// Every real outage long enough to be confirmed is found; it starts at most one interval
    /// late and is not ended too early.
    fn real_outages_are_found(&self) -> Verdict {
        if !self.is_comparable() {
            return Ok(());
        }
        let health = &self.scenario.province.subjects[self.place].health;
        let turns = self.turns();
        let step = turns * self.retry_ms();
        let start_error = turns * health.interval_ms + SLACK_MS;
        let needed = start_error
            + i64::from(health.confirm) * step
            + health.correlation_window_ms
            + 2 * SLACK_MS;
        let recorded = self.recorded_outages();
        for (from, to) in self.true_outages() {
            let to = to.min(self.scenario.length);
            let seen_from = from - (turns + 1) * health.interval_ms;
            if to - from < needed || self.sight.blind.touch(seen_from, to + health.interval_ms) {
                continue;
            }
            let is_found =
                recorded.iter().any(|(start, end)| *start <= from + start_error && to <= *end);
            if !is_found {
                let near: Vec<_> = recorded
                    .iter()
                    .filter(|(s, e)| *s < to + 60_000 && from - 60_000 < *e)
                    .collect();
                let what =
                    format!("the outage [{from}, {to}) is not in the record; near: {near:?}");
                return self.fail(to, what);
            }
        }
        Ok(())
    }

    /// No outage is recorded while the subject could be reached: it starts at a failed round and
    /// ends at most one interval after the truth did. Our own faults are no excuse, lost packets
    /// are.
    fn no_outage_is_invented(&self) -> Verdict {
        if !self.is_comparable() {
            return Ok(());
        }
        let health = &self.scenario.province.subjects[self.place].health;
        let end_error = self.turns() * health.interval_ms + SLACK_MS;
        for (start, end) in self.recorded_outages() {
            if self.truth.is_lossy(self.place, start, end + 1) {
                continue;
            }
            // A lost uplink that was back before it could be noticed looks like the subject's fault.
            let is_excused = self.truth.uplink.list().iter().any(|(from, to)| {
                (*from..*to).contains(&start)
                    && (to - from < NOTICED_MS || !self.uplink_is_watched())
            });
            if self.truth.answers(self.place, start) && !is_excused {
                return self.fail(start, format!("the outage [{start}, {end}) is invented"));
            }
            // From each return on the record must follow, once that is known to hold.
            let again = i64::from(health.recover - 1) * self.turns() * self.retry_ms();
            let mut edges = self.truth.edges(self.place);
            edges.retain(|edge| (start..end).contains(edge));
            for edge in edges {
                let (until, known) = (edge + end_error, edge + end_error + again);
                let stays = until < end
                    && known < self.scenario.length
                    && self.truth.edges(self.place).iter().all(|e| *e <= edge || known < *e)
                    && self.truth.answers(self.place, edge);
                if stays && !self.sight.blind.touch(edge - self.turns() * health.interval_ms, known)
                {
                    let what = format!("back at {edge}, the outage [{start}, {end}) goes on");
                    return self.fail(known, what);
                }
            }
        }
        Ok(())
    }
}
