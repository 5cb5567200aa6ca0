//! What devices say they are.

use super::*;
use crate::store::Sighting;

fn seen(key: &str, value: &str, first: i64, last: i64) -> Sighting {
    Sighting { key: key.into(), value: value.into(), first: UnixMs(first), last: UnixMs(last) }
}

fn said(subject: &str, sightings: Vec<Sighting>) -> Batch {
    facts(vec![Fact::Said { subject: id(subject), sightings }])
}

#[test]
fn a_value_is_one_row_from_when_it_was_first_seen_until_another_came() {
    let place = Place::new();
    let store = place.open();
    for (value, at) in [("1.0", T0), ("1.0", T0 + 60), ("1.1", T0 + 120), ("1.0", T0 + 180)] {
        store.submit(said("r", vec![seen("firmware", value, at, at), seen("model", "X", at, at)]));
    }
    store.submit(said("other", vec![seen("model", "Y", T0, T0)]));
    store.flush_blocking().unwrap();
    let reader = place.reader();
    let firmware = [
        seen("firmware", "1.0", T0 + 180, T0 + 180),
        seen("firmware", "1.1", T0 + 120, T0 + 120),
        seen("firmware", "1.0", T0, T0 + 60),
    ];
    let model = seen("model", "X", T0, T0 + 180);
    let mut all = firmware.to_vec();
    all.push(model.clone());
    assert_eq!(reader.sightings(&id("r")).unwrap(), all);
    let now = reader.newest_sightings().unwrap();
    assert_eq!(now[&id("r")], [firmware[0].clone(), model]);
    assert_eq!(now[&id("other")], [seen("model", "Y", T0, T0)]);
    assert_eq!(reader.sightings(&id("nobody")).unwrap(), []);
    drop(reader);
    store.close().unwrap();
    let checked = place.reader().check(UnixMs(0), &mut |_| {}).unwrap();
    assert!(checked.findings.is_empty());
}

#[test]
fn a_text_that_is_another_one_every_time_keeps_its_hundred_newest() {
    let place = Place::new();
    let store = place.open();
    for n in 0..150 {
        let (at, value) = (T0 + n * 60_000, format!("up {n} minutes"));
        store.submit(said("r", vec![seen("descr", &value, at, at)]));
    }
    store.flush_blocking().unwrap();
    let kept = place.reader().sightings(&id("r")).unwrap();
    assert_eq!(kept.len(), 100);
    assert_eq!(&*kept[0].value, "up 149 minutes");
    assert_eq!(&*kept[99].value, "up 50 minutes");
}

#[test]
fn a_clock_that_was_set_back_puts_no_value_before_the_one_it_followed() {
    let place = Place::new();
    let store = place.open();
    store.submit(said("r", vec![seen("model", "X", T0, T0)]));
    store.submit(said("r", vec![seen("model", "Y", T0 - 50, T0 - 50)]));
    store.submit(said("r", vec![seen("model", "Y", T0 - 40, T0 - 40)]));
    store.flush_blocking().unwrap();
    let now = place.reader().newest_sightings().unwrap();
    assert_eq!(now[&id("r")], [seen("model", "Y", T0 + 1, T0 + 1)]);
}

#[test]
fn a_store_of_version_three_learns_of_them() {
    let place = Place::new();
    let blank = schema::blank(&place.db(), 3).unwrap();
    blank
        .execute_batch("INSERT INTO subject (id, key) VALUES (1, 'r'); PRAGMA journal_mode=WAL;")
        .unwrap();
    blank.close().unwrap();
    let store = place.open();
    store.submit(said("r", vec![seen("model", "X", T0, T0)]));
    store.flush_blocking().unwrap();
    assert_eq!(place.reader().sightings(&id("r")).unwrap().len(), 1);
}
