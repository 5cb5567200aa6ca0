//! The dashboard in a real terminal against a real daemon: drill down, search, language, the
//! daemon's death, resize, quit; an incident is taken; and the terminal is left as it was.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::sync::mpsc;
use std::time::Instant;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::common::{INVENTORY, PATIENCE, Province, follow, may_ping};
use tuantra::api::Snapshot;
use tuantra::model::State;

/// A program in a terminal of its own, and what its screen shows.
struct Terminal {
    parser: vt100::Parser,
    output: mpsc::Receiver<Vec<u8>>,
    keys: Box<dyn std::io::Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    seen: Vec<u8>,
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn nonzero(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Terminal {
    fn open(province: &Province, args: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(24, 80)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tuantra"));
        command.arg("--config");
        command.arg(province.path("config.yaml"));
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            parser: vt100::Parser::new(nonzero(24), nonzero(80), 0),
            output,
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            seen: Vec::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen shows `text`.
    fn expect(&mut self, text: &str) {
        let start = Instant::now();
        while !self.parser.screen().contents().contains(text) {
            let left = PATIENCE.checked_sub(start.elapsed());
            let chunk = left.and_then(|left| self.output.recv_timeout(left).ok());
            let Some(chunk) = chunk else {
                panic!("no '{text}' on the screen:\n{}", self.parser.screen().contents());
            };
            self.parser.process(&chunk);
            self.seen.extend(chunk);
        }
    }

    fn resize(&mut self, rows: u16, cols: u16) {
        self.master.resize(size(rows, cols)).unwrap();
        self.parser.screen_mut().set_size(nonzero(rows), nonzero(cols));
    }

    /// Reads to the end and checks that the terminal was given back.
    fn end(mut self) -> u32 {
        let status = self.child.wait().unwrap();
        drop(self.keys);
        drop(self.master);
        while let Ok(chunk) = self.output.recv_timeout(PATIENCE) {
            self.parser.process(&chunk);
            self.seen.extend(chunk);
        }
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is back");
        status.exit_code()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_walks_through_the_dashboard() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let mut daemon = province.daemon();
    follow(&province.client(), |s| s.subjects.iter().all(|s| s.now.state == State::Up)).await;
    let mut terminal = Terminal::open(&province, &["dash"]);
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
    terminal.press("?");
    terminal.expect("Phím");
    terminal.press("\u{1b}");
    terminal.resize(60, 200);
    terminal.expect("Nhà mạng");

    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    terminal.expect("MẤT LIÊN LẠC");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_dashboard_gives_the_terminal_back() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let _daemon = province.daemon();
    follow(&province.client(), |s| s.subjects.iter().all(|s| s.now.state == State::Up)).await;
    let mut terminal = Terminal::open(&province, &["dash"]);
    terminal.expect("Huyện Một");
    let pid = terminal.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    terminal.end();
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

    let mut looking = Terminal::open(&province, &["dash", "--read-only"]);
    looking.expect("read-only");
    looking.press("2");
    looking.expect("Units cut off");
    looking.press("a");
    looking.expect("no incident can be taken");
    looking.press("q");
    assert_eq!(looking.end(), 0);
    let seen = client.snapshot().await.unwrap();
    assert!(seen.incidents.iter().all(|i| i.ack.is_none()));

    let mut terminal = Terminal::open(&province, &["dash"]);
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
    terminal.expect("has taken it");
    let seen = follow(&client, |s| s.incidents.iter().any(|i| i.ack.is_some())).await;
    let ack = seen.incidents.iter().find_map(|i| i.ack.as_ref()).unwrap();
    assert_eq!(ack.note, "Đã gọi VNPT");
    assert_eq!(ack.until.unwrap().since(ack.at), 3_600_000);
    terminal.press("a");
    terminal.expect("took it at");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}
