//! Pictures of a report as shapes: rectangles, lines and words with classes, for inline SVG.
//!
//! Colours come with the page's style sheet, by class, and every state has a hatch or a word beside
//! its colour: an office prints in grey.

use serde::Serialize;

use super::super::Page;
use super::super::document::{Bar, Data, Day, Figure, Trouble};
use super::super::text::verdict_key;
use super::{COARSE, FINE, NONE};
use crate::coverage::Verdict;
use crate::locale::{date, number, percent, state_name, visible};
use crate::model::{Span, State, UnixMs};
use crate::t;

/// Width of every picture, in its own units.
const WIDTH: f64 = 720.0;
/// Room for names at the left.
const NAMES: f64 = 190.0;
/// Height of a bar's row.
const ROW: f64 = 18.0;
/// Most letters of a name.
const NAME_CHARS: usize = 32;
/// Columns of a week.
const WEEK: usize = 7;

/// A picture as shapes.
#[derive(Debug, Serialize)]
pub(super) struct Drawing {
    caption: String,
    width: f64,
    height: f64,
    boxes: Vec<Rect>,
    lines: Vec<Rule>,
    words: Vec<Word>,
}

#[derive(Debug, Serialize)]
struct Rect {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
    class: &'static str,
    /// What a pointer that rests on it is told.
    title: String,
}

#[derive(Debug, Serialize)]
struct Rule {
    x1: f64,
    y1: f64,
    x2: f64,
    y2: f64,
    class: &'static str,
}

#[derive(Debug, Serialize)]
struct Word {
    x: f64,
    y: f64,
    /// `start`, `middle` or `end`.
    anchor: &'static str,
    class: &'static str,
    text: String,
}

/// Draws a picture.
pub(super) fn drawing(figure: &Figure, page: &Page<'_>) -> Drawing {
    let mut drawing = Drawing {
        caption: visible(&figure.caption),
        width: WIDTH,
        height: 0.0,
        boxes: Vec::new(),
        lines: Vec::new(),
        words: Vec::new(),
    };
    match &figure.data {
        Data::Calendar(days) => drawing.calendar(days, page),
        Data::Bars { goal_ppm, bars } => drawing.bars(*goal_ppm, bars, page),
        Data::Timeline { from, to, rows } => drawing.timeline(Span::new(*from, *to), rows, page),
        Data::Distribution(buckets) => drawing.distribution(buckets, page),
    }
    drawing
}

impl Drawing {
    /// Weeks below each other, Monday first.
    fn calendar(&mut self, days: &[Day], page: &Page<'_>) {
        let (wide, high, top) = (WIDTH / WEEK as f64, 34.0, 18.0);
        for n in 0..WEEK {
            let x = (n as f64 + 0.5) * wide;
            let name = t!(page.lang, &format!("report.weekday.{}", n + 1));
            self.word(x, 12.0, "middle", "small", name);
        }
        let zoned = |at: UnixMs| at.to_timestamp().to_zoned_datetime(page.zone.clone());
        let Some(first) = days.first().map(|day| zoned(day.at)) else { return };
        let before = usize::try_from(first.weekday().to_monday_zero_offset()).unwrap_or(0);
        for (n, day) in (before..).zip(days) {
            let (x, y) = ((n % WEEK) as f64 * wide, top + (n / WEEK) as f64 * high);
            let share = day.ppm.map_or_else(|| NONE.to_owned(), |p| percent(page.lang, p, FINE));
            let at = zoned(day.at);
            let title = format!("{} {share}", date(page.lang, &at));
            self.rect([x + 1.0, y + 1.0, wide - 2.0, high - 2.0], heat(day.ppm), title);
            self.word(x + 6.0, y + 13.0, "start", "small", at.day().to_string());
            self.word(x + wide - 6.0, y + 27.0, "end", "small", share);
        }
        self.height = top + (before + days.len()).div_ceil(WEEK) as f64 * high;
    }

    /// The scale begins where the shortest bar does, in whole per cent, so that what differs is seen.
    fn bars(&mut self, goal_ppm: u32, bars: &[Bar], page: &Page<'_>) {
        let least = bars.iter().filter_map(|bar| bar.ppm).chain([goal_ppm]).min().unwrap_or(0);
        let from = (least.saturating_sub(5_000)) / 10_000 * 10_000;
        let right = WIDTH - 150.0;
        let scale = |ppm: u32| {
            let share = f64::from(ppm.saturating_sub(from)) / f64::from((1_000_000 - from).max(1));
            NAMES + share * (right - NAMES)
        };
        let bottom = bars.len() as f64 * ROW + 6.0;
        for (n, bar) in bars.iter().enumerate() {
            let y = n as f64 * ROW + 4.0;
            self.word(NAMES - 6.0, y + 11.0, "end", "small", cut(&bar.name));
            let share = bar.ppm.map_or_else(|| NONE.to_owned(), |p| percent(page.lang, p, FINE));
            if let Some(ppm) = bar.ppm {
                let class = match bar.verdict {
                    Verdict::Met => "good",
                    Verdict::Missed => "bad",
                    Verdict::NotProven => "unknown",
                };
                let wide = (scale(ppm) - NAMES).max(1.0);
                self.rect([NAMES, y, wide, ROW - 5.0], class, format!("{} {share}", bar.name));
            }
            let verdict = t!(page.lang, verdict_key(bar.verdict));
            self.word(right + 6.0, y + 11.0, "start", "small", format!("{share}  {verdict}"));
        }
        self.rule([scale(goal_ppm), 0.0, scale(goal_ppm), bottom], "goal");
        let goal = percent(page.lang, goal_ppm, COARSE);
        self.word(scale(goal_ppm), bottom + 12.0, "middle", "small", goal);
        self.word(NAMES, bottom + 12.0, "start", "small", percent(page.lang, from, 0));
        self.height = bottom + 18.0;
    }

    fn timeline(&mut self, window: Span, rows: &[(String, Vec<Trouble>)], page: &Page<'_>) {
        let length = (window.to.0 - window.from.0).max(1) as f64;
        let scale = |at: UnixMs| {
            let at = at.max(window.from).min(window.to);
            NAMES + (at.0 - window.from.0) as f64 / length * (WIDTH - NAMES)
        };
        let bottom = rows.len() as f64 * ROW + 4.0;
        for (n, (name, troubles)) in rows.iter().enumerate() {
            let y = n as f64 * ROW + 4.0;
            self.word(NAMES - 6.0, y + 11.0, "end", "small", cut(name));
            self.rect([NAMES, y, WIDTH - NAMES, ROW - 5.0], "ground", String::new());
            for trouble in troubles {
                let (x, end) = (scale(trouble.from), scale(trouble.to));
                let class = match trouble.state {
                    State::Down => "bad",
                    State::Unreachable => "behind",
                    State::Unmeasured => "unknown",
                    State::Degraded => "poor",
                    State::Up => "good",
                };
                let time = |at| super::super::text::time(page, at);
                let state = state_name(page.lang, trouble.state);
                let title = format!("{} – {}: {state}", time(trouble.from), time(trouble.to));
                // What was short is seen all the same.
                self.rect([x, y, (end - x).max(1.0), ROW - 5.0], class, title);
            }
        }
        for part in 0..=4 {
            let at = UnixMs(window.from.0 + (window.to.0 - window.from.0) / 4 * part);
            let anchor = if part == 4 { "end" } else { "middle" };
            let day = at.to_timestamp().to_zoned_datetime(page.zone.clone());
            self.rule([scale(at), 0.0, scale(at), bottom], "grid");
            self.word(scale(at), bottom + 12.0, anchor, "small", date(page.lang, &day));
        }
        self.height = bottom + 18.0;
    }

    fn distribution(&mut self, buckets: &[(Option<u32>, u64)], page: &Page<'_>) {
        let most = buckets.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1) as f64;
        let all: u64 = buckets.iter().map(|(_, n)| n).sum();
        let (wide, high) = (WIDTH / buckets.len().max(1) as f64, 110.0);
        for (n, (bound, count)) in buckets.iter().enumerate() {
            let x = n as f64 * wide;
            let tall = *count as f64 / most * high;
            let ppm = u64::from(*count > 0) * (count * 1_000_000 / all.max(1)).max(1);
            let share = percent(page.lang, u32::try_from(ppm).unwrap_or(0), COARSE);
            let named = |ms: u32| number(page.lang, i64::from(ms));
            let before = n.checked_sub(1).and_then(|n| buckets[n].0);
            let up_to = match (bound, before) {
                (Some(ms), _) => format!("≤ {}", named(*ms)),
                (None, Some(ms)) => format!("> {}", named(ms)),
                // Nothing was shorter than the longest bound.
                (None, None) => share.clone(),
            };
            self.rect([x + 2.0, 16.0 + high - tall, wide - 4.0, tall], "plain", share.clone());
            self.word(x + wide / 2.0, 12.0 + high - tall, "middle", "small", share);
            self.word(x + wide / 2.0, high + 30.0, "middle", "small", up_to);
        }
        self.height = high + 36.0;
    }

    fn rect(&mut self, [x, y, w, h]: [f64; 4], class: &'static str, title: String) {
        self.boxes.push(Rect { x, y, w, h, class, title: visible(&title) });
    }

    fn rule(&mut self, [x1, y1, x2, y2]: [f64; 4], class: &'static str) {
        self.lines.push(Rule { x1, y1, x2, y2, class });
    }

    fn word(&mut self, x: f64, y: f64, anchor: &'static str, class: &'static str, text: String) {
        self.words.push(Word { x, y, anchor, class, text: visible(&text) });
    }
}

/// Darker with what was lost; the steps are what service levels are made of.
fn heat(ppm: Option<u32>) -> &'static str {
    match ppm {
        None => "unknown",
        Some(1_000_000..) => "heat0",
        Some(999_000..) => "heat1",
        Some(995_000..) => "heat2",
        Some(990_000..) => "heat3",
        Some(950_000..) => "heat4",
        Some(_) => "heat5",
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS {
        return name.to_owned();
    }
    name.chars().take(NAME_CHARS - 1).chain(['…']).collect()
}
