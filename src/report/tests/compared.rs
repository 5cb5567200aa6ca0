//! With which period a report is compared.

use super::super::Against;
use super::*;

#[test]
fn a_period_is_held_against_the_one_before_and_the_year_before() {
    let (desk, zone) = (Desk::new(), jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap());
    let at = |text: &str| moment(text, &zone).unwrap();
    let span = |against: Against, from: &str, to: &str, now: &str| {
        let scope = Scope { period: Span::new(at(from), at(to)), now: at(now), ..desk.scope() };
        against.span(&scope, &zone).unwrap()
    };
    let (previous, year) = (Against::Previous, Against::Year);
    let later = "2027-01-15";
    let is = |from: &str, to: &str| Span::new(at(from), at(to));
    // Months with months, however long they are.
    assert_eq!(span(previous, "2026-03-01", "2026-04-01", later), is("2026-02-01", "2026-03-01"));
    assert_eq!(span(previous, "2026-01-01", "2026-04-01", later), is("2025-10-01", "2026-01-01"));
    assert_eq!(span(year, "2026-10-01", "2026-11-01", later), is("2025-10-01", "2025-11-01"));
    // One that is under way with the same part of the other, by --month and without.
    let now = "2026-11-27T08:00";
    let part = is("2026-10-01", "2026-10-27T08:00");
    assert_eq!(span(previous, "2026-11-01", "2026-12-01", now), part);
    assert_eq!(span(previous, "2026-11-01", now, now), part);
    // A month that is shorter ends with its last day.
    let now = "2026-03-31T08:00";
    assert_eq!(span(previous, "2026-03-01", now, now), is("2026-02-01", "2026-02-28T08:00"));
    assert_eq!(span(year, "2024-02-29", "2024-03-01", later), is("2023-02-28", "2023-03-01"));
    // Anything else with what is as long.
    let week = span(previous, "2026-10-08", "2026-10-15", later);
    assert_eq!(week, is("2026-10-01", "2026-10-08"));
}
