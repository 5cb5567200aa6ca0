//! What comes and goes: told once, and what is told of it when its way goes, too.

use super::stories::{down, good};
use super::*;

#[test]
fn flapping_is_told_once_and_its_end_is_told_when_it_is_still_down() {
    let mut b = Bench::new(vec![Via::none()]);
    let mut s = 0;
    for _ in 0..8 {
        b.good(A, s);
        b.fail(A, s + 5);
        b.pass(s + 6);
        s += 10;
    }
    assert!(b.health.view(A).is_flapping);
    assert_eq!(b.told(), [(News::Flapping, "s0".to_owned(), 0)]);
    (0..30).for_each(|n| {
        b.fail(A, s + n * 5);
        b.pass(s + n * 5 + 1);
    });
    assert!(!b.health.view(A).is_flapping);
    let news: Vec<News> = b.told().iter().map(|(n, ..)| *n).collect();
    assert_eq!(news, [News::Flapping, News::Down]);
    assert_eq!(b.health.incidents().len(), 1);
    let turns = b.news.iter().filter(|e| matches!(e, Effect::Flapping { .. })).count();
    assert_eq!(turns, 2);
}

#[test]
fn what_comes_and_goes_has_not_recovered_when_its_parent_goes_down() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    let mut s = 10;
    for _ in 0..8 {
        b.good(A, s);
        // One of three: not so often that it is degraded.
        good(&mut b, B, s - 3);
        b.fail(B, s + 5);
        b.pass(s + 6);
        s += 10;
    }
    b.good(B, s);
    b.pass(s + 30);
    assert_eq!(b.told(), [(News::Flapping, "s1".to_owned(), 0)]);
    let before = b.health.incidents()[0].id.clone();
    down(&mut b, A, s + 40);
    b.pass(s + 51);
    assert_eq!((b.health.view(B).is_flapping, b.state(B)), (true, State::Up));
    assert_eq!([A, B].map(|s| b.health.is_flapping(s)), [false, true]);
    // Nobody has heard of the parent yet: the incident keeps its name, and its root moves up.
    let open = b.health.incidents();
    assert_eq!((open.len(), open[0].root.as_str(), &open[0].id), (1, "s0", &before));
    assert!(b.incident_changes().iter().all(|(change, _)| *change != Change::Closed));
    b.pass(s + 90);
    let news: Vec<News> = b.told().iter().map(|(n, ..)| *n).collect();
    assert_eq!(news, [News::Flapping, News::Down]);
}

#[test]
fn what_comes_and_goes_has_not_recovered_while_it_proves_itself() {
    for is_down in [false, true] {
        let mut b = Bench::new(vec![Via::none(), via(A)]);
        let mut s = 10;
        for _ in 0..8 {
            b.good(A, s);
            good(&mut b, B, s - 3);
            b.fail(B, s + 5);
            b.pass(s + 6);
            s += 10;
        }
        b.good(B, s);
        b.pass(s + 30);
        assert_eq!(b.told(), [(News::Flapping, "s1".to_owned(), 0)]);
        let before = b.incidents();
        // All of it is found out at once, as after a wait for the sentinels.
        down(&mut b, A, s + 40);
        down(&mut b, B, s + 41);
        good(&mut b, A, s + 55);
        b.pass(s + 60);
        assert_eq!(b.state(B), State::Unreachable);
        assert_eq!(b.health.incidents(), [], "what B is will be known when it has proved itself");
        match is_down {
            false => good(&mut b, B, s + 61),
            true => down(&mut b, B, s + 61),
        }
        b.good(A, s + 72);
        b.pass(s + 73);
        let after: Vec<_> = b.health.incidents().iter().map(|i| i.id.clone()).collect();
        assert_eq!(after, [before[0].id.clone()], "the same incident");
        b.pass(s + 110);
        assert_eq!(b.told().len(), 1, "nobody is told anything new");
    }
}

#[test]
fn what_comes_and_goes_has_not_recovered_while_what_it_is_behind_proves_itself() {
    let mut b = Bench::new(vec![Via::none(), via(A), via(B)]);
    let mut s = 10;
    for _ in 0..8 {
        [A, B].into_iter().for_each(|x| b.good(x, s));
        good(&mut b, C, s - 3);
        b.fail(C, s + 5);
        b.pass(s + 6);
        s += 10;
    }
    [A, B, C].into_iter().for_each(|x| b.good(x, s));
    b.pass(s + 30);
    assert_eq!(b.told(), [(News::Flapping, "s2".to_owned(), 0)]);
    let before = b.incidents();
    down(&mut b, A, s + 40);
    down(&mut b, B, s + 41);
    good(&mut b, A, s + 55);
    b.good(C, s + 60);
    b.pass(s + 61);
    assert_eq!((b.state(B), b.state(C)), (State::Unreachable, State::Up));
    assert_eq!(b.told().len(), 1, "C comes and goes still, and B is not decided");
    good(&mut b, B, s + 62);
    b.pass(s + 68);
    let after: Vec<_> = b.health.incidents().iter().map(|i| i.id.clone()).collect();
    assert_eq!(after, [before[0].id.clone()], "the same incident");
}
