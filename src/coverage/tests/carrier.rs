//! A carrier's account.

use super::province::{DAY, HOUR, at, commune, monday, once, span};
use super::*;
use crate::model::{CarrierIx, Cause};

#[test]
fn only_its_own_unplanned_outages_in_the_contracts_hours_count() {
    let inventory = commune();
    let one_off = [once("an-cu/tslcd", span(at(0, 14, 0), at(0, 15, 0)))];
    let judge = Judge::new(&inventory, &one_off, span(monday(), at(5, 0, 0)), at(5, 0, 0));
    let entries = [
        (monday(), Up),
        // Half of it outside the contract's hours (06 to 22), half of the rest is a power cut.
        (at(0, 4, 0), Up),
        (at(0, 8, 0), Down),
        (at(0, 10, 0), Up),
        // An hour of it announced.
        (at(0, 13, 30), Down),
        (at(0, 15, 30), Up),
        (at(1, 8, 0), Unreachable),
        (at(1, 9, 0), Up),
        (at(1, 18, 0), Down),
        (at(2, 6, 30), Up),
        (at(2, 16, 0), Down),
        (at(3, 6, 0), Up),
        (at(3, 20, 0), Unmeasured),
        (at(4, 0, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    let confirmed = [
        (span(at(0, 7, 0), at(0, 9, 0)), Cause::Power),
        (span(at(0, 9, 0), at(0, 9, 30)), Cause::Fibre),
    ];
    let account =
        carrier_account(&judge, CarrierIx(0), |_| &record, |_| &confirmed, 995_000, 950_000);
    let millis = &account.total;
    assert_eq!(millis.total(), 5 * 16 * HOUR);
    assert_eq!(millis.excused.iter().collect::<Vec<_>>(), [(&Cause::Power, &HOUR)]);
    // Monday one hour (fibre is the carrier's) and twice half an hour beside the work; Wednesday
    // 16 to 22: it began in office hours, the night outside the contract's hours is nobody's.
    assert_eq!(millis.counted, HOUR + HOUR + 6 * HOUR);
    assert_eq!(millis.planned.down, HOUR);
    assert_eq!(millis.unreachable, HOUR);
    assert_eq!(millis.off_hours, 4 * HOUR + HOUR / 2);
    assert_eq!(millis.unmeasured, 2 * HOUR);
    assert_eq!(account.outages, 3);
    let [line] = &account.lines[..] else { panic!("one line") };
    assert_eq!((line.sla_ppm, line.verdict), (990_000, Verdict::Missed));
    assert_eq!(millis.verdict(800_000, 950_000), Verdict::Met);
    assert_eq!(millis.verdict(800_000, 980_000), Verdict::NotProven, "97.5 % measured");
    let live = 80 * HOUR - 8 * HOUR - 3 * HOUR - 9 * HOUR / 2 - 2 * HOUR;
    assert_eq!(millis.live, live);
    assert_eq!(millis.ppm(), Some(886_525), "62.5 of 70.5 hours");
}

#[test]
fn another_carriers_lines_and_lines_of_another_time_are_not_in_it() {
    let mut inventory = commune();
    inventory.subjects[0].until = Some(monday());
    let judge = Judge::new(&inventory, &[], span(monday(), monday() + DAY), monday() + DAY);
    let of = |carrier| carrier_account(&judge, carrier, |_| &[], |_| &[], 0, 0);
    assert_eq!(of(CarrierIx(0)), CarrierAccount::default());
    assert_eq!(of(CarrierIx(1)), CarrierAccount::default());
    assert_eq!(CarrierMillis::default().verdict(0, 0), Verdict::NotProven);
}

#[test]
fn what_is_not_the_carriers_to_answer_for() {
    use Cause::{Carrier, Configuration, Equipment, Fibre, Planned, Power, Unknown};
    for cause in [Power, Equipment, Configuration, Planned] {
        assert!(excuses_carrier(cause), "{cause:?}");
    }
    for cause in [Fibre, Carrier, Unknown] {
        assert!(!excuses_carrier(cause), "{cause:?}");
    }
}

#[test]
fn a_lines_outages_have_its_account_among_them() {
    let inventory = commune();
    let one_off = [once("an-cu/tslcd", span(at(0, 14, 0), at(0, 15, 0)))];
    let judge = Judge::new(&inventory, &one_off, span(monday(), at(5, 0, 0)), at(5, 0, 0));
    let entries = [
        (monday(), Up),
        (at(0, 8, 0), Down),
        (at(0, 10, 0), Up),
        (at(0, 13, 30), Down),
        (at(0, 15, 30), Up),
        (at(1, 8, 0), Unreachable),
        (at(1, 9, 0), Up),
        (at(1, 18, 0), Down),
        (at(2, 6, 30), Up),
        (at(2, 16, 0), Down),
        (at(3, 6, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    let confirmed = [(span(at(0, 8, 0), at(0, 10, 0)), Cause::Power)];
    let account =
        carrier_account(&judge, CarrierIx(0), |_| &record, |_| &confirmed, 995_000, 950_000);
    let line = &account.lines[0];
    let found = carrier_outages(&judge, line.subject, &record, &confirmed);
    assert_eq!(found.len(), 5);
    assert_eq!(found[0].cause, Some(Cause::Power));
    assert_eq!(found[0].millis.excused.get(&Cause::Power), Some(&(2 * HOUR)));
    let mut sum = CarrierMillis::default();
    found.iter().for_each(|outage| sum += &outage.millis);
    assert_eq!(sum.counted, line.millis.counted);
    assert_eq!(sum.excused, line.millis.excused);
    assert_eq!(sum.unreachable, line.millis.unreachable);
    assert_eq!(sum.off_hours, line.millis.off_hours);
    assert_eq!(sum.planned.lost(), line.millis.planned.lost());
    assert_eq!(sum.live, 0, "nothing of an outage is live");
}
