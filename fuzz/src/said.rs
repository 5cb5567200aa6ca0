//! Bytes to what a device says. Any bytes are something; a few more bytes are a few more cells, so
//! that a small change of the input is a small change of the answers.

use tuantra::probe::snmp::ask::{Answers, Wanted};
use tuantra::probe::snmp::wire::{Oid, Value};

/// Numbers on which devices, or code, stumble.
const EDGES: [u64; 12] = [
    0,
    1,
    2,
    6,
    7,
    0x7f,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];
/// Arcs of an index: LLDP's have three and an address with its kind and length.
const ARCS_MAX: usize = 24;

/// What is left of the input. At its end all is zero.
pub struct Said<'a>(&'a [u8]);

impl<'a> Said<'a> {
    /// All of it.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True when there is no more.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The next bytes, at most so many.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> u64 {
        let kind = self.byte();
        match kind {
            0..=199 => u64::from(kind),
            200..=227 => EDGES[usize::from(kind - 200) % EDGES.len()],
            228..=240 => u64::from(self.byte()) << (kind - 228),
            241..=250 => self.bytes(4).iter().fold(0, |n, b| n << 8 | u64::from(*b)),
            _ => self.bytes(8).iter().fold(0, |n, b| n << 8 | u64::from(*b)),
        }
    }

    fn arc(&mut self) -> u32 {
        u32::try_from(self.number() & 0xffff_ffff).unwrap_or(0)
    }

    fn small(&mut self) -> u32 {
        u32::try_from(self.number().min(0xffff_ffff)).unwrap_or(0)
    }

    fn value(&mut self) -> Value {
        match self.byte() % 14 {
            0 | 1 => Value::Integer(self.small().cast_signed()),
            2 => Value::Counter32(self.small()),
            3 => Value::Gauge32(self.small()),
            4 => Value::TimeTicks(self.small()),
            5 | 6 => Value::Counter64(self.number()),
            7..=9 => {
                let length = usize::from(self.byte());
                Value::OctetString(self.bytes(length % 48).to_vec().into())
            }
            10 => Value::OctetString(self.bytes(6).to_vec().into()),
            11 => {
                let length = usize::from(self.byte()) % 14;
                Value::ObjectIdentifier(Oid::new((0..length).map(|_| self.arc())))
            }
            12 => {
                let octet = self.byte();
                Value::IpAddress([10, 0, 0, octet])
            }
            _ => Value::Null,
        }
    }

    /// What it answers to a pass: cells of what was asked, and a few of what was not, in any order,
    /// until a byte says that it is all.
    pub fn answers(&mut self, wanted: &Wanted) -> Answers {
        let mut answers = Answers::default();
        let scalars = wanted.scalars.len();
        let all = scalars + wanted.columns.len();
        while !self.is_over() && all > 0 {
            let how = self.byte();
            if how == 0xff {
                break;
            }
            let at = usize::from(self.byte()) % all;
            let Some(column) = at.checked_sub(scalars) else {
                let value = self.value();
                answers.insert(wanted.scalars[at].clone(), value);
                continue;
            };
            let root = wanted.columns[column].arcs();
            let put = |answers: &mut Answers, index: &[u32], value: Value| {
                let arcs = root.iter().chain(index).copied();
                answers.insert(Oid::new(arcs), value);
            };
            match how % 8 {
                // A row of one arc, as most tables have.
                0..=2 => {
                    let index = self.arc();
                    let value = self.value();
                    put(&mut answers, &[index], value);
                }
                // A whole column of the same.
                3 | 4 => {
                    let rows = u32::from(self.byte() % 40);
                    let value = self.value();
                    (1..=rows).for_each(|index| put(&mut answers, &[index], value.clone()));
                }
                5 => {
                    answers.note_broken(wanted.columns[column].clone());
                }
                // Any index at all.
                _ => {
                    let length = usize::from(self.byte()) % ARCS_MAX;
                    let index: Vec<u32> = (0..length).map(|_| self.arc()).collect();
                    let value = self.value();
                    put(&mut answers, &index, value);
                }
            }
        }
        answers
    }
}
