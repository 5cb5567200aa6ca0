//! Microsoft Teams by a workflow ("When a Teams webhook request is received"), with an Adaptive
//! Card. <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>

use serde_json::{Value, json};

use super::escape::json_bytes;
use super::look::{Look, look};
use super::settings::{Reader, needed_secret};
use super::split::{Part, Room, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `teams` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "teams";
const KEYS: &[Key] = &[needed_secret("url")];
/// The service takes 28 KB, of which it adds some itself. The title stands there twice.
const ROOM: Room = Room { whole: 20_000, cost };
/// What a line costs beside its text.
const LINE: usize = 110;

fn cost(c: char) -> usize {
    if c == '\n' { LINE } else { 2 * json_bytes(c) }
}

#[derive(Debug)]
struct Teams {
    url: Secret,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    reader.url("url")?;
    Ok(Box::new(Teams { url: reader.required(NAME, "url")?.clone() }))
}

/// Runs of text know no Markdown, a text block does: so every line is a run.
fn line(text: &str) -> Value {
    let run = json!({ "type": "TextRun", "text": text });
    json!({ "type": "RichTextBlock", "spacing": "None", "inlines": [run] })
}

impl Channel for Teams {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let colour = match look(letter.notice) {
            Look::Bad => "Attention",
            Look::Poor => "Warning",
            Look::Good => "Good",
            Look::Plain => "Default",
        };
        let call = |part: &Part| {
            let title = json!({
                "type": "TextRun",
                "text": part.title,
                "weight": "Bolder",
                "size": "Medium",
                "color": colour,
            });
            let mut body = vec![json!({ "type": "RichTextBlock", "inlines": [title] })];
            body.extend(part.body.lines().filter(|text| !text.is_empty()).map(line));
            let card = json!({
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": part.title,
                "msteams": { "width": "Full" },
                "body": body,
            });
            let request = json!({
                "type": "message",
                "attachments": [{
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": null,
                    "content": card,
                }],
            });
            Request::json("POST", &self.url, &request)
        };
        split(letter.title, letter.body, ROOM).iter().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::http(reply, |status, body| match status {
            // Old connectors answer 200 and name the failure in words.
            200..=299 => {
                let (_, code) = body.split_once("HTTP error ")?;
                let code = code.get(..3)?.parse().ok()?;
                Some(judge::by_status(code, None, body))
            }
            // The flow was switched off or deleted.
            400 if body.contains("Workflow") => {
                Some(Outcome::Refused { reason: judge::reason(status, body), is_channel: true })
            }
            _ => None,
        })
    }

    fn pace(&self) -> Pace {
        Pace { burst: 4, per_minute: 60 }
    }
}
