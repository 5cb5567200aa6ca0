//! An operator at a small province on loopback: languages, the daemon's death, an incident taken
//! and who may not take it.

use super::common::{INVENTORY, Province, follow, may_ping};
use super::terminal::Terminal;
use tuantra::api::{Snapshot, WorkRequest};
use tuantra::model::{Id, State, UnitId, WorkedOn};

/// The first screen's size.
const SIZE: (u16, u16) = (80, 24);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_dies_before_the_operators_eyes() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let mut daemon = province.daemon();
    follow(&province.client(), |s| s.subjects.iter().all(|s| s.now.state == State::Up)).await;
    let mut terminal = Terminal::open(province.folder.path(), SIZE);
    terminal.dash("dash");
    terminal.expect("Huyện Một");
    terminal.expect("1/1");
    terminal.press("\r");
    terminal.expect("Xã Một");
    terminal.press("/");
    terminal.press("xa mot");
    terminal.expect("switch");
    terminal.press("\u{1b}");
    // Escape and a letter that come together are Alt and the letter.
    terminal.expect("Open incidents");
    terminal.press("L");
    terminal.expect("Hiện tại");
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    terminal.expect("MẤT LIÊN LẠC");
    terminal.press("q");
    assert_eq!(terminal.must_be_given_back(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_takes_an_incident_and_who_only_looks_cannot() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    // Nobody answers there: the address is set aside for documentation.
    province.set_inventory(&INVENTORY.replace("127.0.1.1 }", "203.0.113.1 }"));
    let _daemon = province.daemon();
    let client = province.client();
    let is_open = |s: &Snapshot| s.incidents.iter().any(|i| i.state == State::Down);
    follow(&client, is_open).await;

    let mut looking = Terminal::open(province.folder.path(), SIZE);
    looking.dash("dash --read-only");
    looking.expect("read-only");
    looking.press("2");
    looking.expect("Units cut off");
    looking.press("a");
    looking.expect("nothing can be commanded");
    looking.press("q");
    assert_eq!(looking.must_be_given_back(), 0);
    let seen = client.snapshot().await.unwrap();
    assert!(seen.incidents.iter().all(|i| i.ack.is_none()));

    let mut terminal = Terminal::open(province.folder.path(), SIZE);
    terminal.dash("dash");
    terminal.expect("Huyện Một");
    terminal.press("2");
    terminal.expect("Units cut off");
    terminal.press("a");
    terminal.expect("Take an incident");
    terminal.expect("huyen/tslcd@");
    terminal.press("Đã gọi VNPT");
    terminal.expect("Đã gọi VNPT");
    terminal.press("\u{1b}[C");
    terminal.expect("until 2");
    terminal.press("\r");
    // First the daemon's answer, then what it tells every dashboard.
    terminal.expect("taken by");
    terminal.expect("took it at");
    let seen = follow(&client, |s| s.incidents.iter().any(|i| i.ack.is_some())).await;
    let ack = seen.incidents.iter().find_map(|i| i.ack.as_ref()).unwrap();
    assert_eq!(ack.note, "Đã gọi VNPT");
    assert_eq!(ack.until.unwrap().since(ack.at), 3_600_000);
    terminal.press("a");
    terminal.expect("took it at");

    // What is fetched while its screen is open comes, and comes again after the screen was left.
    let work = WorkRequest {
        on: WorkedOn::Unit(UnitId::new("huyen.xa").unwrap()),
        from: seen.at,
        to: seen.at + 3_600_000,
        every: None,
        note: "Hàn lại sợi quang".into(),
    };
    client.announce(&Id::new("han-soi").unwrap(), &work).await.unwrap();
    terminal.expect("Enter lists them");
    terminal.press("M");
    terminal.expect("Hàn lại sợi quang");
    terminal.press("1");
    terminal.expect("Huyện Một");
    client.end_maintenance(&Id::new("han-soi").unwrap()).await.unwrap();
    terminal.press("M");
    terminal.wait("the list without it", |screen| !screen.contents().contains("han-soi"));
    terminal.press("q");
    assert_eq!(terminal.must_be_given_back(), 0);
}
