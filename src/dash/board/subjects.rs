//! All subjects of a board, kept light: there may be a hundred thousand of them, and a screen shows
//! sixty.
//!
//! Guarantees: nothing of a subject is kept twice (texts stand one after the other in one piece of
//! memory, units, networks, carriers and thresholds are places in tables), about 250 bytes a subject
//! beside its id and its texts; a round or a state taken in allocates nothing where nothing is wrong
//! with the subject. All that was given is given back as it was, but for the medians of past rounds
//! ([`median`]), which are drawn and never told. Every text has been made visible.

use std::collections::HashMap;
use std::sync::Arc;

use super::places::Places;
use super::subject::{Now, Subject};
use crate::api::{PageRow, SubjectState};
use crate::coverage::{Availability, Clock, StateMillis};
use crate::locale::visible;
use crate::model::{
    CarrierId, ClassMillis, HealthParams, NetworkId, RoundError, State, SubjectId, SubjectKind,
    UnitId, UnixMs,
};

/// Rounds of which the medians are kept.
pub(super) const RECENT: usize = 20;

/// Stands where there is none.
const NONE: u32 = u32::MAX;

/// A text: where it begins among all of them, and its length in bytes.
#[derive(Debug, Clone, Copy)]
struct Text {
    at: u32,
    len: u32,
}

impl Text {
    const NONE: Self = Self { at: NONE, len: 0 };
}

/// What does not change about a subject.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: SubjectId,
    name: Text,
    circuit: Text,
    role: Text,
    address: Text,
    /// Ids with blanks between them.
    via: Text,
    bandwidth_kbps: u64,
    sla_ppm: u32,
    /// Places in the tables of [`Fixed`]; [`NONE`] where there is none.
    pub(super) unit: u32,
    network: u32,
    pub(super) carrier: u32,
    thresholds: u32,
    pub(super) kind: SubjectKind,
}

/// What changes about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    since: UnixMs,
    last_round: i64,
    rtt_us: u32,
    outages: u32,
    millis: [u32; 7],
    recent: [u16; RECENT],
    loss_permille: u16,
    recents: u8,
    pub(super) suspect: u8,
    pub(super) state: State,
    marks: u8,
}

const FLAPPING: u8 = 1;
const OFF_HOURS: u8 = 1 << 1;
const PLANNED: u8 = 1 << 2;
/// There is an [`Extra`].
const EXTRA: u8 = 1 << 3;
/// The month is not in `millis`.
const ODD_MONTH: u8 = 1 << 4;
const ASKED: u8 = 1 << 5;

impl Known {
    pub(super) const fn off_hours(&self) -> bool {
        self.marks & OFF_HOURS != 0
    }

    pub(super) fn recent_us(&self) -> impl ExactSizeIterator<Item = Option<u32>> + use<'_> {
        self.recent[..usize::from(self.recents).min(RECENT)].iter().map(|code| median(*code))
    }
}

impl Row {
    pub(super) fn bandwidth_kbps(&self) -> Option<u64> {
        (self.bandwidth_kbps != u64::MAX).then_some(self.bandwidth_kbps)
    }

    pub(super) fn sla_ppm(&self) -> Option<u32> {
        (self.sla_ppm != NONE).then_some(self.sla_ppm)
    }
}

/// What only a few have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Extra {
    cause: Option<SubjectId>,
    backup: Option<SubjectId>,
    trouble: Option<RoundError>,
}

/// The part that is shared by all clones.
#[derive(Debug, Clone, Default)]
pub(super) struct Fixed {
    pub(super) rows: Vec<Row>,
    texts: String,
    places: Places,
    /// The board's units, in its order, then units that it does not have.
    units: Vec<UnitId>,
    networks: Vec<NetworkId>,
    /// The board's carriers, in its order, then others.
    carriers: Vec<CarrierId>,
    thresholds: Vec<HealthParams>,
}

/// The subjects.
#[derive(Debug, Clone, Default)]
pub(super) struct Subjects {
    pub(super) fixed: Arc<Fixed>,
    pub(super) known: Vec<Known>,
    extras: HashMap<u32, Box<Extra>>,
    months: HashMap<u32, Box<Availability>>,
}

/// Medians up to 32 ms are kept to the microsecond, longer ones in steps of 128 µs (0.4 % at most), and
/// those over 4.2 s as 4.2 s.
const EXACT_US: u32 = 1 << 15;
const STEP_US: u32 = 128;
const NO_MEDIAN: u16 = u16::MAX;

fn packed(median_us: Option<u32>) -> u16 {
    let Some(us) = median_us else { return NO_MEDIAN };
    let code = if us < EXACT_US { us } else { EXACT_US + (us - EXACT_US) / STEP_US };
    u16::try_from(code).unwrap_or(NO_MEDIAN).min(NO_MEDIAN - 1)
}

/// The median of a past round; `None` where nothing came back.
fn median(code: u16) -> Option<u32> {
    let code = u32::from(code);
    match code {
        _ if code == u32::from(NO_MEDIAN) => None,
        _ if code < EXACT_US => Some(code),
        _ => Some(EXACT_US + (code - EXACT_US) * STEP_US),
    }
}

/// The place of `one` in a short table, at whose end it is put where it is new.
fn place_in<T: Clone>(
    table: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    one: impl FnOnce() -> Option<T>,
) -> u32 {
    let found = table.iter().rposition(is_it).or_else(|| {
        table.push(one()?);
        Some(table.len() - 1)
    });
    found.and_then(|at| u32::try_from(at).ok()).unwrap_or(NONE)
}

impl Fixed {
    fn text(&mut self, text: Option<&str>) -> Text {
        let Some(text) = text else { return Text::NONE };
        let at = self.texts.len();
        if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
            self.texts.push_str(text);
        } else {
            self.texts.push_str(&visible(text));
        }
        // Four gigabytes of names are more than any answer that is read.
        match (u32::try_from(at), u32::try_from(self.texts.len() - at)) {
            (Ok(at), Ok(len)) => Text { at, len },
            _ => Text::NONE,
        }
    }

    fn shown(&self, text: Text) -> Option<&str> {
        let (at, len) = (usize::try_from(text.at).ok()?, usize::try_from(text.len).ok()?);
        self.texts.get(at..at + len).filter(|_| text.at != NONE)
    }

    fn push(
        &mut self,
        row: &PageRow<'_>,
        thresholds: HealthParams,
        unit: Option<usize>,
    ) -> Option<()> {
        let id = SubjectId::new(&row.id).ok()?;
        let unit = match unit.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => at,
            None => place_in(
                &mut self.units,
                |u| u.as_str() == &*row.unit,
                || UnitId::new(&row.unit).ok(),
            ),
        };
        let network = row.network.as_deref().map_or(NONE, |id| {
            place_in(&mut self.networks, |n| n.as_str() == id, || NetworkId::new(id).ok())
        });
        let carrier = row.carrier.as_deref().map_or(NONE, |id| {
            place_in(&mut self.carriers, |c| c.as_str() == id, || CarrierId::new(id).ok())
        });
        let thresholds =
            place_in(&mut self.thresholds, |known| *known == thresholds, || Some(thresholds));
        if unit == NONE {
            return None;
        }
        let via: Vec<&str> = row.via.iter().map(|id| &**id).collect();
        let row = Row {
            name: self.text(Some(&row.name)),
            circuit: self.text(row.circuit.as_deref()),
            role: self.text(row.role.as_deref()),
            address: self.text(row.address.as_deref()),
            via: self.text(Some(via.join(" ").as_str())),
            bandwidth_kbps: row.bandwidth_kbps.unwrap_or(u64::MAX),
            sla_ppm: row.sla_ppm.unwrap_or(NONE),
            unit,
            network,
            carrier,
            thresholds,
            kind: row.kind,
            id,
        };
        self.rows.push(row);
        let Self { places, rows, .. } = self;
        places.insert(rows.len() - 1, |at| rows.get(at).map(|row| row.id.as_str()));
        Some(())
    }

    pub(super) fn name(&self, row: &Row) -> &str {
        self.shown(row.name).unwrap_or_default()
    }

    pub(super) fn circuit(&self, row: &Row) -> Option<&str> {
        self.shown(row.circuit)
    }

    pub(super) fn role(&self, row: &Row) -> Option<&str> {
        self.shown(row.role)
    }

    pub(super) fn address(&self, row: &Row) -> Option<&str> {
        self.shown(row.address)
    }

    /// Ids with blanks between them.
    pub(super) fn via(&self, row: &Row) -> &str {
        self.shown(row.via).unwrap_or_default()
    }

    /// Every row has one: without it none is added.
    pub(super) fn unit(&self, row: &Row) -> &UnitId {
        &self.units[row.unit as usize]
    }

    pub(super) fn network(&self, row: &Row) -> Option<&NetworkId> {
        self.networks.get(row.network as usize)
    }

    pub(super) fn carrier(&self, row: &Row) -> Option<&CarrierId> {
        self.carriers.get(row.carrier as usize)
    }

    /// Every row has some.
    pub(super) fn thresholds(&self, row: &Row) -> &HealthParams {
        &self.thresholds[row.thresholds as usize]
    }

    /// Where a subject stands.
    pub(super) fn at(&self, id: &str) -> Option<usize> {
        self.places.find(id, |at| self.rows.get(at).map(|row| row.id.as_str()))
    }
}

impl Subjects {
    /// None yet, of these units and carriers; there will be about `count`.
    pub(super) fn new(units: Vec<UnitId>, carriers: Vec<CarrierId>, count: usize) -> Self {
        let mut fixed = Fixed { units, carriers, ..Fixed::default() };
        // What an answer says of how many there will be is believed up to here.
        let count = count.min(1 << 20);
        fixed.rows.reserve_exact(count);
        let mut known = Vec::new();
        known.reserve_exact(count);
        Self { fixed: Arc::new(fixed), known, ..Self::default() }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Adds one at the end; `unit` is where its unit stands on the board. `None` when it names what
    /// cannot be an id: it is left out.
    pub(super) fn push(
        &mut self,
        row: PageRow<'_>,
        thresholds: HealthParams,
        unit: Option<usize>,
    ) -> Option<()> {
        Arc::make_mut(&mut self.fixed).push(&row, thresholds, unit)?;
        self.known.push(Known {
            since: UnixMs(0),
            last_round: i64::MIN,
            rtt_us: NONE,
            outages: 0,
            millis: [0; 7],
            recent: [NO_MEDIAN; RECENT],
            loss_permille: u16::MAX,
            recents: 0,
            suspect: 0,
            state: State::Unmeasured,
            marks: 0,
        });
        let at = self.known.len() - 1;
        self.set_state(at, row.now);
        self.set_month(at, &row.month);
        Some(())
    }

    /// Gives back the room that was not needed.
    pub(super) fn settle(&mut self) {
        let fixed = Arc::make_mut(&mut self.fixed);
        fixed.rows.shrink_to_fit();
        fixed.texts.shrink_to_fit();
        self.known.shrink_to_fit();
    }

    /// The id as the subject of that name has it, so that it is there once.
    fn shared(&self, id: SubjectId) -> SubjectId {
        match self.fixed.at(id.as_str()).and_then(|at| self.fixed.rows.get(at)) {
            Some(row) => row.id.clone(),
            None => id,
        }
    }

    /// Takes a state in.
    pub(super) fn set_state(&mut self, at: usize, now: SubjectState) {
        let key = u32::try_from(at).unwrap_or(NONE);
        let Some(known) = self.known.get_mut(at) else { return };
        let had_extra = known.marks & EXTRA != 0;
        known.state = now.state;
        known.since = now.since;
        known.suspect = now.suspect;
        known.last_round = now.last_round.map_or(i64::MIN, |at| at.0);
        known.rtt_us = now.rtt_us.map_or(NONE, |us| us.min(NONE - 1));
        known.loss_permille = now.loss_permille.map_or(u16::MAX, |loss| loss.min(u16::MAX - 1));
        let newest = now.recent_us.len().saturating_sub(RECENT);
        let newest = now.recent_us.get(newest..).unwrap_or_default();
        known.recents = u8::try_from(newest.len()).unwrap_or(0);
        for (code, median_us) in known.recent.iter_mut().zip(newest) {
            *code = packed(*median_us);
        }
        let has_extra = now.cause.is_some() || now.backup.is_some() || now.trouble.is_some();
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        known.marks = known.marks & ODD_MONTH
            | mark(now.flapping, FLAPPING)
            | mark(now.off_hours, OFF_HOURS)
            | mark(now.planned, PLANNED)
            | mark(now.asked, ASKED)
            | mark(has_extra, EXTRA);
        if has_extra {
            let cause = now.cause.map(|id| self.shared(id));
            let backup = now.backup.map(|id| self.shared(id));
            let trouble = now.trouble;
            self.extras.insert(key, Box::new(Extra { cause, backup, trouble }));
        } else if had_extra {
            self.extras.remove(&key);
        }
    }

    /// Takes a month in.
    pub(super) fn set_month(&mut self, at: usize, month: &Availability) {
        let key = u32::try_from(at).unwrap_or(NONE);
        let Some(known) = self.known.get_mut(at) else { return };
        let is_plain = month.planned == StateMillis::default() && month.clock == Clock::default();
        match packed_millis(&month.millis).filter(|_| is_plain) {
            Some(millis) => {
                (known.millis, known.outages) = (millis, month.outages);
                if known.marks & ODD_MONTH != 0 {
                    known.marks &= !ODD_MONTH;
                    self.months.remove(&key);
                }
            }
            None => {
                known.marks |= ODD_MONTH;
                self.months.insert(key, Box::new(*month));
            }
        }
    }

    /// How one stands now.
    pub(super) fn now<'a>(&'a self, at: usize, known: &'a Known) -> Now<'a> {
        let is = |mark: u8| known.marks & mark != 0;
        let key = || u32::try_from(at).ok();
        let extra = is(EXTRA).then(|| self.extras.get(&key()?)).flatten();
        Now {
            state: known.state,
            since: known.since,
            cause: extra.and_then(|extra| extra.cause.as_ref()),
            suspect: known.suspect,
            last_round: (known.last_round != i64::MIN).then_some(UnixMs(known.last_round)),
            rtt_us: (known.rtt_us != NONE).then_some(known.rtt_us),
            loss_permille: (known.loss_permille != u16::MAX).then_some(known.loss_permille),
            backup: extra.and_then(|extra| extra.backup.as_ref()),
            flapping: is(FLAPPING),
            off_hours: is(OFF_HOURS),
            planned: is(PLANNED),
            asked: is(ASKED),
            trouble: extra.and_then(|extra| extra.trouble),
        }
    }

    /// One's month.
    pub(super) fn month(&self, at: usize, known: &Known) -> Availability {
        let key = || u32::try_from(at).ok();
        let odd = (known.marks & ODD_MONTH != 0).then(|| self.months.get(&key()?)).flatten();
        odd.map_or_else(
            || Availability {
                millis: unpacked_millis(known.millis),
                outages: known.outages,
                ..Availability::default()
            },
            |odd| **odd,
        )
    }

    /// One of them.
    pub(super) fn get(&self, at: usize) -> Option<Subject<'_>> {
        let (row, known) = (self.fixed.rows.get(at)?, self.known.get(at)?);
        Some(Subject { all: self, row, known, at })
    }

    /// All of them, in the inventory's order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Subject<'_>> {
        let both = self.fixed.rows.iter().zip(&self.known).enumerate();
        both.map(|(at, (row, known))| Subject { all: self, row, known, at })
    }
}

/// In milliseconds that fit into a month; `None` when they do not.
fn packed_millis(millis: &ClassMillis) -> Option<[u32; 7]> {
    let ClassMillis { up, degraded, down, unreachable, off_hours, unmeasured, planned } = *millis;
    let mut packed = [0; 7];
    let all = [up, degraded, down, unreachable, off_hours, unmeasured, planned];
    for (packed, ms) in packed.iter_mut().zip(all) {
        *packed = u32::try_from(ms).ok()?;
    }
    Some(packed)
}

fn unpacked_millis(millis: [u32; 7]) -> ClassMillis {
    let [up, degraded, down, unreachable, off_hours, unmeasured, planned] = millis.map(i64::from);
    ClassMillis { up, degraded, down, unreachable, off_hours, unmeasured, planned }
}
