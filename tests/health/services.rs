//! The services that channels lead to, as a table has them answer, and what they got.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::tz::TimeZone;
use tuantra::alert::channel::Outcome;
use tuantra::alert::{Notice, Parcel, Texts, Topic};
use tuantra::daemon::replay::{Answer, Service};
use tuantra::locale::Lang;
use tuantra::model::UnixMs;

use super::play::Played;
use super::scene::duration;
use super::words::{Base, ZONE, rows};

/// When a call that hangs is given up.
const TIMEOUT_MS: i64 = 30_000;

/// A message that a service got.
#[derive(Debug, Clone)]
pub struct Got {
    at: UnixMs,
    channel: String,
    key: String,
    notice: Notice,
    /// Its answer was not heard, or is not heard yet.
    is_unsure: bool,
}

/// What a service does.
#[derive(Debug, Clone)]
struct Manner {
    answer: Answer,
    /// It has the message all the same.
    is_taken: bool,
}

impl Manner {
    fn read(text: &str) -> Result<Self, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let reason = text.to_owned();
        let again =
            |after_ms, is_unsure| Outcome::Again { after_ms, is_unsure, reason: reason.clone() };
        let at_once = |outcome: Outcome| {
            let is_taken = outcome == Outcome::Sent;
            let parts_done = usize::from(is_taken);
            Self { answer: Answer { outcome, parts_done, after_ms: 0 }, is_taken }
        };
        let late = |outcome: Outcome, is_taken, after_ms| Self {
            is_taken,
            ..Self { answer: Answer { after_ms, ..at_once(outcome.clone()).answer }, is_taken }
        };
        Ok(match (word, rest) {
            ("ok", "") => at_once(Outcome::Sent),
            // It has the message; its answer comes after so long.
            ("ok", _) => late(Outcome::Sent, true, duration(rest.trim_start_matches("after "))?),
            ("429", "") => at_once(again(None, false)),
            ("429", _) => {
                let ms = duration(rest)?.unsigned_abs();
                at_once(again(Some(ms), false))
            }
            ("500" | "away", "") => at_once(again(None, false)),
            // It has the message; the answer is lost on its way.
            ("unheard", "") => late(again(None, true), true, TIMEOUT_MS),
            ("hangs", "") => late(again(None, true), false, TIMEOUT_MS),
            ("refuses", "") => at_once(Outcome::Refused { reason, is_channel: false }),
            ("revoked", "") => at_once(Outcome::Refused { reason, is_channel: true }),
            _ => return Err(format!("a service does not '{text}'")),
        })
    }
}

/// Every service.
pub struct Services {
    manners: BTreeMap<String, Vec<(UnixMs, Manner)>>,
    got: Rc<RefCell<Vec<Got>>>,
}

impl Services {
    pub fn read(text: &str, base: Base) -> Result<Self, String> {
        let mut manners: BTreeMap<String, Vec<(UnixMs, Manner)>> = BTreeMap::new();
        for row in rows(text) {
            let [at, channel, what] = &row[..] else {
                return Err(format!("'{}' is not 'at | channel | what'", row.join(" | ")));
            };
            let manner = (base.time(at)?, Manner::read(what)?);
            manners.entry(channel.clone()).or_default().push(manner);
        }
        Ok(Self { manners, got: Rc::default() })
    }

    pub fn player(&self) -> Service {
        let (manners, got) = (self.manners.clone(), Rc::clone(&self.got));
        Box::new(move |parcel: &Parcel, now: UnixMs| {
            let channel = parcel.channel.to_string();
            let mut of_channel = manners.get(&channel).into_iter().flatten();
            let manner = of_channel.rfind(|(from, _)| *from <= now);
            let answer = Answer { outcome: Outcome::Sent, parts_done: 1, after_ms: 0 };
            let manner = manner.map_or(Manner { answer, is_taken: true }, |(_, m)| m.clone());
            if manner.is_taken {
                got.borrow_mut().push(Got {
                    at: now,
                    channel,
                    key: parcel.key.clone(),
                    notice: parcel.notice.clone(),
                    is_unsure: manner.answer.after_ms > 0,
                });
            }
            manner.answer
        })
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.borrow().clone()
    }
}

/// `down trunk, 3 units`, of a digest all that it is made of.
fn said(base: Base, notice: &Notice) -> String {
    let topic = serde_json::to_value(notice.topic).unwrap_or_default();
    let topic = topic.as_str().unwrap_or_default().replace('_', " ");
    if notice.topic == Topic::Digest {
        let parts: Vec<String> = notice.parts.iter().map(|part| said(base, part)).collect();
        let storm = notice.storm.as_ref().map(|storm| format!("{} storm ", storm.unit));
        let storm = storm.unwrap_or_default();
        return format!("{storm}digest of {}: {}", parts.len(), parts.join("; "));
    }
    let mut text = topic;
    if let Some(storm) = &notice.storm {
        text = match notice.topic {
            Topic::StormEnded if storm.is_gone => format!("{text} {}, gone", storm.unit),
            Topic::StormEnded => {
                format!("{text} {}, {} folded, {} open", storm.unit, storm.folded, storm.open)
            }
            _ => format!("{text} {} to {}", storm.unit, base.say(storm.until)),
        };
    }
    let subject = notice.subject.as_ref().map(|s| s.id.to_string());
    for word in [subject, notice.through.clone()].into_iter().flatten() {
        text = format!("{text} {word}");
    }
    if let Some(heir) = &notice.merged_into {
        let (root, _) = heir.as_str().rsplit_once('@').unwrap_or((heir.as_str(), ""));
        text = format!("{text} into {root}");
    }
    if notice.units_count > 1 {
        text = format!("{text}, {} units", notice.units_count);
    }
    if let (Topic::Passed, Some(until)) = (notice.topic, notice.until) {
        text = format!("{text} {} to {}", base.say(notice.since), base.say(until));
    }
    if let (Topic::Acknowledged | Topic::Escalation | Topic::Reminder, Some(ack)) =
        (notice.topic, &notice.ack)
    {
        text = format!("{text} by {}", ack.by);
    }
    if let (Some(reason), true) = (&notice.reason, notice.incident.is_some()) {
        text = format!("{text} for {reason}");
    }
    text
}

/// Every message that a service got: the ones whose answer was not heard at once are marked, and
/// those that it had before under the same key.
pub fn messages(played: &Played) -> Vec<String> {
    let mut keys = std::collections::BTreeSet::new();
    let got = played.got.iter().map(|got| {
        let is_again = !keys.insert((got.channel.clone(), got.key.clone()));
        let unsure = if got.is_unsure { ", unheard" } else { "" };
        let again = if is_again { ", again" } else { "" };
        let what = said(played.base, &got.notice);
        format!("{} | {} | {what}{unsure}{again}", played.base.say(got.at), got.channel)
    });
    got.collect()
}

/// The same by their titles, in English.
pub fn titles(played: &Played) -> Vec<String> {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let texts = Texts::builtin();
    let got = played.got.iter().map(|got| {
        let words = texts.words(&got.notice, Lang::En, &zone, got.at);
        let title = words.map_or_else(|error| error.to_string(), |words| words.title);
        format!("{} | {} | {title}", played.base.say(got.at), got.channel)
    });
    got.collect()
}

/// Where each channel's messages stand.
pub fn outbox(played: &Played) -> Vec<String> {
    let mut channels: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for message in played.replay.outbox().values() {
        let states = channels.entry(message.channel.to_string()).or_default();
        *states.entry(message.state.as_str()).or_default() += 1;
    }
    let line = |(channel, states): (String, BTreeMap<&str, usize>)| {
        let states: Vec<String> = states.iter().map(|(s, n)| format!("{s} {n}")).collect();
        format!("{channel} | {}", states.join(", "))
    };
    channels.into_iter().map(line).collect()
}
