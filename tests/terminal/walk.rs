//! An operator's walk through the dashboard over the demo's province, patrolled with real packets:
//! down the tree, the search, an incident taken, every size, and out.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::common::{FORKING, follow, skip};
use super::terminal::{Size, Terminal};
use tuantra::api::{Client, Snapshot};

/// A service of the demo's that is degraded from its first round on: its certificate runs out.
const MAIL: &str = "dic/thu-dien-tu";

/// A demo without a screen of its own; asked to end when dropped, as it then stops its daemon.
struct Demo(Child);

impl Demo {
    fn new(folder: &Path) -> Self {
        let _alone = FORKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let child = Command::new(env!("CARGO_BIN_EXE_tuantra"))
            .args(["demo", "--headless", "--for", "10m", "--lang", "vi", "--folder"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("demo.log")).unwrap())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.0.wait();
    }
}

/// Waits until the demo's daemon says what is wanted; `None`, with a message, where the machine
/// allows no namespaces.
async fn patrolled(
    demo: &mut Demo,
    folder: &Path,
    is_so: impl Fn(&Snapshot) -> bool,
) -> Option<Snapshot> {
    let client = Client::new(folder.join("tuantra.sock"));
    let ended = async {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
        while demo.0.try_wait().unwrap().is_none() {
            tick.tick().await;
        }
    };
    tokio::select! {
        seen = follow(&client, is_so) => Some(seen),
        () = ended => {
            let said = std::fs::read_to_string(folder.join("demo.log")).unwrap();
            assert!(said.contains("không gian mạng"), "the demo ended early: {said}");
            skip(&said);
            None
        }
    }
}

/// Waits until the first screen fills a terminal of this size: its first box reaches from the left
/// edge to the right one, and beneath it stand the keys.
fn expect_whole(terminal: &mut Terminal, (columns, rows): Size) {
    terminal.wait(&format!("a frame of {columns}×{rows}"), |screen| {
        let sign = |row, column| screen.cell(row, column).map(|c| c.contents().to_owned());
        let footer = screen.rows(0, columns).nth(usize::from(rows) - 2).unwrap_or_default();
        sign(2, 0).as_deref() == Some("┌")
            && sign(2, columns - 1).as_deref() == Some("┐")
            && sign(rows - 3, 0).as_deref() == Some("└")
            && sign(rows - 3, columns - 1).as_deref() == Some("┘")
            && footer.contains("q thoát")
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_walks_through_the_province() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::new(folder.path());
    // The scripted faults come and go; a certificate that runs out stays.
    let is_open = |s: &Snapshot| s.incidents.iter().any(|i| i.root.as_str() == MAIL);
    if patrolled(&mut demo, folder.path(), is_open).await.is_none() {
        return;
    }
    let client = Client::new(folder.path().join("tuantra.sock"));
    let mut terminal = Terminal::open(folder.path(), (80, 24));
    terminal.dash("dash");

    // Down the tree: province, district, commune, its line.
    terminal.expect("Toàn tỉnh");
    expect_whole(&mut terminal, (80, 24));
    terminal.press("\u{1b}[F");
    terminal.expect("47/47");
    terminal.press("\u{1b}[H");
    terminal.expect(" 1/47 ");
    terminal.press("\r");
    terminal.expect("› TP. Mỹ Tho");
    terminal.press("\u{1b}[B\r");
    terminal.expect("› P. 5");
    terminal.press("\r");
    terminal.expect("Trạng thái");
    terminal.expect("Địa chỉ");

    // The search, without diacritics.
    terminal.press("/");
    terminal.expect("Tìm đơn vị");
    terminal.press("cai be");
    terminal.expect("Huyện Cái Bè");
    terminal.press("\r");
    terminal.expect("› H. Cái Bè");
    terminal.expect("TT. Cái Bè");

    // What is found is taken where it is.
    terminal.press("/");
    terminal.press("thu dien tu cong vu");
    terminal.expect("▲ TTTHDL · Thư điện tử công vụ ");
    terminal.press("\r");
    terminal.expect("chứng thư số");
    terminal.press("a");
    terminal.expect("Nhận vụ việc");
    terminal.expect(MAIL);
    terminal.press("Đã gọi tổng đài");
    terminal.expect("Đã gọi tổng đài");
    terminal.press("\r");
    let taken =
        |s: &Snapshot| s.incidents.iter().find_map(|i| Some((i.root.clone(), i.ack.clone()?)));
    let seen = follow(&client, |s| taken(s).is_some()).await;
    let (root, ack) = taken(&seen).unwrap();
    assert_eq!((root.as_str(), ack.note.as_str()), (MAIL, "Đã gọi tổng đài"));
    terminal.expect("nhận đến khi xong");

    // Any size, at any moment, and back.
    terminal.press("1");
    for size in [(60, 15), (200, 60), (320, 100), (80, 24)] {
        terminal.resize(size);
        expect_whole(&mut terminal, size);
        terminal.expect("› H. Cái Bè");
    }
    for size in [(59, 15), (80, 14), (20, 3)] {
        terminal.resize(size);
        terminal.wait("one line alone", |screen| {
            let mut rows = screen.rows(0, size.0);
            let first = rows.next().unwrap_or_default();
            first.contains("Tiền Giang") && rows.all(|row| row.trim().is_empty())
        });
    }
    terminal.resize((80, 24));
    expect_whole(&mut terminal, (80, 24));
    // What lies on the screen after all that is what is drawn anew.
    terminal.press("?");
    terminal.expect("Phím");
    let shown = terminal.screen().contents();
    let of_help = |contents: &str| {
        let lines: Vec<String> = contents.lines().map(str::to_owned).collect();
        lines[2..lines.len() - 1].to_vec()
    };
    terminal.seen.clear();
    terminal.press("\u{c}");
    terminal.wait("a frame drawn anew", |screen| {
        screen.contents().lines().count() == 24 && screen.contents().contains("Phím")
    });
    assert_eq!(of_help(&terminal.screen().contents()), of_help(&shown));
    terminal.press("q");
    assert_eq!(terminal.must_be_given_back(), 0);
}
