//! A table as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The rule, in a sentence; for the reader.
    #[serde(rename = "rule")]
    _rule: Option<String>,
    pub case: Vec<Case>,
}

/// What is there, what happens, what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// Why it is so; for the reader.
    #[serde(rename = "why")]
    _why: Option<String>,
    /// What is patrolled, a sentence each.
    pub subjects: Vec<String>,
    /// Time between two columns of a timeline, and between two rounds unless `thresholds` say.
    #[serde(default = "ten_seconds")]
    pub every: String,
    /// As under `health:` in `config.yaml`.
    #[serde(default)]
    pub thresholds: String,
    /// More of the inventory, as it is written there: calendars, work, units.
    #[serde(default)]
    pub inventory: String,
    /// Addresses that tell whether the patrol can see: `core`, `vnpt-1 of vnpt`.
    #[serde(default)]
    pub sentinels: Vec<String>,
    /// `alerts.group_wait`.
    #[serde(default = "half_a_minute")]
    pub group_wait: String,
    /// `alerts.repeat`.
    #[serde(default = "four_hours")]
    pub repeat: String,
    /// All of `alerts:` of `config.yaml` (the two above are not looked at then).
    #[serde(default)]
    pub alerts: String,
    /// `at | channel | what`: what a service makes of messages from then on.
    #[serde(default)]
    pub answers: String,
    /// The day whose midnight the times count from.
    pub day: Option<String>,
    /// Inventories taken over later, by a name that a `reload` row gives.
    #[serde(default)]
    pub then: BTreeMap<String, Vec<String>>,
    /// What happens: `at | who | signs`.
    pub rounds: String,
    /// When the clock stops; left out, a step after the last round.
    pub until: Option<String>,

    /// `subject | state since said at …`: the verdicts one after the other.
    pub verdicts: Option<String>,
    /// `subject | rule, rule`: what decided each verdict.
    pub rules: Option<String>,
    /// `subject | state from, …`: what is written down in the end.
    pub records: Option<String>,
    /// `subject | state start to end`.
    pub outages: Option<String>,
    /// `at | news subject, impact`: everything that anybody is told.
    pub told: Option<String>,
    /// `at | A opened: …`: everything that happens to incidents.
    pub incidents: Option<String>,
    /// `at | subject`: who is asked out of turn.
    pub asked: Option<String>,
    /// `at | blind since …`, `at | sees again …`.
    pub blind: Option<String>,
    /// `at | subject begins`, `at | subject ends`.
    pub flapping: Option<String>,
    /// `at | channel | topic who, …`: every message that a service got.
    pub messages: Option<String>,
    /// `at | channel | title`: the same by their first lines.
    pub titles: Option<String>,
    /// `channel | sent 2, dead 1`: where the messages stand in the end.
    pub outbox: Option<String>,
    /// `subject | up 1:00, off hours 2:00`: how the whole time is classed, around the clock.
    pub time: Option<String>,
}

fn ten_seconds() -> String {
    "10s".to_owned()
}

fn half_a_minute() -> String {
    "30s".to_owned()
}

fn four_hours() -> String {
    "4h".to_owned()
}

impl Table {
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }
}
