//! A TLS handshake, and how long the certificate lasts.

use std::io;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, Error};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::validity;
use super::outcome::{Detail, Failure, us};
use super::tcp::connect;
use super::trust::Trust;
use crate::model::{ServiceCheck, ServiceTrouble, Threshold, TlsAsk, UnixMs};

const DAY_MS: i64 = 86_400_000;

/// Shakes hands and hangs up.
pub(super) async fn ask(
    check: &ServiceCheck,
    ask: &TlsAsk,
    trust: &Trust,
) -> Result<Detail, Failure> {
    let began = Instant::now();
    let stream = connect((check.address, check.port).into()).await?;
    let connected = began.elapsed();
    let stream = handshake(stream, ask, trust).await?;
    let mut detail = Detail::took(began.elapsed());
    detail.point("tls.connect_us", us(connected));
    note_expiry(&stream, ask, &mut detail);
    Ok(detail)
}

/// TLS over a connection.
pub(super) async fn handshake(
    stream: TcpStream,
    ask: &TlsAsk,
    trust: &Trust,
) -> Result<TlsStream<TcpStream>, Failure> {
    let name = ServerName::try_from(&*ask.name).map_err(|_| ServiceTrouble::OtherName)?.to_owned();
    let connector = TlsConnector::from(trust.config(ask));
    connector.connect(name, stream).await.map_err(failure)
}

/// How many whole days the certificate lasts, and whether that is too few.
pub(super) fn note_expiry(stream: &TlsStream<TcpStream>, ask: &TlsAsk, detail: &mut Detail) {
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    let Some((_, to)) = certificate.and_then(|der| validity(der)) else { return };
    let left_ms = to.since(now());
    detail.point("tls.days_left", left_ms.div_euclid(DAY_MS));
    if left_ms < i64::from(ask.expiry_days) * DAY_MS {
        detail.over = Some(Threshold::Certificate);
    }
}

#[expect(clippy::disallowed_methods, reason = "a certificate's end is told by the wall clock")]
fn now() -> UnixMs {
    jiff::Timestamp::now().into()
}

/// What a failed handshake says of the service.
fn failure(error: io::Error) -> Failure {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return error.into();
    };
    let trouble = match tls {
        Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ServiceTrouble::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ServiceTrouble::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                ServiceTrouble::OtherName
            }
            _ => ServiceTrouble::Untrusted,
        },
        Error::AlertReceived(AlertDescription::UnrecognisedName) => ServiceTrouble::OtherName,
        Error::AlertReceived(_) | Error::PeerIncompatible(_) => ServiceTrouble::Handshake,
        _ => ServiceTrouble::Malformed,
    };
    trouble.into()
}
