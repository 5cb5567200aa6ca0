//! What the dashboard costs. First a frame at 200×60 (build, difference, encoding) with one in a thousand of the
//! subjects changing before it (at ten frames a second one in a hundred a second), then with one in a hundred (a
//! daemon that asks everybody every 30 s tells of a third as many between two frames); the change itself, and a key with its frame, all in processor time
//! of the thread: other programs on the machine do not count. Then the program itself in a
//! pseudoterminal before a real daemon: start to first screen, memory, bytes a second. Prints
//! Markdown tables; judges nothing. `cargo bench --bench dash [-- frames|search|program]`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that cannot go on must stop"
)]
#![expect(clippy::print_stdout, reason = "its output is the tables")]
#![expect(unsafe_code, reason = "clock_gettime tells a thread's processor time")]

#[path = "../../tests/dash/lost.rs"]
mod lost;
mod program;
#[expect(dead_code, reason = "the tests use more of the sample than the benchmark")]
#[path = "../../tests/dash/sample.rs"]
mod sample;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tuantra::api::Change;
use tuantra::dash::keys::meaning;
use tuantra::dash::{Action, Board, Cmd, Colours, Frames, Link, Scene, Theme, Ui, update, view};
use tuantra::locale::Lang;

const SIZE: (u16, u16) = (200, 60);
const FRAMES: usize = 500;

/// Processor time of this thread so far.
fn cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on Linux and the pointer is valid for the call.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(answer, 0);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
}

/// What `work` takes of the processor, in microseconds.
fn timed(all: &mut Vec<u128>, work: impl FnOnce()) {
    let from = cpu();
    work();
    all.push((cpu() - from).as_micros());
}

/// The change number `n`: one subject in `of` has a new round.
fn change(board: &Board, n: u64, of: usize) -> Change {
    let subjects = board.subjects().skip(n as usize % of).step_by(of);
    Change {
        seq: board.seq + 1,
        at: board.at + 100,
        daemon: (*board.daemon).clone(),
        subjects: subjects
            .map(|s| {
                let mut now = s.told();
                now.rtt_us = Some(2_000 + (n as u32 * 37) % 4_000);
                (s.id().clone(), now)
            })
            .collect(),
        units: Vec::new(),
        incidents: None,
        resync: false,
    }
}

fn quantiles<T: Ord + Copy>(mut all: Vec<T>) -> (T, T) {
    all.sort_unstable();
    (all[all.len() / 2], all[all.len() * 99 / 100])
}

/// A board, who looks at it, and what his terminal shows.
struct Desk {
    board: Board,
    ui: Ui,
    frames: Frames,
}

impl Desk {
    fn new(extra: usize) -> Self {
        let mut frames = Frames::default();
        frames.begin(Rect::new(0, 0, SIZE.0, SIZE.1));
        let ui = Ui::new(Lang::Vi, SIZE);
        let mut desk = Self { board: Board::new(sample::grown(extra)), ui, frames };
        desk.act(Action::Data);
        desk
    }

    fn act(&mut self, action: Action) {
        let at = self.board.at;
        for command in update(&mut self.ui, Some(&self.board), &Link::Live, action, at) {
            // A heat map that waits for its answer would be drawn for nothing.
            if let Cmd::Heat(query) = command {
                let answer = Action::Heat(query.clone(), Ok(lost::rows(&self.board, &query, at)));
                let _ = update(&mut self.ui, Some(&self.board), &Link::Live, answer, at);
            }
        }
    }

    fn press(&mut self, code: KeyCode) {
        let event = KeyEvent::new(code, KeyModifiers::NONE);
        if let Some(key) = meaning(self.ui.screen, self.ui.mode, &event) {
            self.act(Action::Key(key));
        }
    }

    /// Draws a frame as the program does; how many bytes the terminal is sent.
    fn draw(&mut self) -> usize {
        let theme = Theme { colours: Colours::Indexed, ascii: false };
        let (board, ui) = (&self.board, &self.ui);
        let scene =
            Scene { board: Some(board), link: &Link::Live, ui, theme: &theme, now: board.at };
        let mut written = Vec::new();
        let mut terminal = CrosstermBackend::new(&mut written);
        let draw = |frame: &mut Buffer| view(&scene, frame.area, frame);
        self.frames.turn(draw, |changed| terminal.draw(changed.into_iter())).unwrap();
        written.len()
    }
}

fn measure(screen: &str, keys: &str, extra: usize, of: usize) {
    let mut desk = Desk::new(extra);
    for key in keys.chars() {
        desk.press(KeyCode::Char(key));
    }
    desk.draw();
    let (mut frames, mut changes, mut pressed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bytes, mut idle) = (Vec::new(), 0);
    for n in 0..FRAMES {
        let change = change(&desk.board, n as u64, of);
        timed(&mut changes, || {
            desk.board.apply(change).unwrap();
            desk.act(Action::Data);
        });
        timed(&mut frames, || bytes.push(desk.draw()));
        // Nothing has changed since: nothing may be sent.
        idle += desk.draw();
        let code = if n % 100 < 50 { KeyCode::Down } else { KeyCode::Up };
        timed(&mut pressed, || {
            desk.press(code);
            desk.draw();
        });
    }
    let subjects = desk.board.subject_count();
    let ((f50, f99), (c50, c99)) = (quantiles(frames), quantiles(changes));
    let ((k50, k99), (b50, b99)) = (quantiles(pressed), quantiles(bytes));
    println!(
        "| {screen} | {subjects} | {of} | {f50} | {f99} | {c50} | {c99} | {k50} | {k99} | {b50} | {b99} | {idle} |"
    );
}

fn frames() {
    println!(
        "| screen | subjects | one changes in | frame p50 µs | p99 | change p50 µs | p99 | key to frame p50 µs | p99 | bytes a frame p50 | p99 | idle bytes |"
    );
    println!(
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    // Four subjects to a commune.
    let sizes = [0, 2_300, 24_800];
    for (of, extra) in [1_000, 100].into_iter().flat_map(|of| sizes.map(|extra| (of, extra))) {
        for (screen, keys) in [
            ("coverage", ""),
            ("coverage, worst first", "s"),
            ("incidents", "2"),
            ("lines", "3"),
            ("lines, worst first", "3s"),
            ("map", "5"),
            ("devices", "8"),
            ("devices, worst first", "8s"),
            ("heat map", "H"),
            ("wallboard", "w"),
        ] {
            measure(screen, keys, extra, of);
        }
    }
}

/// Typing in the search: each key looks anew and has its frame. The first one makes what is compared.
fn search() {
    println!(
        "| search | subjects | first key µs | search p50 µs | p99 | key to frame p50 µs | p99 | found at last |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for extra in [0, 2_300, 24_800] {
        for text in ["cai be", "tslcd xa", "10.82.1"] {
            let mut desk = Desk::new(extra);
            let (mut first, mut looks, mut keys) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..40 {
                desk.press(KeyCode::Char('/'));
                desk.draw();
                for letter in text.chars() {
                    let all = if first.is_empty() { &mut first } else { &mut keys };
                    timed(all, || {
                        timed(&mut looks, || desk.act(Action::Text(letter.to_string())));
                        desk.draw();
                    });
                }
                if round < 39 {
                    desk.press(KeyCode::Esc);
                }
            }
            let (subjects, found) = (desk.board.subject_count(), desk.ui.search.found);
            looks.remove(0);
            let ((look50, look99), (p50, p99)) = (quantiles(looks), quantiles(keys));
            println!(
                "| {text} | {subjects} | {} | {look50} | {look99} | {p50} | {p99} | {found} |",
                first[0]
            );
        }
    }
}

fn main() {
    let asked = |what: &str| {
        let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
        words.peek().is_none() || words.any(|word| word == what)
    };
    if asked("frames") {
        frames();
    }
    if asked("search") {
        println!();
        search();
    }
    if asked("program") {
        println!();
        program::measure();
    }
}
