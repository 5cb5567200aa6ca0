//! Saying what an outage was, the incidents that are over, the announced work and its end, and what is
//! asked before something is done.

use insta::assert_snapshot;
use tuantra::api::{DownWith, NoteRequest, Noted, Problem};
use tuantra::dash::confirm::Asking;
use tuantra::dash::state::{Mode, Range, Row, Screen};
use tuantra::dash::{Action, Board, Cmd, Colours, Link, Refusal, SourceError};
use tuantra::locale::Lang;
use tuantra::model::{Cause, Recurrence};

use crate::desk::{Desk, styles};
use crate::sample;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

fn desk() -> Desk {
    Desk::new(Lang::Vi, (80, 24))
}

fn status(desk: &Desk) -> String {
    desk.text().lines().last().unwrap_or_default().to_owned()
}

fn asked(commands: &[Cmd]) -> NoteRequest {
    let [Cmd::Note(request)] = commands else { panic!("one command: {commands:?}") };
    request.clone()
}

/// A picture per size and language; besides, at 80×24, without colours and the styles with them.
fn pictures(name: &str, keys: &str) {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        for lang in [Lang::Vi, Lang::En] {
            let mut desk = Desk::new(lang, (columns, rows));
            desk.press(keys);
            let name = format!("{name}_{columns}x{rows}_{}", lang.as_str());
            assert_snapshot!(name, desk.text());
        }
    }
    let mut desk = desk();
    desk.press(keys);
    assert_snapshot!(format!("{name}_styles"), styles(&desk.frame()));
    desk.theme.colours = Colours::None;
    assert_snapshot!(format!("{name}_mono"), desk.text());
}

#[test]
fn the_new_screens_and_dialogs_are_drawn() {
    pictures("closed", "2<End><Enter><Down>");
    pictures("cause", "2oVNPT báo đứt cáp<Right>");
    pictures("cause_again", "/cai be tslcd<Enter>o<Right>");
    pictures("works", "M<Down>");
    pictures("end_work", "M<Down>x");
    pictures("ask", "2r");
    pictures("copy", "2y");
    pictures("export", "3e");
    pictures("weekly", "2mnâng cấp<Right><Right><Right><Right><Right>T7,CN 22:00 4h 31/12");
}

#[test]
fn an_outage_that_lasts_gets_its_cause_from_its_incident() {
    let mut desk = desk();
    desk.press("2o");
    assert_eq!(desk.ui.mode, Mode::Outage);
    let text = desk.text();
    for shown in ["TSLCD Huyện Gò Công Tây", "go-cong-tay/tslcd@2016-11-23T22:29:10Z", "mất 13 xã"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    desk.press("<Right><Right>");
    desk.act(Action::Text("  VNPT báo đứt cáp ".to_owned()));
    let request = asked(&desk.press("<Enter>"));
    let start = sample::NOW - 133 * MINUTE_MS;
    assert_eq!((request.subject.as_str(), request.start), ("go-cong-tay/tslcd", start));
    assert_eq!((request.cause, &*request.note), (Cause::Fibre, "VNPT báo đứt cáp"));
    assert_eq!(desk.ui.mode, Mode::Normal);
    assert!(status(&desk).contains("đang ghi nguyên nhân"), "{}", status(&desk));
    // Whoever presses twice has asked once.
    assert_eq!(desk.press("o<Enter>"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Normal);
    // What somebody says otherwise stays in its dialog until there is an answer.
    desk.press("o");
    desk.act(Action::Text("không phải".to_owned()));
    assert_eq!(desk.press("<Enter>"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Outage);
    desk.press("<Esc>");
    let done = Noted {
        subject: request.subject.clone(),
        start,
        end: None,
        cause: Cause::Fibre,
        note: request.note.clone(),
        by: "lan".to_owned(),
        before: None,
        with: Vec::new(),
    };
    desk.act(Action::Noted(request, Ok(done)));
    assert!(status(&desk).contains("đứt đường truyền"), "{}", status(&desk));
    // What is only degraded has no outage, and a subject that is well has none.
    desk.press("<Down><Down><Down>o");
    assert_eq!(desk.ui.mode, Mode::Normal);
    assert!(status(&desk).contains("Không có lần mất kết nối nào"), "{}", status(&desk));
}

#[test]
fn calling_it_otherwise_needs_a_reason_and_is_asked_only_with_one() {
    let mut desk = desk();
    desk.press("/cai-be/tslcd<Enter>o");
    let text = desk.text();
    assert!(text.contains("lan đã ghi lúc") && text.contains("[đứt đường truyền]"), "{text}");
    assert_eq!(desk.press("<Left><Enter>"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Outage);
    desk.act(Action::Text("cả xã mất điện".to_owned()));
    let request = asked(&desk.press("<Enter>"));
    assert_eq!((request.cause, &*request.note), (Cause::Power, "cả xã mất điện"));
    // Not delivered: it is there again.
    let away = Refusal::NotAsked(SourceError("gone".to_owned()));
    let commands = desk.act(Action::Noted(request.clone(), Err(away)));
    assert!(matches!(&commands[..], [Cmd::History(_)]), "asked anew: {commands:?}");
    assert!(status(&desk).contains("gone"));
    desk.press("o");
    let text = desk.text();
    assert!(text.contains("cả xã mất điện") && text.contains("[mất điện]"), "{text}");
    desk.press("<Enter>");
    let mut no = Problem::new("already_noted", "it is called that already");
    no.by = Some("minh".to_owned());
    desk.act(Action::Noted(request, Err(Refusal::Said(no))));
    assert!(status(&desk).contains("minh đã ghi như vậy rồi"), "{}", status(&desk));
    desk.press("o");
    assert!(!desk.text().contains("cả xã mất điện"), "it is done");
    desk.press("<Esc>");
    desk.ui.read_only = true;
    desk.press("o");
    assert_eq!(desk.ui.mode, Mode::Normal);
    assert!(!desk.text().contains("o nguyên nhân"));
}

#[test]
fn what_is_over_is_folded_beneath_what_is_open_and_opens_into_its_root() {
    let mut desk = desk();
    desk.press("2<End>");
    assert_eq!(desk.ui.selected(), Some(&Row::Fold));
    let open = desk.board.incidents.len();
    assert_eq!(desk.ui.rows.len(), open + 1);
    desk.press("<Enter>");
    assert_eq!(desk.ui.rows.len(), open + 4);
    desk.press("<Down>");
    let text = desk.text();
    for shown in ["xe tải kéo đứt", "lan đã nhận", "2 giờ 15 phút", "đứt đường truyền"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains('\u{1b}'));
    // The cause of what is over is said in the same way; of what was never down there is none.
    desk.press("o");
    let text = desk.text();
    assert!(text.contains("cai-be/tslcd@2016-11-23T21:22:10Z") && text.contains("minh"), "{text}");
    desk.press("<Esc><Down><Down>o");
    assert_eq!(desk.ui.mode, Mode::Normal);
    desk.press("e");
    assert!(desk.text().contains("3 dòng"), "the list that is gone to: {}", desk.text());
    desk.press("<Esc><Up><Enter>");
    assert_eq!(desk.ui.screen, Screen::Subject);
    let detail = desk.ui.detail.as_ref().expect("open");
    assert_eq!((detail.subject.as_str(), detail.range), ("cho-gao/tslcd", Range::Day));
    desk.press("<Esc>");
    assert!(matches!(desk.ui.selected(), Some(Row::Closed(_))), "back where it was left");
    // It is not lost when the list comes anew, and an unreadable list says so.
    desk.act(Action::Closed(Ok(sample::closed().into_iter().skip(1).collect())));
    assert_eq!(desk.ui.rows.len(), open + 3);
    desk.act(Action::Closed(Err("disk full".to_owned())));
    assert!(desk.text().contains("không đọc được: disk full"), "{}", desk.text());
}

#[test]
fn announced_work_is_ended_after_a_question_and_that_of_the_inventory_is_not() {
    let mut desk = desk();
    desk.press("M");
    assert_eq!(desk.ui.rows.len(), 3);
    desk.press("<Down>");
    let text = desk.text();
    assert!(text.contains("T7, CN 22:00–02:00") && !text.contains('\u{202e}'), "{text}");
    assert_eq!(desk.press("<Up>x"), Vec::new());
    let text = desk.text();
    for shown in ["Kết thúc bảo trì?", "go-cong-tay-20161124-070000", "57 đối tượng"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    // New data do not move the question onto something else.
    desk.act(Action::Works(Ok(sample::works().into_iter().skip(1).collect())));
    let commands = desk.press("<Enter>");
    let [Cmd::End(id)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert_eq!(id.as_str(), "go-cong-tay-20161124-070000");
    let work = sample::works().swap_remove(0);
    desk.act(Action::Ended(id.clone(), Ok(work)));
    assert!(status(&desk).contains("Đã kết thúc bảo trì go-cong-tay"), "{}", status(&desk));
    assert_eq!(desk.press("<End>x"), Vec::new());
    assert!(status(&desk).contains("core-nights ghi trong danh mục"), "{}", status(&desk));
    desk.press("<Enter>");
    assert_eq!(desk.ui.screen, Screen::Lines, "the carrier's lines");
    desk.press("M<Esc>");
    assert_eq!(desk.ui.screen, Screen::Lines);
    desk.link = Link::Reconnecting { since: sample::NOW, reason: "gone".to_owned() };
    desk.press("Mx");
    assert_eq!(desk.ui.mode, Mode::Normal);
}

#[test]
fn work_recurs_by_day_and_by_week_until_a_day() {
    let now = desk().now;
    let until = |days: i64| now + days * DAY_MS;
    for (steps, typed, expected) in [
        (4, "22:00 4h", Some(("daily 22:00-02:00", 90))),
        (4, "22h 4h", Some(("daily 22:00-02:00", 90))),
        (4, "22h00 02:00", Some(("daily 22:00-02:00", 90))),
        (4, "22h-2h", Some(("daily 22:00-02:00", 90))),
        (4, "22h 23h", Some(("daily 22:00-23:00", 90))),
        (4, "7h30 11:30", Some(("daily 7:30-11:30", 90))),
        (4, "12:00 12:30 30/11", Some(("daily 12:00-12:30", 6))),
        (5, "T7,CN 22:00 02:00 31/12", Some(("sat,sun 22:00-02:00", 37))),
        (5, "mon-fri 7:00 30m 2016-12-24", Some(("mon,tue,wed,thu,fri 07:00-07:30", 30))),
        (5, "cn 00:00 24h 30d", Some(("sun 00:00-00:00", 30))),
        (4, "22:00", None),
        (4, "22:00 25h", None),
        (4, "22:00 4h 23/11/2016", None),
        (4, "22:00 4h 31/02", None),
        (4, "22:00 4h 400d", None),
        (5, "22:00 4h", None),
        (5, "T8 22:00 4h", None),
        (5, "", None),
    ] {
        let mut desk = desk();
        desk.press(&format!("2m{}", "<Right>".repeat(steps)));
        desk.act(Action::Text(typed.to_owned()));
        let commands = desk.press("<Enter>");
        match (expected, &commands[..]) {
            (None, []) => assert_eq!(desk.ui.mode, Mode::Work, "{typed}"),
            (Some((every, days)), [Cmd::Work(ask)]) => {
                let every: Recurrence = every.parse().expect("a recurrence");
                assert_eq!(ask.request.every, Some(every), "{typed}");
                assert_eq!(ask.request.from, desk.now, "{typed}");
                // It ends with its last day, or in the night after it.
                let late = ask.request.to.since(until(days));
                assert!((0..=DAY_MS).contains(&late), "{typed}: {late}");
            }
            (_, other) => panic!("{typed}: {other:?}"),
        }
    }
}

#[test]
fn what_is_asked_is_done_only_as_it_was_named() {
    let mut desk = desk();
    desk.press("2r");
    // The incident goes away meanwhile: what was named is asked all the same, nothing else.
    let mut snapshot = sample::province();
    snapshot.seq += 1;
    snapshot.incidents.clear();
    desk.board = Board::new(snapshot);
    desk.act(Action::Data);
    let commands = desk.press("<Enter>");
    let [Cmd::Ask(Asking { request, left_out: 0, .. })] = &commands[..] else {
        panic!("one command: {commands:?}")
    };
    assert_eq!(request.subjects, [sample::subject_id("go-cong-tay/tslcd")]);
    desk.press("3r");
    desk.link = Link::Reconnecting { since: sample::NOW, reason: "gone".to_owned() };
    assert_eq!(desk.press("<Enter>"), Vec::new(), "the daemon went away");
    assert!(status(&desk).contains("không có tiến trình tuần tra"), "{}", status(&desk));
}

#[test]
fn a_reason_that_the_daemon_wants_is_typed_where_the_rest_was() {
    let mut desk = desk();
    desk.press("2o<Right>");
    let request = asked(&desk.press("<Enter>"));
    let mut no = Problem::new("needs_reason", "it was called otherwise");
    no.by = Some("minh".to_owned());
    desk.act(Action::Noted(request.clone(), Err(Refusal::Said(no))));
    assert_eq!(desk.ui.mode, Mode::Outage, "a closed dialog would take letters for commands");
    assert!(status(&desk).contains("minh"), "{}", status(&desk));
    assert_eq!(desk.press("vì"), Vec::new());
    let again = asked(&desk.press("<Enter>"));
    assert_eq!((again.cause, &*again.note), (request.cause, "vì"));
}

#[test]
fn the_first_incident_is_looked_at_when_it_comes() {
    let mut quiet = sample::province();
    quiet.incidents.clear();
    let mut desk = Desk::over(Board::new(quiet), Lang::Vi, (80, 24));
    desk.press("2");
    assert_eq!(desk.ui.selected(), Some(&Row::Fold));
    desk.board = Board::new(sample::province());
    desk.act(Action::Data);
    assert!(matches!(desk.ui.selected(), Some(Row::Incident(_))), "{:?}", desk.ui.selected());
    // Who has gone to the fold himself stays there.
    desk.press("<End>");
    desk.board = Board::new(sample::province());
    desk.act(Action::Data);
    assert_eq!(desk.ui.selected(), Some(&Row::Fold));
}

#[test]
fn what_is_down_with_the_root_is_named_with_whom_to_call() {
    let mut snapshot = sample::province();
    let is_worst = |i: &&mut tuantra::model::Incident| i.root.as_str() == "go-cong-tay/tslcd";
    let worst = snapshot.incidents.iter_mut().find(is_worst).unwrap();
    worst.with.push(tuantra::model::SubjectId::new("cai-be/tslcd").unwrap());
    let mut desk = Desk::over(Board::new(snapshot), Lang::Vi, (80, 24));
    desk.press("2");
    let text = desk.text();
    let line =
        text.lines().find(|line| line.contains("Cùng mất: ")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("0000 ") && line.contains("kênh"), "{line}");
}

#[test]
fn of_one_that_is_over_every_line_that_was_down_can_be_spoken_of() {
    let mut list = sample::closed();
    let (since, closed) = (list[0].since, list[0].closed);
    list[0].with = vec![DownWith {
        subject: sample::subject_id("go-cong-tay/tslcd"),
        outage: since + 60_000,
        end: Some(closed - 60_000),
        noted: None,
    }];
    let mut desk = Desk::new(Lang::Vi, (80, 24));
    desk.press("2<End><Enter><Down>");
    desk.act(Action::Closed(Ok(list)));
    let text = desk.text();
    assert!(text.contains("TSLCD Huyện Cái Bè +1"), "{text}");
    assert!(text.contains("Cùng mất: Viettel Tiền Giang 0000 800 178"), "{text}");
    desk.press("o");
    assert!(desk.text().contains("1/2"), "{}", desk.text());
    let request = asked(&desk.press("<PgDn><Right><Enter>"));
    let second = sample::subject_id("go-cong-tay/tslcd");
    assert_eq!((request.subject, request.start), (second, since + 60_000));
}
