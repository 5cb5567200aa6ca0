//! One subject of a board, as the screens ask for it.

use super::subjects::{Known, Row, Subjects};
use crate::api::SubjectState;
use crate::coverage::Availability;
use crate::model::{
    CarrierId, HealthParams, NetworkId, RoundError, State, SubjectId, SubjectKind, UnitId, UnixMs,
};

/// A subject: a pointer to where it is kept, as cheap to copy.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub(super) all: &'a Subjects,
    pub(super) row: &'a Row,
    pub(super) known: &'a Known,
    pub(super) at: usize,
}

/// How it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now<'a> {
    /// State.
    pub state: State,
    /// Since when.
    pub since: UnixMs,
    /// Root cause when unreachable.
    pub cause: Option<&'a SubjectId>,
    /// Failed rounds in a row that have not been decided yet; 0 when none.
    pub suspect: u8,
    /// When it was last asked.
    pub last_round: Option<UnixMs>,
    /// Median round-trip time of the last round, microseconds.
    pub rtt_us: Option<u32>,
    /// Loss of the last round, thousandths.
    pub loss_permille: Option<u16>,
    /// The root cause on its first way, where it is reached by its second.
    pub backup: Option<&'a SubjectId>,
    /// It comes and goes.
    pub flapping: bool,
    /// Silent since outside its hours, and no outage yet.
    pub off_hours: bool,
    /// It is inside announced work.
    pub planned: bool,
    /// Somebody has it asked, and the answer has not come yet.
    pub asked: bool,
    /// What a check says is wrong, while it counts.
    pub trouble: Option<RoundError>,
}

impl Now<'_> {
    /// What lists are sorted and filtered by: a round-trip time alone moves no row.
    pub(super) fn order(&self) -> (State, bool, bool, Option<&SubjectId>) {
        (self.state, self.off_hours, self.suspect > 0, self.cause)
    }
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Subject").field(self.id()).field(&self.state()).finish()
    }
}

impl<'a> Subject<'a> {
    /// Id.
    #[must_use]
    pub const fn id(self) -> &'a SubjectId {
        &self.row.id
    }

    /// Kind.
    #[must_use]
    pub const fn kind(self) -> SubjectKind {
        self.row.kind
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.all.fixed.name(self.row)
    }

    /// Whose it is.
    #[must_use]
    pub fn unit(self) -> &'a UnitId {
        self.all.fixed.unit(self.row)
    }

    /// Network of a connection.
    #[must_use]
    pub fn network(self) -> Option<&'a NetworkId> {
        self.all.fixed.network(self.row)
    }

    /// Carrier of a connection.
    #[must_use]
    pub fn carrier(self) -> Option<&'a CarrierId> {
        self.all.fixed.carrier(self.row)
    }

    /// Where its carrier stands on the board; past the end where the board has none.
    pub(in crate::dash) const fn carrier_place(self) -> usize {
        self.row.carrier as usize
    }

    /// Circuit number of a connection.
    #[must_use]
    pub fn circuit(self) -> Option<&'a str> {
        self.all.fixed.circuit(self.row)
    }

    /// Role of a device (`router`, …).
    #[must_use]
    pub fn role(self) -> Option<&'a str> {
        self.all.fixed.role(self.row)
    }

    /// Address its primary check asks.
    #[must_use]
    pub fn address(self) -> Option<&'a str> {
        self.all.fixed.address(self.row)
    }

    /// Contracted, kbit/s.
    #[must_use]
    pub fn bandwidth_kbps(self) -> Option<u64> {
        self.row.bandwidth_kbps()
    }

    /// Service level in millionths.
    #[must_use]
    pub fn sla_ppm(self) -> Option<u32> {
        self.row.sla_ppm()
    }

    /// What it is reached through, where that is known here.
    pub fn via(self) -> impl Iterator<Item = Subject<'a>> {
        let ids = self.all.fixed.via(self.row).split_ascii_whitespace();
        ids.filter_map(move |id| self.all.get(self.all.fixed.at(id)?))
    }

    /// How its state is decided.
    #[must_use]
    pub fn thresholds(self) -> &'a HealthParams {
        self.all.fixed.thresholds(self.row)
    }

    /// Its state.
    #[must_use]
    pub const fn state(self) -> State {
        self.known.state
    }

    /// Silent since outside its hours, and no outage yet.
    #[must_use]
    pub const fn is_off_hours(self) -> bool {
        self.known.off_hours()
    }

    /// Failed rounds in a row that have not been decided yet; 0 when none.
    #[must_use]
    pub const fn suspect(self) -> u8 {
        self.known.suspect
    }

    /// How it stands now.
    #[must_use]
    pub fn now(self) -> Now<'a> {
        self.all.now(self.at, self.known)
    }

    /// Medians of the last rounds, newest last; `None` where nothing came back. At most 20; long ones
    /// are rounded by half a per cent at most.
    pub fn recent_us(self) -> impl ExactSizeIterator<Item = Option<u32>> + 'a {
        self.known.recent_us()
    }

    /// This month so far.
    #[must_use]
    pub fn month(self) -> Availability {
        self.all.month(self.at, self.known)
    }

    /// Its state as the daemon would tell it, the medians as [`Self::recent_us`] has them.
    #[must_use]
    pub fn told(self) -> SubjectState {
        let now = self.now();
        SubjectState {
            state: now.state,
            since: now.since,
            cause: now.cause.cloned(),
            suspect: now.suspect,
            last_round: now.last_round,
            rtt_us: now.rtt_us,
            loss_permille: now.loss_permille,
            recent_us: self.recent_us().collect(),
            backup: now.backup.cloned(),
            flapping: now.flapping,
            off_hours: now.off_hours,
            planned: now.planned,
            asked: now.asked,
            trouble: now.trouble,
        }
    }
}
