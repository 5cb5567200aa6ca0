//! `tuantra alert outbox|retry|drop`.

use std::process::ExitCode;

use serde_json::json;

use super::Printed;
use crate::api::{OutboxAction, OutboxRequest};
use crate::cli::ask::ask;
use crate::cli::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Format, Global, context};
use crate::config::Config;
use crate::locale::{self, Lang, text, visible};
use crate::model::UnixMs;
use crate::store::{Message, MessageState, Reader};
use crate::t;

/// Most messages that have left are listed, unless more are asked for.
const LIST: u32 = 50;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
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
        None => reader.newest_messages(args.limit)?,
        Some(state) => {
            let mut found = reader.messages(match state {
                State::Pending => MessageState::Pending,
                State::Sent => MessageState::Sent,
                State::Dead => MessageState::Dead,
            })?;
            found.reverse();
            found
        }
    };
    messages.truncate(limit);
    crate::cli::print(&match args.printed.format {
        Format::Text => listed(&config, &messages),
        Format::Json => {
            let rows: Vec<_> = messages.iter().map(row).collect();
            format!("{:#}\n", json!({ "kind": "outbox", "messages": rows }))
        }
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

fn row(message: &Message) -> serde_json::Value {
    json!({
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

fn listed(config: &Config, messages: &[Message]) -> String {
    let lang = config.language;
    if messages.is_empty() {
        return format!("{}\n", text(lang, "alert.outbox_empty"));
    }
    let mut lines = Vec::new();
    for message in messages {
        lines.push(line(config, message, lang));
        lines.push(format!("    {}", visible(&message.id)));
        if let Some(reason) = &message.reason {
            lines.push(format!("    {}", visible(reason)));
        }
    }
    lines.join("\n") + "\n"
}

fn line(config: &Config, message: &Message, lang: Lang) -> String {
    let when = |at: UnixMs| {
        locale::date_time(lang, &at.to_timestamp().to_zoned_datetime(config.timezone.clone()))
    };
    let state = match message.state {
        MessageState::Pending => text(lang, "alert.pending"),
        MessageState::Sent => text(lang, "alert.sent"),
        MessageState::Dead => text(lang, "alert.dead"),
    };
    let topic = message.body["notice"]["topic"].as_str().unwrap_or("?");
    let known = format!("alert.topic_{topic}");
    let mut parts = vec![
        format!("{state:<12}"),
        when(message.made),
        message.channel.to_string(),
        text(lang, &known).to_owned(),
    ];
    if message.state == MessageState::Pending {
        parts.push(t!(lang, "alert.due", when = when(message.due)));
    }
    if message.tries > 0 {
        parts.push(t!(lang, "alert.tries", n = message.tries));
    }
    parts.join(" · ")
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
            "not_possible" => Some((visible(&problem.message), EXIT_FINDING)),
            _ => None,
        }),
    }
}
