//! Reading what can be read of a damaged store into a new one.
//!
//! Every table is read in the order of its key. Where SQLite meets a damaged page it gives up the
//! statement: reading goes on behind the damage, found by ever longer strides, and from the end
//! backwards. What is copied holds to the schema of the new file; blobs are taken only if their
//! checksum is right.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::types::Value;
use rusqlite::{Connection, Statement, params_from_iter};

use super::block;
use super::fact::EventKind;
use super::unproven::{Unproven, as_json};
use crate::locale::Lang;
use crate::model::SubjectId;
use crate::t;

type Sql<T> = Result<T, rusqlite::Error>;

/// Made anew in every store.
const CONSTANT: [&str; 2] = ["state_name", "amended"];
/// Tables whose `data` has a checksum.
const SEALED: [&str; 8] = [
    "journal",
    "block",
    "block_day",
    "rollup_hour",
    "rollup_hours",
    "rollup_day",
    "point_hours",
    "point_day",
];
/// Tables that an index repeats whole: (table, order in which SQLite reads the index alone).
const REPEATED: [(&str, &str); 2] = [("subject", "key"), ("series", "subject, kind, name")];

/// What became of a damaged store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Salvaged {
    /// Where it lies now.
    pub(super) aside: PathBuf,
    /// What was wrong with it.
    pub(super) why: String,
    /// Rows there are, by table.
    pub(super) kept: BTreeMap<String, u64>,
    /// Rows that made no sense, by table.
    pub(super) refused: BTreeMap<String, u64>,
    /// Tables of which some part could not be read.
    pub(super) torn: Vec<String>,
    /// Its write-ahead log could not be read: the last minutes may be missing.
    pub(super) log_lost: bool,
    /// Nothing of it could be read.
    pub(super) is_total: bool,
    /// What the chain cannot prove any more.
    pub(super) unproven: Vec<Unproven>,
}

impl Salvaged {
    /// True when something is known or feared to be missing.
    pub(super) fn is_lossy(&self) -> bool {
        self.is_total || self.log_lost || !self.refused.is_empty() || !self.torn.is_empty()
    }

    /// True when events, the names in them or links may be missing: another difference between
    /// these was there before, and is not this loss.
    pub(super) fn may_lack_events(&self) -> bool {
        let may_lack = |table: &str| {
            self.refused.contains_key(table) || self.torn.iter().any(|torn| torn == table)
        };
        self.log_lost || ["event", "subject", "chain"].into_iter().any(may_lack)
    }

    /// For people.
    pub(super) fn told(&self, lang: Lang) -> String {
        let count = |table: &str| self.kept.get(table).copied().unwrap_or(0);
        let aside = self.aside.display();
        let mut told = t!(lang, "store.set_aside", aside = aside, why = self.why);
        told += " ";
        told += &t!(
            lang,
            "store.salvaged",
            states = count("state"),
            events = count("event"),
            incidents = count("incident"),
            blocks = count("block") + count("block_day"),
            rows = count("journal"),
        );
        told += " ";
        if self.is_total {
            told += &t!(lang, "store.lost_all");
            return told;
        }
        let mut lost: Vec<String> = Vec::new();
        if !self.torn.is_empty() {
            lost.push(t!(lang, "store.lost_parts", tables = self.torn.join(", ")));
        }
        for (table, rows) in &self.refused {
            lost.push(t!(lang, "store.lost_rows", rows = rows, table = table));
        }
        if self.log_lost {
            lost.push(t!(lang, "store.lost_log"));
        }
        told += &match lost.is_empty() {
            true => t!(lang, "store.lost_nothing"),
            false => t!(lang, "store.lost", what = lost.join("; ")),
        };
        told
    }

    /// For the event that tells of it.
    pub(super) fn as_json(&self) -> serde_json::Value {
        serde_json::json!({
            "trouble": "store_damaged",
            "set_aside": self.aside.display().to_string(),
            "why": self.why,
            "kept": self.kept,
            "refused": self.refused,
            "torn": self.torn,
            "log_lost": self.log_lost,
            "unproven": as_json(&self.unproven),
        })
    }

    fn refuse(&mut self, table: &str) {
        *self.refused.entry(table.to_owned()).or_default() += 1;
    }

    fn tear(&mut self, table: &str) {
        if !self.torn.iter().any(|t| t == table) {
            self.torn.push(table.to_owned());
        }
    }
}

/// A table of the new file.
struct Table {
    name: String,
    columns: Vec<String>,
    /// The primary key in its order; empty where rows are numbered.
    key: Vec<String>,
}

/// Copies what can be read of `from` into the empty store `to`, whose schema has the version that
/// `from` had, inside the caller's transaction.
///
/// # Errors
/// SQLite's about `to`; what is wrong with `from` is noted in `found`.
pub(super) fn copy(from: &Connection, to: &Connection, found: &mut Salvaged) -> Sql<()> {
    for table in tables(to)? {
        if CONSTANT.contains(&table.name.as_str()) {
            continue;
        }
        let columns = table.columns.join(", ");
        let marks: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
        let verb = if table.name == "meta" { "REPLACE" } else { "IGNORE" };
        let mut insert = to.prepare(&format!(
            "INSERT OR {verb} INTO {} ({columns}) VALUES ({})",
            table.name,
            marks.join(", ")
        ))?;
        let mut sink = Sink { insert: &mut insert, table: &table.name, found, failed: None };
        let whole = if table.key.is_empty() {
            numbered(from, &table, &mut sink)
        } else {
            keyed(from, &table, &mut sink)
        };
        if let Some((_, order)) = REPEATED.iter().find(|(name, _)| *name == table.name)
            && !whole
        {
            // Both ways over the index, which the table's own damage leaves alone.
            let sql = |way: &str| {
                let order = order.replace(',', &format!(" {way},"));
                format!("SELECT {columns} FROM {} ORDER BY {order} {way}", table.name)
            };
            let _ =
                read(from, &sql("ASC"), &[], &mut sink) || read(from, &sql("DESC"), &[], &mut sink);
        }
        if let Some(error) = sink.failed {
            return Err(error);
        }
        if !whole {
            found.tear(&table.name);
        }
    }
    Ok(())
}

fn tables(of: &Connection) -> Sql<Vec<Table>> {
    let mut found = Vec::new();
    let mut statement = of.prepare(
        "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, is_keyed): (String, bool) = (row.get(0)?, row.get(1)?);
        let mut columns = Vec::new();
        let mut key: Vec<(i64, String)> = Vec::new();
        of.pragma(None, "table_info", &name, |column| {
            let quoted = format!("\"{}\"", column.get::<_, String>(1)?);
            let place: i64 = column.get(5)?;
            if is_keyed && place > 0 {
                key.push((place, quoted.clone()));
            }
            columns.push(quoted);
            Ok(())
        })?;
        key.sort();
        let key = key.into_iter().map(|(_, column)| column).collect();
        found.push(Table { name, columns, key });
    }
    Ok(found)
}

/// Where rows go, and what becomes of those that do not fit.
struct Sink<'a, 's> {
    insert: &'a mut Statement<'s>,
    table: &'a str,
    found: &'a mut Salvaged,
    /// The new file does not take any more: its disk, not the old file.
    failed: Option<rusqlite::Error>,
}

impl Sink<'_, '_> {
    fn put(&mut self, row: &[Value]) {
        if self.failed.is_some() {
            return;
        }
        if !is_sound(self.table, row) {
            self.found.refuse(self.table);
            return;
        }
        match self.insert.execute(params_from_iter(row)) {
            Ok(_) => {}
            Err(error) if super::apply::is_of_the_disk(&error) => self.failed = Some(error),
            Err(_) => self.found.refuse(self.table),
        }
    }
}

/// What the schema alone does not tell.
fn is_sound(table: &str, row: &[Value]) -> bool {
    match (table, row.last()) {
        // Whoever reads the log has to know every word in it.
        ("event", Some(Value::Text(detail))) => {
            let is_known = |word: &str| EventKind::ALL.iter().any(|kind| kind.as_str() == word);
            matches!(row.get(2), Some(Value::Text(kind)) if is_known(kind))
                && serde_json::from_str::<serde_json::Value>(detail).is_ok()
        }
        ("subject", Some(Value::Text(key))) => SubjectId::new(key).is_ok(),
        // A number there is of another table's row, and the schema would make a text of it.
        ("event" | "subject", _) => false,
        (sealed, Some(Value::Blob(bytes))) if SEALED.contains(&sealed) => block::is_whole(bytes),
        _ => true,
    }
}

/// Gives what `sql` reads to the sink; false when it breaks off.
fn read(from: &Connection, sql: &str, bounds: &[Value], sink: &mut Sink<'_, '_>) -> bool {
    let mut last = Vec::new();
    follow(from, sql, bounds, sink, &mut last)
}

/// As [`read`], and leaves the last row in `last`.
fn follow(
    from: &Connection,
    sql: &str,
    bounds: &[Value],
    sink: &mut Sink<'_, '_>,
    last: &mut Vec<Value>,
) -> bool {
    let mut all = || -> Sql<()> {
        let mut statement = from.prepare_cached(sql)?;
        let width = statement.column_count();
        let mut rows = statement.query(params_from_iter(bounds))?;
        while let Some(row) = rows.next()? {
            let values = (0..width).map(|n| row.get(n)).collect::<Sql<Vec<Value>>>()?;
            let columns = sink.insert.parameter_count().min(width);
            sink.put(&values[..columns]);
            *last = values;
        }
        Ok(())
    };
    all().is_ok()
}

/// A table whose rows are numbered: behind every damage reading goes on at the next number that
/// can be reached. True when nothing was damaged.
fn numbered(from: &Connection, table: &Table, sink: &mut Sink<'_, '_>) -> bool {
    let columns = table.columns.join(", ");
    let onward = format!(
        "SELECT {columns}, rowid FROM {} NOT INDEXED WHERE rowid > ?1 ORDER BY rowid",
        table.name
    );
    let one = format!("{onward} LIMIT 1");
    let mut after = i64::MIN;
    let mut is_whole = true;
    loop {
        let mut last = Vec::new();
        if follow(from, &onward, &[Value::Integer(after)], sink, &mut last) {
            return is_whole;
        }
        is_whole = false;
        if let Some(Value::Integer(number)) = last.last() {
            after = *number;
        }
        let reaches = |number: i64| {
            from.prepare_cached(&one).and_then(|mut s| {
                let mut rows = s.query([number])?;
                Ok(rows.next()?.is_some())
            })
        };
        match behind(after, reaches) {
            Some(next) => after = next,
            None => return false,
        }
    }
}

/// The smallest number above `after`, about, behind which there is a row that can be read.
/// `reaches` tells whether there is one behind a number, or fails.
fn behind(after: i64, reaches: impl Fn(i64) -> Sql<bool>) -> Option<i64> {
    // A table's numbers begin at 1 or at some hour; below there is nothing to look for.
    let from = if after == i64::MIN { -1 } else { after };
    let mut stride = 1_i64;
    let (mut bad, mut good) = (from, None);
    while good.is_none() {
        let next = from.checked_add(stride)?;
        match reaches(next) {
            Ok(true) => good = Some(next),
            // Nothing comes any more: the damage is the end.
            Ok(false) => return None,
            Err(_) => bad = next,
        }
        stride = stride.checked_mul(2)?;
    }
    let mut good = good?;
    while good - bad > 1 {
        let middle = bad + (good - bad) / 2;
        match reaches(middle) {
            Ok(_) => good = middle,
            Err(_) => bad = middle,
        }
    }
    Some(good)
}

/// A table without numbers: from its beginning, from its end, and in between by the first column
/// of the key where that is a number.
fn keyed(from: &Connection, table: &Table, sink: &mut Sink<'_, '_>) -> bool {
    let columns = table.columns.join(", ");
    let order = |way: &str| -> String {
        table.key.iter().map(|c| format!("{c} {way}")).collect::<Vec<_>>().join(", ")
    };
    let first = table.key.first().map(String::as_str).unwrap_or_default();
    // The first column of the key once more, behind those that are copied.
    let sql = |way: &str, only: &str| {
        format!("SELECT {columns}, {first} FROM {} {only} ORDER BY {}", table.name, order(way))
    };
    let (mut low, mut high) = (Vec::new(), Vec::new());
    if follow(from, &sql("ASC", ""), &[], sink, &mut low) {
        return true;
    }
    follow(from, &sql("DESC", ""), &[], sink, &mut high);
    let number = |row: &[Value]| match row.last() {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    };
    let ends = match (number(&low), number(&high)) {
        (None, None) => subjects_of(from),
        (low, high) => {
            let (first, last) = subjects_of(from).unwrap_or((0, 0));
            Some((low.unwrap_or(first), high.unwrap_or(last)))
        }
    };
    let is_by_number =
        matches!(table.name.as_str(), "state" | "baseline" | "device_fact" | "sample");
    let Some((low, high)) = ends.filter(|_| is_by_number) else { return false };
    let only = format!("WHERE {first} = ?1");
    for number in low..=high.min(low.saturating_add(MIDDLE_MAX)) {
        let this = [Value::Integer(number)];
        let _ = read(from, &sql("ASC", &only), &this, sink)
            || read(from, &sql("DESC", &only), &this, sink);
    }
    false
}

/// Most numbers tried one by one between two damaged pages.
const MIDDLE_MAX: i64 = 1_000_000;

/// The smallest and the largest number of a subject.
fn subjects_of(from: &Connection) -> Option<(i64, i64)> {
    let end = |what: &str| -> Option<i64> {
        from.query_row(&format!("SELECT {what}(id) FROM subject"), [], |row| row.get(0)).ok()
    };
    Some((end("min")?, end("max")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_goes_on_right_behind_the_damage() {
        // Numbers 100 to 199 are on a page that is gone; the last row is 1000.
        let reaches = |number: i64| match number {
            99..199 => Err(rusqlite::Error::InvalidQuery),
            n => Ok(n < 1_000),
        };
        assert_eq!(behind(99, reaches), Some(199));
        // Nothing comes behind it.
        assert_eq!(behind(99, |n| if n < 5_000 { reaches(150) } else { Ok(false) }), None);
        // Not even the end can be reached.
        assert_eq!(behind(99, |_| Err(rusqlite::Error::InvalidQuery)), None);
        assert_eq!(behind(i64::MIN, |n| if n < 77 { reaches(150) } else { Ok(true) }), Some(77));
    }
}
