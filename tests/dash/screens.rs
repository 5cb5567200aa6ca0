//! What the user sees.

use insta::assert_snapshot;
use ratatui::buffer::Cell;
use ratatui::style::Color;
use tuantra::api::{BlindInfo, ReloadFailure, TrapsInfo};
use tuantra::dash::keys::keymap;
use tuantra::dash::state::{Mode, Screen};
use tuantra::dash::{Action, Board, Colours, Link, Theme};
use tuantra::locale::Lang;
use tuantra::model::{Ack, CarrierId, Cause, Guess, IncidentId, Sign, State, SubjectId, UnixMs};

use crate::desk::{Desk, styles};
use crate::{sample, taking};

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 60);

/// How a picture is made: every name with the keys that lead there from the first screen.
macro_rules! pictures {
    ($($name:ident: $keys:expr;)+) => {
        /// Every screen and dialog, and how one gets there.
        const PICTURES: &[(&str, &str)] = &[$((stringify!($name), $keys)),+];

        $(
            #[test]
            fn $name() {
                picture(stringify!($name), $keys);
            }
        )+
    };
}

/// One picture per size and language: as text with colours, without them where that is another
/// text, and its styles on the smallest screen.
fn picture(name: &str, keys: &str) {
    for size in [SMALL, MIDDLE, LARGE] {
        for lang in [Lang::Vi, Lang::En] {
            let mut desk = Desk::new(lang, size);
            desk.press(keys);
            let name = format!("{name}_{}x{}_{}", size.0, size.1, lang.as_str());
            let coloured = desk.text();
            assert_snapshot!(name.clone(), coloured);
            let with_styles = (size, lang) == (SMALL, Lang::Vi);
            if with_styles {
                assert_snapshot!(format!("{name}_styles"), styles(&desk.frame()));
            }
            desk.theme.colours = Colours::None;
            let frame = desk.frame();
            let is_plain = |cell: &Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
            assert!(frame.content.iter().all(is_plain), "{name}: a colour where none may be");
            let plain = desk.text();
            if plain != coloured {
                assert_snapshot!(format!("{name}_mono"), plain);
            }
            if with_styles {
                assert_snapshot!(format!("{name}_mono_styles"), styles(&frame));
            }
        }
    }
}

pictures! {
    coverage: "";
    coverage_worst_first: "s";
    district: "<Down><Down><Down><Down><Enter><Down>";
    commune: "<Down><Down><Down><Down><Enter><Down><Enter><Down>";
    departments: "4";
    incidents: "2";
    consequences: "2<Enter><Down><Down>";
    lines: "3s";
    subject: "/cai be tslcd<Enter>++";
    device: "/cho gao ups<Enter>";
    help: "?";
    search: "/hoa khanh";
    map: "5<Down><Down><Down><Down>";
    map_district: "5<Down><Down><Down><Down><Down><Down><Down><Down><Enter><Down>";
    devices: "8s";
    heat: "H";
    heat_month: "H++<Down>";
    palette: ":ban do";
    wall: "w";
    log: "6<Down>";
    carrier: "3c";
    drift: "D<Down>";
    drift_all: "Df<Down><Down><Down><Down><Down>";
    reports: "7<Down>";
    reports_quarter: "<Down><Down>7+<Left><PgDn>>";
    report_wide: "7<Enter><Down><Down>>";
    report_saving: "<Down><Down>7e<Right>";
    page: "/cai be tslcd<Enter>+[[";
    take: "2aĐã gọi tổng đài VNPT<Right><Right><Right>";
    work: "2mthay cáp<Right><Right><Right>22:00 4h";
    storm: "2B<Right>";
    cause: "2oVNPT báo đứt cáp<Right>";
    closed: "2<End><Enter><Down>";
    ask: "2r";
    works: "M<Down>";
    works_end: "M<Down>x";
}

/// What is open and what lies over it.
type Place = (Screen, Mode);

#[test]
fn whatever_a_key_opens_has_its_picture() {
    let mut desks: Vec<Desk> = Vec::new();
    for (_, keys) in PICTURES {
        let mut desk = Desk::new(Lang::Vi, LARGE);
        desk.press(keys);
        desks.push(desk);
    }
    let place = |desk: &Desk| -> Place { (desk.ui.screen, desk.ui.mode) };
    let screens: Vec<Screen> =
        desks.iter().map(place).filter(|p| p.1 == Mode::Normal).map(|p| p.0).collect();
    let modes: Vec<Mode> = desks.iter().map(|desk| desk.ui.mode).collect();
    for desk in &mut desks {
        let (from, before) = (place(desk), desk.ui.clone());
        for binding in keymap(from.0, from.1).iter().flat_map(|table| table.iter()) {
            desk.act(Action::Key(binding.key));
            let (screen, mode) = place(desk);
            assert!(
                screens.contains(&screen) && modes.contains(&mode),
                "{:?} leads from {from:?} to {:?}, which has no picture: add one above",
                binding.key,
                (screen, mode)
            );
            desk.ui = before.clone();
        }
    }
}

#[test]
fn ascii_signs_tell_it_all() {
    for (name, keys) in [
        ("map", "5<Down><Down>"),
        ("heat", "H+"),
        ("subject", "/cai be tslcd<Enter>+["),
        ("drift", "Df<Down>"),
        ("reports", "7<Down>"),
        ("report_saving", "7e"),
    ] {
        let mut desk = Desk::new(Lang::Vi, SMALL);
        desk.theme = Theme { colours: Colours::None, ascii: true };
        desk.press(keys);
        assert_snapshot!(format!("{name}_80x24_vi_ascii"), desk.text());
    }
}

#[test]
fn late_data_reverse_the_whole_header() {
    let mut desk = Desk::new(Lang::Vi, SMALL);
    desk.now = sample::NOW + 125_000;
    let frame = desk.frame();
    assert!(
        (0..80).all(|x| frame[(x, 0)].modifier.contains(ratatui::style::Modifier::REVERSED)),
        "a frozen green header must be impossible"
    );
    assert_snapshot!(desk.text());
    desk.now = sample::NOW + 59_000;
    let frame = desk.frame();
    assert!(!frame[(0, 0)].modifier.contains(ratatui::style::Modifier::REVERSED));
}

#[test]
fn lost_and_offline_are_told_apart() {
    for lang in [Lang::Vi, Lang::En] {
        let mut desk = Desk::new(lang, MIDDLE);
        let reason = "connect to the daemon at tuantra.sock: Connection refused".to_owned();
        desk.link = Link::Reconnecting { since: sample::NOW, reason: reason.clone() };
        assert_snapshot!(format!("lost_{}", lang.as_str()), desk.text());
        desk.link = Link::Offline { as_of: UnixMs(sample::NOW.0 - 3_900_000), reason };
        assert_snapshot!(format!("offline_{}", lang.as_str()), desk.text());
    }
}

#[test]
fn the_status_line_counts_traps_or_says_that_none_is_heard() {
    let mut traps = TrapsInfo {
        listen: "0.0.0.0:162".to_owned(),
        is_heard: true,
        received: 1_204,
        asked: 31,
        merged: 900,
        strangers: 0,
        disbelieved: 0,
    };
    let mut last = |is_heard, lang| {
        traps.is_heard = is_heard;
        let mut snapshot = sample::province();
        snapshot.daemon.traps = Some(traps.clone());
        let text = Desk::over(Board::new(snapshot), lang, LARGE).text();
        text.lines().last().unwrap_or_default().to_owned()
    };
    assert!(last(true, Lang::Vi).contains("trap: nhận 1.204, hỏi sớm 31"));
    assert!(last(true, Lang::En).contains("traps: 1,204 received, asked sooner 31"));
    assert!(last(false, Lang::Vi).contains("không nhận được trap tại 0.0.0.0:162"));
}

#[test]
fn the_status_line_tells_what_hinders_the_daemon() {
    let mut snapshot = sample::province();
    snapshot.daemon.reload_failure = Some(ReloadFailure {
        at: sample::NOW,
        errors: 3,
        first: "inventory/cai-be.yaml:12:9: unknown carrier\u{1b}[31m".to_owned(),
    });
    snapshot.daemon.trouble = Some("disk full".to_owned());
    snapshot.daemon.dropped_samples = 1_330;
    let desk = Desk::over(Board::new(snapshot), Lang::Vi, LARGE);
    let text = desk.text();
    let last = text.lines().last().unwrap_or_default();
    assert!(!last.contains('\u{1b}'), "{last}");
    assert_snapshot!(last);
}

#[test]
fn without_room_one_line_says_it_all() {
    let mut desk = Desk::new(Lang::Vi, (59, 14));
    assert_snapshot!("summary", desk.text());
    desk.now = sample::NOW + 600_000;
    assert_snapshot!("summary_stale", desk.text());
}

#[test]
fn ascii_draws_no_sign_outside_of_letters() {
    for keys in [
        "",
        "2",
        "3c",
        "4",
        "5",
        "6",
        "7",
        "7e",
        "8",
        "Df",
        "H",
        "w",
        "M",
        ":",
        "?",
        "/cai be tslcd<Enter>",
        "2a",
        "2o",
        "2<End><Enter>",
    ] {
        let mut snapshot = sample::province();
        snapshot.daemon.channels = taking::channels(2);
        let mut desk = Desk::over(Board::new(snapshot), Lang::En, LARGE);
        desk.theme.ascii = true;
        desk.press(keys);
        let text = desk.text();
        let signs: String = text.chars().filter(|c| !c.is_ascii() && !c.is_alphabetic()).collect();
        assert_eq!(signs, "", "{text}");
    }
}

fn subject_id(text: &str) -> SubjectId {
    SubjectId::new(text).expect("an id")
}

/// A morning on which the patrol knows more than states: blind through one carrier, one incident
/// taken, one flapping, one inside announced work; one switch off at night, one line on its backup.
fn knowing() -> Board {
    let mut snapshot = sample::province();
    let carrier = CarrierId::new("vnpt").expect("an id");
    let since = UnixMs(sample::NOW.0 - 670_000);
    snapshot.daemon.blind = vec![BlindInfo { carrier: Some(carrier), since }];
    let [power, taken, flapping, ..] = &mut snapshot.incidents[..] else {
        panic!("three incidents")
    };
    power.planned = true;
    let device = subject_id("cho-gao/router-1");
    power.guess = Some(Guess {
        cause: Cause::Power,
        signs: vec![
            Sign::OnBattery { device: subject_id("cho-gao/ups") },
            Sign::Restarted { device },
            Sign::NeighboursOtherCarriers { units: 4 },
        ],
    });
    taken.ack = Some(Ack {
        by: "lan".to_owned(),
        note: "VNPT đang ra hiện trường".to_owned(),
        at: UnixMs(sample::NOW.0 - 300_000),
        until: None,
    });
    taken.split_from = Some(IncidentId::new("tien-giang/truc", since));
    flapping.flapping = true;
    for subject in &mut snapshot.subjects {
        match subject.id.as_str() {
            "cai-be.hoa-khanh/switch" => {
                subject.now.state = State::Down;
                subject.now.off_hours = true;
            }
            "cai-be.hoa-khanh/lan" => {
                subject.now.state = State::Degraded;
                subject.now.backup = Some(subject_id("cai-be/tslcd"));
                subject.now.flapping = true;
                subject.now.planned = true;
            }
            _ => {}
        }
    }
    Board::new(snapshot)
}

#[test]
fn what_is_known_besides_states_is_shown() {
    for (size, lang) in [(SMALL, Lang::Vi), (SMALL, Lang::En), (LARGE, Lang::Vi), (LARGE, Lang::En)]
    {
        for (name, keys) in [
            ("incidents", "2"),
            ("taken", "2"),
            ("off_hours", "/cai-be.hoa-khanh/switch<Enter>"),
            ("backup", "/cai-be.hoa-khanh/lan<Enter>"),
        ] {
            let mut desk = Desk::over(knowing(), lang, size);
            desk.press(keys);
            let name = format!("knowing_{name}_{}x{}_{}", size.0, size.1, lang.as_str());
            assert_snapshot!(name, desk.text());
        }
    }
}

#[test]
fn a_blind_patrol_reverses_the_whole_header_and_old_data_come_first() {
    let mut desk = Desk::over(knowing(), Lang::Vi, MIDDLE);
    let frame = desk.frame();
    assert!((0..120).all(|x| frame[(x, 0)].modifier.contains(ratatui::style::Modifier::REVERSED)));
    let text = desk.text();
    let first = text.lines().next().unwrap_or_default();
    assert!(first.contains("MẤT QUAN SÁT từ 07:31 (VNPT)"), "{first}");
    desk.now = sample::NOW + 600_000;
    let text = desk.text();
    let (first, last) = (text.lines().next().unwrap_or_default(), text.lines().last());
    assert!(first.contains("SỐ LIỆU CŨ"), "{first}");
    assert!(last.is_some_and(|l| l.contains("MẤT QUAN SÁT từ 07:31")), "{last:?}");
}

#[test]
fn while_nothing_is_seen_no_figure_of_coverage_is_told() {
    let mut snapshot = sample::province();
    for lang in [Lang::Vi, Lang::En] {
        let unseen = if lang == Lang::Vi { "mất quan sát" } else { "not seen" };
        for size in [SMALL, MIDDLE, LARGE, (50, 12)] {
            snapshot.daemon.blind.clear();
            let seen = Desk::over(Board::new(snapshot.clone()), lang, size).text();
            let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
            let share = |text: &str| first(text).contains('%');
            assert!(share(&seen), "{seen}");
            snapshot.daemon.blind = vec![BlindInfo { carrier: None, since: sample::NOW }];
            let mut desk = Desk::over(Board::new(snapshot.clone()), lang, size);
            assert!(!share(&desk.text()), "{}", desk.text());
            let warning = if lang == Lang::Vi { "MẤT QUAN SÁT" } else { "BLIND" };
            assert!(first(&desk.text()).contains(warning), "{}", desk.text());
            if size.0 >= 80 {
                let text = desk.text();
                let is_open = |line: &str| line.contains(" -/") && line.contains(unseen);
                assert!(text.lines().any(is_open), "{text}");
                desk.press("w");
                assert!(desk.text().contains(unseen), "{}", desk.text());
            }
        }
    }
}

#[test]
fn off_hours_is_counted_apart_and_is_no_fault() {
    let desk = Desk::over(knowing(), Lang::En, LARGE);
    let before = Board::new(sample::province());
    assert_eq!(desk.board.off_hours, 1);
    let down = State::ALL.iter().position(|s| *s == State::Down).expect("one of all");
    assert_eq!(desk.board.counts[down], before.counts[down]);
    let sum: u32 = desk.board.counts.iter().sum();
    assert_eq!(sum + 1, before.counts.iter().sum::<u32>());
}

/// Header, status line and their styles with `channels` in trouble.
fn around(desk: &Desk) -> String {
    let (text, styles) = (desk.text(), styles(&desk.frame()));
    let pick = |text: &str| -> Vec<String> {
        let lines: Vec<&str> = text.lines().collect();
        let rows = usize::from(desk.ui.size.1);
        [0, rows - 1].map(|y| lines.get(y).copied().unwrap_or_default().to_owned()).into()
    };
    [pick(&text), pick(&styles)].concat().join("\n")
}

#[test]
fn a_channel_that_takes_nothing_is_in_the_header_and_its_whole_trouble_on_the_screen() {
    for (size, lang) in [(SMALL, Lang::Vi), (SMALL, Lang::En), (LARGE, Lang::Vi), (LARGE, Lang::En)]
    {
        for count in [1, 3] {
            for colours in [Colours::True, Colours::None] {
                let mut snapshot = sample::province();
                snapshot.daemon.channels = taking::channels(count);
                let mut desk = Desk::over(Board::new(snapshot), lang, size);
                desk.theme.colours = colours;
                let text = around(&desk);
                let header = text.lines().next().unwrap_or_default();
                assert!(header.contains("▼ zalo"), "{header}");
                assert!(text.contains("401 Unauthorized"), "{text}");
                let waiting = if lang == Lang::Vi { "(4 tin " } else { "(4 waiting)" };
                assert!(text.contains(waiting), "{text}");
                let mono = if colours == Colours::None { "_mono" } else { "" };
                let (columns, rows) = size;
                let name = format!("channels_{count}_{columns}x{rows}_{}{mono}", lang.as_str());
                assert_snapshot!(name, text);
            }
        }
    }
}

#[test]
fn a_channel_in_trouble_is_not_lost_beside_a_blind_patrol() {
    let mut desk = Desk::over(knowing(), Lang::Vi, SMALL);
    let mut snapshot = sample::province();
    snapshot.daemon = (*desk.board.daemon).clone();
    snapshot.daemon.channels = taking::channels(2);
    desk.board = Board::new(snapshot);
    let text = desk.text();
    let header = text.lines().next().unwrap_or_default();
    assert!(header.contains("MẤT QUAN SÁT từ 07:31 (VNPT)"), "{header}");
    assert!(header.contains("▼ zalo +1"), "{header}");
    desk.ui.size = (59, 14);
    assert!(desk.text().contains("▼ zalo +1"), "{}", desk.text());
}
