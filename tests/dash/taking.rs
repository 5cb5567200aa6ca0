//! Taking an incident: which one, with what note, for how long, and what came of it.

use tuantra::api::{Acknowledged, ChannelInfo, Problem};
use tuantra::dash::state::{Mode, Screen};
use tuantra::dash::take::Ask;
use tuantra::dash::{Action, Board, Cmd, Link, Refusal, SourceError};
use tuantra::locale::Lang;
use tuantra::model::{Ack, Id, SubjectId, UnixMs};

use crate::desk::Desk;
use crate::sample;

/// The root of the sample's largest incident.
const ROOT: &str = "go-cong-tay/tslcd";

/// The first `count` of some channels in trouble.
pub fn channels(count: usize) -> Vec<ChannelInfo> {
    let all = [
        ("zalo", 670_000, "401 Unauthorized: the token was revoked", 4),
        ("chat-so-ttt", 60_000, "no answer within 10 s", 1),
        ("mail", 5_000, "connection refused\u{1b}[2J", 12),
    ];
    let channel = |(name, age_ms, reason, waiting): (&str, i64, &str, u32)| ChannelInfo {
        channel: Id::new(name).expect("a slug"),
        since: sample::NOW - age_ms,
        reason: reason.to_owned(),
        waiting,
    };
    all.into_iter().take(count).map(channel).collect()
}

fn desk() -> Desk {
    Desk::new(Lang::Vi, (80, 24))
}

fn ack(by: &str, at: UnixMs, until: Option<UnixMs>) -> Ack {
    Ack { by: by.to_owned(), note: String::new(), at, until }
}

/// The only command of these.
fn asked(commands: Vec<Cmd>) -> Ask {
    match commands.as_slice() {
        [Cmd::Take(ask)] => ask.clone(),
        other => panic!("not one command: {other:?}"),
    }
}

fn is_idle(desk: &Desk) -> bool {
    desk.ui.mode == Mode::Normal && desk.ui.taking.dialog.is_none()
}

fn status(desk: &Desk) -> String {
    desk.text().lines().last().unwrap_or_default().to_owned()
}

fn answer(desk: &mut Desk, ask: &Ask, answer: Result<Ack, Refusal>) {
    let done = answer.map(|ack| Acknowledged { incident: ask.incident.clone(), ack });
    assert_eq!(desk.act(Action::Taken(ask.clone(), done)), Vec::new());
}

/// The board with the incidents changed.
fn change(desk: &mut Desk, change: impl FnOnce(&mut tuantra::api::Snapshot)) {
    let mut snapshot = sample::province();
    snapshot.seq = desk.board.seq + 1;
    change(&mut snapshot);
    desk.board = Board::new(snapshot);
    desk.act(Action::Data);
}

#[test]
fn an_incident_is_taken_with_a_note_and_the_answer_is_told_for_a_while() {
    let mut desk = desk();
    desk.press("2a");
    let text = desk.text();
    for shown in ["TSLCD Huyện Gò Công Tây", "go-cong-tay/tslcd@", "mất 13 xã, 1 huyện", "0/300"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    // Letters apart from their marks, as some input methods send them; keys of the screen are text.
    desk.act(Action::Text("đa\u{303} go\u{323}i qL?".to_owned()));
    desk.press("x<Backspace>");
    assert!(desk.text().contains("đã gọi qL?"), "{}", desk.text());
    let ask = asked(desk.press("<Enter>"));
    assert!(is_idle(&desk));
    assert_eq!(ask.request.subject.as_str(), ROOT);
    assert_eq!(ask.request.note, "đã gọi qL?");
    assert_eq!((ask.request.for_ms, ask.request.until), (None, None));
    assert!(status(&desk).contains("đang nhận TSLCD Huyện Gò Công Tây…"), "{}", status(&desk));
    let signs: std::collections::BTreeSet<String> = (0..4)
        .map(|_| {
            desk.now = desk.now + 100;
            status(&desk).trim_start().chars().take(1).collect()
        })
        .collect();
    assert_eq!(signs.len(), 4, "it turns: {signs:?}");
    let now = desk.now;
    answer(&mut desk, &ask, Ok(ack("lan", now, None)));
    assert!(status(&desk).contains("Gò Công Tây: lan nhận đến khi xong"), "{}", status(&desk));
    desk.now = desk.now + 7_900;
    assert!(status(&desk).contains("lan nhận"), "{}", status(&desk));
    desk.now = desk.now + 100;
    assert!(!status(&desk).contains("lan nhận"), "{}", status(&desk));
}

#[test]
fn what_is_told_last_is_told_and_an_older_notice_does_not_hide_it() {
    let mut desk = desk();
    desk.press("2a");
    let ask = asked(desk.press("<Enter>"));
    let now = desk.now;
    answer(&mut desk, &ask, Ok(ack("lan", now, None)));
    desk.now = desk.now + 1_000;
    desk.press("8<End>o");
    assert!(status(&desk).contains("Không có lần mất kết nối nào"), "{}", status(&desk));
}

#[test]
fn escape_leaves_and_asks_nothing() {
    let mut desk = desk();
    desk.press("2aghi<Right>");
    assert_eq!(desk.press("<Esc>"), Vec::new());
    assert!(is_idle(&desk));
    // What was left is not kept either.
    desk.press("a");
    assert_eq!(desk.ui.taking.dialog.as_ref().map(|d| d.entry.note.as_str()), Some(""));
}

#[test]
fn a_unit_a_subject_and_a_consequence_lead_to_the_same_incident() {
    for keys in [
        "/go cong tay<Enter><Esc>",
        "/go-cong-tay/tslcd<Enter>",
        "/go-cong-tay.dong-thanh/lan<Enter>",
        "2<Enter><Down><Down><Down>",
    ] {
        let mut desk = desk();
        desk.press(keys);
        desk.press("a");
        let ask = asked(desk.press("<Enter>"));
        assert_eq!(ask.request.subject.as_str(), ROOT, "{keys}");
    }
    let mut desk = desk();
    desk.press("/my-tho/tslcd<Enter>");
    assert_eq!(desk.ui.screen, Screen::Subject);
    desk.press("a");
    assert!(is_idle(&desk));
    assert!(status(&desk).contains("Không có vụ việc nào đang mở ở đây"), "{}", status(&desk));
}

#[test]
fn of_several_the_largest_comes_first_and_the_others_can_be_chosen() {
    let mut desk = desk();
    // Two of one district: its own line, and one of its communes for itself.
    change(&mut desk, |snapshot| {
        let second = snapshot.incidents.iter_mut().find(|i| i.root.as_str() != ROOT);
        let second = second.expect("another one");
        second.unit = tuantra::model::UnitId::new("go-cong-tay").expect("a slug");
    });
    desk.press("/go cong tay<Enter><Esc>a");
    let position = |desk: &Desk| desk.ui.taking.dialog.as_ref().map(|d| d.choices.position());
    assert_eq!(position(&desk), Some((1, 2)));
    assert!(desk.text().contains("1/2"), "{}", desk.text());
    desk.press("<PgDn><PgDn>");
    assert_eq!(position(&desk), Some((2, 2)));
    let ask = asked(desk.press("<Enter>"));
    assert_ne!(ask.request.subject.as_str(), ROOT);
}

#[test]
fn new_data_move_the_dialog_onto_no_other_incident() {
    let mut desk = desk();
    desk.press("2a");
    change(&mut desk, |snapshot| {
        snapshot.incidents.reverse();
        let ours = snapshot.incidents.iter_mut().find(|i| i.root.as_str() == ROOT);
        // The root moved up; the incident keeps its name.
        ours.expect("there").root = SubjectId::new("dic/core-1").expect("a slug");
    });
    let ask = asked(desk.press("<Enter>"));
    assert!(ask.incident.as_str().starts_with(ROOT), "{}", ask.incident);
    assert_eq!(ask.request.subject.as_str(), "dic/core-1");
}

#[test]
fn what_is_taken_or_over_meanwhile_is_said_and_nothing_is_asked() {
    let mut desk = desk();
    desk.press("2aq");
    change(&mut desk, |snapshot| snapshot.incidents.retain(|i| i.root.as_str() != ROOT));
    // A dialog that closed by itself would turn what is being typed into commands.
    assert_eq!(desk.press("q"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Take);
    assert!(desk.text().contains("vụ việc đã xong"), "{}", desk.text());
    assert_eq!(desk.press("<Enter>"), Vec::new());
    assert!(is_idle(&desk));
    assert!(status(&desk).contains("vụ việc đã xong"), "{}", status(&desk));

    let by_minh = |snapshot: &mut tuantra::api::Snapshot| {
        let ours = snapshot.incidents.iter_mut().find(|i| i.root.as_str() == ROOT);
        ours.expect("there").ack = Some(ack("minh\u{1b}", sample::NOW - 60_000, None));
    };
    change(&mut desk, |_| {});
    desk.press("/go-cong-tay/tslcd<Enter>a");
    change(&mut desk, by_minh);
    assert!(desk.text().contains("minh‹U+001B› đã nhận lúc 07:41"), "{}", desk.text());
    assert_eq!(desk.press("<Enter>"), Vec::new());
    assert!(status(&desk).contains("minh‹U+001B› đã nhận lúc 07:41"), "{}", status(&desk));
    // Known before: no dialog at all.
    desk.now = desk.now + 60_000;
    desk.press("a");
    assert!(is_idle(&desk));
    assert!(status(&desk).contains("minh‹U+001B› đã nhận lúc 07:41"), "{}", status(&desk));
}

#[test]
fn a_refusal_is_told_and_an_undelivered_note_is_there_again() {
    let said = |error: &str| Refusal::Said(Problem::new(error, "no\u{1b}"));
    let taken = Problem::new("already_acknowledged", "").done(Some("minh".to_owned()), sample::NOW);
    let away = || SourceError("nobody there".to_owned());
    for (refusal, words, is_kept) in [
        (Refusal::Said(taken), "minh đã nhận lúc 07:42", false),
        (said("no_incident"), "vụ việc đã xong", false),
        (said("forbidden"), "Chưa nhận được TSLCD Huyện Gò Công Tây: no‹U+001B›", true),
        (Refusal::NotAsked(away()), "Chưa nhận được TSLCD Huyện Gò Công Tây: nobody there", true),
        (Refusal::Unanswered(away()), "Không rõ đã nhận TSLCD Huyện Gò Công Tây hay chưa", true),
        (Refusal::ReadOnly, "Chỉ xem", true),
    ] {
        let mut desk = desk();
        let before = desk.board.incidents.clone();
        desk.press("2aghi chú<Right>");
        let ask = asked(desk.press("<Enter>"));
        // Twice is once, as long as there is no answer.
        desk.press("a");
        assert_eq!(desk.press("<Enter>"), Vec::new());
        // And what is said otherwise stays in its dialog.
        desk.press("axin");
        assert_eq!(desk.press("<Enter>"), Vec::new());
        assert!(!is_idle(&desk));
        desk.press("<Esc>");
        answer(&mut desk, &ask, Err(refusal));
        assert!(status(&desk).contains(words), "{words}: {}", status(&desk));
        assert_eq!(desk.board.incidents, before, "a refused command changes nothing");
        desk.press("a");
        let note = desk.ui.taking.dialog.as_ref().map(|d| d.entry.note.clone());
        assert_eq!(note.as_deref(), Some(if is_kept { "ghi chú" } else { "" }), "{words}");
        let ask = asked(desk.press("<Enter>"));
        assert_eq!(ask.request.for_ms, is_kept.then_some(3_600_000));
    }
}

#[test]
fn who_only_looks_takes_nothing_and_is_offered_nothing() {
    let mut desk = desk();
    desk.press("2");
    assert!(desk.text().contains("a nhận"), "{}", desk.text());
    desk.ui.read_only = true;
    let text = desk.text();
    assert!(!text.contains("a nhận"), "{text}");
    assert!(status(&desk).ends_with("chỉ xem  vi"), "{}", status(&desk));
    desk.press("?");
    let help = desk.text();
    assert!(help.lines().all(|l| !l.starts_with("│ a ")), "{help}");
    desk.press("<Esc>");
    assert_eq!(desk.press("a<Enter>"), Vec::new());
    assert!(status(&desk).contains("Chỉ xem (--read-only)"), "{}", status(&desk));
}

#[test]
fn without_a_daemon_nothing_is_asked_and_what_was_typed_stays() {
    let away = || Link::Reconnecting { since: sample::NOW, reason: String::new() };
    for link in [away(), Link::Offline { as_of: sample::NOW, reason: String::new() }] {
        let mut desk = desk();
        desk.link = link;
        desk.press("2a");
        assert!(is_idle(&desk));
        assert!(status(&desk).contains("không có tiến trình tuần tra"), "{}", status(&desk));
    }
    let mut desk = desk();
    desk.press("2aghi");
    desk.link = away();
    assert_eq!(desk.press("<Enter>"), Vec::new());
    assert!(is_idle(&desk));
    desk.link = Link::Live;
    desk.press("a");
    assert_eq!(desk.ui.taking.dialog.as_ref().map(|d| d.entry.note.as_str()), Some("ghi"));
}

#[test]
fn a_note_is_one_line_of_three_hundred_characters_that_hide_nothing() {
    let mut desk = desk();
    desk.press("2a");
    desk.act(Action::Text("a\r\nb\u{202e}\u{200b}\u{7}\tc".to_owned()));
    let note =
        |desk: &Desk| desk.ui.taking.dialog.as_ref().map(|d| d.entry.note.clone()).expect("open");
    assert_eq!(note(&desk), "a  b c");
    desk.act(Action::Text("u\u{31b}\u{303}".repeat(400)));
    assert_eq!(note(&desk), format!("a  b c{}", "ữ".repeat(294)));
    assert!(desk.text().contains("300/300"), "{}", desk.text());
    assert!(desk.text().contains("ữữ "), "its end is shown: {}", desk.text());
    assert_eq!(asked(desk.press("<Enter>")).request.note.chars().count(), 300);
}

#[test]
fn how_long_is_chosen_or_written() {
    // 07:42:10 in Việt Nam.
    let seven = UnixMs(sample::NOW.0 - 2_530_000 + 86_400_000);
    let half_past_five = UnixMs(sample::NOW.0 - 2_530_000 + 37_800_000);
    let own = "<Right><Right><Right><Right>";
    for (keys, wanted) in [
        ("".to_owned(), Some((None, None))),
        ("<Left><Right>".to_owned(), Some((Some(3_600_000), None))),
        ("<Right><Right>".to_owned(), Some((Some(14_400_000), None))),
        ("<Right><Right><Right>".to_owned(), Some((None, Some(seven)))),
        (format!("{own}<Right>1h30m"), Some((Some(5_400_000), None))),
        (format!("{own}17:30"), Some((None, Some(half_past_five)))),
        (format!("{own}7:00"), Some((None, Some(seven)))),
        (format!("{own}17h30"), Some((None, Some(half_past_five)))),
        (format!("{own}12h"), Some((Some(43_200_000), None))),
        (format!("{own}366d"), Some((Some(366 * 86_400_000), None))),
        (own.to_owned(), None),
        (format!("{own}0h"), None),
        (format!("{own}367d"), None),
        (format!("{own}24:00"), None),
        (format!("{own}+7:00"), None),
        (format!("{own}7:00:00"), None),
        (format!("{own}mai"), None),
    ] {
        let mut desk = desk();
        desk.press("2aghi");
        desk.press(&keys);
        let commands = desk.press("<Enter>");
        match wanted {
            Some(wanted) => {
                let request = asked(commands).request;
                assert_eq!((request.for_ms, request.until), wanted, "{keys}");
                assert_eq!(request.note, "ghi", "{keys}");
            }
            None => {
                assert_eq!(commands, Vec::new(), "{keys}");
                assert_eq!(desk.ui.mode, Mode::Take, "{keys}");
                assert!(desk.text().contains("viết 30p, 2 giờ, 1 ngày"), "{keys}: {}", desk.text());
                // Another length is chosen, and the note goes on.
                let request = asked(desk.press("<Left> chú<Enter>")).request;
                assert_eq!((request.note.as_str(), request.until), ("ghi chú", Some(seven)));
            }
        }
    }
    // From the own length back to the note and on.
    let mut desk = desk();
    desk.press("2a");
    desk.press(own);
    let request = asked(desk.press("2<Tab>ghi<Tab>h<Enter>")).request;
    assert_eq!((request.note.as_str(), request.for_ms), ("ghi", Some(7_200_000)));
}

#[test]
fn the_smallest_full_screen_has_room_for_the_dialog() {
    for lang in Lang::ALL {
        let mut desk = Desk::new(lang, (60, 15));
        desk.press("2aghi<Right><Right><Right><Right>17:3");
        let text = desk.text();
        let own = if lang == Lang::Vi { "[khác]" } else { "[own]" };
        for shown in ["go-cong-tay/tslcd@2016-11-23T22:29:10Z", "ghi", "3/300", own, "17:3"] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }
}
