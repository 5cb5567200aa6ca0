//! Whether two texts mean the same thing: whole words are compared, never letters inside of them.

use super::What;
use crate::locale::fold;

/// Whether what is declared and what was said agree.
///
/// Serial numbers do when they are the same but for case and marks. Of makers and models one side
/// may say more ("MikroTik RB952" and "RB952Ui-5ac2nD"), and of firmware what is declared may be a
/// whole line of versions ("7.15" and "7.15.3 (stable)").
#[must_use]
pub fn agree(what: What, declared: &str, said: &str) -> bool {
    let is_same = plain(declared) == plain(said);
    match what {
        What::Serial | What::Speed | What::Address | What::Neighbour => is_same,
        What::Firmware => {
            let (declared, said) = (versions(declared), versions(said));
            has(&said, &declared, is_of_line) || has(&declared, &said, |a, b| a == b)
        }
        What::Model | What::Vendor => {
            let (declared, said) = (words(declared), words(said));
            is_same || has(&said, &declared, |a, b| a == b) || has(&declared, &said, |a, b| a == b)
        }
    }
}

/// Letters and digits alone, without case and marks.
pub(super) fn plain(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Runs of letters and runs of digits: "RB952Ui-5ac2nD" is rb 952 ui 5 ac 2 n d, so that "RB952" is
/// in it and "RB95" is not.
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut last = None;
    for c in fold(text).chars() {
        let sort = c.is_alphanumeric().then(|| c.is_numeric());
        match (sort, found.last_mut()) {
            (Some(_), Some(word)) if sort == last => word.push(c),
            (Some(_), _) => found.push(c.to_string()),
            (None, _) => {}
        }
        last = sort;
    }
    found
}

/// What stands between blanks and brackets, dots inside of it: 7.15.3 stable.
fn versions(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric() && c != '.');
    let words = words.map(|word| word.trim_matches('.')).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Whether all words of `short` stand in `long` side by side; `ends` judges the last of them.
fn has(long: &[String], short: &[String], ends: fn(&str, &str) -> bool) -> bool {
    let Some((last, before)) = short.split_last() else { return false };
    long.windows(short.len()).any(|window| {
        window.split_last().is_some_and(|(end, begin)| begin == before && ends(end, last))
    })
}

/// Whether a version is that one or of its line: 7.15.3 of 7.15.
fn is_of_line(version: &str, line: &str) -> bool {
    version.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_compared() {
        let table = [
            (What::Serial, "A-17", "a17", true),
            (What::Serial, "A-17", "A-171", false),
            (What::Serial, "1", "b1", false),
            (What::Model, "RB952", "RB952Ui-5ac2nD", true),
            (What::Model, "RB95", "RB952Ui-5ac2nD", false),
            (What::Model, "R1", "CCR1036-8G-2S+", false),
            (What::Model, "R1", "ASR1001", false),
            (What::Model, "R1", "Router R1", true),
            (What::Model, "R", "RB952", false),
            (What::Model, "5", "RB952", false),
            (What::Model, "MikroTik RB952", "RB952", true),
            (What::Model, "MikroTik RB952", "RB951", false),
            (What::Model, "C2960", "WS-C2960-24TT-L", true),
            (What::Model, "C2960", "WS-C2960X-24TT-L", true),
            (What::Model, "C296", "WS-C2960-24TT-L", false),
            (What::Model, "Smart-UPS 1500", "SmartUPS 1500", true),
            (What::Model, "—", "RB952", false),
            (What::Vendor, "Cisco", "Cisco Systems, Inc.", true),
            (What::Vendor, "mikrotik", "MikroTik", true),
            (What::Vendor, "HP", "HPE", false),
            (What::Vendor, "VN", "VNPT Technology", false),
            (What::Vendor, "Điện Quang", "dien quang", true),
            (What::Firmware, "7.15.3", "7.15.3 (stable)", true),
            (What::Firmware, "7.15", "7.15.3", true),
            (What::Firmware, "7.1", "7.15.3", false),
            (What::Firmware, "7.15", "7.1.5", false),
            (What::Firmware, "V7.15", "v7.15", true),
            (What::Firmware, "15", "7.15.3", false),
            (What::Firmware, "7.15.3", "7.15", false),
            (What::Firmware, "RouterOS 7.15.3", "7.15.3", true),
            (What::Firmware, "12.2(55)SE12", "Version 12.2(55)SE12, RELEASE", true),
            (What::Firmware, "12.2(55)SE1", "12.2(55)SE12", false),
        ];
        for (what, declared, said, expected) in table {
            assert_eq!(agree(what, declared, said), expected, "{what:?} {declared:?} {said:?}");
        }
    }
}
