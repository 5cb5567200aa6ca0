//! Where messages go. One file a kind of channel; a kind is registered by its line in [`KINDS`] and
//! nowhere else.
//!
//! A channel is pure: it makes calls of a letter and judges what came back. The calls are made by
//! `post`.

mod alertmanager;
mod body;
mod discord;
mod escape;
mod exec;
mod google_chat;
mod gotify;
mod judge;
mod look;
mod matrix;
mod ntfy;
pub mod pair;
mod settings;
mod slack;
mod smtp;
mod split;
mod teams;
mod telegram;
mod webhook;
mod zalo;

use std::fmt;

use super::notice::Notice;
use crate::model::{Message, Secret, UnixMs};

/// A message in words, for one channel.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// Its name for ever: the idempotency key, where the service knows one.
    pub key: &'a str,
    /// What, where, since when: one line, plain text, no markup of any service.
    pub title: &'a str,
    /// The rest: lines of plain text; may be empty. Units stand on lines of their own or are
    /// separated by ", ".
    pub body: &'a str,
    /// What it was made of.
    pub notice: &'a Notice,
    /// When it leaves: signatures hold for a while only.
    pub now: UnixMs,
}

/// A call of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A request by HTTP.
    Http(Request),
    /// A mail by SMTP.
    Mail(Mail),
    /// A program that is run.
    Run(Program),
}

/// A request by HTTP. Its URL and headers may hold secrets: Debug prints neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST`, `PUT`, …
    pub method: String,
    /// With every token in it.
    pub url: Secret,
    /// Beside those that HTTP needs.
    pub headers: Vec<(String, Secret)>,
    /// Its body; the content type is among the headers.
    pub body: Vec<u8>,
}

impl Request {
    /// A call with a body of JSON.
    fn json(method: &str, url: &Secret, body: &serde_json::Value) -> Call {
        Call::Http(Self {
            method: method.to_owned(),
            url: url.clone(),
            headers: vec![("Content-Type".to_owned(), Secret::new("application/json"))],
            body: body.to_string().into_bytes(),
        })
    }
}

impl Call {
    /// The same with one more header, where it has any.
    fn with_header(mut self, name: &str, value: &Secret) -> Self {
        if let Self::Http(request) = &mut self {
            request.headers.push((name.to_owned(), value.clone()));
        }
        self
    }
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The server.
    pub server: MailServer,
    /// Sender's address, a name before it is allowed (RFC 5322).
    pub from: String,
    /// Recipients, as all of them are shown.
    pub to: Vec<String>,
    /// The one of them whom this call is for.
    pub recipient: String,
    /// Subject; encoded by the transport (RFC 2047).
    pub subject: String,
    /// Plain text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Left part of the Message-ID, from the key.
    pub id: String,
    /// Left part of the Message-ID that the incident's mails refer to.
    pub thread: Option<String>,
    /// Its date.
    pub date: UnixMs,
    /// What is sent with it.
    pub file: Option<Box<File>>,
}

/// A file that is sent with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, plain: no folder, nothing that a mail program would take for more than a name.
    pub name: String,
    /// Its media type.
    pub media: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// An SMTP server and how to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// User and password.
    pub login: Option<(String, Secret)>,
}

/// How a connection to an SMTP server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte (port 465).
    Tls,
    /// STARTTLS, or no mail (port 587).
    StartTls,
    /// In clear: a relay on the same machine.
    None,
}

/// A program that is run, with the event as JSON on its standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments; no shell.
    pub command: Vec<Secret>,
    /// Its environment, beside the few variables that every program is given.
    pub environment: Vec<(String, Secret)>,
    /// What it reads.
    pub input: Vec<u8>,
    /// After how long it is killed, in milliseconds.
    pub timeout_ms: u32,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer by HTTP.
    Http {
        /// Status.
        status: u16,
        /// `Retry-After` in milliseconds from now, where it was given (seconds or a date).
        retry_after_ms: Option<u64>,
        /// The first 64 KiB of the body.
        body: String,
    },
    /// An SMTP server's last answer; 250 is good.
    Mail {
        /// Its code.
        code: u16,
        /// Its text.
        text: String,
        /// True when it is about the recipient alone.
        is_recipient: bool,
    },
    /// A program ended.
    Ended {
        /// Its exit status; `None`: by a signal.
        code: Option<i32>,
        /// The first of what it printed, made visible, without any secret.
        output: String,
    },
    /// Nothing, or nothing whole, came back.
    Failed {
        /// True when the service may have taken the message all the same: it was sent whole and no
        /// answer came.
        is_unsure: bool,
        /// True when trying again cannot help (an address that is none, a certificate that nobody
        /// signed is not: that may be mended).
        is_final: bool,
        /// Why, without any secret.
        reason: String,
    },
}

/// What a reply means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The service has it.
    Sent,
    /// To be tried again.
    Again {
        /// Not before so many milliseconds; `None`: by our own back-off.
        after_ms: Option<u64>,
        /// It may have been taken all the same.
        is_unsure: bool,
        /// Why, without any secret.
        reason: String,
    },
    /// It will never be taken: the message is dead.
    Refused {
        /// Why, without any secret.
        reason: String,
        /// True when that is no fault of this message: the channel takes none (a revoked token, a
        /// room that is gone).
        is_channel: bool,
    },
}

impl Outcome {
    /// The same with its reason as `hide` leaves it.
    #[must_use]
    pub fn without_secrets(mut self, hide: impl Fn(&str) -> String) -> Self {
        if let Self::Again { reason, .. } | Self::Refused { reason, .. } = &mut self {
            *reason = hide(reason);
        }
        self
    }
}

/// A channel, ready to be used.
pub trait Channel: Send + Sync + fmt::Debug {
    /// The calls of one letter, in order; a later one is made only when the earlier ones were
    /// taken, or refused for themselves alone ([`Channel::is_of_one`]). Long text is split at the ends of lines, else at ", ", and marked "(2/3)".
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call>;

    /// Makes calls of a letter's fit for a report: `body` keeps its columns, `file` goes with the
    /// first message to everybody. False when the service takes no files from us: the text goes
    /// alone.
    fn as_report(&self, _calls: &mut [Call], _file: Option<&File>) -> bool {
        false
    }

    /// What a reply to one of them means.
    fn judge(&self, reply: &Reply) -> Outcome;

    /// True when a reply that is not good says nothing of the calls after this one, so that they are
    /// made all the same: that of one of a mail's recipients.
    fn is_of_one(&self, _reply: &Reply) -> bool {
        false
    }

    /// Messages a minute that the service takes from one sender, and how many at once.
    fn pace(&self) -> Pace;
}

/// How many messages a channel takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// At once.
    pub burst: u32,
    /// After that, a minute.
    pub per_minute: u32,
}

/// A kind of channel: what `config.yaml` may say of it, and how it is made of that.
#[derive(Debug)]
pub struct Kind {
    /// The word in `config.yaml`.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Makes one. A mistake names its key.
    pub build: fn(&Settings) -> Result<Box<dyn Channel>, Mistake>,
}

/// A key of a kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The word in `config.yaml`.
    pub name: &'static str,
    /// It must be there.
    pub is_required: bool,
    /// What it holds.
    pub form: Form,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One text, number or flag; the kind parses it.
    Text,
    /// The same, that should not stand in the file itself.
    Secret,
    /// A list of texts; one text is a list of one.
    List,
    /// Names with texts.
    Map,
}

/// What `config.yaml` says of one channel, its secrets fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// By key, in the order of the file.
    pub values: Vec<(String, Value)>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One text.
    Text(Secret),
    /// Several.
    List(Vec<Secret>),
    /// Several with names.
    Map(Vec<(String, Secret)>),
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Of which key: one of the kind's, or one that is in the file and should not be.
    pub key: String,
    /// What: a text of the catalogue.
    pub message: Message,
    /// Of a template: where in it.
    pub slip: Option<Box<Slip>>,
}

/// What is wrong inside a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// On which line, from 1.
    pub line: usize,
    /// The word that is wrong; empty where that is not known.
    pub word: String,
    /// The words there are in its place; may be empty.
    pub known: Vec<&'static str>,
}

/// Every kind of channel.
pub const KINDS: &[&Kind] = &[
    &zalo::KIND,
    &smtp::KIND,
    &webhook::KIND,
    &exec::KIND,
    &telegram::KIND,
    &slack::KIND,
    &teams::KIND,
    &discord::KIND,
    &matrix::KIND,
    &google_chat::KIND,
    &ntfy::KIND,
    &gotify::KIND,
];

/// The kind that a word names.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// What is wrong with a key that a kind does not know; `None` of one that it does.
pub(super) fn unknown_key(kind: &Kind, key: &str) -> Option<Mistake> {
    let is_known = kind.keys.iter().any(|known| known.name == key);
    (!is_known).then(|| settings::unknown(kind.name, kind.keys, key))
}
