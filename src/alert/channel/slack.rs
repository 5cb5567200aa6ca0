//! Slack's incoming webhooks and what took over their form: Mattermost and Rocket.Chat.
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://developers.mattermost.com/integrate/webhooks/incoming/>,
//! <https://docs.rocket.chat/docs/integrations>

use serde_json::{Value, json};

use super::escape::{self, Markdown, markdown, markdown_cost};
use super::look::colour;
use super::settings::{Reader, needed_secret, optional};
use super::split::{Part, Room, pieces, shorten, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `slack` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "slack";
const KEYS: &[Key] = &[
    needed_secret("url"),
    optional("flavour"),
    optional("channel"),
    optional("username"),
    optional("icon_url"),
];

/// Characters of a header block of Slack.
const HEADER: usize = 150;
/// Characters of a section block of Slack.
const SECTION: usize = 3_000;
const fn utf16(whole: usize) -> Room {
    Room { whole, cost: char::len_utf16 }
}

/// Whose webhooks they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Slack,
    Mattermost,
    RocketChat,
}

const FLAVOURS: [(&str, Flavour); 3] = [
    ("slack", Flavour::Slack),
    ("mattermost", Flavour::Mattermost),
    ("rocketchat", Flavour::RocketChat),
];

#[derive(Debug)]
struct Slack {
    url: Secret,
    flavour: Flavour,
    channel: Option<String>,
    username: Option<String>,
    icon_url: Option<String>,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let flavour = FLAVOURS[reader.choice("flavour", &FLAVOURS.map(|(word, _)| word))?].1;
    // Slack's webhooks belong to one channel and have one name: it would take no notice.
    if flavour == Flavour::Slack {
        for key in ["channel", "username", "icon_url"] {
            if reader.text(key).is_some() {
                return Err(super::settings::plain(key, "channel.not_for_slack"));
            }
        }
    }
    let url = reader.url("url")?.cloned();
    Ok(Box::new(Slack {
        url: url.map_or_else(|| reader.required(NAME, "url").cloned(), Ok)?,
        flavour,
        channel: reader.text("channel").map(str::to_owned),
        username: reader.text("username").map(str::to_owned),
        icon_url: reader.url("icon_url")?.map(|url| url.reveal().to_owned()),
    }))
}

impl Slack {
    /// Blocks of plain text: nothing in them is a mention, a link or bold.
    fn slack(colour: &str, part: &Part) -> Value {
        let plain = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
        let mut blocks = Vec::new();
        let short = shorten(&part.title, HEADER, utf16(HEADER));
        blocks.push(json!({ "type": "header", "text": plain(&short) }));
        let rest = if short == part.title { part.body.clone() } else { part.text() };
        blocks.extend(
            pieces(&rest, SECTION, utf16(SECTION))
                .iter()
                .filter(|piece| !piece.is_empty())
                .map(|piece| json!({ "type": "section", "text": plain(piece) })),
        );
        // What a phone shows of it.
        let text = escape::slack(&part.title);
        json!({
            "text": text,
            "mrkdwn": false,
            "attachments": [{ "color": colour, "blocks": blocks }],
        })
    }

    fn mattermost(&self, colour: &str, part: &Part) -> Value {
        let plain = |text: &str| markdown(Markdown::Mattermost, text);
        let mut request = json!({
            "text": format!("**{}**", plain(&part.title)),
            "attachments": [{ "color": colour, "fallback": "", "text": plain(&part.body) }],
        });
        self.name(&mut request, "username");
        request
    }

    fn rocketchat(&self, colour: &str, part: &Part) -> Value {
        let plain = |text: &str| markdown(Markdown::RocketChat, text);
        let mut request = json!({
            "text": format!("*{}*", plain(&part.title)),
            "attachments": [{ "color": colour, "text": plain(&part.body) }],
        });
        self.name(&mut request, "alias");
        request
    }

    fn name(&self, request: &mut Value, username: &str) {
        let icon = if self.flavour == Flavour::RocketChat { "avatar" } else { "icon_url" };
        for (key, value) in
            [("channel", &self.channel), (username, &self.username), (icon, &self.icon_url)]
        {
            if let Some(value) = value {
                request[key] = json!(value);
            }
        }
    }
}

impl Channel for Slack {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let colour = format!("#{:06X}", colour(letter.notice));
        let room = match self.flavour {
            // A service of 35,000 that takes at most 50 blocks: far under both.
            Flavour::Slack => utf16(12_000),
            // Text and attachments count together on some versions; code points.
            Flavour::Mattermost => Room { whole: 16_383 - 100, cost: markdown_cost },
            // What every installation takes, whatever its Message_MaxAllowedSize.
            Flavour::RocketChat => Room { whole: 1_000 - 10, cost: markdown_cost },
        };
        let call = |part: &Part| {
            let request = match self.flavour {
                Flavour::Slack => Self::slack(&colour, part),
                Flavour::Mattermost => self.mattermost(&colour, part),
                Flavour::RocketChat => self.rocketchat(&colour, part),
            };
            Request::json("POST", &self.url, &request)
        };
        split(letter.title, letter.body, room).iter().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::http(reply, |status, body| match (status, self.flavour) {
            (200..=299, Flavour::RocketChat) => match judge::json(body)?.get("success") {
                Some(Value::Bool(true)) => None,
                Some(_) => Some(refused(status, body)),
                None => Some(judge::strange(status, body)),
            },
            (200..=299, _) => (body.trim() != "ok").then(|| judge::strange(status, body)),
            (400, _) => Some(refused(status, body)),
            _ => None,
        })
    }

    fn pace(&self) -> Pace {
        match self.flavour {
            Flavour::Slack => Pace { burst: 1, per_minute: 60 },
            Flavour::Mattermost | Flavour::RocketChat => Pace { burst: 10, per_minute: 60 },
        }
    }
}

/// Words of Slack, and of whoever answers like it, that say that the hook itself is of no use.
const HOOK_GONE: [&str; 9] = [
    "no_service",
    "no_team",
    "team_disabled",
    "invalid_token",
    "action_prohibited",
    "channel_not_found",
    "channel_is_archived",
    "user_not_found",
    "invalid webhook",
];

fn refused(status: u16, body: &str) -> Outcome {
    let told = body.to_ascii_lowercase();
    let is_channel = HOOK_GONE.iter().any(|word| told.contains(word));
    Outcome::Refused { reason: judge::reason(status, body), is_channel }
}
