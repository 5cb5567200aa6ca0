//! Discord's webhooks. <https://discord.com/developers/docs/resources/webhook#execute-webhook>

use serde_json::json;

use super::escape::{Markdown, markdown, markdown_cost};
use super::look::colour;
use super::settings::{Reader, needed_secret, optional, with_query};
use super::split::{Part, Room, shorten, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `discord` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "discord";
const KEYS: &[Key] = &[needed_secret("url"), optional("thread"), optional("username")];
/// Characters of an embed's title, after escaping.
const TITLE: usize = 256;
/// Of its description 4,096; title and description together stay under it.
const ROOM: Room = Room { whole: 4_096, cost: markdown_cost };

#[derive(Debug)]
struct Discord {
    url: Secret,
    username: Option<String>,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    reader.url("url")?;
    // `wait`: the answer says whether the message is there, not whether the request was.
    let mut url = with_query(reader.required(NAME, "url")?.reveal(), "wait", "true");
    if let Some(thread) = reader.number("thread", 1, i64::MAX)? {
        url = with_query(&url, "thread_id", &thread.to_string());
    }
    let username = reader.text("username").map(str::to_owned);
    if username.as_ref().is_some_and(|name| name.chars().count() > 80) {
        return Err(super::settings::plain("username", "channel.too_long"));
    }
    Ok(Box::new(Discord { url: Secret::new(&url), username }))
}

impl Channel for Discord {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let call = |part: &Part| {
            let short = shorten(&part.title, TITLE, ROOM);
            let body = if short == part.title { part.body.clone() } else { part.text() };
            let mut request = json!({
                "embeds": [{
                    "title": markdown(Markdown::Discord, &short),
                    "description": markdown(Markdown::Discord, &body),
                    "color": colour(letter.notice),
                }],
                "allowed_mentions": { "parse": [] },
            });
            if let Some(username) = &self.username {
                request["username"] = json!(username);
            }
            Request::json("POST", &self.url, &request)
        };
        // A title that is cut is repeated in the description.
        split(letter.title, letter.body, ROOM).iter().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::http(reply, |status, body| {
            let code = judge::json(body)?.get("code")?.as_u64()?;
            // Of a forum without a thread, of a thread that is closed.
            let is_channel = matches!(code, 10_003 | 10_015 | 50_083 | 220_001..=220_004);
            (status == 400 && is_channel)
                .then(|| Outcome::Refused { reason: judge::reason(status, body), is_channel })
        })
    }

    fn pace(&self) -> Pace {
        Pace { burst: 5, per_minute: 30 }
    }
}
