//! Whether the terminal is still there.
//!
//! crossterm 0.29 reads a terminal that was hung up again and again without an end, and does so inside
//! the poll of its stream: whoever polls it then never comes back, and no signal is heard any more. So
//! it is not polled once the terminal has gone.

#![expect(unsafe_code, reason = "poll(2) has no safe form in the standard library")]

use std::io::IsTerminal as _;

/// The terminal that keys come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Otherwise keys come from `/dev/tty`, and standard input tells nothing of it.
    is_stdin: bool,
}

impl Line {
    /// As it is now, while it is there.
    pub(super) fn new() -> Self {
        Self { is_stdin: std::io::stdin().is_terminal() }
    }

    /// True once the other end is closed.
    pub(super) fn is_hung_up(self) -> bool {
        if !self.is_stdin {
            return false;
        }
        let mut asked = libc::pollfd { fd: libc::STDIN_FILENO, events: 0, revents: 0 };
        // SAFETY: one pollfd of ours, and no waiting.
        let found = unsafe { libc::poll(&raw mut asked, 1, 0) };
        found > 0 && asked.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_terminal_is_never_hung_up() {
        assert!(!Line { is_stdin: false }.is_hung_up());
    }
}
