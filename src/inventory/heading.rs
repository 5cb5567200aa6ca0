//! What spreadsheets call things: headings and words in Vietnamese or English, with or without
//! diacritics, in either Unicode form, to the inventory's own keys and words.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Section;
use crate::locale::fold;

mod columns;

pub(super) use columns::{all_columns, columns};

/// The key of a heading of a list, in either language: every cell of a sheet's first rows is looked
/// up, so the headings are folded once.
fn offered(section: Section, folded: &str) -> Option<&'static str> {
    static HEADINGS: OnceLock<HashMap<Section, HashMap<String, &'static str>>> = OnceLock::new();
    let all = HEADINGS.get_or_init(|| {
        let of = |section| {
            let columns = all_columns(section);
            columns.flat_map(|c| [(words(c.vi), c.key), (words(c.en), c.key)]).collect()
        };
        Section::ALL.into_iter().map(|(_, section)| (section, of(section))).collect()
    });
    all.get(&section)?.get(folded).copied()
}

/// Further headings that offices use, folded, of every list.
const SYNONYMS: [(&str, &str); 48] = [
    ("ma", "id"),
    ("ma so", "id"),
    ("dinh danh", "id"),
    ("ten", "name"),
    ("ten goi", "name"),
    ("ten viet tat", "short"),
    ("viet tat", "short"),
    ("short name", "short"),
    ("cap tren", "parent"),
    ("truc thuoc", "parent"),
    ("thuoc don vi", "parent"),
    ("parent", "parent"),
    ("ma tong cuc thong ke", "code"),
    ("ma gso", "code"),
    ("gso code", "code"),
    ("code", "code"),
    ("can bo dau moi", "contact.name"),
    ("dau moi", "contact.name"),
    ("dau moi lien he", "contact.name"),
    ("ho ten", "contact.name"),
    ("ho va ten", "contact.name"),
    ("contact", "contact.name"),
    ("so dien thoai", "contact.phone"),
    ("dt", "contact.phone"),
    ("sdt", "contact.phone"),
    ("telephone", "contact.phone"),
    ("email", "contact.email"),
    ("thu cong vu", "contact.email"),
    ("lat", "location.lat"),
    ("lon", "location.lon"),
    ("lng", "location.lon"),
    ("requires", "requires"),
    ("ngay bat dau", "since"),
    ("ngay ket thuc", "until"),
    ("don vi su dung", "unit"),
    ("nha cung cap", "carrier"),
    ("provider", "carrier"),
    ("so hieu duong truyen", "circuit"),
    ("ma kenh", "circuit"),
    ("circuit id", "circuit"),
    ("bang thong", "bandwidth_mbps"),
    ("toc do", "bandwidth_mbps"),
    ("ip", "address"),
    ("dia chi", "address"),
    ("address", "address"),
    ("model", "model"),
    ("serial", "serial"),
    ("firmware", "firmware"),
];

/// Columns for people alone.
const NOTES: [&str; 6] = ["stt", "tt", "no", "ghi chu", "note", "notes"];

/// What a heading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// The inventory's key of this name.
    Key(&'static str),
    /// A running number or a note: not ours.
    Note,
    /// Something else, perhaps a key as the inventory writes it.
    Other,
}

/// What a heading of a list means.
pub(super) fn heading(section: Section, text: &str) -> Heading {
    let words = words(text);
    if let Some(key) = offered(section, &words) {
        return Heading::Key(key);
    }
    if NOTES.contains(&words.as_str()) {
        return Heading::Note;
    }
    // What devices are called by is their role; a unit has a kind.
    let special = match (section, words.as_str()) {
        (Section::Units, "loai" | "cap" | "loai hinh") => Some("kind"),
        (Section::Devices, "loai" | "loai thiet bi" | "chung loai") => Some("role"),
        (Section::Devices, "ten may" | "thiet bi") => Some("name"),
        (Section::Devices, "hang san xuat" | "nha san xuat" | "manufacturer" | "maker") => {
            Some("vendor")
        }
        (Section::Devices, "so may" | "so serial" | "serial no" | "s n") => Some("serial"),
        (Section::Units, "dien thoai lien he") => Some("contact.phone"),
        _ => None,
    };
    let general = SYNONYMS.iter().find(|(word, _)| *word == words).map(|(_, key)| *key);
    special.or(general).map_or(Heading::Other, Heading::Key)
}

/// The list that a sheet's name stands for.
pub(super) fn section(sheet: &str) -> Option<Section> {
    match words(sheet).as_str() {
        "units" | "don vi" | "danh sach don vi" => Some(Section::Units),
        "connections" | "ket noi" | "duong truyen" | "kenh truyen" => Some(Section::Connections),
        "devices" | "thiet bi" | "danh sach thiet bi" => Some(Section::Devices),
        "services" | "dich vu" => Some(Section::Services),
        "networks" | "mang" => Some(Section::Networks),
        "carriers" | "nha mang" => Some(Section::Carriers),
        "calendars" | "lich lam viec" => Some(Section::Calendars),
        "maintenance" | "bao tri" => Some(Section::Maintenance),
        "plan" | "ke hoach" => Some(Section::Plan),
        "defaults" | "gia tri chung" => Some(Section::Defaults),
        _ => None,
    }
}

/// Kinds of unit as offices write them, with the inventory's words.
pub(super) const KINDS: [(&str, &str); 9] = [
    ("Tỉnh", "province"),
    ("Trung tâm tích hợp dữ liệu", "dic"),
    ("Sở, ban, ngành", "department"),
    ("Thành phố", "city"),
    ("Thị xã", "town"),
    ("Huyện", "district"),
    ("Phường", "ward"),
    ("Thị trấn", "township"),
    ("Xã", "commune"),
];

/// Keys of days.
pub(super) const DAYS: [&str; 6] = ["since", "until", "from", "due", "at", "support_until"];

/// A cell as the inventory would write it: kinds by their word, dates as `2016-01-31`, degrees with a
/// decimal point, names of networks and carriers in small letters. Anything else stays.
pub(super) fn word(key: &str, text: &str) -> String {
    match key {
        "kind" => {
            let said = words(text);
            let said = if matches!(said.as_str(), "so" | "ban" | "nganh" | "so nganh") {
                "so ban nganh"
            } else {
                &said
            };
            let known = KINDS.iter().find(|(vi, en)| words(vi) == said || *en == said);
            known.map_or_else(|| text.to_owned(), |(_, word)| (*word).to_owned())
        }
        key if DAYS.contains(&key) => date(text).unwrap_or_else(|| text.to_owned()),
        "location.lat" | "location.lon" => text.replacen(',', ".", 1),
        "network" | "carrier" if text.is_ascii() => text.to_ascii_lowercase(),
        "requires" if text.is_ascii() => text.to_ascii_lowercase().replace(',', ";"),
        _ => text.to_owned(),
    }
}

/// `31/01/2016` and `31-1-2016` as `2016-01-31`.
fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).map(str::trim).collect();
    let [day, month, year] = parts.as_slice() else { return None };
    let (day, month, year): (i8, i8, i16) =
        (day.parse().ok()?, month.parse().ok()?, year.parse().ok()?);
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    (year >= 1000).then(|| date.to_string())
}

/// Folded, with one blank for whatever stands between words.
pub(super) fn words(text: &str) -> String {
    let folded = fold(text);
    let parts = folded.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn every_offered_heading_means_its_own_key_in_either_form() {
        for (_, section) in Section::ALL {
            for column in all_columns(section) {
                let decomposed: String = column.vi.nfd().collect();
                for text in [column.vi, column.en, &decomposed, &column.vi.to_uppercase()] {
                    assert_eq!(heading(section, text), Heading::Key(column.key), "{text}");
                }
            }
        }
        assert_eq!(heading(Section::Units, "LOẠI"), Heading::Key("kind"));
        assert_eq!(heading(Section::Devices, "Loại"), Heading::Key("role"));
        assert_eq!(heading(Section::Units, " Ghi chú: "), Heading::Note);
        assert_eq!(heading(Section::Units, "addresses.wan"), Heading::Other);
    }

    #[test]
    fn cells_become_the_inventorys_words_and_what_is_no_word_stays() {
        assert_eq!(word("kind", "Xa\u{303}"), "commune");
        assert_eq!(word("kind", "thị TRẤN"), "township");
        assert_eq!(word("kind", "Sở"), "department");
        assert_eq!(word("kind", "Thôn"), "Thôn");
        assert_eq!(word("since", "1/7/2025"), "2025-07-01");
        for key in DAYS {
            assert_eq!(word(key, "31/12/2026"), "2026-12-31", "{key}");
        }
        assert_eq!(word("since", "31/02/2025"), "31/02/2025");
        assert_eq!(word("since", "2025-07-01"), "2025-07-01");
        assert_eq!(word("requires", "TSLCD, LAN"), "tslcd; lan");
        assert_eq!(word("name", "1/7/2025"), "1/7/2025");
        assert_eq!(word("location.lat", "10,35"), "10.35");
        assert_eq!(word("location.lon", "106.36"), "106.36");
        assert_eq!(word("name", "10,35"), "10,35");
    }
}
