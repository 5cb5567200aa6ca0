//! Telegram's Bot API, in HTML; `api_url` names a Bot API server of one's own.
//! <https://core.telegram.org/bots/api#sendmessage>

use serde_json::json;

use super::escape::html;
use super::settings::{self, Reader, needed, needed_secret, optional};
use super::split::{Room, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `telegram` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "telegram";
const KEYS: &[Key] = &[
    needed_secret("token"),
    needed("chat"),
    optional("thread"),
    optional("silent"),
    optional("api_url"),
];
const API: &str = "https://api.telegram.org";
/// Counted in UTF-16 units after the entities are read: `&lt;` is one.
const ROOM: Room = Room { whole: 4_096, cost: char::len_utf16 };
/// What code 400 says when it is the chat that is wrong, in lower case.
const CHAT_GONE: [&str; 7] = [
    "chat not found",
    "upgraded to a supergroup",
    "thread not found",
    "topic",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
];

#[derive(Debug)]
struct Telegram {
    url: Secret,
    chat: String,
    thread: Option<i64>,
    is_silent: bool,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let api = reader.base("api_url")?.unwrap_or(API);
    let token = reader.path_token(NAME, "token")?;
    let chat = reader.required(NAME, "chat")?.reveal().trim().to_owned();
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if chat.parse::<i64>().is_err() && !chat.strip_prefix('@').is_some_and(is_name) {
        return Err(settings::plain("chat", "channel.bad_telegram_chat"));
    }
    Ok(Box::new(Telegram {
        url: Secret::new(&format!("{api}/bot{token}/sendMessage")),
        chat,
        thread: reader.number("thread", 1, i64::from(i32::MAX))?,
        is_silent: reader.flag("silent")?,
    }))
}

impl Channel for Telegram {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let call = |title: &str, body: &str| {
            let mut text = format!("<b>{}</b>", html(title));
            if !body.is_empty() {
                text.push('\n');
                text.push_str(&html(body));
            }
            // No preview of whatever address a device may have said.
            let mut request = json!({
                "chat_id": self.chat,
                "text": text,
                "parse_mode": "HTML",
                "link_preview_options": { "is_disabled": true },
            });
            if let Some(thread) = self.thread {
                request["message_thread_id"] = json!(thread);
            }
            if self.is_silent {
                request["disable_notification"] = json!(true);
            }
            Request::json("POST", &self.url, &request)
        };
        let parts = split(letter.title, letter.body, ROOM);
        parts.iter().map(|part| call(&part.title, &part.body)).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::bot(reply, |told| CHAT_GONE.iter().any(|gone| told.contains(gone)))
    }

    fn pace(&self) -> Pace {
        // A group takes 20 a minute, and so do we in a chat with one person.
        Pace { burst: 3, per_minute: 20 }
    }
}
