//! The map: each unit's ground in the colour of its state, its sign where it has its seat.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::coverage::position;
use super::lines;
use crate::dash::board::severity;
use crate::dash::draw::{
    Column, Line, Table, boxed, clear, line, line_right, list, rows, text as write,
};
use crate::dash::map::{Ground, Group, state_of};
use crate::dash::rows::figures;
use crate::dash::state::Row;
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::NOTHING;
use crate::locale::{number, state_name, text, width};
use crate::model::{State, UnitId};
use crate::t;

/// Most names tried to be placed.
const NAMES_MAX: usize = 60;

/// A seat as it is drawn.
struct Look {
    state: State,
    is_selected: bool,
    is_odd: bool,
}

/// Draws the map, the list beside it and what is known of the selected unit.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let panes = panes(shot.ui, shot.board, area);
    let open = shot.ui.map.open.as_ref().and_then(|id| shot.board.unit(id));
    let name = open.map_or_else(|| text(lang, "dash.list_units").to_owned(), |u| u.short.clone());
    let heading = title(theme, t!(lang, "dash.map_of", unit = name));
    if let Some(map) = panes.above {
        let inside = boxed(buffer, map, theme, &heading);
        match shot.ui.map.ground().filter(|ground| !ground.seats.is_empty()) {
            Some(ground) => whole(shot, ground, inside, buffer),
            None => empty(buffer, inside, theme, text(lang, "dash.map_empty")),
        }
    }
    let inside = boxed(buffer, panes.list, theme, &title(theme, text(lang, "dash.map_units")));
    line_right(buffer, rows(panes.list, 0, 1), panes.list.width / 2, &position(shot));
    unit_list(shot, inside, buffer);
    if let Some(below) = panes.below {
        let Some(Row::Unit(id)) = shot.ui.selected() else {
            boxed(buffer, below, theme, &Line::default());
            return;
        };
        let name = shot.board.unit(id).map(|u| u.name.clone()).unwrap_or_default();
        let inside = boxed(buffer, below, theme, &title(theme, name));
        let subjects: Vec<_> = shot.board.subjects_of(id).collect();
        lines::table_of(shot, inside, buffer, &subjects);
    }
}

/// How the seats look, each made when it is drawn: there may be many more of them than cells.
struct Looks<'a> {
    ground: &'a Ground,
    states: &'a [State],
    /// The number of the selected row's group.
    selected: Option<usize>,
}

impl Looks<'_> {
    fn state(&self, seat: usize) -> State {
        self.states.get(seat).copied().unwrap_or(State::Unmeasured)
    }

    fn get(&self, seat: usize) -> Option<Look> {
        let group = self.ground.seats.get(seat)?.group;
        let (is_selected, is_odd) = (Some(group) == self.selected, group % 2 == 1);
        Some(Look { state: self.state(seat), is_selected, is_odd })
    }
}

/// The number of the selected row's group.
fn selected(shot: &Shot<'_>, ground: &Ground) -> Option<usize> {
    let Some(Row::Unit(id)) = shot.ui.selected() else { return None };
    ground.groups.iter().position(|group| group.unit == *id)
}

/// Ground, names and signs, and beneath them what the network is and what has no place.
fn whole(shot: &Shot<'_>, ground: &Ground, area: Rect, buffer: &mut Buffer) {
    let theme = shot.theme;
    let map = rows(area, 0, area.height.saturating_sub(1));
    let (states, selected) = (shot.ui.map.states(), selected(shot, ground));
    let looks = Looks { ground, states, selected };
    for y in 0..map.height {
        for x in 0..map.width.min(ground.columns) {
            let look = |half: u16| looks.get(ground.at(x, y * 2 + half)?);
            let (upper, lower) = (look(0), look(1));
            let Some(cell) = buffer.cell_mut((map.x + x, map.y + y)) else { continue };
            if theme.is_plain() {
                if let Some(look) = upper.or(lower) {
                    cell.set_char(plain(shot, &look));
                }
                continue;
            }
            let colour = |l: Look| theme.ground(l.state, l.is_selected, l.is_odd);
            match (upper.and_then(colour), lower.and_then(colour)) {
                (None, None) => {}
                (Some(upper), None) => {
                    cell.set_char('▀').set_fg(upper);
                }
                (None, Some(lower)) => {
                    cell.set_char('▄').set_fg(lower);
                }
                (Some(upper), Some(lower)) => {
                    cell.set_char('▀').set_fg(upper).set_bg(lower);
                }
            }
        }
    }
    let places = places(&looks, shot.ui.map.signed());
    names(shot, &looks, &places, map, buffer);
    signs(shot, &looks, &places, map, buffer);
    legend(shot, &looks, rows(area, area.height.saturating_sub(1), 1), buffer);
}

/// Without colours the state is a sign, and the selected unit's ground is denser.
fn plain(shot: &Shot<'_>, look: &Look) -> char {
    match look.state {
        State::Up if look.is_selected => ':',
        State::Up => '.',
        state => shot.theme.glyph(state),
    }
}

/// Where the signs stand: (seat, column, row); of several in one cell the worst is the one that is
/// seen.
fn places(looks: &Looks<'_>, signed: &[usize]) -> Vec<(usize, u16, u16)> {
    let ground = looks.ground;
    let cell = |x: u16, y: u16| usize::from(y) * usize::from(ground.columns) + usize::from(x);
    let mut seen: Vec<Option<usize>> =
        vec![None; usize::from(ground.columns) * usize::from(ground.rows.div_ceil(2))];
    for i in signed.iter().copied() {
        let Some(seat) = ground.seats.get(i) else { continue };
        let state = looks.state(i);
        let Some(slot) = seen.get_mut(cell(seat.x, seat.y / 2)) else { continue };
        let worse = |other: usize| severity(looks.state(other)) < severity(state);
        if slot.is_none_or(worse) {
            *slot = Some(i);
        }
    }
    let seats = seen.into_iter().flatten();
    seats.filter_map(|i| ground.seats.get(i).map(|seat| (i, seat.x, seat.y / 2))).collect()
}

/// Which cells of the map are taken.
struct Taken {
    columns: u16,
    cells: Vec<bool>,
}

impl Taken {
    fn new(area: Rect) -> Self {
        let cells = vec![false; usize::from(area.width) * usize::from(area.height)];
        Self { columns: area.width, cells }
    }

    fn row(&mut self, place: Rect) -> &mut [bool] {
        let end = place.right().min(self.columns);
        let at = |x: u16| usize::from(place.y) * usize::from(self.columns) + usize::from(x);
        self.cells.get_mut(at(place.x.min(end))..at(end)).unwrap_or_default()
    }

    fn take(&mut self, place: Rect) {
        self.row(place).fill(true);
    }

    fn is_free(&mut self, place: Rect) -> bool {
        !self.row(place).contains(&true)
    }
}

/// The name of each row's ground, where it covers neither a sign nor another name; the selected
/// one's in any case.
fn names(
    shot: &Shot<'_>,
    looks: &Looks<'_>,
    signs: &[(usize, u16, u16)],
    area: Rect,
    buffer: &mut Buffer,
) {
    let Looks { ground, selected, .. } = *looks;
    let mut groups: Vec<(usize, &Group)> = ground.groups.iter().enumerate().collect();
    groups.sort_by_key(|(i, _)| Some(*i) != selected);
    let mut taken = Taken::new(area);
    for (_, x, y) in signs {
        taken.take(Rect { x: *x, y: *y, width: 1, height: 1 });
    }
    // Who has hundreds of units beneath one sees their grounds, not their names.
    for (i, group) in groups.into_iter().take(NAMES_MAX) {
        let (id, count) = (&group.unit, group.seats);
        let Some(unit) = shot.board.unit(id) else { continue };
        let wide = u16::try_from(width(&unit.short)).unwrap_or(u16::MAX);
        if wide > area.width {
            continue;
        }
        let (x, y) = (i64::from(group.middle.0), i64::from(group.middle.1 / 2));
        let half = i64::from(wide / 2);
        let at = |x: i64, y: i64| {
            let y = u16::try_from(y).ok().filter(|y| *y < area.height)?;
            let x = u16::try_from(x.max(0)).ok()?.min(area.width - wide);
            Some(Rect { x, y, width: wide, height: 1 })
        };
        // A single unit's name stands beside its sign, a district's in its middle.
        let beside = [(2, 0), (-1 - i64::from(wide), 0)];
        let around = [0, -1, 1, -2, 2].map(|dy| (-half, dy));
        let tried = beside.iter().filter(|_| count == 1).chain(&around);
        let mut free = tried.filter_map(|(dx, dy)| at(x + dx, y + dy)).filter(|place| {
            let wider =
                Rect { x: place.x.saturating_sub(1), width: wide.saturating_add(2), ..*place };
            taken.is_free(if count == 1 { *place } else { wider })
        });
        let is_selected = Some(i) == selected;
        let forced = if is_selected { at(x - half, y) } else { None };
        let Some(place) = free.next().or(forced) else { continue };
        let style = if is_selected { shot.theme.selected() } else { shot.theme.strong() };
        let style = if shot.theme.is_plain() { style } else { style.bg(Color::Reset) };
        // What the ground has in front is no part of a name.
        clear(buffer, Rect { x: area.x + place.x, y: area.y + place.y, ..place });
        write(buffer, rows(area, place.y, 1), place.x, &unit.short, style);
        taken.take(place);
    }
}

/// The signs of the units.
fn signs(
    shot: &Shot<'_>,
    looks: &Looks<'_>,
    places: &[(usize, u16, u16)],
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = shot.theme;
    for (i, x, y) in places {
        let Some(look) = looks.get(*i) else { continue };
        let mut encoded = [0; 4];
        let sign = theme.glyph(look.state).encode_utf8(&mut encoded);
        let style = match theme.ground(look.state, look.is_selected, look.is_odd) {
            Some(ground) => Style::new().fg(Color::Black).bg(ground),
            None => theme.state(look.state),
        };
        let row = rows(area, *y, 1);
        if !row.is_empty() && *x < row.width {
            write(buffer, row, *x, sign, style);
        }
    }
}

fn legend(shot: &Shot<'_>, looks: &Looks<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let network = shot.ui.network(shot.board).map(|n| n.short.clone()).unwrap_or_default();
    let unplaced = i64::try_from(looks.ground.unplaced).unwrap_or(i64::MAX);
    let counts = shot.ui.map.counts();
    let with = |is_named: bool| {
        let mut words = Line::styled(network.clone(), theme.strong());
        for (state, count) in State::ALL.into_iter().zip(*counts) {
            if count > 0 {
                let count = number(lang, i64::from(count));
                let name = if is_named { state_name(lang, state) } else { "" };
                let gap = if is_named { " " } else { "" };
                let said = format!("{} {name}{gap}{count}", theme.glyph(state));
                words.push("  ", Style::new());
                words.push(said, theme.state(state));
            }
        }
        if unplaced > 0 {
            let said = t!(lang, "dash.map_unplaced", count = number(lang, unplaced));
            words.push(format!("  {said}"), theme.dim());
        }
        words
    };
    let named = with(true);
    let fits = named.width() < usize::from(area.width);
    let words = if fits { named } else { with(false) };
    line(buffer, area, 1, &words);
}

/// How long a unit's line has not been up; nothing of one that is.
fn since(shot: &Shot<'_>, id: &UnitId, state: State) -> Line {
    let network = shot.ui.network(shot.board).map(|n| &n.id);
    let mut lines = shot.board.subjects_of(id).filter(|s| s.network() == network);
    match lines.find(|s| s.now().state == state && state != State::Up) {
        Some(line) => Line::styled(shot.age(line.now().since), shot.theme.state(state)),
        None => Line::default(),
    }
}

fn unit_list(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (theme, board, ui) = (shot.theme, shot.board, shot.ui);
    let network = ui.network(board);
    let heading = network.map(|n| n.short.clone()).unwrap_or_default();
    let columns = vec![
        Column::words("", 1, 0),
        Column::growing(text(ui.lang, "dash.column_unit"), 12),
        Column::figures(heading, 8, 0),
    ];
    let table = Table::new(columns, area.width);
    let Some(place) = ui.place() else { return };
    let height = usize::from(area.height.saturating_sub(1));
    let window = (place.first_visible(&ui.rows, height), place.index(&ui.rows), ui.rows.len());
    list(buffer, area, theme, &table, window, |i| {
        let Some(Row::Unit(id)) = ui.rows.get(i) else { return Vec::new() };
        let Some(unit) = board.unit(id) else { return Vec::new() };
        let is_leaf = board.is_leaf(id);
        let state = match is_leaf {
            true => state_of(board, unit, network.map(|n| &n.id)),
            false => board.mark(id),
        };
        let count = network.and_then(|n| figures(board, unit, &n.id)).map(|row| row.ladder);
        let count = match count {
            Some(_) if is_leaf => since(shot, id, state),
            Some(ladder) => {
                let style =
                    if ladder.live < ladder.required { theme.fault() } else { Style::new() };
                Line::styled(format!("{}/{}", ladder.live, ladder.required), style)
            }
            None => Line::plain(NOTHING),
        };
        vec![
            Line::styled(theme.glyph(state).to_string(), theme.state(state)),
            Line::plain(unit.short.clone()),
            count,
        ]
    });
}
