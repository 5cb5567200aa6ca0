//! The import's entries against those that are there: what differs, key by key, and what the
//! inventory would be.

use std::collections::{HashMap, HashSet};

use super::{Change, Kind};
use crate::inventory::alike::{Said, canon, canon_in, canon_key};
use crate::inventory::compose;
use crate::inventory::ledger::{Entry, Home};
use crate::inventory::node::{Key, Map, Node, Value};
use crate::inventory::place::{Desk, Finding, shown};
use crate::inventory::subjects::{last_part, role_of};
use crate::inventory::{Section, Tree};
use crate::model::{Message, Place};

/// A value that changes.
#[derive(Debug, Clone)]
pub struct FieldChange {
    /// Its key, dotted where it is inside another: `contact.phone`.
    pub key: String,
    /// As it is written now.
    pub from: Option<String>,
    /// As it will be.
    pub to: Option<String>,
    /// Where the import says so.
    pub place: Option<Place>,
}

/// What is to be done with an entry that is there, by its index.
#[derive(Debug)]
pub(super) enum Fate {
    Stays,
    /// With all that it will say.
    Becomes(Map),
    Goes,
}

/// Everything that differs.
pub(super) struct Compared<'t> {
    pub old: &'t [Entry<'t>],
    /// One each for what is there.
    pub fates: Vec<Fate>,
    /// What is new, in the order of the import.
    pub new: Vec<&'t Entry<'t>>,
    pub changes: Vec<Change>,
    pub same: usize,
    pub left: usize,
}

/// Holds the two against each other. `scope`: only what belongs to these units is taken out.
pub(super) fn compare<'t>(
    desk: &mut Desk,
    old: &'t [Entry<'t>],
    new: &'t [Entry<'t>],
    remove: bool,
    scope: Option<&[String]>,
) -> Compared<'t> {
    let known: HashMap<(Section, &str), usize> =
        old.iter().enumerate().map(|(ix, e)| ((e.section, e.id.as_str()), ix)).collect();
    let mut compared = Compared {
        old,
        fates: old.iter().map(|_| Fate::Stays).collect(),
        new: Vec::new(),
        changes: Vec::new(),
        same: 0,
        left: 0,
    };
    let mut seen = HashSet::new();
    for entry in new {
        // A second row of the same id goes on as a new entry, which is reported as what it is.
        let there = known.get(&(entry.section, entry.id.as_str())).copied();
        match there.filter(|ix| seen.insert(*ix)) {
            None => {
                compared.changes.push(added(desk, entry));
                compared.new.push(entry);
            }
            Some(ix) => compared.meet(desk, ix, entry, remove),
        }
    }
    let lists: HashSet<Section> = new.iter().map(|entry| entry.section).collect();
    for (ix, entry) in old.iter().enumerate() {
        if seen.contains(&ix) || !lists.contains(&entry.section) {
            continue;
        }
        let belongs = match entry.section {
            Section::Units => Some(entry.id.as_str()),
            _ => entry.word("unit"),
        };
        let is_meant = scope.is_none_or(|units| {
            belongs.is_some_and(|unit| units.iter().any(|known| known == unit))
        });
        if remove && is_meant {
            compared.take_out(desk, ix);
        } else {
            compared.left += 1;
        }
    }
    compared.take_nested_out(desk);
    let rank = |list: &str| Section::ALL.iter().position(|(name, _)| *name == list);
    compared.changes.sort_by_key(|change| rank(change.list));
    compared
}

fn list_of(section: Section) -> &'static str {
    Section::ALL.iter().find(|(_, of)| *of == section).map_or("", |(name, _)| name)
}

fn added(desk: &Desk, entry: &Entry<'_>) -> Change {
    let all = compose::ordered(entry);
    let fields =
        all.entries.iter().filter(|(key, _)| key.text != "id").map(|(key, node)| FieldChange {
            key: key.text.clone(),
            from: None,
            to: Some(told(&key.text, &node.value)),
            place: Some(desk.place(node.at)),
        });
    Change {
        kind: Kind::Added,
        list: list_of(entry.section),
        id: entry.id.clone(),
        place: desk.place(entry.at),
        fields: fields.collect(),
    }
}

impl Compared<'_> {
    /// An entry that both have.
    fn meet(&mut self, desk: &mut Desk, ix: usize, entry: &Entry<'_>, remove: bool) {
        let old = &self.old[ix];
        let mut merge = Merge { remove, fields: Vec::new(), left: 0, desk: &*desk };
        let implied = (entry.section == Section::Devices).then(|| role_of(last_part(&entry.id)));
        let merged = merge.merge("", &old.map, &entry.map, implied);
        let Merge { fields, left, .. } = merge;
        self.left += left;
        if fields.is_empty() {
            self.same += 1;
            return;
        }
        if old.is_row() {
            in_a_table(desk, old, entry.at);
        }
        let moves = merged.value("unit").filter(|unit| unit.word() != old.word("unit"));
        if let (Home::Nested { .. }, Some(unit)) = (old.home, moves) {
            let message = Message::new("import.moved").with("id", shown(&old.id));
            desk.report(
                Finding::error(unit.at, message)
                    .hint(Message::new("import.moved_hint"))
                    .related(old.at, Message::new("import.stands_here")),
            );
        }
        self.fates[ix] = Fate::Becomes(merged);
        self.changes.push(Change {
            kind: Kind::Changed,
            list: list_of(entry.section),
            id: entry.id.clone(),
            place: desk.place(entry.at),
            fields,
        });
    }

    fn take_out(&mut self, desk: &mut Desk, ix: usize) {
        let old = &self.old[ix];
        if old.is_row() {
            in_a_table(desk, old, old.at);
        }
        self.fates[ix] = Fate::Goes;
        self.changes.push(Change {
            kind: Kind::Removed,
            list: list_of(old.section),
            id: old.id.clone(),
            place: desk.place(old.at),
            fields: Vec::new(),
        });
    }

    /// With a unit goes what is nested in it.
    fn take_nested_out(&mut self, desk: &mut Desk) {
        let gone: HashSet<&str> = (self.old.iter().zip(&self.fates))
            .filter(|(entry, fate)| entry.section == Section::Units && matches!(fate, Fate::Goes))
            .map(|(entry, _)| entry.id.as_str())
            .collect();
        for ix in 0..self.old.len() {
            let entry = &self.old[ix];
            let is_inside = matches!(entry.home, Home::Nested { .. })
                && entry.word("unit").is_some_and(|unit| gone.contains(unit));
            if is_inside && matches!(self.fates[ix], Fate::Stays) {
                self.left = self.left.saturating_sub(1);
                self.take_out(desk, ix);
            }
        }
    }

    /// The whole inventory as it would be, list by list, each value with the place that it comes from.
    pub(super) fn merged(&self) -> Vec<Tree> {
        let stays = self.old.iter().zip(&self.fates).filter_map(|(entry, fate)| match fate {
            Fate::Stays => Some((entry.section, entry.at, &entry.map)),
            Fate::Becomes(map) => Some((entry.section, entry.at, map)),
            Fate::Goes => None,
        });
        let comes = self.new.iter().map(|entry| (entry.section, entry.at, &entry.map));
        let all: Vec<_> = stays.chain(comes).collect();
        let lists = Section::ALL.into_iter().filter_map(|(_, section)| {
            let of = all.iter().filter(|(of, ..)| *of == section);
            let items: Vec<Node> = of
                .map(|(_, at, map)| Node { at: *at, value: Value::Map((*map).clone()) })
                .collect();
            let at = items.first()?.at;
            Some(Tree::List(section, Node { at, value: Value::List(items) }))
        });
        lists.collect()
    }
}

/// A row of a spreadsheet in the inventory's folder is its office's to change.
fn in_a_table(desk: &mut Desk, old: &Entry<'_>, at: crate::inventory::place::At) {
    let file = desk.place(old.at).file.display().to_string();
    let message = Message::new("import.in_a_table").with("id", shown(&old.id)).with("file", file);
    desk.report(
        Finding::error(at, message)
            .hint(Message::new("import.in_a_table_hint"))
            .related(old.at, Message::new("import.stands_here")),
    );
}

struct Merge<'d> {
    remove: bool,
    fields: Vec<FieldChange>,
    left: usize,
    desk: &'d Desk,
}

impl Merge<'_> {
    /// What `old` becomes when `new` is said of it; differences are kept under their dotted keys.
    fn merge(&mut self, outer: &str, old: &Map, new: &Map, implied_role: Option<&str>) -> Map {
        let mut merged = Map { entries: old.entries.clone(), asked: None };
        let dotted = |key: &str| match outer {
            "" => key.to_owned(),
            outer => format!("{outer}.{key}"),
        };
        for (key, node) in &new.entries {
            let there = merged
                .entries
                .iter()
                .position(|(known, _)| canon_key(&known.text) == canon_key(&key.text));
            let within = outer.rsplit('.').next().unwrap_or(outer);
            let said = canon_in(within, &key.text, node);
            let Some(there) = there else {
                let is_empty = matches!(&said, Said::Map(map) if map.is_empty());
                let is_implied = outer.is_empty()
                    && key.text == "role"
                    && implied_role.is_some_and(|role| node.word() == Some(role));
                if !is_empty && !is_implied {
                    self.differs(dotted(&key.text), None, Some((key, node)));
                    merged.entries.push((key.clone(), whole(node)));
                }
                continue;
            };
            let (known, own) = merged.entries[there].clone();
            if canon_in(within, &known.text, &own) == said {
                continue;
            }
            match (&own.value, &node.value) {
                (Value::Map(own_map), Value::Map(said))
                    if said.asked.is_some() || (!self.remove && is_open(&key.text)) =>
                {
                    let inner = self.merge(&dotted(&key.text), own_map, said, None);
                    merged.entries[there].1 = Node { at: node.at, value: Value::Map(inner) };
                }
                _ => {
                    let (key, mut node) = respelled(&known, key, node);
                    if !self.remove && key.text == "addresses" {
                        self.left += keep_unsaid(&own, &mut node);
                        if canon(&key.text, &own) == canon(&key.text, &node) {
                            continue;
                        }
                    }
                    self.differs(dotted(&key.text), Some((&known, &own)), Some((&key, &node)));
                    merged.entries[there] = (key, node);
                }
            }
        }
        let is_said =
            |key: &str| new.entries.iter().any(|(said, _)| canon_key(&said.text) == canon_key(key));
        let unsaid =
            old.entries.iter().filter(|(key, _)| !is_said(&key.text) && !is_who(&key.text));
        for (key, node) in unsaid {
            let asked = asked_of(new, &key.text);
            let at = merged.entries.iter().position(|(known, _)| known.text == key.text);
            let Some(at) = at else { continue };
            match (asked, &node.value) {
                (Columns::None, _) => {}
                (Columns::Whole, _) if self.remove => {
                    merged.entries.remove(at);
                    self.differs(dotted(&key.text), Some((key, node)), None);
                }
                (Columns::Inner(asked), Value::Map(own)) => {
                    let nothing = Map { entries: Vec::new(), asked: Some(asked.into()) };
                    let inner = self.merge(&dotted(&key.text), own, &nothing, None);
                    if inner.entries.is_empty() && !own.entries.is_empty() {
                        merged.entries.remove(at);
                    } else {
                        merged.entries[at].1.value = Value::Map(inner);
                    }
                }
                _ => self.left += 1,
            }
        }
        merged
    }

    fn differs(&mut self, key: String, from: Option<(&Key, &Node)>, to: Option<(&Key, &Node)>) {
        let written = |(key, node): (&Key, &Node)| told(&key.text, &node.value);
        self.fields.push(FieldChange {
            key,
            from: from.map(written),
            to: to.map(written),
            place: to.map(|(_, node)| self.desk.place(node.at)),
        });
    }
}

/// A value as people are told it: a text by itself, anything else as YAML.
fn told(key: &str, value: &Value) -> String {
    match value {
        Value::Text(text) => text.trim().to_owned(),
        value => compose::inline(key, value, false),
    }
}

/// What columns a table has for a key.
enum Columns {
    None,
    /// One of its own; of what is no table every key has one.
    Whole,
    /// Only for some of what is inside.
    Inner(Vec<String>),
}

fn asked_of(map: &Map, key: &str) -> Columns {
    let Some(asked) = &map.asked else { return Columns::Whole };
    if asked.iter().any(|column| canon_key(column) == canon_key(key)) {
        return Columns::Whole;
    }
    let inner = asked.iter().filter_map(|column| column.strip_prefix(key)?.strip_prefix('.'));
    let inner: Vec<String> = inner.map(str::to_owned).collect();
    if inner.is_empty() { Columns::None } else { Columns::Inner(inner) }
}

/// Mappings of which each key says something by itself. In the others one key may stand in the place
/// of another, or their order says something.
fn is_open(key: &str) -> bool {
    !matches!(key, "via" | "for" | "addresses" | "hours")
}

/// Puts the addresses that an import does not say behind those that it says; how many.
fn keep_unsaid(own: &Node, said: &mut Node) -> usize {
    let (Value::Map(own), Value::Map(said)) = (&own.value, &mut said.value) else { return 0 };
    let is_said = |key: &Key| said.entry(&key.text).is_some();
    let unsaid: Vec<_> = own.entries.iter().filter(|(key, _)| !is_said(key)).cloned().collect();
    said.entries.extend(unsaid.iter().cloned());
    unsaid.len()
}

/// Keys that say who an entry is.
fn is_who(key: &str) -> bool {
    matches!(key, "id" | "unit" | "network")
}

/// What a table says of a mapping is all there is to be said where there was none.
fn whole(node: &Node) -> Node {
    let mut node = node.clone();
    if let Value::Map(map) = &mut node.value {
        map.asked = None;
    }
    node
}

/// A value under the key that is there: a column of Mbps is written as the file writes it.
fn respelled(known: &Key, key: &Key, node: &Node) -> (Key, Node) {
    if known.text == "bandwidth"
        && key.text == "bandwidth_mbps"
        && let Some(mbps) = node.word()
    {
        let text = format!("{mbps}Mbps");
        return (Key { text: known.text.clone(), at: key.at }, Node::text(node.at, text));
    }
    (key.clone(), whole(node))
}
