//! Storm mode: ordering, changing and ending it, and where it is seen.

use insta::assert_snapshot;
use tuantra::api::{Problem, StormInfo, StormRequest};
use tuantra::dash::state::{Mode, Screen};
use tuantra::dash::storm::StormAsk;
use tuantra::dash::{Action, Board, Cmd, Link, Refusal, SourceError};
use tuantra::locale::Lang;
use tuantra::model::{Id, UnitId};

use crate::desk::Desk;
use crate::sample;

const HOUR_MS: i64 = 3_600_000;

/// The first `count` of some storms; one has a name that no terminal should get.
pub fn storms(count: usize) -> Vec<StormInfo> {
    let all =
        [("go-cong-tay", "Huyện Gò Công Tây", 37, 4), ("cai-be", "Huyện Cái Bè\u{1b}[2J", 0, 0)];
    let storm = |(unit, name, folded, waiting): (&str, &str, u32, u32)| StormInfo {
        unit: UnitId::new(unit).expect("a slug"),
        name: name.to_owned(),
        since: sample::NOW - HOUR_MS,
        until: sample::NOW + 5 * HOUR_MS,
        by: "lan".to_owned(),
        note: "Bão số 9".to_owned(),
        folded,
        waiting,
        next: sample::NOW + 168_000,
        channels: vec![Id::new("duty").expect("a slug")],
        open: 0,
    };
    all.into_iter().take(count).map(storm).collect()
}

fn desk(count: usize) -> Desk {
    let mut snapshot = sample::province();
    snapshot.daemon.storms = storms(count);
    Desk::over(Board::new(snapshot), Lang::Vi, (80, 24))
}

fn status(desk: &Desk) -> String {
    desk.text().lines().last().unwrap_or_default().to_owned()
}

/// The only command of these.
fn asked(commands: Vec<Cmd>) -> StormAsk {
    match commands.as_slice() {
        [Cmd::Storm(ask)] => ask.clone(),
        other => panic!("not one command: {other:?}"),
    }
}

#[test]
fn it_is_ordered_for_the_selections_unit_or_one_above_by_key_or_by_name() {
    for keys in ["2B", "2:storm<Enter>", "2:che do bao<Enter>"] {
        let mut desk = desk(0);
        desk.press(keys);
        assert_eq!(desk.ui.mode, Mode::Storm, "{keys}");
        let text = desk.text();
        assert!(text.contains("Huyện Gò Công Tây") && text.contains("go-cong-tay"), "{text}");
        assert!(text.contains("14 đơn vị") && text.contains("không ở chế độ bão"), "{text}");
        let ask = asked(desk.press("Bão số 9<Left><Enter>"));
        let until = Some(desk.now + 3 * HOUR_MS);
        let note = "Bão số 9".to_owned();
        assert_eq!(ask.request, Some(StormRequest { for_ms: None, until, note }));
        assert_eq!((ask.unit.as_str(), desk.ui.mode), ("go-cong-tay", Mode::Normal));
        let done = storms(1).remove(0);
        desk.act(Action::Stormed(ask, Ok(done)));
        assert!(status(&desk).contains("Chế độ bão ở Huyện Gò Công Tây đến"), "{}", status(&desk));
    }
    let mut desk = desk(0);
    let ask = asked(desk.press("2B<PgDn><Enter>"));
    assert_eq!(ask.unit.as_str(), "tien-giang");
    assert_eq!(desk.press("2B<PgDn><Enter>"), Vec::new(), "it is asked for already");
}

#[test]
fn times_are_typed_and_what_is_no_time_within_a_week_asks_nothing() {
    for (typed, length) in [
        ("2h", Some(2 * HOUR_MS)),
        ("7d", Some(168 * HOUR_MS)),
        ("169h", None),
        ("soon", None),
        ("0h", None),
        ("", None),
    ] {
        let mut desk = desk(0);
        desk.press("2B<Right><Right><Right>");
        desk.act(Action::Text(typed.to_owned()));
        let commands = desk.press("<Enter>");
        match (length, &commands[..]) {
            (None, []) => assert_eq!(desk.ui.mode, Mode::Storm, "{typed}"),
            (Some(length), [Cmd::Storm(ask)]) => {
                let until = ask.request.as_ref().and_then(|request| request.until);
                assert_eq!(until, Some(desk.now + length), "{typed}");
            }
            (_, other) => panic!("{typed}: {other:?}"),
        }
    }
    // 07:42 there: the next 07:30 is tomorrow's.
    let mut desk = desk(0);
    let ask = asked(desk.press("2B<Right><Right><Right>7:30<Enter>"));
    let until = ask.request.and_then(|request| request.until).expect("an end");
    assert!((23 * HOUR_MS..24 * HOUR_MS).contains(&until.since(desk.now)), "{until}");
}

#[test]
fn where_it_is_on_it_can_be_changed_and_ended() {
    let mut desk = desk(1);
    desk.press("2B");
    let text = desk.text();
    assert!(text.contains("đã gộp 37 tin, 4 tin chờ") && text.contains("Bão số 9"), "{text}");
    let ask = asked(desk.press("<Right><Right><Right><Right><Right><Enter>"));
    assert_eq!((ask.unit.as_str(), &ask.request), ("go-cong-tay", &None));
    let over = StormInfo { open: 3, ..storms(1).remove(0) };
    desk.act(Action::Stormed(ask, Ok(over)));
    assert!(status(&desk).contains("gộp 37 tin, còn 3 vụ việc"), "{}", status(&desk));
    // From a unit beneath it the one that is on is offered first; another cannot be ended.
    desk.press("1/go cong tay.<Enter>");
    desk.ui.screen = Screen::Coverage;
    desk.press("2B<PgDn>");
    let ask = asked(desk.press("<Right><Right><Right><Right><Right><Right>2h<Enter>"));
    assert!(ask.request.is_some(), "what is not on does not end: {ask:?}");
}

#[test]
fn a_refusal_is_told_and_what_was_typed_is_there_again() {
    let mut desk = desk(0);
    let ask = asked(desk.press("2Blũ về<Enter>"));
    let no = Refusal::Said(Problem::new("too_many", "50 units are in storm mode already"));
    desk.act(Action::Stormed(ask, Err(no)));
    assert!(status(&desk).contains("đã có 50 đơn vị ở chế độ bão"), "{}", status(&desk));
    desk.press("B");
    assert!(desk.text().contains("lũ về"));
    let ask = asked(desk.press("<Enter>"));
    desk.act(Action::Stormed(ask, Err(Refusal::Unanswered(SourceError("gone".to_owned())))));
    assert!(status(&desk).contains("Không rõ"), "{}", status(&desk));
    desk.ui.read_only = true;
    assert_eq!(desk.press("B"), Vec::new());
    assert_eq!(desk.ui.mode, Mode::Normal);
    desk.ui.read_only = false;
    desk.link = Link::Reconnecting { since: sample::NOW, reason: "gone".to_owned() };
    assert_eq!(desk.press("B"), Vec::new());
    assert!(status(&desk).contains("không có tiến trình tuần tra"), "{}", status(&desk));
}

#[test]
fn a_storm_is_in_the_header_and_told_in_full_on_the_screen() {
    for (size, lang) in [
        ((80, 24), Lang::Vi),
        ((80, 24), Lang::En),
        ((120, 40), Lang::Vi),
        ((120, 40), Lang::En),
        ((200, 60), Lang::Vi),
        ((200, 60), Lang::En),
    ] {
        let mut shown = Vec::new();
        for count in [1, 2] {
            let mut snapshot = sample::province();
            snapshot.daemon.storms = storms(count);
            let mut desk = Desk::over(Board::new(snapshot), lang, size);
            let text = desk.text();
            let header = text.lines().next().unwrap_or_default();
            let last = text.lines().last().unwrap_or_default();
            let word = if lang == Lang::Vi { "BÃO" } else { "STORM" };
            assert!(header.contains(word) && header.contains("12:42"), "{header}");
            // How many are folded stands in one of the two.
            assert!(header.contains("41") || last.contains("37"), "{header}\n{last}");
            assert!(!text.contains('\u{1b}'));
            shown.push(format!("{header}\n{last}"));
            desk.press("2B");
            if count == 1 {
                shown.push(desk.text());
            }
        }
        let (columns, rows) = size;
        assert_snapshot!(format!("storms_{columns}x{rows}_{}", lang.as_str()), shown.join("\n"));
    }
}
