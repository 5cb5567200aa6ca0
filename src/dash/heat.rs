//! The lost time of units over a period, hour by hour or day by day. Pure.
//!
//! A cell that lies ahead, or of which nothing is recorded, stays empty: it is never shown as if
//! all had been well.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::board::{Board, Subject, severity};
use super::place::Place;
use super::state::{Cmd, HistoryRequest, Range, Row};
use crate::api::History;
use crate::model::{NetworkId, Span, State, SubjectId, UnitId, UnixMs};

/// Most questions under way at a time: the screen goes on meanwhile.
const UNDER_WAY_MAX: usize = 6;
/// After how long a row of a period that goes with the time is read again, in milliseconds.
const LIVE_AGAIN_MS: i64 = 60_000;
/// After how long one that could not be read is tried again, in milliseconds.
const FAILED_AGAIN_MS: i64 = 10_000;

/// Columns from which a week is shown hour by hour.
const WEEK_BY_HOURS: usize = 168;

/// Columns from which it is shown by three hours; else by six.
const WEEK_BY_THREES: usize = 56;

const HOUR_MS: i64 = 3_600_000;

/// One cell: what became of the part of it that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Time down or unreachable, milliseconds.
    pub lost_ms: i64,
    /// Time that is recorded, milliseconds.
    pub known_ms: i64,
    /// The worst state that was measured in it; unmeasured where nothing was lost and less than half of
    /// it was measured.
    pub worst: State,
}

impl Cell {
    /// The lost share in thousandths; something lost is never nothing.
    #[must_use]
    pub fn lost_permille(&self) -> u16 {
        if self.lost_ms <= 0 || self.known_ms <= 0 {
            return 0;
        }
        let share = i128::from(self.lost_ms) * 1000 / i128::from(self.known_ms);
        u16::try_from(share).unwrap_or(1000).clamp(1, 1000)
    }
}

/// A subject's cells, or why there are none.
pub type Cells = Result<Vec<Option<Cell>>, String>;

/// What the cells are of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    range: Range,
    edges: Arc<[UnixMs]>,
}

/// The heat map as the user has it.
#[derive(Debug, Clone)]
pub struct Heat {
    /// The unit whose units are the rows; `None`: the top.
    pub open: Option<UnitId>,
    /// Its period: a day, a week or a month.
    pub range: Range,
    /// Where the period ends; `None`: it goes with the time.
    pub end: Option<UnixMs>,
    /// Within the rows.
    pub place: Place<Row>,
    key: Option<Key>,
    cells: HashMap<SubjectId, Cells>,
    /// When each row was asked for last.
    asked: HashMap<SubjectId, UnixMs>,
    under_way: HashSet<SubjectId>,
}

impl Default for Heat {
    fn default() -> Self {
        Self {
            open: None,
            range: Range::Day,
            end: None,
            place: Place::default(),
            key: None,
            cells: HashMap::new(),
            asked: HashMap::new(),
            under_way: HashSet::new(),
        }
    }
}

/// The line of a unit on a network.
#[must_use]
pub fn line_of<'a>(
    board: &'a Board,
    unit: &UnitId,
    network: Option<&NetworkId>,
) -> Option<Subject<'a>> {
    board.subjects_of(unit).find(|s| s.network().is_some() && s.network() == network)
}

impl Heat {
    /// Where the columns begin, and the end of the last.
    #[must_use]
    pub fn edges(&self) -> &[UnixMs] {
        self.key.as_ref().map_or(&[], |key| &key.edges)
    }

    /// What has come of a subject; `None` while it is being asked for.
    #[must_use]
    pub fn cells(&self, subject: &SubjectId) -> Option<&Cells> {
        self.cells.get(subject)
    }

    /// A longer (1) or shorter (-1) period; an hour is none.
    pub(super) fn stretch(&mut self, by: isize) {
        self.range = match self.range.other(by) {
            Range::Hour => Range::Day,
            range => range,
        };
    }

    /// An earlier (-1) or later (1) period, never one that lies ahead.
    pub(super) fn page(&mut self, by: isize, now: UnixMs) {
        let by = i64::try_from(by).unwrap_or(0);
        let end = self.end.unwrap_or(now) + by * self.range.len_ms();
        self.end = (end < now).then_some(end);
    }

    /// A row is asked for when it is not there, again when it could not be read, and while the
    /// period goes with the time once a minute; what is there is shown meanwhile.
    fn is_due(&self, line: &SubjectId, now: UnixMs) -> bool {
        let again_ms = match self.cells.get(line) {
            None => return true,
            Some(Err(_)) => FAILED_AGAIN_MS,
            Some(Ok(_)) if self.end.is_none() => LIVE_AGAIN_MS,
            Some(Ok(_)) => return false,
        };
        self.asked.get(line).is_none_or(|at| now.since(*at) >= again_ms)
    }

    /// Leaves nothing to be asked for.
    pub(super) fn rest(&mut self) {
        self.under_way.clear();
    }

    /// An answer; one to a question about another period is dropped.
    pub(super) fn take(&mut self, request: &HistoryRequest, answer: Result<&History, String>) {
        self.under_way.remove(&request.subject);
        let Some(key) = &self.key else { return };
        if request.range != key.range || Some(&request.window.from) != key.edges.first() {
            return;
        }
        let cells = answer.map(|history| slices(history, &key.edges, request.window.to));
        self.cells.insert(request.subject.clone(), cells);
    }

    /// Asks for the rows that are not there yet, the visible ones first.
    pub(super) fn ask(
        &mut self,
        board: &Board,
        network: Option<&NetworkId>,
        (rows, height): (&[Row], usize),
        columns: usize,
        now: UnixMs,
        commands: &mut Vec<Cmd>,
    ) {
        let edges = edges(board, self.range, self.end.unwrap_or(now), columns);
        let key = Key { range: self.range, edges: edges.into() };
        if self.key.as_ref() != Some(&key) {
            self.cells.clear();
            self.asked.clear();
            self.under_way.clear();
            self.key = Some(key.clone());
        }
        let (Some(from), Some(to)) = (key.edges.first(), key.edges.last()) else { return };
        let window = Span::new(*from, (*to).min(now));
        if window.is_empty() {
            return;
        }
        let first = self.place.first_visible(rows, height);
        let visible = rows.iter().skip(first).take(height);
        for row in visible {
            if self.under_way.len() >= UNDER_WAY_MAX {
                return;
            }
            let Row::Unit(unit) = row else { continue };
            let Some(line) = line_of(board, unit, network) else { continue };
            if !self.is_due(line.id(), now) || !self.under_way.insert(line.id().clone()) {
                continue;
            }
            self.asked.insert(line.id().clone(), now);
            commands.push(Cmd::Heat(HistoryRequest {
                subject: line.id().clone(),
                range: key.range,
                window,
                // Only the intervals are looked at.
                columns: 1,
                is_past: *to <= now,
            }));
        }
    }
}

/// Where the columns of a period that ends with the hour or the day of `end` begin: by the
/// province's clock.
fn edges(board: &Board, range: Range, end: UnixMs, columns: usize) -> Vec<UnixMs> {
    let local = board.local(end);
    let zone = board.timezone();
    let midnight = |date: jiff::civil::Date| {
        let at = date.at(0, 0, 0, 0).to_zoned_datetime(zone.clone()).ok()?;
        Some(UnixMs::from(at.timestamp()))
    };
    if range == Range::Month {
        let mut date = local.date();
        let mut found: Vec<UnixMs> = date.tomorrow().ok().and_then(midnight).into_iter().collect();
        for _ in 0..30 {
            found.extend(midnight(date));
            let Ok(before) = date.yesterday() else { break };
            date = before;
        }
        found.reverse();
        return found;
    }
    let into_hour = i64::from(local.minute()) * 60_000 + i64::from(local.second()) * 1_000;
    let hour = end - into_hour - end.0.rem_euclid(1_000);
    let (count, step) = match range {
        Range::Week if columns >= WEEK_BY_HOURS => (168, 1),
        Range::Week if columns >= WEEK_BY_THREES => (56, 3),
        Range::Week => (28, 6),
        _ => (24, 1),
    };
    // Three and six hours begin with the day.
    let behind = i64::from(local.hour()) % step;
    let last = hour + (step - behind) * HOUR_MS;
    (0..=count).rev().map(|back| last - back * step * HOUR_MS).collect()
}

/// What a history says of each column that begins before `until`.
fn slices(history: &History, edges: &[UnixMs], until: UnixMs) -> Vec<Option<Cell>> {
    let spans = edges.windows(2).map(|pair| Span::new(pair[0], pair[1].min(until).max(pair[0])));
    spans.map(|span| slice(history, span)).collect()
}

/// What a history says of a span; `None` where it says nothing.
fn slice(history: &History, span: Span) -> Option<Cell> {
    let (mut lost_ms, mut known_ms, mut unknown_ms) = (0, 0, 0);
    let mut worst = State::Up;
    for interval in &history.intervals {
        let len = interval.clip(span).len_ms().max(0);
        if interval.state == State::Unmeasured {
            unknown_ms += len;
            continue;
        }
        known_ms += len;
        lost_ms += if interval.state.is_outage() { len } else { 0 };
        if len > 0 && severity(interval.state) > severity(worst) {
            worst = interval.state;
        }
    }
    // A restart of the daemon must not hide a day.
    let is_hardly_known = known_ms < unknown_ms && lost_ms == 0;
    let worst = if is_hardly_known { State::Unmeasured } else { worst };
    (known_ms + unknown_ms > 0).then_some(Cell { lost_ms, known_ms, worst })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StateInterval;

    #[test]
    fn a_slice_counts_what_is_recorded_in_it_and_nothing_ahead() {
        let interval =
            |from, to, state| StateInterval { from: UnixMs(from), to, state, cause: None };
        let history = History {
            subject: SubjectId::new("a").unwrap(),
            from: UnixMs(0),
            to: UnixMs(35),
            points: Vec::new(),
            intervals: vec![
                interval(10, Some(UnixMs(18)), State::Up),
                interval(18, Some(UnixMs(25)), State::Down),
                interval(25, None, State::Unmeasured),
            ],
            notes: Vec::new(),
            outages: Vec::new(),
            device: None,
        };
        let edges = [0, 10, 20, 30, 40, 50].map(UnixMs);
        let cells = slices(&history, &edges, UnixMs(35));
        let lost: Vec<Option<u16>> = cells.iter().map(|c| c.map(|c| c.lost_permille())).collect();
        assert_eq!(lost, [None, Some(200), Some(1000), Some(0), None]);
        assert_eq!(cells[3].map(|c| (c.worst, c.known_ms)), Some((State::Unmeasured, 0)));
        assert_eq!(cells[1].map(|c| c.worst), Some(State::Down));
        assert_eq!(cells[2].map(|c| (c.worst, c.lost_ms, c.known_ms)), Some((State::Down, 5, 5)));
        assert_eq!(cells[0], None);
        let quiet = History {
            intervals: vec![
                interval(10, Some(UnixMs(18)), State::Up),
                interval(18, None, State::Unmeasured),
            ],
            ..history
        };
        let worst =
            |until| slices(&quiet, &[10, 100].map(UnixMs), UnixMs(until))[0].map(|cell| cell.worst);
        assert_eq!(worst(26), Some(State::Up), "a short hole hides nothing");
        assert_eq!(worst(27), Some(State::Unmeasured), "less than half of it is known");
    }
}
