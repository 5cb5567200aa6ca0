//! Messages on their way to people.

use super::*;
use crate::model::{Id, IncidentId};

fn message(n: i64) -> Message {
    Message {
        id: format!("cai-be/tslcd@{n}:duty:down"),
        channel: Id::new("duty").unwrap(),
        incident: Some(IncidentId::new("cai-be/tslcd", UnixMs(T0))),
        body: serde_json::json!({"event": "down", "units": 24}),
        made: UnixMs(T0 + n),
        due: UnixMs(T0 + 1_000 - n),
        tries: 0,
        state: MessageState::Pending,
        reason: None,
    }
}

#[test]
fn a_message_is_kept_as_it_stands_through_a_restart() {
    let place = Place::new();
    let store = place.open();
    let (first, second) = (message(1), message(2));
    let event = Fact::Event(Event {
        at: UnixMs(T0),
        kind: EventKind::Told,
        subject: None,
        detail: serde_json::Value::Null,
    });
    let sent = [Fact::Message(first.clone()), event, Fact::Message(second.clone())];
    store.submit(facts(sent.to_vec()));
    store.close().unwrap();
    let reader = place.reader();
    // By when they are due.
    let pending = reader.messages(MessageState::Pending).unwrap();
    assert_eq!(pending, [second.clone(), first.clone()]);

    let store = place.open();
    let reason = Some("429 Too Many Requests, asked to wait 30 s".to_owned());
    let waiting = Message { tries: 1, due: UnixMs(T0 + 30_000), reason, ..second };
    let gone = Message { tries: 1, state: MessageState::Sent, ..first };
    store.submit(facts(vec![Fact::Message(waiting.clone()), Fact::Message(gone.clone())]));
    store.flush_blocking().unwrap();
    assert_eq!(reader.messages(MessageState::Pending).unwrap(), [waiting]);
    assert_eq!(reader.messages(MessageState::Sent).unwrap(), [gone]);
    assert_eq!(reader.messages(MessageState::Dead).unwrap(), []);
}

#[test]
fn what_waits_for_the_disk_is_folded_to_the_last_word_on_each_message() {
    let mut waiting = std::collections::VecDeque::new();
    for n in 0..3 {
        waiting.push_back(Fact::Message(message(n)));
        waiting.push_back(Fact::Message(Message { tries: 1, ..message(n) }));
    }
    // No message is ever given up, however little room there is.
    let (folded, given_up) = super::super::fold::fold(waiting, 1);
    let expected: Vec<Fact> =
        (0..3).map(|n| Fact::Message(Message { tries: 1, ..message(n) })).collect();
    assert_eq!((Vec::from(folded), given_up), (expected, 0));
}
