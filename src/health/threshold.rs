//! What devices say of themselves against what it may be: the error of a check's round.
//!
//! ```text
//!            value over high (a charge: under low)
//!   quiet ─────────────────────────────────────────► raised
//!         ◄─────────────────────────────────────────
//!            value under low (a charge: over high), or not told for three rounds
//! ```
//! In between nothing changes: a processor that swings around 90 % is one trouble, not twenty. What
//! is told rather than measured (a UPS on battery, a fan that failed) has no band.

use crate::model::{Band, Limits, Threshold};

/// Rounds in a row in which a value may be missing before what it had raised is given up: counters
/// mean nothing for a round after a device has restarted.
const MISSING_MAX: u8 = 3;

/// What a device says in one round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    values: [Option<i64>; Threshold::ALL.len()],
    /// By how much the worst sensor is over the device's own limit for it, tenths of a degree.
    excess: Option<i64>,
}

impl Said {
    /// A value: thousandths or tenths of a degree, as [`Limits`] has it. Of several (two sensors, two
    /// directions) the worst counts.
    pub fn value(&mut self, of: Threshold, value: i64) {
        let slot = &mut self.values[of as usize];
        let worst =
            |known: i64| if of == Threshold::Charge { known.min(value) } else { known.max(value) };
        *slot = Some(slot.map_or(value, worst));
    }

    /// What is true or not: a UPS on battery, a fan that has failed.
    pub fn fact(&mut self, of: Threshold, is_so: bool) {
        self.value(of, i64::from(is_so));
    }

    /// A temperature, in tenths of a degree; where the device has a limit of its own for that sensor,
    /// it is held to that.
    pub fn temperature(&mut self, tenths: i64, own_limit: Option<i64>) {
        match own_limit {
            Some(limit) => self.excess = self.excess.max(Some(tenths - limit)),
            None => self.value(Threshold::Temperature, tenths),
        }
    }

    /// What was said.
    #[must_use]
    pub fn get(&self, of: Threshold) -> Option<i64> {
        self.values[of as usize]
    }
}

/// What one check's rounds have raised so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watch {
    raised: [bool; Threshold::ALL.len()],
    missing: [u8; Threshold::ALL.len()],
}

/// Which trouble is named first: what ends soonest in darkness, then what ends in silence.
const WORST_FIRST: [Threshold; Threshold::ALL.len()] = [
    Threshold::Battery,
    Threshold::Charge,
    Threshold::Hardware,
    Threshold::Temperature,
    Threshold::Memory,
    Threshold::Cpu,
    Threshold::Errors,
    Threshold::Utilisation,
    Threshold::Certificate,
    Threshold::Clock,
    Threshold::Mtu,
];

impl Watch {
    /// Takes one round in; the worst of what is beyond its threshold now.
    pub fn look(&mut self, said: &Said, limits: &Limits) -> Option<Threshold> {
        for threshold in Threshold::ALL {
            let (raised, missing) =
                (&mut self.raised[threshold as usize], &mut self.missing[threshold as usize]);
            let value = said.get(threshold);
            let excess = said.excess.filter(|_| threshold == Threshold::Temperature);
            if value.is_none() && excess.is_none() {
                *missing = missing.saturating_add(1);
                *raised &= *missing < MISSING_MAX;
                continue;
            }
            *missing = 0;
            let was_raised = *raised;
            let is_over = |value| is_raised(was_raised, threshold, value, limits);
            let is_over_own = |excess| is_over_own(was_raised, excess, limits);
            *raised = value.is_some_and(is_over) || excess.is_some_and(is_over_own);
        }
        WORST_FIRST.into_iter().find(|threshold| self.raised[*threshold as usize])
    }
}

fn is_raised(was_raised: bool, threshold: Threshold, value: i64, limits: &Limits) -> bool {
    if threshold.is_told() {
        return value != 0;
    }
    let Some(Band { high, low }) = limits.of(threshold) else { return false };
    let (high, low) = (i64::from(high), i64::from(low));
    match (was_raised, threshold) {
        (false, Threshold::Charge) => value < low,
        (true, Threshold::Charge) => value <= high,
        (false, _) => value > high,
        (true, _) => value >= low,
    }
}

/// As wide a band as the configuration's, beneath the device's own limit.
fn is_over_own(was_raised: bool, excess: i64, limits: &Limits) -> bool {
    limits.temperature.is_some_and(|Band { high, low }| {
        if was_raised { excess >= i64::from(low) - i64::from(high) } else { excess > 0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Limits = Limits {
        utilisation: None,
        errors: None,
        cpu: None,
        memory: None,
        temperature: None,
        charge: None,
    };

    fn cpu(value: i64) -> Said {
        let mut said = Said::default();
        said.value(Threshold::Cpu, value);
        said
    }

    #[test]
    fn the_worst_of_two_values_counts() {
        let mut said = Said::default();
        [910, 950, 100].into_iter().for_each(|v| said.value(Threshold::Utilisation, v));
        [900, 290, 800].into_iter().for_each(|v| said.value(Threshold::Charge, v));
        assert_eq!(said.get(Threshold::Utilisation), Some(950));
        assert_eq!(said.get(Threshold::Charge), Some(290));
    }

    #[test]
    fn a_value_that_is_not_told_is_forgotten_after_three_rounds() {
        let mut watch = Watch::default();
        let limits = Limits::default();
        assert_eq!(watch.look(&cpu(950), &limits), Some(Threshold::Cpu));
        for _ in 0..2 {
            assert_eq!(watch.look(&Said::default(), &limits), Some(Threshold::Cpu));
        }
        assert_eq!(watch.look(&Said::default(), &limits), None);
        assert_eq!(watch.look(&cpu(850), &limits), None, "it begins anew");
    }

    #[test]
    fn a_limit_that_is_switched_off_raises_nothing_and_ends_what_was_raised() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(&cpu(950), &Limits::default()), Some(Threshold::Cpu));
        assert_eq!(watch.look(&cpu(950), &NEVER), None);
        let mut said = Said::default();
        said.fact(Threshold::Battery, true);
        assert_eq!(watch.look(&said, &NEVER), Some(Threshold::Battery));
    }

    #[test]
    fn trouble_begins_beyond_one_value_and_ends_beyond_the_other() {
        let raised = |of: Threshold, values: &[i64]| {
            let mut watch = Watch::default();
            let look = |value: &i64| {
                let mut said = Said::default();
                said.value(of, *value);
                watch.look(&said, &Limits::default()).is_some()
            };
            values.iter().map(look).collect::<Vec<_>>()
        };
        let expected = [false, true, true, false, false];
        assert_eq!(raised(Threshold::Cpu, &[900, 901, 800, 799, 900]), expected);
        assert_eq!(raised(Threshold::Charge, &[300, 299, 400, 401, 300]), expected);
    }

    #[test]
    fn a_sensor_is_held_to_its_own_limit() {
        let limits = Limits::default();
        let mut watch = Watch::default();
        let mut look = |sensors: &[(i64, Option<i64>)]| {
            let mut said = Said::default();
            sensors.iter().for_each(|(tenths, limit)| said.temperature(*tenths, *limit));
            watch.look(&said, &limits)
        };
        assert_eq!(look(&[(850, Some(1_000))]), None, "85 °C is cool where 100 is the limit");
        assert_eq!(look(&[(450, Some(450))]), None, "at its limit, not over it");
        assert_eq!(look(&[(850, Some(1_000)), (460, Some(450))]), Some(Threshold::Temperature));
        assert_eq!(look(&[(400, Some(450))]), Some(Threshold::Temperature));
        assert_eq!(look(&[(390, Some(450))]), None, "more than five degrees under it");
        assert_eq!(look(&[(760, None), (700, Some(900))]), Some(Threshold::Temperature));
    }
}
