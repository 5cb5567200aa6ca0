//! From board and user to cells. Pure; nothing here may panic at any size.

use compact_str::CompactString;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::board::Board;
use super::draw::{Line, rows, text};
use super::link::Link;
use super::screens;
use super::state::{Freshness, Mode, Screen, Ui, freshness};
pub(super) use super::tabs::names as tab_names;
use super::theme::{Colours, Theme};
use crate::locale;
use crate::model::UnixMs;
use crate::t;

/// Everything a frame is made of.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// `None` until a source has answered.
    pub board: Option<&'a Board>,
    /// Where the board comes from.
    pub link: &'a Link,
    /// What the user has chosen.
    pub ui: &'a Ui,
    /// How things look.
    pub theme: &'a Theme,
    /// The time of the frame.
    pub now: UnixMs,
}

/// A scene with its board.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shot<'a> {
    pub board: &'a Board,
    pub link: &'a Link,
    pub ui: &'a Ui,
    pub theme: &'a Theme,
    pub now: UnixMs,
}

/// Smallest terminal that gets the full screen.
const LEAST: (u16, u16) = (60, 15);

/// Columns from which a second pane stands at the right.
const TWO_PANES: u16 = 120;

/// Columns left of a chart for its scale.
pub(super) const SCALE: u16 = 9;

/// Draws one frame into `area`; every cell of it is set.
pub fn view(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    draw(scene, area, buffer);
    if scene.theme.ascii {
        make_plainer(scene.theme, area, buffer);
    }
}

/// Signs of texts and names, which do not ask the theme.
fn make_plainer(theme: &Theme, area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let Some(cell) = buffer.cell_mut((x, y)) else { continue };
            let Some(sign) = cell.symbol().chars().next() else { continue };
            let Some(plainer) = theme.plainer(sign) else { continue };
            cell.set_char(plainer);
            // "≤ 20" becomes "<=20": a bound is within what it bounds.
            let next = buffer.cell_mut((x.saturating_add(1), y)).filter(|_| x + 1 < area.right());
            if let Some(next) = next.filter(|next| "≤≥".contains(sign) && next.symbol() == " ")
            {
                next.set_char('=');
            }
        }
    }
}

fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    let Scene { link, ui, theme, now, .. } = *scene;
    let Some(board) = scene.board else {
        return screens::chrome::waiting(scene, area, buffer);
    };
    let shot = Shot { board, link, ui, theme, now };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return screens::chrome::summary(&shot, area, buffer);
    }
    screens::chrome::header(&shot, rows(area, 0, 1), buffer);
    screens::chrome::tabs(&shot, rows(area, 1, 1), buffer);
    screens::chrome::footer(&shot, rows(area, area.height - 2, 1), buffer);
    screens::chrome::status(&shot, rows(area, area.height - 1, 1), buffer);
    let body = body(area);
    match ui.mode {
        Mode::Search => screens::search::draw(&shot, body, buffer),
        Mode::Help => screens::help::draw(&shot, body, buffer),
        Mode::Palette => screens::palette::draw(&shot, body, buffer),
        Mode::Normal
        | Mode::Take
        | Mode::Work
        | Mode::Outage
        | Mode::Confirm
        | Mode::Storm
        | Mode::Saving => {
            screen(&shot, body, buffer);
        }
    }
    match ui.mode {
        Mode::Take => screens::take::draw(&shot, body, buffer),
        Mode::Work => screens::work::draw(&shot, body, buffer),
        Mode::Outage => screens::outage::draw(&shot, body, buffer),
        Mode::Confirm => screens::confirm::draw(&shot, body, buffer),
        Mode::Storm => screens::storm::draw(&shot, body, buffer),
        Mode::Saving => screens::saving::draw(&shot, body, buffer),
        _ => {}
    }
}

fn screen(shot: &Shot<'_>, body: Rect, buffer: &mut Buffer) {
    match shot.ui.screen {
        Screen::Coverage | Screen::Departments => screens::coverage::draw(shot, body, buffer),
        Screen::Incidents => screens::incidents::draw(shot, body, buffer),
        Screen::Lines => screens::lines::draw(shot, body, buffer),
        Screen::Map => screens::map::draw(shot, body, buffer),
        Screen::Log => screens::log::draw(shot, body, buffer),
        Screen::Reports => screens::reports::draw(shot, body, buffer),
        Screen::Devices => screens::devices::draw(shot, body, buffer),
        Screen::Drift => screens::drift::draw(shot, body, buffer),
        Screen::Heat => screens::heat::draw(shot, body, buffer),
        Screen::Works => screens::works::draw(shot, body, buffer),
        Screen::Wall => screens::wall::draw(shot, body, buffer),
        Screen::Subject => screens::subject::draw(shot, body, buffer),
    }
}

fn body(area: Rect) -> Rect {
    rows(area, 2, area.height.saturating_sub(4))
}

/// The panes of a screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panes {
    /// Above the open list.
    pub above: Option<Rect>,
    /// The open list.
    pub list: Rect,
    /// At its right.
    pub side: Option<Rect>,
    /// Beneath both.
    pub below: Option<Rect>,
    /// At the right of that.
    pub below_side: Option<Rect>,
}

fn split(area: Rect, left: u16) -> (Rect, Rect) {
    let left = left.min(area.width);
    let right = Rect { x: area.x + left, width: area.width - left, ..area };
    (Rect { width: left, ..area }, right)
}

/// How a screen's body is divided.
pub(super) fn panes(ui: &Ui, board: &Board, body: Rect) -> Panes {
    let two = body.width >= TWO_PANES;
    let open = u16::try_from(board.incidents.len()).unwrap_or(u16::MAX);
    let (below, side) = match ui.screen {
        Screen::Coverage | Screen::Departments => {
            let carriers = if two { board.carriers.len() } else { 0 };
            let carriers = u16::try_from(carriers).unwrap_or(u16::MAX).saturating_add(1);
            let wanted = open.max(1).max(carriers).saturating_add(2);
            (wanted.min(body.height * 2 / 5).max(3), two)
        }
        Screen::Incidents => ((body.height / 2).min(12), false),
        Screen::Lines => return lines_panes(ui, body),
        Screen::Map => return map_panes(body),
        Screen::Reports => return report_panes(ui, body),
        Screen::Log | Screen::Drift => (if body.height >= 14 { 5 } else { 0 }, false),
        Screen::Works => (if body.height >= 14 { 7 } else { 0 }, false),
        Screen::Devices | Screen::Heat | Screen::Wall | Screen::Subject => (0, false),
    };
    let above = None;
    if body.height < below + 5 || below < 3 {
        return Panes { above, list: body, side: None, below: None, below_side: None };
    }
    let upper = rows(body, 0, body.height - below);
    let lower = rows(body, body.height - below, below);
    let left = if body.width >= 180 { body.width * 52 / 100 } else { body.width * 64 / 100 };
    let (list, side) = if side { split(upper, left) } else { (upper, Rect { width: 0, ..upper }) };
    let has_carriers = two
        && !matches!(ui.screen, Screen::Incidents | Screen::Log | Screen::Drift | Screen::Works)
        && !board.carriers.is_empty();
    let (below, below_side) =
        if has_carriers { split(lower, left) } else { (lower, Rect { width: 0, ..lower }) };
    let some = |r: Rect| (!r.is_empty()).then_some(r);
    Panes { above, list, side: some(side), below: some(below), below_side: some(below_side) }
}

/// The carriers above the lines, unless that would leave too little of these.
fn lines_panes(ui: &Ui, body: Rect) -> Panes {
    let none = Panes { above: None, list: body, side: None, below: None, below_side: None };
    let wanted = u16::try_from(ui.carriers.looks.len()).unwrap_or(u16::MAX).saturating_add(3);
    let most = body.height / 2;
    if ui.carriers.looks.is_empty() || most < 4 {
        return none;
    }
    let above = wanted.min(most);
    let list = rows(body, above, body.height - above);
    Panes { above: Some(rows(body, 0, above)), list, ..none }
}

/// The map at the left, the list of its units at the right, what is known of the selected one
/// beneath that.
fn map_panes(body: Rect) -> Panes {
    let (map, list) = split(body, body.width - (body.width / 3).clamp(26, 56).min(body.width));
    let below = if list.height >= 24 { list.height / 3 } else { 0 };
    let upper = rows(list, 0, list.height - below);
    let below = rows(list, list.height - below, below);
    let below = (!below.is_empty()).then_some(below);
    Panes { above: Some(map), list: upper, side: None, below, below_side: None }
}

/// Columns of the list of reports.
const REPORT_KINDS: u16 = 22;

/// The kinds at the left, the text at the right of them or, where it is wide, everywhere.
fn report_panes(ui: &Ui, body: Rect) -> Panes {
    let left = if ui.reports.is_wide { 0 } else { REPORT_KINDS };
    let (list, side) = split(body, left);
    Panes { above: None, list, side: Some(side), below: None, below_side: None }
}

/// Columns and lines of a report's text that are shown at a time.
#[must_use]
pub(super) fn report_size(ui: &Ui, board: &Board) -> (usize, usize) {
    let area = Rect::new(0, 0, ui.size.0, ui.size.1);
    let side = panes(ui, board, body(area)).side.unwrap_or_default();
    // The box; the line with the period above the text.
    (usize::from(side.width.saturating_sub(2)), usize::from(side.height.saturating_sub(3)))
}

/// Columns and half rows of the map.
#[must_use]
pub(super) fn map_size(size: (u16, u16)) -> (u16, u16) {
    let map = map_panes(body(Rect::new(0, 0, size.0, size.1))).above.unwrap_or_default();
    // The box and the line beneath the map.
    (map.width.saturating_sub(2), map.height.saturating_sub(3).saturating_mul(2))
}

/// Columns left and right of the heat map's cells.
pub(super) const HEAT_NAME: u16 = 16;
/// See [`HEAT_NAME`].
pub(super) const HEAT_SUM: u16 = 9;

/// Columns that the cells of the heat map have.
#[must_use]
pub(super) fn heat_columns(size: (u16, u16)) -> usize {
    usize::from(size.0.saturating_sub(2 + HEAT_NAME + 1 + HEAT_SUM + 1))
}

/// Rows the open list shows at a time.
#[must_use]
pub(super) fn list_height(ui: &Ui, board: &Board) -> usize {
    let area = Rect::new(0, 0, ui.size.0, ui.size.1);
    let list = panes(ui, board, body(area)).list;
    // Two lines of box, one of headings; the heat map has one of signs and one of the worst more, the
    // drift one of sums.
    let more = match ui.screen {
        Screen::Heat => 2,
        Screen::Drift => 1,
        _ => 0,
    };
    usize::from(list.height.saturating_sub(3 + more)).max(1)
}

/// Where the rows of the open list are drawn, and how many of them; `None` where there is none.
#[must_use]
pub(super) fn list_area(ui: &Ui, board: &Board) -> Option<(Rect, usize)> {
    ui.place()?;
    let area = Rect::new(0, 0, ui.size.0, ui.size.1);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return None;
    }
    let list = panes(ui, board, body(area)).list;
    let height = list_height(ui, board);
    let below_head = rows(list, 2, u16::try_from(height).unwrap_or(u16::MAX));
    Some((below_head, height))
}

/// How far down the help can be read.
#[must_use]
pub(super) fn help_most(ui: &Ui) -> usize {
    screens::help::most(ui, body(Rect::new(0, 0, ui.size.0, ui.size.1)))
}

/// How far down the facts of the open subject can be read.
#[must_use]
pub(super) fn facts_most(ui: &Ui, board: &Board, link: &Link, now: UnixMs) -> usize {
    // Colours take no room.
    let theme = &Theme { colours: Colours::None, ascii: false };
    let shot = Shot { board, link, ui, theme, now };
    screens::subject::most(&shot, body(Rect::new(0, 0, ui.size.0, ui.size.1)))
}

/// Hits the search shows at a time.
#[must_use]
pub(super) fn search_height(size: (u16, u16)) -> usize {
    // Box, search line and headings.
    usize::from(size.1.saturating_sub(4 + 2 + 2)).max(1)
}

/// Points of a subject's chart.
#[must_use]
pub(super) fn chart_columns(size: (u16, u16)) -> usize {
    usize::from(size.0.saturating_sub(2 + SCALE + 1)).clamp(10, 400)
}

impl Shot<'_> {
    /// Whether the data can be trusted to be now.
    pub fn freshness(&self) -> Freshness {
        freshness(self.board, self.link, self.now)
    }

    /// How many subjects are there already, while they are not all there.
    pub fn loading(&self) -> Option<String> {
        let count = |n: usize| locale::number(self.ui.lang, i64::try_from(n).unwrap_or(i64::MAX));
        let (got, of) = self.board.loading()?;
        let sign = self.theme.turning(self.now);
        let words = t!(self.ui.lang, "dash_loading.subjects", got = count(got), of = count(of));
        Some(format!("{sign} {words}"))
    }

    /// How long ago, at most `now`.
    pub fn age(&self, since: UnixMs) -> String {
        locale::duration_short(self.ui.lang, self.now.since(since).max(0))
    }

    /// "07:31" today, "28/03" on another day: five columns.
    pub fn when(&self, at: UnixMs) -> String {
        self.short_time(at, "%d/%m", "%m-%d")
    }

    /// The same with the time of day, always: until when something holds.
    pub fn until(&self, at: UnixMs) -> String {
        self.short_time(at, "%H:%M %d/%m", "%m-%d %H:%M")
    }

    fn short_time(&self, at: UnixMs, vi: &str, en: &str) -> String {
        let (then, today) = (self.board.local(at), self.board.local(self.now));
        if then.date() == today.date() {
            then.strftime("%H:%M").to_string()
        } else {
            let form = if self.ui.lang == locale::Lang::Vi { vi } else { en };
            then.strftime(form).to_string()
        }
    }
}

/// A sentence where a list has no rows.
pub(super) fn empty(buffer: &mut Buffer, area: Rect, theme: &Theme, words: &str) {
    if area.height > 0 {
        text(buffer, rows(area, 0, 1), 1, words, theme.dim());
    }
}

/// A title of a pane.
pub(super) fn title(theme: &Theme, words: impl Into<CompactString>) -> Line {
    Line::styled(words, theme.strong())
}
