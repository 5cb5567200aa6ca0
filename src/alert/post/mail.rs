//! Mail by SMTP: the dialogue a step at a time, so that what failed after the last step is told
//! from what failed before it.

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message};
use rustls::pki_types::CertificateDer;

use super::PostOptions;
use super::redact::Redactor;
use crate::alert::channel::{Mail, MailSecurity, MailServer, Reply};
use crate::locale::{Lang, visible};
use crate::t;

/// The code of a server that closes the connection, whatever it was asked.
const SHUTS_DOWN: u16 = 421;
/// Longest reason, in characters.
const REASON_MAX: usize = 300;

/// Sends mails.
pub(super) struct Mailer {
    roots: Vec<CertificateDer<'static>>,
    step: Duration,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("roots", &self.roots.len()).finish_non_exhaustive()
    }
}

/// How far a dialogue came.
enum Broken {
    /// The server said no.
    Said(Reply),
    /// Nothing, or nonsense, was said.
    Silent(SmtpError),
    /// Nothing was said after the whole mail was sent.
    Unsure(String),
    /// The dialogue cannot go on.
    Ours(String),
}

impl Mailer {
    pub(super) fn new(options: &PostOptions, roots: Vec<CertificateDer<'static>>) -> Self {
        Self { roots, step: options.total }
    }

    pub(super) fn make(&self, mail: &Mail) -> Reply {
        let redactor = match &mail.server.login {
            Some((_, password)) => Redactor::default().secret(password),
            None => Redactor::default(),
        };
        let letter = match write(mail) {
            Ok(letter) => letter,
            Err(reason) => return failed(false, true, &reason, &redactor),
        };
        let mut connection = match self.open(&mail.server) {
            Ok(connection) => connection,
            Err(Broken::Said(reply)) => return cleaned(reply, &redactor),
            Err(Broken::Silent(error)) => return failed(false, false, &words(&error), &redactor),
            Err(Broken::Ours(reason) | Broken::Unsure(reason)) => {
                return failed(false, false, &reason, &redactor);
            }
        };
        let reply = match deliver(&mut connection, &letter) {
            Ok(reply) | Err(Broken::Said(reply)) => cleaned(reply, &redactor),
            Err(Broken::Silent(error)) => failed(false, false, &words(&error), &redactor),
            Err(Broken::Ours(reason)) => failed(false, false, &reason, &redactor),
            Err(Broken::Unsure(reason)) => failed(true, false, &reason, &redactor),
        };
        connection.abort();
        reply
    }

    /// A connection on which a mail may be sent.
    fn open(&self, server: &MailServer) -> Result<SmtpConnection, Broken> {
        let hello = ClientId::default();
        let tls = match server.security {
            MailSecurity::None => None,
            MailSecurity::Tls | MailSecurity::StartTls => Some(self.tls(&server.host)?),
        };
        let from_the_start = tls.as_ref().filter(|_| server.security == MailSecurity::Tls);
        let place = (server.host.as_str(), server.port);
        let mut connection =
            // A server may be slow on purpose (tar pits): each step has the whole time.
            SmtpConnection::connect(place, Some(self.step), &hello, from_the_start, None)
                .map_err(said)?;
        if let Some(tls) = tls.as_ref().filter(|_| server.security == MailSecurity::StartTls) {
            if !connection.can_starttls() {
                connection.abort();
                return Err(Broken::Ours(t!(Lang::En, "reason.no_starttls")));
            }
            connection.starttls(tls, &hello).map_err(said)?;
        }
        if let Some((user, password)) = &server.login {
            let login = Credentials::new(user.clone(), password.reveal().to_owned());
            // Never in clear, whatever the settings said.
            if !connection.is_encrypted() {
                return Err(Broken::Ours(t!(Lang::En, "reason.clear_password")));
            }
            let ways = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&ways, &login).map_err(said)?;
        }
        Ok(connection)
    }

    fn tls(&self, host: &str) -> Result<TlsParameters, Broken> {
        let mut builder =
            TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
        // Of the machine's list what this reader does not know is left out, as browsers do.
        for root in &self.roots {
            if rustls::RootCertStore::empty().add(root.clone()).is_err() {
                continue;
            }
            if let Ok(root) = Certificate::from_der(root.as_ref().to_vec()) {
                builder = builder.add_root_certificate(root);
            }
        }
        builder.build_rustls().map_err(Broken::Silent)
    }
}

/// MAIL, RCPT, DATA, the mail.
fn deliver(connection: &mut SmtpConnection, letter: &Message) -> Result<Reply, Broken> {
    let envelope = letter.envelope();
    let bytes = letter.formatted();
    let options = options(connection, envelope, &bytes)?;
    connection.command(MailFrom::new(envelope.from().cloned(), options)).map_err(said)?;
    for to in envelope.to() {
        let asked = connection.command(Rcpt::new(to.clone(), Vec::new())).map_err(said);
        asked.map_err(|broken| of_recipient(broken, to))?;
    }
    connection.command(Data).map_err(said)?;
    // From here on nobody knows, until the server answers.
    let taken = connection.message(&bytes).map_err(|error| match said(error) {
        Broken::Silent(error) => Broken::Unsure(words(&error)),
        other => other,
    })?;
    let text = taken.message().collect::<Vec<_>>().join(" ");
    Ok(Reply::Mail { code: taken.code().into(), text, is_recipient: false })
}

/// The answer to RCPT, with whom it is about. A server that shuts down says so to everybody.
fn of_recipient(broken: Broken, to: &Address) -> Broken {
    match broken {
        Broken::Said(Reply::Mail { code, text, .. }) if code != SHUTS_DOWN => {
            Broken::Said(Reply::Mail { code, text: format!("{text} ({to})"), is_recipient: true })
        }
        other => other,
    }
}

/// What the server must know of the mail beforehand.
fn options(
    connection: &SmtpConnection,
    envelope: &Envelope,
    bytes: &[u8],
) -> Result<Vec<MailParameter>, Broken> {
    let server = connection.server_info();
    let mut options = Vec::new();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    if addresses.any(|address| !address.to_string().is_ascii()) {
        if !server.supports_feature(Extension::SmtpUtfEight) {
            return Err(Broken::Ours(t!(Lang::En, "reason.no_smtputf8")));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() && server.supports_feature(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

/// The mail as it is sent.
fn write(mail: &Mail) -> Result<Message, String> {
    let mailbox =
        |text: &str| text.parse::<Mailbox>().map_err(|error| format!("{}: {error}", visible(text)));
    let from = mailbox(&mail.from)?;
    // The right side of a Message-ID is whoever makes it unique: the sender's domain.
    let domain = from.email.domain().to_owned();
    let named = |left: &str| format!("<{left}@{domain}>");
    let since = u64::try_from(mail.date.0).unwrap_or(0);
    let recipient = mailbox(&mail.recipient)?.email;
    let envelope = Envelope::new(Some(from.email.clone()), vec![recipient]);
    let mut builder = Message::builder()
        .envelope(envelope.map_err(|error| error.to_string())?)
        .from(from)
        .subject(mail.subject.as_str())
        .date(UNIX_EPOCH + Duration::from_millis(since))
        .message_id(Some(named(&mail.id)))
        // No answer by machines: holidays, lists (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated")?)
        .raw_header(header("X-Auto-Response-Suppress", "All")?);
    for to in &mail.to {
        builder = builder.to(mailbox(to)?);
    }
    if let Some(thread) = &mail.thread {
        builder = builder.references(named(thread)).in_reply_to(named(thread));
    }
    let words = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let whole = match &mail.file {
        None => words,
        Some(file) => {
            let media = ContentType::parse(file.media).map_err(|error| error.to_string())?;
            let part = Attachment::new(file.name.clone()).body(file.bytes.clone(), media);
            MultiPart::mixed().multipart(words).singlepart(part)
        }
    };
    builder.multipart(whole).map_err(|error| error.to_string())
}

fn header(name: &'static str, value: &str) -> Result<HeaderValue, String> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

/// What an error of the dialogue is: an answer with a code, or none.
fn said(error: SmtpError) -> Broken {
    match error.status() {
        Some(code) => {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            Broken::Said(Reply::Mail { code: code.into(), text, is_recipient: false })
        }
        None => Broken::Silent(error),
    }
}

fn words(error: &SmtpError) -> String {
    let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    // A time-out of a socket is told as "would block".
    if error.is_timeout() || io.is_some_and(|io| io.kind() == ErrorKind::WouldBlock) {
        return t!(Lang::En, "reason.no_answer");
    }
    let text = error.to_string();
    // What the library calls the kind of error says less than what follows.
    match text.split_once(": ") {
        Some((_, rest)) if !error.is_tls() => rest.to_owned(),
        _ => text,
    }
}

fn failed(is_unsure: bool, is_final: bool, reason: &str, redactor: &Redactor) -> Reply {
    let reason = visible(&redactor.clean(reason)).chars().take(REASON_MAX).collect();
    Reply::Failed { is_unsure, is_final, reason }
}

fn cleaned(reply: Reply, redactor: &Redactor) -> Reply {
    match reply {
        Reply::Mail { code, text, is_recipient } => {
            Reply::Mail { code, text: redactor.clean(&text), is_recipient }
        }
        other => other,
    }
}
