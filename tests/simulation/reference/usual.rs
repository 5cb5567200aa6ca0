//! The reference's view of what is usual at an hour of the day (rule 4, `baseline`): as
//! docs/configuration.md says it is learnt.

use std::collections::BTreeMap;

use tuantra::model::UnixMs;

/// Answered rounds of an hour until it is known what is usual in it.
const ENOUGH: u32 = 30;
/// A round moves it by this part at most from then on.
const STEP: u32 = 512;

/// By hour of the day (UTC): what is usual, in microseconds, and from how many rounds that is known.
#[derive(Debug, Clone, Default)]
pub struct Usual(pub BTreeMap<u8, (u32, u32)>);

impl Usual {
    /// Learns from a round: the mean of the first thirty, then a step towards each.
    pub fn learn(&mut self, hour: u8, median_us: u32) {
        let (usual_us, rounds) = self.0.entry(hour).or_default();
        *rounds += 1;
        if *rounds <= ENOUGH {
            let apart = i64::from(median_us) - i64::from(*usual_us);
            *usual_us = (i64::from(*usual_us) + apart / i64::from(*rounds)) as u32;
        } else {
            let most = (*usual_us / STEP).max(1);
            let up = median_us.saturating_sub(*usual_us).min(most);
            let down = usual_us.saturating_sub(median_us).min(most);
            *usual_us = *usual_us + up - down;
        }
    }

    /// True when it is known what is usual at that hour, and the round took over so many tenths of
    /// it.
    pub fn is_exceeded(&self, hour: u8, median_us: u32, tenths: u16) -> bool {
        let known = self.0.get(&hour).filter(|(_, rounds)| *rounds >= ENOUGH);
        known.is_some_and(|(usual_us, _)| {
            u64::from(median_us) * 10 > u64::from(*usual_us) * u64::from(tenths)
        })
    }
}

/// The hour of the day, UTC.
pub fn hour(at: UnixMs) -> u8 {
    (at.0.div_euclid(3_600_000).rem_euclid(24)) as u8
}
