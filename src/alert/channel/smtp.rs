//! E-mail by an SMTP server: plain and HTML parts, an incident's mails in one thread.

use super::escape::html_bytes;
use super::look::{colour, digest, part_key};
use super::settings::{self, Reader, mistake, needed, optional, optional_secret};
use super::split::{Part, Room, split};
use super::{
    Call, Channel, File, Form, Key, Kind, Letter, Mail, MailSecurity, MailServer, Mistake, Outcome,
    Pace, Reply, Settings, judge,
};
use crate::alert::text::{HTML_LINE_BYTES_MAX, columns, html};
use crate::locale::visible;
use crate::model::{Message, Secret};

/// `smtp` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "smtp";
const KEYS: &[Key] = &[
    needed("host"),
    optional("port"),
    optional("security"),
    optional("user"),
    optional_secret("password"),
    needed("from"),
    Key { name: "to", is_required: true, form: Form::List },
];
const SECURITY: [(&str, MailSecurity, u16); 3] = [
    ("starttls", MailSecurity::StartTls, 587),
    ("tls", MailSecurity::Tls, 465),
    ("none", MailSecurity::None, 25),
];
/// Most recipients of one mail.
const TO_MAX: usize = 50;
/// Bytes of a mail, as it is on the wire.
const ROOM: Room = Room { whole: 90_000, cost };

/// A character stands in a mail as text and as HTML, both encoded (base64, or quoted-printable
/// where most of it is plain).
fn cost(c: char) -> usize {
    let html = match c {
        '\n' => HTML_LINE_BYTES_MAX,
        '\'' => 5,
        c => html_bytes(c),
    };
    ((c.len_utf8() + html) * 3).div_ceil(2)
}

#[derive(Debug)]
struct Smtp {
    server: MailServer,
    from: String,
    to: Vec<String>,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let host = reader.required(NAME, "host")?.reveal().trim().to_owned();
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if !host.chars().all(is_host) {
        return Err(settings::plain("host", "channel.bad_host"));
    }
    let (_, security, usual) =
        SECURITY[reader.choice("security", &SECURITY.map(|(word, ..)| word))?];
    let port = reader.number("port", 1, 65_535)?.and_then(|port| u16::try_from(port).ok());
    let login = match (reader.text("user"), reader.secret("password")) {
        (Some(user), Some(password)) => Some((user.to_owned(), password.clone())),
        (None, None) => None,
        (Some(_), None) => return Err(settings::plain("password", "channel.half_login")),
        (None, Some(_)) => return Err(settings::plain("user", "channel.half_login")),
    };
    if login.is_some() && security == MailSecurity::None {
        return Err(settings::plain("security", "channel.clear_login"));
    }
    let to = reader.list("to");
    if to.len() > TO_MAX {
        return Err(mistake(
            "to",
            Message::new("channel.too_many").with("key", "to").with("max", TO_MAX),
        ));
    }
    Ok(Box::new(Smtp {
        server: MailServer { host, port: port.unwrap_or(usual), security, login },
        from: address("from", reader.required(NAME, "from")?)?,
        to: to.iter().map(|one| address("to", one)).collect::<Result<_, _>>()?,
    }))
}

fn address(key: &'static str, text: &Secret) -> Result<String, Mistake> {
    let text = text.reveal().trim();
    if text.parse::<lettre::message::Mailbox>().is_ok() && !text.contains(['\r', '\n']) {
        return Ok(text.to_owned());
    }
    let shown: String = visible(text).chars().take(64).collect();
    Err(mistake(key, Message::new("channel.bad_address").with("key", key).with("value", shown)))
}

impl Channel for Smtp {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let parts = split(letter.title, letter.body, ROOM);
        let colour = colour(letter.notice);
        let incident = letter.notice.incident.as_ref();
        // A mail for each recipient: one who is to be tried again is tried without the others.
        let call = &|(n, part): (usize, &Part), recipient: &String| {
            Call::Mail(Mail {
                recipient: recipient.clone(),
                server: self.server.clone(),
                from: self.from.clone(),
                to: self.to.clone(),
                subject: part.title.clone(),
                text: format!("{}\n", part.text()),
                html: html(&part.title, &part.body, colour),
                id: part_key(letter.key, n, parts.len()),
                thread: incident.map(|id| format!("incident.{}", digest(&id.to_string(), 16))),
                date: letter.now,
                file: None,
            })
        };
        let of_part = |part| self.to.iter().map(move |recipient| call(part, recipient));
        parts.iter().enumerate().flat_map(of_part).collect()
    }

    fn as_report(&self, calls: &mut [Call], file: Option<&File>) -> bool {
        let mut first = None;
        for call in calls {
            let Call::Mail(mail) = call else { continue };
            mail.html = columns(&mail.text);
            // The parts of a long text have ids of their own; those of one have the same.
            let first: &String = first.get_or_insert_with(|| mail.id.clone());
            mail.file = file.filter(|_| mail.id == *first).cloned().map(Box::new);
        }
        true
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        let Reply::Mail { code, text, .. } = reply else { return judge::failed(reply) };
        let line: String = visible(text.trim()).chars().take(300).collect();
        let reason = format!("{code} {line}");
        match code {
            200..=299 => Outcome::Sent,
            // Named by enhanced codes (RFC 3463): 5.1 addresses, 5.7 who may send; else by the
            // command that such a code answers: 530 to 538 log in, 550 and 551, 553 mailboxes.
            500..=599 => {
                let is_channel = text.starts_with("5.1.")
                    || text.starts_with("5.7.")
                    || (!text.starts_with("5.") && matches!(code, 530..=538 | 550 | 551 | 553));
                Outcome::Refused { reason, is_channel: is_channel || matches!(code, 530..=538) }
            }
            _ => Outcome::Again { after_ms: None, is_unsure: false, reason },
        }
    }

    fn is_of_one(&self, reply: &Reply) -> bool {
        matches!(reply, Reply::Mail { is_recipient: true, .. })
    }

    fn pace(&self) -> Pace {
        Pace { burst: 10, per_minute: 30 }
    }
}
