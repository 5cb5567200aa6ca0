//! The chain of sealed days, recomputed from what it covers.
//!
//! Every link's head is computed anew from the one before it; of each day inside the window the
//! samples, states and events are hashed again, too. Each statement is a transaction of its own:
//! a day that changes meanwhile is in `amended` before it differs, and is looked up there last.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value as Cell;

use super::Reader;
use super::lost::{LostProof, Noted};
use crate::model::{Span, UnixMs};
use crate::store::chain::{Link, SamplesHash, Why, events_hash, links, states_hash};
use crate::store::journal::keys_of;
use crate::store::numbers::slot_of;
use crate::store::seal::DAY_MS;
use crate::store::unproven::{Lost, hex, left_of};
use crate::store::{StoreError, schema};

/// Flaws that are told one by one.
const FLAWS_MAX: usize = 1_000;

/// The end of the chain, or a place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The link's number, from 1.
    pub n: i64,
    /// First instant (UTC) of the day that the link seals.
    pub day: UnixMs,
    /// When it was added.
    pub at: UnixMs,
    /// SHA-256 over all up to here, in hexadecimal.
    pub head: String,
}

/// In what a link differs from what stands in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Differs {
    /// Its number does not follow the one before, or its events do not.
    Order,
    /// Its head is not the hash of itself and the one before.
    Head,
    /// The day's samples.
    Samples,
    /// The day's samples are gone before their time.
    Gone,
    /// The states that ended on the day.
    States,
    /// The events recorded up to the link.
    Events,
    /// There is no link: the day was passed over as empty, yet it has samples or states.
    Uncovered,
}

impl Differs {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Order,
        Self::Head,
        Self::Samples,
        Self::Gone,
        Self::States,
        Self::Events,
        Self::Uncovered,
    ];

    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Head => "head",
            Self::Samples => "samples",
            Self::Gone => "gone",
            Self::States => "states",
            Self::Events => "events",
            Self::Uncovered => "uncovered",
        }
    }
}

/// A link that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainFlaw {
    /// Its number; 0 where there is none.
    pub n: i64,
    /// First instant (UTC) of its day.
    pub day: UnixMs,
    /// In what.
    pub what: Differs,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Links of the whole chain; the heads of all were computed anew.
    pub links: u64,
    /// Days inside the window, each held against what it covers.
    pub days: u64,
    /// First and last of these days, by their first instant (UTC).
    pub first: Option<UnixMs>,
    /// See `first`.
    pub last: Option<UnixMs>,
    /// The end of the chain.
    pub head: Option<ChainHead>,
    /// Days whose samples have been deleted when their time was over: states and events are proved,
    /// samples no more.
    pub aged: Vec<UnixMs>,
    /// Days that have changed since and wait for a link that says so: not proved.
    pub pending: Vec<UnixMs>,
    /// What a salvage lost: not provable, and no flaw.
    pub lost: Vec<LostProof>,
    /// What differs, by link; at most 1,000.
    pub flaws: Vec<ChainFlaw>,
}

impl Reader {
    /// The end of the chain; `None` before the first day is sealed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn chain_head(&self) -> Result<Option<ChainHead>, StoreError> {
        let found = self.heads("SELECT n, day, at, head FROM chain ORDER BY n DESC LIMIT ?1", 1)?;
        Ok(found.into_iter().next())
    }

    /// The links whose head begins with `prefix` (hexadecimal, any case).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_head(&self, prefix: &str) -> Result<Vec<ChainHead>, StoreError> {
        let prefix = prefix.to_ascii_lowercase();
        let all = self.heads("SELECT n, day, at, head FROM chain ORDER BY n LIMIT ?1", i64::MAX)?;
        Ok(all.into_iter().filter(|head| head.head.starts_with(&prefix)).collect())
    }

    fn heads(&self, sql: &'static str, limit: i64) -> Result<Vec<ChainHead>, StoreError> {
        self.rows(sql, [Cell::Integer(limit)], |row| {
            Ok(ChainHead {
                n: self.get(row.get(0))?,
                day: start_of(self.get(row.get(1))?),
                at: UnixMs(self.get(row.get(2))?),
                head: hex(&self.get(row.get::<_, Vec<u8>>(3))?),
            })
        })
    }

    /// Recomputes the chain, and of the days that begin inside `window` what they cover. Samples of
    /// days that ended by `kept_from` may be gone. `told` hears how many of how many links are
    /// done.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn verify(
        &self,
        window: Span,
        kept_from: UnixMs,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Verified, StoreError> {
        let links = self.links()?;
        // The last word on a day counts.
        let newest: BTreeMap<i64, i64> = links.iter().map(|link| (link.day, link.n)).collect();
        let is_inside = |day: i64| window.contains(start_of(day));
        let days: Vec<i64> = newest.keys().copied().filter(|day| is_inside(*day)).collect();
        let mut found = Verified {
            links: links.len() as u64,
            days: days.len() as u64,
            first: days.first().copied().map(start_of),
            last: days.last().copied().map(start_of),
            ..Verified::default()
        };
        let mut before: Option<&Link> = None;
        let mut salvages: Option<Vec<Noted>> = None;
        for (done, link) in (1_u64..).zip(&links) {
            let mut wrong = differs_in_itself(link, before);
            if !wrong.is_empty() {
                let left = left_of(link);
                if let Some(lost) = self.is_lost(link, Lost::Links, &left, &mut salvages)? {
                    wrong.clear();
                    found.lost.push(lost);
                }
            }
            if is_inside(link.day) {
                let after = before.map_or(0, |b| b.last_event);
                if let Some(left) = self.differs_in_events(link, after)? {
                    match self.is_lost(link, Lost::Events, &left, &mut salvages)? {
                        Some(lost) => found.lost.push(lost),
                        None => wrong.push(Differs::Events),
                    }
                }
                if newest.get(&link.day) == Some(&link.n) {
                    self.hold_against_day(link, kept_from, &mut wrong, &mut found)?;
                }
            }
            found.add(link.n, link.day, wrong);
            before = Some(link);
            told(done, links.len() as u64);
        }
        if let Some(last) = newest.last_key_value().map(|(day, _)| *day) {
            for day in self.days_with_records(last)? {
                if is_inside(day) && !newest.contains_key(&day) && !self.is_amended(day)? {
                    found.add(0, day, vec![Differs::Uncovered]);
                }
            }
        }
        found.head = before.map(|link| ChainHead {
            n: link.n,
            day: start_of(link.day),
            at: UnixMs(link.at),
            head: hex(&link.head),
        });
        Ok(found)
    }

    fn links(&self) -> Result<Vec<Link>, StoreError> {
        links(&self.link.conn).map_err(schema::sql("read the chain", &self.path))
    }

    /// The hash of the events there are, where it is not the link's.
    fn differs_in_events(&self, link: &Link, after: i64) -> Result<Option<String>, StoreError> {
        let events = events_hash(&self.link.conn, after, link.last_event);
        let events = events.map_err(schema::sql("hash the events", &self.path))?;
        Ok((events[..] != link.events[..]).then(|| hex(&events)))
    }

    fn hold_against_day(
        &self,
        link: &Link,
        kept_from: UnixMs,
        wrong: &mut Vec<Differs>,
        found: &mut Verified,
    ) -> Result<(), StoreError> {
        let states = states_hash(&self.link.conn, link.day);
        let states = states.map_err(schema::sql("hash the states", &self.path))?;
        let mut differs = Vec::new();
        if states[..] != link.states[..] {
            differs.push(Differs::States);
        }
        if self.samples_hash(link.day)?[..] != link.samples[..] {
            let may_be_gone = start_of(link.day + 1) <= kept_from;
            let (oldest, keys) = (self.oldest_block()?, keys_of(link.day));
            // Ageing takes the oldest rows first: a day may be half gone.
            if may_be_gone && oldest.is_none_or(|key| key >= *keys.start()) {
                found.aged.push(start_of(link.day));
            } else if oldest.is_none_or(|key| key > *keys.end()) {
                differs.push(Differs::Gone);
            } else {
                differs.push(Differs::Samples);
            }
        }
        if !differs.is_empty() && self.is_amended(link.day)? {
            found.pending.push(start_of(link.day));
            return Ok(());
        }
        // A link was added while this one was looked at.
        if !differs.is_empty() && self.newest_link(link.day)? != Some(link.n) {
            found.pending.push(start_of(link.day));
            return Ok(());
        }
        wrong.extend(differs);
        Ok(())
    }

    fn samples_hash(&self, day: i64) -> Result<[u8; 32], StoreError> {
        let mut hash = SamplesHash::new(day);
        loop {
            let step = hash.step(&self.link.conn);
            if let Some(done) = step.map_err(schema::sql("hash the samples", &self.path))? {
                return Ok(done);
            }
        }
    }

    /// The key of the oldest block of a day that is kept.
    fn oldest_block(&self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT min(key) FROM block_day WHERE ?1";
        let found = self.rows(sql, [Cell::Integer(1)], |row| self.get(row.get(0)))?;
        Ok(found.into_iter().next().flatten())
    }

    fn is_amended(&self, day: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM amended WHERE day = ?1";
        Ok(!self.rows(sql, [Cell::Integer(day)], |_| Ok(()))?.is_empty())
    }

    fn newest_link(&self, day: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(n) FROM chain WHERE day = ?1";
        let found =
            self.rows(sql, [Cell::Integer(day)], |row| self.get(row.get::<_, Option<i64>>(0)))?;
        Ok(found.into_iter().flatten().next())
    }

    /// The days up to `last` that have blocks, or states that ended on them.
    fn days_with_records(&self, last: i64) -> Result<BTreeSet<i64>, StoreError> {
        let blocks = self.days_by(
            "SELECT min(key) FROM block_day WHERE key >= ?1",
            |day| *keys_of(day).start(),
            slot_of,
            last,
        )?;
        let states = self.days_by(
            "SELECT min(t1) FROM state WHERE t1 >= ?1",
            |day| day.saturating_mul(DAY_MS),
            |at| at.div_euclid(DAY_MS),
            last,
        )?;
        Ok(blocks.into_iter().chain(states).collect())
    }

    /// From one day that has any to the next: some lookups, whatever the days hold.
    fn days_by(
        &self,
        next: &'static str,
        first_of: impl Fn(i64) -> i64,
        day_of: impl Fn(i64) -> i64,
        last: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let mut days = Vec::new();
        let mut from = i64::MIN;
        loop {
            let found = self
                .rows(next, [Cell::Integer(from)], |row| self.get(row.get::<_, Option<i64>>(0)))?;
            let day = found.into_iter().flatten().next().map(&day_of);
            let Some(day) = day.filter(|day| *day <= last) else { return Ok(days) };
            days.push(day);
            from = first_of(day + 1);
        }
    }
}

impl Verified {
    fn add(&mut self, n: i64, day: i64, wrong: Vec<Differs>) {
        let flaws = wrong.into_iter().map(|what| ChainFlaw { n, day: start_of(day), what });
        let left = FLAWS_MAX.saturating_sub(self.flaws.len());
        self.flaws.extend(flaws.take(left));
    }
}

/// First instant of a day (UTC) by its number.
pub(super) fn start_of(day: i64) -> UnixMs {
    UnixMs(day.saturating_mul(DAY_MS))
}

fn differs_in_itself(link: &Link, before: Option<&Link>) -> Vec<Differs> {
    let mut wrong = Vec::new();
    let follows = match before {
        None => link.n == 1,
        Some(b) => {
            let is_later = link.day > b.day || link.why == Why::Amended.as_str();
            link.n == b.n + 1 && link.last_event >= b.last_event && is_later
        }
    };
    if !follows {
        wrong.push(Differs::Order);
    }
    if link.expected_head(before.map_or(&[], |b| &b.head))[..] != link.head[..] {
        wrong.push(Differs::Head);
    }
    wrong
}
