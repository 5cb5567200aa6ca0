//! The files' new texts: changed where their entries stand, and nowhere else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Base;
use super::compare::{Compared, Fate};
use super::homes::{self, Homes};
use crate::inventory::compose;
use crate::inventory::edit::{Page, Stuck};
use crate::inventory::ledger::{Entry, Home, nested_key};
use crate::inventory::node::{Key, Map, Node, Value};
use crate::inventory::place::At;
use crate::inventory::subjects::role_of;
use crate::inventory::{Section, Tree};

/// A file that is to be written.
#[derive(Debug, Clone)]
pub struct Rewritten {
    /// Where.
    pub path: PathBuf,
    /// What is there now; `None` of a new one.
    pub old: Option<Arc<str>>,
    /// What is to be there.
    pub new: String,
}

/// The texts of all files that change.
pub(super) fn rewrite(base: &Base<'_>, compared: &Compared<'_>) -> Result<Vec<Rewritten>, Stuck> {
    let homes = homes::find(base, compared);
    let wholes = base.trees.iter().filter(|tree| matches!(tree, Tree::Whole(_)));
    let sources = wholes.filter_map(|tree| match tree {
        Tree::Whole(node) => Some(node.at.source),
        Tree::List(..) => None,
    });
    let texts: BTreeMap<u32, Arc<str>> = sources.map(|s| (s, base.desk.text(s))).collect();
    let mut pages: BTreeMap<u32, Page<'_>> =
        texts.iter().map(|(source, text)| (*source, Page::new(text))).collect();
    for (ix, (entry, fate)) in compared.old.iter().zip(&compared.fates).enumerate() {
        let Some(page) = pages.get_mut(&entry.at.source) else { continue };
        match fate {
            Fate::Stays => {}
            Fate::Becomes(map) => become_of(page, entry, map)?,
            Fate::Goes => go(page, entry, compared)?,
        }
        if let Some(inner) = homes.in_unit.get(&ix) {
            put_inside(page, entry, inner)?;
        }
    }
    for (ix, entry) in &homes.behind {
        let there = &compared.old[*ix];
        let Home::Item { list, ix, .. } = there.home else { continue };
        let Value::List(items) = &list.value else { continue };
        let Some(page) = pages.get_mut(&there.at.source) else { continue };
        let inner = inner_of(&homes, entry);
        let is_flow = items.get(ix).is_some_and(|item| page.is_flow(item));
        page.put_item(list, items, ix, &|column| match column {
            None => compose::inline("", &in_one(entry, &inner), true),
            Some(column) if is_flow && inner.is_empty() => {
                let pad = " ".repeat(column);
                let map = Value::Map(compose::ordered(entry));
                format!("{pad}- {}\n", compose::inline("", &map, false))
            }
            Some(column) => compose::item(entry, &inner, column),
        })?;
    }
    for (tree, entries) in &homes.in_file {
        let Some(Tree::Whole(root)) = base.trees.get(*tree) else { continue };
        let Some(page) = pages.get_mut(&root.at.source) else { continue };
        page.append(&lists(&homes, entries));
    }
    let mut files = Vec::new();
    for (source, page) in pages {
        let at = At { source, start: 0, len: 1 };
        let (old, new) = (texts[&source].clone(), page.finish(at)?);
        if *old != *new {
            let path = base.desk.file(source).as_ref().clone();
            files.push(Rewritten { path, old: Some(old), new });
        }
    }
    for (path, entries) in &homes.fresh {
        files.push(Rewritten { path: path.clone(), old: None, new: lists(&homes, entries) });
    }
    files.sort_by_key(|file| (!has_basics(&file.new), file.old.is_some()));
    Ok(files)
}

/// True for a file with networks, carriers or calendars. These are put in place first, and new files
/// before those that change: whoever is cut off between two leaves nothing that names what is not
/// there yet.
fn has_basics(text: &str) -> bool {
    text.lines().any(|line| {
        ["networks:", "carriers:", "calendars:"].into_iter().any(|key| line.starts_with(key))
    })
}

/// What is nested in a new unit.
fn inner_of<'h, 't>(homes: &'h Homes<'t>, entry: &Entry<'_>) -> Vec<&'h Entry<'t>> {
    let inner = homes.in_new.get(entry.id.as_str()).filter(|_| entry.section == Section::Units);
    inner.into_iter().flatten().copied().collect()
}

/// Lists of entries, each under its key; units with a blank line between them.
fn lists(homes: &Homes<'_>, entries: &[&Entry<'_>]) -> String {
    let mut out = String::new();
    for (name, section) in Section::ALL {
        let items: Vec<String> = entries
            .iter()
            .filter(|entry| entry.section == section)
            .map(|entry| compose::item(entry, &inner_of(homes, entry), 2))
            .collect();
        if items.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let gap = if section == Section::Units { "\n" } else { "" };
        out += &format!("{name}:\n{}", items.join(gap));
    }
    out
}

/// A unit with what is nested in it, for the inside of brackets.
fn in_one(entry: &Entry<'_>, inner: &[&Entry<'_>]) -> Value {
    let mut map = compose::ordered(entry);
    for section in [Section::Connections, Section::Devices] {
        let own = inner.iter().filter(|e| e.section == section);
        let own: Vec<&Entry<'_>> = own.copied().collect();
        if let (Some(key), false) = (nested_key(section), own.is_empty()) {
            let key = Key { text: key.to_owned(), at: entry.at };
            map.entries.push((key, Node { at: entry.at, value: nested_map(&own) }));
        }
    }
    Value::Map(map)
}

fn nested_map(entries: &[&Entry<'_>]) -> Value {
    let entries = entries.iter().map(|entry| {
        let key = compose::key_in_unit(entry).unwrap_or(&entry.id).to_owned();
        let value = compose::nested(entry, &key);
        (Key { text: key, at: entry.at }, Node { at: entry.at, value })
    });
    Value::Map(Map { entries: entries.collect(), asked: None })
}

/// The mapping of a unit, and the nested one under a key of it.
fn inside(unit: &Node, section: Section) -> Option<(&Map, Option<(&Key, &Node)>)> {
    let Value::Map(map) = &unit.value else { return None };
    let inner = nested_key(section).and_then(|key| map.entry(key)).map(|(key, node)| (key, node));
    Some((map, inner))
}

fn become_of(page: &mut Page<'_>, entry: &Entry<'_>, map: &Map) -> Result<(), Stuck> {
    let rank = |key: &str| compose::rank(entry.section, key);
    match entry.home {
        Home::Item { list, ix, .. } => {
            let Value::List(items) = &list.value else { return Err(Stuck(entry.at)) };
            let node = items.get(ix).ok_or(Stuck(entry.at))?;
            let mut map = map.clone();
            if let (Section::Units, Value::Map(own)) = (entry.section, &node.value) {
                let nested = own.entries.iter().filter(|(key, _)| is_nested_key(&key.text));
                map.entries.extend(nested.cloned());
            }
            page.make_map(node, &map, page.is_flow(list), &rank)
        }
        Home::Nested { unit, ix } => {
            let stuck = Stuck(entry.at);
            let (_, inner) = inside(unit, entry.section).ok_or(stuck)?;
            let (_, holder) = inner.ok_or(stuck)?;
            let Value::Map(nested) = &holder.value else { return Err(stuck) };
            let (key, node) = nested.entries.get(ix).ok_or(stuck)?;
            let in_flow = page.is_flow(unit) || page.is_flow(holder);
            match &node.value {
                Value::Map(own) if !own.entries.is_empty() => {
                    let target = without_implied(map, own, &key.text);
                    page.make_map(node, &target, in_flow, &rank)
                }
                _ => {
                    let said = Entry { map: map.clone(), ..entry.clone() };
                    let value = compose::nested(&said, &key.text);
                    page.make_value(key, node, &Node { at: node.at, value }, in_flow)
                }
            }
        }
    }
}

fn is_nested_key(key: &str) -> bool {
    matches!(key, "connections" | "devices")
}

/// A nested entry's own keys: what its place says stays unwritten.
fn without_implied(map: &Map, own: &Map, key: &str) -> Map {
    let mut map = map.clone();
    map.entries.retain(|(name, node)| match name.text.as_str() {
        "id" | "unit" => false,
        "network" => own.entry("network").is_some() || node.word() != Some(key),
        "role" => own.entry("role").is_some() || node.word() != Some(role_of(key)),
        _ => true,
    });
    map
}

fn go(page: &mut Page<'_>, entry: &Entry<'_>, compared: &Compared<'_>) -> Result<(), Stuck> {
    match entry.home {
        Home::Item { list, ix, .. } => {
            let Value::List(items) = &list.value else { return Err(Stuck(entry.at)) };
            page.take_item(list, items, ix)
        }
        Home::Nested { unit, ix } => {
            let is_of_it = |other: &Entry<'_>| {
                other.section == Section::Units && Some(other.id.as_str()) == entry.word("unit")
            };
            let mut all = compared.old.iter().zip(&compared.fates);
            if all.any(|(other, fate)| is_of_it(other) && matches!(fate, Fate::Goes)) {
                return Ok(());
            }
            let inner = inside(unit, entry.section).and_then(|(_, inner)| inner);
            let (_, holder) = inner.ok_or(Stuck(entry.at))?;
            let Value::Map(nested) = &holder.value else { return Err(Stuck(entry.at)) };
            page.take_key(holder, nested, ix)
        }
    }
}

/// Puts new entries into a unit that is there.
fn put_inside(page: &mut Page<'_>, unit: &Entry<'_>, new: &[&Entry<'_>]) -> Result<(), Stuck> {
    let stuck = Stuck(unit.at);
    let Home::Item { list, ix, .. } = unit.home else { return Err(stuck) };
    let Value::List(items) = &list.value else { return Err(stuck) };
    let node = items.get(ix).ok_or(stuck)?;
    for section in [Section::Connections, Section::Devices] {
        let own: Vec<&Entry<'_>> = new.iter().filter(|e| e.section == section).copied().collect();
        let Some(name) = nested_key(section).filter(|_| !own.is_empty()) else { continue };
        let (map, inner) = inside(node, section).ok_or(stuck)?;
        match inner {
            Some((_, holder)) if matches!(&holder.value, Value::Map(map) if !map.entries.is_empty()) =>
            {
                let Value::Map(nested) = &holder.value else { continue };
                for entry in own {
                    let key = compose::key_in_unit(entry).unwrap_or(&entry.id);
                    let last = nested.entries.len().checked_sub(1);
                    page.put_key(holder, nested, last, &|indent| match indent {
                        Some(_) => compose::nested_line(entry, key),
                        None => format!(
                            "{}: {}",
                            compose::scalar("", key, true),
                            compose::inline(key, &compose::nested(entry, key), true)
                        ),
                    })?;
                }
            }
            Some((key, holder)) => {
                let in_flow = page.is_flow(list) || page.is_flow(node);
                let value = Node { at: holder.at, value: nested_map(&own) };
                page.make_value(key, holder, &value, in_flow)?;
            }
            None => {
                let rank = |key: &str| compose::rank(Section::Units, key);
                let before = map.entries.iter().rposition(|(key, _)| rank(&key.text) < rank(name));
                page.put_key(node, map, before, &|indent| match indent {
                    Some(indent) => {
                        let pad = " ".repeat(indent + 2);
                        let lines = own.iter().map(|entry| {
                            let key = compose::key_in_unit(entry).unwrap_or(&entry.id);
                            format!("\n{pad}{}", compose::nested_line(entry, key))
                        });
                        format!("{name}:{}", lines.collect::<String>())
                    }
                    None => format!("{name}: {}", compose::inline(name, &nested_map(&own), true)),
                })?;
            }
        }
    }
    Ok(())
}
