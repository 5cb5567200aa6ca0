//! What a terminal that has no colours, no signs or another language is sent, byte by byte.

use super::common::{INVENTORY, Province, follow, may_ping};
use super::terminal::Terminal;
use tuantra::api::Snapshot;
use tuantra::model::State;

/// Every screen, and what is on it then in English.
const SCREENS: [(&str, &str); 9] = [
    ("1", "Whole province"),
    ("3", "Carrier"),
    ("4", "Trung tâm"),
    ("5", "Map: Whole province"),
    ("6", "Log"),
    ("8", "switch"),
    ("H", "1-9 tenths"),
    ("w", "Open incidents"),
    ("2", "Units cut off"),
];

/// What lies over a screen until it is left, and its title.
const DIALOGS: [(&str, &str); 5] = [
    ("a", "Take an incident"),
    ("m", "Announce maintenance"),
    ("?", "Keys"),
    (":", "Commands"),
    ("/xa mot", " hits"),
];

/// A province in which something is wrong, patrolled.
async fn troubled() -> Option<(Province, super::common::Daemon)> {
    if !may_ping() {
        return None;
    }
    let province = Province::new();
    // Nobody answers there: the address is set aside for documentation.
    province.set_inventory(&INVENTORY.replace("127.0.1.1 }", "203.0.113.1 }"));
    let daemon = province.daemon();
    let is_open = |s: &Snapshot| s.incidents.iter().any(|i| i.state == State::Down);
    follow(&province.client(), is_open).await;
    Some((province, daemon))
}

/// Goes through every screen and dialog and leaves.
fn walk(terminal: &mut Terminal) {
    terminal.expect("Whole province");
    for (keys, text) in SCREENS {
        terminal.press(keys);
        terminal.expect(text);
    }
    for (keys, title) in DIALOGS {
        terminal.press(keys);
        terminal.expect(title);
        terminal.press("\u{1b}");
        // Escape and a letter that come together are Alt and the letter.
        terminal.expect_gone(title);
    }
    // A subject, its chart and its past.
    terminal.press("/");
    terminal.press("huyen/tslcd");
    terminal.expect("TSLCD");
    terminal.press("\r");
    terminal.expect("Address");
    terminal.press("q");
    assert_eq!(terminal.must_be_given_back(), 0);
}

/// The parameters of every "select graphic rendition" among `bytes`.
fn renditions(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for rest in text.split("\u{1b}[").skip(1) {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':');
        if let Some(end) = end.filter(|end| rest[*end..].starts_with('m')) {
            found.push(rest[..end].to_owned());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_colours_not_one_is_sent() {
    let Some((province, _daemon)) = troubled().await else { return };
    // Default colours, and marks that are no colours: bold, dim, reversed, and their ends.
    let plain = ["", "0", "1", "2", "7", "22", "27", "39", "49", "59"];
    for (command, is_plain) in [
        ("NO_COLOR=1", true),
        ("TERM=dumb", true),
        ("NO_COLOR=", false),
        ("COLORTERM=truecolor", false),
    ] {
        let mut terminal = Terminal::open(province.folder.path(), (120, 40));
        terminal.shell(&format!("export {command}"));
        terminal.dash("dash");
        terminal.expect("Whole province");
        let sent = renditions(&terminal.seen);
        assert!(!sent.is_empty(), "marks are sent");
        if is_plain {
            walk(&mut terminal);
        } else {
            terminal.press("q");
            terminal.must_be_given_back();
        }
        let sent = renditions(&terminal.seen);
        let is_coloured = |sent: &String| sent.split(';').any(|one| !plain.contains(&one));
        assert_eq!(!sent.iter().any(is_coloured), is_plain, "{command}: {sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_ascii_nothing_but_letters_of_names_has_other_bytes() {
    let Some((province, _daemon)) = troubled().await else { return };
    let mut terminal = Terminal::open(province.folder.path(), (200, 60));
    terminal.dash("dash --ascii");
    walk(&mut terminal);
    let text = String::from_utf8(terminal.seen.clone()).unwrap();
    // Whatever is not ASCII stands in a name of the inventory, or in the other language's.
    let names = format!("{INVENTORY}Tiếng Việt");
    let others: Vec<char> = text.chars().filter(|c| !c.is_ascii() && !names.contains(*c)).collect();
    assert_eq!(others, Vec::<char>::new());
    assert!(text.contains("Huyện Một"), "letters keep their marks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_language_is_switched_wherever_the_operator_is() {
    let Some((province, _daemon)) = troubled().await else { return };
    let mut terminal = Terminal::open(province.folder.path(), (120, 40));
    // What is asked for on the command line counts for more than the configuration's language.
    terminal.dash("--lang vi dash");
    for (keys, in_vietnamese, in_english) in [
        ("1", "Toàn tỉnh", "Whole province"),
        ("2", "Vụ việc đang mở", "Open incidents"),
        ("3", "Đường truyền", "Lines"),
        ("5", "Bản đồ", "Map"),
        ("6", "Nhật ký", "Log"),
        ("8", "Thiết bị", "Devices"),
        ("?", "Phím", "Keys"),
    ] {
        terminal.press(keys);
        terminal.expect(in_vietnamese);
        terminal.press("L");
        terminal.expect(in_english);
        terminal.expect_gone("trợ giúp");
        terminal.press("L");
        terminal.expect(in_vietnamese);
    }
    terminal.press("q");
    assert_eq!(terminal.must_be_given_back(), 0);
}
