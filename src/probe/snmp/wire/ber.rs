//! Messages of SNMPv1 and v2c as they go over the wire: questions out, answers in (RFC 1157,
//! RFC 3416; of BER what SNMP uses). Pure.
//!
//! Guarantees: whatever comes in, nothing is read beyond it and nothing is kept that it does not
//! hold; lengths, numbers and names that cannot be are [`BadMessage`]. Devices are loose with
//! numbers, so one too wide for its type is cut as net-snmp cuts it, and a text that claims to be
//! longer than its binding ends with that.

use super::{Oid, Value};
use crate::probe::snmp::ask::Datum;
use crate::probe::snmp::values::Values;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const NULL: u8 = 0x05;
const NAME: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const RESPONSE: u8 = 0xa2;
/// RFC 2578, section 3.5: most arcs of a name.
const ARCS_MAX: usize = 128;
/// Arcs of a name that is read in one go.
const SHORT: usize = 32;
/// Most bytes of a number: eight and the zero before them that keeps it positive.
const NUMBER_BYTES_MAX: usize = 9;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// These objects.
    Get,
    /// What follows each.
    Next,
    /// What follows the first `singles`, and so many rows of what follows the others.
    Bulk {
        /// How many are not repeated.
        singles: u16,
        /// How often the others are.
        rows: u16,
    },
}

/// It is no message, or none that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no SNMP message")]
pub(super) struct BadMessage;

/// A question as it goes out; `None` of a name that cannot be sent (empty, or too long).
pub(super) fn question(
    version: u8,
    community: &[u8],
    ask: Ask,
    id: i32,
    objects: &[Oid],
) -> Option<Vec<u8>> {
    let (kind, first, second) = match ask {
        Ask::Get => (0xa0, 0, 0),
        Ask::Next => (0xa1, 0, 0),
        Ask::Bulk { singles, rows } => (0xa5, singles.into(), rows.into()),
    };
    // Written from behind: a length is known when what it is of has been written.
    let mut back = Back(Vec::with_capacity(48 + community.len() + 24 * objects.len()));
    for object in objects.iter().rev() {
        let end = back.0.len();
        back.0.extend([0, NULL]);
        back.name(object.arcs())?;
        back.close(SEQUENCE, end);
    }
    back.close(SEQUENCE, 0);
    back.number(second);
    back.number(first);
    back.number(id);
    back.close(kind, 0);
    let end = back.0.len();
    back.0.extend(community.iter().rev());
    back.close(OCTETS, end);
    back.number(version.into());
    back.close(SEQUENCE, 0);
    back.0.reverse();
    Some(back.0)
}

/// Bytes, the last first.
struct Back(Vec<u8>);

impl Back {
    /// Length and tag of what was written since `end`.
    fn close(&mut self, tag: u8, end: usize) {
        let length = self.0.len() - end;
        if length < 0x80 {
            self.0.push(length as u8);
        } else {
            let bytes = length.to_le_bytes();
            let count = bytes.iter().rposition(|b| *b != 0).unwrap_or(0) + 1;
            self.0.extend(&bytes[..count]);
            self.0.push(0x80 | count as u8);
        }
        self.0.push(tag);
    }

    fn number(&mut self, number: i32) {
        let end = self.0.len();
        let bytes = number.to_le_bytes();
        let sign = if number < 0 { 0xff } else { 0 };
        // The fewest bytes whose first bit is the sign.
        let is_needed = |at: &usize| bytes[*at] != sign || (bytes[at - 1] ^ sign) & 0x80 != 0;
        let count = (1..4).rev().find(is_needed).unwrap_or(0) + 1;
        self.0.extend(&bytes[..count]);
        self.close(INTEGER, end);
    }

    fn name(&mut self, arcs: &[u32]) -> Option<()> {
        let end = self.0.len();
        let (first, rest) = arcs.split_first()?;
        let (second, rest) = rest.split_first().unwrap_or((&0, &[]));
        if arcs.len() > ARCS_MAX || *first > 2 || (*first < 2 && *second > 39) {
            return None;
        }
        rest.iter().rev().for_each(|arc| self.arc(u64::from(*arc)));
        self.arc(u64::from(*first) * 40 + u64::from(*second));
        self.close(NAME, end);
        Some(())
    }

    fn arc(&mut self, mut arc: u64) {
        self.0.push(arc as u8 & 0x7f);
        arc >>= 7;
        while arc > 0 {
            self.0.push(arc as u8 | 0x80);
            arc >>= 7;
        }
    }
}

/// What an answer is to: enough to know whose it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// 0 for SNMPv1, 1 for v2c.
    pub version: i64,
    pub community: &'a [u8],
    /// Of the question.
    pub id: i64,
    /// 0 where all is well.
    pub status: i64,
    /// Place of the object that is refused, from 1.
    pub index: i64,
    bindings: Bytes<'a>,
}

/// What stands in a datagram, as far as it tells whose answer it is.
///
/// # Errors
/// It is no whole message, or no answer.
pub(super) fn answer(datagram: &[u8]) -> Result<Answer<'_>, BadMessage> {
    let mut message = Bytes(datagram).expect(SEQUENCE)?;
    let version = signed(message.expect(INTEGER)?.0)?;
    let community = message.expect(OCTETS)?.0;
    let mut pdu = message.expect(RESPONSE)?;
    let mut field = || pdu.expect(INTEGER).and_then(|field| signed(field.0));
    let (id, status, index) = (field()?, field()?, field()?);
    let bindings = pdu.expect(SEQUENCE)?;
    Ok(Answer { version, community, id, status, index, bindings })
}

impl Answer<'_> {
    /// Names and values in their order.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(super) fn values(&self) -> Result<Values, BadMessage> {
        let mut rest = Bytes(self.bindings.0);
        // No binding of a number is shorter, and few names of columns have fewer arcs.
        let most = rest.0.len() / 16;
        let mut values = Values::with_capacity(most, 12 * most);
        while !rest.0.is_empty() {
            let mut binding = rest.expect(SEQUENCE)?;
            name(binding.expect(NAME)?.0, values.name_to_come())?;
            value(&mut binding, |value| values.push_value(value))?;
            if !binding.0.is_empty() {
                return Err(BadMessage);
            }
        }
        Ok(values)
    }
}

/// What is still to be read.
#[derive(Debug, PartialEq, Eq)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], BadMessage> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BadMessage)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, BadMessage> {
        let (byte, rest) = self.0.split_first().ok_or(BadMessage)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// Tag and length.
    fn head(&mut self) -> Result<(u8, usize), BadMessage> {
        let tag = self.byte()?;
        let first = self.byte()?;
        if first < 0x80 {
            return Ok((tag, first.into()));
        }
        // 0x80 alone is the indefinite form, which SNMP forbids.
        let count = usize::from(first & 0x7f);
        if count == 0 || count > size_of::<usize>() {
            return Err(BadMessage);
        }
        let length = self.take(count)?.iter().fold(0_usize, |n, byte| n << 8 | usize::from(*byte));
        Ok((tag, length))
    }

    fn expect(&mut self, tag: u8) -> Result<Self, BadMessage> {
        let (found, length) = self.head()?;
        if found != tag {
            return Err(BadMessage);
        }
        self.take(length).map(Self)
    }
}

fn signed(bytes: &[u8]) -> Result<i64, BadMessage> {
    let first = *bytes.first().ok_or(BadMessage)?;
    if bytes.len() > 8 {
        return Err(BadMessage);
    }
    let sign = if first & 0x80 != 0 { -1 } else { 0 };
    Ok(bytes.iter().fold(sign, |n, byte| n << 8 | i64::from(*byte)))
}

fn unsigned(bytes: &[u8]) -> Result<u64, BadMessage> {
    let is_too_wide = bytes.len() == NUMBER_BYTES_MAX && bytes.first() != Some(&0);
    if bytes.is_empty() || bytes.len() > NUMBER_BYTES_MAX || is_too_wide {
        return Err(BadMessage);
    }
    Ok(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}

/// Adds a name's arcs.
fn name(bytes: &[u8], arcs: &mut Vec<u32>) -> Result<(), BadMessage> {
    // Most arcs take one byte each, in most names all of them.
    let mut room = [0; SHORT];
    if let Some((first, rest)) = bytes.split_first()
        && let Some(short) = room.get_mut(..=bytes.len())
        && bytes.is_ascii()
    {
        let root = (first / 40).min(2);
        (short[0], short[1]) = (root.into(), (first - root * 40).into());
        short[2..].iter_mut().zip(rest).for_each(|(arc, byte)| *arc = u32::from(*byte));
        arcs.extend_from_slice(short);
        return Ok(());
    }
    let before = arcs.len();
    let mut arc = 0_u64;
    for byte in bytes {
        arc = arc << 7 | u64::from(byte & 0x7f);
        if arc > u64::from(u32::MAX) + 80 {
            return Err(BadMessage);
        }
        if byte & 0x80 != 0 {
            continue;
        }
        // Two arcs stand in the first number.
        if arcs.len() == before {
            let first = (arc / 40).min(2);
            arcs.push(first as u32);
            arc -= first * 40;
        }
        if arcs.len() - before >= ARCS_MAX {
            return Err(BadMessage);
        }
        arcs.push(u32::try_from(arc).map_err(|_| BadMessage)?);
        arc = 0;
    }
    // The last byte has to end its number.
    let is_open = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    if is_open { Err(BadMessage) } else { Ok(()) }
}

/// Gives `put` the value that a binding holds behind its name.
fn value(binding: &mut Bytes<'_>, put: impl FnOnce(Datum<'_>)) -> Result<(), BadMessage> {
    let (tag, length) = binding.head()?;
    let is_text = matches!(tag, OCTETS | 0x44);
    let length = if is_text { length.min(binding.0.len()) } else { length };
    let bytes = binding.take(length)?;
    let narrow = |bytes| unsigned(bytes).map(|n| n as u32);
    let nothing = |value| if bytes.is_empty() { Ok(value) } else { Err(BadMessage) };
    let copied = || bytes.to_vec().into();
    let mut arcs;
    let rare;
    put(match tag {
        INTEGER => Datum::Integer(signed(bytes)? as i32),
        OCTETS => Datum::OctetString(bytes),
        NULL => nothing(Datum::Null)?,
        NAME => {
            arcs = Vec::new();
            name(bytes, &mut arcs)?;
            Datum::ObjectIdentifier(&arcs)
        }
        0x40 => Datum::IpAddress(bytes.try_into().map_err(|_| BadMessage)?),
        0x41 => Datum::Counter32(narrow(bytes)?),
        0x42 => Datum::Gauge32(narrow(bytes)?),
        0x43 => Datum::TimeTicks(narrow(bytes)?),
        0x46 if bytes.is_empty() => Datum::Counter64(0),
        0x46 => Datum::Counter64(unsigned(bytes)?),
        0x47 => Datum::UInteger32(narrow(bytes)?),
        0x80 => nothing(Datum::NoSuchObject)?,
        0x81 => nothing(Datum::NoSuchInstance)?,
        0x82 => nothing(Datum::EndOfMibView)?,
        // A text in parts, which no agent sends.
        0x24 => return Err(BadMessage),
        tag => {
            rare = match tag {
                0x44 => Value::Opaque(copied()),
                0x45 => Value::Nsap(copied()),
                tag => Value::Unknown { tag, data: copied() },
            };
            Datum::Other(&rare)
        }
    });
    Ok(())
}

#[cfg(test)]
#[path = "ber_tests.rs"]
mod tests;
