//! Who stands beside a device, for `tuantra inventory show DEVICE`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::discover::propose::Known;
use crate::locale::{Lang, number, pad, text, visible, width};
use crate::model::{Beside, UnixMs};
use crate::t;

/// Most addresses that are printed one by one; all of them are in the JSON form.
const ADDRESSES_SHOWN: usize = 20;
/// Most neighbours at cables, those that are gone among them, that are printed one by one.
const CABLES_SHOWN: usize = 60;

/// The neighbours at its cables, then the addresses that it sees, each with when it was first and
/// last seen and, where the inventory has it, its id.
pub(super) fn as_text(
    lang: Lang,
    seen: &[Beside],
    known: &Known,
    at: impl Fn(UnixMs) -> String,
) -> String {
    let (cables, cards): (Vec<&Beside>, Vec<&Beside>) =
        seen.iter().partition(|beside| beside.who.protocol.is_cable());
    let mut out = String::new();
    let lists = [("cables", cables, CABLES_SHOWN), ("addresses", cards, ADDRESSES_SHOWN)];
    for (title, list, most) in lists {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(out, "  {}", text(lang, &format!("inventory.{title}")));
        let rows: Vec<[String; 6]> =
            list.iter().take(most).map(|beside| row(lang, beside, known, &at)).collect();
        let widths: Vec<usize> = (0..5)
            .map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0))
            .collect();
        for row in &rows {
            let mut line = String::from("   ");
            for (cell, most) in row.iter().zip(&widths).filter(|(_, most)| **most > 0) {
                let _ = write!(line, " {} ", pad(cell, *most));
            }
            let _ = writeln!(out, "{line} {}", row[5]);
        }
        if let Some(more) = list.len().checked_sub(most).filter(|more| *more > 0) {
            let count = number(lang, i64::try_from(more).unwrap_or(i64::MAX));
            let _ = writeln!(out, "    {}", t!(lang, "inventory.more_beside", count = count));
        }
    }
    out
}

/// Our port, who, its port or card, its address, its id in the inventory, when.
fn row(lang: Lang, beside: &Beside, known: &Known, at: &impl Fn(UnixMs) -> String) -> [String; 6] {
    let who = &beside.who;
    let said =
        |text: &Option<std::sync::Arc<str>>| text.as_deref().map(visible).unwrap_or_default();
    let is_cable = who.protocol.is_cable();
    let name = if who.name.is_some() || !is_cable { &who.name } else { &who.chassis };
    let end = if is_cable { &who.port } else { &who.chassis };
    let id = who.address.and_then(|address| known.get(&address));
    let mut span = t!(lang, "inventory.seen", first = at(beside.first), last = at(beside.last));
    if !beside.is_there {
        span = format!("{span}  {}", text(lang, "inventory.is_gone"));
    }
    [
        said(&who.local_port),
        said(name),
        said(end),
        who.address.map(|address| address.to_string()).unwrap_or_default(),
        id.map(ToString::to_string).unwrap_or_default(),
        span,
    ]
}

/// Each with `id`, what the inventory calls it.
pub(super) fn as_json(seen: &[Beside], known: &Known) -> Value {
    let one = |beside: &Beside| {
        let mut value = json!(beside);
        let id = beside.who.address.and_then(|address| known.get(&address));
        if let Some(value) = value.as_object_mut() {
            value.insert("id".to_owned(), json!(id));
        }
        value
    };
    seen.iter().map(one).collect()
}
