//! What goes wrong, when, and what that makes of the truth. All times here are those of a clock
//! that only goes on, in milliseconds from the start of the scenario.

use crate::dice::{Dice, hash};
use crate::province::{Province, Way};

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// One subject is off.
    Cut(usize),
    /// All subjects of a unit are off.
    Power(usize),
    /// One subject goes off and on again, so many milliseconds each.
    Flap(usize, i64),
    /// So many thousandths of the packets to a subject are lost.
    Loss(usize, u64),
    /// Answers come so late, in microseconds.
    Slow(usize, u32),
    /// Everything of a carrier is off, its sentinels included.
    Carrier(usize),
    /// One sentinel is off.
    Sentinel(usize),
    /// The patrol itself cannot see out.
    Uplink,
    /// The prober's socket loses answers, or cannot send: rounds are invalid.
    Invalid,
    /// The machine sleeps.
    Suspend,
    /// The daemon is away; killed: what was not yet committed is lost.
    Restart {
        /// Without warning.
        killed: bool,
    },
    /// The wall clock is set, by so many milliseconds.
    Step(i64),
    /// Another inventory.
    Reload {
        /// Listed if they were not, and the other way round.
        toggled: Vec<usize>,
        /// Enabled if they were not, and the other way round.
        switched: Vec<usize>,
        /// Said to be reached through something else; in truth nothing changes.
        rewired: Vec<(usize, Way)>,
    },
    /// Announced work on a subject, unit or carrier.
    Work(Worked),
    /// The same every day, from one minute of the day to another.
    Routine(Worked, i64, i64),
    /// One check of a subject fails while its others may answer: 0 is the primary one.
    Check(usize, usize),
    /// Answers take so many tenths of their usual time.
    Slower(usize, u32),
}

impl Fault {
    /// It is announced work.
    pub const fn is_work(&self) -> bool {
        matches!(self, Self::Work(_) | Self::Routine(..))
    }
}

/// What is worked on.
#[derive(Debug, Clone, Copy)]
pub enum Worked {
    /// A subject.
    Place(usize),
    /// A unit with all beneath.
    Unit(usize),
    /// A carrier's lines.
    Carrier(usize),
}

impl Worked {
    /// True when the place is among what is worked on.
    pub fn includes(self, province: &Province, place: usize) -> bool {
        let subject = &province.subjects[place];
        match self {
            Self::Place(p) => p == place,
            Self::Carrier(carrier) => subject.carrier == Some(carrier),
            Self::Unit(unit) => {
                let above = |u: &usize| province.units[*u];
                std::iter::successors(Some(subject.unit), above).any(|u| u == unit)
            }
        }
    }
}

/// A fault with its time.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// First instant.
    pub from: i64,
    /// First instant after it.
    pub to: i64,
    /// What.
    pub fault: Fault,
}

/// How often each class of fault comes: 0, 1 or 30 times its usual rate, drawn per seed.
fn rate(dice: &mut Dice) -> i64 {
    dice.pick(&[0, 0, 1, 1, 30])
}

const HOUR: i64 = 3_600_000;
/// Bounds what a seed costs.
const MOST_PER_CLASS: i64 = 150;

/// The faults of a seed, sorted by their start.
pub fn random(seed: u64, province: &Province, length: i64) -> Vec<Trouble> {
    let mut dice = Dice::new(seed, "faults");
    let mut found = Vec::new();
    let places = province.subjects.len();
    let asked: Vec<usize> = (0..places).filter(|p| province.subjects[*p].is_asked).collect();
    let units = province.units.len();
    // Per hour, in thousandths, at the usual rate.
    let subject_hours = (asked.len() as i64 * length / HOUR).max(1);
    let hours = (length / HOUR).max(1);
    let draw = |per_mille: i64, dice: &mut Dice| {
        let expected = per_mille * rate(dice);
        (expected / 1000 + i64::from(dice.chance((expected % 1000) as u64))).min(MOST_PER_CLASS)
    };
    let mut counts = Vec::new();
    for per_mille in [
        20 * subject_hours, // Cut
        3 * subject_hours,  // Power
        3 * subject_hours,  // Flap
        10 * subject_hours, // Loss
        10 * subject_hours, // Slow
        50 * hours,         // Carrier
        50 * hours,         // Sentinel
        50 * hours,         // Uplink
        50 * hours,         // Invalid
        30 * hours,         // Suspend
        50 * hours,         // Restart
        20 * hours,         // Step
        50 * hours,         // Reload
        50 * hours,         // Work
    ] {
        counts.push(draw(per_mille, &mut dice));
    }
    for (class, count) in counts.into_iter().enumerate() {
        for _ in 0..count {
            let from = dice.between(0, length);
            let mut span = dice.length(1_000, 2 * HOUR);
            let place = dice.pick(&asked);
            let fault = match class {
                0 => Fault::Cut(place),
                1 => Fault::Power(dice.below(units)),
                2 => Fault::Flap(place, dice.length(2_000, 120_000)),
                3 => Fault::Loss(place, dice.between(50, 600) as u64),
                4 => Fault::Slow(place, dice.between(100_000, 1_500_000) as u32),
                5 => Fault::Carrier(dice.below(province.carriers)),
                6 if province.sentinels.is_empty() => continue,
                6 => Fault::Sentinel(dice.below(province.sentinels.len())),
                7 => Fault::Uplink,
                8 => Fault::Invalid,
                9 => Fault::Suspend,
                10 => {
                    span = dice.length(50, HOUR);
                    Fault::Restart { killed: dice.chance(700) }
                }
                11 => {
                    span = 0;
                    let by = dice.length(100, 4 * HOUR);
                    Fault::Step(if dice.chance(500) { by } else { -by })
                }
                12 => {
                    span = 0;
                    random_reload(&mut dice, province)
                }
                _ => Fault::Work(random_work(&mut dice, province, place)),
            };
            found.push(Trouble { from, to: from + span, fault });
        }
    }
    found.sort_by_key(|t| t.from);
    found
}

fn random_work(dice: &mut Dice, province: &Province, place: usize) -> Worked {
    match dice.below(3) {
        0 => Worked::Place(place),
        1 => Worked::Unit(dice.below(province.units.len())),
        _ => Worked::Carrier(dice.below(province.carriers)),
    }
}

/// What goes wrong with what [`Province::enrich`] gave: drawn apart, so that it does not change
/// the rest.
pub fn more(seed: u64, province: &Province, length: i64) -> Vec<Trouble> {
    let mut dice = Dice::new(seed, "more faults");
    let places = 0..province.subjects.len();
    let asked: Vec<usize> = places.filter(|p| province.subjects[*p].is_asked).collect();
    let some = |is_so: &dyn Fn(usize) -> bool| -> Vec<usize> {
        asked.iter().copied().filter(|p| is_so(*p)).collect()
    };
    let checked = some(&|p| !province.subjects[p].others.is_empty());
    let compared = some(&|p| province.subjects[p].health.baseline_tenths.is_some());
    let mut found = Vec::new();
    for (class, among) in [(0, &checked), (1, &compared), (2, &asked)] {
        // Per hour, in thousandths, at the usual rate.
        let hours = (among.len() as i64 * length / HOUR).max(1);
        let expected = hours * rate(&mut dice) * [60, 60, 4][class];
        let count = expected / 1000 + i64::from(dice.chance((expected % 1000) as u64));
        for _ in 0..count.min(MOST_PER_CLASS) {
            if among.is_empty() {
                break;
            }
            let place = dice.pick(among);
            let from = dice.between(0, length);
            let span = dice.length(1_000, 2 * HOUR);
            let (from, to, fault) = match class {
                0 => {
                    let check = dice.below(province.subjects[place].others.len() + 1);
                    (from, from + span, Fault::Check(place, check))
                }
                1 if dice.chance(300) => {
                    // A busy hour: slow as a rule, and so nothing unusual.
                    let hour = from - from % HOUR;
                    (hour, hour + HOUR, Fault::Slower(place, dice.pick(&[30, 60])))
                }
                1 => (from, from + span, Fault::Slower(place, dice.pick(&[13, 18, 27, 45, 120]))),
                _ => {
                    let minute = dice.between(0, 24 * 60);
                    let until = (minute + dice.between(1, 300)).min(24 * 60);
                    let worked = random_work(&mut dice, province, place);
                    let life = dice.length(HOUR, 48 * HOUR);
                    (from, from + life, Fault::Routine(worked, minute, until))
                }
            };
            found.push(Trouble { from, to, fault });
        }
    }
    found
}

fn random_reload(dice: &mut Dice, province: &Province) -> Fault {
    let places = province.subjects.len();
    let mut some = |most: usize| -> Vec<usize> {
        (0..dice.below(most + 1)).map(|_| dice.below(places)).collect()
    };
    let (toggled, switched, moved) = (some(3), some(2), some(2));
    let rewired = moved
        .into_iter()
        .filter(|place| *place > 0)
        .map(|place| {
            let way = Way::Through(dice.below(place));
            let other = Way::Through(dice.below(place));
            match dice.below(3) {
                0 => (place, way),
                1 => (place, Way::All(vec![way, other])),
                _ => (place, Way::Any(vec![way, other])),
            }
        })
        .collect();
    Fault::Reload { toggled, switched, rewired }
}

/// Sorted spans apart from each other.
#[derive(Debug, Clone, Default)]
pub struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// Sorts and joins them; empty ones are left out.
    pub fn of(mut list: Vec<(i64, i64)>) -> Self {
        list.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (from, to) in list {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ if from < to => joined.push((from, to)),
                _ => {}
            }
        }
        Self(joined)
    }

    /// True inside one of them.
    pub fn contain(&self, at: i64) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        after > 0 && at < self.0[after - 1].1
    }

    /// True when one of them touches `[from, to)`.
    pub fn touch(&self, from: i64, to: i64) -> bool {
        let after = self.0.partition_point(|(start, _)| *start < to);
        after > 0 && from < self.0[after - 1].1
    }

    /// All of them.
    pub fn list(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// The start of the next one; `None` inside one of them.
    pub fn free_until(&self, at: i64) -> Option<i64> {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        let is_free = after == 0 || self.0[after - 1].1 <= at;
        is_free.then(|| self.0.get(after).map_or(i64::MAX, |(from, _)| *from))
    }
}

/// What is really so.
#[derive(Debug, Clone)]
pub struct Truth {
    seed: u64,
    off: Vec<Spans>,
    carrier_off: Vec<Spans>,
    sentinel_off: Vec<Spans>,
    /// When the patrol cannot see out.
    pub uplink: Spans,
    /// When rounds are invalid.
    pub invalid: Spans,
    loss: Vec<Vec<(i64, i64, u64)>>,
    slow: Vec<Vec<(i64, i64, u32)>>,
    slower: Vec<Vec<(i64, i64, u32)>>,
    /// By place and check: when that check alone fails.
    checks: Vec<Vec<Spans>>,
    /// By place: when a check that decides fails, alone or with all the rest.
    silent: Vec<Spans>,
    ways: Vec<Way>,
    rtt_us: Vec<u32>,
    sentinels: Vec<Option<usize>>,
}

/// What a round of three packets saw.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Packets lost.
    pub lost: u8,
    /// Round-trip times of the others in microseconds.
    pub rtt_us: [u32; 3],
}

impl Truth {
    /// What the troubles make of the province.
    pub fn new(seed: u64, province: &Province, troubles: &[Trouble]) -> Self {
        let places = province.subjects.len();
        let mut off = vec![Vec::new(); places];
        let mut carrier_off = vec![Vec::new(); province.carriers];
        let mut sentinel_off = vec![Vec::new(); province.sentinels.len()];
        let (mut uplink, mut invalid) = (Vec::new(), Vec::new());
        let (mut loss, mut slow) = (vec![Vec::new(); places], vec![Vec::new(); places]);
        let mut slower = vec![Vec::new(); places];
        let checks_of = |p: &crate::province::Place| vec![Vec::new(); p.others.len() + 1];
        let mut checks: Vec<Vec<Vec<(i64, i64)>>> =
            province.subjects.iter().map(checks_of).collect();
        for Trouble { from, to, fault } in troubles {
            let (from, to) = (*from, *to);
            match fault {
                Fault::Check(place, check) => checks[*place][*check].push((from, to)),
                Fault::Slower(place, tenths) => slower[*place].push((from, to, *tenths)),
                Fault::Cut(place) => off[*place].push((from, to)),
                Fault::Power(unit) => {
                    for (place, p) in province.subjects.iter().enumerate() {
                        if p.unit == *unit && p.is_asked {
                            off[place].push((from, to));
                        }
                    }
                }
                Fault::Flap(place, each) => {
                    let mut start = from;
                    while start < to {
                        off[*place].push((start, (start + each).min(to)));
                        start += 2 * each;
                    }
                }
                Fault::Carrier(carrier) => {
                    carrier_off[*carrier].push((from, to));
                    for (place, p) in province.subjects.iter().enumerate() {
                        if p.carrier == Some(*carrier) && p.is_asked {
                            off[place].push((from, to));
                        }
                    }
                }
                Fault::Loss(place, permille) => loss[*place].push((from, to, *permille)),
                Fault::Slow(place, rtt_us) => slow[*place].push((from, to, *rtt_us)),
                Fault::Sentinel(n) => sentinel_off[*n].push((from, to)),
                Fault::Uplink => uplink.push((from, to)),
                Fault::Invalid => invalid.push((from, to)),
                Fault::Suspend
                | Fault::Restart { .. }
                | Fault::Step(_)
                | Fault::Reload { .. }
                | Fault::Routine(..)
                | Fault::Work(_) => {}
            }
        }
        let decisive = |place: usize| {
            let of_place = &checks[place];
            let others = (1..).zip(&province.subjects[place].others);
            let critical = others.filter(|(_, critical)| **critical).map(|(check, _)| check);
            std::iter::once(0).chain(critical).flat_map(move |check| &of_place[check])
        };
        let silent = (0..places).map(|p| Spans::of(decisive(p).copied().collect())).collect();
        Self {
            seed,
            slower,
            silent,
            checks: checks.into_iter().map(|c| c.into_iter().map(Spans::of).collect()).collect(),
            off: off.into_iter().map(Spans::of).collect(),
            carrier_off: carrier_off.into_iter().map(Spans::of).collect(),
            sentinel_off: sentinel_off.into_iter().map(Spans::of).collect(),
            uplink: Spans::of(uplink),
            invalid: Spans::of(invalid),
            loss,
            slow,
            ways: province.subjects.iter().map(|p| p.way.clone()).collect(),
            rtt_us: province.subjects.iter().map(|p| p.rtt_us).collect(),
            sentinels: province.sentinels.clone(),
        }
    }

    /// True when the subject is on and something of all that leads to it is, too.
    pub fn is_reachable(&self, place: usize, at: i64) -> bool {
        !self.off[place].contain(at) && self.is_open(&self.ways[place], at)
    }

    /// True when it can be reached and every check that decides answers.
    pub fn answers(&self, place: usize, at: i64) -> bool {
        !self.silent[place].contain(at) && self.is_reachable(place, at)
    }

    fn is_open(&self, way: &Way, at: i64) -> bool {
        match way {
            Way::Through(place) => self.is_reachable(*place, at),
            Way::All(parts) => parts.iter().all(|part| self.is_open(part, at)),
            Way::Any(parts) => parts.iter().any(|part| self.is_open(part, at)),
        }
    }

    /// True when packets to it may be lost by chance.
    pub fn is_lossy(&self, place: usize, from: i64, to: i64) -> bool {
        self.loss[place].iter().any(|(start, end, _)| *start < to && from < *end)
    }

    /// By place: when its primary check may not be answered well, since something of it or of what
    /// leads to it is off, packets are lost or late, or our own side fails. At all other times it is
    /// sure to be.
    pub fn troubled(&self) -> Vec<Spans> {
        let mut silent: Vec<Vec<(i64, i64)>> = Vec::with_capacity(self.off.len());
        for (place, off) in self.off.iter().enumerate() {
            let mut above = Vec::new();
            Province::places_of(&self.ways[place], &mut above);
            above.sort_unstable();
            above.dedup();
            let mut spans = off.list().to_vec();
            above.iter().for_each(|p| spans.extend_from_slice(&silent[*p]));
            silent.push(Spans::of(spans).0);
        }
        let ours = [self.uplink.list(), self.invalid.list()].concat();
        let troubled = silent.into_iter().enumerate().map(|(place, mut spans)| {
            spans.extend_from_slice(&ours);
            spans.extend(self.loss[place].iter().map(|(from, to, _)| (*from, *to)));
            spans.extend(self.slow[place].iter().map(|(from, to, _)| (*from, *to)));
            spans.extend(self.slower[place].iter().map(|(from, to, _)| (*from, *to)));
            self.checks[place].iter().for_each(|check| spans.extend_from_slice(check.list()));
            Spans::of(spans)
        });
        troubled.collect()
    }

    /// Instants at which anything on the way to the subject, or it, or a check of it that decides,
    /// goes off or comes back.
    pub fn edges(&self, place: usize) -> Vec<i64> {
        let mut places = vec![place];
        let mut next = 0;
        while let Some(p) = places.get(next).copied() {
            Province::places_of(&self.ways[p], &mut places);
            next += 1;
        }
        places.sort_unstable();
        places.dedup();
        let mut edges: Vec<i64> =
            places.iter().flat_map(|p| self.off[*p].list()).flat_map(|(a, b)| [*a, *b]).collect();
        edges.extend(self.silent[place].list().iter().flat_map(|(a, b)| [*a, *b]));
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// What a round of a subject's check, sent at `at`, sees.
    pub fn round(&self, place: usize, check: usize, at: i64) -> Seen {
        if self.uplink.contain(at)
            || self.checks[place][check].contain(at)
            || !self.is_reachable(place, at)
        {
            return Seen { lost: 3, ..Seen::default() };
        }
        let loss = worst(&self.loss[place], at).unwrap_or(0);
        let usual_us = worst(&self.slow[place], at).unwrap_or(self.rtt_us[place]);
        let tenths = worst(&self.slower[place], at).unwrap_or(10);
        // What takes longer than the time-out is lost: that is not what is meant here.
        let usual_us = (usual_us * tenths / 10).min(1_700_000);
        let mut chance = hash(self.seed, place as u64 + 65_536 * check as u64, at as u64);
        let mut seen = Seen::default();
        for packet in 0..3 {
            if loss > 0 && chance % 1000 < loss {
                seen.lost += 1;
            } else {
                seen.rtt_us[packet - usize::from(seen.lost)] =
                    usual_us + (chance % 1009) as u32 * usual_us / 10_000;
            }
            chance = crate::dice::mix(chance);
        }
        seen
    }

    /// Until when a sentinel is sure to answer valid rounds from `at` on; `at` itself when it is not.
    pub fn sentinel_sure_until(&self, n: usize, at: i64) -> i64 {
        let carrier = self.sentinels[n].map(|c| &self.carrier_off[c]);
        let all = [&self.uplink, &self.invalid, &self.sentinel_off[n]].into_iter().chain(carrier);
        all.map(|spans| spans.free_until(at).unwrap_or(at)).min().unwrap_or(at)
    }

    /// True when a sentinel answers.
    pub fn sentinel_answers(&self, n: usize, at: i64) -> bool {
        !self.uplink.contain(at)
            && !self.sentinel_off[n].contain(at)
            && !self.sentinels[n].is_some_and(|c| self.carrier_off[c].contain(at))
    }
}

/// The most of what holds at `at`.
fn worst<T: Copy + Ord>(list: &[(i64, i64, T)], at: i64) -> Option<T> {
    list.iter().filter(|(from, to, _)| (*from..*to).contains(&at)).map(|(_, _, how)| *how).max()
}
