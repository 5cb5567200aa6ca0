//! Announced work: what is told of it and what is not.

use super::stories::{down, good, trunk, window};
use super::*;
use crate::model::WorkedOn;

#[test]
fn announced_work_is_quiet_and_what_is_down_at_its_end_is_told_then() {
    let mut b = trunk();
    let on = WorkedOn::Subject(SubjectId::new("s0").unwrap());
    b.health.set_maintenance(vec![window(on, 0, 300)]);
    down(&mut b, A, 10);
    b.pass(25);
    b.pass(299);
    assert_eq!(b.told(), []);
    assert!(b.health.incidents()[0].planned);
    b.pass(300);
    assert_eq!(b.told(), [(News::Down, "s0".to_owned(), 1)]);
    assert!(!b.health.incidents()[0].planned);
}

#[test]
fn what_recovers_inside_announced_work_is_never_told() {
    let mut b = trunk();
    let on = WorkedOn::Unit(UnitId::new("u0").unwrap());
    b.health.set_maintenance(vec![window(on, 0, 300)]);
    down(&mut b, A, 10);
    b.pass(25);
    good(&mut b, A, 200);
    b.pass(206);
    b.pass(400);
    assert_eq!(b.told(), []);
}

#[test]
fn what_was_announced_is_no_guess_any_more_when_the_work_is_over() {
    let mut b = trunk();
    let on = WorkedOn::Subject(SubjectId::new("s0").unwrap());
    b.health.set_maintenance(vec![window(on, 0, 300)]);
    down(&mut b, A, 10);
    b.pass(25);
    let cause = |b: &Bench| b.health.incidents()[0].guess.as_ref().map(|g| g.cause);
    assert_eq!(cause(&b), Some(crate::model::Cause::Planned));
    b.pass(301);
    assert_eq!(cause(&b), None);
}
