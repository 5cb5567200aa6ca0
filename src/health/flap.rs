//! Flapping, as Icinga 2 finds it: of the last `flap_window` rounds those that brought a change
//! between answered and failed are weighted, the older ones less (80 % for the oldest, nearly
//! 120 % for the newest), and their share is compared with two thresholds.
//! Source: Icinga 2, `lib/icinga/checkable-flapping.cpp`.

use crate::model::HealthParams;

/// The changes among a subject's last rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flap {
    /// Newest round in the lowest bit; set when it brought a change.
    bits: u64,
    was_failed: bool,
    is_on: bool,
}

impl Flap {
    /// Nothing has changed for long, and a further answer changes nothing.
    pub(super) const fn is_calm(self) -> bool {
        self.bits == 0 && !self.is_on && !self.was_failed
    }

    pub(super) const fn is_on(self) -> bool {
        self.is_on
    }

    /// What was on when the daemon stopped goes on until its rounds say otherwise.
    pub(super) fn resume(params: &HealthParams) -> Self {
        // Changes in every other round: half of them, well over the thresholds of the defaults.
        let bits = 0x5555_5555_5555_5555 & mask(params.flap_window);
        Self { bits, was_failed: false, is_on: true }
    }

    /// Counts a round of the primary check; true when flapping begins or ends by it.
    pub(super) fn count(&mut self, failed: bool, params: &HealthParams) -> bool {
        let changed = failed != self.was_failed;
        self.was_failed = failed;
        self.bits = ((self.bits << 1) + u64::from(changed)) & mask(params.flap_window);
        if self.bits == 0 && !self.is_on {
            return false;
        }
        let bound = if self.is_on { params.flap_low_permille } else { params.flap_high_permille };
        let window = u32::from(params.flap_window.max(1));
        let is_on = self.weighted(window) > u32::from(bound) * window * window;
        std::mem::replace(&mut self.is_on, is_on) != is_on
    }

    /// The failing run that lasts turned out to be somebody else's outage: that it began is no
    /// change of its own. It was the last change there is.
    pub(super) const fn excuse_failure(&mut self) {
        if self.was_failed {
            self.bits &= self.bits.wrapping_sub(1);
            self.was_failed = false;
        }
    }

    /// The weighted change rate in thousandths, rounded down.
    pub(super) fn rate_permille(self, params: &HealthParams) -> u16 {
        let window = u32::from(params.flap_window.max(1));
        u16::try_from(self.weighted(window) / (window * window)).unwrap_or(u16::MAX)
    }

    /// The same times the window's square, and so exact: at a bound the rate of a window that does
    /// not divide the weights must not be lost in rounding.
    fn weighted(self, window: u32) -> u32 {
        (0..window)
            .filter(|age| self.bits >> age & 1 == 1)
            .map(|age| 800 * window + 400 * (window - 1 - age))
            .sum()
    }
}

const fn mask(window: u8) -> u64 {
    if window >= 64 { u64::MAX } else { (1 << window) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_icingas() {
        let params = HealthParams::default();
        let rate = |bits: u64| Flap { bits, ..Flap::default() }.rate_permille(&params);
        // Icinga: the newest of twenty counts 0.8 + 0.02 × 19, the oldest 0.8.
        assert_eq!(rate(1), 1180 / 20);
        assert_eq!(rate(1 << 19), 800 / 20);
        assert_eq!(rate((1 << 20) - 1), 990);
    }

    #[test]
    fn it_begins_over_30_and_ends_at_25_per_cent() {
        let params = HealthParams::default();
        let mut flap = Flap::default();
        let mut turned_on = None;
        for n in 1..=20 {
            if flap.count(n % 2 == 1, &params) {
                turned_on.get_or_insert(n);
            }
        }
        // Six changes in a row weigh 6 × 1.13 of 20.
        assert_eq!((turned_on, flap.is_on()), (Some(6), true));
        let calm = (1..=20).find(|_| flap.count(false, &params));
        assert_eq!(calm, Some(15));
        assert!(!flap.is_on());
        (0..20).for_each(|_| assert!(!flap.count(false, &params)));
        assert!(flap.is_calm());
    }

    #[test]
    fn a_rate_just_over_the_bound_is_not_lost_in_rounding() {
        let params = HealthParams { flap_window: 31, ..HealthParams::default() };
        let bits = 0b10_0000_1001_0000_1000_0100_0100_1011_u64;
        // These nine changes of 31 rounds weigh 300.1 thousandths.
        assert_eq!(
            (bits.count_ones(), Flap { bits, ..Flap::default() }.weighted(31)),
            (9, 288_400)
        );
        let mut flap = Flap { bits: bits >> 1, ..Flap::default() };
        assert!(flap.count(true, &params) && flap.is_on());
    }

    #[test]
    fn at_a_threshold_itself_nothing_begins_and_what_lasts_ends() {
        let one_change = HealthParams { flap_high_permille: 59, ..HealthParams::default() };
        assert!(!Flap::default().count(true, &one_change), "59 is not over 59");
        let below = HealthParams { flap_high_permille: 58, ..one_change };
        assert!(Flap::default().count(true, &below));
        // The oldest of twenty weighs 40 thousandths.
        let on = Flap { bits: 1 << 18, is_on: true, ..Flap::default() };
        let low =
            |permille| HealthParams { flap_low_permille: permille, ..HealthParams::default() };
        assert!({ on }.count(false, &low(40)), "40 is not over 40");
        assert!(!{ on }.count(false, &low(39)));
    }

    #[test]
    fn with_a_threshold_of_next_to_nothing_it_ends_when_the_last_change_is_forgotten() {
        let params = HealthParams { flap_low_permille: 1, ..HealthParams::default() };
        let mut flap = Flap { bits: 1, is_on: true, ..Flap::default() };
        let ended = (1..=40).find(|_| flap.count(false, &params));
        assert_eq!((ended, flap.is_on()), (Some(20), false));
    }

    #[test]
    fn it_is_calm_when_it_answers_and_nothing_is_remembered() {
        let calm = Flap::default();
        assert!(calm.is_calm());
        let restless = [
            Flap { bits: 1 << 19, ..calm },
            Flap { is_on: true, ..calm },
            Flap { was_failed: true, ..calm },
            Flap { bits: 1, is_on: true, was_failed: true },
        ];
        assert!(!restless.iter().any(|flap| flap.is_calm()));
    }

    #[test]
    fn what_was_on_at_a_restart_lasts_for_some_rounds_without_a_change() {
        for window in [20, 64] {
            let params = HealthParams { flap_window: window, ..HealthParams::default() };
            let mut flap = Flap::resume(&params);
            assert!(flap.is_on());
            assert!((499..=500).contains(&flap.rate_permille(&params)), "half of them weigh half");
            let ended = (1..=window).find(|_| flap.count(false, &params)).unwrap();
            // Half of its rounds brought a change; a quarter may be left.
            assert!((window * 2 / 5..=window * 3 / 5).contains(&ended), "{ended} of {window}");
        }
    }

    #[test]
    fn what_turns_out_to_be_somebody_elses_outage_is_taken_back() {
        let params = HealthParams::default();
        let mut flap = Flap::default();
        flap.count(true, &params);
        flap.count(false, &params);
        flap.count(true, &params);
        assert_eq!(flap.bits, 0b111);
        flap.count(true, &params);
        flap.excuse_failure();
        assert_eq!((flap.bits, flap.was_failed), (0b1100, false));
        flap.excuse_failure();
        assert_eq!(flap.bits, 0b1100, "there is no failing run any more");
    }

    #[test]
    fn a_single_outage_is_no_flapping() {
        let params = HealthParams::default();
        let mut flap = Flap::default();
        for failed in [vec![true; 30], vec![false; 30]].concat() {
            assert!(!flap.count(failed, &params));
        }
    }
}
