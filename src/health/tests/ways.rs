//! What a subject is reached through: several needed ways, redundant ones, and which of them is to
//! blame (rules 5 and 12).

use super::stories::{down, good};
use super::*;

const D: SubjectIx = SubjectIx(3);
const E: SubjectIx = SubjectIx(4);

fn all(parts: &[SubjectIx]) -> Via {
    Via::All(parts.iter().copied().map(via).collect())
}

fn any(parts: &[SubjectIx]) -> Via {
    Via::Any(parts.iter().copied().map(via).collect())
}

/// Everything has answered at the start.
fn answering(vias: Vec<Via>) -> Bench {
    let mut b = Bench::new(vias);
    let subjects: Vec<SubjectIx> = b.health.inventory().subject_ixs().collect();
    subjects.into_iter().for_each(|s| b.good(s, 0));
    b
}

#[test]
fn of_two_needed_ways_both_must_have_answered_before_anybody_is_blamed() {
    let mut b = answering(vec![Via::none(), Via::none(), all(&[A, B])]);
    down(&mut b, C, 10);
    b.good(A, 21);
    assert_eq!(b.state(C), State::Up, "nothing is known of the second way");
    b.good(B, 22);
    assert_eq!(b.verdicts.last(), Some(&(C, State::Down, t(10), None)));
}

#[test]
fn with_both_needed_ways_open_it_is_down_at_once() {
    let mut b = answering(vec![Via::none(), Via::none(), all(&[A, B])]);
    [5, 10].into_iter().for_each(|s| b.fail(C, s));
    [A, B].into_iter().for_each(|s| b.good(s, 11));
    b.fail(C, 15);
    assert_eq!(b.verdicts.last(), Some(&(C, State::Down, t(5), None)));
}

#[test]
fn a_needed_way_that_is_down_blocks_though_the_other_is_not_decided() {
    let mut b = answering(vec![Via::none(), Via::none(), all(&[A, B])]);
    down(&mut b, B, 5);
    down(&mut b, C, 16);
    assert_eq!(b.verdicts.last(), Some(&(C, State::Unreachable, t(16), Some(B))));
}

#[test]
fn of_two_lost_ways_the_one_that_went_last_is_to_blame_whatever_their_order() {
    for (first, last) in [(A, B), (B, A)] {
        let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
        down(&mut b, first, 5);
        down(&mut b, last, 20);
        down(&mut b, C, 31);
        assert_eq!(b.verdicts.last(), Some(&(C, State::Unreachable, t(31), Some(last))));
    }
}

#[test]
fn of_two_ways_lost_at_one_instant_the_preferred_one_is_to_blame() {
    let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
    down(&mut b, A, 5);
    down(&mut b, B, 5);
    down(&mut b, C, 16);
    assert_eq!(b.health.view(C).cause, Some(A));
}

#[test]
fn a_redundant_way_that_is_not_decided_is_waited_for() {
    let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
    down(&mut b, A, 5);
    down(&mut b, C, 16);
    assert_eq!(b.state(C), State::Degraded, "on its backup, as far as is known");
    down(&mut b, B, 27);
    assert_eq!(b.verdicts.last(), Some(&(C, State::Unreachable, t(16), Some(B))));
}

#[test]
fn of_two_pairs_of_ways_the_first_that_is_on_its_backup_tells_why() {
    let pairs = Via::All(vec![any(&[A, B]), any(&[C, D])]);
    let mut b = answering(vec![Via::none(), Via::none(), Via::none(), Via::none(), pairs]);
    down(&mut b, C, 10);
    assert_eq!(b.health.view(E).backup, Some(C));
    down(&mut b, A, 30);
    assert_eq!(b.health.view(E).backup, Some(A), "the first pair is named first");
    good(&mut b, A, 50);
    assert_eq!(b.health.view(E).backup, Some(C));
    assert_eq!(b.record(E)[1..], [(10, State::Degraded)], "all the time");
}

#[test]
fn a_pair_that_lets_nothing_pass_is_no_way_back_from_the_backup() {
    let pairs = Via::All(vec![any(&[A, B]), any(&[C, D])]);
    let mut b = answering(vec![Via::none(), Via::none(), Via::none(), Via::none(), pairs]);
    down(&mut b, A, 10);
    down(&mut b, C, 30);
    down(&mut b, D, 32);
    good(&mut b, A, 50);
    assert_eq!(b.state(E), State::Degraded, "nothing is known of it until its own rounds tell");
}

#[test]
fn of_two_pairs_of_ways_the_last_that_is_off_its_backup_says_since_when() {
    for (first, second) in [((A, B), (C, D)), ((C, D), (A, B))] {
        let pairs = Via::All(vec![any(&[first.0, first.1]), any(&[second.0, second.1])]);
        let mut b = answering(vec![Via::none(), Via::none(), Via::none(), Via::none(), pairs]);
        down(&mut b, C, 10);
        good(&mut b, C, 50);
        assert_eq!(b.record(E)[1..], [(10, State::Degraded), (50, State::Up)]);
    }
}

#[test]
fn of_two_pairs_of_ways_the_first_that_is_on_its_backup_says_since_when() {
    let pairs = Via::All(vec![any(&[A, B]), any(&[C, D])]);
    let mut b = answering(vec![Via::none(), Via::none(), Via::none(), Via::none(), pairs]);
    down(&mut b, E, 10);
    [B, D].into_iter().for_each(|s| b.good(s, 21));
    assert_eq!(b.state(E), State::Down);
    down(&mut b, C, 25);
    b.good(A, 36);
    b.good(E, 40);
    down(&mut b, A, 41);
    b.good(E, 55);
    assert_eq!(b.record(E)[1..], [(10, State::Down), (40, State::Degraded)]);
}

#[test]
fn what_else_the_preferred_way_needs_does_not_say_since_when_it_is_open_again() {
    let ways = Via::Any(vec![all(&[A, B]), via(C)]);
    let mut b = answering(vec![Via::none(), Via::none(), Via::none(), ways]);
    [1, 2, 3].into_iter().for_each(|s| b.round(B, t(s), 2, 4_000));
    down(&mut b, A, 10);
    b.good(A, 50);
    [51, 52, 53, 54, 55].into_iter().for_each(|s| b.good(B, s));
    assert_eq!((b.state(B), b.state(D)), (State::Up, State::Degraded));
    b.good(A, 60);
    assert_eq!(b.record(D)[1..], [(10, State::Degraded), (50, State::Up)]);
}

#[test]
fn a_choice_inside_the_preferred_way_says_since_when_it_is_off_its_backup() {
    let inside = Via::All(vec![any(&[A, B]), via(C)]);
    let nested = Via::Any(vec![inside, via(D)]);
    let mut b = answering(vec![Via::none(), Via::none(), Via::none(), Via::none(), nested]);
    down(&mut b, A, 10);
    good(&mut b, A, 50);
    assert_eq!(b.record(E)[1..], [(10, State::Degraded), (50, State::Up)]);
}

#[test]
fn who_answers_by_its_preferred_way_is_off_its_backup_whatever_else_it_needs() {
    let ways = Via::All(vec![any(&[A, B]), via(C)]);
    let mut b = answering(vec![Via::none(), Via::none(), Via::none(), ways]);
    down(&mut b, A, 10);
    down(&mut b, C, 21);
    b.good(D, 36);
    assert_eq!(b.state(D), State::Degraded);
    good(&mut b, A, 50);
    assert_eq!(b.record(D)[1..], [(10, State::Degraded), (50, State::Up)]);
}

#[test]
fn a_way_inside_the_preferred_way_may_be_the_backup() {
    let nested = Via::Any(vec![any(&[A, B]), via(C)]);
    let mut b = answering(vec![Via::none(), Via::none(), Via::none(), nested]);
    down(&mut b, A, 10);
    assert_eq!(b.health.view(D).backup, Some(A), "by the second of the preferred pair");
    down(&mut b, B, 30);
    assert_eq!(b.health.view(D).backup, Some(B), "by the way beside the pair");
    down(&mut b, C, 50);
    down(&mut b, D, 61);
    assert_eq!(b.health.view(D).cause, Some(C));
}

#[test]
fn a_parent_that_was_never_judged_is_looked_through() {
    let mut b = Bench::new(vec![Via::none(), via(A)]);
    b.good(B, 0);
    down(&mut b, B, 10);
    assert_eq!(b.verdicts.last(), Some(&(B, State::Down, t(10), None)));
}

#[test]
fn a_verdict_waits_for_an_answer_as_old_as_its_first_failed_round() {
    for (answer, expected) in [(9, State::Up), (10, State::Down)] {
        let mut b = answering(vec![Via::none(), via(A)]);
        b.good(A, answer);
        down(&mut b, B, 10);
        assert_eq!(b.state(B), expected, "the parent answered at {answer} s");
    }
}

#[test]
fn what_comes_into_force_is_a_way_from_that_very_moment_and_what_ends_is_none() {
    // Ordinarily by A, whose time is 100 to 200 s; otherwise by B.
    let mut inventory = Inventory::clone(&inventory(vec![Via::none(), Via::none(), any(&[A, B])]));
    (inventory.subjects[0].since, inventory.subjects[0].until) = (Some(t(100)), Some(t(200)));
    let mut b = Bench::with(inventory, Settings::default());
    [B, C].into_iter().for_each(|s| b.good(s, 60));
    // Asked before its time, it does not answer.
    b.good(A, 70);
    down(&mut b, A, 80);
    b.tick(99);
    assert_eq!(b.health.view(C).backup, None);
    b.tick(100);
    assert_eq!(b.health.view(C).backup, Some(A), "now it is its preferred way");
    b.tick(199);
    assert_eq!(b.health.view(C).backup, Some(A));
    b.tick(200);
    assert_eq!(b.health.view(C).backup, None);
    b.tick(150);
    assert_eq!(b.health.view(C).backup, Some(A), "the clock was set back");
}

#[test]
fn an_unreachable_subject_is_asked_at_its_usual_pace_however_long_it_fails() {
    let mut b = answering(vec![Via::none(), via(A)]);
    down(&mut b, A, 10);
    down(&mut b, B, 12);
    for s in [50, 80, 110, 140] {
        b.fail(B, s);
        assert_eq!((b.paces[&B], b.health.view(B).suspect), (Pace::Normal, 0), "at {s} s");
    }
    assert_eq!(b.state(B), State::Unreachable);
}

#[test]
fn a_cause_that_changes_in_the_middle_of_a_hole_is_recorded_when_it_is_heard_of_again() {
    let mut b = answering(vec![Via::none(), via(A), via(B)]);
    down(&mut b, B, 10);
    b.good(A, 21);
    down(&mut b, C, 12);
    assert_eq!(b.health.view(C).cause, Some(B));
    // Nobody asks C any more; the trunk goes, too.
    b.tick(100);
    assert_eq!(b.state(C), State::Unmeasured);
    let hole = b.records[&C].last().copied();
    down(&mut b, A, 101);
    down(&mut b, B, 112);
    assert_eq!(b.records[&C].last().copied(), hole, "a hole has no cause");
}

#[test]
fn what_comes_back_by_its_second_way_is_degraded_at_once_and_never_said_to_be_up() {
    let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
    down(&mut b, A, 10);
    down(&mut b, B, 21);
    down(&mut b, C, 32);
    good(&mut b, B, 50);
    let before = b.verdicts.len();
    good(&mut b, C, 56);
    assert_eq!(b.verdicts[before..], [(C, State::Degraded, t(56), None)]);
    assert_eq!(b.health.view(C).backup, Some(A));
    assert_eq!(b.health.explain(C, t(62)).rule, Rule::Recovered);
}

#[test]
fn what_answered_before_its_first_way_went_was_up_until_then() {
    let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
    down(&mut b, C, 10);
    b.good(B, 21);
    assert_eq!(b.state(C), State::Down);
    b.good(C, 30);
    down(&mut b, A, 31);
    b.good(C, 42);
    assert_eq!(b.record(C)[1..], [(10, State::Down), (30, State::Up), (31, State::Degraded)]);
}

#[test]
fn what_answers_though_both_its_ways_are_down_stays_on_its_backup() {
    let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
    down(&mut b, A, 10);
    down(&mut b, B, 21);
    good(&mut b, C, 32);
    assert_eq!((b.state(C), b.health.view(C).backup), (State::Degraded, Some(A)));
}

#[test]
fn when_one_of_two_needed_ways_is_back_the_other_is_to_blame_from_then_on() {
    let mut b = answering(vec![Via::none(), Via::none(), all(&[A, B])]);
    down(&mut b, A, 10);
    down(&mut b, C, 12);
    down(&mut b, B, 30);
    assert_eq!(b.health.view(C).cause, Some(A));
    good(&mut b, A, 50);
    let entries: Vec<_> = b.records[&C].iter().map(|(at, _, cause)| (at.0, *cause)).collect();
    assert_eq!(entries[1..], [(12_000, Some(A)), (50_000, Some(B))]);
    assert_eq!(b.health.view(C).since, t(12), "it is one outage");
}

#[test]
fn what_two_needed_ways_lead_to_proves_itself_from_when_both_are_open() {
    // Whichever is heard of last; the cause is the one that is named first of those that are down.
    for (first, last) in [(A, B), (B, A)] {
        let mut b = answering(vec![Via::none(), Via::none(), all(&[A, B])]);
        [A, B, C].into_iter().for_each(|s| down(&mut b, s, 10));
        // The one answers from 60 s on, the other from 50 s on, which is known later.
        b.good(last, 50);
        [60, 65].into_iter().for_each(|s| b.good(first, s));
        b.good(last, 66);
        [70, 75, 80].into_iter().for_each(|s| b.fail(C, s));
        [A, B].into_iter().for_each(|s| b.good(s, 81));
        assert_eq!(b.record(C)[1..].last(), Some(&(60, State::Down)), "{first:?} comes back");
    }
}

#[test]
fn a_way_that_has_been_open_for_long_does_not_count_from_when_it_degraded() {
    let mut b = answering(vec![Via::none(), Via::none(), all(&[A, B])]);
    [B, C].into_iter().for_each(|s| down(&mut b, s, 10));
    b.good(B, 50);
    [51, 52, 53].into_iter().for_each(|s| b.round(A, t(s), 2, 4_000));
    assert_eq!(b.state(A), State::Degraded);
    b.good(B, 55);
    [56, 61, 66].into_iter().for_each(|s| b.fail(C, s));
    [A, B].into_iter().for_each(|s| b.good(s, 67));
    assert_eq!(b.record(C)[1..], [(10, State::Unreachable), (50, State::Down)]);
}

#[test]
fn what_is_cut_off_again_while_it_proves_itself_begins_anew() {
    // Twice, or so often that its verdict waits for A.
    for times in [2, 3] {
        let mut b = answering(vec![Via::none(), via(A)]);
        [A, B].into_iter().for_each(|s| down(&mut b, s, 10));
        good(&mut b, A, 40);
        b.fail(A, 46);
        (0..times).for_each(|n| b.fail(B, 47 + 4 * n));
        assert_eq!((i64::from(b.health.view(B).suspect), b.paces[&B]), (times, Pace::Retry));
        [57, 62].into_iter().for_each(|s| b.fail(A, s));
        assert_eq!((b.health.view(B).suspect, b.paces[&B]), (0, Pace::Normal));
        good(&mut b, A, 65);
        [71, 76].into_iter().for_each(|s| b.fail(B, s));
        assert_eq!(b.state(B), State::Unreachable, "twice since A answers again");
        b.good(A, 77);
        b.fail(B, 81);
        assert_eq!(b.record(B)[1..], [(10, State::Unreachable), (65, State::Down)]);
    }
}

#[test]
fn what_was_on_its_backup_is_not_when_another_inventory_has_no_other_way() {
    let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
    down(&mut b, A, 10);
    [C, B].into_iter().for_each(|s| b.good(s, 30));
    assert_eq!(b.record(C)[1..], [(10, State::Degraded)]);
    b.settle(31);
    // A is taken out: B and C move up by one place.
    let old = b.health.inventory().clone();
    let mut subjects = old.subjects[1..].to_vec();
    subjects[1].via = any(&[A]);
    b.records = BTreeMap::from([(A, b.records[&B].clone()), (B, b.records[&C].clone())]);
    let (units, networks) = (old.units.clone(), old.networks.clone());
    b.reload(Arc::new(Inventory::new(units, networks, vec![], vec![], subjects)), 40);
    let expected = [(0, State::Up), (10, State::Degraded), (30, State::Up)];
    assert_eq!(b.record(B), expected, "up to its last round it had been on it");
    assert_eq!(b.incidents(), [], "nobody is in trouble");
}

#[test]
fn a_parent_that_proves_itself_is_waited_for_though_its_old_root_is_down_again() {
    // D hangs on C, C on B, B on A.
    for outcome in [State::Down, State::Unreachable] {
        let mut b = answering(vec![Via::none(), via(A), via(B), via(C)]);
        [A, B, C].into_iter().for_each(|s| down(&mut b, s, 10));
        // The whole chain answers again, but for C, which has to prove itself.
        good(&mut b, A, 40);
        good(&mut b, B, 46);
        b.fail(C, 51);
        down(&mut b, A, 52);
        down(&mut b, D, 53);
        assert_eq!(
            b.state(D),
            State::Up,
            "B answers still, as far as is known, and C is undecided"
        );
        if outcome == State::Down {
            b.good(B, 64);
        } else {
            down(&mut b, B, 54);
        }
        [65, 70].into_iter().for_each(|s| b.fail(C, s));
        let cause = if outcome == State::Down { C } else { A };
        assert_eq!((b.state(C), b.state(D)), (outcome, State::Unreachable));
        assert_eq!(b.health.view(D).cause, Some(cause));
        assert_eq!(b.verdicts.iter().filter(|v| v.0 == D).count(), 2, "told once, and rightly");
    }
}

/// A leads to B; D stands beside them; the last one is reached through B and D.
fn beside(way: Via) -> Bench {
    answering(vec![Via::none(), via(A), Via::none(), way])
}

#[test]
fn what_is_down_is_to_blame_before_what_answers_and_left_a_part_to_prove_itself() {
    let last = SubjectIx(3);
    for way in [all(&[B, C]), all(&[C, B]), any(&[B, C]), any(&[C, B])] {
        let mut b = beside(way.clone());
        down(&mut b, C, 5);
        down(&mut b, A, 16);
        down(&mut b, B, 27);
        down(&mut b, last, 28);
        good(&mut b, A, 40);
        assert_eq!((b.state(B), b.state(last)), (State::Unreachable, State::Unreachable));
        assert_eq!(b.health.view(last).cause, Some(C), "{way:?}");
    }
}

#[test]
fn a_parent_that_is_asked_no_more_since_a_restart_is_looked_through() {
    let resumed = Resumed {
        state: State::Up,
        since: t(0),
        hard: Some(ResumedVerdict {
            state: State::Up,
            cause: None,
            since: t(0),
            from: t(0),
            holes: Vec::new(),
        }),
        last_round: Some(t(90)),
        is_flapping: false,
        usual: Vec::new(),
    };
    let mut unasked = Inventory::clone(&inventory(vec![Via::none(), via(A)]));
    unasked.subjects[0].checks.clear();
    let mut b = Bench::new(vec![]);
    b.resume(Arc::new(unasked), 100, &|_| Some(resumed.clone()));
    b.records.insert(B, vec![(t(0), State::Up, None)]);
    down(&mut b, B, 101);
    assert_eq!(b.state(B), State::Down, "nobody would ever answer for the parent");
}

#[test]
fn what_failed_by_itself_on_its_backup_is_degraded_at_once_when_it_answers_again() {
    let mut b = answering(vec![Via::none(), Via::none(), any(&[A, B])]);
    down(&mut b, A, 10);
    b.good(B, 29);
    down(&mut b, C, 30);
    b.good(B, 41);
    assert_eq!(b.state(C), State::Down);
    let before = b.verdicts.len();
    good(&mut b, C, 50);
    assert_eq!(b.verdicts[before..], [(C, State::Degraded, t(50), None)]);
    assert_eq!(b.health.view(C).backup, Some(A));
}

#[test]
fn an_outage_that_began_with_that_of_the_trunk_is_found_behind_what_is_never_asked() {
    let mut patient = Inventory::clone(&inventory(vec![Via::none(), via(A), via(B)]));
    patient.subjects[0].health.confirm = 20;
    patient.subjects[1].checks.clear();
    let mut b = Bench::with(patient, Settings::default());
    [A, C].into_iter().for_each(|s| b.good(s, 0));
    b.fail(A, 10);
    for s in (15..=100).step_by(5) {
        b.fail(C, s - 3);
        b.fail(A, s);
        b.tick(s + 1);
    }
    assert_eq!(b.state(C), State::Down, "the trunk is waited for no longer");
    b.fail(A, 105);
    assert_eq!(b.state(A), State::Down);
    assert_eq!(b.records[&C][1..], [(t(12), State::Unreachable, Some(A))]);
}

#[test]
fn what_fell_silent_while_its_way_answered_stays_down_by_itself_whatever_a_new_way_turns_out_to_be()
{
    let [new, leaf] = [SubjectIx(4), SubjectIx(5)];
    let dead = SubjectIx(3);
    let both = Via::All(vec![via(C), via(new)]);
    let vias = vec![Via::none(), via(A), via(B), Via::none(), via(dead), both];
    let mut patient = Inventory::clone(&inventory(vias));
    patient.subjects[0].health.confirm = 20;
    patient.subjects[4].health.confirm = 100;
    let mut b = Bench::with(patient, Settings::default());
    b.good(dead, 0);
    [1, 6, 11].into_iter().for_each(|s| b.fail(dead, s));
    [(A, 5), (B, 10), (leaf, 11)].into_iter().for_each(|(s, at)| b.good(s, at));
    b.fail(new, 12);
    [15, 19].into_iter().for_each(|s| b.fail(leaf, s));
    b.good(C, 20);
    b.fail(leaf, 24);
    b.tick(56);
    assert_eq!(b.state(leaf), State::Down, "its new way is waited for no longer");
    b.fail(A, 58);
    for s in [60, 65, 70] {
        b.fail(B, s);
        b.fail(C, s + 1);
        b.fail(leaf, s + 2);
    }
    for s in (73..=170).step_by(5) {
        b.fail(A, s);
        [B, C, leaf].into_iter().for_each(|x| b.fail(x, s + 1));
        b.tick(s + 2);
    }
    let states = [A, B, C, leaf].map(|s| b.state(s));
    assert_eq!(states, [State::Down, State::Unreachable, State::Unreachable, State::Down]);
}

#[test]
fn a_way_that_is_down_still_does_not_say_since_when_the_others_are_open() {
    const D: SubjectIx = SubjectIx(3);
    let both = Via::All(vec![Via::Any(vec![via(A), via(B)]), via(D)]);
    let mut b = Bench::new(vec![Via::none(), Via::none(), both, Via::none()]);
    [A, B, C, D].into_iter().for_each(|s| b.good(s, 0));
    for s in [30, 35, 40] {
        [A, B, D, C].into_iter().for_each(|who| b.fail(who, s));
    }
    assert_eq!(b.state(C), State::Unreachable);
    // D answers first and is asked again last; B stays down.
    b.good(D, 50);
    [100, 105].into_iter().for_each(|s| b.good(A, s));
    b.good(D, 106);
    [107, 112, 117].into_iter().for_each(|s| b.fail(C, s));
    assert_eq!(b.verdicts.last(), Some(&(C, State::Down, t(100), None)));
}

#[test]
fn what_is_on_its_backup_when_it_answers_again_is_so_whatever_else_the_preferred_way_needs() {
    const D: SubjectIx = SubjectIx(3);
    let ways = Via::Any(vec![Via::All(vec![via(A), via(B)]), via(D)]);
    let mut b = Bench::new(vec![Via::none(), Via::none(), ways, Via::none()]);
    [A, B, C, D].into_iter().for_each(|s| b.good(s, 0));
    for s in [30, 35, 40] {
        b.fail(A, s);
        b.good(D, s);
        b.fail(C, s);
    }
    assert_eq!(b.state(C), State::Down);
    b.good(C, 60);
    // B is slow from then on, which blocks nothing.
    [55, 61, 62].into_iter().for_each(|s| b.round(B, t(s), 2, 4_000));
    assert_eq!(b.state(B), State::Degraded);
    b.good(C, 65);
    assert_eq!(b.record(C), [(0, State::Up), (30, State::Down), (60, State::Degraded)]);
}

#[test]
fn a_proof_begins_with_the_parents_recovery_though_somebody_else_was_blamed_meanwhile() {
    const D: SubjectIx = SubjectIx(3);
    let mut b = Bench::new(vec![Via::none(), via(A), via(B), via(C)]);
    [A, B, C, D].into_iter().for_each(|s| b.good(s, 0));
    for s in [30, 35, 40] {
        [A, B, C, D].into_iter().for_each(|who| b.fail(who, s));
    }
    // A answers again, C too, and B turns out to be down by itself before C's second answer.
    b.good(A, 50);
    b.good(C, 52);
    b.good(A, 55);
    [56, 61, 66].into_iter().for_each(|s| b.fail(B, s));
    assert_eq!((b.state(B), b.state(D)), (State::Down, State::Unreachable));
    b.good(C, 67);
    [68, 73, 78].into_iter().for_each(|s| b.fail(D, s));
    assert_eq!(b.verdicts.last(), Some(&(D, State::Down, t(52), None)));
}
