//! A row of the journal: one moment of many series, until an hour of each becomes a block.
//!
//! A row is read far more often for one series than for all, so each entry says how long it is:
//! `format | base at | outcomes that occur | entries | crc32`, an entry being
//! `series - series before | bytes that follow | at - base | outcome | round-trip times`, every
//! number in 7 bits a byte. Differences wrap, so that any order of times is exact.

use std::borrow::Borrow;
use std::ops::Range;

use super::super::codec::{get_error, put_error};
use super::{BadBlock, Format, is_of, open, seal};
use crate::model::{MAX_PINGS_PER_ROUND, Point, RoundError, Rtts, Sample, UnixMs};

/// What a round of one packet mostly takes in a row.
const USUAL_ROUND_BYTES: usize = 8;
/// What a point mostly takes in a row.
const USUAL_POINT_BYTES: usize = 12;

/// Bytes of the longest number.
const LONGEST_NUMBER: usize = u64::BITS.div_ceil(7) as usize;

/// What a round comes to besides its times; most of a moment's rounds come to the same.
#[derive(Debug, Clone, Copy, Eq)]
struct Outcome {
    check: u8,
    sent: u8,
    lost: u8,
    error: Option<RoundError>,
}

impl PartialEq for Outcome {
    /// Most have no error, which is seen sooner than that two are the same.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that a new field cannot be forgotten.
        let Self { check, sent, lost, error } = *self;
        (check, sent, lost) == (other.check, other.sent, other.lost)
            && ((error.is_none() && other.error.is_none()) || error == other.error)
    }
}

impl Outcome {
    const fn of(sample: &Sample) -> Self {
        let Sample { at: _, check, sent, lost, rtts: _, error } = *sample;
        Self { check, sent, lost, error }
    }
}

/// Puts into `into`, which is emptied, the rounds of a moment, sorted by (series, at).
pub(in crate::store) fn encode_row(samples: &[(u32, impl Borrow<Sample>)], into: &mut Vec<u8>) {
    seal(Format::RoundRow, into, |body| {
        let base = samples.iter().map(|(_, sample)| sample.borrow().at.0).min().unwrap_or(0);
        put_number(body, base.cast_unsigned());
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut last = 0;
        let column: Vec<usize> = samples
            .iter()
            .map(|(_, sample)| {
                last = number_of(&mut outcomes, last, Outcome::of(sample.borrow()));
                last
            })
            .collect();
        put_number(body, outcomes.len() as u64);
        for Outcome { check, sent, lost, error } in outcomes {
            body.extend([check, sent, lost]);
            put_error(error, |number| put_number(body, number));
        }
        body.reserve(samples.len() * USUAL_ROUND_BYTES);
        let mut last = 0;
        for ((series, sample), outcome) in samples.iter().zip(column) {
            let sample = sample.borrow();
            put_number(body, u64::from(series.wrapping_sub(last)));
            // Twelve numbers take seventy bytes at most, so that their length takes one.
            let length = body.len();
            body.push(0);
            put_number(body, sample.at.0.wrapping_sub(base).cast_unsigned());
            put_number(body, outcome as u64);
            for rtt_us in sample.rtts.as_slice() {
                put_number(body, u64::from(*rtt_us));
            }
            let bytes = body.len() - length - 1;
            body[length] = bytes as u8;
            last = *series;
        }
    });
}

/// Puts into `into`, which is emptied, the points of a moment, sorted by (series, at), of which the first
/// instant is `base`; how many there are. They need not stand in a list: of thousands of devices it would
/// take megabytes.
pub(in crate::store) fn encode_point_row(
    base: UnixMs,
    points: impl Iterator<Item = (u32, Point)>,
    into: &mut Vec<u8>,
) -> usize {
    let mut count = 0;
    seal(Format::PointRow, into, |body| {
        put_number(body, base.0.cast_unsigned());
        body.reserve(points.size_hint().0 * USUAL_POINT_BYTES);
        let mut last = 0;
        // What is made of several lists is gone through list by list like this.
        points.for_each(|(series, point)| {
            put_number(body, u64::from(series.wrapping_sub(last)));
            // Two numbers take twenty bytes at most, so that their length takes one.
            let length = body.len();
            body.push(0);
            put_number(body, point.at.0.wrapping_sub(base.0).cast_unsigned());
            put_number(body, super::rice::fold_sign(point.value));
            let bytes = body.len() - length - 1;
            body[length] = bytes as u8;
            last = series;
            count += 1;
        });
    });
    count
}

/// The place of `outcome` among those known, the one at `last` before all others; a new one is added.
fn number_of(outcomes: &mut Vec<Outcome>, last: usize, outcome: Outcome) -> usize {
    if outcomes.get(last) == Some(&outcome) {
        return last;
    }
    outcomes.iter().position(|known| *known == outcome).unwrap_or_else(|| {
        outcomes.push(outcome);
        outcomes.len() - 1
    })
}

/// Gives `each` the rounds of the series in `part`, in the order of [`encode_row`], skipping the
/// others.
///
/// # Errors
/// When the bytes are no such row, or not whole; rounds before the fault were given.
pub(in crate::store) fn scan_row(
    bytes: &[u8],
    part: &Range<u32>,
    mut each: impl FnMut(u32, Sample),
) -> Result<(), BadBlock> {
    let (head, entries) = RoundHead::read(open(Format::RoundRow, bytes)?)?;
    entries.of(part, |series, entry| {
        each(series, head.sample(entry)?);
        Ok(())
    })
}

/// Gives `each` the points of the series in `part`, in the order of [`encode_point_row`], skipping
/// the others.
///
/// # Errors
/// When the bytes are no such row, or not whole; points before the fault were given.
pub(in crate::store) fn scan_point_row(
    bytes: &[u8],
    part: &Range<u32>,
    mut each: impl FnMut(u32, Point),
) -> Result<(), BadBlock> {
    let mut body = open(Format::PointRow, bytes)?;
    let base = get_number(&mut body)?.cast_signed();
    Entries { rest: body, series: 0 }.of(part, |series, entry| {
        each(series, point(base, entry)?);
        Ok(())
    })
}

/// What the entries of a row have in common: with it each can be read by itself.
#[derive(Debug)]
pub(in crate::store) struct RowHead(Head);

#[derive(Debug)]
enum Head {
    Rounds(RoundHead),
    Points { base: i64 },
}

impl RowHead {
    /// The round of an entry of a row of rounds.
    ///
    /// # Errors
    /// When there is no such entry at the beginning of `bytes`.
    #[inline]
    pub(in crate::store) fn round(&self, mut bytes: &[u8]) -> Result<Sample, BadBlock> {
        match &self.0 {
            Head::Rounds(head) => head.sample(take_entry(&mut bytes)?),
            Head::Points { .. } => Err(BadBlock::Malformed("kind of row")),
        }
    }

    /// The point of an entry of a row of points.
    ///
    /// # Errors
    /// When there is no such entry at the beginning of `bytes`.
    #[inline]
    pub(in crate::store) fn point(&self, mut bytes: &[u8]) -> Result<Point, BadBlock> {
        match &self.0 {
            Head::Points { base } => point(*base, take_entry(&mut bytes)?),
            Head::Rounds(_) => Err(BadBlock::Malformed("kind of row")),
        }
    }
}

/// Some series' entries of a row.
pub(in crate::store) struct Cut<'a> {
    /// What all entries of the row are read with.
    pub(in crate::store) head: RowHead,
    /// The entries, one after the other.
    pub(in crate::store) entries: &'a [u8],
    /// What ended the row before its end: as for any other reader, what stands before it counts.
    pub(in crate::store) fault: Option<BadBlock>,
}

/// The entries of the series in `part` as they stand in a row of either kind; `each` learns the series
/// of each, and where among the bytes that are answered it begins.
///
/// # Errors
/// When the bytes are no such row, or not whole.
pub(in crate::store) fn cut_row<'a>(
    bytes: &'a [u8],
    part: &Range<u32>,
    mut each: impl FnMut(u32, usize),
) -> Result<Cut<'a>, BadBlock> {
    let (head, mut entries) = match is_of(Format::PointRow, bytes) {
        true => {
            let mut body = open(Format::PointRow, bytes)?;
            let base = get_number(&mut body)?.cast_signed();
            (Head::Points { base }, Entries { rest: body, series: 0 })
        }
        false => {
            let (head, entries) = RoundHead::read(open(Format::RoundRow, bytes)?)?;
            (Head::Rounds(head), entries)
        }
    };
    let (mut cut, mut behind): (&[u8], &[u8]) = (&[], &[]);
    let mut walk = || {
        while !entries.rest.is_empty() {
            let from = entries.go_to_next()?;
            if entries.series >= part.end {
                break;
            }
            take_entry(&mut entries.rest)?;
            if entries.series < part.start {
                continue;
            }
            if cut.is_empty() {
                cut = from;
            }
            behind = entries.rest;
            each(entries.series, cut.len() - from.len());
        }
        Ok(())
    };
    let fault = walk().err();
    Ok(Cut { head: RowHead(head), entries: &cut[..cut.len() - behind.len()], fault })
}

fn point(base: i64, mut entry: &[u8]) -> Result<Point, BadBlock> {
    let at = base.wrapping_add(get_number(&mut entry)?.cast_signed());
    let value = super::rice::unfold_sign(get_number(&mut entry)?);
    Ok(Point { at: UnixMs(at), value })
}

/// What stands before the entries.
#[derive(Debug)]
struct RoundHead {
    base: i64,
    outcomes: Vec<Outcome>,
}

impl RoundHead {
    fn read(mut body: &[u8]) -> Result<(Self, Entries<'_>), BadBlock> {
        let base = get_number(&mut body)?.cast_signed();
        let count = get_number(&mut body)?;
        // An outcome takes four bytes or more, so this grows no longer than the bytes last.
        let mut outcomes = Vec::new();
        for _ in 0..count {
            let (&[check, sent, lost], rest) =
                body.split_first_chunk::<3>().ok_or(BadBlock::Short)?;
            body = rest;
            let error = get_error(|| get_number(&mut body))?;
            let error = error.ok_or(BadBlock::Malformed("error of a round"))?;
            outcomes.push(Outcome { check, sent, lost, error });
        }
        Ok((Self { base, outcomes }, Entries { rest: body, series: 0 }))
    }

    #[inline]
    fn sample(&self, mut entry: &[u8]) -> Result<Sample, BadBlock> {
        let at = self.base.wrapping_add(get_number(&mut entry)?.cast_signed());
        let outcome = usize::try_from(get_number(&mut entry)?).ok();
        let outcome = outcome.and_then(|number| self.outcomes.get(number));
        let Outcome { check, sent, lost, error } =
            *outcome.ok_or(BadBlock::Malformed("outcome"))?;
        let mut rtts = Rtts::default();
        while !entry.is_empty() {
            if rtts.as_slice().len() == MAX_PINGS_PER_ROUND {
                return Err(BadBlock::Malformed("number of round-trip times"));
            }
            let rtt_us = u32::try_from(get_number(&mut entry)?);
            rtts.push(rtt_us.map_err(|_| BadBlock::Malformed("round-trip time"))?);
        }
        Ok(Sample { at: UnixMs(at), check, sent, lost, rtts, error })
    }
}

/// The entries of a row: series and bytes.
#[derive(Debug)]
struct Entries<'a> {
    rest: &'a [u8],
    /// Of the entry before.
    series: u32,
}

impl<'a> Entries<'a> {
    /// Gives `each` the entries of the series in `part`. They are sorted, so it stops behind them.
    fn of(
        mut self,
        part: &Range<u32>,
        mut each: impl FnMut(u32, &'a [u8]) -> Result<(), BadBlock>,
    ) -> Result<(), BadBlock> {
        while !self.rest.is_empty() {
            let (series, entry) = self.take()?;
            if series >= part.end {
                break;
            }
            if series >= part.start {
                each(series, entry)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self) -> Result<(u32, &'a [u8]), BadBlock> {
        self.go_to_next()?;
        Ok((self.series, take_entry(&mut self.rest)?))
    }

    /// Goes on to the series of the next entry; answers what begins with its length.
    #[inline]
    fn go_to_next(&mut self) -> Result<&'a [u8], BadBlock> {
        let step = get_number(&mut self.rest)?;
        let step = u32::try_from(step).map_err(|_| BadBlock::Malformed("series"))?;
        self.series = self.series.checked_add(step).ok_or(BadBlock::Malformed("series"))?;
        Ok(self.rest)
    }
}

/// Takes an entry, which begins with its length.
#[inline]
fn take_entry<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], BadBlock> {
    let len = usize::try_from(get_number(bytes)?).map_err(|_| BadBlock::Short)?;
    let (entry, rest) = bytes.split_at_checked(len).ok_or(BadBlock::Short)?;
    *bytes = rest;
    Ok(entry)
}

/// Seven bits a byte, the lowest first; all but the last byte have their highest bit set.
#[inline]
fn put_number(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Takes from `bytes` what [`put_number`] wrote.
#[inline]
fn get_number(bytes: &mut &[u8]) -> Result<u64, BadBlock> {
    match bytes.split_first() {
        // Most are this small.
        Some((byte, rest)) if *byte < 0x80 => {
            *bytes = rest;
            Ok(u64::from(*byte))
        }
        _ => get_long_number(bytes),
    }
}

fn get_long_number(bytes: &mut &[u8]) -> Result<u64, BadBlock> {
    let mut value = 0;
    for (place, byte) in bytes.iter().enumerate().take(LONGEST_NUMBER) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            *bytes = &bytes[place + 1..];
            return Ok(value);
        }
    }
    Err(match bytes.len() < LONGEST_NUMBER {
        true => BadBlock::Short,
        false => BadBlock::Malformed("number"),
    })
}
