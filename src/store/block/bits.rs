//! A stream of bits, the lowest bit of each byte first.

use super::BadBlock;

/// Most zeros before the one that ends a unary number; so that a reader's 56 held bits suffice.
const UNARY_MAX: u32 = 40;
/// Bits that say how wide a number is: 0 to 64.
const WIDTH_BITS: u32 = 7;

/// Appends bits to bytes.
#[derive(Debug)]
pub(in crate::store) struct BitWriter<'a> {
    into: &'a mut Vec<u8>,
    held: u64,
    /// How many bits are held; under 32 between two calls.
    len: u32,
}

impl<'a> BitWriter<'a> {
    /// Appends to `into`, beginning with a new byte.
    pub(in crate::store) fn new(into: &'a mut Vec<u8>) -> Self {
        Self { into, held: 0, len: 0 }
    }

    /// The lowest `width` bits of `value`, which has no others; at most 64.
    #[inline]
    pub(in crate::store) fn put(&mut self, value: u64, width: u32) {
        if width > 32 {
            self.put_short(value & u64::from(u32::MAX), 32);
            return self.put_short(value >> 32, width - 32);
        }
        self.put_short(value, width);
    }

    /// The same for at most 32.
    #[inline]
    fn put_short(&mut self, value: u64, width: u32) {
        self.held |= value << self.len;
        self.len += width;
        if self.len >= 32 {
            self.into.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.len -= 32;
        }
    }

    /// `zeros` zeros and a one; at most [`UNARY_MAX`].
    pub(super) fn put_unary(&mut self, zeros: u32) {
        debug_assert!(zeros <= UNARY_MAX, "a reader would refuse it");
        self.put(1 << zeros, zeros + 1);
    }

    /// Any number: its width, then its bits below the highest.
    pub(in crate::store) fn put_number(&mut self, value: u64) {
        let width = u64::BITS - value.leading_zeros();
        self.put(u64::from(width), WIDTH_BITS);
        if width > 1 {
            self.put(value ^ (1 << (width - 1)), width - 1);
        }
    }

    /// Writes out what is held; the last byte is filled up with zeros.
    pub(in crate::store) fn finish(self) {
        let bytes = self.held.to_le_bytes();
        self.into.extend_from_slice(&bytes[..self.len.div_ceil(8) as usize]);
    }
}

/// Takes bits from bytes. Small enough to be copied: a loop that reads from a copy of its own keeps it
/// in registers.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct BitReader<'a> {
    rest: &'a [u8],
    held: u64,
    /// How many of the held bits are no longer in `rest`; those above are a look ahead.
    len: u32,
}

impl<'a> BitReader<'a> {
    /// Begins with the first byte of `bytes`.
    pub(in crate::store) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, held: 0, len: 0 }
    }

    /// How many bits can still be taken.
    pub(in crate::store) fn left(&self) -> usize {
        self.rest.len().saturating_mul(8).saturating_add(self.len as usize)
    }

    /// Holds at least 56 bits, or all that are left.
    #[inline]
    fn fill(&mut self) {
        if let Some(next) = self.rest.first_chunk::<8>() {
            self.held |= u64::from_le_bytes(*next) << self.len;
            let bytes = (63 - self.len) / 8;
            self.rest = &self.rest[bytes as usize..];
            self.len += bytes * 8;
        } else {
            *self = self.filled_at_the_end();
        }
    }

    /// The same where fewer than 8 bytes are left, with zeros behind them.
    #[cold]
    fn filled_at_the_end(mut self) -> Self {
        let mut last = [0; 8];
        last.iter_mut().zip(self.rest).for_each(|(byte, next)| *byte = *next);
        self.held |= u64::from_le_bytes(last) << self.len;
        let bytes = self.rest.len().min(((63 - self.len) / 8) as usize);
        self.rest = &self.rest[bytes..];
        self.len += bytes as u32 * 8;
        self
    }

    #[inline]
    fn skip(&mut self, width: u32) {
        self.held >>= width;
        self.len -= width;
    }

    /// The next `width` bits; at most 64.
    ///
    /// # Errors
    /// [`BadBlock::Short`].
    pub(in crate::store) fn get(&mut self, width: u32) -> Result<u64, BadBlock> {
        if width > 32 {
            let low = self.get(32)?;
            return Ok(low | self.get(width.min(64) - 32)? << 32);
        }
        if self.len < width {
            self.fill();
            if self.len < width {
                return Err(BadBlock::Short);
            }
        }
        let value = self.held & ((1 << width) - 1);
        self.skip(width);
        Ok(value)
    }

    /// The reverse of [`BitWriter::put_unary`].
    ///
    /// # Errors
    /// [`BadBlock::Short`]; [`BadBlock::Malformed`] for more zeros than anyone writes.
    pub(super) fn get_unary(&mut self) -> Result<u32, BadBlock> {
        if self.len <= UNARY_MAX {
            self.fill();
        }
        let zeros = self.held.trailing_zeros();
        if zeros > UNARY_MAX {
            return Err(BadBlock::Malformed("unary number"));
        }
        if zeros >= self.len {
            return Err(BadBlock::Short);
        }
        self.skip(zeros + 1);
        Ok(zeros)
    }

    /// A unary number of fewer than `zeros_max` zeros and the `width` bits behind it (40 at most
    /// together): most of what is read, so that it is done in one go. `None`, and nothing is taken,
    /// where there is no such number: the reason is for whoever reads its parts.
    #[inline]
    pub(super) fn get_short(&mut self, zeros_max: u32, width: u32) -> Option<(u32, u64)> {
        let mut zeros = self.held.trailing_zeros();
        if zeros + 1 + width > self.len {
            self.fill();
            zeros = self.held.trailing_zeros();
        }
        let all = zeros + 1 + width;
        if zeros >= zeros_max || all > self.len || all >= u64::BITS {
            return None;
        }
        let behind = self.held >> (zeros + 1) & ((1 << width) - 1);
        self.skip(all);
        Some((zeros, behind))
    }

    /// The reverse of [`BitWriter::put_number`].
    ///
    /// # Errors
    /// [`BadBlock::Short`]; [`BadBlock::Malformed`] for more than 64 bits.
    pub(in crate::store) fn get_number(&mut self) -> Result<u64, BadBlock> {
        match self.get(WIDTH_BITS)? as u32 {
            0 => Ok(0),
            width if width <= 64 => Ok(self.get(width - 1)? | 1 << (width - 1)),
            _ => Err(BadBlock::Malformed("width of a number")),
        }
    }
}
