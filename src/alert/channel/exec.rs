//! A program that is run, with the event as JSON on its standard input: Apprise, a siren, whatever
//! has no channel of its own here. No shell: an argument is an argument.

use serde_json::json;

use super::settings::{self, Reader, mistake, optional};
use super::{
    Call, Channel, Form, Key, Kind, Letter, Mistake, Outcome, Pace, Program, Reply, Settings, judge,
};
use crate::locale::Lang;
use crate::locale::visible;
use crate::model::{Message, Secret};
use crate::t;

/// `exec` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "exec";
const KEYS: &[Key] = &[
    Key { name: "command", is_required: true, form: Form::List },
    optional("timeout"),
    Key { name: "environment", is_required: false, form: Form::Map },
];
const TIMEOUT_MS: i64 = 30_000;
const TIMEOUT_BOUNDS_MS: (i64, i64) = (1_000, 300_000);

#[derive(Debug)]
struct Exec {
    command: Vec<Secret>,
    environment: Vec<(String, Secret)>,
    timeout_ms: u32,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let command = reader.list("command").to_vec();
    let program = command.first().map(Secret::reveal).unwrap_or_default();
    let has_nul = command.iter().any(|word| word.reveal().contains('\0'));
    if program.trim().is_empty() || has_nul {
        return Err(settings::plain("command", "channel.no_program"));
    }
    // A list was meant: nobody splits it, a shell would.
    if command.len() == 1 && program.contains(' ') {
        return Err(settings::plain("command", "channel.one_word"));
    }
    for (name, value) in reader.map("environment") {
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        if !is_name || value.reveal().contains('\0') {
            let shown: String = visible(name).chars().take(32).collect();
            return Err(mistake(
                "environment",
                Message::new("channel.bad_variable").with("name", shown),
            ));
        }
    }
    let (least, most) = TIMEOUT_BOUNDS_MS;
    let timeout = reader.duration("timeout", least, most)?.unwrap_or(TIMEOUT_MS);
    Ok(Box::new(Exec {
        command,
        environment: reader.map("environment").to_vec(),
        timeout_ms: u32::try_from(timeout).unwrap_or(u32::MAX),
    }))
}

impl Channel for Exec {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let event = json!({
            "version": 1,
            "key": letter.key,
            "title": letter.title,
            "body": letter.body,
            "notice": letter.notice,
        });
        let mut input = event.to_string().into_bytes();
        input.push(b'\n');
        vec![Call::Run(Program {
            command: self.command.clone(),
            environment: self.environment.clone(),
            input,
            timeout_ms: self.timeout_ms,
        })]
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        let Reply::Ended { code, output } = reply else { return judge::failed(reply) };
        let last: String = output.lines().last().unwrap_or_default().chars().take(200).collect();
        let status = |code: i32| match &*last {
            "" => t!(Lang::En, "reason.exit", code = code),
            last => t!(Lang::En, "reason.exit_said", code = code, said = last),
        };
        match code {
            Some(0) => Outcome::Sent,
            // As sysexits.h has them: used wrongly, bad data.
            Some(code @ (64 | 65)) => Outcome::Refused { reason: status(*code), is_channel: false },
            // No such user, no permission, wrongly configured.
            Some(code @ (67 | 77 | 78)) => {
                Outcome::Refused { reason: status(*code), is_channel: true }
            }
            Some(code) => {
                Outcome::Again { after_ms: None, is_unsure: false, reason: status(*code) }
            }
            None => Outcome::Again {
                after_ms: None,
                is_unsure: true,
                reason: match &*last {
                    "" => t!(Lang::En, "reason.signal"),
                    last => t!(Lang::En, "reason.signal_said", said = last),
                },
            },
        }
    }

    fn pace(&self) -> Pace {
        Pace { burst: 5, per_minute: 60 }
    }
}
