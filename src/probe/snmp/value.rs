//! Values as devices send them to plain numbers and texts. Devices are loose with the types, so a
//! gauge may come as an integer, a counter or a text.

use super::ask::Datum;
use super::counter::Count;
use crate::model::Untrusted;

/// Most digits before the point in a number that comes as a text.
const DIGITS_MAX: usize = 15;

/// A number that cannot be negative.
#[must_use]
pub fn unsigned(value: Datum<'_>) -> Option<u64> {
    match value {
        Datum::Integer(n) => u64::try_from(n).ok(),
        Datum::Counter32(n) | Datum::Gauge32(n) | Datum::UInteger32(n) | Datum::TimeTicks(n) => {
            Some(u64::from(n))
        }
        Datum::Counter64(n) => Some(n),
        _ => None,
    }
}

/// A whole number.
#[must_use]
pub fn integer(value: Datum<'_>) -> Option<i64> {
    match value {
        Datum::Integer(n) => Some(i64::from(n)),
        other => unsigned(other).and_then(|n| i64::try_from(n).ok()),
    }
}

/// Hundredths of a second as [`Datum::TimeTicks`] has them.
#[must_use]
pub fn ticks(value: Datum<'_>) -> Option<u32> {
    unsigned(value).and_then(|n| u32::try_from(n).ok())
}

/// A counter with its width.
#[must_use]
pub fn count(value: Datum<'_>) -> Option<Count> {
    match value {
        Datum::Counter64(n) => Some(Count::wide(n)),
        other => ticks(other).map(Count::narrow),
    }
}

/// A number times 10^`places` (at most 6), what is finer cut off: a whole number, or a decimal in
/// a text ("51.569", " 42 "), as some makers send their sensors.
#[must_use]
pub fn scaled(value: Datum<'_>, places: u8) -> Option<i64> {
    let factor = 10_i64.pow(u32::from(places.min(6)));
    if let Some(whole) = integer(value) {
        return whole.checked_mul(factor);
    }
    let Datum::OctetString(bytes) = value else { return None };
    let text = str::from_utf8(bytes).ok()?.trim_matches(['\0', ' ', '\t', '\r', '\n']);
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > DIGITS_MAX || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let kept: String =
        fraction.chars().chain(std::iter::repeat('0')).take(usize::from(places.min(6))).collect();
    format!("{whole}{kept}").parse::<i64>().ok().map(|n| sign * n)
}

/// A text without what stands empty around it; `None` when nothing is left.
#[must_use]
pub fn text(value: Datum<'_>) -> Option<Untrusted> {
    let Datum::OctetString(bytes) = value else { return None };
    let bytes = trimmed(bytes);
    (!bytes.is_empty()).then(|| Untrusted::from_bytes(bytes)).filter(|text| !text.is_empty())
}

/// The bytes without NUL and ASCII white space at their ends.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_blank = |b: &u8| *b == 0 || b.is_ascii_whitespace();
    let Some(from) = bytes.iter().position(|b| !is_blank(b)) else { return &[] };
    let to = bytes.iter().rposition(|b| !is_blank(b)).map_or(from, |last| last + 1);
    &bytes[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(text: &str) -> Datum<'_> {
        Datum::OctetString(text.as_bytes())
    }

    #[test]
    fn numbers_come_in_many_types() {
        assert_eq!(unsigned(Datum::Integer(-1)), None);
        assert_eq!(integer(Datum::Integer(-1)), Some(-1));
        assert_eq!(integer(Datum::Counter64(u64::MAX)), None);
        assert_eq!(ticks(Datum::Counter64(1 << 32)), None);
        assert_eq!(scaled(octets("51.569"), 1), Some(515));
        assert_eq!(scaled(octets("-4.5\0"), 2), Some(-450));
        assert_eq!(scaled(Datum::Gauge32(330), 1), Some(3300));
        for bad in ["", ".", "-", "1e3", "nan", "1.2.3", "9999999999999999", "٣"] {
            assert_eq!(scaled(octets(bad), 1), None, "{bad}");
        }
    }

    #[test]
    fn texts_lose_what_stands_empty_around_them() {
        assert_eq!(
            text(octets(" UPS 09.8 \0\r\n")).map(|t| t.as_str().to_owned()).as_deref(),
            Some("UPS 09.8")
        );
        assert_eq!(text(octets(" \0 ")).map(|t| t.as_str().to_owned()), None);
    }
}
