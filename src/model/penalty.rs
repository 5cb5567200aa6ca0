//! What a carrier owes for a line that missed its service level: steps of the line's price.

/// A contract's penalties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Penalty {
    /// What a line costs a month where `prices` says nothing, in whole units of currency (đồng).
    pub monthly_price: Option<i64>,
    /// What a line of a bandwidth (kbit/s) costs a month.
    pub prices: Vec<(u64, i64)>,
    /// By availability, in any order.
    pub steps: Vec<PenaltyStep>,
}

/// Below an availability so much of the monthly price is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PenaltyStep {
    /// Availability in millionths.
    pub below_ppm: u32,
    /// Share of the monthly price, in hundredths of a percent (5 % is 500).
    pub pct_hundredths: u32,
}

impl Penalty {
    /// What a line of this bandwidth costs a month; `None` where the contract does not say.
    #[must_use]
    pub fn price(&self, bandwidth_kbps: Option<u64>) -> Option<i64> {
        let of_its_own = self.prices.iter().find(|(kbps, _)| Some(*kbps) == bandwidth_kbps);
        of_its_own.map(|(_, price)| *price).or(self.monthly_price)
    }

    /// The step that an availability of `live / judged` (milliseconds) falls under: the lowest one
    /// that it is below; `None` when it is below none or nothing was judged.
    #[must_use]
    pub fn step(&self, live: i64, judged: i64) -> Option<PenaltyStep> {
        let is_below = |step: &&PenaltyStep| {
            i128::from(live) * 1_000_000 < i128::from(judged) * i128::from(step.below_ppm)
        };
        self.steps.iter().filter(is_below).min_by_key(|step| step.below_ppm).copied()
    }
}

impl PenaltyStep {
    /// The part of `price` that is owed, rounded to the nearest whole.
    #[must_use]
    pub fn of(self, price: i64) -> i64 {
        let owed = (i128::from(price) * i128::from(self.pct_hundredths) + 5_000) / 10_000;
        i64::try_from(owed).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Penalty {
        let step = |below_ppm, pct_hundredths| PenaltyStep { below_ppm, pct_hundredths };
        Penalty {
            monthly_price: Some(3_000_000),
            prices: vec![(100_000, 9_000_000)],
            steps: vec![step(990_000, 1_000), step(995_000, 500), step(950_000, 3_333)],
        }
    }

    #[test]
    fn the_lowest_step_below_counts_and_its_bound_is_not_below() {
        let contract = contract();
        let pct = |live, judged| contract.step(live, judged).map(|s| s.pct_hundredths);
        assert_eq!(pct(995, 1_000), None);
        assert_eq!(pct(994_999, 1_000_000), Some(500));
        assert_eq!(pct(990, 1_000), Some(500));
        assert_eq!(pct(989, 1_000), Some(1_000));
        assert_eq!(pct(0, 1_000), Some(3_333));
        assert_eq!(pct(0, 0), None, "nothing was judged");
        assert_eq!(pct(i64::MAX - 1, i64::MAX), None);
    }

    #[test]
    fn a_line_costs_what_its_bandwidth_costs() {
        let contract = contract();
        assert_eq!(contract.price(Some(100_000)), Some(9_000_000));
        assert_eq!(contract.price(Some(10_000)), Some(3_000_000));
        assert_eq!(Penalty::default().price(None), None);
        let step = contract.step(0, 1).unwrap();
        assert_eq!(step.of(9_000_000), 2_999_700);
        assert_eq!(step.of(1), 0);
        assert_eq!(step.of(i64::MAX), 3_074_149_899_883_696_776);
    }
}
