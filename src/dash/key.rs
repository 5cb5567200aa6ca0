//! What keys mean, whatever they are called.

use super::place::Step;
use super::state::Screen;

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Within the list.
    Step(Step),
    /// A window's height down (1) or up (-1).
    Page(isize),
    /// Open what is selected.
    Open,
    /// Back to where this was opened from.
    Back,
    /// The next order.
    Sort,
    /// The next network.
    Network,
    /// A longer (1) or shorter (-1) window of time.
    Range(isize),
    /// A window earlier (-1) or later (1).
    Time(isize),
    /// The next filter.
    Filter,
    /// The next carrier.
    Carrier,
    /// The unit above, at last everybody.
    Widen,
    /// To the right (1) or left (-1) in a text that is wider than the screen.
    Aside(isize),
    /// Go with the newest line of the log, or not.
    Follow,
    /// Name an action and have it done.
    Palette,
    /// To a tab.
    Tab(Screen),
    /// To the tab after (1) or before (-1).
    NextTab(isize),
    /// Take the incident that is selected.
    Take,
    /// Announce work on what is selected.
    Maintain,
    /// Say what an outage was.
    Cause,
    /// End the announced work that is selected.
    End,
    /// Order or end storm mode where what is selected is.
    Storm,
    /// Have what is selected asked now.
    Ask,
    /// Send what is selected to the terminal's clipboard.
    Copy,
    /// Write what is listed into a file.
    Export,
    /// Keep how things are looked at for the next time.
    Keep,
    /// Open the search.
    Search,
    /// Open or close the help.
    Help,
    /// The other language.
    Language,
    /// Draw everything anew.
    Redraw,
    /// Into the background.
    Suspend,
    /// Leave.
    Quit,
    /// Take the last letter of what is typed away.
    Erase,
    /// Take its last word away.
    EraseWord,
    /// Empty what is typed.
    EraseAll,
}
