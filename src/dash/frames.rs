//! The frame that is shown and the one that is drawn next.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

/// Two frames that change places. Both live as long as the terminal is ours: to take a frame's memory anew
/// for each, and to copy it when it is shown, costs as much as half of the drawing.
pub struct Frames {
    shown: Buffer,
    next: Buffer,
}

impl Default for Frames {
    fn default() -> Self {
        Self { shown: Buffer::empty(Rect::ZERO), next: Buffer::empty(Rect::ZERO) }
    }
}

impl Frames {
    /// The terminal is blank and takes frames of this area from now on.
    pub fn begin(&mut self, area: Rect) {
        (self.shown, self.next) = (Buffer::empty(area), Buffer::empty(area));
    }

    /// What the frames cover; nothing before they have begun.
    pub const fn area(&self) -> Rect {
        self.shown.area
    }

    /// Has `draw` set every cell of the next frame, and `send` take those that differ from what is shown,
    /// with their columns and rows; it is not called when none does.
    ///
    /// # Errors
    /// What `send` says; the frame shown is then still the one before.
    pub fn turn<E>(
        &mut self,
        draw: impl FnOnce(&mut Buffer),
        send: impl FnOnce(Vec<(u16, u16, &Cell)>) -> Result<(), E>,
    ) -> Result<(), E> {
        draw(&mut self.next);
        let changed = self.shown.diff(&self.next);
        if !changed.is_empty() {
            send(changed)?;
            std::mem::swap(&mut self.shown, &mut self.next);
        }
        Ok(())
    }
}
