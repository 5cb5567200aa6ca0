//! Takes the terminal and gives it back, whatever happens in between.

use std::io::{self, Stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frames::Frames;

/// Whether the terminal is ours now; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

fn give_back() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut out = io::stdout();
    // Every step is tried even when one fails: a half restored terminal is worse.
    // Mouse reports are switched off whether or not they were on.
    let left = execute!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let cooked = disable_raw_mode();
    left.and(cooked)
}

fn restore_before_panic_message() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Nothing can be done about a terminal that does not take the bytes.
            let _ = give_back();
            before(info);
        }));
    });
}

/// The terminal while it is ours: raw, on its other screen, without a cursor. Dropping it gives
/// it back.
pub struct Screen {
    backend: CrosstermBackend<io::BufWriter<Stdout>>,
    frames: Frames,
    has_mouse: bool,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When standard output is no terminal or does not take the bytes.
    pub fn take(has_mouse: bool) -> io::Result<Self> {
        restore_before_panic_message();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let writer = io::BufWriter::with_capacity(1 << 16, io::stdout());
        let mut screen =
            Self { backend: CrosstermBackend::new(writer), frames: Frames::default(), has_mouse };
        screen.enter()?;
        screen.forget()?;
        Ok(screen)
    }

    /// Columns and rows now.
    ///
    /// # Errors
    /// When the terminal does not say.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        crossterm::terminal::size()
    }

    /// Clears the terminal, so that the next frame is drawn whole.
    ///
    /// # Errors
    /// When the terminal does not take the bytes.
    pub fn forget(&mut self) -> io::Result<()> {
        self.backend.clear()?;
        self.frames.begin(self.frames.area());
        Ok(())
    }

    /// Shows the frame of `size` (columns, rows) that `draw` makes, every cell of it: only the cells that differ
    /// from what is shown, nothing when none does.
    ///
    /// # Errors
    /// When the terminal does not take the bytes.
    pub fn show(&mut self, size: (u16, u16), draw: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        let area = Rect::new(0, 0, size.0, size.1);
        let Self { backend, frames, .. } = self;
        if frames.area() != area {
            backend.clear()?;
            frames.begin(area);
        }
        frames.turn(draw, |changed| {
            queue!(backend, BeginSynchronizedUpdate)?;
            backend.draw(changed.into_iter())?;
            queue!(backend, EndSynchronizedUpdate)?;
            io::Write::flush(backend)
        })
    }

    /// Sends a text to the terminal's clipboard (OSC 52); terminals that have none ignore it.
    ///
    /// # Errors
    /// When the terminal does not take the bytes.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let coded = super::export::base64(text.as_bytes());
        io::Write::write_all(&mut self.backend, format!("\x1b]52;c;{coded}\x07").as_bytes())?;
        io::Write::flush(&mut self.backend)
    }

    /// Gives the terminal back, stops this job as Ctrl-Z at a shell does, and takes the terminal
    /// again when it is continued.
    ///
    /// # Errors
    /// When the terminal does not take the bytes.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back()?;
        // The whole job, as the terminal's own driver would: a wrapper (cargo, sudo) left running
        // would keep the shell waiting. A shell sends the signal because the standard library
        // has no call for it and this room holds no unsafe code.
        let _ = std::process::Command::new("/bin/sh").args(["-c", "kill -TSTP 0"]).status();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        self.enter()?;
        self.forget()
    }

    /// Takes the terminal again after this job was stopped and continued by somebody else (SIGSTOP,
    /// `kill -TSTP`): whoever had the terminal meanwhile has left it as he likes it.
    ///
    /// # Errors
    /// When the terminal does not take the bytes.
    pub fn retake(&mut self) -> io::Result<()> {
        // What is believed to be raw already would not be made raw again.
        disable_raw_mode()?;
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        self.enter()?;
        self.forget()
    }

    fn enter(&mut self) -> io::Result<()> {
        execute!(self.backend, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        if self.has_mouse {
            execute!(self.backend, EnableMouseCapture)?;
        }
        Ok(())
    }

    /// Rings the terminal's bell.
    ///
    /// # Errors
    /// When the terminal does not take the byte.
    pub fn ring(&mut self) -> io::Result<()> {
        io::Write::write_all(&mut self.backend, b"\x07")?;
        io::Write::flush(&mut self.backend)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.backend.flush();
        // The terminal may be gone (SIGHUP): there is nobody left to tell.
        let _ = give_back();
    }
}
