//! Where a new entry belongs: nested in its unit, beside its like, or in a file of its own, as whoever
//! keeps the folder would have put it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::Base;
use super::compare::{Compared, Fate};
use crate::inventory::ledger::{Entry, Home};
use crate::inventory::node::{Node, Value};
use crate::inventory::{Section, Tree, compose};
use crate::model::{Tier, UnitKind};

/// The new entries by where they go.
#[derive(Default)]
pub(super) struct Homes<'t> {
    /// Behind an item that is there, by the index of its entry.
    pub behind: Vec<(usize, &'t Entry<'t>)>,
    /// Nested in a unit that is there, by the index of its entry.
    pub in_unit: BTreeMap<usize, Vec<&'t Entry<'t>>>,
    /// Nested in a unit that is new, by its id.
    pub in_new: HashMap<&'t str, Vec<&'t Entry<'t>>>,
    /// In a file that has no such list yet, by the index of its tree.
    pub in_file: BTreeMap<usize, Vec<&'t Entry<'t>>>,
    /// In new files.
    pub fresh: BTreeMap<PathBuf, Vec<&'t Entry<'t>>>,
}

/// Finds a home for every new entry.
pub(super) fn find<'t>(base: &Base<'t>, compared: &Compared<'t>) -> Homes<'t> {
    let mut finder = Finder {
        base,
        homes: Homes::default(),
        of_new_unit: HashMap::new(),
        listed: HashSet::new(),
        units: HashMap::new(),
        centres: HashMap::new(),
        last_centre: 0,
        units_file: PathBuf::new(),
        lasts: Lasts::default(),
    };
    finder.lasts = Lasts::of(compared);
    finder.units_file = finder.free(base.folder, "units");
    for (ix, unit) in base.old.iter().enumerate().filter(|(_, e)| e.section == Section::Units) {
        finder.units.insert(&unit.id, ix);
    }
    for (place, unit) in compared.new.iter().enumerate() {
        if unit.section == Section::Units && unit.word("kind") == Some("dic") {
            finder.centres.insert(&unit.id, place);
        }
    }
    for entry in base.old {
        if let (Home::Item { .. }, Some(unit)) = (entry.home, entry.word("unit")) {
            finder.listed.insert((entry.section, unit));
        }
    }
    for entry in &compared.new {
        finder.place(entry);
    }
    finder.homes
}

/// Where a new unit went, for those that come after it.
#[derive(Clone)]
enum Spot {
    Behind(usize),
    InFile(usize),
    Fresh(PathBuf),
}

struct Finder<'a, 't> {
    base: &'a Base<'t>,
    homes: Homes<'t>,
    of_new_unit: HashMap<&'t str, Spot>,
    /// Units that have entries of a list listed by themselves: further ones stand behind these, so
    /// that their order, in which redundant ways are preferred, stays.
    listed: HashSet<(Section, &'t str)>,
    /// The units that are there, by the index of their entries.
    units: HashMap<&'t str, usize>,
    /// The new data centres, by their place among what is new.
    centres: HashMap<&'t str, usize>,
    /// The place among what is new of the last data centre that got a device.
    last_centre: usize,
    /// Where units go that there is no better place for; a file that has no entry yet may have the
    /// plain name.
    units_file: PathBuf,
    lasts: Lasts<'t>,
}

/// The last entries that stay in a YAML file as items of their lists, of all and of those that are alike
/// in something.
#[derive(Default)]
struct Lasts<'t> {
    of: HashMap<Section, usize>,
    of_unit: HashMap<(Section, &'t str), usize>,
    /// Units by their ids, and by what they have above them and how high they stand.
    units: HashMap<&'t str, usize>,
    siblings: HashMap<(&'t str, Option<Tier>), usize>,
}

impl<'t> Lasts<'t> {
    fn of(compared: &Compared<'t>) -> Self {
        let mut lasts = Self::default();
        for (ix, (entry, fate)) in compared.old.iter().zip(&compared.fates).enumerate() {
            let is_item = matches!(entry.home, Home::Item { is_table: false, .. });
            if !is_item || matches!(fate, Fate::Goes) {
                continue;
            }
            lasts.of.insert(entry.section, ix);
            if let Some(unit) = entry.word("unit") {
                lasts.of_unit.insert((entry.section, unit), ix);
            }
            if entry.section == Section::Units {
                lasts.units.insert(&entry.id, ix);
                if let Some(parent) = entry.word("parent") {
                    lasts.siblings.insert((parent, tier(entry)), ix);
                }
            }
        }
        lasts
    }
}

impl<'t> Finder<'_, 't> {
    fn place(&mut self, entry: &'t Entry<'t>) {
        match entry.section {
            Section::Units => {
                let spot = self.spot_of_unit(entry);
                self.of_new_unit.insert(&entry.id, spot.clone());
                self.put(spot, entry);
            }
            Section::Connections | Section::Devices if self.nest(entry) => {}
            _ => {
                let spot = self.spot(entry);
                self.put(spot, entry);
            }
        }
    }

    fn put(&mut self, spot: Spot, entry: &'t Entry<'t>) {
        match spot {
            Spot::Behind(ix) => self.homes.behind.push((ix, entry)),
            Spot::InFile(tree) => self.homes.in_file.entry(tree).or_default().push(entry),
            Spot::Fresh(path) => self.homes.fresh.entry(path).or_default().push(entry),
        }
    }

    /// Puts a line or a device into its unit; false where it must be listed by itself.
    fn nest(&mut self, entry: &'t Entry<'t>) -> bool {
        let Some(unit) = entry.word("unit") else { return false };
        let is_listed = self.listed.contains(&(entry.section, unit));
        let is_orderly = entry.section != Section::Devices || self.is_orderly(unit);
        if compose::key_in_unit(entry).is_none() || is_listed || !is_orderly {
            self.listed.insert((entry.section, unit));
            return false;
        }
        if self.of_new_unit.contains_key(unit) {
            self.homes.in_new.entry(unit).or_default().push(entry);
            return true;
        }
        let there = self.units.get(unit).copied().filter(|ix| !self.base.old[*ix].is_row());
        if let Some(ix) = there {
            self.homes.in_unit.entry(ix).or_default().push(entry);
        }
        there.is_some()
    }

    /// Everything goes through the core routers of the centres, the first preferred: a device that comes
    /// behind one of a later centre is listed by itself, so that this order stays.
    fn is_orderly(&mut self, unit: &str) -> bool {
        let Some(&place) = self.centres.get(unit) else { return true };
        let is_orderly = place >= self.last_centre;
        self.last_centre = if is_orderly { place } else { usize::MAX };
        is_orderly
    }

    /// Beside the units that belong to the same one, in a file of its own where each of these has one.
    fn spot_of_unit(&self, entry: &'t Entry<'t>) -> Spot {
        let parent = entry.word("parent");
        let tier = tier(entry);
        // All centres in one file: the order of their core routers is kept.
        if self.base.old.is_empty() && entry.word("kind") == Some("dic") {
            return Spot::Fresh(self.units_file.clone());
        }
        if let Some(Spot::Fresh(path)) = parent.and_then(|parent| self.of_new_unit.get(parent)) {
            let is_own = tier == Some(Tier::District);
            return Spot::Fresh(if is_own {
                self.own_file(entry, path.parent())
            } else {
                path.clone()
            });
        }
        let is_sibling = |other: &Entry<'_>| {
            other.word("parent") == parent && self::tier(other) == tier && parent.is_some()
        };
        let sibling = parent.and_then(|parent| self.lasts.siblings.get(&(parent, tier)).copied());
        if let Some(sibling) = sibling {
            let file = self.file(sibling);
            let many = tier == Some(Tier::District) && self.has_files_of_their_own(&is_sibling);
            return if many {
                Spot::Fresh(self.own_file(entry, file.parent()))
            } else {
                Spot::Behind(sibling)
            };
        }
        if let Some(parent) = parent {
            if let Some(spot) = self.of_new_unit.get(parent) {
                return spot.clone();
            }
            if let Some(ix) = self.lasts.units.get(parent) {
                return Spot::Behind(*ix);
            }
        }
        if self.base.old.is_empty() {
            let is_own = tier == Some(Tier::District);
            return Spot::Fresh(match is_own {
                true => self.own_file(entry, Some(self.base.folder)),
                false => self.units_file.clone(),
            });
        }
        self.lasts
            .of
            .get(&Section::Units)
            .copied()
            .map_or_else(|| self.spot_in_file(Section::Units), Spot::Behind)
    }

    /// True where no two siblings stand in one file, and there are several.
    fn has_files_of_their_own(&self, is_sibling: &dyn Fn(&Entry<'_>) -> bool) -> bool {
        let siblings = self.base.old.iter().enumerate();
        let siblings = siblings.filter(|(_, e)| e.section == Section::Units && is_sibling(e));
        let files: Vec<PathBuf> = siblings.map(|(ix, _)| self.file(ix)).collect();
        let distinct: HashSet<&PathBuf> = files.iter().collect();
        files.len() > 1 && distinct.len() == files.len()
    }

    fn file(&self, ix: usize) -> PathBuf {
        self.base.desk.file(self.base.old[ix].at.source).as_ref().clone()
    }

    /// `cai-be.yaml`, in a folder of the inventory.
    fn own_file(&self, entry: &Entry<'_>, folder: Option<&Path>) -> PathBuf {
        let name = entry.id.replace('/', ".");
        self.free(folder.unwrap_or(self.base.folder), &name)
    }

    /// A name that no file of the inventory has.
    fn free(&self, folder: &Path, name: &str) -> PathBuf {
        let numbered = (2_u32..).map(|n| format!("{name}-{n}"));
        let names = std::iter::once(name.to_owned()).chain(numbered);
        let mut paths = names.map(|name| folder.join(format!("{name}.yaml")));
        // Of a folder without a name nothing is there yet.
        let is_there = |path: &PathBuf| !self.base.folder.as_os_str().is_empty() && path.exists();
        let is_free = |path: &PathBuf| !is_there(path) && !self.homes.fresh.contains_key(path);
        paths.find(is_free).unwrap_or_else(|| folder.join(format!("{name}.yaml")))
    }

    /// Behind its like, in the file where they are, else in one of its own.
    fn spot(&self, entry: &'t Entry<'t>) -> Spot {
        let unit = entry.word("unit");
        let own = unit.and_then(|unit| self.lasts.of_unit.get(&(entry.section, unit)));
        let beside = own.or_else(|| self.lasts.of.get(&entry.section)).copied();
        beside.map_or_else(|| self.spot_in_file(entry.section), Spot::Behind)
    }

    /// For a list that no file has an item of.
    fn spot_in_file(&self, section: Section) -> Spot {
        let basics = [Section::Networks, Section::Carriers, Section::Calendars];
        if basics.contains(&section) {
            let beside = basics.into_iter().find_map(|of| self.lasts.of.get(&of).copied());
            if let Some(tree) = beside.and_then(|ix| self.tree_of(ix)) {
                return Spot::InFile(tree);
            }
        }
        let name = match section {
            Section::Networks | Section::Carriers | Section::Calendars => "00-networks",
            Section::Defaults => "01-defaults",
            other => {
                Section::ALL.iter().find(|(_, of)| *of == other).map_or("more", |(name, _)| name)
            }
        };
        let path = self.base.folder.join(format!("{name}.yaml"));
        let is_ours = self.homes.fresh.contains_key(&path);
        Spot::Fresh(if is_ours { path } else { self.free(self.base.folder, name) })
    }

    /// The tree of an entry's file, where a list can be put at its end: a mapping on lines of its own.
    fn tree_of(&self, ix: usize) -> Option<usize> {
        let source = self.base.old[ix].at.source;
        self.base.trees.iter().position(|tree| match tree {
            Tree::Whole(Node { at, value: Value::Map(_) }) => at.source == source && at.len == 0,
            _ => false,
        })
    }
}

fn tier(entry: &Entry<'_>) -> Option<Tier> {
    let kind = entry.word("kind")?;
    UnitKind::ALL.into_iter().find(|known| known.as_str() == kind).map(UnitKind::tier)
}
