//! What those say whom the user has had asked, and what else is read on a subject's page.

use tuantra::api::{AskedNow, SubjectRow};
use tuantra::dash::{Action, Board, Cmd};
use tuantra::locale::Lang;
use tuantra::model::{Ack, State};

use crate::desk::Desk;
use crate::sample;

fn status(desk: &Desk) -> String {
    desk.text().lines().last().unwrap_or_default().to_owned()
}

/// The desk with one subject's row set otherwise.
fn set(desk: &mut Desk, id: &str, change: impl Fn(&mut SubjectRow)) {
    let mut snapshot = sample::province();
    let row = snapshot.subjects.iter_mut().find(|row| row.id.as_str() == id).expect("a subject");
    change(row);
    desk.board = Board::new(snapshot);
    desk.act(Action::Data);
}

/// Has the first incident's root asked; the daemon says how many it was asking already.
fn ask(joined: u32) -> Desk {
    let mut desk = Desk::new(Lang::Vi, (120, 40));
    // What the first round has said when the question is asked.
    set(&mut desk, ROOT, |row| row.now.last_round = Some(sample::NOW - 60_000));
    let commands = desk.press("2r<Enter>");
    let [Cmd::Ask(asking)] = &commands[..] else { panic!("one command: {commands:?}") };
    let subjects = 1 - joined;
    let done = AskedNow { subjects, joined, addresses: 1, never: Vec::new() };
    desk.act(Action::Asked(asking.clone(), Ok(done)));
    desk
}

const ROOT: &str = "go-cong-tay/tslcd";

#[test]
fn what_comes_of_asking_is_told_when_it_has_come() {
    let mut desk = ask(0);
    let at = desk.now;
    desk.now = at + 900;
    // A round that had left before the question is no answer to it.
    set(&mut desk, ROOT, |row| row.now.last_round = Some(at - 1));
    assert!(status(&desk).contains("Đang đo ngay"), "{}", status(&desk));
    set(&mut desk, ROOT, |row| {
        row.now.last_round = Some(at + 10);
        (row.now.loss_permille, row.now.rtt_us) = (Some(1000), None);
    });
    assert!(status(&desk).contains("TSLCD Huyện Gò Công Tây: không trả lời"), "{}", status(&desk));
    // Another check of it had answered sooner, which says nothing of what was lost.
    let mut early = ask(0);
    set(&mut early, ROOT, |row| {
        (row.now.last_round, row.now.asked) = (Some(at + 10), true);
        (row.now.loss_permille, row.now.rtt_us) = (Some(0), Some(3_200));
    });
    assert!(status(&early).contains("Đang đo ngay"), "{}", status(&early));
    // It is told once.
    desk.now = at + 9_000;
    desk.act(Action::Tick);
    assert!(!status(&desk).contains("không trả lời"), "{}", status(&desk));
    let mut desk = ask(0);
    set(&mut desk, ROOT, |row| {
        row.now.state = State::Up;
        row.now.last_round = Some(at + 10);
        (row.now.loss_permille, row.now.rtt_us) = (Some(333), Some(3_200));
    });
    let said = status(&desk);
    assert!(said.contains("Gò Công Tây: trả lời, 3,2 ms, mất 33 % số gói"), "{said}");
}

#[test]
fn who_does_not_answer_in_time_is_not_said_to_be_silent() {
    let mut desk = ask(0);
    desk.now = desk.now + 29_000;
    desk.act(Action::Tick);
    assert!(!status(&desk).contains("chưa có kết quả"), "{}", status(&desk));
    desk.now = desk.now + 1_000;
    desk.act(Action::Tick);
    assert!(status(&desk).contains("Gò Công Tây: chưa có kết quả"), "{}", status(&desk));
    // Whoever was being asked for somebody else may have been asked a moment before.
    let mut desk = ask(1);
    let before = desk.now - 500;
    set(&mut desk, ROOT, |row| {
        row.now.last_round = Some(before);
        (row.now.loss_permille, row.now.rtt_us) = (Some(0), Some(900));
    });
    assert!(status(&desk).contains("trả lời, 0,90 ms"), "{}", status(&desk));
}

#[test]
fn of_several_how_many_said_what_is_told() {
    let mut desk = Desk::new(Lang::En, (120, 40));
    let commands = desk.press("1r<Enter>");
    let [Cmd::Ask(asking)] = &commands[..] else { panic!("one command: {commands:?}") };
    let (first, all) = (asking.request.subjects[0].clone(), asking.request.subjects.clone());
    let count = u32::try_from(all.len()).expect("a few");
    let done = AskedNow { subjects: count, joined: 0, addresses: count, never: Vec::new() };
    desk.act(Action::Asked(asking.clone(), Ok(done)));
    let mut snapshot = sample::province();
    for row in snapshot.subjects.iter_mut().filter(|row| all.contains(&row.id)) {
        row.now.last_round = Some(desk.now + 5);
        row.now.loss_permille = Some(if row.id == first { 1000 } else { 0 });
    }
    desk.board = Board::new(snapshot);
    desk.act(Action::Data);
    let said = status(&desk);
    assert!(said.contains(&format!("{} answered, 1 no answer", count - 1)), "{said}");
}

#[test]
fn all_that_is_known_of_a_subject_can_be_read_on_a_small_screen() {
    let mut desk = Desk::new(Lang::Vi, (80, 24));
    desk.press("/cho gao ups<Enter>");
    let first = desk.text();
    assert!(!first.contains("Địa chỉ"), "it has to be scrolled for: {first}");
    desk.press("<End>");
    let last = desk.text();
    assert!(last.contains("Địa chỉ") && !last.contains("Trạng thái "), "{last}");
    // Past the end is nowhere: one step back is seen at once.
    desk.press("<Down><Down><Up>");
    assert_ne!(desk.text(), last);
    desk.press("<Home>");
    assert_eq!(desk.text(), first);
    // Where all of it has room nothing moves.
    let mut desk = Desk::new(Lang::Vi, (200, 60));
    desk.press("/cai be tslcd<Enter>");
    let whole = desk.text();
    desk.press("<PgDn><Down>");
    assert_eq!(desk.text(), whole);
}

#[test]
fn who_has_taken_it_with_which_words_is_read_on_the_smallest_usual_screen() {
    let mut snapshot = sample::province();
    let incident = snapshot.incidents.iter_mut().find(|i| i.root.as_str() == ROOT).expect("open");
    incident.ack = Some(Ack {
        by: "lan".to_owned(),
        note: "đã gọi VNPT".to_owned(),
        at: sample::NOW,
        until: Some(sample::NOW + 3_600_000),
    });
    incident.with = vec![sample::subject_id("cai-be/tslcd")];
    let mut desk = Desk::over(Board::new(snapshot), Lang::Vi, (80, 24));
    // That a second line is down with it is seen in every list, however long its name is.
    assert!(
        desk.text().contains("Gò Công Tây +1") || desk.text().contains("… +1"),
        "{}",
        desk.text()
    );
    desk.press("2");
    let text = desk.text();
    assert!(text.contains("lan đã nhận lúc 07:42 đến 08:42: đã gọi VNPT"), "{text}");
    assert!(text.contains("TSLCD Huyện Gò Công Tây +1"), "{text}");
    // On its own page, and on that of what hangs on it.
    desk.press("/go-cong-tay/tslcd<Enter>");
    assert!(desk.text().contains("đã gọi VNPT"), "{}", desk.text());
    desk.press("2y");
    let commands = desk.press("<Enter>");
    let [Cmd::Copy(line)] = &commands[..] else { panic!("one command: {commands:?}") };
    for said in ["Gò Công Tây +1", "mất 13 xã, 1 huyện", "lan đã nhận"] {
        assert!(line.contains(said), "{said}: {line}");
    }
}

#[test]
fn a_closed_incident_is_copied_as_it_was() {
    let mut desk = Desk::new(Lang::Vi, (120, 40));
    desk.press("2<End><Enter><Down>y");
    let commands = desk.press("<Enter>");
    let [Cmd::Copy(line)] = &commands[..] else { panic!("one command: {commands:?}") };
    for said in ["(2 giờ 15 phút)", "26 đơn vị", "đứt đường truyền", "lan đã nhận"]
    {
        assert!(line.contains(said), "{said}: {line}");
    }
    desk.press("1y");
    let commands = desk.press("<Enter>");
    let [Cmd::Copy(line)] = &commands[..] else { panic!("one command: {commands:?}") };
    assert!(line.contains("TSLCD 17/17"), "{line}");
}

#[test]
fn a_long_note_pushes_nobody_to_call_off_the_screen() {
    let mut snapshot = sample::province();
    let incident = snapshot.incidents.iter_mut().find(|i| i.root.as_str() == ROOT).expect("open");
    let note = "đã gọi VNPT ".repeat(25);
    incident.ack = Some(Ack { by: "lan".to_owned(), note, at: sample::NOW, until: None });
    for size in [(80, 24), (60, 15)] {
        let mut desk = Desk::over(Board::new(snapshot.clone()), Lang::Vi, size);
        desk.press("2");
        let text = desk.text();
        assert!(text.contains("hotline") && text.contains("0000 800 178"), "{text}");
    }
}

#[test]
fn who_rings_is_found_by_the_number_however_it_is_written() {
    for typed in ["0000 179 007", "0000179007", "truc cntt h. go cong tay"] {
        let mut desk = Desk::new(Lang::Vi, (80, 24));
        desk.press("/");
        desk.act(Action::Text(typed.to_owned()));
        let found = desk.ui.search.hits.first().cloned();
        let unit = tuantra::model::UnitId::new("go-cong-tay").expect("a slug");
        assert_eq!(found, Some(tuantra::dash::search::Hit::Unit(unit)), "{typed}");
    }
}

#[test]
fn a_chart_of_a_time_whose_rounds_are_gone_says_that_the_states_are_kept() {
    let mut desk = Desk::new(Lang::Vi, (80, 24));
    let commands = desk.press("/cai be tslcd<Enter>");
    let [Cmd::History(request)] = &commands[..] else { panic!("one question: {commands:?}") };
    let mut history = sample::history(&request.subject, request.window, request.columns);
    for point in &mut history.points {
        *point = tuantra::coverage::ChartPoint::default();
    }
    let answer = Action::History(request.clone(), Ok(std::sync::Arc::new(history.clone())));
    desk.act(answer);
    assert!(desk.text().contains("chỉ còn trạng thái"), "{}", desk.text());
    history.intervals.retain(|interval| interval.state == State::Unmeasured);
    desk.act(Action::History(request.clone(), Ok(std::sync::Arc::new(history))));
    assert!(desk.text().contains("Không có lượt đo nào"), "{}", desk.text());
}
