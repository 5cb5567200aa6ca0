//! Physical truth: does an address answer at a time, how fast, with what loss.
//!
//! Pure: inventory, script and seed in, the same answers out, packet by packet. An address
//! answers when nothing has befallen its own subject and what that is reached through lets
//! packets pass, all the way up: a cut trunk takes its communes with it unless they have another
//! way. Delay and loss add up along the way that is taken (the first of redundant ones that is
//! open).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::dice::{hash, mix};
use super::script::{FaultKind, Script, lines_of};
use crate::model::{Inventory, Span, State, SubjectIx, Tier, UnixMs, Via};

/// The province: who is where, what befalls whom when.
#[derive(Debug)]
pub struct World {
    inventory: Arc<Inventory>,
    script: Script,
    seed: u64,
    asked: HashMap<IpAddr, Asked>,
    /// The device at whose address a connection is asked, where they share it.
    shares: Vec<Option<SubjectIx>>,
    /// Delay a subject adds to what it is reached through, in microseconds.
    adds_us: Vec<u32>,
    /// When something changes, in order.
    edges: Vec<UnixMs>,
}

/// Who stands behind an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    subject: SubjectIx,
    /// The near end of a line: it answers as fast as what the line starts from.
    near: bool,
}

/// How a subject can be reached at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// It answers.
    pub live: bool,
    /// What it is reached through does not let anything pass: whose fault that is.
    pub blocked_by: Option<SubjectIx>,
    /// Loss along the way, in thousandths.
    pub loss_permille: u16,
    /// Round-trip time without jitter, in microseconds.
    pub delay_us: u32,
    /// The same up to what it is reached through.
    near_us: u32,
    /// Since when its own fault lasts.
    fault_since: UnixMs,
}

impl Reach {
    /// What a patient observer with these thresholds would call it.
    #[must_use]
    pub const fn state(&self, degraded_permille: u16, degraded_us: u32) -> State {
        match (self.live, self.blocked_by) {
            (false, Some(_)) => State::Unreachable,
            (false, None) => State::Down,
            (true, _) if self.loss_permille > degraded_permille || self.delay_us > degraded_us => {
                State::Degraded
            }
            (true, _) => State::Up,
        }
    }
}

/// Whether a device has electricity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Electricity {
    /// Since when there is none from outside.
    pub gone_since: Option<UnixMs>,
    /// When it last came back to a device that had gone dark.
    pub last_back: Option<UnixMs>,
}

/// The whole province over a span in which nothing changes.
#[derive(Debug, Clone)]
pub struct Moment {
    /// While it holds.
    pub span: Span,
    reach: Vec<Reach>,
}

impl Moment {
    /// How a subject can be reached.
    #[must_use]
    pub fn reach(&self, subject: SubjectIx) -> Reach {
        self.reach[subject.ix()]
    }
}

/// What the way to a subject is worth.
#[derive(Debug, Clone, Copy)]
struct Way {
    blocked_by: Option<SubjectIx>,
    blocked_since: UnixMs,
    loss_permille: u16,
    delay_us: u32,
}

const OPEN: Way =
    Way { blocked_by: None, blocked_since: UnixMs(i64::MIN), loss_permille: 0, delay_us: 0 };

impl World {
    /// A province in which `script` happens.
    #[must_use]
    pub fn new(inventory: Arc<Inventory>, script: Script, seed: u64) -> Self {
        let mut asked = HashMap::new();
        let mut shares = vec![None; inventory.subjects.len()];
        for ix in inventory.subject_ixs() {
            let subject = inventory.subject(ix);
            let pinged = subject.checks.iter().enumerate().filter(|(_, c)| c.kind.is_timed());
            for (n, check) in pinged {
                let near = n > 0 && subject.connection().is_some();
                let entry = Asked { subject: ix, near };
                asked
                    .entry(check.kind.address())
                    .and_modify(|known: &mut Asked| {
                        // A device is what really answers; its connection borrows the address.
                        let (line, device) = match subject.device() {
                            Some(_) => (known.subject, ix),
                            None => (ix, known.subject),
                        };
                        shares[line.ix()] = Some(device);
                        *known = Asked { subject: device, near: false };
                    })
                    .or_insert(entry);
            }
        }
        let adds_us = inventory.subject_ixs().map(|s| adds_us(&inventory, s, seed)).collect();
        let mut edges: Vec<UnixMs> =
            script.faults().iter().flat_map(|f| [f.span.from, f.span.to]).collect();
        edges.sort_unstable();
        edges.dedup();
        Self { inventory, script, seed, asked, shares, adds_us, edges }
    }

    /// What it is made from.
    #[must_use]
    pub const fn inventory(&self) -> &Arc<Inventory> {
        &self.inventory
    }

    /// What happens in it.
    #[must_use]
    pub const fn script(&self) -> &Script {
        &self.script
    }

    /// The times inside `window` at which something changes, in order, its ends left out.
    pub fn edges_in(&self, window: Span) -> impl Iterator<Item = UnixMs> + '_ {
        let first = self.edges.partition_point(|e| *e <= window.from);
        self.edges[first..].iter().copied().take_while(move |e| *e < window.to)
    }

    /// The whole province at `at`, and until when that holds.
    #[must_use]
    pub fn moment(&self, at: UnixMs) -> Moment {
        let next = self.edges.partition_point(|e| *e <= at);
        let from = next.checked_sub(1).map_or(UnixMs(i64::MIN), |i| self.edges[i]);
        let to = self.edges.get(next).copied().unwrap_or(UnixMs(i64::MAX));
        let n = self.inventory.subjects.len();
        let mut faults: Vec<Own> = vec![Own::default(); n];
        // The faults are sorted by their start: none that begins later can be on.
        let begun = self.script.faults().partition_point(|f| f.span.from <= at);
        for fault in self.script.faults()[..begun].iter().filter(|f| f.span.contains(at)) {
            for subject in &fault.subjects {
                faults[subject.ix()].befall(fault.kind, fault.span.from);
            }
        }
        let mut reach: Vec<Reach> = Vec::with_capacity(n);
        for ix in self.inventory.subject_ixs() {
            let way = way(&reach, &self.inventory.subject(ix).via);
            let mut own = faults[ix.ix()];
            if let Some(device) = self.shares[ix.ix()].map(|d| faults[d.ix()])
                && device.dark
            {
                own.dark = true;
                own.since = own.since.min(device.since);
            }
            reach.push(Reach {
                live: !own.dark && way.blocked_by.is_none(),
                blocked_by: way.blocked_by,
                loss_permille: add_loss(way.loss_permille, own.loss_permille),
                delay_us: way
                    .delay_us
                    .saturating_add(self.adds_us[ix.ix()])
                    .saturating_add(own.extra_us),
                near_us: way.delay_us,
                fault_since: own.since,
            });
        }
        Moment { span: Span::new(from, to), reach }
    }

    /// The round-trip time in microseconds of one packet to `address`, or `None` when no answer
    /// comes back. `packet` tells packets of one address apart (identifier and sequence number):
    /// the same packet always fares the same.
    #[must_use]
    pub fn answer(&self, moment: &Moment, address: IpAddr, packet: u64) -> Option<u32> {
        let asked = *self.asked.get(&address)?;
        let reach = moment.reach(asked.subject);
        if !reach.live {
            return None;
        }
        let luck = match address {
            IpAddr::V4(a) => hash(self.seed ^ mix(packet), &a.octets()),
            IpAddr::V6(a) => hash(self.seed ^ mix(packet), &a.octets()),
        };
        if luck % 1000 < u64::from(reach.loss_permille) {
            return None;
        }
        let base_us =
            if asked.near { reach.near_us.saturating_add(NEAR_END_US) } else { reach.delay_us };
        Some(with_jitter(base_us, mix(luck)))
    }

    /// Who stands behind an address.
    pub(super) fn at(&self, address: IpAddr) -> Option<SubjectIx> {
        self.asked.get(&address).map(|asked| asked.subject)
    }

    /// The electricity of a subject at `at`.
    pub(super) fn electricity(&self, subject: SubjectIx, at: UnixMs) -> Electricity {
        let mut found = Electricity { gone_since: None, last_back: None };
        let begun = self.script.faults().partition_point(|f| f.span.from <= at);
        let mine = self.script.faults()[..begun].iter().filter(|f| f.subjects.contains(&subject));
        for fault in mine {
            let is_on = fault.span.contains(at);
            match fault.kind {
                FaultKind::Mains | FaultKind::Power if is_on => {
                    found.gone_since = found.gone_since.or(Some(fault.span.from));
                }
                // What went dark began anew when it came back.
                FaultKind::Power | FaultKind::Dead if !is_on => {
                    found.last_back = found.last_back.max(Some(fault.span.to));
                }
                _ => {}
            }
        }
        found
    }

    /// The seed it was made with.
    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// One round of `count` packets to a subject's primary check, as samples of the past are
    /// made: the round-trip times of the packets that came back. A live subject never loses the
    /// whole round, a dark one always does.
    pub(super) fn round(
        &self,
        reach: Reach,
        subject: SubjectIx,
        at: UnixMs,
        count: u8,
    ) -> Vec<u32> {
        if !reach.live {
            return Vec::new();
        }
        let round = mix(self.seed ^ u64::from(subject.0).rotate_left(40) ^ at.0.unsigned_abs());
        let mut rtts: Vec<u32> = (0..u64::from(count))
            .map(|k| mix(round.wrapping_add(k)))
            .filter(|luck| luck % 1000 >= u64::from(reach.loss_permille))
            .map(|luck| with_jitter(reach.delay_us, mix(luck)))
            .collect();
        if rtts.is_empty() {
            rtts.push(with_jitter(reach.delay_us, round));
        }
        rtts
    }
}

/// The near end of a line is an interface of the router it starts from.
const NEAR_END_US: u32 = 120;

/// What befell a subject itself.
#[derive(Debug, Clone, Copy)]
struct Own {
    dark: bool,
    since: UnixMs,
    loss_permille: u16,
    extra_us: u32,
}

impl Default for Own {
    fn default() -> Self {
        Self { dark: false, since: UnixMs(i64::MAX), loss_permille: 0, extra_us: 0 }
    }
}

impl Own {
    fn befall(&mut self, kind: FaultKind, from: UnixMs) {
        match kind {
            FaultKind::Loss { permille } => {
                self.loss_permille = add_loss(self.loss_permille, permille);
            }
            FaultKind::Slow { extra_us } => self.extra_us = self.extra_us.saturating_add(extra_us),
            FaultKind::Mains => {}
            FaultKind::Cut | FaultKind::Power | FaultKind::Dead => {
                self.dark = true;
                self.since = self.since.min(from);
            }
        }
    }
}

/// Blame follows the rules of health: of parts that are all needed the first blocked one; of
/// redundant ones that which went last, since the way was open until then.
fn way(reach: &[Reach], via: &Via) -> Way {
    match via {
        Via::Subject(parent) => {
            let r = &reach[parent.ix()];
            let blocked_by = if r.live { None } else { Some(r.blocked_by.unwrap_or(*parent)) };
            Way {
                blocked_by,
                blocked_since: blocked_by.map_or(UnixMs(i64::MIN), |b| reach[b.ix()].fault_since),
                loss_permille: r.loss_permille,
                delay_us: r.delay_us,
            }
        }
        Via::All(parts) => {
            let mut all = OPEN;
            for part in parts {
                let w = way(reach, part);
                if w.blocked_by.is_some() {
                    return w;
                }
                all.loss_permille = add_loss(all.loss_permille, w.loss_permille);
                all.delay_us = all.delay_us.max(w.delay_us);
            }
            all
        }
        Via::Any(parts) => {
            let mut last_gone: Option<Way> = None;
            for part in parts {
                let w = way(reach, part);
                if w.blocked_by.is_none() {
                    return w;
                }
                if last_gone.is_none_or(|l| l.blocked_since < w.blocked_since) {
                    last_gone = Some(w);
                }
            }
            last_gone.unwrap_or(OPEN)
        }
    }
}

/// Loss of two stretches one after the other, in thousandths.
fn add_loss(a: u16, b: u16) -> u16 {
    let (a, b) = (u32::from(a.min(1000)), u32::from(b.min(1000)));
    u16::try_from(a + b - a * b / 1000).unwrap_or(1000)
}

/// The delay a subject adds to what it is reached through, in microseconds: the DIC's own
/// equipment 0.2–0.4 ms, a district's line 3–8, a department's 1–4, a commune's 3–12 more than
/// its district's; a commune's second line that does not go through its district is a mobile one,
/// 40–60; everything inside a building 0.1–0.4.
fn adds_us(inventory: &Inventory, ix: SubjectIx, seed: u64) -> u32 {
    let subject = inventory.subject(ix);
    let tier = inventory.unit(subject.unit).kind.tier();
    let is_line =
        subject.connection().is_some_and(|c| inventory.network(c.network).over.is_empty());
    let (low, high) = match (is_line, tier) {
        (false, Tier::Province) => (200, 400),
        (false, _) => (100, 400),
        (true, Tier::Province) => (15_000, 25_000),
        (true, Tier::Department) => (1_000, 4_000),
        (true, Tier::District) => (3_000, 7_700),
        (true, Tier::Commune) => {
            let through_district =
                subject.via.subjects().iter().any(|p| {
                    inventory.unit(inventory.subject(*p).unit).kind.tier() != Tier::Province
                });
            let is_backup = !through_district && lines_of(inventory, subject.unit).len() > 1;
            if is_backup { (40_000, 60_000) } else { (3_000, 12_000) }
        }
    };
    let luck = hash(seed, subject.id.as_str().as_bytes()) % u64::from(high - low);
    low + u32::try_from(luck).unwrap_or(0)
}

/// Up to 6 % more by chance, and one packet in 64 up to half as much again, as queues do.
fn with_jitter(base_us: u32, luck: u64) -> u32 {
    let base = u64::from(base_us);
    let usual = base * (luck % 61) / 1000;
    let queue = if luck.rotate_left(24).is_multiple_of(64) {
        base * (luck.rotate_left(40) % 500) / 1000
    } else {
        0
    };
    u32::try_from(base + usual + queue).unwrap_or(u32::MAX)
}
