//! Runs a scenario: the prober's behaviour, the daemon's life and the two clocks, around the core
//! and the reference, which get the same input.

mod compare;
mod lanes;
mod life;
mod perform;
mod prober;
mod scenario;
mod swift;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use tuantra::model::{Inventory, SubjectIx, UnixMs};

use crate::desk::Desk;
use crate::dice::hash;
use crate::faults::{Fault, Trouble, Truth};
use crate::province::Listing;
use crate::records::{Stretch, joined};
use crate::reference::{Reference, Roll};
use crate::store::Store;
use crate::subject_under_test::{Core, Said};
use crate::told::Ear;
use crate::watch::Blindness;
use lanes::Lanes;
use prober::{Post, Seat};
pub use scenario::{Options, Scenario};

/// Monday 2 November 2026, 00:00 in Vietnam.
pub const START: i64 = 1_793_552_400_000;
const TICK_MS: i64 = 1_000;
/// Between two settlings in a swift run without any news.
const SETTLING_MS: i64 = 4_000;
/// Between two looks whether everything has been told, and in a swift run.
const LOOK_MS: i64 = 5_000;
const SWIFT_LOOK_MS: i64 = 30_000;
/// Between two comparisons of all records.
const CHECK_MS: i64 = 6 * 3_600_000;

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Each place's record; empty of what was never listed.
    pub records: Vec<Vec<Stretch>>,
    /// Wall clock at the end.
    pub end: UnixMs,
    /// Rounds judged.
    pub rounds: u64,
    /// Outages decided without their parents, after `correlation_window`: whose, and since when.
    pub undecided: Vec<(usize, UnixMs)>,
    /// Who was found down, since when, and when that was found out.
    pub found_down: BTreeMap<(usize, UnixMs), UnixMs>,
    /// Verdicts given.
    pub verdicts: u64,
    /// When a round of each place was sent, when the daemon could see: the truth's clock.
    pub trace: Vec<String>,
}

/// Something that must not be.
#[derive(Debug)]
pub struct Failure {
    /// When, by the truth's clock.
    pub at: i64,
    /// Whose.
    pub place: Option<usize>,
    /// What.
    pub what: String,
    /// What led to it.
    pub trace: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// A trouble begins.
    Begin(usize),
    /// A trouble ends.
    End(usize),
    /// A round of a place is over.
    Judge { place: usize, life: u32 },
    /// A place's turn to be asked.
    Turn { place: usize, life: u32, ticket: u32 },
    /// A second has passed for the daemon.
    Tick { life: u32 },
    /// A sentinel's turn to be asked.
    Sentinel { n: usize, life: u32, ticket: u32 },
    /// A sentinel's round is over.
    SentinelOver { n: usize, life: u32 },
}

struct Run<'a> {
    scenario: &'a Scenario,
    options: Options,
    /// The troubles that are announced work.
    work: Vec<Trouble>,
    /// The clock is set in the course of it.
    is_stepped: bool,
    truth: Truth,
    queue: BinaryHeap<Reverse<(i64, u64, Happening)>>,
    queued: u64,
    clock: i64,
    offset: i64,
    life: u32,
    asleep_until: i64,
    lanes: Lanes,
    /// Where time passes in greater steps: when it does so next.
    next_tick: i64,
    /// The sentinel whose round is over next, and when.
    next_post: (i64, usize),
    listing: Listing,
    inventory: Arc<Inventory>,
    place_of: Vec<usize>,
    seats: Vec<Seat>,
    posts: Vec<Post>,
    /// Places that are asked more often.
    retrying: usize,
    /// Who is down by the core's verdicts.
    down: BTreeSet<SubjectIx>,
    /// What the core said of its blindness in this life.
    blind: Vec<Blindness>,
    store: Store,
    desk: Desk,
    ear: Ear,
    roll: Roll,
    complaint: Option<String>,
    core: Option<Core>,
    reference: Option<Reference>,
    outcome: Outcome,
    /// Kept for its room only.
    said: Vec<Said>,
    /// The core said something that incidents may depend on since they were settled.
    is_news: bool,
    next_settling: i64,
    touched: Vec<SubjectIx>,
    judged: Vec<SubjectIx>,
    next_check: i64,
}

/// Runs it.
pub fn run(scenario: &Scenario, options: Options) -> Result<Outcome, Box<Failure>> {
    let mut run = Run::new(scenario, options);
    run.start();
    if options.swift {
        run.go_swiftly()?;
    } else {
        run.go()?;
    }
    run.clock = scenario.length;
    if run.asleep_until < run.clock {
        run.check_records()?;
    }
    run.outcome.records = run.store.records().iter().map(|r| joined(r)).collect();
    run.outcome.end = UnixMs(START + scenario.length + run.offset);
    Ok(run.outcome)
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, options: Options) -> Self {
        let places = scenario.province.subjects.len();
        let truth = Truth::new(scenario.seed, &scenario.province, &scenario.troubles);
        Self {
            scenario,
            options,
            lanes: Lanes::new(scenario, &truth),
            is_stepped: scenario.troubles.iter().any(|t| matches!(t.fault, Fault::Step(_))),
            work: scenario.troubles.iter().filter(|t| t.fault.is_work()).cloned().collect(),
            truth,
            queue: BinaryHeap::new(),
            queued: 0,
            clock: 0,
            offset: 0,
            life: 0,
            asleep_until: 0,
            next_tick: i64::MAX,
            next_post: (i64::MAX, 0),
            listing: scenario.listing.clone(),
            inventory: Arc::default(),
            place_of: Vec::new(),
            seats: vec![Seat::default(); places],
            posts: vec![Post::IDLE; scenario.province.sentinels.len()],
            retrying: 0,
            down: BTreeSet::new(),
            blind: Vec::new(),
            store: Store::new(places),
            desk: Desk::default(),
            ear: Ear::default(),
            roll: Roll::default(),
            complaint: None,
            core: None,
            reference: None,
            outcome: Outcome::default(),
            said: Vec::new(),
            is_news: false,
            next_settling: 0,
            touched: Vec::new(),
            judged: Vec::new(),
            next_check: 0,
        }
    }

    fn now(&self) -> UnixMs {
        UnixMs(START + self.clock + self.offset)
    }

    fn at(&mut self, when: i64, happening: Happening) {
        self.queued += 1;
        self.queue.push(Reverse((when, self.queued, happening)));
    }

    fn trace(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.options.trace {
            let line = format!("{:>10} {} {}", self.clock, self.now(), line(self));
            self.outcome.trace.push(line);
        }
    }

    fn start(&mut self) {
        for (n, trouble) in self.scenario.troubles.iter().enumerate() {
            let matters = matches!(
                trouble.fault,
                Fault::Suspend | Fault::Restart { .. } | Fault::Step(_) | Fault::Reload { .. }
            );
            if matters {
                self.at(trouble.from, Happening::Begin(n));
            }
        }
        self.begin_life();
    }

    /// Everything in the order of its time.
    fn go(&mut self) -> Result<(), Box<Failure>> {
        while let Some(Reverse((at, _, happening))) = self.queue.pop() {
            if at >= self.scenario.length {
                break;
            }
            self.clock = at;
            self.happen(happening)?;
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Box<Failure>> {
        let is_clocks = match happening {
            Happening::Begin(n) => {
                matches!(self.scenario.troubles[n].fault, Fault::Suspend | Fault::Step(_))
            }
            _ => false,
        };
        if !is_clocks && self.clock < self.asleep_until {
            // Everything waits until the machine wakes up; it does not do all of it at once.
            let late = hash(self.scenario.seed, self.queued, self.clock as u64) % 500;
            self.at(self.asleep_until + late as i64, happening);
            return Ok(());
        }
        match happening {
            Happening::Begin(n) => self.begin(n),
            Happening::End(n) => self.end(n),
            Happening::Tick { life } if life == self.life => self.tick(),
            Happening::Turn { place, life, ticket }
                if life == self.life && ticket == self.seats[place].ticket =>
            {
                self.turn(place);
                Ok(())
            }
            Happening::Judge { place, life } if life == self.life => self.judge(place),
            Happening::Sentinel { n, life, ticket }
                if life == self.life && ticket == self.posts[n].ticket =>
            {
                self.ask_sentinel(n);
                Ok(())
            }
            Happening::SentinelOver { n, life } if life == self.life => self.sentinel_over(n),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, n: usize) -> Result<(), Box<Failure>> {
        let trouble = &self.scenario.troubles[n];
        self.trace(|_| format!("{trouble:?}"));
        self.leave_lanes();
        match &trouble.fault {
            Fault::Suspend => {
                self.asleep_until = self.asleep_until.max(trouble.to);
                self.put_posts_off(0);
            }
            Fault::Step(by) => {
                self.offset += by;
                self.put_posts_off(*by);
            }
            Fault::Restart { killed } => {
                if self.core.is_some() {
                    self.check_records()?;
                }
                self.end_life(*killed);
                self.at(trouble.to.max(self.clock + 50), Happening::End(n));
            }
            Fault::Reload { toggled, switched, rewired } => {
                let physical = &self.scenario.province.subjects;
                for place in toggled {
                    self.listing.listed[*place] ^= true;
                }
                for place in switched {
                    self.listing.enabled[*place] ^= true;
                }
                for (place, way) in rewired {
                    let is_moved = self.listing.ways[*place] != physical[*place].way;
                    // A second change puts it right again.
                    self.listing.ways[*place] =
                        if is_moved { physical[*place].way.clone() } else { way.clone() };
                }
                if self.core.is_some() {
                    self.reload()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, n: usize) -> Result<(), Box<Failure>> {
        if matches!(self.scenario.troubles[n].fault, Fault::Restart { .. }) && self.core.is_none() {
            // Of two overlapping absences the later end counts.
            let clock = self.clock;
            let is_still_away = self.scenario.troubles.iter().any(|t| {
                matches!(t.fault, Fault::Restart { .. }) && t.from < clock && clock < t.to
            });
            if !is_still_away {
                self.begin_life();
            }
        }
        Ok(())
    }

    fn plan_tick(&mut self) {
        let life = self.life;
        match self.options.swift {
            true => self.next_tick = self.clock + self.swift_tick_ms(),
            false => self.at(self.clock + TICK_MS, Happening::Tick { life }),
        }
    }

    fn tick(&mut self) -> Result<(), Box<Failure>> {
        let now = self.now();
        let core = self.core.as_mut().unwrap();
        core.tick(now);
        let settles = !self.options.swift || self.is_news || self.clock >= self.next_settling;
        if settles {
            core.settle(now);
            self.is_news = false;
            self.next_settling = self.clock + SETTLING_MS;
        }
        if let Some(reference) = &mut self.reference {
            reference.tick(now);
        }
        if !self.is_quiet() {
            self.perform();
            self.compare()?;
        }
        let each = if self.options.swift { SWIFT_LOOK_MS } else { LOOK_MS };
        let clock = self.clock;
        if !self.ear.has_looked_since(clock, each)
            && let Err((place, what)) = self.listen(|ear, scene| ear.look(clock, scene))
        {
            return Err(self.failure(Some(place), what));
        }
        if settles {
            self.call_roll()?;
        }
        self.store.commit(self.clock);
        self.plan_tick();
        if self.clock >= self.next_check || self.options.finely {
            self.next_check = self.clock.saturating_add(CHECK_MS);
            self.check_records()?;
        }
        Ok(())
    }
}
