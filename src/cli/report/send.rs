//! A report as a message through a channel of the configuration, its file with it where the channel
//! takes files. It leaves at once and once: whether it did is the exit code, for cron to act on.

use std::io::IsTerminal as _;

use anyhow::{anyhow, bail};

use super::Format;
use crate::alert::channel::{File, Letter, Outcome};
use crate::alert::notice::Severity as AlertSeverity;
use crate::alert::outlet::{Outlet, outlets, post_of};
use crate::alert::{Topic, facts};
use crate::cli::{complain, context};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{number, reason as reason_in, visible};
use crate::model::Severity;
use crate::report::Page;
use crate::report::document::Document;
use crate::t;

/// Channels that speak to programs: what they are given is the event of an incident, which a report
/// is not.
const EVENTS_ONLY: [&str; 2] = ["webhook", "exec"];
/// Most characters of a message; the rest is in the file.
const BODY_MAX: usize = 12_000;

/// What is sent.
pub(in crate::cli) struct Parcel {
    /// A line.
    pub(in crate::cli) title: String,
    /// The rest.
    pub(in crate::cli) body: String,
    /// With it.
    pub(in crate::cli) file: Option<File>,
}

/// The channel of a name, ready to be used: asked for before a long report is made.
pub(in crate::cli) fn channel(config: &Config, name: &str) -> anyhow::Result<Outlet> {
    let lang = config.language;
    let Some(entry) = config.alerts.channels.iter().find(|c| c.id.as_str() == name) else {
        let known: Vec<&str> = config.alerts.channels.iter().map(|c| c.id.as_str()).collect();
        if known.is_empty() {
            bail!(t!(lang, "report.send.no_channels"));
        }
        let (name, known) = (visible(name), known.join(", "));
        bail!(t!(lang, "report.send.unknown_channel", name = name, known = known));
    };
    let (made, diagnostics) = outlets(config, Severity::Error);
    let Some(outlet) = made.into_iter().find(|outlet| outlet.id == entry.id) else {
        let errors: Vec<_> =
            diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        return Err(context::tell(&errors, lang).into());
    };
    if EVENTS_ONLY.contains(&outlet.kind) {
        bail!(t!(lang, "report.send.events_only", name = outlet.id, kind = outlet.kind));
    }
    Ok(outlet)
}

impl Parcel {
    /// A report's text, and `bytes` of it in a format that is no text.
    pub(super) fn of(
        document: &Document,
        page: &Page<'_>,
        kind: &str,
        format: Format,
        bytes: &[u8],
    ) -> Self {
        // The frame of a letter is for paper.
        let plain = Document { letter: None, ..document.clone() };
        let text = crate::report::write::text(&plain, page);
        let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let title = match document.heads.first() {
            Some(head) => format!("{title} · {}", visible(head)),
            None => title.to_owned(),
        };
        let bytes = || bytes.to_vec();
        let file = format.media().map(|media| File {
            name: format!("{kind}.{}", format.extension()),
            media,
            bytes: bytes(),
        });
        Self { title, body: cut(rest, page), file }
    }

    /// A short text whose first line is the title.
    pub(in crate::cli) fn of_text(text: &str) -> Self {
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        Self { title: title.to_owned(), body: body.trim_end().to_owned(), file: None }
    }

    /// Sends it.
    ///
    /// # Errors
    /// The service did not take it, or said nothing.
    pub(in crate::cli) fn send(&self, config: &Config, outlet: &Outlet) -> anyhow::Result<()> {
        let lang = config.language;
        let post = post_of(config).map_err(|found| context::tell(&[*found], lang))?;
        let now = clock::now();
        // Of a notice a channel for people takes but its colour: that of what is neither good nor bad.
        let notice = facts::blank(Topic::Test, AlertSeverity::Flapping, now);
        let key = format!("report:{}:{}", outlet.id, now.0);
        let (title, body) = (&*self.title, &*self.body);
        let mut calls =
            outlet.channel.calls(&Letter { key: &key, title, body, notice: &notice, now });
        let takes_files = outlet.channel.as_report(&mut calls, self.file.as_ref());
        let mut worst = Outcome::Sent;
        for call in calls {
            let reply = post.make(&call);
            let judged = outlet.channel.judge(&reply);
            let goes_on = judged == Outcome::Sent || outlet.channel.is_of_one(&reply);
            // One of several recipients who did not get it is a failure, too.
            if worst == Outcome::Sent || !goes_on {
                worst = judged.without_secrets(|reason| outlet.hide(reason));
            }
            if !goes_on {
                break;
            }
        }
        let (name, kind) = (&outlet.id, outlet.kind);
        if let Outcome::Again { reason, .. } | Outcome::Refused { reason, .. } = worst {
            let reason = visible(&reason_in(lang, &reason));
            return Err(anyhow!(t!(lang, "report.send.not_sent", name = name, reason = reason)));
        }
        match &self.file {
            Some(file) if !takes_files => {
                complain(&t!(
                    lang,
                    "report.send.no_file",
                    name = name,
                    kind = kind,
                    file = file.name
                ));
            }
            // Cron mails whatever is said: only who looks on is told.
            _ if !std::io::stderr().is_terminal() => {}
            Some(file) => {
                let key = "report.send.sent_with";
                complain(&t!(lang, key, name = name, kind = kind, file = file.name));
            }
            None => complain(&t!(lang, "report.send.sent", name = name, kind = kind)),
        }
        Ok(())
    }
}

/// As many lines as a message may have, and how many are left out.
fn cut(text: &str, page: &Page<'_>) -> String {
    let mut room = BODY_MAX;
    let mut kept = Vec::new();
    for line in text.trim_end().lines() {
        let length = line.chars().count() + 1;
        if length > room {
            let left = text.trim_end().lines().count() - kept.len();
            let n = number(page.lang, i64::try_from(left).unwrap_or(i64::MAX));
            kept.push(t!(page.lang, "report.send.cut", n = n));
            return kept.join("\n");
        }
        room -= length;
        kept.push(line.to_owned());
    }
    kept.join("\n")
}
