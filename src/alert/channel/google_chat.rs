//! Google Chat's incoming webhooks.
//! <https://developers.google.com/workspace/chat/quickstart/webhooks>

use serde_json::json;

use super::escape::{Markdown, markdown, markdown_cost};
use super::look::digest;
use super::settings::{Reader, needed_secret, with_query};
use super::split::{Part, Room, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `google_chat` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "google_chat";
const KEYS: &[Key] = &[needed_secret("url")];
/// The text takes 4,096 characters, two of ours mark the title.
const ROOM: Room = Room { whole: 4_000, cost: markdown_cost };

#[derive(Debug)]
struct GoogleChat {
    url: Secret,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    reader.url("url")?;
    // An incident's messages stand in one thread, where the space has any.
    let url = with_query(
        reader.required(NAME, "url")?.reveal(),
        "messageReplyOption",
        "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD",
    );
    Ok(Box::new(GoogleChat { url: Secret::new(&url) }))
}

impl Channel for GoogleChat {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let call = |part: &Part| {
            let mut text = format!("*{}*", markdown(Markdown::GoogleChat, &part.title));
            if !part.body.is_empty() {
                text.push('\n');
                text.push_str(&markdown(Markdown::GoogleChat, &part.body));
            }
            let mut request = json!({ "text": text });
            if let Some(incident) = &letter.notice.incident {
                request["thread"] = json!({ "threadKey": digest(&incident.to_string(), 16) });
            }
            Request::json("POST", &self.url, &request)
        };
        split(letter.title, letter.body, ROOM).iter().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::with_proof(reply, "name")
    }

    fn pace(&self) -> Pace {
        Pace { burst: 1, per_minute: 60 }
    }
}
