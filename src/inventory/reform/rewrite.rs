//! The files as a reform makes them: ends at the old units' entries, the new units in a file of
//! their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::edit::{self, Keys, Uneditable, id_of, unit_entries};
use super::{Change, Fate, Made, Reform, day};
use crate::inventory::files::{self, Form};
use crate::inventory::node::{Key, Map, Node, Value};
use crate::inventory::place::{At, Desk, Finding};
use crate::inventory::{Section, book, compose, csv, yaml};
use crate::locale::Lang;
use crate::model::{Diagnostic, Inventory, Message};
use crate::t;

/// Keys to be set, by unit.
type Sets = BTreeMap<String, Vec<(&'static str, String)>>;

/// Every file that changes: the new one first, for the others name the units in it.
pub(super) fn changes(
    folder: &Path,
    reform: &Reform,
    inventory: &Inventory,
    plan: &str,
    lang: Lang,
) -> Result<Vec<Change>, Vec<Diagnostic>> {
    let sets = sets(reform, inventory);
    let mut desk = Desk::default();
    let mut changes = Vec::new();
    let listed = files::list(&mut desk, folder);
    let names: BTreeSet<PathBuf> = listed.iter().map(|file| file.path.clone()).collect();
    for file in listed {
        let change = match file.form {
            Form::Yaml => yaml_file(&mut desk, &file.path, &sets),
            Form::Csv(section) => csv_file(&mut desk, &file.path, section, &sets),
            Form::Book(section) => {
                refuse_book(&mut desk, &file.path, section, &sets);
                None
            }
        };
        if let Some((before, after, entries)) = change {
            let inside = file.path.strip_prefix(folder).unwrap_or(&file.path).to_owned();
            changes.push(Change { file: inside, before: Some(before), after, entries });
        }
    }
    if desk.errors() > 0 {
        return Err(desk.into_diagnostics());
    }
    if !reform.made.is_empty() {
        let file = (1..)
            .map(|n| match n {
                1 => PathBuf::from(format!("reform-{}.yaml", reform.date)),
                n => PathBuf::from(format!("reform-{}-{n}.yaml", reform.date)),
            })
            .find(|file| !names.contains(&folder.join(file)) && !folder.join(file).exists())
            .unwrap_or_default();
        let after = made_file(reform, plan, lang).into_bytes();
        changes.insert(0, Change { file, before: None, after, entries: reform.made.len() });
    }
    Ok(changes)
}

/// What every old unit's entry gets.
fn sets(reform: &Reform, inventory: &Inventory) -> Sets {
    let mut sets = Sets::new();
    for (unit, fate) in &reform.fates {
        let mut keys = vec![("until", reform.date.clone())];
        match fate {
            Fate::Kept => continue,
            Fate::Abolished => {}
            Fate::Merged(into) => keys.push(("merged_into", into.to_string())),
        }
        let mut own = inventory.subjects_of(*unit).iter().map(|s| inventory.subject(*s));
        if own.any(|subject| subject.exists_at(reform.at)) {
            keys.push(("equipment", "stays".to_owned()));
        }
        sets.insert(inventory.unit(*unit).id.to_string(), keys);
    }
    sets
}

type Rewritten = (Vec<u8>, Vec<u8>, usize);

fn yaml_file(desk: &mut Desk, path: &Path, sets: &Sets) -> Option<Rewritten> {
    let before = files::bytes(desk, path)?;
    let source = files::read(desk, path)?;
    let tree = yaml::read(desk, source)?;
    let own = of_entries(unit_entries(&tree), sets);
    if own.is_empty() {
        return None;
    }
    let after = edit::set_in_yaml(&desk.text(source), &tree, &own);
    rewritten(desk, before, after, (unit_entries(&tree), tree.at), own.len())
}

fn csv_file(desk: &mut Desk, path: &Path, section: Section, sets: &Sets) -> Option<Rewritten> {
    if section != Section::Units {
        return None;
    }
    let before = files::bytes(desk, path)?;
    let source = files::read(desk, path)?;
    let list = csv::read(desk, source, section, section.required_columns())?;
    let Value::List(rows) = &list.value else { return None };
    let own = of_entries(rows, sets);
    if own.is_empty() {
        return None;
    }
    let after = edit::set_in_csv(&desk.text(source), section, &own);
    rewritten(desk, before, after, (rows, list.at), own.len())
}

/// What is to be set at these entries, in their order.
fn of_entries<'s>(entries: &[Node], sets: &'s Sets) -> Vec<(&'s str, &'s Keys)> {
    let of = |entry: &Node| sets.get_key_value(id_of(entry)?);
    entries.iter().filter_map(of).map(|(id, keys)| (id.as_str(), keys.as_slice())).collect()
}

/// A file as it was and will be, with how many of its entries change; what cannot be changed is
/// reported at its entry.
fn rewritten(
    desk: &mut Desk,
    before: Vec<u8>,
    after: Result<String, Uneditable>,
    (entries, file): (&[Node], At),
    count: usize,
) -> Option<Rewritten> {
    match after {
        Ok(after) => Some(with_mark(before, &after, count)),
        Err(Uneditable { id }) => {
            let entry = entries.iter().find(|entry| id_of(entry) == Some(id.as_str()));
            refuse(desk, entry.map_or(file, |entry| entry.at), &id, "reform.uneditable_hint");
            None
        }
    }
}

/// The changed text with the byte order mark that its file began with.
fn with_mark(before: Vec<u8>, after: &str, count: usize) -> Rewritten {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mark = if before.starts_with(MARK) { MARK } else { b"" };
    let after = [mark, after.as_bytes()].concat();
    (before, after, count)
}

/// A workbook is not ours to write into: told once, at the first of its units.
fn refuse_book(desk: &mut Desk, path: &Path, section: Option<Section>, sets: &Sets) {
    let lists = book::read(desk, path, section);
    let units = lists.iter().filter(|(section, _)| *section == Section::Units);
    let rows = units.flat_map(|(_, list)| match &list.value {
        Value::List(rows) => rows.as_slice(),
        _ => &[],
    });
    let found: Vec<At> = rows
        .filter(|row| id_of(row).is_some_and(|id| sets.contains_key(id)))
        .map(|row| row.at)
        .collect();
    let Some(first) = found.first() else { return };
    let message =
        Message::new("reform.in_book").with("file", path.display()).with("n", found.len());
    let folder = path.parent().map(Path::display);
    let hint = Message::new("reform.in_book_hint")
        .with("folder", folder.map(|f| f.to_string()).unwrap_or_default());
    desk.report(Finding::error(*first, message).hint(hint));
}

fn refuse(desk: &mut Desk, at: At, id: &str, hint: &'static str) {
    let message = Message::new("reform.uneditable").with("id", id);
    desk.report(Finding::error(at, message).hint(Message::new(hint)));
}

fn made_file(reform: &Reform, plan: &str, lang: Lang) -> String {
    // A file's name may be anything; a comment ends with its line.
    let plan: String = plan.chars().filter(|c| !c.is_control()).collect();
    let head = t!(lang, "reform.file_head", date = day(&reform.date, lang), plan = plan);
    let made = reform.made.iter().map(|made| made_entry(made, &reform.date));
    format!("# {head}\n\nunits:\n{}", made.collect::<Vec<_>>().join("\n"))
}

fn made_entry(made: &Made, date: &str) -> String {
    let at = At { source: 0, start: 0, len: 0 };
    let text = |word: &str| Node::text(at, word);
    let networks = made.requires.iter().map(|network| text(network)).collect();
    let requires = Node { at, value: Value::List(networks) };
    let keys = [
        ("id", Some(text(made.id.as_str()))),
        ("name", Some(text(&made.name))),
        ("short", made.short.as_deref().map(text)),
        ("kind", Some(text(made.kind.as_str()))),
        ("parent", made.parent.as_deref().map(text)),
        ("code", made.code.as_deref().map(text)),
        ("requires", Some(requires).filter(|_| !made.requires.is_empty())),
        ("since", Some(text(date))),
    ];
    let entries = keys.into_iter().filter_map(|(key, said)| {
        let key = Key { text: key.to_owned(), at };
        said.map(|said| (key, said))
    });
    compose::item_of(&Map { entries: entries.collect(), asked: None }, Vec::new(), 2)
}
