//! `tuantra alert outbox|retry|drop`.

use std::process::ExitCode;

use serde_json::json;

use super::Printed;
use crate::alert::outlet::texts_of;
use crate::alert::{Texts, Words};
use crate::api::{OutboxAction, OutboxRequest};
use crate::cli::ask::ask;
use crate::cli::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{self, Lang, text, visible};
use crate::model::UnixMs;
use crate::store::{Message, MessageState, Reader};
use crate::t;

/// Most messages that have left are listed, unless more are asked for.
const LIST: u32 = 50;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra alert outbox                    what waits first, then the newest of the rest
  tuantra alert outbox --state dead       what was given up, and why
  tuantra alert outbox --long -n 5        with the words of each message
  tuantra alert outbox --format json | jq '.messages[] | select(.state == \"pending\")'

It is read from the store: no daemon is needed. Exit code: 0 listed, 2 wrong usage.")]
pub(super) struct Args {
    /// Also the words of each message, as they would leave now
    #[arg(long)]
    long: bool,
    /// Only what is in this state: pending, sent or dead
    #[arg(long, value_name = "STATE")]
    state: Option<State>,
    /// How many at most
    #[arg(long, short = 'n', default_value_t = LIST, value_name = "N")]
    limit: u32,
    #[command(flatten)]
    printed: Printed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum State {
    Pending,
    Sent,
    Dead,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra alert retry 'cai-be/tslcd@2026-11-01T00:00:10Z:duty:1'
  tuantra alert drop  'cai-be/tslcd@2026-11-01T00:00:10Z:duty:1'

The name is the second line that `tuantra alert outbox` prints of a message. Who did it is kept among
the events. Exit code: 0 done, 1 nothing can be done with it, 2 no such message, 4 the daemon cannot
be reached.")]
pub(super) struct One {
    /// The message's name, as `alert outbox` lists it
    #[arg(value_name = "MESSAGE")]
    message: String,
    #[command(flatten)]
    printed: Printed,
}

/// Lists what the store holds: no daemon is needed.
pub(super) fn list(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let reader = Reader::open(&config.store)?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut messages = match args.state {
        None => {
            // What waits is why anybody looks.
            let mut found = reader.messages(MessageState::Pending)?;
            let newest = reader.newest_messages(args.limit)?;
            found.extend(newest.into_iter().filter(|m| m.state != MessageState::Pending));
            found
        }
        Some(state) => {
            let mut found = reader.messages(match state {
                State::Pending => MessageState::Pending,
                State::Sent => MessageState::Sent,
                State::Dead => MessageState::Dead,
            })?;
            if state != State::Pending {
                found.reverse();
            }
            found
        }
    };
    messages.truncate(limit);
    crate::cli::print(&match args.printed.format {
        Format::Text => listed(&config, &messages, args.long)?,
        Format::Json => {
            let words = Speaker::new(&config, args.long)?;
            let rows: Vec<_> = messages.iter().map(|message| row(message, &words)).collect();
            format!("{:#}\n", json!({ "kind": "outbox", "messages": rows }))
        }
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

/// Puts messages into words, where they are wanted.
struct Speaker<'a> {
    config: &'a Config,
    texts: Option<Texts>,
}

impl<'a> Speaker<'a> {
    fn new(config: &'a Config, is_wanted: bool) -> anyhow::Result<Self> {
        let texts = is_wanted.then(|| texts_of(config)).transpose();
        let texts = texts.map_err(|found| context::tell(&found, config.language))?;
        Ok(Self { config, texts })
    }

    /// In the channel's language; `None` when they are not wanted, or another version wrote them.
    fn words(&self, message: &Message) -> Option<Words> {
        let texts = self.texts.as_ref()?;
        let notice = serde_json::from_value(message.body["notice"].clone()).ok()?;
        let channel = self.config.alerts.channels.iter().find(|c| c.id == message.channel);
        let lang = channel.and_then(|c| c.lang).unwrap_or(self.config.language);
        texts.words(&notice, lang, &self.config.timezone, clock::now()).ok()
    }
}

fn row(message: &Message, words: &Speaker<'_>) -> serde_json::Value {
    let words = words.words(message);
    json!({
        "title": words.as_ref().map(|words| &words.title),
        "body": words.as_ref().map(|words| &words.body),
        "message": message.id,
        "channel": message.channel,
        "incident": message.incident,
        "state": message.state.as_str(),
        "topic": message.body["notice"]["topic"],
        "made": message.made,
        "due": message.due,
        "tries": message.tries,
        "reason": message.reason,
    })
}

fn listed(config: &Config, messages: &[Message], is_long: bool) -> anyhow::Result<String> {
    let lang = config.language;
    if messages.is_empty() {
        return Ok(format!("{}\n", text(lang, "alert.outbox_empty")));
    }
    let words = Speaker::new(config, is_long)?;
    let mut lines = Vec::new();
    for message in messages {
        lines.push(line(config, message, lang));
        lines.push(format!("    {}", visible(&message.id)));
        if let Some(reason) = &message.reason {
            lines.push(format!("    {}", visible(&locale::reason(lang, reason))));
        }
        if let Some(words) = words.words(message) {
            lines.extend(
                std::iter::once(&*words.title)
                    .chain(words.body.lines())
                    .map(|line| format!("    │ {}", visible(line))),
            );
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn line(config: &Config, message: &Message, lang: Lang) -> String {
    // To the second: messages of one minute are told apart by it.
    let when = |at: UnixMs| {
        let local = at.to_timestamp().to_zoned_datetime(config.timezone.clone());
        format!("{} {}", locale::date(lang, &local), locale::clock(&local))
    };
    let state = match message.state {
        MessageState::Pending => text(lang, "alert.pending"),
        MessageState::Sent => text(lang, "alert.sent"),
        MessageState::Dead => text(lang, "alert.dead"),
    };
    let topic = message.body["notice"]["topic"].as_str().unwrap_or("?");
    let known = format!("alert.topic_{topic}");
    let mut parts = vec![
        locale::pad(state, 9),
        when(message.made),
        message.channel.to_string(),
        about(message, text(lang, &known)),
    ];
    if message.state == MessageState::Pending {
        parts.push(t!(lang, "alert.due", when = when(message.due)));
    }
    if message.tries > 0 {
        parts.push(t!(lang, "alert.tries", n = message.tries));
    }
    parts.join(" · ")
}

/// What it says and of what: "mất kết nối cai-be/tslcd".
fn about(message: &Message, topic: &str) -> String {
    let notice = &message.body["notice"];
    let of = [&notice["subject"]["id"], &notice["through"]].into_iter().find_map(|v| v.as_str());
    match of {
        Some(of) => format!("{topic} {}", visible(of)),
        None => topic.to_owned(),
    }
}

/// Has the daemon try a message again, or give it up.
pub(super) fn act(one: &One, is_retry: bool, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let action = if is_retry { OutboxAction::Retry } else { OutboxAction::Drop };
    let request = OutboxRequest { message: one.message.clone(), action };
    match ask(&config, async |client| client.outbox(&request).await) {
        Ok(done) => {
            let name = visible(&done.message);
            crate::cli::print(&match (one.printed.format, is_retry) {
                (Format::Json, _) => format!("{:#}\n", json!({ "kind": "outbox", "done": done })),
                (Format::Text, true) => t!(lang, "alert.retried", name = name) + "\n",
                (Format::Text, false) => t!(lang, "alert.dropped", name = name) + "\n",
            })?;
            Ok(ExitCode::from(EXIT_OK))
        }
        Err(failure) => failure.end(&config, |problem| match problem.error.as_str() {
            "unknown_message" => {
                let name = visible(&one.message);
                Some((t!(lang, "alert.unknown_message", name = name), EXIT_USAGE))
            }
            "not_possible" => {
                Some((visible(&locale::reason(lang, &problem.message)), EXIT_FINDING))
            }
            _ => None,
        }),
    }
}
