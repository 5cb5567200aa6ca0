//! What is measured, at full resolution, as compact bytes: blocks of one check's rounds or one
//! metric's points, and rows of the journal that hold a moment of many series.
//!
//! Guarantees: every value comes back exactly; bytes that are torn, rotten or from a newer version
//! are refused, and whatever they are, reading them neither panics nor takes more memory than a
//! fixed multiple of their number. Pure: no SQL, no clock. Why this encoding:
//! `docs/decisions/0009-blocks-of-our-own-code.md`.
//!
//! Every blob is `format (1 byte) | body | crc32 of both (4 bytes, little endian)`.

mod bits;
mod late;
mod points;
mod rice;
mod rounds;
mod row;
mod runs;
mod series;
mod times;

pub(in crate::store) use bits::{BitReader, BitWriter};
pub(in crate::store) use points::{decode_points, encode_points};
pub(in crate::store) use rice::{Rice, fold_sign, unfold_sign};
pub(in crate::store) use rounds::{decode_rounds, encode_rounds};
pub(in crate::store) use row::{
    Cut, RowHead, cut_row, encode_point_row, encode_row, scan_point_row, scan_row,
};

/// Why bytes are no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::store) enum BadBlock {
    /// Another kind of blob, or one from a newer tuantra.
    #[error("format {found}, not {expected}")]
    Format {
        /// The first byte.
        found: u8,
        /// What it should be.
        expected: u8,
    },
    /// The bytes are not those that were written.
    #[error("checksum differs: the bytes are torn or rotten")]
    Checksum,
    /// They end too early.
    #[error("the bytes end too early")]
    Short,
    /// They say something that cannot be.
    #[error("impossible {0}")]
    Malformed(&'static str),
}

/// The first byte of a blob: what it holds in the upper half, its version in the lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::store) enum Format {
    /// Rounds of one check, each instant of which takes bits: only read.
    Rounds = 0x11,
    /// Rounds of one check.
    PunctualRounds = 0x12,
    /// Points of a counter.
    Counter = 0x21,
    /// Points of a gauge.
    Gauge = 0x31,
    /// Rounds of many checks, for a moment.
    RoundRow = 0x41,
    /// Points of many metrics, for a moment.
    PointRow = 0x51,
    /// What is left of the rounds of an hour or a day.
    Rollup = 0x61,
    /// The same of a day's hours together.
    RollupHours = 0x71,
    /// What is left of a counter's readings of a day.
    CounterRollup = 0x81,
    /// What is left of a gauge's readings of a day.
    GaugeRollup = 0x91,
    /// Of a counter's readings of each of a day's hours.
    CounterHours = 0xa1,
    /// Of a gauge's readings of each of a day's hours.
    GaugeHours = 0xb1,
}

const CHECKSUM_BYTES: usize = 4;

/// Puts into `into`, which is emptied, a blob whose body `write` appends.
pub(in crate::store) fn seal(format: Format, into: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    into.clear();
    into.push(format as u8);
    write(into);
    let checksum = crc32fast::hash(into);
    into.extend_from_slice(&checksum.to_le_bytes());
}

/// Whether the bytes are those that were written, whatever they hold.
pub(in crate::store) fn is_whole(bytes: &[u8]) -> bool {
    bytes.split_last_chunk::<CHECKSUM_BYTES>().is_some_and(|(sealed, checksum)| {
        !sealed.is_empty() && crc32fast::hash(sealed) == u32::from_le_bytes(*checksum)
    })
}

/// Whether the bytes say that they are of this format.
pub(in crate::store) fn is_of(format: Format, bytes: &[u8]) -> bool {
    bytes.first() == Some(&(format as u8))
}

/// The body of a blob of `format`.
///
/// # Errors
/// When it is none, or not whole.
pub(in crate::store) fn open(format: Format, bytes: &[u8]) -> Result<&[u8], BadBlock> {
    let (sealed, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(BadBlock::Short)?;
    let (found, body) = sealed.split_first().ok_or(BadBlock::Short)?;
    if *found != format as u8 {
        return Err(BadBlock::Format { found: *found, expected: format as u8 });
    }
    if crc32fast::hash(sealed) != u32::from_le_bytes(*checksum) {
        return Err(BadBlock::Checksum);
    }
    Ok(body)
}

/// How many rounds or points a block holds.
///
/// # Errors
/// When it is none, or not whole.
pub(in crate::store) fn count_of(bytes: &[u8]) -> Result<u64, BadBlock> {
    let older = [Format::Counter, Format::Gauge, Format::Rounds];
    let format = older.into_iter().find(|format| is_of(*format, bytes));
    let format = format.unwrap_or(Format::PunctualRounds);
    BitReader::new(open(format, bytes)?).get_number()
}

#[cfg(test)]
mod tests;
