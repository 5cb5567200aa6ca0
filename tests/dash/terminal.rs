//! The real binary on a real terminal against a real socket with a canned province behind it.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::sync::broadcast;
use tuantra::api::{Backend, Change, Feed, History, HistoryQuery, Problem, Reloaded, Snapshot};

use crate::sample;

type Coming<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

struct Canned {
    snapshot: Arc<Snapshot>,
    changes: broadcast::Sender<Arc<Change>>,
}

impl Backend for Canned {
    fn snapshot(&self) -> Coming<'_, Arc<Snapshot>> {
        Box::pin(async { Ok(self.snapshot.clone()) })
    }

    fn changes(&self, _after: u64) -> Option<Feed> {
        Some(Feed { missed: Vec::new(), live: self.changes.subscribe() })
    }

    fn history(&self, query: HistoryQuery) -> Coming<'_, History> {
        let history = sample::history(&query.subject, query.window, query.columns);
        Box::pin(async { Ok(history) })
    }

    fn reload(&self, _by: Option<u32>) -> Coming<'_, Reloaded> {
        let error = "unsupported".to_owned();
        Box::pin(async { Err(Problem { error, message: "a canned province".to_owned() }) })
    }
}

fn lines(count: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(count).expect("a terminal has room")
}

struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn std::io::Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl Terminal {
    fn open(folder: &std::path::Path, rows: u16, cols: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tuantra"));
        command.arg("dash");
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(lines(rows), lines(cols), 0);
        Self { master: pair.master, keys, child, bytes, screen }
    }

    fn type_keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.keys.flush().expect("the terminal takes keys");
    }

    /// Reads until the screen is as wanted; fails when nothing more comes for ten seconds.
    fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        while !wanted(self.screen.screen()) {
            match self.bytes.recv_timeout(Duration::from_secs(10)) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(_) => panic!("{what} never came:\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn until_text(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }
}

#[test]
fn the_dashboard_runs_loses_its_daemon_and_gives_the_terminal_back() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.yaml"), "language: vi\n").expect("a file");
    let socket = folder.path().join("tuantra.sock");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = {
        let _inside = runtime.enter();
        tokio::net::UnixListener::bind(&socket).expect("a socket")
    };
    let changes = broadcast::channel(16).0;
    let canned = Canned { snapshot: Arc::new(sample::province()), changes };
    runtime.spawn(tuantra::api::serve(listener, Arc::new(canned)));

    let mut terminal = Terminal::open(folder.path(), 24, 80);
    terminal.until_text("Toàn tỉnh");
    // The canned data are years old, and the screen says so.
    terminal.until_text("SỐ LIỆU CŨ");
    assert!(terminal.screen.screen().cell(0, 0).is_some_and(vt100::Cell::inverse));
    assert!(terminal.screen.screen().alternate_screen());
    terminal.type_keys("/cai be");
    terminal.until_text("Huyện Cái Bè");
    terminal.type_keys("\r");
    terminal.until_text("Tiền Giang › H. Cái Bè");
    let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    terminal.screen.screen_mut().set_size(lines(40), lines(120));
    terminal.master.resize(size).expect("another size");
    terminal.until_text("Nhà mạng");
    runtime.shutdown_background();
    std::fs::remove_file(&socket).expect("the socket goes with its daemon");
    terminal.until_text("MẤT LIÊN LẠC");
    terminal.type_keys("q");
    terminal.until("the old screen", |screen| !screen.alternate_screen() && !screen.hide_cursor());
    assert!(terminal.child.wait().expect("it ends").success());
}
