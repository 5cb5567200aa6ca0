//! One table of keys per screen. It decides what a key does, feeds the footer and the help, and
//! there is no key beside it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::place::Step;
use super::state::{Key, Mode, Screen};

/// What is pressed: a key, with Control or without; Shift is part of the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    code: KeyCode,
    control: bool,
}

const fn plain(code: KeyCode) -> Press {
    Press { code, control: false }
}

const fn letter(c: char) -> Press {
    plain(KeyCode::Char(c))
}

const fn control(c: char) -> Press {
    Press { code: KeyCode::Char(c), control: true }
}

/// One line of a table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Any of these.
    pub presses: &'static [Press],
    /// What they mean.
    pub key: Key,
    /// Key of the text that says so.
    pub text: &'static str,
    /// Whether the footer names it.
    pub in_footer: bool,
}

const fn bind(presses: &'static [Press], key: Key, text: &'static str) -> Binding {
    Binding { presses, key, text, in_footer: false }
}

const fn footer(presses: &'static [Press], key: Key, text: &'static str) -> Binding {
    Binding { presses, key, text, in_footer: true }
}

const UP: Binding =
    bind(&[plain(KeyCode::Up), letter('k')], Key::Step(Step::By(-1)), "dash.key_up");
const DOWN: Binding =
    bind(&[plain(KeyCode::Down), letter('j')], Key::Step(Step::By(1)), "dash.key_down");
const PAGES: [Binding; 4] = [
    bind(&[plain(KeyCode::PageUp), control('b')], Key::Page(-1), "dash.key_page_up"),
    bind(&[plain(KeyCode::PageDown), control('f')], Key::Page(1), "dash.key_page_down"),
    bind(&[plain(KeyCode::Home), letter('g')], Key::Step(Step::First), "dash.key_first"),
    bind(&[plain(KeyCode::End), letter('G')], Key::Step(Step::Last), "dash.key_last"),
];
const OPEN: Binding = footer(
    &[plain(KeyCode::Enter), plain(KeyCode::Right), letter('l')],
    Key::Open,
    "dash.key_open",
);
const BACK: Binding = footer(
    &[plain(KeyCode::Esc), plain(KeyCode::Left), plain(KeyCode::Backspace), letter('h')],
    Key::Back,
    "dash.key_back",
);
const SORT: Binding = footer(&[letter('s')], Key::Sort, "dash.key_sort");
const NETWORK: Binding = footer(&[letter('n')], Key::Network, "dash.key_network");
const TAKE: Binding = footer(&[letter('a')], Key::Take, "dash.key_take");
const MAINTAIN: Binding = footer(&[letter('m')], Key::Maintain, "dash.key_maintain");
const CAUSE: Binding = footer(&[letter('o')], Key::Cause, "dash.cause.key");
const SEARCH: Binding = footer(&[letter('/')], Key::Search, "dash.key_search");
const HELP: Binding = footer(&[letter('?'), plain(KeyCode::F(1))], Key::Help, "dash.key_help");
const LANGUAGE: Binding = footer(&[letter('L')], Key::Language, "dash.key_language");
const QUIT: Binding = footer(&[letter('q'), control('c')], Key::Quit, "dash.key_quit");
const REST: [Binding; 20] = [
    bind(&[letter('1')], Key::Tab(Screen::Coverage), "dash.tab_coverage"),
    bind(&[letter('2')], Key::Tab(Screen::Incidents), "dash.tab_incidents"),
    bind(&[letter('3')], Key::Tab(Screen::Lines), "dash.tab_lines"),
    bind(&[letter('4')], Key::Tab(Screen::Departments), "dash.tab_departments"),
    bind(&[letter('5')], Key::Tab(Screen::Map), "dash.tab_map"),
    bind(&[letter('6')], Key::Tab(Screen::Log), "dash.tab_log"),
    bind(&[letter('7')], Key::Tab(Screen::Reports), "dash_reports.tab"),
    bind(&[letter('8')], Key::Tab(Screen::Devices), "dash.tab_devices"),
    bind(&[letter('H')], Key::Tab(Screen::Heat), "dash.key_heat"),
    bind(&[letter('D')], Key::Tab(Screen::Drift), "dash_drift.key"),
    bind(&[letter('w')], Key::Tab(Screen::Wall), "dash.key_wall"),
    bind(&[letter('M')], Key::Tab(Screen::Works), "dash.works.key"),
    bind(&[letter('r')], Key::Ask, "dash.key_ask"),
    bind(&[letter('B')], Key::Storm, "dash.key_storm"),
    bind(&[letter('y')], Key::Copy, "dash.key_copy"),
    bind(&[letter('S')], Key::Keep, "dash.key_keep"),
    bind(&[plain(KeyCode::Tab)], Key::NextTab(1), "dash.key_next_tab"),
    bind(&[plain(KeyCode::BackTab)], Key::NextTab(-1), "dash.key_previous_tab"),
    bind(&[control('l')], Key::Redraw, "dash.key_redraw"),
    bind(&[control('z')], Key::Suspend, "dash.key_suspend"),
];
const WRITE: [Binding; 1] = [bind(&[letter('e')], Key::Export, "dash.key_export")];
const PALETTE: Binding = footer(&[letter(':')], Key::Palette, "dash.key_palette");
const FILTER: Binding = footer(&[letter('f')], Key::Filter, "dash.key_filter");
const LONGER: Binding = footer(&[letter('+'), letter('=')], Key::Range(1), "dash.key_longer");
const SHORTER: Binding = footer(&[letter('-')], Key::Range(-1), "dash.key_shorter");
const EARLIER: Binding = footer(&[letter('[')], Key::Time(-1), "dash.key_earlier");
const LATER: Binding = footer(&[letter(']')], Key::Time(1), "dash.key_later");

// Where the footer is short of room its end is left out: leaving comes before the language.
const TREE: [Binding; 12] =
    [OPEN, BACK, TAKE, MAINTAIN, SEARCH, SORT, NETWORK, HELP, QUIT, PALETTE, LANGUAGE, CAUSE];
const INCIDENTS: [Binding; 10] =
    [OPEN, BACK, TAKE, CAUSE, MAINTAIN, SEARCH, HELP, QUIT, PALETTE, LANGUAGE];
const WORKS: [Binding; 9] = [
    OPEN,
    BACK,
    MAINTAIN,
    footer(&[letter('x'), plain(KeyCode::Delete)], Key::End, "dash.works.key_end"),
    SEARCH,
    HELP,
    QUIT,
    PALETTE,
    LANGUAGE,
];
const CARRIER: Binding = footer(&[letter('c')], Key::Carrier, "dash.key_carrier");
const LINES: [Binding; 13] = [
    OPEN, BACK, TAKE, MAINTAIN, SEARCH, SORT, FILTER, CARRIER, HELP, QUIT, PALETTE, LANGUAGE, CAUSE,
];
const DEVICES: [Binding; 12] =
    [OPEN, BACK, TAKE, MAINTAIN, SEARCH, SORT, FILTER, HELP, QUIT, PALETTE, LANGUAGE, CAUSE];
const LOG: [Binding; 9] = [
    OPEN,
    FILTER,
    footer(&[letter('F')], Key::Follow, "dash.key_follow"),
    SEARCH,
    HELP,
    QUIT,
    PALETTE,
    LANGUAGE,
    CAUSE,
];
const MAP: [Binding; 11] =
    [OPEN, BACK, TAKE, MAINTAIN, SEARCH, NETWORK, HELP, QUIT, PALETTE, LANGUAGE, CAUSE];
const HEAT: [Binding; 12] =
    [OPEN, BACK, LONGER, SHORTER, EARLIER, LATER, SORT, NETWORK, HELP, QUIT, PALETTE, LANGUAGE];
const DRIFT: [Binding; 10] =
    [OPEN, BACK, FILTER, TAKE, MAINTAIN, SEARCH, HELP, QUIT, PALETTE, LANGUAGE];
const REPORTS: [Binding; 14] = [
    footer(&[plain(KeyCode::Left), letter('['), letter('h')], Key::Time(-1), "dash.key_earlier"),
    footer(&[plain(KeyCode::Right), letter(']'), letter('l')], Key::Time(1), "dash.key_later"),
    footer(&[letter('e')], Key::Export, "dash_reports.key_save"),
    footer(&[plain(KeyCode::Enter)], Key::Open, "dash_reports.key_wide"),
    footer(&[letter('>'), letter('.')], Key::Aside(1), "dash_reports.key_right"),
    footer(&[letter('u')], Key::Widen, "dash_reports.key_unit"),
    footer(&[plain(KeyCode::Esc), plain(KeyCode::Backspace)], Key::Back, "dash.key_back"),
    footer(&[letter('+'), letter('=')], Key::Range(1), "dash_reports.key_longer"),
    footer(&[letter('-')], Key::Range(-1), "dash_reports.key_shorter"),
    bind(&[letter('<'), letter(',')], Key::Aside(-1), "dash_reports.key_left"),
    HELP,
    QUIT,
    PALETTE,
    LANGUAGE,
];
const WALL: [Binding; 5] = [BACK, HELP, QUIT, PALETTE, LANGUAGE];
const SUBJECT: [Binding; 13] = [
    BACK, TAKE, CAUSE, MAINTAIN, LONGER, SHORTER, EARLIER, LATER, SEARCH, HELP, QUIT, PALETTE,
    LANGUAGE,
];
const MOVES: [Binding; 2] = [UP, DOWN];
const SEARCHING: [Binding; 11] = [
    footer(&[plain(KeyCode::Enter)], Key::Open, "dash.key_jump"),
    footer(&[plain(KeyCode::Esc)], Key::Back, "dash.key_close"),
    bind(&[plain(KeyCode::Up), control('p')], Key::Step(Step::By(-1)), "dash.key_up"),
    bind(&[plain(KeyCode::Down), control('n')], Key::Step(Step::By(1)), "dash.key_down"),
    bind(&[plain(KeyCode::PageUp)], Key::Page(-1), "dash.key_page_up"),
    bind(&[plain(KeyCode::PageDown)], Key::Page(1), "dash.key_page_down"),
    footer(&[plain(KeyCode::Backspace)], Key::Erase, "dash.key_erase"),
    bind(&[control('w')], Key::EraseWord, "dash.key_erase_word"),
    footer(&[control('u')], Key::EraseAll, "dash.key_erase_all"),
    bind(&[control('c')], Key::Quit, "dash.key_quit"),
    bind(&[control('z')], Key::Suspend, "dash.key_suspend"),
];
const CHOOSING: [Binding; 11] = [
    footer(&[plain(KeyCode::Enter)], Key::Open, "dash.key_do"),
    footer(&[plain(KeyCode::Esc)], Key::Back, "dash.key_close"),
    footer(&[plain(KeyCode::Up), control('p')], Key::Step(Step::By(-1)), "dash.key_up"),
    footer(&[plain(KeyCode::Down), control('n')], Key::Step(Step::By(1)), "dash.key_down"),
    bind(&[plain(KeyCode::PageUp)], Key::Page(-1), "dash.key_page_up"),
    bind(&[plain(KeyCode::PageDown)], Key::Page(1), "dash.key_page_down"),
    footer(&[plain(KeyCode::Backspace)], Key::Erase, "dash.key_erase"),
    bind(&[control('w')], Key::EraseWord, "dash.key_erase_word"),
    footer(&[control('u')], Key::EraseAll, "dash.key_erase_all"),
    bind(&[control('c')], Key::Quit, "dash.key_quit"),
    bind(&[control('z')], Key::Suspend, "dash.key_suspend"),
];
const ENTER: &[Press] = &[plain(KeyCode::Enter)];
const LEAVE: &[Press] = &[plain(KeyCode::Esc)];
const LEFT: &[Press] = &[plain(KeyCode::Left)];
const RIGHT: &[Press] = &[plain(KeyCode::Right)];
const FIELD: &[Press] =
    &[plain(KeyCode::Tab), plain(KeyCode::Down), plain(KeyCode::Up), plain(KeyCode::BackTab)];
const NEXT: &[Press] = &[plain(KeyCode::PageDown)];
const BEFORE: &[Press] = &[plain(KeyCode::PageUp)];
const RUBOUT: &[Press] = &[plain(KeyCode::Backspace)];
const EMPTY: &[Press] = &[control('u')];
const WORD: &[Press] = &[control('w')];
const INTERRUPT: &[Press] = &[control('c')];
const STOP: &[Press] = &[control('z')];

/// The keys of a dialog: what Enter does, what is chosen from left to right, what there is beside it.
const fn dialog(done: &'static str, choice: &'static str, other: &'static str) -> [Binding; 12] {
    [
        footer(ENTER, Key::Open, done),
        footer(LEAVE, Key::Back, "dash.key_leave"),
        bind(LEFT, Key::Range(-1), choice),
        footer(RIGHT, Key::Range(1), choice),
        footer(FIELD, Key::Step(Step::By(1)), "dash.key_field"),
        footer(NEXT, Key::Page(1), other),
        bind(BEFORE, Key::Page(-1), other),
        bind(RUBOUT, Key::Erase, "dash.key_erase"),
        bind(WORD, Key::EraseWord, "dash.key_erase_word"),
        footer(EMPTY, Key::EraseAll, "dash.key_erase_all"),
        bind(INTERRUPT, Key::Quit, "dash.key_quit"),
        bind(STOP, Key::Suspend, "dash.key_suspend"),
    ]
}

const TAKING: [Binding; 12] = dialog("dash.key_take_it", "dash.key_term", "dash.key_other");
const WORKING: [Binding; 12] = dialog("dash.key_announce", "dash.key_term", "dash.key_what");
const SPEAKING: [Binding; 12] =
    dialog("dash.cause.key_write", "dash.cause.key_which", "dash.cause.key_other");
const CONFIRMING: [Binding; 4] = [
    footer(ENTER, Key::Open, "dash.key_do"),
    footer(LEAVE, Key::Back, "dash.key_leave"),
    bind(INTERRUPT, Key::Quit, "dash.key_quit"),
    bind(STOP, Key::Suspend, "dash.key_suspend"),
];
const SAVING: [Binding; 6] = [
    footer(&[plain(KeyCode::Enter)], Key::Open, "dash_reports.key_write"),
    footer(&[plain(KeyCode::Esc)], Key::Back, "dash.key_leave"),
    bind(&[plain(KeyCode::Left)], Key::Range(-1), "dash_reports.key_format"),
    footer(&[plain(KeyCode::Right)], Key::Range(1), "dash_reports.key_format"),
    bind(&[control('c')], Key::Quit, "dash.key_quit"),
    bind(&[control('z')], Key::Suspend, "dash.key_suspend"),
];
const STORMING: [Binding; 12] =
    dialog("dash.key_order_storm", "dash.key_term", "dash.key_unit_above");
const HELPING: [Binding; 3] = [
    footer(
        &[plain(KeyCode::Esc), letter('?'), plain(KeyCode::Enter), plain(KeyCode::F(1))],
        Key::Back,
        "dash.key_close",
    ),
    LANGUAGE,
    QUIT,
];

/// The tables in force, first match wins.
#[must_use]
pub fn keymap(screen: Screen, mode: Mode) -> &'static [&'static [Binding]] {
    match (mode, screen) {
        (Mode::Search, _) => &[&SEARCHING],
        (Mode::Palette, _) => &[&CHOOSING],
        (Mode::Take, _) => &[&TAKING],
        (Mode::Work, _) => &[&WORKING],
        (Mode::Outage, _) => &[&SPEAKING],
        (Mode::Confirm, _) => &[&CONFIRMING],
        (Mode::Storm, _) => &[&STORMING],
        (Mode::Saving, _) => &[&SAVING],
        (Mode::Help, _) => &[&HELPING, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Coverage | Screen::Departments) => {
            &[&TREE, &MOVES, &PAGES, &REST, &WRITE]
        }
        (Mode::Normal, Screen::Incidents) => &[&INCIDENTS, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Lines) => &[&LINES, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Devices) => &[&DEVICES, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Log) => &[&LOG, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Drift) => &[&DRIFT, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Reports) => &[&REPORTS, &MOVES, &PAGES, &REST],
        (Mode::Normal, Screen::Map) => &[&MAP, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Heat) => &[&HEAT, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Subject) => &[&SUBJECT, &MOVES, &PAGES, &REST, &WRITE],
        (Mode::Normal, Screen::Wall) => &[&WALL, &REST, &WRITE],
        (Mode::Normal, Screen::Works) => &[&WORKS, &MOVES, &PAGES, &REST, &WRITE],
    }
}

/// The bindings the user is told of: without those that command the daemon where he only looks.
pub fn told(screen: Screen, mode: Mode, read_only: bool) -> impl Iterator<Item = &'static Binding> {
    let all = keymap(screen, mode).iter().flat_map(|table| table.iter());
    all.filter(move |binding| {
        let is_command = matches!(
            binding.key,
            Key::Take | Key::Maintain | Key::Cause | Key::End | Key::Storm | Key::Ask
        );
        !read_only || !is_command
    })
}

/// What an event of the keyboard means here.
#[must_use]
pub fn meaning(screen: Screen, mode: Mode, event: &KeyEvent) -> Option<Key> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    if event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
        return None;
    }
    keymap(screen, mode)
        .iter()
        .flat_map(|table| table.iter())
        .find(|b| b.presses.iter().any(|p| p.code == event.code && p.control == control))
        .map(|b| b.key)
}

impl Press {
    /// What is written on it.
    #[must_use]
    pub fn label(self, ascii: bool) -> String {
        match self.code {
            KeyCode::Char(c) if self.control => format!("Ctrl-{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Up if !ascii => "↑".to_owned(),
            KeyCode::Down if !ascii => "↓".to_owned(),
            KeyCode::Left if !ascii => "←".to_owned(),
            KeyCode::Right if !ascii => "→".to_owned(),
            other => format!("{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        let screens = [
            Screen::Coverage,
            Screen::Incidents,
            Screen::Lines,
            Screen::Departments,
            Screen::Map,
            Screen::Log,
            Screen::Devices,
            Screen::Drift,
            Screen::Reports,
            Screen::Heat,
            Screen::Works,
            Screen::Wall,
            Screen::Subject,
        ];
        for screen in screens {
            for mode in [
                Mode::Normal,
                Mode::Search,
                Mode::Help,
                Mode::Take,
                Mode::Work,
                Mode::Outage,
                Mode::Confirm,
                Mode::Storm,
                Mode::Palette,
                Mode::Saving,
            ] {
                let mut seen: Vec<Press> = Vec::new();
                for binding in keymap(screen, mode).iter().flat_map(|t| t.iter()) {
                    for press in binding.presses {
                        assert!(!seen.contains(press), "{screen:?} {mode:?}: {press:?}");
                        seen.push(*press);
                    }
                }
            }
        }
    }

    #[test]
    fn letters_are_text_while_searching_and_keys_otherwise() {
        let q = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        assert_eq!(meaning(Screen::Coverage, Mode::Normal, &q), Some(Key::Quit));
        assert_eq!(meaning(Screen::Coverage, Mode::Search, &q), None);
        assert_eq!(meaning(Screen::Coverage, Mode::Take, &q), None);
        let capital = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(meaning(Screen::Lines, Mode::Normal, &capital), Some(Key::Step(Step::Last)));
        let c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(meaning(Screen::Subject, Mode::Search, &c), Some(Key::Quit));
    }
}
