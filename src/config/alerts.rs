//! What `alerts:` of `config.yaml` says: who is told, when, and through what. Whether the kinds of
//! channels and their keys exist is for the room of alerts to say, which knows them.

use std::path::PathBuf;

use super::SecretSource;
use crate::locale::Lang;
use crate::model::{AlertSeverity, CarrierId, Id, NetworkId, Place, UnitId};

/// Times of a route; those of `alerts` where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telling {
    /// How long an incident is waited with before it is told, so that what belongs together is
    /// told together, in milliseconds; 0 to one hour.
    pub group_wait_ms: i64,
    /// How long after a message the next one about the same incident leaves when it cuts off more,
    /// in milliseconds; one second to a day.
    pub group_interval_ms: i64,
    /// After how long an open incident that nobody has taken is told again, in milliseconds; one
    /// minute to 30 days.
    pub repeat_ms: i64,
}

impl Default for Telling {
    fn default() -> Self {
        Self { group_wait_ms: 30_000, group_interval_ms: 300_000, repeat_ms: 4 * 3_600_000 }
    }
}

/// Routes and channels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alerts {
    /// In the order of the file: the first that matches tells, and the next ones only where it
    /// says `continue`.
    pub routes: Vec<Route>,
    /// In the order of the file.
    pub channels: Vec<ChannelEntry>,
    /// Folder with the operator's own templates, joined to the file's folder.
    pub templates: Option<PathBuf>,
    /// What all requests go through: `http://host:port`.
    pub proxy: Option<SecretSource>,
    /// A file with further certificate authorities (PEM), joined to the file's folder.
    pub ca: Option<PathBuf>,
    /// What a message says where an incident can be taken; `{incident}` is replaced by its name.
    pub link: Option<String>,
}

/// A rule: what, to whom, when.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Where it stands.
    pub place: Place,
    /// What it matches.
    pub matches: Matches,
    /// Channels that are told; never empty.
    pub to: Vec<Named<Id>>,
    /// Its times.
    pub telling: Telling,
    /// Who is told when nobody takes it, the soonest first.
    pub escalate: Vec<Step>,
    /// When nobody is disturbed: what comes then is told in one digest when it ends.
    pub quiet: Option<DayTime>,
    /// The next routes are looked at, too.
    pub goes_on: bool,
}

/// One name with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T> {
    /// The name.
    pub name: T,
    /// Where it stands.
    pub place: Place,
}

/// What a route matches: each list that is not empty must have it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matches {
    /// Units with all beneath them.
    pub units: Vec<Named<UnitId>>,
    /// Networks of the root.
    pub networks: Vec<Named<NetworkId>>,
    /// Carriers of the root, or through which the patrol is blind.
    pub carriers: Vec<Named<CarrierId>>,
    /// Kinds of the root (`connection`, `device`, `service`) or of its unit (`commune`, …).
    pub kinds: Vec<Named<String>>,
    /// How bad it is.
    pub severities: Vec<AlertSeverity>,
    /// At least so many units are cut off.
    pub impact: Option<u32>,
    /// When.
    pub hours: Option<Hours>,
}

/// When a route matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Inside these.
    pub when: When,
    /// Outside them instead.
    pub is_outside: bool,
    /// Where it stands.
    pub place: Place,
}

/// Hours by name or by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Of a calendar of the inventory.
    Calendar(Id),
    /// Every day.
    Daily(DayTime),
}

/// A part of every day, in minutes since midnight in the configured zone; one that ends before it
/// begins goes over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTime {
    /// From, 0 to 1439.
    pub from_min: u16,
    /// Until (exclusive), 0 to 1440.
    pub to_min: u16,
}

impl DayTime {
    /// Reads `22:00-06:30`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once(['-', '–'])?;
        let minutes = |clock: &str| {
            let (h, m) = clock.trim().split_once(':')?;
            let is_plain = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
            if !is_plain(h) || !is_plain(m) {
                return None;
            }
            let (h, m): (u16, u16) = (h.parse().ok()?, m.parse().ok()?);
            (m < 60 && h * 60 + m <= 1_440).then_some(h * 60 + m)
        };
        let (from_min, to_min) = (minutes(from)?, minutes(to)?);
        (from_min < 1_440 && from_min != to_min).then_some(Self { from_min, to_min })
    }

    /// True when a minute of the day is inside.
    #[must_use]
    pub const fn holds(self, minute: u16) -> bool {
        if self.from_min < self.to_min {
            self.from_min <= minute && minute < self.to_min
        } else {
            self.from_min <= minute || minute < self.to_min
        }
    }
}

/// A step of an escalation.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// So long after it was told first, in milliseconds.
    pub after_ms: i64,
    /// Channels that are told then; never empty.
    pub to: Vec<Named<Id>>,
}

/// A channel as the file describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelEntry {
    /// Its name.
    pub id: Id,
    /// Where that stands.
    pub place: Place,
    /// The word for its kind: `zalo`, `smtp`, …
    pub kind: Named<String>,
    /// What the kind is to know.
    pub settings: Vec<Setting>,
    /// The channel that is told what this one does not take.
    pub fallback: Option<Named<Id>>,
    /// Most messages a minute; `None`: what the service takes.
    pub per_minute: Option<u32>,
    /// Language of its messages; `None`: the configured one.
    pub lang: Option<Lang>,
}

/// A key of a kind of channel with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// Where its value stands.
    pub place: Place,
    /// Its value.
    pub value: SettingValue,
}

/// Texts, any of which may be kept elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// One.
    Text(SecretSource),
    /// Several.
    List(Vec<SecretSource>),
    /// Several with names.
    Map(Vec<(String, SecretSource)>),
}
