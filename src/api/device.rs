//! What a device says of itself, as clients are told. Texts are harmless already.

use serde::{Deserialize, Serialize};

use crate::model::{Beside, SnmpTrouble, UnixMs};

/// What a device said last; of a line, what the device that it ends at says of its interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// When it was asked last; `None` in what is read from the store without a daemon.
    pub asked: Option<UnixMs>,
    /// When it answered last.
    pub heard: Option<UnixMs>,
    /// Why it did not the last time.
    pub trouble: Option<SnmpTrouble>,
    /// How long it had been running when it answered last, milliseconds.
    pub uptime_ms: Option<i64>,
    /// Its interfaces, by their numbers.
    pub interfaces: Vec<InterfaceInfo>,
    /// Its UPS.
    pub ups: Option<UpsInfo>,
    /// What it measures of itself.
    pub gauges: Vec<GaugeInfo>,
    /// What it says it is, by key, the newest value of each first.
    pub facts: Vec<FactInfo>,
    /// Who is beside it: who is there first, cables before addresses; then who is gone.
    pub neighbours: Vec<Beside>,
}

/// Whether an interface works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PortState {
    /// It works.
    Up,
    /// It does not.
    Down,
    /// An operator switched it off.
    Off,
    /// The device does not say.
    Unknown,
}

impl PortState {
    /// All.
    pub const ALL: [Self; 4] = [Self::Up, Self::Down, Self::Off, Self::Unknown];

    /// The word in JSON and at the end of text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Off => "off",
            Self::Unknown => "unknown",
        }
    }
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceInfo {
    /// Its name on the device.
    pub name: String,
    /// What an operator calls it.
    pub alias: Option<String>,
    /// Whether it works.
    pub state: PortState,
    /// What it can carry, bits a second.
    pub speed_bps: Option<u64>,
    /// What is contracted of the line behind it, bits a second.
    pub contracted_bps: Option<u64>,
    /// What passed between the last two answers, bits a second.
    pub in_bps: Option<u64>,
    /// The other way.
    pub out_bps: Option<u64>,
    /// Of what was contracted, else of what it can carry, thousandths.
    pub in_permille: Option<u32>,
    /// The other way.
    pub out_permille: Option<u32>,
    /// Damaged packets of all, thousandths; the worse way.
    pub errors_permille: Option<u16>,
}

/// A UPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpsInfo {
    /// It runs on battery.
    pub on_battery: Option<bool>,
    /// Charge, thousandths.
    pub charge_permille: Option<u16>,
    /// How long it lasts, seconds.
    pub run_time_s: Option<u32>,
    /// Input, tenths of a volt.
    pub input_dv: Option<u32>,
    /// Load, thousandths.
    pub load_permille: Option<u16>,
}

/// Something measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaugeInfo {
    /// `cpu memory temperature …`: docs/snmp-profiles.md has them with their units.
    pub kind: String,
    /// Which of several.
    pub label: Option<String>,
    /// In the kind's unit.
    pub value: i64,
}

/// Something that a device says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactInfo {
    /// `model serial firmware …`.
    pub key: String,
    /// As it says it.
    pub value: String,
    /// When it was first seen.
    pub first_seen: UnixMs,
    /// When it was last seen.
    pub last_seen: UnixMs,
}

impl DeviceInfo {
    /// What it says it is now.
    #[must_use]
    pub fn fact(&self, key: &str) -> Option<&FactInfo> {
        self.facts.iter().find(|fact| fact.key == key)
    }

    /// True when there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_none() && self.facts.is_empty() && self.neighbours.is_empty()
    }
}
