//! Names and values as they came, in little room: of thousands of devices hundreds are being asked
//! at the same time, and each says some hundred values. A name and a value of the library's own
//! take 168 bytes and are moved one by one; here the names stand one after another, and a value
//! takes 24 bytes beside its name.

use std::cell::RefCell;

use super::wire::{Oid, Value};

/// A value where it stands. The names are [`Value`]'s.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names are SNMP's")]
pub enum Datum<'a> {
    Integer(i32),
    OctetString(&'a [u8]),
    Null,
    /// Its arcs.
    ObjectIdentifier(&'a [u32]),
    IpAddress([u8; 4]),
    Counter32(u32),
    Gauge32(u32),
    UInteger32(u32),
    TimeTicks(u32),
    Counter64(u64),
    NoSuchObject,
    NoSuchInstance,
    EndOfMibView,
    /// What no agent sends where we ask.
    Other(&'a Value),
}

impl Datum<'_> {
    /// True of what says that there is no value.
    pub(super) const fn is_exception(self) -> bool {
        matches!(self, Self::NoSuchObject | Self::NoSuchInstance | Self::EndOfMibView)
    }

    /// True of what is kept: no exception, and not nothing.
    pub(super) const fn is_value(self) -> bool {
        !self.is_exception() && !matches!(self, Self::Null)
    }

    /// What it takes of the room for texts.
    pub(super) fn text_bytes(self) -> usize {
        match self {
            Self::OctetString(bytes) => bytes.len(),
            Self::Other(value) => value.as_bytes().map_or(0, <[u8]>::len),
            _ => 0,
        }
    }

    /// The same on its own.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Integer(n) => Value::Integer(n),
            Self::OctetString(bytes) => Value::OctetString(bytes.to_vec().into()),
            Self::Null => Value::Null,
            Self::ObjectIdentifier(arcs) => Value::ObjectIdentifier(Oid::from_slice(arcs)),
            Self::IpAddress(octets) => Value::IpAddress(octets),
            Self::Counter32(n) => Value::Counter32(n),
            Self::Gauge32(n) => Value::Gauge32(n),
            Self::UInteger32(n) => Value::UInteger32(n),
            Self::TimeTicks(n) => Value::TimeTicks(n),
            Self::Counter64(n) => Value::Counter64(n),
            Self::NoSuchObject => Value::NoSuchObject,
            Self::NoSuchInstance => Value::NoSuchInstance,
            Self::EndOfMibView => Value::EndOfMibView,
            Self::Other(value) => value.clone(),
        }
    }
}

impl<'a> From<&'a Value> for Datum<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Integer(n) => Self::Integer(*n),
            Value::OctetString(bytes) => Self::OctetString(bytes),
            Value::Null => Self::Null,
            Value::ObjectIdentifier(oid) => Self::ObjectIdentifier(oid.arcs()),
            Value::IpAddress(octets) => Self::IpAddress(*octets),
            Value::Counter32(n) => Self::Counter32(*n),
            Value::Gauge32(n) => Self::Gauge32(*n),
            Value::UInteger32(n) => Self::UInteger32(*n),
            Value::TimeTicks(n) => Self::TimeTicks(*n),
            Value::Counter64(n) => Self::Counter64(*n),
            Value::NoSuchObject => Self::NoSuchObject,
            Value::NoSuchInstance => Self::NoSuchInstance,
            Value::EndOfMibView => Self::EndOfMibView,
            other => Self::Other(other),
        }
    }
}

/// A value as it is kept.
#[derive(Debug, Clone, PartialEq)]
enum Kept {
    Integer(i32),
    /// Of the bytes: from where, and how many.
    OctetString(u32, u32),
    Null,
    /// So many arcs, which stand behind those of the name.
    ObjectIdentifier(u32),
    IpAddress([u8; 4]),
    Counter32(u32),
    Gauge32(u32),
    UInteger32(u32),
    TimeTicks(u32),
    Counter64(u64),
    NoSuchObject,
    NoSuchInstance,
    EndOfMibView,
    Other(Box<Value>),
}

#[derive(Debug, Clone, PartialEq)]
struct Cell {
    value: Kept,
    /// Where its arcs end: they begin where those of the cell before it do.
    end: u32,
}

/// A list of names and values.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Values {
    arcs: Vec<u32>,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

/// Lists that are kept for the next by each thread: what a turn needs is too large for what the
/// allocator has at hand, and a dozen turns go on at the same time.
const SPARE_MAX: usize = 32;
/// Values that such a list has room for; of larger ones there are few.
const SPARE_VALUES: usize = 128;

/// Of the arcs, the texts and the values.
type Room = (Vec<u32>, Vec<u8>, Vec<Cell>);

thread_local! {
    static SPARE: RefCell<Vec<Room>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Values {
    fn drop(&mut self) {
        let room = self.cells.capacity();
        let is_fit = (1..=SPARE_VALUES).contains(&room)
            && self.arcs.capacity() <= 16 * SPARE_VALUES
            && self.bytes.capacity() <= 16 * SPARE_VALUES;
        if !is_fit {
            return;
        }
        // A thread that ends has no room any more, and needs none.
        let _ = SPARE.try_with(|spare| {
            let Ok(mut spare) = spare.try_borrow_mut() else { return };
            if spare.len() < SPARE_MAX {
                let take = |list: &mut Self| {
                    list.cells.clear();
                    list.arcs.clear();
                    list.bytes.clear();
                    let Self { arcs, bytes, cells } = list;
                    (std::mem::take(arcs), std::mem::take(bytes), std::mem::take(cells))
                };
                spare.push(take(self));
            }
        });
    }
}

impl Values {
    /// With room for so many values and arcs.
    pub(super) fn with_capacity(values: usize, arcs: usize) -> Self {
        let mut list = Self::default();
        list.reserve(values, arcs);
        list
    }

    /// Makes room for so many more values and arcs, and no more than that where there are many:
    /// hundreds of passes are under way at once.
    pub(super) fn reserve(&mut self, values: usize, arcs: usize) {
        if self.cells.capacity() == 0 && values <= SPARE_VALUES {
            self.take_spare();
        }
        let few = SPARE_VALUES.saturating_sub(self.cells.len());
        self.cells.reserve_exact(if values <= few { few } else { values });
        self.arcs.reserve_exact(arcs);
    }

    fn take_spare(&mut self) {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop()).ok().flatten();
        if let Some((arcs, bytes, cells)) = spare {
            (self.arcs, self.bytes, self.cells) = (arcs, bytes, cells);
        }
    }

    pub(super) fn push(&mut self, name: &[u32], value: Datum<'_>) {
        match name {
            // An index, mostly.
            [arc] => self.arcs.push(*arc),
            name => self.arcs.extend_from_slice(name),
        }
        self.push_value(value);
    }

    /// Where the arcs of the next value's name go.
    pub(super) fn name_to_come(&mut self) -> &mut Vec<u32> {
        &mut self.arcs
    }

    /// Adds the value whose name has come.
    pub(super) fn push_value(&mut self, value: Datum<'_>) {
        let value = match value {
            Datum::Integer(n) => Kept::Integer(n),
            Datum::OctetString(bytes) => {
                let from = self.bytes.len() as u32;
                self.bytes.extend_from_slice(bytes);
                Kept::OctetString(from, bytes.len() as u32)
            }
            Datum::Null => Kept::Null,
            Datum::ObjectIdentifier(arcs) => {
                self.arcs.extend_from_slice(arcs);
                Kept::ObjectIdentifier(arcs.len() as u32)
            }
            Datum::IpAddress(octets) => Kept::IpAddress(octets),
            Datum::Counter32(n) => Kept::Counter32(n),
            Datum::Gauge32(n) => Kept::Gauge32(n),
            Datum::UInteger32(n) => Kept::UInteger32(n),
            Datum::TimeTicks(n) => Kept::TimeTicks(n),
            Datum::Counter64(n) => Kept::Counter64(n),
            Datum::NoSuchObject => Kept::NoSuchObject,
            Datum::NoSuchInstance => Kept::NoSuchInstance,
            Datum::EndOfMibView => Kept::EndOfMibView,
            Datum::Other(value) => Kept::Other(Box::new(value.clone())),
        };
        self.cells.push(Cell { value, end: self.arcs.len() as u32 });
    }

    /// Adds those of another list behind its own.
    pub(super) fn append(&mut self, more: Self) {
        if self.is_empty() {
            *self = more;
        } else {
            more.iter().for_each(|(name, value)| self.push(name, value));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A name; empty beyond the end.
    pub(super) fn name(&self, at: usize) -> &[u32] {
        let Some(cell) = self.cells.get(at) else { return &[] };
        let from = at.checked_sub(1).map_or(0, |before| self.cells[before].end as usize);
        let behind = match cell.value {
            Kept::ObjectIdentifier(arcs) => arcs as usize,
            _ => 0,
        };
        &self.arcs[from..cell.end as usize - behind]
    }

    /// A value; [`Datum::Null`] beyond the end.
    pub(super) fn value(&self, at: usize) -> Datum<'_> {
        let Some(cell) = self.cells.get(at) else { return Datum::Null };
        match &cell.value {
            Kept::Integer(n) => Datum::Integer(*n),
            Kept::OctetString(from, length) => {
                let from = *from as usize;
                Datum::OctetString(&self.bytes[from..from + *length as usize])
            }
            Kept::Null => Datum::Null,
            Kept::ObjectIdentifier(arcs) => {
                let end = cell.end as usize;
                Datum::ObjectIdentifier(&self.arcs[end - *arcs as usize..end])
            }
            Kept::IpAddress(octets) => Datum::IpAddress(*octets),
            Kept::Counter32(n) => Datum::Counter32(*n),
            Kept::Gauge32(n) => Datum::Gauge32(*n),
            Kept::UInteger32(n) => Datum::UInteger32(*n),
            Kept::TimeTicks(n) => Datum::TimeTicks(*n),
            Kept::Counter64(n) => Datum::Counter64(*n),
            Kept::NoSuchObject => Datum::NoSuchObject,
            Kept::NoSuchInstance => Datum::NoSuchInstance,
            Kept::EndOfMibView => Datum::EndOfMibView,
            Kept::Other(value) => Datum::Other(value),
        }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&[u32], Datum<'_>)> {
        (0..self.cells.len()).map(|at| (self.name(at), self.value(at)))
    }
}

impl From<Vec<(Oid, Value)>> for Values {
    fn from(values: Vec<(Oid, Value)>) -> Self {
        let mut found = Self::with_capacity(values.len(), 0);
        values.iter().for_each(|(name, value)| found.push(name.arcs(), value.into()));
        found
    }
}

impl From<Values> for Vec<(Oid, Value)> {
    fn from(values: Values) -> Self {
        values.iter().map(|(name, value)| (Oid::from_slice(name), value.to_value())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small() {
        assert_eq!(size_of::<Cell>(), 24);
    }

    #[test]
    fn values_are_what_they_were() {
        let name = |last| Oid::new([1, 3, 6, last]);
        let values = vec![
            (name(1), Value::Integer(-1)),
            (name(2), Value::OctetString("text".into())),
            (name(3), Value::ObjectIdentifier(Oid::new([1, 3, 6, 1, 4, 1]))),
            (Oid::empty(), Value::ObjectIdentifier(Oid::empty())),
            (name(4), Value::OctetString("".into())),
            (name(5), Value::Counter64(u64::MAX)),
            (name(6), Value::Opaque(vec![0x9f, 0x78].into())),
            (name(7), Value::EndOfMibView),
            (name(8), Value::OctetString("more".into())),
            (name(9), Value::IpAddress([127, 0, 0, 1])),
        ];
        let kept = Values::from(values.clone());
        assert_eq!(kept.len(), values.len());
        assert_eq!(Vec::from(kept), values);
    }
}
