//! Runs a scenario: the prober's behaviour, the daemon's life and the two clocks, around the core
//! and the reference, which get the same input.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::sync::Arc;

use tuantra::health::{Change, Rule};
use tuantra::model::{
    Calendar, CalendarId, Id, Inventory, Maintenance, Round, RoundError, Rtts, Span, State,
    SubjectId, SubjectIx, UnitId, UnixMs, WorkHours, WorkedOn,
};

use crate::desk::Desk;
use crate::dice::hash;
use crate::faults::{Fault, Trouble, Truth, Worked};
use crate::province::{Listing, PING, Province, carrier_id};
use crate::records::{Stretch, joined, states};
use crate::reference::{Quirk, Reference, Roll};
use crate::store::{Fact, Store};
use crate::subject_under_test::{self, Core, Said};
use crate::told::{Ear, Scene, Slip};
use crate::watch::Blindness;

/// Monday 2 November 2026, 00:00 in Vietnam.
pub const START: i64 = 1_793_552_400_000;
const TICK_MS: i64 = 1_000;
const FIRST_SWEEP_MS: i64 = 10_000;
const SENTINEL_MS: i64 = 10_000;
const SENTINEL_RETRY_MS: i64 = 2_600;

/// All that a run depends on.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// For what is drawn per packet.
    pub seed: u64,
    /// What is there.
    pub province: Province,
    /// Which of it is listed at the start.
    pub listing: Listing,
    /// What goes wrong, by start.
    pub troubles: Vec<Trouble>,
    /// Milliseconds.
    pub length: i64,
}

impl Scenario {
    /// The inventory of a listing with the work that recurs, and the place of each of its subjects.
    pub fn inventory(&self, listing: &Listing) -> (Arc<Inventory>, Vec<usize>) {
        let (inventory, place_of) = self.province.inventory(listing);
        let mut inventory = Arc::unwrap_or_clone(inventory);
        inventory.maintenance = self.announced(true);
        (Arc::new(inventory), place_of)
    }

    /// The work announced once, all of it from the start.
    pub fn work(&self) -> Vec<Maintenance> {
        self.announced(false)
    }

    fn announced(&self, recurs: bool) -> Vec<Maintenance> {
        let works = self.troubles.iter().enumerate().filter_map(|(n, trouble)| {
            let (worked, minutes) = match trouble.fault {
                Fault::Work(worked) if !recurs => (worked, None),
                Fault::Routine(worked, from, to) if recurs => (worked, Some((from, to))),
                _ => return None,
            };
            let on = match worked {
                Worked::Place(place) => {
                    WorkedOn::Subject(SubjectId::new(&self.province.subjects[place].name).unwrap())
                }
                Worked::Unit(unit) => WorkedOn::Unit(UnitId::new(&format!("unit-{unit}")).unwrap()),
                Worked::Carrier(carrier) => WorkedOn::Carrier(carrier_id(carrier)),
            };
            let life = Span::new(UnixMs(START + trouble.from), UnixMs(START + trouble.to));
            let hours = match minutes {
                Some((from, to)) => WorkHours::Recurring(Box::new(daily(from, to)), life),
                None => WorkHours::Once(life),
            };
            Some(Maintenance {
                id: Id::new(&format!("work-{n}")).unwrap(),
                on,
                hours,
                by: "sim".into(),
                note: String::new(),
            })
        });
        works.collect()
    }
}

/// How a scenario is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Keep a line for everything that happens.
    pub trace: bool,
    /// Compare records after every step, not only now and then.
    pub finely: bool,
    /// No reference: what the core alone costs.
    pub alone: bool,
    /// A deliberate mistake in the reference.
    pub quirk: Option<Quirk>,
    /// A deliberate mistake in what the core knows, or in what is heard of it.
    pub slip: Option<Slip>,
}

impl Options {
    /// The inventory as the core gets it.
    fn known(&self, inventory: &Arc<Inventory>) -> Arc<Inventory> {
        self.slip.map_or_else(|| Arc::clone(inventory), |slip| Arc::new(slip.misread(inventory)))
    }
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Each place's record; empty of what was never listed.
    pub records: Vec<Vec<Stretch>>,
    /// Wall clock at the end.
    pub end: UnixMs,
    /// Rounds judged.
    pub rounds: u64,
    /// Verdicts given.
    pub verdicts: u64,
    /// Outages decided without their parents, after `correlation_window`: whose, and since when.
    pub undecided: Vec<(usize, UnixMs)>,
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

/// The prober's seat of a sentinel.
#[derive(Debug, Clone, Copy, Default)]
struct Post {
    /// When its round was sent, by both clocks, and whether it will be answered.
    running: Option<(UnixMs, bool)>,
    ticket: u32,
}

/// The prober's seat of a place.
#[derive(Debug, Clone, Default)]
struct Seat {
    ix: Option<SubjectIx>,
    is_target: bool,
    is_retrying: bool,
    running: Option<(i64, Round)>,
    is_asked_again: bool,
    /// The rounds of its other checks, under way with the primary one.
    asides: Vec<Round>,
    /// By bit: that check was left out at its last turn.
    left_out: u8,
    last_start: Option<i64>,
    ticket: u32,
}

struct Run<'a> {
    scenario: &'a Scenario,
    options: Options,
    truth: Truth,
    queue: BinaryHeap<Reverse<(i64, u64, Happening)>>,
    queued: u64,
    clock: i64,
    offset: i64,
    life: u32,
    asleep_until: i64,
    listing: Listing,
    inventory: Arc<Inventory>,
    place_of: Vec<usize>,
    seats: Vec<Seat>,
    posts: Vec<Post>,
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
    touched: Vec<SubjectIx>,
    judged: Vec<SubjectIx>,
    next_check: i64,
}

/// Runs it.
pub fn run(scenario: &Scenario, options: Options) -> Result<Outcome, Box<Failure>> {
    let mut run = Run::new(scenario, options);
    run.start();
    while let Some(Reverse((at, _, happening))) = run.queue.pop() {
        if at >= scenario.length {
            break;
        }
        run.clock = at;
        run.happen(happening)?;
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
        Self {
            scenario,
            options,
            truth: Truth::new(scenario.seed, &scenario.province, &scenario.troubles),
            queue: BinaryHeap::new(),
            queued: 0,
            clock: 0,
            offset: 0,
            life: 0,
            asleep_until: 0,
            listing: scenario.listing.clone(),
            inventory: Arc::default(),
            place_of: Vec::new(),
            seats: vec![Seat::default(); places],
            posts: vec![Post::default(); scenario.province.sentinels.len()],
            blind: Vec::new(),
            store: Store::new(places),
            desk: Desk::default(),
            ear: Ear::default(),
            roll: Roll::default(),
            complaint: None,
            core: None,
            reference: None,
            outcome: Outcome::default(),
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
        match &trouble.fault {
            Fault::Suspend => self.asleep_until = self.asleep_until.max(trouble.to),
            Fault::Step(by) => self.offset += by,
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

    fn end_life(&mut self, killed: bool) {
        if killed {
            self.store.kill(self.clock);
        } else {
            self.store.close();
        }
        self.core = None;
        self.reference = None;
        self.life += 1;
        for seat in &mut self.seats {
            *seat = Seat { ticket: seat.ticket, ..Seat::default() };
        }
    }

    fn begin_life(&mut self) {
        self.life += 1;
        self.trace(|run| format!("life {} begins", run.life));
        let (inventory, place_of) = self.scenario.inventory(&self.listing);
        self.inventory = inventory;
        self.place_of = place_of;
        let now = self.now();
        let (store, inventory) = (&self.store, &self.inventory);
        let place_of = &self.place_of;
        let remembered = |id: &SubjectId| {
            store.remembered(place_of[inventory.find_subject(id.as_str()).unwrap().ix()])
        };
        let kept = subject_under_test::Kept {
            incidents: store.open_incidents(),
            work: match self.options.slip {
                Some(Slip::ForgetsWork) => Vec::new(),
                _ => self.scenario.work(),
            },
            sentinels: self.scenario.province.sentinel_list(),
        };
        self.desk.restart(&kept.incidents);
        let places = 0..self.scenario.province.subjects.len();
        let flapping = places.map(|p| store.remembered(p).is_some_and(|r| r.is_flapping));
        self.ear.restart(flapping.collect(), &kept.incidents, self.clock);
        let sentinels = kept.sentinels.clone();
        let core = Core::new(self.options.known(inventory), &remembered, kept, now);
        let reference = (!self.options.alone).then(|| {
            Reference::new(Arc::clone(inventory), &remembered, &sentinels, now, self.options.quirk)
        });
        self.core = Some(core);
        self.reference = reference;
        self.seat_targets();
        self.blind.clear();
        self.perform();
        let life = self.life;
        for n in 0..self.posts.len() {
            self.posts[n].running = None;
            let late = hash(self.scenario.seed, n as u64, u64::from(life)) % 2_000;
            let ticket = self.posts[n].ticket;
            self.at(self.clock + late as i64, Happening::Sentinel { n, life, ticket });
        }
        self.at(self.clock + TICK_MS, Happening::Tick { life });
        self.next_check = self.clock + 10 * TICK_MS;
    }

    fn reload(&mut self) -> Result<(), Box<Failure>> {
        self.check_records()?;
        let (inventory, place_of) = self.scenario.inventory(&self.listing);
        let now = self.now();
        let old =
            (std::mem::replace(&mut self.inventory, Arc::clone(&inventory)), self.place_of.clone());
        self.place_of = place_of;
        self.touched.clear();
        let known = self.options.known(&inventory);
        let gone = self.core.as_mut().unwrap().reload(known, now);
        for (id, from) in gone {
            let place = old.1[old.0.find_subject(id.as_str()).unwrap().ix()];
            let nobody_asks =
                Stretch { from, state: tuantra::model::State::Unmeasured, cause: None };
            self.keep(place, vec![nobody_asks]);
        }
        if let Some(reference) = &mut self.reference {
            let (store, place_of) = (&self.store, &self.place_of);
            let listed = Arc::clone(&inventory);
            let past = |id: &SubjectId| {
                store.remembered(place_of[listed.find_subject(id.as_str()).unwrap().ix()])
            };
            reference.reload(inventory, &past, now);
        }
        self.seat_targets();
        let seats = &self.seats;
        self.ear.reload(|place| seats[place].ix.is_some());
        self.perform();
        Ok(())
    }

    /// Tells the prober whom to ask: who stays keeps its turn.
    fn seat_targets(&mut self) {
        let mut listed = vec![None; self.seats.len()];
        for (ix, place) in (0_u32..).map(SubjectIx).zip(&self.place_of) {
            listed[*place] = Some(ix);
        }
        for (place, ix) in listed.into_iter().enumerate() {
            let is_target = ix.is_some_and(|ix| {
                let subject = self.inventory.subject(ix);
                subject.is_enabled && !subject.checks.is_empty()
            });
            let seat = &mut self.seats[place];
            seat.ix = ix;
            if seat.is_target == is_target {
                if let (Some((_, round)), Some(ix)) = (&mut seat.running, ix) {
                    round.subject = ix;
                    seat.asides.iter_mut().for_each(|aside| aside.subject = ix);
                }
                continue;
            }
            let ticket = seat.ticket + 1;
            *seat = Seat { ix, is_target, ticket, ..Seat::default() };
            if is_target {
                let late = hash(self.scenario.seed, place as u64, u64::from(self.life));
                let life = self.life;
                let when = self.clock + (late % FIRST_SWEEP_MS as u64) as i64;
                self.at(when, Happening::Turn { place, life, ticket });
            }
        }
    }

    fn tick(&mut self) -> Result<(), Box<Failure>> {
        let now = self.now();
        self.core.as_mut().unwrap().tick(now);
        if let Some(reference) = &mut self.reference {
            reference.tick(now);
        }
        self.perform();
        self.compare()?;
        let clock = self.clock;
        if let Err((place, what)) = self.listen(|ear, scene| ear.look(clock, scene)) {
            return Err(self.failure(Some(place), what));
        }
        self.call_roll()?;
        self.store.commit(self.clock);
        let life = self.life;
        self.at(self.clock + TICK_MS, Happening::Tick { life });
        if self.clock >= self.next_check || self.options.finely {
            self.next_check = self.clock + 6 * 3_600_000;
            self.check_records()?;
        }
        Ok(())
    }

    fn ask_sentinel(&mut self, n: usize) {
        if self.posts[n].running.is_some() {
            return;
        }
        let answers = self.truth.sentinel_answers(n, self.clock);
        self.posts[n].running = Some((self.now(), answers));
        let took = if answers { 2 * i64::from(PING.spacing_ms) + 5 } else { PING.round_ms() };
        let life = self.life;
        self.at(self.clock + took, Happening::SentinelOver { n, life });
    }

    fn sentinel_over(&mut self, n: usize) -> Result<(), Box<Failure>> {
        let Some((at, answered)) = self.posts[n].running.take() else { return Ok(()) };
        let now = self.now();
        let is_invalid = self.truth.invalid.contain(self.clock);
        self.trace(|_| format!("sentinel {n}: sent {at} answered {answered} {is_invalid}"));
        if !is_invalid {
            self.core.as_mut().unwrap().sentinel(n, at, answered, now);
            if let Some(reference) = &mut self.reference {
                reference.sentinel(n, at, answered, now);
            }
        }
        let each = if answered { SENTINEL_MS } else { SENTINEL_RETRY_MS };
        self.posts[n].ticket += 1;
        let (life, ticket) = (self.life, self.posts[n].ticket);
        self.at(self.clock + each, Happening::Sentinel { n, life, ticket });
        self.perform();
        self.compare()
    }

    fn turn(&mut self, place: usize) {
        let (clock, now) = (self.clock, self.now());
        let seat = &mut self.seats[place];
        let Some(ix) = seat.ix.filter(|_| seat.is_target && seat.running.is_none()) else { return };
        seat.last_start = Some(clock);
        seat.is_asked_again = false;
        let truth = &self.truth;
        let sent = |check: usize, late: i64| {
            let seen = truth.round(place, check, clock + late);
            let is_invalid = truth.invalid.contain(clock);
            let answered = usize::from(3 - seen.lost);
            let round = Round {
                subject: ix,
                check: check as u8,
                at: now + late,
                sent: 3,
                lost: seen.lost,
                rtts: Rtts::from_us(&seen.rtt_us[..answered]),
                error: is_invalid.then_some(RoundError::Overflow),
            };
            let slowest = seen.rtt_us.iter().max().copied().unwrap_or(0);
            let took = 2 * i64::from(PING.spacing_ms) + i64::from(slowest / 1000) + 1;
            (round, late + if seen.lost > 0 { PING.round_ms() } else { took })
        };
        let (round, mut took) = sent(0, 0);
        seat.running = Some((clock, round));
        seat.asides.clear();
        for check in 1..=self.scenario.province.subjects[place].others.len() {
            let chance = hash(self.scenario.seed, (place * 8 + check) as u64, clock as u64);
            // Now and then there is no time for it, and never twice in a row.
            let is_left_out = chance.is_multiple_of(6) && seat.left_out & 1 << check == 0;
            seat.left_out ^= (seat.left_out & 1 << check) | u8::from(is_left_out) << check;
            if !is_left_out {
                let (aside, until) = sent(check, (chance % 400) as i64);
                seat.asides.push(aside);
                took = took.max(until);
            }
        }
        let life = self.life;
        self.at(clock + took, Happening::Judge { place, life });
    }

    fn judge(&mut self, place: usize) -> Result<(), Box<Failure>> {
        let now = self.now();
        // A target that was taken away meanwhile has no round any more.
        let Some((sent, primary)) = self.seats[place].running.take() else { return Ok(()) };
        self.outcome.rounds += 1;
        let mut rounds = std::mem::take(&mut self.seats[place].asides);
        // The answers come in any order.
        let before = hash(self.scenario.seed, place as u64, sent as u64) as usize;
        rounds.insert(before % (rounds.len() + 1), primary);
        for round in &rounds {
            self.judge_round(place, round, now);
        }
        self.touched.push(primary.subject);
        self.plan(place);
        self.perform();
        self.compare()
    }

    fn judge_round(&mut self, place: usize, round: &Round, now: UnixMs) {
        self.trace(|run| {
            let (name, lost) = (&run.scenario.province.subjects[place].name, round.lost);
            let invalid = if round.is_invalid() { " invalid" } else { "" };
            let check =
                if round.check > 0 { format!("#{}", round.check + 1) } else { String::new() };
            format!("{name}{check}: sent {} lost {lost} {:?}{invalid}", round.at, round.rtts)
        });
        if !round.is_invalid() {
            self.store.sample(place, self.clock, round.at);
        }
        if let Some(core) = &mut self.core {
            core.round(round, now);
        }
        if let Some(reference) = &mut self.reference {
            reference.round(round, now);
        }
        // What is said is said of now, not of what the next round brings.
        self.perform();
    }

    /// Plans a place's next turn after its round, or after its pace changed.
    fn plan(&mut self, place: usize) {
        let (clock, life) = (self.clock, self.life);
        let seat = &mut self.seats[place];
        let Some(ix) = seat.ix.filter(|_| seat.is_target && seat.running.is_none()) else { return };
        let Some(start) = seat.last_start else { return };
        let health = &self.inventory.subject(ix).health;
        let when = if seat.is_asked_again {
            clock
        } else if seat.is_retrying {
            (start + health.retry_ms).max(clock)
        } else {
            let key = hash(0, place as u64, 0) % health.interval_ms as u64;
            let phase = key as i64;
            let turns = (start - phase).div_euclid(health.interval_ms) + 1;
            (phase + turns * health.interval_ms).max(clock)
        };
        seat.ticket += 1;
        let ticket = seat.ticket;
        self.at(when, Happening::Turn { place, life, ticket });
    }

    /// Does what the core asked for.
    fn perform(&mut self) {
        let Some(core) = self.core.as_mut().filter(|core| !core.is_silent()) else { return };
        for said in core.take_said() {
            self.trace(|run| run.describe(&said));
            match said {
                Said::Record(subject, news) => {
                    self.touched.push(subject);
                    self.keep(self.place_of[subject.ix()], news);
                }
                Said::Verdict(subject, rule, since) => {
                    if rule == Rule::WindowOver {
                        self.outcome.undecided.push((self.place_of[subject.ix()], since));
                    }
                    self.touched.push(subject);
                    self.judged.push(subject);
                    self.outcome.verdicts += 1;
                }
                Said::Retry(subject, is_retrying) => {
                    let place = self.place_of[subject.ix()];
                    self.seats[place].is_retrying = is_retrying;
                    self.plan(place);
                }
                Said::AskSentinels => {
                    for n in 0..self.posts.len() {
                        self.posts[n].ticket += 1;
                        let (life, ticket) = (self.life, self.posts[n].ticket);
                        let when = self.clock + 20;
                        self.at(when, Happening::Sentinel { n, life, ticket });
                    }
                }
                Said::Flapping(subject, begins) => {
                    self.touched.push(subject);
                    let place = self.place_of[subject.ix()];
                    self.complain(|run| run.ear.flaps(place, begins));
                    self.store.keep(self.clock, Fact::Flapping(place, begins));
                }
                Said::Incident(incident, change) => {
                    self.complain(|run| run.desk.incident(&incident, change));
                    if change == Change::Closed {
                        self.ear.closed(&incident);
                    }
                    self.store.keep(self.clock, Fact::Incident(incident));
                }
                Said::Blind(carrier, since, None) => {
                    self.blind.push(Blindness { carrier, since, until: None });
                }
                Said::Blind(carrier, _, until) => {
                    let open = self.blind.iter_mut().rfind(|b| b.carrier == carrier);
                    if let Some(open) = open {
                        open.until = until;
                    }
                }
                Said::Tell(telling) => {
                    self.complain(|run| {
                        let (core, inventory) = (run.core.as_ref(), &run.inventory);
                        run.desk.tell(&telling, |id| {
                            core?.seen(inventory.find_subject(id.as_str())?).hard
                        })
                    });
                    let heard = match self.options.slip {
                        Some(slip) => slip.mishear(*telling),
                        None => vec![*telling],
                    };
                    for telling in heard {
                        self.complain(|run| run.listen(|ear, scene| ear.tell(&telling, scene)));
                    }
                }
                Said::Usual(subject, hour, usual) => {
                    let known = (usual.usual_us, usual.rounds);
                    let reference = self.reference.as_ref().map(|r| r.usual(subject, hour));
                    self.complain(|_| match reference {
                        Some(other) if other != Some(known) => Err(format!(
                            "usual at {hour} by the core {known:?}, by the reference {other:?}"
                        )),
                        _ => Ok(()),
                    });
                    let place = self.place_of[subject.ix()];
                    self.store.keep(self.clock, Fact::Usual(place, hour, usual));
                }
                Said::AskNow(subject) => {
                    let place = self.place_of[subject.ix()];
                    let (clock, life) = (self.clock, self.life);
                    let seat = &mut self.seats[place];
                    if seat.running.is_some() {
                        seat.is_asked_again = true;
                    } else if seat.is_target {
                        seat.ticket += 1;
                        let ticket = seat.ticket;
                        self.at(clock + 20, Happening::Turn { place, life, ticket });
                    }
                }
            }
        }
        self.complain(|run| run.desk.settle());
    }

    /// Keeps the first complaint for the next comparison.
    fn complain(&mut self, check: impl FnOnce(&mut Self) -> Result<(), String>) {
        let verdict = check(self);
        self.complaint = self.complaint.take().or(verdict.err());
    }

    /// Lets the ear hear something.
    fn listen<E>(&mut self, hear: impl FnOnce(&mut Ear, &Scene) -> Result<(), E>) -> Result<(), E> {
        let mut ear = std::mem::take(&mut self.ear);
        let is_blind = |b: &Blindness| b.until.is_none();
        let heard = self.core.as_ref().map_or(Ok(()), |core| {
            let scene = Scene {
                scenario: self.scenario,
                inventory: &self.inventory,
                place_of: &self.place_of,
                core,
                now: self.now(),
                is_blind: self.blind.iter().any(|b| is_blind(b) && b.carrier.is_none()),
                is_half_blind: self.blind.iter().any(is_blind),
            };
            hear(&mut ear, &scene)
        });
        self.ear = ear;
        heard
    }

    fn describe(&self, said: &Said) -> String {
        let name = |s: &SubjectIx| &self.scenario.province.subjects[self.place_of[s.ix()]].name;
        match said {
            Said::Record(s, news) => {
                let mut line = format!("    record of {}:", name(s));
                for n in news {
                    let cause = n.cause.as_ref().map_or("", |c| c.as_str());
                    let _ = write!(line, " {} {} {cause};", n.from, n.state.as_str());
                }
                line
            }
            Said::Verdict(s, rule, since) => {
                format!("    verdict: {} by {rule:?} since {since}", name(s))
            }
            Said::Retry(s, yes) => {
                format!("    pace of {}: {}", name(s), if *yes { "retry" } else { "normal" })
            }
            Said::AskNow(s) => format!("    ask {}", name(s)),
            Said::AskSentinels => "    ask the sentinels".to_owned(),
            Said::Flapping(s, begins) => format!("    {} flaps: {begins}", name(s)),
            Said::Incident(incident, change) => format!("    {change:?}: {incident:?}"),
            Said::Blind(carrier, since, until) => {
                format!("    blind {carrier:?} from {since} until {until:?}")
            }
            Said::Tell(telling) => format!("    {telling:?}"),
            Said::Usual(s, hour, usual) => format!("    usual of {} at {hour}: {usual:?}", name(s)),
        }
    }

    fn keep(&mut self, place: usize, news: Vec<Stretch>) {
        self.store.keep(self.clock, Fact::Record(place, news));
    }

    /// The last verdicts of who was spoken of must be the same.
    fn compare(&mut self) -> Result<(), Box<Failure>> {
        if let Some(what) = self.complaint.take() {
            return Err(self.failure(None, what));
        }
        if let Some(reference) = &mut self.reference {
            self.touched.append(&mut reference.take_changed());
            if self.blind != reference.blind() {
                let what = format!(
                    "blind by the core {:?}, by the reference {:?}",
                    self.blind,
                    reference.blind()
                );
                return Err(self.failure(None, what));
            }
        }
        for subject in std::mem::take(&mut self.touched) {
            let (Some(core), Some(reference)) = (&self.core, &self.reference) else { continue };
            let model = reference;
            let (core, mut reference) = (core.seen(subject), model.seen(subject));
            // Of several roots DESIGN names the nearest, and leaves open who is to blame later on.
            let is_judged = self.judged.contains(&subject) && reference.cause.is_some();
            let may_blame =
                core.cause.as_ref().is_some_and(|c| model.may_blame(subject, c.as_str()));
            if !is_judged || may_blame {
                reference.cause.clone_from(&core.cause);
            }
            if core != reference {
                let what = format!("the core says {core:?}, the reference {reference:?}");
                return Err(self.failure(Some(self.place_of[subject.ix()]), what));
            }
            if self.options.finely {
                self.check_record(subject)?;
            }
        }
        self.judged.clear();
        Ok(())
    }

    /// Who is missed must be the same. After the clock was set it may be another: what was due may
    /// not be so any more.
    fn call_roll(&mut self) -> Result<(), Box<Failure>> {
        let (Some(core), Some(reference)) = (&self.core, &self.reference) else { return Ok(()) };
        let is_stepped = self.scenario.troubles.iter().any(|t| matches!(t.fault, Fault::Step(_)));
        if is_stepped {
            return Ok(());
        }
        let now = self.now();
        let called = self.roll.call(core.incidents(), reference, now);
        called.map_err(|what| self.failure(None, what))
    }

    fn check_records(&mut self) -> Result<(), Box<Failure>> {
        for subject in self.inventory.clone().subject_ixs() {
            self.check_record(subject)?;
        }
        Ok(())
    }

    fn check_record(&mut self, subject: SubjectIx) -> Result<(), Box<Failure>> {
        let Some(reference) = &self.reference else { return Ok(()) };
        let place = self.place_of[subject.ix()];
        let mut core = states(&self.store.records()[place]);
        let mut model = states(&reference.record(subject));
        // Neither must say at once that nobody asks any more: a round may be under way, or wait
        // for the sentinels.
        let health = &self.inventory.subject(subject).health;
        let patience = health.interval_ms + health.correlation_window_ms + 10_000;
        for record in [&mut core, &mut model] {
            let last = record.last();
            let is_young = |s: &Stretch| self.now().since(s.from) < patience + health.interval_ms;
            if last.is_some_and(|s| s.state == State::Unmeasured && is_young(s)) {
                record.pop();
            }
        }
        if core == model {
            return Ok(());
        }
        let same = core.iter().zip(&model).take_while(|(a, b)| a == b).count();
        let tail = |record: &[Stretch]| {
            let tail = record.iter().skip(same.saturating_sub(2)).take(6);
            tail.map(|s| format!("\n    {} {:?} {:?}", s.from, s.state, s.cause))
                .collect::<String>()
        };
        let what = format!("records differ: core{}\n  reference{}", tail(&core), tail(&model));
        Err(self.failure(Some(place), what))
    }

    fn failure(&mut self, place: Option<usize>, what: String) -> Box<Failure> {
        let trace = std::mem::take(&mut self.outcome.trace);
        Box::new(Failure { at: self.clock, place, what, trace })
    }
}

/// Open every day from one minute to another, in Vietnam.
fn daily(from: i64, to: i64) -> Calendar {
    Calendar {
        id: CalendarId::new("routine").unwrap(),
        zone: jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
        hours: std::array::from_fn(|_| vec![(from as u16, to as u16)]),
        holidays: Vec::new(),
        make_up: Vec::new(),
    }
}
