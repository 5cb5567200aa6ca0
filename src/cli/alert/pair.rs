//! `tuantra alert pair`: who has written to a Zalo bot, with the line for config.yaml.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use serde_json::json;

use super::Printed;
use crate::alert::channel::Outcome;
use crate::alert::channel::pair::{Chat, ask, chats};
use crate::alert::outlet::{post_within, settings_of};
use crate::cli::{EXIT_FINDING, EXIT_OK, Format, Global, complain, context};
use crate::locale::{Lang, reason as reason_in, visible};
use crate::t;

/// Longest wait for a message that can be asked for, in seconds.
const WAIT_MAX_S: u32 = 120;
/// Beyond the wait asked for: the way there and back.
const MARGIN: Duration = Duration::from_secs(15);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra alert pair duty                 wait half a minute for whoever writes to the bot
  tuantra alert pair duty --wait 120

The channel has to be of kind zalo and needs no `chat` yet:
  duty: { zalo: { token: \"${ZALO_TOKEN}\" } }
A bot may write only to a person who has written to it, or to a group that it was asked into. What is
read here is read: to pair somebody later, have him write again. It does not work while the bot has a
webhook.

Exit code: 0 somebody wrote, 1 nobody did or the service said no, 2 wrong usage.")]
pub(super) struct Args {
    /// The channel's name in config.yaml
    #[arg(value_name = "CHANNEL")]
    channel: String,
    /// How many seconds to wait for somebody to write, 1 to 120
    #[arg(long, default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(WAIT_MAX_S)))]
    wait: u32,
    #[command(flatten)]
    printed: Printed,
}

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let entries = &config.alerts.channels;
    let Some(entry) = entries.iter().find(|c| c.id.as_str() == args.channel) else {
        let known: Vec<&str> = entries.iter().map(|c| c.id.as_str()).collect();
        if known.is_empty() {
            bail!(t!(lang, "alert.no_channels"));
        }
        let name = visible(&args.channel);
        bail!(t!(lang, "alert.unknown_channel", name = name, known = known.join(", ")));
    };
    if entry.kind.name != "zalo" {
        bail!(t!(lang, "alert.pair_zalo_only", channel = entry.id, kind = entry.kind.name));
    }
    let (settings, hide) = settings_of(entry).map_err(|found| context::tell(&found, lang))?;
    let call = ask(&settings, args.wait)
        .map_err(|mistake| context::tell(&[crate::alert::outlet::told(entry, mistake)], lang))?;
    let wait = Duration::from_secs(args.wait.into()) + MARGIN;
    let post = post_within(&config, wait).map_err(|found| context::tell(&[*found], lang))?;
    complain(&t!(lang, "alert.pair_waits", seconds = args.wait));
    let found = match chats(&post.make(&call)) {
        Ok(found) => found,
        Err(outcome) => {
            let why = match outcome.without_secrets(hide) {
                Outcome::Again { reason, .. } | Outcome::Refused { reason, .. } => reason,
                Outcome::Sent => String::new(),
            };
            complain(&t!(lang, "alert.pair_refused", reason = visible(&reason_in(lang, &why))));
            return Ok(ExitCode::from(EXIT_FINDING));
        }
    };
    crate::cli::print(&match args.printed.format {
        Format::Json => {
            let rows: Vec<_> = found
                .iter()
                .map(|chat| {
                    json!({
                        "chat": chat.id, "name": chat.name, "group": chat.is_group,
                        "text": chat.text,
                    })
                })
                .collect();
            let shown = json!({ "kind": "alert_pair", "channel": entry.id, "chats": rows });
            format!("{shown:#}\n")
        }
        Format::Text => listed(lang, &found),
    })?;
    Ok(ExitCode::from(if found.is_empty() { EXIT_FINDING } else { EXIT_OK }))
}

fn listed(lang: Lang, found: &[Chat]) -> String {
    if found.is_empty() {
        return t!(lang, "alert.pair_nobody") + "\n";
    }
    let mut lines = Vec::new();
    for chat in found {
        let key = if chat.is_group { "alert.pair_group" } else { "alert.pair_person" };
        let said: String = chat.text.chars().take(60).collect();
        lines.push(t!(lang, key, name = visible(&chat.name), text = visible(&said)));
        // As YAML takes it, whatever the service calls a chat.
        lines.push(format!("  chat: {}", json!(visible(&chat.id))));
    }
    lines.push(t!(lang, "alert.pair_paste"));
    lines.join("\n") + "\n"
}
