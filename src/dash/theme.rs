//! Colours and signs. Only faults are coloured; every colour stands beside a sign and a word.

use ratatui::style::{Color, Modifier, Style};

use crate::locale::{OFF_HOURS_GLYPH, state_glyph};
use crate::model::{State, UnixMs};

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colours {
    /// None: bold, dim and reverse only.
    None,
    /// The sixteen of old.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// 24 bits.
    True,
}

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Colours of the terminal.
    pub colours: Colours,
    /// Signs and lines in ASCII; letters keep their marks.
    pub ascii: bool,
}

/// Eighths of a cell, from empty to full.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS_ASCII: [char; 9] = [' ', '_', '_', '.', '-', '-', '=', '=', '#'];

/// The signs a box is drawn with.
pub struct Lines {
    /// Left to right.
    pub across: &'static str,
    /// Top to bottom.
    pub down: &'static str,
    /// Top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
}

impl Theme {
    // Okabe and Ito's palette: told apart by colour-blind eyes.
    fn colour(self, rgb: (u8, u8, u8), indexed: u8, sixteen: Color) -> Style {
        match self.colours {
            Colours::None => Style::new(),
            Colours::Sixteen => Style::new().fg(sixteen),
            Colours::Indexed => Style::new().fg(Color::Indexed(indexed)),
            Colours::True => Style::new().fg(Color::Rgb(rgb.0, rgb.1, rgb.2)),
        }
    }

    /// A fault: vermilion.
    #[must_use]
    pub fn fault(self) -> Style {
        self.colour((213, 94, 0), 166, Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Worse than it should be: orange.
    #[must_use]
    pub fn poor(self) -> Style {
        self.colour((230, 159, 0), 214, Color::Yellow)
    }

    /// Another's fault: sky blue.
    #[must_use]
    pub fn cut_off(self) -> Style {
        self.colour((86, 180, 233), 74, Color::Cyan)
    }

    /// Not known: reddish purple.
    #[must_use]
    pub fn unknown(self) -> Style {
        self.colour((204, 121, 167), 175, Color::Magenta)
    }

    /// What is less important.
    #[must_use]
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What stands out without being a fault.
    #[must_use]
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The selected row.
    #[must_use]
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The header over data that are not now.
    #[must_use]
    pub fn stale(self) -> Style {
        self.fault().add_modifier(Modifier::REVERSED)
    }

    /// A state.
    #[must_use]
    pub fn state(self, state: State) -> Style {
        match state {
            State::Up => Style::new(),
            State::Degraded => self.poor(),
            State::Down => self.fault(),
            State::Unreachable => self.cut_off(),
            State::Unmeasured => self.unknown(),
        }
    }

    /// Whether nothing is told by colours.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.colours == Colours::None || self.ascii
    }

    /// The ground of a unit on the map; `None` where signs are drawn instead. Neighbours in good
    /// state are told apart by two greys, the selected one by a lighter one.
    #[must_use]
    pub fn ground(self, state: State, is_selected: bool, is_odd: bool) -> Option<Color> {
        if self.is_plain() {
            return None;
        }
        if state != State::Up {
            return self.state(state).fg;
        }
        let (rgb, indexed, sixteen) = match (is_selected, is_odd) {
            (true, _) => (198, 251, Color::Gray),
            (false, true) => (88, 240, Color::DarkGray),
            (false, false) => (68, 238, Color::DarkGray),
        };
        self.colour((rgb, rgb, rgb), indexed, sixteen).fg
    }

    /// How much of a stretch of time was lost, in four steps; the darker the less.
    #[must_use]
    pub fn lost(self, permille: u16) -> Style {
        match permille {
            0 => self.colour((88, 88, 88), 240, Color::DarkGray),
            1..100 => self.colour((240, 200, 150), 223, Color::LightYellow),
            100..500 => self.colour((235, 150, 80), 208, Color::LightRed),
            _ => self.fault(),
        }
    }

    /// A state's sign.
    #[must_use]
    pub fn glyph(self, state: State) -> char {
        if !self.ascii {
            return state_glyph(state);
        }
        match state {
            State::Up => 'o',
            State::Degraded => '!',
            State::Down => 'X',
            State::Unreachable => '~',
            State::Unmeasured => '?',
        }
    }

    /// Light and dark smoke around a median.
    pub const fn smoke(self) -> [&'static str; 2] {
        if self.ascii { [".", ":"] } else { ["░", "▒"] }
    }

    /// Whether what stands beneath a line is folded away.
    pub const fn fold(self, is_open: bool) -> char {
        match (self.ascii, is_open) {
            (true, true) => 'v',
            (true, false) => '>',
            (false, true) => '▼',
            (false, false) => '►',
        }
    }

    /// The sign of a subject that is switched off outside its hours.
    #[must_use]
    pub const fn off_hours(self) -> char {
        if self.ascii { '.' } else { OFF_HOURS_GLYPH }
    }

    /// The signs of an incident: inside announced work, flapping, taken by somebody.
    #[must_use]
    pub const fn incident_signs(self) -> [char; 3] {
        if self.ascii { ['p', 'f', 'a'] } else { ['■', '≈', '√'] }
    }

    /// The sign of a channel of alerts that takes nothing.
    #[must_use]
    pub const fn channel(self) -> char {
        if self.ascii { 'v' } else { '▼' }
    }

    /// The sign that something is being waited for at `now`: it turns.
    #[must_use]
    pub fn turning(self, now: UnixMs) -> char {
        const SIGNS: [char; 4] = ['|', '/', '-', '\\'];
        SIGNS[usize::try_from(now.0.rem_euclid(400) / 100).unwrap_or(0) % SIGNS.len()]
    }

    /// A column of `eighths` (0 to 8) height.
    #[must_use]
    pub fn eighths(self, eighths: usize) -> char {
        let set = if self.ascii { EIGHTHS_ASCII } else { EIGHTHS };
        set[eighths.min(8)]
    }

    /// A bar of `width` cells filled to `ppm` millionths; whole cells, and never full below
    /// everything nor empty above nothing.
    #[must_use]
    pub fn bar(self, ppm: u32, width: usize) -> String {
        let (full, empty) = if self.ascii { ('#', '.') } else { ('█', '▁') };
        let cells = (u64::from(ppm.min(1_000_000)) * width as u64 + 500_000) / 1_000_000;
        let mut cells = usize::try_from(cells).unwrap_or(width).min(width);
        if ppm < 1_000_000 && cells == width {
            cells = width.saturating_sub(1);
        }
        if ppm > 0 && cells == 0 {
            cells = 1.min(width);
        }
        (0..width).map(|i| if i < cells { full } else { empty }).collect()
    }

    /// The signs of boxes.
    #[must_use]
    pub const fn lines(self) -> Lines {
        if self.ascii {
            Lines { across: "-", down: "|", corners: ["+", "+", "+", "+"] }
        } else {
            Lines { across: "─", down: "│", corners: ["┌", "┐", "└", "┘"] }
        }
    }

    /// Marks the selected row at its left.
    #[must_use]
    pub const fn pointer(self) -> &'static str {
        if self.ascii { ">" } else { "►" }
    }

    /// To what stands before, and behind.
    #[must_use]
    pub const fn beside(self) -> [char; 2] {
        if self.ascii { ['<', '>'] } else { ['‹', '›'] }
    }

    /// Where letters go: seen also where nothing is reversed.
    #[must_use]
    pub fn cursor(self) -> &'static str {
        if self.is_plain() { "_" } else { " " }
    }

    /// What is drawn in place of a sign that is neither ASCII nor a letter, where signs are to be
    /// ASCII; `None` for what may stay: letters keep their marks.
    #[must_use]
    pub fn plainer(self, sign: char) -> Option<char> {
        if !self.ascii || sign.is_ascii() {
            return None;
        }
        Some(match sign {
            'µ' | 'μ' => 'u',
            letter if letter.is_alphabetic() => return None,
            blank if blank.is_whitespace() => ' ',
            '–' | '—' | '−' => '-',
            '·' | '•' => '.',
            '≥' | '›' | '»' | '→' => '>',
            '≤' | '‹' | '«' | '←' => '<',
            '“' | '”' => '"',
            '‘' | '’' => '\'',
            '×' => 'x',
            // A dot would make "880" of "88…" a number.
            '≈' | '…' => '~',
            _ => '?',
        })
    }

    /// Between the names of a path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        if self.ascii { " > " } else { " › " }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_at_everything_and_empty_only_at_nothing() {
        let theme = Theme { colours: Colours::None, ascii: true };
        assert_eq!(theme.bar(1_000_000, 6), "######");
        assert_eq!(theme.bar(999_999, 6), "#####.");
        assert_eq!(theme.bar(1, 6), "#.....");
        assert_eq!(theme.bar(0, 6), "......");
        assert_eq!(theme.bar(500_000, 0), "");
    }

    #[test]
    fn where_signs_are_ascii_only_letters_have_marks() {
        let theme = Theme { colours: Colours::None, ascii: true };
        let all = (' '..=char::MAX).filter_map(|c| theme.plainer(c).map(|p| (c, p)));
        for (sign, plain) in all {
            assert!(plain == ' ' || plain.is_ascii_graphic(), "{sign}: {plain}");
        }
        for letter in "ĐặngệỷơƯaZ09~".chars() {
            assert_eq!(theme.plainer(letter), None, "{letter}");
        }
        assert_eq!(theme.plainer('…'), Some('~'));
        assert_eq!(Theme { ascii: false, ..theme }.plainer('…'), None);
    }

    #[test]
    fn without_colours_nothing_is_coloured() {
        let theme = Theme { colours: Colours::None, ascii: false };
        for state in State::ALL {
            assert_eq!(theme.state(state).fg, None);
        }
        assert_eq!(theme.stale().fg, None);
    }
}
