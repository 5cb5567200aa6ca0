//! Requests by HTTP/1.1: a connection each, no redirects, no cookies.

use std::error::Error as _;
use std::io::{ErrorKind, Read as _};
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error, Proxy, Timeout, http};

use super::redact::Redactor;
use super::{ANSWER_MAX, PostError, PostOptions};
use crate::alert::channel::{Reply, Request};
use crate::locale::{Lang, visible};
use crate::model::Secret;
use crate::t;

/// Longest reason, in characters.
const REASON_MAX: usize = 300;

/// Makes requests.
#[derive(Debug)]
pub(super) struct Http {
    agent: Agent,
    /// The proxy's password: it is in every call.
    proxy: Redactor,
}

impl Http {
    pub(super) fn new(
        options: &PostOptions,
        roots: &[CertificateDer<'static>],
    ) -> Result<Self, PostError> {
        // Without a scheme it would be taken for one by HTTP, whatever it is.
        let is_whole = |proxy: &&Secret| proxy.reveal().contains("://");
        let is_bare = options.proxy.as_ref().is_some_and(|proxy| !is_whole(&proxy));
        if is_bare {
            return Err(PostError::Proxy);
        }
        let proxy = options.proxy.as_ref().map(|proxy| Proxy::new(proxy.reveal())).transpose();
        let roots: Vec<Certificate<'static>> =
            roots.iter().map(|root| Certificate::from_der(root.as_ref()).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        // Whatever is the first to run out: the connection's time tells that nothing was sent.
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(proxy.map_err(|_| PostError::Proxy)?)
            .user_agent(concat!("tuantra/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .http_status_as_error(false)
            // A token never follows a redirect to wherever it leads.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A connection that was left open may be closed by the time it is used, and then
            // nobody knows whether the request was taken.
            .max_idle_connections(0)
            .timeout_resolve(Some(options.connect))
            .timeout_connect(Some(options.connect))
            .timeout_send_body(Some(options.total.saturating_sub(Duration::from_millis(1))))
            .timeout_global(Some(options.total))
            .build();
        let known = options.proxy.iter().fold(Redactor::default(), Redactor::secret);
        Ok(Self { agent: config.new_agent(), proxy: known })
    }

    pub(super) fn make(&self, request: &Request) -> Reply {
        let mut redactor = self.proxy.clone().url(&request.url);
        let mut builder =
            http::Request::builder().method(request.method.as_str()).uri(request.url.reveal());
        for (name, value) in &request.headers {
            builder = builder.header(name, value.reveal());
            redactor = redactor.header(value);
        }
        let built = match builder.body(request.body.as_slice()) {
            Ok(built) => built,
            Err(error) => {
                return refused(t!(Lang::En, "reason.bad_request", detail = error), &redactor);
            }
        };
        match self.agent.run(built) {
            Ok(response) => answer(response, &redactor),
            Err(error) => failure(&error, &redactor),
        }
    }
}

/// The answer as far as it came: its status alone says what became of the message.
fn answer(response: http::Response<ureq::Body>, redactor: &Redactor) -> Reply {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after_ms = header("retry-after").and_then(|after| retry_after(after, header("date")));
    let mut body = Vec::new();
    let mut reader = response.into_body().into_reader().take(ANSWER_MAX as u64);
    // A body that breaks off is read to there.
    let _ = reader.read_to_end(&mut body);
    let body = redactor.clean(&String::from_utf8_lossy(&body));
    Reply::Http { status, retry_after_ms, body }
}

/// `Retry-After` in milliseconds from now (RFC 9110, 10.2.3). A date is held against the server's
/// own: its clock or ours may be wrong.
fn retry_after(text: &str, date: Option<&str>) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        let wait = Duration::try_from_secs_f64(seconds).ok()?;
        return u64::try_from(wait.as_millis()).ok();
    }
    let read = |text: &str| rfc2822::parse(text.trim()).ok().map(|zoned| zoned.timestamp());
    let wait = read(text)?.as_millisecond() - read(date?)?.as_millisecond();
    Some(u64::try_from(wait).unwrap_or(0))
}

/// What became of a request without an answer.
fn failure(error: &Error, redactor: &Redactor) -> Reply {
    let (is_unsure, is_final) = match error {
        // Nothing was sent, or not to its end.
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::Tls(_)
        | Error::Rustls(_)
        | Error::ConnectProxyFailed(_)
        | Error::Timeout(Timeout::Resolve | Timeout::Connect | Timeout::SendBody) => (false, false),
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => (false, true),
        Error::Io(error) => (!is_before(error), false),
        _ => (true, false),
    };
    let reason = words(error);
    let reason = visible(&redactor.clean(&reason)).chars().take(REASON_MAX).collect();
    Reply::Failed { is_unsure, is_final, reason }
}

/// True of what happens while a connection is made.
fn is_before(error: &std::io::Error) -> bool {
    let is_kind = matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
            | ErrorKind::PermissionDenied
    );
    is_kind || tls_fault(error).is_some() || is_unresolved(error)
}

/// True when the resolver knows no such name, or cannot ask: the standard library tells that by its
/// words alone.
fn is_unresolved(error: &std::io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().starts_with("failed to lookup address")
}

/// What the handshake failed of. A broken record after it would look the same; it is no
/// certificate's fault then.
fn tls_fault(error: &std::io::Error) -> Option<&rustls::Error> {
    let fault = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    matches!(
        fault,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::PeerIncompatible(_)
            | rustls::Error::InvalidMessage(_)
            | rustls::Error::AlertReceived(_)
    )
    .then_some(fault)
}

fn words(error: &Error) -> String {
    match error {
        Error::HostNotFound => t!(Lang::En, "reason.host_unknown"),
        Error::Timeout(Timeout::Resolve) => t!(Lang::En, "reason.host_late"),
        Error::Timeout(Timeout::Connect) => t!(Lang::En, "reason.connect_late"),
        Error::Timeout(Timeout::SendBody) => t!(Lang::En, "reason.send_late"),
        Error::Timeout(_) => t!(Lang::En, "reason.no_answer"),
        Error::Io(error) => match tls_fault(error) {
            Some(fault) => tls_words(fault),
            None => io_words(error),
        },
        other => {
            let mut words = other.to_string();
            if let Some(source) =
                other.source().filter(|source| !words.contains(&source.to_string()))
            {
                words = format!("{words}: {source}");
            }
            words
        }
    }
}

/// What is wrong with a certificate, as far as an operator can do something about it.
fn tls_words(fault: &rustls::Error) -> String {
    use rustls::CertificateError as Wrong;
    let rustls::Error::InvalidCertificate(wrong) = fault else { return fault.to_string() };
    match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            t!(Lang::En, "reason.cert_expired", detail = fault)
        }
        Wrong::UnknownIssuer => t!(Lang::En, "reason.cert_unknown", detail = fault),
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            t!(Lang::En, "reason.cert_name", detail = fault)
        }
        _ => fault.to_string(),
    }
}

fn io_words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => t!(Lang::En, "reason.refused"),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            t!(Lang::En, "reason.cut_off")
        }
        ErrorKind::TimedOut | ErrorKind::WouldBlock => t!(Lang::En, "reason.no_answer"),
        _ if is_unresolved(error) => t!(Lang::En, "reason.host_unknown"),
        ErrorKind::UnexpectedEof => t!(Lang::En, "reason.closed"),
        _ => error.to_string(),
    }
}

fn refused(reason: String, redactor: &Redactor) -> Reply {
    let reason = visible(&redactor.clean(&reason));
    Reply::Failed { is_unsure: false, is_final: true, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date_by_the_servers_own_clock() {
        let date = Some("Thu, 01 Jan 2026 00:00:00 GMT");
        for (text, wait) in [
            ("34", Some(34_000)),
            ("0.5", Some(500)),
            ("Thu, 01 Jan 2026 00:02:00 GMT", Some(120_000)),
            ("Wed, 31 Dec 2025 00:02:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("1e300", None),
        ] {
            assert_eq!(retry_after(text, date), wait, "{text}");
        }
        assert_eq!(retry_after("Thu, 01 Jan 2026 00:02:00 GMT", None), None);
    }
}
