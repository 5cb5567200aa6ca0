//! What is kept of an hour's or a day's rounds of one check when charts need no single one.

use super::super::block::{BadBlock, BitReader, BitWriter, Format, open, seal};
use super::Sketch;
use crate::model::Sample;

/// Sums over rounds. Those that our own side spoilt are counted apart and leave no other trace:
/// they say nothing of loss, nor of times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollup {
    /// Rounds that say something about the subject.
    pub rounds: u64,
    /// Of these, rounds in which nothing came back.
    pub failed: u64,
    /// Rounds that say nothing about the subject: own faults, nothing sent.
    pub own_faults: u64,
    /// Packets of `rounds`.
    pub sent: u64,
    /// Of these, packets without an answer in time.
    pub lost: u64,
    /// Sum of the round-trip times; how many they are is `sketch.count()`.
    pub rtt_sum_us: u64,
    /// Shortest round-trip time; `None` when nothing came back.
    pub rtt_min_us: Option<u32>,
    /// Longest round-trip time; `None` when nothing came back.
    pub rtt_max_us: Option<u32>,
    /// Their distribution.
    pub sketch: Sketch,
}

impl Rollup {
    /// Counts one round.
    pub(in crate::store) fn add(&mut self, sample: &Sample) {
        if sample.sent == 0 || sample.error.is_some_and(crate::model::RoundError::is_own_fault) {
            self.own_faults = self.own_faults.saturating_add(1);
            return;
        }
        self.rounds = self.rounds.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(sample.lost >= sample.sent));
        self.sent = self.sent.saturating_add(u64::from(sample.sent));
        self.lost = self.lost.saturating_add(u64::from(sample.lost));
        for &rtt_us in sample.rtts.as_slice() {
            self.rtt_sum_us = self.rtt_sum_us.saturating_add(u64::from(rtt_us));
            self.reach(rtt_us, rtt_us);
            self.sketch.add(rtt_us);
        }
    }

    pub(super) fn reach(&mut self, min_us: u32, max_us: u32) {
        self.rtt_min_us = Some(self.rtt_min_us.map_or(min_us, |min| min.min(min_us)));
        self.rtt_max_us = Some(self.rtt_max_us.map_or(max_us, |max| max.max(max_us)));
    }

    /// Counts what `other` has counted, too: hours to a day, subjects to a district.
    pub fn merge(&mut self, other: &Self) {
        self.rounds = self.rounds.saturating_add(other.rounds);
        self.failed = self.failed.saturating_add(other.failed);
        self.own_faults = self.own_faults.saturating_add(other.own_faults);
        self.sent = self.sent.saturating_add(other.sent);
        self.lost = self.lost.saturating_add(other.lost);
        self.rtt_sum_us = self.rtt_sum_us.saturating_add(other.rtt_sum_us);
        if let (Some(min_us), Some(max_us)) = (other.rtt_min_us, other.rtt_max_us) {
            self.reach(min_us, max_us);
        }
        self.sketch.merge(&other.sketch);
    }

    /// [`Sketch::quantile_us`], never beyond the shortest and the longest time.
    pub fn rtt_quantile_us(&self, permille: u16) -> Option<u32> {
        let quantile_us = self.sketch.quantile_us(permille)?;
        Some(quantile_us.max(self.rtt_min_us?).min(self.rtt_max_us?))
    }

    /// Puts it into `into`, which is emptied: about 70 bytes for a day.
    pub(in crate::store) fn encode(&self, into: &mut Vec<u8>) {
        seal(Format::Rollup, into, |body| {
            let mut bits = BitWriter::new(body);
            let Self { rounds, failed, own_faults, sent, lost, rtt_sum_us, .. } = *self;
            for number in [rounds, failed, own_faults, sent, lost, rtt_sum_us] {
                bits.put_number(number);
            }
            // 0 is "none", so that the times stand one higher.
            for end_us in [self.rtt_min_us, self.rtt_max_us] {
                bits.put_number(end_us.map_or(0, |us| u64::from(us) + 1));
            }
            self.sketch.encode(&mut bits);
            bits.finish();
        });
    }

    /// Only how many rounds were counted, of what [`Rollup::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are no rollup, or not whole.
    pub(in crate::store) fn decode_rounds(bytes: &[u8]) -> Result<u64, BadBlock> {
        BitReader::new(open(Format::Rollup, bytes)?).get_number()
    }

    /// Reads what [`Rollup::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are no rollup, or not whole.
    pub(in crate::store) fn decode(bytes: &[u8]) -> Result<Self, BadBlock> {
        let mut rollup = Self::default();
        rollup.merge_encoded(bytes)?;
        Ok(rollup)
    }

    /// [`Rollup::merge`] with what [`Rollup::encode`] wrote: a month of everybody's days is
    /// summed without a sketch for each.
    ///
    /// # Errors
    /// When the bytes are no rollup, or not whole; a part of it may have been counted.
    pub(in crate::store) fn merge_encoded(&mut self, bytes: &[u8]) -> Result<(), BadBlock> {
        let bits = &mut BitReader::new(open(Format::Rollup, bytes)?);
        let Self { rounds, failed, own_faults, sent, lost, rtt_sum_us, .. } = self;
        for sum in [rounds, failed, own_faults, sent, lost, rtt_sum_us] {
            *sum = sum.saturating_add(bits.get_number()?);
        }
        let (min_us, max_us) = (end_us(bits.get_number()?)?, end_us(bits.get_number()?)?);
        if let (Some(min_us), Some(max_us)) = (min_us, max_us) {
            self.reach(min_us, max_us);
        }
        self.sketch.merge_encoded(bits)
    }
}

fn end_us(number: u64) -> Result<Option<u32>, BadBlock> {
    let end_us = number.checked_sub(1).map(u32::try_from).transpose();
    end_us.map_err(|_| BadBlock::Malformed("round-trip time"))
}
