//! What a case's words say is patrolled, written as an operator would write it and read back by
//! the program's own reader.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tuantra::alert::{Plan, outlet};
use tuantra::config::{self, Config};
use tuantra::health::Settings;
use tuantra::inventory::{self, Defaults};
use tuantra::locale::{self, Lang};
use tuantra::model::{CarrierId, Inventory, Sentinel, Severity, parse_duration};

use super::table::Case;
use super::words::ZONE;

/// What the core is given.
pub struct Scene {
    pub inventory: Arc<Inventory>,
    pub settings: Settings,
    /// Who is told what; `None`: the case says nothing of it.
    pub plan: Option<Plan>,
    /// In the order of the settings.
    pub sentinels: Vec<String>,
}

impl Scene {
    /// The case's own subjects, or those of one of its later inventories.
    pub fn new(case: &Case, subjects: &[String]) -> Result<Self, String> {
        let mut sentinels = Vec::new();
        let mut names = Vec::new();
        for (n, text) in (1_u8..).zip(&case.sentinels) {
            let (name, carrier) = match text.split_once(" of ") {
                Some((name, carrier)) => (name, Some(carrier)),
                None => (text.as_str(), None),
            };
            let carrier = carrier.map(CarrierId::new).transpose();
            names.push(name.trim().to_owned());
            sentinels.push(Sentinel {
                is_control: false,
                address: IpAddr::V4(Ipv4Addr::new(10, 9, 0, n)),
                carrier: carrier.map_err(|error| format!("{text}: {error}"))?,
            });
        }
        let inventory = read(case, subjects)?;
        let (mut group_wait_ms, mut repeat_ms) =
            (duration(&case.group_wait)?, duration(&case.repeat)?);
        let mut plan = None;
        if !case.alerts.trim().is_empty() {
            let config = alerts(&case.alerts, &inventory)?;
            (group_wait_ms, repeat_ms) = (outlet::core_wait_ms(&config), config.telling.repeat_ms);
            plan = Some(outlet::plan(&config, &[]));
        }
        let settings = Settings { sentinels, group_wait_ms, repeat_ms, ..Settings::default() };
        Ok(Self { inventory: Arc::new(inventory), settings, plan, sentinels: names })
    }
}

/// Routes and channels as `tuantra check` reads them; the channels are never called, so that their
/// kind and its keys are as good as any.
fn alerts(text: &str, inventory: &Inventory) -> Result<Config, String> {
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("timezone: {ZONE}\nlanguage: en\nalerts:\n{indented}");
    let loaded = config::from_text(Path::new("config.yaml"), &text);
    let read = loaded.config.ok_or_else(|| format!("{:#?}\nin\n{text}", loaded.diagnostics));
    let config = read?;
    // A route that can never match is a case, too.
    let mut wrong = outlet::check_routes(&config, inventory);
    wrong.retain(|found| found.severity == Severity::Error);
    if wrong.is_empty() { Ok(config) } else { Err(format!("{wrong:#?}\nin\n{text}")) }
}

pub fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text).map_err(|error| format!("'{text}': {error}"))
}

/// One subject's sentence: `commune via trunk; carrier vnpt; confirm: 2`.
#[derive(Debug, Default)]
struct Spoken {
    id: String,
    unit: Option<String>,
    via: Option<String>,
    carrier: Option<String>,
    role: Option<String>,
    network: Option<String>,
    is_service: bool,
    checks: Option<&'static str>,
    /// Its own in place of the one that is made from its name.
    address: Option<String>,
    health: BTreeMap<String, String>,
    /// Anything else, as it is written in the inventory.
    rest: Vec<String>,
}

impl Spoken {
    fn read(sentence: &str) -> Result<Vec<Self>, String> {
        let sentence = sentence.trim();
        let (name, rest) = sentence.split_once([' ', ';']).unwrap_or((sentence, ""));
        let mut names = vec![name.to_owned()];
        if let Some((stem, range)) = name.split_once("[1..") {
            let last: u32 = range.trim_end_matches(']').parse().map_err(|_| name.to_owned())?;
            names = (1..=last).map(|n| format!("{stem}{n}")).collect();
        }
        names.into_iter().map(|id| Self::one(id, rest)).collect()
    }

    fn one(id: String, clauses: &str) -> Result<Self, String> {
        let mut spoken = Self { id, ..Self::default() };
        for clause in clauses.split(';').map(str::trim).filter(|c| !c.is_empty()) {
            let (word, value) = clause.split_once(' ').unwrap_or((clause, ""));
            let value = value.trim().to_owned();
            match (word, &*value) {
                ("via", _) => spoken.via = Some(via(&value)),
                ("unit", _) => spoken.unit = Some(value),
                ("carrier", _) => spoken.carrier = Some(value),
                ("role", _) => spoken.role = Some(value),
                ("network", _) => spoken.network = Some(value),
                ("service", "") => spoken.is_service = true,
                ("hours", _) => {
                    spoken.rest.push(format!("calendar: {value}, off_hours: allowed"));
                }
                ("calendar", _) => spoken.rest.push(format!("calendar: {value}")),
                ("address", _) => spoken.address = Some(value),
                ("disabled", "") => spoken.rest.push("enabled: false".to_owned()),
                ("until" | "since", _) => spoken.rest.push(format!("{word}: {value}")),
                ("second", "check") => spoken.checks = Some(""),
                ("snmp", "check") => spoken.rest.push("snmp: core".to_owned()),
                ("snmp", "alone") => spoken.rest.push("snmp: core, checks: [snmp]".to_owned()),
                ("port", "of") | ("port", "") => return Err(format!("'{clause}': port of whom?")),
                ("port", _) => {
                    let device = value.trim_start_matches("of ");
                    spoken.rest.push(format!(
                        "device: {device}, interface: wan, checks: [ping, interface]"
                    ));
                }
                ("critical", "check") => spoken.checks = Some(", critical: true"),
                _ if word.ends_with(':') => spoken.health.extend(thresholds(clause)),
                _ => return Err(format!("'{clause}' says nothing of a subject")),
            }
        }
        Ok(spoken)
    }

    fn entry(&self, health: &BTreeMap<String, String>) -> String {
        let mut health = health.clone();
        health.extend(self.health.clone());
        let health: Vec<String> = health.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        let [high, low] = place(&self.id).to_be_bytes();
        let made_up = format!("10.1.{high}.{low}");
        let mut entry = format!(
            "  - {{ id: {id}, unit: {unit}, address: {address}, via: {via}, health: {{ {health} }}",
            id = self.id,
            unit = self.unit.as_ref().unwrap_or(&self.id),
            address = self.address.as_ref().unwrap_or(&made_up),
            via = self.via.as_deref().unwrap_or("[]"),
            health = health.join(", "),
        );
        if let Some(role) = &self.role {
            let _ = write!(entry, ", role: {role}");
        } else if self.is_service {
            let _ = write!(entry, ", name: {}", self.id);
        } else {
            let _ = write!(entry, ", network: {}", self.network.as_deref().unwrap_or("net"));
        }
        if let Some(carrier) = &self.carrier {
            let _ = write!(entry, ", carrier: {carrier}");
        }
        if let Some(critical) = self.checks {
            let _ = write!(entry, ", checks: [ping, {{ ping: 10.2.{high}.{low}{critical} }}]");
        }
        for more in &self.rest {
            let _ = write!(entry, ", {more}");
        }
        entry + " }\n"
    }
}

/// A number from a name, so that a subject keeps its address whatever stands beside it.
fn place(name: &str) -> u16 {
    name.bytes().fold(1, |sum: u16, byte| sum.wrapping_mul(31).wrapping_add(u16::from(byte)))
}

/// `any(a, all(b, c))` as the inventory has it.
fn via(text: &str) -> String {
    let text = text.replace("any(", "{ any: [").replace("all(", "{ all: [");
    text.replace(')', "] }")
}

/// `confirm: 2, flapping: { window: 10 }` by key.
fn thresholds(text: &str) -> BTreeMap<String, String> {
    let mut depth = 0;
    let parts = text.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let pairs = parts.filter_map(|part| part.split_once(':'));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect()
}

fn read(case: &Case, subjects: &[String]) -> Result<Inventory, String> {
    let mut health = BTreeMap::from([
        ("interval".to_owned(), case.every.clone()),
        ("retry".to_owned(), case.every.clone()),
    ]);
    health.extend(thresholds(&case.thresholds));
    let mut spoken = Vec::new();
    for sentence in subjects {
        spoken.extend(Spoken::read(sentence)?);
    }
    let mut carriers: BTreeSet<&str> = spoken.iter().filter_map(|s| s.carrier.as_deref()).collect();
    carriers.extend(case.sentinels.iter().filter_map(|s| Some(s.split_once(" of ")?.1.trim())));
    let units: BTreeSet<&str> = spoken.iter().map(|s| s.unit.as_deref().unwrap_or(&s.id)).collect();
    let mut text = String::from(
        "networks:\n  - { id: net, name: Net }\n  - { id: lan, name: LAN, over: [net] }\ncarriers:\n",
    );
    for carrier in carriers {
        let _ = writeln!(text, "  - {{ id: {carrier}, name: {carrier} }}");
    }
    text.push_str("units:\n  - { id: province, name: Province, kind: province }\n");
    // A unit that the case writes itself is not made up.
    for unit in units.into_iter().filter(|u| !case.inventory.contains(&format!("id: {u},"))) {
        let _ = writeln!(
            text,
            "  - {{ id: {unit}, name: {unit}, kind: commune, parent: province, requires: [net] }}"
        );
    }
    for (list, is_of) in [
        ("connections", (|s| s.role.is_none() && !s.is_service) as fn(&Spoken) -> bool),
        ("devices", |s| s.role.is_some()),
        ("services", |s| s.is_service),
    ] {
        let _ = writeln!(text, "{list}:");
        for one in spoken.iter().filter(|s| is_of(s)) {
            text.push_str(&one.entry(&health));
        }
    }
    load(&text, &case.inventory)
}

fn load(text: &str, more: &str) -> Result<Inventory, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (file, text) in [("a.yaml", text), ("b.yaml", more)] {
        if !text.trim().is_empty() {
            std::fs::write(folder.path().join(file), text).map_err(|error| error.to_string())?;
        }
    }
    let zone = TimeZone::get(ZONE).map_err(|error| error.to_string())?;
    let loaded = inventory::load(folder.path(), &Defaults::default(), &zone);
    loaded.inventory.ok_or_else(|| {
        let said = loaded.diagnostics.iter().map(|d| locale::message(Lang::En, &d.message));
        format!("{}\nin\n{text}{more}", said.collect::<Vec<_>>().join("\n"))
    })
}
