//! Spreadsheets as offices send them: what is in them is read, and a mistake names sheet and cell.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::Path;

use jiff::tz::TimeZone;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use tuantra::cli::diagnostics::{count, render};
use tuantra::inventory::template::template;
use tuantra::inventory::{self, Defaults, Loaded, show};
use tuantra::locale::Lang;
use unicode_normalization::UnicodeNormalization as _;

const BASE: &str = "networks:
  - { id: tslcd, name: Mạng TSLCD }
  - { id: lan, name: Mạng LAN, over: [tslcd] }
carriers: [{ id: vnpt, name: VNPT }]
units:
  - { id: tien-giang, name: Tỉnh Tiền Giang, kind: province }
";

fn load(folder: &Path) -> Loaded {
    inventory::load(folder, &Defaults::default(), &TimeZone::UTC)
}

/// What the folder holds with these sheets beside the base.
fn with(file: &str, fill: impl Fn(&mut Workbook)) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), BASE).unwrap();
    let mut book = Workbook::new();
    fill(&mut book);
    book.save(folder.path().join(file)).unwrap();
    load(folder.path())
}

fn row(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in (0..).zip(cells) {
        if !cell.is_empty() {
            sheet.write(row, column, *cell).unwrap();
        }
    }
}

fn told(loaded: &Loaded) -> String {
    render(&loaded.diagnostics, Lang::En, false)
}

#[test]
fn titles_merged_headings_decomposed_letters_and_dates_are_read_right() {
    let loaded = with("units.xlsx", |book| {
        let plain = Format::new();
        let sheet = book.add_worksheet();
        sheet.merge_range(0, 0, 0, 7, "DANH SÁCH ĐƠN VỊ HUYỆN CÁI BÈ", &plain).unwrap();
        for (column, title) in [(0, "STT"), (1, "Mã"), (2, "Tên"), (3, "Loại"), (4, "Cấp trên")]
        {
            let title: String = title.nfd().collect();
            sheet.merge_range(2, column, 3, column, &title, &plain).unwrap();
        }
        sheet.merge_range(2, 5, 2, 6, "Liên hệ", &plain).unwrap();
        row(sheet, 3, &["", "", "", "", "", "Họ tên", "Số điện thoại", ""]);
        sheet.write(2, 7, "Từ ngày").unwrap();
        let name: String = "Xã Hòa Khánh".nfd().collect();
        row(sheet, 4, &["1", "hoa-khanh", &name, "Xã", "tien-giang", "Bà A", "0273 000 1"]);
        let date = ExcelDateTime::from_ymd(2016, 2, 1).unwrap();
        let format = Format::new().set_num_format("dd/mm/yyyy");
        sheet.write_with_format(4, 7, &date, &format).unwrap();
        row(sheet, 6, &["2", "my-loi-a", "Xã Mỹ Lợi A", "xã", "tien-giang", "", "", "1/2/2016"]);
    });
    assert_eq!(count(&loaded.diagnostics).errors, 0, "{}", told(&loaded));
    let json = show::json(&loaded.inventory.unwrap(), None);
    let units = json["units"].as_array().unwrap();
    let unit = |id: &str| units.iter().find(|u| u["id"] == id).unwrap();
    let (first, second) = (unit("hoa-khanh"), unit("my-loi-a"));
    assert_eq!(first["name"], "Xã Hòa Khánh");
    assert_eq!(first["kind"], "commune");
    assert_eq!(first["contact"]["name"], "Bà A");
    assert_eq!(first["contact"]["phone"], "0273 000 1");
    assert_eq!(first["since"], second["since"]);
    assert!(!first["since"].is_null(), "{first}");
}

#[test]
fn a_mistake_names_file_sheet_and_cell() {
    let loaded = with("cai-be.xlsx", |book| {
        let sheet = book.add_worksheet().set_name("Kết nối").unwrap();
        row(sheet, 1, &["Mã định danh", "Đơn vị", "Mạng", "Nhà mạng", "Địa chỉ IP"]);
        row(sheet, 2, &["tien-giang/tslcd", "tien-giang", "TSLCD", "VNPT", "10.0.0.300"]);
        row(sheet, 3, &["tien-giang/lan", "tien-giang", "lann", "", "10.0.0.2"]);
    });
    let places: Vec<(String, u32)> = loaded
        .diagnostics
        .iter()
        .filter_map(|d| d.place.as_ref())
        .map(|p| (p.file.file_name().unwrap().to_string_lossy().into_owned(), p.line))
        .collect();
    let expected =
        [("cai-be.xlsx [Kết nối!E3]".to_owned(), 3), ("cai-be.xlsx [Kết nối!C4]".to_owned(), 4)];
    for one in expected {
        assert!(places.contains(&one), "{places:?}\n{}", told(&loaded));
    }
    assert!(loaded.inventory.is_none());
}

#[test]
fn a_far_cell_a_missing_header_and_no_workbook_at_all_are_told_not_suffered() {
    let far = with("units.xlsx", |book| {
        let sheet = book.add_worksheet();
        row(sheet, 0, &["Mã", "Tên", "Loại"]);
        sheet.write(1_048_575, 16_383, "x").unwrap();
    });
    assert!(told(&far).contains("is too large"), "{}", told(&far));
    let headless = with("units.xlsx", |book| row(book.add_worksheet(), 0, &["x", "y"]));
    assert!(told(&headless).contains("has no header row"), "{}", told(&headless));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("units.xlsx"), "PK not a workbook").unwrap();
    let broken = load(folder.path());
    assert!(told(&broken).contains("cannot be read"), "{}", told(&broken));
    let foreign = with("budget.xlsx", |book| row(book.add_worksheet(), 0, &["x"]));
    assert_eq!(count(&foreign.diagnostics).errors, 0);
    assert!(told(&foreign).contains("is passed over"), "{}", told(&foreign));
}

#[test]
fn a_filled_in_form_is_read_in_both_languages_and_an_empty_one_changes_nothing() {
    for lang in Lang::ALL {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), BASE).unwrap();
        let before = load(folder.path()).inventory.unwrap();
        let bytes = template(&before, lang).unwrap();
        std::fs::write(folder.path().join("cai-be.xlsx"), bytes).unwrap();
        let loaded = load(folder.path());
        assert_eq!(count(&loaded.diagnostics).errors, 0, "{}", told(&loaded));
        let after = loaded.inventory.unwrap();
        assert_eq!(show::json(&after, None), show::json(&before, None));
    }
}
