//! ntfy, its public server or one's own. <https://docs.ntfy.sh/publish/#publish-as-json>

use serde_json::json;

use super::look::{Look, look, urgency};
use super::settings::{self, Reader, needed_secret, optional, optional_secret};
use super::split::{Part, Room, shorten, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `ntfy` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "ntfy";
const KEYS: &[Key] = &[
    optional("server"),
    // Who knows the topic reads it: on a public server it is a secret.
    needed_secret("topic"),
    optional_secret("token"),
    optional("click"),
];
const SERVER: &str = "https://ntfy.sh";
/// Bytes; what is longer becomes an attachment, which a phone does not show.
const ROOM: Room = Room { whole: 4_096, cost: char::len_utf8 };
/// A notification's head on a phone.
const TITLE: Room = Room { whole: 250, cost: char::len_utf8 };

#[derive(Debug)]
struct Ntfy {
    url: Secret,
    topic: Secret,
    token: Option<Secret>,
    click: Option<String>,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let topic = reader.required(NAME, "topic")?;
    let is_topic = topic.reveal().len() <= 64
        && topic.reveal().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !is_topic {
        return Err(settings::plain("topic", "channel.bad_topic"));
    }
    Ok(Box::new(Ntfy {
        // JSON is taken at the root only; the topic stands in it.
        url: Secret::new(&format!("{}/", reader.base("server")?.unwrap_or(SERVER))),
        topic: topic.clone(),
        token: reader.header_token("token")?.map(|token| Secret::new(&format!("Bearer {token}"))),
        click: reader.url("click")?.map(|url| url.reveal().to_owned()),
    }))
}

impl Channel for Ntfy {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let tag = match look(letter.notice) {
            Look::Bad => "red_circle",
            Look::Poor => "orange_circle",
            Look::Good => "green_circle",
            Look::Plain => "white_circle",
        };
        let call = |part: &Part| {
            let title = shorten(&part.title, TITLE.whole, TITLE);
            // A message without text is shown as "triggered".
            let message = match (title == part.title, part.body.is_empty()) {
                (true, false) => part.body.clone(),
                _ => part.text(),
            };
            let mut request = json!({
                "topic": self.topic.reveal(),
                "title": title,
                "message": message,
                "priority": urgency(letter.notice),
                "tags": [tag],
            });
            if let Some(click) = &self.click {
                request["click"] = json!(click);
            }
            let call = Request::json("POST", &self.url, &request);
            match &self.token {
                Some(token) => call.with_header("Authorization", token),
                None => call,
            }
        };
        split(letter.title, letter.body, ROOM).iter().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::with_proof(reply, "id")
    }

    fn pace(&self) -> Pace {
        // The public server's: 60 at once, then one in five seconds; half of it is left to others
        // behind the same address.
        Pace { burst: 30, per_minute: 12 }
    }
}
