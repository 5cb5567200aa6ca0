//! Zalo Bot Platform: a bot that writes to one person, or to a group it was asked into.
//! <https://docs.zaloplatforms.com/docs/BOT/apis/sendMessage>

use serde_json::json;

use super::settings::{self, Reader, needed, needed_secret, optional};
use super::split::{Room, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `zalo` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "zalo";
const KEYS: &[Key] = &[needed_secret("token"), needed("chat"), optional("api_url")];
pub(super) const API: &str = "https://bot-api.zaloplatforms.com";
/// The service says 1 to 2,000 characters and counts its styles in UTF-16 units: so do we.
const ROOM: Room = Room { whole: 2_000, cost: char::len_utf16 };

#[derive(Debug)]
struct Zalo {
    url: Secret,
    chat: String,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let api = reader.base("api_url")?.unwrap_or(API);
    let token = reader.path_token(NAME, "token")?;
    let chat = reader.required(NAME, "chat")?.reveal().trim().to_owned();
    if chat.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(settings::plain("chat", "channel.bad_chat"));
    }
    Ok(Box::new(Zalo { url: Secret::new(&format!("{api}/bot{token}/sendMessage")), chat }))
}

impl Channel for Zalo {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        // Without `parse_mode` the text is shown as it is: there is nothing to escape.
        let call = |text: String| {
            Request::json("POST", &self.url, &json!({ "chat_id": self.chat, "text": text }))
        };
        split(letter.title, letter.body, ROOM).iter().map(|part| call(part.text())).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        // What it says of a chat that is gone is not published.
        judge::bot(reply, |told| told.contains("chat"))
    }

    fn pace(&self) -> Pace {
        // Not published: careful, and 429 is obeyed.
        Pace { burst: 3, per_minute: 20 }
    }
}
