//! The longest delay of the last minute, in twelve parts of five seconds. Pure.

const PART_US: i64 = 5_000_000;
const PARTS: usize = 12;

/// The longest delay in each five seconds of the last minute.
#[derive(Debug, Default)]
pub(super) struct Lag {
    /// (which five seconds, longest delay in microseconds)
    parts: [(i64, i64); PARTS],
}

impl Lag {
    /// A turn waited for `delay_us` until `now_us`.
    pub(super) fn note(&mut self, now_us: i64, delay_us: i64) {
        let number = now_us.div_euclid(PART_US);
        let index = usize::try_from(number.rem_euclid(PARTS as i64)).unwrap_or(0);
        let part = &mut self.parts[index];
        if part.0 != number {
            *part = (number, 0);
        }
        part.1 = part.1.max(delay_us);
    }

    /// The longest delay noted in the minute before `now_us`.
    pub(super) fn max_us(&self, now_us: i64) -> i64 {
        let oldest = now_us.div_euclid(PART_US) - PARTS as i64;
        self.parts.iter().filter(|part| part.0 > oldest).map(|part| part.1).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_told_for_a_minute() {
        let mut lag = Lag::default();
        lag.note(1_000_000, 700);
        lag.note(30_000_000, 300);
        assert_eq!(lag.max_us(59_000_000), 700);
        assert_eq!(lag.max_us(61_000_000), 300);
        assert_eq!(lag.max_us(200_000_000), 0);
    }
}
