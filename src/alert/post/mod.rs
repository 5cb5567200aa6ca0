//! Makes the calls of channels: HTTP, SMTP, programs. Blocking, from the one thread of a channel.
//!
//! Guarantees: a call ends in bounded time; no secret of a call is in what comes back or in the
//! log; what was surely not taken is told from what may have been.

mod http;
mod mail;
mod program;
pub(super) mod redact;
mod trust;

use std::path::PathBuf;
use std::time::Duration;

use super::channel::{Call, Reply};
use crate::model::{Message, Secret};

/// Longest answer that is read, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// How calls are made.
#[derive(Debug, Clone)]
pub struct PostOptions {
    /// `http://`, `https://`, `socks4://`, `socks4a://` or `socks5://`; a user and a password may stand in
    /// it. `None`: no proxy, whatever the environment says. Mail takes none.
    pub proxy: Option<Secret>,
    /// A file of certificate authorities (PEM) that are trusted beside the machine's own.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest time of a whole call by HTTP; of mail, of each step.
    pub total: Duration,
}

impl Default for PostOptions {
    fn default() -> Self {
        Self {
            proxy: None,
            ca_file: None,
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
        }
    }
}

/// What keeps calls from being made at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The proxy's address is none. It may hold a password, so it is not shown.
    #[error("the proxy's address is not one")]
    Proxy,
    /// The file of authorities cannot be read.
    #[error("cannot read {file}: {reason}")]
    CaUnreadable {
        /// Which.
        file: String,
        /// Why.
        reason: String,
    },
    /// It holds no certificate.
    #[error("no certificate in {0}")]
    CaEmpty(String),
}

impl PostError {
    /// The same in the catalogue.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Proxy => Message::new("post.bad_proxy"),
            Self::CaUnreadable { file, reason } => {
                Message::new("post.ca_unreadable").with("file", file).with("reason", reason)
            }
            Self::CaEmpty(file) => Message::new("post.ca_empty").with("file", file),
        }
    }
}

/// Makes calls.
#[derive(Debug)]
pub struct Post {
    http: http::Http,
    mail: mail::Mailer,
}

impl Post {
    /// Reads the authorities and makes ready; no call is made.
    ///
    /// # Errors
    /// A proxy or a file of authorities that cannot be used.
    pub fn new(options: &PostOptions) -> Result<Self, PostError> {
        let roots = trust::roots(options.ca_file.as_deref())?;
        Ok(Self {
            http: http::Http::new(options, &roots)?,
            mail: mail::Mailer::new(options, roots),
        })
    }

    /// Makes one call and waits for what comes back.
    #[must_use]
    pub fn make(&self, call: &Call) -> Reply {
        match call {
            Call::Http(request) => self.http.make(request),
            Call::Mail(mail) => self.mail.make(mail),
            Call::Run(program) => program::run(program),
        }
    }
}
