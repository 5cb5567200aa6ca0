//! `tuantra alert test`: a sample through one channel, without the daemon.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::Printed;
use crate::alert::channel::{Letter, Outcome, Reply};
use crate::alert::outlet::{Outlet, outlets, post_of, texts_of};
use crate::alert::{Topic, facts, notice::Severity as AlertSeverity};
use crate::cli::{EXIT_FINDING, EXIT_OK, Format, Global, context};
use crate::daemon::clock;
use crate::locale::{reason as reason_in, text, visible};
use crate::model::Severity;
use crate::t;

/// Most characters of an answer that are printed.
const ANSWER_MAX: usize = 2_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra alert test duty                 send a sample and print what the service answers
  tuantra alert test duty --format json | jq -r .reason

It is sent from here, with your environment: the daemon may reach less, or have other secrets.
Exit code: 0 taken, 1 not taken, 2 wrong usage or a channel that cannot be made.")]
pub(super) struct Args {
    /// The channel's name in config.yaml
    #[arg(value_name = "CHANNEL")]
    channel: String,
    #[command(flatten)]
    printed: Printed,
}

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let name = visible(&args.channel);
    let Some(entry) = config.alerts.channels.iter().find(|c| c.id.as_str() == args.channel) else {
        let known: Vec<&str> = config.alerts.channels.iter().map(|c| c.id.as_str()).collect();
        if known.is_empty() {
            bail!(t!(lang, "alert.no_channels"));
        }
        bail!(t!(lang, "alert.unknown_channel", name = name, known = known.join(", ")));
    };
    let (made, diagnostics) = outlets(&config, Severity::Error);
    let Some(outlet) = made.iter().find(|outlet| outlet.id == entry.id) else {
        let errors: Vec<_> =
            diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        return Err(context::tell(&errors, lang).into());
    };
    let texts = texts_of(&config).map_err(|found| context::tell(&found, lang))?;
    let post = post_of(&config).map_err(|found| context::tell(&[*found], lang))?;
    let now = clock::now();
    let mut notice = facts::blank(Topic::Test, AlertSeverity::Flapping, now);
    notice.through = Some(entry.id.to_string());
    let words = texts.words(&notice, outlet.lang, &config.timezone, now)?;
    let key = format!("test:{}:{}", entry.id, now.0);
    let (title, body) = (&*words.title, &*words.body);
    let letter = Letter { key: &key, title, body, notice: &notice, now };
    let mut outcome = Outcome::Sent;
    let mut replies = Vec::new();
    for call in outlet.channel.calls(&letter) {
        let reply = post.make(&call);
        let judged = outlet.channel.judge(&reply);
        let goes_on = judged == Outcome::Sent || outlet.channel.is_of_one(&reply);
        replies.push(reply);
        // What is wrong with one of several recipients is what the operator is to know.
        if outcome == Outcome::Sent || !goes_on {
            outcome = judged.without_secrets(|reason| outlet.hide(reason));
        }
        if !goes_on {
            break;
        }
    }
    let is_sent = outcome == Outcome::Sent;
    crate::cli::print(&match args.printed.format {
        Format::Text => told(lang, outlet, &replies, &outcome),
        Format::Json => {
            let reason = match &outcome {
                Outcome::Sent => None,
                Outcome::Again { reason, .. } | Outcome::Refused { reason, .. } => Some(reason),
            };
            let answers: Vec<String> = replies.iter().map(|r| answer(lang, outlet, r)).collect();
            let shown = json!({
                "kind": "alert_test", "channel": outlet.id, "type": outlet.kind,
                "sent": is_sent, "reason": reason, "answers": answers,
            });
            format!("{shown:#}\n")
        }
    })?;
    Ok(ExitCode::from(if is_sent { EXIT_OK } else { EXIT_FINDING }))
}

fn told(
    lang: crate::locale::Lang,
    outlet: &Outlet,
    replies: &[Reply],
    outcome: &Outcome,
) -> String {
    let mut lines = vec![match outcome {
        Outcome::Sent => t!(lang, "alert.test_sent", channel = outlet.id, kind = outlet.kind),
        Outcome::Again { reason, .. } => {
            t!(
                lang,
                "alert.test_again",
                channel = outlet.id,
                reason = visible(&reason_in(lang, reason))
            )
        }
        Outcome::Refused { reason, .. } => {
            t!(
                lang,
                "alert.test_refused",
                channel = outlet.id,
                reason = visible(&reason_in(lang, reason))
            )
        }
    }];
    lines.push(text(lang, "alert.answer").to_owned());
    lines.extend(replies.iter().map(|reply| format!("  {}", answer(lang, outlet, reply))));
    lines.join("\n") + "\n"
}

/// What came back, as one harmless line.
fn answer(lang: crate::locale::Lang, outlet: &Outlet, reply: &Reply) -> String {
    let shown = match reply {
        Reply::Http { status, body, .. } => format!("HTTP {status} {}", body.trim()),
        Reply::Mail { code, text, .. } => format!("SMTP {code} {text}"),
        Reply::Ended { code: Some(code), output } => {
            format!("{} {output}", t!(lang, "alert.ended", code = code))
        }
        Reply::Ended { code: None, output } => {
            format!("{} {output}", text(lang, "alert.killed"))
        }
        Reply::Failed { reason, .. } => reason_in(lang, reason),
    };
    visible(&outlet.hide(&shown)).chars().take(ANSWER_MAX).collect()
}
