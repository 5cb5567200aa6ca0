//! A time server's time, beside this machine's (RFC 5905; what is sent tells nothing about us, as
//! in draft-ietf-ntp-data-minimization).

use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::outcome::{Detail, Failure};
use crate::model::{ServiceCheck, ServiceTrouble, Threshold};

/// A packet without extensions, in bytes.
const PACKET: usize = 48;
/// Seconds from 1900 to 1970.
const TO_UNIX_S: i64 = 2_208_988_800;
/// Version 4, client.
const ASK: u8 = 0x23;
/// Packets sent to a silent server: one that is lost is no silence.
pub(super) const TRIES: u32 = 3;

/// Asks for the time.
pub(super) async fn ask(check: &ServiceCheck, offset_ms: u32) -> Result<Detail, Failure> {
    let mut packet = [0_u8; PACKET];
    packet[0] = ASK;
    // A number of ours in the place of the time: it comes back and tells the answer from others.
    getrandom::fill(&mut packet[40..]).map_err(|_| Failure::Local(0))?;
    let token: [u8; 8] = packet[40..].try_into().unwrap_or_default();
    let socket = socket(check).await?;
    let each = Duration::from_millis((check.timeout_ms / TRIES).into());
    let mut answer = [0_u8; 1_024];
    for _ in 0..TRIES {
        let (sent, sent_us) = (Instant::now(), wall_us());
        socket.send(&packet).await?;
        let until = sent + each;
        while let Ok(read) = tokio::time::timeout_at(until, socket.recv(&mut answer)).await {
            let read = read?;
            let took = sent.elapsed();
            let Some(answer) = answer[..read].first_chunk::<PACKET>() else { continue };
            if answer[24..32] != token {
                continue;
            }
            let took_us = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
            let offset_us = judge(answer, sent_us, took_us)?;
            let mut detail = Detail::took(took);
            detail.point("ntp.offset_us", offset_us);
            let is_over = offset_us.unsigned_abs() > u64::from(offset_ms) * 1_000;
            detail.over = is_over.then_some(Threshold::Clock);
            return Ok(detail);
        }
    }
    Err(ServiceTrouble::Silent.into())
}

/// A socket that hears nobody but who is asked.
pub(super) async fn socket(check: &ServiceCheck) -> Result<UdpSocket, Failure> {
    let any: std::net::SocketAddr = match check.address.is_ipv4() {
        true => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        false => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect((check.address, check.port)).await?;
    Ok(socket)
}

/// How much the server's clock is ahead of ours, in microseconds, given when we sent and how long
/// the answer took.
fn judge(answer: &[u8; PACKET], sent_us: i64, took_us: i64) -> Result<i64, ServiceTrouble> {
    let (leap, mode, stratum) = (answer[0] >> 6, answer[0] & 7, answer[1]);
    if mode != 4 {
        return Err(ServiceTrouble::Malformed);
    }
    if leap == 3 || stratum == 0 || stratum > 15 {
        return Err(ServiceTrouble::NotSynchronised);
    }
    let received_us = unix_us(&answer[32..40]);
    let transmitted_us = unix_us(&answer[40..48]);
    Ok(((received_us - sent_us) + (transmitted_us - (sent_us + took_us))) / 2)
}

/// An NTP time in microseconds of Unix time; the era is the one of the years 1968 to 2104.
fn unix_us(bytes: &[u8]) -> i64 {
    let part = |at: usize| bytes.iter().skip(at).take(4).fold(0_i64, |n, b| n << 8 | i64::from(*b));
    let (seconds, fraction) = (part(0), part(4));
    let era = if seconds & 0x8000_0000 == 0 { 1_i64 << 32 } else { 0 };
    (seconds + era - TO_UNIX_S) * 1_000_000 + ((fraction * 1_000_000) >> 32)
}

#[expect(clippy::disallowed_methods, reason = "the wall clock is what is compared")]
fn wall_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
