//! Decimal numbers as people write them in files, kept as whole numbers of a power of ten.

/// `-12.5` with two places is -1250; `None` when it is no plain decimal number, has more decimals
/// than `places` (zeros at the end do not count) or passes 64 bits.
#[must_use]
pub fn parse_scaled(text: &str, places: u8) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let places = usize::from(places);
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse::<i64>().ok().map(|n| sign * n)
}

/// The shortest text that [`parse_scaled`] reads back as `value`; at most 18 `places`.
#[must_use]
pub fn format_scaled(value: i64, places: u8) -> String {
    let unit = 10_u64.saturating_pow(u32::from(places));
    let width = usize::from(places);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, fraction) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let text = format!("{sign}{whole}.{fraction:0width$}");
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(parse_scaled("0.995", 6), Some(995_000));
        assert_eq!(parse_scaled("1", 6), Some(1_000_000));
        assert_eq!(parse_scaled("-10.5", 6), Some(-10_500_000));
        assert_eq!(parse_scaled("0.50", 1), Some(5));
        for bad in ["", ".5", "1e3", "0.9999999", "1,5", "-", "+1", "0x10", "٣"] {
            assert_eq!(parse_scaled(bad, 6), None, "{bad}");
        }
        assert_eq!(format_scaled(-10_500_000, 6), "-10.5");
        assert_eq!(format_scaled(100, 0), "100");
        assert_eq!(format_scaled(1_000, 1), "100");
        assert_eq!(format_scaled(0, 3), "0");
    }
}
