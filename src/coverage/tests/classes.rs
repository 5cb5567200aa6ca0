//! Classes: the rules one by one, then against a reference that looks at every quarter of an hour.

use proptest::prelude::*;

use super::province::{HOUR, MINUTE, at, commune, monday, once, span, weekdays};
use super::*;
use crate::model::{ClassMillis, SubjectIx};

/// `[(from, state)]`, the last one open.
fn recorded(entries: &[(UnixMs, State)]) -> Vec<StateInterval> {
    let plain: Vec<(i64, State)> = entries.iter().map(|(at, state)| (at.0, *state)).collect();
    record(&plain)
}

/// Classes of an office that may be off outside 07–11 and 13–17 on weekdays, grace half an hour,
/// over the week from Monday on.
fn week(entries: &[(UnixMs, State)], planned: &[Span]) -> Vec<(i64, Class)> {
    let calendar = weekdays(&[(7, 11), (13, 17)]);
    let rule = OffHours { calendar: &calendar, grace_ms: 30 * MINUTE, known_to: at(7, 0, 0) };
    let found = classify(&recorded(entries), span(monday(), at(7, 0, 0)), planned, Some(rule));
    found.iter().map(|c| (c.span.from.since(monday()) / MINUTE, c.class)).collect()
}

/// Minutes after Monday's midnight.
const fn m(day: i64, hour: i64, minute: i64) -> i64 {
    (day * 24 + hour) * 60 + minute
}

#[test]
fn an_office_that_is_back_by_the_grace_was_off_hours_throughout() {
    use Class::{OffHours, Up as Live};
    for back in [at(1, 6, 45), at(1, 7, 0), at(1, 7, 30)] {
        let got = week(&[(monday(), Up), (at(0, 17, 30), Down), (back, Up)], &[]);
        let until = back.since(monday()) / MINUTE;
        assert_eq!(got, [(0, Live), (m(0, 17, 30), OffHours), (until, Live)]);
    }
}

#[test]
fn one_that_is_not_was_out_from_the_opening_on() {
    let back = at(1, 7, 30) + 1;
    let got = week(&[(monday(), Up), (at(0, 17, 30), Unreachable), (back, Up)], &[]);
    assert_eq!(
        got,
        [
            (0, Class::Up),
            (m(0, 17, 30), Class::OffHours),
            (m(1, 7, 0), Class::Unreachable),
            (m(1, 7, 30), Class::Up),
        ]
    );
    // And stays out through the next night: it was not switched off for it.
    let got = week(&[(monday(), Up), (at(0, 18, 0), Down), (at(2, 6, 0), Up)], &[]);
    assert_eq!(got[2..], [(m(1, 7, 0), Class::Down), (m(2, 6, 0), Class::Up)]);
}

#[test]
fn silence_that_begins_in_the_hours_is_an_outage_all_night() {
    let got = week(&[(monday(), Up), (at(0, 16, 59), Down), (at(1, 6, 50), Up)], &[]);
    assert_eq!(got, [(0, Class::Up), (m(0, 16, 59), Class::Down), (m(1, 6, 50), Class::Up)]);
}

#[test]
fn a_weekend_is_off_hours_to_mondays_opening() {
    // Friday evening to the end of the week, where the record is known to: nothing else is.
    let got = week(&[(monday(), Up), (at(4, 18, 0), Down)], &[]);
    assert_eq!(got, [(0, Class::Up), (m(4, 18, 0), Class::OffHours)]);
}

#[test]
fn a_hole_inside_stays_a_hole_and_does_not_part_the_silence() {
    let got = week(
        &[
            (monday(), Up),
            (at(0, 18, 0), Down),
            (at(0, 20, 0), Unmeasured),
            (at(1, 7, 10), Down),
            (at(1, 7, 20), Up),
        ],
        &[],
    );
    assert_eq!(
        got,
        [
            (0, Class::Up),
            (m(0, 18, 0), Class::OffHours),
            (m(0, 20, 0), Class::Unmeasured),
            // Began last evening, so it has until half past.
            (m(1, 7, 10), Class::OffHours),
            (m(1, 7, 20), Class::Up),
        ]
    );
}

#[test]
fn announced_work_is_planned_whatever_the_state_and_hides_nothing_after_it() {
    let planned = [span(at(1, 9, 0), at(1, 10, 0)), span(at(2, 22, 0), at(2, 23, 0))];
    let got = week(
        &[
            (monday(), Up),
            (at(1, 9, 15), Down),
            (at(1, 10, 20), Up),
            (at(2, 21, 0), Unmeasured),
            (at(2, 22, 30), Down),
            (at(2, 23, 30), Up),
        ],
        &planned,
    );
    assert_eq!(
        got,
        [
            (0, Class::Up),
            (m(1, 9, 0), Class::Planned),
            (m(1, 9, 15), Class::Planned),
            (m(1, 10, 0), Class::Down),
            (m(1, 10, 20), Class::Up),
            (m(2, 21, 0), Class::Unmeasured),
            (m(2, 22, 0), Class::Planned),
            (m(2, 22, 30), Class::Planned),
            (m(2, 23, 0), Class::OffHours),
            (m(2, 23, 30), Class::Up),
        ]
    );
}

#[test]
fn a_calendar_that_never_opens_excuses_everything_and_no_rule_nothing() {
    let record = recorded(&[(monday(), Up), (at(0, 9, 0), Down)]);
    let window = span(monday(), at(1, 0, 0));
    let never = weekdays(&[]);
    let rule = OffHours { calendar: &never, grace_ms: 0, known_to: at(1, 0, 0) };
    let last = |rule| classify(&record, window, &[], rule).last().map(|c| c.class);
    assert_eq!(last(Some(rule)), Some(Class::OffHours));
    assert_eq!(last(None), Some(Class::Down));
}

#[test]
fn what_followed_the_window_decides_its_end() {
    let calendar = weekdays(&[(7, 17)]);
    let window = span(monday(), at(1, 7, 10));
    let end = |back, known_to| {
        let record = match back {
            Some(back) => recorded(&[(monday(), Up), (at(0, 20, 0), Down), (back, Up)]),
            None => recorded(&[(monday(), Up), (at(0, 20, 0), Down)]),
        };
        let rule = OffHours { calendar: &calendar, grace_ms: 30 * MINUTE, known_to };
        classify(&record, window, &[], Some(rule)).last().map(|c| c.class)
    };
    assert_eq!(end(Some(at(1, 7, 20)), at(2, 0, 0)), Some(Class::OffHours));
    assert_eq!(end(Some(at(1, 9, 0)), at(2, 0, 0)), Some(Class::Down));
    assert_eq!(end(None, at(2, 0, 0)), Some(Class::Down));
    assert_eq!(end(None, at(1, 7, 10)), Some(Class::OffHours), "not yet known to be late");
}

#[test]
fn nothing_recorded_is_unmeasured_and_an_empty_window_has_no_class() {
    let window = span(monday(), at(1, 0, 0));
    let all = [ClassSpan { span: window, class: Class::Unmeasured, state: Unmeasured }];
    assert_eq!(classify(&[], window, &[], None), all);
    let empty = span(monday(), monday());
    assert_eq!(classify(&recorded(&[(monday(), Up)]), empty, &[], None), []);
}

#[test]
fn outages_wholly_planned_or_off_hours_are_listed_and_not_counted() {
    let inventory = commune();
    let one_off = [once("an-cu/tslcd", span(at(1, 9, 0), at(1, 10, 0)))];
    let judge = Judge::new(&inventory, &one_off, span(monday(), at(7, 0, 0)), at(7, 0, 0));
    let intervals = recorded(&[
        (monday(), Up),
        (at(0, 18, 0), Down),
        (at(1, 6, 0), Up),
        (at(1, 9, 0), Down),
        (at(1, 10, 0), Up),
        (at(2, 9, 0), Down),
        (at(2, 9, 30), Unmeasured),
        (at(2, 10, 0), Unreachable),
        (at(2, 10, 30), Up),
        (at(3, 18, 0), Down),
        (at(4, 8, 0), Up),
    ]);
    let found = judge.outages(SubjectIx(0), &intervals);
    let of = |o: &MarkedOutage| {
        let hours = |ms: i64| ms * 2 / HOUR;
        (hours(o.planned_ms), hours(o.off_hours_ms), hours(o.lost_ms), o.is_counted())
    };
    // In half hours: planned, off hours, lost.
    let halves: Vec<_> = found.iter().map(of).collect();
    assert_eq!(halves, [(0, 24, 0, false), (2, 0, 0, false), (0, 0, 2, true), (0, 26, 2, true)]);
    let got =
        judge.availability(&[SubjectIx(0)], judge.window(), Clock::AroundTheClock, |_| &intervals);
    assert_eq!(got.outages, 2);
    assert_eq!(got.mttr_ms(), Some(HOUR), "off hours and planned time are nobody's to repair");
    assert_eq!(got.planned, StateMillis { down: HOUR, ..StateMillis::default() });
    assert_eq!(got.planned.lost(), HOUR);
}

#[test]
fn redundant_lines_give_the_best_that_is_known() {
    use Class::{OffHours, Planned, Unmeasured as Hole};
    let list = |entries: &[(i64, i64, Class)]| -> Vec<ClassSpan> {
        let state = |class| match class {
            Class::Up => Up,
            Hole | Planned => Unmeasured,
            _ => Down,
        };
        entries
            .iter()
            .map(|(from, to, class)| ClassSpan {
                span: Span::new(UnixMs(*from), UnixMs(*to)),
                class: *class,
                state: state(*class),
            })
            .collect()
    };
    let first = list(&[(0, 100, Class::Up), (100, 700, Class::Down)]);
    let second = list(&[
        (50, 200, Hole),
        (200, 300, Class::Up),
        (300, 400, OffHours),
        (400, 500, Planned),
        (500, 600, Class::Down),
    ]);
    let third = list(&[(900, 1000, Class::Up)]);
    let both = best_of_lines(vec![first, second, third]);
    let got: Vec<_> = both.iter().map(|c| (c.span.from.0, c.span.to.0, c.class)).collect();
    assert_eq!(
        got,
        [
            (0, 100, Class::Up),
            (100, 200, Hole),
            (200, 300, Class::Up),
            (300, 400, OffHours),
            (400, 500, Planned),
            // The second line is no longer in force: the first alone is judged.
            (500, 700, Class::Down),
            (900, 1000, Class::Up),
        ]
    );
    assert_eq!(best_of_lines(Vec::new()), []);
}

/// A record, planned spans and opening hours, in quarters of an hour of one week; the record may
/// begin before the week and end after it.
#[derive(Debug, Clone)]
struct Case {
    entries: Vec<(i64, State)>,
    planned: Vec<(i64, i64)>,
    hours: Vec<(u16, u16)>,
    grace: i64,
    known_to: i64,
}

const QUARTER: i64 = 15 * MINUTE;
const DAY_QUARTERS: i64 = 96;
const WEEK: i64 = 7 * DAY_QUARTERS;

fn any_case() -> impl Strategy<Value = Case> {
    let entry = (1..60_i64, prop::sample::select(&State::ALL[..]));
    let hours = prop::sample::select(vec![
        vec![(7, 11), (13, 17)],
        vec![(8, 17)],
        vec![(0, 24)],
        vec![],
        vec![(0, 1), (23, 24)],
    ]);
    (
        (-200..60_i64, prop::collection::vec(entry, 0..40)),
        prop::collection::vec((1..130_i64, 1..30_i64), 0..6),
        hours,
        0..16_i64,
        WEEK..WEEK + 200,
    )
        .prop_map(|((start, steps), gaps, hours, grace, known_to)| {
            let mut at = start;
            let mut entries: Vec<(i64, State)> = Vec::new();
            for (step, state) in steps {
                at += step;
                entries.push((at, state));
            }
            let mut end = 0;
            let planned = gaps
                .into_iter()
                .map(|(gap, length)| {
                    let from = end + gap;
                    end = from + length;
                    (from, end)
                })
                .collect();
            // Nothing is recorded of the future.
            let known_to = entries.last().map_or(known_to, |(last, _)| known_to.max(*last + 1));
            Case { entries, planned, hours, grace, known_to }
        })
}

/// The classes of every quarter of the week, from the words of the rules alone.
fn reference(case: &Case) -> Vec<Class> {
    let begin = case.entries.first().map_or(i64::MAX, |e| e.0);
    let state = |t: i64| {
        case.entries.iter().rev().find(|(from, _)| *from <= t).map_or(Unmeasured, |(_, s)| *s)
    };
    let is_open = |t: i64| {
        let (day, quarter) = (t.div_euclid(DAY_QUARTERS), t.rem_euclid(DAY_QUARTERS));
        let within =
            |(a, b): &(u16, u16)| i64::from(*a) * 4 <= quarter && quarter < i64::from(*b) * 4;
        day.rem_euclid(7) < 5 && case.hours.iter().any(within)
    };
    let class = |t: i64| {
        if case.planned.iter().any(|(from, to)| *from <= t && t < *to) {
            return Class::Planned;
        }
        if !state(t).is_outage() {
            return state(t).into();
        }
        // Back to where the silence began: holes do not end it, an answer does.
        let mut start = t;
        let mut back = t;
        while back >= begin && !state(back).is_live() {
            if state(back).is_outage() {
                start = back;
            }
            back -= 1;
        }
        if is_open(start) {
            return state(t).into();
        }
        // A week without an opening has none.
        let Some(opens) = (start..start + WEEK + 1).find(|t| is_open(*t)) else {
            return Class::OffHours;
        };
        // The last silent quarter, as far as it is known.
        let last = (t..case.known_to)
            .take_while(|t| !state(*t).is_live())
            .filter(|t| state(*t).is_outage())
            .last();
        let is_back = last.is_none_or(|last| last < opens + case.grace);
        if is_back || t < opens { Class::OffHours } else { state(t).into() }
    };
    (0..WEEK).map(class).collect()
}

proptest! {
    #[test]
    fn classes_are_those_of_the_reference_at_every_instant(case in any_case()) {
        let quarter = |t: i64| monday() + t * QUARTER;
        let entries: Vec<(UnixMs, State)> =
            case.entries.iter().map(|(t, state)| (quarter(*t), *state)).collect();
        let planned: Vec<Span> =
            case.planned.iter().map(|(a, b)| span(quarter(*a), quarter(*b))).collect();
        let calendar = weekdays(&case.hours);
        let rule = OffHours {
            calendar: &calendar,
            grace_ms: case.grace * QUARTER,
            known_to: quarter(case.known_to),
        };
        let window = span(quarter(0), quarter(WEEK));
        let found = classify(&recorded(&entries), window, &planned, Some(rule));

        // They partition the window, in the longest pieces.
        prop_assert_eq!(found.first().map(|c| c.span.from), Some(window.from));
        prop_assert_eq!(found.last().map(|c| c.span.to), Some(window.to));
        for (a, b) in found.iter().zip(found.iter().skip(1)) {
            prop_assert_eq!(a.span.to, b.span.from);
            prop_assert!((a.class, a.state) != (b.class, b.state), "{a:?} {b:?}");
        }
        let mut at_quarter = Vec::new();
        for c in &found {
            prop_assert!(!c.span.is_empty());
            let quarters = usize::try_from(c.span.len_ms() / QUARTER).unwrap();
            at_quarter.extend(std::iter::repeat_n(c.class, quarters));
        }
        let expected = reference(&case);
        prop_assert_eq!(&at_quarter, &expected);

        // Inside the calendar's hours, quarter by quarter.
        let hours = calendar.open_spans(window);
        let got = Availability::of(&found, &hours, Clock::Office);
        let mut millis = ClassMillis::default();
        let (mut outages, mut is_counted) = (0, false);
        for (t, class) in (0..WEEK).zip(&expected) {
            let here = found.iter().find(|c| c.span.contains(quarter(t))).unwrap();
            let ms = if calendar.is_open_at(quarter(t)) { QUARTER } else { 0 };
            match class {
                Class::Up => millis.up += ms,
                Class::Degraded => millis.degraded += ms,
                Class::Down => millis.down += ms,
                Class::Unreachable => millis.unreachable += ms,
                Class::OffHours => millis.off_hours += ms,
                Class::Unmeasured => millis.unmeasured += ms,
                Class::Planned => millis.planned += ms,
            }
            if here.state.is_live() {
                is_counted = false;
            } else if matches!(class, Class::Down | Class::Unreachable) && ms > 0 && !is_counted {
                is_counted = true;
                outages += 1;
            }
        }
        prop_assert_eq!((got.millis, got.outages), (millis, outages));
        prop_assert_eq!(got.judged_ms(), millis.live() + millis.down + millis.unreachable);

        // They sum to the window, and the planned states to the planned time.
        let got = Availability::of(&found, &[window], Clock::AroundTheClock);
        prop_assert_eq!(got.millis.total(), window.len_ms());
        prop_assert_eq!(got.planned.total(), got.millis.planned);

        // A count of outages is the number of listed ones that lost anything.
        let marked = mark_outages(&recorded(&entries), &found);
        let counted = marked.iter().filter(|o| o.is_counted()).count();
        prop_assert_eq!(usize::try_from(got.outages).unwrap(), counted);
        let lost: i64 = marked.iter().map(|o| o.lost_ms).sum();
        prop_assert_eq!(lost, got.millis.down + got.millis.unreachable);
        let off: i64 = marked.iter().map(|o| o.off_hours_ms).sum();
        prop_assert_eq!(off, got.millis.off_hours);
    }

    #[test]
    fn combined_classes_are_the_best_in_force_at_every_instant(
        records in prop::collection::vec((any_record(), 0..1500_i64, 1..1500_i64), 1..4),
    ) {
        let lists: Vec<Vec<ClassSpan>> = records
            .iter()
            .map(|(r, from, len)| {
                classify(r, Span::new(UnixMs(*from), UnixMs(from + len)), &[], None)
            })
            .collect();
        let both = best_of_lines(lists.clone());
        for (a, b) in both.iter().zip(both.iter().skip(1)) {
            prop_assert!(a.span.to <= b.span.from);
        }
        let class_at = |list: &[ClassSpan], t: i64| {
            list.iter().find(|c| c.span.contains(UnixMs(t))).map(|c| c.state)
        };
        for t in (0..3000).step_by(7) {
            let best = lists.iter().filter_map(|l| class_at(l, t)).reduce(State::best_of);
            prop_assert_eq!(class_at(&both, t), best, "at {}", t);
        }
    }
}
