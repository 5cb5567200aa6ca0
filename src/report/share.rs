//! Shares and lengths of time as they leave the house: exact decimals of the integers inside.

use serde::{Serialize, Serializer};

/// A share in millionths, written as a decimal between 0 and 1: 998710 is `0.99871`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u32);

/// A length of time in milliseconds, written in seconds: 61500 is `61.5`, 61000 is `61`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub i64);

/// By how much a share has grown, in millionths, written as a decimal: -1290 is `-0.00129`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change(pub i64);

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        // At most a million millionths, exact in 53 bits.
        s.serialize_f64(self.0 as f64 / 1e6)
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&decimal(self.0, 1_000_000))
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(f64::from(self.0) / 1e6)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1_000 == 0 {
            s.serialize_i64(self.0 / 1_000)
        } else {
            // Milliseconds of any period worth reporting are exact in 53 bits.
            s.serialize_f64(self.0 as f64 / 1e3)
        }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&decimal(i64::from(self.0), 1_000_000))
    }
}

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&decimal(self.0, 1_000))
    }
}

fn decimal(value: i64, scale: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (value, scale) = (value.unsigned_abs(), scale.unsigned_abs());
    let digits = scale.ilog10() as usize;
    let fraction = format!("{:0digits$}", value % scale);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{}", value / scale),
        rest => format!("{sign}{}.{rest}", value / scale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_short() {
        assert_eq!(Share(998_710).to_string(), "0.99871");
        assert_eq!(Share(1_000_000).to_string(), "1");
        assert_eq!(Seconds(61_500).to_string(), "61.5");
        assert_eq!(Seconds(-1_050).to_string(), "-1.05");
        assert_eq!(serde_json::to_string(&Share(998_710)).unwrap(), "0.99871");
        assert_eq!(serde_json::to_string(&Seconds(61_000)).unwrap(), "61");
        assert_eq!(serde_json::to_string(&Seconds(61_001)).unwrap(), "61.001");
    }
}
