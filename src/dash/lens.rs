//! What is picked out of long lists, and the carriers' lines taken together. Pure.

use super::board::{Board, Counts, slot};
use super::state::Screen;
use crate::coverage::Availability;
use crate::dash::board::Subject;
use crate::model::{CarrierId, State, SubjectKind, UnixMs};

/// Which subjects a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// Those that are not as they should be.
    Faults,
    /// Devices.
    Devices,
    /// Services.
    Services,
}

impl Filter {
    /// The one after this on a screen.
    #[must_use]
    pub const fn next(self, screen: Screen) -> Self {
        match (self, screen) {
            (Self::All, _) => Self::Faults,
            (Self::Faults, Screen::Devices) => Self::Devices,
            (Self::Devices, Screen::Devices) => Self::Services,
            _ => Self::All,
        }
    }

    /// The key of its text; everything needs none.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Faults => Some("dash.filter_faults"),
            Self::Devices => Some("dash.filter_devices"),
            Self::Services => Some("dash.filter_services"),
        }
    }

    /// Whether a subject is shown.
    #[must_use]
    pub fn lets(self, subject: Subject<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Faults => {
                let now = subject.now();
                !now.off_hours && now.state != State::Up || now.suspect > 0
            }
            Self::Devices => subject.kind() == SubjectKind::Device,
            Self::Services => subject.kind() == SubjectKind::Service,
        }
    }
}

/// Whose lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A carrier's.
    Of(CarrierId),
    /// Those without a carrier.
    Nobodys,
}

/// The lines of one carrier taken together.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Whose they are.
    pub whose: Whose,
    /// By state; those that are off hours are left out.
    pub counts: Counts,
    /// Median and 95th percentile of the last rounds' medians, microseconds.
    pub rtt_us: Option<(u32, u32)>,
    /// Mean loss of the last rounds of the lines that can be reached, thousandths.
    pub loss_permille: Option<u16>,
    /// The month of all of them.
    pub month: Availability,
}

/// The carriers above the lines.
#[derive(Debug, Clone, Default)]
pub struct Carriers {
    /// Whose lines are listed; `None`: everybody's.
    pub chosen: Option<Whose>,
    /// In declared order, at last the lines without a carrier; without those that have no line.
    pub looks: Vec<Look>,
    /// The board's time when they were reckoned.
    looked_at: Option<UnixMs>,
}

/// How long the carriers' round-trip times and losses may stand while no line changes its state.
const LOOK_MS: i64 = 1_000;

impl Carriers {
    /// Whether a line is listed.
    #[must_use]
    pub fn lets(&self, line: Subject<'_>) -> bool {
        match &self.chosen {
            None => true,
            Some(Whose::Of(id)) => line.carrier() == Some(id),
            Some(Whose::Nobodys) => line.carrier().is_none(),
        }
    }

    /// Everybody's lines, then one carrier's after the other.
    pub(super) fn next(&mut self) {
        let at = self.looks.iter().position(|l| Some(&l.whose) == self.chosen.as_ref());
        let next = at.map_or(0, |at| at + 1);
        self.chosen = self.looks.get(next).map(|l| l.whose.clone());
    }

    /// Whether the figures are older than may be.
    pub(super) fn is_due(&self, at: UnixMs) -> bool {
        self.looked_at.is_none_or(|looked_at| !(0..LOOK_MS).contains(&at.since(looked_at)))
    }

    /// Reckons the carriers' figures anew.
    pub(super) fn look(&mut self, board: &Board) {
        if board.loading().is_some() {
            // No figure is told that is of a part of the lines.
            (self.looked_at, self.looks) = (None, Vec::new());
            return;
        }
        self.looked_at = Some(board.at);
        struct Sum {
            counts: Counts,
            rtt_us: Vec<u32>,
            loss: (u64, u64),
            month: Availability,
        }
        let empty = || Sum {
            counts: Counts::default(),
            rtt_us: Vec::new(),
            loss: (0, 0),
            month: Availability::default(),
        };
        let mut sums: Vec<Sum> = (0..=board.carriers.len()).map(|_| empty()).collect();
        for (line, carrier) in board.lines_of_carriers() {
            let Some(sum) = sums.get_mut(carrier.unwrap_or(board.carriers.len())) else { continue };
            if !line.now().off_hours {
                sum.counts[slot(line.now().state)] += 1;
            }
            sum.rtt_us.extend(line.now().rtt_us);
            if let Some(loss) = line.now().loss_permille.filter(|_| line.now().state.is_live()) {
                sum.loss = (sum.loss.0 + u64::from(loss), sum.loss.1 + 1);
            }
            sum.month += line.month();
        }
        let whose = board.carriers.iter().map(|c| Whose::Of(c.id.clone())).chain([Whose::Nobodys]);
        let looks = whose.zip(sums).filter(|(_, s)| s.month.millis.total() > 0 || any(&s.counts));
        self.looks = looks
            .map(|(whose, mut sum)| Look {
                whose,
                counts: sum.counts,
                rtt_us: quantiles(&mut sum.rtt_us),
                loss_permille: sum
                    .loss
                    .0
                    .checked_div(sum.loss.1)
                    .and_then(|loss| u16::try_from(loss).ok()),
                month: sum.month,
            })
            .collect();
        if self.chosen.as_ref().is_some_and(|c| self.looks.iter().all(|l| l.whose != *c)) {
            self.chosen = None;
        }
    }
}

fn any(counts: &Counts) -> bool {
    counts.iter().any(|n| *n > 0)
}

/// Median and 95th percentile, by the nearest rank.
fn quantiles(all: &mut [u32]) -> Option<(u32, u32)> {
    let rank = |percent: usize| (all.len() * percent).div_ceil(100).saturating_sub(1);
    let (median, high) = (rank(50), rank(95));
    if all.is_empty() {
        return None;
    }
    let median = *all.select_nth_unstable(median).1;
    Some((median, *all.select_nth_unstable(high).1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_the_nearest_rank() {
        let mut all: Vec<u32> = (1..=100).rev().collect();
        assert_eq!(quantiles(&mut all), Some((50, 95)));
        assert_eq!(quantiles(&mut [7]), Some((7, 7)));
        assert_eq!(quantiles(&mut []), None);
    }

    #[test]
    fn filters_go_round() {
        let mut seen = Vec::new();
        let mut filter = Filter::All;
        for _ in 0..4 {
            seen.push(filter);
            filter = filter.next(Screen::Devices);
        }
        assert_eq!(filter, Filter::All);
        assert_eq!(seen.len(), 4);
        assert_eq!(Filter::Faults.next(Screen::Lines), Filter::All);
    }
}
