//! Groups of sentinels by themselves.

use super::*;

fn sight(carriers: &[Option<&str>]) -> Sight {
    let sentinels: Vec<Sentinel> = carriers
        .iter()
        .zip(1_u8..)
        .map(|(carrier, n)| Sentinel {
            is_control: false,
            address: std::net::IpAddr::from([10, 0, 0, n]),
            carrier: carrier.map(|c| CarrierId::new(c).unwrap()),
        })
        .collect();
    let settings = Settings { sentinels, ..Settings::default() };
    Sight::new(&settings, 3, &Inventory::default())
}

fn t(s: i64) -> UnixMs {
    UnixMs(s * 1000)
}

const ANY: SubjectIx = SubjectIx(0);

#[test]
fn a_quorum_lost_is_blind_from_its_last_answer_on() {
    let mut sight = sight(&[None, None, None]);
    for n in 0..3 {
        sight.round(n, t(n as i64), true);
    }
    assert_eq!(sight.trust(ANY, t(1)), Trust::Seen, "two of three have answered since");
    assert_eq!(sight.trust(ANY, t(2)), Trust::Wait);
    for s in [5, 10, 15] {
        assert!(sight.round(0, t(s), false).is_empty(), "one of three");
    }
    sight.round(1, t(16), false);
    sight.round(1, t(21), false);
    assert_eq!(sight.trust(ANY, t(16)), Trust::Wait);
    let turns = sight.round(1, t(26), false);
    let since = t(1) + 1;
    assert_eq!(turns, [Turn { carrier: None, since, until: None }]);
    assert_eq!(sight.trust(ANY, t(1)), Trust::Seen);
    assert_eq!(sight.trust(ANY, since), Trust::Blind);
    let turns = sight.round(0, t(40), true);
    assert_eq!(turns, [Turn { carrier: None, since, until: Some(t(40)) }]);
    assert_eq!(sight.trust(ANY, t(41)), Trust::Wait);
    assert_eq!(sight.trust(ANY, t(39)), Trust::Blind, "sent in blind time, judged after it");
}

#[test]
fn sentinels_that_were_never_heard_of_say_nothing() {
    let mut sight = sight(&[None, None]);
    assert_eq!(sight.trust(ANY, t(5)), Trust::Seen);
    sight.round(0, t(6), true);
    assert_eq!(sight.trust(ANY, t(6)), Trust::Seen, "one of one");
}

#[test]
fn sentinels_that_are_asked_are_waited_for_from_the_start() {
    let sentinels = sight(&[None]).sentinels;
    let settings = Settings { sentinels, are_sentinels_asked: true, ..Settings::default() };
    let sight = Sight::new(&settings, 3, &Inventory::default());
    assert_eq!(sight.trust(ANY, t(5)), Trust::Wait);
}

#[test]
fn without_a_group_of_the_whole_all_carriers_must_be_lost() {
    let mut sight = sight(&[Some("vnpt"), Some("viettel")]);
    (0..2).for_each(|n| assert!(sight.round(n, t(0), true).is_empty()));
    for s in [5, 10, 15] {
        sight.round(0, t(s), false);
    }
    sight.round(1, t(20), true);
    assert_eq!(sight.trust(ANY, t(20)), Trust::Seen, "it is not reached through vnpt");
    for s in [25, 30, 35] {
        sight.round(1, t(s), false);
    }
    assert_eq!(sight.trust(ANY, t(36)), Trust::Blind);
}

/// Loses all of `sentinels` by three rounds five seconds apart, beginning at `from`.
fn lose(sight: &mut Sight, sentinels: std::ops::Range<usize>, from: i64) -> Vec<Turn> {
    let rounds = [from, from + 5, from + 10];
    let of = |s| sentinels.clone().map(move |n| (n, s));
    rounds.into_iter().flat_map(of).flat_map(|(n, s)| sight.round(n, t(s), false)).collect()
}

#[test]
fn half_of_them_lost_is_not_blind_and_one_more_is() {
    for (count, enough) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)] {
        let mut sight = sight(&vec![None; count]);
        for n in 0..count {
            sight.round(n, t(n as i64), true);
        }
        assert_eq!(lose(&mut sight, 0..enough - 1, 10), [], "{count}");
        assert!(!sight.is_blind(None));
        // As many had gone silent as it takes when the one that answered last of them did.
        let turns = lose(&mut sight, enough - 1..enough, 30);
        let since = t(enough as i64 - 1) + 1;
        assert_eq!(turns, [Turn { carrier: None, since, until: None }], "{count}");
        assert!(sight.is_blind(None) && sight.is_whole_blind(t(41)));
    }
}

#[test]
fn a_failed_round_waits_while_more_than_half_have_not_answered_since() {
    let mut sight = sight(&[None; 4]);
    (0..4).for_each(|n| assert_eq!(sight.round(n, t(n as i64), true), []));
    let trust: Vec<Trust> = (0..5).map(|s| sight.trust(ANY, t(s))).collect();
    assert_eq!(trust, [Trust::Seen, Trust::Seen, Trust::Seen, Trust::Wait, Trust::Wait]);
}

#[test]
fn one_sentinel_may_be_silent_for_two_rounds_and_is_counted_anew_after_an_answer() {
    let mut sight = sight(&[None]);
    for answered in [true, false, false, true, false, false] {
        assert_eq!(sight.round(0, t(1), answered), []);
    }
    assert_eq!(sight.round(0, t(2), false).len(), 1);
    assert_eq!(sight.round(0, t(3), false), [], "it is lost already");
}

#[test]
fn eight_times_of_blindness_are_remembered_and_the_ninth_before_is_not() {
    let mut sight = sight(&[None]);
    sight.round(0, t(0), true);
    let blind_at = |n: i64| t(100 * n + 15);
    for n in 1..=9 {
        lose(&mut sight, 0..1, 100 * n);
        sight.round(0, t(100 * n + 20), true);
    }
    sight.round(0, t(2000), true);
    let known: Vec<Trust> = (1..=9).map(|n| sight.trust(ANY, blind_at(n))).collect();
    assert_eq!(known[0], Trust::Seen);
    assert!(known[1..].iter().all(|trust| *trust == Trust::Blind), "{known:?}");
}

#[test]
fn a_blindness_that_lies_in_time_to_come_is_forgotten_when_the_clock_is_set_back() {
    let mut sight = sight(&[None]);
    sight.round(0, t(1000), true);
    lose(&mut sight, 0..1, 1005);
    sight.round(0, t(1020), true);
    assert_eq!(sight.trust(ANY, t(1010)), Trust::Blind);
    sight.round(0, t(500), true);
    assert_eq!(sight.trust(ANY, t(400)), Trust::Seen);
    sight.round(0, t(2000), true);
    assert_eq!(sight.trust(ANY, t(1010)), Trust::Seen);
    // One that begins at this very moment is not to come.
    let mut sight = self::sight(&[None]);
    sight.round(0, t(10), true);
    lose(&mut sight, 0..1, 20);
    sight.round(0, t(40), true);
    sight.round(0, t(10) + 1, true);
    assert_eq!(sight.trust(ANY, t(30)), Trust::Blind);
}

#[test]
fn a_blindness_that_the_clock_was_set_back_into_is_over_when_a_sentinel_answers_again() {
    for (set_back_ms, expected) in [(60_000, Trust::Blind), (60_001, Trust::Seen)] {
        let mut sight = sight(&[None]);
        sight.round(0, t(1000), true);
        lose(&mut sight, 0..1, 1005);
        sight.round(0, t(2000), true);
        let at = t(2000) - set_back_ms;
        sight.round(0, at, true);
        assert_eq!(sight.trust(ANY, t(1010)), Trust::Blind);
        assert_eq!(sight.trust(ANY, at), expected, "{set_back_ms}");
    }
}

#[test]
fn a_sentinel_that_fails_after_the_clock_was_set_back_has_not_answered_since() {
    let mut sight = sight(&[None]);
    sight.round(0, t(1000), true);
    sight.round(0, t(500), false);
    assert_eq!(sight.trust(ANY, t(600)), Trust::Wait, "its answer lies in time to come");
}

#[test]
fn of_more_groups_than_sixty_four_the_last_go_unheard() {
    let names: Vec<String> = (0..70).map(|n| format!("c{n:02}")).collect();
    let carriers: Vec<Option<&str>> = names.iter().map(|n| Some(n.as_str())).collect();
    let mut sight = sight(&carriers);
    (0..70).for_each(|n| assert_eq!(sight.round(n, t(0), true), []));
    assert_eq!(lose(&mut sight, 0..70, 10).len(), 64);
}

#[test]
fn a_blindness_that_begins_a_minute_ahead_is_late_and_one_that_begins_later_is_of_another_clock() {
    for (set_back_ms, expected) in [(60_000, t(100) + 1), (60_001, t(100) + 1 - 60_001)] {
        let mut sight = sight(&[None]);
        sight.round(0, t(100), true);
        let turns = lose(&mut sight, 0..1, 105);
        let since = t(100) + 1;
        assert_eq!(turns, [Turn { carrier: None, since, until: None }]);
        sight.round(0, since - set_back_ms, false);
        let turns = sight.round(0, t(200), true);
        let over = Turn { carrier: None, since: expected, until: Some(t(200)) };
        assert_eq!(turns, [over], "{set_back_ms}");
    }
}
