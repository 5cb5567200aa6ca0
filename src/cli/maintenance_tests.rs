use clap::Parser as _;
use jiff::tz::TimeZone;

use super::super::sample::{NOW, snapshot, unit_id};
use super::*;
use crate::api::Work;
use crate::model::SubjectId;
use crate::model::{CarrierId, Span};

#[derive(clap::Parser)]
struct Typed {
    #[command(subcommand)]
    command: Command,
}

fn typed(words: &str) -> Result<Command, clap::Error> {
    Typed::try_parse_from(["maintenance"].into_iter().chain(words.split(' '))).map(|t| t.command)
}

fn on(words: &str) -> Result<WorkedOn, String> {
    let Command::Add(add) = typed(&format!("add --for 1h --note x {words}")).unwrap() else {
        panic!("{words}")
    };
    worked_on(&snapshot(), &add.on, Lang::En).map_err(|e| e.to_string())
}

#[test]
fn what_is_worked_on_is_one_thing_and_lasts_or_ends() {
    assert!(typed("add --unit cai-be --for 4h --note x").is_ok());
    assert!(typed("add cai-be --for 4h --note x").is_ok());
    for wrong in [
        "add --for 4h --note x",
        "add --unit cai-be --carrier vnpt --for 4h --note x",
        "add --unit cai-be --note x",
        "add cai-be --unit cai-be --for 4h --note x",
        "add cai-be --carrier vnpt --for 4h --note x",
        "add --unit cai-be --for 4h --to 2026-11-28 --note x",
        "add --unit cai-be --for 4h",
        "end",
    ] {
        assert!(typed(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn units_and_carriers_are_found_by_name_subjects_by_id() {
    assert_eq!(on("--unit cai-be"), Ok(WorkedOn::Unit(unit_id("cai-be"))));
    assert!(on("--unit sa-đéc").is_err_and(|e| e.contains("sa-đéc")));
    assert_eq!(on("--unit mỹ"), Ok(WorkedOn::Unit(unit_id("my-tho"))));
    let vnpt = WorkedOn::Carrier(CarrierId::new("vnpt").unwrap());
    assert_eq!(on("--carrier vnpt"), Ok(vnpt));
    assert!(on("--carrier fpt").is_err_and(|e| e.contains("fpt")));
    let line = WorkedOn::Subject(SubjectId::new("cai-be/tslcd").unwrap());
    assert_eq!(on("--subject cai-be/tslcd"), Ok(line));
    assert!(on("--subject cai-be").is_err(), "a unit is no subject");
    assert_eq!(on("cai-be/tslcd"), on("--subject cai-be/tslcd"));
    assert_eq!(on("cai-be"), on("--unit cai-be"));
    assert_eq!(on("mỹ"), on("--unit mỹ"));
    assert!(on("cai-be/nothing").is_err_and(|e| e.contains("no connection, device or service")));
}

#[test]
fn the_same_command_makes_the_same_id() {
    let begins = UnixMs(NOW.0).to_timestamp().to_zoned_datetime(TimeZone::UTC);
    let id = |on: &WorkedOn, n| own_id(on, &begins, n).unwrap().to_string();
    let unit = WorkedOn::Unit(unit_id("cai-be"));
    assert_eq!(id(&unit, 1), "cai-be-20261126-1000");
    assert_eq!(id(&unit, 9), "cai-be-20261126-1000-9");
    // As long as ids may be, with marks where it has to be cut.
    let long = format!("{}.{}", "a".repeat(TARGET_MAX - 1), "b".repeat(96 - TARGET_MAX));
    let long = WorkedOn::Subject(SubjectId::new(&long).unwrap());
    assert_eq!(id(&long, 9), format!("{}-20261126-1000-9", "a".repeat(TARGET_MAX - 1)));
}

#[test]
fn a_refusal_has_a_sentence_and_a_code() {
    let config = Config { language: Lang::En, ..Config::defaults(std::path::Path::new("")) };
    let over = Problem::new("already_over", "").done(Some("minh".to_owned()), NOW);
    let told = refused(&config, &over);
    assert_eq!(told, Some(("minh ended this work at 2026-11-26 17:00".to_owned(), EXIT_FINDING)));
    let nobody = Problem { by: None, ..over };
    assert!(refused(&config, &nobody).is_some_and(|(text, _)| text.contains("17:00")));
    let code = |error: &str| refused(&config, &Problem::new(error, "")).map(|(_, code)| code);
    for error in ["unknown_maintenance", "in_inventory", "bad_window", "bad_note", "too_many"] {
        assert_eq!(code(error), Some(EXIT_USAGE), "{error}");
    }
    assert_eq!(code("store"), None);
}

#[test]
fn work_is_told_with_what_it_covers() {
    let work = Work {
        id: Id::new("cai-be-20261127-2200").unwrap(),
        on: WorkedOn::Unit(unit_id("cai-be")),
        recurring: false,
        in_inventory: false,
        every: None,
        until: None,
        next: Span::new(NOW - 3_600_000, NOW + 3_600_000),
        by: "lan".to_owned(),
        note: "cáp\u{202e}".to_owned(),
        subjects: 1_234,
    };
    assert_eq!(
        maintenance_text::announced(&snapshot(), &work, true, Lang::En),
        "Announced: cai-be-20261127-2200\n  \
         Huyện Cái Bè (cai-be) with all beneath: 1,234 subjects\n  \
         2026-11-26 16:00 to 2026-11-26 18:00 (2 h 00 min)\n  \
         lan · cáp‹U+202E›\n"
    );
    let nights = Work {
        id: Id::new("nights").unwrap(),
        on: WorkedOn::Subject(SubjectId::new("my-tho/tslcd").unwrap()),
        recurring: true,
        in_inventory: true,
        next: Span::new(NOW + 3_600_000, NOW + 7_200_000),
        subjects: 1,
        note: String::new(),
        ..work.clone()
    };
    let carrier = Work { on: WorkedOn::Carrier(CarrierId::new("vnpt").unwrap()), ..work.clone() };
    assert_eq!(
        maintenance_text::list(&snapshot(), &[work, nights], Lang::Vi),
        "Mã                    Làm ở đâu                                                      Từ                Đến               Hiện nay          Người báo  Ghi chú\n\
         cai-be-20261127-2200  Huyện Cái Bè (cai-be) và mọi đơn vị bên dưới: 1.234 đối tượng  26/11/2026 16:00  26/11/2026 18:00  đang làm          lan        cáp‹U+202E›\n\
         nights                my-tho/tslcd của Thành phố Mỹ Tho: 1 đối tượng                 26/11/2026 18:00  26/11/2026 19:00  định kỳ, sắp làm  lan\n"
    );
    let ended = maintenance_text::ended(&snapshot(), &carrier, Lang::Vi);
    assert!(
        ended.contains("mọi đường truyền của VNPT Tiền Giang (vnpt): 1.234 đối tượng"),
        "{ended}"
    );
    assert!(!maintenance_text::list(&snapshot(), &[], Lang::Vi).trim().is_empty());
}
