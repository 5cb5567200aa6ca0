//! The week that docs/coverage.md works out.

use super::province::{HOUR, at, commune, connection, inventory, monday, once, span, weekdays};
use super::*;
use crate::model::{CarrierIx, Inventory, SubjectIx};

const LINE: SubjectIx = SubjectIx(0);

fn province() -> Inventory {
    let mut found = commune();
    let mut subject = found.subjects.remove(0);
    connection(&mut subject).sla.hours = Some(crate::model::CalendarIx(1));
    let mut found = inventory(found.units, vec![subject]);
    found.calendars[0] = weekdays(&[(7, 17)]);
    found.calendars[1].hours = std::array::from_fn(|_| vec![(360, 1320)]);
    found
}

#[test]
fn the_worked_example_is_right() {
    let inventory = province();
    let one_off = [once("an-cu/tslcd", span(at(3, 20, 0), at(3, 23, 0)))];
    let window = span(monday(), at(7, 0, 0));
    let judge = Judge::new(&inventory, &one_off, window, window.to);
    let entries = [
        (monday(), Up),
        (at(0, 18, 0), Down),
        (at(1, 6, 30), Up),
        (at(1, 10, 0), Down),
        (at(1, 12, 0), Up),
        (at(2, 14, 0), Unreachable),
        (at(2, 15, 0), Up),
        (at(3, 20, 30), Down),
        (at(3, 22, 30), Up),
        (at(5, 0, 0), Unmeasured),
        (at(5, 6, 0), Up),
    ];
    let record = record(&entries.map(|(at, state)| (at.0, state)));
    let of = |clock| judge.availability(&[LINE], window, clock, |_| &record);
    let figures = |clock| {
        let got = of(clock);
        (got.delivered_ppm(), got.own_ppm(), got.measured_ppm(), got.outages, got.mttr_ms())
    };
    let mttr = Some(3 * HOUR / 2);
    let round = (Some(902_516), Some(908_228), 964_286, 2, mttr);
    assert_eq!(figures(Clock::AroundTheClock), round);
    let bounds = of(Clock::AroundTheClock);
    assert_eq!((bounds.low_ppm(), bounds.high_ppm()), (Some(869_697), Some(906_061)));
    assert_eq!((bounds.millis.up, bounds.planned.down), (287 * HOUR / 2, 2 * HOUR));
    let office = (Some(940_000), Some(959_184), 1_000_000, 2, mttr);
    assert_eq!(figures(Clock::Office), office);
    let contract = (Some(971_564), Some(980_861), 1_000_000, 2, mttr);
    assert_eq!(figures(Clock::Contract), contract);
    assert_eq!(of(Clock::Contract).millis.off_hours, 9 * HOUR / 2);

    let account =
        carrier_account(&judge, CarrierIx(0), |_| &record, |_| &[], 995_000, 950_000).total;
    assert_eq!((account.counted, account.unreachable), (2 * HOUR, HOUR));
    assert_eq!((account.planned.total(), account.planned.lost()), (2 * HOUR, 3 * HOUR / 2));
    assert_eq!((account.off_hours, account.ppm()), (9 * HOUR / 2, Some(980_861)));

    let classes = judge.classes(LINE, &record);
    let theirs = |rule| foreign_sla(rule, &record, &classes, &[window]).and_then(|f| f.ppm());
    assert_eq!(theirs(SlaRule::Icinga), Some(907_738));
    assert_eq!(theirs(SlaRule::Zabbix), Some(912_121));
}
