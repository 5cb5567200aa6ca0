//! A column of a few symbols in long runs.

use super::BadBlock;
use super::bits::{BitReader, BitWriter};
use super::rice::Rice;

/// First guess of a run's length less one.
const GUESS: u64 = 16;

/// Lengths of runs of the symbol 0, the usual one, and of all others.
const fn lengths() -> [Rice; 2] {
    [Rice::new(GUESS), Rice::new(1)]
}

/// Bits that hold a symbol of an alphabet of `symbols`.
fn width(symbols: usize) -> u32 {
    symbols.saturating_sub(1).checked_ilog2().map_or(0, |top| top + 1)
}

/// A column as it is handed over: each symbol, and how often it comes in a row.
#[derive(Debug, Default)]
pub(super) struct Runs(Vec<(usize, usize)>);

impl Runs {
    /// Adds a symbol behind the others.
    #[inline]
    pub(super) fn push(&mut self, symbol: usize) {
        match self.0.last_mut() {
            Some((last, len)) if *last == symbol => *len += 1,
            _ => self.0.push((symbol, 1)),
        }
    }
}

/// Writes a column symbol by symbol, a run when it begins.
#[derive(Debug)]
pub(super) struct RunWriter<'a> {
    rest: std::slice::Iter<'a, (usize, usize)>,
    width: u32,
    lengths: [Rice; 2],
    symbol: usize,
    left: usize,
}

impl<'a> RunWriter<'a> {
    /// Begins `column`, whose symbols are under `symbols`. Neither number is written; an alphabet
    /// of one takes no bits.
    pub(super) fn new(column: &'a Runs, symbols: usize) -> Self {
        let (rest, width) = (column.0.iter(), width(symbols));
        Self { rest, width, lengths: lengths(), symbol: 0, left: 0 }
    }

    /// The next symbol, once the beginning of its run is written; `None` at the end.
    #[inline]
    pub(super) fn next(&mut self, bits: &mut BitWriter<'_>) -> Option<usize> {
        if self.left == 0 {
            (self.symbol, self.left) = *self.rest.next()?;
            if self.width > 0 {
                bits.put(self.symbol as u64, self.width);
                self.lengths[self.symbol.min(1)].put(bits, self.left as u64 - 1);
            }
        }
        self.left -= 1;
        Some(self.symbol)
    }

    /// The symbol that came last, and how many more of its run are to come: they take no bits.
    pub(super) const fn run(&self) -> (usize, usize) {
        (self.symbol, self.left)
    }

    /// Passes over so many of that run.
    pub(super) const fn pass(&mut self, count: usize) {
        self.left -= count;
    }
}

/// Reads what [`RunWriter`] wrote, symbol by symbol.
#[derive(Debug)]
pub(super) struct RunReader {
    symbols: usize,
    width: u32,
    lengths: [Rice; 2],
    symbol: usize,
    left: u64,
}

impl RunReader {
    /// Begins a column of an alphabet of `symbols`.
    pub(super) fn new(symbols: usize) -> Self {
        let width = width(symbols);
        let left = if width == 0 { u64::MAX } else { 0 };
        Self { symbols, width, lengths: lengths(), symbol: 0, left }
    }

    /// The next symbol; under `symbols` unless that is 0.
    ///
    /// # Errors
    /// When the bits end or are no such symbol.
    #[inline]
    pub(super) fn next(&mut self, bits: &mut BitReader<'_>) -> Result<usize, BadBlock> {
        if self.left == 0 {
            self.symbol = bits.get(self.width)? as usize;
            if self.symbol >= self.symbols {
                return Err(BadBlock::Malformed("symbol of a run"));
            }
            self.left = self.lengths[self.symbol.min(1)].get(bits)?.saturating_add(1);
        }
        self.left -= 1;
        Ok(self.symbol)
    }

    /// The symbol that came last, and how many more of its run are to come: they take no bits.
    pub(super) const fn run(&self) -> (usize, u64) {
        (self.symbol, self.left)
    }

    /// Passes over so many of that run.
    pub(super) const fn pass(&mut self, count: u64) {
        self.left -= count;
    }
}
