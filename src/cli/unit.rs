//! Which unit a user means: one answer for every command that takes a unit.

use crate::locale::{Lang, fold, visible};
use crate::model::{Inventory, UnitIx};
use crate::t;

/// Most candidates named when a word fits several units.
const MAX_CANDIDATES: usize = 20;

/// A unit as users may name it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a, K> {
    /// What the caller knows it by.
    pub key: K,
    /// Its id.
    pub id: &'a str,
    /// Its full name.
    pub name: &'a str,
    /// Its short name.
    pub short: &'a str,
}

/// The unit that `word` means: by id; else by the whole name, full or short; else by a part of the
/// id or of a name. Case and diacritics do not matter in names.
///
/// # Errors
/// When none or more than one is meant; the text, in `lang`, names up to twenty of these.
pub fn find<'a, K: Copy>(
    lang: Lang,
    word: &str,
    units: impl Iterator<Item = Candidate<'a, K>>,
) -> anyhow::Result<K> {
    let word = word.trim();
    let units: Vec<_> = units.collect();
    if let Some(unit) = units.iter().find(|unit| unit.id == word) {
        return Ok(unit.key);
    }
    let wanted = fold(word);
    let folded: Vec<_> = units.iter().map(|unit| [fold(unit.name), fold(unit.short)]).collect();
    let matching = |fits: &dyn Fn(&Candidate<'a, K>, &[String; 2]) -> bool| -> Vec<_> {
        units.iter().zip(&folded).filter(|(unit, names)| fits(unit, names)).collect()
    };
    let mut found = matching(&|_, names| names.contains(&wanted));
    if found.is_empty() && !wanted.is_empty() {
        found = matching(&|unit, names| {
            unit.id.contains(&wanted) || names.iter().any(|name| name.contains(&wanted))
        });
    }
    match found.as_slice() {
        [(only, _)] => Ok(only.key),
        [] => anyhow::bail!(t!(lang, "inventory.no_unit", name = visible(word))),
        several => {
            let mut text = t!(lang, "inventory.several_units", name = visible(word));
            for (unit, _) in several.iter().take(MAX_CANDIDATES) {
                text.push_str(&format!("\n  {}  {}", visible(unit.id), visible(unit.name)));
            }
            if several.len() > MAX_CANDIDATES {
                text.push_str("\n  …");
            }
            anyhow::bail!(text)
        }
    }
}

/// The unit of an inventory that `word` means.
///
/// # Errors
/// As [`find`].
pub fn find_in(lang: Lang, word: &str, inventory: &Inventory) -> anyhow::Result<UnitIx> {
    let units = inventory.unit_ixs().map(|key| {
        let unit = inventory.unit(key);
        Candidate { key, id: unit.id.as_str(), name: &unit.name, short: &unit.short }
    });
    find(lang, word, units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(word: &str) -> Result<usize, String> {
        let units = [
            ("cai-be", "Huyện Cái Bè", "H. Cái Bè"),
            ("cai-be.thi-tran", "Thị trấn Cái Bè", "TT. Cái Bè"),
            ("cai-be.hoa-khanh", "Xã Hòa Khánh", "X. Hòa Khánh"),
            ("khanh", "Khánh", "Khánh"),
        ];
        let units = units.iter().enumerate();
        let units = units.map(|(key, &(id, name, short))| Candidate { key, id, name, short });
        find(Lang::En, word, units).map_err(|error| error.to_string())
    }

    #[test]
    fn the_exact_comes_before_the_part() {
        assert_eq!(found("cai-be"), Ok(0));
        assert_eq!(found(" HUYEN CAI BE "), Ok(0));
        assert_eq!(found("tt. cái bè"), Ok(1));
        // The whole name of one is a part of another's.
        assert_eq!(found("khánh"), Ok(3));
        assert_eq!(found("hoà kh"), Ok(2));
        assert_eq!(found("thi-tran"), Ok(1));
    }

    #[test]
    fn none_and_several_are_told_apart() {
        assert_eq!(
            found("không có\u{1b}"),
            Err("no unit has the id or name “không có‹U+001B›”".to_owned())
        );
        let several = found("cái bè").unwrap_err();
        assert!(several.ends_with("\n  cai-be  Huyện Cái Bè\n  cai-be.thi-tran  Thị trấn Cái Bè"));
        assert!(found("").is_err());
    }
}
