//! A user at the dashboard without a terminal.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use tuantra::dash::keys::meaning;
use tuantra::dash::state::HistoryRequest;
use tuantra::dash::{Action, Board, Cmd, Colours, Link, Scene, Theme, Ui, update, view};
use tuantra::locale::Lang;
use tuantra::model::UnixMs;

use crate::{lost, sample};

pub struct Desk {
    pub board: Board,
    pub ui: Ui,
    pub link: Link,
    pub theme: Theme,
    pub now: UnixMs,
}

impl Desk {
    pub fn new(lang: Lang, size: (u16, u16)) -> Self {
        Self::over(Board::new(sample::province()), lang, size)
    }

    pub fn over(board: Board, lang: Lang, size: (u16, u16)) -> Self {
        let theme = Theme { colours: Colours::True, ascii: false };
        let ui = Ui::new(lang, size);
        let mut desk = Self { board, ui, link: Link::Live, theme, now: sample::NOW + 1_000 };
        desk.act(Action::Data);
        desk
    }

    /// Takes an action in; asked histories are answered at once.
    pub fn act(&mut self, action: Action) -> Vec<Cmd> {
        let mut commands = update(&mut self.ui, Some(&self.board), &self.link, action, self.now);
        let mut answered = 0;
        while let Some(command) = commands.get(answered).cloned() {
            answered += 1;
            assert!(answered < 2_000, "every answer leads to another question");
            let history = |request: &HistoryRequest| {
                let history = sample::history(&request.subject, request.window, request.columns);
                Ok(Arc::new(history))
            };
            let answer = match &command {
                Cmd::History(request) => Action::History(request.clone(), history(request)),
                Cmd::Heat(query) => {
                    let rows = lost::rows(&self.board, query, self.now);
                    Action::Heat(query.clone(), Ok(rows))
                }
                Cmd::Drift(question) => Action::Drift(*question, Ok(sample::drifts())),
                Cmd::Report(request) => {
                    Action::Report(request.clone(), Ok(sample::report(&request.command())))
                }
                Cmd::Closed(_) => Action::Closed(Ok(sample::closed())),
                Cmd::Loads(_) => Action::Loads(Ok(sample::loads())),
                Cmd::Works => Action::Works(Ok(sample::works())),
                Cmd::Log(request) => Action::Log(*request, Ok(sample::events())),
                _ => continue,
            };
            let more = update(&mut self.ui, Some(&self.board), &self.link, answer, self.now);
            assert_eq!(more, [], "an answered question is asked again, or leads to another");
        }
        // Lists that a screen asks for by itself are no one's doing.
        commands.retain(|command| !matches!(command, Cmd::Closed(_) | Cmd::Loads(_) | Cmd::Works));
        commands
    }

    /// Presses keys: `<Enter>`, `<Esc>`, … or letters.
    pub fn press(&mut self, keys: &str) -> Vec<Cmd> {
        let mut commands = Vec::new();
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let code = if first == '<' {
                let end = rest.find('>').expect("a closing bracket");
                let code = match &rest[1..end] {
                    "Enter" => KeyCode::Enter,
                    "Esc" => KeyCode::Esc,
                    "Up" => KeyCode::Up,
                    "Down" => KeyCode::Down,
                    "Left" => KeyCode::Left,
                    "Right" => KeyCode::Right,
                    "PgUp" => KeyCode::PageUp,
                    "End" => KeyCode::End,
                    "Home" => KeyCode::Home,
                    "PgDn" => KeyCode::PageDown,
                    "Tab" => KeyCode::Tab,
                    "BackTab" => KeyCode::BackTab,
                    "Backspace" => KeyCode::Backspace,
                    other => panic!("no key {other}"),
                };
                rest = &rest[end + 1..];
                code
            } else {
                rest = &rest[first.len_utf8()..];
                KeyCode::Char(first)
            };
            let event = KeyEvent::new(code, KeyModifiers::NONE);
            match meaning(self.ui.screen, self.ui.mode, &event) {
                Some(key) => commands.extend(self.act(Action::Key(key))),
                None if self.ui.mode.is_typing() => {
                    commands.extend(self.act(Action::Text(first.to_string())));
                }
                None => {}
            }
        }
        commands
    }

    pub fn frame(&self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.ui.size.0, self.ui.size.1));
        let scene = Scene {
            board: Some(&self.board),
            link: &self.link,
            ui: &self.ui,
            theme: &self.theme,
            now: self.now,
        };
        view(&scene, buffer.area, &mut buffer);
        buffer
    }

    /// The frame again, inside a larger buffer; nothing around it may be touched.
    pub fn must_stay_inside(&self) {
        const MARGIN: u16 = 2;
        let (columns, rows) = self.ui.size;
        let whole = Rect::new(0, 0, columns + 2 * MARGIN, rows + 2 * MARGIN);
        let mut buffer = Buffer::filled(whole, ratatui::buffer::Cell::new("#"));
        let scene = Scene {
            board: Some(&self.board),
            link: &self.link,
            ui: &self.ui,
            theme: &self.theme,
            now: self.now,
        };
        let inside = Rect::new(MARGIN, MARGIN, columns, rows);
        view(&scene, inside, &mut buffer);
        // Whatever was there before, every cell inside is set: frames change places.
        let fresh = self.frame();
        for (x, y) in (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))) {
            let (drawn, wanted) = (&buffer[(x + MARGIN, y + MARGIN)], &fresh[(x, y)]);
            assert_eq!(drawn, wanted, "{x},{y} of {columns}×{rows}");
        }
        for y in 0..whole.height {
            for x in 0..whole.width {
                let is_outside = !inside.contains((x, y).into());
                assert!(
                    !is_outside || buffer[(x, y)].symbol() == "#",
                    "{x},{y} of {columns}×{rows}"
                );
            }
        }
    }

    pub fn text(&self) -> String {
        text(&self.frame())
    }
}

/// A frame's letters, lines without trailing blanks.
pub fn text(buffer: &Buffer) -> String {
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            line.push_str(buffer[(x, y)].symbol());
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A frame's styles: `.` plain, `d` dim, `b` bold, `R` reversed, digits for colours in the order
/// they appear.
pub fn styles(buffer: &Buffer) -> String {
    let mut colours = Vec::new();
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let sign = if cell.modifier.contains(Modifier::REVERSED) {
                'R'
            } else if cell.fg != ratatui::style::Color::Reset {
                let at = colours.iter().position(|c| *c == cell.fg).unwrap_or_else(|| {
                    colours.push(cell.fg);
                    colours.len() - 1
                });
                char::from_digit(at as u32, 10).unwrap_or('*')
            } else if cell.modifier.contains(Modifier::BOLD) {
                'b'
            } else if cell.modifier.contains(Modifier::DIM) {
                'd'
            } else {
                '.'
            };
            line.push(sign);
        }
        lines.push(line.trim_end_matches('.').to_owned());
    }
    format!("{}\n{colours:?}", lines.join("\n"))
}
