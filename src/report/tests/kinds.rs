//! The kinds besides coverage and availability, on the same province.

use super::super::kinds::{self, Bulletin, Circuit, Desk as Duty, FailedRounds, NotCounted};
use super::super::{Said, Sheet, Value};
use super::*;
use crate::model::{
    Ack, Cause, Device, DeviceId, Id, IncidentId, KeptIncident, OutageId, OutageNote, Penalty,
    PenaltyStep, PlanItem, Progress, Rung, Tier,
};
use crate::store::{Rates, Sighting};

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

fn note(start: UnixMs, cause: Cause, text: &str, by: &str) -> OutageNote {
    OutageNote { start, cause, note: text.to_owned(), by: by.to_owned(), at: now() }
}

/// Hòa Khánh's first outage was called fibre, then power; the second was taken, and said nothing of.
fn said() -> Said {
    let first = from() + 20 * HOUR;
    let notes = vec![
        note(first, Cause::Fibre, "", "lan"),
        note(first + HOUR, Cause::Power, "điện lực xác nhận", "minh"),
    ];
    let ack =
        Ack { by: "minh".to_owned(), note: "gọi Viettel".to_owned(), at: now(), until: None };
    let since = from() + 30 * HOUR;
    let taken = KeptIncident {
        id: IncidentId::new("cai-be.hoa-khanh/tslcd", since),
        root: id("cai-be.hoa-khanh/tslcd"),
        opened: since + 10_000,
        since,
        closed: None,
        state: State::Down,
        told: None,
        told_at: None,
        ack: Some(ack),
        split_from: None,
        merged_into: None,
    };
    Said::new(BTreeMap::from([(id("cai-be.hoa-khanh/tslcd"), notes)]), vec![taken])
}

fn contract() -> Penalty {
    let step = |below_ppm, pct_hundredths| PenaltyStep { below_ppm, pct_hundredths };
    Penalty {
        monthly_price: Some(3_000_000),
        prices: Vec::new(),
        steps: vec![step(995_000, 500), step(990_000, 1_000)],
    }
}

fn shown(sheet: &Sheet, page: &Page<'_>) -> String {
    write::text(&sheet.document(page), page)
}

fn sheet_rows<'a>(sheet: &'a Sheet, key: &str) -> &'a [Vec<Value>] {
    &sheet.tables.iter().find(|t| t.key == key).unwrap().rows
}

fn cell<'a>(sheet: &'a Sheet, table: &str, row: usize, column: &str) -> &'a Value {
    let table = sheet.tables.iter().find(|t| t.key == table).unwrap();
    let place = table.columns.iter().position(|(key, _)| *key == column).unwrap();
    &table.rows[row][place]
}

#[test]
fn the_last_note_of_an_outage_counts_and_the_one_before_is_kept() {
    let desk = Desk::new();
    let said = said();
    let all = kinds::list(&desk.scope(), &said, false);
    let of = |start: i64| {
        let start = from() + start * HOUR;
        let hoa_khanh = id("cai-be.hoa-khanh/tslcd");
        let is_it = |l: &&kinds::Listed| {
            l.id(&desk.scope()) == OutageId { subject: hoa_khanh.clone(), start }
        };
        all.iter().find(is_it).unwrap().clone()
    };
    let first = of(20);
    assert_eq!((first.cause, first.before), (Some(Cause::Power), Some(Cause::Fibre)));
    assert_eq!(first.by.as_deref(), Some("minh"));
    assert_eq!(first.taken_by, None);
    let second = of(30);
    assert_eq!((second.cause, second.before), (None, None));
    assert_eq!(second.taken_by.as_deref(), Some("minh"));
}

#[test]
fn a_consequence_has_its_roots_cause_and_is_counted_once() {
    let desk = Desk::new();
    let trunk = note(from() + 100 * HOUR, Cause::Fibre, "", "lan");
    let said = Said::new(BTreeMap::from([(id("cai-be/tslcd"), vec![trunk])]), Vec::new());
    let zone = zone();
    let sheet = kinds::outages(&desk.scope(), &page(&zone, Lang::En, false), &said, false);
    let an_cu = kinds::list(&desk.scope(), &said, false)
        .into_iter()
        .find(|l| l.marked.outage.state == State::Unreachable)
        .unwrap();
    assert_eq!(an_cu.cause, Some(Cause::Fibre));
    assert!(!an_cu.is_root());
    assert_eq!(cell(&sheet, "by_cause", 0, "cause"), &Value::cause(Cause::Fibre));
    assert_eq!(cell(&sheet, "by_cause", 0, "outages"), &Value::Count(1));
    assert_eq!(sheet_rows(&sheet, "outages").len(), 5);
}

#[test]
fn a_carriers_evidence_sums_to_its_account_and_power_is_excluded() {
    let mut desk = Desk::new();
    desk.inventory.carriers[1].penalty = Some(contract());
    let zone = zone();
    let page = page(&zone, Lang::Vi, false);
    let mut scope = desk.scope();
    let failed = FailedRounds::from([(
        OutageId { subject: id("cai-be.hoa-khanh/tslcd"), start: from() + 20 * HOUR },
        (from() + 20 * HOUR, from() + 25 * HOUR - 5_000),
    )]);
    let made =
        |scope: &Scope<'_>| kinds::carrier(scope, &page, &said(), Some(CarrierIx(1)), &failed);
    let sheet = made(&scope);
    let sum = |column| -> i64 {
        (0..sheet_rows(&sheet, "evidence").len())
            .map(|row| match cell(&sheet, "evidence", row, column) {
                Value::Minutes(ms) => *ms,
                other => panic!("{other:?}"),
            })
            .sum()
    };
    assert_eq!(sum("counted_s"), 210 * HOUR);
    assert_eq!(sum("excluded_s"), 5 * HOUR);
    let total = sheet_rows(&sheet, "accounts").len() - 1;
    assert_eq!(cell(&sheet, "accounts", total, "counted_s"), &Value::Minutes(210 * HOUR));
    assert_eq!(cell(&sheet, "accounts", total, "power_s"), &Value::Minutes(5 * HOUR));
    assert_eq!(cell(&sheet, "evidence", 0, "why"), &Value::Word("power", "kinds.why_power"));
    assert_eq!(
        cell(&sheet, "evidence", 0, "last_failed"),
        &Value::Time(from() + 25 * HOUR - 5_000)
    );
    assert_eq!(cell(&sheet, "evidence", 1, "last_failed"), &Value::None, "no samples are kept");
    // The month is not over: a share, and no money yet.
    let hoa_khanh = 1;
    assert_eq!(cell(&sheet, "levels", hoa_khanh, "penalty_share"), &Value::Share(100_000));
    assert_eq!(cell(&sheet, "levels", hoa_khanh, "penalty"), &Value::None);
    assert_snapshot!("carrier_vi", shown(&sheet, &page));
    // Once it is over it is owed, by what was recorded as long as somebody vouched for it.
    scope.now = from() + 40 * DAY;
    let over = made(&scope);
    assert_eq!(cell(&over, "levels", hoa_khanh, "verdict"), &Value::verdict(Verdict::Missed));
    assert_eq!(cell(&over, "levels", hoa_khanh, "penalty"), &Value::Money(300_000));
    assert_eq!(cell(&over, "levels", 0, "penalty"), &Value::Money(0));
    assert_eq!(cell(&over, "contracts", 0, "penalty"), &Value::Money(300_000));
}

#[test]
fn the_bulletin_counts_units_by_cause_and_by_area() {
    let desk = Desk::new();
    let zone = zone();
    let mut scope = desk.scope();
    scope.period = Span::new(now() - DAY, now());
    let found = kinds::bulletin(&scope, &said(), Tier::Commune);
    // Tân Hưng has no line and An Cư's LAN is not asked; An Cư has its second line.
    assert_eq!((found.of, found.down.len(), found.unmeasured, found.restored), (2, 1, 1, 0));
    assert_snapshot!(
        found.sentence(&page(&zone, Lang::Vi, false)),
        @"Tính đến 00 giờ 00 ngày 11/10/2026 còn 1/2 xã, phường, thị trấn mất kết nối, trong đó chưa rõ nguyên nhân 1. Chưa đo được: 1. Đã khôi phục trong 24 giờ qua: 0."
    );
    assert_snapshot!(
        found.sentence(&page(&zone, Lang::En, false)),
        @"As of 00:00 on 2026-10-11 1 of 2 communes, wards and townships have no connection: cause unknown 1. Not measured: 1. Restored in the last 24 hours: 0."
    );
    assert_snapshot!(found.by_area(&desk.inventory, Lang::Vi).unwrap(), @"Theo địa bàn: Huyện Cái Bè 1.");
    // Two hours after the trunk's hour everybody behind it is back.
    scope.period = Span::new(from() + 80 * HOUR, from() + 103 * HOUR);
    let found = kinds::bulletin(&scope, &Said::default(), Tier::District);
    assert_eq!((found.of, found.down.len(), found.restored), (1, 0, 1));
    assert_eq!(Bulletin::tiers(&scope), [Tier::Commune, Tier::District, Tier::Department]);
}

#[test]
fn brief_and_handover_are_short() {
    let desk = Desk::new();
    let zone = zone();
    let page = page(&zone, Lang::Vi, false);
    let mut scope = desk.scope();
    scope.period = Span::new(now() - DAY, now());
    let open = KeptIncident {
        id: IncidentId::new("cai-be.hoa-khanh/tslcd", from()),
        root: id("cai-be.hoa-khanh/tslcd"),
        opened: from() + 30 * HOUR,
        since: from() + 30 * HOUR,
        closed: None,
        state: State::Down,
        told: None,
        told_at: None,
        ack: None,
        split_from: None,
        merged_into: None,
    };
    let duty = Duty { said: said(), open: vec![open], ..Duty::default() };
    let brief = kinds::brief(&scope, &page, &duty);
    assert!(brief.lines().count() <= 10, "{brief}");
    assert_snapshot!("brief_vi", brief);
    let handover = kinds::handover(&scope, &page, &duty);
    assert!(handover.lines().count() <= 60);
    assert_snapshot!("handover_vi", handover);
}

#[test]
fn circuits_are_listed_fullest_first_and_what_is_not_counted_by_name() {
    let mut desk = Desk::new();
    for subject in &mut desk.inventory.subjects {
        if let SubjectDetail::Connection(connection) = &mut subject.detail {
            connection.bandwidth_kbps = Some(10_000);
        }
    }
    let zone = zone();
    let of = |bps: Vec<Option<u64>>| Rates { bps, rolled_up: 0 };
    let load = |bps| of(vec![Some(bps); 2_016]);
    let scope = desk.scope();
    let circuit = |n, both: [Rates; 2]| Circuit::of_rates(&scope, SubjectIx(n), from(), &both);
    let aged = Rates { rolled_up: 12, ..load(1_000_000) };
    let circuits = [
        circuit(0, [load(1_000_000), load(2_000_000)]),
        circuit(1, [load(9_500_000), of(vec![None; 2_016])]),
        circuit(2, [of(vec![None; 2_016]), Rates::default()]),
        Circuit::not_counted(SubjectIx(3), NotCounted::NoInterface),
    ];
    let sheet = kinds::capacity(&desk.scope(), &page(&zone, Lang::Vi, false), &circuits);
    assert_eq!(cell(&sheet, "circuits", 0, "subject"), &Value::text("cai-be/tslcd"));
    assert_eq!(cell(&sheet, "circuits", 0, "used"), &Value::Share(950_000));
    assert_eq!(cell(&sheet, "circuits", 0, "verdict"), &Value::verdict(Verdict::Missed));
    assert_eq!(cell(&sheet, "circuits", 3, "verdict"), &Value::verdict(Verdict::NotProven));
    assert_eq!(sheet_rows(&sheet, "not_counted").len(), 2);
    assert_eq!(sheet.verdict, Verdict::Missed);
    let says_so = |sheet: &Sheet| sheet.notes.iter().any(|note| note.contains("1,6 %"));
    assert!(!says_so(&sheet));
    let circuits = [circuit(0, [aged, Rates::default()])];
    assert!(says_so(&kinds::capacity(&desk.scope(), &page(&zone, Lang::Vi, false), &circuits)));
}

#[test]
fn what_is_declared_never_meets_what_is_measured() {
    let mut desk = Desk::new();
    let item = |name: &str, goal, due, progress| PlanItem {
        id: Id::new("p").unwrap(),
        name: name.to_owned(),
        group: Some("Hạ tầng".to_owned()),
        goal,
        due,
        progress,
    };
    let declared = |done| Progress::Declared { done, at: None, source: Some("Sở".to_owned()) };
    let network = NetworkIx(0);
    desk.inventory.plan = vec![
        item("Dự án hạ tầng", Some(7), Some(now() - DAY), declared(5)),
        item("Đào tạo", Some(3), Some(now() + DAY), declared(2)),
        item(
            "TSLCD cấp xã",
            None,
            None,
            Progress::Measured { network, tier: Some(Tier::Commune), rung: Rung::Deployed },
        ),
    ];
    let zone = zone();
    let sheet = kinds::plan(&desk.scope(), &page(&zone, Lang::Vi, false));
    assert_eq!(cell(&sheet, "declared", 0, "done"), &Value::Count(7));
    assert_eq!(cell(&sheet, "declared", 0, "goal"), &Value::Count(10));
    assert_eq!(cell(&sheet, "items", 0, "share"), &Value::Share(714_285));
    assert_eq!(cell(&sheet, "measured", 0, "done"), &Value::Count(2));
    assert_eq!(cell(&sheet, "measured", 0, "goal"), &Value::Count(3));
    let standing = |row| cell(&sheet, "items", row, "standing").clone();
    assert_eq!(standing(0), Value::Word("late", "kinds.plan_late"));
    assert_eq!(standing(1), Value::Word("under_way", "kinds.plan_under_way"));
    assert_eq!(sheet.verdict, Verdict::Missed, "something is late");
    assert_snapshot!("plan_vi", shown(&sheet, &page(&zone, Lang::Vi, false)));
}

fn with_device(mut inventory: Inventory, model: &str) -> Inventory {
    let mut device = inventory.subjects[0].clone();
    device.id = id("so-y-te/router");
    device.since = Some(now() - 4 * 366 * DAY);
    device.detail = SubjectDetail::Device(Device {
        id: DeviceId::new("so-y-te/router").unwrap(),
        role: "router".to_owned(),
        vendor: Some("MikroTik".to_owned()),
        model: Some(model.to_owned()),
        serial: Some("A17".to_owned()),
        firmware: None,
        speeds: Vec::new(),
        support_until: Some(now() - DAY),
        snmp: None,
        addresses: Vec::new(),
    });
    inventory.subjects.push(device);
    let Inventory { units, networks, carriers, calendars, subjects, .. } = inventory;
    Inventory::new(units, networks, carriers, calendars, subjects)
}

#[test]
fn devices_are_grouped_and_those_out_of_support_named() {
    let mut desk = Desk::new();
    desk.inventory = with_device(province(), "MikroTik RB750Gr3");
    let fact = |key: &str, value: &str| Sighting {
        key: key.into(),
        value: value.into(),
        first: from(),
        last: now(),
    };
    let seen = BTreeMap::from([(
        id("so-y-te/router"),
        vec![fact("model", "RB750Gr3"), fact("serial", "B42")],
    )]);
    let zone = zone();
    let sheet = kinds::devices(&desk.scope(), &page(&zone, Lang::Vi, false), &seen);
    assert_eq!(cell(&sheet, "by_age", 0, "name"), &Value::Word("3_to_5", "kinds.age_3"));
    assert_eq!(sheet_rows(&sheet, "unsupported").len(), 1);
    assert_eq!(sheet_rows(&sheet, "without_snmp").len(), 1);
    assert_eq!(sheet_rows(&sheet, "drift").len(), 1, "the maker's short model is the same one");
    assert_eq!(cell(&sheet, "drift", 0, "observed"), &Value::text("B42"));
}

#[test]
fn their_table_is_read_as_offices_write_it() {
    let text = "\u{feff}BẢNG ĐỐI SOÁT THÁNG 10;;;\nSTT;Số hiệu kênh;Độ khả dụng (%);Phút gián đoạn;Số lần\n\
                1;TG-0001;99,95;22,5;2\n2;cai-be/tslcd;100;0;0\n3;TG-0003;n/a;1;0\n;Tổng;;;\n";
    let found = kinds::their_table(text).unwrap();
    assert_eq!(found.rows.len(), 3);
    let row = &found.rows[0];
    assert_eq!((row.line, row.circuit.as_str()), (3, "TG-0001"));
    assert_eq!((row.ppm, row.lost_ms, row.outages), (Some(999_500), Some(1_350_000), Some(2)));
    assert_eq!(found.rows[1].ppm, Some(1_000_000));
    assert_eq!(found.unread, [(5, "n/a".to_owned())]);
    let english = kinds::their_table("circuit,availability\nA,0.9991\nB,99.9%\n").unwrap();
    assert_eq!(english.rows[0].ppm, Some(999_100));
    assert_eq!(english.rows[1].ppm, Some(999_000));
    for wrong in ["", "a,b\n1,2\n", "kênh\nx\n", "\u{feff}"] {
        assert!(kinds::their_table(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn their_workbook_is_read_as_their_csv_and_its_numbers_need_no_guessing() {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write(0, 0, "Ghi chú").unwrap();
    let percent = rust_xlsxwriter::Format::new().set_num_format("0.00%");
    let sheet = book.add_worksheet();
    sheet.merge_range(0, 0, 0, 3, "BẢNG ĐỐI SOÁT THÁNG 10", &percent).unwrap();
    for (n, heading) in
        ["Số hiệu kênh", "Độ khả dụng", "Phút gián đoạn", "Số lần"].iter().enumerate()
    {
        sheet.write(2, u16::try_from(n).unwrap(), *heading).unwrap();
    }
    sheet.write(3, 0, "TG-0001").unwrap();
    sheet.write_with_format(3, 1, 0.9995, &percent).unwrap();
    sheet.write(3, 2, 1.234).unwrap();
    sheet.write(3, 3, 2).unwrap();
    // A circuit that is a number, and a share in per cent as a text.
    sheet.write(4, 0, 5).unwrap();
    sheet.write(4, 1, "99,9 %").unwrap();
    sheet.write(4, 3, "hai").unwrap();
    let found = kinds::their_book(book.save_to_buffer().unwrap()).unwrap();
    let rows: Vec<_> = found
        .rows
        .iter()
        .map(|row| (row.line, row.circuit.as_str(), row.ppm, row.lost_ms, row.outages))
        .collect();
    assert_eq!(
        rows,
        [(4, "TG-0001", Some(999_500), Some(74_040), Some(2)), (5, "5", Some(999_000), None, None),]
    );
    assert_eq!(found.unread, [(5, "hai".to_owned())]);
    assert!(kinds::their_book(b"PK\x03\x04 no workbook".to_vec()).is_err());
    let empty = rust_xlsxwriter::Workbook::new().save_to_buffer();
    assert!(empty.is_ok_and(|bytes| kinds::their_book(bytes).is_err()));
}

#[test]
fn outages_are_summed_by_what_is_asked_for_and_listed_in_that_order() {
    use kinds::OutagesBy;
    let desk = Desk::new();
    let zone = zone();
    let page = page(&zone, Lang::En, false);
    let plain = kinds::outages(&desk.scope(), &page, &said(), false);
    let total = |sheet: &Sheet, key: &str| sheet_rows(sheet, key).last().unwrap()[1..].to_vec();
    for (by, key) in [
        (OutagesBy::Cause, "by_cause"),
        (OutagesBy::Carrier, "by_carrier"),
        (OutagesBy::Unit, "by_unit"),
    ] {
        let sheet = kinds::outages_by(&desk.scope(), &page, &said(), false, Some(by));
        let keys: Vec<_> = sheet.tables.iter().map(|table| table.key).collect();
        assert_eq!(keys, [key, "outages"]);
        // No note explains what is not there.
        let notes = sheet.notes.join(" ");
        assert!(!notes.contains("MTTR"), "{by:?}: {notes}");
        assert_eq!(notes.contains("table by cause"), by == OutagesBy::Cause, "{notes}");
        assert_eq!(total(&sheet, key), total(&plain, "by_cause"), "{by:?}");
        let lost: Vec<i64> = sheet_rows(&sheet, key)
            .iter()
            .map(|row| match row[2] {
                Value::Length(ms) => ms,
                _ => -1,
            })
            .collect();
        let (_, groups) = lost.split_last().unwrap();
        assert!(groups.is_sorted_by(|a, b| a >= b), "{lost:?}");
        // The list is the same one, in the order of the sums.
        let mut ids = [&sheet, &plain].map(|sheet| {
            sheet_rows(sheet, "outages").iter().map(|row| row[0].clone()).collect::<Vec<_>>()
        });
        if by == OutagesBy::Unit {
            let first = sheet_rows(&sheet, "outages")[0][1].clone();
            assert_eq!(first, sheet_rows(&sheet, key)[0][0]);
        }
        ids.iter_mut().for_each(|ids| ids.sort_by_key(|id| format!("{id:?}")));
        assert_eq!(ids[0], ids[1]);
    }
}

#[test]
fn a_table_of_theirs_is_held_against_ours_with_evidence() {
    let mut desk = Desk::new();
    if let SubjectDetail::Connection(connection) = &mut desk.inventory.subjects[5].detail {
        connection.circuit = Some("TG-0005".to_owned());
    }
    let zone = zone();
    let page = page(&zone, Lang::Vi, false);
    let theirs = kinds::their_table("Kênh,Phút mất,Số lần\ntg 0005,60,1\nTG-9999,0,0\n").unwrap();
    let failed = FailedRounds::new();
    let sheet = kinds::reconcile(&desk.scope(), &page, &said(), CarrierIx(1), &theirs, &failed);
    assert_eq!(cell(&sheet, "compared", 0, "our_minutes"), &Value::Count(210 * 60));
    assert_eq!(cell(&sheet, "compared", 0, "difference_minutes"), &Value::Count(60 - 210 * 60));
    assert_eq!(sheet_rows(&sheet, "evidence").len(), 2);
    let left: Vec<&Value> = (0..2).map(|row| cell(&sheet, "left", row, "why")).collect();
    assert_eq!(left[0], &Value::Word("stranger", "kinds.stranger"));
    assert_eq!(left[1], &Value::Word("missing", "kinds.missing"));
    assert_eq!(sheet.verdict, Verdict::Missed);
    // A second row of the circuit is told, and the first is what is compared.
    let twice = kinds::their_table("Kênh,Phút\nTG-0005,12600\nTG 0005,1\n").unwrap();
    let sheet = kinds::reconcile(&desk.scope(), &page, &said(), CarrierIx(1), &twice, &failed);
    assert_eq!(sheet_rows(&sheet, "compared").len(), 1);
    assert_eq!(cell(&sheet, "compared", 0, "result"), &Value::Word("same", "kinds.same"));
    let again =
        sheet_rows(&sheet, "left").iter().find(|row| row[0] == Value::Word("twice", "kinds.twice"));
    assert_eq!(again.unwrap()[1..], [Value::Count(3), Value::text("TG 0005")]);
    assert_eq!(sheet.verdict, Verdict::Missed);
    let same = kinds::their_table("circuit,minutes\nTG-0005,12600\n").unwrap();
    let sheet = kinds::reconcile(&desk.scope(), &page, &said(), CarrierIx(1), &same, &failed);
    assert_eq!(cell(&sheet, "compared", 0, "result"), &Value::Word("same", "kinds.same"));
    assert!(sheet_rows(&sheet, "evidence").is_empty(), "what agrees needs none");
}

/// Every kind on one desk.
fn all(desk: &Desk, page: &Page<'_>, said: &Said) -> Vec<Sheet> {
    let scope = desk.scope();
    let bps = vec![Some(1_000); 3];
    let rates = [Rates { bps, rolled_up: 0 }, Rates::default()];
    let circuits: Vec<Circuit> = scope
        .inventory
        .subject_ixs()
        .filter(|ix| scope.inventory.subject(*ix).connection().is_some())
        .map(|subject| Circuit::of_rates(&scope, subject, from(), &rates))
        .collect();
    let theirs =
        kinds::their_table("circuit,minutes\n=cmd|' /C calc'!A0,1\n\"\u{1b}[2J\",x\n").unwrap();
    let mut sheets = vec![
        kinds::outages(&scope, page, said, true),
        kinds::listing(&scope, page, said, false),
        kinds::carrier(&scope, page, said, None, &FailedRounds::new()),
        kinds::capacity(&scope, page, &circuits),
        kinds::devices(&scope, page, &BTreeMap::new()),
        kinds::plan(&scope, page),
    ];
    if !scope.inventory.carriers.is_empty() {
        let failed = FailedRounds::new();
        sheets.push(kinds::reconcile(&scope, page, said, CarrierIx(0), &theirs, &failed));
    }
    sheets
}

#[test]
fn nothing_recorded_and_nothing_declared_is_told_as_such() {
    let zone = zone();
    let nothing = Inventory::new(Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for inventory in [nothing, province()] {
        let desk = Desk { inventory, records: Records::default() };
        for lang in Lang::ALL {
            let page = page(&zone, lang, false);
            for sheet in all(&desk, &page, &Said::default()) {
                assert!(!shown(&sheet, &page).is_empty() && !sheet.csv(&page).is_empty());
                let json: serde_json::Value = serde_json::from_str(&sheet.json(&page)).unwrap();
                assert_eq!(json["kind"], sheet.kind);
            }
            let scope = desk.scope();
            let sentence = kinds::bulletin(&scope, &Said::default(), Tier::Commune).sentence(&page);
            assert!(sentence.ends_with('.'), "{sentence}");
            assert!(kinds::brief(&scope, &page, &Duty::default()).lines().count() >= 5);
            assert!(kinds::handover(&scope, &page, &Duty::default()).lines().count() >= 5);
        }
    }
    let desk = Desk { inventory: province(), records: Records::default() };
    let page = page(&zone, Lang::En, false);
    let carrier =
        kinds::carrier(&desk.scope(), &page, &Said::default(), None, &FailedRounds::new());
    assert_eq!(carrier.verdict, Verdict::NotProven);
}

#[test]
fn hostile_names_are_harmless_in_every_format() {
    let evil = [
        "=HYPERLINK(\"http://x\")",
        "\u{1b}]0;x\u{7}\u{202e}<img src=x>@SUM(A1)",
        "+1;-2\r\n=3,@4",
    ];
    let long = "ữ".repeat(10_000);
    let mut desk = Desk::new();
    desk.inventory = with_device(province(), evil[0]);
    for (n, unit) in desk.inventory.units.iter_mut().enumerate() {
        unit.name = [evil[0], evil[1], evil[2], &long][n % 4].to_owned();
        unit.short = unit.name.clone();
    }
    for carrier in &mut desk.inventory.carriers {
        (carrier.name, carrier.contract) = (evil[1].to_owned(), Some(evil[0].to_owned()));
        carrier.hotline = Some(evil[2].to_owned());
    }
    for subject in &mut desk.inventory.subjects {
        if let SubjectDetail::Connection(connection) = &mut subject.detail {
            connection.circuit = Some(evil[2].to_owned());
        }
    }
    desk.inventory.plan = vec![PlanItem {
        id: Id::new("p").unwrap(),
        name: evil[1].to_owned(),
        group: Some(evil[0].to_owned()),
        goal: Some(u32::MAX),
        due: Some(UnixMs(i64::MAX)),
        progress: Progress::Declared { done: u32::MAX, at: None, source: Some(long.clone()) },
    }];
    let notes = vec![note(from() + 20 * HOUR, Cause::Power, evil[1], evil[0])];
    let said = Said::new(BTreeMap::from([(id("cai-be.hoa-khanh/tslcd"), notes)]), Vec::new());
    let zone = zone();
    let hidden =
        |text: &str| text.chars().any(|c| (c.is_control() && c != '\n') || matches!(c, '\u{202e}'));
    for excel in [false, true] {
        let page = page(&zone, Lang::Vi, excel);
        for sheet in all(&desk, &page, &said) {
            assert!(!hidden(&shown(&sheet, &page)), "{}", sheet.kind);
            let document = sheet.document(&page);
            let html = write::html(&document, &page).unwrap();
            assert!(!hidden(&html) && !html.contains("<img"), "{}", sheet.kind);
            assert!(write::xlsx(&document, &page).unwrap().starts_with(b"PK"), "{}", sheet.kind);
            let separator = if excel { b';' } else { b',' };
            let csv = sheet.csv(&page);
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(separator)
                .has_headers(false)
                .flexible(true)
                .from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
            for record in reader.records() {
                for cell in &record.unwrap() {
                    let is_number = cell.replace(',', ".").parse::<f64>().is_ok();
                    let begins = cell.trim_start().starts_with(['=', '+', '-', '@']);
                    assert!(is_number || !begins, "{}: {cell}", sheet.kind);
                }
            }
            serde_json::from_str::<serde_json::Value>(&sheet.json(&page)).unwrap();
        }
    }
    let page = page(&zone, Lang::Vi, false);
    let duty = Duty { said, ..Duty::default() };
    for text in
        [kinds::brief(&desk.scope(), &page, &duty), kinds::handover(&desk.scope(), &page, &duty)]
    {
        assert!(!hidden(&text), "{text}");
    }
}
