//! A shell in a terminal of its own, what its screen shows, and every byte it was sent.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{PoisonError, mpsc};
use std::time::Instant;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::{Color, MouseProtocolMode, Parser, Screen};

use super::common::{FORKING, PATIENCE};

/// What the shell says when it waits for a command.
const PROMPT: &str = "ready> ";

/// The bytes that switch a mode of the terminal on begin so, and those that switch it off.
const MODE: &[u8] = b"\x1b[?";

/// Columns and rows.
pub type Size = (u16, u16);

pub struct Terminal {
    folder: PathBuf,
    parser: Parser,
    output: mpsc::Receiver<Vec<u8>>,
    keys: Box<dyn std::io::Write + Send>,
    master: Box<dyn MasterPty + Send>,
    shell: Box<dyn portable_pty::Child + Send + Sync>,
    /// Everything written to the terminal since the last command was started.
    pub seen: Vec<u8>,
    commands: u32,
    /// It was made smaller: what no longer fitted onto its own screen is forgotten.
    was_cut: bool,
}

fn pty((cols, rows): Size) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn nonzero(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Terminal {
    /// A shell in `folder`, waiting for a command.
    pub fn open(folder: &Path, size: Size) -> Self {
        // Until all ends of it are closed to children, nobody else may start one that lasts: it would
        // hold the window open.
        let alone = FORKING.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = native_pty_system().openpty(pty(size)).unwrap();
        let mut command = CommandBuilder::new("/bin/sh");
        command.arg("-i");
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        command.env("PS1", PROMPT);
        for name in ["ENV", "NO_COLOR", "COLORTERM", "XDG_CONFIG_HOME"] {
            command.env_remove(name);
        }
        command.env("HOME", folder);
        // What a panic says is a few lines.
        command.env("RUST_BACKTRACE", "0");
        let shell = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        drop(alone);
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut terminal = Self {
            folder: folder.to_owned(),
            parser: Parser::new(nonzero(size.1), nonzero(size.0), 0),
            output,
            keys,
            master: pair.master,
            shell,
            seen: Vec::new(),
            commands: 0,
            was_cut: false,
        };
        terminal.await_prompt();
        // Whoever reads lines with an editor of his own changes the terminal's settings himself.
        terminal.shell("set +o vi; set +o emacs; stty -g >before; echo what was there before");
        terminal
    }

    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen is as wanted, reading what comes meanwhile.
    pub fn wait(&mut self, what: &str, is_so: impl Fn(&Screen) -> bool) {
        let start = Instant::now();
        while !is_so(self.screen()) {
            let left = PATIENCE.checked_sub(start.elapsed());
            let chunk = left.and_then(|left| self.output.recv_timeout(left).ok());
            let Some(chunk) = chunk else {
                panic!("not on the screen: {what}\n{}", self.screen().contents());
            };
            self.parser.process(&chunk);
            self.seen.extend(chunk);
        }
    }

    /// Waits until the screen shows `text`.
    pub fn expect(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the screen does not show `text` any more.
    pub fn expect_gone(&mut self, text: &str) {
        self.wait(&format!("no {text}"), |screen| !screen.contents().contains(text));
    }

    pub fn resize(&mut self, size: Size) {
        let (rows, columns) = self.screen().size();
        self.was_cut |= size.0 < columns.get() || size.1 < rows.get();
        self.parser.screen_mut().set_size(nonzero(size.1), nonzero(size.0));
        self.master.resize(pty(size)).unwrap();
    }

    /// Starts a command and does not wait for its end.
    pub fn start(&mut self, command: &str) {
        self.seen.clear();
        self.press(&format!("{command}\n"));
    }

    /// Runs a command to its end.
    pub fn shell(&mut self, command: &str) {
        self.commands += 1;
        // What is typed is echoed; only what is printed has the sum.
        let number = self.commands;
        self.press(&format!("{command}; echo end-$((1000+{number}))\n"));
        self.expect(&format!("end-{}", 1000 + number));
        self.await_prompt();
    }

    /// Waits until the shell waits for a command, on the terminal's own screen.
    pub fn await_prompt(&mut self) {
        self.wait("the shell's prompt", |screen| {
            let (row, column) = screen.cursor_position();
            let line = screen.rows(0, screen.size().1.get()).nth(usize::from(row));
            !screen.alternate_screen()
                && usize::from(column) == PROMPT.len()
                && line.is_some_and(|line| line.trim_end() == PROMPT.trim_end())
        });
    }

    /// Starts the dashboard in the folder's province and waits until it has the terminal; its
    /// number is in the file `pid`.
    pub fn dash(&mut self, args: &str) {
        self.start(&format!("sh -c 'echo $$ >pid; exec {} {args}'", env!("CARGO_BIN_EXE_tuantra")));
        self.wait("the dashboard's screen", Screen::alternate_screen);
    }

    /// Sends a signal to the dashboard.
    pub fn signal(&self, name: &str) {
        let pid = self.file("pid");
        assert!(Command::new("kill").args([name, pid.trim()]).status().unwrap().success());
    }

    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }

    /// Waits for the shell to be back and checks that it has the terminal as it was; the code that
    /// the command ended with.
    pub fn must_be_given_back(&mut self) -> u8 {
        self.await_prompt();
        let modes = modes(&self.seen);
        for needed in [1049, 2004, 25] {
            assert!(modes.contains_key(&needed), "mode {needed} was never switched: {modes:?}");
        }
        for (mode, is_on) in &modes {
            // The cursor alone is shown at first.
            assert_eq!(*is_on, *mode == 25, "mode {mode} is left so: {modes:?}");
        }
        let screen = self.screen();
        assert!(!screen.hide_cursor(), "the cursor is back");
        assert!(!screen.bracketed_paste() && !screen.application_cursor());
        assert!(!screen.application_keypad(), "keys are what they were");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
        assert_eq!((screen.fgcolor(), screen.bgcolor()), (Color::Default, Color::Default));
        let is_marked = screen.bold() || screen.dim() || screen.inverse() || screen.underline();
        assert!(!is_marked, "letters are plain again");
        self.shell("echo $? >code; stty -g >after");
        assert_eq!(self.file("after"), self.file("before"), "the terminal's settings");
        if !self.was_cut {
            self.expect("what was there before");
        }
        self.file("code").trim().parse().unwrap()
    }

    /// The terminal is closed, as a window is or a connection breaks: at the latest when the
    /// dashboard writes the next time, which it does every second.
    pub fn hang_up(mut self) {
        drop(self.output);
        drop(self.keys);
        drop(self.master);
        self.shell.wait().unwrap();
    }
}

/// Every private mode of the terminal that was switched, as it was left.
pub fn modes(bytes: &[u8]) -> BTreeMap<u16, bool> {
    let mut modes = BTreeMap::new();
    for (at, _) in bytes.windows(MODE.len()).enumerate().filter(|(_, w)| *w == MODE) {
        let rest = &bytes[at + MODE.len()..];
        let is_number = |b: &u8| b.is_ascii_digit() || *b == b';';
        let end = rest.iter().position(|b| !is_number(b)).unwrap_or(rest.len());
        let is_on = match rest.get(end) {
            Some(b'h') => true,
            Some(b'l') => false,
            _ => continue,
        };
        for number in String::from_utf8_lossy(&rest[..end]).split(';') {
            modes.insert(number.parse().unwrap(), is_on);
        }
    }
    modes
}
