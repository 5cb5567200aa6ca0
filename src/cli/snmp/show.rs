//! What a device said, for people and for programs. All of it is somebody else's text.

use serde_json::{Value as Json, json};

use super::device::Device;
use super::names;
use crate::locale::{Lang, duration, text as words, visible};
use crate::model::Untrusted;
use crate::probe::snmp::ask::Answers;
use crate::probe::snmp::wire::{Oid, Value};
use crate::probe::snmp::{Reason, SnmpError};
use crate::t;

/// Most bytes written out in hexadecimal.
const HEX_BYTES_MAX: usize = 64;

/// A line for each value.
pub(super) fn text(lang: Lang, answers: &[Answers]) -> String {
    let values = answers.iter().flat_map(Answers::iter);
    let lines = values.map(|(oid, value)| {
        format!("{} = {}\n", names::name(&oid), value_text(lang, &oid, &value))
    });
    lines.collect()
}

/// What is not whole, as a sentence; no more than `limit` values were to be taken.
pub(super) fn remark(lang: Lang, answers: &Answers, limit: usize) -> Option<String> {
    let broken: Vec<String> = answers.broken().iter().map(names::name).collect();
    if answers.is_cut() || (answers.len() >= limit && !broken.is_empty()) {
        return Some(t!(lang, "snmp.cut", count = answers.len()));
    }
    let is_whole = broken.is_empty();
    (!is_whole).then(|| t!(lang, "snmp.broken", objects = broken.join(", ")))
}

fn value_text(lang: Lang, oid: &Oid, value: &Value) -> String {
    match value {
        Value::Integer(number) => number.to_string(),
        Value::Counter32(number) | Value::Gauge32(number) | Value::UInteger32(number) => {
            number.to_string()
        }
        Value::Counter64(number) => number.to_string(),
        Value::TimeTicks(ticks) => {
            format!("{ticks} ({})", duration(lang, i64::from(*ticks) * 10))
        }
        Value::ObjectIdentifier(oid) => names::name(oid),
        Value::IpAddress(bytes) => std::net::Ipv4Addr::from(*bytes).to_string(),
        Value::OctetString(bytes) | Value::Opaque(bytes) | Value::Nsap(bytes) => octets(oid, bytes),
        other => Untrusted::from_text(&format!("{other:?}")).to_string(),
    }
}

/// A text where it is one, else bytes.
fn octets(oid: &Oid, bytes: &[u8]) -> String {
    if names::is_hardware_address(oid) {
        return bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    }
    if is_text(bytes) {
        return Untrusted::from_bytes(bytes).to_string();
    }
    let cut = &bytes[..bytes.len().min(HEX_BYTES_MAX)];
    let hex: String = cut.iter().map(|byte| format!("{byte:02x}")).collect();
    let tail = if cut.len() < bytes.len() { "…" } else { "" };
    format!("0x{hex}{tail}")
}

/// UTF-8 with at least as many letters as control characters: escapes in a description are shown
/// as what they are, an address that happens to be UTF-8 as bytes.
fn is_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim_end_matches('\0');
    let controls = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    2 * controls <= text.chars().count()
}

/// The keys are stable: `values` in the order they came, each with `oid`, `name`, `type` and
/// `value`; of bytes that are no text, `value` is `null`. `missing` is what was asked for and is
/// not there.
pub(super) fn json(device: &Device, answers: &[Answers], missing: &[String]) -> Json {
    let values =
        answers.iter().flat_map(Answers::iter).map(|(oid, value)| value_json(&oid, &value));
    let broken = answers.iter().flat_map(Answers::broken).map(ToString::to_string);
    json!({
        "device": device.name,
        "address": device.address,
        "credential": device.credential.id,
        "values": values.collect::<Vec<_>>(),
        "broken": broken.collect::<Vec<_>>(),
        "cut": answers.iter().any(Answers::is_cut),
        "missing": missing,
        "error": null,
    })
}

fn value_json(oid: &Oid, value: &Value) -> Json {
    let mut json = json!({
        "oid": oid.to_string(),
        "name": names::name(oid),
        "type": value.kind().as_str(),
        "value": match value {
            Value::Integer(number) => json!(number),
            Value::Counter32(number) | Value::Gauge32(number) | Value::UInteger32(number)
            | Value::TimeTicks(number) => json!(number),
            Value::Counter64(number) => json!(number),
            Value::ObjectIdentifier(oid) => json!(oid.to_string()),
            Value::IpAddress(bytes) => json!(std::net::Ipv4Addr::from(*bytes)),
            Value::OctetString(bytes) | Value::Opaque(bytes) | Value::Nsap(bytes)
                if is_text(bytes) && !names::is_hardware_address(oid) =>
            {
                json!(Untrusted::from_bytes(bytes))
            }
            _ => Json::Null,
        },
    });
    if let Value::OctetString(bytes) | Value::Opaque(bytes) | Value::Nsap(bytes) = value {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        json["hex"] = json!(hex);
    }
    json
}

/// Why a device said nothing, with what to do about it.
pub(super) fn failure(lang: Lang, device: &Device, error: &SnmpError) -> String {
    let (name, address) = (visible(&device.name), device.address);
    let reason = match error {
        SnmpError::Silent { likely } => {
            let likely: Vec<&str> = likely
                .iter()
                .map(|reason| {
                    words(
                        lang,
                        match reason {
                            Reason::Credential => "snmp.reason.credential",
                            Reason::AccessList => "snmp.reason.access_list",
                            Reason::Service => "snmp.reason.service",
                            Reason::Device => "snmp.reason.device",
                        },
                    )
                })
                .collect();
            let silent = t!(lang, "snmp.silent", reasons = likely.join(", "));
            format!("{silent} ({})", t!(lang, "snmp.tried", way = device.way(lang)))
        }
        SnmpError::CredentialRefused(report) => {
            let report = words(lang, &format!("snmp.report.{}", report.as_str()));
            t!(lang, "snmp.refused_credential", credential = device.credential.id, report = report)
        }
        SnmpError::IdentityChanged => t!(lang, "snmp.identity_changed"),
        SnmpError::Refused(status) => t!(lang, "snmp.refused", status = status),
        SnmpError::Malformed => t!(lang, "snmp.malformed"),
        SnmpError::Local { what } => t!(lang, "snmp.local", what = visible(what)),
    };
    t!(lang, "snmp.failed", device = name, address = address, reason = reason)
}

/// The same for programs: `error.kind` is one of `silent`, `credential`, `identity_changed`, `refused`,
/// `malformed`, `local`.
pub(super) fn json_failure(device: &Device, error: &SnmpError) -> Json {
    let error = match error {
        SnmpError::Silent { likely } => {
            let likely: Vec<&str> = likely.iter().map(|reason| reason.as_str()).collect();
            json!({ "kind": "silent", "likely": likely })
        }
        SnmpError::CredentialRefused(report) => {
            json!({ "kind": "credential", "report": report.as_str() })
        }
        SnmpError::IdentityChanged => json!({ "kind": "identity_changed" }),
        SnmpError::Refused(status) => json!({ "kind": "refused", "status": status.to_string() }),
        SnmpError::Malformed => json!({ "kind": "malformed" }),
        SnmpError::Local { what } => json!({ "kind": "local", "what": visible(what) }),
    };
    json!({
        "device": device.name,
        "address": device.address,
        "credential": device.credential.id,
        "values": [],
        "broken": [],
        "cut": false,
        "error": error,
    })
}
