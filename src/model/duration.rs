//! Durations as people write them in files: a number and a unit, `30s`, `200ms`, `1h30m`, `400d`.

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing there.
    #[error("a duration must not be empty")]
    Empty,
    /// A number without its unit, e.g. `30`.
    #[error("a duration needs a unit: ms, s, m, h, d or y")]
    NoUnit,
    /// Not one of `ms s m h d y`.
    #[error("'{0}' is not a unit of time: ms, s, m, h, d or y")]
    UnknownUnit(String),
    /// Over 100 years.
    #[error("a duration is at most 100 years")]
    TooLong,
}

const UNITS: [(&str, i64); 6] = [
    ("y", 31_536_000_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Milliseconds in a text such as `30s`, `1h30m` or `400d`; a year has 365 days.
///
/// # Errors
/// [`DurationError`] when a number has no unit, the unit is unknown or the sum passes 100 years.
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(DurationError::Empty);
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(DurationError::NoUnit)?;
        let (number, tail) = rest.split_at(digits);
        let unit_len = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        let (_, factor) = UNITS
            .iter()
            .find(|(name, _)| *name == unit.trim())
            .filter(|_| !number.is_empty())
            .ok_or_else(|| DurationError::UnknownUnit(unit.trim().chars().take(16).collect()))?;
        total = number
            .parse::<i64>()
            .ok()
            .and_then(|n| n.checked_mul(*factor))
            .and_then(|ms| total.checked_add(ms))
            .filter(|ms| *ms <= 100 * UNITS[0].1)
            .ok_or(DurationError::TooLong)?;
        rest = tail;
    }
    Ok(total)
}

/// The shortest text that [`parse_duration`] reads back as `ms`, e.g. `90s` is `1m30s`.
#[must_use]
pub fn format_duration(ms: i64) -> String {
    if ms <= 0 {
        return "0s".to_owned();
    }
    let mut left = ms;
    let mut text = String::new();
    for (unit, factor) in UNITS.iter().skip(1) {
        let n = left / factor;
        if n > 0 {
            text.push_str(&format!("{n}{unit}"));
            left -= n * factor;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, ms) in
            [("30s", 30_000), ("200ms", 200), ("1h30m", 5_400_000), ("2d", 172_800_000)]
        {
            assert_eq!(parse_duration(text), Ok(ms));
            assert_eq!(format_duration(ms), text);
        }
        assert_eq!(parse_duration("30"), Err(DurationError::NoUnit));
        assert_eq!(parse_duration("3 weeks"), Err(DurationError::UnknownUnit("weeks".into())));
        assert_eq!(parse_duration("s"), Err(DurationError::UnknownUnit("s".into())));
        assert_eq!(parse_duration("9999y"), Err(DurationError::TooLong));
    }
}
