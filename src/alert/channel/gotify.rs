//! Gotify. <https://gotify.net/api-docs#/message/createMessage>

use serde_json::json;

use super::look::urgency;
use super::settings::{Reader, needed, needed_secret};
use super::split::{Part, Room, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `gotify` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "gotify";
const KEYS: &[Key] = &[needed("server"), needed_secret("token")];
/// The service names no limit; its database and a phone do well with this.
const ROOM: Room = Room { whole: 16_000, cost: char::len_utf8 };

#[derive(Debug)]
struct Gotify {
    url: Secret,
    token: Secret,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let server = reader.base("server")?.unwrap_or_default();
    let token = reader.header_token("token")?.unwrap_or_default();
    // The token goes into a header: addresses end up in the logs of whatever stands between.
    Ok(Box::new(Gotify {
        url: Secret::new(&format!("{server}/message")),
        token: Secret::new(token),
    }))
}

impl Channel for Gotify {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let call = |part: &Part| {
            // A message must have text.
            let message = if part.body.is_empty() { &part.title } else { &part.body };
            let request = json!({
                "title": part.title,
                "message": message,
                // Of ten: 8 and more rings and stays on the screen.
                "priority": urgency(letter.notice) * 2,
                "extras": { "client::display": { "contentType": "text/plain" } },
            });
            Request::json("POST", &self.url, &request).with_header("X-Gotify-Key", &self.token)
        };
        split(letter.title, letter.body, ROOM).iter().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::with_proof(reply, "id")
    }

    fn pace(&self) -> Pace {
        Pace { burst: 10, per_minute: 60 }
    }
}
