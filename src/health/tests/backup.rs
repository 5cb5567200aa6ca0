//! Who is reached by a second way: degraded while the first is lost.

use super::stories::{down, good};
use super::*;

#[test]
fn what_is_degraded_behind_a_parent_on_its_backup_keeps_its_incident() {
    let any = Via::Any(vec![via(A), via(B)]);
    let mut b = Bench::new(vec![Via::none(), Via::none(), any, via(C)]);
    let d = SubjectIx(3);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    (0..5).for_each(|n| b.round(d, t(n), 2, 4_000));
    b.pass(5);
    b.pass(40);
    assert_eq!(b.told(), [(News::Degraded, "s3".to_owned(), 0)]);
    down(&mut b, A, 41);
    b.pass(52);
    assert_eq!(b.health.view(C).backup, Some(A));
    let roots: Vec<String> = b.health.incidents().iter().map(|i| i.root.to_string()).collect();
    assert_eq!(roots, ["s3", "s0"]);
    assert_eq!(b.told().len(), 1, "it has not recovered");
}

#[test]
fn on_the_second_way_it_is_degraded_since_the_first_was_lost_and_no_incident() {
    let mut b = Bench::new(vec![Via::none(), Via::none(), Via::Any(vec![via(A), via(B)])]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    b.pass(21);
    assert_eq!(b.record(C), [(0, State::Up), (10, State::Degraded)]);
    assert_eq!(b.health.view(C).backup, Some(A));
    let roots: Vec<&str> = b.health.incidents().iter().map(|i| i.root.as_str()).collect();
    assert_eq!(roots, ["s0"]);
    good(&mut b, A, 40);
    assert_eq!(b.record(C)[2..], [(40, State::Up)]);
    let mut b = Bench::new(vec![Via::none(), Via::none(), Via::Any(vec![via(A), via(B)])]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, B, 10);
    assert_eq!(b.state(C), State::Up, "the preferred way is open");
}

#[test]
fn a_preferred_way_that_is_not_asked_is_out_since_what_it_leads_through_is() {
    // s3 by s1, which has no check and leads through the trunk s0, or by s2.
    let both = Via::Any(vec![via(B), via(C)]);
    let mut inventory =
        Arc::unwrap_or_clone(inventory(vec![Via::none(), via(A), Via::none(), both]));
    inventory.subjects[1].checks.clear();
    let mut b = Bench::with(inventory, Settings::default());
    let leaf = SubjectIx(3);
    [A, C, leaf].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 40);
    assert_eq!(b.record(leaf)[1..], [(40, State::Degraded)]);
}

#[test]
fn time_on_the_backup_stays_recorded_when_that_goes_too() {
    let mut b = Bench::new(vec![Via::none(), Via::none(), Via::Any(vec![via(A), via(B)])]);
    [A, B, C].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 10);
    good(&mut b, C, 30);
    down(&mut b, B, 60);
    assert_eq!(b.record(C), [(0, State::Up), (10, State::Degraded)], "until its own rounds tell");
    down(&mut b, C, 62);
    assert_eq!(b.record(C)[1..], [(10, State::Degraded), (62, State::Unreachable)]);
}

#[test]
fn what_is_disabled_or_has_ended_is_no_way_round() {
    for ends in [false, true] {
        let vias = vec![Via::none(), Via::none(), Via::Any(vec![via(A), via(B)])];
        let mut inventory = Inventory::clone(&inventory(vias));
        if ends {
            inventory.subjects[0].until = Some(t(5));
        } else {
            inventory.subjects[0].is_enabled = false;
        }
        let mut b = Bench::with(inventory, Settings::default());
        if ends {
            b.good(A, 0);
        }
        [B, C].into_iter().for_each(|s| b.good(s, 1));
        b.pass(6);
        assert_eq!(b.state(C), State::Up, "the way left is its ordinary one");
        down(&mut b, B, 31);
        down(&mut b, C, 32);
        assert_eq!(b.verdicts.last(), Some(&(C, State::Unreachable, t(32), Some(B))));
    }
}
