//! What NetBox exports as CSV, table by table: sites and regions become units, devices devices,
//! providers carriers, circuits lines of the unit that they end at. A device's address that its own
//! table lacks is looked for among the addresses. Columns are found by the headings of the tables
//! (versions 2 to 4) or by the names of the fields. What has no place in an inventory is told, row by
//! row, and passed over.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::Path;

use jiff::civil::Date;

use crate::inventory::ledger::Entry;
use crate::inventory::place::{At, Desk, Finding, shown};
use crate::inventory::{Section, Tree, files};
use crate::model::{Message, Severity};

mod addresses;
mod build;
mod known;
mod table;

use addresses::{Assignments, Owner};
use build::Made;
use known::{Meant, Units};
use table::Table;

/// What is taken where a row does not say.
pub(super) struct Fallback<'a> {
    pub kind: Option<&'a str>,
    pub network: Option<&'a str>,
    /// What has ended by then is no more.
    pub today: Date,
}

/// The tables of a folder, or the one table, as lists of the inventory.
pub(super) fn read(
    desk: &mut Desk,
    source: &Path,
    old: &[Entry<'_>],
    fallback: &Fallback<'_>,
) -> Vec<Tree> {
    let mut tables: HashMap<&'static str, Vec<Table>> = HashMap::new();
    for file in files::paths(desk, source) {
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        match name.as_deref().and_then(table::named) {
            Some(kind) => {
                let table = Table::read(desk, &file).filter(|table| table.is_named(desk, kind));
                tables.entry(kind).or_default().extend(table);
            }
            None => {
                let message = Message::new("netbox.unknown_table").with("file", file.display());
                desk.report_whole(Severity::Warning, message);
            }
        }
    }
    if tables.is_empty() && desk.errors() == 0 {
        let message = Message::new("netbox.no_tables").with("folder", source.display());
        desk.refuse_whole(message, Message::new("netbox.no_tables_hint"));
        return Vec::new();
    }
    let of = |kind| tables.get(kind).into_iter().flatten();
    let mut maker = Maker::new(desk, old, fallback);
    of(table::REGIONS).for_each(|table| maker.units(table, &["parent"]));
    of(table::SITES).for_each(|table| maker.units(table, &["region"]));
    of(table::PROVIDERS).for_each(|table| maker.carriers(table));
    of(table::ADDRESSES).for_each(|table| maker.assigned.learn(table));
    of(table::DEVICES).for_each(|table| maker.devices(table));
    let mut ends: HashMap<String, Vec<String>> = HashMap::new();
    for table in of(table::TERMINATIONS) {
        for row in table.rows() {
            let (circuit, site) = (row.text(&["circuit"]), row.text(table::TERMINATION_SITES));
            if let (Some(circuit), Some(site)) = (circuit, site) {
                ends.entry(circuit.to_owned()).or_default().push(site.to_owned());
            }
        }
    }
    of(table::CIRCUITS).for_each(|table| maker.circuits(table, &ends));
    maker.made.into_trees()
}

/// Makes entries of rows.
struct Maker<'a> {
    desk: &'a mut Desk,
    old: &'a [Entry<'a>],
    fallback: &'a Fallback<'a>,
    units: Units,
    carriers: HashMap<String, String>,
    kinds: HashMap<String, String>,
    /// What is above units whose region is none.
    root: Option<String>,
    taken: HashSet<String>,
    /// Units whose place a row has said.
    placed: HashSet<String>,
    owners: HashMap<IpAddr, Owner>,
    assigned: Assignments,
    /// Folded names that several devices have.
    namesakes: HashSet<String>,
    made: Made,
}

impl<'a> Maker<'a> {
    fn new(desk: &'a mut Desk, old: &'a [Entry<'a>], fallback: &'a Fallback<'a>) -> Self {
        let mut maker = Self {
            desk,
            old,
            fallback,
            units: Units::default(),
            carriers: HashMap::new(),
            kinds: HashMap::new(),
            root: None,
            taken: HashSet::new(),
            placed: HashSet::new(),
            owners: addresses::owners(old, fallback.today),
            assigned: Assignments::default(),
            namesakes: HashSet::new(),
            made: Made::default(),
        };
        for entry in old {
            if entry.section == Section::Carriers {
                let names = ["name", "short"].map(|key| entry.word(key));
                for name in names.into_iter().flatten().chain([entry.id.as_str()]) {
                    let known = maker.carriers.entry(table::words(name));
                    known.or_insert_with(|| entry.id.clone());
                }
            }
            if entry.section == Section::Units {
                maker.units.learn(entry, fallback.today);
                let kind = entry.word("kind").unwrap_or_default();
                maker.kinds.insert(entry.id.clone(), kind.to_owned());
                if entry.word("parent").is_none() && maker.root.is_none() {
                    maker.root = Some(entry.id.clone());
                }
            }
        }
        maker
    }

    fn warn(&mut self, at: At, message: Message, hint: Option<Message>) {
        self.desk.report(Finding::warning(at, message).hint_if(hint));
    }

    /// An id that nothing in this import has yet; a second one of the name gets a number, and is told
    /// of.
    fn free(&mut self, at: At, name: &str, wanted: String) -> String {
        if self.taken.insert(wanted.clone()) {
            return wanted;
        }
        let numbered = (2_u32..).map(|n| format!("{wanted}-{n}"));
        let id = numbered.into_iter().find(|id| self.taken.insert(id.clone())).unwrap_or(wanted);
        let message = Message::new("netbox.renamed").with("name", shown(name)).with("id", &id);
        self.warn(at, message, None);
        id
    }

    /// The name of a row that is in service.
    fn name(&mut self, row: &table::Row<'_>, keys: &[&str]) -> Option<String> {
        let Some(name) = row.text(keys) else {
            self.warn(row.at(), Message::new("netbox.no_name"), None);
            return None;
        };
        const IN_SERVICE: [&str; 5] = ["active", "failed", "staged", "staging", "provisioning"];
        let status =
            row.text(&["status"]).filter(|s| !IN_SERVICE.contains(&table::words(s).as_str()));
        if let Some(status) = status {
            let message = Message::new("netbox.not_active")
                .with("name", shown(name))
                .with("status", shown(status));
            self.warn(row.cell(&["status"]), message, None);
            return None;
        }
        Some(name.to_owned())
    }

    /// The unit that a word means; where that is not sure, it is told and `passed` over.
    fn unit_of(
        &mut self,
        at: At,
        word: &str,
        region: Option<&str>,
    ) -> Result<Option<String>, Passed> {
        match self.units.find(word, region) {
            Meant::Unit(id) => Ok(Some(id)),
            Meant::Nothing => Ok(None),
            Meant::Many(units) => {
                let mut named = units.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>();
                if units.len() > MOST_NAMED {
                    named.push("…".to_owned());
                }
                let message = Message::new("netbox.many_units")
                    .with("name", shown(word))
                    .with("units", named.join(", "));
                self.warn(at, message, Some(Message::new("netbox.many_units_hint")));
                Err(Passed)
            }
            Meant::Ended(id) => {
                let message =
                    Message::new("netbox.unit_ended").with("name", shown(word)).with("unit", id);
                self.warn(at, message, None);
                Err(Passed)
            }
        }
    }
}

/// Which unit is meant cannot be told, which has been said.
struct Passed;

/// Most units that are named where several may be meant.
const MOST_NAMED: usize = 6;
