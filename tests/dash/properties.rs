//! No size, no snapshot and no key makes the dashboard fall over.

use proptest::prelude::*;
use tuantra::api::Snapshot;
use tuantra::dash::mouse::Mouse;
use tuantra::dash::state::Row;
use tuantra::dash::{Action, Board, Cmd, Colours, Link, Theme};
use tuantra::locale::Lang;
use tuantra::model::{State, UnixMs};

use crate::desk::Desk;
use crate::sample;
use crate::{storming, taking};

/// The sample with parts left out, states and references at random, hostile names.
fn snapshots() -> impl Strategy<Value = Snapshot> {
    (
        proptest::collection::vec((0usize..900, 0usize..5, any::<Option<u32>>()), 0..40),
        proptest::collection::vec((0usize..200, "\\PC{0,40}"), 0..6),
        0usize..200,
        0usize..900,
        any::<bool>(),
        any::<i64>(),
    )
        .prop_map(|(states, names, units, subjects, incidents, at)| {
            let mut snapshot = sample::province();
            for (i, state, rtt_us) in states {
                if let Some(subject) = snapshot.subjects.get_mut(i) {
                    subject.now.state = State::ALL[state];
                    subject.now.rtt_us = rtt_us;
                    subject.now.recent_us.push(rtt_us);
                    subject.now.since = UnixMs(at);
                }
            }
            for (i, name) in names {
                if let Some(unit) = snapshot.units.get_mut(i) {
                    unit.name = format!("{name}\u{202e}\u{1b}[2J");
                    unit.short = name;
                }
            }
            snapshot.units.truncate(units);
            snapshot.subjects.truncate(subjects);
            if !incidents {
                snapshot.incidents.clear();
            }
            snapshot
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_size_and_snapshot_is_drawn(
        mut snapshot in snapshots(),
        columns in 1u16..=320,
        rows in 1u16..=100,
        keys in "[1-8jkGgsnfcwHLBMmoxryeFDu,>:?/a-e +=\\[\\]-]{0,24}",
        typed in "\\PC{0,60}",
        terms in "(<Right>|<Left>|<Tab>|<PgDn>|<Backspace>|2h|17:30){0,8}",
        channels in 0usize..4,
        storms in 0usize..3,
        back in 0usize..3,
        vi in any::<bool>(),
        ascii in any::<bool>(),
        link in 0usize..3,
    ) {
        let lang = if vi { Lang::Vi } else { Lang::En };
        snapshot.daemon.channels = taking::channels(channels);
        snapshot.daemon.storms = storming::storms(storms);
        let mut desk = Desk::over(Board::new(snapshot), lang, (columns, rows));
        desk.theme = Theme { colours: Colours::Sixteen, ascii };
        desk.link = match link {
            0 => Link::Live,
            1 => Link::Reconnecting { since: sample::NOW, reason: "gone".to_owned() },
            _ => Link::Offline { as_of: UnixMs(0), reason: "gone".to_owned() },
        };
        for key in keys.split_inclusive(['e', 'j']) {
            desk.press(key);
            desk.press("<Enter>");
            let text = desk.text();
            prop_assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        }
        for _ in 0..3 {
            let (x, y) = (columns / 2, rows / 3);
            desk.act(Action::Mouse(Mouse::Click(x, y)));
            desk.act(Action::Mouse(Mouse::Wheel(1)));
        }
        desk.press(&"<Esc>".repeat(back));
        desk.text();
        // Whatever is open there gets a cause, or it is said why not.
        desk.press("o");
        desk.act(Action::Text(typed.clone()));
        desk.press(&terms);
        desk.text();
        desk.must_stay_inside();
        for command in desk.press("<Enter>") {
            if let Cmd::Note(request) = command {
                prop_assert!(request.note.chars().count() <= 300);
                prop_assert!(desk.board.subject(&request.subject).is_some());
            }
        }
        desk.press("<Esc>");
        // The same for work.
        desk.press("m");
        desk.press(&terms);
        desk.act(Action::Text(typed.clone()));
        desk.text();
        desk.must_stay_inside();
        desk.press("<Enter><Esc>");
        // Whatever is open there is taken, or it is said why not.
        desk.press("a");
        desk.act(Action::Text(typed));
        desk.press(&terms);
        let text = desk.text();
        prop_assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        desk.must_stay_inside();
        for command in desk.press("<Enter>") {
            if let Cmd::Take(ask) = command {
                prop_assert!(ask.request.note.chars().count() <= 300);
                prop_assert!(desk.board.incidents.iter().any(|i| i.id == ask.incident));
            }
        }
        desk.text();
        if let Some(Row::Unit(id)) = desk.ui.selected() {
            prop_assert!(desk.board.unit(id).is_some());
        }
    }
}

#[test]
fn every_size_draws_every_screen_without_leaving_its_area() {
    let screens = [
        "",
        "2",
        "2<Enter>",
        "3",
        "4",
        "5",
        "5<Down><Down><Enter>",
        "6f",
        "7",
        "7<Enter>>",
        "7e",
        "8f",
        "D",
        "Df<Down>",
        "H+",
        "w",
        "M<Down>",
        "2<Down><Down><Down><Enter><Down>",
        "2oVNPT báo đứt cáp<Right>",
        "/cai be tslcd<Enter>o<Right>",
        "2mnâng cấp<Left><Right><Right><Right><Right><Right>T7,CN 22:00 4h",
        "2r",
        ":",
        "2mĐang thay cáp<Right><Right><Right>99:00",
        "2BBão số 9<Right><Right><Right>99:00<Enter>",
        "?",
        "/x",
        "/cai be tslcd<Enter>",
        "2aĐang gọi VNPT<Right>",
        "s<Home>a<Left><Right><Right><Right><Right>25:00<Enter>",
    ];
    let mut snapshot = sample::province();
    snapshot.daemon.channels = taking::channels(3);
    snapshot.daemon.storms = storming::storms(2);
    let mut screens: Vec<Desk> = screens
        .into_iter()
        .map(|keys| {
            let mut desk = Desk::over(Board::new(snapshot.clone()), Lang::Vi, (200, 60));
            desk.press(keys);
            desk
        })
        .collect();
    for desk in &mut screens {
        for columns in (1..=320).step_by(13).chain([59, 60, 76, 119, 120, 130, 180]) {
            for rows in (1..=100).step_by(9).chain([2, 3, 4, 5, 14, 15, 16]) {
                desk.ui.size = (columns, rows);
                desk.must_stay_inside();
            }
        }
    }
}
