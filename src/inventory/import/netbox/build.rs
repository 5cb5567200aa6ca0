//! Rows to entries.

use std::collections::HashMap;
use std::sync::Arc;

use super::addresses::{Owner, Primary, parsed};
use super::known::Meant;
use super::table::{Row, Table, words};
use super::{MOST_NAMED, Maker, Passed};
use crate::inventory::heading::KINDS;
use crate::inventory::ledger::Entry;
use crate::inventory::node::{Key, Map, Node, Value};
use crate::inventory::place::{At, shown};
use crate::inventory::scalar::slugify;
use crate::inventory::{Section, Tree};
use crate::model::{Message, Tier, UnitKind};

/// The lists made so far.
#[derive(Default)]
pub(super) struct Made(Vec<(Section, Vec<Node>)>);

impl Made {
    fn add(&mut self, section: Section, at: At, fields: Vec<(&str, Option<Node>)>) {
        let entries = fields.into_iter().filter_map(|(key, node)| {
            let node = node?;
            Some((Key { text: key.to_owned(), at: node.at }, node))
        });
        // What a row leaves out it says nothing of.
        let map = Map { entries: entries.collect(), asked: Some(Arc::from([])) };
        let node = Node { at, value: Value::Map(map) };
        match self.0.iter_mut().find(|(known, _)| *known == section) {
            Some((_, list)) => list.push(node),
            None => self.0.push((section, vec![node])),
        }
    }

    /// Says more of an entry that is made, unless it says that already.
    fn complete(&mut self, section: Section, id: &str, key: &str, node: Node) {
        let lists = self.0.iter_mut().filter(|(known, _)| *known == section);
        for made in lists.flat_map(|(_, list)| list) {
            if let Value::Map(map) = &mut made.value
                && map.value("id").and_then(Node::word) == Some(id)
                && map.entry(key).is_none()
            {
                map.entries.push((Key { text: key.to_owned(), at: node.at }, node));
                return;
            }
        }
    }

    pub(super) fn into_trees(self) -> Vec<Tree> {
        let trees = self.0.into_iter().filter_map(|(section, items)| {
            let at = items.first()?.at;
            Some(Tree::List(section, Node { at, value: Value::List(items) }))
        });
        trees.collect()
    }
}

/// What a row says under a heading, if it says something.
fn said(row: &Row<'_>, keys: &[&str]) -> Option<Node> {
    row.text(keys).map(|text| Node::text(row.cell(keys), text))
}

impl Maker<'_> {
    /// Sites or regions.
    pub(super) fn units(&mut self, table: &Table, above: &[&str]) {
        for row in table.rows() {
            let Some(name) = self.name(&row, &["name"]) else { continue };
            let at = row.cell(&["name"]);
            let named = Node::text(at, &name);
            let region = row.text(above);
            let slug = row.text(&["slug"]);
            // A slug may be an id; a name may be that of many.
            let by_slug = slug.map_or(Meant::Nothing, |slug| self.units.find(slug, region));
            let is_by_slug = match by_slug {
                Meant::Unit(_) => true,
                Meant::Nothing => false,
                _ => self.units.find(&name, region) == Meant::Nothing,
            };
            let word = slug.filter(|_| is_by_slug).unwrap_or(&name);
            let known = self.unit_of(at, word, region);
            let Ok(known) = known else { continue };
            if let Some(id) = known {
                self.call((&name, slug), &id);
                self.known_unit(&row, id);
                continue;
            }
            let Some(kind) = kind_of(&name).or(self.fallback.kind) else {
                let message = Message::new("netbox.no_kind").with("name", shown(&name));
                self.warn(at, message, Some(Message::new("netbox.no_kind_hint")));
                continue;
            };
            let wanted = row.text(&["slug"]).map_or_else(|| slugify(&name), slugify);
            let id = self.free(at, &name, wanted);
            let parent = if kind == "province" { None } else { self.parent(&row, above, &name) };
            if kind == "province" && self.root.is_none() {
                self.root = Some(id.clone());
            }
            self.call((&name, slug), &id);
            if let Some(parent) = parent.as_ref().and_then(Node::word) {
                self.units.put_beneath(&id, parent);
            }
            self.kinds.insert(id.clone(), kind.to_owned());
            let place = place(&row);
            if place.is_some() {
                self.placed.insert(id.clone());
            }
            let contact = [
                ("name", said(&row, &["contact name"])),
                ("phone", said(&row, &["contact phone"])),
                ("email", said(&row, &["contact email", "contact e mail"])),
            ];
            let fields = vec![
                ("id", Some(Node::text(at, id))),
                ("name", Some(named)),
                ("kind", Some(Node::text(at, kind))),
                ("parent", parent),
                ("contact", mapping(at, contact)),
                ("location", place),
            ];
            self.made.add(Section::Units, at, fields);
        }
    }

    fn call(&mut self, (name, slug): (&str, Option<&str>), id: &str) {
        self.units.call(name, id);
        if let Some(slug) = slug {
            self.units.call(slug, id);
        }
    }

    /// A row of a unit that is there: what it adds is where that is. A site may be in the region that
    /// is its unit, and says more than that; a second one of a unit is told.
    fn known_unit(&mut self, row: &Row<'_>, id: String) {
        let (at, place) = (row.cell(&["name"]), place(row));
        let is_new = self.taken.insert(id.clone());
        if place.is_some() && !self.placed.insert(id.clone()) {
            let message = Message::new("netbox.second_site")
                .with("name", shown(row.text(&["name"]).unwrap_or_default()))
                .with("unit", &id);
            self.warn(at, message, None);
            return;
        }
        match place {
            Some(place) if !is_new => self.made.complete(Section::Units, &id, "location", place),
            place if is_new => {
                let fields = vec![("id", Some(Node::text(at, id))), ("location", place)];
                self.made.add(Section::Units, at, fields);
            }
            _ => {}
        }
    }

    /// The unit that a region is, else the root, which is told.
    fn parent(&mut self, row: &Row<'_>, above: &[&str], name: &str) -> Option<Node> {
        let at = row.cell(above);
        let region = row.text(above);
        if let Some(Meant::Unit(id)) = region.map(|region| self.units.find(region, None)) {
            return Some(Node::text(at, id));
        }
        let root = self.root.clone()?;
        if let Some(region) = region {
            let message = Message::new("netbox.no_parent")
                .with("region", shown(region))
                .with("name", shown(name))
                .with("parent", &root);
            self.warn(at, message, None);
        }
        Some(Node::text(at, root))
    }

    pub(super) fn carriers(&mut self, table: &Table) {
        for row in table.rows() {
            let Some(name) = self.name(&row, &["name"]) else { continue };
            if self.carriers.contains_key(&words(&name)) {
                continue;
            }
            let at = row.cell(&["name"]);
            let wanted = row.text(&["slug"]).map_or_else(|| slugify(&name), slugify);
            self.carriers.insert(words(&name), wanted.clone());
            let fields =
                vec![("id", Some(Node::text(at, wanted))), ("name", Some(Node::text(at, name)))];
            self.made.add(Section::Carriers, at, fields);
        }
    }

    pub(super) fn devices(&mut self, table: &Table) {
        let mut names: HashMap<String, usize> = HashMap::new();
        for name in table.rows().filter_map(|row| row.text(&["name"]).map(words)) {
            *names.entry(name).or_default() += 1;
        }
        self.namesakes.extend(names.into_iter().filter(|(_, n)| *n > 1).map(|(name, _)| name));
        for row in table.rows() {
            let Some(name) = self.name(&row, &["name"]) else { continue };
            let at = row.cell(&["name"]);
            let address = self.address(&row, &name);
            let facts = vec![
                ("vendor", said(&row, &["manufacturer"])),
                ("model", said(&row, &["type", "device type"])),
                ("serial", said(&row, &["serial number", "serial"])),
            ];
            // A device that the inventory has at this address is that device, whatever its name.
            let at_it = address.as_ref().and_then(Node::word).and_then(parsed);
            if let Some(known) = at_it.and_then(|address| self.owners.get(&address)) {
                let Owner { id, unit } = known.clone();
                if self.taken.insert(id.clone()) {
                    let who = vec![
                        ("id", Some(Node::text(at, id))),
                        ("unit", unit.map(|u| Node::text(at, u))),
                    ];
                    self.made.add(Section::Devices, at, who.into_iter().chain(facts).collect());
                }
                continue;
            }
            let Some(unit) = self.at_site(&row, &name) else { continue };
            if address.is_none() {
                let message = Message::new("netbox.no_address").with("name", shown(&name));
                self.warn(at, message, None);
            }
            let id = self.free(at, &name, format!("{unit}/{}", slugify(&name).replace('/', "-")));
            let role = row.text(&["role", "device role"]).map(slugify);
            let mut fields = vec![
                ("id", Some(Node::text(at, id))),
                ("unit", Some(Node::text(row.cell(&["site"]), unit))),
                ("name", Some(Node::text(at, name))),
                ("role", role.map(|role| Node::text(row.cell(&["role", "device role"]), role))),
            ];
            fields.extend(facts);
            fields.push(("address", address));
            self.made.add(Section::Devices, at, fields);
        }
    }

    /// The address of a device's row, else the primary one of the table of addresses.
    fn address(&mut self, row: &Row<'_>, name: &str) -> Option<Node> {
        const ADDRESS: &[&str] = &[
            "ip address",
            "ipv4 address",
            "ipv6 address",
            "primary ip4",
            "primary ip6",
            "primary ip",
        ];
        let text = row.text(ADDRESS).map(|text| text.split('/').next().unwrap_or(text));
        let said = text.map(|text| Node::text(row.cell(ADDRESS), text));
        if text.is_some_and(|text| parsed(text).is_some()) {
            return said;
        }
        match self.assigned.primary(name, !self.namesakes.contains(&words(name))) {
            Primary::Is(node) => Some(node),
            Primary::None => said,
            Primary::Unsure(all) => {
                let all: Vec<String> =
                    all.iter().take(MOST_NAMED).map(ToString::to_string).collect();
                let message = Message::new("netbox.unsure_address")
                    .with("name", shown(name))
                    .with("addresses", all.join(", "));
                let hint = Message::new("netbox.unsure_address_hint");
                self.warn(row.cell(&["name"]), message, Some(hint));
                said
            }
        }
    }

    /// The unit at whose site a row is; none, which is told.
    fn at_site(&mut self, row: &Row<'_>, name: &str) -> Option<String> {
        let (at, site) = (row.cell(&["site"]), row.text(&["site"]).unwrap_or_default());
        let unit = self.unit_of(at, site, row.text(&["region"])).ok()?;
        if unit.is_none() {
            let message =
                Message::new("netbox.no_site").with("name", shown(name)).with("site", shown(site));
            self.warn(at, message, None);
        }
        unit
    }

    /// Circuits: each a line of the lowest unit that it ends at.
    pub(super) fn circuits(&mut self, table: &Table, ends: &HashMap<String, Vec<String>>) {
        const SIDES: [&[&str]; 2] = [&["side a", "termination a"], &["side z", "termination z"]];
        for row in table.rows() {
            let Some(circuit) = self.name(&row, &["circuit id", "cid"]) else { continue };
            let at = row.cell(&["circuit id", "cid"]);
            let own = SIDES.iter().filter_map(|keys| row.text(keys).map(str::to_owned));
            let sites: Vec<String> =
                own.chain(ends.get(&circuit).cloned().unwrap_or_default()).collect();
            let units: Result<Vec<_>, Passed> =
                sites.iter().map(|site| self.unit_of(at, site, None)).collect();
            let Ok(units) = units else { continue };
            let Some(unit) = units.into_iter().flatten().max_by_key(|unit| self.depth(unit)) else {
                let message = Message::new("netbox.no_termination").with("name", shown(&circuit));
                self.warn(at, message, None);
                continue;
            };
            let Some(network) = self.network(&row) else {
                let message = Message::new("netbox.no_network").with("name", shown(&circuit));
                self.warn(at, message, Some(Message::new("netbox.no_network_hint")));
                continue;
            };
            let carrier = row.text(&["provider"]).map(str::to_owned);
            let known = carrier.as_ref().and_then(|name| self.carriers.get(&words(name))).cloned();
            if let (Some(name), None) = (&carrier, &known) {
                let message = Message::new("netbox.no_provider").with("name", shown(name));
                self.warn(row.cell(&["provider"]), message, None);
            }
            let id = self.line_id(&unit, &network, &circuit);
            let rate = row.text(&["commit rate", "commit rate kbps"]).and_then(bandwidth);
            let fields = vec![
                ("id", Some(Node::text(at, id))),
                ("unit", Some(Node::text(at, unit))),
                ("network", Some(Node::text(at, network))),
                ("carrier", known.map(|id| Node::text(row.cell(&["provider"]), id))),
                ("circuit", Some(Node::text(at, circuit))),
                ("bandwidth", rate.map(|rate| Node::text(row.cell(&["commit rate"]), rate))),
            ];
            self.made.add(Section::Connections, at, fields);
        }
    }

    /// The line that has this circuit, or none yet; else one of its own.
    fn line_id(&mut self, unit: &str, network: &str, circuit: &str) -> String {
        let lines = self.old.iter().filter(|entry| {
            entry.section == Section::Connections
                && entry.word("unit") == Some(unit)
                && entry.word("network") == Some(network)
        });
        let lines: Vec<&Entry<'_>> = lines.collect();
        let same = lines.iter().find(|line| line.word("circuit") == Some(circuit));
        let open = lines
            .iter()
            .find(|line| line.word("circuit").is_none() && !self.taken.contains(&line.id));
        if let Some(line) = same.or(open) {
            self.taken.insert(line.id.clone());
            return line.id.clone();
        }
        let first = format!("{unit}/{network}");
        let numbered = (2_u32..).map(|n| format!("{first}-{n}"));
        let old: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
        let mut ids = std::iter::once(first.clone()).chain(numbered);
        let id = ids.find(|id| !old.contains(&id.as_str()) && !self.taken.contains(id));
        let id = id.unwrap_or(first);
        self.taken.insert(id.clone());
        id
    }

    /// The network asked for, else the one that the circuit's type names.
    fn network(&self, row: &Row<'_>) -> Option<String> {
        let kind = row.text(&["type", "circuit type"]).map(words);
        let named =
            self.old.iter().filter(|entry| entry.section == Section::Networks).find(|entry| {
                let names = [Some(entry.id.as_str()), entry.word("name"), entry.word("short")];
                names
                    .into_iter()
                    .flatten()
                    .any(|name| kind.as_deref() == Some(words(name).as_str()))
            });
        named.map(|entry| entry.id.clone()).or_else(|| self.fallback.network.map(str::to_owned))
    }

    /// How far down a unit is: a line belongs to its far end.
    fn depth(&self, unit: &str) -> usize {
        let kind = self.kinds.get(unit).map_or("", String::as_str);
        let tier =
            UnitKind::ALL.into_iter().find(|known| known.as_str() == kind).map(UnitKind::tier);
        tier.map_or(0, |tier| Tier::ALL.iter().position(|known| *known == tier).unwrap_or(0))
    }
}

/// The kind of unit that a name begins with.
fn kind_of(name: &str) -> Option<&'static str> {
    const MORE: [(&str, &str); 9] = [
        ("tp", "city"),
        ("tx", "town"),
        ("tt", "township"),
        ("ubnd xa", "commune"),
        ("ubnd phuong", "ward"),
        ("ubnd huyen", "district"),
        ("so", "department"),
        ("ban", "department"),
        ("thanh tra", "department"),
    ];
    let name = words(name);
    let begins = |word: &str| {
        name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let known = KINDS.iter().map(|(vi, kind)| (words(vi), *kind));
    let more = MORE.iter().map(|(word, kind)| ((*word).to_owned(), *kind));
    let found = known.chain(more).filter(|(word, _)| begins(word));
    found.max_by_key(|(word, _)| word.len()).map(|(_, kind)| kind)
}

/// Kilobits a second as files write them.
fn bandwidth(text: &str) -> Option<String> {
    let kbps: u64 = text.replace([',', ' '], "").parse().ok().filter(|kbps| *kbps > 0)?;
    Some(match kbps {
        n if n.is_multiple_of(1_000_000) => format!("{}Gbps", n / 1_000_000),
        n if n.is_multiple_of(1_000) => format!("{}Mbps", n / 1_000),
        n => format!("{n}kbps"),
    })
}

fn mapping<const N: usize>(at: At, fields: [(&str, Option<Node>); N]) -> Option<Node> {
    let entries: Vec<(Key, Node)> = fields
        .into_iter()
        .filter_map(|(key, node)| {
            node.map(|node| (Key { text: key.to_owned(), at: node.at }, node))
        })
        .collect();
    let value = Value::Map(Map { asked: Some(Arc::from([])), entries });
    matches!(&value, Value::Map(map) if !map.entries.is_empty()).then_some(Node { at, value })
}

/// Where a site is, where both are said; six places of a degree are a hand's breadth.
fn place(row: &Row<'_>) -> Option<Node> {
    let degrees = |key: &'static str| {
        let text = row.text(&[key])?;
        let whole: f64 = text.parse().ok()?;
        let cut = text.find('.').map_or(text.len(), |dot| text.len().min(dot + 7));
        whole.is_finite().then(|| Node::text(row.cell(&[key]), &text[..cut]))
    };
    let (lat, lon) = (degrees("latitude")?, degrees("longitude")?);
    mapping(lat.at, [("lat", Some(lat)), ("lon", Some(lon))])
}
