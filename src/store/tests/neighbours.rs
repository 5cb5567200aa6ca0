//! What devices see beside them.

use super::*;
use crate::model::{Beside, Neighbour, Seeing};

fn beside(protocol: Seeing, port: &str, name: &str, at: i64) -> Beside {
    let who = Neighbour {
        protocol,
        local_port: Some(port.into()),
        name: protocol.is_cable().then(|| name.into()),
        chassis: (!protocol.is_cable()).then(|| name.into()),
        port: None,
        address: Some("10.0.0.7".parse().unwrap()),
    };
    Beside { who, description: None, first: UnixMs(at), last: UnixMs(at), is_there: true }
}

/// A neighbour at a cable, seen at one time.
pub fn cable(name: &str, at: i64) -> Beside {
    beside(Seeing::Lldp, "ether1", name, at)
}

fn look(at: i64, names: &[&str]) -> Fact {
    let seen = names.iter().map(|name| cable(name, at)).collect();
    Fact::Neighbours { subject: id("r"), looked: Some(UnixMs(at)), seen }
}

/// Name, first and last seen, whether it is there.
fn kept(place: &Place) -> Vec<(String, i64, i64, bool)> {
    let found = place.reader().neighbours(&id("r")).unwrap().into_iter();
    let name = |beside: &Beside| beside.who.name.as_deref().unwrap_or("-").to_owned();
    found.map(|b| (name(&b), b.first.0 - T0, b.last.0 - T0, b.is_there)).collect()
}

#[test]
fn a_neighbour_is_one_row_from_when_it_was_first_seen_until_it_was_last() {
    let place = Place::new();
    let store = place.open();
    for (at, names) in [
        (0, &["a", "b"][..]),
        (60, &["a", "b"]),
        (120, &["a", "c"]),
        (180, &["a", "b", "c"]),
        (240, &["a"]),
    ] {
        store.submit(facts(vec![look(T0 + at, names)]));
        store.flush_blocking().unwrap();
    }
    let row = |name: &str, first, last, is_there| (name.to_owned(), first, last, is_there);
    assert_eq!(
        kept(&place),
        [row("a", 0, 240, true), row("b", 0, 180, false), row("c", 120, 180, false)]
    );
    let cables = place.reader().newest_cables().unwrap();
    assert_eq!(cables[&id("r")], [cable("a", 0).who]);
    // Nobody at all is an answer, too.
    store.submit(facts(vec![look(T0 + 300, &[])]));
    store.close().unwrap();
    assert_eq!(kept(&place)[0], row("a", 0, 240, false));
    assert_eq!(place.reader().newest_cables().unwrap()[&id("r")], []);
    let checked = place.reader().check(UnixMs(0), &mut |_| {}).unwrap();
    assert_eq!(checked.findings, []);
}

#[test]
fn a_look_that_finds_all_as_it_was_writes_one_row() {
    let place = Place::new();
    let store = place.open();
    let rows = || {
        let conn = rusqlite::Connection::open(place.db()).unwrap();
        let sql = "SELECT (SELECT group_concat(seq) FROM neighbour),
                          (SELECT seq FROM neighbour_look)";
        conn.query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))
            .unwrap()
    };
    store.submit(facts(vec![look(T0, &["a", "b"])]));
    store.flush_blocking().unwrap();
    let before = rows();
    store.submit(facts(vec![look(T0 + 60, &["a", "b"])]));
    store.flush_blocking().unwrap();
    let after = rows();
    assert_eq!((&after.0, after.1), (&before.0, before.1 + 1));
}

#[test]
fn who_was_not_seen_because_something_could_not_be_read_is_not_gone() {
    let place = Place::new();
    let store = place.open();
    store.submit(facts(vec![look(T0, &["a", "b"])]));
    let seen = vec![cable("c", T0 + 60)];
    store.submit(facts(vec![Fact::Neighbours { subject: id("r"), looked: None, seen }]));
    store.flush_blocking().unwrap();
    let there: Vec<bool> = kept(&place).iter().map(|(.., is_there)| *is_there).collect();
    assert_eq!(there, [true; 3]);
}

#[test]
fn what_it_says_of_itself_may_change_and_it_is_the_same() {
    let place = Place::new();
    let store = place.open();
    for (at, words) in [(0, Some("7.1")), (60, Some("7.2")), (120, Some("7.2"))] {
        let description = words.map(Into::into);
        let seen = vec![Beside { description, ..cable("a", T0 + at) }];
        let looked = Some(UnixMs(T0 + at));
        store.submit(facts(vec![Fact::Neighbours { subject: id("r"), looked, seen }]));
        store.flush_blocking().unwrap();
    }
    let found = place.reader().neighbours(&id("r")).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].description.as_deref(), Some("7.2"));
}

#[test]
fn of_those_that_are_gone_the_last_seen_ones_are_kept() {
    let place = Place::new();
    let store = place.open();
    for n in 0..300 {
        store.submit(facts(vec![look(T0 + n * 60_000, &[&format!("n{n}")])]));
    }
    store.flush_blocking().unwrap();
    let kept = kept(&place);
    assert_eq!(kept.len(), 257);
    assert_eq!((kept[0].0.as_str(), kept[0].3), ("n299", true));
    assert_eq!((kept[1].0.as_str(), kept[256].0.as_str()), ("n298", "n43"));
}

#[test]
fn addresses_are_kept_with_the_card_that_has_them() {
    let place = Place::new();
    let store = place.open();
    let card = |card, at| beside(Seeing::Arp, "bridge", card, at);
    for (at, who) in [(0, "00:1b:c0:00:00:01"), (60, "00:1b:c0:00:00:02")] {
        let looked = Some(UnixMs(T0 + at));
        let seen = vec![card(who, T0 + at)];
        store.submit(facts(vec![Fact::Neighbours { subject: id("r"), looked, seen }]));
        store.flush_blocking().unwrap();
    }
    let found = place.reader().neighbours(&id("r")).unwrap();
    let cards: Vec<_> = found.iter().map(|b| (b.who.chassis.as_deref(), b.is_there)).collect();
    assert_eq!(cards, [(Some("00:1b:c0:00:00:02"), true), (Some("00:1b:c0:00:00:01"), false)]);
    assert_eq!(place.reader().newest_cables().unwrap()[&id("r")], []);
}
