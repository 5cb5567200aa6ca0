//! The numbers by which the file knows subjects and series, remembered between transactions.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _};

use crate::model::{Metric, PointKind, SubjectId};

type Sql<T> = Result<T, rusqlite::Error>;

/// Bits of a key that hold the series' number; the time stands above them.
pub(super) const SERIES_BITS: u32 = 24;
/// Largest number of a series.
pub(super) const SERIES_MAX: u32 = (1 << SERIES_BITS) - 1;

/// Hours and days are numbered within this, far beyond any calendar, so that a key never
/// overflows whatever a window asks for.
const SLOT_MAX: i64 = 1 << 38;

/// The key of what belongs to a series in the hour or day numbered `slot`.
pub(super) const fn key(slot: i64, series: u32) -> i64 {
    let slot = if slot > SLOT_MAX {
        SLOT_MAX
    } else if slot < -SLOT_MAX {
        -SLOT_MAX
    } else {
        slot
    };
    (slot << SERIES_BITS) | series as i64
}

/// The hour or day of a key.
pub(super) const fn slot_of(key: i64) -> i64 {
    key >> SERIES_BITS
}

/// The series of a key.
pub(super) const fn series_of(key: i64) -> u32 {
    (key & SERIES_MAX as i64) as u32
}

/// Lists of metrics that are remembered of a subject: a device says now and then more than usual.
const LISTS_MAX: usize = 2;
/// Orders of series that are kept once, at most: some for each kind of device.
const ORDERS_MAX: usize = 4_096;

/// The word of a series of rounds in the file.
pub(super) const ROUNDS: &str = "rounds";

/// The word of a kind of points in the file.
pub(super) const fn kind_word(kind: PointKind) -> &'static str {
    match kind {
        PointKind::Counter => "counter",
        PointKind::Gauge => "gauge",
    }
}

#[derive(Debug)]
struct Known {
    /// As it came last: while it is held, nothing else stands at its address.
    id: SubjectId,
    subject: i64,
    /// The file had nothing of it before: a series that is not known here most likely has no number.
    is_new: bool,
    /// Checks whose rounds have a turn are below.
    checks: usize,
    /// By the number of the metric: thousands of devices have hundreds of series each, and the same
    /// metrics.
    points: Vec<(u32, u32)>,
    /// The last lists of metrics that were read together, with the series of each.
    moments: Vec<(Arc<[Metric]>, Listed)>,
}

/// The series of metrics that were read together, in their order. Devices that are alike are given
/// numbers in the same order, so that what each keeps of its hundreds is the first.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    first: u32,
    /// How far each stands behind the first; [`GONE`] where no number was left.
    behind: Arc<[i32]>,
}

const GONE: i32 = i32::MIN;

impl Listed {
    /// In the order of the metrics; `None` of one for which no number was left.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<u32>> + Clone {
        self.behind.iter().map(|behind| self.at(*behind))
    }

    /// The first that has a number; 0 where none has.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    fn at(&self, behind: i32) -> Option<u32> {
        (behind != GONE).then(|| self.first.wrapping_add_signed(behind))
    }
}

impl Known {
    /// The series of a metric as the lists have it.
    fn listed(&self, metric: &Metric) -> Option<u32> {
        self.moments.iter().find_map(|(metrics, series)| {
            let place = metrics.iter().position(|known| known == metric)?;
            series.at(*series.behind.get(place)?)
        })
    }
}

/// What was looked up or given out so far.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Places in `known`.
    places: HashMap<SubjectId, usize>,
    /// The same by where the text of `Known::id` stands: every reading asks, and mostly with the
    /// same copy of the id as the one before, whose text need not be read then.
    by_address: HashMap<usize, usize, BuildHasherDefault<AddressHasher>>,
    /// Places in `turns` by the same address and the index of the check: a round is asked for this
    /// way only, and finds its series in one place instead of three.
    by_check: HashMap<(usize, u8), usize, BuildHasherDefault<AddressHasher>>,
    turns: Turns,
    known: Vec<Known>,
    metrics: Metrics,
    /// Of [`Listed`].
    orders: HashSet<Arc<[i32]>>,
    next: Next,
}

/// Series of rounds in the order in which they came first. A patrol asks in the same order again and
/// again, so that whose turn is next stands behind whose it was last, and need not be looked for.
#[derive(Debug, Default)]
struct Turns {
    all: Vec<Turn>,
    /// The place that is expected next.
    next: usize,
}

#[derive(Debug)]
struct Turn {
    address: usize,
    check: u8,
    series: u32,
}

impl Turns {
    /// The series, if it is this one's turn.
    #[inline]
    fn expected(&mut self, (address, check): (usize, u8)) -> Option<u32> {
        let place = if self.next < self.all.len() { self.next } else { 0 };
        let turn = self.all.get(place)?;
        let is_it = turn.address == address && turn.check == check;
        is_it.then(|| {
            self.next = place + 1;
            turn.series
        })
    }

    /// The series at a place; the one behind it is expected then.
    fn at(&mut self, place: usize) -> Option<u32> {
        self.next = place + 1;
        self.all.get(place).map(|turn| turn.series)
    }

    /// A further one; answers its place.
    fn push(&mut self, turn: Turn) -> usize {
        self.all.push(turn);
        self.next = self.all.len();
        self.all.len() - 1
    }
}

/// The number of the next series: who writes the file gives them out alone.
#[derive(Debug, Default)]
struct Next(Option<u32>);

/// Metrics, numbered in this run only.
#[derive(Debug, Default)]
struct Metrics {
    numbers: HashMap<Metric, u32>,
    /// As each came last, and by where its name stands: as it is with [`Numbers::by_address`].
    known: Vec<Metric>,
    by_address: HashMap<usize, u32, BuildHasherDefault<AddressHasher>>,
}

impl Metrics {
    fn number(&mut self, metric: &Metric) -> u32 {
        // Names begin at multiples of 8.
        let address = |metric: &Metric| metric.name.as_ptr().addr() + metric.kind as usize;
        if let Some(number) = self.by_address.get(&address(metric)) {
            return *number;
        }
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(metric.clone()).or_insert(next);
        match self.known.get_mut(number as usize) {
            Some(known) => {
                let before = std::mem::replace(known, metric.clone());
                self.by_address.remove(&address(&before));
            }
            None => self.known.push(metric.clone()),
        }
        self.by_address.insert(address(metric), number);
        number
    }
}

/// Spreads addresses, which are multiples of 8, over all bits.
#[derive(Debug, Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        let mixed = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

fn address_of(id: &SubjectId) -> usize {
    id.as_str().as_ptr().addr()
}

impl Numbers {
    /// A transaction was rolled back: numbers given in it are gone with it.
    pub(super) fn forget(&mut self) {
        self.places.clear();
        self.by_address.clear();
        self.by_check.clear();
        self.turns = Turns::default();
        self.known.clear();
        self.metrics = Metrics::default();
        self.orders.clear();
        self.next = Next::default();
    }

    /// The subject's number, given out if it has none.
    pub(super) fn subject(&mut self, tx: &Connection, id: &SubjectId) -> Sql<i64> {
        Ok(self.known(tx, id)?.0.subject)
    }

    /// The series of a check's rounds. `None` when all numbers are used up.
    pub(super) fn rounds(
        &mut self,
        tx: &Connection,
        id: &SubjectId,
        check: u8,
    ) -> Sql<Option<u32>> {
        let address = (address_of(id), check);
        if let Some(series) = self.turns.expected(address) {
            return Ok(Some(series));
        }
        if let Some(place) = self.by_check.get(&address) {
            return Ok(self.turns.at(*place));
        }
        let (known, _) = self.known(tx, id)?;
        known.checks = known.checks.max(usize::from(check) + 1);
        // The id stood elsewhere before, and its turn has followed it.
        if let Some(place) = self.by_check.get(&address) {
            return Ok(self.turns.at(*place));
        }
        let (known, next) = self.known(tx, id)?;
        let series = next.series(tx, known, ROUNDS, &check.to_string())?;
        if let Some(series) = series {
            let place = self.turns.push(Turn { address: address.0, check, series });
            self.by_check.insert(address, place);
        }
        Ok(series)
    }

    /// The series of a metric's points. `None` when all numbers are used up.
    pub(super) fn points(
        &mut self,
        tx: &Connection,
        id: &SubjectId,
        metric: &Metric,
    ) -> Sql<Option<u32>> {
        let number = self.metrics.number(metric);
        let (known, next) = self.known(tx, id)?;
        let place = match known.points.binary_search_by_key(&number, |(metric, _)| *metric) {
            Ok(place) => return Ok(known.points.get(place).map(|(_, series)| *series)),
            Err(place) => place,
        };
        let series = next.series(tx, known, kind_word(metric.kind), &metric.name)?;
        if let Some(series) = series {
            // Room for some more, not for twice as many.
            known.points.reserve_exact(known.points.len() / 8 + 1);
            known.points.insert(place, (number, series));
        }
        Ok(series)
    }

    /// The series of metrics that were read together.
    pub(super) fn moment(
        &mut self,
        tx: &Connection,
        id: &SubjectId,
        metrics: &Arc<[Metric]>,
    ) -> Sql<Listed> {
        let (known, next) = self.known(tx, id)?;
        // While a list is held nothing else stands at its address.
        let same = known.moments.iter().find(|(list, _)| Arc::ptr_eq(list, metrics));
        if let Some((_, series)) = same {
            return Ok(series.clone());
        }
        let mut series = Vec::with_capacity(metrics.len());
        for metric in metrics.iter() {
            series.push(match known.listed(metric) {
                Some(series) => Some(series),
                None => next.series(tx, known, kind_word(metric.kind), &metric.name)?,
            });
        }
        let series = self.list(&series);
        let (known, _) = self.known(tx, id)?;
        if known.moments.len() >= LISTS_MAX {
            known.moments.remove(0);
        }
        known.moments.reserve_exact(1);
        known.moments.push((Arc::clone(metrics), series.clone()));
        Ok(series)
    }

    fn list(&mut self, series: &[Option<u32>]) -> Listed {
        let first = series.iter().find_map(|series| *series).unwrap_or(0);
        // Numbers have 24 bits.
        let behind = |series: &Option<u32>| {
            series.map_or(GONE, |series| series.wrapping_sub(first).cast_signed())
        };
        let behind: Arc<[i32]> = series.iter().map(behind).collect();
        if let Some(there) = self.orders.get(&behind) {
            return Listed { first, behind: Arc::clone(there) };
        }
        if self.orders.len() >= ORDERS_MAX {
            self.orders.retain(|order| Arc::strong_count(order) > 1);
        }
        if self.orders.len() < ORDERS_MAX {
            self.orders.insert(Arc::clone(&behind));
        }
        Listed { first, behind }
    }

    fn known(&mut self, tx: &Connection, id: &SubjectId) -> Sql<(&mut Known, &mut Next)> {
        let place = match self.by_address.get(&address_of(id)) {
            Some(place) => *place,
            None => self.place_of(tx, id)?,
        };
        // Put there above if it was missing.
        let known = self.known.get_mut(place).ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok((known, &mut self.next))
    }

    /// The place of a subject whose id stands elsewhere than it did, or that is new.
    fn place_of(&mut self, tx: &Connection, id: &SubjectId) -> Sql<usize> {
        let place = match self.places.get(id) {
            Some(place) => *place,
            None => {
                let (subject, is_new) = give_subject(tx, id)?;
                let (checks, points, moments) = (0, Vec::new(), Vec::new());
                self.known.push(Known { id: id.clone(), subject, is_new, checks, points, moments });
                self.places.insert(id.clone(), self.known.len() - 1);
                self.known.len() - 1
            }
        };
        if let Some(known) = self.known.get_mut(place) {
            let before = std::mem::replace(&mut known.id, id.clone());
            self.by_address.remove(&address_of(&before));
            let address = address_of(id);
            for check in (0..=u8::MAX).take(known.checks) {
                let Some(turn) = self.by_check.remove(&(address_of(&before), check)) else {
                    continue;
                };
                self.by_check.insert((address, check), turn);
                if let Some(turn) = self.turns.all.get_mut(turn) {
                    turn.address = address;
                }
            }
            self.by_address.insert(address_of(id), place);
        }
        Ok(place)
    }
}

/// A subject's number, and whether it is a new one.
fn give_subject(tx: &Connection, id: &SubjectId) -> Sql<(i64, bool)> {
    let known = tx
        .prepare_cached("SELECT id FROM subject WHERE key = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(number) = known {
        return Ok((number, false));
    }
    tx.prepare_cached("INSERT INTO subject (key) VALUES (?1)")?.execute([id.as_str()])?;
    Ok((tx.last_insert_rowid(), true))
}

impl Next {
    /// The number of a series that is not known here; `None` when all are used up. Of 5,000 devices that
    /// are met in one minute some hundred thousand are given out: one statement each.
    fn series(&mut self, tx: &Connection, of: &Known, kind: &str, name: &str) -> Sql<Option<u32>> {
        let look = || -> Sql<Option<u32>> {
            tx.prepare_cached(
                "SELECT id FROM series WHERE subject = ?1 AND kind = ?2 AND name = ?3",
            )?
            .query_row((of.subject, kind, name), |row| row.get(0))
            .optional()
        };
        if !of.is_new
            && let Some(known) = look()?
        {
            return Ok(Some(known));
        }
        let next = match self.0 {
            Some(next) => next,
            None => {
                let last: Option<u32> = tx
                    .prepare_cached("SELECT max(id) FROM series")?
                    .query_row([], |row| row.get(0))?;
                last.unwrap_or(0) + 1
            }
        };
        if next > SERIES_MAX {
            // What was given out is known all the same.
            self.0 = Some(next);
            return if of.is_new { look() } else { Ok(None) };
        }
        let given = tx
            .prepare_cached(
                "INSERT INTO series (id, subject, kind, name) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (subject, kind, name) DO NOTHING",
            )?
            .execute((next, of.subject, kind, name))?;
        if given == 0 {
            return look();
        }
        self.0 = Some(next + 1);
        Ok(Some(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_finds_its_series_wherever_its_id_stands_and_whoever_comes_before_it() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE subject (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
             CREATE TABLE series (id INTEGER PRIMARY KEY, subject, kind, name, UNIQUE (subject, kind, name));",
        )
        .unwrap();
        let mut numbers = Numbers::default();
        let names = ["a", "b", "c"];
        let mut expected = HashMap::new();
        let mut ids: Vec<SubjectId> = Vec::new();
        // Copies come and go, some at the address of one before, in every order.
        let mut dice = 7_u64;
        for turn in 0..5_000 {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (name, check) = (names[(dice >> 33) as usize % 3], (dice >> 40) as u8 % 3);
            let id = match ids.iter().find(|id| id.as_str() == name) {
                Some(id) if dice >> 50 & 3 > 0 => id.clone(),
                _ => SubjectId::new(name).unwrap(),
            };
            ids.retain(|kept| kept.as_str() != name || dice >> 45 & 1 == 0);
            ids.push(id.clone());
            let series = numbers.rounds(&conn, &id, check).unwrap().unwrap();
            assert_eq!(*expected.entry((name, check)).or_insert(series), series, "turn {turn}");
        }
        let mut all: Vec<u32> = expected.into_values().collect();
        all.sort_unstable();
        assert_eq!(all, (1..=9).collect::<Vec<_>>());
        assert_eq!(numbers.turns.all.len(), 9, "each once");
    }
}
