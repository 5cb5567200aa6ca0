//! What the user does beside taking incidents: announcing work, asking, copying, writing files, the
//! list of actions, the mouse, paging in time.

use tuantra::api::{AskedNow, Problem, Work};
use tuantra::dash::mouse::Mouse;
use tuantra::dash::state::{Key, Mode, Row, Screen};
use tuantra::dash::{Action, Cmd, Link, Refusal, SourceError, update};
use tuantra::locale::Lang;
use tuantra::model::{Span, UnixMs, WorkedOn};

use crate::desk::Desk;
use crate::sample;

const HOUR_MS: i64 = 3_600_000;

fn desk() -> Desk {
    Desk::new(Lang::Vi, (80, 24))
}

fn status(desk: &Desk) -> String {
    desk.text().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn work_is_announced_on_the_subject_its_unit_or_its_carrier() {
    let mut desk = desk();
    desk.press("2m");
    assert_eq!(desk.ui.mode, Mode::Work);
    let text = desk.text();
    assert!(text.contains("go-cong-tay/tslcd") && text.contains("1 đối tượng"), "{text}");
    desk.press("<PgDn>");
    let text = desk.text();
    assert!(text.contains("Huyện Gò Công Tây") && text.contains("57 đối tượng"), "{text}");
    desk.press("<PgDn><PgDn>thay cáp<Right>");
    let commands = desk.press("<Enter>");
    let [Cmd::Work(ask)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert!(matches!(&ask.request.on, WorkedOn::Carrier(_)), "{ask:?}");
    assert_eq!(ask.request.note, "thay cáp");
    assert_eq!(ask.request.to.since(ask.request.from), 4 * HOUR_MS);
    assert_eq!((desk.ui.mode, ask.request.from), (Mode::Normal, desk.now));
    let work = Work {
        id: ask.id.clone(),
        on: ask.request.on.clone(),
        recurring: false,
        in_inventory: false,
        every: None,
        until: None,
        next: Span::new(ask.request.from, ask.request.to),
        by: "lan".to_owned(),
        note: String::new(),
        subjects: 147,
    };
    desk.act(Action::Worked(ask.clone(), Ok(work)));
    assert!(status(&desk).contains("147 đối tượng"), "{}", status(&desk));
}

#[test]
fn times_are_typed_and_what_is_no_time_asks_nothing() {
    for (typed, expected) in [
        ("2h", Some((0, 2 * HOUR_MS))),
        ("30m", Some((0, HOUR_MS / 2))),
        ("2 giờ", Some((0, 2 * HOUR_MS))),
        ("1g30p", Some((0, HOUR_MS * 3 / 2))),
        ("22h30 2g", Some((1, 2 * HOUR_MS))),
        ("29/11 22:00 4h", Some((1, 4 * HOUR_MS))),
        ("24/11 00:00 4h", None),
        ("22:00 4h", Some((1, 4 * HOUR_MS))),
        ("22:00 02:00", Some((1, 4 * HOUR_MS))),
        ("soon", None),
        ("22:00-02:00", Some((1, 4 * HOUR_MS))),
        ("22h–2h", Some((1, 4 * HOUR_MS))),
        ("22h đến 2h", Some((1, 4 * HOUR_MS))),
        ("22 giờ đến 2 giờ", Some((1, 4 * HOUR_MS))),
        ("22h- 2h", Some((1, 4 * HOUR_MS))),
        ("29/11 22h - 30/11 2h", Some((1, 4 * HOUR_MS))),
        ("29/11 22h - 2h", Some((1, 4 * HOUR_MS))),
        ("29/11 22:00 30/11 02:00", Some((1, 4 * HOUR_MS))),
        ("29/11 22:00 - 1/12 22:00", Some((1, 48 * HOUR_MS))),
        ("30/11 22:00 29/11 02:00", None),
        ("29/11 22:00 29/11", None),
        ("8h30 11:30", Some((1, 3 * HOUR_MS))),
        ("22h 23h", Some((1, HOUR_MS))),
        ("4h 22:00", None),
        ("4h 22h", None),
        ("1h 2h 3h", None),
        ("91d", None),
        ("", None),
    ] {
        let mut desk = desk();
        desk.press("2m<Right><Right><Right>");
        desk.act(Action::Text(typed.to_owned()));
        let commands = desk.press("<Enter>");
        match (expected, &commands[..]) {
            (None, []) => assert_eq!(desk.ui.mode, Mode::Work, "{typed}"),
            (Some((later, length)), [Cmd::Work(ask)]) => {
                let from = ask.request.from;
                assert_eq!(i64::from(from > desk.now), later, "{typed}");
                assert_eq!(ask.request.to.since(from), length, "{typed}");
            }
            (_, other) => panic!("{typed}: {other:?}"),
        }
    }
}

#[test]
fn a_refusal_is_told_and_what_was_typed_is_there_again() {
    let mut desk = desk();
    desk.press("2mthay cáp");
    let commands = desk.press("<Enter>");
    let [Cmd::Work(ask)] = &commands[..] else { panic!("one command: {commands:?}") };
    let no = Refusal::Said(Problem::new("too_many", "there is too much announced work"));
    desk.act(Action::Worked(ask.clone(), Err(no)));
    assert!(status(&desk).contains("there is too much"), "{}", status(&desk));
    desk.press("m");
    assert!(desk.text().contains("thay cáp"));
    desk.press("<Esc>");
    desk.ui.read_only = true;
    assert_eq!(desk.press("mr"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Normal);
    assert!(!desk.text().contains("m bảo trì"));
    desk.ui.read_only = false;
    desk.link = Link::Reconnecting { since: sample::NOW, reason: "gone".to_owned() };
    assert_eq!(desk.press("mr"), Vec::new());
    assert!(status(&desk).contains("không có tiến trình tuần tra"), "{}", status(&desk));
}

#[test]
fn another_plan_for_the_same_waits_until_the_first_is_answered() {
    let mut desk = desk();
    let commands = desk.press("2mthay cáp<Enter>");
    let [Cmd::Work(first)] = &commands[..] else { panic!("one command: {commands:?}") };
    // The same once more is one.
    assert_eq!(desk.press("mthay cáp<Enter>"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Normal);
    // Another one is neither sent beside it nor lost.
    assert_eq!(desk.press("mthay modem<Enter>"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Work);
    assert!(desk.text().contains("thay modem"), "{}", desk.text());
    assert!(status(&desk).contains(first.id.as_str()), "under way: {}", status(&desk));
    let gone = Refusal::NotAsked(SourceError("gone".to_owned()));
    desk.act(Action::Worked(first.clone(), Err(gone)));
    let commands = desk.press("<Enter>");
    let [Cmd::Work(second)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert_eq!((&*second.request.note, &second.request.on), ("thay modem", &first.request.on));
}

#[test]
fn how_to_write_is_readable_while_it_is_written() {
    let mut desk = desk();
    desk.press("2m<Right><Right><Right><Right><Right>");
    let how = "viết T7,CN 22:00 4h hoặc T2-T6 12:00 12:30 31/12";
    assert!(desk.text().contains(how), "{}", desk.text());
    desk.act(Action::Text("T2-T6 12:00 rồi 31/12".to_owned()));
    assert!(desk.text().contains(how), "{}", desk.text());
    desk.press("<Enter>");
    assert!(desk.text().contains(&format!("không hiểu; {how}")), "{}", desk.text());
}

#[test]
fn the_help_goes_no_further_than_its_end() {
    let mut desk = Desk::over(tuantra::dash::Board::new(sample::province()), Lang::Vi, (80, 24));
    desk.press("?");
    let first = desk.text();
    desk.press("<End>");
    let last = desk.text();
    assert_ne!(first, last, "it is longer than the screen");
    desk.press("<PgDn><PgDn><Down>");
    assert_eq!(desk.text(), last);
    desk.press("<Up>");
    assert_ne!(desk.text(), last, "one step back is one step");
    desk.press("<Home>");
    assert_eq!(desk.text(), first);
}

#[test]
fn what_is_over_is_asked_for_when_something_goes_and_seldom_else() {
    let mut desk = desk();
    let asks = |desk: &mut Desk, seconds: i64| {
        desk.now = desk.now + seconds * 1_000;
        let commands = update(&mut desk.ui, Some(&desk.board), &desk.link, Action::Data, desk.now);
        let is_asked = commands.iter().any(|command| matches!(command, Cmd::Closed(_)));
        if is_asked {
            desk.act(Action::Closed(Ok(sample::closed())));
        }
        is_asked
    };
    desk.press("2");
    assert!(!asks(&mut desk, 20) && asks(&mut desk, 10), "it was asked for when it was opened");
    assert!(!asks(&mut desk, 6));
    let mut snapshot = sample::province();
    snapshot.at = snapshot.at + 1_000;
    snapshot.incidents.pop();
    desk.board = tuantra::dash::Board::new(snapshot);
    assert!(asks(&mut desk, 1), "one has gone");
    assert!(!asks(&mut desk, 1) && asks(&mut desk, 5), "the store may know a moment later");
}

#[test]
fn what_is_selected_is_asked_and_who_is_asked_is_said() {
    let mut desk = desk();
    assert_eq!(desk.press("2r"), Vec::new(), "first it is said who");
    let text = desk.text();
    for shown in ["Đo ngay?", "TSLCD Huyện Gò Công Tây", "go-cong-tay/tslcd", "1 đối tượng"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert_eq!(desk.press("<Esc>"), Vec::new());
    let commands = desk.press("r<Enter>");
    let [Cmd::Ask(asking)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert_eq!(asking.request.subjects, [sample::subject_id("go-cong-tay/tslcd")]);
    let done = AskedNow { subjects: 1, joined: 0, addresses: 1, never: Vec::new() };
    desk.act(Action::Asked(asking.clone(), Ok(done)));
    let said = status(&desk);
    assert!(said.contains("TSLCD Huyện Gò Công Tây: 1 đối tượng, 1 địa chỉ"), "{said}");
    assert!(!said.contains("bỏ lại") && !said.contains("chờ chung"), "{said}");
    let away = Refusal::NotAsked(SourceError("gone".to_owned()));
    desk.act(Action::Asked(asking.clone(), Err(away)));
    assert!(status(&desk).contains("gone"));
    // Of a unit its own subjects are asked.
    let commands = desk.press("1r<Enter>");
    let [Cmd::Ask(asking)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert!(asking.request.subjects.len() > 1);
    let many = u32::try_from(asking.request.subjects.len()).expect("a few");
    let done = AskedNow { subjects: many, joined: 0, addresses: many, never: Vec::new() };
    desk.act(Action::Asked(asking.clone(), Ok(done)));
    let unit = desk.ui.selected().cloned();
    let Some(Row::Unit(unit)) = unit else { panic!("a unit: {unit:?}") };
    let name = desk.board.unit(&unit).map(|unit| unit.name.clone()).expect("there");
    let said = status(&desk);
    assert!(said.contains(&format!("{name}: {many} đối tượng")), "by the unit's name: {said}");
}

#[test]
fn who_is_left_out_and_who_is_asked_already_is_said() {
    let mut snapshot = sample::province();
    let own = snapshot.subjects.iter().find(|s| s.unit.as_str() == "go-cong-tay").cloned();
    let own = own.expect("a subject");
    for n in 0..240 {
        let mut another = own.clone();
        another.id = sample::subject_id(&format!("go-cong-tay/more-{n}"));
        snapshot.subjects.push(another);
    }
    let of_unit = snapshot.subjects.iter().filter(|s| s.unit == own.unit).count();
    let mut desk = Desk::over(tuantra::dash::Board::new(snapshot), Lang::Vi, (120, 40));
    desk.press("s<Home>");
    assert!(matches!(desk.ui.selected(), Some(Row::Unit(id)) if *id == own.unit));
    desk.press("r");
    let left_out = of_unit - 100;
    let text = desk.text();
    assert!(text.contains(&format!("bỏ lại {left_out}: mỗi lần đo tối đa 100")), "{text}");
    let commands = desk.press("<Enter>");
    let [Cmd::Ask(asking)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert_eq!((asking.request.subjects.len(), asking.left_out), (100, left_out));
    let never = vec![own.id.clone()];
    let done = AskedNow { subjects: 60, joined: 39, addresses: 61, never };
    desk.act(Action::Asked(asking.clone(), Ok(done)));
    let said = status(&desk);
    for shown in ["60 đối tượng, 61 địa chỉ", "39 đang được đo sẵn", "1 không bao giờ được đo"]
    {
        assert!(said.contains(shown), "{shown}: {said}");
    }
}

#[test]
fn what_is_selected_is_copied_and_what_is_listed_is_written() {
    let mut desk = desk();
    assert_eq!(desk.press("2y"), Vec::new(), "first it is shown");
    assert!(desk.text().contains("Chép vào bộ nhớ tạm?"), "{}", desk.text());
    let commands = desk.press("<Enter>");
    let [Cmd::Copy(line)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert!(line.contains("go-cong-tay/tslcd") && line.contains("0000 800"), "{line}");
    assert!(line.contains("Mất kết nối từ 24/11/2016 05:29"), "{line}");
    for (keys, head, rows) in [
        ("1e", "\"Mã\";\"Tên\";\"Loại\";\"Cấp trên\";\"Mạng\"", 23),
        ("2e", "\"Mã\";\"Nguyên nhân gốc\";\"Tên nguyên nhân gốc\";\"Trạng thái\"", 4),
        ("3e", "\"Mã\";\"Tên\";\"Mã đơn vị\";\"Đơn vị\";\"Loại\"", 390),
        ("3ffe", "\"Mã\";\"Tên\";\"Mã đơn vị\"", 390),
        ("6e", "\"Số\";\"Lúc\";\"Sự kiện\";\"Đối tượng\";\"Chi tiết\"", 16),
        ("8fe", "\"Mã\";\"Tên\";\"Mã đơn vị\"", 31),
        (
            "He",
            "\"Mã\";\"Tên\";\"Loại\";\"Mạng\";\"Số đơn vị được tính\";\"Số phút mất kết nối\"",
            23,
        ),
        ("5e", "\"Mã\";\"Tên\";\"Loại\";\"Cấp trên\";\"Mạng\"", 11),
    ] {
        desk.press(keys);
        assert!(desk.text().contains(&format!("{rows} dòng")), "{}", desk.text());
        let commands = desk.press("<Enter>");
        let Some(Cmd::Export(export)) = commands.last() else { panic!("{keys}: {commands:?}") };
        assert!(export.text.starts_with(head), "{keys}: {}", export.text);
        assert_eq!(export.rows, rows, "{keys}");
        assert_eq!(export.text.matches("\r\n").count(), rows + 1, "{keys}");
        assert!(!export.text.contains('\u{1b}'), "{keys}");
        assert!(export.name.ends_with("-20161124-074211.csv"), "{}", export.name);
    }
    // Empty cells would say that nothing is recorded.
    desk.press("H");
    desk.ui.heat = tuantra::dash::heat::Heat::default();
    desk.press("e");
    assert_eq!(desk.ui.mode, Mode::Normal, "nothing has come yet");
    assert_eq!(desk.press("we"), Vec::new());
    desk.act(Action::Exported(4, Err("disk full".to_owned())));
    assert!(status(&desk).contains("disk full"));
}

#[test]
fn every_action_is_done_by_its_name() {
    let mut desk = desk();
    desk.press(":ban do<Enter>");
    assert_eq!((desk.ui.screen, desk.ui.mode), (Screen::Map, Mode::Normal));
    desk.press(":treo tuong<Enter>");
    assert_eq!(desk.ui.screen, Screen::Wall);
    desk.press("<Esc>");
    assert_eq!(desk.ui.screen, Screen::Map);
    assert_eq!(desk.press(":quit<Enter>"), vec![Cmd::Quit]);
    desk.press(":nothing is called so<Enter>");
    assert_eq!(desk.ui.mode, Mode::Palette);
    desk.press("<Esc>");
    assert_eq!(desk.ui.mode, Mode::Normal);
}

#[test]
fn a_chart_that_is_paged_back_stays_there_until_it_is_paged_on() {
    let mut desk = desk();
    desk.press("/cai-be/tslcd<Enter>+");
    let commands = desk.press("[");
    let [Cmd::History(request)] = &commands[..] else { panic!("one question: {commands:?}") };
    assert_eq!(request.window.to, desk.now - 24 * HOUR_MS);
    assert!(request.is_past);
    desk.now = desk.now + 2 * HOUR_MS;
    assert_eq!(desk.act(Action::Tick), Vec::new(), "what is over does not change");
    assert!(desk.text().contains("đến 23/11/2016 07:42"), "{}", desk.text());
    let commands = desk.press("]]]");
    let Some(Cmd::History(request)) = commands.last() else { panic!("asked: {commands:?}") };
    assert_eq!((request.window.to, request.is_past), (desk.now, false));
}

#[test]
fn lines_are_filtered_by_carrier_and_by_fault() {
    let mut desk = desk();
    desk.press("3");
    let all = desk.ui.rows.len();
    let count = |desk: &Desk| desk.ui.rows.len();
    desk.press("c");
    let vnpt = count(&desk);
    desk.press("c");
    let viettel = count(&desk);
    desk.press("c");
    assert_eq!(vnpt + viettel + count(&desk), all);
    desk.press("c");
    assert_eq!(count(&desk), all);
    desk.press("f");
    let faults = count(&desk);
    assert!(faults > 0 && faults < all);
    let is_fault = |row: &Row| match row {
        Row::Subject(id) => desk
            .board
            .subject(id)
            .is_some_and(|s| s.state() != tuantra::model::State::Up || s.suspect() > 0),
        _ => false,
    };
    assert!(desk.ui.rows.iter().all(is_fault));
}

#[test]
fn the_map_goes_down_to_a_unit_and_back() {
    let mut desk = desk();
    desk.press("5<Down><Down><Down><Down><Enter>");
    assert_eq!(desk.ui.map.open.as_ref().map(|id| id.as_str()), Some("cai-be"));
    let ground = desk.ui.map.ground().expect("laid out");
    assert_eq!(ground.seats.len(), 25);
    desk.press("<Esc>");
    assert_eq!(desk.ui.map.open, None);
    assert!(matches!(desk.ui.selected(), Some(Row::Unit(id)) if id.as_str() == "cai-be"));
    desk.press("<Enter><Down><Enter>");
    assert_eq!(desk.ui.screen, Screen::Coverage);
    // Without coordinates it is said so, and nothing is made up.
    let mut snapshot = sample::province();
    snapshot.units.iter_mut().for_each(|unit| unit.location = None);
    let mut desk = Desk::over(tuantra::dash::Board::new(snapshot), Lang::En, (80, 24));
    desk.press("5");
    assert!(desk.text().contains("No unit has coordinates"), "{}", desk.text());
    assert!(desk.ui.rows.is_empty());
}

#[test]
fn the_heat_map_asks_once_and_for_nothing_once_it_is_left() {
    let mut desk = desk();
    let commands = desk.press("H");
    assert!(matches!(commands[..], [Cmd::Heat(_)]), "{commands:?}");
    assert_eq!(desk.act(Action::Tick), Vec::new());
    desk.now = desk.now + 60_000;
    assert!(matches!(desk.act(Action::Tick)[..], [Cmd::Heat(_)]), "a minute has passed");
    // A clock that was set back does not silence it.
    desk.now = desk.now - 600_000;
    assert!(matches!(desk.act(Action::Tick)[..], [Cmd::Heat(_)]), "the clock was set back");
    // A window in which the running hour is may still change, one that is over does not.
    desk.press("[");
    desk.now = desk.now + 60_000;
    assert_eq!(desk.act(Action::Tick), Vec::new(), "it is over");
    desk.now = desk.now + 240_000;
    desk.press("]");
    desk.now = desk.now + 60_000;
    assert!(matches!(desk.act(Action::Tick)[..], [Cmd::Heat(_)]), "its last hour goes on");
    desk.press("]");
    // What lies beneath a unit is asked for when it is opened, and what was above it anew.
    assert!(matches!(desk.press("<Enter>")[..], [Cmd::Heat(_)]));
    assert!(matches!(desk.press("<Esc>")[..], [Cmd::Heat(_)]));
    desk.press("1");
    desk.now = desk.now + 2 * HOUR_MS;
    assert_eq!(desk.act(Action::Tick), Vec::new());
    assert!(desk.press("H").iter().any(|c| matches!(c, Cmd::Heat(_))), "another hour has begun");
}

#[test]
fn the_log_is_followed_until_the_user_reads() {
    let mut desk = desk();
    let commands = desk.press("6");
    assert!(matches!(commands[..], [Cmd::Log(_)]), "{commands:?}");
    assert_eq!(desk.ui.selected(), Some(&Row::Event(16)));
    assert!(matches!(desk.act(Action::Tick)[..], [Cmd::Log(_)]), "asked anew each second");
    desk.press("<Down>");
    assert!(!desk.ui.log.is_followed);
    desk.press("F");
    assert!(desk.ui.log.is_followed);
    assert_eq!(desk.ui.selected(), Some(&Row::Event(16)));
    desk.press("1");
    assert_eq!(desk.act(Action::Tick), Vec::new());
}

#[test]
fn a_click_selects_a_second_one_opens_and_tabs_are_clicked() {
    let mut desk = desk();
    desk.act(Action::Mouse(Mouse::Click(10, 6)));
    assert_eq!(desk.ui.coverage.place.index(&desk.ui.rows), Some(2));
    desk.act(Action::Mouse(Mouse::Wheel(1)));
    assert_eq!(desk.ui.coverage.place.index(&desk.ui.rows), Some(5));
    desk.act(Action::Mouse(Mouse::Click(10, 6)));
    desk.act(Action::Mouse(Mouse::Click(10, 6)));
    assert!(desk.ui.coverage.open.is_some());
    let tabs = desk.text().lines().nth(1).unwrap_or_default().to_owned();
    let at = tabs.chars().position(|c| c == '5').expect("the map's tab");
    desk.act(Action::Mouse(Mouse::Click(at as u16, 1)));
    assert_eq!(desk.ui.screen, Screen::Map);
    for click in [(0, 0), (79, 23), (5, 22), (79, 1), (500, 500)] {
        desk.act(Action::Mouse(Mouse::Click(click.0, click.1)));
    }
    assert_eq!(desk.act(Action::Key(Key::Keep)).len(), 1);
    assert_eq!(desk.now, UnixMs(sample::NOW.0 + 1_000));
}
