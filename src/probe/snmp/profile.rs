//! What a kind of device can be asked beyond the standard, as data: one file a maker
//! (`profiles/*.toml`, described in `docs/snmp-profiles.md`), to which an operator adds his own.

use std::path::{Path, PathBuf};

use super::wire::Oid;
use crate::model::{Diagnostic, Message, Severity};

mod read;

/// The profiles that come with the program, by the name of their file.
const BUILT_IN: [(&str, &str); 12] = [
    ("generic", include_str!("profiles/generic.toml")),
    ("apc", include_str!("profiles/apc.toml")),
    ("aruba", include_str!("profiles/aruba.toml")),
    ("cisco", include_str!("profiles/cisco.toml")),
    ("draytek", include_str!("profiles/draytek.toml")),
    ("fortinet", include_str!("profiles/fortinet.toml")),
    ("h3c", include_str!("profiles/h3c.toml")),
    ("huawei", include_str!("profiles/huawei.toml")),
    ("juniper", include_str!("profiles/juniper.toml")),
    ("mikrotik", include_str!("profiles/mikrotik.toml")),
    ("netsnmp", include_str!("profiles/netsnmp.toml")),
    ("ubiquiti", include_str!("profiles/ubiquiti.toml")),
];
/// The profile of what no other is for.
const GENERIC: &str = "generic";
/// Most files of an operator's folder; what is beyond is an error.
const FILES_MAX: usize = 256;
/// A text found in `sysDescr` says more than any `sysObjectID`, which has at most 128 arcs.
const DESCRIBED_WORTH: usize = 1_000;

/// What a gauge measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GaugeKind {
    /// Processor in use, ‰.
    Cpu,
    /// Memory in use, ‰.
    Memory,
    /// Storage in use, ‰.
    Disk,
    /// Tenths of °C.
    Temperature,
    /// Relative humidity, ‰.
    Humidity,
    /// Turns a minute.
    FanSpeed,
    /// Tenths of a volt.
    Voltage,
    /// Watts.
    Power,
    /// Sessions, connections, leases: a number.
    Sessions,
    /// A fan: 0 good, 1 not.
    Fan,
    /// A power supply: 0 good, 1 not.
    Supply,
    /// Whatever the device itself calls an alarm: 0 none, 1 one.
    Alarm,
}

/// What a kind is measured in, and so which units a profile may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Share,
    Celsius,
    Turns,
    Volts,
    Watts,
    Number,
    State,
}

impl GaugeKind {
    /// All.
    pub const ALL: [Self; 12] = [
        Self::Cpu,
        Self::Memory,
        Self::Disk,
        Self::Temperature,
        Self::Humidity,
        Self::FanSpeed,
        Self::Voltage,
        Self::Power,
        Self::Sessions,
        Self::Fan,
        Self::Supply,
        Self::Alarm,
    ];

    /// The word used in profiles and metrics: `temperature:CPU`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Temperature => "temperature",
            Self::Humidity => "humidity",
            Self::FanSpeed => "fan_speed",
            Self::Voltage => "voltage",
            Self::Power => "power",
            Self::Sessions => "sessions",
            Self::Fan => "fan",
            Self::Supply => "supply",
            Self::Alarm => "alarm",
        }
    }

    const fn dimension(self) -> Dimension {
        match self {
            Self::Cpu | Self::Memory | Self::Disk | Self::Humidity => Dimension::Share,
            Self::Temperature => Dimension::Celsius,
            Self::FanSpeed => Dimension::Turns,
            Self::Voltage => Dimension::Volts,
            Self::Power => Dimension::Watts,
            Self::Sessions => Dimension::Number,
            Self::Fan | Self::Supply | Self::Alarm => Dimension::State,
        }
    }

    /// True for one that is either good (0) or not (1).
    #[must_use]
    pub const fn is_state(self) -> bool {
        matches!(self.dimension(), Dimension::State)
    }

    /// The values that can be, in its unit; what lies outside is no measurement.
    #[must_use]
    pub const fn range(self) -> (i64, i64) {
        match self.dimension() {
            Dimension::Share => (0, 1_000),
            Dimension::Celsius => (-600, 2_000),
            Dimension::Turns => (0, 200_000),
            Dimension::Volts => (-10_000, 10_000),
            Dimension::Watts => (0, 1_000_000),
            Dimension::Number => (0, i64::MAX),
            Dimension::State => (0, 1),
        }
    }
}

/// A unit that devices speak: the power of ten that makes it ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    word: &'static str,
    dimension: Dimension,
    /// Ours = theirs × 10^exponent.
    pub exponent: i8,
}

const fn unit(word: &'static str, dimension: Dimension, exponent: i8) -> Unit {
    Unit { word, dimension, exponent }
}

/// The first of a dimension is meant where a profile names none.
const UNITS: [Unit; 16] = [
    unit("percent", Dimension::Share, 1),
    unit("permille", Dimension::Share, 0),
    unit("celsius", Dimension::Celsius, 1),
    unit("decicelsius", Dimension::Celsius, 0),
    unit("centicelsius", Dimension::Celsius, -1),
    unit("millicelsius", Dimension::Celsius, -2),
    unit("rpm", Dimension::Turns, 0),
    unit("volt", Dimension::Volts, 1),
    unit("decivolt", Dimension::Volts, 0),
    unit("centivolt", Dimension::Volts, -1),
    unit("millivolt", Dimension::Volts, -2),
    unit("watt", Dimension::Watts, 0),
    unit("deciwatt", Dimension::Watts, -1),
    unit("milliwatt", Dimension::Watts, -3),
    unit("number", Dimension::Number, 0),
    unit("state", Dimension::State, 0),
];

/// How a share is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Whole,
    /// By what it is a part of.
    Of(Oid),
    /// By what is left beside it.
    Beside(Oid),
}

/// Which of a column's rows are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Each by itself.
    Each,
    /// The highest.
    Max,
    /// The mean of all, rounded down.
    Mean,
}

/// A row counts only where another column has one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Where {
    /// That column.
    pub column: Oid,
    /// Numbers it may have.
    pub numbers: Vec<i64>,
    /// OIDs it may have.
    pub oids: Vec<Oid>,
}

/// One gauge, or a column of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaugeSpec {
    /// What it measures.
    pub kind: GaugeKind,
    /// A scalar's whole OID, or a column's.
    pub oid: Oid,
    /// True for a scalar.
    pub is_scalar: bool,
    /// The unit the device speaks.
    pub unit: Unit,
    /// How a share is told.
    pub part: Part,
    /// What is told is what is *not* in use.
    pub is_inverse: bool,
    /// The column of each row's own power of ten, in the numbers of ENTITY-SENSOR-MIB: units(9),
    /// milli(8), …
    pub scale: Option<Oid>,
    /// The column of each row's digits behind the point.
    pub precision: Option<Oid>,
    /// The column that names the rows.
    pub label: Option<Oid>,
    /// Only rows whose name holds one of these, in any case.
    pub named: Vec<String>,
    /// What the gauge is called where no row names it.
    pub text: Option<String>,
    /// The column, or scalar, of the device's own limit, in the same unit.
    pub limit: Option<Oid>,
    /// Only rows whose index begins so.
    pub index: Vec<u32>,
    /// Only these rows; all must fit.
    pub rows: Vec<Where>,
    /// Numbers that mean "none".
    pub skip: Vec<i64>,
    /// The lowest and highest number that is a measurement, as the device tells it.
    pub range: Option<(i64, i64)>,
    /// Which rows are told.
    pub take: Take,
    /// Only where no gauge before it has measured the same.
    pub is_fallback: bool,
    /// Of a state: the numbers that are good.
    pub good: Vec<i64>,
}

/// Where a maker keeps what a device is: whole OIDs of scalars, and texts of `sysDescr` with `{}`
/// for what is looked for; of each the first that says something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactSpec {
    /// Scalars.
    pub scalars: Vec<Oid>,
    /// Patterns.
    pub patterns: Vec<String>,
}

/// What tells that a device is of this kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Mark {
    object_id: Option<Oid>,
    describes: Option<String>,
}

/// What a device has trouble with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// False: it answers GETBULK wrongly or not at all.
    pub has_bulk: bool,
    /// Most rows of one GETBULK; `None` = as many as fit.
    pub max_repetitions: Option<u32>,
}

impl Default for Quirks {
    fn default() -> Self {
        Self { has_bulk: true, max_repetitions: None }
    }
}

/// One kind of device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its file's name without `.toml`.
    pub name: String,
    /// The maker, as it is shown.
    pub vendor: Option<String>,
    /// What it has trouble with.
    pub quirks: Quirks,
    /// What it measures, those of the profiles it names in `with` behind its own.
    pub gauges: Vec<GaugeSpec>,
    /// Where the model stands.
    pub model: FactSpec,
    /// Where the serial number stands.
    pub serial: FactSpec,
    /// Where the version of what runs stands.
    pub firmware: FactSpec,
    /// Where the revision of the hardware stands.
    pub hardware: FactSpec,
    marks: Vec<Mark>,
    with: Vec<String>,
}

impl Profile {
    /// How well it fits; 0 when it does not.
    fn fit(&self, object_id: Option<&Oid>, descr: &str) -> usize {
        self.marks
            .iter()
            .map(|mark| {
                let arcs = mark.object_id.as_ref().map(|prefix| {
                    object_id.filter(|oid| oid.starts_with(prefix)).map_or(0, |_| prefix.len())
                });
                let text = mark
                    .describes
                    .as_ref()
                    .map(|text| if descr.contains(text.as_str()) { DESCRIBED_WORTH } else { 0 });
                match (arcs, text) {
                    (Some(0), _) | (_, Some(0)) | (None, None) => 0,
                    (arcs, text) => arcs.unwrap_or(0) + text.unwrap_or(0),
                }
            })
            .max()
            .unwrap_or(0)
    }
}

/// The profiles in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Profiles {
    all: Vec<Profile>,
    generic: Profile,
}

impl Default for Profiles {
    fn default() -> Self {
        Self::with(&[]).0
    }
}

impl Profiles {
    /// The built-in ones and an operator's (name of the file as it is shown, text): one of the
    /// same name replaces the built-in one. A file with an error is left out, what it would have
    /// replaced stays; every mistake is told.
    #[must_use]
    pub fn with(files: &[(String, String)]) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let mut all: Vec<Profile> = Vec::new();
        let built_in = BUILT_IN.iter().map(|(name, text)| (format!("{name}.toml"), *text));
        let own = files.iter().map(|(name, text)| (name.clone(), text.as_str()));
        for (file, text) in built_in.chain(own) {
            let read = read::read(&file, text, &mut found);
            let Some(profile) = read else { continue };
            match all.iter_mut().find(|p| p.name == profile.name) {
                Some(old) => *old = profile,
                None => all.push(profile),
            }
        }
        let own: Vec<(String, Vec<GaugeSpec>)> =
            all.iter().map(|p| (p.name.clone(), p.gauges.clone())).collect();
        for profile in &mut all {
            for name in &profile.with {
                if let Some((_, gauges)) = own.iter().find(|(n, _)| n == name) {
                    let more = gauges.iter().cloned();
                    profile.gauges.extend(more.map(|g| GaugeSpec { is_fallback: true, ..g }));
                } else {
                    found.push(read::unknown_profile(profile, name));
                }
            }
        }
        let generic = all.iter().find(|p| p.name == GENERIC).cloned().unwrap_or_default();
        (Self { all, generic }, found)
    }

    /// The built-in ones and those of an operator's folder: its `*.toml` files in the order of
    /// their names. A folder or file that cannot be read is told like a mistake in one.
    #[must_use]
    pub fn load(folder: Option<&Path>) -> (Self, Vec<Diagnostic>) {
        let Some(folder) = folder else { return (Self::default(), Vec::new()) };
        let mut found = Vec::new();
        let mut texts = Vec::new();
        match files_in(folder) {
            Err(error) => found.push(unreadable(folder, &error)),
            Ok(files) => {
                if files.len() > FILES_MAX {
                    let message = Message::new("profile.too_many_files")
                        .with("folder", folder.display())
                        .with("most", FILES_MAX);
                    found.push(error(message));
                }
                for file in files.iter().take(FILES_MAX) {
                    match std::fs::read_to_string(file) {
                        Ok(text) => texts.push((file.display().to_string(), text)),
                        Err(error) => found.push(unreadable(file, &error)),
                    }
                }
            }
        }
        let (profiles, mistakes) = Self::with(&texts);
        found.extend(mistakes);
        (profiles, found)
    }

    /// The profile that fits best: one whose text stands in `sysDescr`, else the longest
    /// `sysObjectID`, of equals the later; else the generic one.
    #[must_use]
    pub fn choose(&self, object_id: Option<&Oid>, descr: &str) -> &Profile {
        self.all
            .iter()
            .map(|profile| (profile.fit(object_id, descr), profile))
            .filter(|(fit, _)| *fit > 0)
            .max_by_key(|(fit, _)| *fit)
            .map_or(&self.generic, |(_, profile)| profile)
    }

    /// The profile of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Profile> {
        self.all.iter().find(|p| p.name == name)
    }

    /// All, the built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.all.iter()
    }
}

fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, reason: &std::io::Error) -> Diagnostic {
    let message = Message::new("profile.unreadable").with("path", path.display());
    let hint = Some(Message::new("profile.unreadable_hint"));
    Diagnostic { hint, ..error(message.with("reason", reason)) }
}

fn error(message: Message) -> Diagnostic {
    Diagnostic { severity: Severity::Error, message, place: None, hint: None, related: None }
}

#[cfg(test)]
mod tests;
