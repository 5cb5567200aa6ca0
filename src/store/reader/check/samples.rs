//! Journal, blocks and rollups: everything decodes, is in order, stands in its own hour or day,
//! belongs to a series that exists; and rollups say what their samples come to.

mod points;

use std::collections::{BTreeMap, HashMap};

use rusqlite::OptionalExtension as _;
use rusqlite::types::Value as Cell;

use super::super::Reader;
use super::super::gather::Wanted;
use super::super::samples::PACKED;
use super::{Checked, Finding, Progress};
use crate::model::{Span, UnixMs};
use crate::store::block::BadBlock;
use crate::store::content::{Content, Kind, Value};
use crate::store::journal::{HOUR_MS, hour_of, keys_of, read_row};
use crate::store::numbers::{key, series_of, slot_of};
use crate::store::seal::{DAY_MS, HOURS_A_DAY};
use crate::store::sketch::{HourSet, Hours, PointRollup, Rollup, decode_hours, decode_point_hours};
use crate::store::{StoreError, point_rollups, schema};

/// Series that are looked at in one transaction.
const SERIES_AT_ONCE: usize = 500;

const TABLES: [(&str, i64); 7] = [
    ("block", HOUR_MS),
    ("block_day", DAY_MS),
    ("rollup_hour", HOUR_MS),
    (PACKED, DAY_MS),
    ("rollup_day", DAY_MS),
    (point_rollups::HOURS, DAY_MS),
    (point_rollups::DAYS, DAY_MS),
];

/// What the rows are held against.
struct Known {
    series: Wanted,
    names: HashMap<u32, String>,
    /// The oldest hour and day of which there are rollups: before, they have aged.
    oldest: [Option<i64>; 2],
    /// The oldest day of which there are rollups of readings, and from which key on days are still
    /// to be rolled up.
    points: [Option<i64>; 2],
}

impl Reader {
    pub(super) fn check_samples(
        &self,
        found: &mut Checked,
        told: &mut dyn FnMut(Progress),
    ) -> Result<(), StoreError> {
        // A row of the journal may be of a series that was given out with it.
        let tx = self.link.conn.unchecked_transaction();
        let tx = tx.map_err(schema::sql("check the samples", &self.path))?;
        let mut known = Known {
            series: BTreeMap::new(),
            names: self.names_of_series()?,
            oldest: [self.oldest_hour()?, self.first_key("rollup_day")?],
            points: [self.first_key(point_rollups::DAYS)?, self.unrolled()?],
        };
        for (series, kind, name) in
            self.rows("SELECT id, kind, name FROM series WHERE ?1", [Cell::Integer(1)], |row| {
                let kind: String = self.get(row.get(1))?;
                Ok((self.get(row.get::<_, u32>(0))?, kind, self.get(row.get::<_, String>(2))?))
            })?
        {
            match crate::store::content::kind_of(&kind, &name) {
                Some(kind) => _ = known.series.insert(series, kind),
                None => {
                    let finding = Finding::new("series", series, "db.found_series");
                    found.add(finding.about(known.names.get(&series).cloned()));
                }
            }
        }
        self.check_journal(&known, found)?;
        drop(tx);
        for (table, ms) in TABLES {
            self.check_strays(table, ms, &known, found)?;
        }
        let days = self.days_of_samples()?;
        for (done, day) in (1..).zip(&days) {
            let series: Vec<(u32, Kind)> = known.series.iter().map(|(s, k)| (*s, *k)).collect();
            let is_open = self.has_any("block", *day)?;
            for some in series.chunks(SERIES_AT_ONCE) {
                let tx = self.link.conn.unchecked_transaction();
                let tx = tx.map_err(schema::sql("check the samples", &self.path))?;
                for (series, kind) in some {
                    self.check_day(*day, (*series, *kind), is_open, &known, found)?;
                }
                drop(tx);
            }
            told(Progress { what: "db.step_samples", done, of: days.len() as u64 });
        }
        Ok(())
    }

    fn check_journal(&self, known: &Known, found: &mut Checked) -> Result<(), StoreError> {
        let fail = || schema::sql("check the journal", &self.path);
        let mut statement = self
            .link
            .conn
            .prepare("SELECT key, entries, newest, data FROM journal ORDER BY key")
            .map_err(fail())?;
        let mut rows = statement.query([]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let row_key: i64 = self.get(row.get(0))?;
            let (entries, newest): (i64, Option<i64>) =
                (self.get(row.get(1))?, self.get(row.get(2))?);
            let data: Vec<u8> = self.get(row.get(3))?;
            let hour = slot_of(row_key);
            let mut seen = Seen::default();
            let read = read_row(&data, &(0..u32::MAX), &mut |series, value| {
                seen.take(series, &value, hour, known);
            });
            found.blocks += 1;
            found.samples += seen.count.cast_unsigned();
            let finding = |what| Finding::new("journal", row_key, what).at(UnixMs(hour * HOUR_MS));
            match read {
                Err(bad) => found.add(finding("db.found_undecodable").with("error", bad)),
                Ok(()) => {
                    if seen.count != entries || seen.newest != newest {
                        found.add(finding("db.found_counts"));
                    }
                    if seen.is_unsorted {
                        found.add(finding("db.found_unsorted"));
                    }
                    for (what, series) in [
                        ("db.found_misplaced", seen.misplaced),
                        ("db.found_no_series", seen.stranger),
                    ] {
                        if let Some(series) = series {
                            found.add(finding(what).about(known.names.get(&series).cloned()));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Rows of series that do not exist, and rollups that cannot be read whether or not their
    /// samples are kept.
    fn check_strays(
        &self,
        table: &'static str,
        slot_ms: i64,
        known: &Known,
        found: &mut Checked,
    ) -> Result<(), StoreError> {
        let fail = || schema::sql("check the series", &self.path);
        let is_rollup = !table.starts_with("block");
        let data = if is_rollup { "data" } else { "NULL" };
        let sql = format!("SELECT key, {data} FROM {table} ORDER BY key");
        let mut statement = self.link.conn.prepare(&sql).map_err(fail())?;
        let mut rows = statement.query([]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let row_key: i64 = self.get(row.get(0))?;
            let at = UnixMs(slot_of(row_key).saturating_mul(slot_ms));
            if !known.series.contains_key(&series_of(row_key)) {
                // One given out since the list was read is none.
                let one = Cell::Integer(series_of(row_key).into());
                let sql = "SELECT 1 FROM series WHERE id = ?1";
                if self.rows(sql, [one], |_| Ok(()))?.is_empty() {
                    found.add(Finding::new(table, row_key, "db.found_no_series").at(at));
                }
            }
            let Some(bytes) = self.get(row.get::<_, Option<Vec<u8>>>(1))? else { continue };
            found.blocks += 1;
            let read = match (table, known.series.get(&series_of(row_key))) {
                (PACKED, _) => decode_hours(&bytes, HourSet::MAX, |_, _| {}),
                (point_rollups::HOURS, Some(Kind::Points(kind))) => {
                    decode_point_hours(*kind, &bytes).map(|_| ())
                }
                (point_rollups::DAYS, Some(Kind::Points(kind))) => {
                    PointRollup::decode(*kind, &bytes).map(|_| ())
                }
                // Told with the series.
                (point_rollups::HOURS | point_rollups::DAYS, None) => Ok(()),
                _ => Rollup::decode(&bytes).map(|_| ()),
            };
            if let Err(bad) = read {
                let finding = Finding::new(table, row_key, "db.found_undecodable").at(at);
                let name = known.names.get(&series_of(row_key)).cloned();
                found.add(finding.about(name).with("error", bad));
            }
        }
        Ok(())
    }

    /// One series on one day: its block, those of its hours, and their rollups.
    fn check_day(
        &self,
        day: i64,
        (series, kind): (u32, Kind),
        is_open: bool,
        known: &Known,
        found: &mut Checked,
    ) -> Result<(), StoreError> {
        let mut daily = Content::empty(kind);
        let day_key = key(day, series);
        let has_day =
            self.take_block("block_day", day_key, DAY_MS, kind, &mut daily, known, found)?;
        if let (Content::Points(kind, points), true) = (&daily, has_day) {
            self.check_points(day_key, *kind, points, known, found)?;
        }
        let mut hours: BTreeMap<i64, Content> = split(&daily, kind);
        if is_open {
            for hour in day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY {
                let mut late = Content::empty(kind);
                let at = key(hour, series);
                if self.take_block("block", at, HOUR_MS, kind, &mut late, known, found)? {
                    let all = hours.entry(hour).or_insert_with(|| Content::empty(kind));
                    all.extend(late);
                    all.settle();
                }
            }
        }
        let packed = self.packed_hours(day_key)?;
        for (hour, content) in &hours {
            let Some(rollup) = content.rollup() else { continue };
            let place = usize::try_from(hour.rem_euclid(HOURS_A_DAY)).unwrap_or_default();
            // One that stands alone came later than the day's row.
            let hour_key = key(*hour, series);
            let kept = match self.blob("rollup_hour", hour_key)? {
                Some(bytes) => Some(Rollup::decode(&bytes)),
                None => packed.get(place).cloned().flatten().map(Ok),
            };
            let row = ("rollup_hour", hour_key, HOUR_MS);
            hold_rollup(row, kept.as_ref(), &rollup, known, found);
        }
        if let Some(rollup) = daily.rollup().filter(|_| has_day) {
            let kept = self.blob("rollup_day", day_key)?;
            let kept = kept.map(|bytes| Rollup::decode(&bytes));
            hold_rollup(("rollup_day", day_key, DAY_MS), kept.as_ref(), &rollup, known, found);
        }
        Ok(())
    }

    /// The rollups of a day's hours that stand together; what cannot be read is told elsewhere.
    fn packed_hours(&self, day_key: i64) -> Result<Hours, StoreError> {
        let mut hours = Hours::default();
        if let Some(bytes) = self.blob(PACKED, day_key)? {
            // Told with all rollups.
            _ = decode_hours(&bytes, HourSet::MAX, |place, hour| hours[place] = Some(hour.clone()));
        }
        Ok(hours)
    }

    /// The key of the oldest hour of which there is a rollup.
    fn oldest_hour(&self) -> Result<Option<i64>, StoreError> {
        let packed = self.first_key(PACKED)?;
        let packed = packed.map(|day| *keys_of(slot_of(day) * HOURS_A_DAY).start());
        Ok([self.first_key("rollup_hour")?, packed].into_iter().flatten().min())
    }

    /// Adds what a block holds; false when there is none or it cannot be read.
    #[expect(clippy::too_many_arguments, reason = "what a row is, and where findings go")]
    fn take_block(
        &self,
        table: &'static str,
        row_key: i64,
        slot_ms: i64,
        kind: Kind,
        into: &mut Content,
        known: &Known,
        found: &mut Checked,
    ) -> Result<bool, StoreError> {
        let Some(bytes) = self.blob(table, row_key)? else { return Ok(false) };
        found.blocks += 1;
        let span =
            Span::new(UnixMs(slot_of(row_key) * slot_ms), UnixMs((slot_of(row_key) + 1) * slot_ms));
        let finding = |what| {
            let name = known.names.get(&series_of(row_key)).cloned();
            Finding::new(table, row_key, what).about(name).at(span.from)
        };
        if let Err(bad) = into.add_block(kind, &bytes) {
            found.add(finding("db.found_undecodable").with("error", bad));
            return Ok(false);
        }
        let times = times(into);
        found.samples += times.len() as u64;
        if !times.is_sorted_by(|a, b| a < b) {
            found.add(finding("db.found_unsorted"));
        }
        if let Some(at) = times.iter().find(|at| !span.contains(**at)) {
            found.add(finding("db.found_misplaced").at(*at));
        }
        Ok(true)
    }

    pub(super) fn blob(
        &self,
        table: &'static str,
        row_key: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = format!("SELECT data FROM {table} WHERE key = ?1");
        let found = self
            .link
            .conn
            .prepare_cached(&sql)
            .and_then(|mut s| s.query_row([row_key], |row| row.get(0)).optional());
        self.get(found)
    }

    fn first_key(&self, table: &'static str) -> Result<Option<i64>, StoreError> {
        let sql = format!("SELECT min(key) FROM {table}");
        self.get(self.link.conn.query_row(&sql, [], |row| row.get(0)))
    }

    fn has_any(&self, table: &'static str, day: i64) -> Result<bool, StoreError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE key BETWEEN ?1 AND ?2)");
        let first = *keys_of(day * HOURS_A_DAY).start();
        let last = *keys_of((day + 1) * HOURS_A_DAY - 1).end();
        self.get(self.link.conn.query_row(&sql, [first, last], |row| row.get(0)))
    }

    /// The days of which there are blocks.
    fn days_of_samples(&self) -> Result<Vec<i64>, StoreError> {
        let mut days = std::collections::BTreeSet::new();
        for (table, per_day) in [("block", HOURS_A_DAY), ("block_day", 1)] {
            let sql = format!("SELECT min(key) FROM {table} WHERE key >= ?1");
            let mut from = i64::MIN;
            loop {
                let next =
                    self.link.conn.query_row(&sql, [from], |row| row.get::<_, Option<i64>>(0));
                let Some(next) = self.get(next)? else { break };
                let day = slot_of(next).div_euclid(per_day);
                days.insert(day);
                from = *keys_of((day + 1) * per_day).start();
            }
        }
        Ok(days.into_iter().collect())
    }
}

/// Tells of a rollup that does not say what its samples come to.
fn hold_rollup(
    (table, row_key, slot_ms): (&'static str, i64, i64),
    kept: Option<&Result<Rollup, BadBlock>>,
    expected: &Rollup,
    known: &Known,
    found: &mut Checked,
) {
    let oldest = known.oldest[usize::from(slot_ms == DAY_MS)];
    let is_wrong = match kept {
        Some(Ok(rollup)) => rollup != expected,
        // Told with all rollups.
        Some(Err(_)) => false,
        // The oldest ones may be ageing just now.
        None => oldest.is_some_and(|oldest| slot_of(row_key) > slot_of(oldest)),
    };
    if is_wrong {
        let at = UnixMs(slot_of(row_key) * slot_ms);
        let name = known.names.get(&series_of(row_key)).cloned();
        found.add(Finding::new(table, row_key, "db.found_rollup").about(name).at(at));
    }
}

/// What a row of the journal was seen to hold.
#[derive(Default)]
struct Seen {
    count: i64,
    newest: Option<i64>,
    last: Option<(u32, i64)>,
    is_unsorted: bool,
    misplaced: Option<u32>,
    stranger: Option<u32>,
}

impl Seen {
    fn take(&mut self, series: u32, value: &Value, hour: i64, known: &Known) {
        let (at, says) = match value {
            Value::Round(sample) => (sample.at.0, !sample.is_invalid()),
            Value::Point(point) => (point.at.0, false),
        };
        self.count += 1;
        if says {
            self.newest = self.newest.max(Some(at));
        }
        self.is_unsorted |= self.last.is_some_and(|last| last > (series, at));
        self.last = Some((series, at));
        if hour_of(at) != hour {
            self.misplaced.get_or_insert(series);
        }
        let is_known = match (known.series.get(&series), value) {
            (Some(Kind::Rounds(check)), Value::Round(sample)) => *check == sample.check,
            (Some(Kind::Points(_)), Value::Point(_)) => true,
            _ => false,
        };
        if !is_known {
            self.stranger.get_or_insert(series);
        }
    }
}

fn times(content: &Content) -> Vec<UnixMs> {
    match content {
        Content::Rounds(all) => all.iter().map(|s| s.at).collect(),
        Content::Points(_, all) => all.iter().map(|p| p.at).collect(),
    }
}

/// By hour; what is not sorted was told and is taken as it comes.
fn split(content: &Content, kind: Kind) -> BTreeMap<i64, Content> {
    let mut hours: BTreeMap<i64, Content> = BTreeMap::new();
    let mut put = |at: UnixMs, value: Value| {
        hours.entry(hour_of(at.0)).or_insert_with(|| Content::empty(kind)).push(value);
    };
    match content {
        Content::Rounds(all) => all.iter().for_each(|s| put(s.at, Value::Round(*s))),
        Content::Points(_, all) => all.iter().for_each(|p| put(p.at, Value::Point(*p))),
    }
    hours
}
