//! From a [`Document`](super::document::Document) to text, a page or a spreadsheet.
//!
//! Guarantees: the same figures in each; nothing that came from a file or a device can do anything
//! in any of them (control characters are shown, markup and formulas are text).

mod drawing;
mod html;
mod index;
mod letter;
mod text;
mod xlsx;

pub use html::html;
pub use index::{Entry, index};
pub use text::text;
pub use xlsx::{SheetError, xlsx};

use super::Page;
use super::document::Value;
use super::text::{time, verdict_key};
use crate::locale::{decimal, duration_short, number, percent};
use crate::t;

/// Stands for a figure that does not exist.
const NONE: &str = "–";
const FINE: u8 = 2;
const COARSE: u8 = 1;

/// A value as people read it.
fn shown(value: &Value, page: &Page<'_>) -> String {
    let lang = page.lang;
    let share = |ppm: Option<u32>| ppm.map_or_else(|| NONE.to_owned(), |p| percent(lang, p, FINE));
    match value {
        Value::Empty => String::new(),
        Value::None => NONE.to_owned(),
        Value::Text(text) => text.clone(),
        Value::Count(n) => number(lang, *n),
        Value::Part { n, of } => {
            let share = percent(lang, part_ppm(*n, *of), COARSE);
            format!("{}/{} {share:>8}", number(lang, i64::from(*n)), number(lang, i64::from(*of)))
        }
        Value::Share { ppm, decimals } => percent(lang, *ppm, *decimals),
        Value::Bounds(low, high) => format!("{} … {}", share(*low), share(*high)),
        Value::Length(ms) => duration_short(lang, *ms),
        Value::Within(all, of_it) => {
            format!("{} ({})", duration_short(lang, *all), duration_short(lang, *of_it))
        }
        Value::Time(at) => time(page, *at),
        Value::Money(dong) => format!("{} đ", number(lang, *dong)),
        Value::Amount { milli, decimals, unit } => {
            let number = decimal(lang, *milli, *decimals);
            if unit.is_empty() { number } else { format!("{number} {unit}") }
        }
        Value::Verdict(verdict) => t!(lang, verdict_key(*verdict)),
    }
}

fn part_ppm(n: u32, of: u32) -> u32 {
    let share = u64::from(n) * 1_000_000 / u64::from(of.max(1));
    u32::try_from(share).unwrap_or(1_000_000)
}
