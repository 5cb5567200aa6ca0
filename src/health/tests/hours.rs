//! Hours outside which a subject may be off (rule 11), and what comes and goes.

use super::stories::{HOUR, commune, down, good};
use super::*;

/// When the grace after Tuesday's opening is over, in seconds.
const DUE: i64 = 31 * HOUR + 1800;

/// The incidents at `seconds`, and when they are to be looked at again.
fn looked_at(b: &Bench, at: UnixMs) -> (usize, Option<UnixMs>) {
    let found = groups(b.health.inventory(), at, |s| b.health.view(s));
    (found.list.len(), found.next_due)
}

#[test]
fn an_answer_within_the_grace_is_waited_for_until_it_is_known_whether_it_holds() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    down(&mut b, A, 18 * HOUR);
    b.pass(18 * HOUR + 60);
    assert_eq!(looked_at(&b, t(20 * HOUR)), (0, Some(t(DUE))), "by itself not before it is due");
    b.good(A, DUE - 1);
    b.pass(DUE);
    b.pass(DUE + 3);
    assert_eq!(b.health.incidents(), [], "it has answered once, in time");
    assert_eq!(looked_at(&b, t(DUE + 3)), (0, Some(t(DUE + 4))), "a second later again");
    b.good(A, DUE + 4);
    b.pass(DUE + 5);
    b.pass(DUE + 60);
    assert_eq!((b.incident_changes(), b.told()), (vec![], vec![]));
}

#[test]
fn an_answer_that_comes_when_the_grace_is_over_is_too_late() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    down(&mut b, A, 18 * HOUR);
    b.good(A, DUE);
    b.pass(DUE);
    assert_eq!(b.health.incidents().len(), 1);
}

#[test]
fn an_answer_within_the_grace_that_does_not_hold_is_an_outage_from_the_opening_on() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    down(&mut b, A, 18 * HOUR);
    b.good(A, DUE - 5);
    b.fail(A, DUE + 2);
    b.pass(DUE + 3);
    b.pass(DUE + 4);
    assert_eq!(b.health.incidents()[0].since, t(31 * HOUR));
}

#[test]
fn what_comes_and_goes_is_no_incident_while_it_is_cut_off_or_proves_itself() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    let mut s = 10;
    for _ in 0..10 {
        b.good(A, s);
        // One of three: not so often that it is degraded.
        good(&mut b, B, s - 3);
        b.fail(B, s + 5);
        b.pass(s + 6);
        s += 10;
    }
    assert!(b.health.view(B).is_flapping);
    down(&mut b, A, s);
    down(&mut b, B, s + 1);
    b.pass(s + 12);
    let roots = |b: &Bench| -> Vec<String> {
        b.health.incidents().iter().map(|i| i.root.to_string()).collect()
    };
    assert_eq!((roots(&b), b.state(B)), (vec!["s0".to_owned()], State::Unreachable));
    good(&mut b, A, s + 20);
    b.pass(s + 26);
    assert_eq!(b.state(B), State::Unreachable, "it has to prove itself");
    assert!(b.health.view(B).is_flapping);
    assert_eq!(roots(&b), [] as [&str; 0]);
}

#[test]
fn what_the_trunks_outages_do_to_a_commune_is_no_coming_and_going_of_its_own() {
    let mut restless = Inventory::clone(&inventory(vec![Via::none(), via(A)]));
    restless.subjects[1].health.flap_high_permille = 100;
    restless.subjects[1].health.flap_low_permille = 50;
    let mut b = Bench::with(restless, Settings::default());
    [A, B].into_iter().for_each(|s| b.good(s, 0));
    for n in 0..8 {
        let s = 10 + 100 * n;
        down(&mut b, A, s);
        down(&mut b, B, s + 1);
        b.fail(B, s + 20);
        assert_eq!(b.state(B), State::Unreachable);
        good(&mut b, A, s + 30);
        good(&mut b, B, s + 36);
        assert_eq!((b.state(B), b.health.view(B).is_flapping), (State::Up, false));
    }
}

#[test]
fn only_the_primary_check_comes_and_goes() {
    let mut two = Inventory::clone(&inventory(vec![Via::none()]));
    let mut second = two.subjects[0].checks[0].clone();
    second.critical = true;
    two.subjects[0].checks.push(second);
    let mut b = Bench::with(two, Settings::default());
    for n in 0..20 {
        b.good(A, 10 * n);
        b.check(A, 1, t(10 * n + 1), if n % 2 == 0 { 0 } else { 3 }, 4_000);
    }
    assert_eq!((b.state(A), b.health.view(A).is_flapping), (State::Up, false));
}

#[test]
fn switched_off_at_night_and_on_in_the_morning_is_nothing_to_tell() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    down(&mut b, A, 18 * HOUR);
    b.pass(18 * HOUR + 60);
    b.pass(31 * HOUR);
    good(&mut b, A, 31 * HOUR + 1700);
    b.pass(31 * HOUR + 1710);
    b.pass(32 * HOUR);
    assert_eq!(b.told(), []);
    assert_eq!(b.incident_changes(), []);
}

#[test]
fn still_off_after_the_grace_is_an_outage_from_the_opening_on() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    down(&mut b, A, 18 * HOUR);
    b.pass(31 * HOUR + 1799);
    assert_eq!(b.health.incidents(), []);
    b.pass(31 * HOUR + 1800);
    assert_eq!(b.health.incidents()[0].since, t(31 * HOUR));
    b.pass(31 * HOUR + 1830);
    assert_eq!(b.told(), [(News::Down, "s0".to_owned(), 1)]);
}

#[test]
fn silence_that_begins_inside_the_hours_is_an_outage_at_night_too() {
    let mut b = commune();
    b.good(A, 16 * HOUR);
    down(&mut b, A, 17 * HOUR - 5);
    b.pass(17 * HOUR + 6);
    assert_eq!(b.health.incidents().len(), 1);
}
