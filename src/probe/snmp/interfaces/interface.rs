//! An interface as one pass found it, and what passed through it.

use std::sync::Arc;

use crate::model::Untrusted;
use crate::probe::snmp::ask::Datum;
use crate::probe::snmp::mib::{self, Arcs};
use crate::probe::snmp::value;

/// `IANAifType` softwareLoopback.
const KIND_LOOPBACK: u32 = 24;
/// `IANAifType` other: consoles and null interfaces, but also the mobile modems of Linux.
const KIND_OTHER: u32 = 1;

/// What is counted of an interface, one way each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Counter {
    OctetsIn,
    OctetsOut,
    PacketsIn,
    PacketsOut,
    ErrorsIn,
    ErrorsOut,
    DiscardsIn,
    DiscardsOut,
}

impl Counter {
    /// All, in the order of [`Counts`].
    pub const ALL: [Self; 8] = [
        Self::OctetsIn,
        Self::OctetsOut,
        Self::PacketsIn,
        Self::PacketsOut,
        Self::ErrorsIn,
        Self::ErrorsOut,
        Self::DiscardsIn,
        Self::DiscardsOut,
    ];

    /// The word used in metrics: `if.octets_in:NAME`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OctetsIn => "octets_in",
            Self::OctetsOut => "octets_out",
            Self::PacketsIn => "packets_in",
            Self::PacketsOut => "packets_out",
            Self::ErrorsIn => "errors_in",
            Self::ErrorsOut => "errors_out",
            Self::DiscardsIn => "discards_in",
            Self::DiscardsOut => "discards_out",
        }
    }

    /// Its column of 64 bits, where there is one, and that of 32.
    pub(super) const fn columns(self) -> (Option<Arcs>, Arcs) {
        match self {
            Self::OctetsIn => (Some(mib::IF_HC_IN_OCTETS), mib::IF_IN_OCTETS),
            Self::OctetsOut => (Some(mib::IF_HC_OUT_OCTETS), mib::IF_OUT_OCTETS),
            Self::PacketsIn => (Some(mib::IF_HC_IN_UCAST), mib::IF_IN_UCAST),
            Self::PacketsOut => (Some(mib::IF_HC_OUT_UCAST), mib::IF_OUT_UCAST),
            Self::ErrorsIn => (None, mib::IF_IN_ERRORS),
            Self::ErrorsOut => (None, mib::IF_OUT_ERRORS),
            Self::DiscardsIn => (None, mib::IF_IN_DISCARDS),
            Self::DiscardsOut => (None, mib::IF_OUT_DISCARDS),
        }
    }
}

/// A number per [`Counter`], in its order.
pub type Counts = [Option<u64>; 8];

/// Whether an interface works (`ifOperStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are IF-MIB's")]
pub enum Status {
    Up,
    Down,
    Testing,
    Unknown,
    Dormant,
    NotPresent,
    LowerLayerDown,
}

impl Status {
    pub(super) fn from_value(value: Datum<'_>) -> Option<Self> {
        Some(match value::integer(value)? {
            1 => Self::Up,
            2 => Self::Down,
            3 => Self::Testing,
            4 => Self::Unknown,
            5 => Self::Dormant,
            6 => Self::NotPresent,
            7 => Self::LowerLayerDown,
            _ => return None,
        })
    }

    /// True when it certainly carries nothing. Dormant waits for traffic to come up, and unknown
    /// is what tunnels and bridges of some makers always say.
    #[must_use]
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Down | Self::NotPresent | Self::LowerLayerDown)
    }
}

/// What passed between two passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Time between them in milliseconds, at least five seconds.
    pub span_ms: i64,
    /// What was counted in it; `None` where it cannot be known.
    pub counted: Counts,
}

impl Passed {
    /// Bits a second, in and out.
    #[must_use]
    pub fn bps(&self) -> (Option<u64>, Option<u64>) {
        let rate = |counter: Counter| {
            let bits = u128::from(self.counted[counter as usize]?) * 8_000;
            u64::try_from(bits / u128::from(self.span_ms.unsigned_abs().max(1))).ok()
        };
        (rate(Counter::OctetsIn), rate(Counter::OctetsOut))
    }

    /// Packets with errors in thousandths of all unicast ones and these, in and out; `None` when
    /// no packet passed. Broadcasts are not counted, so it rather shows too much.
    #[must_use]
    pub fn errors_permille(&self) -> (Option<u16>, Option<u16>) {
        let share = |errors: Counter, packets: Counter| {
            let errors = u128::from(self.counted[errors as usize]?);
            let all = u128::from(self.counted[packets as usize]?) + errors;
            (all > 0).then(|| u16::try_from(errors * 1_000 / all).unwrap_or(1_000))
        };
        (
            share(Counter::ErrorsIn, Counter::PacketsIn),
            share(Counter::ErrorsOut, Counter::PacketsOut),
        )
    }
}

/// One interface as one pass found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    /// What it is known by, unique on its device.
    pub name: Arc<str>,
    /// Its number in this pass.
    pub index: u32,
    /// `ifDescr`, where it says something else than the name.
    pub descr: Option<Untrusted>,
    /// `ifAlias`: the operators' own words.
    pub alias: Option<Untrusted>,
    /// `ifType`, an `IANAifType`.
    pub kind: Option<u32>,
    /// False when an operator switched it off; `None` when it did not say.
    pub is_enabled: Option<bool>,
    /// Whether it works; `None` when it did not say.
    pub status: Option<Status>,
    /// What it can carry in bits a second, each way.
    pub speed_bps: Option<u64>,
    /// Its counters as sums that never go back while the device is followed.
    pub counts: Counts,
    /// What passed since the pass before; `None` when that cannot be known.
    pub passed: Option<Passed>,
}

impl Interface {
    /// The share of `contracted_bps` (else of what the interface can carry) that is in use, in
    /// thousandths, in and out. A line may carry more than was contracted.
    #[must_use]
    pub fn utilisation_permille(&self, contracted_bps: Option<u64>) -> (Option<u32>, Option<u32>) {
        let most = contracted_bps.or(self.speed_bps).filter(|bps| *bps > 0);
        let (inward, outward) = self.passed.map_or((None, None), |passed| passed.bps());
        let share = |bps: Option<u64>| {
            let permille = u128::from(bps?) * 1_000 / u128::from(most?);
            Some(u32::try_from(permille).unwrap_or(u32::MAX))
        };
        (share(inward), share(outward))
    }

    /// True for what is worth keeping counters of: no loopback, not switched off, not unplugged
    /// for good, no console that never carried anything.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        let is_idle = || self.counts.iter().all(|count| count.is_none_or(|sum| sum == 0));
        let is_inside = match self.kind {
            Some(KIND_LOOPBACK) => true,
            Some(KIND_OTHER) => is_idle(),
            _ => false,
        };
        !is_inside && self.is_enabled != Some(false) && self.status != Some(Status::NotPresent)
    }
}

/// The interface an operator means by `wanted`: by its name, else its `ifDescr`, else its
/// `ifAlias`, exactly first and then without regard to case; `None` when none or several fit.
#[must_use]
pub fn find<'a>(interfaces: &'a [Interface], wanted: &str) -> Option<&'a Interface> {
    let texts: [fn(&Interface) -> Option<&str>; 3] = [
        |i| Some(&i.name),
        |i| i.descr.as_ref().map(Untrusted::as_str),
        |i| i.alias.as_ref().map(Untrusted::as_str),
    ];
    let same: [fn(&str, &str) -> bool; 2] =
        [|a, b| a == b, |a, b| a.to_lowercase() == b.to_lowercase()];
    for is_same in same {
        for text in texts {
            let mut fitting =
                interfaces.iter().filter(|i| text(i).is_some_and(|t| is_same(t, wanted)));
            match (fitting.next(), fitting.next()) {
                (Some(one), None) => return Some(one),
                (Some(_), Some(_)) => return None,
                _ => {}
            }
        }
    }
    None
}
