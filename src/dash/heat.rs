//! The lost time of units over a period, hour by hour or day by day. Pure.
//!
//! A cell that lies ahead, or of which nothing is recorded, stays empty: it is never shown as if
//! all had been well.

use std::collections::HashMap;

use super::board::{Board, Subject};
use super::fetched::Fetched;
use super::place::Place;
use super::state::{Cmd, Range, Row};
use crate::api::{LostQuery, LostRow};
use crate::model::{NetworkId, UnitId, UnixMs};

/// After how long a period that goes with the time is read again, in milliseconds.
const LIVE_AGAIN_MS: i64 = 60_000;
/// After how long one that could not be read is tried again, in milliseconds.
const FAILED_AGAIN_MS: i64 = 10_000;

/// Columns from which a week is shown hour by hour.
const WEEK_BY_HOURS: usize = 168;

/// Columns from which it is shown by three hours; else by six.
const WEEK_BY_THREES: usize = 56;

const HOUR_MS: i64 = 3_600_000;

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
    /// What is looked at.
    query: Option<LostQuery>,
    /// What has come of it.
    pub(super) fetched: Fetched<LostRow>,
    at: HashMap<UnitId, usize>,
    /// It was asked for after the period was over.
    is_complete: bool,
}

impl Default for Heat {
    fn default() -> Self {
        Self {
            open: None,
            range: Range::Day,
            end: None,
            place: Place::default(),
            query: None,
            fetched: Fetched::default(),
            at: HashMap::new(),
            is_complete: false,
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
        self.query.as_ref().map_or(&[], |query| &query.edges)
    }

    /// Why nothing has come, or that it has; `None` while it is being asked for.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<(), &str>> {
        match &self.fetched.failure {
            Some(reason) if !self.fetched.is_loaded() => Some(Err(reason)),
            _ => self.fetched.is_loaded().then_some(Ok(())),
        }
    }

    /// What has come of a unit; `None` where neither it nor what lies beneath it has a line on the
    /// network.
    #[must_use]
    pub fn row(&self, unit: &UnitId) -> Option<&LostRow> {
        self.fetched.list.get(*self.at.get(unit)?)
    }

    /// What a unit lost in all, milliseconds.
    #[must_use]
    pub fn lost_ms(&self, unit: &UnitId) -> i64 {
        self.row(unit).map_or(0, |row| row.slots.iter().map(|slot| slot.lost_ms).sum())
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

    /// An answer; one to another question leaves only that nothing is under way any more.
    pub(super) fn take(&mut self, query: &LostQuery, answer: Result<Vec<LostRow>, String>) {
        if self.query.as_ref() != Some(query) {
            return self.fetched.rest();
        }
        self.fetched.take(answer);
        let rows = self.fetched.list.iter().enumerate();
        self.at = rows.map(|(at, row)| (row.unit.clone(), at)).collect();
    }

    /// Asks for the rows of `unit` and those beneath it when they are not there, when they could not be
    /// read, and once a minute while some of the period lies ahead; what is there is shown meanwhile.
    pub(super) fn ask(
        &mut self,
        board: &Board,
        (unit, network): (Option<UnitId>, Option<NetworkId>),
        columns: usize,
        now: UnixMs,
        commands: &mut Vec<Cmd>,
    ) {
        let Some(network) = network else { return };
        let edges = edges(board, self.range, self.end.unwrap_or(now), columns);
        let is_over = edges.last().is_some_and(|last| *last <= now);
        let query = LostQuery { unit, network, edges };
        if self.query.as_ref() != Some(&query) {
            self.fetched.forget();
            self.at.clear();
            self.query = Some(query.clone());
        }
        let fresh_ms = match &self.fetched.failure {
            Some(_) => FAILED_AGAIN_MS,
            None if is_over && self.is_complete => i64::MAX,
            None => LIVE_AGAIN_MS,
        };
        if self.fetched.ask(now, fresh_ms) {
            // What is asked for once the period is over is all there will be of it.
            self.is_complete = is_over;
            commands.push(Cmd::Heat(query));
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
