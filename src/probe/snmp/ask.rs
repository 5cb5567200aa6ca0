//! What is asked of a device in one pass, and what it said. Pure: no socket, no clock.

use std::collections::VecDeque;
use std::sync::Arc;

pub use super::values::Datum;
use super::values::Values;
use super::wire::{Oid, Value};

/// Most values kept of one pass; what comes beyond is dropped and said so ([`Answers::is_cut`]).
pub const VALUES_MAX: usize = 10_000;
/// Arcs in the name of most cells: a column's and one more.
const ARCS: usize = 12;
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
    /// As they came: columns are asked side by side.
    values: Values,
    /// Places in `values`, by OID.
    order: Vec<u32>,
    /// Values that have no place in the order yet: a column is put in order when it is whole.
    unordered: usize,
    /// Columns that were given up before their end, because the device broke the protocol there.
    broken: Vec<Oid>,
    /// Of the texts that were added.
    bytes: usize,
    is_cut: bool,
}

impl Answers {
    /// Makes room for so many values.
    pub(super) fn reserve(&mut self, values: usize) {
        let values = values.min(VALUES_MAX);
        self.values.reserve(values, ARCS);
        self.order.reserve_exact(values);
    }

    /// Makes room for so many more values, and no more than that: hundreds of passes are under way at
    /// once.
    pub(super) fn reserve_for(&mut self, values: usize) {
        self.values.reserve(values.min(VALUES_MAX), ARCS);
    }

    /// Adds one value; false, and [`Self::is_cut`] from then on, when there are [`VALUES_MAX`] or the
    /// texts have four mebibytes together.
    pub fn insert(&mut self, oid: Oid, value: Value) -> bool {
        self.put(oid.arcs(), (&value).into())
    }

    /// Adds one value, as [`Self::insert`] does.
    pub(super) fn put(&mut self, name: &[u32], value: Datum<'_>) -> bool {
        let bytes = value.text_bytes();
        let place = self.place(name, self.order.len());
        // What takes another's place is another value beside it.
        let most = if place.is_ok() { 2 * VALUES_MAX } else { VALUES_MAX };
        if self.values.len() >= most || self.bytes + bytes > BYTES_MAX {
            self.is_cut = true;
            return false;
        }
        self.bytes += bytes;
        let number = self.values.len() as u32;
        self.values.push(name, value);
        match place {
            Ok(place) => self.order[place] = number,
            Err(place) => self.order.insert(place, number),
        }
        true
    }

    /// Adds a cell of a column, to be put in order with its column ([`Self::put_in_order`]): its
    /// number, or `None` where it was too much.
    pub(super) fn push(&mut self, name: &[u32], value: Datum<'_>) -> Option<u32> {
        let bytes = value.text_bytes();
        if self.values.len() >= VALUES_MAX || self.bytes + bytes > BYTES_MAX {
            self.is_cut = true;
            return None;
        }
        self.bytes += bytes;
        self.unordered += 1;
        self.values.push(name, value);
        Some(self.values.len() as u32 - 1)
    }

    /// The name of a cell by its number.
    pub(super) fn name(&self, number: u32) -> &[u32] {
        self.values.name(number as usize)
    }

    /// Puts cells of one column in order, which were pushed with rising names. Where two have one name
    /// the later stays.
    pub(super) fn put_in_order(&mut self, cells: &[u32]) {
        self.unordered -= cells.len().min(self.unordered);
        let (Some(first), Some(last)) = (cells.first(), cells.last()) else { return };
        let (first, last) = (self.name(*first), self.name(*last));
        // Mostly nothing stands between the first and the last of them.
        let place = self.place(first, self.order.len());
        let next = place.err().map(|at| (at, self.order.get(at).map(|next| self.name(*next))));
        if let Some((at, next)) = next
            && next.is_none_or(|next| next > last)
        {
            self.order.splice(at..at, cells.iter().copied());
            return;
        }
        for number in cells {
            match self.place(self.name(*number), self.order.len()) {
                Ok(at) => self.order[at] = *number,
                Err(at) => self.order.insert(at, *number),
            }
        }
    }

    /// Puts in order what a pass that was cut short has left.
    pub(super) fn settle(&mut self) {
        if self.unordered == 0 {
            return;
        }
        self.unordered = 0;
        let values = &self.values;
        self.order = (0..values.len() as u32).collect();
        let name = |number: &u32| values.name(*number as usize);
        self.order.sort_by(|a, b| name(a).cmp(name(b)).then(b.cmp(a)));
        self.order.dedup_by(|a, b| name(a) == name(b));
    }

    /// Where an OID stands in the order, or where it would; found soonest near `guess`.
    fn place(&self, name: &[u32], guess: usize) -> Result<usize, usize> {
        let compare = |at: &u32| self.name(*at).cmp(name);
        let is_before = |place: usize| self.order.get(place).is_some_and(|at| compare(at).is_lt());
        let guess = guess.min(self.order.len());
        let (mut low, mut stride) = (guess, 1);
        while low > 0 && !is_before(low - 1) {
            low = low.saturating_sub(stride);
            stride *= 2;
        }
        let (mut high, mut stride) = (guess, 1);
        while is_before(high) {
            high = (high + stride).min(self.order.len());
            stride *= 2;
        }
        // What stands at `high` may be it.
        let window = &self.order[low..(high + 1).min(self.order.len())];
        window.binary_search_by(compare).map(|at| low + at).map_err(|at| low + at)
    }

    fn pair(&self, number: u32) -> (&[u32], Datum<'_>) {
        (self.name(number), self.values.value(number as usize))
    }

    /// Notes a column that was given up before its end.
    pub fn note_broken(&mut self, column: Oid) {
        self.broken.push(column);
    }

    /// A value by its whole OID.
    #[must_use]
    pub fn get(&self, oid: &Oid) -> Option<Datum<'_>> {
        let place = self.place(oid.arcs(), self.order.len() / 2).ok()?;
        Some(self.pair(*self.order.get(place)?).1)
    }

    /// A column's cells in the order of their index: the arcs after the column's OID.
    pub fn column<'a>(&'a self, column: &Oid) -> impl Iterator<Item = (&'a [u32], Datum<'a>)> {
        let (Ok(from) | Err(from)) = self.place(column.arcs(), self.order.len() / 2);
        let cells = self.order[from..].iter().map(|at| self.pair(*at));
        cells
            .map_while(move |(name, value)| Some((name.strip_prefix(column.arcs())?, value)))
            .filter(|(index, _)| !index.is_empty())
    }

    /// Every value, by its OID.
    pub fn iter(&self) -> impl Iterator<Item = (Oid, Value)> {
        let all = self.order.iter().map(|at| self.pair(*at));
        all.map(|(name, value)| (Oid::from_slice(name), value.to_value()))
    }

    /// How many values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len() + self.unordered
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
        let (ours, theirs) = (self.order.iter(), other.order.iter());
        ours.map(|at| self.pair(*at)).eq(theirs.map(|at| other.pair(*at)))
            && (&self.broken, self.is_cut) == (&other.broken, other.is_cut)
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
