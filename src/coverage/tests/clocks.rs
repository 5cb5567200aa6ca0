//! The three clocks on one record.

use super::province::{DAY, HOUR, at, commune, monday, once, span};
use super::*;
use crate::model::SubjectIx;

const LINE: SubjectIx = SubjectIx(0);

/// Up but for: Monday 19:00 to Tuesday 06:30 off; Tuesday 10:00 to 12:00 down, in the last half
/// hour of it over lunch unreachable; Wednesday 20:00 to Thursday 09:00 off, two hours too long;
/// the patrol itself was off on Friday.
fn week_record() -> Vec<StateInterval> {
    let entries = [
        (monday(), Up),
        (at(0, 19, 0), Down),
        (at(1, 6, 30), Up),
        (at(1, 10, 0), Down),
        (at(1, 11, 30), Unreachable),
        (at(1, 12, 0), Up),
        (at(2, 20, 0), Down),
        (at(3, 9, 0), Degraded),
        (at(3, 10, 0), Up),
        (at(4, 0, 0), Unmeasured),
    ];
    record(&entries.map(|(at, state)| (at.0, state)))
}

fn judged(clock: Clock) -> Availability {
    let inventory = commune();
    let judge = Judge::new(&inventory, &[], span(monday(), at(5, 0, 0)), at(5, 0, 0));
    let record = week_record();
    judge.availability(&[LINE], judge.window(), clock, |_| &record)
}

#[test]
fn around_the_clock_off_hours_count_as_down() {
    let got = judged(Clock::AroundTheClock);
    assert_eq!(got.millis.total(), 5 * DAY);
    assert_eq!(got.millis.off_hours, (23 * HOUR / 2) + 11 * HOUR);
    assert_eq!(got.millis.down, 3 * HOUR / 2 + 2 * HOUR);
    assert_eq!(got.millis.unreachable, HOUR / 2);
    let live = 4 * DAY - got.millis.off_hours - 4 * HOUR;
    assert_eq!(got.millis.live(), live);
    assert_eq!(got.judged_ms(), 4 * DAY);
    assert_eq!(got.lost_ms(), got.millis.off_hours + 4 * HOUR);
    // 69.5 of 96 hours.
    assert_eq!(got.delivered_ppm(), Some(723_958));
    assert_eq!(got.measured_ppm(), 800_000);
    assert_eq!(got.own_ppm(), Some(727_749), "69.5 of 95.5");
    assert_eq!((got.low_ppm(), got.high_ppm()), (Some(579_167), Some(779_167)));
    assert_eq!(got.outages, 2);
    assert_eq!(verdict(&got, 500_000, 950_000), Verdict::NotProven, "a day of five not measured");
    assert_eq!(verdict(&got, 500_000, 800_000), Verdict::Met);
    assert_eq!(verdict(&got, 750_000, 800_000), Verdict::Missed);
}

#[test]
fn in_office_hours_only_what_is_inside_them_is_judged() {
    let got = judged(Clock::Office);
    // Eight hours a day.
    assert_eq!(got.millis.total(), 40 * HOUR);
    assert_eq!(got.millis.unmeasured, 8 * HOUR);
    assert_eq!(got.millis.off_hours, 0, "the nights are outside");
    // An hour before lunch on Tuesday, two on Thursday morning.
    assert_eq!((got.millis.down, got.millis.unreachable), (3 * HOUR, 0));
    assert_eq!(got.millis.degraded, HOUR);
    assert_eq!(got.delivered_ppm(), Some(906_250), "29 of 32 hours");
    assert_eq!(got.outages, 2);
}

#[test]
fn in_the_contracts_hours_off_hours_are_left_out() {
    let got = judged(Clock::Contract);
    // 06 to 22.
    assert_eq!(got.millis.total(), 80 * HOUR);
    // Monday 19–22, Tuesday 06–06:30, Wednesday 20–22, Thursday 06–07.
    assert_eq!(got.millis.off_hours, 13 * HOUR / 2);
    assert_eq!((got.millis.down, got.millis.unreachable), (7 * HOUR / 2, HOUR / 2));
    assert_eq!(got.judged_ms(), 64 * HOUR - 13 * HOUR / 2);
    assert_eq!(got.delivered_ppm(), Some(930_435), "53.5 of 57.5 hours");
}

#[test]
fn without_a_calendar_every_clock_goes_round() {
    let mut inventory = commune();
    inventory.subjects[0].calendar = None;
    super::province::connection(&mut inventory.subjects[0]).sla.hours = None;
    let judge = Judge::new(&inventory, &[], span(monday(), at(5, 0, 0)), at(5, 0, 0));
    let record = week_record();
    let millis = |clock| judge.availability(&[LINE], judge.window(), clock, |_| &record).millis;
    let round = millis(Clock::AroundTheClock);
    assert_eq!(round.off_hours, 0, "nobody allowed it");
    assert_eq!(round.down, 26 * HOUR);
    assert_eq!(millis(Clock::Office), round);
    assert_eq!(millis(Clock::Contract), round);
}

#[test]
fn an_answer_outside_the_hours_parts_two_outages() {
    let inventory = commune();
    let judge = Judge::new(&inventory, &[], span(monday(), at(3, 0, 0)), at(3, 0, 0));
    let entries = [
        (monday(), Up),
        (at(0, 16, 0), Down),
        (at(0, 18, 0), Up),
        (at(1, 6, 59), Up),
        (at(1, 7, 0), Down),
        (at(1, 8, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    let got = judge.availability(&[LINE], judge.window(), Clock::Office, |_| &record);
    assert_eq!((got.outages, got.millis.down), (2, 2 * HOUR));
}

#[test]
fn a_part_of_the_window_is_judged_by_itself_and_parts_sum() {
    let inventory = commune();
    let one_off = [once("an-cu/tslcd", span(at(1, 9, 0), at(1, 11, 0)))];
    let judge = Judge::new(&inventory, &one_off, span(monday(), at(5, 0, 0)), at(5, 0, 0));
    let record = week_record();
    for clock in [Clock::AroundTheClock, Clock::Office, Clock::Contract] {
        let part = |from, to| judge.availability(&[LINE], span(from, to), clock, |_| &record);
        let mut sum = part(monday(), at(1, 10, 30));
        sum += part(at(1, 10, 30), at(9, 0, 0));
        let whole = part(monday(), at(5, 0, 0));
        assert_eq!((sum.millis, sum.planned), (whole.millis, whole.planned));
        assert_eq!(whole.millis.planned, 2 * HOUR);
        assert_eq!(whole.planned.down, HOUR);
    }
}

#[test]
fn lines_of_different_hours_are_judged_in_all_of_them() {
    let mut inventory = commune();
    let mut second = inventory.subjects[0].clone();
    second.id = crate::model::SubjectId::new("an-cu/tslcd-2").unwrap();
    second.calendar = Some(crate::model::CalendarIx(1));
    let subjects = vec![inventory.subjects.remove(0), second];
    let inventory = super::province::inventory(inventory.units, subjects);
    let window = span(monday(), at(1, 0, 0));
    let judge = Judge::new(&inventory, &[], window, at(1, 0, 0));
    let (down, up) = (record(&[(monday().0, Down)]), record(&[(monday().0, Up)]));
    let both = [SubjectIx(0), SubjectIx(1)];
    let got =
        judge.availability(&both, window, Clock::Office, |s| if s.0 == 0 { &down } else { &up });
    assert_eq!((got.millis.up, got.millis.total()), (16 * HOUR, 16 * HOUR));
}
