//! Lists of subjects: all lines with their carriers, one unit's subjects.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::carriers;
use super::coverage::position;
use super::listed::{open_list, round_cells, state_cells};
use crate::dash::board::Subject;
use crate::dash::draw::{Column, Line, Table, boxed, line_right, list, rows};
use crate::dash::state::{Row, Screen, Sort};
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::{NOTHING, share, subject_kind, subject_label, subject_title, used};
use crate::locale::{number, text, width as columns_of};
use crate::model::State;
use crate::t;

/// Rounds the strip shows.
const STRIP: usize = 20;

/// Width from which a state that is not up says for how long.
const AGES: u16 = 56;

/// Columns of the names of one unit's subjects, where there is room: at least, at most.
const NAME_MIN: u16 = 12;
const NAME_MAX: u16 = 20;

/// Subjects of a unit whose names are measured: the columns stay where they are while it is scrolled through.
const NAMES_MAX: usize = 200;

/// All lines, beneath their carriers.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let panes = panes(shot.ui, shot.board, area);
    if let Some(above) = panes.above {
        carriers::draw(shot, above, buffer);
    }
    let area = panes.list;
    let loading = shot.loading();
    let mut heading = match &loading {
        Some(_) => title(theme, text(lang, "dash_loading.lines")),
        None => title(theme, t!(lang, "dash.list_lines", count = shot.ui.rows.len())),
    };
    let sort = match shot.ui.lines_sort {
        Sort::Official => None,
        Sort::Worst => Some("dash.sort_worst"),
        Sort::Name => Some("dash.sort_carrier"),
    };
    let chosen = shot.ui.carriers.chosen.as_ref().map(|whose| carriers::name(shot, whose));
    let filter = shot.ui.lines_filter.key().map(|key| text(lang, key).to_owned());
    let sort = sort.map(|key| text(lang, key).to_owned());
    let said: Vec<String> = [chosen, filter, sort].into_iter().flatten().collect();
    if !said.is_empty() {
        heading.push(format!(" ({})", said.join(", ")), theme.dim());
    }
    let inside = boxed(buffer, area, theme, &heading);
    line_right(buffer, rows(area, 0, 1), area.width / 2, &position(shot));
    if let Some(words) = loading {
        empty(buffer, inside, theme, &words);
    } else if shot.ui.rows.is_empty() {
        empty(buffer, inside, theme, text(lang, "dash.no_subjects"));
    } else {
        subject_list(shot, inside, buffer);
    }
}

/// Draws the open list where its rows are subjects.
pub fn subject_list(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let columns = if shot.ui.screen == Screen::Lines {
        Columns::of_many(shot, area.width)
    } else {
        let ids = shot.ui.rows.iter().take(NAMES_MAX);
        let subjects = ids.filter_map(|row| match row {
            Row::Subject(id) => shot.board.subject(id),
            _ => None,
        });
        Columns::of_one(shot, area.width, subjects)
    };
    open_list(shot, area, buffer, &columns.table, |row| match row {
        Row::Subject(id) => {
            shot.board.subject(id).map(|s| columns.cells(shot, s)).unwrap_or_default()
        }
        _ => Vec::new(),
    });
}

/// Draws subjects without a selection; while they are not all there it says so.
pub fn table_of(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer, subjects: &[Subject<'_>]) {
    if let Some(words) = shot.loading() {
        return empty(buffer, area, shot.theme, &words);
    }
    let columns = Columns::of_one(shot, area.width, subjects.iter().copied());
    list(buffer, area, shot.theme, &columns.table, (0, None, subjects.len()), |i| {
        subjects.get(i).map(|s| columns.cells(shot, *s)).unwrap_or_default()
    });
}

/// The columns of a list of subjects.
pub struct Columns {
    /// Their places.
    pub table: Table,
    whole: bool,
    ages: bool,
}

impl Columns {
    /// Columns for `width`; the subjects are of many units.
    pub fn of_many(shot: &Shot<'_>, width: u16) -> Self {
        Self::new(shot, width, None)
    }

    /// Columns for `width`; these subjects of one unit are told apart by their names before anything else.
    pub fn of_one<'a>(
        shot: &Shot<'_>,
        width: u16,
        subjects: impl Iterator<Item = Subject<'a>>,
    ) -> Self {
        let names = subjects.take(NAMES_MAX).map(|s| columns_of(&subject_label(shot.board, s)));
        let longest = u16::try_from(names.max().unwrap_or(0)).unwrap_or(u16::MAX);
        Self::new(shot, width, Some(longest.clamp(NAME_MIN, NAME_MAX)))
    }

    fn new(shot: &Shot<'_>, width: u16, of_one: Option<u16>) -> Self {
        let lang = shot.ui.lang;
        let whole = of_one.is_none();
        let name = if whole { "dash.column_line" } else { "dash.column_subject" };
        let word = |key, width, rank| Column::words(text(lang, key), width, rank);
        let figure = |key, width, rank| Column::figures(text(lang, key), width, rank);
        // Of one unit's subjects few are lines of a carrier.
        let (load, lost) = if whole { (6, 7) } else { (12, 13) };
        let columns = vec![
            Column::words("", 1, 0),
            Column::growing(text(lang, name), of_one.unwrap_or(22)),
            word("dash.column_kind", 8, 9),
            word("dash.column_state", if width < AGES { 14 } else { 20 }, 1),
            word("dash.column_address", 15, 5),
            word("dash.column_carrier", 14, 8),
            word("dash.column_circuit", 9, if whole { 10 } else { 15 }),
            figure("dash.column_rtt", 8, 2),
            figure("dash.column_loss", 7, 3),
            word("dash.column_recent", 20, 11),
            figure("dash.column_month", 8, 4),
            figure("dash.column_sla", 8, 14),
            figure("dash.load.column", 10, load),
            figure("dash.column_lost_minutes", 9, lost),
        ];
        Self { table: Table::new(columns, width), whole, ages: width >= AGES }
    }

    /// A subject's cells.
    pub fn cells(&self, shot: &Shot<'_>, subject: Subject<'_>) -> Vec<Line> {
        let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
        let [sign, state] = state_cells(shot, subject, self.ages);
        let [rtt, loss] = round_cells(shot, subject);
        let name =
            if self.whole { subject_title(board, subject) } else { subject_label(board, subject) };
        let carrier = board.carrier(subject).map_or(NOTHING, |c| &c.name);
        let optional = |value: Option<&str>| Line::plain(value.unwrap_or(NOTHING));
        vec![
            sign,
            Line::plain(name),
            Line::plain(subject_kind(board, subject)),
            state,
            optional(subject.address()),
            Line::plain(carrier),
            optional(subject.circuit()),
            rtt,
            loss,
            if self.table.shows(9) { strip(shot, subject, STRIP) } else { Line::default() },
            Line::plain(share(lang, subject.month().delivered_ppm(), 2)),
            Line::plain(share(lang, subject.sla_ppm(), 2)),
            used(lang, theme, shot.ui.loads.of_line(subject)),
            Line::plain(number(lang, subject.month().millis.down / 60_000)),
        ]
    }
}

/// Loss in per cent, or nothing.
pub fn loss(shot: &Shot<'_>, permille: Option<u16>) -> String {
    share(shot.ui.lang, permille.map(|p| u32::from(p) * 1000), 0)
}

/// The last rounds' medians, newest at the right; twice their median is full height, a round
/// without an answer is marked.
pub fn strip(shot: &Shot<'_>, subject: Subject<'_>, width: usize) -> Line {
    let recent: Vec<Option<u32>> = subject.recent_us().collect();
    let recent = &recent[recent.len().saturating_sub(width)..];
    let mut sorted: Vec<u32> = recent.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let median = u64::from(sorted.get(sorted.len() / 2).copied().unwrap_or(1).max(1));
    let mut shown = Line::default();
    for round in recent {
        match round {
            Some(us) => {
                let eighths = usize::try_from(u64::from(*us) * 4 / median).unwrap_or(8).clamp(1, 8);
                let poor = *us > subject.thresholds().rtt_us;
                let style = if poor { shot.theme.poor() } else { Style::new() };
                shown.push(shot.theme.eighths(eighths).to_string(), style);
            }
            None => {
                let sign = shot.theme.glyph(State::Down).to_string();
                shown.push(sign, shot.theme.fault());
            }
        }
    }
    shown
}
