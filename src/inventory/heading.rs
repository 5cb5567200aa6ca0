//! What spreadsheets call things: headings and words in Vietnamese or English, with or without
//! diacritics, in either Unicode form, to the inventory's own keys and words.

use super::Section;
use crate::locale::{Lang, fold};

/// A column of a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// The inventory's key.
    pub key: &'static str,
    /// Its heading in Vietnamese.
    pub vi: &'static str,
    /// Its heading in English.
    pub en: &'static str,
}

impl Column {
    const fn new(key: &'static str, vi: &'static str, en: &'static str) -> Self {
        Self { key, vi, en }
    }

    /// The heading in a language.
    pub(super) const fn heading(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => self.vi,
            Lang::En => self.en,
        }
    }
}

const UNITS: [Column; 13] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("name", "Tên đơn vị", "Name"),
    Column::new("kind", "Loại đơn vị", "Kind"),
    Column::new("parent", "Đơn vị cấp trên", "Parent unit"),
    Column::new("code", "Mã hành chính", "Official code"),
    Column::new("requires", "Mạng phải có", "Required networks"),
    Column::new("contact.name", "Người liên hệ", "Contact name"),
    Column::new("contact.phone", "Điện thoại", "Phone"),
    Column::new("contact.email", "Thư điện tử", "E-mail"),
    Column::new("location.lat", "Vĩ độ", "Latitude"),
    Column::new("location.lon", "Kinh độ", "Longitude"),
    Column::new("since", "Từ ngày", "Since"),
    Column::new("until", "Đến ngày", "Until"),
];

const CONNECTIONS: [Column; 10] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("unit", "Đơn vị", "Unit"),
    Column::new("network", "Mạng", "Network"),
    Column::new("carrier", "Nhà mạng", "Carrier"),
    Column::new("circuit", "Số hiệu kênh", "Circuit"),
    Column::new("bandwidth_mbps", "Băng thông (Mbps)", "Bandwidth (Mbps)"),
    Column::new("address", "Địa chỉ IP", "IP address"),
    Column::new("device", "Thiết bị đầu cuối", "Device"),
    Column::new("interface", "Cổng", "Interface"),
    Column::new("since", "Từ ngày", "Since"),
];

const DEVICES: [Column; 11] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("unit", "Đơn vị", "Unit"),
    Column::new("role", "Vai trò", "Role"),
    Column::new("name", "Tên thiết bị", "Name"),
    Column::new("vendor", "Hãng", "Vendor"),
    Column::new("model", "Kiểu máy", "Model"),
    Column::new("serial", "Số sê-ri", "Serial number"),
    Column::new("firmware", "Phiên bản phần mềm", "Firmware version"),
    Column::new("address", "Địa chỉ IP", "IP address"),
    Column::new("snmp", "Hồ sơ SNMP", "SNMP credential"),
    Column::new("since", "Từ ngày", "Since"),
];

/// The columns that a template offers for a list; of other lists none.
pub(super) const fn columns(section: Section) -> &'static [Column] {
    match section {
        Section::Units => &UNITS,
        Section::Connections => &CONNECTIONS,
        Section::Devices => &DEVICES,
        _ => &[],
    }
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
    if NOTES.contains(&words.as_str()) {
        return Heading::Note;
    }
    let own = columns(section);
    let offered = own.iter().find(|c| self::words(c.vi) == words || self::words(c.en) == words);
    if let Some(column) = offered {
        return Heading::Key(column.key);
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

/// A cell as the inventory would write it: kinds by their word, dates as `2016-01-31`, names of
/// networks and carriers in small letters. Anything else stays.
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
        "since" | "until" => date(text).unwrap_or_else(|| text.to_owned()),
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
fn words(text: &str) -> String {
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
        for section in [Section::Units, Section::Connections, Section::Devices] {
            for column in columns(section) {
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
        assert_eq!(word("since", "31/02/2025"), "31/02/2025");
        assert_eq!(word("since", "2025-07-01"), "2025-07-01");
        assert_eq!(word("requires", "TSLCD, LAN"), "tslcd; lan");
        assert_eq!(word("name", "1/7/2025"), "1/7/2025");
    }
}
