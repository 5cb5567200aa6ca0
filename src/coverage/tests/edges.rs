//! Edges of the figures: nothing at all, one millisecond, what touches a border.

use super::province::{DAY, HOUR, at, commune, connection, monday, once, span, weekdays};
use super::*;
use crate::model::{CarrierIx, Cause, SubjectIx, UnitIx, UnitKind};

const LINE: SubjectIx = SubjectIx(0);

#[test]
fn nothing_reads_as_nothing_and_all_as_all() {
    let down = availability(&record(&[(0, Down)]), WINDOW);
    assert_eq!((down.delivered_ppm(), down.own_ppm()), (Some(0), Some(0)));
    assert_eq!(down.measured_ppm(), 1_000_000);
    let up = availability(&record(&[(0, Up)]), WINDOW);
    assert_eq!((up.delivered_ppm(), up.low_ppm()), (Some(1_000_000), Some(1_000_000)));
    let nobody_asked = availability(&[], WINDOW);
    assert_eq!((nobody_asked.delivered_ppm(), nobody_asked.measured_ppm()), (None, 0));
    assert_eq!((nobody_asked.low_ppm(), nobody_asked.high_ppm()), (Some(0), Some(1_000_000)));
}

#[test]
fn times_between_outages_are_a_mean_over_them_and_none_without_any() {
    let calm = availability(&record(&[(0, Up)]), WINDOW);
    assert_eq!((calm.outages, calm.mttr_ms(), calm.mtbf_ms()), (0, None, None));
    let entries = [(0, Up), (100, Down), (200, Degraded), (600, Unreachable), (800, Up)];
    let twice = availability(&record(&entries), WINDOW);
    assert_eq!((twice.outages, twice.mttr_ms(), twice.mtbf_ms()), (2, Some(150), Some(350)));
}

#[test]
fn sums_of_every_class_and_every_recorded_state_add_up() {
    let classes = ClassMillis {
        up: 1,
        degraded: 2,
        down: 3,
        unreachable: 4,
        off_hours: 5,
        unmeasured: 6,
        planned: 19,
    };
    let planned = StateMillis { up: 1, degraded: 3, down: 4, unreachable: 5, unmeasured: 6 };
    let one = Availability { millis: classes, outages: 1, planned, ..Availability::default() };
    let mut sum = one;
    sum += one;
    let twice = StateMillis { up: 2, degraded: 6, down: 8, unreachable: 10, unmeasured: 12 };
    assert_eq!((sum.planned, sum.planned.total(), sum.planned.lost()), (twice, 38, 18));
    assert_eq!(sum.millis.total(), 80);
}

#[test]
fn planned_time_is_kept_by_what_was_recorded_in_it() {
    let entries = [(0, Up), (100, Degraded), (200, Down), (400, Unreachable), (500, Unmeasured)];
    let all = [WINDOW];
    let got = Availability::of(
        &classify(&record(&entries), WINDOW, &all, None),
        &all,
        Clock::AroundTheClock,
    );
    let expected =
        StateMillis { up: 100, degraded: 100, down: 200, unreachable: 100, unmeasured: 500 };
    assert_eq!((got.planned, got.millis.planned, got.outages), (expected, 1000, 0));
}

#[test]
fn json_leaves_out_the_planned_states_where_none_and_the_clock_where_it_goes_round() {
    let round = availability(&record(&[(0, Up)]), WINDOW);
    let json = serde_json::to_value(round).unwrap();
    assert_eq!((json.get("planned"), json.get("clock")), (None, None));
    let planned = StateMillis { unmeasured: 1, ..StateMillis::default() };
    let office = Availability { planned, clock: Clock::Office, ..round };
    let json = serde_json::to_value(office).unwrap();
    assert_eq!(json["planned"]["unmeasured"], 1);
    assert_eq!(json["clock"], "office");
    assert_eq!(serde_json::from_value::<Availability>(json).unwrap(), office);
}

#[test]
fn words_of_the_command_line_are_those_of_the_json() {
    for clock in [Clock::AroundTheClock, Clock::Office, Clock::Contract] {
        assert_eq!(serde_json::to_value(clock).unwrap(), clock.as_str());
    }
    for rule in [SlaRule::Tuantra, SlaRule::Icinga, SlaRule::Zabbix] {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
    }
    assert_eq!(Clock::AroundTheClock.as_str(), "24x7");
    assert_eq!(SlaRule::Icinga.as_str(), "icinga");
}

#[test]
fn work_announced_twice_is_announced_once() {
    let inventory = commune();
    let on = |from, to| once("an-cu/tslcd", span(from, to));
    let one_off = [
        on(at(2, 0, 0), at(2, 1, 0)),
        // In any order: one inside another, one that overlaps it, one that touches that.
        on(at(0, 2, 0), at(0, 3, 0)),
        on(at(0, 1, 0), at(0, 5, 0)),
        on(at(0, 4, 0), at(0, 6, 0)),
        on(at(0, 6, 0), at(0, 7, 0)),
        on(at(0, 7, 0) + 1, at(0, 8, 0)),
    ];
    let judge = Judge::new(&inventory, &one_off, span(monday(), at(3, 0, 0)), at(3, 0, 0));
    let expected = [
        span(at(0, 1, 0), at(0, 7, 0)),
        span(at(0, 7, 0) + 1, at(0, 8, 0)),
        span(at(2, 0, 0), at(2, 1, 0)),
    ];
    assert_eq!(judge.planned(LINE), expected);
}

#[test]
fn an_outage_outside_the_contracts_hours_is_neither_counted_nor_excused() {
    let mut inventory = commune();
    inventory.subjects[0].off_hours_allowed = false;
    let judge = Judge::new(&inventory, &[], span(monday(), at(2, 0, 0)), at(2, 0, 0));
    // The contract's hours are 06 to 22.
    let entries = [
        (monday(), Up),
        (at(0, 1, 0), Down),
        (at(0, 6, 0), Up),
        (at(0, 22, 0), Down),
        (at(1, 6, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    let confirmed = [(span(at(0, 1, 0), at(0, 6, 0)), Cause::Power)];
    let account =
        carrier_account(&judge, CarrierIx(0), |_| &record, |_| &confirmed, 995_000, 950_000);
    assert_eq!((account.outages, account.total.counted), (0, 0));
    assert!(account.total.excused.is_empty(), "no cause without time");
    assert_eq!((account.total.live, account.total.ppm()), (32 * HOUR, Some(1_000_000)));
}

#[test]
fn a_second_cut_within_one_outage_is_no_second_outage() {
    let mut inventory = commune();
    inventory.subjects[0].off_hours_allowed = false;
    let judge = Judge::new(&inventory, &[], span(monday(), at(1, 0, 0)), at(1, 0, 0));
    let entries = [
        (monday(), Up),
        (at(0, 8, 0), Down),
        (at(0, 9, 0), Unmeasured),
        (at(0, 10, 0), Down),
        (at(0, 11, 0), Degraded),
        (at(0, 12, 0), Down),
        (at(0, 13, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    // The middle of the first half hour is a power cut; so are two minutes nobody was down in.
    let confirmed = [
        (span(at(0, 8, 15), at(0, 8, 30)), Cause::Power),
        (span(at(0, 14, 0), at(0, 14, 2)), Cause::Power),
    ];
    let account =
        carrier_account(&judge, CarrierIx(0), |_| &record, |_| &confirmed, 995_000, 950_000);
    assert_eq!(account.outages, 2, "an answer parts them, a hole and a cause do not");
    assert_eq!(account.total.counted, 3 * HOUR - HOUR / 4);
    assert_eq!(account.total.excused.iter().collect::<Vec<_>>(), [(&Cause::Power, &(HOUR / 4))]);
}

#[test]
fn a_carriers_account_sums_its_lines_and_their_causes() {
    let mut inventory = commune();
    let mut second = inventory.subjects[0].clone();
    second.id = crate::model::SubjectId::new("an-cu/tslcd-2").unwrap();
    connection(&mut second).sla.availability_ppm = Some(999_000);
    let mut subjects = vec![inventory.subjects.remove(0), second];
    subjects.iter_mut().for_each(|s| s.off_hours_allowed = false);
    let inventory = super::province::inventory(inventory.units, subjects);
    let judge = Judge::new(&inventory, &[], span(monday(), at(1, 0, 0)), at(1, 0, 0));
    let entries = [
        (monday(), Up),
        (at(0, 7, 0), Degraded),
        (at(0, 8, 0), Down),
        (at(0, 9, 0), Unreachable),
        (at(0, 10, 0), Unmeasured),
        (at(0, 11, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    let confirmed = [(span(at(0, 8, 0), at(0, 8, 30)), Cause::Equipment)];
    let account = carrier_account(&judge, CarrierIx(0), |_| &record, |_| &confirmed, 995_000, 0);
    let total = &account.total;
    assert_eq!(total.total(), 32 * HOUR);
    assert_eq!((total.live, total.counted), (26 * HOUR, HOUR));
    assert_eq!((total.unreachable, total.unmeasured), (2 * HOUR, 2 * HOUR));
    assert_eq!(total.excused.get(&Cause::Equipment), Some(&HOUR));
    assert_eq!((account.outages, account.lines.len()), (2, 2));
    let levels: Vec<u32> = account.lines.iter().map(|l| l.sla_ppm).collect();
    assert_eq!(levels, [990_000, 999_000], "the network's, and the line's own");
}

#[test]
fn an_outage_that_ends_as_the_window_begins_or_begins_as_it_ends_is_not_in_it() {
    let intervals = record(&[(-100, Down), (0, Up), (400, Down), (500, Up), (1000, Down)]);
    let marked = mark_outages(&intervals, &classify(&intervals, WINDOW, &[], None));
    let starts: Vec<(i64, i64)> = marked.iter().map(|m| (m.outage.start.0, m.lost_ms)).collect();
    assert_eq!(starts, [(400, 100)]);
    let over_both = record(&[(-100, Down), (1, Up), (999, Down), (1100, Up)]);
    let marked = mark_outages(&over_both, &classify(&over_both, WINDOW, &[], None));
    let lost: Vec<i64> = marked.iter().map(|m| m.lost_ms).collect();
    assert_eq!(lost, [1, 1], "what is inside the window");
}

#[test]
fn an_outage_is_counted_for_what_is_neither_planned_nor_off_hours() {
    let inventory = commune();
    let one_off = [once("an-cu/tslcd", span(at(0, 8, 0), at(0, 9, 0)))];
    let judge = Judge::new(&inventory, &one_off, span(monday(), at(3, 0, 0)), at(3, 0, 0));
    let entries = [
        (monday(), Up),
        // Wholly planned; partly planned; off hours and planned nowhere.
        (at(0, 8, 0), Down),
        (at(0, 8, 30), Up),
        (at(0, 8, 45), Unreachable),
        (at(0, 9, 15), Up),
        (at(0, 20, 0), Down),
        (at(1, 7, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    let marked = judge.outages(LINE, &record);
    let found: Vec<(i64, i64, i64, bool)> = marked
        .iter()
        .map(|m| {
            let minutes = |ms| ms / 60_000;
            (minutes(m.planned_ms), minutes(m.off_hours_ms), minutes(m.lost_ms), m.is_counted())
        })
        .collect();
    assert_eq!(found, [(30, 0, 0, false), (15, 0, 15, true), (0, 660, 0, false)]);
}

#[test]
fn off_hours_that_last_to_the_very_end_of_the_grace_are_excused() {
    let calendar = weekdays(&[(7, 17)]);
    let rule = |known_to| OffHours { calendar: &calendar, grace_ms: HOUR / 2, known_to };
    let window = span(monday(), at(1, 8, 0));
    let open = record(&[(monday().0, Up), (at(0, 18, 0).0, Down)]);
    let last = |known_to| {
        classify(&open, window, &[], Some(rule(known_to))).last().map(|c| (c.span.from, c.class))
    };
    // Still silent: by the end of the grace it is not decided, a millisecond later it is.
    assert_eq!(last(at(1, 7, 30)), Some((at(0, 18, 0), Class::OffHours)));
    assert_eq!(last(at(1, 7, 30) + 1), Some((at(1, 7, 0), Class::Down)));
}

#[test]
fn silence_that_begins_with_the_opening_is_an_outage() {
    let calendar = weekdays(&[(7, 17)]);
    let rule = OffHours { calendar: &calendar, grace_ms: HOUR / 2, known_to: at(1, 0, 0) };
    let window = span(monday(), at(1, 0, 0));
    let began = |from: crate::model::UnixMs| {
        let entries = record(&[(monday().0, Up), (from.0, Down), (at(0, 7, 15).0, Up)]);
        classify(&entries, window, &[], Some(rule))[1].class
    };
    assert_eq!(began(at(0, 7, 0)), Class::Down);
    assert_eq!(began(at(0, 7, 0) - 1), Class::OffHours);
}

#[test]
fn of_two_lines_the_better_one_speaks_at_every_instant() {
    use Class::{OffHours, Planned};
    let spans = |list: &[(i64, i64, Class, State)]| -> Vec<ClassSpan> {
        let span = |(from, to, class, state): &(i64, i64, Class, State)| ClassSpan {
            span: Span::new(UnixMs(*from), UnixMs(*to)),
            class: *class,
            state: *state,
        };
        list.iter().map(span).collect()
    };
    let ranked = [
        (Class::Up, Up),
        (Class::Degraded, Degraded),
        (Planned, Up),
        (Planned, Degraded),
        (Planned, Unmeasured),
        (Planned, Unreachable),
        (Planned, Down),
        (Class::Unmeasured, Unmeasured),
        (OffHours, Unreachable),
        (OffHours, Down),
        (Class::Unreachable, Unreachable),
        (Class::Down, Down),
    ];
    for (n, (class, state)) in ranked.into_iter().enumerate() {
        for (other, other_state) in ranked.into_iter().skip(n) {
            let better = spans(&[(0, 10, class, state)]);
            let worse = spans(&[(0, 10, other, other_state)]);
            assert_eq!(best_of_lines(vec![better.clone(), worse.clone()]), better);
            assert_eq!(best_of_lines(vec![worse, better.clone()]), better);
        }
    }
    // A line that came into force later, and a time in which there was none.
    let first = spans(&[(0, 10, Class::Down, Down), (10, 20, Class::Up, Up)]);
    let second = spans(&[(5, 10, Class::Up, Up), (30, 40, Class::Up, Up)]);
    let both = spans(&[(0, 5, Class::Down, Down), (5, 20, Class::Up, Up), (30, 40, Class::Up, Up)]);
    assert_eq!(best_of_lines(vec![first, second]), both);
    assert_eq!(best_of_lines(vec![]), []);
}

#[test]
fn a_ladder_counts_what_is_there_now_and_was_good_enough() {
    let rung = |state: Option<State>, verdict| {
        let availability = Availability::default();
        UnitNetwork {
            unit: UnitIx(0),
            network: crate::model::NetworkIx(0),
            connections: Vec::new(),
            state,
            availability,
            sla_ppm: 0,
            verdict,
        }
        .ladder()
    };
    let counts = |l: Ladder| [l.required, l.deployed, l.measured, l.live, l.met];
    assert_eq!(counts(rung(None, Verdict::Met)), [1, 0, 0, 0, 0]);
    assert_eq!(counts(rung(Some(Unmeasured), Verdict::Met)), [1, 1, 0, 0, 0]);
    assert_eq!(counts(rung(Some(Down), Verdict::Met)), [1, 1, 1, 0, 0]);
    assert_eq!(counts(rung(Some(Up), Verdict::Missed)), [1, 1, 1, 1, 0]);
    assert_eq!(counts(rung(Some(Degraded), Verdict::Met)), [1, 1, 1, 1, 1]);
    let mut sum = rung(Some(Up), Verdict::Met);
    sum += rung(Some(Up), Verdict::Met);
    sum += rung(Some(Up), Verdict::Met);
    assert_eq!(counts(sum), [3, 3, 3, 3, 3]);
}

#[test]
fn at_the_moment_of_a_reform_the_new_tree_is_in_force() {
    use super::province::unit;
    let reform = at(10, 0, 0);
    let mut units = vec![
        unit("tinh", UnitKind::Province, None, false),
        unit("huyen", UnitKind::District, Some(0), false),
        unit("xa", UnitKind::Commune, Some(1), true),
        unit("thi-xa", UnitKind::Commune, Some(0), false),
    ];
    units[1].until = Some(reform);
    units[1].merged_into = Some(UnitIx(3));
    let inventory = super::province::inventory(units, Vec::new());
    let parent = |at| Tree::as_of(&inventory, at).parent(UnitIx(2));
    assert_eq!(parent(reform - 1), Some(UnitIx(1)));
    assert_eq!(parent(reform), Some(UnitIx(3)), "its successor's from that moment on");
    let tree = Tree::as_of(&inventory, reform);
    assert_eq!(tree.serves(UnitIx(1)).len(), 1, "and its lines are the successor's");
    assert_eq!(tree.roots().collect::<Vec<_>>(), [UnitIx(0)]);
    assert_eq!(tree.at(), reform);
}

#[test]
fn a_part_of_the_window_that_is_the_window_is_all_of_it() {
    let inventory = commune();
    let window = span(monday(), at(1, 0, 0));
    let judge = Judge::new(&inventory, &[], window, window.to);
    let record = record(&[(monday().0, Up)]);
    let total = |from, to| {
        let part = span(from, to);
        judge.availability(&[LINE], part, Clock::AroundTheClock, |_| &record).millis.total()
    };
    assert_eq!(total(monday(), at(1, 0, 0)), DAY);
    assert_eq!(total(monday() - 5, at(1, 0, 0) + 5), DAY);
    assert_eq!(total(monday() + 5, at(1, 0, 0)), DAY - 5);
    assert_eq!(total(monday(), at(1, 0, 0) - 5), DAY - 5);
}

#[test]
fn the_longest_holidays_lie_within_what_is_looked_at_before_a_window() {
    // An office switched off for the fortnight of Tết, and a week before it to spare.
    assert!((21 * DAY..=31 * DAY).contains(&LOOK_BACK_MS));
}
