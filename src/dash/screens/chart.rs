//! Round-trip time and loss over a window, as smoke: per column the median as a block, around it the
//! middle half of all times in a dark shade, 5 to 95 of a hundred in a light one, smallest and largest
//! as a thin line; the lost share and the state beneath.
//!
//! A column in which nobody asked stays empty: it is never drawn as if all had been well.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::api::History;
use crate::coverage::ChartPoint;
use crate::dash::board::severity;
use crate::dash::draw::{Line, line, line_right, rows, text};
use crate::dash::state::Range;
use crate::dash::view::{SCALE, Shot};
use crate::locale::{self, rtt};
use crate::model::{Span, State, StateInterval, UnixMs};

/// Round limits a scale may end at, in microseconds.
const LIMITS_US: [u32; 13] = [
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000,
    2_000_000, 5_000_000,
];

/// How many times as high as most medians the scale may go for the sake of single times.
const SPREAD: u32 = 4;

/// The top of the scale: above nearly all largest times and nearly all medians, and not so far above
/// the medians that these lie flat on the ground: what is higher is cut off, with a mark.
fn limit_us(points: &[ChartPoint]) -> u32 {
    let nearly_all = |of: fn(&ChartPoint) -> Option<u32>| {
        let mut all: Vec<u32> = points.iter().filter_map(of).collect();
        all.sort_unstable();
        // Of a few none is left out.
        all.get((all.len() * 95 / 100).min(all.len().saturating_sub(1))).copied().unwrap_or(0)
    };
    let (largest, median) = (nearly_all(|p| p.max_us), nearly_all(|p| p.median_us));
    let wanted = largest.min(median.saturating_mul(SPREAD)).max(median);
    LIMITS_US.into_iter().find(|l| *l >= wanted).unwrap_or(wanted)
}

/// Draws a history into `area`.
pub fn draw(shot: &Shot<'_>, history: &History, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    if area.height < 4 || area.width < SCALE + 10 {
        return;
    }
    let plot =
        Rect { x: area.x + SCALE, width: area.width - SCALE, height: area.height - 3, ..area };
    let columns = plot.width.min(u16::try_from(history.points.len()).unwrap_or(u16::MAX));
    let limit = limit_us(&history.points);
    if history.points.iter().all(|p| p.rounds == 0) {
        let is_known = |interval: &StateInterval| interval.state != State::Unmeasured;
        let has_states = history.intervals.iter().any(is_known);
        let words = if has_states { "dash.rounds_gone" } else { "dash.no_rounds" };
        let words = locale::text(lang, words);
        text(buffer, rows(plot, plot.height / 2, 1), 1, words, theme.dim());
    }
    scale(shot, limit, area, plot, buffer);
    for (x, point) in (0..columns).zip(&history.points) {
        curve(shot, point, limit, plot, x, buffer);
    }
    let loss_row = rows(plot, plot.height, 1);
    let state_row = rows(plot, plot.height + 1, 1);
    let loss_row = Rect { y: area.y + plot.height, height: 1, ..loss_row };
    let state_row = Rect { y: area.y + plot.height + 1, height: 1, ..state_row };
    let label = |buffer: &mut Buffer, row: Rect, key| {
        let row = Rect { x: area.x, width: SCALE - 1, ..row };
        line_right(buffer, row, 0, &Line::styled(locale::text(lang, key), theme.dim()));
    };
    label(buffer, loss_row, "dash.chart_loss");
    label(buffer, state_row, "dash.chart_state");
    let window = Span::new(history.from, history.to);
    for (x, point) in (0..columns).zip(&history.points) {
        let (sign, style) = loss_sign(shot, point);
        put(buffer, loss_row, x, sign, style);
        let state = worst(history, slice(window, usize::from(x), history.points.len()));
        let (sign, style) = match state {
            Some(State::Up) => (if theme.ascii { '-' } else { '─' }, theme.dim()),
            Some(state) => (theme.glyph(state), theme.state(state)),
            None => (' ', Style::new()),
        };
        put(buffer, state_row, x, sign, style);
    }
    let times = Rect { y: area.y + plot.height + 2, height: 1, width: columns, ..plot };
    axis(shot, window, times, buffer);
}

fn put(buffer: &mut Buffer, row: Rect, x: u16, sign: char, style: Style) {
    if x < row.width {
        let mut encoded = [0; 4];
        text(buffer, row, x, sign.encode_utf8(&mut encoded), style);
    }
}

/// Figures at the top, the middle and the bottom of the scale.
fn scale(shot: &Shot<'_>, limit: u32, area: Rect, plot: Rect, buffer: &mut Buffer) {
    let lang = shot.ui.lang;
    let mut mark = |y: u16, words: String| {
        let row = Rect { y: area.y + y, height: 1, width: SCALE - 1, ..area };
        line_right(buffer, row, 0, &Line::styled(words, shot.theme.dim()));
    };
    mark(0, rtt(lang, limit));
    if plot.height >= 5 {
        mark(plot.height / 2, rtt(lang, limit / 2));
    }
    mark(plot.height - 1, "0".to_owned());
}

/// One column: the median's block, the smoke around it and the thin line from smallest to largest.
fn curve(shot: &Shot<'_>, point: &ChartPoint, limit: u32, plot: Rect, x: u16, buffer: &mut Buffer) {
    let theme = shot.theme;
    let Some(median) = point.median_us else { return };
    let steps = u64::from(plot.height) * 8;
    let level = |us: u32| {
        let level = u64::from(us) * steps / u64::from(limit.max(1));
        u16::try_from(level.clamp(1, steps)).unwrap_or(u16::MAX)
    };
    let cell = |level: u16| plot.height - 1 - ((level - 1) / 8).min(plot.height - 1);
    let (low, high) =
        (level(point.min_us.unwrap_or(median)), level(point.max_us.unwrap_or(median)));
    let thin = theme.lines().down;
    for y in cell(high)..=cell(low) {
        text(buffer, rows(plot, y, 1), x, thin, theme.dim());
    }
    // A daemon of another version may not say how the times are spread.
    for (shade, (low, high)) in point.quantiles_us.into_iter().flat_map(|[p5, p25, p75, p95]| {
        [(theme.smoke()[0], (p5, p95)), (theme.smoke()[1], (p25, p75))]
    }) {
        for y in cell(level(high))..=cell(level(low)) {
            text(buffer, rows(plot, y, 1), x, shade, theme.dim());
        }
    }
    let level = level(median);
    let lost = point.lost > 0;
    let style = if lost { theme.poor() } else { theme.strong() };
    let eighths = usize::from((level - 1) % 8 + 1);
    put(buffer, rows(plot, cell(level), 1), x, theme.eighths(eighths), style);
    // Higher than the scale: said where it leaves the picture.
    if point.max_us.is_some_and(|us| us > limit) {
        put(buffer, rows(plot, 0, 1), x, '^', if median > limit { style } else { theme.dim() });
    }
}

/// The lost share of a column; a dot where nothing was lost, nothing where nobody asked.
fn loss_sign(shot: &Shot<'_>, point: &ChartPoint) -> (char, Style) {
    let theme = shot.theme;
    if point.sent == 0 {
        return (' ', Style::new());
    }
    if point.lost == 0 {
        return ('.', theme.dim());
    }
    let eighths = u64::from(point.lost) * 8 / u64::from(point.sent);
    let style = if point.lost == point.sent { theme.fault() } else { theme.poor() };
    (theme.eighths(usize::try_from(eighths).unwrap_or(8).clamp(1, 8)), style)
}

/// The stretch of time of one column.
fn slice(window: Span, column: usize, columns: usize) -> Span {
    let at = |i: usize| {
        let offset = i128::from(window.len_ms()) * i as i128 / columns.max(1) as i128;
        window.from + i64::try_from(offset).unwrap_or(0)
    };
    Span::new(at(column), at(column + 1))
}

/// The state that deserves most attention inside a stretch; `None` where nothing is recorded.
fn worst(history: &History, span: Span) -> Option<State> {
    let touching = history.intervals.iter().filter(|i| !i.clip(span).is_empty());
    touching.map(|i| i.state).max_by_key(|s| severity(*s))
}

/// Times at the ends and in between.
fn axis(shot: &Shot<'_>, window: Span, area: Rect, buffer: &mut Buffer) {
    let range = shot.ui.detail.as_ref().map_or(Range::Hour, |d| d.range);
    let words = |at: UnixMs| {
        let at = shot.board.local(at);
        match (range, shot.ui.lang) {
            (Range::Hour | Range::Day, _) => at.strftime("%H:%M").to_string(),
            (_, locale::Lang::Vi) => at.strftime("%d/%m %Hg").to_string(),
            (_, locale::Lang::En) => at.strftime("%m-%d %Hh").to_string(),
        }
    };
    let style = shot.theme.dim();
    let marks = (area.width / 20).clamp(1, 8);
    for i in 0..marks {
        let x = u16::try_from(u32::from(area.width) * u32::from(i) / u32::from(marks)).unwrap_or(0);
        let at = window.from + window.len_ms() * i64::from(i) / i64::from(marks);
        line(buffer, area, x, &Line::styled(words(at), style));
    }
    line_right(buffer, area, area.width / 2, &Line::styled(words(window.to), style));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_outlier_does_not_flatten_the_scale() {
        let point = |us| ChartPoint {
            rounds: 1,
            sent: 3,
            lost: 0,
            min_us: Some(us),
            median_us: Some(us.min(6_000)),
            max_us: Some(us),
            quantiles_us: None,
        };
        let mut points: Vec<ChartPoint> = (0..99).map(|_| point(4_100)).collect();
        points.push(point(900_000));
        assert_eq!(limit_us(&points), 5_000);
        // Single times far above in every column leave the medians their room, too.
        for point in &mut points {
            (point.median_us, point.max_us) = (Some(6_000), Some(200_000));
        }
        assert_eq!(limit_us(&points), 50_000);
        // A column that was slow as a whole is cut off; many are not.
        points[0].median_us = Some(319_000);
        assert_eq!(limit_us(&points), 50_000);
        for point in &mut points[..10] {
            (point.median_us, point.max_us) = (Some(180_000), Some(200_000));
        }
        assert_eq!(limit_us(&points), 200_000);
        assert_eq!(limit_us(&[]), 1_000);
    }

    #[test]
    fn slices_cover_the_window_without_a_hole() {
        let window = Span::new(UnixMs(0), UnixMs(1_000));
        let slices: Vec<Span> = (0..7).map(|i| slice(window, i, 7)).collect();
        assert_eq!(slices[0].from, window.from);
        assert_eq!(slices[6].to, window.to);
        assert!(slices.windows(2).all(|w| w[0].to == w[1].from));
    }
}
