//! What templates know: the notice as it is, every text in it made harmless, and helpers that spare
//! a template from reckoning.

use std::collections::BTreeMap;

use minijinja::value::Value;

use super::clean::{clean, value};
use super::filters::Moment;
use super::{digest, subject};
use crate::alert::notice::{Notice, Topic};
use crate::locale;
use crate::model::{Cause, IncidentId, SubjectKind};

/// A message that leaves so much later than there was something to say says so.
const LATE_MS: i64 = 10 * 60_000;

/// Signs that are named; all are counted.
const SIGNS_MAX: usize = 8;

/// Parts of a digest that templates get one by one; all are counted.
const PARTS_MAX: usize = 100;

/// Every name that templates may use beside those they set; documented in `docs/alerts.md`.
pub(super) const NAMES: [&str; 47] = [
    "ack",
    "at",
    "command",
    "contact",
    "cut",
    "ended",
    "guess",
    "head",
    "heir",
    "incident",
    "is_blind",
    "is_late",
    "is_line",
    "is_past",
    "is_taken",
    "lang",
    "lasted_ms",
    "lines",
    "link",
    "merged_count",
    "merged_into",
    "moment",
    "more_lines",
    "network",
    "now",
    "open_count",
    "parts",
    "parts_count",
    "place",
    "reason",
    "recovered_count",
    "root",
    "services",
    "services_count",
    "severity",
    "signs",
    "signs_count",
    "since",
    "state",
    "storm",
    "subject",
    "suspicion",
    "target",
    "through",
    "topic",
    "unreachable",
    "until",
];

/// The same for what begins with `units`, and what the language of templates brings.
pub(super) const MORE_NAMES: [&str; 8] =
    ["units", "units_count", "loop", "range", "dict", "namespace", "debug", "span"];

/// The variables of one message.
pub(super) fn facts(
    notice: &Notice,
    moment: &Moment,
    lines: &[String],
    link: Option<&str>,
) -> Value {
    let mut facts: BTreeMap<String, Value> = BTreeMap::new();
    // Parts are cut before they are turned over: a thousand of them would cost a second.
    let short = Notice { parts: Vec::new(), ..notice.clone() };
    let mut raw = serde_json::to_value(short).unwrap_or_default();
    if let Some(fields) = raw.as_object_mut() {
        for (name, field) in std::mem::take(fields) {
            facts.insert(name, value(field));
        }
    }
    let parts: Vec<Value> = digest::told(&notice.parts)
        .into_iter()
        .take(PARTS_MAX)
        .map(|part| {
            let short = Notice { parts: Vec::new(), units: Vec::new(), ..part.clone() };
            value(serde_json::to_value(short).unwrap_or_default())
        })
        .collect();
    let mut put = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    put("parts", parts.into());
    // Of a channel's trouble why; of other messages a channel's name, which is no reason of ours.
    if let Some(reason) = &notice.reason {
        put("reason", clean(&locale::reason(moment.lang, reason)).into());
    }
    put_words(notice, moment, &mut put);
    put_times(notice, moment, &mut put);
    put_counts(notice, lines, &mut put);
    let incident = notice.incident.as_ref();
    put("link", incident.zip(link).map(|(id, link)| address(link, id)).unwrap_or_default().into());
    put("command", command(notice).unwrap_or_default().into());
    put("moment", Value::from_object(moment.clone()));
    Value::from(facts)
}

fn put_words(notice: &Notice, moment: &Moment, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let lang = moment.lang;
    put("lang", lang.as_str().into());
    put("state", subject::state(notice, lang).into());
    put("head", subject::state(notice, lang).to_uppercase().into());
    put("place", subject::place(notice, lang).into());
    put("target", subject::target(notice, lang).into());
    put("root", subject::root(notice, lang).into());
    put("heir", notice.merged_into.as_ref().map(subject::root_of).unwrap_or_default().into());
    let network = notice.subject.as_ref().and_then(|s| subject::network(s, lang));
    put("network", network.unwrap_or_default().into());
    let is_line = |kind| kind == SubjectKind::Connection;
    put("is_blind", subject::is_blind(notice).into());
    put("is_line", notice.subject.as_ref().is_some_and(|s| is_line(s.kind)).into());
    let contact = notice.subject.as_ref().map(|s| &s.contact);
    let contact: Vec<String> = contact
        .into_iter()
        .flat_map(|c| [&c.name, &c.phone, &c.email])
        .flatten()
        .map(|part| clean(part))
        .filter(|part| !part.is_empty())
        .collect();
    put("contact", contact.join(", ").into());
    let guess = notice.guess.as_ref();
    let said = guess.filter(|g| g.cause != Cause::Unknown);
    put("suspicion", said.map(|g| locale::guess_words(lang, g)).unwrap_or_default().into());
    let signs = guess.map_or(&[][..], |g| &g.signs);
    put("signs_count", signs.len().into());
    let words = signs.iter().take(SIGNS_MAX).map(|sign| clean(&locale::sign_words(lang, sign)));
    put("signs", words.collect::<Vec<String>>().into());
}

fn put_times(notice: &Notice, moment: &Moment, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let over = notice.topic.is_over();
    let ended = notice.until.or(over.then_some(notice.at));
    let taken = notice.ack.as_ref().is_some_and(|ack| ack.holds_at(moment.now));
    put("now", moment.now.to_string().into());
    put("ended", ended.unwrap_or(notice.at).to_string().into());
    put("is_past", (over || notice.until.is_some()).into());
    put("is_taken", taken.into());
    let lasted = ended.unwrap_or(moment.now).0.saturating_sub(notice.since.0);
    put("lasted_ms", lasted.max(0).into());
    let late = moment.now.0.saturating_sub(notice.at.0) >= LATE_MS;
    put(
        "is_late",
        (late
            && !matches!(
                notice.topic,
                Topic::Digest | Topic::Passed | Topic::StormBegan | Topic::StormEnded
            ))
        .into(),
    );
}

fn put_counts(
    notice: &Notice,
    lines: &[String],
    put: &mut impl FnMut(&str, Value) -> Option<Value>,
) {
    put("cut", cut(notice).into());
    put("services_count", notice.services.len().into());
    let told = digest::told(&notice.parts);
    let over = told.iter().filter(|part| part.topic.is_over()).count();
    let merged = told.iter().filter(|part| part.topic == Topic::Merged).count();
    put("parts_count", told.len().into());
    put("recovered_count", (over - merged).into());
    put("merged_count", merged.into());
    put("open_count", (told.len() - over).into());
    put("lines", lines.to_vec().into());
    put("more_lines", told.len().saturating_sub(lines.len()).into());
}

/// Whom it cuts off: `others` beside the root's own unit, its `own` only, or `none`.
fn cut(notice: &Notice) -> &'static str {
    let own = notice.subject.as_ref().map(|s| &s.unit.id);
    match notice.units_count {
        0 => "none",
        1 if notice.units.first().map(|u| &u.id) == own => "own",
        _ if subject::is_blind(notice) => "none",
        _ => "others",
    }
}

/// What an operator types to take it, or to try a channel; `None` where there is nothing to take
/// (blindness is nobody's) and for a name that a shell could read otherwise.
fn command(notice: &Notice) -> Option<String> {
    let (verb, name) = match notice.topic {
        Topic::ChannelLost => ("alert test", notice.through.as_deref()?),
        _ if subject::is_blind(notice) => return None,
        Topic::Merged => ("ack", notice.merged_into.as_ref()?.as_str()),
        _ => ("ack", notice.incident.as_ref()?.as_str()),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:".contains(c);
    let is_safe = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    (is_safe && name.chars().all(is_plain) && name.len() <= 200)
        .then(|| format!("tuantra {verb} {name}"))
}

/// The link with the incident's id in it, encoded as a part of a path or of a query (RFC 3986).
fn address(pattern: &str, incident: &IncidentId) -> String {
    let mut id = String::new();
    for byte in incident.as_str().bytes().take(200) {
        match byte {
            b'-' | b'.' | b'_' | b'~' => id.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => id.push(char::from(byte)),
            _ => id.push_str(&format!("%{byte:02X}")),
        }
    }
    // Not `clean`ed: a link that is cut leads nowhere. What hides in it is written out all the same.
    locale::visible(&pattern.replace("{incident}", &id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::alert::text::{TOPICS, sample};
    use crate::locale::Lang;

    #[test]
    fn every_variable_is_known_and_documented() {
        let moment = Moment { lang: Lang::Vi, zone: TimeZone::UTC, now: sample::NOW };
        let mut seen = BTreeSet::new();
        for (topic, _) in TOPICS {
            for notice in sample::notices(topic) {
                let facts = facts(&notice, &moment, &[], None);
                seen.extend(facts.try_iter().unwrap().map(|name| name.to_string()));
            }
        }
        let known: BTreeSet<String> = NAMES.iter().map(ToString::to_string).collect();
        let units = ["units", "units_count"].map(str::to_owned);
        assert_eq!(seen, known.into_iter().chain(units).collect());
        let page = include_str!("../../../docs/alerts.md");
        for name in seen.iter().filter(|name| *name != "moment") {
            assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/alerts.md");
        }
    }

    #[test]
    fn messages_are_tried_on_all_that_they_may_have() {
        let all = TOPICS.iter().flat_map(|(topic, _)| sample::notices(*topic));
        let full = all.filter(|n| n.subject.as_ref().is_some_and(|s| s.hotline.is_some()));
        assert!(full.count() >= 10, "the sample's ids are slugs");
    }
}
