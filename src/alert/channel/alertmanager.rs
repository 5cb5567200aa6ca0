//! The shape in which Prometheus' Alertmanager calls webhooks (version 4), which many programs take.
//! <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>

use serde_json::{Map, Value, json};

use super::Letter;
use super::look::{digest, topic_word};
use crate::alert::notice::{Notice, Severity, StormNote, Topic};

/// What stands for "not yet": the zero of Go's clock.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The bodies of a letter's calls, each at most `bytes_max` long where one alert is; a digest may
/// take several.
pub(super) fn bodies(letter: &Letter<'_>, receiver: &str, bytes_max: usize) -> Vec<Value> {
    let parts = &letter.notice.parts;
    let alerts: Vec<Value> = if parts.is_empty() {
        vec![alert(letter.notice, letter.key, Some((letter.title, letter.body)))]
    } else {
        let key = |n: usize| format!("{}/{n}", letter.key);
        parts.iter().enumerate().map(|(n, part)| alert(part, &key(n), None)).collect()
    };
    let mut bodies = Vec::new();
    let mut open: Vec<Value> = Vec::new();
    let mut bytes = 0;
    // What stands around the alerts: common labels and the words.
    let room = bytes_max.saturating_sub(4_096 + letter.title.len() + 2 * letter.body.len());
    for alert in alerts {
        let size = alert.to_string().len() + 1;
        if bytes + size > room && !open.is_empty() {
            bodies.push(group(letter, receiver, std::mem::take(&mut open)));
            bytes = 0;
        }
        bytes += size;
        open.push(alert);
    }
    bodies.push(group(letter, receiver, open));
    bodies
}

fn group(letter: &Letter<'_>, receiver: &str, alerts: Vec<Value>) -> Value {
    let is_firing = alerts.iter().any(|alert| alert["status"] == "firing");
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{{incident=\"{}\"}}", group_of(letter.notice, letter.key)),
        "truncatedAlerts": 0,
        "status": if is_firing { "firing" } else { "resolved" },
        "receiver": receiver,
        "groupLabels": {},
        "commonLabels": common(&alerts, "labels"),
        "commonAnnotations": { "summary": letter.title, "description": letter.body },
        "externalURL": "",
        "alerts": alerts,
    })
}

/// What is the same of all that is said about one trouble: the incident, a channel by its name, a storm
/// by its own, else the letter alone.
fn group_of(notice: &Notice, key: &str) -> String {
    match (&notice.incident, notice.topic, &notice.through) {
        (Some(incident), ..) => incident.to_string(),
        (None, Topic::StormBegan | Topic::StormEnded, _) => {
            let storm = notice.storm.as_ref().map(StormNote::storm);
            format!("storm:{}", storm.unwrap_or_default())
        }
        (None, Topic::ChannelLost | Topic::ChannelBack, Some(name)) => format!("channel:{name}"),
        (None, ..) => key.to_owned(),
    }
}

/// The kind of trouble.
const fn alert_name(notice: &Notice) -> &'static str {
    match (notice.topic, notice.severity) {
        (Topic::Test, _) => "TuantraTest",
        (Topic::ChannelLost | Topic::ChannelBack, _) => "TuantraChannel",
        (Topic::StormBegan | Topic::StormEnded, _) => "TuantraStorm",
        (_, Severity::Blind) => "TuantraBlind",
        _ => "TuantraIncident",
    }
}

/// Labels with the same value on all alerts.
fn common(alerts: &[Value], field: &str) -> Map<String, Value> {
    let Some(first) = alerts.first().and_then(|alert| alert[field].as_object()) else {
        return Map::new();
    };
    let is_common = |(name, value): &(&String, &Value)| {
        alerts.iter().all(|alert| alert[field][*name] == **value)
    };
    first.iter().filter(is_common).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// One alert. Its labels say what it is about, and receivers know it again by them; so what changes
/// while the trouble lasts, how bad it is among it, is in the annotations. Labels from the inventory
/// change with the inventory; the fingerprint is made of `incident` and does not.
fn alert(notice: &Notice, key: &str, words: Option<(&str, &str)>) -> Value {
    // Nothing is wrong, and nothing would ever end it.
    let over = notice.topic.is_over() || notice.topic == Topic::Test;
    let identity = group_of(notice, key);
    let mut labels = Map::new();
    let mut label = |name: &str, value: String| {
        labels.insert(name.to_owned(), Value::String(value));
    };
    label("alertname", alert_name(notice).to_owned());
    label("incident", identity.clone());
    if let Some(subject) = &notice.subject {
        label("subject", subject.id.to_string());
        label("kind", subject.kind.as_str().to_owned());
        label("unit", subject.unit.id.to_string());
        if let Some((_, network)) = &subject.network {
            label("network", network.clone());
        }
        if let Some(carrier) = &subject.carrier {
            label("carrier", carrier.clone());
        }
    }
    let is_storm = matches!(notice.topic, Topic::StormBegan | Topic::StormEnded);
    if let Some(storm) = notice.storm.as_ref().filter(|_| is_storm) {
        label("unit", storm.unit.to_string());
    }
    if let Some(through) = &notice.through {
        label("through", through.clone());
    }
    let mut annotations = Map::new();
    let mut annotation = |name: &str, value: String| {
        annotations.insert(name.to_owned(), Value::String(value));
    };
    annotation("topic", topic_word(notice.topic));
    annotation("severity", notice.severity.as_str().to_owned());
    if let Some(heir) = &notice.merged_into {
        annotation("merged_into", heir.to_string());
    }
    annotation("units_count", notice.units_count.to_string());
    let units: Vec<&str> = notice.units.iter().map(|unit| unit.name.as_str()).collect();
    annotation("units", units.join(", "));
    if let Some((title, body)) = words {
        annotation("summary", title.to_owned());
        annotation("description", body.to_owned());
    } else if let Some(subject) = &notice.subject {
        annotation("summary", format!("{}: {}", topic_word(notice.topic), subject.unit.name));
    }
    let ends = match notice.until {
        Some(until) => until.to_string(),
        None if over => notice.at.to_string(),
        None => NEVER.to_owned(),
    };
    json!({
        "status": if over { "resolved" } else { "firing" },
        "labels": labels,
        "annotations": annotations,
        "startsAt": notice.since.to_string(),
        "endsAt": if over { ends } else { NEVER.to_owned() },
        "generatorURL": "",
        "fingerprint": digest(&identity, 8),
    })
}
