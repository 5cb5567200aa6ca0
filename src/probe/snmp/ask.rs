//! What is asked of a device in one pass, and what it said. Pure: no socket, no clock.

use std::collections::VecDeque;
use std::sync::Arc;

pub use super::values::Datum;
use super::values::Values;
use super::wire::{Oid, Value};

/// Most values kept of one pass; what comes beyond is dropped and said so ([`Answers::is_cut`]).
pub const VALUES_MAX: usize = 10_000;
/// Arcs in the name of most values, which are cells of columns: an index of one.
const ARCS: usize = 1;
/// Most bytes of texts kept of one pass: a device may fill each of its values.
const BYTES_MAX: usize = 4 << 20;

/// What one pass asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Single values, each with its whole OID (`sysUpTime.0`).
    pub scalars: Vec<Oid>,
    /// Columns of tables, each asked until its end (`ifOperStatus`).
    pub columns: Vec<Oid>,
}

/// Questions that are alike, kept once: most devices are asked the same.
#[derive(Debug, Default)]
pub struct Alike {
    recent: VecDeque<Arc<Wanted>>,
}

/// Questions remembered: some for each kind of device.
const ALIKE_MAX: usize = 32;

impl Alike {
    /// The same question as one of the last ones, if it is one.
    pub fn share(&mut self, wanted: Wanted) -> Arc<Wanted> {
        if let Some(there) = self.recent.iter().find(|there| ***there == wanted) {
            return Arc::clone(there);
        }
        self.recent.truncate(ALIKE_MAX - 1);
        let wanted = Arc::new(wanted);
        self.recent.push_front(Arc::clone(&wanted));
        wanted
    }
}

/// What a device said in one pass; only values, no exceptions (`noSuchObject` and its like are
/// missing).
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// As they came: columns are asked side by side. A cell is named by its index alone, which is what
    /// tells it from the others of its column.
    values: Values,
    /// Places in `values` of those that belong to no column, by OID.
    alone: Vec<u32>,
    columns: Vec<Column>,
    /// Columns that were given up before their end, because the device broke the protocol there.
    broken: Vec<Oid>,
    /// Of the texts that were added.
    bytes: usize,
    is_cut: bool,
}

/// A column that was asked, as far as it has come.
#[derive(Debug, Clone)]
struct Column {
    root: Oid,
    cells: Cells,
}

/// Places of cells whose indexes rise. Columns that are asked side by side come row by row, so that most
/// stand at even distances: only the others are listed.
#[derive(Debug, Clone, Default)]
struct Cells {
    first: u32,
    step: u32,
    even: u32,
    others: Vec<u32>,
}

impl Cells {
    fn len(&self) -> usize {
        self.even as usize + self.others.len()
    }

    /// The place of a cell by its number, which is less than [`Self::len`].
    fn at(&self, number: usize) -> u32 {
        match number.checked_sub(self.even as usize) {
            None => self.first + self.step * number as u32,
            Some(other) => self.others.get(other).copied().unwrap_or_default(),
        }
    }

    fn last(&self) -> Option<u32> {
        Some(self.at(self.len().checked_sub(1)?))
    }

    /// Adds a place behind all others.
    fn push(&mut self, place: u32) {
        match self.even {
            _ if !self.others.is_empty() => self.others.push(place),
            0 => (self.first, self.even) = (place, 1),
            1 => (self.step, self.even) = (place - self.first, 2),
            even if place == self.first + self.step * even => self.even += 1,
            _ => self.others.push(place),
        }
    }
}

/// How many of `len` are before, where all that are stand in front.
fn count_before(len: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = usize::midpoint(low, high);
        match is_before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

impl Answers {
    /// Makes room for so many values.
    pub(super) fn reserve(&mut self, values: usize) {
        let values = values.min(VALUES_MAX);
        self.values.reserve(values, values * ARCS);
    }

    /// Adds one value; false, and [`Self::is_cut`] from then on, when there are [`VALUES_MAX`] or the
    /// texts have four mebibytes together.
    pub fn insert(&mut self, oid: Oid, value: Value) -> bool {
        self.put(oid.arcs(), (&value).into())
    }

    /// Adds one value, as [`Self::insert`] does.
    pub(super) fn put(&mut self, name: &[u32], value: Datum<'_>) -> bool {
        // Mostly they come in their order.
        let last = self.alone.last().map(|at| self.name(*at));
        let place = match last.is_none_or(|last| last < name) {
            true => Err(self.alone.len()),
            false => self.alone.binary_search_by(|at| self.name(*at).cmp(name)),
        };
        // What takes another's place is another value beside it.
        let most = if place.is_ok() { 2 * VALUES_MAX } else { VALUES_MAX };
        let Some(number) = self.add(name, value, most) else { return false };
        match place {
            Ok(place) => self.alone[place] = number,
            Err(place) => self.alone.insert(place, number),
        }
        true
    }

    /// A column whose cells are to come; its place among the columns.
    pub(super) fn begin(&mut self, root: &Oid) -> usize {
        self.columns.push(Column { root: root.clone(), cells: Cells::default() });
        self.columns.len() - 1
    }

    /// Adds a cell, whose index is greater than the last one's; false where it was too much.
    pub(super) fn push(&mut self, column: usize, index: &[u32], value: Datum<'_>) -> bool {
        let Some(number) = self.add(index, value, VALUES_MAX) else { return false };
        if let Some(column) = self.columns.get_mut(column) {
            column.cells.push(number);
        }
        true
    }

    fn add(&mut self, name: &[u32], value: Datum<'_>, most: usize) -> Option<u32> {
        let bytes = value.text_bytes();
        if self.values.len() >= most || self.bytes + bytes > BYTES_MAX {
            self.is_cut = true;
            return None;
        }
        self.bytes += bytes;
        self.values.push(name, value);
        Some(self.values.len() as u32 - 1)
    }

    /// The OID of a column by its place; empty of none.
    pub(super) fn root(&self, column: usize) -> &[u32] {
        self.columns.get(column).map_or(&[], |column| column.root.arcs())
    }

    /// The index of the last cell of a column that came.
    pub(super) fn last(&self, column: usize) -> Option<&[u32]> {
        self.columns.get(column)?.cells.last().map(|at| self.name(at))
    }

    fn name(&self, number: u32) -> &[u32] {
        self.values.name(number as usize)
    }

    fn value(&self, number: u32) -> Datum<'_> {
        self.values.value(number as usize)
    }

    /// Notes a column that was given up before its end.
    pub fn note_broken(&mut self, column: Oid) {
        self.broken.push(column);
    }

    /// Notes that a column was given up before its end, by its place.
    pub(super) fn break_off(&mut self, column: usize) {
        self.broken.extend(self.columns.get(column).map(|column| column.root.clone()));
    }

    /// A value by its whole OID.
    #[must_use]
    pub fn get(&self, oid: &Oid) -> Option<Datum<'_>> {
        let name = oid.arcs();
        let alone = self.alone.binary_search_by(|at| self.name(*at).cmp(name)).ok();
        let alone = alone.and_then(|place| self.alone.get(place).copied());
        let cells = self.columns.iter().filter_map(|Column { root, cells }| {
            let index = name.strip_prefix(root.arcs())?;
            let is_before = |cell| self.name(cells.at(cell)) < index;
            let cell = count_before(cells.len(), is_before);
            let place = (cell < cells.len()).then(|| cells.at(cell))?;
            (self.name(place) == index).then_some(place)
        });
        // What was asked twice is the later one.
        cells.chain(alone).max().map(|place| self.value(place))
    }

    /// A column's cells in the order of their index: the arcs after the column's OID.
    pub fn column<'a>(&'a self, column: &Oid) -> impl Iterator<Item = (&'a [u32], Datum<'a>)> {
        let arcs = column.arcs();
        // As it was asked, or as a part of what was; of several the one that has the least beside it.
        let holds = self.columns.iter().filter(|asked| arcs.starts_with(asked.root.arcs()));
        let asked = holds.max_by_key(|asked| asked.root.len());
        let (above, len) = match asked {
            Some(asked) => (&arcs[asked.root.len()..], asked.cells.len()),
            None => (arcs, self.alone.len()),
        };
        let place = move |number: usize| match asked {
            Some(asked) => asked.cells.at(number),
            None => self.alone.get(number).copied().unwrap_or_default(),
        };
        let name = |number| self.name(place(number));
        // Neither the column itself, which is no cell, nor what is before it.
        let from = count_before(len, |number| name(number) <= above);
        let to = match above {
            [] => len,
            above => from + count_before(len - from, |cell| name(from + cell).starts_with(above)),
        };
        let above = above.len();
        let cells = (from..to).map(place);
        cells.map(move |at| (&self.name(at)[above..], self.value(at)))
    }

    /// Every value, by its OID.
    pub fn iter(&self) -> impl Iterator<Item = (Oid, Value)> {
        let alone = self.alone.iter().map(|at| (Oid::from_slice(self.name(*at)), *at));
        let cells = self.columns.iter().flat_map(|Column { root, cells }| {
            let oid = move |at: u32| Oid::new(root.arcs().iter().chain(self.name(at)).copied());
            (0..cells.len()).map(|cell| cells.at(cell)).map(move |at| (oid(at), at))
        });
        let mut all: Vec<(Oid, u32)> = alone.chain(cells).collect();
        // What was asked twice is the later one.
        all.sort_by(|(a, first), (b, second)| a.arcs().cmp(b.arcs()).then(second.cmp(first)));
        all.dedup_by(|(a, _), (b, _)| a == b);
        all.into_iter().map(|(oid, at)| (oid, self.value(at).to_value()))
    }

    /// How many values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.alone.len() + self.columns.iter().map(|column| column.cells.len()).sum::<usize>()
    }

    /// True when the device said nothing that is a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Columns that were given up before their end.
    #[must_use]
    pub fn broken(&self) -> &[Oid] {
        &self.broken
    }

    /// True when values were dropped because there were too many.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// In whatever order they came.
impl PartialEq for Answers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && (&self.broken, self.is_cut) == (&other.broken, other.is_cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(text: &str) -> Oid {
        Oid::parse(text).unwrap_or_else(|_| Oid::empty())
    }

    #[test]
    fn a_column_is_read_by_its_index() {
        let mut answers = Answers::default();
        for (at, value) in [("1.3.6.1.2.1.2.2.1.8.2", 2), ("1.3.6.1.2.1.2.2.1.8.1", 1)] {
            assert!(answers.insert(oid(at), Value::Integer(value)));
        }
        answers.insert(oid("1.3.6.1.2.1.2.2.1.80.1"), Value::Integer(9));
        let column = oid("1.3.6.1.2.1.2.2.1.8");
        let cells: Vec<_> = answers.column(&column).collect();
        assert_eq!(cells, [(&[1][..], Datum::Integer(1)), (&[2][..], Datum::Integer(2))]);
    }

    #[test]
    fn of_two_columns_in_each_other_each_is_read_where_it_was_asked() {
        let (outer, inner) = (oid("1.3.6.1.4.1.9"), oid("1.3.6.1.4.1.9.2.1"));
        for turned in [false, true] {
            let mut answers = Answers::default();
            let roots = if turned { [&inner, &outer] } else { [&outer, &inner] };
            let places = roots.map(|root| answers.begin(root));
            let [outer_at, inner_at] = if turned { [places[1], places[0]] } else { places };
            // The outer one was broken off before it came to the inner one.
            answers.push(outer_at, &[1, 0], Datum::Integer(1));
            answers.break_off(outer_at);
            answers.push(inner_at, &[7], Datum::Integer(2));
            let cells: Vec<_> = answers.column(&inner).collect();
            assert_eq!(cells, [(&[7][..], Datum::Integer(2))]);
            let cells: Vec<_> = answers.column(&outer).collect();
            assert_eq!(cells, [(&[1, 0][..], Datum::Integer(1))]);
        }
    }

    #[test]
    fn too_many_values_are_cut_and_said_so() {
        let mut answers = Answers::default();
        for arc in 0..u32::try_from(VALUES_MAX).unwrap_or(0) {
            assert!(answers.insert(Oid::new([1, 3, arc]), Value::Integer(1)));
        }
        assert!(!answers.is_cut());
        assert!(!answers.insert(oid("1.4"), Value::Integer(1)) && answers.is_cut());
        assert!(answers.insert(oid("1.3.5"), Value::Integer(2)));
    }

    #[test]
    fn no_device_fills_the_memory_with_its_texts() {
        let mut answers = Answers::default();
        let text = Value::OctetString(vec![b'x'; 65_000].into());
        let kept = (0..).take_while(|arc| answers.insert(Oid::new([1, 3, *arc]), text.clone()));
        assert_eq!(kept.count(), BYTES_MAX / 65_000);
        assert!(answers.is_cut());
    }
}
