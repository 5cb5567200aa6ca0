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
    /// What `send` says. What the terminal shows nobody knows then: it has to be cleared and the frames begun
    /// anew.
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

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    /// What a turn in which `words` are drawn sends: columns and signs.
    fn sent(frames: &mut Frames, words: &str) -> Option<Vec<(u16, String)>> {
        let mut sent = None;
        let draw = |frame: &mut Buffer| {
            frame.reset();
            frame.set_string(0, 0, words, Style::new());
        };
        let send = |changed: Vec<(u16, u16, &Cell)>| {
            let cells = changed.into_iter().map(|(x, _, cell)| (x, cell.symbol().to_owned()));
            sent = Some(cells.collect());
            Ok::<(), ()>(())
        };
        assert_eq!(frames.turn(draw, send), Ok(()));
        sent
    }

    fn cells(of: &[(u16, &str)]) -> Option<Vec<(u16, String)>> {
        Some(of.iter().map(|(x, sign)| (*x, (*sign).to_owned())).collect())
    }

    #[test]
    fn only_what_differs_is_sent_and_nothing_when_nothing_does() {
        let mut frames = Frames::default();
        frames.begin(Rect::new(0, 0, 4, 1));
        assert_eq!(sent(&mut frames, "up"), cells(&[(0, "u"), (1, "p")]));
        assert_eq!(sent(&mut frames, "up"), None);
        assert_eq!(sent(&mut frames, "ups"), cells(&[(2, "s")]));
        assert_eq!(
            sent(&mut frames, "ups"),
            None,
            "held against what is shown, not what was drawn"
        );
        assert_eq!(sent(&mut frames, "u"), cells(&[(1, " "), (2, " ")]));
        frames.begin(frames.area());
        assert_eq!(sent(&mut frames, "u"), cells(&[(0, "u")]), "the terminal was cleared");
    }

    #[test]
    fn what_could_not_be_sent_is_sent_again() {
        let mut frames = Frames::default();
        frames.begin(Rect::new(0, 0, 4, 1));
        let draw = |frame: &mut Buffer| {
            frame.set_string(0, 0, "down", Style::new());
        };
        assert_eq!(frames.turn(draw, |_| Err("broken pipe")), Err("broken pipe"));
        assert_eq!(sent(&mut frames, "down").map(|cells| cells.len()), Some(4));
    }
}
