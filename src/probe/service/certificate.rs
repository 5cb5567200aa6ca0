//! From when until when a certificate is valid: the one thing of X.509 that the verifier does not
//! tell (RFC 5280, section 4.1.2.5).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::model::UnixMs;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when until when, both inclusive; `None` of what is no certificate.
pub(super) fn validity(der: &[u8]) -> Option<(UnixMs, UnixMs)> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = any(rest)?.2;
    }
    // Serial number, algorithm and issuer come before it.
    for _ in 0..3 {
        rest = any(rest)?.2;
    }
    let (validity, _) = element(rest, SEQUENCE)?;
    let (from, rest) = time(validity)?;
    let (to, _) = time(rest)?;
    Some((from, to))
}

/// The content of an element that must be of this kind, and what follows it.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any(der)?;
    (found == kind).then_some((content, rest))
}

/// An element's kind and content, and what follows it.
fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)), rest)
        }
        // The indefinite length is none of DER; more than 4 GiB is no certificate.
        0x80 | 0x85.. => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*kind, content, rest))
}

fn time(der: &[u8]) -> Option<(UnixMs, &[u8])> {
    let (kind, content, rest) = any(der)?;
    let digits = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let pair = |at: usize| digits.get(at..at + 2)?.parse::<i8>().ok();
    let (year, at) = match (kind, digits.len()) {
        (UTC_TIME, 12) => {
            let year = i16::from(pair(0)?);
            (year + if year < 50 { 2000 } else { 1900 }, 2)
        }
        (GENERALIZED_TIME, 14) => (digits.get(..4)?.parse::<i16>().ok()?, 4),
        _ => return None,
    };
    let time = DateTime::new(
        year,
        pair(at)?,
        pair(at + 2)?,
        pair(at + 4)?,
        pair(at + 6)?,
        pair(at + 8)?,
        0,
    );
    let instant = TimeZone::UTC.to_timestamp(time.ok()?).ok()?;
    Some((instant.into(), rest))
}
