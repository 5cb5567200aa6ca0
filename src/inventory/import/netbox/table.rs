//! A table as NetBox exports it.

use std::path::Path;

use crate::inventory::csv::{self, Cell};
use crate::inventory::files;
use crate::inventory::place::{At, Desk, Finding};
use crate::locale::fold;
use crate::model::Message;

pub(super) const SITES: &str = "sites";
pub(super) const REGIONS: &str = "regions";
pub(super) const DEVICES: &str = "devices";
pub(super) const PROVIDERS: &str = "providers";
pub(super) const CIRCUITS: &str = "circuits";
pub(super) const TERMINATIONS: &str = "circuit terminations";
pub(super) const ADDRESSES: &str = "ip addresses";
/// Where a termination says its site; version 4.2 calls it the termination point.
pub(super) const TERMINATION_SITES: &[&str] = &["site", "termination point", "termination"];

/// The table that a file is named for: `netbox_sites.csv`, `circuit-terminations.csv`.
pub(super) fn named(stem: &str) -> Option<&'static str> {
    let words = words(stem);
    let name = words.strip_prefix("netbox ").unwrap_or(&words);
    [SITES, REGIONS, DEVICES, PROVIDERS, CIRCUITS, TERMINATIONS, ADDRESSES].into_iter().find(
        |table| name == *table || name.strip_suffix(|c: char| c.is_ascii_digit()) == Some(table),
    )
}

/// Folded, with one blank for whatever stands between words.
pub(super) fn words(text: &str) -> String {
    let folded = fold(text);
    let parts = folded.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// Headings and rows.
pub(super) struct Table {
    source: u32,
    header: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A file's table; `None` after reporting why there is none.
    pub(super) fn read(desk: &mut Desk, path: &Path) -> Option<Self> {
        let source = files::read(desk, path)?;
        let mut rows = csv::rows(desk, source)?.into_iter();
        let header = rows.next()?.into_iter().map(|cell| words(&cell.text)).collect();
        Some(Self { source, header, rows: rows.collect() })
    }

    /// True where a column says who its rows are; that there is none is told once, not row by row.
    pub(super) fn is_named(&self, desk: &mut Desk, kind: &str) -> bool {
        let (wanted, known): (&str, &[&str]) = match kind {
            CIRCUITS => ("Circuit ID", &["circuit id", "cid"]),
            TERMINATIONS => ("Circuit", &["circuit"]),
            ADDRESSES => ("IP Address", &["address", "ip address"]),
            _ => ("Name", &["name"]),
        };
        let is_there = self.header.iter().any(|heading| known.contains(&heading.as_str()));
        if !is_there {
            let at = At { source: self.source, start: 0, len: 1 };
            let message = Message::new("netbox.no_column").with("column", wanted);
            desk.report(Finding::warning(at, message));
        }
        is_there
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { header: &self.header, cells })
    }
}

/// A row.
pub(super) struct Row<'t> {
    header: &'t [String],
    cells: &'t [Cell],
}

impl<'t> Row<'t> {
    fn find(&self, keys: &[&str]) -> Option<&'t Cell> {
        keys.iter().find_map(|key| {
            let at = self.header.iter().position(|known| known == key)?;
            self.cells.get(at).filter(|cell| !is_empty(&cell.text))
        })
    }

    /// What it says under the first of these headings that has something; NetBox writes a dash where
    /// there is nothing.
    pub(super) fn text(&self, keys: &[&str]) -> Option<&'t str> {
        self.find(keys).map(|cell| cell.text.trim())
    }

    /// Where it says that; the row where it says nothing.
    pub(super) fn cell(&self, keys: &[&str]) -> At {
        self.find(keys).map_or_else(|| self.at(), |cell| cell.at)
    }

    /// Its first cell that says something.
    pub(super) fn at(&self) -> At {
        let said = self.cells.iter().find(|cell| !is_empty(&cell.text));
        said.or(self.cells.first()).map_or(At { source: 0, start: 0, len: 0 }, |cell| cell.at)
    }
}

fn is_empty(text: &str) -> bool {
    matches!(text.trim(), "" | "—" | "–" | "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        assert_eq!(named("netbox_sites"), Some(SITES));
        assert_eq!(named("netbox_circuit terminations"), Some(TERMINATIONS));
        assert_eq!(named("Circuit-Terminations"), Some(TERMINATIONS));
        assert_eq!(named("netbox_ip addresses"), Some(ADDRESSES));
        assert_eq!(named("device-types"), None);
        assert_eq!(named("site-groups"), None);
    }
}
