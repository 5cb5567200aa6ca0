//! What is open now, by root cause, with what it cuts off.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::coverage::position;
use super::listed::open_list;
use super::{closed, facts, lines};
use crate::dash::board::Board;
use crate::dash::draw::{Column, Line, Table, boxed, line, line_right, rows};
use crate::dash::state::Row;
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::{
    NOTHING, impact, incident_signs, others, root_title, subject_title, tier_word,
};
use crate::locale::{
    duration_short, fit, incident_notes, sign_words, state_name, text, visible, width,
};
use crate::model::{Incident, SubjectId};
use crate::t;

/// Columns from which there is room for an impact in full, with its signs.
const WIDE: u16 = 100;
/// The column of the roots' names.
const ROOT: usize = 2;
/// Rows up to which there is hardly any room.
const SHORT: u16 = 5;
/// Most lines about what is down together with the root.
const WITH_MAX: usize = 2;

fn columns(shot: &Shot<'_>, width: u16) -> Table {
    let lang = shot.ui.lang;
    let at = shot.board.at;
    let is_noted = shot.board.incidents.iter().any(|i| !incident_notes(lang, i, at).is_empty());
    let mut columns = vec![
        Column::words("", 1, 0),
        Column::words(text(lang, "dash.column_since"), 5, 0),
        Column::growing(text(lang, "dash.column_root"), 24),
        Column::words(text(lang, "dash.column_impact"), if width < WIDE { 36 } else { 40 }, 0),
        Column::figures(text(lang, "dash.column_age"), 7, 0),
        Column::words(text(lang, "dash.column_carrier"), 16, 2),
        Column::words(text(lang, "dash.column_circuit"), 10, 3),
        Column::words(text(lang, "dash.column_hotline"), 14, 1),
    ];
    if is_noted {
        columns.push(Column::words(text(lang, "dash.column_note"), 40, 4));
    }
    Table::new(columns, width)
}

fn cells(shot: &Shot<'_>, table: &Table, incident: &Incident) -> Vec<Line> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let style = theme.state(incident.state);
    let root = board.subject(&incident.root);
    let name = root.map_or_else(|| incident.root.to_string(), |s| subject_title(board, s));
    // Whoever calls one carrier must know that there is another: that is not cut off.
    let others = others(incident.with.len());
    let name = fit(&name, table.width(ROOT).saturating_sub(width(&others)));
    let carrier = root.and_then(|s| board.carrier(s));
    let or_nothing = |text: Option<String>| Line::plain(text.unwrap_or_else(|| NOTHING.to_owned()));
    vec![
        Line::styled(theme.glyph(incident.state).to_string(), style),
        Line::plain(shot.when(incident.since)),
        Line::styled(name + &others, style),
        impact_cell(shot, incident),
        Line::plain(shot.age(incident.since)),
        or_nothing(carrier.map(|c| c.name.clone())),
        or_nothing(root.and_then(|s| s.circuit()).map(str::to_owned)),
        or_nothing(carrier.and_then(|c| c.hotline.clone())),
        Line::plain(incident_notes(lang, incident, board.at).join(" · ")),
    ]
}

/// The impact, with the incident's signs before it: where room is short the end is cut off.
fn impact_cell(shot: &Shot<'_>, incident: &Incident) -> Line {
    let signs = incident_signs(shot.theme, incident, shot.board.at);
    let impact = impact(shot.ui.lang, shot.board, incident);
    if signs.is_empty() {
        return Line::plain(impact);
    }
    Line::styled(format!("{signs} "), shot.theme.strong()).then(impact, Style::new())
}

/// The open incidents as a pane of another screen: those with the largest impact first, so that
/// what does not fit matters least.
pub fn brief(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    if shot.board.incidents.is_empty() {
        return empty(buffer, area, theme, text(lang, "dash.no_incidents"));
    }
    let open = shot.board.worst_incidents();
    let table = columns(shot, area.width);
    let room = usize::from(area.height);
    let shown = if open.len() > room { room.saturating_sub(1) } else { open.len() };
    for (y, incident) in (0..area.height).zip(open.iter().take(shown)) {
        table.row(buffer, rows(area, y, 1), &cells(shot, &table, incident));
    }
    if shown < open.len() {
        let more = t!(lang, "dash.more_incidents", count = open.len() - shown);
        let last = rows(area, area.height.saturating_sub(1), 1);
        line(buffer, last, 2, &Line::styled(more, theme.dim()));
    }
}

/// The incidents' screen.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let panes = panes(shot.ui, shot.board, area);
    let open = shot.board.incidents.iter().find(|i| Some(&i.root) == shot.ui.incident.as_ref());
    if let Some(incident) = open {
        let name = root_title(shot.board, incident);
        let mut heading = title(theme, t!(lang, "dash.consequences_of", root = name));
        if let Some(words) = shot.loading() {
            heading.push(format!("  {words}"), theme.dim());
        }
        let inside = boxed(buffer, panes.list, theme, &heading);
        line_right(buffer, rows(panes.list, 0, 1), panes.list.width / 2, &position(shot));
        consequences(shot, inside, buffer);
    } else {
        let heading = match shot.board.incidents.len() {
            0 => title(theme, text(lang, "dash.no_incidents")),
            count => title(theme, t!(lang, "dash.open_incidents", count = count)),
        };
        let inside = boxed(buffer, panes.list, theme, &heading);
        line_right(buffer, rows(panes.list, 0, 1), panes.list.width / 2, &position(shot));
        incident_list(shot, inside, buffer);
    }
    let Some(below) = panes.below else { return };
    match shot.ui.selected() {
        Some(Row::Incident(root)) => about(shot, root, below, buffer),
        Some(Row::Fold) => closed::hint(shot, below, buffer),
        Some(Row::Closed(id)) => closed::about(shot, id, below, buffer),
        Some(Row::Subject(id)) => {
            let Some(subject) = shot.board.subject(id) else { return };
            let heading = title(theme, subject_title(shot.board, subject));
            let inside = boxed(buffer, below, theme, &heading);
            facts::draw(shot, subject, inside, buffer);
        }
        Some(Row::Cut(id)) => {
            let Some(unit) = shot.board.unit(id) else { return };
            let inside = boxed(buffer, below, theme, &title(theme, unit.name.clone()));
            let subjects: Vec<_> = shot.board.subjects_of(id).collect();
            lines::table_of(shot, inside, buffer, &subjects);
        }
        _ => {
            boxed(buffer, below, theme, &Line::default());
        }
    }
}

fn incident_list(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let table = columns(shot, area.width);
    open_list(shot, area, buffer, &table, |row| match row {
        Row::Incident(root) => {
            let incident = shot.board.incidents.iter().find(|o| o.root == *root);
            incident.map(|o| cells(shot, &table, o)).unwrap_or_default()
        }
        Row::Fold => closed::fold(shot),
        Row::Closed(id) => closed::cells(shot, table.width(ROOT), id),
        _ => Vec::new(),
    });
}

/// The root, the units cut off and the subjects that cannot be reached.
fn consequences(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let columns = lines::Columns::of_many(shot, area.width);
    open_list(shot, area, buffer, &columns.table, |row| match row {
        Row::Subject(id) => {
            shot.board.subject(id).map(|s| columns.cells(shot, s)).unwrap_or_default()
        }
        Row::Cut(id) => {
            let Some(unit) = shot.board.unit(id) else { return Vec::new() };
            let mark = shot.board.mark(id);
            vec![
                Line::styled(theme.glyph(mark).to_string(), theme.state(mark)),
                Line::styled(unit.name.clone(), theme.strong()),
                Line::plain(tier_word(lang, unit.kind.tier(), 1)),
                Line::styled(state_name(lang, mark), theme.state(mark)),
            ]
        }
        _ => Vec::new(),
    });
}

/// What is said of an incident besides: what it split from, the signs that point to its cause.
fn notes(shot: &Shot<'_>, incident: &Incident) -> Vec<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let from = incident.split_from.as_ref();
    let from = from.map(|from| t!(lang, "incident.split_from", id = visible(from.as_str())));
    let signs = incident.guess.as_ref().map(|guess| {
        let signs: Vec<String> = guess.signs.iter().map(|sign| sign_words(lang, sign)).collect();
        signs.join("; ")
    });
    let said = [from, signs].into_iter().flatten();
    said.map(|words| Line::styled(words, theme.dim())).collect()
}

/// Others that are down together with the root: they may be another carrier's, and whom to call is all
/// of them.
pub fn down_with<'a>(shot: &Shot<'_>, with: impl Iterator<Item = &'a SubjectId>) -> Vec<Line> {
    let (lang, board) = (shot.ui.lang, shot.board);
    let others = with.filter_map(|id| board.subject(id)).take(WITH_MAX);
    others
        .map(|other| {
            let carrier = board.carrier(other);
            let hotline = carrier.and_then(|c| c.hotline.as_deref()).unwrap_or(NOTHING);
            let name = subject_title(board, other);
            let circuit = other.circuit().unwrap_or(NOTHING);
            Line::plain(t!(
                lang,
                "dash.with",
                name = name,
                carrier = carrier.map_or(NOTHING, |c| &c.name),
                circuit = circuit,
                hotline = hotline
            ))
        })
        .collect()
}

/// The short names of the units that are cut off, as many as have room: there may be thousands.
fn units_in(board: &Board, incident: &Incident, area: Rect) -> String {
    let room = usize::from(area.width) * usize::from(area.height);
    let mut words = String::new();
    let mut taken = 0;
    for id in &incident.impact.units {
        if taken > room {
            break;
        }
        let name = board.unit(id).map_or(id.as_str(), |unit| &unit.short);
        if taken > 0 {
            words.push_str(", ");
        }
        words.push_str(name);
        taken += width(name) + 2;
    }
    words
}

/// Below the list: the selected incident's root, whom to call, and the units it cuts off.
fn about(shot: &Shot<'_>, root: &SubjectId, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let Some(incident) = board.incidents.iter().find(|i| i.root == *root) else { return };
    let subject = board.subject(root);
    let inside = boxed(buffer, area, theme, &title(theme, root_title(board, incident)));
    // Whom to call comes before the signs of what it is: where room is short, these are cut.
    let first = subject.map_or(0, |subject| facts::first_lines(shot, subject, inside.width));
    let with = down_with(shot, incident.with.iter());
    let beneath = u16::try_from(with.len()).unwrap_or(0);
    // Where there is hardly any room the units are left out: the list says how many they are.
    let least = u16::from(inside.height > SHORT);
    let noted = rows(inside, 0, inside.height.saturating_sub(first + beneath + least));
    let mut at = 0;
    for words in notes(shot, incident) {
        let left = rows(noted, at, noted.height.saturating_sub(at));
        at += facts::wrapped(buffer, left, &words);
    }
    if subject.is_none()
        && let Some(words) = facts::said_of(shot, incident)
    {
        let left = rows(inside, at, inside.height.saturating_sub(at + least));
        at += facts::wrapped(buffer, left, &words);
    }
    if let Some(subject) = subject {
        let units = inside.height.saturating_sub(at + first + beneath).clamp(least, 3);
        let upper = rows(inside, at, inside.height.saturating_sub(at + units + beneath));
        at += facts::draw(shot, subject, upper, buffer);
    }
    for words in with {
        let left = rows(inside, at, inside.height.saturating_sub(at + least).min(1));
        at += facts::wrapped(buffer, left, &words);
    }
    let left = rows(inside, at, inside.height.saturating_sub(at));
    let words = if incident.impact.units.is_empty() {
        text(lang, "dash.impact_none").to_owned()
    } else {
        units_in(board, incident, left)
    };
    let label = t!(lang, "dash.cut_off", count = incident.impact.units.len());
    let age = duration_short(lang, shot.now.since(incident.since).max(0));
    let cut_off = Line::styled(format!("{label}: "), theme.dim()).then(words, Style::new());
    facts::wrapped(buffer, left, &cut_off);
    let signs = theme.lines();
    let age = Line::styled(format!(" {age} "), theme.dim())
        .then(signs.across, theme.dim())
        .then(signs.corners[1], theme.dim());
    line_right(buffer, rows(area, 0, 1), area.width / 2, &age);
}
