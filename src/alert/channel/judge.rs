//! What replies mean, as far as services agree.

use serde_json::Value;
use ureq::http::StatusCode;

use super::{Outcome, Reply};
use crate::locale::{Lang, visible};
use crate::t;

/// Longest text of a service in a reason.
const SAID_MAX: usize = 200;
/// Longest wait that a service may ask for: a day, in milliseconds.
const WAIT_MAX_MS: u64 = 24 * 3_600_000;

/// Judges an answer by HTTP: first as the service says, then by its status.
pub(super) fn http(reply: &Reply, own: impl Fn(u16, &str) -> Option<Outcome>) -> Outcome {
    match reply {
        Reply::Http { status, retry_after_ms, body } => {
            own(*status, body).unwrap_or_else(|| by_status(*status, *retry_after_ms, body))
        }
        other => failed(other),
    }
}

/// What a status means everywhere.
pub(super) fn by_status(status: u16, retry_after_ms: Option<u64>, body: &str) -> Outcome {
    let reason = reason(status, body);
    match status {
        200..=299 => Outcome::Sent,
        408 | 425 | 429 | 500..=599 => Outcome::Again {
            after_ms: longest(retry_after_ms, wait(body)),
            // Whoever stands between may have lost the answer only.
            is_unsure: matches!(status, 408 | 502 | 504),
            reason,
        },
        // A redirect is followed by nobody: it could carry the token elsewhere.
        300..=399 | 401 | 402 | 403 | 404 | 405 | 407 | 410 => {
            Outcome::Refused { reason, is_channel: true }
        }
        _ => Outcome::Refused { reason, is_channel: false },
    }
}

/// What it means that no answer came.
pub(super) fn failed(reply: &Reply) -> Outcome {
    match reply {
        Reply::Failed { is_final: true, reason, .. } => {
            Outcome::Refused { reason: reason.clone(), is_channel: true }
        }
        Reply::Failed { is_unsure, reason, .. } => {
            Outcome::Again { after_ms: None, is_unsure: *is_unsure, reason: reason.clone() }
        }
        Reply::Http { .. } | Reply::Mail { .. } | Reply::Ended { .. } => Outcome::Again {
            after_ms: None,
            is_unsure: true,
            reason: t!(Lang::En, "reason.other_kind"),
        },
    }
}

/// A good status without the body that the service sends with it: something in between answered,
/// or the answer was cut off.
pub(super) fn strange(status: u16, body: &str) -> Outcome {
    let reason = t!(Lang::En, "reason.strange", said = reason(status, body));
    Outcome::Again { after_ms: None, is_unsure: true, reason }
}

/// Judges a service whose good answers are JSON with the field `proof`.
pub(super) fn with_proof(reply: &Reply, proof: &str) -> Outcome {
    http(reply, |status, body| {
        let has_proof = || json(body).is_some_and(|json| json.get(proof).is_some());
        ((200..=299).contains(&status) && !has_proof()).then(|| strange(status, body))
    })
}

/// Judges a bot's answer as Telegram and Zalo give it: `{"ok":false,"error_code":…}` is a failure
/// whatever the status. `is_channel` says of a description of code 400 whether no message will
/// ever be taken.
pub(super) fn bot(reply: &Reply, is_channel: fn(&str) -> bool) -> Outcome {
    let Reply::Http { status, retry_after_ms, body } = reply else { return failed(reply) };
    let Some(answer) = json(body) else {
        // A page of HTML: a wrong token at Zalo, a proxy, a gateway in trouble.
        return match status {
            200..=299 => strange(*status, body),
            _ => by_status(*status, *retry_after_ms, body),
        };
    };
    match answer.get("ok").and_then(Value::as_bool) {
        Some(true) if (200..=299).contains(status) => return Outcome::Sent,
        Some(false) => {}
        _ if (200..=299).contains(status) => return strange(*status, body),
        _ => {}
    }
    let code = answer
        .get("error_code")
        .and_then(Value::as_u64)
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (300..=599).contains(code))
        .unwrap_or(*status);
    if (200..=299).contains(&code) {
        // A failure without a code that means something: it may pass.
        let reason = reason(*status, body);
        return Outcome::Again { after_ms: wait(body), is_unsure: false, reason };
    }
    let outcome = by_status(code, *retry_after_ms, body);
    let told = answer.get("description").and_then(Value::as_str).unwrap_or_default();
    match outcome {
        Outcome::Refused { reason, .. } if code == 400 => {
            Outcome::Refused { reason, is_channel: is_channel(&told.to_ascii_lowercase()) }
        }
        other => other,
    }
}

/// Status, its name and what the service said.
pub(super) fn reason(status: u16, body: &str) -> String {
    let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut reason = match name {
        Some(name) => format!("{status} {name}"),
        None => status.to_string(),
    };
    let said = said(body);
    if !said.is_empty() {
        reason.push_str(": ");
        reason.push_str(&said);
    }
    reason
}

/// What a body says, short and harmless.
fn said(body: &str) -> String {
    const PLACES: [&str; 7] = [
        "/description",
        "/errorDescription",
        "/error/message",
        "/error",
        "/message",
        "/errcode",
        "/code",
    ];
    let told = json(body).and_then(|json| {
        PLACES.iter().find_map(|place| json.pointer(place)?.as_str().map(str::to_owned))
    });
    let text = told.as_deref().unwrap_or(body).trim();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = visible(&line).chars().take(SAID_MAX).collect();
    if short.chars().count() == SAID_MAX {
        short.push('…');
    }
    short
}

/// How long a body asks to wait, in milliseconds: seconds by Telegram and Discord, milliseconds by
/// Matrix.
fn wait(body: &str) -> Option<u64> {
    let json = json(body)?;
    let seconds = json.pointer("/parameters/retry_after").or_else(|| json.get("retry_after"));
    let ms = match (seconds.and_then(Value::as_f64), json.get("retry_after_ms")) {
        (Some(seconds), _) => seconds * 1_000.0,
        (None, Some(ms)) => ms.as_f64()?,
        (None, None) => return None,
    };
    std::time::Duration::try_from_secs_f64((ms / 1_000.0).max(0.0))
        .ok()
        .and_then(|wait| u64::try_from(wait.as_millis()).ok())
        .map(|ms| ms.min(WAIT_MAX_MS))
}

fn longest(header: Option<u64>, body: Option<u64>) -> Option<u64> {
    header.map(|ms| ms.min(WAIT_MAX_MS)).max(body)
}

/// A body as an object of JSON.
pub(super) fn json(body: &str) -> Option<Value> {
    serde_json::from_str::<Value>(body).ok().filter(Value::is_object)
}
