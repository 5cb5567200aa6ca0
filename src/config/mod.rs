//! `config.yaml` to [`Config`], checked.
//!
//! Guarantees: everything has a default, so an empty file is valid; every mistake is found in one
//! reading, each with its place; a [`Config`] exists only when there is no error, and then every
//! value is inside its bounds; no secret is in any diagnostic. Must not touch anything but the file
//! it is given, and what the secrets are kept in when it is asked for these
//! ([`Config::fetch_credentials`]): whether the inventory or the store exist is for others to find
//! out.

pub mod alerts;
mod read;
mod secrets;
mod yaml;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::tz::{Offset, TimeZone};

use crate::locale::Lang;
use crate::model::{
    CredentialId, Diagnostic, HealthParams, Inventory, Limits, Message, NetworkId, PingParams,
    Place, Sentinel, Severity, SnmpParams, Source, Subject,
};
pub use alerts::{Alerts, Telling};
pub(crate) use read::nearest;
pub(crate) use secrets::fetch;
pub use secrets::{NamedCredential, Origin, SecretSource};

/// Name of the configuration file where none is named.
pub const DEFAULT_FILE: &str = "config.yaml";
/// Longest configuration file read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Most sentinels: a few per carrier and the gateway.
const MAX_SENTINELS: usize = 64;
/// Most credentials: one for each make of device and each owner.
const MAX_CREDENTIALS: usize = 256;
/// Most networks with a source of their own.
const MAX_SOURCES: usize = 64;
const DEFAULT_TIMEZONE: &str = "Asia/Ho_Chi_Minh";

/// What sends the pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// On Linux a datagram socket, else a raw one, whichever is allowed first; on other systems the
    /// portable engine.
    #[default]
    Auto,
    /// The batched engine on a raw socket.
    Raw,
    /// The batched engine on an unprivileged datagram socket.
    Datagram,
    /// The engine that runs on any system.
    Portable,
}

impl Engine {
    /// All, the default first.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Raw, Self::Datagram, Self::Portable];

    /// The word used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Raw => "raw",
            Self::Datagram => "datagram",
            Self::Portable => "portable",
        }
    }
}

/// Who writes a report to whom, as an official letter says it; what is not given is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    /// The authority above the office: `UBND tỉnh Tiền Giang`.
    pub authority: Option<String>,
    /// The office that writes: `Trung tâm Tích hợp dữ liệu`.
    pub office: Option<String>,
    /// The letter's number and mark: `…/BC-THDL`.
    pub number: Option<String>,
    /// Where it is written: `Tiền Giang`.
    pub place: Option<String>,
    /// Whom it goes to, at most 20.
    pub recipients: Vec<String>,
    /// As what the signatory signs: `Giám đốc`.
    pub signatory_title: Option<String>,
    /// Who signs.
    pub signatory: Option<String>,
}

/// What reports hold the province to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goals {
    /// Share of required units that are live, in thousandths.
    pub coverage_permille: u16,
    /// Availability where no service level says otherwise, in millionths.
    pub availability_ppm: u32,
}

/// Where pings of one network leave from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSource {
    /// The network.
    pub network: NetworkId,
    /// The address or interface.
    pub source: Source,
    /// Where the network is named in the file.
    pub place: Place,
}

/// Where traps and informs are listened for, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traps {
    /// Address and port.
    pub listen: SocketAddr,
    /// The credentials whose communities and users are accepted; `None`: all.
    pub credentials: Option<Vec<CredentialId>>,
}

/// The configuration in force, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The file it came from, as the user named it.
    pub file: PathBuf,
    /// Zone in which days and months begin.
    pub timezone: TimeZone,
    /// Its IANA name.
    pub timezone_name: String,
    /// Language of what is shown where nobody asks for another.
    pub language: Lang,
    /// Folder of the inventory, joined to the file's folder.
    pub inventory: PathBuf,
    /// The database, joined to the file's folder.
    pub store: PathBuf,
    /// The daemon's Unix socket, joined to the file's folder; at most 100 bytes.
    pub socket: PathBuf,
    /// Thresholds and times where the inventory says nothing.
    pub health: HealthParams,
    /// What devices may say of themselves, where the inventory says nothing.
    pub limits: Limits,
    /// Rounds where the inventory says nothing.
    pub ping: PingParams,
    /// Share of a period that must be measured for a verdict, in millionths.
    pub measured_floor_ppm: u32,
    /// What sends the pings.
    pub engine: Engine,
    /// Most packets a second, 1 to 100 000.
    pub rate_pps: u32,
    /// Most packets a second to what is reached through one parent, 1 to `rate_pps`.
    pub group_rate_pps: u32,
    /// Where pings leave from; `None`: where the routing table says.
    pub source: Option<Source>,
    /// Where those to connections of single networks do; at most 64, each network once.
    pub sources: Vec<NetworkSource>,
    /// How devices are asked by SNMP.
    pub snmp: SnmpParams,
    /// Folder of the operator's own profiles of devices, joined to the file's folder; `None` where
    /// there is none. Not looked into here.
    pub snmp_profiles: Option<PathBuf>,
    /// A PEM file of authorities that services' certificates may be signed by besides the
    /// machine's, joined to the file's folder. Not looked into here.
    pub services_ca: Option<PathBuf>,
    /// Where Prometheus may fetch what the daemon knows; `None`: nowhere.
    pub metrics: Option<SocketAddr>,
    /// Whether and where traps are listened for.
    pub traps: Option<Traps>,
    /// What they are asked with, by the order of the file; at most 256, each name once.
    pub credentials: Vec<NamedCredential>,
    /// Every name given under `credentials`, also of those with a mistake.
    pub credential_names: Vec<String>,
    /// Addresses that tell whether the patrol itself can see out; at most 64, each address once.
    pub sentinels: Vec<Sentinel>,
    /// Where each sentinel's carrier, else the sentinel, stands in the file.
    pub sentinel_places: Vec<Place>,
    /// When what happened is told.
    pub telling: Telling,
    /// Who is told, and through what.
    pub alerts: Alerts,
    /// What reports hold the province to.
    pub goals: Goals,
    /// The frame of an official letter around reports; `None` where none is wanted.
    pub letter: Option<Letter>,
    /// How long samples are kept, in milliseconds.
    pub samples_kept_ms: i64,
    /// How long hourly and daily rollups of samples are kept, in milliseconds.
    pub rollups_kept_ms: i64,
}

impl Config {
    /// What an empty `config.yaml` in `folder` means.
    #[must_use]
    pub fn defaults(folder: &Path) -> Self {
        Self {
            file: folder.join(DEFAULT_FILE),
            timezone: TimeZone::get(DEFAULT_TIMEZONE)
                .unwrap_or_else(|_| TimeZone::fixed(Offset::constant(7))),
            timezone_name: DEFAULT_TIMEZONE.to_owned(),
            language: Lang::Vi,
            inventory: folder.join("inventory"),
            store: folder.join("tuantra.db"),
            socket: folder.join("tuantra.sock"),
            health: HealthParams::default(),
            limits: Limits::default(),
            ping: PingParams::default(),
            measured_floor_ppm: 950_000,
            engine: Engine::Auto,
            rate_pps: 5_000,
            group_rate_pps: 500,
            source: None,
            sources: Vec::new(),
            snmp: SnmpParams::default(),
            snmp_profiles: None,
            services_ca: None,
            metrics: None,
            traps: None,
            credentials: Vec::new(),
            credential_names: Vec::new(),
            sentinels: Vec::new(),
            sentinel_places: Vec::new(),
            telling: Telling::default(),
            alerts: Alerts::default(),
            goals: Goals { coverage_permille: 980, availability_ppm: 995_000 },
            letter: None,
            samples_kept_ms: 400 * 86_400_000,
            rollups_kept_ms: 3_650 * 86_400_000,
        }
    }
}

impl Config {
    /// An error for each sentinel that speaks for a carrier the inventory does not have.
    #[must_use]
    pub fn check_carriers(&self, inventory: &Inventory) -> Vec<Diagnostic> {
        let known = || inventory.carriers.iter().map(|carrier| carrier.id.as_str());
        let unknown = |sentinel: &&Sentinel| {
            sentinel.carrier.as_ref().is_some_and(|id| known().all(|known| known != id.as_str()))
        };
        let places = self.sentinels.iter().zip(&self.sentinel_places);
        places
            .filter(|(sentinel, _)| unknown(sentinel))
            .map(|(sentinel, place)| {
                let name = sentinel.carrier.as_ref().map_or("", |id| id.as_str());
                let words: Vec<&str> = known().take(12).collect();
                let hint = match read::nearest(name, known()) {
                    Some(near) => Message::new("config.did_you_mean").with("word", near),
                    None if words.is_empty() => Message::new("config.no_carriers"),
                    None => Message::new("config.known_carriers").with("words", words.join(", ")),
                };
                Diagnostic {
                    severity: Severity::Error,
                    message: Message::new("config.unknown_carrier").with("name", name),
                    place: Some(place.clone()),
                    hint: Some(hint),
                    related: None,
                }
            })
            .collect()
    }
}

impl Config {
    /// Where what asks `subject` leaves from; `None`: where the routing table says.
    #[must_use]
    pub fn source_of(&self, inventory: &Inventory, subject: &Subject) -> Option<&Source> {
        let network = subject.connection().map(|c| &inventory.networks[c.network.ix()].id);
        let own = self.sources.iter().find(|own| Some(&own.network) == network);
        own.map(|own| &own.source).or(self.source.as_ref())
    }

    /// An error for each network with a source that the inventory does not have.
    #[must_use]
    pub fn check_networks(&self, inventory: &Inventory) -> Vec<Diagnostic> {
        let known = || inventory.networks.iter().map(|network| network.id.as_str());
        let unknown = |own: &&NetworkSource| known().all(|id| id != own.network.as_str());
        let sources = self.sources.iter().filter(unknown);
        sources
            .map(|own| {
                let hint = read::nearest(own.network.as_str(), known())
                    .map(|near| Message::new("config.did_you_mean").with("word", near));
                let message = Message::new("config.unknown_network").with("name", &own.network);
                Diagnostic {
                    severity: Severity::Error,
                    message,
                    place: Some(own.place.clone()),
                    hint,
                    related: None,
                }
            })
            .collect()
    }
}

impl Config {
    /// An error for each place where the inventory names a credential that is not in
    /// `credentials`.
    #[must_use]
    pub fn check_credentials(&self, named: &[(CredentialId, Place)]) -> Vec<Diagnostic> {
        let is_known = |id: &CredentialId| self.credential_names.iter().any(|n| n == id.as_str());
        let unknown = named.iter().filter(|(id, _)| !is_known(id));
        unknown
            .map(|(id, place)| Diagnostic {
                severity: Severity::Error,
                message: Message::new("config.unknown_credential").with("name", id),
                place: Some(place.clone()),
                hint: Some(read::unknown_hint(id.as_str(), &self.credential_names)),
                related: None,
            })
            .collect()
    }
}

/// What came of reading a configuration.
#[derive(Debug)]
pub struct Loaded {
    /// `None` when any diagnostic is an error.
    pub config: Option<Config>,
    /// What could be read, with the default in the place of every mistake: to find the language
    /// and to go on checking, never to run with. `None` when the file cannot be read at all.
    pub draft: Option<Config>,
    /// By line and column.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and checks a configuration file. A file that is not there is an error here; whether the
/// default one may be absent is for the command line to say.
#[must_use]
pub fn load(file: &Path) -> Loaded {
    match read_text(file) {
        Ok(text) => from_text(file, &text),
        Err(message) => {
            Loaded { config: None, draft: None, diagnostics: vec![about_file(message)] }
        }
    }
}

/// Checks the text of a configuration file; `file` gives its name and folder only.
#[must_use]
pub fn from_text(file: &Path, text: &str) -> Loaded {
    let (draft, mut diagnostics) = read::read(file, text.trim_start_matches('\u{feff}'));
    diagnostics.sort_by_key(|d| d.place.as_ref().map(|p| (p.line, p.column)));
    let sound = diagnostics.iter().all(|d| d.severity != Severity::Error);
    Loaded { config: draft.clone().filter(|_| sound), draft, diagnostics }
}

fn about_file(message: Message) -> Diagnostic {
    Diagnostic { severity: Severity::Error, message, place: None, hint: None, related: None }
}

fn read_text(file: &Path) -> Result<String, Message> {
    let named = |key| Message::new(key).with("file", file.display());
    let failed = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => named("config.file_missing"),
        std::io::ErrorKind::InvalidData => named("config.file_not_utf8"),
        _ => named("config.file_unreadable").with("reason", error),
    };
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(|error| failed(&error))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(named("config.file_too_large"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
