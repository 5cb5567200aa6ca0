//! The plan of a reform: a table that says of every old unit which new unit takes it over.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use super::{Fate, Made, Reform};
use crate::inventory::csv::{self, Cell};
use crate::inventory::node::{Node, Value};
use crate::inventory::place::{At, Desk, Finding, shown};
use crate::inventory::scalar::{self, Ref};
use crate::inventory::{entries, heading};
use crate::model::{Id, Inventory, Message, UnitIx, UnixMs};

/// The columns, each with the headings it is known by, folded.
const COLUMNS: [(&str, &[&str]); 9] = [
    ("old", &["old", "old unit", "old id", "don vi cu", "ma dinh danh cu"]),
    ("new", &["new", "new unit", "new id", "don vi moi", "ma dinh danh moi"]),
    ("name", &["name", "new name", "ten", "ten moi", "ten don vi moi"]),
    ("short", &["short", "short name", "viet tat", "ten viet tat"]),
    ("code", &["code", "new code", "official code", "ma hanh chinh", "ma don vi moi", "ma gso"]),
    ("kind", &["kind", "new kind", "loai", "loai don vi"]),
    ("parent", &["parent", "parent unit", "cap tren", "don vi cap tren", "truc thuoc"]),
    ("requires", &["requires", "required networks", "mang phai co"]),
    ("date", &["date", "since", "ngay", "ngay hieu luc", "tu ngay"]),
];
const NOTES: [&str; 6] = ["stt", "no", "note", "notes", "ghi chu", "can cu"];
/// What may be said of a new unit.
const SAID: [&str; 6] = ["name", "short", "code", "kind", "parent", "requires"];

/// A cell that says something.
#[derive(Debug, Clone)]
struct Said {
    text: String,
    at: At,
}

/// A row: its cells by column.
#[derive(Debug)]
struct Row {
    cells: HashMap<&'static str, Said>,
    at: At,
}

impl Row {
    fn get(&self, key: &str) -> Option<&Said> {
        self.cells.get(key)
    }
}

/// Reads the plan of a source and holds it against the inventory; `None` after reporting whatever
/// is wrong.
pub(super) fn read(
    desk: &mut Desk,
    source: u32,
    inventory: &Inventory,
    zone: &TimeZone,
) -> Option<Reform> {
    let rows = rows(desk, source)?;
    let (date, at) = date(desk, &rows, source, zone).filter(|_| desk.errors() == 0)?;
    let mut reading = Reading { desk, inventory, at, fates: BTreeMap::new(), made: Vec::new() };
    reading.olds(&rows);
    reading.news(&rows);
    reading.targets();
    reading.parents();
    reading.left_out();
    let Reading { fates, made, .. } = reading;
    (desk.errors() == 0).then(|| Reform {
        date,
        at,
        made: made.into_iter().map(|made| made.unit).collect(),
        fates: fates.into_iter().map(|(unit, fate)| (unit, fate.fate)).collect(),
    })
}

fn rows(desk: &mut Desk, source: u32) -> Option<Vec<Row>> {
    let text = desk.text(source);
    let whole = At { source, start: 0, len: 1 };
    let rows = match csv::split(source, &text) {
        Ok(rows) => rows,
        Err(at) => {
            let hint = Message::new("check.csv_quote_hint");
            desk.report(Finding::error(at, Message::new("check.csv_quote")).hint(hint));
            return None;
        }
    };
    let mut rows = rows.into_iter();
    let Some(header) = rows.next() else {
        desk.report(Finding::error(whole, Message::new("check.csv_empty")));
        return None;
    };
    let columns: Vec<Option<&'static str>> = header.iter().map(|cell| column(desk, cell)).collect();
    let mut first: HashMap<&str, At> = HashMap::new();
    for (key, cell) in columns.iter().zip(&header) {
        // A heading that comes twice would have its first column passed over.
        if let Some(at) = key.and_then(|key| first.insert(key, cell.at)) {
            let message = Message::new("check.duplicate_key").with("key", shown(&cell.text));
            let finding = Finding::error(cell.at, message);
            desk.report(finding.related(at, Message::new("check.first")));
        }
    }
    for key in ["old", "new", "date"] {
        if !columns.contains(&Some(key)) {
            let message = Message::new("reform.missing_column").with("column", key);
            let hint = Message::new("reform.missing_column_hint");
            desk.report_again(Finding::error(whole, message).hint(hint));
        }
    }
    if desk.errors() > 0 {
        return None;
    }
    let rows: Vec<Row> = rows.filter_map(|cells| row(desk, &columns, cells)).collect();
    if rows.is_empty() && desk.errors() == 0 {
        desk.report(Finding::error(whole, Message::new("reform.no_rows")));
    }
    (!rows.is_empty()).then_some(rows)
}

/// A row; `None` for an empty one and, after reporting it, for one that says more than there are
/// columns.
fn row(desk: &mut Desk, columns: &[Option<&'static str>], cells: Vec<Cell>) -> Option<Row> {
    let at = cells.first()?.at;
    if let Some(beyond) = cells.iter().skip(columns.len()).find(|cell| !cell.text.is_empty()) {
        let message = Message::new("check.csv_row_length")
            .with("cells", cells.len())
            .with("columns", columns.len());
        let hint = Message::new("check.csv_row_length_hint");
        desk.report(Finding::error(beyond.at, message).hint(hint));
        return None;
    }
    let said = |(column, cell): (&Option<&'static str>, Cell)| {
        let text = heading::word(column.filter(|c| *c != "date").unwrap_or("since"), &cell.text);
        let column = column.filter(|_| !text.is_empty())?;
        Some((column, Said { text, at: cell.at }))
    };
    let cells: HashMap<_, _> = columns.iter().zip(cells).filter_map(said).collect();
    (!cells.is_empty()).then_some(Row { cells, at })
}

/// The column that a heading stands for; one that is unknown is reported.
fn column(desk: &mut Desk, cell: &Cell) -> Option<&'static str> {
    let words = heading::words(&cell.text);
    if NOTES.contains(&words.as_str()) {
        return None;
    }
    let found = COLUMNS.iter().find(|(_, known)| known.contains(&words.as_str()));
    if found.is_none() {
        let keys = COLUMNS.map(|(key, _)| key);
        let near = desk.nearest(&words, keys.into_iter());
        let hint = near.map_or_else(
            || Message::new("check.known_keys").with("keys", keys.join(", ")),
            |near| Message::new("check.did_you_mean").with("word", near),
        );
        let message = Message::new("check.unknown_key").with("key", shown(&cell.text));
        desk.report(Finding::error(cell.at, message).hint(hint));
    }
    found.map(|(key, _)| *key)
}

/// The one date of a plan, as written and as an instant.
fn date(desk: &mut Desk, rows: &[Row], source: u32, zone: &TimeZone) -> Option<(String, UnixMs)> {
    let mut first: Option<&Said> = None;
    for row in rows {
        let Some(said) = row.get("date") else {
            let hint = Message::new("reform.no_date_hint");
            desk.report(Finding::error(row.at, Message::new("reform.no_date")).hint(hint));
            continue;
        };
        match first {
            None => first = Some(said),
            Some(first) if first.text != said.text => {
                let message = Message::new("reform.two_dates")
                    .with("date", shown(&said.text))
                    .with("first", shown(&first.text));
                desk.report(
                    Finding::error(said.at, message)
                        .hint(Message::new("reform.two_dates_hint"))
                        .related(first.at, Message::new("check.first")),
                );
            }
            Some(_) => {}
        }
    }
    let Said { text, at } =
        first.cloned().unwrap_or(Said { text: String::new(), at: At { source, start: 0, len: 1 } });
    // A day, for it is written into the entries as one.
    let node = Node { at, value: Value::Text(text.clone()) };
    let day = scalar::date(desk, "date", &node);
    let instant = day.and_then(|_| scalar::instant(desk, "date", &node, zone))?;
    Some((text, instant))
}

/// What becomes of an old unit, and where that is written.
#[derive(Debug)]
struct Written {
    fate: Fate,
    old: At,
    new: At,
}

/// A new unit under way, with where its id and its parent are written.
struct Making {
    unit: Made,
    at: At,
    parent: Option<Said>,
    said: HashMap<&'static str, Said>,
}

struct Reading<'a> {
    desk: &'a mut Desk,
    inventory: &'a Inventory,
    at: UnixMs,
    fates: BTreeMap<UnitIx, Written>,
    made: Vec<Making>,
}

impl Reading<'_> {
    fn error(&mut self, at: At, message: Message, hint: &'static str) {
        self.desk.report_again(Finding::error(at, message).hint(Message::new(hint)));
    }

    fn unknown_unit(&mut self, said: &Said) {
        let living = self.inventory.units.iter().filter(|u| u.until.is_none());
        let near = self.desk.nearest(&said.text, living.map(|u| u.id.as_str()));
        let hint = near.map(|near| Message::new("check.did_you_mean").with("word", near));
        let message = Message::new("check.unknown_unit").with("name", shown(&said.text));
        self.desk.report(Finding::error(said.at, message).hint_if(hint));
    }

    /// The old units, each once and there on the day before.
    fn olds(&mut self, rows: &[Row]) {
        for row in rows {
            let Some(old) = row.get("old") else {
                self.error(row.at, Message::new("reform.no_old"), "reform.no_old_hint");
                continue;
            };
            let Some(unit) = self.inventory.find_unit(&old.text) else {
                self.unknown_unit(old);
                continue;
            };
            let found = self.inventory.unit(unit);
            if found.until.is_some() || !found.exists_at(self.at - 1) {
                let message = Message::new("reform.not_there").with("id", &found.id);
                self.error(old.at, message, "reform.not_there_hint");
                continue;
            }
            if let Some(first) = self.fates.get(&unit) {
                let first = first.old;
                let message = Message::new("reform.twice").with("id", &found.id);
                self.desk.report(
                    Finding::error(old.at, message)
                        .hint(Message::new("reform.twice_hint"))
                        .related(first, Message::new("check.first")),
                );
                continue;
            }
            let (fate, new) = match row.get("new") {
                None => (Fate::Abolished, old.at),
                Some(new) if new.text == old.text => (Fate::Kept, new.at),
                Some(new) => match scalar::slug(self.desk, new.at, &new.text) {
                    Some(id) => (Fate::Merged(id.into()), new.at),
                    None => continue,
                },
            };
            self.fates.insert(unit, Written { fate, old: old.at, new });
        }
    }

    /// What is said of the new units: the same wherever one is named, and all that it needs.
    fn news(&mut self, rows: &[Row]) {
        let mut place: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let Some(new) = row.get("new") else {
                if let Some(said) = SAID.iter().find_map(|key| row.get(key)) {
                    let at = said.at;
                    self.error(at, Message::new("reform.of_nothing"), "reform.of_nothing_hint");
                }
                continue;
            };
            if let Some(there) = self.inventory.find_unit(&new.text) {
                self.unchanged(row, there);
                continue;
            }
            let Ok(id) = Id::new(&new.text) else { continue };
            let n = *place.entry(new.text.clone()).or_insert_with(|| {
                let unit = Made::new(id.into());
                self.made.push(Making { unit, at: new.at, parent: None, said: HashMap::new() });
                self.made.len() - 1
            });
            for key in SAID {
                let Some(said) = row.get(key) else { continue };
                match self.made[n].said.get(key).cloned() {
                    None => drop(self.made[n].said.insert(key, said.clone())),
                    Some(first) if first.text != said.text => {
                        let message = Message::new("reform.contradicts")
                            .with("id", &new.text)
                            .with("key", key)
                            .with("first", shown(&first.text));
                        self.desk.report(
                            Finding::error(said.at, message)
                                .related(first.at, Message::new("check.first")),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
        for n in 0..self.made.len() {
            self.make(n);
        }
    }

    /// A unit that is there goes on as it is written: another name or place would change what was.
    fn unchanged(&mut self, row: &Row, there: UnitIx) {
        let unit = self.inventory.unit(there);
        let parent = unit.parent.map(|u| self.inventory.unit(u).id.to_string());
        let is = |key: &str| match key {
            "name" => Some(unit.name.clone()),
            "short" => Some(unit.short.clone()),
            "code" => unit.code.clone(),
            "kind" => Some(unit.kind.as_str().to_owned()),
            "parent" => parent.clone(),
            _ => None,
        };
        for key in SAID {
            let Some(said) = row.get(key).filter(|said| is(key).as_ref() != Some(&said.text))
            else {
                continue;
            };
            let message =
                Message::new("reform.there_already").with("id", &unit.id).with("key", key);
            let at = said.at;
            self.error(at, message, "reform.there_already_hint");
        }
    }

    fn make(&mut self, n: usize) {
        let said = std::mem::take(&mut self.made[n].said);
        let (at, id) = (self.made[n].at, self.made[n].unit.id.clone());
        let mut text = |key: &str| {
            let Said { text, at } = said.get(key)?;
            scalar::text(self.desk, key, &Node { at: *at, value: Value::Text(text.clone()) })
        };
        let (name, short, code) = (text("name"), text("short"), text("code"));
        if !said.contains_key("name") || !said.contains_key("kind") {
            let message = Message::new("reform.unsaid").with("id", &id);
            self.error(at, message, "reform.unsaid_hint");
        }
        let kind = said.get("kind").and_then(|said| {
            entries::kind(self.desk, &Ref { name: said.text.clone(), at: said.at })
        });
        let mut requires = Vec::new();
        if let Some(Said { text, at }) = said.get("requires") {
            for word in text.split(';').map(str::trim).filter(|word| !word.is_empty()) {
                match self.inventory.find_network(word) {
                    Some(_) => requires.push(word.to_owned()),
                    None => {
                        let message =
                            Message::new("check.unknown_network").with("name", shown(word));
                        self.desk.report_again(Finding::error(*at, message));
                    }
                }
            }
        }
        let making = &mut self.made[n];
        making.parent = said.get("parent").cloned();
        making.unit.parent = making.parent.as_ref().map(|said| said.text.clone());
        making.unit.name = name.unwrap_or_default();
        (making.unit.short, making.unit.code) = (short, code);
        making.unit.kind = kind.unwrap_or(making.unit.kind);
        making.unit.requires = requires;
    }

    /// A merger leads to a unit that is there from that day on, and in no circle.
    fn targets(&mut self) {
        let units: Vec<UnitIx> = self.fates.keys().copied().collect();
        let place = |unit: UnitIx| units.binary_search(&unit).ok();
        let into = |written: &Written| match &written.fate {
            Fate::Merged(id) => self.inventory.find_unit(id.as_str()),
            _ => None,
        };
        let next: Vec<Vec<usize>> =
            self.fates.values().map(|w| into(w).and_then(place).into_iter().collect()).collect();
        let mut in_ring = vec![false; units.len()];
        let rings = crate::inventory::graph::cycles(&next);
        let targets: Vec<(UnitIx, UnitIx, At)> = self
            .fates
            .iter()
            .filter_map(|(unit, written)| Some((*unit, into(written)?, written.new)))
            .collect();
        for ring in rings {
            ring.iter().for_each(|n| in_ring[*n] = true);
            let path = crate::inventory::resolve::path(&ring, |n| {
                self.inventory.unit(units[n]).id.as_str()
            });
            let at = self.fates[&units[ring[0]]].new;
            let message = Message::new("check.cycle_merged").with("path", path);
            self.error(at, message, "reform.cycle_hint");
        }
        for (unit, target, at) in targets {
            if place(unit).is_some_and(|n| in_ring[n]) {
                continue;
            }
            let ends = self.fates.get(&target).is_some_and(|w| w.fate != Fate::Kept);
            if ends || !self.inventory.unit(target).exists_at(self.at) {
                let message =
                    Message::new("reform.target_ends").with("id", &self.inventory.unit(target).id);
                self.error(at, message, "reform.target_ends_hint");
            }
        }
    }

    /// What a new unit is beneath is new itself or goes on.
    fn parents(&mut self) {
        let place: HashMap<String, usize> =
            self.made.iter().enumerate().map(|(n, m)| (m.unit.id.to_string(), n)).collect();
        let next: Vec<Vec<usize>> = self
            .made
            .iter()
            .map(|m| m.parent.iter().filter_map(|p| place.get(&p.text).copied()).collect())
            .collect();
        for ring in crate::inventory::graph::cycles(&next) {
            let path = crate::inventory::resolve::path(&ring, |n| self.made[n].unit.id.as_str());
            let making = &self.made[ring[0]];
            let at = making.parent.as_ref().map_or(making.at, |said| said.at);
            let message = Message::new("check.cycle_parent").with("path", path);
            self.error(at, message, "reform.cycle_hint");
        }
        for n in 0..self.made.len() {
            let Making { unit, at, parent, .. } = &self.made[n];
            let (at, id, kind) = (*at, unit.id.clone(), unit.kind);
            let Some(parent) = parent.clone() else {
                if kind != crate::model::UnitKind::Province {
                    let message = Message::new("reform.no_parent").with("id", id);
                    self.error(at, message, "reform.no_parent_hint");
                }
                continue;
            };
            if place.contains_key(&parent.text) {
                continue;
            }
            let Some(found) = self.inventory.find_unit(&parent.text) else {
                self.unknown_unit(&parent);
                continue;
            };
            let ends = self.fates.get(&found).is_some_and(|w| w.fate != Fate::Kept);
            if ends || !self.inventory.unit(found).exists_at(self.at) {
                let message = Message::new("reform.parent_ends").with("id", &parent.text);
                self.error(parent.at, message, "reform.parent_ends_hint");
            }
        }
    }

    /// Whoever is beneath a unit that ends is named, be it to stay as he is.
    fn left_out(&mut self) {
        for unit in self.inventory.unit_ixs() {
            let entry = self.inventory.unit(unit);
            let is_there = entry.until.is_none() && entry.exists_at(self.at - 1);
            if !is_there || self.fates.contains_key(&unit) {
                continue;
            }
            let above = std::iter::successors(entry.parent, |u| self.inventory.unit(*u).parent);
            let ends = above
                .filter_map(|u| Some((u, self.fates.get(&u)?)))
                .find(|(_, w)| w.fate != Fate::Kept);
            if let Some((top, written)) = ends {
                let message = Message::new("reform.left_out")
                    .with("name", &entry.name)
                    .with("id", &entry.id)
                    .with("above", &self.inventory.unit(top).id);
                let at = written.old;
                self.error(at, message, "reform.left_out_hint");
            }
        }
    }
}
