//! A board that is there in parts: begun with an overview, completed page by page, and refreshed in
//! place.
//!
//! Guarantees: until the last page has come the board is that of the overview, whole in all that it tells
//! (counts, coverage, incidents and what these name), and what happens meanwhile waits; from then on it
//! is what the whole snapshot of the last change would have made it, whatever came between the parts:
//! of each change is left out what a part has already, and nothing else.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::index::{Index, unit_places};
use super::subjects::Subjects;
use super::{Board, CarrierSum, OutOfStep, clean_daemon, clean_heads, clean_units};
use crate::api::{Change, Overview, Page, PageRow, unfold};
use crate::model::State;

/// Most changes that wait for the last page: a daemon sends four a second.
const WAITING_MAX: usize = 1_024;

/// What a board is made of so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Loading {
    /// Of which inventory; 0 of a whole snapshot, which is never refreshed.
    inventory: u64,
    /// While the subjects are not all there.
    rest: Option<Box<Rest>>,
    /// Number of the last change that the units, the incidents and the daemon's health have.
    units_seq: u64,
    /// By page: where it begins, and the last change that it has.
    pages: Vec<(usize, u64)>,
    /// The largest of `pages`.
    pages_seq: u64,
    /// The other side has asked for a refresh.
    is_stale: bool,
    /// Pages are missing of it.
    is_refreshing: bool,
}

/// What is not there yet, and what waits for it.
#[derive(Debug, Clone)]
struct Rest {
    coming: Subjects,
    of: usize,
    waiting: Vec<Change>,
    /// The overview's marks, by place of the unit.
    marks: Vec<(usize, State)>,
}

impl Loading {
    /// Whether the subject at a place is newer than a change.
    pub(super) fn has_newer(&self, at: usize, seq: u64) -> bool {
        if seq > self.pages_seq {
            return false;
        }
        let page = self.pages.partition_point(|(from, _)| *from <= at).checked_sub(1);
        page.and_then(|page| self.pages.get(page)).is_some_and(|(_, has)| seq <= *has)
    }

    /// Whether units and incidents are newer than a change.
    pub(super) const fn has_newer_units(&self, seq: u64) -> bool {
        seq <= self.units_seq
    }

    /// The worst state of a unit's subjects, where it was told and these are not there yet.
    pub(super) fn mark(&self, unit: usize) -> Option<Option<State>> {
        let rest = self.rest.as_ref()?;
        Some(rest.marks.iter().find(|(of, _)| *of == unit).map(|(_, state)| *state))
    }

    fn has_page(&mut self, from: usize, seq: u64) {
        match self.pages.binary_search_by_key(&from, |(from, _)| *from) {
            Ok(at) => self.pages[at].1 = seq,
            Err(at) => self.pages.insert(at, (from, seq)),
        }
        self.pages_seq = self.pages_seq.max(seq);
    }
}

impl Board {
    /// A board of an overview, which waits for its pages.
    #[must_use]
    pub fn begun(mut overview: Overview) -> Self {
        overview.units.iter_mut().for_each(unfold);
        clean_heads(&mut overview.networks, &mut overview.carriers);
        clean_units(&mut overview.units, &overview.networks);
        let units: Vec<_> = overview.units.iter().map(|unit| unit.id.clone()).collect();
        let carriers: Vec<_> = overview.carriers.iter().map(|carrier| carrier.id.clone()).collect();
        let places = unit_places(&overview.units);
        let of = usize::try_from(overview.subjects).unwrap_or(usize::MAX);
        let mut named = Subjects::new(units.clone(), carriers.clone(), overview.named.len());
        let mut thresholds = Vec::new();
        for subject in &overview.named {
            let row = PageRow::of(subject, &mut thresholds);
            // Every id is one: it has been read as such.
            let _ = named.push(row, subject.thresholds, places.get(&subject.unit).copied());
        }
        let marks = overview.marks.iter();
        let marks = marks.filter_map(|(id, state)| Some((*places.get(id)?, *state))).collect();
        let rest =
            Rest { coming: Subjects::new(units, carriers, of), of, waiting: Vec::new(), marks };
        let timezone = TimeZone::get(&overview.timezone).unwrap_or(TimeZone::UTC);
        let index = Index::new(timezone, &overview.units, &named);
        let sums = overview.carrier_lines.iter();
        let mut board = Self {
            seq: overview.seq,
            at: overview.at,
            daemon: Arc::new(clean_daemon(overview.daemon)),
            networks: overview.networks.into(),
            carriers: overview.carriers.into(),
            units: overview.units,
            incidents: overview.incidents.into(),
            counts: overview.counts.all(),
            off_hours: overview.off_hours,
            carrier_sums: sums
                .map(|lines| CarrierSum { counts: lines.counts.all(), month: lines.month })
                .collect(),
            goal_permille: overview.goal_permille,
            measured_floor_ppm: overview.measured_floor_ppm,
            standing: 0,
            subjects: named,
            cuts: Vec::new(),
            marks: Vec::new(),
            index: Arc::new(index),
            loading: Loading {
                inventory: overview.inventory,
                rest: Some(Box::new(rest)),
                units_seq: overview.seq,
                ..Loading::default()
            },
        };
        board.count_cuts();
        board.mark_units();
        board
    }

    /// How many of how many subjects have come; `None` when all are there.
    #[must_use]
    pub fn loading(&self) -> Option<(usize, usize)> {
        self.loading.rest.as_ref().map(|rest| (rest.coming.len(), rest.of))
    }

    /// The inventory that pages must be of; `None` of a whole snapshot.
    #[must_use]
    pub fn inventory(&self) -> Option<u64> {
        Some(self.loading.inventory).filter(|inventory| *inventory != 0)
    }

    /// The last change that the pages of the last loading have; `None` while there are pages to
    /// come.
    #[must_use]
    pub(in crate::dash) fn loaded(&self) -> Option<u64> {
        let is_done = self.loading.rest.is_none() && !self.loading.is_refreshing;
        is_done.then_some(self.loading.pages_seq)
    }

    /// Whether the other side has asked for a refresh.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.loading.is_stale
    }

    /// The change, when it is its turn; one that was sent twice, or that waits, is none.
    pub(super) fn in_turn(&mut self, change: Change) -> Result<Option<Change>, OutOfStep> {
        let rest = self.loading.rest.as_mut();
        let last = rest.and_then(|rest| rest.waiting.last()).map_or(self.seq, |change| change.seq);
        if change.seq <= last {
            // Sent again after a reconnection: already contained.
            return match change.resync && self.loading.inventory == 0 {
                true => Err(OutOfStep),
                false => Ok(None),
            };
        }
        if change.seq > last + 1 || change.resync && self.loading.inventory == 0 {
            return Err(OutOfStep);
        }
        if let Some(rest) = &mut self.loading.rest {
            if rest.waiting.len() >= WAITING_MAX {
                return Err(OutOfStep);
            }
            rest.waiting.push(change);
            return Ok(None);
        }
        if change.resync {
            // What it says is of another inventory, perhaps; the refresh has it all.
            self.seq = change.seq;
            self.loading.is_stale = true;
            return Ok(None);
        }
        Ok(Some(change))
    }

    /// Takes a page in; where the next one begins, `None` after the last.
    ///
    /// # Errors
    /// [`OutOfStep`] when it is not the one that was due.
    pub fn take_page(&mut self, page: &Page<'_>) -> Result<Option<usize>, OutOfStep> {
        let is_due = page.inventory == self.loading.inventory && page.seq >= self.seq;
        if !is_due || page.inventory == 0 || page.subjects.is_empty() && self.subject_count() > 0 {
            return Err(OutOfStep);
        }
        self.loading.has_page(page.from, page.seq);
        match &mut self.loading.rest {
            Some(_) => self.add_page(page),
            None => self.replace_page(page),
        }
    }

    fn add_page(&mut self, page: &Page<'_>) -> Result<Option<usize>, OutOfStep> {
        let Some(rest) = &mut self.loading.rest else { return Err(OutOfStep) };
        if page.from != rest.coming.len() || page.from + page.subjects.len() > rest.of {
            return Err(OutOfStep);
        }
        for row in &page.subjects {
            let thresholds = *page.thresholds.get(row.thresholds).ok_or(OutOfStep)?;
            let unit = self.index.unit_at.get(&*row.unit).copied();
            rest.coming.push(row.clone(), thresholds, unit).ok_or(OutOfStep)?;
        }
        if rest.coming.len() < rest.of {
            return Ok(Some(rest.coming.len()));
        }
        let Some(rest) = self.loading.rest.take() else { return Err(OutOfStep) };
        self.subjects = rest.coming;
        self.subjects.settle();
        let timezone = self.index.timezone.clone();
        self.index = Arc::new(Index::new(timezone, &self.units, &self.subjects));
        self.count();
        self.mark_units();
        self.standing += 1;
        rest.waiting.into_iter().try_for_each(|change| self.apply(change))?;
        Ok(None)
    }

    fn replace_page(&mut self, page: &Page<'_>) -> Result<Option<usize>, OutOfStep> {
        let (mut marks_change, mut order_changes) = (false, false);
        for (row, at) in page.subjects.iter().zip(page.from..) {
            let is_it = self.subjects.get(at).is_some_and(|s| s.id().as_str() == &*row.id);
            if !is_it {
                return Err(OutOfStep);
            }
            let (is_other_state, is_other_order) = self.set_state(at, row.now.clone());
            marks_change |= is_other_state;
            order_changes |= is_other_order;
            self.subjects.set_month(at, &row.month);
        }
        if marks_change {
            self.mark_units();
        }
        self.standing += u64::from(marks_change || order_changes);
        let next = page.from + page.subjects.len();
        if next < self.subjects.len() {
            return Ok(Some(next));
        }
        self.loading.is_refreshing = false;
        self.count();
        // Lists by the month may be in another order.
        self.standing += 1;
        Ok(None)
    }

    /// Takes an overview in that is newer than the board; its pages must follow.
    ///
    /// # Errors
    /// [`OutOfStep`] when it is of other units or subjects: the board is begun anew then.
    pub fn refresh(&mut self, mut overview: Overview) -> Result<(), OutOfStep> {
        let is_whole = self.loading.rest.is_none() && overview.inventory == self.loading.inventory;
        if !is_whole || overview.seq < self.seq || overview.units.len() != self.units.len() {
            return Err(OutOfStep);
        }
        overview.units.iter_mut().for_each(unfold);
        clean_units(&mut overview.units, &self.networks);
        for (row, new) in self.units.iter_mut().zip(overview.units) {
            if row.id != new.id || row.parent != new.parent {
                return Err(OutOfStep);
            }
            row.own = new.own;
            row.subtree = new.subtree;
        }
        self.loading.units_seq = overview.seq;
        self.loading.is_stale = false;
        self.loading.is_refreshing = true;
        self.at = overview.at;
        self.daemon = Arc::new(clean_daemon(overview.daemon));
        self.incidents = overview.incidents.into();
        self.count_cuts();
        self.goal_permille = overview.goal_permille;
        self.measured_floor_ppm = overview.measured_floor_ppm;
        self.mark_units();
        self.standing += 1;
        Ok(())
    }
}
