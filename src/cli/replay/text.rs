//! A replay's decisions as lines for people.

use crate::alert::Topic;
use crate::config::Config;
use crate::daemon::replay::Decision;
use crate::health::Change;
use crate::locale::{self, Lang, clock, date, duration, state_glyph, state_name};
use crate::model::{State, UnixMs};
use crate::t;

fn time(config: &Config, at: UnixMs) -> String {
    let zoned = at.to_timestamp().to_zoned_datetime(config.timezone.clone());
    format!("{} {}", date(config.language, &zoned), clock(&zoned))
}

/// One decision.
pub(super) fn line(decision: &Decision, config: &Config) -> String {
    let lang = config.language;
    let named = |id: &Option<crate::model::SubjectId>| {
        id.as_ref().map_or_else(String::new, |id| t!(lang, "replay.because", cause = id))
    };
    let (t, what) = match decision {
        Decision::State { t, subject, from, to, since, cause, planned, .. } => {
            let planned = if *planned { t!(lang, "replay.planned") } else { String::new() };
            let from = state_name(lang, *from);
            let since = time(config, *since);
            let what = t!(
                lang,
                "replay.state",
                subject = subject,
                from = from,
                to = state_name(lang, *to),
                since = since
            );
            (t, format!("{} {what}{}{planned}", state_glyph(*to), named(cause)))
        }
        Decision::Outage { t, subject, start, end, state, cause, .. } => {
            let start_text = time(config, *start);
            let what = match end {
                Some(end) => t!(
                    lang,
                    "replay.outage",
                    subject = subject,
                    start = start_text,
                    end = time(config, *end),
                    length = duration(lang, end.since(*start))
                ),
                None => t!(lang, "replay.outage_open", subject = subject, start = start_text),
            };
            (t, format!("{} {what}{}", state_glyph(*state), named(cause)))
        }
        Decision::Alert { t, event, subject, since, impact, channel, .. } => {
            let who = subject.as_ref().map_or_else(|| t!(lang, "replay.patrol"), |s| s.to_string());
            let what = t!(
                lang,
                "replay.alert",
                news = news(lang, *event),
                subject = who,
                since = time(config, *since),
                units = impact.units.len(),
                subjects = impact.unreachable
            );
            let to = channel.as_ref().map(|channel| format!(" → {channel}")).unwrap_or_default();
            (t, format!("! {what}{to}"))
        }
        Decision::Incident { t, incident, change, .. } => {
            let key = match change {
                Change::Opened => "replay.incident_opened",
                Change::Changed => "replay.incident_changed",
                Change::Closed => "replay.incident_closed",
            };
            (t, format!("# {}", t!(lang, key, incident = incident)))
        }
        Decision::Hole { t, subject, from, .. } => {
            let what = t!(lang, "replay.hole", subject = subject, from = time(config, *from));
            (t, format!("{} {what}", state_glyph(State::Unmeasured)))
        }
        Decision::Flapping { t, subject, begins } => {
            let key = if *begins { "replay.flapping" } else { "replay.calmed" };
            (t, format!("~ {}", t!(lang, key, subject = subject)))
        }
        Decision::Asked { t, subject } => {
            (t, format!("> {}", t!(lang, "replay.asked", subject = subject)))
        }
        Decision::Blind { t, since, until, .. } => {
            let key = if until.is_some() { "replay.seeing" } else { "replay.blind" };
            let since = time(config, until.unwrap_or(*since));
            (t, format!("? {}", t!(lang, key, since = since)))
        }
    };
    format!("{}  {what}", time(config, *t))
}

/// The word for what is told.
fn news(lang: Lang, topic: Topic) -> &'static str {
    locale::text(
        lang,
        match topic {
            Topic::Down => "alert.topic_down",
            Topic::Degraded => "alert.topic_degraded",
            Topic::Flapping => "alert.topic_flapping",
            Topic::Blind => "alert.topic_blind",
            Topic::Update => "alert.topic_update",
            Topic::Reminder => "alert.topic_reminder",
            Topic::Escalation => "alert.topic_escalation",
            Topic::Acknowledged => "alert.topic_acknowledged",
            Topic::Recovered => "alert.topic_recovered",
            Topic::Removed => "alert.topic_removed",
            Topic::Merged => "alert.topic_merged",
            Topic::Passed => "alert.topic_passed",
            Topic::ChannelLost => "alert.topic_channel_lost",
            Topic::ChannelBack => "alert.topic_channel_back",
            Topic::Digest => "alert.topic_digest",
            Topic::StormBegan => "alert.topic_storm_began",
            Topic::StormEnded => "alert.topic_storm_ended",
            Topic::Test => "alert.topic_test",
        },
    )
}
