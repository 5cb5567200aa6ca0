//! Storm modes out of the log of events.

use super::*;
use crate::model::{Id, Storm, StormOver};

fn event(at: i64, kind: EventKind, detail: serde_json::Value) -> Fact {
    Fact::Event(Event { at: UnixMs(T0 + at), kind, subject: None, detail })
}

fn began(at: i64, unit: &str, until: i64) -> Fact {
    let detail = serde_json::json!({
        "unit": unit, "since": UnixMs(T0 + at.min(1_000)), "until": UnixMs(T0 + until),
        "note": "Bão", "channels": ["duty"], "changed": false, "user": "lan", "uid": 7,
    });
    event(at, EventKind::StormBegan, detail)
}

#[test]
fn what_was_ordered_last_counts_and_how_it_ended() {
    let place = Place::new();
    let store = place.open();
    let over = |at, unit: &str, user: Option<&str>| {
        let why = if user.is_some() { "command" } else { "time" };
        let detail = serde_json::json!({ "unit": unit, "why": why, "user": user, "folded": 3 });
        event(at, EventKind::StormEnded, detail)
    };
    store.submit(facts(vec![
        began(1_000, "cai-be", 9_000),
        began(2_000, "cai-be", 5_000),
        began(3_000, "go-cong", 8_000),
        over(4_000, "cai-be", Some("minh")),
        began(6_000, "cai-be", 9_000),
        over(8_000, "go-cong", None),
        // Of a storm that nobody knows: nothing comes of it.
        over(8_500, "my-tho", None),
    ]));
    store.flush_blocking().unwrap();
    let storms = place.reader().storms(UnixMs(T0)).unwrap();
    let shown: Vec<_> = storms
        .iter()
        .map(|s| {
            let end = s.ended.as_ref();
            let why = end.map(|end| (end.at.0 - T0, end.why, end.by.as_deref()));
            (s.unit.as_str(), s.until.0 - T0, why)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("cai-be", 5_000, Some((4_000, StormOver::Command, Some("minh")))),
            ("go-cong", 8_000, Some((8_000, StormOver::Time, None))),
            ("cai-be", 9_000, None),
        ]
    );
    assert_eq!((&*storms[2].by, &*storms[2].note), ("lan", "Bão"));
    assert_eq!(storms[0].channels, [Id::new("duty").unwrap()]);
    let later = place.reader().storms(UnixMs(T0 + 5_000)).unwrap();
    assert_eq!(later.len(), 1, "the end of what began before says nothing");
}

#[test]
fn messages_in_its_digests_are_counted_by_channel_and_no_others() {
    let place = Place::new();
    let store = place.open();
    store.submit(facts(vec![began(1_000, "cai-be", 9_000)]));
    store.flush_blocking().unwrap();
    let storm: Storm = place.reader().storms(UnixMs(0)).unwrap().remove(0);
    let message = |n: i64, channel: &str, digest: Option<String>| {
        Fact::Message(Message {
            id: format!("a@{n}:{channel}:1"),
            channel: Id::new(channel).unwrap(),
            incident: None,
            body: serde_json::json!({ "notice": {}, "digest": digest }),
            made: UnixMs(T0 + n),
            due: UnixMs(T0 + n),
            tries: 0,
            state: MessageState::Sent,
            reason: None,
        })
    };
    let own = || Some(format!("digest:duty:900-4:{}", storm.name()));
    store.submit(facts(vec![
        message(1, "duty", own()),
        message(2, "duty", own()),
        message(3, "mail", own()),
        message(4, "duty", None),
        message(5, "duty", Some("digest:duty:900-4".to_owned())),
        message(6, "duty", Some(format!("digest:duty:900-4:x{}", storm.name()))),
    ]));
    store.flush_blocking().unwrap();
    let told = place.reader().told_in_storm(&storm).unwrap();
    let shown: Vec<(&str, u32)> = told.iter().map(|(id, n)| (id.as_str(), *n)).collect();
    assert_eq!(shown, [("duty", 2), ("mail", 1)]);
}
