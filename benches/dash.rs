//! What a frame of the dashboard costs at 200×60: build, difference and encoding, with 1 % of the
//! subjects changing before each frame. Prints a table; judges nothing.

#[expect(clippy::expect_used, reason = "the sample is made of slugs")]
#[expect(dead_code, reason = "the tests use more of the sample than the benchmark")]
#[path = "../tests/dash/sample.rs"]
mod sample;

use std::io::Write as _;
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tuantra::api::Change;
use tuantra::dash::keys::meaning;
use tuantra::dash::{Action, Board, Colours, Link, Scene, Theme, Ui, update, view};
use tuantra::locale::Lang;

const SIZE: (u16, u16) = (200, 60);
const FRAMES: usize = 500;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn clock() -> Instant {
    Instant::now()
}

/// The change number `n`: one subject in a hundred has a new round.
fn change(board: &Board, n: u64) -> Change {
    let subjects = board.subjects.iter().skip(n as usize % 100).step_by(100);
    Change {
        seq: board.seq + 1,
        at: board.at + 100,
        daemon: (*board.daemon).clone(),
        subjects: subjects
            .map(|s| {
                let mut now = s.now.clone();
                now.rtt_us = Some(2_000 + (n as u32 * 37) % 4_000);
                (s.id.clone(), now)
            })
            .collect(),
        units: Vec::new(),
        incidents: None,
        resync: false,
    }
}

struct Row {
    screen: &'static str,
    subjects: usize,
    frame_us: (u128, u128),
    apply_us: (u128, u128),
    bytes: (usize, usize),
}

fn quantiles<T: Ord + Copy>(mut all: Vec<T>) -> Option<(T, T)> {
    all.sort_unstable();
    Some((*all.get(all.len() / 2)?, *all.get(all.len() * 99 / 100)?))
}

fn measure(screen: &'static str, keys: &str, extra: usize) -> Option<Row> {
    let mut board = Board::new(sample::grown(extra));
    let mut ui = Ui::new(Lang::Vi, SIZE);
    let theme = Theme { colours: Colours::Indexed, ascii: false };
    let act = |ui: &mut Ui, board: &Board, action| {
        let _ = update(ui, Some(board), &Link::Live, action, board.at);
    };
    act(&mut ui, &board, Action::Data);
    for key in keys.chars() {
        let event = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
        if let Some(key) = meaning(ui.screen, ui.mode, &event) {
            act(&mut ui, &board, Action::Key(key));
        }
    }
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut shown = Buffer::empty(area);
    let (mut frames, mut applies, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..FRAMES {
        let change = change(&board, n as u64);
        let from = clock();
        board.apply(change).ok()?;
        act(&mut ui, &board, Action::Data);
        applies.push(from.elapsed().as_micros());
        let from = clock();
        let mut frame = Buffer::empty(area);
        let scene =
            Scene { board: Some(&board), link: &Link::Live, ui: &ui, theme: &theme, now: board.at };
        view(&scene, area, &mut frame);
        let mut written = Vec::new();
        let changed = shown.diff(&frame);
        if !changed.is_empty() {
            CrosstermBackend::new(&mut written).draw(changed.into_iter()).ok()?;
        }
        frames.push(from.elapsed().as_micros());
        bytes.push(written.len());
        shown = frame;
    }
    // The first frame draws everything and is no frame of the steady state.
    bytes.remove(0);
    Some(Row {
        screen,
        subjects: board.subjects.len(),
        frame_us: quantiles(frames)?,
        apply_us: quantiles(applies)?,
        bytes: quantiles(bytes)?,
    })
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<12} {:>9} {:>12} {:>12} {:>12} {:>12} {:>10} {:>10}",
        "screen",
        "subjects",
        "frame p50 us",
        "frame p99 us",
        "apply p50 us",
        "apply p99 us",
        "bytes p50",
        "bytes p99"
    )?;
    // Four subjects to a commune.
    for extra in [0, 2_300, 24_800] {
        for (screen, keys) in [
            ("coverage", ""),
            ("lines", "3"),
            ("lines worst", "3s"),
            ("map", "5"),
            ("devices", "8s"),
            ("heat", "H"),
            ("wall", "w"),
        ] {
            let Some(r) = measure(screen, keys, extra) else { continue };
            writeln!(
                out,
                "{:<12} {:>9} {:>12} {:>12} {:>12} {:>12} {:>10} {:>10}",
                r.screen,
                r.subjects,
                r.frame_us.0,
                r.frame_us.1,
                r.apply_us.0,
                r.apply_us.1,
                r.bytes.0,
                r.bytes.1
            )?;
        }
    }
    Ok(())
}
