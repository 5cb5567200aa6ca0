//! What operators said of the faults of a made-up past, and how much went over its lines.
//!
//! Pure: drawn from the truth of the world and a seed, as the rest of the past is.

use jiff::tz::TimeZone;

use super::agent::ran_before_ms;
use super::dice::hash;
use super::script::FaultKind;
use super::world::World;
use crate::model::{Cause, Point, Span, State, StateInterval, SubjectIx, UnixMs};

const MINUTE_MS: i64 = 60_000;
/// Time between two readings of a counter.
const EVERY_MS: i64 = 300_000;
/// Who was on duty; invented.
const DUTY: [&str; 3] = ["lan.nguyen", "minh.tran", "truc.le"];

/// An outage that was somebody's own fault, and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// Whose.
    pub subject: SubjectIx,
    /// When.
    pub span: Span,
    /// Who took it and when; some are over before anybody does.
    pub taken: Option<(&'static str, UnixMs)>,
    /// What was said of it, by whom and when; of some nothing was.
    pub said: Vec<(Cause, &'static str, UnixMs)>,
}

/// The outages that ended in a record, with what was made of them. `intervals` are those of the
/// past, by subject.
#[must_use]
pub fn handled(world: &World, intervals: &[Vec<StateInterval>], seed: u64) -> Vec<Handled> {
    let mut found = Vec::new();
    for (subject, record) in (0_u32..).map(SubjectIx).zip(intervals) {
        let name = world.inventory().subject(subject).id.as_str();
        for interval in record.iter().filter(|i| i.state == State::Down) {
            let Some(to) = interval.to else { continue };
            let span = Span::new(interval.from, to);
            let faults = world.script().faults().iter();
            let mut faults = faults.filter(|f| f.span.contains(span.from) && f.kind.is_dark());
            let Some(fault) = faults.find(|f| f.subjects.contains(&subject)) else { continue };
            let cause = match fault.kind {
                FaultKind::Cut => Cause::Fibre,
                FaultKind::Power => Cause::Power,
                _ => Cause::Equipment,
            };
            let dice = hash(seed, format!("{name}@{}", span.from).as_bytes());
            let who = |n: u64| DUTY[usize::try_from(n % 3).unwrap_or(0)];
            let is_taken = span.len_ms() > 20 * MINUTE_MS && dice % 10 < 8;
            let taken_at = span.from + 5 * MINUTE_MS + i64::from(dice as u8) * 2_000;
            let mut said = Vec::new();
            let said_at = to + 10 * MINUTE_MS + i64::from(dice as u8) * 60_000;
            if (dice >> 16) % 10 < 8 {
                // One in twelve was taken for something else at first.
                if (dice >> 24).is_multiple_of(12) && cause != Cause::Power {
                    said.push((Cause::Power, who(dice >> 32), to + 5 * MINUTE_MS));
                }
                said.push((cause, who(dice >> 40), said_at));
            }
            let taken = is_taken.then(|| (who(dice >> 8), taken_at));
            found.push(Handled { subject, span, taken, said });
        }
    }
    found
}

/// The counter of octets that a line's device shows, read every five minutes of `window` (in which
/// the device must have been running); it goes on to what the device will show when the world
/// begins, at the window's end. `outwards` is the other direction.
#[must_use]
pub fn octets(
    device: &str,
    kbps: u64,
    window: Span,
    zone: &TimeZone,
    outwards: bool,
    seed: u64,
) -> Vec<Point> {
    // As the device's agent has it.
    let rate = 25_000 + hash(1_000_000, format!("{device} wan").as_bytes()) % 1_000_000;
    let shown = rate * ran_before_ms(device).unsigned_abs() / 1_000;
    let shown = if outwards { shown / 3 } else { shown };
    let line = hash(seed, device.as_bytes());
    // Busy hours take 10 to 55 % of a line; of one in nine they take all of it.
    let busy_pct = if line.is_multiple_of(9) { 97 } else { 10 + (line >> 8) % 46 };
    let mut left = u128::from(shown);
    let mut found = Vec::new();
    let mut at = window.to.0.div_euclid(EVERY_MS) * EVERY_MS;
    while at >= window.from.0 {
        let when = UnixMs(at);
        found
            .push(Point { at: when, value: u64::try_from(left).unwrap_or(u64::MAX).cast_signed() });
        let noise = hash(line, &at.to_le_bytes()) % 31;
        let pct = busy_pct * hour_pct(when, zone) / 100 * (85 + noise) / 100;
        let bits = u128::from(kbps) * 1_000 * u128::from(pct.min(100)) / 100;
        let octets = bits * (EVERY_MS / 1_000).unsigned_abs() as u128 / 8;
        let octets = if outwards { octets / 3 } else { octets };
        // Before that the device was not running.
        let Some(before) = left.checked_sub(octets) else { break };
        left = before;
        at -= EVERY_MS;
    }
    found.reverse();
    found
}

/// How much of the busy hours' load an hour has.
fn hour_pct(at: UnixMs, zone: &TimeZone) -> u64 {
    let local = zone.to_datetime(at.to_timestamp());
    let is_weekend = local.date().weekday().to_monday_one_offset() > 5;
    match (is_weekend, local.time().hour()) {
        (false, 7..=11 | 13..=16) => 100,
        (false, 12 | 17..=21) => 40,
        (true, 7..=21) => 25,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_never_counts_backwards_and_ends_where_the_device_goes_on() {
        let zone = TimeZone::UTC;
        let end = UnixMs(1_795_653_600_000);
        let window = Span::new(end - 8 * 86_400_000, end);
        let points = octets("cai-be/router", 20_000, window, &zone, false, 7);
        assert!(points.len() > 200, "{}", points.len());
        assert!(points.windows(2).all(|p| p[0].value <= p[1].value && p[0].at < p[1].at));
        let rate = 25_000 + hash(1_000_000, b"cai-be/router wan") % 1_000_000;
        let shown = rate * ran_before_ms("cai-be/router").unsigned_abs() / 1_000;
        assert_eq!(points.last().unwrap().value.cast_unsigned(), shown);
    }
}
