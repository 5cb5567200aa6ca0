//! Which subject a word means: its id, or a unit that has one line only.

use anyhow::bail;

use crate::api::Snapshot;
use crate::cli::unit::{self, Candidate};
use crate::locale::{Lang, visible};
use crate::model::{Inventory, SubjectId, SubjectIx, SubjectKind};
use crate::t;

/// Most ids listed.
const MAX_LISTED: usize = 20;

/// What people call a subject.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) unit: String,
}

impl Known {
    /// `Huyện Cái Bè · TSLCD`, made visible; a name that says the unit's already stands alone.
    pub(super) fn title(&self) -> String {
        if self.name.contains(&self.unit) {
            return visible(&self.name);
        }
        visible(&format!("{} · {}", self.unit, self.name))
    }
}

/// One of a unit's subjects.
struct Own<'a, K> {
    key: K,
    id: &'a SubjectId,
    name: &'a str,
    is_line: bool,
}

pub(super) fn in_snapshot(
    lang: Lang,
    word: &str,
    snapshot: &Snapshot,
) -> anyhow::Result<SubjectId> {
    let word = word.trim();
    if let Some(subject) = snapshot.subjects.iter().find(|s| s.id.as_str() == word) {
        return Ok(subject.id.clone());
    }
    let units = snapshot.units.iter().map(|unit| Candidate {
        key: unit,
        id: unit.id.as_str(),
        name: &unit.name,
        short: &unit.short,
    });
    let unit = meant(lang, word, units)?;
    let own = snapshot.subjects.iter().filter(|s| s.unit == unit.id);
    let own = own.map(|s| Own {
        key: s.id.clone(),
        id: &s.id,
        name: &s.name,
        is_line: s.kind == SubjectKind::Connection,
    });
    only_line(lang, &unit.name, own.collect())
}

pub(super) fn in_inventory(
    lang: Lang,
    word: &str,
    inventory: &Inventory,
) -> anyhow::Result<SubjectIx> {
    let word = word.trim();
    if let Some(subject) = inventory.find_subject(word) {
        return Ok(subject);
    }
    let units = inventory.unit_ixs().map(|key| {
        let unit = inventory.unit(key);
        Candidate { key, id: unit.id.as_str(), name: &unit.name, short: &unit.short }
    });
    let unit = meant(lang, word, units)?;
    let own = inventory.subject_ixs().filter(|s| inventory.subject(*s).unit == unit);
    let own = own.map(|key| {
        let subject = inventory.subject(key);
        let is_line = subject.kind() == SubjectKind::Connection;
        Own { key, id: &subject.id, name: &subject.name, is_line }
    });
    only_line(lang, &inventory.unit(unit).name, own.collect())
}

fn meant<'a, K: Copy>(
    lang: Lang,
    word: &str,
    units: impl Iterator<Item = Candidate<'a, K>>,
) -> anyhow::Result<K> {
    // No unit's id or name has this sign in it.
    if word.contains('/') {
        bail!(t!(lang, "explain.unknown", what = visible(word)));
    }
    unit::find(lang, word, units)
}

fn only_line<K: Clone>(lang: Lang, unit: &str, own: Vec<Own<'_, K>>) -> anyhow::Result<K> {
    let lines: Vec<&Own<'_, K>> = own.iter().filter(|s| s.is_line).collect();
    let unit = visible(unit);
    let (mut text, listed) = match *lines {
        [only] => return Ok(only.key.clone()),
        [] if own.is_empty() => bail!(t!(lang, "explain.nothing", unit = unit)),
        [] => (t!(lang, "explain.no_lines", unit = unit), own.iter().collect()),
        _ => (t!(lang, "explain.several", unit = unit), lines),
    };
    for subject in listed.iter().take(MAX_LISTED) {
        text.push_str(&format!("\n  {}  {}", subject.id, visible(subject.name)));
    }
    if listed.len() > MAX_LISTED {
        text.push_str("\n  …");
    }
    bail!(text)
}
