//! Numbers as each language writes them: decimal comma and grouping point in Vietnamese, the other
//! way round in English. Integers come in with their unit; rounding happens here only.

use super::Lang;

/// A percentage never has more decimals than parts per million can fill.
const PERCENT_DECIMALS_MAX: u8 = 4;

/// `1.330` (vi), `1,330` (en).
#[must_use]
pub fn number(lang: Lang, n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(lang, n.unsigned_abs()))
}

/// A share in millionths as a percentage: `99,71 %` (vi), `99.71 %` (en); at most 4 decimals.
///
/// Rounded half up, but what is not all never reads as 100 and what is not nothing never as 0:
/// a single lost second must not vanish from a report.
#[must_use]
pub fn percent(lang: Lang, ppm: u32, decimals: u8) -> String {
    format!("{} %", percent_number(lang, ppm, decimals))
}

/// The same without its sign, for columns that say it once.
#[must_use]
pub fn percent_number(lang: Lang, ppm: u32, decimals: u8) -> String {
    let decimals = decimals.min(PERCENT_DECIMALS_MAX);
    let scale = 10_u64.pow(u32::from(decimals));
    let step = 10_u64.pow(u32::from(PERCENT_DECIMALS_MAX - decimals));
    let mut rounded = (u64::from(ppm) + step / 2) / step;
    if ppm < 1_000_000 {
        rounded = rounded.min(100 * scale - 1);
    }
    if ppm > 0 {
        rounded = rounded.max(1);
    }
    scaled(lang, rounded, decimals)
}

/// Thousandths with 0 to 3 decimals, rounded half away from zero: 41 234 with one is `41,2`.
#[must_use]
pub fn decimal(lang: Lang, value_milli: i64, decimals: u8) -> String {
    let decimals = decimals.min(3);
    let step = 10_u64.pow(u32::from(3 - decimals));
    let rounded = (value_milli.unsigned_abs() + step / 2) / step;
    let sign = if value_milli < 0 && rounded > 0 { "-" } else { "" };
    format!("{sign}{}", scaled(lang, rounded, decimals))
}

/// A round-trip time given in microseconds, in milliseconds with about three digits: `0,04 ms`,
/// `4,1 ms`, `213 ms`.
#[must_use]
pub fn rtt(lang: Lang, us: u32) -> String {
    let decimals = match us {
        0..1_000 => 2,
        1_000..100_000 => 1,
        _ => 0,
    };
    format!("{} ms", decimal(lang, i64::from(us), decimals))
}

/// `value / 10^decimals`.
fn scaled(lang: Lang, value: u64, decimals: u8) -> String {
    let scale = 10_u64.pow(u32::from(decimals));
    let whole = grouped(lang, value / scale);
    if decimals == 0 {
        return whole;
    }
    let mark = match lang {
        Lang::Vi => ',',
        Lang::En => '.',
    };
    format!("{whole}{mark}{:0places$}", value % scale, places = usize::from(decimals))
}

fn grouped(lang: Lang, n: u64) -> String {
    let mark = match lang {
        Lang::Vi => '.',
        Lang::En => ',',
    };
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_grouped_as_each_language_does() {
        for (n, vi, en) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_330, "1.330", "1,330"),
            (-1_234_567, "-1.234.567", "-1,234,567"),
            (i64::MIN, "-9.223.372.036.854.775.808", "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(number(Lang::Vi, n), vi);
            assert_eq!(number(Lang::En, n), en);
        }
    }

    #[test]
    fn percentages_hide_neither_a_loss_nor_a_gain() {
        for (ppm, decimals, vi) in [
            (997_100, 2, "99,71 %"),
            (999_990, 2, "99,99 %"),
            (999_999, 0, "99 %"),
            (1_000_000, 2, "100,00 %"),
            (1_000_000, 0, "100 %"),
            (1, 1, "0,1 %"),
            (0, 1, "0,0 %"),
            (714_286, 1, "71,4 %"),
            (985_450, 1, "98,5 %"),
            (123_456, 9, "12,3456 %"),
        ] {
            assert_eq!(percent(Lang::Vi, ppm, decimals), vi);
        }
        assert_eq!(percent(Lang::En, 997_100, 2), "99.71 %");
    }

    #[test]
    fn decimals_round_half_away_from_zero() {
        assert_eq!(decimal(Lang::Vi, 41_234, 1), "41,2");
        assert_eq!(decimal(Lang::En, -1_250, 1), "-1.3");
        assert_eq!(decimal(Lang::En, -40, 1), "0.0");
        assert_eq!(decimal(Lang::Vi, 1_234_567, 0), "1.235");
    }

    #[test]
    fn round_trip_times_keep_about_three_digits() {
        for (us, vi) in [
            (40, "0,04 ms"),
            (999, "1,00 ms"),
            (4_120, "4,1 ms"),
            (41_234, "41,2 ms"),
            (213_400, "213 ms"),
            (2_000_000, "2.000 ms"),
        ] {
            assert_eq!(rtt(Lang::Vi, us), vi);
        }
    }

    proptest! {
        #[test]
        fn a_share_short_of_all_never_reads_as_all(ppm in 0_u32..1_000_000, decimals in 0_u8..6) {
            let text = percent(Lang::En, ppm, decimals);
            let value: f64 = text.trim_end_matches(" %").parse().expect("a number");
            prop_assert!(value < 100.0);
            prop_assert_eq!(value == 0.0, ppm == 0);
        }
    }
}
