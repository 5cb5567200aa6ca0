//! Files (YAML, CSV, XLSX) to [`crate::model::Inventory`], with diagnostics that point at file, line and
//! column.
//!
//! Every file becomes one generic tree of values with places ([`node`]); small readers walk it and
//! report whatever is wrong, so one run tells all; what they keep is resolved into indexes. A
//! folder with any error gives no inventory, and what merely follows from an error already told
//! is not told again. The room reads files and nothing else: no clock, no network. Only [`reform`] writes.
//!
//! Bounds: [`MAX_FILES`] files of [`MAX_FILE_BYTES`] each, folders [`MAX_FOLDER_DEPTH`] deep, a
//! thousand diagnostics; beyond, an error says so.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use ipnet::IpNet;
use jiff::tz::TimeZone;

use crate::model::{
    CredentialId, Diagnostic, HealthParams, Inventory, Limits, Message, PingParams, Place, UnitId,
    UnitKind,
};

mod alike;
mod asked;
mod book;
mod build;
mod calendars;
mod checks;
mod compose;
mod csv;
mod defaults;
mod drafts;
pub mod drift;
mod edit;
mod entries;
pub mod export;
mod files;
mod gaps;
mod goals;
mod graph;
mod heading;
pub mod import;
mod ledger;
mod maintenance;
mod merge;
mod node;
mod patch;
mod place;
mod plan;
mod raw;
pub mod reform;
mod resolve;
mod scalar;
mod scan;
mod services;
pub mod show;
mod subjects;
pub mod template;
mod thresholds;
mod unfinished;
mod via;
mod yaml;

#[cfg(test)]
mod tests;

pub use book::{BookError, SheetCell, SheetRows, for_each_sheet};
use defaults::Rules;
use entries::Context;
pub use files::{MAX_FILE_BYTES, MAX_FILES, MAX_FOLDER_DEPTH};
use node::{Node, check_keys};
use place::{Desk, Finding};
use raw::{Raw, RawDetail, RawKind};

/// Thresholds where the inventory says nothing: the configuration's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Defaults {
    /// How rounds become states.
    pub health: HealthParams,
    /// How a ping round is sent.
    pub ping: PingParams,
    /// What devices may say of themselves before it counts as trouble.
    pub limits: Limits,
}

/// What came of reading a folder.
#[derive(Debug)]
pub struct Loaded {
    /// `None` when there is any error.
    pub inventory: Option<Inventory>,
    /// Errors and warnings by file, line and column; those about a whole file or folder first.
    pub diagnostics: Vec<Diagnostic>,
    /// Every credential named (`snmp`) with a place where it is; whether there is one of that name
    /// is for whoever has read `config.yaml` to say.
    pub credentials: Vec<(CredentialId, Place)>,
    /// The address plan: every prefix given, with the unit whose it is; a network's is nobody's.
    pub plan: Vec<(IpNet, Option<UnitId>)>,
    /// Files read.
    pub files: usize,
}

/// Reads every inventory file below `folder` (or the one file it names). Dates
/// (`since: 2016-01-01`) begin at midnight in `zone`.
#[must_use]
pub fn load(folder: &Path, defaults: &Defaults, zone: &TimeZone) -> Loaded {
    load_at(Desk::default(), folder, defaults, zone)
}

/// As [`load`], at a desk that may have files as they are to be.
fn load_at(mut desk: Desk, folder: &Path, defaults: &Defaults, zone: &TimeZone) -> Loaded {
    let (trees, files) = read_files(&mut desk, folder);
    let raw = read_entries(&mut desk, &trees, defaults, zone);
    // Thousands of entries need not stand beside what becomes of them.
    drop(trees);
    let (inventory, credentials, plan) = settle(&mut desk, &raw);
    let inventory = (desk.errors() == 0).then_some(inventory);
    Loaded { inventory, diagnostics: desk.into_diagnostics(), credentials, plan, files }
}

/// What each file below a folder says (or the one file it names), in path order, and how many files
/// there are. What cannot be read is reported.
fn read_files(desk: &mut Desk, folder: &Path) -> (Vec<Tree>, usize) {
    let mut trees = Vec::new();
    let files = files::list(desk, folder);
    for file in &files {
        match file.form {
            files::Form::Yaml => {
                let source = files::read(desk, &file.path);
                let tree = source.and_then(|source| yaml::read(desk, source));
                trees.extend(tree.map(Tree::Whole));
            }
            files::Form::Csv(section) => trees.extend(read_csv(desk, &file.path, section)),
            files::Form::Book(section) => {
                let lists = book::read(desk, &file.path, section);
                trees.extend(lists.into_iter().map(|(section, list)| Tree::List(section, list)));
            }
        }
    }
    (trees, files.len())
}

fn read_csv(desk: &mut Desk, path: &Path, section: Section) -> Option<Tree> {
    let source = files::read(desk, path)?;
    let list = csv::read(desk, source, section, section.required_columns())?;
    Some(Tree::List(section, list))
}

/// Each credential that devices name, at each place of the files once: a default names it for many.
fn credentials(desk: &Desk, raw: &Raw) -> Vec<(CredentialId, Place)> {
    let mut told = HashSet::new();
    let named = raw.subjects.iter().flat_map(|subject| {
        let own = match &subject.detail {
            RawDetail::Device(device) => device.snmp.as_ref(),
            _ => None,
        };
        let checks = subject.asked.checks.iter().flatten();
        own.into_iter().chain(checks.filter_map(|check| match &check.kind {
            RawKind::Snmp(named) => named.as_ref(),
            _ => None,
        }))
    });
    let once = named.filter(|(_, at)| told.insert(*at));
    once.map(|(id, at)| (id.clone().into(), desk.place(*at))).collect()
}

type Plan = Vec<(IpNet, Option<UnitId>)>;

fn plan(raw: &Raw) -> Plan {
    let shared = raw.networks.iter().flat_map(|n| n.prefixes.iter().map(|net| (*net, None)));
    let own = raw.units.iter().flat_map(|unit| {
        let id: UnitId = unit.id.clone().into();
        unit.prefixes.iter().map(move |net| (*net, Some(id.clone())))
    });
    own.chain(shared).collect()
}

/// A file's tree: a YAML file has many sections, a CSV file or a sheet is one.
#[derive(Debug, Clone)]
enum Tree {
    Whole(Node),
    List(Section, Node),
}

/// The lists an inventory is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Section {
    Units,
    Networks,
    Carriers,
    Calendars,
    Connections,
    Devices,
    Services,
    Maintenance,
    Plan,
    Defaults,
}

impl Section {
    const ALL: [(&'static str, Self); 10] = [
        ("units", Self::Units),
        ("networks", Self::Networks),
        ("carriers", Self::Carriers),
        ("calendars", Self::Calendars),
        ("connections", Self::Connections),
        ("devices", Self::Devices),
        ("services", Self::Services),
        ("maintenance", Self::Maintenance),
        ("plan", Self::Plan),
        ("defaults", Self::Defaults),
    ];

    const fn required_columns(self) -> &'static [&'static str] {
        match self {
            Self::Units => &["id", "name", "kind"],
            Self::Devices => &["id", "unit"],
            Self::Connections => &["id", "unit", "network"],
            Self::Networks | Self::Carriers | Self::Plan => &["id", "name"],
            Self::Calendars => &["id", "hours"],
            Self::Services => &["id", "unit", "name"],
            Self::Maintenance => &["id"],
            Self::Defaults => &["for", "set"],
        }
    }
}

fn read_trees(
    desk: &mut Desk,
    trees: &[Tree],
    defaults: &Defaults,
    zone: &TimeZone,
) -> (Inventory, Vec<(CredentialId, Place)>, Plan) {
    let raw = read_entries(desk, trees, defaults, zone);
    settle(desk, &raw)
}

/// What the entries say, each by itself.
fn read_entries(desk: &mut Desk, trees: &[Tree], defaults: &Defaults, zone: &TimeZone) -> Raw {
    let sections = sections(desk, trees);
    let of = |section| sections.get(&section).map_or(&[][..], Vec::as_slice);
    let rules = Rules::read(desk, of(Section::Defaults));
    let context = Context { defaults, zone, rules: &rules };
    rules.check(desk, &context);
    let mut raw = Raw::default();
    of(Section::Networks).iter().for_each(|n| entries::network(desk, n, &mut raw));
    of(Section::Carriers).iter().for_each(|n| entries::carrier(desk, n, &mut raw));
    of(Section::Calendars).iter().for_each(|n| calendars::calendar(desk, &context, n, &mut raw));
    of(Section::Units).iter().for_each(|n| entries::unit(desk, &context, n, &mut raw));
    let kinds: HashMap<String, UnitKind> =
        raw.units.iter().map(|u| (u.id.to_string(), u.kind)).collect();
    let flat = [
        (Section::Connections, subjects::flat_connection as subjects::Reader),
        (Section::Devices, subjects::flat_device),
        (Section::Services, subjects::flat_service),
    ];
    for (section, read) in flat {
        for node in of(section) {
            raw.subjects.extend(read(desk, &context, node, &kinds));
        }
    }
    let announced = of(Section::Maintenance).iter();
    raw.maintenance = announced.filter_map(|n| maintenance::read(desk, &context, n)).collect();
    let goals = of(Section::Plan).iter();
    raw.plan = goals.filter_map(|n| goals::read(desk, &context, n)).collect();
    resolve::check_rules(desk, &rules, &raw);
    raw
}

/// What they come to together.
fn settle(desk: &mut Desk, raw: &Raw) -> (Inventory, Vec<(CredentialId, Place)>, Plan) {
    let inventory = resolve::resolve(desk, raw);
    let credentials = credentials(desk, raw);
    (inventory, credentials, plan(raw))
}

/// As [`read_trees`], without the address plan.
fn credentials_of(
    desk: &mut Desk,
    trees: &[Tree],
    defaults: &Defaults,
    zone: &TimeZone,
) -> (Inventory, Vec<(CredentialId, Place)>) {
    let (inventory, credentials, _) = read_trees(desk, trees, defaults, zone);
    (inventory, credentials)
}

fn sections<'a>(desk: &mut Desk, trees: &'a [Tree]) -> HashMap<Section, Vec<&'a Node>> {
    let mut sections: HashMap<Section, Vec<&Node>> = HashMap::new();
    let known = Section::ALL.map(|(name, _)| name);
    for tree in trees {
        match tree {
            Tree::List(section, node) => {
                let items = defaults::items(desk, "", node);
                sections.entry(*section).or_default().extend(items);
            }
            Tree::Whole(node) => {
                let map = match &node.value {
                    node::Value::Map(map) => map,
                    node::Value::Null => continue,
                    _ => {
                        let message = Message::new("check.expect_sections");
                        let hint = Message::new("check.known_keys").with("keys", known.join(", "));
                        desk.report(Finding::error(node.at, message).hint(hint));
                        continue;
                    }
                };
                check_keys(desk, map, &known);
                for (name, section) in Section::ALL {
                    if let Some((_, node)) = map.entry(name) {
                        let items = defaults::items(desk, name, node);
                        sections.entry(section).or_default().extend(items);
                    }
                }
            }
        }
    }
    sections
}
